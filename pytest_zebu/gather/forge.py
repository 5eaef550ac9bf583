"""The code forge, by GitHub's REST API: https://docs.github.com/en/rest. What is kept is plain, and judged elsewhere."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from pytest_zebu.facts.answer import Reason, Unknown, plain_text
from pytest_zebu.facts.forge import is_run_of
from pytest_zebu.gather import services
from pytest_zebu.gather.client import Client
from pytest_zebu.settings import Settings
from pytest_zebu.settings.sections import ForgeAccess

PAGE_SIZE = 100
PAGES = 10
ANCESTORS = 20
PULLS, DEPLOYMENTS = 5, 30
OTHERS = {"v1": "Forgejo's or Gitea's", "v4": "GitLab's", "2.0": "Bitbucket's"}
OTHER_HOSTS = {
    "gitlab.com": "GitLab's",
    "codeberg.org": "Forgejo's",
    "bitbucket.org": "Bitbucket's",
    "dev.azure.com": "Azure DevOps'",
}
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")

Listed = Callable[..., Any]


def ask_forge(settings: Settings, arguments: Mapping[str, Any]) -> Any:
    """Checks, pull requests with their reviews, and deployments of the deployed commit.

    Where a check was skipped, or has not run beside others, the nearest ancestors are asked too: `ancestors` says in which
    the check's files are the same as in the deployed commit. Where a check has not run on it, or was skipped, as where it
    runs for pull requests only, the last commit of the pull request that brought it is asked, if all its files are the same.
    Where nothing ran since the commit itself says so, as those of release tools do, the ancestors are asked too.
    """
    forge = settings.forge
    if forge.repository is None:
        return Unknown(Reason.NOT_CONFIGURED, "forge.repository is not set")
    if other := _other_language(forge.api):
        return Unknown(
            Reason.UNDECIDABLE,
            f"forge.api is {other} interface; only GitHub's is spoken here: people attest what it shows",
        )
    with _client(settings) as client:
        return _asked(_lister(client, forge), forge, arguments)


def _asked(listed: Listed, forge: ForgeAccess, arguments: Mapping[str, Any]) -> dict[str, Any]:
    commit = arguments["commit"]
    checks = {commit: _runs(listed, commit, _declared(forge))}
    statuses = _statuses(listed, commit)
    told_to_skip = checks[commit] == [] == statuses and _tells_to_skip(listed, commit)
    for sha in _ancestors(forge, checks[commit], arguments["ancestors"], told_to_skip=told_to_skip):
        checks[sha] = _runs(listed, sha, ())
    pulls = listed(f"/commits/{commit}/pulls", "pull requests")
    if not isinstance(pulls, Unknown):
        pulls = [_pull(pull, listed) for pull in that_count(pulls, commit)]
    same = _same_tree(listed, commit, pulls) if _misses_some(forge, checks[commit], statuses) else ()
    for sha in same:
        checks[sha] = _all_of(forge, _runs(listed, sha, _declared(forge)), _statuses(listed, sha))
    return {
        "checks": checks,
        "same_tree": list(same),
        "told_to_skip": told_to_skip,
        "statuses": statuses,
        "pulls": pulls,
        "deployments": _deployments(listed, commit),
    }


def _other_language(api: str) -> str:
    """Whose interface an address is, if it is not GitHub's."""
    parts = urlsplit(api)
    words = parts.path.strip("/").split("/")
    by_path = OTHERS.get(words[-1], "") if words[:-1] in (["api"], []) else ""
    return OTHER_HOSTS.get((parts.hostname or "").removeprefix("api."), "") or by_path


def _client(settings: Settings) -> Client:
    forge = settings.forge
    headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
    token = settings.secret(forge.token_file, "forge.token_file")
    if token:
        headers["Authorization"] = f"Bearer {token}"
    return Client(settings.trust(forge.ca_file), headers)


