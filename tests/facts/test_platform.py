"""What the machine runs on."""

from __future__ import annotations

import subprocess

import pytest

from pytest_zebu.facts.answer import Reason
from pytest_zebu.facts.platform import PROBE, Platform
from pytest_zebu.settings.target import Target
from tests.facts.answers import read, why

PVE = "container=\nvm=kvm\nsys_vendor=QEMU\nproduct_name=Standard PC (i440FX + PIIX, 1996)\nbios_vendor=SeaBIOS\nagent=1\nmaker=bc:24:11\nvirt=told\n"


@pytest.mark.parametrize(("said", "is_proxmox", "name"), [
    (PVE, True, "QEMU Standard PC (i440FX + PIIX, 1996)"), (PVE.replace("bc:24:11", "52:54:00"), None, "QEMU Standard PC (i440FX + PIIX, 1996)"),
    (PVE.replace("bc:24:11", "ee:01:02").replace("SeaBIOS", "Proxmox distribution of EDK II"), True, "QEMU Standard PC (i440FX + PIIX, 1996)"),
    ("container=\nvm=kvm\nsys_vendor=Hetzner\nproduct_name=vServer\nbios_vendor=Hetzner\nmaker=96:00:00\nvirt=told\n", False, "Hetzner vServer"),
    ("container=\nvm=vmware\nsys_vendor=VMware, Inc.\nproduct_name=VMware7,1\nmaker=00:50:56\nvirt=told\n", False, "VMware, Inc. VMware7,1"),
    ("container=\nvm=none\nsys_vendor=LENOVO\nproduct_name=20XW\nmaker=bc:24:11\nvirt=told\n", False, "hardware of its own (LENOVO 20XW)"),
    ("container=systemd-nspawn\nmaker=02:00:00\nvirt=told\n", None, "a container (systemd-nspawn)"), ("container=lxc\nmaker=bc:24:11\nvirt=told\n", True, "a container (lxc)"),
    ("container=lxc\nmaker=00:16:3e\nvirt=told\n", None, "a container (lxc)"), ("container=docker\nmaker=bc:24:11\nvirt=told\n", None, "a container (docker)"),
    ("container=\nvm=kvm\nsys_vendor=\nproduct_name=\nbios_vendor=\nvirt=told\n", None, "kvm"), ("container=\nvirt=told\n", None, ""),
    ("container=\nvm=\nsys_vendor=QEMU\nvirt=told\n", None, "QEMU"),
])  # fmt: skip
def test_what_shows_the_hypervisor(said: str, is_proxmox: bool | None, name: str, target: Target) -> None:
    found: Platform = read("virtualization", said, target)
    assert (found.is_proxmox, found.name) == (is_proxmox, name)


def test_the_port_of_the_agent(target: Target) -> None:
    assert read("virtualization", PVE, target).has_agent
    assert not read("virtualization", PVE.replace("agent=1\n", ""), target).has_agent


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize("said", ["container=lxc\n", "virt=told\n", "virt=x\ncontainer=\n"])
def test_half_an_answer_is_none(said: str, target: Target) -> None:
    assert why("virtualization", said, target) is Reason.GARBLED


@pytest.mark.hostile("parsers")
def test_odd_firmware_is_cleaned(target: Target) -> None:
    found: Platform = read(
        "virtualization", PVE.replace("SeaBIOS", "x\x1b[31m" + "y" * 999).replace("bc:24:11", "$(id)"), target
    )
    assert found.card == ""
    assert "\x1b" not in found.firmware
    assert len(found.firmware) <= 120


def test_the_script_says_something_anywhere(target: Target) -> None:
    """Whatever this machine is, it is told whole, and a container is not asked for its host's firmware."""
    done = subprocess.run(
        ["sh", "-c", f"{PROBE.environment.get('SH', '')}\n{PROBE.text}"], capture_output=True, text=True, check=True
    )
    found: Platform = read("virtualization", done.stdout, target)
    assert not (found.container and found.vendor)
    assert "virt=told" in done.stdout
