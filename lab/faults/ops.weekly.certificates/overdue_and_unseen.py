"""The last run that saw a certificate was two years ago, and this one sees no network."""

from lab.changes import CUT, forget, remember_tasks
from lab.deployment import Lab

flips: set[str] = {
    "ops.weekly.certificates",
    "ops.monthly.vulnerabilities",
    "post.maintenance.capacity.baseline",
    "ops.monthly.restore-test",
}
outcomes: dict[str, str] = {"post.maintenance.capacity.baseline": "attested", "ops.monthly.restore-test": "attested"}
touches: set[str] = {"history"}
blinds = "without network"
settings: tuple[tuple[str, str], ...] = (("/history.sqlite3", "/fault-history.sqlite3"),)


def inject(lab: Lab) -> None:
    remember_tasks(lab, days_ago=700)
    lab.inside(["nft", CUT])


def mend(lab: Lab) -> None:
    lab.inside(["nft", "delete table inet cut"])
    forget(lab)
