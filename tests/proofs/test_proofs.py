"""Every machine-decided item passes when healthy, fails when its fault is injected, and is not assessed when blinded."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from lab.blindfolds import BLINDFOLDS
from lab.blindings import (
    ATTESTED_IN_THE_LAB,
    ATTESTED_WITHOUT_DRILL,
    BLINDINGS,
    INCIDENTS,
    MACHINE_DECIDED,
    ONLY_PEOPLE,
    UNSEEN_WITHOUT_HISTORY,
)
from lab.changes import override, recreate
from lab.deployment import Lab
from lab.fault import ADVICE_ONLY, Fault
from lab.proofs import at_stake, declared, load_faults, merged, options_of, outcomes_of, rounds
from lab.settled import settle, settle_healthy
from lab.shell import LabError
from pytest_zebu.catalogue import SCORED, Stage, load

from .conftest import Proven, Suite, SuiteRun

pytestmark = pytest.mark.lab

FAULTS = load_faults()
ROUNDS = tuple((fault,) for fault in FAULTS) if os.environ.get("ZEBU_PROOFS_ISOLATED") else rounds(FAULTS)
FUNCTIONALITY = "pre.application.functionality"
BY_PROBE = {
    "--zebu-active=functional": {
        "pre.security.application.input-validation",
        *(f"{FUNCTIONALITY}.{name}" for name in ("portfolios", "trades", "transactions", "prices")),
    },
    "--zebu-active=restore": {"pre.database.backups.restore-tested"},
}
"""Seen only by an active probe."""
AT_ONCE = 4
OPTIONAL_UNSEEN = {"post.recovery.backups.off-site": "advice"}
EVERYTHING = "--zebu-active=functional,restore"


def healthy(options: tuple[str, ...] = ()) -> dict[str, str]:
    """What each item is when all is well, by what the suite is run with."""
    found = dict.fromkeys(MACHINE_DECIDED, "passed")
    for option, items in BY_PROBE.items():
        if not any(option.partition("=")[2] in given for given in options):
            found |= dict.fromkeys(items, "not_assessed")
    attested = ATTESTED_IN_THE_LAB | (set() if any("restore" in given for given in options) else ATTESTED_WITHOUT_DRILL)
    return {
        **found,
        **dict.fromkeys(attested & MACHINE_DECIDED, "attested"),
        **dict.fromkeys(INCIDENTS & MACHINE_DECIDED, "not_applicable"),
        **dict.fromkeys(ADVICE_ONLY, "advice"),
        **dict.fromkeys(ONLY_PEOPLE, "attested"),
    }


LATE = re.compile(r"timed out: |unreachable: |cut short|\b(?:not|no) answer\b")
"""What is said of what a machine at its limit did not answer in time."""


def expect(
    suite: Suite,
    given: tuple[str, ...],
    changes: dict[str, str],
    options: tuple[str, ...] = (),
    only: frozenset[str] = frozenset(),
) -> SuiteRun:
    """All implemented items, or some only, are as when healthy, but for the changes.

    What came too late is no verdict, neither right nor wrong: where nothing else is otherwise, it is asked for once more.
    """
    expected = {**healthy(options), **changes}
    if only:
        expected = {item_id: expected[item_id] for item_id in sorted(only)}
        given = (*given, "-k", " or ".join(f"[{item_id}]" for item_id in expected))
    run = suite(*given)
    late = [run.why(item_id) for item_id in _otherwise(run, expected)]
    if late and all(why.startswith("not_assessed: ") and LATE.search(why) for why in late):
        print("once more:", *late, sep="\n")
        run = suite(*given)
    wrong = [f"{item_id}: {run.why(item_id)}" for item_id in _otherwise(run, expected)]
    assert not wrong, "\n".join(wrong) + "\n" + run.output
    return run


def _otherwise(run: SuiteRun, expected: dict[str, str]) -> list[str]:
    return [item_id for item_id, outcome in expected.items() if run.outcomes[item_id] != outcome]


def test_healthy(suite: Suite, proven: Proven) -> None:
    run = expect(suite, (EVERYTHING,), {}, (EVERYTHING,))
    assert len(run.host["items"]) == 196
    assert run.host["ssh_logins"] == 1
    assert run.host["ssh_round_trips"] <= 3
    others = {item.id for item in load()} - healthy().keys()
    assert {run.outcomes[item_id] for item_id in others} <= {"not_assessed", "advice"}
    assert run.status == (1 if others else 0), "the lab is ready when every item is decided"
    ready = {stage for stage, tally in run.host["stages"].items() if tally["ready"]}
    assert ready == {item.stage for item in load() if item.stage in SCORED} - {
        load()[item_id].stage for item_id in others
    }
    assert 'by = "restore drill"' in run.attestations
    proven.healthy |= MACHINE_DECIDED


def side_by_side(faults: Iterable[Fault], act: Callable[[Fault], object]) -> None:
    """Do something with each, also where it fails with one: what stays broken would spoil every later proof.

    Faults of a round do not touch each other, so that they need not wait for each other. Those that work with
    containers keep their order: what is run in one ends when it is started again.

    Raises:
        LabError: it failed with one or more; it names them.
    """
    lanes: dict[str, list[Fault]] = {}
    for fault in faults:
        lanes.setdefault("containers" if fault.takes_turns else fault.id, []).append(fault)
    troubles = []

    def go(lane: list[Fault]) -> None:
        for fault in lane:
            try:
                act(fault)
            except LabError as error:
                troubles.append(f"{fault.id}: {error}")

    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        list(pool.map(go, lanes.values()))
    if troubles:
        raise LabError("; ".join(troubles))


def break_all(lab: Lab, faults: tuple[Fault, ...]) -> None:
    override(lab, merged(faults))
    side_by_side(faults, lambda fault: fault.inject(lab))


def mend_all(lab: Lab, faults: tuple[Fault, ...]) -> None:
    try:
        side_by_side(reversed(faults), lambda fault: fault.mend(lab))
    finally:
        for service in merged(faults):
            recreate(lab, service)
        settle_healthy(lab)


@pytest.mark.parametrize("faults", ROUNDS, ids=lambda faults: "+".join(fault.name for fault in faults))
def test_faults_flip_what_they_declare(
    faults: tuple[Fault, ...], lab: Lab, suite: Suite, config: Callable[..., str], proven: Proven
) -> None:
    try:
        try:
            break_all(lab, faults)
        except LabError as error:  # the lab's own trouble decides nothing: all is mended, and tried once more
            print(f"once more: {error}")
            with suppress(LabError):  # what was not broken cannot be mended
                mend_all(lab, faults)
            break_all(lab, faults)
        settle(lab, {service: state for fault in faults for service, state in fault.settles.items()})
        replacements = [pair for fault in faults for pair in fault.settings]
        changes: dict[str, str] = {}
        for fault in faults:
            changes |= outcomes_of(fault)
        given = (*options_of(faults), *([config(*replacements)] if replacements else []))
        expect(suite, given, changes, options_of(faults), at_stake(faults))
    finally:
        mend_all(lab, faults)
    proven.faulty += [fault.id for fault in faults]


Blind = Callable[..., str]


@pytest.fixture
def blind(lab: Lab, config: Callable[..., str], tmp_path: Path) -> Blind:
    """The lab's settings, with replacements and without the history of earlier runs: they saw what this one must not."""
    history = f'history = "{lab.history}"'
    return lambda *replacements: config((history, f'history = "{tmp_path}/history.sqlite3"'), *replacements)


