"""What the code forge says of the deployed commit: checks, review, deployment to staging."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from msgspec import Struct

from pytest_zebu.facts.answer import Garbled, Known, Missing, Unknown, lines_of, need, part, texts
from pytest_zebu.facts.fact import Fact, Gathered, Look, Need, Probe
from pytest_zebu.settings.sections import ForgeAccess
from pytest_zebu.settings.target import Target

T = TypeVar("T")
DEFAULT_STAGING = ForgeAccess().staging
PROBE = Probe(
    "ancestors",
    file="ancestors.sh",
    uses=(
        "quiet.sh",
        "git.sh",
    ),
    needs=(Need.APP_DIR, Need.OWNER),
    owner=True,
    takes=0.4,
)


PERSON, MACHINE, UNCLEAR = "a person", "no person", "not known to be a person"
MACHINE_NAME = re.compile(
    r"(?:^|[-_.])(?:(?:auto|build|code|deploy|github|jenkins|merge|release|review)?bot|robot|ci|automation|automerge|renovate|dependabot|copilot|svc|machine"
    r"|service[-_.]?account)(?:$|[-_.0-9])",
    re.I,
)
"""An account of a machine's, by its name: GitHub has accounts of persons also for these."""
DELETED = "ghost"
"""In whose name GitHub shows what deleted accounts did: persons and machines alike."""
GOOD = frozenset({"success"})
EVEN = frozenset({"neutral", "skipped"})
BAD = frozenset({"failure", "error", "timed_out", "cancelled", "startup_failure"})
"""Conclusions; what is in none of these is no verdict."""


class CheckRun(Struct, frozen=True):
    """A CI job on a commit, or what another service says of it.

    Attributes:
        conclusion: what it ended with; empty as long as it has not ended.
        is_latest: no later run of the same job is known; nothing where it is not known whether another is of the same.
    """

    name: str
    status: str
    conclusion: str
    is_latest: bool | None = True

    @property
    def is_done(self) -> bool:
        """Whether it has ended."""
        return self.status == "completed"

    def is_last_of(self, declared: str) -> bool:
        """Whether it is a run of a declared check, and no later one is known."""
        return is_run_of(declared, self.name) and self.is_latest is not False


class Review(Struct, frozen=True):
    """The last verdict of a reviewer.

    Attributes:
        kind: `PERSON`, `MACHINE` or `UNCLEAR`.
        commit: what was looked at.
        is_stranger: the forge says that the reviewer has nothing to do with the project.
    """

    by: str
    kind: str
    commit: str
    is_stranger: bool = False


class Change(Struct, frozen=True):
    """A commit of a pull request."""

    commit: str
    by: str
    is_merge: bool


MOST_CHANGES = 250
"""Of a longer pull request, the forge tells the first ones only."""


class Pull(Struct, frozen=True):
    """A merged pull request that brought the commit.

    Attributes:
        head: its last commit.
        approvals: who approved, by the latest verdict of each.
        objections: who asked for changes, likewise.
        changes: its commits, oldest first.
    """

    number: int
    author: str
    kind: str
    head: str
    approvals: tuple[Review, ...]
    objections: tuple[Review, ...]
    changes: Known[tuple[Change, ...]] | Unknown

    @property
    def writers(self) -> frozenset[str]:
        """Who wrote it, as far as that is told: bringing it up to date with its base is no writing."""
        changes = self.changes.value if isinstance(self.changes, Known) else ()
        return frozenset(one.by.lower() for one in changes if one.by and not one.is_merge)

    def later(self, review: Review) -> int | None:
        """How many changes came after a review; nothing where that is not known."""
        if review.commit and review.commit == self.head:
            return 0
        changes = self.changes.value if isinstance(self.changes, Known) else ()
        if len(changes) >= MOST_CHANGES and self.head not in {one.commit for one in changes}:
            return None
        places = [index for index, one in enumerate(changes) if one.commit == review.commit]
        return sum(not one.is_merge for one in changes[places[-1] + 1 :]) if places else None


