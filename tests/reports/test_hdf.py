"""HDF: the schema of Heimdall's own library, and what Heimdall will make of it: its counts are ours."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pytest_zebu.reports import hdf
from pytest_zebu.reports.report import HostReport, ItemReport, Location, Report, Word
from pytest_zebu.shown import MOST_ENTRIES
from pytest_zebu.verdict.outcome import Case, Outcome
from tests.hostile_texts import DIRTY, forbidden
from tests.reports.eight_faults import report as eight_faults
from tests.reports.made_up import FIRST, ITEMS, REPORT, SECOND
from tests.reports.test_doors import _texts, skeleton, told

GOLDEN = Path(__file__).parent / "golden/report.hdf.json"
SCHEMA = json.loads((Path(__file__).parents[1] / "data/schemas/hdf-exec-json.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
OF = {item.outcome: item for item in ITEMS}
FAILED, WAIVED, ATTESTED = OF[Outcome.FAILED], OF[Outcome.WAIVED], OF[Outcome.ATTESTED]
OUR_WORD = {
    Outcome.PASSED: "Passed", Outcome.ATTESTED: "Passed", Outcome.FAILED: "Failed", Outcome.NOT_ASSESSED: "Not Reviewed",
    Outcome.WAIVED: "Not Applicable", Outcome.NOT_APPLICABLE: "Not Applicable", Outcome.ADVICE: "Not Applicable",
}  # fmt: skip


def written(report: Report) -> Any:
    document = json.loads(hdf.render(report))
    VALIDATOR.validate(document)
    return document


def control(item: ItemReport, **changes: Any) -> Any:
    ((found,),) = [
        profile["controls"]
        for profile in written(replace(REPORT, hosts=(replace(FIRST, items=(item,), **changes),)))["profiles"]
    ]
    return found


def status(found: Any) -> str:
    """As inspecjs works it out (compat_impl/compat_inspec_1_0, `compute_status`), in its order."""
    statuses = [one["status"] for one in found["results"]]
    if "error" in statuses:
        return "Profile Error"
    if (found.get("waiver_data") or {}).get("skipped_due_to_waiver") or found["impact"] == 0:
        return "Not Applicable"
    for word, name in (("failed", "Failed"), ("passed", "Passed"), ("skipped", "Not Reviewed")):
        if word in statuses:
            return name
    return "Profile Error"


def test_it_makes_what_it_made() -> None:
    renew = "if this is meant, renew it: python -m tests.reports.test_hdf"
    assert hdf.render(REPORT) == GOLDEN.read_text(encoding="utf-8"), renew


@pytest.mark.parametrize("made", [lambda: REPORT, eight_faults], ids=["made up", "eight faults"])
def test_heimdall_counts_as_we_do(made: Callable[[], Report]) -> None:
    report = made()
    document = written(report)
    for host, profile in zip(report.hosts, document["profiles"], strict=True):
        told = [item for item in host.items if item.is_selected or item.stage in host.stages]
        ours = Counter("Profile Error" if item.broken else OUR_WORD[item.outcome] for item in told)
        assert Counter(map(status, profile["controls"])) == ours
        assert sorted(name for group in profile["groups"] for name in group["controls"]) == sorted(
            one["id"] for one in profile["controls"]
        )
    ids = [one["id"] for profile in document["profiles"] for one in profile["controls"]]
    assert len(set(ids)) == len(ids), "Heimdall takes two controls of one id for one"


def test_the_recorded_lab_is_counted() -> None:
    (profile,) = written(eight_faults())["profiles"]
    assert Counter(map(status, profile["controls"])) == Counter(
        item_status for item in eight_faults().hosts[0].items for item_status in [OUR_WORD[item.outcome]]
    )
    assert len(profile["controls"]) == 196


def test_one_case_that_passes_does_not_pass_what_nobody_could_see() -> None:
    cases = (Case("db", Outcome.PASSED, seen=("shut",)), Case("web", Outcome.NOT_ASSESSED, "timed out"))
    unseen = replace(FAILED, outcome=Outcome.NOT_ASSESSED, reason="web: timed out", cases=cases)
    found = control(unseen)
    assert status(found) == "Not Reviewed"
    assert [(one["code_desc"], one["status"], one["skip_message"]) for one in found["results"]] == [
        ("db", "skipped", "not assessed: web: timed out (passed by itself)"), ("web", "skipped", "timed out"),
    ]  # fmt: skip
    assert found["results"][0]["message"].endswith("seen: shut")


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("cases", [
    (), *((Case("a", one, "because"),) for one in Outcome),
    (Case("a", Outcome.PASSED), Case("b", Outcome.FAILED, "x"), Case("c", Outcome.NOT_ASSESSED, "y")),
])  # fmt: skip
def test_whatever_its_cases_are_an_item_is_what_we_say(outcome: Outcome, cases: tuple[Case, ...]) -> None:
    """Also where both differ, as where a person's word fails what a machine passed."""
    if outcome is Outcome.PASSED and any(case.outcome is Outcome.FAILED for case in cases):
        cases = tuple(case for case in cases if case.outcome is not Outcome.FAILED)
    found = control(replace(FAILED, outcome=outcome, cases=cases))
    assert status(found) == OUR_WORD[outcome]
    assert status(control(replace(FAILED, outcome=outcome, cases=cases, broken=True))) == "Profile Error"


