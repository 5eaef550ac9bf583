"""What beside the machine knows of it: the hypervisor, the reverse proxy's administration.

Each looker gives plain data. A refusal is a value too: what was asked, and which privilege is wanted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import requests

from pytest_zebu.facts import plainjson
from pytest_zebu.facts.answer import Reason, Unknown, plain_text
from pytest_zebu.facts.http import PROTECTED
from pytest_zebu.facts.proxy import UNCLEAR
from pytest_zebu.gather.bounds import OutOfTime
from pytest_zebu.gather.client import Client, Unending, is_unresolved, proxmox_api, read_body
from pytest_zebu.settings import Settings
from pytest_zebu.settings.errors import UsageProblem
from pytest_zebu.settings.sections import ProxyAccess

SECONDS = (3.0, 8.0)
ANSWER_LIMIT = 4 * 2**20
TITLE_LIMIT = 65_536
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
        requests.RequestException: it breaks off.
        OutOfTime: the look takes too long.
    """
    return read_whole(answer, what)[0]


def read_whole(answer: requests.Response, what: str) -> tuple[Any, int]:
    """The same, and how many bytes it has."""
    body = read_body(answer, ANSWER_LIMIT + 1)
    if len(body) > ANSWER_LIMIT:
        raise Refused(Unknown(Reason.GARBLED, f"{what}: the answer is larger than {ANSWER_LIMIT // 2**20} MiB"))
    try:
        return plainjson.loads(body.decode("utf-8-sig")), len(body)
    except ValueError as error:
        why = error if isinstance(error, plainjson.NoJson) else "it is no text"
        raise Refused(Unknown(Reason.GARBLED, f"{what}: the answer is no JSON ({why})")) from None


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
                except (Refused, requests.RequestException):
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
    except (requests.RequestException, OutOfTime) as error:
        raise Refused(broken(what, error)) from None


def broken(what: str, error: Exception) -> Unknown:
    """Why there is no answer, as far as that may be told: an error's text may repeat an address with what stood in it."""
    if isinstance(error, Unending | OutOfTime):
        return Unknown(Reason.TIMED_OUT, f"{what}: {error}")
    if is_unresolved(error):
        return Unknown(Reason.UNREACHABLE, f"{what}: this machine's resolver does not tell where it is")
    return Unknown(Reason.UNREACHABLE, f"{what}: {_short(error)}")


def _short(error: Exception) -> str:
    return type(error).__name__


# Proxmox VE, https://pve.proxmox.com/pve-docs/api-viewer/


def ask_proxmox(settings: Settings, paths: Sequence[str]) -> Any:
    """The answers to paths of the API, each with its data or with why it has none.

    What stands in braces in a path is filled in from what was answered before: `{node}` and `{type}` of the machine,
    each `{storage}` and `{pool}` of the backup jobs, each `{upid}` of runs that do not name the machine.
    """
    proxmox = settings.proxmox
    if proxmox.api is None or proxmox.token is None:
        return Unknown(Reason.NOT_CONFIGURED, "proxmox.api and proxmox.token are not set")
    from proxmoxer.core import AuthenticationError, ResourceException

    user, _, token_name = proxmox.token.partition("!")
    parts = urlsplit(proxmox.api)
    secret = settings.secret(proxmox.token_file, "proxmox.token_file")

    def ask(api: Any, path: str) -> Any:
        resource, _, query = path.partition("?")
        params = dict(part.partition("=")[::2] for part in query.split("&") if part)
        try:
            return api(resource).get(**params)
        except ResourceException as error:
            return _proxmox_refusal(error.status_code, resource, f"{error.content or error.status_message}")
        except AuthenticationError:
            return refusal(401, f"Proxmox {resource}", "")
        except requests.TooManyRedirects as error:
            status = error.response.status_code if error.response is not None else 302
            return refusal(status, f"Proxmox {resource}", "")
        except plainjson.NoJson as error:
            return Unknown(Reason.GARBLED, f"Proxmox {resource}: the answer is no JSON ({error})")
        except (Unending, OutOfTime) as error:
            return broken(f"Proxmox {resource}", error)

    found: dict[str, Any] = {}
    reached = (parts.hostname or "", parts.port or 8006, settings.trust(proxmox.ca_file), SECONDS, ANSWER_LIMIT)
    try:
        with proxmox_api(*reached, (user, token_name, secret)) as api:
            # Those that name fewer things come first: they tell of the others.
            for path in sorted(paths, key=_rank):
                for values in _fillings(path, found, settings):
                    found[path.format_map(values)] = _kept(path)(ask(api, path.format_map(values)), proxmox.vmid)
    except requests.exceptions.SSLError:
        return Unknown(Reason.UNREACHABLE, "Proxmox: its certificate is not trusted (proxmox.ca_file)")
    except requests.RequestException as error:
        return broken("Proxmox", error)
    return found


