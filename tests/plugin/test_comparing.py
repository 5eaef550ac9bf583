"""Two runs beside each other: one with things of the other in their place, judged by today's rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from pytest_zebu.facts.answer import Known, Reason, Said, Unknown
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.memory.difference import Whose
from pytest_zebu.plugin.comparing import (
    ADVISORIES,
    HOST,
    Packages,
    Side,
    Swap,
    _asked,
    at_time,
    compare,
    facts_of,
    moment_of,
    names_of,
    with_advisories,
)
from pytest_zebu.plugin.judge import Evidence
from pytest_zebu.plugin.remembered import fingerprint
from pytest_zebu.verdict.outcome import Outcome
from tests.remembering import DAY, faulty, healthy, judged, later

PASSWORDS, VULNERABLE, DISK = (
    "pre.security.ssh.no-passwords",
    "pre.application.quality.vulnerabilities",
    "pre.infrastructure.vm-resources",
)
FAULT = f"{PASSWORDS}/dropin_sorts_first"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    return healthy(tmp_path_factory.mktemp("lab"))


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    return faulty(tmp_path_factory.mktemp("broken"), FAULT)


def beside(first: Evidence, second: Evidence) -> Evidence:
    """The second, with settings and words of the first: they were read from another folder."""
    return replace(
        second, target=first.target, records=first.records, past=first.past, incidents=first.incidents, _read={}
    )


def side(evidence: Evidence | None, *items: str, title: str = "a run", lost: str = "") -> Side:
    found = judged(evidence, *items) if evidence else {}
    outcomes = {item: one.outcome for item, one in found.items()}
    reasons = {item: one.reason for item, one in found.items()}
    at = moment_of(evidence) if evidence else datetime(2026, 11, 24, tzinfo=UTC)
    return Side(title, "lab", at, "v1", "1.0.0", fingerprint(), outcomes, reasons, evidence, lost)


def test_only_what_is_otherwise_is_swapped(lab: Evidence, broken: Evidence) -> None:
    assert Swap(lab, lab).differing == frozenset()
    assert Swap(lab, beside(lab, broken)).differing == {Whose.HOST}
    assert Swap(
        lab, replace(beside(lab, broken), past=Known(lab.past.value) if isinstance(lab.past, Known) else lab.past)
    ).differing == {Whose.HOST}
    moved = replace(lab, gathered=at_time(lab.gathered, lab.gathered.time, lab.gathered.time + 60), _read={})
    assert Swap(lab, moved).differing == {Whose.CLOCK}, "the machine's clock went on with ours"


def test_a_thing_in_the_place_of_another_decides(lab: Evidence, broken: Evidence) -> None:
    swap = Swap(lab, beside(lab, broken))
    assert swap.judged(PASSWORDS, frozenset()).outcome is Outcome.PASSED
    assert swap.judged(PASSWORDS, frozenset({Whose.HOST})).outcome is Outcome.FAILED
    assert swap.judged(PASSWORDS, frozenset({Whose.SETTINGS, Whose.CLOCK})).outcome is Outcome.PASSED


def test_what_was_seen_is_named_by_what_is_enough_of_it(lab: Evidence, broken: Evidence) -> None:
    second = later(beside(lab, broken), 1)
    ((found, told),) = compare(side(lab, PASSWORDS), side(second, PASSWORDS))
    assert (found.item, found.whose, found.unknown) == (PASSWORDS, (frozenset({Whose.HOST}),), "")
    assert told == ("seen otherwise: sshd; ssh@here methods",)


def test_both_clocks_go_on_together(lab: Evidence) -> None:
    moved = at_time(lab.gathered, lab.gathered.time, lab.gathered.time + 3 * DAY)
    assert moved.time == lab.gathered.time + 3 * DAY
    machines = [replace(lab, gathered=one, _read={}).fact("machine") for one in (lab.gathered, moved)]
    (then, now) = [one.value for one in machines if isinstance(one, Known)]
    assert (now.time - then.time).total_seconds() == 3 * DAY
    assert now.ahead == then.ahead


@pytest.mark.parametrize(
    "host", [None, Unknown(Reason.UNREACHABLE, "ssh"), Said(0, "root=1\ntime=soon\n"), Said(0, "")]
)
def test_a_machine_that_told_no_time_is_left_as_it_is(host: Said | Unknown | None) -> None:
    answers = {} if host is None else {HOST: host}
    assert at_time(Gathered(answers, time=5.0), 5.0, 9.0) == Gathered(answers, time=9.0)


def test_a_machine_whose_clock_is_off_is_a_change_of_the_host(lab: Evidence) -> None:
    """Ours went on by a day, and its own by two: what it dates is not compared any more."""
    item = "post.recovery.snapshots.pre-deployment"
    ahead = at_time(lab.gathered, 0, DAY)
    second = replace(lab, gathered=replace(ahead, time=lab.gathered.time), _read={})
    ((found, told),) = compare(side(lab, item), side(second, item))
    assert (found.now.outcome, found.whose) == (Outcome.NOT_ASSESSED, (frozenset({Whose.HOST}),))
    assert told == (f"seen otherwise: {HOST}",)


def test_items_that_one_of_them_did_not_judge_are_no_differences(lab: Evidence, broken: Evidence) -> None:
    assert [*compare(side(lab, DISK), side(beside(lab, broken), PASSWORDS))] == []


def test_without_evidence_nothing_is_guessed(lab: Evidence, broken: Evidence) -> None:
    first = replace(side(lab, PASSWORDS, title="run 1"), evidence=None, lost="its evidence is not kept")
    ((found, told),) = compare(first, side(beside(lab, broken), PASSWORDS))
    assert (found.whose, found.unknown, told) == ((), "of run 1, its evidence is not kept", ())


def test_what_an_item_is_read_from(lab: Evidence) -> None:
    assert [fact.name for fact in facts_of(PASSWORDS)] == ["sshd"]
    assert names_of(facts_of(PASSWORDS)[0], lab) == ["sshd", "ssh@here methods"]
    assert facts_of("post.maintenance.capacity.costs") == []
    assert [names_of(fact, lab) for fact in facts_of("pre.application.functionality.trades")] == [["use"]]


# Advisories

DJANGO, OLD, FLASK = ("django", "5.0"), ("django", "4.0"), ("flask", "3.0")


def row(pair: tuple[str, str], advisory: str) -> dict[str, Any]:
    return {"package": pair[0], "version": pair[1], "id": advisory, "aliases": [], "severity": "high", "fixed": []}


def asked(*pairs: tuple[str, str], place: str = "image") -> Packages:
    return {"python": {place: frozenset(pairs)}, "npm": {}}


def advised(mine: Any, others: Any, host: Packages, other: Packages) -> Any:
    looks: Mapping[str, Any] = {} if mine is None else {ADVISORIES: mine}
    return with_advisories(Gathered({}, looks), others, host, other).looks.get(ADVISORIES)


def test_of_the_same_packages_it_is_what_the_other_run_was_told() -> None:
    told = {"image": [row(DJANGO, "NEW")]}
    assert advised({"image": []}, told, asked(DJANGO, FLASK), asked(DJANGO, FLASK)) == told
    assert advised(told, {"image": []}, asked(DJANGO), asked(DJANGO)) == {"image": []}


def test_of_packages_that_only_this_host_has_it_is_what_this_run_was_told() -> None:
    """The package was raised: that the old one's advisory is gone is no news of the advisories."""
    mine: dict[str, Any] = {"image": [row(OLD, "OLD")]}
    others: dict[str, Any] = {"image": []}
    assert advised(mine, others, asked(OLD, FLASK), asked(DJANGO, FLASK)) == mine
    assert advised(others, mine, asked(DJANGO, FLASK), asked(OLD, FLASK)) == others