def test_a_waiver_is_heimdalls() -> None:
    word = Word("waived", "product owner", "an index comes", date(2026, 3, 1), date(2026, 4, 1))
    found = control(replace(WAIVED, word=word, cases=(Case("api", Outcome.FAILED, "812 ms"),)))
    assert found["waiver_data"] == {
        "justification": "an index comes", "expiration_date": "2026-04-01", "run": True, "skipped_due_to_waiver": True,
        "message": WAIVED.reason,
    }  # fmt: skip
    assert found["impact"] > 0
    assert [one["status"] for one in found["results"]] == ["skipped"]
    assert "812 ms" in found["results"][0]["skip_message"]
    assert control(replace(WAIVED, word=None))["waiver_data"]["justification"] == WAIVED.reason
    assert "waiver_data" not in control(FAILED)


def test_an_attestation_is_safs() -> None:
    word = Word("attested", "operations", "seen in the drill", date(2026, 3, 1), date(2026, 6, 1))
    unseen = (Case("drill", Outcome.NOT_ASSESSED, "only people can decide"),)
    found = control(replace(ATTESTED, word=word, cases=unseen))
    assert found["attestation_data"] == {
        "control_id": ATTESTED.item, "explanation": "seen in the drill", "frequency": "92d", "status": "passed",
        "updated": "2026-03-01", "updated_by": "operations",
    }  # fmt: skip
    assert [(one["code_desc"], one["status"]) for one in found["results"]] == [
        ("drill", "skipped"), ("Attested by a person", "passed"),
    ]  # fmt: skip
    assert control(replace(ATTESTED, word=None))["attestation_data"]["explanation"] == ATTESTED.reason
    assert "attestation_data" not in control(FAILED)


def test_what_does_not_count_says_why() -> None:
    """Of an impact of 0, Heimdall shows the description only."""
    for outcome in (Outcome.NOT_APPLICABLE, Outcome.ADVICE):
        found = control(OF[outcome])
        assert found["impact"] == 0
        assert found["desc"] == f"{outcome.label}: {OF[outcome].reason}"


def test_the_graver_an_item_is_the_more_it_weighs() -> None:
    base = replace(FAILED, non_negotiable=False)
    found = [
        control(one)["impact"]
        for one in (
            replace(base, category="monitoring", optional=True),
            replace(base, category="monitoring"),
            base,
            FAILED,
        )
    ]
    assert found == [0.3, 0.5, 0.7, 0.9]


