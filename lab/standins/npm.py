"""The reverse proxy's administration: Nginx Proxy Manager's API, and NPMplus's with its login by cookie.

https://github.com/NginxProxyManager/nginx-proxy-manager/tree/develop/backend/schema, https://github.com/ZoeyVid/NPMplus
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

from lab.standins.server import Request, Response, StandIn

COOKIE = "__Host-Http-token"


def make(state: Path) -> StandIn:
    """The stand-in.

    State: flavour (npm, or npmplus, which bans who guesses and logs in by a cookie), users (secret by identity), setup,
    proxy_hosts, certificates.
    """
    proxy = StandIn(state)
    sessions: set[str] = set()
    failures: list[str] = []

    def bearer(request: Request) -> str:
        cookies = dict(part.strip().partition("=")[::2] for part in request.headers.get("cookie", "").split(";"))
        return cookies.get(COOKIE, "") or request.headers.get("authorization", "").removeprefix("Bearer ")

    def error(status: int, message: str) -> Response:
        return Response({"error": {"code": status, "message": message}}, status)

    @proxy.on("GET", r"/api/?")
    def health(request: Request, state: dict[str, Any]) -> Response:
        said = {"status": "OK", "setup": state["setup"]}
        ways = {"password": True, "oidc": False}
        return Response(
            said | (ways if state["flavour"] == "npmplus" else {"version": {"major": 2, "minor": 15, "revision": 0}})
        )

    @proxy.on("GET", r"/")
    def page(request: Request, state: dict[str, Any]) -> Response:
        title = "NPMplus" if state["flavour"] == "npmplus" else "Nginx Proxy Manager"
        return Response(f"<!doctype html><title>{title}</title>")

    @proxy.on("POST", r"/api/tokens")
    def login(request: Request, state: dict[str, Any]) -> Response:
        asked = request.json or {}
        if state["flavour"] == "npmplus" and len(failures) >= 5:
            return error(429, "Too many requests")
        if state["users"].get(asked.get("identity")) != asked.get("secret"):
            failures.append(str(asked.get("identity")))
            return error(400, "Invalid email or password")
        token = secrets.token_urlsafe(24)
        sessions.add(token)
        if state["flavour"] == "npmplus":
            cookie = f"{COOKIE}={token}; Path=/; Secure; HttpOnly; SameSite=Strict"
            return Response({"expires": "2099-01-01T00:00:00.000Z"}, 200, {"Set-Cookie": cookie})
        return Response({"token": token, "expires": "2099-01-01T00:00:00.000Z"})

    @proxy.on("GET", r"/api/nginx/(proxy-hosts|certificates)")
    def listing(request: Request, state: dict[str, Any]) -> Response:
        if bearer(request) not in sessions:
            return error(401, "Permission Denied")
        return Response(state[request.match[0].replace("-", "_")])

    return proxy
