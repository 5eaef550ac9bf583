"""Parsers of what keeps a deployment well: updates, logs, watchers, dumps, snapshots, documents."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pytest_zebu.facts import ALL, documents, logs, monitors, proxmox
from pytest_zebu.facts.answer import Reason, Said, Unknown, need
from pytest_zebu.facts.backups import Listing
from pytest_zebu.facts.documents import Document
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.facts.updates import Pending
from pytest_zebu.plugin.checks import Cases
from pytest_zebu.settings.target import Target
from pytest_zebu.verdict.outcome import Outcome
from tests_prod.documents import expect_document

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
AT = int(NOON.timestamp())


def read(fact: str, probe: str, out: str, target: Target) -> Any:
    return need(ALL[fact].read(Gathered({probe: Said(0, out)}, {}, NOON.timestamp()), target))


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
    found = read("updates", "updates", UPDATES, target)
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
    assert read("updates", "updates", text, target).overlooked == ((security,) if overlooked else ())


@pytest.mark.parametrize(("periodic", "is_on"), [("1 1 1", True), ("1 1 0", False), ("0 1 1", False), ("1 0 1", False)])
def test_all_three_switches_count(periodic: str, is_on: bool, target: Target) -> None:
    text = UPDATES.replace("@periodic 1 1 1", f"@periodic {periodic}")
    assert read("updates", "updates", text, target).is_switched_on is is_on


def test_no_apt_is_no_verdict(target: Target) -> None:
    answer = ALL["updates"].read(Gathered({"updates": Said(0, "")}), target)
    assert isinstance(answer, Unknown)
    assert answer.reason is Reason.MISSING


def test_logs_of_services(target: Target) -> None:
    text = "@task proxmox-vm:logs\n@service db 0 2026-11-24T11:00:00.5Z\n@errors db 1h 2\n@errors db 168h 9\n@service x 1 \n"
    found = read("logs", "logs", text, target)
    db, other = found.services
    assert (db.is_readable, db.last, db.errors) == (True, NOON - timedelta(hours=1), {"1h": 2, "168h": 9})
    assert (other.is_readable, other.last) == (False, None)
    assert found.tasks == {"proxmox-vm:logs"}


@pytest.mark.parametrize(("settings", "limit"), [
    ("", 2**30), ("@journald SystemMaxUse 200M\n", 200 * 2**20), ("@journald Storage volatile\n", None),
    ("@journald SystemMaxUse 1G\n@journald SystemMaxUse 2G\n", 2 * 2**30),
])  # fmt: skip
def test_what_the_journal_keeps_to(settings: str, limit: int | None, target: Target) -> None:
    """A tenth of the file system where nothing is set; the last setting counts."""
    found = read("log_rotation", "rotation", f"{settings}@journal 1000\n@size {10 * 2**30}\n@rotated {AT}\n", target)
    assert found.journal_limit == limit
    assert found.rotated == NOON


@pytest.mark.parametrize(("text", "size"), [("10", 10), ("2K", 2048), ("1T", 2**40), ("infinity", None), ("5X", None)])
def test_sizes(text: str, size: int | None) -> None:
    assert logs.bytes_of(text) == size


def test_what_watches(target: Target) -> None:
    text = f"@agent gatus\n@agent gatus\n@recorded sysstat {AT} 3\n@job w.timer success health disk alert\n@job x.timer exit-code health\n"
    found = read("monitors", "monitors", text, target)
    assert found.agents == ("gatus",)
    assert found.recorded == (("sysstat", NOON, 3),)
    assert [one.name for one in found.watching("health")] == ["w.timer"]
    assert [one.name for one in found.watching("disk", "alert")] == ["w.timer"]
    assert found.watching("certificate") == ()


def test_no_line_of_a_job_leaves_the_machine() -> None:
    """Addresses of alerts are secrets: the probe prints names, results and words of its own."""
    lines = monitors.PROBE.text.splitlines()
    printed = [line.partition("printf '@job")[2].partition(";")[0] for line in lines if "printf '@job" in line]
    assert len(printed) == 2
    assert all("body" not in line and "$line" not in line for line in printed)


@pytest.mark.parametrize(("out", "expected"), [
    ("@dump 10 a.dump\n@kind custom\n@entries 0 16\n@read 0\n", Listing("a.dump", 10, "custom", 16, True, True)),
    ("@dump 10 a.dump\n@kind custom\n@entries 1 0\n@read 1\n", Listing("a.dump", 10, "custom", 0, False, False)),
    ("@dump 10 a b.sql.gz\n@kind plain\n@read 1\n", Listing("a b.sql.gz", 10, "plain", None, True, False)),
    ("@dump 0 a.dump\n@kind empty\n", Listing("a.dump", 0, "empty", None, True, None)),
])  # fmt: skip
def test_the_newest_dump(out: str, expected: Listing, target: Target) -> None:
    assert read("dump_listing", "backups.listing", out, target) == expected


def test_snapshots_by_time_without_the_present(target: Target) -> None:
    rows = [{"name": "b", "snaptime": AT}, {"name": "a", "snaptime": AT - 60}, {"name": "current"}]
    paths = proxmox._paths(target)
    look = proxmox.looks(target)[0]
    gathered = Gathered({}, {look.key: {paths["snapshots"]: rows}}, NOON.timestamp())
    assert [one.name for one in need(ALL["snapshots"].read(gathered, target))] == ["a", "b"]


def test_the_change_log_and_what_watches_dependencies(target: Target) -> None:
    found = read("upkeep", "upkeep", "@bot renovate.json\n@version 1.2.0\n@version 1.1.0\n", target)
    assert (found.bots, found.changelog) == (("renovate.json",), ("1.2.0", "1.1.0"))


def test_documents(target: Target) -> None:
    text = (
        f"@document 120 1 {AT} docs/a b.md\n@topic deploy 3 1\n@topic logs 1 0\n@lacks /opt/none zebu-magic\n"
        "@picture ./docs/network.svg\n"
    )
    page, picture = read("documents", "documents", text, target)
    assert (page.path, page.words, page.placeholders, page.changed) == ("docs/a b.md", 120, 1, NOON)
    assert (page.topics, page.sections) == ({"deploy": 3, "logs": 1}, {"deploy"})
    assert page.lacks == ("/opt/none", "zebu-magic")
    assert "diagram" in picture.topics


GOOD = Document("a.md", 100, {"deploy": 2, "logs": 1}, frozenset({"deploy"}), 0, NOON)


@pytest.mark.parametrize(("change", "reason"), [
    ({}, ""), ({"words": 59}, "is a stub of 59 words"), ({"placeholders": 1}, "1 places still to be written"),
    ({"lacks": ("zebu-magic",)}, "zebu-magic"), ({"topics": {"deploy": 1}}, "no document is about it"),
    ({"sections": frozenset()}, "no document is about it"),
])  # fmt: skip
def test_a_document_is_judged_by_sections_substance_and_what_it_names(change: dict[str, Any], reason: str) -> None:
    case = Cases()
    expect_document([replace(GOOD, **change)], case, "deploying", everywhere={"deploy", "logs"}, section={"deploy"})
    (found,) = case.found
    assert (found.outcome is Outcome.PASSED) is (reason == "")
    assert reason in found.reason


def test_the_better_of_two_documents_counts() -> None:
    case = Cases()
    stub = replace(GOOD, path="stub.md", words=3)
    expect_document([stub, GOOD], case, "deploying", everywhere={"deploy"}, section={"deploy"})
    assert case.found[0].outcome is Outcome.PASSED


def test_every_topic_is_a_pattern_that_perl_can_quote() -> None:
    """They stand in single quotes in a shell's command."""
    assert all("'" not in pattern for pattern in documents.TOPICS.values())
