"""Faults of ops.weekly."""

from lab.changes import CUT, date_back, forget, remember_tasks
from lab.deployment import Lab
from lab.fault import fault
from pytest_zebu.verdict.outcome import Outcome


def mend_certificates_overdue_and_unseen(lab: Lab) -> None:
    lab.inside(["nft", "delete table inet cut"])
    forget(lab)


@fault(
    "ops.weekly.certificates",
    name="overdue_and_unseen",
    flips={
        "ops.weekly.certificates",
        "ops.monthly.vulnerabilities",
        "post.maintenance.capacity.baseline",
        "ops.monthly.restore-test",
        "post.monitoring.services.restarts",
    },
    outcomes={
        "post.maintenance.capacity.baseline": Outcome.ATTESTED,
        "ops.monthly.restore-test": Outcome.ATTESTED,
        "post.monitoring.services.restarts": Outcome.NOT_ASSESSED,
    },
    touches={"history"},
    settings=(("/history.sqlite3", "/fault-history.sqlite3"),),
    blinds="without network",
    mend=mend_certificates_overdue_and_unseen,
)
def certificates_overdue_and_unseen(lab: Lab) -> None:
    """The last run that saw a certificate was two years ago, and this one sees no network."""
    remember_tasks(lab, days_ago=700)
    lab.inside(["nft", CUT])


@fault(
    "ops.weekly.health",
    name="overdue_and_unseen",
    flips={
        "ops.weekly.health",
        "ops.weekly.disk",
        "ops.weekly.backups",
        "ops.monthly.updates",
        "ops.monthly.log-rotation",
        "ops.monthly.vulnerabilities",
        "ops.monthly.documentation",
        "ops.annually.secret-rotation",
        "deploy.backend.authentication",
        "pre.infrastructure.proxmox-updated",
        "post.recovery.snapshots.retention",
        "post.maintenance.capacity.baseline",
        "ops.monthly.restore-test",
    },
    outcomes={
        "deploy.backend.authentication": Outcome.NOT_ASSESSED,
        "pre.infrastructure.proxmox-updated": Outcome.NOT_ASSESSED,
        "post.recovery.snapshots.retention": Outcome.NOT_ASSESSED,
        "post.maintenance.capacity.baseline": Outcome.ATTESTED,
        "ops.monthly.restore-test": Outcome.ATTESTED,
    },
    touches={"history", "proxmox"},
    settings=(
        ("/history.sqlite3", "/fault-history.sqlite3"),
        ('user = "deploy"', 'user = "observer"'),
        ('token = "zebu@pve!readiness"', 'token = "nobody@pve!readiness"'),
    ),
    blinds="without root",
    mend=forget,
)
def health_overdue_and_unseen(lab: Lab) -> None:
    """The last run that saw anything was two years ago, and this one sees nothing."""
    remember_tasks(lab, days_ago=700)


PEOPLES_TASKS = {
    "ops.weekly.logs",
    "ops.monthly.metrics",
    "ops.quarterly.disaster-test",
    "ops.quarterly.security-practices",
    "ops.quarterly.performance",
    "ops.quarterly.capacity",
    "ops.quarterly.runbooks",
    "ops.annually.audit",
    "ops.annually.recovery-plan",
    "ops.annually.slo",
    "ops.annually.architecture",
}
"""What only people do, again and again."""


@fault(
    "ops.weekly.logs",
    flips=PEOPLES_TASKS,
    touches={"attestations"},
    mend=lambda lab: lab.write_access(),
)
def long_ago(lab: Lab) -> None:
    """Everything was done once, two years ago."""
    date_back(lab, PEOPLES_TASKS, 800)
