"""SARIF: the official schema, what GitHub asks for beside it, and alerts that are the same from run to run."""

from __future__ import annotations

import gzip
import json
import random
import re
import string
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from markdown_it import MarkdownIt

from pytest_zebu.catalogue import load
from pytest_zebu.reports import sarif
from pytest_zebu.reports.report import HostReport, ItemReport, Location, Report, Seen, Word
from pytest_zebu.shown import MOST_ENTRIES
from pytest_zebu.verdict.locate import location_of
from pytest_zebu.verdict.outcome import Case, Outcome
from tests.hostile_texts import DIRTY, forbidden
from tests.reports.eight_faults import report as eight_faults
from tests.reports.made_up import FIRST, ITEMS, REPORT, SECOND
from tests.reports.test_doors import _texts, skeleton, told

GOLDEN = Path(__file__).parent / "golden/report.sarif"
SCHEMA = Path(__file__).parents[1] / "data/schemas/sarif-2.1.0.json"
FAILED = next(item for item in ITEMS if item.outcome is Outcome.FAILED)
WAIVED = next(item for item in ITEMS if item.outcome is Outcome.WAIVED)
BIG = 10_000_000
"""What GitHub takes of a file that is packed."""


@cache
def validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8-sig")))


def written(report: Report) -> Any:
    document = json.loads(sarif.render(report))
    validator().validate(document)
    return document


def of(*items: ItemReport, host: HostReport = FIRST, **changes: Any) -> Report:
    return replace(REPORT, hosts=(replace(host, items=items, **changes),))


def results(report: Report) -> list[Any]:
    return [result for run in written(report)["runs"] for result in run["results"]]


def result(item: ItemReport, **changes: Any) -> Any:
    (found,) = results(of(item, **changes))
    return found


def fingerprint(found: Any) -> str:
    return str(found["partialFingerprints"]["primaryLocationLineHash"])


HARMLESS = skeleton(written(told(REPORT, "plain words")))


def test_it_makes_what_it_made() -> None:
    renew = "if this is meant, renew it: python -m tests.reports.test_sarif"
    assert sarif.render(REPORT) == GOLDEN.read_text(encoding="utf-8"), renew


@pytest.mark.parametrize("made", [lambda: REPORT, eight_faults], ids=["made up", "eight faults"])
def test_it_is_what_github_takes(made: Callable[[], Report]) -> None:
    """The properties that its documentation marks as required, none empty, and its limits."""
    report = made()
    document = written(report)
    assert document["$schema"]
    assert len({run["automationDetails"]["id"].rpartition("/")[0] for run in document["runs"]}) == len(document["runs"])
    for run in document["runs"]:
        rules = run["tool"]["driver"]["rules"]
        for rule in rules:
            texts = (rule["shortDescription"], rule["fullDescription"])
            assert all(0 < len(one["text"]) <= 1024 for one in texts)
            assert rule["help"]["text"]
            assert rule["help"]["markdown"]
            assert rule["defaultConfiguration"]["level"] in ("note", "warning", "error")
            assert len(rule["properties"]["tags"]) <= 10
            severity = rule["properties"].get("security-severity")
            assert ("security" in rule["properties"]["tags"]) is (severity is not None)
            assert severity is None or 0 < float(severity) <= 10
        assert len(run["results"]) <= 5000
        for found in run["results"]:
            assert rules[found["ruleIndex"]]["id"] == found["ruleId"]
            assert found["level"] in ("note", "warning", "error")
            assert "kind" not in found
            assert found["message"]["text"].strip()
            (location,) = found["locations"]
            physical = location["physicalLocation"]
            assert re.fullmatch(r"[^/:][^:]*", physical["artifactLocation"]["uri"])
            assert set(physical["region"]) == {"startLine", "startColumn", "endLine", "endColumn"}
            assert re.fullmatch(r"[0-9a-f]{16}:1", fingerprint(found))
        assert len({fingerprint(found) for found in run["results"]}) == len(run["results"])
    assert len(gzip.compress(sarif.render(report).encode())) < BIG


def test_a_rule_for_each_item_and_no_alert_for_what_is_right() -> None:
    report = eight_faults()
    (run,) = written(report)["runs"]
    (host,) = report.hosts
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [item.id for item in load()]
    right = {Outcome.PASSED, Outcome.ATTESTED, Outcome.NOT_APPLICABLE}
    assert {found["ruleId"] for found in run["results"]} == {
        item.item for item in host.items if item.outcome not in right
    }
    levels = Counter((found["level"], found["properties"]["outcome"]) for found in run["results"])
    assert levels.keys() == {
        ("error", "failed"), ("warning", "failed"), ("note", "not_assessed"), ("note", "advice"),
    }  # fmt: skip


