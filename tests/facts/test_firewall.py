"""The packet filter in force, and what is kept for boot."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from pytest_zebu.facts.answer import Reason
from pytest_zebu.facts.firewall import Boot, Firewall
from pytest_zebu.settings.target import Target
from tests.facts.answers import read, why
from tests.facts.test_iptables import saved
from tests.facts.test_nftables import ACCEPT, MARK, PORT, match, ruleset

ADDRESSES = """1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever
2: eth0    inet 192.0.2.10/24 brd 192.0.2.255 scope global eth0\\       valid_lft forever
"""
ADDRESS6 = "2: eth0    inet6 2001:db8::10/64 scope global \\       valid_lft forever\n"
LINKS = "1: lo: <LOOPBACK,UP> mtu 65536\n2: eth0@if3: <BROADCAST,UP> mtu 1500\n"
ROUTE = "default via 192.0.2.1 dev eth0 proto static\n"
UFW = 'ufw=enabled\nufw_enabled=yes\nufw_DEFAULT_INPUT_POLICY="DROP"\n'
DROPPING, OPEN = saved(policy="DROP"), saved()


def probe(
    v4: str | int = "", v6: str | int = "", nft: Any = "", *, legacy: str | int | None = None, sets: str | int | None = None, routes: str = ROUTE,
    addresses: str | int = ADDRESSES, links: str = LINKS, boot: str = "network=own\n", more: str = "", extent: str = "whole",
) -> str:  # fmt: skip
    """What the probe says; a number stands for a tool that ended with it, nothing for one that is not there."""

    def said(record: str, text: str | int, rest: str = "") -> str:
        return f"@{record} {text}{rest}\n" if isinstance(text, int) else f"@{record} 0{rest}\n{text}\n"

    parts = [said("rules 4 iptables-nft-save", v4), said("rules 6 ip6tables-nft-save", v6)]
    parts += [said("rules 4 iptables-legacy-save", legacy)] if legacy is not None else []
    if nft is not None:
        parts.append(said("nft", nft if isinstance(nft, int) else json.dumps(nft) if nft else "", f" {extent}"))
    parts += [said("sets", sets)] if sets is not None else []
    parts += [said("routes 4", routes), said("routes 6", ""), said("addresses", addresses), said("links", links)]
    return "".join(parts) + f"@boot\n{boot}{more}"


def file(path: str, text: str, size: int | None = None) -> str:
    return f"@file {len(text) if size is None else size} {path}\n" + "".join(f" {line}\n" for line in text.splitlines())


def firewall(target: Target, *said: Any, **more: Any) -> Firewall:
    found: Firewall = read("firewall", probe(*said, **more), target)
    return found


def test_both_families_are_judged_for_themselves(target: Target) -> None:
    found = firewall(target, DROPPING, OPEN, addresses=ADDRESSES + ADDRESS6)
    assert (found.v4.word, found.v4.why, found.v6.word, found.families) == ("drop", "policy of INPUT", "accept", (4, 6))
    assert firewall(target, DROPPING, OPEN).families == (4,)
    unlisted = firewall(target, DROPPING, OPEN, addresses=1)
    assert (unlisted.has_v6, unlisted.families) == (None, (4, 6))


def test_no_rules_let_everybody_in(target: Target) -> None:
    assert (firewall(target).v4.word, firewall(target).v4.why) == ("accept", "no ruleset")


@pytest.mark.parametrize(("said", "word"), [
    ({"v4": OPEN, "nft": ruleset(policy="drop")}, "drop"), ({"v4": DROPPING, "nft": ruleset([ACCEPT])}, "drop"), ({"v4": OPEN, "nft": ruleset([ACCEPT])}, "accept"),
    ({"v4": OPEN, "legacy": DROPPING}, "drop"), ({"v4": DROPPING, "legacy": OPEN}, "drop"), ({"v4": saved("-A PREROUTING -p tcp -j DROP", "-A PREROUTING -p udp -j DROP", table="raw", base="PREROUTING")}, "drop"),
    ({"v4": saved(table="mangle", policy="DROP") + "\n" + OPEN}, "drop"), ({"v4": saved(table="security", policy="DROP")}, "drop"), ({"v4": saved(table="nat", policy="DROP")}, "accept"),
])  # fmt: skip
def test_a_packet_must_come_through_all_of_them(said: dict[str, Any], word: str, target: Target) -> None:
    assert firewall(target, **said).v4.word == word


@pytest.mark.parametrize(
    "said",
    [
        {"v4": 1},
        {"v4": OPEN, "nft": 1},
        {"v4": OPEN, "legacy": 127},
        {"nft": None, "boot": "network=own\nfirewalld_active=active\n"},
    ],
)
def test_a_tool_that_failed_has_not_said_that_there_is_no_rule(said: dict[str, Any], target: Target) -> None:
    found = firewall(target, **said)
    assert (found.v4.word, found.v4.is_unseen) == ("unknown", True)


@pytest.mark.parametrize(
    "said",
    [
        {"v4": DROPPING, "nft": 1},
        {"v4": DROPPING, "legacy": 127},
        {"v4": 1, "nft": ruleset(policy="drop")},
        {"v4": DROPPING, "nft": None},
    ],
)
def test_what_drops_is_enough_whatever_failed_beside_it(said: dict[str, Any], target: Target) -> None:
    assert firewall(target, **said).v4.word == "drop"


def test_without_nft_there_are_no_rules_of_its_own(target: Target) -> None:
    assert firewall(target, OPEN, nft=None).v4.word == "accept"


def test_a_table_that_iptables_has_shown_is_not_walked_twice(target: Target) -> None:
    """In nftables its conditions cannot be read."""
    rule = [{"xt": {"type": "match", "name": "set"}}, ACCEPT]
    native = ruleset(rule, family="ip", table="filter", name="INPUT", policy="drop")
    native["nftables"][-1]["rule"]["chain"] = "INPUT"
    shown = saved("-A INPUT -s 10.0.0.0/8 -j ACCEPT", policy="DROP")
    assert firewall(target, shown, nft=native).v4.word == "drop"
    assert firewall(target, saved("-A INPUT -s 10.0.0.0/8 -j ACCEPT"), nft=native).v4.word == "accept"
    # Another rule stands in it than iptables shows, or iptables cannot show it.
    assert firewall(target, saved(policy="ACCEPT"), nft=native).v4.word == "unknown"
    assert (
        firewall(
            target,
            f"# Table `filter' contains incompatible base-chains, use 'nft' tool to list them.\n{shown}",
            nft=native,
        ).v4.word
        == "unknown"
    )


def test_what_old_iptables_leave_out_of_a_rule_nft_shows(target: Target) -> None:
    """Version 1.8.7 prints a rule of nft's own, in its table, without the port."""
    rules: list[list[Any]] = [[match(PORT, 22), ACCEPT], [{"xt": {"type": "match", "name": "conntrack"}}, ACCEPT]]
    native = ruleset(*rules, family="ip", table="filter", name="INPUT", policy="drop")
    for one in native["nftables"][-2:]:
        one["rule"]["chain"] = "INPUT"
    shown = saved("-A INPUT -p tcp -j ACCEPT", "-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT", policy="DROP")
    assert firewall(target, shown).v4.word == "accept"
    assert firewall(target, shown, nft=native).v4.word == "drop"