def test_a_control_says_how_it_is_judged_again_and_where_it_points_to() -> None:
    item = replace(FAILED, see="CIS 5.1; https://docs.example/a, https://docs.example/b (c)", sources=("ssh", "home"))
    found = control(replace(item, location=Location("/etc/ssh/sshd_config", 3)), name="it's; rm -rf /")
    assert shlex.split(found["code"]) == ["pytest", "--zebu-host=it's; rm -rf /", "-k", f"[{FAILED.item}]"]
    assert found["refs"] == [{"ref": item.see}]
    assert found["source_location"] == {"ref": "/etc/ssh/sshd_config", "line": 3}
    assert control(replace(item, location=Location(".env")))["source_location"] == {"ref": ".env"}
    assert control(replace(item, location=None))["source_location"] == {"ref": hdf.CHECKLIST}
    assert (Path(__file__).parents[2] / hdf.CHECKLIST).is_file()
    labels = {one["label"]: one["data"] for one in found["descriptions"]}
    assert labels.keys() == {"rationale", "check", "fix"}
    assert "(evidence: ssh, home)" in labels["check"]
    assert found["tags"]["stage"] == "pre_deployment"
    assert "nist" not in found["tags"]


def test_the_command_is_one_that_pytest_understands() -> None:
    words = shlex.split(control(FAILED)["code"])
    assert words == ["pytest", "--zebu-host=vm", "-k", "[pre.security.failed]"]


def test_a_selection_counts_what_it_left_out_and_no_stage_without_a_score() -> None:
    (profile,) = written(replace(REPORT, hosts=(SECOND,)))["profiles"]
    assert Counter(map(status, profile["controls"])) == {"Not Reviewed": 7, "Not Applicable": 1}
    assert "a part of the items only" in profile["summary"]
    assert not [one for one in profile["controls"] if one["id"].startswith("ops.")]


def test_our_own_scores_stand_beside() -> None:
    ((told,),) = [one["data"] for one in written(eight_faults())["passthrough"]["auxiliary_data"]]
    (host,) = eight_faults().hosts
    assert {name: one["score"] for name, one in told["stages"].items()} == {
        stage.value: tally.score for stage, tally in host.stages.items()
    }
    assert told["ready"] is host.ready is False


def test_the_checksum_is_the_checklists() -> None:
    def checksum(host: HostReport) -> str:
        (profile,) = written(replace(REPORT, hosts=(host,)))["profiles"]
        return str(profile["sha256"])

    later = replace(
        FIRST, at=datetime(2027, 1, 1, tzinfo=UTC), name="other", items=(*ITEMS[:-1], replace(ITEMS[-1], reason="x"))
    )
    assert checksum(later) == checksum(FIRST)
    assert checksum(replace(FIRST, items=ITEMS[1:])) != checksum(FIRST)


@pytest.mark.hostile("outputs")
@pytest.mark.parametrize("count", [hdf.MOST_CASES - 1, hdf.MOST_CASES, MOST_ENTRIES, 3 * MOST_ENTRIES])
def test_a_cut_list_of_cases_turns_out_no_better(count: int) -> None:
    right = tuple(Case(f"case {number}", Outcome.PASSED) for number in range(count))
    late = Case("late", Outcome.FAILED, "is open")
    found = control(replace(FAILED, cases=(*right, late), reason="late: is open"))
    assert status(found) == "Failed"
    assert len(found["results"]) <= hdf.MOST_CASES + 1
    assert found["results"][0]["code_desc"] == "late"
    assert (found["results"][-1]["code_desc"] == f"and {count + 1 - hdf.MOST_CASES} more cases") is (
        count >= hdf.MOST_CASES
    )
    unseen = replace(FAILED, outcome=Outcome.NOT_ASSESSED, cases=(*right, replace(late, outcome=Outcome.NOT_ASSESSED)))
    assert status(control(unseen)) == "Not Reviewed"


@pytest.mark.hostile("outputs")
@pytest.mark.parametrize("text", DIRTY.values(), ids=DIRTY)
def test_hostile_words_are_words(text: str) -> None:
    document = json.loads(hdf.render(told(REPORT, text)))
    assert skeleton(document) == HARMLESS
    assert not forbidden("".join(_texts(document)), "\n\t")
    assert hdf.render(told(REPORT, text)).isascii()


HARMLESS = skeleton(written(told(REPORT, "plain words")))


@pytest.mark.parametrize("seconds", [float("nan"), float("inf")])
def test_a_time_that_is_none_is_nought(seconds: float) -> None:
    assert written(replace(REPORT, seconds=seconds))["statistics"] == {"duration": 0.0}


if __name__ == "__main__":
    GOLDEN.write_text(hdf.render(REPORT), encoding="utf-8")
