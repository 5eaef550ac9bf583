"""Rules as `nft -j list ruleset` prints them (libnftables-json(5)), and files as nft reads them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from pytest_zebu.facts import iptables
from pytest_zebu.facts.answer import Garbled, part
from pytest_zebu.facts.packets import (
    Act,
    Fate,
    Met,
    Network,
    Packet,
    Step,
    any_of,
    every,
    from_share,
    met_if,
    share_of,
    walk,
)

Key = tuple[str, str]
"""A table: family and name."""
OURS = {4: ("ip", "inet"), 6: ("ip6", "inet")}
NUMBERS = {1: "icmp", 6: "tcp", 17: "udp", 58: "ipv6-icmp"}
OPERATORS = ("==", "!=", "in", "!", "<", ">", "<=", ">=")
TRANSPORTS = ("tcp", "udp", "udplite", "sctp", "dccp", "th")
SENDERS_CHOICE = frozenset({
    "ttl", "hoplimit", "dscp", "ecn", "id", "flowlabel", "sequence", "window", "ackseq", "urgptr", "doff", "random", "cpu",
    "day", "hour", "rtclassid",
})  # fmt: skip
"""What packets of any stranger's are now this way, now that way."""
ACTS: Mapping[str, Act] = {
    "accept": "accept", "drop": "drop", "reject": "reject", "return": "return", "jump": "jump", "goto": "goto",
    "continue": "pass",
}  # fmt: skip
SOUGHT = "@sought"
"""Marks the steps that are sought: no chain has such a name."""
HARMLESS = frozenset({
    "counter", "log", "comment", "ct helper", "ct timeout", "ct expectation", "flow", "dup", "notrack", "last", "secmark", "mangle", "map", "snat", "masquerade", "set",
})  # fmt: skip
"""Statements behind which the packet goes on."""


TABLE_FLAGS = frozenset({"owner", "persist"})
"""Flags of tables that are in force."""

Condition = Callable[[int | None], Met]
"""How many packets meet a condition, by the mark that they have."""
Side = Callable[[Any, int | None], Met]
"""How many packets have a value where a condition looks, by the mark that they have."""


class Chain(Struct, frozen=True):
    """A chain; one that nothing hooks has no hook."""

    name: str
    type: str = ""
    hook: str = ""
    policy: str = "accept"
    devices: tuple[str, ...] = ()
    rules: tuple[Sequence[Any], ...] = ()


class Table(Struct, frozen=True):
    """A table.

    Attributes:
        sets: the members of named sets and maps; nothing where they were not listed.
        is_dormant: whether it is in nobody's way for now; nothing where that is not known.
    """

    family: str
    name: str
    chains: Mapping[str, Chain] = field(default_factory=dict)
    sets: Mapping[str, Sequence[Any] | None] = field(default_factory=dict)
    is_dormant: bool | None = False


def tables_of(ruleset: Any, *, has_members: bool = True) -> tuple[Table, ...]:
    """The tables of a ruleset, with or without the members of named sets."""
    chains: dict[Key, dict[str, dict[str, Any]]] = {}
    rules: dict[tuple[Key, str], list[Sequence[Any]]] = {}
    sets: dict[Key, dict[str, Sequence[Any] | None]] = {}
    dormant: dict[Key, bool | None] = {}
    try:
        for entry in ruleset["nftables"]:
            for kind, what in entry.items():
                if kind == "table":
                    chains.setdefault((what["family"], what["name"]), {})
                    dormant[what["family"], what["name"]] = _is_dormant(what.get("flags", ()))
                elif kind == "chain":
                    chains.setdefault((what["family"], what["table"]), {})[what["name"]] = what
                elif kind == "rule":
                    rules.setdefault(((what["family"], what["table"]), what["chain"]), []).append(
                        part(what, "expr", list)
                    )
                elif kind in ("set", "map"):
                    members = part(what, "elem", list) if "elem" in what else [] if has_members else None
                    sets.setdefault((what["family"], what["table"]), {})[what["name"]] = members
        return tuple(
            Table(
                *key,
                {name: _chain(what, tuple(rules.get((key, name), ()))) for name, what in found.items()},
                sets.get(key, {}),
                dormant.get(key, False),
            )
            for key, found in chains.items()
        )
    except (KeyError, TypeError, AttributeError):
        raise Garbled("nft has another shape than known") from None


