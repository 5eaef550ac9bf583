"""PostgreSQL by its catalogues."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Reason, Said, need
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.facts.postgres import HbaRule, Migrations, PasswordTries, Role, is_off
from pytest_zebu.settings.target import Target
from tests.facts.answers import AT, NOON, read, why


def test_a_database_without_migrations_has_none_applied(bookworm: Gathered, target: Target) -> None:
    state = json.loads(bookworm.said("postgres.state").out)
    answers = {**bookworm.answers, "postgres.state": Said(0, json.dumps({**state, "applied": []}))}
    migrations = need(ALL["migrations"].read(replace(bookworm, answers=answers), target))
    assert migrations.applied == ()
    assert migrations.heads == ("d001_price_history_updated_at",)


HEADS = """@file migrations/versions/a1.py
@head \"\"\"What it is for.\"\"\"
@head revision: str = "a1"
@head down_revision: str | None = None
@line def downgrade() -> None:
@line     op.drop_table("t")
@file migrations/versions/b2.py
@head revision = 'b2'  # second
@head down_revision = "a1"
@line def downgrade() -> None:
@line     \"\"\"Nothing.\"\"\"
@line     pass
@file migrations/versions/c3.py
@head revision = 'c3'
@head down_revision = (
@head     'a1',  # both
@head     'b2',
@head )
@line def downgrade() -> None:
@line     def (
"""


APPLIED = '{"applied": [{"schema": "app", "revisions": ["b2"]}]}'


def migrations(target: Target, heads: str = HEADS, state: str = APPLIED) -> Migrations:
    found: Migrations = read("migrations", {"postgres.state": state, "migrations.heads": heads}, target)
    return found


def test_heads_are_what_no_other_revision_follows(target: Target) -> None:
    found = migrations(target)
    assert (found.applied, found.heads, found.revisions) == (("b2",), ("c3",), ("a1", "b2", "c3"))
    assert migrations(target, HEADS.partition("@file migrations/versions/c3.py")[0]).heads == ("b2",)
    assert migrations(target, HEADS.replace("@head     'b2',\n", "")).heads == ("b2", "c3")


@pytest.mark.parametrize(
    "line", ["revision = identify()", "down_revision = (", "down_revision = PREVIOUS", "other = 1"]
)
def test_a_declaration_that_is_not_understood_is_named(line: str, target: Target) -> None:
    text = HEADS + f"@file migrations/versions/d4.py\n@head {line}\n"
    assert migrations(target, text).odd == ("d4.py",)


def test_where_the_applied_revisions_are(target: Target) -> None:
    """In whatever schema; what may not be read, or is in several, is not nothing."""
    answers = {"migrations.heads": HEADS}
    hidden = '{"applied": [{"schema": "app", "revisions": null}]}'
    assert why("migrations", {**answers, "postgres.state": hidden}, target) is Reason.NO_PERMISSION
    two = '{"applied": [{"schema": "app", "revisions": ["b2"]}, {"schema": "old", "revisions": ["a1"]}]}'
    assert why("migrations", {**answers, "postgres.state": two}, target) is Reason.UNDECIDABLE


@pytest.mark.parametrize(("body", "empty"), [
    (["def downgrade():", "    pass"], True), (["def downgrade():", "    ..."], True), (["def downgrade():", '    "Why."'], True),
    (["def downgrade():", '    raise NotImplementedError("no")'], True), (["def downgrade():", "    pass", "    op.drop()"], False), (["def downgrade("], False), ([], True), (["x = 1"], True),
])  # fmt: skip
def test_a_downgrade_that_does_nothing(body: list[str], empty: bool, target: Target) -> None:
    """What cannot be read is taken to do something."""
    text = "@file v/a1.py\n@head revision = 'a1'\n" + "".join(f"@line {line}\n" for line in body)
    assert migrations(target, text).without_downgrade == (("a1.py",) if empty else ())


def test_no_migrations_are_no_verdict(target: Target) -> None:
    assert why("migrations", {"postgres.state": '{"applied": []}', "migrations.heads": ""}, target) is Reason.MISSING
    assert why("migrations", {"postgres.state": "{}", "migrations.heads": HEADS}, target) is Reason.GARBLED
    assert why("migrations", {"postgres.state": "[]", "migrations.heads": HEADS}, target) is Reason.GARBLED


POWERS = ("superuser", "create_role", "create_database", "replication", "bypass_rls")


def role(target: Target, row: Any) -> Role:
    found: Role = read(
        "database_role", {"postgres.state": json.dumps({"role": row}), "zebu.host": "role=app\n"}, target
    )
    return found


@pytest.mark.parametrize("power", [*POWERS, None])
def test_the_powers_of_the_role(power: str | None, target: Target) -> None:
    row = {"name": "app", "member_of": ["readers"], **{name: name == power for name in POWERS}}
    assert role(target, row) == Role("app", (power,) if power else (), ("readers",))


@pytest.mark.parametrize(("row", "reason"), [(None, Reason.UNDECIDABLE), ({}, Reason.GARBLED), ([], Reason.GARBLED)])
def test_a_role_that_is_not_there_is_no_verdict(row: Any, reason: Reason, target: Target) -> None:
    assert why("database_role", {"postgres.state": json.dumps({"role": row}), "zebu.host": ""}, target) is reason


LOGIN = "host db\nright accepted\nwrong refused\nadmin-right accepted\nadmin-wrong refused\nadmin-default refused\n"


def test_logins_of_the_application_and_the_administrator(target: Target) -> None:
    assert read("database_login", LOGIN, target) == PasswordTries("accepted", "refused", "")
    assert read("database_password", LOGIN, target) == PasswordTries("accepted", "refused", "refused")
    assert why("database_password", LOGIN.partition("admin")[0], target) is Reason.MISSING
    assert why("database_login", "host db\n", target) is Reason.GARBLED


@pytest.mark.parametrize(("rule", "local"), [
    (HbaRule(1, "local", "", "trust"), True), (HbaRule(1, "host", "127.0.0.1/32", "trust"), True), (HbaRule(1, "host", "::1/128", "trust"), True),
    (HbaRule(1, "host", "10.0.0.0/8", "trust"), False), (HbaRule(1, "host", "all", "trust"), False), (HbaRule(1, "host", "samehost", "trust"), True),
    (HbaRule(1, "host", "localhost", "trust"), True), (HbaRule(1, "host", "localhost.example", "trust"), False), (HbaRule(1, "host", "samenet", "trust"), False),
    (HbaRule(1, "host", "127.0.0.1/0", "trust"), False),
])  # fmt: skip
def test_which_rules_only_the_container_itself_can_use(rule: HbaRule, local: bool) -> None:
    assert rule.is_local is local


def state(bookworm: Gathered, target: Target, **change: Any) -> Any:
    known = {**json.loads(bookworm.said("postgres.state").out), **change}
    return read("database", json.dumps(known), target)


@pytest.mark.parametrize(("row", "address"), [
    ({"type": "host", "address": "10.0.0.0", "netmask": "255.0.0.0", "method": "md5", "line": 3, "error": ""}, "10.0.0.0/8"),
    ({"type": "host", "address": "::1", "netmask": "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "method": "md5", "line": 3, "error": ""}, "::1/128"),
    ({"type": "host", "address": "all", "netmask": "", "method": "md5", "line": 3, "error": ""}, "all"),
])  # fmt: skip
def test_a_netmask_is_a_prefix(row: dict[str, Any], address: str, bookworm: Gathered, target: Target) -> None:
    assert state(bookworm, target, hba=[row]).hba == (HbaRule(3, "host", address, "md5"),)


def test_numbers_of_the_server(bookworm: Gathered, target: Target) -> None:
    settings = {"max_connections": "100", "superuser_reserved_connections": "3"}
    found = state(bookworm, target, version=150_008, settings=settings)
    assert (found.major, found.max_connections, found.reserve) == (15, 100, 3)
    assert state(bookworm, target, settings={**settings, "reserved_connections": "2"}).reserve == 5


@pytest.mark.parametrize(
    "change",
    [
        {"hba": [{}]},
        {"tables": 1},
        {"settings": []},
        {"version": "15"},
        {"hba": [{"address": "x", "netmask": "y", "line": 1, "type": "", "method": "", "error": ""}]},
        {"foreign_keys": [{"table": "a", "columns": [], "target": "b", "valid": True}]},
    ],
)
def test_another_state_is_garbled(change: dict[str, Any], bookworm: Gathered, target: Target) -> None:
    known = {**json.loads(bookworm.said("postgres.state").out), **change}
    if change == {"version": "15"}:
        known["version"] = "fifteen"
    assert why("database", json.dumps(known), target) is Reason.GARBLED


def test_a_line_that_the_server_does_not_understand_is_known_by_its_number(bookworm: Gathered, target: Target) -> None:
    rows = [{"type": None, "address": "", "netmask": "", "method": "", "line": 7, "error": "invalid"}]
    found = state(bookworm, target, hba=rows)
    assert (found.hba, found.hba_errors) == ((), (7,))


@pytest.mark.parametrize(("value", "off"), [
    ("off", True), ("OFF", True), ("of", True), ("false", True), ("F", True), ("no", True), ("n", True), ("0", True), (" off ", True),
    ("on", False), ("true", False), ("1", False), ("local", False), ("remote_apply", False), ("official", False), ("none", False), ("", False), ("o", False),
])  # fmt: skip
def test_every_spelling_of_off(value: str, off: bool, bookworm: Gathered, target: Target) -> None:
    assert is_off(value) is off
    found = state(bookworm, target, overrides=[{"of": "app", "setting": f"Synchronous_Commit={value}"}])
    assert found.overrides == (("app", "synchronous_commit", value),)


TOP = "PID PPID COMMAND\n"


@pytest.mark.parametrize(("rows", "count"), [
    ("26247 24935 sh -c true && uvicorn main:app --workers 3; true\n26249 26247  uvicorn main:app --workers 3\n26259 26249  -B -c from multiprocessing.resource_tracker import main;main(6)\n"
     + "".join(f"{pid} 26249  -B -c from multiprocessing.spawn import spawn_main; spawn_main(tracker_fd=7) --multiprocessing-fork\n" for pid in (1, 2, 3)), 3),
    ("1 0 /venv/bin/python3 /venv/bin/fastapi run --workers 2\n2 1 python -c from multiprocessing.spawn import spawn_main\n3 1 python -c from multiprocessing.spawn import spawn_main\n", 2),
    ("1 0 python3 -u -m uvicorn app\n", 1), ("1 0 gunicorn: master [app]\n2 1 gunicorn: worker [app]\n3 1 gunicorn: worker [app]\n", 2),
    ("1 0 uvicorn app\n2 1 tail -f /var/log/uvicorn.log\n3 1 sh -c uvicorn\n", 1),
    ("1 0 uvicorn app\n", 1), ("1 0 gunicorn app\n2 1 gunicorn app\n3 1 gunicorn app\n", 2), ("1 0 sh -c x\n2 1 uvicorn app\n", 1),
    ("1 0 uvicorn --workers 2\n2 1 python -c from multiprocessing.spawn import spawn_main\n3 1 python -c from multiprocessing.resource_tracker\n", 1),
])  # fmt: skip
def test_processes_that_keep_a_pool(rows: str, count: int, target: Target) -> None:
    assert read("backend_processes", TOP + rows, target) == count


def test_without_a_server_its_processes_are_unknown(target: Target) -> None:
    for row in ("1 0 sleep 1\n", "1 0 tail -f uvicorn.log\n", "1 0 ./serve --like uvicorn\n"):
        assert why("backend_processes", TOP + row, target) is Reason.UNDECIDABLE


def test_counts_and_ages(target: Target) -> None:
    assert read("pool_timeouts", "3\n", target) == 3
    assert why("pool_timeouts", "none\n", target) is Reason.GARBLED
    assert read("cluster", f"@made {AT}\n", target).made == NOON
    for wrong in ("@made soon\n", f"made {AT}\n", ""):
        assert why("cluster", wrong, target) is Reason.GARBLED
