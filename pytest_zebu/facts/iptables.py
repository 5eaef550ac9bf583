"""Rules as `iptables-save` prints them, and sets as `ipset save` does."""

from __future__ import annotations

import ipaddress
import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise

from msgspec import Struct, field
from msgspec.structs import replace

from pytest_zebu.facts.answer import Garbled, is_number, lines_of
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

INCOMPATIBLE = "incompatible"
"""What `iptables-save` says of a table of nftables that it cannot show."""
FLAGS = frozenset({"FIN", "SYN", "RST", "PSH", "ACK", "URG"})
NUMBERS = {"1": "icmp", "6": "tcp", "17": "udp", "58": "ipv6-icmp", "132": "sctp", "136": "udplite"}
HARMLESS = frozenset({
    "LOG", "NFLOG", "ULOG", "CONNMARK", "SECMARK", "CONNSECMARK", "TCPMSS", "TOS", "DSCP", "TTL", "HL", "ECN", "CLASSIFY",
    "SET", "AUDIT", "TRACE", "LED", "IDLETIMER", "RATEEST", "TEE", "CHECKSUM", "TCPOPTSTRIP", "ACCOUNT", "HMARK", "CT",
    "NOTRACK", "NETFLOW", "",
})  # fmt: skip
"""Targets behind which the packet goes on (iptables-extensions(8))."""
SINGLE = frozenset(
    {
        "--comment",
        "--log-prefix",
        "--nflog-prefix",
        "--string",
        "--hex-string",
        "--bytecode",
        "--u32",
        "--name",
        "--path",
    }
)
"""Options whose value may look like another option."""
PARTLY = frozenset({
    "--limit", "--limit-burst", "--hashlimit", "--hashlimit-upto", "--hashlimit-above", "--connlimit-upto",
    "--connlimit-above", "--probability", "--every", "--packet", "--mode", "--quota", "--dscp", "--dscp-class", "--tos",
    "--ttl-eq", "--ttl-lt", "--ttl-gt", "--hl-eq", "--hl-lt", "--hl-gt", "--mss", "--tcp-option", "--genre", "--cpu",
    "--timestart", "--timestop", "--weekdays", "--monthdays", "--datestart",
})  # fmt: skip
"""What some packets of any stranger's meet: by how many there were before, by when, or by what the sender chooses."""
SAYS_HOW = frozenset({
    "--comment", "--limit-burst", "--name", "--rdest", "--utc", "--localtz", "--hashlimit-burst", "--hashlimit-mode", "--hashlimit-name",
    "--hashlimit-htable-size", "--hashlimit-htable-max", "--hashlimit-htable-expire", "--hashlimit-htable-gcinterval",
    "--hashlimit-srcmask", "--hashlimit-dstmask", "--hashlimit-rate-match", "--hashlimit-rate-interval", "--connlimit-mask",
    "--connlimit-saddr", "--connlimit-daddr", "--limit-iface-in", "--loose", "--validmark", "--accept-local", "--kerneltz",
    "--contiguous", "--nfacct-name", "--return-nomatch", "--rsource", "--mask", "--rttl", "--reap", "--update-counters",
"--update-subcounters", "--seconds", "--hitcount", "--dir", "--strict", "--next", "--packet",
})  # fmt: skip
"""Options that say how another condition is meant, and are none themselves."""
MODULES = frozenset({
    "tcp", "udp", "udplite", "sctp", "dccp", "icmp", "icmp6", "multiport", "comment", "conntrack", "state", "limit", "hashlimit",
    "connlimit", "iprange", "set", "addrtype", "mark", "recent", "time", "pkttype", "policy", "statistic", "quota", "ttl",
    "hl", "tos", "dscp", "tcpmss", "rpfilter", "nfacct", "osf", "cpu",
})  # fmt: skip
"""Modules that ask for nothing but what their options say."""


class IpSet(Struct, frozen=True):
    """A set of ipset.

    Attributes:
        kind: such as `hash:net,port`.
        share: the share of all addresses that its members are together.
        count: how many there are; fewer of them are members where the list was cut.
    """

    kind: str
    members: tuple[str, ...] = ()
    count: int = 0
    share: float = 0.0


Sets = Mapping[str, IpSet]


def sets_of(said: str) -> Sets:
    """From our summary of `ipset save`."""
    kinds: dict[str, str] = {}
    members: dict[str, list[str]] = {}
    sizes: dict[str, tuple[int, float]] = {}
    for line in lines_of(said):
        match line.split():
            case ["create", name, kind, *_]:
                kinds[name] = kind
            case ["add", name, member, *_]:
                members.setdefault(name, []).append(member)
            case ["size", name, count, share]:
                try:
                    sizes[name] = (int(count), float(share))
                except ValueError:
                    raise Garbled(f"the sizes of sets: {line[:120]}") from None
            case []:
                pass
            case _:
                raise Garbled(f"ipset said: {line[:120]}")
    return {name: IpSet(kind, tuple(members.get(name, ())), *sizes.get(name, (0, 0.0))) for name, kind in kinds.items()}


