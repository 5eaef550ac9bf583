"""The snapshot of before is of a month before."""

from lab.changes import change_snapshots
from lab.deployment import Lab

flips: set[str] = {"post.recovery.snapshots.pre-deployment"}
touches: set[str] = {"proxmox"}


def inject(lab: Lab) -> None:
    change_snapshots(
        lab,
        lambda rows: [
            {**row, "snaptime": row["snaptime"] - 30 * 86400} if row["name"].startswith("before") else row
            for row in rows
        ],
    )


def mend(lab: Lab) -> None:
    lab.write_states(("proxmox",))
