"""The machine's place in the network: its address and where it has it from, its gateway, names, neighbours, the internet."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_zebu.facts.answer import Garbled, Known, Missing, Reason, Unknown
from pytest_zebu.facts.fact import Fact, Gathered, Probe, key_values
from pytest_zebu.settings.target import Target

# Clients differ in what they leave: the route's protocol, the address's lifetime, a lease file, a running process.
ADDRESS_PROBE = Probe(
    "addressing",
    r"""
command -v ip >/dev/null || exit 127
route=$(ip -4 route show default | head -n 1)
device=$(printf '%s\n' "$route" | sed -n 's/.* dev \([^ ]*\).*/\1/p')
echo "gateway=$(printf '%s\n' "$route" | sed -n 's/.* via \([^ ]*\).*/\1/p')"
echo "protocol=$(printf '%s\n' "$route" | sed -n 's/.* proto \([^ ]*\).*/\1/p')"
echo "device=$device"
[ -n "$device" ] || exit 0
line=$(ip -4 -o addr show dev "$device" scope global | head -n 1)
address=$(printf '%s\n' "$line" | sed -n 's/.* inet \([^ /]*\).*/\1/p')
echo "address=$address"
echo "lifetime=$(printf '%s\n' "$line" | sed -n 's/.* valid_lft \([^ ]*\).*/\1/p')"
for file in /var/lib/dhcp/*lease* /var/lib/dhcpcd*/*lease* /var/lib/NetworkManager/*lease* /run/systemd/netif/leases/* /var/lib/systemd/network/*lease*; do
  if [ -f "$file" ] && grep -aqF "$address" "$file" 2>/dev/null; then echo "lease=$file"; fi
done
clients=$(ps -eo comm=,args= 2>/dev/null | awk -v device="$device" '$1 ~ /^(dhclient|dhcpcd|udhcpc)$/ && index($0, device) { print $1 }' | sort -u | tr '\n' ' ')
echo "client=$clients"
""",
)
CONNECTIVITY_PROBE = Probe(
    "connectivity",
    r"""
command -v ip >/dev/null || exit 127
export RES_OPTIONS='timeout:1 attempts:2'
gateway=$(ip -4 route show default | sed -n 's/.* via \([^ ]*\).*/\1/p' | head -n 1)
knock() { perl -MIO::Socket::IP -e 'my ($h, $p) = $ARGV[0] =~ /^(.*):(\d+)$/; exit !IO::Socket::IP->new(PeerHost => $h, PeerPort => $p, Timeout => 2)' "$1"; }
echo "gateway=$(ip neigh show "$gateway" 2>/dev/null | grep -c lladdr)"
host=${ZEBU_SET_OUTBOUND#https://}; host=${host%%/*}
if getent ahosts "${host%%:*}" >/dev/null 2>&1; then echo names=1; else echo names=0; fi
if command -v curl >/dev/null; then
  curl -sS -o /dev/null --max-time 5 "$ZEBU_SET_OUTBOUND" 2>&1 | head -n 1 | sed 's/^/complaint=/'
  curl -s -o /dev/null --max-time 5 -w 'https=%{http_code}\n' "$ZEBU_SET_OUTBOUND"
elif command -v wget >/dev/null; then
  wget -q -O /dev/null --timeout=5 --tries=1 "$ZEBU_SET_OUTBOUND"; case $? in 0|8) echo https=200 ;; *) echo https=000 ;; esac
else echo https=unseen
fi
for peer in $ZEBU_SET_PEERS; do if knock "$peer"; then echo "peer=$peer 1"; else echo "peer=$peer 0"; fi; done
for neighbour in $(ip -4 neigh show nud reachable nud stale nud delay 2>/dev/null | grep -v ' dev \(docker\|br-\|veth\)' | awk '{ print $1 }'); do echo "neighbour=$neighbour"; done
""",
    timeout=12,
)


@dataclass(frozen=True, slots=True)
class Addressing:
    """The IPv4 address that carries the default route.

    Attributes:
        lease: the signs of a DHCP lease; none where the address is static.
    """

    device: str
    address: str
    gateway: str
    lease: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Connectivity:
    """What the machine reaches."""

    gateway: bool
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
    signs += [f"lease file {line.partition('=')[2]}" for line in out.splitlines() if line.startswith("lease=")]
    if client := said.get("client", "").strip():
        signs.append(f"{client} runs for {said['device']}")
    return Addressing(said["device"], said["address"], said.get("gateway", ""), tuple(signs))


def parse_connectivity(gathered: Gathered, target: Target) -> Connectivity:
    """From the neighbour table, a name, a request and connections."""
    out = gathered.said("connectivity").out
    said = key_values(out)
    if "names" not in said or "https" not in said:
        raise Garbled("the connectivity probe")
    pairs = [line.partition("=")[::2] for line in out.splitlines()]
    https: Known[bool] | Unknown = Known(said["https"] not in ("000", ""))
    if said["https"] == "unseen":
        https = Unknown(Reason.NO_COMMAND, "neither curl nor wget is there to try https with")
    return Connectivity(
        gateway=said.get("gateway", "0") != "0",
        names=said["names"] == "1",
        https=https,
        peers=tuple((text.split()[0], text.endswith(" 1")) for key, text in pairs if key == "peer"),
        neighbours=tuple(text for key, text in pairs if key == "neighbour"),
        complaint=said.get("complaint", "")[:200],
    )


FACT = Fact("addressing", parse, (ADDRESS_PROBE,))
CONNECTIVITY = Fact("connectivity", parse_connectivity, (CONNECTIVITY_PROBE,))
