"""Faults of post.recovery.snapshots."""

from lab.changes import change_snapshots
from lab.deployment import Lab
from lab.fault import fault


@fault(
    "post.recovery.snapshots.post-deployment",
    name="missing",
    flips={"post.recovery.snapshots.post-deployment"},
    touches={"proxmox"},
    mend=lambda lab: lab.write_states(("proxmox",)),
)
def post_deployment_missing(lab: Lab) -> None:
    """The deployment was never kept as a known good state."""
    change_snapshots(lab, lambda rows: [row for row in rows if not row["name"].startswith("after")])


@fault(
    "post.recovery.snapshots.post-deployment",
    flips={"post.recovery.snapshots.post-deployment"},
    touches={"proxmox"},
    mend=lambda lab: lab.write_states(("proxmox",)),
)
def half_made(lab: Lab) -> None:
    """The snapshot of after the deployment was never completed: it is in preparation for good."""
    change_snapshots(
        lab, lambda rows: [{**row, "snapstate": "prepare"} if row["name"].startswith("after") else row for row in rows]
    )


@fault(
    "post.recovery.snapshots.pre-deployment",
    name="missing",
    flips={"post.recovery.snapshots.pre-deployment"},
    touches={"proxmox"},
    mend=lambda lab: lab.write_states(("proxmox",)),
)
def pre_deployment_missing(lab: Lab) -> None:
    """Nobody took a snapshot before the deployment."""
    change_snapshots(lab, lambda rows: [row for row in rows if not row["name"].startswith("before")])


@fault(
    "post.recovery.snapshots.pre-deployment",
    flips={"post.recovery.snapshots.pre-deployment"},
    touches={"proxmox"},
    mend=lambda lab: lab.write_states(("proxmox",)),
)
def too_old(lab: Lab) -> None:
    """The snapshot of before is of a month before."""
    change_snapshots(
        lab,
        lambda rows: [
            {**row, "snaptime": row["snaptime"] - 30 * 86400} if row["name"].startswith("before") else row
            for row in rows
        ],
    )


@fault(
    "post.recovery.snapshots.retention",
    flips={"post.recovery.snapshots.retention"},
    touches={"proxmox"},
    mend=lambda lab: lab.write_states(("proxmox",)),
)
def not_deleted(lab: Lab) -> None:
    """A snapshot of a year and a half ago is still there."""
    change_snapshots(
        lab, lambda rows: [*rows, {**rows[0], "name": "forgotten", "snaptime": rows[0]["snaptime"] - 550 * 86400}]
    )
