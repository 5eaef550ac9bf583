"""Dumps, their copies, and what is in them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pytest_zebu.facts.answer import Known, Reason, Unknown
from pytest_zebu.facts.backups import Listing
from pytest_zebu.settings.target import Target
from tests.facts.answers import AT, read, why


@pytest.mark.parametrize(("out", "expected"), [
    ("@dump 10 a.dump\n@kind custom\n@entries 0 16\n@read 0\n", Listing("a.dump", 10, "custom", 16, True, True)),
    ("@dump 10 a.dump\n@kind custom\n@entries 1 0\n@read 1\n", Listing("a.dump", 10, "custom", 0, False, False)),
    ("@dump 10 a b.sql.gz\n@kind plain\n@read 1\n", Listing("a b.sql.gz", 10, "plain", None, True, False)),
    ("@dump 0 a.dump\n@kind empty\n", Listing("a.dump", 0, "empty", None, True, None)),
])  # fmt: skip
def test_the_newest_dump(out: str, expected: Listing, target: Target) -> None:
    assert read("dump_listing", out, target) == expected


HERE = f"@here 64769 1000\n@file 20 {AT}.25 zebu b.dump\n@file 10 {AT - 60}.0 zebu-a.dump\n"


def backups(target: Target, said: str) -> Any:
    return read("backups", {"backups": said, "zebu.host": f"time={AT + 60}\n"}, target)


def test_the_newest_dump_is_the_last(target: Target) -> None:
    found = backups(target, HERE)
    assert [(dump.name, dump.size) for dump in found.dumps] == [("zebu-a.dump", 10), ("zebu b.dump", 20)]
    assert (found.newest.name, found.available) == ("zebu b.dump", 1000)
    assert found.age(found.newest) == timedelta(seconds=59.75)
    assert isinstance(found.copy, Unknown)
    assert backups(target, "@here 1 1000\n").newest is None


@pytest.mark.parametrize(("line", "same"), [
    ("@copy folder 64769 ext4 /dev/sda1", True), ("@copy folder 64770 nfs nas:/b", False), ("@copy host 1 nas", True), ("@copy host 0 nas", False),
])  # fmt: skip
def test_a_copy_on_the_same_storage_is_none(line: str, same: bool, target: Target) -> None:
    copy = backups(target, f"{HERE}{line}\n@file 10 {AT} zebu-a.dump\n").copy
    assert isinstance(copy, Known)
    assert bool(copy.value.same_storage) is same
    assert [dump.name for dump in copy.value.dumps] == ["zebu-a.dump"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [("", Reason.NOT_CONFIGURED), ("@copy unreachable nas\n", Reason.UNREACHABLE), ("@copy absent\n", Reason.MISSING)],
)
def test_a_copy_that_was_not_seen_is_unknown(line: str, reason: Reason, target: Target) -> None:
    copy = backups(target, HERE + line).copy
    assert isinstance(copy, Unknown)
    assert copy.reason is reason


def test_a_folder_that_is_not_there_has_no_dumps(target: Target) -> None:
    found = backups(target, "@absent\n")
    assert (found.dumps, found.available, found.copy.reason) == ((), 0, Reason.MISSING)


@pytest.mark.parametrize(
    "said", ["find: error", "@here 1\n", "@file x 1.0 a\n", "@file 1 soon a\n", "@file 1 1e300 a\n", "@file 1\n"]
)
def test_another_listing_is_garbled(said: str, target: Target) -> None:
    assert why("backups", {"backups": said, "zebu.host": f"time={AT}\n"}, target) is Reason.GARBLED


@pytest.mark.parametrize(
    ("said", "reason"),
    [("@none\n", Reason.MISSING), ("@dump 10 a\n", Reason.GARBLED), ("@dump x a\n@kind plain\n", Reason.GARBLED)],
)
def test_no_dump_is_no_listing(said: str, reason: Reason, target: Target) -> None:
    assert why("dump_listing", said, target) is reason


@pytest.mark.parametrize("name", ["backups", "dump_listing"])
def test_without_a_folder_nothing_is_looked_for(name: str, target: Target) -> None:
    declared = target.settings.backups.model_copy(update={"folder": None})
    bare = target.model_copy(update={"settings": target.settings.model_copy(update={"backups": declared})})
    assert why(name, HERE, bare) is Reason.NOT_CONFIGURED
