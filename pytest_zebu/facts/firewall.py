"""The packet filter as the kernel has it, and what is kept for boot: what becomes of a stranger's first packet."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from msgspec import Struct, field
from msgspec.structs import replace

from pytest_zebu.facts import iptables, nftables
from pytest_zebu.facts.answer import Garbled, is_number
from pytest_zebu.facts.fact import Fact, Gathered, Probe, key_values, parse_json
from pytest_zebu.facts.lines import Record, records
from pytest_zebu.facts.packets import Fate, Machine, Packet, loosest, strictest
from pytest_zebu.settings.target import Target

Family = Literal[4, 6]
Twin = tuple[Family, int, str]
WAY_IN = (
    ("raw", "PREROUTING"), ("mangle", "PREROUTING"), ("mangle", "INPUT"), ("filter", "INPUT"), ("security", "INPUT"),
)  # fmt: skip
"""The tables and chains of iptables on a packet's way into the machine."""
UNOPENED_PORT = 47
"""Reserved by IANA: no service has it."""
HIGH_PORTS = (1999, 20011, 40009, 62001)
"""Who lets all of these in, and nobody asked for them, has opened nearly everything."""
TUNNEL = re.compile(r"(tun|tap|wg|tailscale|zt|nebula|ipsec|vti|gre|sit|ip6tnl)")
"""How the names of tunnels begin: who comes through one is no stranger."""
INSIDE = re.compile(r"(lo$|docker|br-|veth|virbr|lxc|lxd|incus|cni|flannel|cali|ifb|dummy)")
"""How the names of interfaces to what is inside the machine begin."""
DOCKER_CHAIN = "DOCKER-USER"
"""Where people put what is to become of packets to containers."""
TRUSTED_MANAGERS = ("shorewall", "ferm", "csf", "firehol", "arno-iptables-firewall")
"""What keeps rules in a language of its own: that it is enabled is all that can be told."""
FIREWALLD_ZONES_OPEN = ("trusted",)

PROBE = Probe(
    "firewall",
    file="firewall.sh",
    uses=("quiet.sh", "firewall-nft.pl"),
    root=True,
    limit=4_194_304,
    takes=0.5,
)


