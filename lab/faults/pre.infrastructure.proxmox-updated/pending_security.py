"""A security update waits on the node."""

from lab.deployment import Lab

flips: set[str] = {"pre.infrastructure.proxmox-updated"}
touches: set[str] = {"proxmox"}


def inject(lab: Lab) -> None:
    lab.change_state(
        "proxmox",
        lambda state: {
            **state,
            "updates": [
                {"Package": "openssl", "OldVersion": "3.5.1-1", "Version": "3.5.1-1+deb13u1", "Origin": "Debian"}
            ],
        },
    )


def mend(lab: Lab) -> None:
    lab.write_states(("proxmox",))