def _lister(client: Client, forge: ForgeAccess) -> Listed:
    base = f"{forge.api.rstrip('/')}/repos/{forge.repository}"

    def listed(path: str, what: str, key: str = "", is_one: bool = False, **params: Any) -> Any:
        """All rows of a list, or the only one; or why they are not all known."""
        rows: list[Any] = []
        try:
            for number in range(1, PAGES + 1):
                said, follows = services.page(
                    client, f"{base}{path}", f"forge: {what}", per_page=PAGE_SIZE, page=number, **params
                )
                if is_one and isinstance(said, dict):
                    return [said]
                found = said.get(key) if key and isinstance(said, dict) else said
                if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
                    return Unknown(Reason.GARBLED, f"forge: {what} has another shape than known")
                rows += found
                total = said.get("total_count") if isinstance(said, dict) else None
                if follows is None:
                    # A service may give fewer at once than it is asked for.
                    follows = len(rows) < total if isinstance(total, int) else len(found) >= PAGE_SIZE
                if not follows or not found:
                    return rows
        except services.Refused as error:
            return error.unknown
        return Unknown(Reason.GARBLED, f"forge: there are more {what} than {len(rows)}, which are not all read")

    return listed


# Checks


def _declared(forge: ForgeAccess) -> tuple[str, ...]:
    checks = forge.checks
    return (*checks.tests, *checks.linters, *checks.types, *checks.migrations)


def _runs(listed: Listed, sha: str, names: Iterable[str]) -> Any:
    """The check runs of a commit; where several suites have runs of one name, with the workflow of each."""
    found = listed(f"/commits/{sha}/check-runs", "check runs", "check_runs", filter="latest")
    if isinstance(found, Unknown):
        return found
    rows: list[dict[str, Any]] = [
        {
            "name": plain_text(str(run.get("name"))), "status": str(run.get("status")), "conclusion": str(run.get("conclusion")),
            "app": _text(run.get("app"), "slug"), "suite": _text(run.get("check_suite"), "id"), "id": _number(run.get("id")),
            "workflow": "",
        }
        for run in found
        if run.get("head_sha", sha) == sha
    ]  # fmt: skip
    suites = Counter(name for name, _ in {(row["name"], row["suite"]) for row in rows})
    if any(suites[row["name"]] > 1 and is_run_of(name, row["name"]) for name in names for row in rows):
        workflows = listed("/actions/runs", "workflow runs", "workflow_runs", head_sha=sha)
        if not isinstance(workflows, Unknown):
            known = {str(run.get("check_suite_id")): str(run.get("workflow_id", "")) for run in workflows}
            rows = [{**row, "workflow": known.get(row["suite"], "")} for row in rows]
    return rows


def _statuses(listed: Listed, commit: str) -> Any:
    """What other services than apps say of a commit: of each, its latest word."""
    found = listed(f"/commits/{commit}/status", "commit statuses", "statuses")
    if isinstance(found, Unknown):
        return found
    return [{"name": plain_text(str(one.get("context"))), "state": str(one.get("state"))} for one in found]


def _misses_some(forge: ForgeAccess, runs: Any, statuses: Any) -> bool:
    """Whether nothing ran on a commit, or a declared check did not."""
    if not isinstance(runs, list):
        return False
    ran = {row["name"] for row in runs if row["conclusion"] != "skipped"}
    ran |= {row["name"] for row in statuses} if isinstance(statuses, list) else set()
    return not ran or any(not any(is_run_of(name, one) for one in ran) for name in _declared(forge))


def _all_of(forge: ForgeAccess, runs: Any, statuses: Any) -> Any:
    """Check runs, and what other services say, as of runs; unknown where a declared check may be among what is not known."""
    if isinstance(runs, Unknown):
        return runs
    if isinstance(statuses, Unknown):
        return statuses if _misses_some(forge, runs, ()) else runs
    return runs + [
        {
            "name": one["name"], "status": "pending" if one["state"] == "pending" else "completed",
            "conclusion": "None" if one["state"] == "pending" else one["state"],
            "app": "", "suite": "", "id": 0, "workflow": "",
        }
        for one in statuses
    ]  # fmt: skip


_SKIPS = re.compile(r"\[(?:skip ci|ci skip|no ci|skip actions|actions skip)\]|^skip-checks: *true$", re.MULTILINE)
"""How a commit says that nothing is to run for it, as those of release tools do: docs.github.com, "Skipping workflow runs"."""


def _tells_to_skip(listed: Listed, commit: str) -> bool:
    found = listed(f"/git/commits/{commit}", "a commit", is_one=True)
    return isinstance(found, list) and any(_SKIPS.search(_text(one, "message")) for one in found)


