"""Odd but right: earlier runs tell of a slow growth."""

from lab.changes import forget, remember_disk
from lab.deployment import Lab

flips: set[str] = {"post.maintenance.capacity.growth", "post.maintenance.capacity.baseline", "ops.monthly.restore-test"}
outcomes: dict[str, str] = {
    "post.maintenance.capacity.growth": "passed",
    "post.maintenance.capacity.baseline": "attested",
    "ops.monthly.restore-test": "attested",
}
touches: set[str] = {"history", "dumps"}
settings: tuple[tuple[str, str], ...] = (("/history.sqlite3", "/fault-history.sqlite3"),)


def inject(lab: Lab) -> None:
    remember_disk(lab, days_ago=2, gib_less=0.01)


def mend(lab: Lab) -> None:
    forget(lab)
