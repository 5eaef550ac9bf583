"""The last run that saw anything was two years ago, and this one sees nothing."""

from lab.changes import forget, remember_tasks
from lab.deployment import Lab

flips: set[str] = {
    "ops.weekly.health",
    "ops.weekly.disk",
    "ops.weekly.backups",
    "ops.monthly.updates",
    "ops.monthly.log-rotation",
    "ops.monthly.vulnerabilities",
    "ops.monthly.documentation",
    "ops.annually.secret-rotation",
    "pre.infrastructure.proxmox-updated",
    "post.recovery.snapshots.retention",
    "post.maintenance.capacity.baseline",
    "ops.monthly.restore-test",
}
outcomes: dict[str, str] = {
    "pre.infrastructure.proxmox-updated": "not_assessed",
    "post.recovery.snapshots.retention": "not_assessed",
    "post.maintenance.capacity.baseline": "attested",
    "ops.monthly.restore-test": "attested",
}
touches: set[str] = {"history", "proxmox"}
blinds = "without root"
settings: tuple[tuple[str, str], ...] = (
    ("/history.sqlite3", "/fault-history.sqlite3"),
    ('user = "deploy"', 'user = "observer"'),
    ('token = "zebu@pve!readiness"', 'token = "nobody@pve!readiness"'),
)


def inject(lab: Lab) -> None:
    remember_tasks(lab, days_ago=700)


def mend(lab: Lab) -> None:
    forget(lab)
