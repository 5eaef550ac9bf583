"""This is the first run, and people said long ago what no machine sees."""

from lab.changes import date_back, forget
from lab.deployment import Lab

flips: set[str] = {
    "post.maintenance.capacity.baseline",
    "post.maintenance.capacity.growth",
    "post.maintenance.deployment.rollback-tested",
    "post.monitoring.logs.errors-reviewed",
    "post.monitoring.services.uptime",
    "ops.monthly.restore-test",
}
outcomes: dict[str, str] = {**dict.fromkeys(flips, "not_assessed"), "ops.monthly.restore-test": "attested"}
touches: set[str] = {"attestations", "history"}
settings: tuple[tuple[str, str], ...] = (("/history.sqlite3", "/fault-history.sqlite3"),)


def inject(lab: Lab) -> None:
    date_back(lab, flips - {"ops.monthly.restore-test"}, 800)


def mend(lab: Lab) -> None:
    lab.write_access()
    forget(lab)