Rule = tuple[str, ...]
Native = Mapping[str, Sequence[Sequence[Step] | None]]
"""By chain and place, what nft shows of the rules of a table; nothing where it does not know their modules."""


class Table(Struct, frozen=True):
    """A table: the policy of each chain (`-` for one that rules go to), and the rules of each."""

    policies: Mapping[str, str] = field(default_factory=dict)
    rules: Mapping[str, tuple[Rule, ...]] = field(default_factory=dict)


def tables_of(save: str) -> dict[str, Table]:
    """The tables of an answer of `iptables-save`, or of a file that `iptables-restore` reads: people write more into these."""
    policies: dict[str, dict[str, str]] = {}
    rules: dict[str, dict[str, list[Rule]]] = {}
    name = "filter"
    for line in map(str.strip, lines_of(save)):
        if line.startswith("*"):
            name = line[1:].strip()
            policies.setdefault(name, {})
        elif line.startswith(":"):
            chain, _, rest = line[1:].partition(" ")
            policies.setdefault(name, {})[chain] = rest.partition(" ")[0]
        elif line.startswith(("-", "[")):
            try:
                words = [word for word in _words(line) if not word.startswith("[")]
            except ValueError:
                raise Garbled(f"iptables-save said: {line[:120]}") from None
            chain, said = (words[1], words[2:]) if len(words) > 1 else ("", [])
            if any(word.startswith("#") and before not in SINGLE for before, word in pairwise(said)):
                # It knows comments in lines of their own only, and loads nothing.
                raise Garbled(f"not a rule: {line[:120]}")
            match words[:1]:
                case ["-A" | "--append"] if chain:
                    rules.setdefault(name, {}).setdefault(chain, []).append(tuple(said))
                case ["-I" | "--insert"] if chain:
                    place = int(said.pop(0)) - 1 if said and is_number(said[0]) else 0
                    place = max(0, min(place, len(rules.get(name, {}).get(chain, ()))))
                    rules.setdefault(name, {}).setdefault(chain, []).insert(place, tuple(said))
                case ["-P" | "--policy"] if len(said) == 1:
                    policies.setdefault(name, {})[chain] = said[0]
                case ["-N" | "--new-chain"] if chain and not said:
                    policies.setdefault(name, {})[chain] = "-"
                case _:
                    raise Garbled(f"iptables-save said: {line[:120]}")
        elif line and not line.startswith("#") and line != "COMMIT":
            raise Garbled(f"iptables-save said: {line[:120]}")
    return {
        table: Table(chains, {chain: tuple(found) for chain, found in rules.get(table, {}).items()})
        for table, chains in policies.items()
    }


_UNQUOTED = re.compile(r"[ !#-&(-\[\]-~]*")


def _words(line: str) -> list[str]:
    """The words of a rule, as a shell reads them; most lines have nothing to unquote.

    Raises:
        ValueError: a quotation does not end.
    """
    return line.split() if _UNQUOTED.fullmatch(line) else shlex.split(line)


def fate_in(table: Table, chain: str, packet: Packet, sets: Sets | None, native: Native | None = None) -> Fate:
    """What a table's base chain does with a packet. Rules that nft shows whole are taken from it: older iptables leave out what is not theirs."""
    steps = {}
    for name in table.policies:
        found: list[Step] = []
        known = (native or {}).get(name, ())
        for number, rule in enumerate(table.rules.get(name, ())):
            whole = known[number] if number < len(known) else None
            found += [_step(name, rule, table, packet, sets)] if whole is None else whole
        steps[name] = tuple(found)
    return walk(steps, chain, table.policies.get(chain, "ACCEPT").lower(), packet.mark)


def reaches(table: Table, is_sought: Callable[[Rule], bool], packet: Packet, sets: Sets | None) -> Fate | None:
    """Before routing: whether packets meet a rule of some kind, `accept` standing for that they do."""
    if "PREROUTING" not in table.policies:
        return None
    steps = {}
    for name in table.policies:
        found = []
        for rule in table.rules.get(name, ()):
            step = _step(name, rule, table, packet, sets)
            others: Mapping[Act, Act] = {"accept": "return", "unknown": "pass"}
            act: Act = "accept" if is_sought(rule) else others.get(step.act, step.act)
            found.append(replace(step, act=act))
        steps[name] = tuple(found)
    fate = walk(steps, "PREROUTING", "drop", packet.mark)
    return None if fate.is_shut else fate


def rewrites(rule: Rule) -> bool:
    """Whether a rule sends packets elsewhere."""
    return target_of(rule) in ("REDIRECT", "DNAT", "NETMAP")


