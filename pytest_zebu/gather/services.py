"""What beside the machine knows of it: the hypervisor, the reverse proxy's administration.

Each looker gives plain data. A refusal is a value too: what was asked, and which privilege is wanted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import requests

from pytest_zebu.facts.answer import Reason, Unknown, plain_text
from pytest_zebu.gather.client import Client, proxmox_api
from pytest_zebu.settings import Settings
from pytest_zebu.settings.sections import ProxyAccess

SECONDS = (3.0, 8.0)
ANSWER_LIMIT = 4 * 2**20
TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{16,8192}")
"""The shape of a bearer token (RFC 6750)."""
DEFAULT_LOGIN = ("admin@example.com", "changeme")
"""What Nginx Proxy Manager came with until mid-2025. NPMplus makes a password of its own at its first start."""


class Refused(Exception):
    """A service gave no answer; `unknown` says why."""

    def __init__(self, unknown: Unknown) -> None:
        super().__init__(str(unknown))
        self.unknown = unknown


def refusal(status: int, what: str, message: str) -> Unknown:
    """What a status other than success means for a question: not an answer."""
    said = plain_text(message)[:200]
    match status:
        case 401:
            return Unknown(Reason.NO_PERMISSION, f"{what}: the credential was refused (401 {said})".rstrip())
        case 403:
            return Unknown(Reason.NO_PERMISSION, f"{what}: a privilege is missing (403 {said})".rstrip())
        case 429:
            return Unknown(Reason.UNDECIDABLE, f"{what}: asked too often (429): try again later")
        case 301 | 302 | 303 | 307 | 308:
            return Unknown(
                Reason.UNDECIDABLE,
                f"{what}: it redirects ({status}), which is not followed: declare where it is itself",
            )
        case _:
            return Unknown(Reason.UNDECIDABLE, f"{what}: status {status} {said}".rstrip())


def read_json(answer: requests.Response, what: str) -> Any:
    """The body of an answer, bounded.

    Raises:
        Refused: it is too large, or no JSON.
    """
    body = answer.raw.read(ANSWER_LIMIT + 1, decode_content=True)
    if len(body) > ANSWER_LIMIT:
        raise Refused(Unknown(Reason.GARBLED, f"{what}: the answer is larger than {ANSWER_LIMIT // 2**20} MiB"))
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Refused(Unknown(Reason.GARBLED, f"{what}: the answer is no JSON")) from None


def _message(body: Any) -> str:
    if not isinstance(body, dict):
        return ""
    error = body.get("error")
    return str(body.get("message") or (error.get("message") if isinstance(error, dict) else error) or "")


def _get(client: Client, url: str, what: str, **params: Any) -> Any:
    return page(client, url, what, **params)[0]


def page(client: Client, url: str, what: str, **params: Any) -> tuple[Any, bool | None]:
    """An answer, and whether others follow it; nothing where the service does not tell (RFC 8288)."""
    try:
        with client.get(url, params=params, timeout=SECONDS, stream=True) as answer:
            if answer.status_code != 200:
                try:
                    body = read_json(answer, what)
                except Refused:
                    body = None
                # GitHub answers 403 also where the hourly limit is used up.
                spent = answer.headers.get("X-RateLimit-Remaining") == "0"
                raise Refused(refusal(429 if spent else answer.status_code, what, _message(body)))
            follows = "next" in answer.links if "Link" in answer.headers else None
            return read_json(answer, what), follows
    except requests.exceptions.SSLError as error:
        raise Refused(
            Unknown(Reason.UNREACHABLE, f"{what}: its certificate is not trusted ({_short(error)})")
        ) from None
    except requests.RequestException as error:
        raise Refused(Unknown(Reason.UNREACHABLE, f"{what}: {_short(error)}")) from None


def _short(error: Exception) -> str:
    """The kind of an error: its text may repeat an address with what stood in it."""
    return type(error).__name__


# Proxmox VE, https://pve.proxmox.com/pve-docs/api-viewer/


def ask_proxmox(settings: Settings, paths: Sequence[str]) -> Any:
    """The answers to paths of the API, each with its data or with why it has none."""
    proxmox = settings.proxmox
    if proxmox.api is None or proxmox.token is None:
        return Unknown(Reason.NOT_CONFIGURED, "proxmox.api and proxmox.token are not set")
    from proxmoxer.core import AuthenticationError, ResourceException

    user, _, token_name = proxmox.token.partition("!")
    parts = urlsplit(proxmox.api)
    secret = settings.secret(proxmox.token_file, "proxmox.token_file")
    api = proxmox_api(
        parts.hostname or "", parts.port or 8006, settings.trust(proxmox.ca_file), int(SECONDS[1]),
        (user, token_name, secret),
    )  # fmt: skip

    def ask(path: str) -> Any:
        resource, _, query = path.partition("?")
        params = dict(part.partition("=")[::2] for part in query.split("&") if part)
        try:
            return api(resource).get(**params)
        except ResourceException as error:
            return refusal(error.status_code, f"Proxmox {resource}", f"{error.content or error.status_message}")
        except AuthenticationError:
            return refusal(401, f"Proxmox {resource}", "")
        except requests.TooManyRedirects as error:
            status = error.response.status_code if error.response is not None else 302
            return refusal(status, f"Proxmox {resource}", "")
        except ValueError:
            return Unknown(Reason.GARBLED, f"Proxmox {resource}: the answer is no JSON")

    try:
        found = {path: ask(path) for path in paths if STORAGE not in path}
        for path in (path for path in paths if STORAGE in path):
            concrete = [path.replace(STORAGE, name) for name in _backup_storages(found.get("cluster/backup"))]
            found |= {path: ask(path) for path in concrete}
    except requests.exceptions.SSLError:
        return Unknown(Reason.UNREACHABLE, "Proxmox: its certificate is not trusted (proxmox.ca_file)")
    except requests.RequestException as error:
        return Unknown(Reason.UNREACHABLE, f"Proxmox: {_short(error)}")
    return found


STORAGE, STORAGES = "{storage}", 8
"""In a path, what stands for each storage that a backup job writes to; and how many of them are asked at most."""


def _backup_storages(jobs: Any) -> list[str]:
    if not isinstance(jobs, list):
        return []
    names = {str(job.get("storage")) for job in jobs if isinstance(job, dict) and job.get("storage")}
    return sorted(name for name in names if re.fullmatch(r"[A-Za-z0-9_.-]+", name))[:STORAGES]


# NPMplus and Nginx Proxy Manager


def ask_proxy(settings: Settings) -> Any:
    """Proxy hosts and certificates, and whether the login that the proxy came with still opens."""
    proxy = settings.proxy
    if proxy.api is None:
        return Unknown(Reason.NOT_CONFIGURED, "proxy.api is not set")
    with Client(settings.trust(proxy.ca_file)) as client:
        try:
            health = _get(client, f"{proxy.api}/api/", "proxy: health")
        except Refused as error:
            return error.unknown
        # Only Nginx Proxy Manager says whether it was set up; NPMplus has no login that is known to everybody.
        setup = health.get("setup") if isinstance(health, dict) else None
        login = "" if setup is None else _default_login(proxy, settings.trust(proxy.ca_file))
        found: dict[str, Any] = {"setup": setup, "default_login": login}
        found |= _listings(client, settings)
    return found


class _WrongPassword(Exception):
    """The proxy knows no such account with that password."""


class _SecondFactor(Exception):
    """The password was right, and is not enough."""


def _log_in(client: Client, api: str | None, identity: str, secret: str) -> None:
    """Log in to the proxy's administration; the client keeps what it was given for it.

    Raises:
        Refused: it could not be tried, or the answer is none to a login.
        _WrongPassword: it was refused.
        _SecondFactor: it asks for more.
    """
    what = "proxy: login"
    body = {"identity": identity, "secret": secret}
    try:
        with client.post(f"{api}/api/tokens", json=body, timeout=SECONDS, stream=True) as answer:
            status, cookies = answer.status_code, [one for one in answer.cookies if "token" in one.name]
            said = read_json(answer, what) if status == 200 else None
    except requests.RequestException as error:
        raise Refused(Unknown(Reason.UNREACHABLE, f"proxy: {_short(error)}")) from None
    if status in (400, 401):
        raise _WrongPassword
    if status != 200:
        raise Refused(refusal(status, what, ""))
    if isinstance(said, dict) and any(key in said for key in ("requires_2fa", "requiresTotp")):
        raise _SecondFactor
    token = said.get("token") if isinstance(said, dict) and isinstance(said.get("expires"), str) else None
    # Nginx Proxy Manager gives a token; NPMplus sets a cookie, which the client keeps.
    if isinstance(token, str) and TOKEN.fullmatch(token):
        client.headers["Authorization"] = f"Bearer {token}"
    elif not (cookies and isinstance(said, dict) and "expires" in said):
        raise Refused(Unknown(Reason.GARBLED, f"{what}: the answer is neither a token nor a refusal"))


def _default_login(proxy: ProxyAccess, trust: str) -> Any:
    """The default login, if its password is accepted. It is tried once: a proxy may ban who tries more often."""
    identity, secret = DEFAULT_LOGIN
    with Client(trust) as client:
        try:
            _log_in(client, proxy.api, identity, secret)
        except Refused as error:
            return error.unknown
        except _WrongPassword:
            return ""
        except _SecondFactor:
            return identity
    return identity


_WORD = re.compile(
    r"""\s+|\#[^\n]*|([;{}])|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|((?:\$\{[^}]*\}|\\.|[^\s;{}\\])+)""", re.DOTALL
)