def test_sets_that_could_not_be_read_are_not_empty(target: Target) -> None:
    rules = saved("-A INPUT -m set --match-set allowed src -j ACCEPT", policy="DROP")
    summed = "create allowed hash:net family inet\nadd allowed 10.0.0.0/8\nsize allowed 1 0.0\n"
    assert firewall(target, rules, sets=summed).v4.word == "drop"
    assert firewall(target, rules, sets=1).v4.word == "unknown"
    assert firewall(target, rules).v4.word == "unknown"


def test_sets_of_nft_that_were_left_out_are_not_empty(target: Target) -> None:
    native = ruleset([match(PORT, "@ports"), ACCEPT], policy="drop", sets={"ports": None})
    assert firewall(target, nft=native).v4.word == "drop"
    assert firewall(target, nft=native, extent="terse").v4.word == "unknown"


@pytest.mark.parametrize(("rules", "word"), [
    (("-A INPUT -p udp -j ACCEPT",), "accept"), (("-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT",), "drop"), (("-A INPUT -p udp -m udp --dport 60000:61000 -j ACCEPT",), "drop"),
    (("-A INPUT -p tcp -m tcp --dport 1024:65535 -j ACCEPT",), "accept"), (("-A INPUT -p udp -m udp --dport 1024:65535 -j ACCEPT",), "accept"), (("-A INPUT -p tcp -m tcp --dport 40000:50000 -j ACCEPT",), "drop"),
])  # fmt: skip
def test_nearly_everything_that_is_open_is_open(rules: tuple[str, ...], word: str, target: Target) -> None:
    assert firewall(target, saved(*rules, policy="DROP")).v4.word == word


