"""Faults of post.maintenance.capacity."""

from lab.changes import DIRTY_TREE, date_back, edit_document, forget, remember_disk, restore_document
from lab.deployment import Lab
from lab.fault import fault
from pytest_zebu.verdict.outcome import Outcome


def mend_nobody_says(lab: Lab) -> None:
    lab.write_access()
    forget(lab)


RESTARTS = "post.monitoring.services.restarts"
"""Where no earlier run counted them, nobody watches them."""
SAID_BY_PEOPLE = {
    "post.maintenance.capacity.baseline",
    "post.maintenance.capacity.growth",
    "post.maintenance.deployment.rollback-tested",
    "post.monitoring.logs.errors-reviewed",
    "post.monitoring.services.uptime",
}
"""What no machine sees, or none in its first run."""


@fault(
    "post.maintenance.capacity.baseline",
    flips=SAID_BY_PEOPLE | {"ops.monthly.restore-test", RESTARTS},
    outcomes={
        **dict.fromkeys((*SAID_BY_PEOPLE, RESTARTS), Outcome.NOT_ASSESSED),
        "ops.monthly.restore-test": Outcome.ATTESTED,
    },
    touches={"attestations", "history"},
    settings=(("/history.sqlite3", "/fault-history.sqlite3"),),
    mend=mend_nobody_says,
)
def nobody_says(lab: Lab) -> None:
    """This is the first run, and people said long ago what no machine sees."""
    date_back(lab, SAID_BY_PEOPLE, 800)


@fault(
    "post.maintenance.capacity.growth",
    flips={"post.maintenance.capacity.growth", "post.maintenance.capacity.baseline", "ops.monthly.restore-test"},
    outcomes={"post.maintenance.capacity.baseline": Outcome.ATTESTED, "ops.monthly.restore-test": Outcome.ATTESTED},
    touches={"history", "dumps"},
    settings=(("/history.sqlite3", "/fault-history.sqlite3"),),
    mend=forget,
)
def fills_soon(lab: Lab) -> None:
    """The disk was nearly empty two days ago: it is full within a week."""
    remember_disk(lab, days_ago=2, gib_less=5)


@fault(
    "post.maintenance.capacity.growth",
    flips={"post.maintenance.capacity.growth", "post.maintenance.capacity.baseline", "ops.monthly.restore-test"},
    outcomes={
        "post.maintenance.capacity.growth": Outcome.PASSED,
        "post.maintenance.capacity.baseline": Outcome.ATTESTED,
        "ops.monthly.restore-test": Outcome.ATTESTED,
    },
    touches={"history", "dumps"},
    settings=(("/history.sqlite3", "/fault-history.sqlite3"),),
    mend=forget,
)
def grows_slowly(lab: Lab) -> None:
    """Odd but right: earlier runs tell of a slow growth."""
    remember_disk(lab, days_ago=2, gib_less=0.01)


@fault(
    "post.maintenance.capacity.scaling-plan",
    flips={"post.maintenance.capacity.scaling-plan", *DIRTY_TREE},
    touches={"architecture.md"},
    mend=lambda lab: restore_document(lab, "architecture"),
)
def no_section(lab: Lab) -> None:
    """When to add what is written down nowhere."""
    edit_document(lab, "architecture", "sed -i '/^## Scaling/,$d' architecture.md")