AREAS = {
    "without a browser": "browser",
    "without credentials": "services",
    "without network": "requests",
    "without root": "ssh",
    "without ssh": "ssh",
    "without tools": "ssh",
}
"""Of which area of docs/security.md a blinding is a hostile case."""


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.hostile(AREAS[one.blinding])) for name, one in BLINDFOLDS.items()]
)
def test_blinded(name: str, lab: Lab, suite: Suite, config: Callable[..., str], proven: Proven) -> None:
    """The items of a blinding are not assessed; all others are as when all is well, and this is the first run."""
    one = BLINDFOLDS[name]
    settings = config(*one.settings)
    outcomes: dict[str, str] = dict(one.outcomes)
    given = (settings, *one.options)
    with one.on(lab):
        run = expect(suite, given, outcomes, one.options) if one.is_whole else suite(*given)
    for item_id in BLINDINGS[name]:
        assert run.outcomes[item_id] == outcomes[item_id], run.why(item_id)
        assert one.is_whole or "passed" not in {case["outcome"] for case in run.cases(item_id)}, run.why(item_id)
    assert run.host["reachable"] is (name != "without ssh")
    assert (name == "without a browser") is ("apt-get install chromium" in run.why("deploy.frontend.console-clean"))
    assert "Traceback" not in run.output
    proven.blinded |= {(name, item_id) for item_id in BLINDINGS[name]}


def without_attestations(config: Blind, text: str, tmp_path: Path) -> str:
    """The lab's settings, with other words of its people."""
    option = config()
    (tmp_path / "attestations.toml").write_text(text)
    return option


SEEN_BY_NO_BROWSER = (MACHINE_DECIDED | ONLY_PEOPLE) - BLINDINGS["without a browser"]
"""What people's words are about."""


