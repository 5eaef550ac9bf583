"""What the code forge says of the deployed commit."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_zebu.facts.answer import Known, Reason, Unknown, need
from pytest_zebu.facts.forge import (
    MACHINE,
    MACHINE_NAME,
    PERSON,
    UNCLEAR,
    CheckRun,
    Forge,
    Pull,
    is_run_of,
    is_staging,
    paths,
    then,
)
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
    return seen_of(target, ANCESTORS, **change)


def seen_of(target: Target, ancestors: str, **change: Any) -> dict[str, Any]:
    data = {"checks": {COMMIT: []}, "same_tree": [], "statuses": [], "pulls": [], "deployments": [], **change}
    (look,) = then(saying({"ancestors": ancestors}), target)
    return {look.key: data}


def forge(target: Target, **change: Any) -> Forge:
    found: Forge = read("forge", ANCESTORS, target, seen(target, **change))
    return found


def test_the_ancestors_that_have_the_same(declaring: Target) -> None:
    assert paths(declaring) == ("backend", "frontend")
    found = forge(declaring)
    assert found.commit == COMMIT
    assert found.same_files == {"api": (PARENT, OLDER), "web": (OLDER,)}


def review(state: str, by: str, kind: str = "User", commit: str = COMMIT, standing: str = "MEMBER") -> dict[str, str]:
    return {"state": state, "by": by, "kind": kind, "commit": commit, "standing": standing}


def pull(*reviews: dict[str, str], commits: Any = (), author: str = "author", kind: str = "User") -> dict[str, Any]:
    return {"number": 7, "by": author, "kind": kind, "head": COMMIT, "reviews": list(reviews), "commits": commits}


def read_pull(target: Target, **change: Any) -> Pull:
    (found,) = need(forge(target, **change).pulls)
    return found


@pytest.mark.parametrize(("reviews", "approvals", "objections"), [
    ([("APPROVED", "a")], ["a"], []), ([("APPROVED", "a"), ("CHANGES_REQUESTED", "a")], [], ["a"]),
    ([("CHANGES_REQUESTED", "a"), ("APPROVED", "A")], ["A"], []), ([("APPROVED", "a"), ("DISMISSED", "a")], [], []),
    ([("APPROVED", "a"), ("COMMENTED", "a")], ["a"], []), ([("APPROVED", "b"), ("APPROVED", "a"), ("CHANGES_REQUESTED", "c")], ["a", "b"], ["c"]),
    ([("APPROVED", ""), ("PENDING", "x")], ["a deleted account"], []),
])  # fmt: skip
def test_the_latest_word_of_each_reviewer_counts(
    reviews: list[tuple[str, str]], approvals: list[str], objections: list[str], declaring: Target
) -> None:
    found = read_pull(declaring, pulls=[pull(*(review(state, by) for state, by in reviews))])
    assert ([one.by for one in found.approvals], [one.by for one in found.objections]) == (approvals, objections)


@pytest.mark.parametrize(("by", "kind", "expected"), [
    ("operations", "User", PERSON), ("talbot", "User", PERSON), ("ciara", "User", PERSON), ("github-actions[bot]", "Bot", MACHINE), ("renovate-approve[bot]", "User", MACHINE), ("Copilot", "Bot", MACHINE),
    ("zebu", "Organization", MACHINE), ("zebu-bot", "User", UNCLEAR), ("ci-zebu", "User", UNCLEAR), ("bot2", "User", UNCLEAR), ("operations", "Mannequin", UNCLEAR), ("operations", "", UNCLEAR), ("", "", UNCLEAR), ("ghost", "User", UNCLEAR), ("zebu-machine-user", "User", UNCLEAR), ("ghostwriter", "User", PERSON),
])  # fmt: skip
def test_who_is_a_person(by: str, kind: str, expected: str, declaring: Target) -> None:
    (found,) = read_pull(declaring, pulls=[pull(review("APPROVED", by, kind))]).approvals
    assert found.kind == expected


@pytest.mark.parametrize(
    ("standing", "expected"),
    [("OWNER", False), ("MEMBER", False), ("CONTRIBUTOR", False), ("", False), ("NONE", True), ("FIRST_TIMER", True)],
)
def test_who_is_a_stranger(standing: str, expected: bool, declaring: Target) -> None:
    (found,) = read_pull(declaring, pulls=[pull(review("APPROVED", "a", standing=standing))]).approvals
    assert found.is_stranger is expected


def commits(*rows: tuple[str, str, bool]) -> list[dict[str, Any]]:
    return [{"sha": sha, "by": by, "merges": merges} for sha, by, merges in rows]


@pytest.mark.parametrize(("commit", "rows", "later"), [
    (COMMIT, NO, 0), (OLDER, NO, None), (OLDER, commits((COMMIT, "a", False)), None), ("", commits(("", "a", False)), 0), (OLDER, commits((OLDER, "a", False), (COMMIT, "a", False)), 1),
    (OLDER, commits((OLDER, "a", False), (COMMIT, "a", True)), 0), (OLDER, commits((OLDER, "a", False), (PARENT, "b", False), (COMMIT, "a", True)), 1),
])  # fmt: skip
def test_what_came_after_an_approval(commit: str, rows: Any, later: int | None, declaring: Target) -> None:
    """Bringing a branch up to date with its base changes nothing that was approved."""
    found = read_pull(declaring, pulls=[pull(review("APPROVED", "a", commit=commit), commits=rows)])
    assert found.later(found.approvals[0]) == later


def test_of_a_long_pull_request_the_last_commits_are_not_told(declaring: Target) -> None:
    rows = commits(*(("d" * 37 + f"{number:03}", "a", False) for number in range(250)))
    found = read_pull(declaring, pulls=[pull(review("APPROVED", "a", commit=rows[-1]["sha"]), commits=rows)])
    assert found.later(found.approvals[0]) is None


def test_who_wrote_it(declaring: Target) -> None:
    rows = commits((OLDER, "A", False), (PARENT, "", False), (COMMIT, "b", True))
    assert read_pull(declaring, pulls=[pull(commits=rows)]).writers == {"a"}
    assert read_pull(declaring, pulls=[pull(commits=NO)]).writers == frozenset()


@pytest.mark.parametrize(("states", "state"), [
    (["success", "in_progress"], "success"), (["failure"], "failure"), ([], "none"), (["inactive", "success", "in_progress"], "success"), (["inactive", "inactive", "failure"], "failure"), (["inactive"], "inactive"),
])  # fmt: skip
def test_the_newest_state_of_a_deployment(states: list[str], state: str, declaring: Target) -> None:
    """That a later one took its place says nothing of it."""
    found = forge(declaring, deployments=[{"environment": "staging", "states": states}])
    assert found.staged == Known((state,))


@pytest.mark.parametrize(("states", "expected"), [
    ([["success"]], "success"), ([["in_progress"], ["success"], ["failure"]], "success"), ([["failure"], ["success"]], "failure"), ([["error", "success"]], "error"), ([["inactive"], []], ""), ([["queued", "success"]], ""), ([], ""),
])  # fmt: skip
def test_what_the_last_deployment_to_staging_ended_with(
    states: list[list[str]], expected: str, declaring: Target
) -> None:
    rows = [{"environment": "staging", "states": one} for one in states]
    assert forge(declaring, deployments=rows).last_staged == expected


@pytest.mark.parametrize(("environment", "declared", "expected"), [
    ("staging", "staging", True), ("Staging", "staging", True), ("stage", "staging", True), ("pre-prod", "staging", True), ("UAT", "staging", True), ("production", "staging", False), ("test", "staging", False), ("staging-eu", "staging", False), ("stg", "staging", True),
    ("stage", "test", False), ("test", "test", True), ("Test", "test", True),
])  # fmt: skip
def test_which_environment_is_staging(environment: str, declared: str, expected: bool, declaring: Target) -> None:
    assert is_staging(environment, declared) is expected
    found = forge(declaring, deployments=[{"environment": "production", "states": ["success"]}])
    assert (found.staged, found.elsewhere) == (Known(()), ("production",))


def run(conclusion: str = "success", **more: Any) -> dict[str, Any]:
    base = {"name": "api", "status": "completed", "conclusion": conclusion, "app": "github-actions"}
    return {**base, "suite": "1", "id": 1, "workflow": "", **more}


@pytest.mark.parametrize(("runs", "latest"), [
    ([run("failure"), run(id=2)], [False, True]), ([run(id=2), run("failure")], [True, False]), ([run("failure"), run(id=2, app="other")], [True, True]), ([run("failure"), run(id=2, name="web")], [True, True]),
    ([run("failure"), run(id=2, suite="2")], [None, True]), ([run("failure", workflow="5"), run(id=2, suite="2", workflow="5")], [False, True]), ([run("failure", workflow="5"), run(id=2, suite="2", workflow="6")], [True, True]),
    ([run("failure", workflow="5"), run(id=2, suite="2")], [None, True]),
])  # fmt: skip
def test_a_rerun_supersedes_what_it_repeats(
    runs: list[dict[str, Any]], latest: list[bool | None], declaring: Target
) -> None:
    """Two workflows may have jobs of one name."""
    found = need(forge(declaring, checks={COMMIT: runs}).checks[COMMIT])
    assert [one.is_latest for one in found] == latest


@pytest.mark.parametrize(("declared", "name", "expected"), [
    ("tests", "tests", True), ("tests", "tests (3.11, ubuntu-latest)", True), ("tests", "tests / unit", True), ("tests", "tests (3.11) / unit", True), ("tests", "contests", False), ("test", "latest", False), ("tests", "tests-e2e", False),
    ("tests", "docs / tests", False), ("ci / tests", "ci / tests", True), ("tests", "tests (", False), ("tests", "Tests", False),
])  # fmt: skip
def test_which_runs_are_of_a_declared_check(declared: str, name: str, expected: bool) -> None:
    assert is_run_of(declared, name) is expected


def test_a_declared_path_that_is_nowhere_makes_no_commits_alike(declaring: Target) -> None:
    found: Forge = read(
        "forge", ANCESTORS.replace("tree1", "none"), declaring, seen_of(declaring, ANCESTORS.replace("tree1", "none"))
    )
    assert found.same_files == {"api": (), "web": ()}


def test_each_answer_is_unknown_for_itself(declaring: Target) -> None:
    found = forge(declaring, checks={COMMIT: [run()], PARENT: NO}, pulls=NO, deployments=NO, statuses=NO)
    assert found.checks == {COMMIT: Known((CheckRun("api", "completed", "success"),)), PARENT: NO}
    assert (found.pulls, found.staged, found.statuses) == (NO, NO, NO)


def test_what_other_services_say(declaring: Target) -> None:
    said = [{"name": "ci/a", "state": "pending"}, {"name": "ci/b", "state": "error"}]
    expected = (CheckRun("ci/a", "pending", ""), CheckRun("ci/b", "completed", "error"))
    assert forge(declaring, statuses=said).statuses == Known(expected)


def test_what_hides_in_an_answer_is_unknown_as_a_whole(declaring: Target) -> None:
    pulls = [{**pull(), "reviews": NO}]
    assert why("forge", ANCESTORS, declaring, seen(declaring, pulls=pulls)) is Reason.NO_PERMISSION
    states = [{"environment": "staging", "states": NO}]
    assert why("forge", ANCESTORS, declaring, seen(declaring, deployments=states)) is Reason.NO_PERMISSION


@pytest.mark.parametrize(
    "change",
    [
        {"checks": []},
        {"checks": {COMMIT: [{}]}},
        {"pulls": [{}]},
        {"deployments": [{}]},
        {"pulls": 1},
        {"statuses": [7]},
        {"same_tree": 7},
    ],
)
def test_another_shape_is_garbled(change: dict[str, Any], declaring: Target) -> None:
    assert why("forge", ANCESTORS, declaring, seen(declaring, **change)) is Reason.GARBLED


@pytest.mark.parametrize("out", ["", f"{COMMIT} tree1\n", f"{COMMIT} tree1 tree2\n{PARENT}\n", f"{COMMIT} 1 2 3\n"])
def test_a_row_for_each_commit_and_a_column_for_each_path(out: str, declaring: Target) -> None:
    assert why("forge", out, declaring) is Reason.GARBLED
    assert then(saying({"ancestors": out}), declaring) == ()


@pytest.mark.parametrize(
    ("name", "is_machine"),
    [
        ("deploybot", True),
        ("acme-releasebot", True),
        ("service-account", True),
        ("zebu-ServiceAccount-1", True),
        ("talbot", False),
        ("abbott", False),
        ("service", False),
        ("releaseboth", False),
    ],
)
def test_names_of_machines_without_a_dash(name: str, is_machine: bool) -> None:
    assert bool(MACHINE_NAME.search(name)) is is_machine
