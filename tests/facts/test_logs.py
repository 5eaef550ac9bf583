"""Logs of services and of the machine."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pytest_zebu.facts import logs
from pytest_zebu.settings.target import Target
from tests.facts.answers import AT, NOON, read


def test_logs_of_services(target: Target) -> None:
    text = "@task proxmox-vm:logs\n@service db 0 2026-11-24T11:00:00.5Z\n@errors db 1h 2\n@errors db 168h 9\n@service x 1 \n"
    found = read("logs", text, target)
    db, other = found.services
    assert (db.is_readable, db.last, db.errors) == (True, NOON - timedelta(hours=1), {"1h": 2, "168h": 9})
    assert (other.is_readable, other.last) == (False, None)
    assert found.tasks == {"proxmox-vm:logs"}
    assert found.of("db") is db and found.of("nobody") is None


def test_statements_in_a_log(target: Target) -> None:
    found = read("logs", "@service backend 0 \n@statements backend 37\n@statements backend 4\n@service db 0 \n", target)
    assert [one.statements for one in found.services] == [37, 0]


@pytest.mark.parametrize(("settings", "limit"), [
    ("", 2**30), ("@journald SystemMaxUse 200M\n", 200 * 2**20), ("@journald Storage volatile\n", None),
    ("@journald SystemMaxUse 1G\n@journald SystemMaxUse 2G\n", 2 * 2**30), ("@journald SystemMaxUse 200M\n@journald SystemMaxUse \n", 2**30),
    ("@journald SystemMaxUse 200M\n@journald SystemMaxUse lots\n", 200 * 2**20), ("@journald SystemMaxUse lots\n", 2**30), ("@journald Storage none\n", None), ("@journald Storage auto\n", 2**30),
])  # fmt: skip
def test_what_the_journal_keeps_to(settings: str, limit: int | None, target: Target) -> None:
    """A tenth of the file system where nothing is set; the last setting counts."""
    found = read("log_rotation", f"{settings}@journal 1000\n@size {10 * 2**30}\n@rotated {AT}\n", target)
    assert found.journal_limit == limit
    assert found.rotated == NOON


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("10", 10),
        ("2K", 2048),
        ("1T", 2**40),
        ("1.5G", 1610612736),
        (" 1G 500M ", 1598029824),
        ("200 M", 209715200),
        ("64B", 64),
        ("200m", None),
        ("", None),
        ("1G x", None),
        ("infinity", None),
        ("5X", None),
        ("9" * 5000, None),
    ],
)
def test_sizes(text: str, size: int | None) -> None:
    assert logs.bytes_of(text) == size


def test_settings_that_could_not_be_listed_are_not_the_defaults(target: Target) -> None:
    found = read("log_rotation", f"@unread could not be listed\n@size {10 * 2**30}\n@rotated {AT}\n", target)
    assert found.unread == "could not be listed"
