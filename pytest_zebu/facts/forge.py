"""What the code forge says of the deployed commit: checks, review, deployment to staging."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pytest_zebu.facts.answer import Garbled, Known, Missing, Unknown, part
from pytest_zebu.facts.fact import Fact, Gathered, Look, Need, Probe
from pytest_zebu.settings.target import Target

PROBE = Probe(
    "ancestors",
    file="ancestors.sh",
    uses=("git.sh",),
    needs=(Need.APP_DIR, Need.OWNER),
    owner=True,
)


@dataclass(frozen=True, slots=True)
class CheckRun:
    """A CI job on a commit."""

    name: str
    status: str
    conclusion: str


@dataclass(frozen=True, slots=True)
class Pull:
    """A pull request that brought the commit.

    Attributes:
        approvals: who approved, by the latest review of each.
        objections: who asked for changes, likewise.
    """

    number: int
    author: str
    is_merged: bool
    approvals: tuple[str, ...]
    objections: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Forge:
    """The answers of the forge.

    Attributes:
        checks: by commit: of the deployed one, and of those before it that were asked about.
        same_files: by check run: the ancestors, nearest first, in which what it depends on is the same.
        staged: the states of the deployments of exactly this commit to staging, newest first.
    """

    commit: str
    checks: Mapping[str, Known[tuple[CheckRun, ...]] | Unknown]
    same_files: Mapping[str, tuple[str, ...]]
    pulls: Known[tuple[Pull, ...]] | Unknown
    staged: Known[tuple[str, ...]] | Unknown


def paths(target: Target) -> tuple[str, ...]:
    """The declared paths, each once, in order: a column each of the probe's answer."""
    return tuple(dict.fromkeys(path for group in target.settings.forge.paths.values() for path in group))


def _same_files(gathered: Gathered, target: Target) -> tuple[str, dict[str, tuple[str, ...]]]:
    rows = [line.split() for line in gathered.said("ancestors").out.splitlines()]
    columns = {path: index for index, path in enumerate(paths(target), 1)}
    if not rows or any(len(row) != len(columns) + 1 for row in rows):
        raise Garbled("the list of commits")
    found = {}
    for check, group in target.settings.forge.paths.items():
        wanted = [rows[0][columns[path]] for path in group]
        found[check] = tuple(row[0] for row in rows[1:] if [row[columns[path]] for path in group] == wanted)
    return rows[0][0], found


def _look(commit: str, same_files: Mapping[str, tuple[str, ...]]) -> Look:
    return Look("forge", "commit", {"commit": commit, "ancestors": same_files})


def then(gathered: Gathered, target: Target) -> tuple[Look, ...]:
    """One look, at the commit that is deployed."""
    try:
        return (_look(*_same_files(gathered, target)),)
    except (Missing, Garbled):
        return ()


def _latest(reviews: list[Mapping[str, str]], state: str) -> tuple[str, ...]:
    said: dict[str, str] = {}
    for review in reviews:
        if review["state"] in ("APPROVED", "CHANGES_REQUESTED", "DISMISSED"):
            said[review["by"]] = review["state"]
    return tuple(sorted(who for who, what in said.items() if what == state and who))


def parse(gathered: Gathered, target: Target) -> Forge:
    """From the forge's answers."""
    commit, same_files = _same_files(gathered, target)
    seen = gathered.saw(_look(commit, same_files))
    if isinstance(seen, Unknown):
        raise Missing(seen)
    data: Mapping[str, Any] = seen.value
    try:
        checks: dict[str, Known[tuple[CheckRun, ...]] | Unknown] = {
            sha: runs
            if isinstance(runs, Unknown)
            else Known(tuple(CheckRun(run["name"], run["status"], run["conclusion"]) for run in runs))
            for sha, runs in part(data, "checks", dict).items()
        }
        pulls: Known[tuple[Pull, ...]] | Unknown = (
            data["pulls"] if isinstance(data["pulls"], Unknown) else Known(tuple(map(_pull, data["pulls"])))
        )
        staged: Known[tuple[str, ...]] | Unknown = (
            data["deployments"]
            if isinstance(data["deployments"], Unknown)
            else Known(tuple(_state(one["states"]) for one in data["deployments"]))
        )
    except (KeyError, TypeError, ValueError):
        raise Garbled("the forge has another shape than known") from None
    return Forge(commit, checks, same_files, pulls, staged)


def _pull(row: Mapping[str, Any]) -> Pull:
    if isinstance(row["reviews"], Unknown):
        raise Missing(row["reviews"])
    reviews = row["reviews"]
    return Pull(
        int(row["number"]), str(row["by"]), bool(row["merged"]),
        _latest(reviews, "APPROVED"), _latest(reviews, "CHANGES_REQUESTED"),
    )  # fmt: skip


def _state(states: Any) -> str:
    if isinstance(states, Unknown):
        raise Missing(states)
    return str(states[0]) if states else "none"


FACT = Fact("forge", parse, (PROBE,), then=then)