def _is_dormant(flags: Any) -> bool | None:
    """Of a table, by its flags. Some versions print the name of the table in place of them."""
    words = {flags} if isinstance(flags, str) else set(map(str, flags))
    if "dormant" in words:
        return True
    return False if words <= TABLE_FLAGS else None


def _chain(what: Mapping[str, Any], rules: tuple[Sequence[Any], ...]) -> Chain:
    devices = what.get("dev", ())
    return Chain(
        str(what["name"]), str(what.get("type", "")), str(what.get("hook", "")), str(what.get("policy", "accept")),
        (devices,) if isinstance(devices, str) else tuple(map(str, devices)), rules,
    )  # fmt: skip


def fates_in(table: Table, hooks: Sequence[str], packet: Packet) -> list[Fate]:
    """What the base chains of a table do with a packet that comes through their hook."""
    is_ingress = table.family == "netdev"
    if table.is_dormant or (not is_ingress and table.family not in OURS[packet.family]):
        return []
    wanted = ("ingress",) if is_ingress else (*hooks, "ingress")
    bases = [chain for chain in table.chains.values() if chain.type == "filter" and chain.hook in wanted]
    if not bases:
        return []
    steps = {name: _steps(table, chain, packet) for name, chain in table.chains.items()}
    found = []
    for base in bases:
        fate = walk(steps, base.name, base.policy, packet.mark)
        if base.hook == "ingress" and fate.is_shut:
            # Some versions do not print of which interface it is.
            met = any_of(packet.comes_by(device) for device in base.devices) if base.devices else Met.UNSEEN
            if met is Met.NONE:
                continue
            if met is not Met.ALL:
                fate = Fate("unknown", f"{fate.why}: of which interface is not known", is_unseen=True)
        if table.is_dormant is None and fate.is_shut:
            fate = Fate("unknown", f"{fate.why}: whether the table is dormant is not known", is_unseen=True)
        found.append(Fate(fate.word, f"nft {table.family} {table.name}, {fate.why}", fate.is_unseen))
    return found


def readable(table: Table, packet: Packet) -> iptables.Native:
    """The rules of a table of iptables, as far as nft knows what is in them."""
    return {
        name: [
            None if any("xt" in statement for statement in rule) else _rule(table, name, rule, packet, ())
            for rule in chain.rules
        ]
        for name, chain in table.chains.items()
    }


def reaches(table: Table, type_: str, statements: Collection[str], packet: Packet) -> Fate | None:
    """Of chains of a type before routing: whether packets meet a rule that does one of some things, `accept` standing for that they do."""
    if table.is_dormant or table.family not in OURS[packet.family]:
        return None
    for base in table.chains.values():
        if base.type == type_ and base.hook == "prerouting":
            steps = {name: _steps(table, chain, packet, statements) for name, chain in table.chains.items()}
            fate = walk(steps, base.name, "drop", packet.mark)
            if not fate.is_shut:
                return Fate(fate.word, f"nft {table.family} {table.name}, {fate.why}", fate.is_unseen)
    return None


def marks(table: Table) -> bool:
    """Whether a table marks packets before they come in."""
    return any(
        isinstance(statement, Mapping) and "mangle" in statement
        for chain in table.chains.values()
        if chain.hook in ("", "prerouting")
        for rule in chain.rules
        for statement in rule
    )


def _steps(table: Table, chain: Chain, packet: Packet, sought: Collection[str] = ()) -> tuple[Step, ...]:
    """The rules of a chain. Where something is sought, only what does that is accepted."""
    found: list[Step] = []
    for rule in chain.rules:
        found += _rule(table, chain.name, rule, packet, sought)
    return tuple(map(_sought, found)) if sought else tuple(found)


