"""CTRF against its schema."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pytest_zebu.reports import ctrf
from pytest_zebu.reports.report import Location, Report
from pytest_zebu.verdict.outcome import Outcome
from tests.hostile_texts import DIRTY
from tests.reports import eight_faults, filled
from tests.reports.made_up import FIRST, ITEMS, REPORT
from tests.reports.test_doors import skeleton, told

SCHEMA = json.loads((Path(__file__).parents[1] / "data/schemas/ctrf-schema-0.0.json").read_text())


def checked(text: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(text)
    jsonschema.validate(document, SCHEMA, jsonschema.Draft7Validator)
    results = document["results"]
    found = Counter(test["status"] for test in results["tests"])
    for name in ("passed", "failed", "skipped", "pending", "other"):
        assert results["summary"][name] == found[name]
    assert results["summary"]["tests"] == len(results["tests"])
    ids = [test["testId"] for test in results["tests"]]
    assert len(set(ids)) == len(ids)
    return document


@pytest.mark.parametrize(
    "report", [REPORT, filled.REPORT, replace(REPORT, hosts=())], ids=["made up", "filled", "none"]
)
def test_the_document_fits_its_schema(report: Report) -> None:
    checked(ctrf.render(report))


def test_a_judged_report_counts_as_it_does() -> None:
    report = eight_faults.report()
    document = checked(ctrf.render(report))
    outcomes = Counter(item.outcome for item in report.hosts[0].items)
    summary = document["results"]["summary"]
    assert summary["tests"] == 196
    assert summary["failed"] == outcomes[Outcome.FAILED] > 0
    assert summary["passed"] == outcomes[Outcome.PASSED] + outcomes[Outcome.ATTESTED]
    assert summary["pending"] == outcomes[Outcome.NOT_ASSESSED]
    assert summary["start"] == int(report.hosts[0].at.timestamp() * 1000)
    assert summary["stop"] - summary["start"] == 12_000
    environment = document["results"]["environment"]
    assert (environment["appName"], environment["appVersion"], environment["healthy"]) == ("Zebu", "v1.2.0", False)


def test_what_broke_has_failed_and_says_so() -> None:
    tests = checked(ctrf.render(replace(REPORT, hosts=(FIRST,))))["results"]["tests"]
    by_name = {test["name"]: test for test in tests}
    broken = by_name["pre.database.broken"]
    assert (broken["status"], broken["rawStatus"]) == ("failed", "not_assessed")
    assert broken["message"] == "the check itself broke: KeyError"
    assert by_name["pre.database.not-assessed"]["status"] == "pending"
    assert by_name["deploy.backend.waived"]["status"] == "skipped"
    assert by_name["pre.security.passed"]["steps"] == [{"name": "root", "status": "passed"}]
    assert by_name["pre.security.failed"]["suite"] == ["vm", "Pre deployment", "security", "firewall"]
    assert "non-negotiable" in by_name["pre.security.failed"]["tags"]
    assert "trace" not in by_name["deploy.backend.attested"]


@pytest.mark.parametrize(("location", "found"), [
    (Location("compose.yml", 7, True), {"filePath": "compose.yml", "line": 7}), (Location(".env", 0, True), {"filePath": ".env"}),
    (Location("/etc/ssh/sshd_config", 7), {}), (None, {}),
])  # fmt: skip
def test_a_file_is_named_where_it_is_the_repositorys(location: Location | None, found: dict[str, Any]) -> None:
    report = replace(REPORT, hosts=(replace(FIRST, items=(replace(ITEMS[1], location=location),)),))
    (test,) = checked(ctrf.render(report))["results"]["tests"]
    assert {name: test[name] for name in ("filePath", "line") if name in test} == found


def test_with_several_hosts_each_test_is_named_with_its_own() -> None:
    names = [test["name"] for test in checked(ctrf.render(REPORT))["results"]["tests"]]
    assert "vm: pre.security.passed" in names
    assert 'second "&" last: deploy.backend.waived' in names


@pytest.mark.hostile("outputs")
@pytest.mark.parametrize("text", [text for text in DIRTY.values() if len(text) < 100_000])
def test_what_was_said_changes_texts_only(text: str) -> None:
    made = checked(ctrf.render(told(REPORT, text)))
    assert skeleton(made) == skeleton(json.loads(ctrf.render(told(REPORT, "plain words"))))