NODE_GONE = range(595, 600)
"""What a node of the cluster answers in the place of another one that it cannot reach."""
STORAGES, POOLS, LOGS = 8, 8, 4
"""So many storages and pools of backup jobs are asked for at most, and logs of runs."""
_PLACES = re.compile(r"\{(\w+)\}")
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_UPID = re.compile(r"UPID:[A-Za-z0-9_.@!:-]{1,200}")


def _proxmox_refusal(status: int, resource: str, message: str) -> Unknown:
    if status in NODE_GONE:
        return Unknown(Reason.UNREACHABLE, f"Proxmox {resource}: its node does not answer ({status})")
    return refusal(status, f"Proxmox {resource}", message)


def _rank(path: str) -> int:
    places = set(_PLACES.findall(path))
    return 2 if "upid" in places else 1 if places else 0


def _fillings(path: str, found: Mapping[str, Any], settings: Settings) -> list[dict[str, str]]:
    """What to fill in, once for each question that comes of it."""
    known = _place_of(found.get("cluster/resources?type=vm"), settings)
    if "{storage}" in path:
        return [known | {"storage": name} for name in _of_jobs(found, "storage")[:STORAGES]]
    if "{pool}" in path:
        return [known | {"pool": name} for name in _of_jobs(found, "pool")[:POOLS]]
    if "{upid}" in path:
        return [known | {"upid": name} for name in _runs_of_many(found.get(_ALL_RUNS.format_map(known)))]
    return [known]


def _place_of(guests: Any, settings: Settings) -> dict[str, str]:
    """Where the machine is, and of which kind, as far as it is told."""
    here = {"node": settings.proxmox.node, "type": "qemu", "vmid": str(settings.proxmox.vmid)}
    for row in guests if isinstance(guests, list) else ():
        if isinstance(row, dict) and str(row.get("vmid")) == here["vmid"]:
            node, kind = str(row.get("node")), row.get("type")
            here |= {"node": node} if _NAME.fullmatch(node) else {}
            here |= {"type": kind} if kind in ("qemu", "lxc") else {}
    return here


def _of_jobs(found: Mapping[str, Any], key: str) -> list[str]:
    jobs = found.get("cluster/backup")
    names = {str(job[key]) for job in jobs if isinstance(job, dict) and job.get(key)} if isinstance(jobs, list) else ()
    return sorted(name for name in names if _NAME.fullmatch(name))


def _runs_of_many(tasks: Any) -> list[str]:
    """The newest runs that name no machine."""
    rows = [row for row in tasks if isinstance(row, dict) and not row.get("id")] if isinstance(tasks, list) else []
    ended = [row for row in rows if isinstance(row.get("endtime"), int) and _UPID.fullmatch(str(row.get("upid")))]
    return [str(row["upid"]) for row in sorted(ended, key=lambda row: -row["endtime"])[:LOGS]]


LOG_LINES = 5000
DISK = re.compile(r"(?:ide|sata|scsi|virtio|mp)\d{1,3}|rootfs")
OF_STORAGE = ("type", "path", "server", "shared", "is_mountpoint", "prune-backups", "maxfiles")


def _all_of(answer: Any, vmid: int | None) -> Any:
    return answer


def _lines_about(log: Any, vmid: int | None) -> Any:
    """Of the log of a run, what it says of the machine's backup, and whether it was read to its end."""
    if not isinstance(log, list):
        return log
    about = re.compile(rf"(?:Finished )?Backup of VM {vmid}\b")
    texts = [str(line.get("t", "")) for line in log if isinstance(line, dict)]
    return {"lines": [text[:200] for text in texts if about.search(text)], "is_cut": len(log) >= LOG_LINES}


def _own_rows(rows: Any, vmid: int | None) -> Any:
    """Of a list of machines, what it says of ours."""
    if not isinstance(rows, list):
        return rows
    kept = ("vmid", "node", "type", "pool", "template")
    own = [row for row in rows if isinstance(row, dict) and str(row.get("vmid")) == str(vmid)]
    return [{key: row[key] for key in kept if key in row} for row in own]


