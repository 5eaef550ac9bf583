"""Whether the machine is a guest of Proxmox VE, and what is needed to ask that."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_zebu.discovery.found import Seen, Unseen
from pytest_zebu.facts.answer import Answer, Known
from pytest_zebu.facts.platform import Platform

API = '"https://pve.example.org:8006"'
NUMBER = "the machine's number there, as the list of machines shows it"
RIGHTS = (
    "an API token of a user with the role PVEAuditor on /; the list of updates needs Sys.Modify on /nodes/NODE too, stored backups "
    "Datastore.AllocateSpace and VM.Backup"
)
SECRET = "the token's secret alone in this file, with mode 0600"  # noqa: S105 (how a secret is kept, and none)
AUTHORITY = "a copy of the node's /etc/pve/pve-root-ca.pem, unless its certificate is publicly trusted"


def hypervisor(platform: Answer[Platform]) -> Iterator[Seen]:
    """`[proxmox]`: nothing of it is seen from inside but that it is there; where it is not, that is said instead."""
    if not isinstance(platform, Known):
        yield Unseen("proxmox.api", API, f"whether it is a guest of Proxmox was not seen ({platform})")
        return
    found = platform.value
    if found.is_proxmox is False:
        yield Unseen("proxmox.api", API, f"it is no guest of Proxmox: {found.name}; another hypervisor is not asked")
        return
    if found.is_proxmox is None:
        what = found.name or "nothing tells what it runs on"
        yield Unseen("proxmox.api", API, f"if it is a guest of Proxmox, which is not seen ({what}): the node's address")
        return
    agent = "" if found.has_agent or found.container else ", without a port for the guest agent"
    yield Unseen(
        "proxmox.api", API, f"it is a guest of Proxmox ({found.name}{agent}): the node's address; or proxmox.ssh"
    )
    yield Unseen("proxmox.node", '"pve"', "what the node is called there, where it is not pve")
    yield Unseen("proxmox.vmid", "100", NUMBER)
    yield Unseen("proxmox.token", '"zebu@pve!readiness"', RIGHTS)
    yield Unseen("proxmox.token_file", '"keys/proxmox.secret"', SECRET)
    yield Unseen("proxmox.ca_file", '"pve-root-ca.pem"', AUTHORITY)
