"""Nobody took a snapshot before the deployment."""

from lab.changes import change_snapshots
from lab.deployment import Lab

flips: set[str] = {"post.recovery.snapshots.pre-deployment"}
touches: set[str] = {"proxmox"}


def inject(lab: Lab) -> None:
    change_snapshots(lab, lambda rows: [row for row in rows if not row["name"].startswith("before")])


def mend(lab: Lab) -> None:
    lab.write_states(("proxmox",))
