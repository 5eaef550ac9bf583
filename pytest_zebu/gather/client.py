"""How services are spoken to: the only HTTP client that may carry a secret."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests


class Client(requests.Session):
    """It follows no redirect, whoever asks: what it carries is meant for the declared address only.

    Proxies and logins of the environment (`HTTPS_PROXY`, `.netrc`) are not for it either.
    """

    def __init__(self, trust: str | bool, headers: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self.trust_env = False
        self.verify = trust
        self.headers.update(headers or {})

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Nowhere."""


def proxmox_api(host: str, port: int, trust: str, seconds: int, token: tuple[str, str, str]) -> Any:
    """Proxmoxer's API with a token (user, name, value), without its redirects.

    Raises:
        requests.TooManyRedirects: later, by a request that was answered with one.
    """
    from proxmoxer import core
    from proxmoxer.backends import https

    user, name, value = token
    backend = https.Backend(
        host, port=port, user=user, token_name=name, token_value=value, verify_ssl=trust, timeout=seconds
    )
    session = backend.get_session()
    session.trust_env = False
    session.max_redirects = 0
    return core.ProxmoxResource(base_url=backend.get_base_url(), session=session, serializer=backend.get_serializer())