def _sought(step: Step) -> Step:
    if step.to == SOUGHT:
        return replace(step, to="")
    others: Mapping[Act, Act] = {"accept": "return", "unknown": "pass"}
    return replace(step, act=others.get(step.act, step.act))


def _rule(table: Table, chain: str, rule: Any, packet: Packet, sought: Collection[str]) -> list[Step]:
    """The ways of a rule: one, or one for each member of a verdict map."""
    sees = _Sight(table, packet)
    text = f"{chain}: {' '.join(filter(None, map(_said, rule)))}"
    conditions: list[Condition] = []
    steps: list[Step] = []
    for statement in rule:
        if not isinstance(statement, Mapping) or len(statement) != 1:
            return [*steps, Step(lambda mark: Met.UNSEEN, "unknown", text)]
        ((word, what),) = statement.items()
        met = _all_met(conditions)
        if word == "vmap":
            return [*steps, *_ways(table, what, sees, met, text)]
        if word in ACTS:
            to = part(what, "target", str) if word in ("jump", "goto") else ""
            return [*steps, Step(met, ACTS[word] if not to or to in table.chains else "unknown", text, to)]
        match word, what:
            case "match", _:
                conditions.append(sees.condition(what))
            case "limit" | "ct count" | "quota" | "meter", _:
                conditions.append(lambda mark: Met.SOME)
            case "set", {"stmt": [_, *_]}:
                # What adds to a set may do so up to a limit.
                conditions.append(lambda mark: Met.SOME)
            case "mangle", {"key": {"meta": {"key": "mark"}}, **rest}:
                value = rest.get("value")
                steps.append(Step(met, "mark", text, str(value) if isinstance(value, int) else ""))
            case _ if word in sought:
                steps.append(Step(met, "accept", text, SOUGHT))
            case "redirect" | "dnat", _:
                steps.append(Step(met, "unknown", text))
            case "xt", {"type": "target", "name": "MARK"}:
                steps.append(Step(met, "mark", text))
            case "xt", {"type": "target", "name": str(name)} if name in iptables.HARMLESS:
                pass
            case "xt", {"type": "target"}:
                steps.append(Step(met, "unknown", text))
            case "xt", _ if statement is rule[-1]:
                steps.append(Step(met, "unknown", text))
            case "xt", _:
                conditions.append(lambda mark: Met.UNSEEN)
            case _ if word not in HARMLESS:
                # A queue, a proxy, and what is not known at all.
                steps.append(Step(met, "unknown", text))
    return steps


def _all_met(conditions: Sequence[Condition]) -> Condition:
    so_far = tuple(conditions)
    return lambda mark: every(condition(mark) for condition in so_far)


def _ways(table: Table, what: Any, sees: _Sight, met: Condition, text: str) -> list[Step]:
    """Those of a verdict map: its members exclude each other."""
    if not isinstance(what, Mapping) or not sees.has_header(what.get("key")):
        return []
    members = sees.members(what.get("data"))
    if members is None:
        return [Step(met, "unknown", text)]
    side = sees.side(what.get("key"))
    found = []
    for member in members:
        if not isinstance(member, Sequence) or len(member) != 2 or not isinstance(member[1], Mapping):
            raise Garbled("a verdict map of nft has another shape than known")
        key, verdict = member
        word, where = next(iter(verdict.items()), ("", None))
        to = part(where, "target", str) if word in ("jump", "goto") else ""
        act: Act = ACTS.get(word, "unknown") if not to or to in table.chains else "unknown"
        found.append(Step(_meant(sees, met, side, key), act, f"{text} {_said(key)}: {_said(verdict)}", to))
    return found


def _meant(sees: _Sight, met: Condition, side: Side, key: Any) -> Condition:
    return lambda mark: every((met(mark), sees.one_of(side, [key], mark)))


