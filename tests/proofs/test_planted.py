"""Secrets in every place where they live: a whole run with all that it may do shows none of them, in no output."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import quote

import pytest

from lab.deployment import Lab
from tests.proofs.conftest import ROOT
from tests.proofs.planted import PLACES, Place, secrets

pytestmark = [pytest.mark.lab, pytest.mark.hostile("secrets")]
RUNNERS = ("ZEBU_PLANTED_TOKEN", "PLANTED_PASSWORD")
"""Variables of the machine that runs the suite."""
SECRETS = {**secrets(), **{name: f"w{name[:4].lower()}8x3k5v7n2{number}" for number, name in enumerate(RUNNERS)}}


@dataclass(frozen=True, slots=True)
class Shown:
    """All that a run printed and left, by place, and its snapshot."""

    texts: Mapping[str, str]
    snapshot: str


def forms(secret: str) -> set[str]:
    """A secret as outputs may spell it."""
    coded = {
        base64.b64encode(b"x" * offset + secret.encode()).decode()[start:-4]
        for offset, start in ((0, 0), (1, 2), (2, 3))
    }
    return {secret, quote(secret, safe=""), escape(secret), secret.encode().hex(), secret.upper(), *coded}


@pytest.fixture(scope="module")
def shown(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """One run, over a machine that is full of them."""
    folder = tmp_path_factory.mktemp("planted")
    records = lab.place.folder / "attestations.toml"
    kept = records.read_bytes() if records.exists() else None
    planted: list[Place] = []
    try:
        for place in PLACES:
            planted.append(place)
            lab.machines[place.machine].shell(place.plant.replace("CANARY", SECRETS[place.name]))
        lab.vm.shell("systemctl daemon-reload; systemctl enable --now planted.timer")
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
            for words in (options, ("-m", "incident", "-l", "--full-trace"))
        ]  # fmt: skip
        texts = {
            f"terminal {number}": (one.stdout + one.stderr).decode(errors="replace")
            for number, one in enumerate(outputs)
        }
        files = [*folder.rglob("*"), lab.history, records]
        texts |= {str(path): path.read_bytes().decode(errors="replace") for path in files if path.is_file()}
        yield Shown(texts, texts[f"{folder}/snapshot.json"])
    finally:
        lab.vm.shell("systemctl disable --now planted.timer || true")
        for place in reversed(planted):
            lab.machines[place.machine].shell(place.mend.replace("CANARY", SECRETS[place.name]), check=False)
        lab.vm.shell("systemctl daemon-reload")
        if kept is not None:
            records.write_bytes(kept)


def test_there_are_enough() -> None:
    assert len(SECRETS) >= 60
    assert len(set(SECRETS.values())) == len(SECRETS)


@pytest.mark.parametrize("place", [*(place.name for place in PLACES), *RUNNERS])
def test_no_output_shows_what_was_planted(place: str, shown: Shown) -> None:
    found = [(form, name) for form in forms(SECRETS[place]) for name, text in shown.texts.items() if form in text]
    assert found == []


@pytest.mark.parametrize("place", [place for place in PLACES if place.seen], ids=lambda place: place.name)
def test_the_place_was_read(place: Place, shown: Shown) -> None:
    """Else the other test would prove nothing."""
    assert place.seen in shown.snapshot


def test_all_kinds_of_outputs_were_searched(shown: Shown) -> None:
    names = {Path(name).name for name in shown.texts}
    assert {"report.html", "junit.xml", "report.json", "report.txt", "snapshot.json", "run.log"} <= names
    assert "[redacted]" in shown.snapshot
