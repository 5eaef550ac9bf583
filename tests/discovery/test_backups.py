"""Where dumps of the database are kept."""

from __future__ import annotations

import pytest

from pytest_zebu.discovery.backups import backups
from pytest_zebu.discovery.found import Found, Unseen
from pytest_zebu.facts.environment import Environment, Variable
from pytest_zebu.facts.jobs import Command, Copy, Job


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
    ((dump(">", "/srv/dumps/x"), Command(("find", "/srv/dumps", "!", "-name", "zebu-*", "-mtime", "+7", "-delete"))), {"folder": "/srv/dumps"}),
    ((dump(">", "/srv/dumps/x"), Command(("find", "/srv/dumps", "-name", "a", "-o", "-name", "b", "-delete"))), {"folder": "/srv/dumps"}),
    ((dump(">", "/srv/dumps/x"), Command(("find", "/srv/dumps", "-name", "a", "-delete"), place="container:x")), {"folder": "/srv/dumps"}),
])  # fmt: skip
def test_what_jobs_say_of_dumps(commands: tuple[Command, ...], expected: dict[str, object]) -> None:
    assert found(*commands) == expected


def test_the_dumps_of_another_database_are_none_of_ours() -> None:
    """Whichever job comes first; one that runs counts before one that does not, which is better than none."""
    environment = Environment((Variable("container:db", "POSTGRES_DB", 4, 4, "a", False, 1, "zebu"),))
    other = job(dump(">", "/srv/wiki/x", words="pg_dump wiki"))
    off = Job("off", (dump(">", "/srv/off/x"),), None, True, True, hindered="is ignored by cron")
    for jobs, folder in (
        ([other, job(dump(">", "/srv/dumps/x"))], "/srv/dumps"), ([off, job(dump(">", "/srv/dumps/x"))], "/srv/dumps"), ([other, off], "/srv/off"),
    ):  # fmt: skip
        assert {one.key: one.value for one in backups(jobs, environment) if isinstance(one, Found)} == {
            "backups.folder": folder
        }
    assert not [one for one in backups([other], environment) if isinstance(one, Found)]


def copied(*copies: Copy, hindered: str = "") -> Found | Unseen:
    """What is made of the copies of a second job, beside one that dumps into /srv/dumps."""
    dumping, copying = (
        job(dump(">", "/srv/dumps/x")),
        Job("copy.timer", (), None, True, True, hindered=hindered, copies=copies),
    )
    (found,) = (one for one in backups([dumping, copying]) if one.key == "backups.copy")
    return found


def rsync(*places: str, tool: str = "rsync", place: str = "") -> Copy:
    return Copy(tool, places, place, "root")


NAS = "b@nas.example:zebu"


@pytest.mark.parametrize(("copy", "value"), [
    (rsync("/srv/dumps/", NAS), NAS), (rsync("/srv/dumps/", f"{NAS}/"), NAS), (rsync("/srv/dumps", NAS), f"{NAS}/dumps"), (rsync("/srv/dumps/.", NAS), NAS), (rsync("/srv/dumps", "b@nas.example:"), "b@nas.example:dumps"),
    (rsync("/srv/dumps/$name", NAS), NAS), (rsync("/srv/dumps/*.dump", "/etc/x", NAS), NAS), (rsync("/srv/dumps", "/mnt/nas", tool="cp"), "/mnt/nas/dumps"), (rsync("/srv/dumps/", "/mnt/nas", tool="cp"), "/mnt/nas/dumps"),
    (rsync("/srv/dumps/x.dump", "b@h:d", tool="scp"), "b@h:d"), (rsync("/srv/dumps", "b@h:d", tool="scp"), "b@h:d/dumps"), (rsync("/root/.ssh/id", "/srv/dumps/x", "b@h:d", tool="scp"), "b@h:d"),
])  # fmt: skip
def test_a_copy_is_where_the_dumps_are_then(copy: Copy, value: str) -> None:
    found = copied(copy)
    assert isinstance(found, Found), found
    assert found.value == value


@pytest.mark.parametrize(("copy", "why"), [
    (rsync("/srv/dumps/", "nas:zebu"), "names no user"), (rsync("/srv/dumps/", "nas:zebu", tool="rclone"), "rclone of its own configuration"), (rsync(tool="restic"), "restic runs here, in a form of its own"),
    (rsync("/srv/other/", NAS), "where copies of the dumps go"), (rsync("/srv", NAS), "where copies"), (rsync("/srv/dumps-old/", NAS), "where copies"), (rsync("/srv/dumps/", "/mnt/$where"), "only a run could tell"),
    (rsync("/srv/dumps/", "b@h:"), "only a run could tell"), (rsync("/srv/dumps/", NAS, place="container:db"), "where copies"), (rsync(), "where copies"), (rsync("/srv/dumps/"), "where copies"),
])  # fmt: skip
def test_where_it_goes_is_asked_for_where_nothing_shows_it(copy: Copy, why: str) -> None:
    found = copied(copy)
    assert isinstance(found, Unseen), found
    assert why in found.why


def test_another_machine_counts_more_than_another_folder() -> None:
    found = copied(rsync("/srv/dumps/x", "/mnt/x", tool="cp"), rsync("/srv/dumps/", NAS))
    assert isinstance(found, Found)
    assert found.value == NAS


def test_a_job_that_does_not_run_is_doubted() -> None:
    found = copied(rsync("/srv/dumps/", NAS), hindered="is ignored by cron")
    assert isinstance(found, Found)
    assert found.doubt == "the job is ignored by cron"
    maybe = copied(Copy("rsync", ("/srv/dumps/", NAS), is_sure=False))
    assert isinstance(maybe, Found)
    assert maybe.doubt == "it runs under a condition"


def test_without_dumps_no_copy_is_theirs() -> None:
    (found,) = (
        one
        for one in backups([Job("x", (), None, True, True, copies=(rsync("/srv/dumps/", NAS),))])
        if one.key == "backups.copy"
    )
    assert isinstance(found, Unseen)