def _said(value: Any) -> str:
    """Rules, statements and values in few words, for people."""
    match value:
        case {"match": {"op": str(operator), "left": left, "right": right}}:
            return f"{_said(left)} {'' if operator in ('==', 'in') else f'{operator} '}{_said(right)}"
        case {"payload": {"protocol": str(protocol), "field": str(name)}}:
            return f"{protocol} {name}"
        case {"meta": {"key": str(name)}}:
            return name
        case {"ct": {"key": str(name)}}:
            return f"ct {name}"
        case {"set": list(members)} | list(members):
            return f"{{ {', '.join(map(_said, members[:8]))}{', ...' if len(members) > 8 else ''} }}"
        case {"range": [first, last]}:
            return f"{first}-{last}"
        case {"prefix": {"addr": address, "len": length}}:
            return f"{address}/{length}"
        case {"counter": _} | {"comment": _} | {"log": _}:
            return ""
        case {"jump": {"target": target}} | {"goto": {"target": target}}:
            return f"to {target}"
        case {**pairs} if len(pairs) == 1:
            return str(next(iter(pairs)))
        case _:
            return str(value)[:60]


class _Sight(Struct, frozen=True):
    """What a table's conditions are met by."""

    table: Table
    packet: Packet

    def members(self, data: Any) -> Sequence[Any] | None:
        """Those of a set, named or not; nothing where they were not listed."""
        match data:
            case str() if data.startswith("@"):
                return self.table.sets.get(data[1:])
            case {"set": list(members)} | {"set": {"elem": list(members)}}:
                return members
            case {"set": str(name)}:
                return self.table.sets.get(name.removeprefix("@"))
            case _:
                return None

    def condition(self, match: Any) -> Condition:
        """One that a rule states."""
        operator = part(match, "op", str)
        left, right = match.get("left"), match.get("right")
        if operator not in OPERATORS:
            return lambda mark: Met.UNSEEN
        return lambda mark: self._matches(operator, left, right, mark)

    def _matches(self, operator: str, left: Any, right: Any, mark: int | None) -> Met:
        if not self.has_header(left):
            return Met.NONE
        if operator in ("<", ">", "<=", ">="):
            return self._compares(left, operator, right)
        if (isinstance(right, Mapping) and "set" in right) or (isinstance(right, str) and right.startswith("@")):
            members = self.members(right)
            if members is None:
                # A long list of addresses is a list of some.
                is_list = operator != "!=" and self.side(left) == self._from
                return Met.UNSURE if is_list else Met.UNSEEN
        else:
            members = [right]
        met = self.one_of(self.side(left), members, mark)
        return met.otherwise if operator in ("!=", "!") else met

    def has_header(self, left: Any) -> bool:
        """Whether packets have what is looked at: nft asks for the protocol without a word."""
        match left:
            case {"payload": {"protocol": str(protocol)}} if protocol in TRANSPORTS:
                return protocol in (self.packet.protocol, "th")
            case {"payload": {"protocol": "ip" | "ip6" as protocol}}:
                return bool(protocol == ("ip" if self.packet.family == 4 else "ip6"))
            case {"payload": {"protocol": "icmp" | "icmpv6" | "ah" | "esp" | "comp" | "igmp" | "arp" | "vlan" | "gre"}}:
                return False
            case {"&": [inner, *_]}:
                return self.has_header(inner)
            case {"concat": list(parts)}:
                return all(map(self.has_header, parts))
            case {"tcp option": _}:
                return self.packet.protocol == "tcp"
            case _:
                return True

    def _compares(self, left: Any, operator: str, right: Any) -> Met:
        match left:
            case {"payload": {"field": "dport"}} if isinstance(right, int):
                compare = {">=": int.__ge__, "<=": int.__le__, ">": int.__gt__, "<": int.__lt__}[operator]
                return met_if(compare(self.packet.port, right))
            case {"payload": {"field": "sport"}} | {"meta": {"key": "hour" | "random" | "time"}} | {"numgen": _}:
                return Met.SOME
            case {"payload": {"field": str(name)}} if name in SENDERS_CHOICE:
                return Met.SOME
            case _:
                return Met.UNSURE

    def one_of(self, side: Side, members: Sequence[Any], mark: int | None) -> Met:
        """Whether packets have one of several values. Addresses of many small networks are many together."""
        plain = [_plain(member) for member in members]
        met = any_of(side(member, mark) for member in plain)
        if met in (Met.NONE, Met.SOME) and side == self._from:
            return from_share(sum(_share(member) for member in plain))
        return met

    def side(self, left: Any) -> Side:
        """What is looked at."""
        packet = self.packet
        match left:
            case {"concat": list(parts)}:
                sides = [self.side(one) for one in parts]
                return lambda value, mark: self._concatenated(sides, value, mark)
            case {"ct": {"key": "state"}}:
                return lambda value, mark: packet.in_state(frozenset(map(str.upper, map(str, _words(value)))))
            case {"ct": {"key": "direction"}}:
                return lambda value, mark: met_if(value == "original")
            case {"ct": {"key": "status"}}:
                return lambda value, mark: met_if(packet.forwarded is not None and "dnat" in _words(value))
            case {"ct": {"key": "helper"}}:
                return lambda value, mark: Met.NONE
            case {"ct": {"key": "proto-dst"}}:
                port = packet.port if packet.forwarded is None else packet.forwarded
                return lambda value, mark: _is_within(value, port)
            case (
                {"meta": {"key": "l4proto"}}
                | {"payload": {"field": "nexthdr"}}
                | {"payload": {"protocol": "ip", "field": "protocol"}}
            ):
                return lambda value, mark: met_if(
                    packet.protocol in (value, NUMBERS.get(value) if isinstance(value, int) else value)
                )
            case {"meta": {"key": "nfproto"}}:
                return lambda value, mark: met_if(value in ((2, "ipv4") if packet.family == 4 else (10, "ipv6")))
            case {"meta": {"key": "protocol"}} | {"payload": {"protocol": "ether", "field": "type"}}:
                return lambda value, mark: met_if(value in ((0x0800, "ip") if packet.family == 4 else (0x86DD, "ip6")))
            case {"payload": {"protocol": "ip" | "ip6", "field": "version"}}:
                return lambda value, mark: met_if(value == packet.family)
            case {"meta": {"key": "iifname" | "iif"}}:
                return lambda value, mark: self._by(value)
            case {"meta": {"key": "oifname" | "oif"}} if packet.forwarded is not None:
                return lambda value, mark: Met.ALL if str(value).startswith(("docker", "br-")) else Met.UNSURE
            case {"meta": {"key": "iiftype"}}:
                return lambda value, mark: (
                    Met.NONE if value == "loopback" else Met.ALL if value == "ether" else Met.UNSEEN
                )
            case {"meta": {"key": "pkttype"}}:
                return lambda value, mark: met_if(value in ("host", "unicast"))
            case {"meta": {"key": "mark"}}:
                return lambda value, mark: (
                    Met.UNSEEN if mark is None or not isinstance(value, int) else met_if(mark == value)
                )
            case {"&": [{"meta": {"key": "mark"}}, int(bits)]}:
                return lambda value, mark: (
                    Met.UNSEEN if mark is None or not isinstance(value, int) else met_if(mark & bits == value)
                )
            case {"meta": {"key": "secpath" | "ipsec"}}:
                return lambda value, mark: met_if(not value)
            case {"fib": {"result": "type", "flags": flags}}:
                return lambda value, mark: self._of_type(value, flags)
            case {"fib": {"result": "oif" | "oifname"}}:
                return lambda value, mark: met_if(value not in (False, 0, "missing"))
            case {"payload": {"field": "dport"}}:
                return lambda value, mark: _is_within(value, packet.port)
            case {"payload": {"protocol": "ip" | "ip6", "field": "saddr"}}:
                return self._from
            case {"payload": {"protocol": "ip" | "ip6", "field": "daddr"}} | {
                "ct": {"key": "daddr" | "ip daddr" | "ip6 daddr"}
            }:
                return lambda value, mark: self._to(value)
            case {"payload": {"protocol": "tcp", "field": "flags"}}:
                return lambda value, mark: met_if("syn" in _words(value))
            case {"&": [{"payload": {"protocol": "ip", "field": "frag-off"}}, int()]}:
                # A first packet is whole: it says at most that it must not be cut (0x4000).
                return lambda value, mark: met_if(value == 0) if value in (0, 0x2000, 0x1FFF, 0x3FFF) else Met.UNSURE
            case {"&": [{"payload": {"protocol": "tcp", "field": "flags"}}, mask]}:
                return lambda value, mark: met_if(({"syn"} & _words(mask)) == _words(value) - {0})
            case (
                {"payload": {"field": "sport"}}
                | {"numgen": _}
                | {"jhash": _}
                | {"symhash": _}
                | {"osf": _}
                | {"tcp option": _}
                | {"exthdr": _}
            ):
                return lambda value, mark: Met.SOME
            case {"payload": {"field": str(name)}} | {"meta": {"key": str(name)}} if name in SENDERS_CHOICE:
                return lambda value, mark: Met.SOME
            case {"payload": _} | {"meta": _} | {"ct": _} | {"socket": _} | {"rt": _} | {"ipsec": _}:
                return lambda value, mark: Met.UNSURE
            case _:
                return lambda value, mark: Met.UNSEEN

    def _concatenated(self, sides: Sequence[Side], value: Any, mark: int | None) -> Met:
        match value:
            case {"concat": list(parts)} if len(parts) == len(sides):
                return every(side(_plain(one), mark) for side, one in zip(sides, parts, strict=True))
            case _:
                return Met.UNSEEN

    def _by(self, value: Any) -> Met:
        name = str(value)
        return self.packet.comes_by(name.removesuffix("*"), prefix=name.endswith("*"))

    def _of_type(self, value: Any, flags: Any) -> Met:
        of_source = flags == "saddr" or (isinstance(flags, list) and "saddr" in flags)
        ours = "unicast" if of_source or self.packet.forwarded is not None else "local"
        return met_if(value == ours)

    def _from(self, value: Any, mark: int | None) -> Met:
        networks = _networks(value)
        return Met.UNSURE if networks is None else from_share(sum(map(share_of, networks)))

    def _to(self, value: Any) -> Met:
        networks = _networks(value)
        return Met.UNSURE if networks is None else self.packet.goes_to(networks)


