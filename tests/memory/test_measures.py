"""The numbers that are remembered."""

from __future__ import annotations

from typing import Any

from pytest_zebu.facts.answer import Known, Reason, Unknown
from pytest_zebu.facts.backups import Backups, Dump
from pytest_zebu.facts.containers import Container, Containers
from pytest_zebu.facts.usage import FileSystem, Sample
from pytest_zebu.memory.measures import measured
from tests.facts.answers import NOON

NO = Unknown(Reason.TIMED_OUT, "x")
SEEN: dict[str, Any] = {
    "containers": Containers((Container("db", "zebu", "db", False, "running", "none", "no", 3, (), id="abc"),), "zebu"),
    "usage": {"db": (Sample(1, 1, 1.0, 1.0), Sample(7, 2, 2.5, 2.0)), "idle": ()},
    "disk": (FileSystem("/", 100, 40, 0, 0),),
    "backups": Backups((Dump("a", 5, NOON), Dump("b", 9, NOON)), 0, NO, NOON),
}


def test_what_is_known_is_measured() -> None:
    assert measured(lambda name: Known(SEEN[name])) == {
        "restarts.abc": 3.0, "memory.db": 7.0, "cpu.db": 2.5, "disk.used./": 60.0, "disk.size./": 100.0, "backup.size": 9.0,
    }  # fmt: skip


def test_what_is_unknown_is_not() -> None:
    assert measured(lambda name: NO) == {}
    assert measured(lambda name: Known(SEEN[name]) if name == "disk" else NO).keys() == {"disk.used./", "disk.size./"}
    assert measured(lambda name: Known(Backups((), 0, NO, NOON)) if name == "backups" else NO) == {}
