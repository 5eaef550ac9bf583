"""A report in which every field says something: what a format or a reader leaves out is missed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from pytest_zebu.catalogue import Stage
from pytest_zebu.reports.report import Change, ItemReport, Location, PastReport, Report, Seen, TaskReport, Word
from pytest_zebu.verdict.outcome import Case, Outcome
from pytest_zebu.verdict.plan import Cause, Effect, Opening, OpeningKind, Step, StepKind
from pytest_zebu.verdict.preflight import Check
from tests.reports.made_up import FIRST, PICTURE, SECOND

MOMENT = datetime(2026, 3, 27, 4, 5, 6, 789, tzinfo=UTC)
ITEM = ItemReport(
    item="pre.security.passed", text="Keys only", stage=Stage.PRE, category="security", outcome=Outcome.PASSED,
    reason="as it is to be", why="A guessed password must not open a session.", fix="set `PasswordAuthentication no`",
    see="CIS 5.1", evidence=("root: key", "port 22"), cases=(Case("root", Outcome.PASSED, "by key", ("key",), "leave it"),),
    pictures=(("the login", PICTURE),), group="ssh", optional=True, conditional=True, non_negotiable=True,
    is_selected=False, broken=True, by=("V", "O"), sources=("the VM", "outside, from lan"),
    seen=(
        Seen("key", "root", "/etc/ssh/sshd_config", Location("/etc/ssh/sshd_config", 7)),
        Seen("port 22", "", "lan", Location("docker-compose.yml", 12, True)),
    ),
    location=Location("docker-compose.yml", 12, True),
    word=Word(
        "attested", "operations", "somebody looked", date(2026, 3, 1), date(2026, 6, 1), "product owner", ("v1.2.0",),
        ("https://wiki.example.org/seen",),
    ),
    lapsed="attested until 2026-01-01", since=MOMENT, cause="service redis", opening="set forge.repository",
    caution="keep a second session open",
)  # fmt: skip
STEP = Step(
    StepKind.MEND, "start redis", ("pre.security.passed",), ("pre.security.failed",), "it is stopped",
    "`docker compose start redis`", ("docker compose start redis",), "it may be slow",
    (Effect(Stage.PRE, 2, 91.5, True),), "these 2 items make it ready", "pytest --zebu-host=vm -k '[pre.security.passed]'",
)  # fmt: skip
STAGES = {stage: replace(tally, partial=True) for stage, tally in FIRST.stages.items()}
HOST = replace(
    FIRST,
    stages=STAGES,
    overall=replace(FIRST.overall, partial=True, parts=tuple(STAGES.values())),
    items=(ITEM, *FIRST.items[1:]),
    causes=(
        Cause(
            "service redis",
            "redis is stopped",
            ("pre.security.passed",),
            ("pre.security.failed",),
            "start it",
            "pre.security.passed",
            "by its name",
        ),
    ),
    openings=(Opening("set forge.repository", OpeningKind.SETTING, "set it", ("pre.database.not-assessed",)),),
    preflight=(
        Check("ssh", True, "1 login(s)"),
        Check("sudo", False, "sudo -n was refused", "let `sudo -n`", ("pre.database.not-assessed",)),
    ),
    plan=(STEP, replace(STEP, kind=StepKind.ATTEST, effect=())),
    trend=(
        PastReport(MOMENT, {Stage.PRE: 50.5, Stage.DEPLOY: None}, frozenset({Stage.POST, Stage.PRE}), "v1.1.0", True),
    ),
    ready_at=MOMENT,
    changes_since_ready=(Change("pre.security.failed", Outcome.PASSED, Outcome.FAILED),),
    profile="small-scale",
    tasks=(TaskReport("ops.daily.unseen", "Look at the disks", "due soon", date(2026, 3, 30), 7, "last done"),),
)
REPORT = Report("1.2.3", 4.5678, (HOST, SECOND), MOMENT)
