"""Alembic's revisions, by their files' text and by its table."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from pytest_zebu.facts.answer import Reason
from pytest_zebu.facts.migrations import _EMPTY, Migrations
from pytest_zebu.settings.target import Target
from tests.facts.answers import read, why

UNDO = "def downgrade():\n    op.drop_table('t')\n"
PLACE = "./migrations/versions/"


def file(name: str, text: str, place: str = PLACE) -> str:
    return f"@file {place}{name}\n" + "".join(f"@line {line}\n" for line in text.split("\n"))


def revision(name: str, previous: str, rest: str = UNDO, place: str = PLACE) -> str:
    return file(f"{name}.py", f"revision = '{name}'\ndown_revision = {previous}\n{rest}", place)


CHAIN = revision("a1", "None") + revision("b2", "'a1'") + revision("c3", "('a1',  # both\n  'b2',\n)")


def applied(*tables: tuple[str, str, Any], path: str = "") -> str:
    rows = [{"schema": schema, "table": table, "revisions": found} for schema, table, found in tables]
    overrides = [{"of": "app", "setting": f"search_path={path}", "role": "app", "here": False}] if path else []
    return json.dumps({"applied": rows, "overrides": overrides})


ONE = applied(("public", "alembic_version", ["b2"]))


def answers(files: str, state: str = ONE) -> dict[str, str]:
    return {"postgres.state": state, "migrations.heads": files, "zebu.host": "role=app\n"}


def found(target: Target, files: str = CHAIN, state: str = ONE) -> Migrations:
    value: Migrations = read("migrations", answers(files, state), target)
    return value


def test_heads_are_what_no_other_revision_follows(target: Target) -> None:
    value = found(target)
    assert (value.applied, value.heads, value.revisions, value.odd) == (("b2",), ("c3",), ("a1", "b2", "c3"), ())
    assert found(target, revision("a1", "None") + revision("b2", "'a1'")).heads == ("b2",)
    assert found(target, CHAIN.replace("@line   'b2',\n", "")).heads == ("b2", "c3")


@pytest.mark.parametrize("previous", [
    '"a1"', "('a1',)", "['a1']", '(\n    "a1"\n)', "'a' '1'", '("a1"  # why\n)',
])  # fmt: skip
def test_every_way_to_name_the_one_before(previous: str, target: Target) -> None:
    text = revision("a1", "None") + revision("b2", previous)
    annotated = text.replace("down_revision =", "down_revision: Union[str, Sequence[str], None] =").replace(
        "revision = 'b2'", "revision: str = 'b2'"
    )
    assert found(target, text).heads == found(target, annotated).heads == ("b2",)


@pytest.mark.parametrize(
    "line",
    [
        "revision = identify()",
        "down_revision = (",
        "down_revision = PREVIOUS",
        "other = 1",
        "revision = 'd4'\ndown_revision = 4",
        "revision = 'd4'\ndown_revision = ('a', 4)",
    ],
)
def test_a_declaration_that_is_not_understood_is_named(line: str, target: Target) -> None:
    assert found(target, CHAIN + file("d4.py", line)).odd == ("d4.py",)


def test_a_text_that_this_python_cannot_read_still_declares(target: Target) -> None:
    text = "class Page[T]:\n    pass\n\n\ndef downgrade():\n    op.drop()\n\n\ndef (:\n"
    value = found(target, CHAIN + revision("d4", "'c3'", text))
    assert (value.heads, value.odd, value.without_downgrade) == (("d4",), (), ())
    gone = found(target, CHAIN + revision("d4", "'c3'", "def (:\n"))
    assert gone.without_downgrade == ("d4.py",)


def test_a_module_that_has_a_revision_and_is_none(target: Target) -> None:
    """The application's version, say: not among the versions, and it follows nothing."""
    assert found(target, CHAIN + file("version.py", "revision = '1.2'", "./zebu/")).revisions == ("a1", "b2", "c3")