def test_what_could_not_be_seen_is_an_alert_and_never_mended() -> None:
    """The same alert, so that GitHub does not close it: the machine that nobody reached is not a machine without faults."""
    failed = replace(FAILED, cases=())
    unseen = replace(failed, outcome=Outcome.NOT_ASSESSED, reason="timed out")
    assert fingerprint(result(failed)) == fingerprint(result(unseen))
    assert (result(failed)["level"], result(unseen)["level"]) == ("error", "warning")
    assert result(replace(unseen, non_negotiable=False))["level"] == "note"
    assert result(unseen)["message"]["text"].startswith("not assessed: timed out (vm)")


def test_each_open_case_is_an_alert() -> None:
    cases = (
        Case("web", Outcome.FAILED, "is open", ("port 8080",)), Case("db", Outcome.PASSED, seen=("shut",)),
        Case("cache", Outcome.NOT_ASSESSED, "timed out"), Case("web", Outcome.FAILED, "has no policy", ("none",)),
    )  # fmt: skip
    first, second = results(of(replace(FAILED, cases=cases)))
    assert first["message"]["text"] == "web: is open; has no policy (vm)\nSeen: port 8080\nSeen: none"
    assert second["message"]["text"] == "not assessed: cache: timed out (vm)"
    assert [one["properties"]["case"] for one in (first, second)] == ["web", "cache"]
    unseen = replace(FAILED, cases=cases[1:3], outcome=Outcome.NOT_ASSESSED)
    assert [one["properties"]["case"] for one in results(of(unseen))] == ["cache"]


def test_cases_have_an_end() -> None:
    cases = tuple(Case(f"user {number}", Outcome.FAILED, "x") for number in range(300))
    found = results(of(replace(FAILED, cases=cases)))
    assert len(found) == sarif.MOST_CASES
    assert found[-1]["message"]["text"] == "and 291 more of its cases (vm)"
    exactly = results(of(replace(FAILED, cases=cases[: sarif.MOST_CASES])))
    assert "more of its cases" not in exactly[-1]["message"]["text"]
    late = Case("late", Outcome.FAILED, "y")
    unseen = tuple(replace(case, outcome=Outcome.NOT_ASSESSED) for case in cases)
    assert results(of(replace(FAILED, cases=(*unseen, late))))[0]["properties"] == {
        "outcome": "failed", "host": "vm", "case": "late",
    }  # fmt: skip
    assert sarif.MOST_CASES * len(load()) <= min(5000, MOST_ENTRIES)


@pytest.mark.hostile("outputs")
def test_a_machine_that_says_much_makes_no_file_that_github_refuses() -> None:
    """Text that no packing makes smaller, in everything that a machine may say of an item; and so of each."""
    chance = random.Random(1)

    def noise() -> str:
        return "".join(chance.choices(string.ascii_letters + string.digits, k=20_000))

    cases = tuple(
        Case(noise(), Outcome.FAILED, noise(), tuple(noise() for _ in range(8))) for _ in range(sarif.MOST_CASES + 9)
    )
    item = replace(FAILED, cases=cases, text=noise(), reason=noise(), fix=noise(), why=noise(), see=noise())
    text = sarif.render(of(item))
    assert len(json.loads(text)["runs"][0]["results"]) == sarif.MOST_CASES
    assert len(gzip.compress(text.encode())) * len(load()) < BIG


def test_an_alert_is_the_same_whatever_is_said_counted_or_where() -> None:
    case = Case("web", Outcome.FAILED, "is open", ("1 connection",))
    first = result(replace(FAILED, cases=(case,)))
    other = replace(case, reason="is open since 12:00", seen=("7 connections",))
    moved = Seen("x", "web", location=Location("compose.yml", 7, True))
    later = replace(FAILED, cases=(other,), reason="other", text="other", why="other", seen=(moved,))
    assert fingerprint(result(later, at=datetime(2027, 1, 1, tzinfo=UTC), version="v2")) == fingerprint(first)
    assert fingerprint(result(replace(FAILED, cases=(replace(case, name="db"),)))) != fingerprint(first)
    assert fingerprint(result(replace(FAILED, cases=(case,), item="pre.security.other"))) != fingerprint(first)
    assert fingerprint(result(replace(FAILED, cases=(case,)), name="vm2")) != fingerprint(first)


def test_a_selection_closes_no_alert_of_the_whole() -> None:
    def category(host: HostReport) -> str:
        (run,) = written(replace(REPORT, hosts=(host,)))["runs"]
        return str(run["automationDetails"]["id"]).rpartition("/")[0]

    def only(*ids: str) -> HostReport:
        return replace(FIRST, items=tuple(replace(item, is_selected=item.item in ids) for item in ITEMS))

    assert category(FIRST) == "pytest-zebu/vm"
    assert category(replace(FIRST, name="ssh://deploy@vm:22/")) == "pytest-zebu/ssh%3A%2F%2Fdeploy%40vm%3A22%2F"
    parts = {category(only(FAILED.item)), category(only(WAIVED.item)), category(FIRST)}
    assert len(parts) == 3
    assert category(only(FAILED.item)) == category(replace(only(FAILED.item), at=datetime(2027, 1, 1, tzinfo=UTC)))
    assert category(SECOND).startswith("pytest-zebu/second%20%22%26%22%20last/selection-")


