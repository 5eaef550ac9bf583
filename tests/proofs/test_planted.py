"""Secrets in every place where they live: a whole run with all that it may do shows none of them, in no output."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from html import escape
from pathlib import Path
from shlex import quote as quoted
from typing import Any
from urllib.parse import quote

import pytest

from lab.changes import forget_incidents, record_incident
from lab.deployment import Lab
from tests.proofs.conftest import ROOT
from tests.proofs.planted import (
    ATTESTED,
    NAMES,
    OWN,
    PLACES,
    RUNNERS,
    TOLD,
    VARIABLES,
    WORDS,
    ZONE,
    Place,
    Word,
    secrets,
)

pytestmark = [pytest.mark.lab, pytest.mark.hostile("secrets")]
SECRETS = secrets()
SEEN = {one.name: one.seen for one in (*PLACES, *WORDS) if one.seen} | {
    ATTESTED: "lab up, password=[redacted]",
    TOLD: "token: [redacted]",
}
MACHINES = ("vm", "proxy")
INCIDENT = ("-m", "incident", "-l", "--full-trace", "-v")


@dataclass(frozen=True, slots=True)
class Shown:
    """All that a run printed and left, by place, and its snapshot; and the lab's own secrets."""

    texts: Mapping[str, str]
    snapshot: str
    held: Mapping[str, str]


def forms(secret: str) -> set[str]:
    """A secret as outputs may spell it."""
    coded = {
        base64.b64encode(b"x" * offset + secret.encode()).decode()[start:-4]
        for offset, start in ((0, 0), (1, 2), (2, 3))
    }
    return {secret, quote(secret, safe=""), escape(secret), secret.encode().hex(), secret.upper(), *coded}


MASK = """
logs=$(docker ps -aq --filter label=com.docker.compose.project=zebu | xargs docker inspect -f '{{.LogPath}}')
perl -e 'chomp(my @secrets = <STDIN>); for my $path (@ARGV) { open my $log, "+<", $path or die "$path: $!"; local $/; my $text = <$log>;
  for my $secret (@secrets) { while ($text =~ /\\Q$secret\\E/g) { seek $log, $-[0], 0; print $log "*" x length $& } } close $log or die }' $logs
"""
"""Of what was planted, no value is left in the logs of containers, where later runs would see it."""


@pytest.fixture(scope="module")
def shown(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """One run, over a machine that is full of them."""
    folder = tmp_path_factory.mktemp("planted")
    records = lab.place.folder / "attestations.toml"
    kept = records.read_text()
    try:
        for machine in MACHINES:
            lab.machines[machine].shell(script(place for place in PLACES if place.machine == machine))
        lab.vm.shell("systemctl daemon-reload; systemctl enable --now planted.timer")
        for word in WORDS:
            lab.change_state(word.service, partial(changed, word))
        serve(lab, ZONE.replace("CANARY", SECRETS["what names say"]))
        records.write_text(kept.replace('"lab up"', f'"lab up, password={SECRETS[ATTESTED]}"'))
        record_incident(lab)
        told = lab.place.folder / "incidents/fault.md"
        told.write_text(told.read_text().replace("done, as agreed", f"done, as agreed, token: {SECRETS[TOLD]}"))
        options = (
            "-n", "2", "--zebu-active=functional,restore,attack", "--showlocals", "--full-trace", "-v", "-rA", "--zebu-gate=off",
            f"--html={folder}/report.html", f"--junit-xml={folder}/junit.xml", f"--zebu-json={folder}/report.json",
            f"--zebu-report=terminal:{folder}/report.txt", f"--zebu-save={folder}/snapshot.json", "-o", f"cache_dir={folder}/cache",
            f"--log-file={folder}/run.log", "--log-level=DEBUG",
        )  # fmt: skip
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **{name: SECRETS[name] for name in RUNNERS}}
        outputs = [
            subprocess.run(
                [sys.executable, "-m", "pytest", "--zebu-host=lab", *words], cwd=folder, capture_output=True, timeout=420,
                check=False, env=environment,
            )
            for words in (options, (*INCIDENT, f"--zebu-json={folder}/incident.json"))
        ]  # fmt: skip
        texts = {
            f"terminal {number}": (one.stdout + one.stderr).decode(errors="replace")
            for number, one in enumerate(outputs)
        }
        files = [*folder.rglob("*"), lab.history]
        texts |= {str(path): path.read_bytes().decode(errors="replace") for path in files if path.is_file()}
        # Who attested wrote it there; what we add is looked at.
        texts[str(records)] = records.read_text().replace(f"lab up, password={SECRETS[ATTESTED]}", "")
        keys = {name: (lab.place.keys / file).read_text() for name, file in OWN.items()}
        keys["the application's key"] = (lab.place.folder / "api-key").read_text()
        own = lab.environment_of_vm()
        yield Shown(texts, texts[f"{folder}/snapshot.json"], keys | {name: own[name] for name in VARIABLES})
    finally:
        lab.vm.shell("systemctl disable --now planted.timer || true")
        for machine in MACHINES:
            lab.machines[machine].shell(mending(place for place in reversed(PLACES) if place.machine == machine))
        lab.vm.shell("systemctl daemon-reload")
        lab.vm.run(["sh", "-euc", MASK], stdin="\n".join(SECRETS.values()).encode())
        lab.write_states(sorted({word.service for word in WORDS}))
        serve(lab, "")
        forget_incidents(lab)
        records.write_text(kept)