def untracks(rule: Rule) -> bool:
    """Whether a rule keeps packets from being tracked as connections."""
    return target_of(rule) == "NOTRACK" or (target_of(rule) == "CT" and "--notrack" in rule)


def marks(table: Table) -> bool:
    """Whether a table marks packets before they come in."""
    return any(
        target_of(rule) in ("MARK", "CONNMARK")
        for chain, rules in table.rules.items()
        if chain not in ("INPUT", "OUTPUT", "POSTROUTING", "FORWARD")
        for rule in rules
    )


def target_of(rule: Rule) -> str:
    """What a rule does with what meets it, or where that goes."""
    for flag in ("-j", "-g", "--jump", "--goto"):
        if flag in rule[:-1]:
            return rule[rule.index(flag) + 1]
    return ""


def _step(chain: str, rule: Rule, table: Table, packet: Packet, sets: Sets | None) -> Step:
    conditions = tuple(_conditions(rule))
    target = target_of(rule)
    act: Act = "unknown"
    to = ""
    match target:
        case "ACCEPT":
            act = "accept"
        case "DROP" | "STEAL":
            act = "drop"
        case "REJECT":
            act = "reject"
        case "RETURN":
            act = "return"
        case "MARK":
            act, to = "mark", _mark_set(rule)
        case _ if target in table.policies:
            act, to = ("goto" if {"-g", "--goto"} & set(rule) else "jump"), target
        case _ if target in HARMLESS:
            act = "pass"

    def met(mark: int | None) -> Met:
        return every(_meets(one, mark, packet, sets) for one in conditions)

    text = f"{chain}: {shlex.join(rule)}"
    if any(one.word == "--mark" for one in conditions):
        return Step(met, act, text, to)
    known = met(None)
    return Step(lambda mark: known, act, text, to)


def _mark_set(rule: Rule) -> str:
    """The mark that a rule sets, where it sets all of it."""
    for flag in ("--set-xmark", "--set-mark"):
        if flag in rule[:-1]:
            value, _, mask = rule[rule.index(flag) + 1].partition("/")
            if not mask or _number(mask) == 0xFFFFFFFF:
                number = _number(value)
                return "" if number is None else str(number)
    return ""


def _number(text: str) -> int | None:
    try:
        return int(text, 0)
    except ValueError:
        return None


class _Condition(Struct, frozen=True):
    """An option before the target, with the module that it is of."""

    word: str
    values: tuple[str, ...]
    is_negated: bool
    module: str


def _conditions(rule: Sequence[str]) -> Iterator[_Condition]:
    at, negated, module = 0, False, ""
    while at < len(rule):
        word = rule[at]
        at += 1
        if word in ("-j", "-g", "--jump", "--goto"):
            return
        if word == "!":
            negated = True
            continue
        values: list[str] = []
        while at < len(rule) and not (rule[at].startswith("-") or rule[at] == "!"):
            values.append(rule[at])
            at += 1
        if not values and word in SINGLE and at < len(rule):
            values.append(rule[at])
            at += 1
        if word in ("-m", "--match"):
            module = values[0] if values else ""
        yield _Condition(word, tuple(values), negated, module)
        negated = False


def _meets(condition: _Condition, mark: int | None, packet: Packet, sets: Sets | None) -> Met:
    if condition.word in SAYS_HOW:
        return Met.ALL
    met = _met(condition, mark, packet, sets)
    return met.otherwise if condition.is_negated else met