class Forge(Struct, frozen=True):
    """The answers of the forge.

    Attributes:
        checks: by commit: of the deployed one, and of those before it that were asked about.
        statuses: what other services say of the deployed commit.
        same_files: by check run: the ancestors, nearest first, in which what it depends on is the same.
        staged: the states of the deployments of exactly this commit to staging, newest first.
        elsewhere: other environments to which it was deployed.
        same_tree: last commits of pull requests with the very same files: asked about where a check has not run on the deployed one.
        told_to_skip: nothing ran on the deployed commit, since it says itself that nothing is to run.
    """

    commit: str
    checks: Mapping[str, Known[tuple[CheckRun, ...]] | Unknown]
    same_files: Mapping[str, tuple[str, ...]]
    pulls: Known[tuple[Pull, ...]] | Unknown
    staged: Known[tuple[str, ...]] | Unknown
    statuses: Known[tuple[CheckRun, ...]] | Unknown
    elsewhere: tuple[str, ...] = ()
    same_tree: tuple[str, ...] = ()
    told_to_skip: bool = False

    def runs_of(self, name: str) -> tuple[list[CheckRun], str]:
        """The last runs of a check, and on which commit: the deployed one; where it did not run there, one with the very same files.

        Raises:
            NotAssessed: they are not known.
        """
        statuses = self.statuses.value if isinstance(self.statuses, Known) else ()
        found = [run for run in (*need(self.checks.get(self.commit, Known(()))), *statuses) if run.is_last_of(name)]
        if all(run.conclusion == "skipped" for run in found):
            for sha in self.same_tree:
                same = [run for run in need(self.checks.get(sha, Known(()))) if run.is_last_of(name)]
                if any(run.conclusion != "skipped" for run in same):
                    return same, sha
        return found, self.commit

    @property
    def tested(self) -> str:
        """The commit whose checks count: the deployed one; where nothing ran on it, one with the very same files."""
        ran = (self.checks.get(self.commit), self.statuses)
        is_bare = all(isinstance(one, Known) and not one.value for one in ran)
        return self.same_tree[0] if is_bare and self.same_tree else self.commit

    @property
    def last_staged(self) -> str:
        """What the last deployment to staging ended with; one that goes on, or has no state, says nothing of those before."""
        states = self.staged.value if isinstance(self.staged, Known) else ()
        return next((state for state in states if state in ("success", "failure", "error")), "")


def is_run_of(declared: str, name: str) -> bool:
    """Whether a run is one of a declared check: itself, one of its matrix, or a job of the workflow that it calls."""
    return name == declared or name.startswith(f"{declared} / ") or (name.startswith(f"{declared} (") and ")" in name)


STAGING = frozenset({"staging", "stage", "stg", "preprod", "preproduction", "uat", "acceptance"})
"""What staging is called where nothing else is declared."""


def is_staging(environment: str, declared: str) -> bool:
    """Whether an environment is the declared one; their names are the same in any case."""
    plain = re.sub(r"[^a-z0-9]", "", environment.lower())
    return environment.lower() == declared.lower() or (declared == DEFAULT_STAGING and plain in STAGING)


def paths(target: Target) -> tuple[str, ...]:
    """The declared paths, each once, in order: a column each of the probe's answer."""
    return tuple(dict.fromkeys(path for group in target.settings.forge.paths.values() for path in group))


def _same_files(gathered: Gathered, target: Target) -> tuple[str, dict[str, tuple[str, ...]]]:
    rows = [line.split() for line in lines_of(gathered.said("ancestors").out)]
    columns = {path: index for index, path in enumerate(paths(target), 1)}
    if not rows or any(len(row) != len(columns) + 1 for row in rows):
        raise Garbled("the list of commits")
    found = {}
    for check, group in target.settings.forge.paths.items():
        wanted = [rows[0][columns[path]] for path in group]
        # Where a declared path is nowhere, all commits would be alike.
        alike = [row[0] for row in rows[1:] if [row[columns[path]] for path in group] == wanted]
        found[check] = () if "none" in wanted else tuple(alike)
    return rows[0][0], found


def _look(commit: str, same_files: Mapping[str, tuple[str, ...]]) -> Look:
    return Look("forge", "commit", {"commit": commit, "ancestors": same_files})


def then(gathered: Gathered, target: Target) -> tuple[Look, ...]:
    """One look, at the commit that is deployed."""
    try:
        return (_look(*_same_files(gathered, target)),)
    except (Missing, Garbled):
        return ()


