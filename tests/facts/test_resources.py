"""What the machine has."""

from __future__ import annotations

import pytest

from pytest_zebu.facts.answer import Reason
from pytest_zebu.facts.resources import Resources
from pytest_zebu.settings.target import Target
from tests.facts.answers import read, why


@pytest.mark.parametrize(("disk", "size"), [("53687091200", 53687091200), ("0", 42), ("", 42)])
def test_the_disk_else_the_root_file_system_counts(disk: str, size: int, target: Target) -> None:
    found = read("resources", f"cpus=4\nmemory_kib=8388608\ndisk={disk}\nroot=42\n", target)
    assert found == Resources(cpus=4, memory=8 * 2**30, disk=size)


@pytest.mark.parametrize(
    "out", ["", "cpus=four\nmemory_kib=1\ndisk=1\n", "cpus=4\ndisk=1\n", "cpus=4\nmemory_kib=1\ndisk=0\nroot=\n"]
)
def test_what_is_not_told_is_garbled(out: str, target: Target) -> None:
    assert why("resources", out, target) is Reason.GARBLED