@pytest.mark.parametrize(("routes", "addresses", "links", "outer"), [
    (ROUTE, ADDRESSES, LINKS, {"eth0"}),
    ("default proto static \\ nexthop via 192.0.2.1 dev eth0 weight 1 \\ nexthop via 10.0.0.1 dev eth1 weight 1\n", ADDRESSES, LINKS, {"eth0", "eth1"}),
    # A tunnel through which all goes out does not bring strangers.
    (ROUTE + "default dev wg0 table 51820 scope link\n", ADDRESSES, LINKS, {"eth0"}), ("default dev tun0\n", ADDRESSES, LINKS + "3: tun0: <UP> mtu 1\n", {"eth0"}),
    ("unreachable default dev lo metric 4294967295\n", ADDRESSES, LINKS, {"eth0"}),
    # A public address on another interface, and a private one beside a public one.
    (ROUTE, ADDRESSES + "3: ens9    inet 9.9.9.9/24 scope global ens9\\\n", LINKS, {"eth0", "ens9"}),
    (ROUTE, ADDRESSES + "3: wg0    inet 9.9.9.9/32 scope global wg0\\\n", LINKS, {"eth0", "wg0"}),
    (ROUTE + "default via 10.0.0.1 dev eth1 metric 200\n", ADDRESSES.replace("192.0.2.10", "9.9.9.9"), LINKS, {"eth0"}),
    ("", "", "1: lo: <LOOPBACK> mtu 65536\n", {"eth0"}), ("", ADDRESSES, LINKS + "3: docker0: <UP> mtu 1\n4: br-1: <UP> mtu 1\n", {"eth0"}),
    ("", ADDRESSES, LINKS + "3: eth1: <UP> mtu 1\n", None),
])  # fmt: skip
def test_strangers_come_where_the_default_route_leads(
    routes: str, addresses: str, links: str, outer: set[str] | None, target: Target
) -> None:
    found = firewall(target, routes=routes, addresses=addresses, links=links).filter.machine.outer
    assert (found[4] if found else None) == outer


def test_a_mark_that_a_packet_comes_with_is_not_known_where_something_marks_packets(target: Target) -> None:
    marked = saved("-A INPUT -m mark --mark 0x1 -j ACCEPT", policy="DROP")
    assert firewall(target, marked).v4.word == "drop"
    assert (
        firewall(
            target,
            marked + "\n" + saved("-A PREROUTING -p tcp -j CONNMARK --restore-mark", table="mangle", base="PREROUTING"),
        ).v4.word
        == "unknown"
    )
    assert (
        firewall(target, marked, nft=ruleset([{"mangle": {"key": MARK, "value": 1}}], hook="prerouting")).v4.word
        == "unknown"
    )


