"""The last drill was two years ago, and no later run saw one."""

from lab.changes import date_back, forget
from lab.deployment import Lab

flips: set[str] = {"ops.monthly.restore-test", "post.maintenance.capacity.baseline"}
outcomes: dict[str, str] = {"post.maintenance.capacity.baseline": "attested"}
touches: set[str] = {"attestations", "history"}
settings: tuple[tuple[str, str], ...] = (("/history.sqlite3", "/fault-history.sqlite3"),)


def inject(lab: Lab) -> None:
    date_back(lab, ("ops.monthly.restore-test",), 800)


def mend(lab: Lab) -> None:
    lab.write_access()
    forget(lab)