def script(places: Iterable[Place]) -> str:
    """What plants them; where one cannot be planted, its name is the last one that is said."""
    return "\n".join(
        f"echo {quoted(place.name)} >&2\n(\n{place.plant.replace('CANARY', SECRETS[place.name])}\n)" for place in places
    )


def mending(places: Iterable[Place]) -> str:
    """What takes them away, each for itself: one that was not planted must not keep the others."""
    return "\n".join(f"sh -ec {quoted(place.mend.replace('CANARY', SECRETS[place.name]))} || true" for place in places)


def changed(word: Word, state: dict[str, Any]) -> dict[str, Any]:
    """What a service says, with a secret in it."""
    word.change(state, SECRETS[word.name])
    return state


def serve(lab: Lab, more: str) -> None:
    """Let both name servers say more."""
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda name: lab.daemons.zone(name, lambda text: text + more), ("ns1", "ns2")))


def test_there_are_enough() -> None:
    assert len(SECRETS) >= 60
    assert len(set(SECRETS.values())) == len(SECRETS)


@pytest.mark.parametrize("place", NAMES)
def test_no_output_shows_what_was_planted(place: str, shown: Shown) -> None:
    assert places_of(SECRETS[place], shown) == []


@pytest.mark.parametrize("name", [*OWN, "the application's key", *VARIABLES])
def test_no_output_shows_what_the_lab_lives_by(name: str, shown: Shown) -> None:
    """What the suite is given, or what the application has: their values are known."""
    assert len(shown.held[name]) >= 12
    assert places_of(shown.held[name], shown) == []


def places_of(secret: str, shown: Shown) -> list[tuple[str, str]]:
    """Where a secret stands, and in which form."""
    return [(form, name) for form in forms(secret) for name, text in shown.texts.items() if form in text]


@pytest.mark.parametrize("place", SEEN)
def test_the_place_was_read(place: str, shown: Shown) -> None:
    """Else the other test would prove nothing."""
    said = [
        text
        for name, text in shown.texts.items()
        if Path(name).name in ("snapshot.json", "report.json", "incident.json")
    ]
    assert any(SEEN[place] in text for text in said)


def test_all_kinds_of_outputs_were_searched(shown: Shown) -> None:
    names = {Path(name).name for name in shown.texts}
    assert {"report.html", "junit.xml", "report.json", "report.txt", "snapshot.json", "run.log"} <= names
    assert "[redacted]" in shown.snapshot
