"""The machine's place in the network: its address and where it has it from, its gateway, names, neighbours, the internet."""

from __future__ import annotations

from msgspec import Struct

from pytest_zebu.facts.answer import Garbled, Known, Missing, Reason, Unknown, lines_of
from pytest_zebu.facts.fact import Fact, Gathered, Probe, key_values
from pytest_zebu.settings.target import Target

ADDRESS_PROBE = Probe(
    "addressing",
    file="addressing.sh",
    uses=(
        "quiet.sh",
        "behind.sh",
        "leases.pl",
    ),
)
CONNECTIVITY_PROBE = Probe(
    "connectivity",
    file="connectivity.sh",
    uses=(
        "quiet.sh",
        "behind.sh",
        "connected.pl",
        "knock.pl",
    ),
    timeout=12,
    takes=0.3,
)


class Addressing(Struct, frozen=True):
    """The IPv4 address that carries the default route.

    Attributes:
        lease: the signs of a DHCP lease; none where the address is static.
        left: files of leases that are over, or tell no end.
    """

    device: str
    address: str
    gateway: str
    lease: tuple[str, ...]
    left: tuple[str, ...] = ()


class Connectivity(Struct, frozen=True):
    """What the machine reaches."""

    gateway: Known[bool] | Unknown
    names: bool
    https: Known[bool] | Unknown
    peers: tuple[tuple[str, bool], ...]
    neighbours: tuple[str, ...]
    complaint: str = ""


def parse(gathered: Gathered, target: Target) -> Addressing:
    """From ip route, ip addr, lease files and DHCP clients."""
    out = gathered.said("addressing").out
    said = key_values(out)
    if not said.get("device") or not said.get("address"):
        raise Missing(Unknown(Reason.MISSING, "the machine has no IPv4 default route"))
    signs = []
    if said.get("protocol") == "dhcp":
        signs.append("the default route came by DHCP")
    if said.get("lifetime", "forever") != "forever":
        signs.append(f"the address has a lifetime ({said['lifetime']})")
    pairs = [line.partition("=")[::2] for line in lines_of(out)]
    signs += [f"lease file {text}" for key, text in pairs if key == "lease"]
    left = tuple(text for key, text in pairs if key == "left")
    if client := said.get("client", "").strip():
        signs.append(f"{client} runs for {said['device']}")
    return Addressing(said["device"], said["address"], said.get("gateway", ""), tuple(signs), left)


def parse_connectivity(gathered: Gathered, target: Target) -> Connectivity:
    """From the neighbour table, a name, a request and connections."""
    out = gathered.said("connectivity").out
    said = key_values(out)
    if not {"names", "https", "gateway"} <= said.keys():
        raise Garbled("the connectivity probe")
    pairs = [line.partition("=")[::2] for line in lines_of(out)]
    https: Known[bool] | Unknown = Known(said["https"] not in ("000", ""))
    if said["https"] == "unseen":
        https = Unknown(Reason.NO_COMMAND, "neither curl nor wget is there to try https with")
    names = said["names"] == "1"
    return Connectivity(
        gateway=_gateway(said["gateway"], names, https),
        names=names,
        https=https,
        peers=tuple((text.split()[0], text.endswith(" 1")) for key, text in pairs if key == "peer" and text.strip()),
        neighbours=tuple(text for key, text in pairs if key == "neighbour"),
        complaint=said.get("complaint", "")[:200],
    )


def _gateway(entries: str, names: bool, https: Known[bool] | Unknown) -> Known[bool] | Unknown:
    """Whether the gateway answers, by the neighbour table, which has no entry where nothing went its way lately.

    What comes through went through one, by IPv6 too; where there was nobody to be asked, nothing was sent to it.
    """
    if entries not in ("0", "unseen"):
        return Known(True)
    if isinstance(https, Known) and https.value:
        return https
    if entries == "unseen":
        return Unknown(Reason.MISSING, "the link has no neighbours")
    if isinstance(https, Known) and names:
        return Known(False)
    return Unknown(Reason.MISSING, "the neighbour table has no entry of the gateway, and nothing was sent that way yet")


FACT = Fact("addressing", parse, (ADDRESS_PROBE,))
CONNECTIVITY = Fact("connectivity", parse_connectivity, (CONNECTIVITY_PROBE,))
