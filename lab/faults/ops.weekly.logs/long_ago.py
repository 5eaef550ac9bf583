"""Everything was done once, two years ago."""

from lab.changes import date_back
from lab.deployment import Lab

flips: set[str] = {
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
touches: set[str] = {"attestations"}


def inject(lab: Lab) -> None:
    date_back(lab, flips, 800)


def mend(lab: Lab) -> None:
    lab.write_access()
