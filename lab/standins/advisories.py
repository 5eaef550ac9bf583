"""Advisories: OSV's API, for what Python installs and what the frontend is built with.

https://google.github.io/osv.dev/post-v1-querybatch/, https://google.github.io/osv.dev/get-v1-vulns/
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lab.standins.server import Request, Response, StandIn

MOST = 1000
"""So many questions it takes at once, and so many advisories it gives at once."""


def make(state: Path) -> StandIn:
    """The stand-in. State: osv (records of the OSV schema); page_size, where it gives fewer at once."""
    service = StandIn(state)

    def hits(state: dict[str, Any], query: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            {"id": record["id"], "modified": record["modified"]}
            for record in state["osv"]
            if any(
                affected["package"] == query["package"] and query["version"] in affected["versions"]
                for affected in record["affected"]
            )
        ]

    @service.on("POST", r"/v1/querybatch")
    def batch(request: Request, state: dict[str, Any]) -> Response:
        queries, size = (request.json or {}).get("queries", []), state.get("page_size", MOST)
        if len(queries) > MOST:
            return Response({"code": 3, "message": "Too many queries."}, 400)
        results: list[dict[str, Any]] = []
        for query in queries:
            found, start = hits(state, query), int(query.get("page_token", 0))
            result: dict[str, Any] = {"vulns": found[start : start + size]} if found[start:] else {}
            if found[start + size :]:
                result["next_page_token"] = str(start + size)
            results.append(result)
        return Response({"results": results})

    @service.on("GET", r"/v1/vulns/([\w-]+)")
    def record(request: Request, state: dict[str, Any]) -> Response:
        found = next((one for one in state["osv"] if one["id"] == request.match[0]), None)
        return Response(found) if found else Response({"code": 5, "message": "Bug not found."}, 404)

    return service