def test_files_anywhere_count_unless_alembics_own_file_says_where(target: Target) -> None:
    other = revision("x1", "None", place="./old/versions/")
    assert found(target, CHAIN + other).heads == ("c3", "x1")
    for line in (
        "script_location = migrations",
        "script_location = %(here)s/migrations",
        "script_location=/app/migrations",
    ):
        assert found(target, f"@ini {line}\n" + CHAIN + other).heads == ("c3",)
    places = "@ini script_location = x\n@ini version_locations = {}\n"
    assert found(target, places.format("%(here)s/migrations/versions old/versions") + CHAIN + other).heads == (
        "c3",
        "x1",
    )
    assert found(target, places.format("old/versions") + CHAIN + other).heads == ("x1",)
    assert found(target, places.format("%(here)s/old/versions:%(here)s/migrations/versions") + CHAIN + other).heads == (
        "c3",
        "x1",
    )
    # What leads nowhere, or is said twice, says nothing.
    assert found(target, places.format("nowhere") + CHAIN).heads == ("c3",)
    assert found(target, "@ini script_location = migrations\n@ini script_location = old\n" + CHAIN + other).heads == (
        "c3",
        "x1",
    )
    deeper = revision("d4", "'c3'", place="./migrations/versions/2026/")
    assert found(target, "@ini script_location = migrations\n" + CHAIN + deeper).heads == ("d4",)


def test_what_another_revision_depends_on_is_implied(target: Target) -> None:
    base = revision("x1", "None", "branch_labels = ('prices',)\n" + UNDO)
    for word in ("'x1'", "('x1',)", "'prices'"):
        value = found(target, CHAIN + base + revision("d4", "'c3'", f"depends_on = {word}\n" + UNDO))
        assert (value.heads, value.implied) == (("d4", "x1"), ("x1",))
    value = found(target, CHAIN + base)
    assert (value.heads, value.implied) == (("c3", "x1"), ())


DOWN = "def upgrade():\n    op.create_table('t')\n\n\ndef downgrade():\n"


@pytest.mark.parametrize("body", [
    "pass", "...", '"Why."', '"""Why."""\n    pass', "return", "return None", 'print("no way back")', 'logger.info("x")', "import os", "x = 1", "bind = op.get_bind()",
    'raise NotImplementedError("no")', "raise RuntimeError", "op.drop_table('t')\n    raise NotImplementedError", "assert False", "if True:\n        pass", "return\n    op.drop_table('t')",
    "with op.get_context():\n        pass", "for table in ():\n        pass", 'op.execute("SELECT 1")', 'op.execute("-- nothing")', 'op.execute("")', "if rows():\n        raise ValueError",
])  # fmt: skip
def test_a_downgrade_that_does_nothing(body: str, target: Target) -> None:
    assert found(target, revision("a1", "None", f"{DOWN}    {body}\n")).without_downgrade == ("a1.py",)


@pytest.mark.parametrize("body", [
    "op.drop_table('t')", "pass\n    op.drop_table('t')", "for t in ('a', 'b'):\n        op.drop_table(t)", "with op.batch_alter_table('t') as t:\n        t.drop_column('c')",
    "if rows():\n        raise ValueError\n    op.drop_table('t')", "_undo()", 'op.execute("SELECT undo()")', "done = op.drop_table('t')", "if is_offline():\n        op.drop_table('t')",
    "try:\n        op.drop_table('t')\n    finally:\n        pass",
])  # fmt: skip
def test_a_downgrade_that_does_something(body: str, target: Target) -> None:
    assert found(target, revision("a1", "None", f"{DOWN}    {body}\n")).without_downgrade == ()


def test_a_downgrade_that_is_missing_or_made_otherwise(target: Target) -> None:
    up = "def upgrade():\n    op.create_table('t')\n"
    for text, without in (
        (up, True), (up + "# def downgrade(): op.drop_table('t')\n", True), (up + "from zebu.undo import downgrade\n", False),
        (up + "downgrade = undo\n", False), (up + UNDO + "def downgrade():\n    pass\n", True), (up + "def downgrade():\n    pass\n" + UNDO, False),
        (up + "def downgrade(name):\n    globals()[f'downgrade_{name}']()\ndef downgrade_one():\n    pass\n", True),
        (up + "def downgrade(name):\n    globals()[f'downgrade_{name}']()\ndef downgrade_one():\n    op.drop()\n", False),
    ):  # fmt: skip
        assert bool(found(target, revision("a1", "None", text)).without_downgrade) is without, text