def test_a_host_of_which_nothing_was_selected_is_no_run() -> None:
    assert [run["properties"]["host"] for run in written(REPORT)["runs"]] == ["vm", SECOND.name]


def test_a_waiver_is_a_suppression_with_its_reason() -> None:
    word = Word("waived", "product owner", "an index comes with 1.3", until=date(2026, 4, 1))
    found = result(replace(WAIVED, word=word))
    assert found["suppressions"] == [
        {"kind": "external", "status": "accepted", "justification": "an index comes with 1.3"}
    ]
    assert (found["level"], found["properties"]["until"]) == ("note", "2026-04-01")
    assert result(replace(WAIVED, word=None))["suppressions"][0]["justification"] == WAIVED.reason
    assert "suppressions" not in result(replace(FAILED, cases=()))


def test_a_run_that_went_wrong_says_so() -> None:
    def invocation(report: Report) -> Any:
        (run,) = written(report)["runs"]
        (found,) = run["invocations"]
        return found

    good = invocation(of(FAILED))
    assert good["executionSuccessful"]
    assert (good["startTimeUtc"], good["endTimeUtc"]) == ("2026-03-29T01:59:00Z", "2026-03-29T01:59:04Z")
    lost = invocation(of(FAILED, host=SECOND))
    assert not lost["executionSuccessful"]
    assert "was not reached: Permission denied" in lost["toolExecutionNotifications"][0]["message"]["text"]
    broken = invocation(of(replace(FAILED, broken=True)))
    assert broken["toolExecutionNotifications"][0]["associatedRule"] == {"id": FAILED.item}
    assert not broken["executionSuccessful"]


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), -1.0, 1e308])
def test_a_duration_that_is_none_ends_nothing(seconds: float) -> None:
    (run,) = written(replace(of(FAILED), seconds=seconds))["runs"]
    assert run["invocations"][0]["endTimeUtc"] == "2026-03-29T01:59:00Z"


@pytest.mark.parametrize(("location", "uri", "base", "line"), [
    (Location("docker-compose.prod.yml", 41, True), "docker-compose.prod.yml", "%SRCROOT%", 41),
    (Location("/etc/ssh/sshd_config.d/10.conf", 3), "etc/ssh/sshd_config.d/10.conf", "MACHINE", 3),
    (Location(".env"), ".env", "MACHINE", 1),
    (Location("zebu.toml", 7), "zebu.toml", "%SRCROOT%", 7),
    (Location("//evil.example/x y?z#w:1"), "evil.example/x%20y%3Fz%23w%3A1", "MACHINE", 1),
    (Location("/\x1b[2J"), "zebu.toml", "MACHINE", 1),
    (None, "zebu.toml", "%SRCROOT%", 1),
])  # fmt: skip
def test_an_alert_is_where_its_case_is(location: Location | None, uri: str, base: str, line: int) -> None:
    item = replace(FAILED, cases=(Case("web", Outcome.FAILED, "x"),), seen=())
    for one in (
        replace(item, location=location),
        replace(item, location=Location("other", 1), seen=(Seen("y", "db"), Seen("x", "web", location=location))),
    ):
        if one.location is not None and location is None:
            continue
        (found,) = result(one)["locations"]
        physical = found["physicalLocation"]
        assert physical["artifactLocation"] == {"uri": uri, "uriBaseId": base}
        assert physical["region"]["startLine"] == line


def test_of_the_recorded_lab_alerts_are_where_evidence_points_to() -> None:
    (host,) = eight_faults().hosts
    items = []
    for item in host.items:
        place = location_of(item.reason, *item.evidence)
        items.append(replace(item, location=Location(*place) if place else None))
    found = {
        one["ruleId"]: one["locations"][0]["physicalLocation"]["artifactLocation"]
        for one in results(of(*items, host=host))
    }
    assert found["pre.security.firewall.backend-not-exposed"] == {"uri": "docker-compose.yml", "uriBaseId": "%SRCROOT%"}
    assert found["pre.security.firewall.database-local"]["uri"] == "zebu.toml", "it is no container that listens there"
    assert found["pre.security.secrets.env-permissions"] == {"uri": ".env.backup", "uriBaseId": "MACHINE"}
    assert found["deploy.frontend.certificate"] == {"uri": "zebu.toml", "uriBaseId": "%SRCROOT%"}
    assert {one["uri"] for one in found.values()} <= {"zebu.toml", "docker-compose.yml", ".env", ".env.backup"}