class Filter(Struct, frozen=True):
    """All rules in force.

    Attributes:
        tables: by family, those of each tool of iptables.
        twins: by family, place among the tools and name, the same tables as nft shows them.
        unread: by family (0 for both), what could not be read.
    """

    machine: Machine = field(default_factory=Machine)
    tables: Mapping[Family, tuple[Mapping[str, iptables.Table], ...]] = field(default_factory=dict)
    native: tuple[nftables.Table, ...] = ()
    sets: iptables.Sets | None = field(default_factory=dict)
    unread: Mapping[int, str] = field(default_factory=dict)
    twins: Mapping[Twin, nftables.Table] = field(default_factory=dict)

    def fate(self, family: Family, protocol: str, port: int) -> Fate:
        """What becomes of a packet to a port of the machine."""
        packet = self._packet(family, protocol, port)
        fates = self._fates(family, WAY_IN, packet)
        for native in self.native:
            fates += nftables.fates_in(native, ("prerouting", "input"), packet)
        return self._with_unread(
            family,
            strictest(fates, "no ruleset"),
            self._met(packet, "nat", iptables.rewrites, "nat", ("redirect", "dnat")),
        )

    def _fates(self, family: Family, way: Sequence[tuple[str, str]], packet: Packet) -> list[Fate]:
        """What each tool's tables of iptables do with it."""
        found = []
        for place, tables in enumerate(self.tables.get(family, ())):
            for name, chain in way:
                if name in tables and chain in tables[name].policies:
                    twin = self.twins.get((family, place, name))
                    native = nftables.readable(twin, packet) if twin else None
                    found.append(iptables.fate_in(tables[name], chain, packet, self.sets, native))
        return found

    def published_fate(self, family: Family, protocol: str, port: int, inside: int) -> Fate:
        """What becomes of a packet to a port that Docker publishes: where Docker has rules, it does not come through INPUT."""
        if not self._has_docker(family):
            return self.fate(family, protocol, port)
        packet = replace(self._packet(family, protocol, inside), forwarded=port)
        # In which of the networks the container is, is not known: it may be in any.
        networks = self.machine.inner(family) or (None,)
        fate = loosest([self._forwarded_fate(family, replace(packet, inner=network)) for network in networks])
        return self._with_unread(family, fate, None)

    def _forwarded_fate(self, family: Family, packet: Packet) -> Fate:
        fates = self._fates(family, (("mangle", "FORWARD"), ("filter", DOCKER_CHAIN)), packet)
        for native in self.native:
            fates += nftables.fates_in(native, ("forward",), packet)
        return strictest(fates, "published by Docker, and nothing in DOCKER-USER")

    def _has_docker(self, family: Family) -> bool:
        """Whether Docker sends a family's packets to containers itself; where not, its proxy listens as other programs do."""
        return any(
            DOCKER_CHAIN in tables.get("filter", iptables.Table()).policies
            or "DOCKER" in tables.get("nat", iptables.Table()).policies
            for tables in self.tables.get(family, ())
        ) or any(table.family in nftables.OURS[family] and table.name.startswith("docker-") for table in self.native)

    def stranger(self, family: Family) -> Fate:
        """What becomes of packets to ports that nobody opened."""
        ordinary = loosest([self.fate(family, protocol, UNOPENED_PORT) for protocol in ("tcp", "udp")])
        if ordinary.word != "drop" and ordinary.word != "reject":
            return ordinary
        for protocol in ("tcp", "udp"):
            first, *others = HIGH_PORTS
            fate = self.fate(family, protocol, first)
            if fate.word == "accept" and all(self.fate(family, protocol, port).word == "accept" for port in others):
                return fate
        return ordinary

    def _packet(self, family: Family, protocol: str, port: int) -> Packet:
        """A stranger's, as it is when it comes to be filtered."""
        packet = Packet(self.machine, family, protocol, port)
        tables = self.tables.get(family, ())
        if any(iptables.marks(one[name]) for one in tables for name in ("raw", "mangle") if name in one) or any(
            map(nftables.marks, self.native)
        ):
            packet = replace(packet, mark=None)
        left_alone = self._met(packet, "raw", iptables.untracks, "filter", ("notrack",))
        if left_alone:
            packet = replace(packet, is_tracked=False if left_alone.word == "accept" else None)
        return packet

    def _met(
        self,
        packet: Packet,
        table: str,
        is_sought: Callable[[iptables.Rule], bool],
        type_: str,
        statements: Sequence[str],
    ) -> Fate | None:
        """Whether it meets a rule of some kind before it is routed."""
        found = [
            *(iptables.reaches(one[table], is_sought, packet, self.sets) for one in self.tables.get(packet.family, ()) if table in one),
            *(nftables.reaches(one, type_, statements, packet) for one in self.native),
        ]  # fmt: skip
        return next(filter(None, found), None)

    def _with_unread(self, family: Family, fate: Fate, rewritten: Fate | None) -> Fate:
        """What was read drops, whatever else there is; but for it, anything may."""
        if rewritten:
            return Fate("unknown", f"packets to any port are sent elsewhere ({rewritten.why})")
        unread = self.unread.get(family) or self.unread.get(0)
        if unread and not fate.is_shut:
            return Fate("unknown", unread, is_unseen=True)
        return fate


class Boot(Struct, frozen=True):
    """What brings the filter back.

    Attributes:
        by: what is enabled.
        missing: why it does not bring back what is in force; empty where it does.
        unsure: why that cannot be said.
    """

    by: str = ""
    missing: str = ""
    unsure: str = ""


class Firewall(Struct, frozen=True):
    """What becomes of a stranger's packets, and whether the filter comes back at boot.

    Attributes:
        has_v6: whether the machine has an address of IPv6 beyond its link; nothing where that is not known.
    """

    v4: Fate
    v6: Fate
    has_v6: bool | None
    boot: Boot
    filter: Filter

    @property
    def families(self) -> tuple[Family, ...]:
        """Those that the machine has."""
        return (4,) if self.has_v6 is False else (4, 6)

    def datagram(self, address: str, port: int) -> Fate:
        """What becomes of a stranger's datagram to an address of the machine. Silence from outside would prove nothing."""
        return loosest([self.filter.fate(family, "udp", port) for family in self._reached(address)])

    def published_datagram(self, address: str, port: int, inside: int) -> Fate:
        """The same of a port that Docker publishes."""
        families: tuple[Family, ...] = (6,) if address == "::" else self._reached(address)
        return loosest([self.filter.published_fate(family, "udp", port, inside) for family in families])

    def _reached(self, address: str) -> tuple[Family, ...]:
        """The families of those who reach an address; a wildcard of IPv6 stands for both."""
        if address in ("", "*", "::"):
            return self.families
        return (6,) if ":" in address else (4,)