@pytest.mark.parametrize("up", [
    "pass", '"""Merge."""', 'op.execute("UPDATE t SET a = 1")', 'op.bulk_insert(t, [{"a": "create it"}])', "bind = op.get_bind()\n    bind.execute(sa.text('INSERT INTO t VALUES (1)'))",
    "for row in rows:\n        op.execute(t.insert().values(row))", "_fill()\n\n\ndef _fill():\n    op.execute('DELETE FROM t')", 'op.execute(f"UPDATE {name} SET a = 1")',
    "session = Session(bind=op.get_bind())\n    session.add_all([])",
    # A statement under a name, and what may stay
    "stmt = sa.update(t).where(t.c.a > 1).values(a=1)\n    op.execute(stmt)", "stmt = t.update().values(a=1)\n    bind.execute(stmt)", "sql = sa.text('UPDATE t SET a = 1')\n    op.execute(sql)", 'sql = """\n    DELETE FROM t"""\n    op.execute(sql)',
    "op.execute('CREATE EXTENSION IF NOT EXISTS \"uuid-ossp\"')", "with op.get_context().autocommit_block():\n        op.execute(\"ALTER TYPE side ADD VALUE IF NOT EXISTS 'SHORT'\")",
])  # fmt: skip
def test_without_effect_on_the_schema_nothing_is_to_be_undone(up: str, target: Target) -> None:
    """A merge, or rows only: an empty downgrade is right there, as long as it can be run."""
    text = f'"""Create what is missing."""\ndef upgrade():\n    {up}\n\n\ndef downgrade():\n    '
    value = found(target, revision("a1", "None", f"{text}pass\n"))
    assert (value.without_downgrade, value.nothing_to_undo) == ((), ("a1.py",))
    for stop in ("raise NotImplementedError", "assert False"):
        assert found(target, revision("a1", "None", f"{text}{stop}\n")).without_downgrade == ("a1.py",)
    assert found(target, revision("a1", "None", f"{text.partition('def downgrade')[0]}\n")).without_downgrade == (
        "a1.py",
    )


@pytest.mark.parametrize("up", [
    "op.add_column('t', c)", "op.create_index('i')", 'op.execute("ALTER TABLE t ADD c int")', 'op.execute(sa.text(" create index i"))', 'op.execute(f"DROP TABLE {name}")', "op.execute(STATEMENT)",
    "with op.batch_alter_table('t') as t:\n        t.x()", "helper()", "op.execute(open('a.sql').read())", "op.execute(Path('a.sql').read_text())", "Base.metadata.create_tables()",
])  # fmt: skip
def test_what_changes_the_schema_or_may_do_so_is_to_be_undone(up: str, target: Target) -> None:
    text = f"def upgrade():\n    {up}\n\n\ndef downgrade():\n    pass\n"
    assert found(target, revision("a1", "None", text)).without_downgrade == ("a1.py",)


def test_tables_that_are_made_and_stay(target: Target) -> None:
    up = "def upgrade():\n    {}\n" + UNDO
    made = revision(
        "a1",
        "None",
        up.format(
            "op.create_table('one', c)\n    t = op.create_table('two')\n    op.create_table('three')\n    op.create_table('four')\n    if x:\n        op.create_table('five')"
        ),
    )
    later = revision(
        "b2",
        "'a1'",
        up.format("op.drop_table('two')\n    op.rename_table('three', 'tres')\n    op.execute('DROP TABLE four')"),
    )
    assert found(target, made + later).made == ("one",)
    assert found(target, made).made == ("four", "one", "three", "two")


def test_where_the_applied_revisions_are(target: Target) -> None:
    """In whatever schema, under whatever name; what may not be read, or is in several, is not nothing."""
    assert found(target, state=applied()).applied == ()
    assert found(target, state=applied(("app", "alembic_version", []))).applied == ()
    assert found(target, state=applied(("app", "alembic_version", ["c3"]))).applied == ("c3",)
    assert found(target, state=applied(("public", "alembic_version_zebu", ["c3"]))).applied == ("c3",)
    # Another program's own, and one of ours under another name
    assert found(
        target, state=applied(("public", "alembic_version", ["other"]), ("public", "migrations", ["c3"]))
    ).applied == ("c3",)
    assert found(target, state=applied(("public", "alembic_version", ["other"]))).applied == ("other",)
    assert found(target, state=applied(("public", "other_version", ["other"]))).applied == ()
    hidden = applied(("app", "alembic_version", None))
    assert why("migrations", answers(CHAIN, hidden), target) is Reason.NO_PERMISSION
    assert found(target, state=applied(("public", "alembic_version", ["c3"]), ("public", "hidden", None))).applied == (
        "c3",
    )


