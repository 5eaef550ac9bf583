"""The packet filter as the kernel has it: what becomes of a stranger's first packet to a port that nobody opened."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_zebu.facts.answer import Garbled, part
from pytest_zebu.facts.fact import Fact, Gathered, Probe, key_values
from pytest_zebu.facts.lines import records
from pytest_zebu.settings.target import Target

UNOPENED_PORT = 47
"""Reserved by IANA: no service has it."""
DEEPEST = 100
"""Jumps within jumps. Kernels know loops, and give up long before."""
INNER_INTERFACES = ("lo", "docker", "br-", "veth", "tailscale", "wg")
"""Interfaces through which no stranger comes."""

PROBE = Probe(
    "firewall",
    file="firewall.sh",
    root=True,
    limit=2_097_152,
)


@dataclass(frozen=True, slots=True)
class Firewall:
    """The verdicts on a stranger's packet, and whether the filter comes back at boot.

    Attributes:
        v4, v6: `drop`, `reject` or `accept`, with the rule or policy that says so.
        at_boot: what brings it back, if anything does.
    """

    v4: tuple[str, str]
    v6: tuple[str, str]
    has_v6: bool
    at_boot: str
    rules: tuple[str, str] = ("", "")

    def admits_udp(self, port: int) -> bool:
        """Whether a stranger's datagram to a port comes through. Silence from outside would prove nothing."""
        saved = [
            rules
            for rules, verdict in zip(self.rules, (self.v4, self.v6), strict=True)
            if not verdict[1].startswith("nft ")
        ]
        return any(walk(rules, "udp", port)[0] == "accept" for rules in saved)


def walk(save: str, protocol: str = "tcp", port: int = UNOPENED_PORT) -> tuple[str, str]:
    """What an `iptables-save` ruleset does with a stranger's first packet to a port, by default one that nobody opened."""
    chain = "INPUT"
    policies: dict[str, str] = {}
    rules: dict[str, list[list[str]]] = {}
    for line in save.splitlines():
        if line.startswith(":"):
            name, _, rest = line[1:].partition(" ")
            policies[name] = rest.partition(" ")[0]
        elif line.startswith("-A "):
            try:
                _, name, *rule = shlex.split(line)
            except ValueError:
                raise Garbled(f"iptables-save said: {line[:120]}") from None
            rules.setdefault(name, []).append(rule)
    if not policies:
        return "accept", "no ruleset"

    seen: dict[str, tuple[str, str] | None] = {}

    def through(name: str, depth: int) -> tuple[str, str] | None:
        if depth > DEEPEST:
            raise Garbled("the packet filter's chains nest deeper than a kernel lets them")
        if name not in seen:
            seen[name] = walked(name, depth)
        return seen[name]

    def walked(name: str, depth: int) -> tuple[str, str] | None:
        for rule in rules.get(name, ()):
            if not _applies(rule, protocol, port):
                continue
            match _target(rule):
                case "ACCEPT":
                    return "accept", f"{name}: {shlex.join(rule)}"
                case "DROP" | "REJECT" as verdict:
                    return verdict.lower(), f"{name}: {shlex.join(rule)}"
                case "RETURN":
                    return None
                case jump if jump in policies:
                    found = through(jump, depth + 1)
                    # What returns from a chain that it went to (-g) does not come back to this one.
                    if found is not None or "-g" in rule:
                        return found
        return None

    return through(chain, 0) or (policies.get(chain, "ACCEPT").lower(), f"policy of {chain}")


def _target(rule: Sequence[str]) -> str:
    for flag in ("-j", "-g"):
        if flag in rule[:-1]:
            return rule[rule.index(flag) + 1]
    return ""


def _applies(rule: Sequence[str], protocol: str, port: int) -> bool:
    """Whether a rule matches the packet: new, unicast to this machine, from an unknown address, not from the loopback.

    A condition that is not known to be met is taken as not met: an exception for somebody else opens nothing to all.
    """
    words = iter(rule)
    negated = False
    for word in words:
        if word == "!":
            negated = True
            continue
        value = "" if word in ("--syn",) else next(words, "")
        match word:
            case "-m" | "-j" | "-g" | "--comment" | "--reject-with" | "--log-prefix" | "--log-level":
                met = True
            case "-p" | "--protocol":
                met = value in (protocol, "all", "0")
            case "-i" | "--in-interface":
                met = not value.startswith(INNER_INTERFACES)
            case "--ctstate" | "--state":
                met = "NEW" in value.split(",")
            case "--tcp-flags":
                # Of the flags that are looked at, a first packet has SYN only.
                met = {"SYN"} & set(value.replace("ALL", "SYN").split(",")) == set(next(words, "").split(",")) - {
                    "NONE"
                }
            case "--dst-type":
                met = "LOCAL" in value.split(",")
            case "--syn":
                met = True
            case "-s" | "--source" | "-d" | "--destination":
                met = value in ("0.0.0.0/0", "::/0")
            case "--dport" | "--dports" | "--sport" | "--sports":
                met = word.startswith("--d") and any(_covers(part, port) for part in value.split(","))
            case _:
                return False
        if met is negated:
            return False
        negated = False
    return True


def _covers(ports: str, port: int) -> bool:
    first, _, last = ports.partition(":")
    try:
        return int(first or 0) <= port <= int(last or first or 65535)
    except ValueError:
        return False


