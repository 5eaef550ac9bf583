"""What the machine has."""

from __future__ import annotations

import pytest

from pytest_zebu.facts.answer import Reason
from pytest_zebu.facts.resources import Resources
from pytest_zebu.settings.target import Target
from tests.facts.answers import read, why

OUT = "cpus=4\nonline=4\nset=4\nquota=max 100000\nmemory_kib=8388608\nmemory_limit=max\ndisk=53687091200\nroot=42\n"


def test_what_a_machine_has(target: Target) -> None:
    assert read("resources", OUT, target) == Resources(cpus=4, memory=8 * 2**30, disk=53687091200)


@pytest.mark.parametrize(("disk", "root", "size"), [
    ("53687091200", "42", 53687091200), ("0", "42", 42), ("", "42", 42), ("100", "200", 200), ("2147483648000", "42", 2147483648000),
])  # fmt: skip
def test_the_devices_or_the_file_system_counts(disk: str, root: str, size: int, target: Target) -> None:
    """A file system may span devices that are not seen under it, or stand in a container, where none is its own."""
    text = OUT.replace("disk=53687091200", f"disk={disk}").replace("root=42", f"root={root}")
    assert read("resources", text, target).disk == size
    assert read("resources", text.replace(f"disk={disk}\n", "inside=1\n"), target).disk == int(root)


@pytest.mark.parametrize(("old", "new", "cpus"), [
    ("cpus=4", "cpus=32", 4), ("online=4", "online=", 4), ("set=4", "set=2", 2), ("set=4", "set=0", 4), ("set=4\n", "", 4),
    ("quota=max 100000", "quota=200000 100000", 2), ("quota=max 100000", "quota=250000 100000", 2), ("quota=max 100000", "quota=50000 100000", 1),
    ("quota=max 100000", "quota=", 4), ("quota=max 100000", "quota=800000 100000", 4), ("quota=max 100000", "quota=1 0", 4),
])  # fmt: skip
def test_processors_that_work_and_may_be_used_count(old: str, new: str, cpus: int, target: Target) -> None:
    """Those that are only possible are none."""
    assert old in OUT
    assert read("resources", OUT.replace(old, new), target).cpus == cpus


@pytest.mark.parametrize(
    ("limit", "memory"), [("max", 8 * 2**30), ("", 8 * 2**30), (str(2**30), 2**30), (str(2**40), 8 * 2**30)]
)
def test_memory_as_far_as_it_may_be_used(limit: str, memory: int, target: Target) -> None:
    assert read("resources", OUT.replace("memory_limit=max", f"memory_limit={limit}"), target).memory == memory


@pytest.mark.parametrize(
    "out", ["", "cpus=four\nmemory_kib=1\ndisk=1\n", "cpus=4\ndisk=1\n", "cpus=4\nmemory_kib=1\ndisk=0\nroot=\n"]
)
def test_what_is_not_told_is_garbled(out: str, target: Target) -> None:
    assert why("resources", out, target) is Reason.GARBLED
