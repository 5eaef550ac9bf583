"""What has to work before anything is judged: on blinded recordings, and by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab import recordings
from lab.recordings import JUDGED
from pytest_zebu.catalogue import load
from pytest_zebu.verdict.causes import causes
from pytest_zebu.verdict.openings import openings
from pytest_zebu.verdict.outcome import Finding, Outcome
from pytest_zebu.verdict.preflight import Check, preflight

CATALOGUE = load()
IDS = [item.id for item in CATALOGUE]


def checks(*reasons: str, works: dict[str, str] | None = None) -> tuple[Check, ...]:
    findings = [Finding(item, Outcome.NOT_ASSESSED, reason) for item, reason in zip(IDS, reasons, strict=False)]
    return preflight(findings, openings(findings), works or {})


@pytest.mark.parametrize(
    ("reason", "name", "text", "fix"),
    [
        ("unreachable: ssh: the host has no perl (x)", "ssh", "the host has no perl (x)", "install perl on the machine"),
        ("unreachable: ssh: the key was refused: check user", "ssh", "the key was refused: check user", "let ssh in"),
        ("no permission: jobs needs root, and sudo -n was refused", "sudo", "sudo -n was refused", "let `sudo -n`"),
        ("no permission: Docker is refused to the user: let `sudo -n`", "docker", "Docker is refused to the user", "group docker"),
        ("no such command: docker is not installed on the machine, or", "docker", "docker is not installed on the machine, or", "let Docker run"),
        ("unreachable: Docker's daemon does not answer on the machine: x", "docker", "Docker's daemon does not answer on the machine", "systemctl"),
        (
            "unreachable: where zebu.test is: this machine's own resolver does not answer, for names that surely exist either",
            "names", "this machine's own resolver does not answer, for names that surely exist either", "/etc/resolv.conf",
        ),
        (
            "unreachable: zebu.test:443 does not answer, nor does the control address 192.0.2.1:53",
            "network", "the control address 192.0.2.1:53", "mend the network of where pytest runs",
        ),
        ("no such command: no browser at chromium: apt-get install chromium", "browser", "no browser at chromium: apt-get", "let a browser"),
        ("no such command: the browser chromium does not start: it lacks x", "browser", "the browser chromium does not start: it lacks x", "let a"),
        ("timed out: the browser did not start within 40 s: is this machine busy?", "browser", "the browser did not start", "let a browser"),
    ],
)  # fmt: skip
def test_what_does_not_work_is_said_once(reason: str, name: str, text: str, fix: str) -> None:
    (found,) = checks(reason, reason, works={name: "it works"})
    assert (found.name, found.is_ok, found.items) == (name, False, (IDS[0], IDS[1]))
    assert found.text.startswith(text)
    assert fix in found.fix
    assert " to see " not in found.fix


def test_what_works_is_told_behind_what_it_needs() -> None:
    found = checks("not attested", works={"browser": "it opened pages", "ssh": "1 login(s)"})
    assert found == (Check("ssh", True, "1 login(s)"), Check("browser", True, "it opened pages"))
    assert checks("not attested") == ()


@pytest.mark.parametrize(
    ("blinded", "names"),
    [
        ("without_root", {"sudo"}),
        ("without_ssh", {"ssh"}),
        ("without_network", {"names", "network"}),
        ("without_a_browser", {"browser"}),
    ],
)
def test_a_blinded_run_says_what_blinds_it(blinded: str, names: set[str], tmp_path: Path) -> None:
    base = recordings.read_healthy()
    case = recordings.over(base, recordings.read(JUDGED / f"blinded/{blinded}.json", base))
    evidence = recordings.evidence(case, tmp_path)
    findings = [evidence.judge(item) for item in IDS]
    opened = openings(findings, causes(findings, CATALOGUE))
    found = preflight(findings, opened, {})
    assert {one.name for one in found} == names
    assert all(one.text and one.fix and not one.is_ok for one in found)
    kept = [item for one in found for item in one.items]
    assert len(kept) == len({*kept}) > 3
