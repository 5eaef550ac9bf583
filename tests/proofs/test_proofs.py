"""Every machine-decided item passes when healthy, fails when its fault is injected, and is not assessed when blinded."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.deployment import Lab
from lab.proofs import Fault, load_faults, rounds
from pytest_zebu.catalogue import load
from pytest_zebu.checks import suite as checks

from .conftest import Proven, Suite, SuiteRun

FAULTS = load_faults()
ROUNDS = tuple((fault,) for fault in FAULTS) if os.environ.get("ZEBU_PROOFS_ISOLATED") else rounds(FAULTS)
MACHINE_DECIDED = frozenset(checks())
FUNCTIONALITY = "pre.application.functionality"
BY_PROBE = {
    "--zebu-active=functional": {
        "pre.security.application.input-validation",
        *(f"{FUNCTIONALITY}.{name}" for name in ("portfolios", "trades", "transactions", "prices")),
    },
    "--zebu-active=restore": {"pre.database.backups.restore-tested"},
}
"""Seen only by an active probe."""
EVERYTHING = "--zebu-active=functional,restore"
STAGING = f"{FUNCTIONALITY}.staging"
"""The lab has no staging of its own: people attest it."""


def healthy(options: tuple[str, ...] = ()) -> dict[str, str]:
    """What each item is when all is well, by what the suite is run with."""
    found = dict.fromkeys(MACHINE_DECIDED, "passed")
    for option, items in BY_PROBE.items():
        if not any(option.partition("=")[2] in given for given in options):
            found |= dict.fromkeys(items, "not_assessed")
    return {
        **found,
        STAGING: "attested",
        "pre.security.ssh.port-changed": "advice",
        "post.maintenance.capacity.costs": "attested",
    }


SEEN_WITHOUT_ROOT = {
    "pre.infrastructure.network",
    "pre.infrastructure.static-ip",
    "pre.infrastructure.vm-resources",
    "pre.security.ssh.port-changed",
}
"""Asked of the machine, and told to any user."""
CATALOGUE = load()
COMPARED_WITH_THE_MACHINE = {"pre.infrastructure.reverse-proxy"}
"""Looked at from outside, and compared with what the machine itself says."""
BY_SSH_ONLY = {"pre.security.ssh.no-passwords", "pre.security.ssh.key-auth"}
"""Their look from outside goes to the ssh port, without which nothing at all is gathered."""


def _by(*letters: str) -> set[str]:
    return {item_id for item_id in MACHINE_DECIDED if set(letters) & set(CATALOGUE[item_id].by)}


ON_THE_MACHINE = _by("V", "R") - SEEN_WITHOUT_ROOT | COMPARED_WITH_THE_MACHINE
FROM_OUTSIDE = _by("O", "B") - BY_SSH_ONLY


def expect(run: SuiteRun, changes: dict[str, str], options: tuple[str, ...] = ()) -> None:
    """All implemented items are as when healthy, but for the changes."""
    expected = {**healthy(options), **changes}
    found = {item_id: run.outcomes[item_id] for item_id in expected}
    wrong = {item_id: run.why(item_id) for item_id in expected if found[item_id] != expected[item_id]}
    assert not wrong, run.output


def test_healthy(suite: Suite, proven: Proven) -> None:
    run = suite(EVERYTHING)
    expect(run, {}, (EVERYTHING,))
    others = {item.id for item in load()} - healthy().keys()
    assert {run.outcomes[item_id] for item_id in others} <= {"not_assessed", "advice"}
    assert len(run.host["items"]) == 196
    assert run.host["ssh_logins"] == 1
    assert run.host["ssh_round_trips"] <= 3
    assert run.status == 1, "the lab is not ready while items have no check"
    assert run.host["stages"]["pre_deployment"]["ready"], run.output
    assert 'by = "restore drill"' in run.attestations
    proven.healthy |= MACHINE_DECIDED


@pytest.mark.parametrize("faults", ROUNDS, ids=lambda faults: "+".join(fault.name for fault in faults))
def test_faults_flip_what_they_declare(faults: tuple[Fault, ...], lab: Lab, suite: Suite, proven: Proven) -> None:
    injected = []
    try:
        for fault in faults:
            injected.append(fault)
            fault.inject(lab)
        run = suite(*faults[0].options)
    finally:
        for fault in reversed(injected):
            fault.mend(lab)
    changes = {item_id: fault.outcomes.get(item_id, "failed") for fault in faults for item_id in fault.flips}
    expect(run, changes, faults[0].options)
    proven.faulty += [fault.id for fault in faults]


def test_blinded_without_root(suite: Suite, config: Callable[..., str], proven: Proven) -> None:
    run = suite(config(('user = "deploy"', 'user = "observer"')))
    expect(run, dict.fromkeys(ON_THE_MACHINE, "not_assessed"))
    proven.blinded |= ON_THE_MACHINE


def test_blinded_without_network(lab: Lab, suite: Suite, proven: Proven) -> None:
    cut = "add table inet cut; add chain inet cut out { type filter hook output priority 0; }; add rule inet cut out tcp dport 22 accept; add rule inet cut out oifname != lo drop"
    lab.inside(["nft", cut])
    try:
        run = suite()
    finally:
        lab.inside(["nft", "delete table inet cut"])
    expect(run, dict.fromkeys(FROM_OUTSIDE, "not_assessed"))
    proven.blinded |= FROM_OUTSIDE


def test_blinded_without_tools(lab: Lab, suite: Suite, proven: Proven) -> None:
    """What any user may see needs tools: they are gone."""
    hidden = ("/usr/bin/nproc", "/usr/bin/ip", "/bin/ip", "/usr/bin/ss", "/usr/bin/curl", "/usr/bin/wget")
    lab.vm.shell(f"for f in {' '.join(hidden)}; do [ ! -e $f ] || mount --bind /dev/null $f; done")
    try:
        run = suite()
    finally:
        lab.vm.shell(f"for f in {' '.join(hidden)}; do while umount $f 2>/dev/null; do :; done; done")
    for item_id in SEEN_WITHOUT_ROOT:
        assert run.outcomes[item_id] in ("not_assessed", "advice"), run.why(item_id)
        assert "passed" not in {case["outcome"] for case in run.cases(item_id)}, run.why(item_id)
    proven.blinded |= SEEN_WITHOUT_ROOT


def test_blinded_without_browser(suite: Suite, config: Callable[..., str]) -> None:
    run = suite(config(("[evidence]", '[browser]\nexecutable = "/nonexistent"\n[evidence]')))
    expect(run, {"deploy.frontend.console-clean": "not_assessed"})
    assert "apt-get install chromium" in run.why("deploy.frontend.console-clean")


@pytest.mark.parametrize(("old", "new", "reason"), [
    ('on = "', 'on = "2026-01-01"\n# "', "expired"),
    ("[[attestation]]", "[[waiver]]\n[[attestation]]", ""),
], ids=["expired", "broken"])  # fmt: skip
def test_attested_only(
    old: str, new: str, reason: str, lab: Lab, suite: Suite, config: Callable[..., str], tmp_path: Path
) -> None:
    path = config()
    file = tmp_path / "attestations.toml"
    file.write_text(file.read_text().replace(old, new))
    if not reason:
        with pytest.raises(AssertionError, match=r"attestations\.toml: waiver\.0\.id: Field required"):
            suite(path)
        return
    run = suite(path)
    expect(run, {"post.maintenance.capacity.costs": "not_assessed"})
    assert reason in run.why("post.maintenance.capacity.costs")


def test_default_trust_refuses_the_labs_certificates(suite: Suite, config: Callable[..., str]) -> None:
    declared = '[[relaxed]]\nkey = "tls.ca_file"\nreason = "the lab\'s certificates come from its own ACME server"\napprover = "operations"\n'
    text = Path(config().removeprefix("--zebu-config=")).read_text()
    tls = text[text.index("[tls]") : text.index("[[vantages]]")]
    run = suite(config((tls, ""), (declared, "")))
    assert run.outcomes["pre.security.https.certificate"] == "failed"
    assert run.outcomes["pre.security.https.force-ssl"] == "passed"


def test_unreachable_host_is_no_verdict(suite: Suite, config: Callable[..., str]) -> None:
    run = suite(config(('address = "10.77.0.10"', 'address = "10.77.0.99"')))
    blind = dict.fromkeys(ON_THE_MACHINE | SEEN_WITHOUT_ROOT, "not_assessed")
    expect(run, {**blind, "pre.security.ssh.port-changed": "advice"})
    assert run.host["reachable"] is False
    assert "Traceback" not in run.output


def test_every_item_was_proven(proven: Proven) -> None:
    """Nothing was skipped in silence: the proofs that ran are the proofs that are declared."""
    assert proven.healthy == MACHINE_DECIDED
    assert sorted(proven.faulty) == sorted(fault.id for fault in FAULTS)
    assert {fault.item for fault in FAULTS if fault.flips} == MACHINE_DECIDED
    assert proven.blinded == MACHINE_DECIDED