def test_what_is_not_tracked_is_in_no_state(target: Target) -> None:
    rules = saved("-A INPUT -m conntrack --ctstate UNTRACKED -j ACCEPT", policy="DROP")
    assert firewall(target, rules).v4.word == "drop"
    assert (
        firewall(target, rules + "\n" + saved("-A PREROUTING -j CT --notrack", table="raw", base="PREROUTING")).v4.word
        == "accept"
    )
    assert firewall(target, rules, nft=ruleset([{"notrack": None}], hook="prerouting")).v4.word == "accept"
    assert (
        firewall(
            target,
            rules + "\n" + saved("-A PREROUTING -m bpf --bytecode 1 -j CT --notrack", table="raw", base="PREROUTING"),
        ).v4.word
        == "unknown"
    )


def test_what_is_sent_elsewhere_before_it_is_filtered_is_not_told_by_the_filter(target: Target) -> None:
    nat = saved("-A PREROUTING -p tcp -m tcp --dport 40:50 -j REDIRECT --to-ports 22", table="nat", base="PREROUTING")
    assert firewall(target, f"{DROPPING}\n{nat}").v4.word == "unknown"
    assert (
        firewall(target, DROPPING, nft=ruleset([{"dnat": {"addr": "10.0.0.2"}}], type="nat", hook="prerouting")).v4.word
        == "unknown"
    )


@pytest.mark.parametrize(("address", "v4", "v6", "word"), [
    ("0.0.0.0", "drop", "accept", "drop"), ("::", "drop", "accept", "accept"), ("*", "drop", "accept", "accept"), ("192.0.2.10", "drop", "accept", "drop"), ("2001:db8::10", "drop", "accept", "accept"),
    ("0.0.0.0", "accept", "drop", "accept"),
])  # fmt: skip
def test_a_datagram_comes_by_the_family_of_who_listens(
    address: str, v4: str, v6: str, word: str, target: Target
) -> None:
    rules = {"drop": DROPPING, "accept": saved("-A INPUT -p udp -m udp --dport 53 -j ACCEPT", policy="DROP")}
    found = firewall(target, rules[v4], rules[v6], addresses=ADDRESSES + ADDRESS6)
    assert found.datagram(address, 53).word == word


@pytest.mark.parametrize(("rule", "word"), [
    ("", "accept"), ("-A DOCKER-USER -i eth0 -j DROP", "drop"), ("-A DOCKER-USER -s 10.0.0.0/8 -j RETURN", "accept"), ("-A DOCKER-USER -i eth0 -p udp -m udp --dport 53 -j DROP", "drop"),
    ("-A DOCKER-USER -i eth0 -p udp -m conntrack --ctorigdstport 5353 -j REJECT", "reject"), ("-A DOCKER-USER -i eth0 -p tcp -j DROP", "accept"), ("-A DOCKER-USER -j NFQUEUE", "unknown"),
])  # fmt: skip
def test_what_docker_publishes_comes_past_input(rule: str, word: str, target: Target) -> None:
    found = firewall(target, saved(*([rule] if rule else []), policy="DROP", chains="DOCKER-USER"))
    assert found.published_datagram("0.0.0.0", 5353, 53).word == word
    native = firewall(target, DROPPING, nft=ruleset(hook="forward", policy="drop", table="docker-bridges"))
    assert native.published_datagram("", 5353, 53).word == "drop"


def test_where_docker_has_no_rules_its_proxy_listens_as_others_do(target: Target) -> None:
    docker = saved(policy="DROP", chains="DOCKER-USER")
    found = firewall(target, docker, DROPPING, addresses=ADDRESSES + ADDRESS6)
    assert [found.published_datagram(address, 5353, 53).word for address in ("0.0.0.0", "::", "")] == [
        "accept",
        "drop",
        "accept",
    ]
    assert firewall(target, OPEN).published_datagram("0.0.0.0", 5353, 53).word == "accept"
    nat = saved(table="nat", base="PREROUTING", chains="DOCKER")
    assert firewall(target, f"{DROPPING}\n{nat}").published_datagram("0.0.0.0", 5353, 53).word == "accept"


