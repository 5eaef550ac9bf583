"""The code forge: GitHub's REST API, as far as the readiness of a commit is asked of it.

https://docs.github.com/en/rest/checks/runs, /commits/statuses, /actions/workflow-runs, /pulls/pulls, /pulls/reviews,
/commits/commits, /git/commits, /deployments/deployments
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lab.standins.server import Request, Response, StandIn

BASE = r"/api/v3/repos/([\w.-]+/[\w.-]+)"
DOCUMENTATION = "https://docs.github.com/rest"


def _not_found() -> Response:
    return Response({"message": "Not Found", "documentation_url": DOCUMENTATION, "status": "404"}, 404)


def _page(request: Request, rows: list[Any]) -> list[Any]:
    size, page = int(request.query.get("per_page", 30)), int(request.query.get("page", 1))
    return rows[size * (page - 1) : size * page]


def make(state: Path) -> StandIn:
    """The stand-in.

    State: token, repository, check_runs, statuses and trees by commit, workflow_runs, pulls, reviews and pull_commits by number,
    deployments with statuses.
    """
    forge = StandIn(state)

    def guard(request: Request, state: dict[str, Any]) -> Response | None:
        if request.headers.get("authorization", "") not in (f"Bearer {state['token']}", f"token {state['token']}"):
            body = {"message": "Bad credentials", "documentation_url": DOCUMENTATION, "status": "401"}
            return Response(body, 401)
        if f"/repos/{state['repository']}" not in request.path:
            return _not_found()
        return None

    forge.guard = guard

    @forge.on("GET", BASE + r"/commits/([0-9a-f]{40})/check-runs")
    def check_runs(request: Request, state: dict[str, Any]) -> Response:
        if request.match[1] not in state["commits"]:
            return Response({"message": f"No commit found for SHA: {request.match[1]}", "status": "422"}, 422)
        runs = state["check_runs"].get(request.match[1], [])
        return Response({"total_count": len(runs), "check_runs": _page(request, runs)})

    @forge.on("GET", BASE + r"/commits/([0-9a-f]{40})/status")
    def commit_statuses(request: Request, state: dict[str, Any]) -> Response:
        """Without any status, GitHub calls the whole pending."""
        found = state["statuses"].get(request.match[1], [])
        words = {one["state"] for one in found}
        whole = "failure" if words & {"failure", "error"} else "success" if words == {"success"} else "pending"
        body = {"state": whole, "sha": request.match[1], "total_count": len(found)}
        return Response({**body, "statuses": _page(request, found)})

    @forge.on("GET", BASE + r"/git/commits/([0-9a-f]{40})")
    def git_commit(request: Request, state: dict[str, Any]) -> Response:
        tree = state["trees"].get(request.match[1])
        return Response({"sha": request.match[1], "tree": {"sha": tree}}) if tree else _not_found()

    @forge.on("GET", BASE + r"/actions/runs")
    def workflow_runs(request: Request, state: dict[str, Any]) -> Response:
        found = [run for run in state["workflow_runs"] if request.query.get("head_sha") in (None, run["head_sha"])]
        return Response({"total_count": len(found), "workflow_runs": _page(request, found)})

    @forge.on("GET", BASE + r"/commits/([0-9a-f]{40})/pulls")
    def pulls(request: Request, state: dict[str, Any]) -> Response:
        found = [pull for pull in state["pulls"] if pull["merge_commit_sha"] == request.match[1]]
        return Response(_page(request, found))

    @forge.on("GET", BASE + r"/pulls/(\d+)/reviews")
    def reviews(request: Request, state: dict[str, Any]) -> Response:
        return Response(_page(request, state["reviews"].get(request.match[1], [])))

    @forge.on("GET", BASE + r"/pulls/(\d+)/commits")
    def pull_commits(request: Request, state: dict[str, Any]) -> Response:
        return Response(_page(request, state["pull_commits"].get(request.match[1], [])))

    @forge.on("GET", BASE + r"/deployments")
    def deployments(request: Request, state: dict[str, Any]) -> Response:
        found = [
            {key: value for key, value in one.items() if key != "statuses"}
            for one in state["deployments"]
            if all(request.query.get(key) in (None, one[key]) for key in ("sha", "environment", "ref"))
        ]
        return Response(_page(request, found))

    @forge.on("GET", BASE + r"/deployments/(\d+)/statuses")
    def statuses(request: Request, state: dict[str, Any]) -> Response:
        found = next((one for one in state["deployments"] if str(one["id"]) == request.match[1]), None)
        return Response(_page(request, found["statuses"])) if found else _not_found()

    return forge