def _members(pool: Any, vmid: int | None) -> Any:
    """Of a pool, whether it has our machine: a list with its row, or without."""
    found = pool[0] if isinstance(pool, list) and len(pool) == 1 else pool
    return _own_rows(found.get("members"), vmid) if isinstance(found, dict) else found


def _disks(config: Any, vmid: int | None) -> Any:
    """Of a machine's settings, its disks: the rest may hold anything."""
    if not isinstance(config, dict):
        return config
    return {key: str(text)[:500] for key, text in config.items() if DISK.fullmatch(str(key))}


def _part_of(row: Any, keys: tuple[str, ...]) -> Any:
    return {key: row[key] for key in keys if key in row} if isinstance(row, dict) else row


ROWS = {
    "backup": (
        "id", "type", "enabled", "schedule", "dow", "starttime", "storage", "mode", "vmid", "exclude", "exclude-path", "all",
        "pool", "node", "prune-backups", "maxfiles",
    ),
    "tasks": ("upid", "node", "type", "id", "user", "status", "starttime", "endtime"),
    "update": ("Package", "OldVersion", "Version", "Origin"),
    "snapshot": ("name", "snaptime", "snapstate", "vmstate", "parent", "running"),
    "content": ("volid", "content", "ctime", "size", "vmid", "format", "protected", "verification"),
}  # fmt: skip
"""Of a list's rows, what is kept: notes, comments and descriptions may hold anything."""


def _rows_of(rows: Any, kind: str) -> Any:
    return [_part_of(row, ROWS[kind]) for row in rows] if isinstance(rows, list) else rows


def _storage(config: Any, vmid: int | None) -> Any:
    return _part_of(config, OF_STORAGE)


_ALL_RUNS = "nodes/{node}/tasks?typefilter=vzdump&limit=50"


def _kept(path: str) -> Callable[[Any, int | None], Any]:
    """What is kept of the answer to a path."""
    resource = path.partition("?")[0]
    match resource.partition("/")[0], resource.rpartition("/")[2]:
        case "cluster" | "nodes", kind if kind in ROWS:
            return lambda rows, vmid: _rows_of(rows, kind)
        case "cluster", "resources":
            return _own_rows
        case "pools", _:
            return _members
        case "storage", _:
            return _storage
        case "nodes", "config":
            return _disks
        case "nodes", "log":
            return _lines_about
    return _all_of


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
        # Which says whether somebody has set it up; older ones have no such word.
        setup = health.get("setup") if isinstance(health, dict) else None
        match _product(client, proxy.api, health):
            case "Nginx Proxy Manager" if "proxy.api" in settings.seen:
                login: str | Unknown = Unknown(Reason.NOT_CONFIGURED, UNDECLARED)
            case "Nginx Proxy Manager":
                login = _default_login(proxy, settings.trust(proxy.ca_file))
            case "NPMplus" | "a set-up page":
                login = ""
            case _:
                login = Unknown(Reason.UNDECIDABLE, UNKNOWN_PRODUCT)
        found: dict[str, Any] = {"setup": setup, "default_login": login}
        found |= _listings(client, settings)
    return found


UNDECLARED = "proxy.api is not declared: nobody tries a login at an address that was only found"
UNKNOWN_PRODUCT = "proxy: its API names neither product nor version that are known: its first login was not tried"
FIRST_WITH_SETUP = (2, 13)
"""The release of Nginx Proxy Manager from which on a page asks for the first account, instead of a login that everybody knows."""
_TITLE = re.compile(r"<title>\s*([^<]{1,80}?)\s*</title>", re.IGNORECASE)


def _product(client: Client, api: str | None, health: Any) -> str:
    """What the administration is, by what it says of itself; empty where it does not.

    NPMplus has no login that is known to everybody: it made a password of its own, or asks for the first account, as newer
    releases of Nginx Proxy Manager do.
    """
    if not isinstance(health, dict):
        return ""
    version = health.get("version")
    numbers = [version.get(part) for part in ("major", "minor", "revision")] if isinstance(version, dict) else []
    # Only NPMplus logs in by other ways as well, and only it has releases that are no three numbers.
    if {"oidc", "password"} & health.keys() or (isinstance(version, str) and version):
        return "NPMplus"
    if len(numbers) != 3 or not all(isinstance(number, int) for number in numbers):
        return ""
    title = _title(client, f"{api}/")
    if "npmplus" in title.lower():
        return "NPMplus"
    if title.lower() == "nginx proxy manager":
        return "Nginx Proxy Manager"
    has_setup = isinstance(health.get("setup"), bool) and tuple(numbers[:2]) >= FIRST_WITH_SETUP
    return "a set-up page" if has_setup else ""


