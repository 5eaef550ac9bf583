"""Faults of ops.monthly."""

from lab.changes import date_back, forget
from lab.deployment import Lab
from lab.fault import fault
from pytest_zebu.verdict.outcome import Outcome


def mend_long_ago(lab: Lab) -> None:
    lab.write_access()
    forget(lab)


@fault(
    "ops.monthly.restore-test",
    flips={"ops.monthly.restore-test", "post.maintenance.capacity.baseline", "post.monitoring.services.restarts"},
    outcomes={
        "post.maintenance.capacity.baseline": Outcome.ATTESTED,
        "post.monitoring.services.restarts": Outcome.NOT_ASSESSED,
    },
    touches={"attestations", "history"},
    settings=(("/history.sqlite3", "/fault-history.sqlite3"),),
    mend=mend_long_ago,
)
def long_ago(lab: Lab) -> None:
    """The last drill was two years ago, and no later run saw one."""
    date_back(lab, ("ops.monthly.restore-test",), 800)