def boot(
    target: Target, said: str, more: str = "", *, v4: str = DROPPING, v6: str = "", addresses: str = ADDRESSES
) -> Boot:
    return firewall(target, v4, v6, boot=f"network=own\n{said}", more=more, addresses=addresses).boot


NFT_FILE = "table inet f {\n chain i {\n  type filter hook input priority 0; policy drop;\n }\n}\n"
ACCEPTING_FILE = NFT_FILE.replace("drop", "accept")
PERSISTENT = "netfilter-persistent=enabled\n15-ip4tables=there\n25-ip6tables=there\n"
ZONE = '<?xml version="1.0"?>\n<zone target="{}">\n  <interface name="{}"/>\n</zone>\n'


@pytest.mark.parametrize(("said", "more", "by", "missing", "unsure"), [
    (UFW, "", "ufw", "", ""), (UFW.replace("yes", "YES"), "", "ufw", "", ""), (UFW.replace("yes", '"yes"'), "", "ufw", "", ""), (UFW.replace('"DROP"', '"REJECT"'), "", "ufw", "", ""),
    (UFW.replace('"DROP"', '"ACCEPT"'), "", "", "ufw", ""), (UFW.replace("yes", "no"), "", "", "", ""), (UFW.replace("enabled\n", "disabled\n"), "", "", "", ""), ("", "", "", "", ""),
    ("nftables=enabled\n", file("/etc/nftables.conf", NFT_FILE), "nftables", "", ""), ("nftables=disabled\n", file("/etc/nftables.conf", NFT_FILE), "", "", ""),
    ("nftables=enabled\n", file("/etc/nftables.conf", ACCEPTING_FILE), "", "nftables", ""), ("nftables=enabled\n", "", "", "nftables", ""),
    ("nftables=enabled\n", file("/etc/nftables.conf", 'include "/etc/n/a.nft"\n') + file("/etc/n/a.nft", NFT_FILE), "nftables", "", ""),
    ("nftables=enabled\n", file("/etc/nftables.conf", ACCEPTING_FILE, 400_000), "", "", "nftables"),
    (PERSISTENT, file("/etc/iptables/rules.v4", DROPPING), "netfilter-persistent", "", ""), (PERSISTENT, file("/etc/iptables/rules.v4", OPEN), "", "netfilter-persistent", ""),
    (PERSISTENT, "", "", "netfilter-persistent", ""), ("netfilter-persistent=enabled\n", file("/etc/iptables/rules.v4", DROPPING), "", "netfilter-persistent", ""), (PERSISTENT, file("/etc/iptables/rules.v4", "odd"), "", "", "netfilter-persistent"),
    (PERSISTENT, file("/etc/iptables/rules.v4", saved("-A INPUT -m bpf --bytecode 1 -j ACCEPT", policy="DROP")), "", "", "netfilter-persistent"), (PERSISTENT + UFW, "", "ufw", "", ""),
    ("firewalld=enabled\nfirewalld_zone=public\n", "", "firewalld", "", ""), ("firewalld=enabled\nfirewalld_zone=trusted\n", "", "", "firewalld", ""), ("firewalld=enabled\n", file("/etc/firewalld/zones/public.xml", ZONE.format("ACCEPT", "eth1")), "", "firewalld", ""),
    ("firewalld=enabled\n", file("/etc/firewalld/zones/open.xml", ZONE.format("ACCEPT", "eth0")), "", "firewalld", ""), ("firewalld=enabled\n", file("/etc/firewalld/zones/open.xml", ZONE.format("ACCEPT", "tun0")), "firewalld", "", ""),
    ("firewalld=enabled\nfirewalld_zone=trusted\n", file("/etc/firewalld/zones/mine.xml", ZONE.format("DROP", "eth0")), "firewalld", "", ""), ("firewalld=enabled\n", file("/etc/firewalld/zones/public.xml", "", 400_000), "", "", "firewalld"),
    ("shorewall=enabled\n", "", "shorewall", "", ""), ("csf=enabled\n", "", "csf", "", ""),
    ("firehol=enabled\n", "", "firehol", "", ""), ("arno-iptables-firewall=enabled\n", "", "arno-iptables-firewall", "", ""),
    ("", "@mention /etc/rc.local\n", "", "", "/etc/rc.local"), ("", "@mention /etc/network/if-pre-up.d/f\n@restored 4 /etc/f.rules\n" + file("/etc/f.rules", DROPPING), "/etc/f.rules", "", ""),
    ("", "@mention /etc/network/if-pre-up.d/f\n@restored 4 /etc/f.rules\n" + file("/etc/f.rules", OPEN), "", "/etc/f.rules", ""), ("", "@mention /etc/x\n@restored nft /etc/f.nft\n" + file("/etc/f.nft", NFT_FILE), "/etc/f.nft", "", ""),
])  # fmt: skip
def test_what_brings_the_filter_back_at_boot(
    said: str, more: str, by: str, missing: str, unsure: str, target: Target
) -> None:
    found = boot(target, said, more)
    assert (found.by, bool(found.missing), bool(found.unsure)) == (by, bool(missing), bool(unsure))
    assert missing in found.missing
    assert unsure in found.unsure