def parse(gathered: Gathered, target: Target) -> Firewall:
    """From the kernel's rulesets and what is kept for boot."""
    followed = ("rules", "nft", "sets", "routes", "addresses", "links", "boot", "file")
    found = records(gathered.said("firewall").out, "the firewall probe", ("mention", "restored"), followed)
    if not any(one.word == "boot" for one in found):
        raise Garbled("the firewall probe")
    unread: dict[int, str] = {}
    machine, has_v6 = _machine(found)
    tables = _tables(found, unread)
    everything = _native(found, unread)
    twins = {twin: table for table in everything if (twin := _twin(table, tables))}
    native = tuple(table for table in everything if not _twin(table, tables))
    boot = key_values(next(one.body for one in reversed(found) if one.word == "boot"))
    if boot.get("firewalld_active") == "active" and not any(one.word == "nft" for one in found):
        unread.setdefault(0, "firewalld keeps its rules in nftables, and there is no nft to show them")
    filter_ = Filter(machine, tables, native, _sets(found), unread, twins)
    v4, v6 = filter_.stranger(4), filter_.stranger(6)
    families: tuple[Family, ...] = (4,) if has_v6 is False else (4, 6)
    return Firewall(v4, v6, has_v6, _boot(found, boot, filter_, families), filter_)


def _status(record: Record, at: int = -1) -> int:
    text = record.rest.split(" ")[at]
    if not is_number(text):
        raise record.garbled()
    return int(text)


def _machine(found: Sequence[Record]) -> tuple[Machine, bool | None]:
    """The interfaces through which strangers come, and the machine's addresses."""
    by_word = {one.word: one for one in found if one.word in ("addresses", "links")}
    if by_word.keys() != {"addresses", "links"}:
        raise Garbled("the firewall probe: no interfaces")
    addresses: dict[str, list[ipaddress.IPv4Interface | ipaddress.IPv6Interface]] = {}
    has_v6 = False
    for line in by_word["addresses"].lines:
        if match := re.match(
            r"[0-9]+: (\S+)\s+inet6? ([0-9a-fA-F.:]+)(?:/([0-9]+)| peer ([0-9a-fA-F.:]+)/([0-9]+))?.*? scope (\S+)",
            line,
        ):
            try:
                one = ipaddress.ip_interface(f"{match[2]}/{match[3]}" if match[3] else match[2])
            except ValueError:
                raise Garbled(f"ip said: {line[:120]}") from None
            addresses.setdefault(match[1], []).append(one)
            # A private one in a tunnel, or on the way to containers, is no way for strangers.
            is_aside = not one.ip.is_global and (TUNNEL.match(match[1]) or INSIDE.match(match[1]))
            has_v6 = has_v6 or (one.version == 6 and match[6] == "global" and not is_aside)
    links = frozenset(match[1] for line in by_word["links"].lines if (match := re.match(r"[0-9]+: ([^:@\s]+)", line)))
    known = _status(by_word["addresses"]) == 0
    own = {name: tuple(ones) for name, ones in addresses.items()} if known else None
    return Machine(_outer(found, links, own), links, own), has_v6 if known else None


