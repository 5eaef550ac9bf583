"""What the machine runs on: a hypervisor, and whether it is Proxmox VE."""

from __future__ import annotations

import re

from msgspec import Struct

from pytest_zebu.facts.answer import Garbled, plain_text
from pytest_zebu.facts.fact import Fact, Gathered, Probe, key_values
from pytest_zebu.settings.target import Target

PROBE = Probe("platform", file="platform.sh", uses=("quiet.sh",))
PROXMOX_CARDS = "bc:24:11"
"""What addresses of network cards begin with that Proxmox VE makes, since 8.1 (IEEE's registry: Proxmox Server Solutions GmbH)."""
_MAKER = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2}){2}")


class Platform(Struct, frozen=True):
    """The machine below the machine.

    Attributes:
        container: which container it is in, as systemd calls it; empty for a machine of its own.
        vm: which hypervisor systemd tells, `none` for hardware; empty where nothing tells.
        vendor, product, firmware: as the firmware's tables (DMI) have them.
        card: who made the card of the default route: the first three bytes of its address.
        has_agent: there is a port for QEMU's guest agent.
    """

    container: str = ""
    vm: str = ""
    vendor: str = ""
    product: str = ""
    firmware: str = ""
    card: str = ""
    has_agent: bool = False

    @property
    def name(self) -> str:
        """What it is, in words; empty where nothing tells."""
        if self.container:
            return f"a container ({self.container})"
        if self.vm == "none":
            return f"hardware of its own ({self.vendor} {self.product})".replace(" )", ")").replace("( ", "(")
        return " ".join(filter(None, (self.vendor, self.product))) or self.vm

    @property
    def is_proxmox(self) -> bool | None:
        """Whether it is a guest of Proxmox VE; nothing where that cannot be told.

        Its own card or firmware shows it. QEMU alone does not: others run it as well, and older releases made cards like theirs.
        """
        if self.container:
            return True if self.container == "lxc" and self.card == PROXMOX_CARDS else None
        is_qemu = self.vendor == "QEMU" or self.vm in ("kvm", "qemu")
        if is_qemu and (self.card == PROXMOX_CARDS or self.firmware.startswith("Proxmox ")):
            return True
        if self.vendor == "QEMU" or not (self.vendor or self.vm):
            return None
        # Providers run KVM under names of their own.
        return None if is_qemu and not self.vendor else False


def parse(gathered: Gathered, target: Target) -> Platform:
    """From systemd, the firmware's tables and the card."""
    said = key_values(gathered.said("platform").out)
    if said.get("virt") != "told" or "container" not in said:
        raise Garbled("the platform probe")

    def text(key: str) -> str:
        return " ".join(plain_text(said.get(key, "")).split())[:120]

    maker = said.get("maker", "")
    return Platform(
        text("container"),
        text("vm"),
        text("sys_vendor"),
        text("product_name"),
        text("bios_vendor"),
        maker if _MAKER.fullmatch(maker) else "",
        said.get("agent") == "1",
    )


FACT = Fact("virtualization", parse, (PROBE,))
