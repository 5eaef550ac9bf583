"""Nothing waits, by package lists of last month."""

from lab.deployment import Lab

flips: set[str] = {"pre.infrastructure.proxmox-updated"}
outcomes: dict[str, str] = {"pre.infrastructure.proxmox-updated": "not_assessed"}
touches: set[str] = {"proxmox"}


def inject(lab: Lab) -> None:
    lab.change_state(
        "proxmox",
        lambda state: {
            **state,
            "tasks": [{**task, "endtime": task["endtime"] - 30 * 86400} for task in state["tasks"]],
        },
    )


def mend(lab: Lab) -> None:
    lab.write_states(("proxmox",))
