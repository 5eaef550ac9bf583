"""Updates that install themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Reason, Said, Unknown
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.facts.updates import Pending
from pytest_zebu.settings.target import Target
from tests.facts.answers import AT, NOON, read, why

UPDATES = f"""@package installed
@periodic 1 1 1
@origins 2
@timer apt-daily.timer active enabled
@timer apt-daily-upgrade.timer inactive enabled
@run 2026-11-24 11:30:00,123 1
@list {AT - 7200}
@list {AT - 3600}
@refreshed {AT - 1800}
@pending openssl 3.0.17-1~deb12u3 Debian-Security:12/stable-security [amd64]
@pending less 590-2.1 Debian:12.11/stable [amd64]
@reboot {AT - 86400}
@utc +0100
"""


def test_updates(target: Target) -> None:
    found = read("updates", UPDATES, target)
    assert (found.is_installed, found.is_switched_on, found.covers_security) == (True, True, True)
    assert found.dead_timers == ("apt-daily-upgrade.timer",)
    assert (found.last_run, found.errors) == (datetime(2026, 11, 24, 10, 30, tzinfo=UTC), 1)
    assert found.published == NOON - timedelta(hours=1)
    assert found.reboot_since == NOON - timedelta(days=1)
    assert [one.is_security for one in found.pending] == [True, False]


@pytest.mark.parametrize(("run", "overlooked"), [("11:30:00", False), ("13:30:00", True), ("", True)])
def test_an_update_is_overlooked_that_was_there_before_the_last_run(run: str, overlooked: bool, target: Target) -> None:
    """The list is an hour old at noon; the clock of the log is an hour ahead of UTC."""
    text = UPDATES.replace("@run 2026-11-24 11:30:00,123 1\n", f"@run 2026-11-24 {run},000 0\n" if run else "")
    security = Pending("openssl", "3.0.17-1~deb12u3", "Debian-Security:12/stable-security [amd64]")
    assert read("updates", text, target).overlooked == ((security,) if overlooked else ())


@pytest.mark.parametrize(("periodic", "is_on"), [("1 1 1", True), ("1 1 0", False), ("0 1 1", False), ("1 0 1", False)])
def test_all_three_switches_count(periodic: str, is_on: bool, target: Target) -> None:
    text = UPDATES.replace("@periodic 1 1 1", f"@periodic {periodic}")
    assert read("updates", text, target).is_switched_on is is_on


def test_no_apt_is_no_verdict(target: Target) -> None:
    answer = ALL["updates"].read(Gathered({"updates": Said(0, "")}), target)
    assert isinstance(answer, Unknown)
    assert answer.reason is Reason.MISSING


@pytest.mark.parametrize(("old", "new", "field", "value"), [
    ("@package installed", "@package config-files", "is_installed", False), ("@origins 2", "@origins 1", "covers_security", True),
    ("@origins 2", "@origins 0", "covers_security", False), ("@origins 2\n", "", "covers_security", False),
    ("inactive enabled", "active disabled", "dead_timers", ("apt-daily-upgrade.timer",)), ("inactive enabled", "active enabled", "dead_timers", ()),
    ("@periodic 1 1 1", "@periodic 1 1", "is_switched_on", False), (f"@reboot {AT - 86400}\n", "", "reboot_since", None),
    (f"@refreshed {AT - 1800}", "@refreshed ", "refreshed", None),
])  # fmt: skip
def test_each_sign_counts(old: str, new: str, field: str, value: Any, target: Target) -> None:
    assert old in UPDATES
    assert getattr(read("updates", UPDATES.replace(old, new), target), field) == value


@pytest.mark.parametrize(("old", "new"), [
    ("@utc +0100", "@utc CET"), ("@utc +0100\n", ""), ("@periodic 1 1 1\n", ""), ("11:30:00", "soon"), ("@origins 2", "@origins x"),
    ("@reboot", "@pending openssl\n@reboot"),
])  # fmt: skip
def test_less_is_garbled(old: str, new: str, target: Target) -> None:
    assert old in UPDATES
    assert why("updates", UPDATES.replace(old, new), target) is Reason.GARBLED