def test_what_an_attacker_looks_for_is_security() -> None:
    (run,) = written(eight_faults())["runs"]
    rules = {rule["id"]: rule["properties"] for rule in run["tool"]["driver"]["rules"]}
    security = {name for name, one in rules.items() if "security" in one["tags"]}
    assert {item.id for item in load() if item.category == "security"} <= security
    assert {
        "deploy.frontend.certificate",
        "pre.application.quality.vulnerabilities",
        "post.maintenance.updates.os",
    } <= security
    assert {
        "pre.infrastructure.vm-resources",
        "post.recovery.backups.daily",
        "deploy.performance.cpu",
    } & security == set()
    assert rules["pre.security.secrets.secret-key"]["security-severity"] == "8.0"
    assert rules["pre.security.ssh.no-passwords"]["security-severity"] == "5.0"
    assert rules["pre.security.firewall.enabled"]["tags"] == [
        "pre_deployment", "security", "firewall", "non-negotiable",
    ]  # fmt: skip


@pytest.mark.hostile("outputs")
@pytest.mark.parametrize("text", DIRTY.values(), ids=DIRTY)
def test_hostile_words_are_words(text: str) -> None:
    report = told(REPORT, text)
    document = json.loads(sarif.render(report))
    assert skeleton(document) == HARMLESS
    assert not forbidden("".join(_texts(document)), "\n\t")
    assert sarif.render(report).isascii()


@pytest.mark.hostile("outputs")
@pytest.mark.parametrize("text", [
    "[click](https://evil.example)", "![x](https://evil.example/x.png)", "<img src=https://evil.example>", "{0} {name}",
    "**bold** _it_ `code` ~~no~~ # title", "a | b", "&lt;script&gt;", "`` ` `` [x][y]", "<https://evil.example>", "\\[x](y)",
])  # fmt: skip
def test_nothing_in_a_text_is_markup(text: str) -> None:
    (run,) = written(of(replace(FAILED, cases=(), evidence=(), reason=text, why=text, fix=text, see=text)))["runs"]
    message = run["results"][0]["message"]["text"]
    assert not re.search(r"(?<!\\)(?:\\\\)*\[[^\]]*[^\\]\]\(", message), "no link of SARIF's"
    assert not re.search(r"(?<!\{)\{[^{]", message), "no placeholder of SARIF's"
    plain = re.sub(r"\\([\[\]\\])", r"\1", message.replace("{{", "{").replace("}}", "}"))
    assert plain == f"{text} (vm)"
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(run["tool"]["driver"]["rules"][0]["help"]["markdown"])
    inner = [one for token in tokens for one in token.children or ()]
    kinds = {one.type for one in inner}
    assert kinds <= {"text", "strong_open", "strong_close", "code_inline", "link_open", "link_close", "text_special"}
    assert all(
        one.content in ("Why:", "Fix:", "See:")
        for one, before in zip(inner[1:], inner, strict=False)
        if before.type == "strong_open"
    )
    links = [one.attrs["href"] for one in inner if one.type == "link_open"]
    shown = "".join(one.content for one in inner)
    assert set(links) <= {"https://evil.example", "https://evil.example/x.png"}
    assert all(str(link) in shown for link in links), "a link is the address that it shows"


def test_evidence_that_is_left_out_is_counted() -> None:
    item = replace(FAILED, cases=(), reason="is open", evidence=tuple(map(str, range(sarif.SHOWN_EVIDENCE + 3))))
    assert result(item)["message"]["text"].split("\n") == [
        "is open (vm)", *(f"Seen: {number}" for number in range(sarif.SHOWN_EVIDENCE)), "Seen: and 3 more",
    ]  # fmt: skip


def test_the_help_keeps_code_and_links() -> None:
    item = replace(
        FAILED, why="It is so.", fix="`ufw enable`, then `a | b`", see="CIS 5.1; https://docs.example/a?b=1."
    )
    (run,) = written(of(item))["runs"]
    assert run["tool"]["driver"]["rules"][0]["help"]["markdown"] == (
        "**Why:** It is so.\n\n**Fix:** `ufw enable`, then `a | b`\n\n**See:** CIS 5.1; <https://docs.example/a?b=1>."
    )


def test_since_when_it_is_so_is_told() -> None:
    since = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert result(replace(FAILED, cases=(), since=since))["provenance"] == {
        "firstDetectionTimeUtc": "2026-03-01T12:00:00Z"
    }
    assert "provenance" not in result(replace(FAILED, cases=(), since=None))


if __name__ == "__main__":
    GOLDEN.write_text(sarif.render(REPORT), encoding="utf-8")