def _plain(member: Any) -> Any:
    """A member without its comment, time and counter."""
    match member:
        case {"elem": {"val": value}}:
            return value
        case _:
            return member


def _words(value: Any) -> set[Any]:
    """The names of flags: one, a list, or some combined."""
    match value:
        case {"|": list(parts)}:
            return set().union(*map(_words, parts))
        case list():
            return set().union(*map(_words, value))
        case {"set": list(parts)}:
            return set().union(*map(_words, parts))
        case str():
            return set(re.split(r"[|,]", value))
        case int():
            return {value}
        case _:
            return {"?"}


def _is_within(value: Any, port: int) -> Met:
    match value:
        case {"range": [int(first), int(last)]}:
            return met_if(first <= port <= last)
        case int():
            return met_if(value == port)
        case _:
            return Met.UNSEEN


def _networks(value: Any) -> list[Network] | None:
    """Those that an address, a prefix or a range stands for."""
    try:
        match value:
            case {"prefix": {"addr": str(address), "len": int(length)}}:
                return [ipaddress.ip_network(f"{address}/{length}", strict=False)]
            case {"range": [str(first), str(last)]}:
                return list(ipaddress.summarize_address_range(ipaddress.ip_address(first), ipaddress.ip_address(last)))
            case str():
                return [ipaddress.ip_network(value, strict=False)]
            case _:
                return None
    except (ValueError, TypeError):
        return None