def parse(gathered: Gathered, target: Target) -> Forge:
    """From the forge's answers."""
    commit, same_files = _same_files(gathered, target)
    seen = gathered.saw(_look(commit, same_files))
    if isinstance(seen, Unknown):
        raise Missing(seen)
    data: Mapping[str, Any] = seen.value
    try:
        checks = {sha: _of_rows(rows, _runs) for sha, rows in part(data, "checks", dict).items()}
        staged, elsewhere = _staged(data["deployments"], target.settings.forge.staging)
        return Forge(
            commit,
            checks,
            same_files,
            _of_rows(data["pulls"], _pulls),
            staged,
            _of_rows(data["statuses"], _statuses),
            elsewhere,
            texts(data, "same_tree"),
            data.get("told_to_skip") is True,
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Garbled("the forge has another shape than known") from None


def _of_rows(rows: Any, read: Callable[[Any], tuple[T, ...]]) -> Known[tuple[T, ...]] | Unknown:
    return rows if isinstance(rows, Unknown) else Known(read(rows))


def _runs(rows: Any) -> tuple[CheckRun, ...]:
    return tuple(
        CheckRun(
            part(run, "name", str),
            part(run, "status", str),
            "" if run["conclusion"] == "None" else part(run, "conclusion", str),
            _is_latest(run, rows),
        )
        for run in rows
    )


def _is_latest(run: Mapping[str, Any], rows: Any) -> bool | None:
    """A later run of the same app and name supersedes it, if both are of one suite, or of one workflow.

    Two workflows may have jobs of one name: of these each counts.
    """
    later = [one for one in rows if (one["name"], one["app"]) == (run["name"], run["app"]) and one["id"] > run["id"]]
    if any(one["suite"] == run["suite"] or (run["workflow"] and one["workflow"] == run["workflow"]) for one in later):
        return False
    return None if any(not (one["workflow"] and run["workflow"]) for one in later) else True


def _statuses(rows: Any) -> tuple[CheckRun, ...]:
    return tuple(
        CheckRun(part(one, "name", str), "pending", "")
        if one["state"] == "pending"
        else CheckRun(part(one, "name", str), "completed", part(one, "state", str))
        for one in rows
    )


def _kind(by: str, kind: str) -> str:
    if kind in ("Bot", "Organization") or by.endswith("[bot]"):
        return MACHINE
    return PERSON if kind == "User" and by.lower() != DELETED and not MACHINE_NAME.search(by) else UNCLEAR


def _pulls(rows: Any) -> tuple[Pull, ...]:
    return tuple(map(_pull, rows))


def _change(row: Any) -> Change:
    return Change(part(row, "sha", str), part(row, "by", str), part(row, "merges", bool))


def _pull(row: Mapping[str, Any]) -> Pull:
    if isinstance(row["reviews"], Unknown):
        raise Missing(row["reviews"])
    last: dict[str, tuple[str, Review]] = {}
    for one in row["reviews"]:
        if one["state"] in ("APPROVED", "CHANGES_REQUESTED", "DISMISSED"):
            by, is_stranger = one["by"] or "a deleted account", one["standing"] in STRANGERS
            last[by.lower()] = (
                one["state"],
                Review(by, _kind(one["by"], one["kind"]), part(one, "commit", str), is_stranger),
            )
    approvals, objections = (
        tuple(sorted((review for state, review in last.values() if state == wanted), key=lambda review: review.by))
        for wanted in ("APPROVED", "CHANGES_REQUESTED")
    )
    changes = _of_rows(row["commits"], lambda rows: tuple(map(_change, rows)))
    return Pull(
        part(row, "number", int), part(row, "by", str), _kind(row["by"], row["kind"]), part(row, "head", str),
        approvals, objections, changes,
    )  # fmt: skip


STRANGERS = frozenset({"NONE", "FIRST_TIMER", "FIRST_TIME_CONTRIBUTOR", "MANNEQUIN"})


def _staged(rows: Any, declared: str) -> tuple[Known[tuple[str, ...]] | Unknown, tuple[str, ...]]:
    if isinstance(rows, Unknown):
        return rows, ()
    found, elsewhere = [], []
    for one in rows:
        if is_staging(one["environment"], declared):
            found.append(_state(one["states"]))
        else:
            elsewhere.append(part(one, "environment", str))
    return Known(tuple(found)), tuple(dict.fromkeys(elsewhere))


def _state(states: Any) -> str:
    """What became of a deployment: that a later one took its place says nothing of it."""
    if isinstance(states, Unknown):
        raise Missing(states)
    return next((str(state) for state in states if state != "inactive"), "inactive" if states else "none")


FACT = Fact("forge", parse, (PROBE,), then=then)