def test_of_several_tables_the_one_that_the_code_or_the_path_means(target: Target) -> None:
    two = (("new", "alembic_version", ["b2"]), ("old", "alembic_version", ["a1"]))
    assert found(target, state=applied(("app", "alembic_version", ["b2"]), two[1])).applied == (
        "b2",
    )  # a schema called as the role
    assert why("migrations", answers(CHAIN, applied(*two)), target) is Reason.UNDECIDABLE
    assert found(target, state=applied(*two, path="new, old")).applied == ("b2",)
    assert found(target, state=applied(*two, path="\"$user\", 'x', old")).applied == ("a1",)
    assert found(target, state=applied(("public", "alembic_version", ["b2"]), two[1])).applied == ("b2",)
    same = applied(("one", "alembic_version", ["b2"]), ("two", "alembic_version", ["b2"]))
    assert found(target, state=same).applied == ("b2",)
    for line, name in (("version_table_schema='old',", "a1"), ('opts["version_table_schema"] = "new"', "b2")):
        assert found(target, f"@env     {line}\n" + CHAIN, applied(*two)).applied == (name,)
    named = applied(("public", "alembic_version", ["a1"]), ("public", "zebu_version", ["c3"]))
    assert found(target, '@env context.configure(version_table="zebu_version")\n' + CHAIN, named).applied == ("c3",)
    assert found(target, "@env version_table=settings.table\n" + CHAIN, named).applied == ("a1",)


def test_no_migrations_are_no_verdict(target: Target) -> None:
    assert why("migrations", answers(""), target) is Reason.MISSING
    assert why("migrations", answers(file("d4.py", "revision = x()")), target) is Reason.MISSING
    for state in ("{}", "[]", '{"applied": [{}]}', '{"applied": [], "overrides": [{}]}', '{"applied": []}'):
        assert why("migrations", answers(CHAIN, state), target) is Reason.GARBLED
    assert why("migrations", answers("text\n"), target) is Reason.GARBLED


@pytest.mark.parametrize("body", [
    "sys.exit('no way back')", "print('no')\n    exit(1)", "util.err('no way back')", "op.drop_table('t')\n    os._exit(1)", "op.execute(sa.text('SELECT 1'))",
    "no()\n\n\ndef no():\n    raise RuntimeError", "no()\n\n\ndef no():\n    print('no')", "op.drop_table('t')\n    no()\n\n\ndef no():\n    raise RuntimeError",
])  # fmt: skip
def test_a_downgrade_that_ends_otherwise_or_lets_others_do_nothing(body: str, target: Target) -> None:
    assert found(target, revision("a1", "None", f"{DOWN}    {body}\n")).without_downgrade == ("a1.py",)
    rows = "def upgrade():\n    op.execute('UPDATE t SET a = 1')\n\n\ndef downgrade():\n    sys.exit(1)\n"
    assert found(target, revision("a1", "None", rows)).without_downgrade == ("a1.py",)


@pytest.mark.parametrize(
    "body",
    [
        "undo()\n\n\ndef undo():\n    op.drop_table('t')",
        "undo()\n\n\ndef undo():\n    if x:\n        return\n    more()",
        "undo()\n\n\ndef undo():\n    undo()\n    return op.x()",
    ],
)
def test_a_downgrade_that_others_do(body: str, target: Target) -> None:
    assert found(target, revision("a1", "None", f"{DOWN}    {body}\n")).without_downgrade == ()


@pytest.mark.parametrize(("head", "is_right"), [
    ("from sqlalchemy.orm import declarative_base, sessionmaker\nfrom sqlalchemy import Column, Integer\nfrom datetime import datetime\nBase = declarative_base()\n\n\nclass T(Base):\n    id = Column(Integer)\n", True),
    ("from app.models import Base, declarative_base\nBase = declarative_base()\n", False), ("from sqlalchemy.schema import CreateTable\nx = CreateTable(t)\n", False),
])  # fmt: skip
def test_models_of_a_migration_that_changes_rows_only(head: str, is_right: bool, target: Target) -> None:
    text = f"{head}\n\ndef upgrade():\n    session = orm.Session(bind=op.get_bind())\n    session.commit()\n\n\ndef downgrade():\n    pass\n"
    assert found(target, revision("a1", "None", text)).nothing_to_undo == (("a1.py",) if is_right else ())