def _met(condition: _Condition, mark: int | None, packet: Packet, sets: Sets | None) -> Met:
    word, values = condition.word, condition.values
    value = values[0] if values else ""
    match word:
        case "-p" | "--protocol":
            return met_if(NUMBERS.get(value, value).lower() in (packet.protocol, "all", "0", "ip"))
        case "-i" | "--in-interface":
            return packet.comes_by(value.removesuffix("+"), prefix=value.endswith("+"))
        case "-o" | "--out-interface":
            return Met.ALL if packet.forwarded is not None and value.startswith(("docker", "br-")) else Met.UNSURE
        case "-s" | "--source" | "--src-range":
            networks = _networks(value)
            return Met.UNSURE if networks is None else from_share(sum(map(share_of, networks)))
        case "-d" | "--destination" | "--dst-range" | "--ctorigdst":
            networks = _networks(value)
            if word == "--ctorigdst" and packet.forwarded is not None:
                packet = Packet(packet.machine, packet.family, packet.protocol, packet.forwarded)
            return Met.UNSURE if networks is None else packet.goes_to(networks)
        case "--dport" | "--dports" | "--destination-port" | "--destination-ports":
            return _on_ports(value, packet.port)
        case "--ctorigdstport":
            return _on_ports(value, packet.port if packet.forwarded is None else packet.forwarded)
        case "--ports":
            return any_of((_on_ports(value, packet.port), Met.SOME))
        case "--sport" | "--sports" | "--source-port" | "--source-ports":
            return Met.SOME
        case "--ctstate" | "--state":
            return packet.in_state(value.split(","))
        case "--tcp-flags" if len(values) == 2:
            looked_at, wanted = (FLAGS if one == "ALL" else {*one.split(",")} - {"NONE"} for one in values)
            return met_if({"SYN"} & looked_at == wanted)
        case "--syn":
            return met_if(packet.protocol == "tcp")
        case "--dst-type":
            return met_if(bool({"UNICAST" if packet.forwarded is not None else "LOCAL"} & {*value.split(",")}))
        case "--src-type":
            return met_if("UNICAST" in value.split(","))
        case "--pkt-type":
            return met_if(value in ("unicast", "host"))
        case "--ctproto":
            return met_if(NUMBERS.get(value, value) == packet.protocol)
        case "--ctdir":
            return met_if(value == "ORIGINAL")
        case "--pol":
            return met_if(value == "none")
        case "--mark" if condition.module == "mark":
            return _marked(value, mark)
        case "--match-set":
            return _in_set(values, packet, sets)
        case "--set":
            return Met.ALL
        case "--datestop":
            # The last moment that the kernel knows, where nobody named one.
            return Met.SOME if value.startswith("2038") else Met.UNSURE
        case "-f" | "--fragment" | "--invert" | "--helper":
            return Met.NONE
        case "-m" | "--match":
            return Met.ALL if value in MODULES else Met.UNSURE
        case _ if word in PARTLY:
            return Met.SOME
        case _:
            return Met.UNSURE


def _networks(text: str) -> list[Network] | None:
    """A network, an address or a range of them; nothing where it is none of these."""
    try:
        first, _, last = text.partition("-")
        if last:
            return list(ipaddress.summarize_address_range(ipaddress.ip_address(first), ipaddress.ip_address(last)))
        return [ipaddress.ip_network(text, strict=False)]
    except (ValueError, TypeError):
        return None


def _share(members: Sequence[str]) -> float:
    return sum(share_of(network) for member in members for network in _networks(member) or ())


def _on_ports(text: str, port: int) -> Met:
    return any_of(_on_port(part, port) for part in text.split(","))


def _on_port(text: str, port: int) -> Met:
    first, _, last = text.partition(":")
    try:
        return met_if(int(first or 0) <= port <= int(last or (65535 if ":" in text else first)))
    except ValueError:
        return Met.UNSEEN


def _marked(text: str, mark: int | None) -> Met:
    value, _, mask = text.partition("/")
    wanted, bits = _number(value), _number(mask or "0xffffffff")
    if mark is None or wanted is None or bits is None:
        return Met.UNSEEN
    return met_if(mark & bits == wanted)


def _in_set(values: tuple[str, ...], packet: Packet, sets: Sets | None, depth: int = 0) -> Met:
    """Whether it is in a set; what was cut of a long list counts by its share only."""
    if len(values) < 2 or sets is None or values[0] not in sets or depth > 2:
        return Met.UNSEEN
    found = sets[values[0]]
    sides = values[1].split(",")
    method, _, kinds_ = found.kind.partition(":")
    if not found.count:
        return Met.NONE
    if method == "list":
        return any_of(_in_set((member, values[1]), packet, sets, depth + 1) for member in found.members)
    kinds = kinds_.split(",")
    if len(sides) < len(kinds):
        return Met.UNSEEN
    if kinds[0] in ("ip", "net") and sides[0] == "src" and len(kinds) == 1:
        return from_share(found.share if len(found.members) < found.count else _share(found.members))
    if len(found.members) < found.count:
        return Met.UNSEEN
    shares = 0.0
    rest: list[Met] = []
    for member in found.members:
        met = []
        share = 0.0
        for kind, side, part in zip(kinds, sides, member.split(","), strict=False):
            if kind in ("ip", "net"):
                networks = _networks(part)
                if networks is None:
                    met.append(Met.UNSEEN)
                elif side == "src":
                    share = sum(map(share_of, networks))
                else:
                    met.append(packet.goes_to(networks))
            elif kind == "port":
                protocol, _, port = part.rpartition(":")
                met.append(met_if(protocol in ("", packet.protocol)))
                met.append(Met.SOME if side == "src" else _on_ports(port.replace("-", ":"), packet.port))
            elif kind == "iface" and side == "src":
                met.append(packet.comes_by(part))
            else:
                met.append(Met.UNSURE)
        is_met = every(met)
        if "src" in (side for kind, side in zip(kinds, sides, strict=False) if kind in ("ip", "net")):
            shares += share if is_met in (Met.ALL, Met.SOME) else 0.0
        else:
            rest.append(is_met)
    return any_of([*rest, from_share(shares)])
