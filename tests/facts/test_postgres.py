"""PostgreSQL by its catalogues."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_zebu.facts.answer import NotAssessed, Reason
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.facts.hba import HbaRule
from pytest_zebu.facts.postgres import Override, PasswordTries, Role, is_off
from pytest_zebu.settings.target import Target
from tests.facts.answers import AT, NOON, read, why

POWERS = ("superuser", "create_role", "create_database", "replication", "bypass_rls")


def role(target: Target, row: Any) -> Role:
    found: Role = read(
        "database_role", {"postgres.state": json.dumps({"role": row}), "zebu.host": "role=app\n"}, target
    )
    return found


@pytest.mark.parametrize("power", [*POWERS, None])
def test_the_powers_of_the_role(power: str | None, target: Target) -> None:
    row = {"name": "app", "member_of": ["readers"], "may_call": [], **{name: name == power for name in POWERS}}
    assert role(target, row) == Role("app", (power,) if power else (), ("readers",))
    assert "EXECUTE on pg_read_file" in role(target, {**row, "may_call": ["pg_read_file"]}).powers


@pytest.mark.parametrize(("row", "reason"), [(None, Reason.UNDECIDABLE), ({}, Reason.GARBLED), ([], Reason.GARBLED)])
def test_a_role_that_is_not_there_is_no_verdict(row: Any, reason: Reason, target: Target) -> None:
    assert why("database_role", {"postgres.state": json.dumps({"role": row}), "zebu.host": ""}, target) is reason


LOGIN = "host db\nright accepted\nwrong refused\nadmin-right accepted\nadmin-wrong refused\nadmin-default refused\n"


def test_logins_of_the_application_and_the_administrator(target: Target) -> None:
    assert read("database_login", LOGIN, target) == PasswordTries("accepted", "refused", "")
    assert read("database_password", LOGIN, target) == PasswordTries("accepted", "refused", "refused")
    assert why("database_password", LOGIN.partition("admin")[0], target) is Reason.MISSING
    assert why("database_login", "host db\n", target) is Reason.GARBLED


RULE = {
    "type": "host",
    "database": ["all"],
    "user": ["app"],
    "method": "md5",
    "certificate": "",
    "line": 3,
    "file": None,
    "error": "",
}


def state(bookworm: Gathered, target: Target, **change: Any) -> Any:
    known = {**json.loads(bookworm.said("postgres.state").out), **change}
    return read("database", {"postgres.state": json.dumps(known), "zebu.host": "role=app\n"}, target)


@pytest.mark.parametrize(("address", "netmask", "shown"), [
    ("10.0.0.0", "255.0.0.0", "10.0.0.0/8"), ("::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::1/128"), ("all", "", "all"), ("0.0.0.0", "0.0.0.0", "0.0.0.0/0"),
])  # fmt: skip
def test_a_netmask_is_a_prefix(address: str, netmask: str, shown: str, bookworm: Gathered, target: Target) -> None:
    row = {**RULE, "address": address, "netmask": netmask}
    assert state(bookworm, target, hba=[row]).hba == (HbaRule(3, "host", shown, "md5", ("all",), ("app",)),)


def test_where_a_rule_stands_and_what_it_asks_for(bookworm: Gathered, target: Target) -> None:
    row = {**RULE, "address": "all", "netmask": "", "method": "trust"}
    rows = [
        {**row, "file": "/data/pg_hba.conf", "certificate": "clientcert=verify-full"},
        {**row, "file": "/etc/extra.conf"},
    ]
    first, second = state(bookworm, target, hba=rows).hba
    assert (first.file, first.has_certificate, second.file, second.has_certificate) == (
        "",
        True,
        "/etc/extra.conf",
        False,
    )
    assert state(bookworm, target, hba=rows[1:]).open_rules == (second,)
    assert state(bookworm, target, hba=rows).open_rules == ()
    assert state(bookworm, target, hba=[row]).open_rules
    behind = [{**row, "method": "reject"}, row]
    assert state(bookworm, target, hba=behind).open_rules == ()
    only_tls = [{**row, "type": "hostssl"}]
    settings = json.loads(bookworm.said("postgres.state").out)["settings"]
    assert state(bookworm, target, hba=only_tls, settings={**settings, "ssl": "off"}).open_rules == ()
    assert state(bookworm, target, hba=only_tls, settings={**settings, "ssl": "on"}).open_rules


def test_numbers_of_the_server(bookworm: Gathered, target: Target) -> None:
    settings = {"max_connections": "100", "superuser_reserved_connections": "3"}
    found = state(bookworm, target, version=150_008, settings=settings)
    assert (found.major, found.max_connections, found.reserve) == (15, 100, 3)
    assert state(bookworm, target, settings={**settings, "reserved_connections": "2"}).reserve == 5


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize(
    "value",
    ["", "many", "²", "٣", "-1", "nan", "inf", "1e999", "1_0", "9" * 5000, "0x64", "['100']", "100 "],
    ids=lambda value: ascii(value[:12]),
)
def test_a_setting_that_is_no_number_leaves_what_it_decides_open(
    value: str, bookworm: Gathered, target: Target
) -> None:
    found = state(bookworm, target, settings={"max_connections": value, "superuser_reserved_connections": "3"})
    with pytest.raises(NotAssessed, match="max_connections is no number"):
        assert not found.max_connections
    assert found.reserve == 3


ODD: dict[str, dict[str, Any]] = {
    "a version as truth": {"version": True}, "a version with parts": {"version": 15.5}, "clients as text": {"clients": "²"}, "an age of many digits": {"frozen": 10**30},
    "an age without end": {"frozen": "Infinity"}, "pending as text": {"pending": "max_connections"}, "pending of numbers": {"pending": [1]}, "own settings as table": {"own_settings": {"a": 1}},
    "a truth as number": {"collation": 1}, "a truth as text": {"hba_unloaded": "f"}, "a table as text": {"tables": ["users"]}, "hba as text": {"hba": "trust"},
    "columns as text": {"indexes": [{"name": "i", "table": "t", "valid": True, "columns": "ab", "method": "btree", "where": "", "building": False}]},
    "a condition as table": {"indexes": [{"name": "i", "table": "t", "valid": True, "columns": ["a"], "method": "btree", "where": {}, "building": False}]},
    "a table's name in a list": {"foreign_keys": [{"table": ["a"], "columns": ["b"], "target": "b", "valid": True, "enforced": True}]},
    "a line as text": {"hba": [{**RULE, "line": "nan"}]},
}  # fmt: skip


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize("change", ODD.values(), ids=ODD)
def test_values_of_another_kind_are_garbled(change: dict[str, Any], bookworm: Gathered, target: Target) -> None:
    known = {**json.loads(bookworm.said("postgres.state").out), **change}
    assert why("database", {"postgres.state": json.dumps(known), "zebu.host": "role=app\n"}, target) is Reason.GARBLED


@pytest.mark.parametrize(
    "change",
    [
        {"hba": [{}]},
        {"tables": 1},
        {"settings": []},
        {"version": "15"},
        {"hba": [{**RULE, "address": "x", "netmask": "y"}]},
        {"hba": [{**RULE, "address": "all", "netmask": "", "user": []}]},
        {"hba_unloaded": "no"},
        {"indexes": [{"name": "i"}]},
        {"foreign_keys": [{"table": "a", "columns": [], "target": "b", "valid": True}]},
    ],
)
def test_another_state_is_garbled(change: dict[str, Any], bookworm: Gathered, target: Target) -> None:
    known = {**json.loads(bookworm.said("postgres.state").out), **change}
    if change == {"version": "15"}:
        known["version"] = "fifteen"
    answers = {"postgres.state": json.dumps(known), "zebu.host": "role=app\n"}
    assert why("database", answers, target) is Reason.GARBLED


def test_a_line_that_the_server_does_not_understand_is_known_by_its_number(bookworm: Gathered, target: Target) -> None:
    rows = [{"type": None, "address": "", "netmask": "", "method": "", "line": 7, "error": "invalid"}]
    found = state(bookworm, target, hba=rows)
    assert (found.hba, found.hba_errors) == ((), (7,))
    told = {
        **RULE,
        "type": "hostssl",
        "address": "all",
        "netmask": "",
        "method": "trust",
        "error": "cannot match because SSL is disabled",
    }
    found = state(bookworm, target, hba=[told])
    assert ([rule.kind for rule in found.hba], found.hba_errors) == (["hostssl"], ())


@pytest.mark.parametrize(("value", "off"), [
    ("off", True), ("OFF", True), ("of", True), ("false", True), ("F", True), ("no", True), ("n", True), ("0", True), (" off ", True),
    ("on", False), ("true", False), ("1", False), ("local", False), ("remote_apply", False), ("official", False), ("none", False), ("", False), ("o", False),
])  # fmt: skip
def test_every_spelling_of_off(value: str, off: bool, bookworm: Gathered, target: Target) -> None:
    assert is_off(value) is off
    rows = [{"of": "app", "setting": f"Synchronous_Commit={value}", "role": "app", "here": False}]
    assert state(bookworm, target, overrides=rows).overrides == (Override("app", "synchronous_commit", value, "app"),)


def overridden(bookworm: Gathered, target: Target, *rows: tuple[str, str, bool]) -> list[str]:
    """What counts of overrides of one setting: role, value, whether for this database only."""
    told = [
        {"of": role or "all", "setting": f"synchronous_commit={value}", "role": role, "here": here}
        for role, value, here in rows
    ]
    return [str(one) for one in state(bookworm, target, overrides=told).overridden("synchronous_commit")]


def test_the_nearest_override_counts(bookworm: Gathered, target: Target) -> None:
    """Role and database, role, database, all: the first of them."""
    everywhere, here = ("", "off", False), ("", "off", True)
    role, role_here = ("app", "on", False), ("app", "local", True)
    assert overridden(bookworm, target, everywhere) == ["all synchronous_commit=off"]
    assert overridden(bookworm, target, everywhere, here) == ["all synchronous_commit=off"]
    assert overridden(bookworm, target, everywhere, here, role) == ["app synchronous_commit=on"]
    assert overridden(bookworm, target, role, role_here) == ["app synchronous_commit=local"]
    assert overridden(bookworm, target, here, ("batch", "off", False)) == [
        "all synchronous_commit=off",
        "batch synchronous_commit=off",
    ]
    assert overridden(bookworm, target, role, ("batch", "off", False)) == [
        "app synchronous_commit=on",
        "batch synchronous_commit=off",
    ]
    assert overridden(bookworm, target) == []


def table(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "kind": "r", "rows": 5, "is_counted": True, "size": 8192, "dead": 0, "seq_scan": 0, "idx_scan": 0, "vacuumed": False,
            "part_of": None, "options": [], "keys": [], **more}  # fmt: skip


def test_rows_that_nobody_counted_are_unknown_where_there_may_be_many(bookworm: Gathered, target: Target) -> None:
    rows = [
        table("few", rows=-1, is_counted=False, size=280_000), table("many", rows=-1, is_counted=False, size=280_001),
        table("new", rows=0, is_counted=False, size=0), table("whole", kind="p", rows=-1, size=0),
        table("one", part_of="whole", rows=7), table("two", part_of="whole", rows=8),
        table("dark", kind="p", rows=0), table("part", part_of="dark", rows=0, is_counted=False, size=10**9), table("part2", part_of="dark"),
        table("locked", rows=-1, is_counted=False, size=None), table("locked but known", size=None),
    ]  # fmt: skip
    found = {one.name: one.rows for one in state(bookworm, target, tables=rows).tables}
    assert found == {
        "few": 0,
        "many": None,
        "new": 0,
        "whole": 15,
        "one": 7,
        "two": 8,
        "locked": None,
        "locked but known": 5,
        "dark": None,
        "part": None,
        "part2": 5,
    }


def test_counts_and_ages(target: Target) -> None:
    assert read("pool_timeouts", "3\n", target) == 3
    assert why("pool_timeouts", "none\n", target) is Reason.GARBLED
    assert read("cluster", f"@made {AT}\n", target).made == NOON
    for wrong in ("@made soon\n", f"made {AT}\n", ""):
        assert why("cluster", wrong, target) is Reason.GARBLED