def walk_nft(ruleset: Any, family: str) -> tuple[str, str]:
    """What nftables' own tables do with that packet: dropped by one base chain is dropped."""
    chains: dict[tuple[str, str, str], dict[str, Any]] = {}
    rules: dict[tuple[str, str, str], list[list[Any]]] = {}
    try:
        for entry in ruleset["nftables"]:
            if chain := entry.get("chain"):
                chains[chain["family"], chain["table"], chain["name"]] = chain
            elif rule := entry.get("rule"):
                rules.setdefault((rule["family"], rule["table"], rule["chain"]), []).append(rule["expr"])
    except (KeyError, TypeError, AttributeError):
        raise Garbled("nft has another shape than known") from None

    seen: dict[tuple[str, str, str], str | None] = {}

    def through(key: tuple[str, str, str], depth: int) -> str | None:
        if depth > DEEPEST:
            raise Garbled("nft's chains nest deeper than a kernel lets them")
        if key not in seen:
            seen[key] = walked(key, depth)
        return seen[key]

    def walked(key: tuple[str, str, str], depth: int) -> str | None:
        for expressions in rules.get(key, ()):
            verdict = _nft_verdict(expressions)
            if verdict in ("drop", "reject", "accept"):
                return verdict
            if verdict == "return":
                return None
            word, _, chain = verdict.partition(" ")
            if chain:
                found = through((key[0], key[1], chain), depth + 1)
                if found or word == "goto":
                    return found
        return None

    for key, chain in chains.items():
        is_ours = chain.get("hook") == "input" and chain.get("type") == "filter" and key[0] in ("inet", family)
        # The tables that iptables keeps in nftables were walked as iptables shows them.
        if not is_ours or (key[0] != "inet" and key[1] in ("filter", "nat", "mangle", "raw", "security")):
            continue
        verdict = through(key, 0) or chain.get("policy", "accept")
        if verdict in ("drop", "reject"):
            return verdict, f"nft {key[0]} {key[1]} {key[2]}"
    return "accept", "no nftables chain drops it"


def _nft_verdict(expressions: Sequence[Any]) -> str:
    for expression in expressions:
        if not isinstance(expression, Mapping):
            return ""
        if "match" in expression and not _nft_matches(expression["match"]):
            return ""
        for word in ("drop", "accept", "reject", "return"):
            if word in expression:
                return word
        for word in ("jump", "goto"):
            if word in expression:
                return f"{word} {part(expression[word], 'target', str)}"
        if not {"match", "counter", "log", "comment"} & expression.keys():
            return ""
    return ""


def _nft_matches(match: Any) -> bool:
    """Whether the packet meets a condition; one that is not known is not met."""
    match match:
        case {"op": "==" | "in" | "!=" as operator, "left": left, "right": right}:
            met = _nft_meets(left, right["set"] if isinstance(right, dict) and "set" in right else right)
            return met is not None and met is (operator != "!=")
        case {
            "op": ">=" | "<=" | ">" | "<" as operator,
            "left": {"payload": {"field": "dport"} as payload},
            "right": int(right),
        }:
            compare = {">=": int.__ge__, "<=": int.__le__, ">": int.__gt__, "<": int.__lt__}[operator]
            return payload.get("protocol") in ("tcp", "th") and compare(UNOPENED_PORT, right)
        case _:
            return False


def _nft_meets(left: Any, right: Any) -> bool | None:
    values = right if isinstance(right, list) else [right]
    match left:
        case {"ct": {"key": "state"}}:
            return "new" in values
        case (
            {"meta": {"key": "l4proto"}}
            | {"payload": {"field": "nexthdr"}}
            | {"payload": {"protocol": "ip", "field": "protocol"}}
        ):
            return "tcp" in values or 6 in values
        case {"meta": {"key": "iifname" | "iif"}}:
            return not all(str(value).startswith(INNER_INTERFACES) for value in values)
        case {"payload": {"protocol": "tcp" | "th", "field": "dport"}}:
            return any(_is_within(value) for value in values)
        case {"payload": {"protocol": "ip" | "ip6", "field": "saddr" | "daddr"}}:
            return False
        case _:
            return None


def _is_within(value: Any) -> bool:
    match value:
        case {"range": [int(first), int(last)]}:
            return first <= UNOPENED_PORT <= last
        case _:
            return bool(value == UNOPENED_PORT)


def parse(gathered: Gathered, target: Target) -> Firewall:
    """From the kernel's rulesets and what is enabled at boot."""
    followed = ("v4", "v6", "nft", "boot")
    parts = {one.word: one.body for one in records(gathered.said("firewall").out, "the firewall probe", (), followed)}
    if "boot" not in parts:
        raise Garbled("the firewall probe")
    boot = key_values(parts["boot"])
    text = parts.get("nft", "").strip()
    try:
        ruleset = json.loads(text) if text else {"nftables": []}
    except (ValueError, RecursionError):
        raise Garbled("nft's ruleset is no JSON") from None
    verdicts = []
    for table, family in (("v4", "ip"), ("v6", "ip6")):
        verdict = walk(parts.get(table, ""))
        verdicts.append(verdict if verdict[0] != "accept" else _stricter(verdict, walk_nft(ruleset, family)))
    at_boot = next(
        (unit for unit in ("nftables", "netfilter-persistent", "firewalld") if boot.get(unit) == "enabled"), ""
    )
    if boot.get("ufw_enabled", "").lower() == "yes" and boot.get("ufw_unit") == "enabled":
        at_boot = "ufw"
    has_v6 = boot.get("v6", "0") != "0"
    rules = (parts.get("v4", ""), parts.get("v6", "") if has_v6 else ":INPUT DROP [0:0]")
    return Firewall(verdicts[0], verdicts[1], has_v6, at_boot, rules)


def _stricter(one: tuple[str, str], other: tuple[str, str]) -> tuple[str, str]:
    return other if other[0] != "accept" else one


FACT = Fact("firewall", parse, (PROBE,))
