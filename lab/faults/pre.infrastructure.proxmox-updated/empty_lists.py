"""A token without rights of its own sees empty lists, not errors: that is no verdict either."""

from lab.deployment import Lab

flips: set[str] = {"pre.infrastructure.proxmox-updated"}
outcomes: dict[str, str] = {"pre.infrastructure.proxmox-updated": "not_assessed"}
touches: set[str] = {"proxmox"}


def inject(lab: Lab) -> None:
    lab.change_state("proxmox", lambda state: {**state, "tasks": []})


def mend(lab: Lab) -> None:
    lab.write_states(("proxmox",))