@pytest.mark.parametrize(("said", "more", "missing"), [
    (UFW, "", ""), ("nftables=enabled\n", file("/etc/nftables.conf", NFT_FILE), ""), ("nftables=enabled\n", file("/etc/nftables.conf", NFT_FILE.replace("inet", "ip")), "IPv6"),
    (PERSISTENT, file("/etc/iptables/rules.v4", DROPPING), "IPv6"), (PERSISTENT, file("/etc/iptables/rules.v4", DROPPING) + file("/etc/iptables/rules.v6", DROPPING), ""),
    (PERSISTENT.replace("25-ip6tables=there\n", ""), file("/etc/iptables/rules.v4", DROPPING) + file("/etc/iptables/rules.v6", DROPPING), "IPv6"), ("shorewall=enabled\n", "", "IPv6"), ("shorewall=enabled\nshorewall6=enabled\n", "", ""),
])  # fmt: skip
def test_each_family_must_come_back(said: str, more: str, missing: str, target: Target) -> None:
    found = boot(target, said, more, v6=DROPPING, addresses=ADDRESSES + ADDRESS6)
    assert missing in found.missing
    assert bool(found.missing) is bool(missing)


def test_what_is_kept_is_compared_in_the_machines_own_network_only(target: Target) -> None:
    found = firewall(
        target, DROPPING, boot="network=other\nnftables=enabled\n", more=file("/etc/nftables.conf", ACCEPTING_FILE)
    ).boot
    assert found == Boot("nftables")
    assert firewall(target, DROPPING, boot="network=other\n", more="@mention /etc/rc.local\n").boot.unsure


CUT: Mapping[str, str] = {
    "empty": "", "no boot": probe().partition("@boot")[0], "no addresses": probe().replace("@addresses", "@links"), "no JSON": probe().replace("@nft 0 whole\n", "@nft 0 whole\n{"),
    "other JSON": probe(nft={"nftables": [[]]}), "no status": probe().replace("iptables-nft-save 0", "iptables-nft-save"), "odd status": probe().replace("@nft 0", "@nft x"),
    "odd family": probe().replace("rules 4", "rules 5"), "odd size": probe(more="@file x /etc/x\n"), "odd address": probe(addresses="2: eth0    inet 999.0.2.10/24 scope global eth0\n"),
    "odd rules": probe("odd"), "odd sets": probe(sets="odd"),
}  # fmt: skip


@pytest.mark.parametrize("out", CUT.values(), ids=CUT)
def test_a_filter_that_is_cut_short_is_garbled(out: str, target: Target) -> None:
    assert why("firewall", out, target) is Reason.GARBLED