def _outer(
    found: Sequence[Record],
    links: frozenset[str],
    own: Mapping[str, tuple[ipaddress.IPv4Interface | ipaddress.IPv6Interface, ...]] | None,
) -> dict[int, frozenset[str]] | None:
    """By family, where the default route leads, and where a public address is."""
    outer: dict[int, set[str]] = {4: set(), 6: set()}
    for record in found:
        if record.word == "routes":
            family = 6 if record.rest.startswith("6") else 4
            for line in record.lines:
                if line.startswith("default"):
                    outer[family] |= set(re.findall(r"\bdev (\S+)", line)) - {"lo"}
    public = {
        version: {
            name
            for name, ones in (own or {}).items()
            if any(one.version == version and one.ip.is_global for one in ones)
        }
        for version in outer
    }
    for family, names in outer.items():
        with_public = {name for name in public[family] if not INSIDE.match(name)}
        # Beside a way out with a public address, one with private ones only leads to a private network.
        names &= with_public if names & with_public else names
        names -= {name for name in names if TUNNEL.match(name)}
        names |= with_public
    everywhere = outer[4] | outer[6]
    if everywhere:
        return {family: frozenset(names or everywhere) for family, names in outer.items()}
    if links <= {"lo"}:
        # No interface at all: there, the first one would have the kernel's own name.
        return dict.fromkeys((4, 6), frozenset({"eth0"}))
    # All goes out through a tunnel, or nowhere: by which of the real interfaces strangers come is known of a single one.
    real = frozenset(name for name in links if not TUNNEL.match(name) and not INSIDE.match(name))
    return dict.fromkeys((4, 6), real) if len(real) == 1 else None


def _tables(found: Sequence[Record], unread: dict[int, str]) -> dict[Family, tuple[Mapping[str, iptables.Table], ...]]:
    tables: dict[Family, tuple[Mapping[str, iptables.Table], ...]] = {}
    for record in found:
        if record.word != "rules":
            continue
        words = record.rest.split(" ")
        if len(words) != 3 or words[0] not in ("4", "6"):
            raise record.garbled()
        family: Family = 4 if words[0] == "4" else 6
        if _status(record) != 0:
            unread[family] = f"{words[1]} failed, and what it would show is not known"
            continue
        shown = iptables.tables_of("\n".join(line for line in record.lines))
        hidden = {
            match[1] for line in record.lines if (match := re.search(r"^#.*`(\w+)'.*" + iptables.INCOMPATIBLE, line))
        }
        tables[family] = (*tables.get(family, ()), {name: table for name, table in shown.items() if name not in hidden})
    return tables


def _native(found: Sequence[Record], unread: dict[int, str]) -> tuple[nftables.Table, ...]:
    """All tables of nftables, also those that iptables keeps there."""
    record = next((one for one in found if one.word == "nft"), None)
    if record is None:
        return ()
    if _status(record, 0) != 0:
        unread[0] = "nft failed, and what it would show is not known"
        return ()
    if not record.body.strip():
        return ()
    ruleset = parse_json(record.body, "nft's ruleset")
    return nftables.tables_of(ruleset, has_members=record.rest.endswith("whole"))


def _twin(table: nftables.Table, tables: Mapping[Family, Sequence[Mapping[str, iptables.Table]]]) -> Twin | None:
    """Where a table is one that iptables keeps in nftables: which of those that it showed itself."""
    families: dict[str, Family] = {"ip": 4, "ip6": 6}
    if table.family not in families:
        return None
    family = families[table.family]
    for place, shown in enumerate(tables.get(family, ())):
        same = shown.get(table.name, iptables.Table())
        if (
            table.chains
            and table.chains.keys() <= same.policies.keys()
            and all(len(chain.rules) == len(same.rules.get(name, ())) for name, chain in table.chains.items())
        ):
            return family, place, table.name
    return None


def _sets(found: Sequence[Record]) -> iptables.Sets | None:
    """The sets of ipset; nothing where they could not be read."""
    record = next((one for one in found if one.word == "sets"), None)
    if record is None:
        return {}
    return iptables.sets_of(record.body) if _status(record) == 0 else None


# At boot


def _boot(found: Sequence[Record], said: Mapping[str, str], filter_: Filter, families: Sequence[Family]) -> Boot:
    """What is enabled, and whether what it loads keeps strangers out."""
    enabled = [
        unit
        for unit in ("nftables", "netfilter-persistent", "firewalld", *TRUSTED_MANAGERS)
        if said.get(unit) == "enabled"
    ]
    if _unquoted(said.get("ufw_enabled", "")).lower() == "yes" and said.get("ufw") == "enabled":
        enabled.insert(0, "ufw")
    restored = [one for one in found if one.word == "restored"]
    mentions = [one.rest for one in found if one.word == "mention"]
    if said.get("network") != "own":
        # What is kept is for another network than the one whose rules were seen.
        return Boot(", ".join(enabled), unsure=_mentioned(mentions) if mentions and not enabled else "")
    files = _files(found)
    keepers: dict[str, dict[Family, bool | None]] = {}
    for unit in enabled:
        keepers[unit] = {family: _keeps(unit, family, said, files, filter_) for family in families}
    for one in restored:
        kind, path = one.fields(2)
        keepers[path] = {
            each: _keeps_file(files.get(path), each, filter_, native=kind == "nft")
            for each in families
            if kind in (str(each), "nft")
        }
    by = ", ".join(unit for unit, kept in keepers.items() if True in kept.values())
    for family in families:
        kept = [each.get(family, False) for each in keepers.values()]
        if True in kept:
            continue
        name = f"IPv{family}"
        if None in kept:
            return Boot(by, unsure=f"what {' and '.join(keepers)} loads at boot for {name} is not known")
        if mentions and not restored:
            return Boot(by, unsure=_mentioned(mentions))
        if not keepers:
            return Boot()
        return Boot(by, f"what {' and '.join(keepers)} loads at boot does not shut {name}")
    return Boot(by)


