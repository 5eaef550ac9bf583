"""Where dumps of the database are kept."""

from __future__ import annotations

import pytest

from pytest_zebu.discovery.backups import backups
from pytest_zebu.discovery.found import Found
from pytest_zebu.facts.jobs import Command, Job


def job(*commands: Command) -> Job:
    return Job("zebu-backup.timer", commands, None, True, True)


def found(*commands: Command) -> dict[str, object]:
    return {one.key.removeprefix("backups."): one.value for one in backups([job(*commands)]) if isinstance(one, Found)}


def dump(*into: str, words: str = "pg_dump -Fc zebu", place: str = "container:zebu-db-1") -> Command:
    return Command(tuple(words.split()), into, place)


CLEAN = Command(("find", "/srv/dumps", "-name", "zebu-*.dump", "-mtime", "+7", "-delete"))


@pytest.mark.parametrize(("commands", "expected"), [
    ((dump(">", "/srv/dumps/.$name"), CLEAN), {"folder": "/srv/dumps", "pattern": "zebu-*.dump", "retention_days": 7}),
    ((dump("|", "gzip", ">", "/srv/dumps/x.gz"),), {"folder": "/srv/dumps"}), ((dump(words="pg_dump -f /srv/dumps/x zebu", place=""),), {"folder": "/srv/dumps"}),
    ((dump(words="pg_dump --file=/srv/dumps/x zebu", place=""),), {"folder": "/srv/dumps"}), ((dump(words="pg_dump -f /tmp/x zebu"),), {}),
    ((dump(">", "/dev/null"),), {}), ((dump(">", "$file"),), {}), ((dump(">", "x.dump"),), {}), ((CLEAN,), {}), ((dump(">", "/a b/x"),), {}), ((dump(">", "/srv/`id`/x"),), {}),
    ((dump(">", "/srv/dumps/x"), Command(("find", "/srv/other", "-mtime", "+7", "-delete"))), {"folder": "/srv/dumps"}),
    ((dump(">", "/srv/dumps/x"), Command(("find", "/srv/dumps/", "-name", "$pattern", "-mtime", "+99999", "-delete"))), {"folder": "/srv/dumps"}),
    ((dump(">", "/srv/dumps/x", words="pg_dump -s zebu"),), {}),
])  # fmt: skip
def test_what_jobs_say_of_dumps(commands: tuple[Command, ...], expected: dict[str, object]) -> None:
    assert found(*commands) == expected
