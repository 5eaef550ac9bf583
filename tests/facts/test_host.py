"""What the batch says of itself."""

from __future__ import annotations

import pytest

from pytest_zebu.facts.answer import Reason
from pytest_zebu.facts.host import Machine
from pytest_zebu.settings.target import Target
from tests.facts.answers import AT, NOON, read, why

OUT = f"root=1\ntime={AT}\nproject=zebu\nfolder=/opt/zebu\nrole=zebu_app\n"


@pytest.mark.parametrize(("root", "is_root"), [("1", True), ("0", False), ("", False)])
def test_the_machine(root: str, is_root: bool, target: Target) -> None:
    found = read("machine", {"zebu.host": OUT.replace("root=1", f"root={root}")}, target)
    assert found == Machine(is_root, NOON, "zebu", "/opt/zebu", "zebu_app")


@pytest.mark.parametrize(
    ("old", "new"), [("role=zebu_app\n", ""), (str(AT), "noon"), (str(AT), "9" * 18), ("root=1\n", "")]
)
def test_less_is_garbled(old: str, new: str, target: Target) -> None:
    assert why("machine", {"zebu.host": OUT.replace(old, new)}, target) is Reason.GARBLED
