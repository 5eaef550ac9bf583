"""Which rules of pg_hba.conf let somebody elsewhere in without showing anything."""

from __future__ import annotations

import pytest

from pytest_zebu.facts.hba import HbaRule, lets_in_anybody


def rule(kind: str, database: str, user: str, address: str, method: str) -> HbaRule:
    return HbaRule(1, kind, address, method, tuple(database.split(",")), tuple(user.split(",")))


def hba(*lines: str) -> tuple[HbaRule, ...]:
    """Rules as they stand in the file."""
    found = []
    for line in lines:
        words = line.split()
        kind, database, user = words[:3]
        found.append(rule(kind, database, user, words[3] if kind != "local" else "", words[-1]))
    return tuple(found)


def opens(*lines: str, has_tls: bool = True) -> bool:
    """Whether the last one does."""
    rules = hba(*lines)
    return lets_in_anybody(rules[-1], rules[:-1], has_tls)


@pytest.mark.parametrize("address", [
    "127.0.0.1/32", "127.0.0.0/8", "127.1.2.3/16", "::1/128", "localhost", "LOCALHOST", "ip6-localhost", "localhost.localdomain", "samehost", "::ffff:127.0.0.1/128", "::ffff:127.0.0.0/104",
])  # fmt: skip
def test_what_is_the_containers_own(address: str) -> None:
    assert hba(f"host all all {address} trust")[0].is_local
    assert not opens(f"host all all {address} trust")


@pytest.mark.parametrize("address", [
    "all", "0.0.0.0/0", "::/0", "10.0.0.0/8", "127.0.0.1/0", "127.0.0.1/7", "samenet", "localhost.example", ".localhost", "db", "backend", "::ffff:10.0.0.0/104", "::/96", "0.0.0.0/1",
])  # fmt: skip
def test_what_is_elsewhere(address: str) -> None:
    assert opens(f"host all all {address} trust")


def test_a_socket_is_nobody_elsewhere() -> None:
    assert not opens("local all all trust")


@pytest.mark.parametrize("method", ["reject", "scram-sha-256", "md5", "password", "cert", "ldap", "peer", "gss"])
def test_whoever_asks_for_something_opens_nothing(method: str) -> None:
    assert not opens(f"host all all all {method}")


@pytest.mark.parametrize("before", [
    "host all all all reject", "host all all all scram-sha-256", "host all all 0.0.0.0/0 reject", "host zebu all all md5", "host all app all cert", "host zebu,other app,web all md5",
    "host all all 10.0.0.0/8 reject", "host all all 10.1.0.0/16 reject",
])  # fmt: skip
def test_behind_a_rule_that_meets_the_same_it_is_never_asked(before: str) -> None:
    assert not opens(before, "host zebu app 10.1.0.0/16 trust")


@pytest.mark.parametrize("before", [
    "host other all all reject", "host all web all reject", "host all +app all reject", "host replication all all reject", "hostssl all all all reject", "local all all reject",
    "host all all 10.1.0.0/17 reject", "host all all ::/0 reject", "host all all samenet reject", "hostnossl all all all reject", "host sameuser all all reject",
])  # fmt: skip
def test_one_that_meets_only_some_keeps_it_open(before: str) -> None:
    assert opens(before, "host zebu app 10.1.0.0/16 trust")


def test_several_together_meet_the_same() -> None:
    halves = ("host all all 10.1.0.0/17 reject", "host all all 10.1.128.0/17 md5")
    assert not opens(*halves, "host zebu app 10.1.0.0/16 trust")
    assert not opens("hostssl all all all cert", "hostnossl all all all reject", "host all all all trust")
    assert not opens("hostgssenc all all all gss", "hostnogssenc all all all reject", "host all all all trust")
    assert not opens("host all all 0.0.0.0/0 reject", "host all all ::/0 reject", "host all all all trust")
    assert opens("host all all 0.0.0.0/0 reject", "host all all all trust")
    assert not opens("host all all 128.0.0.0/1 md5", "host all all 0.0.0.0/2 md5", "host all all 64.0.0.0/3 md5", "host all all 96.0.0.0/4 md5",
                     "host all all 112.0.0.0/5 md5", "host all all 120.0.0.0/6 md5", "host all all 124.0.0.0/7 md5", "host all all 126.0.0.0/8 md5", "host all all 0.0.0.0/0 trust")  # fmt: skip


def test_replication_is_no_database() -> None:
    assert opens("host all all all md5", "host replication all all trust")
    assert not opens("host replication all all md5", "host replication all all trust")
    assert opens("host replication all all md5", "host all,replication all all trust")
    assert not opens("host all,replication all all md5", "host all,replication all all trust")


def test_where_the_server_speaks_no_tls_nobody_comes_by_it() -> None:
    assert not opens("hostssl all all all trust", has_tls=False)
    assert opens("hostssl all all all trust")
    assert not opens("hostnossl all all all md5", "host all all all trust", has_tls=False)


def test_names_are_met_by_the_same_name_and_by_all() -> None:
    assert not opens("host all all samenet md5", "host all all samenet trust")
    assert not opens("host all all all md5", "host all all backend trust")
    assert opens("host all all web md5", "host all all backend trust")


def test_a_certificate_is_something_to_show() -> None:
    shown = HbaRule(1, "hostssl", "all", "trust", has_certificate=True)
    assert not lets_in_anybody(shown, (), has_tls=True)


def test_a_kind_that_is_not_known_comes_over_every_network() -> None:
    assert opens("hostquic all all all trust")
    assert HbaRule(3, "host", "all", "trust").place == "line 3"
    assert HbaRule(3, "host", "all", "trust", file="/etc/extra.conf").place == "line 3 of /etc/extra.conf"


def test_by_ident_a_machine_elsewhere_says_itself_who_comes() -> None:
    assert opens("host all all 0.0.0.0/0 ident")
    assert not opens("host all all 127.0.0.1/32 ident")
    assert not opens("host all all all scram-sha-256", "host all all 10.0.0.0/8 ident")
