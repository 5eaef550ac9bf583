"""The token may look at everything, and not at the list of updates: that is no verdict."""

from lab.deployment import Lab

flips: set[str] = {"pre.infrastructure.proxmox-updated"}
outcomes: dict[str, str] = {"pre.infrastructure.proxmox-updated": "not_assessed"}
touches: set[str] = {"proxmox"}


def inject(lab: Lab) -> None:
    lab.change_state(
        "proxmox",
        lambda state: {**state, "tokens": {token: {"/": ["Sys.Audit", "VM.Audit"]} for token in state["tokens"]}},
    )


def mend(lab: Lab) -> None:
    lab.write_states(("proxmox",))