def _share(value: Any) -> float:
    return sum(map(share_of, _networks(value) or ()))


# Files


_WORD = re.compile(r"\"[^\"]*\"|[{};]|\n|[^\s{};\"]+")


TABLES = ("ip", "ip6", "inet", "arp", "bridge", "netdev")
BLOCKS = ("table", "chain", "set", "map", "flowtable")
COMMANDS = ("add", "create", "insert")
EARLIER = ("prerouting", "ingress")
"""Hooks where packets pass before they come in."""
SAYS_MORE = ("packets", "bytes", "name", "prefix", "level", "flags", "group", "comment")
"""Words with a value that say how something is counted or logged."""
Place = tuple[str, str, str]
"""A chain: family, table and name."""


class _Draft(Struct):
    """What a file of nft says of its chains.

    Attributes:
        hooks: where each is hooked.
        drops: those that drop all that gets to their end.
        sifts: those that drop some.
    """

    hooks: dict[Place, str] = field(default_factory=dict)
    drops: set[Place] = field(default_factory=set)
    sifts: set[Place] = field(default_factory=set)

    def take(self, words: list[str], chain: Place | None) -> None:
        """A statement of a chain, or one that names the chain which it is for."""
        if words[0] in COMMANDS:
            chain = _place(words[2:]) if words[1:2] == ["rule"] else None
            words = words[(5 if words[2:3] and words[2] in TABLES else 4) :]
        if chain is None:
            return
        if "hook" in words:
            self.hooks[chain] = "".join(words[words.index("hook") + 1 :][:1])
        while words and (words[0] in ("counter", "log", *SAYS_MORE) or words[0].startswith('"')):
            words = words[2:] if words[0] in SAYS_MORE else words[1:]
        if words[:2] == ["policy", "drop"] or words[:1] in (["drop"], ["reject"]):
            self.drops.add(chain)
        elif {"drop", "reject"} & set(words):
            self.sifts.add(chain)


