"""Which items a blinding blinds follows from the facts that they ask for; what does not is an exception that is needed."""

from __future__ import annotations

import pytest

from lab.blindings import (
    BESIDES,
    BLINDINGS,
    CLOCK,
    DEPARTURES,
    MACHINE_DECIDED,
    Departure,
    Needs,
    Senses,
    blinded,
    of_fact,
    of_item,
    of_look,
    of_probe,
)
from pytest_zebu.facts import ALL
from pytest_zebu.facts.fact import Look, Need, Probe

ROOT_AND_SSH: Senses = frozenset({"root", "ssh"})


def test_a_probe_needs_root_where_something_must_be_discovered_first() -> None:
    assert of_probe(Probe("one", "id")) == {"ssh", "tools"}
    assert of_probe(Probe("two", "id", needs=(Need.DB_CONTAINER,))) == ROOT_AND_SSH
    assert of_probe(Probe("three", "id", root=True, host="proxy")) == {"credentials"}


def test_a_look_of_a_kind_that_nobody_gave_senses_is_an_error() -> None:
    assert of_look(Look("browser", "zebu.test", {})) == {"browser", "network"}
    with pytest.raises(KeyError, match="telepathy"):
        of_look(Look("telepathy", "zebu.test", {}))


def test_a_check_is_blind_without_any_of_its_facts_or_without_all_of_its_alternatives() -> None:
    both = Needs(frozenset({"ssh"}), (frozenset({"root"}), frozenset({"credentials", "network"})))
    assert both.is_blind(frozenset({"ssh"}))
    assert not both.is_blind(frozenset({"root"}))
    assert not both.is_blind(frozenset({"network"}))
    assert both.is_blind(frozenset({"root", "network"}))
    assert not Needs(frozenset(), ()).is_blind(ROOT_AND_SSH)


def test_the_only_fact_that_may_be_missing_counts_where_the_check_has_no_other_evidence() -> None:
    assert of_item("ops.monthly.updates").one_of == (ROOT_AND_SSH,)
    assert of_item("deploy.redis.cache") == Needs(ROOT_AND_SSH, ())


def test_an_attack_is_no_way_to_see_in_a_blinded_run() -> None:
    assert of_fact(ALL["attack"]) == frozenset()
    assert frozenset() not in of_item("pre.security.application.rate-limit").one_of


@pytest.mark.parametrize("name", BESIDES)
def test_what_is_said_of_a_fact_by_hand_cannot_be_read_from_it(name: str) -> None:
    """It is one of the batch's own answers, or a look that is chosen after the machine has answered."""
    fact = ALL[name]
    default = type(fact)(name, fact.parse)
    assert not (fact.probes or fact.trial) or fact.then is not default.then


@pytest.mark.parametrize("one", DEPARTURES, ids=lambda one: f"{one.blinding}: {min(one.items)}")
def test_an_exception_is_needed_and_has_a_reason(one: Departure) -> None:
    follows = blinded(tuple(other for other in DEPARTURES if other is not one))[one.blinding]
    wrong = {item for item in one.items if (item in follows) is one.is_blind}
    assert not wrong, f"it follows from the facts by now: {sorted(wrong)}"
    assert one.reason


def test_every_item_is_blinded_by_something() -> None:
    assert frozenset().union(*BLINDINGS.values()) == MACHINE_DECIDED
    assert of_fact(ALL[CLOCK]) == {"ssh"}