def _mentioned(mentions: Sequence[str]) -> str:
    return f"{', '.join(sorted(set(mentions)))} may bring rules back: what is loaded there was not read"


def _keeps(
    unit: str, family: Family, said: Mapping[str, str], files: Mapping[str, str | None], filter_: Filter
) -> bool | None:
    """Whether what a unit loads at boot shuts what nobody opened."""
    match unit:
        case "ufw":
            return _unquoted(said.get("ufw_DEFAULT_INPUT_POLICY", "DROP")).upper() in ("DROP", "REJECT")
        case "netfilter-persistent":
            plugin, path = (
                ("15-ip4tables", "/etc/iptables/rules.v4")
                if family == 4
                else ("25-ip6tables", "/etc/iptables/rules.v6")
            )
            return _keeps_file(files.get(path, ""), family, filter_) if said.get(plugin) == "there" else False
        case "nftables":
            texts = [text for path, text in files.items() if not path.endswith((".xml", ".v4", ".v6"))]
            kept = nftables.keeps_out("\n".join(filter(None, texts)), family)
            # What was cut, as a long list of addresses, can only add to what keeps out.
            return kept if kept or None not in texts else None
        case "firewalld":
            return _keeps_zone(family, said, files, filter_)
        case "shorewall":
            return family == 4 or said.get("shorewall6") == "enabled"
        case _:
            return True


def _keeps_file(text: str | None, family: Family, filter_: Filter, *, native: bool = False) -> bool | None:
    if text is None:
        return None
    if native:
        return nftables.keeps_out(text, family)
    try:
        tables = iptables.tables_of(text)
    except Garbled:
        return None
    sets = filter_.sets
    fate = Filter(filter_.machine, {family: (tables,)}, (), sets).stranger(family)
    return None if fate.word == "unknown" else fate.is_shut


def _keeps_zone(
    family: Family, said: Mapping[str, str], files: Mapping[str, str | None], filter_: Filter
) -> bool | None:
    """Whether the zone of the outer interface, as it is kept, lets nobody in by default."""
    zones = {
        path.rpartition("/")[2].removesuffix(".xml"): text for path, text in files.items() if path.endswith(".xml")
    }
    outer = (filter_.machine.outer or {}).get(family, frozenset())
    default = said.get("firewalld_zone") or "public"
    chosen = [
        name for name, text in zones.items() if text and any(f'<interface name="{link}"' in text for link in outer)
    ]
    found = []
    for name in chosen or [default]:
        text = zones.get(name, "")
        if text is None:
            return None
        match = re.search(r"<zone\b[^>]*\btarget=\"([^\"]*)\"", text)
        found.append(
            (match[1] if match else "default") != "ACCEPT" and not (name in FIREWALLD_ZONES_OPEN and not match)
        )
    return all(found)


def _files(found: Sequence[Record]) -> dict[str, str | None]:
    """The files that were shown, by path; nothing where one was cut."""
    files: dict[str, str | None] = {}
    for one in found:
        if one.word == "file":
            size, path = one.fields(2)
            if not is_number(size.strip()):
                raise one.garbled()
            text = "\n".join(line.removeprefix(" ") for line in one.lines)
            files[path] = text if len(text.encode()) + 2 >= int(size) else None
    return files


def _unquoted(text: str) -> str:
    return text.strip().strip("\"'")


FACT = Fact("firewall", parse, (PROBE,))
