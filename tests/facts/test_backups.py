"""Dumps, where they lie, and where their copies lie."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pytest_zebu.facts.answer import Known, Reason, Unknown
from pytest_zebu.facts.backups import Repository, Saved
from pytest_zebu.settings.target import Target
from tests.facts.answers import AT, read, why

HERE = (
    "@here 1000\n@place here ext4 254:1 - vda /dev/vda1\n"
    f"@file 20 4096 {AT} - zebu b.dump\n@file 10 4096 {AT - 60} - zebu-a.dump\n"
)


def backups(target: Target, said: str, listing: str = "") -> Any:
    answers = {"backups": said, "zebu.host": f"time={AT + 60}\n"}
    return read("backups", {**answers, "backups.listing": listing} if listing else answers, target)


def test_the_newest_dump_is_the_last(target: Target) -> None:
    found = backups(target, HERE)
    assert [(dump.name, dump.size) for dump in found.dumps] == [("zebu-a.dump", 10), ("zebu b.dump", 20)]
    assert (found.newest.name, found.available, found.is_whole, found.left_out) == ("zebu b.dump", 1000, True, 0)
    assert found.age(found.newest) == timedelta(seconds=60)
    assert isinstance(found.copy, Unknown)
    assert backups(target, "@here 1000\n").newest is None


def test_a_file_with_holes_is_as_large_as_what_is_there(target: Target) -> None:
    sparse = f"@file 1048576 4096 {AT} - zebu.dump\n"
    (dump,) = backups(target, f"@here 1\n@place here ext4 254:1 - vda /dev/vda1\n{sparse}").dumps
    assert (dump.size, dump.length) == (4096, 1048576)
    # What a file system compresses holds less, too, and is all there.
    (dump,) = backups(target, f"@here 1\n@place here btrfs btrfs:vda:/dev/vda1 - vda /dev/vda1\n{sparse}").dumps
    assert (dump.size, dump.length) == (1048576, None)


def test_what_is_being_written_is_no_dump_yet(target: Target) -> None:
    assert backups(target, HERE + f"@file 5 4096 {AT + 50} w zebu-c.dump\n").newest.name == "zebu b.dump"


def test_a_list_that_is_too_long_is_told_to_be(target: Target) -> None:
    found = backups(target, HERE + "@cut 3000 12000\n@unread folder\n")
    assert (found.left_out, found.bytes_left_out, found.is_whole) == (3000, 12000, False)


def test_what_is_called_like_the_newest_came_before_it(target: Target) -> None:
    said = "@here 1\n" + "".join(
        f"@file 1 1 {AT - number} - {name}\n"
        for number, name in enumerate(("zebu-20261126.sql", "roles-20261126.sql", "zebu-20261125.sql"))
    )
    assert [dump.name for dump in backups(target, said).earlier] == ["zebu-20261125.sql"]
    assert [dump.name for dump in backups(target, HERE).earlier] == ["zebu-a.dump"]
    assert backups(target, "@here 1\n").earlier == ()


BESIDE = (
    f"@live database zebu\n@dump 5 {AT} roles-2.sql\n@format cluster\n@end reached\n"
    f"@dump 20 {AT} zebu b.dump\n@format plain\n@in \n@data 3 public.a\n@end reached\n"
)


def test_what_lies_beside_dumps_is_not_counted(target: Target) -> None:
    more = f"@file 5 4096 {AT + 1} - roles-2.sql\n@file 5 4096 {AT - 9} - roles-1.sql\n"
    copy = f"@copy host other nas\n@file 5 4096 {AT + 1} - roles-2.sql\n"
    found = backups(target, HERE + more + copy, BESIDE)
    assert [dump.name for dump in found.dumps] == ["zebu-a.dump", "zebu b.dump"]
    assert found.beside == ("roles-1.sql", "roles-2.sql")
    assert found.content.contents.name == "zebu b.dump"
    assert found.copy.value.dumps == ()
    # Where there is nothing else, it is what there is.
    alone = backups(target, f"@here 1\n{more}", BESIDE.partition("@dump 20")[0])
    assert [dump.name for dump in alone.dumps] == ["roles-1.sql", "roles-2.sql"]


@pytest.mark.parametrize(("line", "same", "doubt"), [
    ("folder\n@place copy ext4 254:1 - vda /dev/vda1", "same file system", ""),
    ("folder\n@place copy ext4 254:2 - vda /dev/vda2", "same disk as the dumps (vda)", ""),
    ("folder\n@place copy xfs 253:0 - vda,vdb /dev/mapper/vg-b", "same disk as the dumps (vda)", ""),
    ("folder\n@place copy ext4 254:16 - vdb /dev/vdb1", "another disk of this machine (vdb)", ""),
    ("folder\n@place copy zfs zfs:zfs:tank: - zfs:tank tank/backup", "another disk of this machine", ""),
    ("folder\n@place copy ext4 8:0 - net:sda /dev/sda", "", ""),
    ("folder\n@place copy tmpfs 0:50 - - tmpfs", "in the machine's memory (tmpfs)", ""),
    ("folder\n@place copy ext4 252:0 - memory /dev/zram0", "in the machine's memory", ""),
    ("folder\n@place copy overlay 0:51 - - overlay", "layers of a container", ""),
    ("folder\n@place copy nfs4 0:52 other - nas:/b", "", ""),
    ("folder\n@place copy nfs4 0:52 own - 127.0.0.1:/b", "127.0.0.1:/b is this machine", ""),
    ("folder\n@place copy nfs4 0:52 tunnel - 127.0.0.1:/", "", "tunnel"),
    ("folder\n@place copy fuse.rclone 0:53 unresolved - r:b", "", "whose it is"),
    ("folder\n@place copy virtiofs 0:54 unresolved - share", "", "the hypervisor's"),
    ("folder\n@place copy ext4 8:1 - ? /dev/sda1", "", "on which disk"),
    ("folder\n@place copy - - - - -", "", "on which disk"),
    ("folder\n@place copy ext4 254:1 - vda /dev/vda1\n@unmounted /mnt/n as", "nothing is mounted on /mnt/n as", ""),
    ("host own nas", "nas is this machine", ""),
    ("host other nas", "", ""),
    ("host unresolved nas", "", "which machine it is"),
])  # fmt: skip
def test_what_is_no_other_storage(line: str, same: str, doubt: str, target: Target) -> None:
    copy = backups(target, f"{HERE}@copy {line}\n@file 10 4096 {AT} - zebu-a.dump\n").copy
    assert isinstance(copy, Known)
    for said, expected in ((copy.value.same_storage, same), (copy.value.doubt, doubt)):
        assert expected in said
        assert bool(said) is bool(expected)
    assert [dump.name for dump in copy.value.dumps] == ["zebu-a.dump"]


@pytest.mark.parametrize(("place", "is_elsewhere"), [
    ("nfs4 0:52 other - nas:/b", True), ("ext4 254:1 - vda /dev/vda1", False), ("tmpfs 0:5 - - tmpfs", False), ("nfs4 0:52 unresolved - nas:/b", False),
])  # fmt: skip
def test_dumps_may_lie_elsewhere_themselves(place: str, is_elsewhere: bool, target: Target) -> None:
    assert backups(target, f"@here 1\n@place here {place}\n").is_elsewhere is is_elsewhere


@pytest.mark.parametrize(("line", "reason"), [
    ("", Reason.NOT_CONFIGURED), ("@copy unreachable nas\n", Reason.UNREACHABLE), ("@copy absent\n", Reason.MISSING),
    ("@copy unlisted nas\n", Reason.UNDECIDABLE), ("@copy hung\n", Reason.TIMED_OUT),
])  # fmt: skip
def test_a_copy_that_was_not_seen_is_unknown(line: str, reason: Reason, target: Target) -> None:
    copy = backups(target, HERE + line).copy
    assert isinstance(copy, Unknown)
    assert copy.reason is reason


def test_what_tools_keep_is_theirs(target: Target) -> None:
    said = "@repository pgbackrest /b/main\n@saved 1795570100 done 77 20261125F\n@saved - failed - 20261126F\n"
    found = backups(
        target, f"@here 1\n{said}@copy folder\n@place copy nfs4 0:5 other - nas:/b\n@repository borg /n/b\n"
    )
    made = datetime.fromtimestamp(1795570100, UTC)
    kept = (Saved("20261125F", made, "done", "77"), Saved("20261126F", None, "failed", ""))
    assert found.repositories == (Repository("pgbackrest", "/b/main", kept),)
    assert found.copy.value.repositories == (Repository("borg", "/n/b", ()),)


def test_a_folder_that_is_not_there_has_no_dumps(target: Target) -> None:
    found = backups(target, "@absent\n")
    assert (found.dumps, found.available, found.copy.reason) == ((), 0, Reason.MISSING)


@pytest.mark.parametrize("said", [
    "find: error", "", "@here x\n", "@here -\n", "@here 1\n@file x 1 1 - a\n", "@here 1\n@file 1 1 soon - a\n", "@here 1\n@file 1 1 1e300 - a\n",
    "@here 1\n@file 1\n", "@here 1\n@place here ext4\n", "@here 1\n@saved 1 done - a\n", "@here 1\n@cut 1\n", "@here 1\n@copy elsewhere\n",
    "@file 1 1 1 - a\n",
])  # fmt: skip
def test_another_listing_is_garbled(said: str, target: Target) -> None:
    assert why("backups", {"backups": said, "zebu.host": f"time={AT}\n"}, target) is Reason.GARBLED


def test_without_a_folder_nothing_is_looked_for(target: Target) -> None:
    declared = target.settings.backups.model_copy(update={"folder": None})
    bare = target.model_copy(update={"settings": target.settings.model_copy(update={"backups": declared})})
    for name in ("backups", "dump_listing"):
        assert why(name, HERE, bare) is Reason.NOT_CONFIGURED
