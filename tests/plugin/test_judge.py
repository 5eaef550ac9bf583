"""A check that breaks takes its own item with it, and no other."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from lab import recordings
from pytest_zebu.catalogue import Stage, load
from pytest_zebu.facts.answer import Known, NotAssessed
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.memory.history import Past
from pytest_zebu.people import attestations
from pytest_zebu.people.attestations import Records, Waiver
from pytest_zebu.plugin.checks import Cases
from pytest_zebu.plugin.judge import decide
from pytest_zebu.verdict.outcome import Finding, NotApplicable, Outcome
from pytest_zebu.verdict.settle import settle

ITEM = "deploy.initial.services-healthy"
COSTS = "post.maintenance.capacity.costs"
PEOPLES = next(item.id for item in load().stage(Stage.OPERATIONS) if item.attested_only)


class Unshown:
    """A value that cannot be shown."""

    def __str__(self) -> str:
        raise UnicodeError


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize(
    "error",
    [
        KeyError("x"), TypeError(), ValueError("\ud800"), ZeroDivisionError(), OverflowError(), RecursionError(), MemoryError(), UnicodeError(), StopIteration(),
        AttributeError(), TimeoutError(), OSError(5, "x"), NotApplicable("because"),
    ],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
def test_a_check_that_breaks_leaves_its_item_not_assessed(error: Exception) -> None:
    def check(case: Cases) -> None:
        with case("first"):
            pass
        with case("second"):
            raise error

    finding, raised = decide(check, ITEM, {"case": (cases := Cases())}, cases)
    assert raised is error
    assert finding.outcome is Outcome.NOT_ASSESSED
    assert finding.broken
    assert finding.reason == f"the check itself broke: {type(error).__name__}"
    assert [case.name for case in finding.cases] == ["first"]


@pytest.mark.hostile("parsers")
def test_what_cannot_be_shown_breaks_its_item_only() -> None:
    def check(case: Cases) -> None:
        with case("first", Unshown()):
            pass

    finding, _ = decide(check, ITEM, {"case": (cases := Cases())}, cases)
    assert (finding.outcome, finding.broken) == (Outcome.NOT_ASSESSED, True)


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_who_ends_the_run_ends_it(error: type[BaseException]) -> None:
    def check() -> None:
        raise error

    with pytest.raises(error):
        decide(check, ITEM, {}, None)


@pytest.mark.parametrize(("error", "outcome", "besides"), [
    (None, Outcome.FAILED, ""), (AssertionError("there is no proxy"), Outcome.FAILED, "there is no proxy"), (NotAssessed("the log was cut"), Outcome.FAILED, "the log was cut"),
])  # fmt: skip
def test_what_belongs_to_no_case_is_kept_apart(error: Exception | None, outcome: Outcome, besides: str) -> None:
    """A waiver of cases must not accept it, also where the reason speaks of a case only."""

    def check(case: Cases) -> None:
        with case("redis"):
            raise AssertionError("is down")
        if error is not None:
            raise error

    finding, _ = decide(check, ITEM, {"case": (cases := Cases())}, cases)
    assert (finding.outcome, finding.besides) == (outcome, besides)
    assert Finding.from_data(finding.as_data()) == finding
    records = Records(waivers={ITEM: (WAIVER,)})
    settled = settle(load()[ITEM], finding, records.declared(ITEM, date(2026, 11, 24)), "")
    assert settled.outcome is (Outcome.FAILED if besides else Outcome.WAIVED)


WAIVER = Waiver.model_validate({
    "id": ITEM, "reason": "moves", "approver": "owner", "from": date(2026, 11, 1), "until": date(2026, 11, 24), "cases": ["redis"],
})  # fmt: skip


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Auckland", "America/Los_Angeles"])
@pytest.mark.parametrize(("moment", "holds"), [
    ((2026, 11, 24, 23, 59, 59, 999_999), True), ((2026, 11, 25, 0, 0, 0), False), ((2026, 11, 1, 0, 0, 0), True), ((2026, 10, 31, 23, 59, 59), False),
])  # fmt: skip
def test_a_day_ends_in_utc_wherever_we_are(
    moment: tuple[int, ...], holds: bool, zone: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        known = recordings.evidence(recordings.read_healthy(), tmp_path)
        at = datetime(*moment, tzinfo=UTC).timestamp()  # type: ignore[misc, arg-type]
        today = replace(known, gathered=Gathered(time=at)).today
        assert (Records(waivers={ITEM: (WAIVER,)}).waiver(ITEM, today) is not None) is holds
    finally:
        monkeypatch.undo()
        time.tzset()


def test_words_are_compared_with_what_was_gathered(tmp_path: Path) -> None:
    """By whoever judges: a task that was done for another version is not done, and no check is handed a word that lapsed."""
    known = recordings.evidence(recordings.read_healthy(), tmp_path)
    text = '[[attestation]]\nid = "{}"\nstatement = "done"\nby = "operations"\non = {}\nabout = "{}"\nevidence = [{{ commit = "0123abcd" }}]\n'
    for about, outcome in (("postgres 15", Outcome.ATTESTED), ("postgres 16", Outcome.NOT_ASSESSED)):
        path = tmp_path / "words.toml"
        path.write_text("".join(text.format(item, known.today, about) for item in (COSTS, PEOPLES)))
        records = attestations.read(path, load(), required=True)
        seen = replace(known, records=records, past=Known(Past(())), _read={})
        assert seen.judge(COSTS).outcome is outcome
        assert seen.judge(PEOPLES).outcome is outcome
        assert (seen.given("records", COSTS, Cases()).attestation(COSTS, known.today) is None) is (about[-1] == "6")