def _title(client: Client, url: str) -> str:
    """The title of a page; empty where there is none."""
    try:
        with client.get(url, timeout=SECONDS, stream=True) as answer:
            body = read_body(answer, TITLE_LIMIT) if answer.status_code == 200 else b""
    except requests.RequestException:
        return ""
    found = _TITLE.search(body.decode("utf-8", errors="replace"))
    return found[1] if found else ""


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
    except (requests.RequestException, OutOfTime) as error:
        raise Refused(broken("proxy", error)) from None
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
    r"""\s+|\#[^\n]*|([;{}])|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|((?:\$\{[^}]{0,200}\}|\\.|[^\s;{}\\])+)""", re.DOTALL
)


def _words(text: Any) -> Iterator[tuple[str, str]]:
    """The signs and words of a piece of nginx's configuration, without comments and spaces."""
    for found in _WORD.finditer(str(text or "")):
        if any(found.groups()):
            yield found[1] or "", found[2] or ""


_OWN_INCLUDE = re.compile(r"(?:^|[ /])conf\.d/include/[\w.-]+\.conf$")
"""What both proxies come with, and which limits nothing: their own hosts include it."""


class _Location:
    """A block of a piece of configuration while it is read."""

    def __init__(self, words: list[str]) -> None:
        self.words = words
        self.has_limit = self.is_dry = self.includes = False


def limits_of(row: Mapping[str, Any]) -> bool | str:
    """Whether a host's own settings limit requests to the API: on the host, or where its locations lead them."""
    top = _Location([])
    found = [*_locations(str(row.get("advanced_config") or ""), top)]
    for one in row.get("locations") or ():
        if isinstance(one, dict):
            # A path may have a sign in front, as one that is a pattern has.
            inner = _Location(["location", *(str(one.get("path") or "").split() or [""])])
            found += _locations(str(one.get("advanced_config") or ""), inner)
            found.append(inner)
    leading = [one for one in found if _leads(one.words)]
    if any(one.has_limit for one in found) and any(one.words[0] != "location" or len(one.words) != 2 for one in found):
        return UNCLEAR  # what a pattern, a condition or a nested block leads to is not followed
    best = max(leading, key=lambda one: len(one.words[1]), default=None)
    if best is not None and (best.has_limit or best.is_dry):
        return best.has_limit and not best.is_dry
    if not top.has_limit and any(one.includes for one in (top, *leading)):
        return UNCLEAR
    return top.has_limit and not top.is_dry


def _leads(words: list[str]) -> bool:
    return len(words) == 2 and words[0] == "location" and PROTECTED.startswith(words[1])


def _locations(text: str, top: _Location) -> list[_Location]:
    """The blocks in a piece of configuration; `top` is told what stands in none."""
    found: list[_Location] = []
    inside, words = [top], list[str]()
    for sign, word in _words(text):
        if word:
            words.append(word)
        elif sign == "{":
            found.append(_Location(words or [""]))
            inside.append(found[-1])
            words = []
        else:
            if words[:1] == ["limit_req"]:
                inside[-1].has_limit = True
            elif words[:1] == ["limit_req_dry_run"]:
                inside[-1].is_dry = words[1:2] == ["on"]
            elif words[:1] == ["include"] and not _OWN_INCLUDE.search(" ".join(words)):
                inside[-1].includes = True
            if sign == "}" and len(inside) > 1:
                inside.pop()
            words = []
    return found


def _listings(client: Client, settings: Settings) -> dict[str, Any]:
    proxy = settings.proxy
    kinds = ("proxy-hosts", "certificates")
    if proxy.identity is None:
        return dict.fromkeys(kinds, Unknown(Reason.NOT_CONFIGURED, "proxy.identity is not set"))
    try:
        _log_in(client, proxy.api, proxy.identity, settings.secret(proxy.password_file, "proxy.password_file"))
    except UsageProblem as problem:  # beside it, whether the known login works was seen
        return dict.fromkeys(kinds, Unknown(Reason.NOT_CONFIGURED, str(problem)))
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
                {key: row[key] for key in kept if key in row} | {"limits": limits_of(row)}
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
