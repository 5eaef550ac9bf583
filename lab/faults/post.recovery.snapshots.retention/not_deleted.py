"""A snapshot of a year and a half ago is still there."""

from lab.changes import change_snapshots
from lab.deployment import Lab

flips: set[str] = {"post.recovery.snapshots.retention"}
touches: set[str] = {"proxmox"}


def inject(lab: Lab) -> None:
    change_snapshots(
        lab, lambda rows: [*rows, {**rows[0], "name": "forgotten", "snaptime": rows[0]["snaptime"] - 550 * 86400}]
    )


def mend(lab: Lab) -> None:
    lab.write_states(("proxmox",))
