"""A small report that has all that a format must cope with; nothing in it was ever judged."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from pytest_zebu.catalogue import SCORED, Catalogue, Item, Stage
from pytest_zebu.reports.report import (
    Access,
    CategoryReport,
    Change,
    HostReport,
    ItemReport,
    Location,
    PastReport,
    Report,
    Seen,
    Word,
)
from pytest_zebu.settings.sections import Relaxation
from pytest_zebu.verdict.outcome import Case, Outcome
from pytest_zebu.verdict.plan import Cause, Effect, Opening, OpeningKind, Step, StepKind
from pytest_zebu.verdict.readiness import Tally

HOSTILE = '<script>alert("1")</script> & \x1b[2J\x1b]0;owned\x07\x9b31m "quoted"\nREADY: a line of its own'
PICTURE = "/9j/4AAQSkZJRg=="
AT = datetime(2026, 3, 29, 1, 59, tzinfo=UTC)


def _counts(**found: int) -> dict[Outcome, int]:
    return {outcome: found.get(outcome.value, 0) for outcome in Outcome}


ITEMS = (
    ItemReport(
        item="pre.security.passed", text="Keys only", stage=Stage.PRE, category="security", outcome=Outcome.PASSED,
        why="A guessed password must not open a session.", fix="set it", see="CIS 5.1", evidence=("root: key", "port 22"),
        cases=(Case("root", Outcome.PASSED, seen=("key",)),), group="ssh", non_negotiable=True,
        by=("V", "O"), sources=("the machine", f"outside, from {HOSTILE}"), since=AT - timedelta(days=40),
        seen=(Seen("port 22", place="from home (lan)"), Seen("key", "root", "/etc/ssh/sshd_config", Location("/etc/ssh/sshd_config", 12))),
    ),
    ItemReport(
        item="pre.security.failed", text=f"Firewall {HOSTILE}", stage=Stage.PRE, category="security",
        outcome=Outcome.FAILED, reason=f"web: {HOSTILE}", why=HOSTILE, fix=f"close it {HOSTILE}", see=HOSTILE,
        evidence=(f"web: {HOSTILE}", *(f"port {number}" for number in range(5))),
        cases=(Case("web", Outcome.FAILED, HOSTILE, (HOSTILE,)), Case(HOSTILE, Outcome.NOT_ASSESSED, "timed out")),
        group="firewall", non_negotiable=True, pictures=((HOSTILE, PICTURE),), by=("O", "V"),
        sources=(f"outside, from {HOSTILE}", "the machine"), location=Location(f"compose {HOSTILE}.yml", 7, True),
        seen=(
            *(Seen(f"port {number}") for number in range(5)),
            Seen(HOSTILE, "web", f"container {HOSTILE}", Location(HOSTILE, 3)),
        ),
        since=AT, caution=f"keep a second session open {HOSTILE}",
    ),
    ItemReport(
        item="pre.database.not-assessed", text="Dumps", stage=Stage.PRE, category="database_backups",
        outcome=Outcome.NOT_ASSESSED, reason="no permission: sudo was refused", fix="grant it", conditional=True,
        by=("V", "A"), sources=("the machine", "people"), opening=f"sudo {HOSTILE}", cause=f"cause {HOSTILE}",
        lapsed=f"the attestation by {HOSTILE} expired on 2026-03-01", since=AT - timedelta(days=1),
    ),
    ItemReport(
        item="pre.database.broken", text="Restores", stage=Stage.PRE, category="database_backups",
        outcome=Outcome.NOT_ASSESSED, reason="the check itself broke: KeyError", broken=True,
    ),
    ItemReport(
        item="deploy.backend.attested", text="Somebody looked", stage=Stage.DEPLOY, category="service_health",
        outcome=Outcome.ATTESTED, reason="attested by operations on 2026-03-01, until 2026-06-01: it was seen",
        evidence=("https://wiki.example.org/seen",), by=("O", "A"), sources=("outside", "people"),
        word=Word(
            "attested", f"operations {HOSTILE}", f"it was seen {HOSTILE}", date(2026, 3, 1), date(2026, 6, 1),
            f"security {HOSTILE}", (f"postgres 16 {HOSTILE}",), (f"https://wiki.example.org/seen {HOSTILE}",),
        ),
    ),
    ItemReport(
        item="deploy.backend.waived", text="Answers quickly", stage=Stage.DEPLOY, category="service_health",
        outcome=Outcome.WAIVED, reason="waived by product owner until 2026-04-01: soon (812 ms)", fix="add an index",
        by=("O",), sources=("outside",), since=AT - timedelta(days=3),
        word=Word(
            "waived", "product owner", f"soon {HOSTILE}", date(2026, 3, 1), date(2026, 4, 1), bound_to=("container redis",),
        ),
    ),
    ItemReport(
        item="post.monitoring.advice", text="Graphs", stage=Stage.POST, category="monitoring", outcome=Outcome.ADVICE,
        reason="there are none", fix="draw some", optional=True, by=("A",), sources=("people",),
    ),
    ItemReport(
        item="post.monitoring.not-applicable", text="Mail", stage=Stage.POST, category="monitoring",
        outcome=Outcome.NOT_APPLICABLE, reason="operations: no mail is sent", conditional=True,
        word=Word("not applicable", "operations", f"no mail is sent {HOSTILE}"),
    ),
    ItemReport(
        item="ops.daily.unseen-too", text="Read the logs", stage=Stage.OPERATIONS, category="daily",
        outcome=Outcome.NOT_ASSESSED, reason="no completion is on record", opening="attest",
    ),
    ItemReport(
        item="ops.daily.unseen", text="Look at the disks", stage=Stage.OPERATIONS, category="daily",
        outcome=Outcome.NOT_ASSESSED, reason="no completion is on record", opening="attest",
    ),
)  # fmt: skip
CAUSES = (
    Cause(
        f"cause {HOSTILE}", f"web: {HOSTILE}", ("pre.security.failed",), ("pre.database.not-assessed",),
        f"Close it {HOSTILE}", "pre.security.failed",
    ),
)  # fmt: skip
OPENINGS = (
    Opening("attest", OpeningKind.PEOPLE, "attest it (`zebu attest ID`) to see 2 more items", ("ops.daily.unseen-too", "ops.daily.unseen")),
    Opening(f"sudo {HOSTILE}", OpeningKind.CAUSE, f"mend it {HOSTILE}", ("pre.database.not-assessed",)),
)  # fmt: skip
PLAN = (
    Step(
        StepKind.MEND, f"Close it {HOSTILE}", ("pre.security.failed", "pre.database.not-assessed"), ("pre.security.failed",),
        f"web: {HOSTILE}", f"`ufw deny PORT`, `systemctl restart ufw` {HOSTILE}", ("ufw deny PORT", "systemctl restart ufw"),
        f"keep a second session open {HOSTILE}", (Effect(Stage.PRE, 2, 75.0),),
        "Pre deployment 25 % -> 75 %, 1 non-negotiable closed",
        "pytest --zebu-host=vm -k '[pre.security.failed] or [pre.database.not-assessed]'",
    ),
    Step(
        StepKind.ATTEST, "Attest: 2 items of Operations", ("ops.daily.unseen-too", "ops.daily.unseen"), fix="do it",
        commands=("zebu attest ops.daily.unseen-too",), gain="no score depends on it", verify="pytest --zebu-host=vm",
    ),
)  # fmt: skip
TREND = (
    PastReport(
        AT - timedelta(days=9), {Stage.PRE: None, Stage.DEPLOY: 50.0, Stage.POST: None}, frozenset(), HOSTILE, True
    ),
    PastReport(AT - timedelta(days=2), dict.fromkeys(SCORED, 100.0), frozenset(SCORED), "v1.1.0"),
    PastReport(
        AT, {Stage.PRE: 25.0, Stage.DEPLOY: 100.0, Stage.POST: None}, frozenset({Stage.DEPLOY}), "v1.2.0-3-gabc"
    ),
)
STAGES = {
    Stage.PRE: Tally(_counts(passed=1, failed=1, not_assessed=2), 90, ("pre.security.failed",)),
    Stage.DEPLOY: Tally(_counts(attested=1, waived=1), 100),
    Stage.POST: Tally(_counts(advice=1, not_applicable=1), 80),
}
FIRST = HostReport(
    name="vm",
    at=AT,
    version="v1.2.0-3-gabc",
    access=Access(True, True, "", 1, 2, 3.25, 2.5, 1.25),
    stages=STAGES,
    overall=Tally(
        _counts(passed=1, failed=1, not_assessed=2, attested=1, waived=1, advice=1, not_applicable=1),
        100,
        ("pre.security.failed",),
        parts=tuple(STAGES.values()),
    ),
    selected_stages=SCORED,
    ready=False,
    items=ITEMS,
    categories=(
        CategoryReport(Stage.PRE, "security", _counts(passed=1, failed=1), 2),
        CategoryReport(Stage.PRE, "database_backups", _counts(not_assessed=2), 2),
        CategoryReport(Stage.DEPLOY, "service_health", _counts(attested=1, waived=1), 2),
        CategoryReport(Stage.POST, "monitoring", _counts(advice=1, not_applicable=1), 2),
    ),
    relaxations=(
        Relaxation(key="requirements.cpus", checklist="4", declared="2", reason=HOSTILE, approver="operations"),
    ),
    simulated=("Proxmox VE", HOSTILE),
    clock=f"the machine's clock is 6 minutes ahead of ours {HOSTILE}",
    since=datetime(2026, 3, 28, 1, 59, 30, tzinfo=UTC),
    changes=(
        Change("pre.security.passed", Outcome.FAILED, Outcome.PASSED),
        *(Change("pre.security.failed", Outcome.PASSED, Outcome.FAILED) for _ in range(12)),
    ),
    causes=CAUSES,
    openings=OPENINGS,
    plan=PLAN,
    trend=TREND,
    ready_at=AT - timedelta(days=2),
    changes_since_ready=(Change("pre.security.failed", Outcome.PASSED, Outcome.FAILED),),
    profile="small-scale",
    discovered=("domains.site", HOSTILE),
    suggested=("[backups]", f"copy = 'x'  # opens 1 item: {HOSTILE}"),
)
ONLY = "deploy.backend.waived"
DEPLOYED = Tally(_counts(not_assessed=1, waived=1), 100, partial=True)
UNSEEN = {
    stage: DEPLOYED
    if stage is Stage.DEPLOY
    else Tally(_counts(not_assessed=tally.total), tally.threshold, partial=True)
    for stage, tally in STAGES.items()
}
SECOND = replace(
    FIRST,
    name='second "&" last',
    version="",
    access=Access(True, False, f"Permission denied (publickey) {HOSTILE}"),
    stages=UNSEEN,
    overall=Tally(_counts(not_assessed=7, waived=1), 100, (), True, tuple(UNSEEN.values())),
    selected_stages=(Stage.DEPLOY,),
    items=tuple(
        item
        if item.item == ONLY
        else ItemReport(
            item.item, item.text, item.stage, item.category, Outcome.NOT_ASSESSED, "not run", is_selected=False
        )
        for item in ITEMS
    ),
    categories=(CategoryReport(Stage.DEPLOY, "service_health", _counts(not_assessed=1, waived=1), 2),),
    relaxations=(),
    simulated=(),
    since=None,
    changes=(),
    causes=(),
    openings=(),
    plan=(),
    trend=(),
    ready_at=None,
    changes_since_ready=(),
)
"""A partial selection on a host that let nobody in."""
THIRD = replace(
    SECOND,
    name="asleep",
    access=Access(),
    selected_stages=(),
    items=tuple(replace(item, is_selected=False) for item in SECOND.items),
)
"""Nothing was selected, nothing gathered."""
REPORT = Report("1.2.3", 4.5678, (FIRST, SECOND, THIRD), AT)


class Undemanding(Catalogue):
    """The checklist, which asks for no item of a stage: the report above has a few, and none of its."""

    def stage(self, stage: Stage) -> tuple[Item, ...]:
        """None."""
        return ()
