"""Every fact: known of the recorded lab, unknown of anything less, never a guess."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Known, Reason, Said, Unknown
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.settings.target import Target

WHOLE = sorted(ALL.keys() - {"exposure", "proxmox_node", "snapshots", "vm_backups"})
"""Facts that are had as a whole or not at all. Each port answers for itself, and the hypervisor has two ways to be asked."""


OF_DISCOVERY = {"callers", "entrance", "virtualization"}
"""Facts by which settings are found that nobody declared: the lab was recorded before they were asked for."""


@pytest.mark.parametrize("name", sorted(ALL.keys() - OF_DISCOVERY - {"staged_use"}))  # there is no staging in the lab
def test_every_fact_reads_the_recorded_lab(name: str, bookworm: Gathered, target: Target) -> None:
    assert isinstance(ALL[name].read(bookworm, target), Known)


@pytest.mark.parametrize(
    "name",
    sorted(
        name
        for name, fact in ALL.items()
        if name in WHOLE and (fact.probes or name in ("containers", "environment", "env_files", "machine"))
    ),
)
def test_every_fact_of_the_machine_is_unknown_when_nothing_was_answered(name: str, target: Target) -> None:
    answer = ALL[name].read(Gathered(), target)
    assert isinstance(answer, Unknown)
    assert answer.reason is Reason.NOT_GATHERED


@pytest.mark.parametrize("name", sorted(name for name in WHOLE if ALL[name].probes))
@pytest.mark.parametrize(
    "said",
    [Said(0, "\x00\xff binary\n{"), Said(1, "", "Permission denied"), Said(127, ""), Unknown(Reason.TIMED_OUT, "x")],
    ids=["garbled", "denied", "no command", "timed out"],
)
def test_bad_answers_are_unknown(name: str, said: Said | Unknown, bookworm: Gathered, target: Target) -> None:
    fact = ALL[name]
    answers = {**bookworm.answers, **{probe.name: said for probe in fact.probes}}
    answer = fact.read(replace(bookworm, answers=answers), target)
    assert isinstance(answer, Unknown)
