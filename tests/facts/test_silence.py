"""What nobody said is no "there is none": answers that are empty, or hold nothing but blanks."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Known, Said, Unknown
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.settings.target import Target
from tests.facts.answers import read

DECIDES_NOTHING = {
    ("audit", "packages.installed"): "the images are told as not there",
    ("backups", "backups.listing"): "what a dump holds is told as not known",
    ("exposure", "addresses6"): "most machines have no address of IPv6; whether it could be asked, its status tells",
    ("exposure", "sockets"): "what is open is seen from outside",
    ("monitors", "monitors"): "nothing that watches was seen, and more is asked",
    ("udp_sockets", "sockets.udp"): "a machine may have none: its script compares with the kernel's tables",
    ("udp_sockets", "sockets"): "it is asked for where UDP has none",
    ("proxy_machine", "proxy.configuration"): "who serves, and what is renewed, is told as not seen",
}
"""Facts of several answers, whose reader tells of one as unknown."""
PROBED = [
    (name, probe.name)
    for name, fact in sorted(ALL.items())
    for probe in fact.probes
    if (name, probe.name) not in DECIDES_NOTHING and probe.name != "pvesh"
]
"""The facts, with each of their questions; the recorded hypervisor was asked by its API."""


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize("said", ["", "\n", " \n \n"], ids=["nothing", "an empty line", "blanks"])
@pytest.mark.parametrize(("name", "probe"), PROBED, ids=[f"{name}-{probe}" for name, probe in PROBED])
def test_silence_is_no_answer(name: str, probe: str, said: str, bookworm: Gathered, target: Target) -> None:
    """Where all else is as it was on the recorded machine."""
    answers = {**bookworm.answers, probe: Said(0, said)}
    silent = ALL[name].read(replace(bookworm, answers=answers), target)
    assert isinstance(silent, Unknown), silent


@pytest.mark.parametrize(("name", "said", "field"), [
    ("upkeep", "@none\n", "changelog"), ("documents", "@none\n", "all"), ("watchers", "@none\n", "bots"), ("documents", "@times git is not installed\n@none\n", "all"),
])  # fmt: skip
def test_who_looked_and_found_none_says_so(name: str, said: str, field: str, target: Target) -> None:
    assert getattr(read(name, said, target), field) == ()


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize(("name", "said"), [
    ("documents", "@times git is not installed\n"), ("jobs", "@timer a.timer\n@enabled enabled\n@active active\n"), ("logs", "@task up\n@task down\n"),
    ("connectivity", "names=1\nhttps=200\n"), ("repository", f"@head {'a' * 40}\n@owner \n@remote x\n@known 1\n@branches 1\n@tagged 0\n@absent 0\n"),
])  # fmt: skip
def test_the_part_that_is_always_there_is_not(name: str, said: str, target: Target) -> None:
    probe = ALL[name].probes[0].name
    assert isinstance(ALL[name].read(Gathered({probe: Said(0, said)}), target), Unknown)


def test_a_machine_without_jobs_says_so(target: Target) -> None:
    assert ALL["jobs"].read(Gathered({"jobs": Said(0, "@cron none inactive \n")}), target) == Known(())
