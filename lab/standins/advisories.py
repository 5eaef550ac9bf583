"""Advisories: OSV's API for what Python installs, the npm registry's bulk address for the frontend.

https://google.github.io/osv.dev/post-v1-query/, https://docs.npmjs.com/cli/commands/npm-audit#bulk-advisory-endpoint
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lab.standins.server import Request, Response, StandIn


def make(state: Path) -> StandIn:
    """The stand-in. State: osv (records of the OSV schema, `affected` by package name and versions), npm (by package)."""
    service = StandIn(state)

    def hits(state: dict[str, Any], name: str, version: str) -> list[dict[str, Any]]:
        return [
            record
            for record in state["osv"]
            for affected in record["affected"]
            if affected["package"]["name"].lower() == name.lower() and version in affected["versions"]
        ]

    @service.on("POST", r"/v1/query")
    def query(request: Request, state: dict[str, Any]) -> Response:
        asked = request.json or {}
        found = hits(state, asked.get("package", {}).get("name", ""), asked.get("version", ""))
        return Response({"vulns": found} if found else {})

    @service.on("GET", r"/v1/vulns/([\w-]+)")
    def record(request: Request, state: dict[str, Any]) -> Response:
        found = next((one for one in state["osv"] if one["id"] == request.match[0]), None)
        return Response(found) if found else Response({"code": 5, "message": "Bug not found."}, 404)

    @service.on("POST", r"/-/npm/v1/security/advisories/bulk")
    def bulk(request: Request, state: dict[str, Any]) -> Response:
        asked = request.json or {}
        return Response({name: state["npm"][name] for name in asked if name in state["npm"]})

    return service
