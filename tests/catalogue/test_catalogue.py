"""The catalogue is the checklist: every item, in its words and its order."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pytest_zebu.catalogue import SCORED, Catalogue, Item, Stage, UnknownItem, load

CHECKLIST = Path(__file__).parent / "production-checklist.md"
BOX = re.compile(r"^\s*- \[ \] (.*)$", re.MULTILINE)


def boxes() -> list[str]:
    """The checklist's items: a box that is bold or ends in a colon is a heading."""
    found = BOX.findall(CHECKLIST.read_text(encoding="utf-8"))
    return [text for text in found if not re.fullmatch(r"\*\*.*\*\*", text) and not text.endswith(":")]


def test_every_item_is_worded_as_in_the_checklist() -> None:
    assert [item.text for item in load()] == boxes()


def test_the_counts_are_the_real_ones() -> None:
    counts = {stage: len(load().stage(stage)) for stage in Stage}
    assert counts == {Stage.PRE: 73, Stage.DEPLOY: 33, Stage.POST: 51, Stage.OPERATIONS: 21, Stage.INCIDENT: 18}
    assert sum(counts[stage] for stage in SCORED) == 157


def test_ids_are_frozen() -> None:
    """Ids are permanent: attestations and other programs name them."""
    frozen = (Path(__file__).parent / "item-ids.txt").read_text().split()
    assert [item.id for item in load()] == frozen


def test_tasks_have_a_cadence_and_nothing_else_has() -> None:
    for item in load():
        assert (item.cadence_days in (7, 31, 92, 366)) == (item.stage is Stage.OPERATIONS), item.id


def test_non_negotiables_are_the_checklists() -> None:
    found = {item.id for item in load() if item.non_negotiable}
    assert len(found) == 6 + 5 + 7 + 3 + 1
    assert {"post.maintenance.updates.os", "pre.security.firewall.enabled", "deploy.network.https-redirect"} <= found


def test_an_unknown_id_names_the_nearest() -> None:
    with pytest.raises(UnknownItem, match=r"did you mean 'pre\.security\.ssh\.no-passwords'"):
        load()["pre.security.ssh.no-password"]


def test_an_id_twice_is_refused() -> None:
    item = Item(id="a", stage=Stage.PRE, category="c", text="t", by=("V",))
    with pytest.raises(ValueError, match="twice"):
        Catalogue((item, item))
