"""Whether the machine is a guest of Proxmox VE."""

from __future__ import annotations

import pytest

from pytest_zebu.discovery.hypervisor import hypervisor
from pytest_zebu.facts.answer import Known, Reason, Unknown
from pytest_zebu.facts.platform import Platform

KVM = Platform(vm="kvm", vendor="QEMU", product="Standard PC", card="bc:24:11", has_agent=True)
ASKED = ["proxmox.api", "proxmox.node", "proxmox.vmid", "proxmox.token", "proxmox.token_file", "proxmox.ca_file"]


@pytest.mark.parametrize(("platform", "keys", "why"), [
    (KVM, ASKED, "it is a guest of Proxmox (QEMU Standard PC)"), (Platform(container="lxc", card="bc:24:11"), ASKED, "it is a guest of Proxmox (a container (lxc))"),
    (Platform(vm="kvm", vendor="QEMU", card="bc:24:11"), ASKED, "without a port for the guest agent"), (Platform(vm="kvm", vendor="Hetzner", product="vServer"), ["proxmox.api"], "no guest of Proxmox: Hetzner vServer"),
    (Platform(vm="kvm", vendor="QEMU", card="52:54:00"), ["proxmox.api"], "which is not seen (QEMU)"), (Platform(container="systemd-nspawn"), ["proxmox.api"], "not seen (a container (systemd-nspawn))"),
    (Platform(), ["proxmox.api"], "nothing tells what it runs on"),
])  # fmt: skip
def test_what_is_asked_for_depends_on_what_it_runs_on(platform: Platform, keys: list[str], why: str) -> None:
    """Nothing is found from inside, and what is no guest is not asked for a token."""
    found = [*hypervisor(Known(platform))]
    assert [one.key for one in found] == keys
    assert why in getattr(found[0], "why", "")


def test_what_was_not_seen_is_not_denied() -> None:
    (found,) = hypervisor(Unknown(Reason.TIMED_OUT, "platform"))
    assert "was not seen (timed out: platform)" in getattr(found, "why", "")


def test_the_token_is_told_with_its_rights() -> None:
    whole = " ".join(getattr(one, "why", "") for one in hypervisor(Known(KVM)))
    for word in ("PVEAuditor", "Sys.Modify", "Datastore.AllocateSpace", "VM.Backup", "mode 0600"):
        assert word in whole
