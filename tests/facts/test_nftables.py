"""Rules as nft prints them, and files as nft reads them."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from pytest_zebu.facts import nftables
from pytest_zebu.facts.answer import Garbled
from pytest_zebu.facts.nftables import Table, fates_in, keeps_out, reaches, tables_of
from pytest_zebu.facts.packets import Fate, Machine, Packet, strictest
from tests.facts.test_packets import PACKET


def ruleset(
    *expressions: list[Any],
    policy: str = "accept",
    chains: tuple[str, ...] = (),
    sets: dict[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """`nft -j list ruleset`, with rules of the chain `input`; a rule may begin with the name of its chain."""
    base = {
        "family": "inet", "table": "own", "name": "input", "type": "filter", "hook": "input", "policy": policy, **more
    }  # fmt: skip
    place = {"family": base["family"], "table": base["table"]}
    found: list[dict[str, Any]] = [
        {"metainfo": {"version": "1.0.6"}},
        {"table": {**place, "name": base["table"]}},
        {"chain": base},
    ]
    found += [{"chain": {**place, "name": name}} for name in chains]
    found += [
        {"set": {**place, "name": name, **({} if elem is None else {"elem": elem})}}
        for name, elem in (sets or {}).items()
    ]
    for one in expressions:
        chain = one.pop(0) if isinstance(one[0], str) else "input"
        found.append({"rule": {**place, "chain": chain, "expr": one}})
    return {"nftables": found}


def fate(found: dict[str, Any], packet: Packet = PACKET, *, has_members: bool = True) -> Fate:
    fates = [
        one
        for table in tables_of(found, has_members=has_members)
        for one in fates_in(table, ("prerouting", "input"), packet)
    ]
    return strictest(fates, "nothing")


def match(left: Any, right: Any, op: str = "==") -> dict[str, Any]:
    return {"match": {"op": op, "left": left, "right": right}}


def payload(protocol: str, field: str) -> dict[str, Any]:
    return {"payload": {"protocol": protocol, "field": field}}


def meta(key: str) -> dict[str, Any]:
    return {"meta": {"key": key}}


def vmap(key: Any, *members: Any) -> dict[str, Any]:
    return {"vmap": {"key": key, "data": {"set": list(members)}}}


DROP, ACCEPT, COUNTER = {"drop": None}, {"accept": None}, {"counter": {"packets": 0, "bytes": 0}}
STATE, PROTOCOL, INTERFACE, MARK = {"ct": {"key": "state"}}, meta("l4proto"), meta("iifname"), meta("mark")
PORT, UDP_PORT, ANY_PORT = payload("tcp", "dport"), payload("udp", "dport"), payload("th", "dport")
SOURCE, DESTINATION, FLAGS = payload("ip", "saddr"), payload("ip", "daddr"), payload("tcp", "flags")
FIRST = {"&": [FLAGS, ["fin", "syn", "rst", "ack"]]}
FIB, REVERSE = {"fib": {"result": "type", "flags": "daddr"}}, {"fib": {"result": "oif", "flags": ["saddr", "iif"]}}


def prefix(address: str, length: int) -> dict[str, Any]:
    return {"prefix": {"addr": address, "len": length}}


@pytest.mark.parametrize(("condition", "met"), [
    (match(STATE, "new"), "all"), (match(STATE, ["established", "related"], "in"), "none"), (match(STATE, {"set": ["new"]}, "in"), "all"),
    (match(STATE, "invalid"), "none"), (match(STATE, ["established", "related"], "!="), "all"), (match(STATE, "new", "!="), "none"), (match(STATE, ["established", "new"], "in"), "all"),
    (match(STATE, {"set": ["established", "related"]}, "!="), "all"), (match({"ct": {"key": "direction"}}, "original"), "all"), (match({"ct": {"key": "status"}}, "dnat", "in"), "none"),
    (match({"ct": {"key": "helper"}}, "ftp"), "none"), (match({"ct": {"key": "mark"}}, 1), "particular"),
    (match(PROTOCOL, "tcp"), "all"), (match(PROTOCOL, {"set": ["udp", "tcp"]}), "all"), (match(PROTOCOL, "udp"), "none"), (match(PROTOCOL, 6), "all"), (match(PROTOCOL, {"set": ["icmp", "ipv6-icmp"]}), "none"),
    (match(PROTOCOL, "tcp", "!="), "none"), (match(payload("ip6", "nexthdr"), "tcp"), "none"), (match(payload("ip", "protocol"), "icmp"), "none"), (match(payload("ip", "protocol"), "tcp"), "all"),
    (match(meta("nfproto"), "ipv4"), "all"), (match(meta("nfproto"), "ipv6"), "none"), (match(meta("protocol"), "ip"), "all"), (match(payload("ether", "type"), "ip6"), "none"), (match(payload("ip", "version"), 4), "all"),
    (match(INTERFACE, "eth0"), "all"), (match(INTERFACE, "lo"), "none"), (match(INTERFACE, "lo", "!="), "all"), (match(INTERFACE, "eth0", "!="), "none"), (match(INTERFACE, "tun0"), "none"),
    (match(INTERFACE, {"set": ["lo", "eth0"]}), "all"), (match(INTERFACE, {"set": ["lo", "wg0"]}), "none"), (match(meta("iif"), "lo"), "none"), (match(INTERFACE, "eth*"), "all"), (match(INTERFACE, "wg*"), "none"),
    (match(meta("iiftype"), "ether"), "all"), (match(meta("iiftype"), "loopback"), "none"), (match(meta("iiftype"), 65534), "unread"), (match(meta("pkttype"), "host"), "all"), (match(meta("pkttype"), "broadcast"), "none"),
    (match(PORT, 22), "none"), (match(PORT, 47), "all"), (match(PORT, {"set": [22, 80]}), "none"), (match(PORT, {"set": [22, {"range": [40, 47]}]}), "all"), (match(ANY_PORT, {"range": [40, 50]}), "all"),
    (match(PORT, {"range": [47, 100]}), "all"), (match(PORT, {"range": [1, 46]}), "none"), (match(PORT, {"range": [48, 100]}), "none"), (match(PORT, "ssh"), "unread"),
    (match(PORT, 22, "!="), "all"), (match(PORT, 47, "!="), "none"), (match(PORT, 47, ">="), "all"), (match(PORT, 48, ">="), "none"),
    (match(PORT, 47, "<="), "all"), (match(PORT, 46, "<="), "none"), (match(PORT, 46, ">"), "all"), (match(PORT, 47, ">"), "none"), (match(PORT, 48, "<"), "all"), (match(PORT, 47, "<"), "none"),
    (match(UDP_PORT, 47), "none"), (match(UDP_PORT, 53, "!="), "none"), (match(UDP_PORT, 1, ">="), "none"), (match(payload("tcp", "sport"), 443), "some"), (match(payload("tcp", "sport"), 1023, ">"), "some"),
    (match(payload("icmp", "type"), "echo-request"), "none"), (match(PORT, "@ports"), "all"), (match(PORT, "@others"), "none"), (match(PORT, "@unheard"), "unread"), (match(PORT, {"set": "@ports"}), "all"),
    (match(SOURCE, "10.0.0.1"), "none"), (match(SOURCE, "10.0.0.1", "!="), "all"), (match(SOURCE, "@blocked"), "none"), (match(SOURCE, "@blocked", "!="), "all"), (match(SOURCE, "@halves"), "all"), (match(SOURCE, "@timed"), "none"),
    (match(SOURCE, prefix("0.0.0.0", 1)), "some"), (match(SOURCE, {"range": ["1.0.0.0", "223.255.255.255"]}), "some"), (match(SOURCE, {"set": [prefix("10.0.0.0", 8), "203.0.113.7"]}), "none"),
    (match(SOURCE, prefix("198.51.100.0", 24), "!="), "all"), (match(payload("ip6", "saddr"), "fe80::1", "!="), "none"), (match(SOURCE, 5), "particular"), (match({"&": [SOURCE, "0.0.0.1"]}, "0.0.0.1"), "unread"),
    (match(DESTINATION, "192.0.2.10"), "all"), (match(DESTINATION, "192.0.2.99"), "none"), (match(DESTINATION, prefix("192.0.2.0", 24)), "all"), (match(payload("ip6", "daddr"), "ff02::fb"), "none"), (match(DESTINATION, "x"), "particular"),
    (match(FIB, "local"), "all"), (match(FIB, "local", "!="), "none"), (match(FIB, "broadcast"), "none"), (match({"fib": {"result": "type", "flags": ["saddr"]}}, "local"), "none"), (match(REVERSE, False), "none"), (match(REVERSE, True), "all"),
    (match(FIRST, "syn"), "all"), (match(FIRST, "syn", "!="), "none"), (match(FLAGS, "syn"), "all"), (match(FLAGS, ["fin", "syn"], "in"), "all"), (match(FLAGS, ["fin", "syn"], "!"), "none"), (match(FLAGS, ["fin", "psh"], "!"), "all"),
    (match({"&": [FLAGS, {"|": ["fin", "syn"]}]}, {"|": ["fin", "syn"]}), "none"), (match({"&": [FLAGS, ["fin", "ack"]]}, 0), "all"), (match({"tcp option": {"name": "maxseg", "field": "size"}}, 536), "some"),
    (match(MARK, 1), "none"), (match(MARK, 1, "!="), "all"), (match({"&": [MARK, 255]}, 0), "all"), (match(MARK, "@marks"), "unread"),
    (match({"concat": [INTERFACE, PORT]}, {"set": [{"concat": ["eth0", 22]}, {"concat": ["tun0", 47]}]}), "none"), (match({"concat": [INTERFACE, PORT]}, {"set": [{"concat": ["eth0", {"range": [40, 50]}]}]}), "all"),
    (match({"concat": [SOURCE, PORT]}, {"set": [{"concat": [prefix("0.0.0.0", 0), 47]}]}), "all"), (match({"concat": [SOURCE, PORT]}, {"set": [{"concat": ["10.0.0.1", 47]}]}), "none"), (match({"concat": [INTERFACE, PORT]}, {"set": ["odd"]}), "unread"),
    (match(meta("hour"), {"range": ["08:00", "18:00"]}), "some"), (match(payload("ip", "ttl"), 5, ">"), "some"), (match(payload("ip", "dscp"), "cs0"), "some"), (match({"numgen": {"mode": "random", "mod": 10}}, 9, "<"), "some"),
    (match(meta("skuid"), 0), "particular"), (match(meta("length"), 20, ">"), "particular"), (match(meta("secpath"), True), "none"), (match(meta("secpath"), False), "all"), (match({"socket": {"key": "transparent"}}, 1), "particular"),
    (match({"somethingnew": {}}, 1), "unread"), (match(PORT, 47, "≈"), "unread"), ({"limit": {"rate": 1, "per": "second"}}, "some"), ({"quota": {"val": 9}}, "some"), ({"ct count": {"val": 9, "inv": True}}, "some"),
    ({"set": {"op": "add", "elem": 1, "set": "@x", "stmt": [{"limit": {"rate": 1}}]}}, "some"), ({"set": {"op": "add", "elem": 1, "set": "@x"}}, "all"), (COUNTER, "all"), ({"log": {"prefix": "x"}}, "all"), ({"flow": {"op": "add"}}, "all"),
    ({"xt": {"type": "match", "name": "conntrack"}}, "unread"), ({"xt": {"type": "target", "name": "LOG"}}, "all"),
])  # fmt: skip
def test_what_a_condition_is_met_by(condition: Any, met: str) -> None:
    sets = {
        "ports": [22, {"range": [40, 50]}], "others": [22], "blocked": ["5.6.7.8", {"elem": {"val": "5.6.7.9", "timeout": 9}}], "timed": None,
        "halves": [prefix("0.0.0.0", 1), prefix("128.0.0.0", 1)],
    }  # fmt: skip
    dropping = fate(ruleset([condition, DROP], sets=sets))
    accepting = fate(ruleset([condition, ACCEPT], policy="drop", sets=sets))
    assert (dropping.word, accepting.word) == {
        "all": ("drop", "accept"), "some": ("accept", "accept"), "none": ("accept", "drop"),
        "particular": ("accept", "unknown"), "unread": ("unknown", "unknown"),
    }[met]  # fmt: skip


def test_many_small_networks_are_many_strangers() -> None:
    few = [prefix(f"5.{number}.0.0", 16) for number in range(10)]
    many = [prefix(f"{first}.{second}.0.0", 16) for first in (5, 31) for second in range(100)]
    assert fate(ruleset([match(SOURCE, {"set": few}), ACCEPT], policy="drop")).word == "drop"
    assert fate(ruleset([match(SOURCE, {"set": many}), ACCEPT], policy="drop")).word == "accept"


def test_members_that_were_not_listed_are_not_none() -> None:
    found = ruleset([match(SOURCE, "@allowed"), ACCEPT], policy="drop", sets={"allowed": None})
    assert fate(found).word == "drop"
    assert fate(found, has_members=False).word == "unknown"
    listed: dict[str, Any] = {"sets": {"banned": None}, "policy": "accept"}
    assert fate(ruleset([match(SOURCE, "@banned"), DROP], **listed), has_members=False).word == "accept"
    assert fate(ruleset([match(SOURCE, "@banned", "!="), DROP], **listed), has_members=False).word == "unknown"
    assert fate(ruleset([match(PORT, "@banned"), DROP], **listed), has_members=False).word == "unknown"
    assert (
        fate(ruleset([{"vmap": {"key": PORT, "data": "@m"}}], policy="drop", sets={"m": None}), has_members=False).word
        == "unknown"
    )


@pytest.mark.parametrize(("rules", "word"), [
    ([[ACCEPT], [DROP]], "accept"), ([[DROP], [ACCEPT]], "drop"), ([[{"reject": None}]], "reject"), ([[{"return": None}], [DROP]], "accept"),
    ([[{"jump": {"target": "a"}}], ["a", DROP]], "drop"), ([[{"jump": {"target": "a"}}], ["a", {"return": None}], [DROP]], "drop"),
    ([[{"goto": {"target": "a"}}], ["a", COUNTER], [DROP]], "accept"), ([[{"goto": {"target": "a"}}], ["a", DROP]], "drop"),
    ([[{"jump": {"target": "a"}}], ["a", ACCEPT], [DROP]], "accept"), ([[{"jump": {"target": "gone"}}]], "unknown"),
    ([[{"queue": {"num": 0}}]], "unknown"), ([[{"tproxy": {"port": 1}}]], "unknown"), ([[{"somethingnew": None}]], "unknown"), ([["odd", "odd"]], "accept"), ([[[]]], "unknown"),
    ([[{"xt": None}], [DROP]], "unknown"), ([[{"xt": None}]], "unknown"), ([[{"xt": {"type": "target", "name": "REJECT"}}]], "unknown"),
    ([[vmap(INTERFACE, ["lo", ACCEPT], ["eth0", {"jump": {"target": "a"}}])], ["a", DROP]], "drop"),
    ([[vmap(INTERFACE, ["lo", ACCEPT], ["tun0", DROP])]], "accept"), ([[vmap(STATE, ["established", ACCEPT], ["new", DROP])]], "drop"),
    ([[vmap(PORT, [22, ACCEPT], [{"range": [40, 50]}, DROP])]], "drop"), ([[vmap(UDP_PORT, [47, DROP])]], "accept"), ([[vmap(PORT, [47, {"continue": None}]), DROP]], "accept"),
    ([[vmap(PORT, [47, {"goto": {"target": "gone"}}])]], "unknown"), ([[vmap(PORT, [47, {"somethingnew": None}])]], "unknown"), ([[vmap(PROTOCOL, ["tcp", {"goto": {"target": "a"}}])], ["a", DROP]], "drop"),
    ([[{"vmap": {"key": PORT, "data": "@named"}}]], "drop"), ([[vmap({"concat": [PROTOCOL, ANY_PORT]}, [{"concat": ["tcp", 47]}, DROP])]], "drop"),
    ([[{"mangle": {"key": MARK, "value": 1}}], [match(MARK, 1), DROP]], "drop"), ([[match(PROTOCOL, "udp"), {"mangle": {"key": MARK, "value": 1}}], [match(MARK, 1), DROP]], "accept"),
    ([[{"mangle": {"key": MARK, "value": {"ct": {"key": "mark"}}}}], [match(MARK, 1), DROP]], "unknown"), ([[{"xt": {"type": "target", "name": "MARK"}}], [match(MARK, 1), DROP]], "unknown"),
])  # fmt: skip
def test_ways_through_chains(rules: list[list[Any]], word: str) -> None:
    assert fate(ruleset(*rules, chains=("a",), sets={"named": [[47, DROP]]})).word == word


@pytest.mark.parametrize(("more", "family", "word"), [
    ({}, 4, "drop"), ({"family": "ip"}, 4, "drop"), ({"family": "ip6"}, 4, "accept"), ({"family": "ip6"}, 6, "drop"), ({"family": "bridge"}, 4, "accept"), ({"family": "arp"}, 4, "accept"),
    ({"hook": "forward"}, 4, "accept"), ({"type": "nat"}, 4, "accept"), ({"hook": "prerouting"}, 4, "drop"), ({"family": "ip", "table": "filter"}, 4, "drop"),
    ({"hook": "ingress", "dev": "eth0"}, 4, "drop"), ({"hook": "ingress", "dev": ["eth0", "eth1"]}, 4, "drop"), ({"hook": "ingress", "dev": "tun0"}, 4, "accept"), ({"hook": "ingress"}, 4, "unknown"),
    ({"family": "netdev", "hook": "ingress", "dev": "eth0"}, 6, "drop"), ({"family": "netdev", "hook": "egress", "dev": "eth0"}, 6, "accept"),
])  # fmt: skip
def test_which_chains_count(more: dict[str, Any], family: Any, word: str) -> None:
    assert fate(ruleset(policy="drop", **more), replace(PACKET, family=family)).word == word


def test_one_of_several_base_chains_that_drops_is_enough() -> None:
    first, second = ruleset([ACCEPT]), ruleset(policy="drop", table="other")
    found = fate({"nftables": first["nftables"] + second["nftables"]})
    assert found == Fate("drop", "nft inet other, policy of input")


def test_rules_are_told_in_few_words() -> None:
    found = fate(
        ruleset(
            [
                match(PORT, {"set": [22, {"range": [40, 50]}]}),
                match(SOURCE, prefix("10.0.0.0", 8), "!="),
                COUNTER,
                ACCEPT,
            ],
            policy="drop",
        )
    )
    assert found.why == "nft inet own, input: tcp dport { 22, 40-50 } ip saddr != 10.0.0.0/8 accept"


def test_what_is_sent_elsewhere_or_not_tracked() -> None:
    def table(rule: list[Any], **more: Any) -> Table:
        return tables_of(ruleset(rule, **more))[0]

    elsewhere = [match(PORT, {"range": [40, 50]}), {"redirect": {"port": 22}}]
    assert reaches(table(elsewhere, type="nat", hook="prerouting"), "nat", ("redirect",), PACKET)
    assert not reaches(table(elsewhere, type="nat", hook="prerouting"), "nat", ("redirect",), replace(PACKET, port=60))
    assert not reaches(table(elsewhere, type="nat", hook="output"), "nat", ("redirect",), PACKET)
    assert not reaches(table([ACCEPT], type="nat", hook="prerouting"), "nat", ("redirect",), PACKET)
    assert not reaches(table([{"somethingnew": None}], type="nat", hook="prerouting"), "nat", ("redirect",), PACKET)
    assert reaches(table([{"notrack": None}], hook="prerouting"), "filter", ("notrack",), PACKET)
    assert not reaches(table([{"notrack": None}], hook="prerouting", family="ip6"), "filter", ("notrack",), PACKET)


def test_who_marks_packets_before_they_come_in() -> None:
    rule: list[Any] = [{"mangle": {"key": MARK, "value": 1}}]
    assert nftables.marks(tables_of(ruleset(list(rule), hook="prerouting"))[0])
    assert not nftables.marks(tables_of(ruleset(list(rule)))[0])


@pytest.mark.parametrize("found", [
    [], {"nftables": [[]]}, {"nftables": [{"chain": {}}]}, {"nftables": [{"chain": None}]},
    ruleset(sets={"odd": 5}), ruleset([{"jump": {}}]), ruleset([{"jump": {"target": "input"}}]), ruleset([{"vmap": {"key": PORT, "data": {"set": [[47]]}}}]), ruleset([{"match": None}]),
    {"nftables": [*ruleset()["nftables"], {"rule": {"family": "inet", "table": "own", "chain": "input", "expr": "drop"}}]},
])  # fmt: skip
def test_what_nft_never_prints_is_garbled(found: Any) -> None:
    with pytest.raises(Garbled):
        fate(found)


def test_where_the_outer_interface_is_not_known_a_chain_at_one_may_be_there() -> None:
    lost = replace(PACKET, machine=Machine(None, frozenset({"eth0", "eth1"})))
    assert fate(ruleset(policy="drop", hook="ingress", dev="eth0"), lost).word == "unknown"


BLOCK = "table {family} f {{\n  chain input {{\n    type filter hook input priority 0; policy {policy};\n    tcp dport 22 accept\n{rule}  }}\n}}\n"


@pytest.mark.parametrize(("text", "kept"), [
    (BLOCK.format(family="inet", policy="drop", rule=""), (True, True)), (BLOCK.format(family="ip", policy="drop", rule=""), (True, False)),
    (BLOCK.format(family="ip6", policy="drop", rule=""), (False, True)), (BLOCK.format(family="inet", policy="accept", rule=""), (False, False)),
    (BLOCK.format(family="inet", policy="accept", rule="    counter drop\n"), (True, True)), (BLOCK.format(family="inet", policy="accept", rule="    reject with icmpx type port-unreachable\n"), (True, True)),
    (BLOCK.format(family="inet", policy="accept", rule="    ct state invalid drop\n"), (False, False)), (BLOCK.format(family="inet", policy="accept", rule="    # drop\n"), (False, False)),
    (BLOCK.format(family="inet", policy="accept", rule='    log prefix "x" drop\n'), (True, True)), (BLOCK.format(family="bridge", policy="drop", rule=""), (False, False)),
    ("table f { chain i { type filter hook input priority filter\n policy drop } }", (True, False)), ("table inet f { chain f { type filter hook forward priority 0; policy drop; } }", (False, False)),
    ("add table inet f\nadd chain inet f i { type filter hook input priority 0 ; policy drop ; }\n", (True, True)),
    ("add table inet f\nadd chain inet f i { type filter hook input priority 0 ; }\nadd rule inet f i counter drop\n", (True, True)),
    ("table inet f {\n chain input {\n  type filter hook input priority 0;\n  jump more\n }\n chain more {\n  drop\n }\n}\n", (True, True)),
    (BLOCK.format(family="inet", policy="accept", rule="    counter packets 12 bytes 720 drop\n"), (True, True)), (BLOCK.format(family="inet", policy="accept", rule='    log prefix "x " level info flags all counter name "n" reject\n'), (True, True)),
    (BLOCK.format(family="inet", policy="accept", rule="    tcp dport { 23, 445 } drop\n"), (False, False)), (BLOCK.format(family="inet", policy="accept", rule="    tcp dport vmap { 22 : accept,\n 23 : drop }\n"), (False, False)),
    (BLOCK.format(family="inet", policy="accept", rule="").removesuffix("}\n") + "  chain f {\n    type filter hook forward priority 0; policy drop;\n  }\n}\n", (False, False)),
    ("add table f\nadd chain f i { type filter hook input priority 0 ; }\nadd rule f i drop\n", (True, False)), ("create table inet f { chain i { type filter hook input priority 0; policy drop; } }", (True, True)),
    ("table inet f {\n chain p {\n  type filter hook prerouting priority raw;\n  tcp dport != { 22, 80 } drop\n }\n}\n", (None, None)), ("table netdev f {\n chain p {\n  type filter hook ingress device eth0 priority 0; policy drop;\n }\n}\n", (None, None)),
    ("flush ruleset\n", (False, False)), ("", (False, False)), ("}}}} {{{", (False, False)),
])  # fmt: skip
def test_what_a_file_keeps_out(text: str, kept: tuple[bool | None, bool | None]) -> None:
    assert (keeps_out(text, 4), keeps_out(text, 6)) == kept


@pytest.mark.parametrize(("flags", "word"), [
    ("dormant", "none"), (["dormant"], "none"), (["owner", "persist"], "drop"), ("owner", "drop"), ("own", "unknown"), ([], "drop"),
])  # fmt: skip
def test_a_dormant_table_is_in_nobodys_way(flags: Any, word: str) -> None:
    found = ruleset(policy="drop")
    next(entry["table"] for entry in found["nftables"] if "table" in entry)["flags"] = flags
    assert [one.word for one in fates_in(tables_of(found)[0], ("input",), PACKET)] == ([word] if word != "none" else [])


@pytest.mark.parametrize(("mask", "operator", "value", "word"), [
    (0x1FFF, "!=", 0, "accept"), (0x3FFF, "!=", 0, "accept"), (0x1FFF, "==", 0, "drop"), (0x4000, "==", 0x4000, "accept"),
])  # fmt: skip
def test_a_first_packet_is_whole(mask: int, operator: str, value: int, word: str) -> None:
    part = {"&": [{"payload": {"protocol": "ip", "field": "frag-off"}}, mask]}
    rule: list[Any] = [{"match": {"op": operator, "left": part, "right": value}}, {"drop": None}]
    assert fate(ruleset(rule, policy="accept")).word == word