def test_attested_only(suite: Suite, blind: Blind, tmp_path: Path, proven: Proven) -> None:
    unseen = BLINDINGS["without attestation"] | ONLY_PEOPLE | UNSEEN_WITHOUT_HISTORY
    given = (without_attestations(blind, "", tmp_path),)
    expect(suite, given, dict.fromkeys(unseen, "not_assessed") | OPTIONAL_UNSEEN, only=SEEN_BY_NO_BROWSER)
    proven.blinded |= {("without attestation", item_id) for item_id in BLINDINGS["without attestation"]}


def test_words_that_expired_count_no_more(lab: Lab, suite: Suite, blind: Blind, tmp_path: Path) -> None:
    """Of an item that is no word; of a task it says since when it is overdue."""
    text = (lab.place.folder / "attestations.toml").read_text()
    given = (without_attestations(blind, re.sub(r'on = "[\d-]+"', 'on = "2020-01-01"', text), tmp_path),)
    unseen = dict.fromkeys(BLINDINGS["without attestation"] | ONLY_PEOPLE | UNSEEN_WITHOUT_HISTORY, "not_assessed")
    tasks = {item_id for item_id in unseen if item_id.startswith("ops.")} & MACHINE_DECIDED
    changes = unseen | dict.fromkeys(tasks, "failed") | OPTIONAL_UNSEEN
    run = expect(suite, given, changes, only=SEEN_BY_NO_BROWSER)
    assert "expired" in run.why("post.maintenance.capacity.costs")
    assert all("overdue since" in run.why(item_id) for item_id in tasks)


@pytest.mark.hostile("files")
def test_words_that_are_garbled_stop_the_run(suite: Suite, config: Callable[..., str], tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"attestations\.toml: waiver\.0\.id is missing"):
        suite(without_attestations(config, "[[waiver]]\n", tmp_path))


@pytest.mark.hostile("requests")
def test_default_trust_refuses_the_labs_certificates(suite: Suite, config: Callable[..., str]) -> None:
    declared = '[[relaxed]]\nkey = "tls.ca_file"\nreason = "the lab\'s certificates come from its own ACME server"\napprover = "operations"\n'
    text = Path(config().removeprefix("--zebu-config=")).read_text()
    tls = text[text.index("[tls]") : text.index("[[vantages]]")]
    run = suite(
        config((tls, ""), (declared, "")), "-k", "[pre.security.https.certificate] or [pre.security.https.force-ssl]"
    )
    assert run.outcomes["pre.security.https.certificate"] == "failed"
    assert run.outcomes["pre.security.https.force-ssl"] == "passed"


@pytest.mark.hostile("requests")
def test_silence_everywhere_is_no_verdict_on_ssh(lab: Lab, suite: Suite, proven: Proven) -> None:
    cut = "add table inet cut; add chain inet cut out { type filter hook output priority 0; }; add rule inet cut out oifname != lo drop"
    lab.inside(["nft", cut])
    try:
        run = suite("-k", "deploy.initial.ssh", "--zebu-timeout=3")
    finally:
        lab.inside(["nft", "delete table inet cut"])
    assert run.outcomes["deploy.initial.ssh"] == "not_assessed", run.why("deploy.initial.ssh")
    proven.blinded |= {("without network and ssh", "deploy.initial.ssh")}


def test_neither_dumps_nor_the_hypervisors_backups_are_seen(suite: Suite, blind: Blind, proven: Proven) -> None:
    nobody = (
        ('user = "deploy"', 'user = "observer"'),
        ('token = "zebu@pve!readiness"', 'token = "nobody@pve!readiness"'),
    )
    run = suite(blind(*nobody), "-k", "ops.weekly.backups")
    assert run.outcomes["ops.weekly.backups"] == "not_assessed", run.why("ops.weekly.backups")
    proven.blinded |= {("without root and token", "ops.weekly.backups")}


def test_every_item_was_proven(proven: Proven) -> None:
    """Nothing was skipped in silence: the proofs that ran are the proofs that are declared, and every item has them."""
    assert proven.healthy == MACHINE_DECIDED
    assert Counter(fault.id for fault in FAULTS) - Counter(proven.faulty) == Counter()
    assert proven.blinded == {(name, item_id) for name, items in BLINDINGS.items() for item_id in items}
    assert [one.item for one in declared() if not one.is_whole] == []
    assert {one.item for one in declared()} == MACHINE_DECIDED
    # Where all items must pass, a wrong "fail" hurts as much as a wrong "pass".
    verified = [one for one in declared() if load()[one.item].stage is Stage.DEPLOY]
    assert [one.item for one in verified if not one.odd_but_right] == []