def test_a_package_that_moved_keeps_what_is_known_of_it() -> None:
    others = {"image": [row(DJANGO, "NEW")]}
    found = advised({"lock": []}, others, asked(DJANGO, place="lock"), asked(DJANGO))
    assert found["lock"] == others["image"]


def test_packages_of_one_name_of_two_registries_are_two() -> None:
    host: Packages = {"python": {"image": frozenset({FLASK})}, "npm": {"lock": frozenset({DJANGO})}}
    other: Packages = {"python": {"image": frozenset({FLASK, DJANGO})}, "npm": {}}
    assert advised({"image": [], "lock": []}, {"image": [row(DJANGO, "X")]}, host, other) == {"image": [], "lock": []}


def test_where_the_other_run_was_told_nothing_it_is_that() -> None:
    down = Unknown(Reason.TIMED_OUT, "OSV")
    assert advised({"image": []}, down, asked(DJANGO), asked(DJANGO)) == down
    assert advised({"image": []}, {"image": down}, asked(DJANGO), asked(DJANGO)) == {"image": down}
    assert advised({"image": []}, None, asked(DJANGO), asked()) == {"image": []}
    assert advised({"image": down}, {"image": [row(DJANGO, "X")]}, asked(DJANGO), asked(DJANGO)) == {
        "image": [row(DJANGO, "X")]
    }
    assert advised({"image": down}, {"image": []}, asked(DJANGO, FLASK), asked(DJANGO)) == {"image": down}


