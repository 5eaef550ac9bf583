"""The packet filter as the kernel has it: what becomes of a stranger's first packet to a port that nobody opened."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_zebu.facts.answer import Garbled
from pytest_zebu.facts.fact import Fact, Gathered, Probe, key_values
from pytest_zebu.facts.lines import records
from pytest_zebu.settings.target import Target

UNOPENED_PORT = 47
"""Reserved by IANA: no service has it."""
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
            name, policy = line[1:].split()[:2]
            policies[name] = policy
        elif line.startswith("-A "):
            words = shlex.split(line)
            rules.setdefault(words[1], []).append(words[2:])
    if not policies:
        return "accept", "no ruleset"

    def through(name: str, depth: int) -> tuple[str, str] | None:
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
                case jump if jump in policies and depth < 20:
                    found = through(jump, depth + 1)
                    if found is not None:
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

    def through(key: tuple[str, str, str], depth: int) -> str | None:
        for expressions in rules.get(key, ()):
            verdict = _nft_verdict(expressions)
            if verdict in ("drop", "reject", "accept"):
                return verdict
            if verdict == "return":
                return None
            if verdict.startswith("jump ") and depth < 20:
                found = through((key[0], key[1], verdict[5:]), depth + 1)
                if found:
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
                return f"jump {expression[word]['target']}"
        if not {"match", "counter", "log", "comment"} & expression.keys():
            return ""
    return ""


def _nft_matches(match: Mapping[str, Any]) -> bool:
    text = json.dumps(match)
    values = json.dumps(match.get("right"))
    positive = match.get("op") in ("==", "in")
    if '"ct"' in text and '"state"' in text:
        return ('"new"' in values) is positive
    if '"l4proto"' in text or '"nexthdr"' in text or '"protocol"' in text:
        return ('"tcp"' in values or values == "6") is positive
    if '"iifname"' in text or '"iif"' in text:
        is_inner = any(f'"{name}' in values for name in INNER_INTERFACES)
        return is_inner is not positive
    return False


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
    for part, family in (("v4", "ip"), ("v6", "ip6")):
        verdict = walk(parts.get(part, ""))
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