def has_directive(text: Any, name: str) -> bool:
    """Whether a piece of nginx's configuration has a directive, which is neither a comment nor another one's value."""
    starts = True
    for sign, word in (found.groups() for found in _WORD.finditer(str(text or "")) if any(found.groups())):
        if word and starts and word == name:
            return True
        starts = bool(sign)
    return False


def _listings(client: Client, settings: Settings) -> dict[str, Any]:
    proxy = settings.proxy
    kinds = ("proxy-hosts", "certificates")
    if proxy.identity is None:
        return dict.fromkeys(kinds, Unknown(Reason.NOT_CONFIGURED, "proxy.identity is not set"))
    try:
        _log_in(client, proxy.api, proxy.identity, settings.secret(proxy.password_file, "proxy.password_file"))
    except Refused as error:
        return dict.fromkeys(kinds, error.unknown)
    except _WrongPassword:
        return dict.fromkeys(kinds, refusal(401, "proxy: login", ""))
    except _SecondFactor:
        why = Unknown(Reason.NO_PERMISSION, "proxy: the account asks for a second factor: use one without")
        return dict.fromkeys(kinds, why)
    found: dict[str, Any] = {}
    kept = ("domain_names", "forward_host", "forward_port", "enabled", "provider", "expires_on")
    for kind in kinds:
        try:
            rows = _get(client, f"{proxy.api}/api/nginx/{kind}", f"proxy: {kind}")
            # The free text may hold anything: only what is asked of it is kept.
            found[kind] = [
                {key: row[key] for key in kept if key in row}
                | {"limits": has_directive(row.get("advanced_config"), "limit_req")}
                for row in rows
                if isinstance(row, dict)
            ]
            if len(found[kind]) < len(rows):
                found[kind] = Unknown(Reason.GARBLED, f"proxy: {kind} has rows of another shape than known")
        except Refused as error:
            found[kind] = error.unknown
        except (TypeError, AttributeError):
            found[kind] = Unknown(Reason.GARBLED, f"proxy: {kind} has another shape than known")
    return found
