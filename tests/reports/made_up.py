"""A small report that has all that a format must cope with; nothing in it was ever judged."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from pytest_zebu.catalogue import SCORED, Stage
from pytest_zebu.reports.report import Access, CategoryReport, Change, HostReport, ItemReport, Report
from pytest_zebu.settings.sections import Relaxation
from pytest_zebu.verdict.outcome import Case, Outcome
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
    ),
    ItemReport(
        item="pre.security.failed", text=f"Firewall {HOSTILE}", stage=Stage.PRE, category="security",
        outcome=Outcome.FAILED, reason=f"web: {HOSTILE}", why=HOSTILE, fix=f"close it {HOSTILE}", see=HOSTILE,
        evidence=(f"web: {HOSTILE}", *(f"port {number}" for number in range(5))),
        cases=(Case("web", Outcome.FAILED, HOSTILE, (HOSTILE,)), Case(HOSTILE, Outcome.NOT_ASSESSED, "timed out")),
        group="firewall", non_negotiable=True, pictures=((HOSTILE, PICTURE),),
    ),
    ItemReport(
        item="pre.database.not-assessed", text="Dumps", stage=Stage.PRE, category="database_backups",
        outcome=Outcome.NOT_ASSESSED, reason="no permission: sudo was refused", fix="grant it", conditional=True,
    ),
    ItemReport(
        item="pre.database.broken", text="Restores", stage=Stage.PRE, category="database_backups",
        outcome=Outcome.NOT_ASSESSED, reason="the check itself broke: KeyError", broken=True,
    ),
    ItemReport(
        item="deploy.backend.attested", text="Somebody looked", stage=Stage.DEPLOY, category="service_health",
        outcome=Outcome.ATTESTED, reason="attested by operations on 2026-03-01, until 2026-06-01: it was seen",
        evidence=("https://wiki.example.org/seen",),
    ),
    ItemReport(
        item="deploy.backend.waived", text="Answers quickly", stage=Stage.DEPLOY, category="service_health",
        outcome=Outcome.WAIVED, reason="waived by product owner until 2026-04-01: soon (812 ms)", fix="add an index",
    ),
    ItemReport(
        item="post.monitoring.advice", text="Graphs", stage=Stage.POST, category="monitoring", outcome=Outcome.ADVICE,
        reason="there are none", fix="draw some", optional=True,
    ),
    ItemReport(
        item="post.monitoring.not-applicable", text="Mail", stage=Stage.POST, category="monitoring",
        outcome=Outcome.NOT_APPLICABLE, reason="operations: no mail is sent", conditional=True,
    ),
    ItemReport(
        item="ops.daily.unseen-too", text="Read the logs", stage=Stage.OPERATIONS, category="daily",
        outcome=Outcome.NOT_ASSESSED, reason="no completion is on record",
    ),
    ItemReport(
        item="ops.daily.unseen", text="Look at the disks", stage=Stage.OPERATIONS, category="daily",
        outcome=Outcome.NOT_ASSESSED, reason="no completion is on record",
    ),
)  # fmt: skip
STAGES = {
    Stage.PRE: Tally(_counts(passed=1, failed=1, not_assessed=2), 90, ("pre.security.failed",)),
    Stage.DEPLOY: Tally(_counts(attested=1, waived=1), 100),
    Stage.POST: Tally(_counts(advice=1, not_applicable=1), 80),
}
FIRST = HostReport(
    name="vm",
    at=AT,
    version="v1.2.0-3-gabc",
    access=Access(True, True, "", 1, 2, 3.25),
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
REPORT = Report("1.2.3", 4.5678, (FIRST, SECOND, THIRD))