@pytest.mark.parametrize("up", [
    "op.execute(\"ALTER TYPE side ADD VALUE 'SHORT'\")", "op.execute('CREATE EXTENSION pgcrypto')", "op.execute('CREATE EXTENSION IF NOT EXISTS pgcrypto; CREATE TABLE t (a int)')", "op.execute('CREATE TABLE IF NOT EXISTS t (a int)')",
    "sql = 'ALTER TABLE t ADD a int'\n    op.execute(sql)", "for sql in STATEMENTS:\n        op.execute(sql)", "sql, more = made()\n    op.execute(sql)", "sql = 'UPDATE t SET a = 1'\n    sql = made()\n    op.execute(sql)", "run('DELETE FROM t')\n\n\ndef run(sql):\n    op.execute(sql)",
    "sql = 'UPDATE t SET a = 1'\n    sql += '; DROP TABLE t'\n    op.execute(sql)", "op.execute(sql)",
])  # fmt: skip
def test_what_would_have_to_be_undone(up: str, target: Target) -> None:
    """A statement that may be any, and what older code or a second upgrade would stumble over."""
    text = f"def upgrade():\n    {up}\n\n\ndef downgrade():\n    pass\n"
    assert found(target, revision("a1", "None", text)).without_downgrade == ("a1.py",)


@pytest.mark.parametrize(("up", "made"), [
    ("for name in ('old', 'older'):\n        op.drop_table(name)", ("new",)), ("_clean()\n\n\ndef _clean():\n    op.drop_table('old')\n    op.drop_table('older')", ("new",)),
    ("for name in OLD:\n        op.drop_table(name)\n\n\nOLD = ['old', 'older']", ("new",)), ("bind.exec_driver_sql('DROP TABLE old, older')", ("new",)), ("for t in ('old', 'older'):\n        op.execute(f'DROP TABLE {t}')", ("new",)),
    ("op.execute(Path('a.sql').read_text())", ()), ("with open('a.sql') as file:\n        op.execute(file.read())", ()), ("op.execute(sa.text('DROP TABLE old'))", ("new", "older")), ("op.execute('UPDATE x SET a = 1')", ("new", "old", "older")),
])  # fmt: skip
def test_tables_that_are_taken_away_by_names_from_elsewhere(up: str, made: tuple[str, ...], target: Target) -> None:
    """In a loop, by a helper, from a list; what another file says is not known."""
    first = revision("a1", "None", f"def upgrade():\n    op.create_table('old')\n    op.create_table('older')\n{UNDO}")
    later = revision("b2", "'a1'", f"def upgrade():\n    op.create_table('new')\n    {up}\n{UNDO}")
    assert found(target, first + later).made == made


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize(
    "text",
    ["-" * 5000 + "\nselect 2", ("-" * 79 + "\n") * 300 + "drop", " " * 5000 + "x", "-- " * 3000 + "\nx", "select 1" + " " * 5000 + "x", "\n" * 5000 + "--\nx"],
    ids=["a line of dashes", "many lines of dashes", "blanks", "comments", "blanks behind", "empty lines"],
)  # fmt: skip
def test_a_statement_behind_comments_is_none_that_does_nothing(text: str) -> None:
    """A line of dashes over a statement is ordinary. Taken apart in every way, it would not end in a life."""
    assert _EMPTY.fullmatch(text) is None
    assert _EMPTY.fullmatch("-" * 5000 + "\n  -- nothing to do\n select  1 ; \n")


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize(
    "up",
    [
        pytest.param("op.execute('update t set a = 1')\n" + "a = 1\n" * 20_000, id="statements"),
        pytest.param(
            "def upgrade():\n" + "".join(f"    op.create_table('t{number}')\n" for number in range(4_000))
            + "".join(f"    op.drop_table('u{number}')\n" for number in range(4_000)), id="tables",
        ),
    ],
)  # fmt: skip
def test_a_long_revision_takes_its_time_once(up: str, target: Target) -> None:
    """Where each line was compared with all others, these took minutes."""
    start = time.process_time()
    assert found(target, revision("a", "None", up)).revisions == ("a",)
    assert time.process_time() - start < 15