def _ancestors(
    forge: ForgeAccess, runs: Any, same_files: Mapping[str, tuple[str, ...]], *, told_to_skip: bool = False
) -> tuple[str, ...]:
    """The ancestors that are asked about: of each check that was skipped, or has not run beside others."""
    if not isinstance(runs, list) or (not runs and not told_to_skip):
        return ()
    missing = [
        name
        for name in sorted({*_declared(forge)} & same_files.keys())
        if all(run["conclusion"] == "skipped" for run in runs if is_run_of(name, run["name"]))
    ]
    return tuple(dict.fromkeys(sha for name in missing for sha in same_files[name][:ANCESTORS]))


def _same_tree(listed: Listed, commit: str, pulls: Any) -> tuple[str, ...]:
    """The last commits of pull requests that have the very files of the deployed commit."""
    heads = [pull["head"] for pull in pulls] if isinstance(pulls, list) else []
    wanted = [head for head in dict.fromkeys(heads) if head != commit and _COMMIT.fullmatch(head)]
    trees = {sha: _tree(listed, sha) for sha in (commit, *wanted)} if wanted else {}
    return tuple(head for head in wanted if trees[head] and trees[head] == trees[commit])


def _tree(listed: Listed, sha: str) -> str:
    """The identity of all files of a commit; empty where it is not told."""
    found = listed(f"/git/commits/{sha}", "a commit", is_one=True)
    return _text(found[0].get("tree"), "sha") if isinstance(found, list) else ""


# Pull requests


def that_count(pulls: list[Any], commit: str) -> list[Any]:
    """Those that brought the commit; it may be in others too, as in one that brings all to another branch."""
    merged = [pull for pull in pulls if pull.get("merged_at")]
    made = [pull for pull in merged if pull.get("merge_commit_sha") == commit]
    return (made or merged)[:PULLS]


def _pull(pull: Mapping[str, Any], listed: Listed) -> dict[str, Any]:
    number = _number(pull.get("number"))
    reviews = listed(f"/pulls/{number}/reviews", "reviews")
    if not isinstance(reviews, Unknown):
        reviews = [
            {
                **_person(one.get("user")), "state": str(one.get("state")), "commit": str(one.get("commit_id") or ""),
                "standing": str(one.get("author_association") or ""),
            }
            for one in reviews
        ]  # fmt: skip
    commits = listed(f"/pulls/{number}/commits", "commits of a pull request")
    if not isinstance(commits, Unknown):
        commits = [
            {
                "sha": str(one.get("sha")),
                "by": _person(one.get("author"))["by"],
                "merges": isinstance(one.get("parents"), list) and len(one["parents"]) > 1,
            }
            for one in commits
        ]
    author = _person(pull.get("user"))
    head = _text(pull.get("head"), "sha")
    return {
        "number": number,
        "by": author["by"],
        "kind": author["kind"],
        "head": head,
        "reviews": reviews,
        "commits": commits,
    }


def _person(user: Any) -> dict[str, str]:
    return {"by": plain_text(_text(user, "login")), "kind": _text(user, "type")}


def _text(row: Any, key: str) -> str:
    found = row.get(key) if isinstance(row, dict) else None
    return "" if found is None else str(found)


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0


# Deployments


def _deployments(listed: Listed, commit: str) -> Any:
    """The deployments of exactly this commit, newest first, each with its states, newest first."""
    found = listed("/deployments", "deployments", sha=commit)
    if isinstance(found, Unknown):
        return found
    # What was asked for is looked at again: not every forge knows these words of the question.
    rows = sorted((one for one in found if one.get("sha") == commit), key=lambda one: -_number(one.get("id")))
    return [_deployment(one, listed) for one in rows[:DEPLOYMENTS]]


def _deployment(one: Mapping[str, Any], listed: Listed) -> dict[str, Any]:
    states = listed(f"/deployments/{_number(one.get('id'))}/statuses", "statuses of deployments")
    if not isinstance(states, Unknown):
        states = [str(state.get("state")) for state in sorted(states, key=lambda state: -_number(state.get("id")))]
    return {"environment": plain_text(str(one.get("environment"))), "states": states}