@pytest.mark.parametrize(("name", "address", "has_v6"), [
    ("wg0", "fd42::1", False), ("docker0", "fd00:1::1", False), ("tailscale0", "fd7a:115c:a1e0::1", False), ("eth0", "fd00:2::1", True), ("sit1", "2a01:4f8::1", True),
])  # fmt: skip
def test_a_private_address_in_a_tunnel_is_no_way_for_strangers(
    name: str, address: str, has_v6: bool, target: Target
) -> None:
    more = f"3: {name}    inet6 {address}/64 scope global \\       valid_lft forever\n"
    assert firewall(target, DROPPING, OPEN, addresses=ADDRESSES + more).has_v6 is has_v6


def test_a_long_list_that_was_cut_opens_nothing_at_boot(target: Target) -> None:
    shut = "table ip f {\n chain i {\n  type filter hook input priority 0; policy drop;\n }\n}\n"
    on = "network=own\nnftables=enabled\n"
    cut = file("/etc/nftables/list.nft", "table ip f {", 900_000)
    assert firewall(target, DROPPING, boot=on, more=file("/etc/nftables.conf", shut) + cut).boot == Boot("nftables")
    assert firewall(target, DROPPING, boot=on, more=file("/etc/nftables.conf", "") + cut).boot.unsure


@pytest.mark.parametrize(("address", "device", "is_inside"), [
    ("fe80::1", "eth0", True), ("ff02::fb", "eth0", True), ("224.0.0.251", "", True), ("192.0.2.10", "", False), ("*", "", False), ("", "", False),
])  # fmt: skip
def test_what_no_router_passes_on_is_no_strangers(address: str, device: str, is_inside: bool, target: Target) -> None:
    assert firewall(target, DROPPING).filter.machine.is_inside(address, device) is is_inside


BRIDGES = "3: docker0    inet 172.17.0.1/16 scope global docker0\\       valid_lft forever\n4: br-0a1b    inet 192.168.16.1/20 scope global br-0a1b\\       valid_lft forever\n"
DENY = "-A DOCKER-USER -d 192.168.0.0/16 -p udp --dport 0:32767 -j DROP\n-A DOCKER-USER -d 172.16.0.0/12 -p udp --dport 0:32767 -j DROP"


@pytest.mark.parametrize(("rules", "more", "port", "word"), [
    (DENY, BRIDGES, 53, "drop"), (DENY, BRIDGES, 51820, "accept"), (DENY, "", 53, "unknown"), (DENY, BRIDGES + "5: own0    inet 100.65.0.1/24 scope global own0\\       valid_lft forever\n", 53, "accept"),
    (DENY, BRIDGES + "5: eth1    inet 100.65.0.1/24 scope global eth1\\       valid_lft forever\n", 53, "drop"), (f"-A DOCKER-USER -p udp --sport 53 --dport 1024:65535 -j RETURN\n{DENY}", BRIDGES, 5353, "accept"),
    ("-A DOCKER-USER -d 172.17.0.0/24 -j DROP\n-A DOCKER-USER -d 192.168.0.0/16 -j DROP", BRIDGES, 53, "unknown"), ("-A DOCKER-USER -d 172.17.0.9/32 -j ACCEPT\n-A DOCKER-USER -i eth0 -j DROP", BRIDGES, 53, "unknown"),
    (f"-A DOCKER-USER -s 172.16.0.0/12 -j RETURN\n{DENY}", BRIDGES, 53, "drop"),
])  # fmt: skip
def test_containers_are_in_the_networks_of_bridges(rules: str, more: str, port: int, word: str, target: Target) -> None:
    save = f"*filter\n:INPUT DROP\n:DOCKER-USER - [0:0]\n{rules}\nCOMMIT"
    found = firewall(target, save, addresses=ADDRESSES + more)
    assert found.published_datagram("0.0.0.0", 5300, port).word == word
