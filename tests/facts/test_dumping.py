"""What a command dumps, and what of all jobs makes backups."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime, timedelta

import pytest

from pytest_zebu.facts.dumping import Dump, dump_of, keep_appearing, making_of
from pytest_zebu.facts.environment import Environment, Variable
from pytest_zebu.facts.jobs import Command, Job

NOW, DAY = datetime(2026, 11, 24, 12, tzinfo=UTC), timedelta(days=1)


@pytest.mark.parametrize(("command", "databases", "host", "lacking"), [
    ("pg_dump zebu", ("zebu",), "", ""), ("pg_dump -Fc -U z -h 192.0.2.1 cloud", ("cloud",), "192.0.2.1", ""), ("pg_dump -Uz -dzebu", ("zebu",), "", ""), ("pg_dump --dbname=zebu --file=/x", ("zebu",), "", ""),
    ("pg_dump --dbname zebu", ("zebu",), "", ""), ("pg_dump postgresql://u@db:5432/zebu?x=1", ("zebu",), "db", ""), ("pg_dump -d postgres://db/zebu", ("zebu",), "db", ""), ("pg_dump 'host=a dbname=zebu'", ("zebu",), "a", ""),
    ("pg_dump -U zebu_admin -Fc", ("zebu_admin",), "", ""), ("pg_dump", ("$",), "", ""), ("pg_dump \"$DB\"", ("$DB",), "", ""), ("pg_dump -xOc -Z 9 zebu", ("zebu",), "", ""), ("pg_dump -j 4 -Fd -f /b zebu", ("zebu",), "", ""),
    # What a list of a shell's was joined to, and options that only a run could tell
    ("pg_dump '-h db -U zebu -Fc' zebu", ("zebu",), "db", ""), ("pg_dump '-U zebu -d zebu -Fc' -f /b", ("zebu",), "", ""), ("pg_dump '-Fc --schema-only' zebu", ("zebu",), "", "only the schema"), ("pg_dump '--host=db --dbname=zebu'", ("zebu",), "db", ""),
    ("pg_dump 'zebu -s'", ("zebu",), "", "only the schema"), ("pg_dump --dbname='host=a dbname=zebu'", ("zebu",), "a", ""), ("pg_dump '$MORE' other", ("other",), "", ""), ("pg_dump other '$MORE'", ("other",), "", ""), ("pg_dump '$MORE' '$DB'", ("$MORE",), "", ""),
    ("pg_dump -- zebu", ("zebu",), "", ""), ("pg_dump postgres://[x/zebu", ("$",), "", ""),
    ("pg_dump -s zebu", ("zebu",), "", "only the schema"), ("pg_dump -Fcs zebu", ("zebu",), "", ""), ("pg_dump -xs zebu", ("zebu",), "", "only the schema"), ("pg_dump --schema-only zebu", ("zebu",), "", "only the schema"),
    ("pg_dump -a zebu", ("zebu",), "", "only rows"), ("pg_dump -t x zebu", ("zebu",), "", "only some tables"), ("pg_dump --table=x zebu", ("zebu",), "", "only some tables"), ("pg_dump -n public zebu", ("zebu",), "", ""), ("pg_dump --schema=public -n market zebu", ("zebu",), "", ""), ("pg_dump -n audit zebu", ("zebu",), "", "only some schemas"), ("pg_dump -n public -t x zebu", ("zebu",), "", "only some tables"), ("pg_dump -n public -s zebu", ("zebu",), "", "only the schema"),
    ("pg_dump --section=pre-data zebu", ("zebu",), "", "only a section"), ("pg_dump --exclude-table-data=log zebu", ("zebu",), "", ""), ("pg_dump --exclude-table-data='*' zebu", ("zebu",), "", "only the schema"), ("pg_dump --no-schema zebu", ("zebu",), "", "only rows"), ("pg_dump -T log zebu", ("zebu",), "", ""),
    ("pg_dump -f /dev/null zebu", ("zebu",), "", "its output is thrown away"),
    ("pg_dumpall", None, "", ""), ("pg_dumpall -h db -U postgres", None, "db", ""), ("pg_dumpall -g", None, "", "only roles and tablespaces"), ("pg_dumpall --globals-only", None, "", "only roles and tablespaces"),
    ("pg_dumpall -r", None, "", "only roles"), ("pg_dumpall -t", None, "", "only tablespaces"), ("pg_dumpall -s", None, "", "only the schema"), ("pg_basebackup -D /b -Ft -z", None, "", ""),
    ("barman backup all", None, "", ""), ("pgbackrest --stanza=main backup", None, "", ""), ("wal-g backup-push /x", None, "", ""), ("vzdump 100", None, "", ""),
])  # fmt: skip
def test_what_a_command_dumps(command: str, databases: tuple[str, ...] | None, host: str, lacking: str) -> None:
    found = dump_of(Command(tuple(shlex.split(command)), place="container:db"))
    assert found == Dump(databases, host, lacking, "container:db")


@pytest.mark.parametrize("command", [
    "pg_dump --version", "pg_dump -V", "pg_dump --help", "barman -q cron", "barman check all", "pgbackrest --stanza=main expire", "pgbackrest check", "wal-g wal-push x", "restic backup /", "docker image prune", "find / -delete",
])  # fmt: skip
def test_what_dumps_nothing(command: str) -> None:
    assert dump_of(Command(tuple(command.split()))) is None


@pytest.mark.parametrize(("into", "lacking"), [
    ("> /b/x", ""), ("| gzip > /b/x", ""), ("| restic backup --stdin", ""), ("| ssh nas cat", ""), ("> /dev/null", "thrown away"), ("| gzip > /dev/null", "thrown away"), ("| psql other", "goes to psql"), ("| wc -c", "goes to wc"),
    ("| /usr/bin/md5sum", "goes to"), ("| tee /b/x | wc -c", ""), ("| gzip | tee | sha256sum | $()", ""), ("| gzip | sha256sum", "goes to sha256sum"), ("> /dev/null > /b/x", ""), ("", ""),
])  # fmt: skip
def test_whether_anything_is_kept(into: str, lacking: str) -> None:
    found = dump_of(Command(("pg_dump", "zebu"), tuple(into.split())))
    assert found is not None
    assert lacking in found.lacking
    assert bool(found.lacking) is bool(lacking)


def test_what_a_command_is_given_by_its_environment() -> None:
    assert dump_of(Command(("pg_dump",), settings=(("PGDATABASE", "zebu"), ("PGHOST", "db")))) == Dump(
        ("zebu",), "db", "", ""
    )
    assert dump_of(Command(("pg_dump", "-U", "x"), settings=(("PGSERVICE", "zebu"),))) == Dump(("$",), "", "", "")


def told(*names: tuple[str, str]) -> Environment:
    return Environment(
        tuple(Variable(where, "POSTGRES_DB", 4, 4, "a", False, n, name) for n, (where, name) in enumerate(names))
    )


@pytest.mark.parametrize(("environment", "dumps"), [
    (told(("container:db", "zebu")), True), (told(("container:db", "cloud"), (".env", "zebu")), False), (told((".env", "zebu")), True), (told((".env", "cloud")), False),
    (told(("container:db", "a"), ("container:other", "b")), True), (told(("example", "cloud")), True), (told(("container:db", "postgres")), True), (told(("container:db", "postgres"), (".env", "cloud")), True), (told(), True), (None, True),
])  # fmt: skip
def test_the_database_is_the_one_that_runs(environment: Environment | None, dumps: bool) -> None:
    job = Job("a.timer", (Command(("pg_dump", "zebu")),), DAY, is_enabled=True, is_active=True)
    assert bool(making_of([job], environment, None).dumping) is dumps


@pytest.mark.parametrize(("hours", "appear"), [
    ((1, 25, 49), True), ((1, 25), True), ((26, 50), True), ((27, 50), False), ((1,), False), ((1, 2, 3), False), ((1, 40), False), ((1, 25, 250), True), ((1, 7, 13, 19, 25), True), ((), False),
])  # fmt: skip
def test_what_keeps_appearing(hours: tuple[int, ...], appear: bool) -> None:
    assert keep_appearing([NOW - timedelta(hours=hour) for hour in hours], NOW) is appear
