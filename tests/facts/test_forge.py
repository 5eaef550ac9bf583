"""What the code forge says of the deployed commit."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_zebu.facts.answer import Known, Reason, Unknown
from pytest_zebu.facts.forge import CheckRun, Forge, Pull, paths, then
from pytest_zebu.settings.target import Target
from tests.facts.answers import read, saying, why

COMMIT, PARENT, OLDER = "a" * 40, "b" * 40, "c" * 40
NO = Unknown(Reason.NO_PERMISSION, "403")


@pytest.fixture
def declaring(target: Target) -> Target:
    """A target whose two checks depend on one and two paths."""
    declared = target.settings.forge.model_copy(update={"paths": {"api": ("backend",), "web": ("frontend", "backend")}})
    return target.model_copy(update={"settings": target.settings.model_copy(update={"forge": declared})})


ANCESTORS = f"{COMMIT} tree1 tree2\n{PARENT} tree1 other\n{OLDER} tree1 tree2\n"


def seen(target: Target, **change: Any) -> dict[str, Any]:
    data = {"checks": {COMMIT: []}, "pulls": [], "deployments": [], **change}
    (look,) = then(saying({"ancestors": ANCESTORS}), target)
    return {look.key: data}


def forge(target: Target, **change: Any) -> Forge:
    found: Forge = read("forge", ANCESTORS, target, seen(target, **change))
    return found


def test_the_ancestors_that_have_the_same(declaring: Target) -> None:
    assert paths(declaring) == ("backend", "frontend")
    found = forge(declaring)
    assert found.commit == COMMIT
    assert found.same_files == {"api": (PARENT, OLDER), "web": (OLDER,)}


@pytest.mark.parametrize(("reviews", "approvals", "objections"), [
    ([("APPROVED", "a")], ("a",), ()), ([("APPROVED", "a"), ("CHANGES_REQUESTED", "a")], (), ("a",)),
    ([("CHANGES_REQUESTED", "a"), ("APPROVED", "a")], ("a",), ()), ([("APPROVED", "a"), ("DISMISSED", "a")], (), ()),
    ([("APPROVED", "a"), ("COMMENTED", "a")], ("a",), ()), ([("APPROVED", "b"), ("APPROVED", "a"), ("CHANGES_REQUESTED", "c")], ("a", "b"), ("c",)),
    ([("APPROVED", "")], (), ()),
])  # fmt: skip
def test_the_latest_word_of_each_reviewer_counts(
    reviews: list[tuple[str, str]], approvals: tuple[str, ...], objections: tuple[str, ...], declaring: Target
) -> None:
    rows = [{"state": state, "by": by} for state, by in reviews]
    found = forge(declaring, pulls=[{"number": 7, "by": "author", "merged": True, "reviews": rows}])
    assert found.pulls == Known((Pull(7, "author", True, approvals, objections),))


@pytest.mark.parametrize(
    ("states", "state"), [(["success", "in_progress"], "success"), (["failure"], "failure"), ([], "none")]
)
def test_the_newest_state_of_a_deployment(states: list[str], state: str, declaring: Target) -> None:
    assert forge(declaring, deployments=[{"states": states}]).staged == Known((state,))


def test_each_answer_is_unknown_for_itself(declaring: Target) -> None:
    run = {"name": "api", "status": "completed", "conclusion": "success"}
    found = forge(declaring, checks={COMMIT: [run], PARENT: NO}, pulls=NO, deployments=NO)
    assert found.checks == {COMMIT: Known((CheckRun("api", "completed", "success"),)), PARENT: NO}
    assert (found.pulls, found.staged) == (NO, NO)


def test_what_hides_in_an_answer_is_unknown_as_a_whole(declaring: Target) -> None:
    pulls = [{"number": 7, "by": "a", "merged": True, "reviews": NO}]
    assert why("forge", ANCESTORS, declaring, seen(declaring, pulls=pulls)) is Reason.NO_PERMISSION
    assert why("forge", ANCESTORS, declaring, seen(declaring, deployments=[{"states": NO}])) is Reason.NO_PERMISSION


@pytest.mark.parametrize(
    "change", [{"checks": []}, {"checks": {COMMIT: [{}]}}, {"pulls": [{}]}, {"deployments": [{}]}, {"pulls": 1}]
)
def test_another_shape_is_garbled(change: dict[str, Any], declaring: Target) -> None:
    assert why("forge", ANCESTORS, declaring, seen(declaring, **change)) is Reason.GARBLED


@pytest.mark.parametrize("out", ["", f"{COMMIT} tree1\n", f"{COMMIT} tree1 tree2\n{PARENT}\n", f"{COMMIT} 1 2 3\n"])
def test_a_row_for_each_commit_and_a_column_for_each_path(out: str, declaring: Target) -> None:
    assert why("forge", out, declaring) is Reason.GARBLED
    assert then(saying({"ancestors": out}), declaring) == ()