def test_a_package_that_is_raised_is_the_hosts_and_a_new_advisory_is_not(lab: Evidence) -> None:
    place = "running image of backend"
    places = _asked(lab)["python"]
    package = min(places[place] - {pair for other, pairs in places.items() if other != place for pair in pairs})
    found = {**lab.gathered.looks[ADVISORIES], place: [row(package, "GHSA-xxxx")]}
    told = replace(lab, gathered=replace(lab.gathered, looks={**lab.gathered.looks, ADVISORIES: found}), _read={})
    ((news, why),) = compare(side(lab, VULNERABLE), side(told, VULNERABLE))
    assert (news.now.outcome, news.whose) == (Outcome.FAILED, (frozenset({Whose.ADVISORY}),))
    assert why == (f"advised otherwise: new GHSA-xxxx ({package[0]} {package[1]})",)
    answer = lab.gathered.answers["packages.installed"]
    assert isinstance(answer, Said)
    raised = replace(answer, out=answer.out.replace(f"{package[0]} {package[1]}\n", f"{package[0]} 99.0\n"))
    assert raised != answer
    mended = replace(
        lab, gathered=replace(lab.gathered, answers={**lab.gathered.answers, "packages.installed": raised}), _read={}
    )
    ((mend, why),) = compare(side(told, VULNERABLE), side(mended, VULNERABLE))
    assert (mend.now.outcome, mend.whose) == (Outcome.PASSED, (frozenset({Whose.HOST}),))
    assert why == ("seen otherwise: packages.installed",)


def test_what_was_tried_belongs_to_the_option_that_asks_for_it(lab: Evidence) -> None:
    item = "pre.application.functionality.trades"
    target = lab.target.model_copy(update={"active": frozenset()})
    second = replace(lab, target=target, gathered=replace(lab.gathered, trials={}), _read={})
    ((found, told),) = compare(side(lab, item), side(second, item))
    assert (found.now.outcome, found.whose) == (Outcome.NOT_ASSESSED, (frozenset({Whose.SETTINGS}),))
    assert told == ('set otherwise: active ["functional", "restore"] -> []',)


def test_of_settings_those_are_named_that_are_enough(lab: Evidence) -> None:
    mine = lab.target.settings
    needs = mine.requirements.model_copy(update={"disk_gib": 4000.0, "cpus": 2})
    settings = mine.model_copy(update={"requirements": needs, "simulated": ("another",)})
    second = replace(lab, target=lab.target.model_copy(update={"settings": settings}), _read={})
    ((found, told),) = compare(side(lab, DISK), side(second, DISK))
    assert found.whose == (frozenset({Whose.SETTINGS}),)
    assert told == ("set otherwise: requirements.disk_gib 10.0 -> 4000.0",)


def test_the_folder_is_no_setting(lab: Evidence, tmp_path: Path) -> None:
    other = healthy(tmp_path)
    told = Swap(lab, replace(other, target=lab.target, records=lab.records))
    assert Whose.SETTINGS not in told.differing


def test_settings_by_which_facts_are_read_are_named_too(lab: Evidence) -> None:
    """What was read by other settings is not taken over: neither for the answer, nor by who is asked next."""
    item = "deploy.network.domain"
    mine = lab.target.settings
    domains = mine.domains.model_copy(update={"site": "other.zebu.test"})
    update = {"domains": domains, "simulated": ("another",), "profile": "small-scale"}
    second = replace(lab, target=lab.target.model_copy(update={"settings": mine.model_copy(update=update)}), _read={})
    for first, other in ((lab, second), (second, lab)):
        ((found, told),) = compare(side(first, item), side(other, item))
        assert found.whose == (frozenset({Whose.SETTINGS}),)
        assert told[0].startswith("set otherwise: domains.site ")
        assert "simulated" not in told[0]