def _place(words: Sequence[str]) -> Place | None:
    """The chain that a command names; without a family it is one of IPv4."""
    named = [*words] if words and words[0] in TABLES else ["ip", *words]
    return (named[0], named[1], named[2]) if len(named) > 2 else None


def keeps_out(text: str, family: int) -> bool | None:
    """Whether a file of nft has a chain at the way in that drops what nothing accepts: by its policy, or by a rule without a condition.

    It tells what somebody meant to keep for boot, and not what the rules between say: those are judged where they are in force.
    Where only packets on their way to there are sifted, it is not told.
    """
    text = re.sub(r"(^|\s)#[^\n]*", r"\1", text.replace("\\\n", " "))
    draft = _Draft()
    heads: list[list[str]] = []
    """The words before each brace that is open; none before one of a rule's own."""
    outer: list[list[str]] = []
    statement: list[str] = []

    def said() -> None:
        nonlocal statement
        words, statement = statement, []
        if words:
            draft.take(words, _within(heads))

    for word in _WORD.findall(text):
        if word == "{":
            is_block = (statement[1:2] if statement[:1] and statement[0] in COMMANDS else statement[:1]) or [""]
            heads.append(statement if is_block[0] in BLOCKS else [])
            outer.append([] if heads[-1] else statement)
            statement = []
        elif word == "}":
            if heads:
                if heads[-1]:
                    said()
                statement = [*outer.pop(), "{", *statement, "}"] if not heads[-1] else []
                heads.pop()
        elif word in (";", "\n"):
            if not heads or heads[-1]:
                said()
        else:
            statement.append(word)
    said()
    ours = {
        chain for chain in draft.hooks.keys() | draft.drops | draft.sifts if chain[0] in OURS[4 if family == 4 else 6]
    }
    entered = {chain[:2] for chain in ours if draft.hooks.get(chain) == "input"}
    if any(chain[:2] in entered and draft.hooks.get(chain, "input") == "input" for chain in ours & draft.drops):
        return True
    is_sifted_before = any(
        draft.hooks.get(chain) in EARLIER and (chain in ours or chain[0] == "netdev")
        for chain in draft.drops | draft.sifts
    )
    return None if is_sifted_before else False


def _within(heads: Sequence[Sequence[str]]) -> Place | None:
    """The chain whose statements stand within some braces."""
    table: Sequence[str] = ()
    for head in filter(None, heads):
        words = head[1:] if head[0] in COMMANDS else head
        if words[0] == "table":
            table = words[1:]
        elif words[0] == "chain":
            return _place([*table, words[1]] if table and len(words) == 2 else words[1:])
    return None
