"""Boots the lab once, and runs the suite against it in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from lab.changes import remember_earlier_run
from lab.deployment import Lab
from lab.settled import settle_healthy

ROOT = Path(__file__).parents[2]
Outcomes = dict[str, str]


@dataclass
class Proven:
    """What was proved so far, item by item, and what of each kind."""

    healthy: set[str] = field(default_factory=set)
    faulty: list[str] = field(default_factory=list)
    blinded: set[tuple[str, str]] = field(default_factory=set)


@pytest.fixture(scope="session")
def proven() -> Proven:
    return Proven()


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """The lab, up. One that was up already stays up."""
    found = Lab()
    was_up = found.is_up
    found.up()
    settle_healthy(found)
    found.write_access()
    # A first run, with a drill, gives the later ones something to remember, of days ago, in whatever order they come.
    selection = ["-m", "not browser", "--zebu-active=restore", "--zebu-gate=off"]
    command = [sys.executable, "-m", "pytest", "-q", "--zebu-host=lab", "-p", "no:cacheprovider", *selection]
    subprocess.run(command, cwd=ROOT, capture_output=True, timeout=400, check=True)
    found.write_access()  # as `up` leaves it: the drill was attested
    remember_earlier_run(found)
    yield found
    if not was_up:
        found.down()
    elif found.present != found.like:
        found.up()


@dataclass
class SuiteRun:
    """One run of the suite, as a user has it."""

    status: int
    output: str
    report: dict[str, Any]
    attestations: str = ""

    @property
    def host(self) -> dict[str, Any]:
        host: dict[str, Any] = self.report["hosts"][0]
        return host

    @property
    def outcomes(self) -> Outcomes:
        return {item["id"]: item["outcome"] for item in self.host["items"]}

    def cases(self, item_id: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = next(item["cases"] for item in self.host["items"] if item["id"] == item_id)
        return found

    def why(self, item_id: str) -> str:
        return next(
            f"{item['outcome']}: {item['reason']} {item['cases']}"
            for item in self.host["items"]
            if item["id"] == item_id
        )


Suite = Callable[..., SuiteRun]


@pytest.fixture
def suite(lab: Lab, tmp_path: Path) -> Suite:
    return suite_in(lab, tmp_path)


def suite_in(lab: Lab, folder: Path) -> Suite:
    """Runs the suite over the lab, from a folder where its report is written."""

    def run(*options: str, host: str = "--zebu-host=lab") -> SuiteRun:
        report = folder / "report.json"
        records = lab.place.folder / "attestations.toml"
        kept = records.read_text() if records.exists() else None
        report.unlink(missing_ok=True)
        command = [sys.executable, "-m", "pytest", host, f"--zebu-json={report}", "-p", "no:cacheprovider", *options]
        done = subprocess.run(
            command,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        output = done.stdout + done.stderr
        assert report.exists(), output
        attested = records.read_text() if records.exists() else ""
        # A drill that passed is attested there: no run may lean on another's.
        if kept is None:
            records.unlink(missing_ok=True)
        else:
            records.write_text(kept)
        return SuiteRun(done.returncode, output, json.loads(report.read_text()), attested)

    return run


@pytest.fixture
def config(lab: Lab, tmp_path: Path) -> Callable[..., str]:
    """The lab's settings, with replacements, as an option."""

    def write(*replacements: tuple[str, str]) -> str:
        text = (lab.place.folder / "zebu.toml").read_text()
        for old, new in replacements:
            old, new = (part.replace("@LAB@", str(lab.place.folder)) for part in (old, new))
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "zebu.toml"
        path.write_text(text)
        (tmp_path / "attestations.toml").write_text((lab.place.folder / "attestations.toml").read_text())
        return f"--zebu-config={path}"

    return write
