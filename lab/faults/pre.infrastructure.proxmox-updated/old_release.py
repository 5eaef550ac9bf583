"""The node runs the release before the newest stable one."""

from lab.deployment import Lab

flips: set[str] = {"pre.infrastructure.proxmox-updated"}
touches: set[str] = {"proxmox"}


def inject(lab: Lab) -> None:
    lab.change_state(
        "proxmox",
        lambda state: {**state, "version": {"version": "8.4.14", "release": "8.4", "repoid": "b502d23c55afcba1"}},
    )


def mend(lab: Lab) -> None:
    lab.write_states(("proxmox",))
