"""The sign-in provider: its public keys, at the Frontend API and at the Backend API, and its script for pages (Clerk).

https://clerk.com/docs/reference/backend-api/tag/jwks, https://clerk.com/docs/guides/how-clerk-works/tokens-and-signatures
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lab.standins.server import Request, Response, StandIn

SCRIPT = b"""
window.Clerk = {
  load: async () => {},
  mountSignIn: (element) => {
    const form = document.createElement("form");
    form.innerHTML = '<label>Email address<br><input type="email" name="identifier"></label><p><button>Continue</button></p>';
    form.querySelectorAll("input, button").forEach((one) => { one.style.minHeight = "44px"; });
    element.append(form);
  },
};
"""
"""What a page loads to let its users sign in, as far as it shows."""


def make(state: Path) -> StandIn:
    """The stand-in. State: secret_key, keys (JSON Web Keys)."""
    provider = StandIn(state)

    @provider.on("GET", r"/\.well-known/jwks\.json")
    def public_keys(request: Request, state: dict[str, Any]) -> Response:
        return Response({"keys": state["keys"]})

    @provider.on("GET", r"/npm/@clerk/clerk-js@\d+/dist/clerk\.browser\.js")
    def script(request: Request, state: dict[str, Any]) -> Response:
        return Response(SCRIPT, headers={"Content-Type": "text/javascript; charset=utf-8"})

    @provider.on("GET", r"/v1/environment")
    def environment(request: Request, state: dict[str, Any]) -> Response:
        return Response({"auth_config": {"object": "auth_config"}, "display_config": {"object": "display_config"}})

    @provider.on("GET", r"/v1/jwks")
    def keys(request: Request, state: dict[str, Any]) -> Response:
        if request.headers.get("authorization") != f"Bearer {state['secret_key']}":
            error = {"message": "The provided Clerk Secret Key is invalid.", "code": "clerk_key_invalid"}
            return Response({"errors": [error]}, 401)
        return Response({"keys": state["keys"]})

    return provider
