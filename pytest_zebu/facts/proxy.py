"""The reverse proxy: its own machine by ssh, and its administration's API. What it serves is seen from outside."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from pytest_zebu.facts import jobs
from pytest_zebu.facts.answer import Answer, Garbled, Known, Missing, Reason, Unknown, is_number, whole_number
from pytest_zebu.facts.fact import Fact, Gathered, Look, Probe
from pytest_zebu.facts.http import PROTECTED
from pytest_zebu.facts.jobs import Job
from pytest_zebu.facts.lines import Record, records
from pytest_zebu.settings.target import Target

JOBS_PROBE = Probe("proxy.jobs", file="jobs.pl", uses=jobs.PARTS, root=True, timeout=15, host="proxy")
CONFIGURATION_PROBE = Probe(
    "proxy.configuration",
    file="proxy-configuration.sh",
    uses=(
        "quiet.sh",
        "proxy-nginx.pl",
    ),
    values=(("PATH", PROTECTED),),
    root=True,
    timeout=15,
    host="proxy",
)
CLIENTS = {
    "certbot": r"certbot\b(?!.*--dry-run).*\b(?:renew|certonly)\b|certbot\.renew(?!.*--dry-run)",
    "acme.sh": r"acme\.sh\b.*--cron",
    "lego": r"lego\b.*\brenew\b",
    "dehydrated": r"dehydrated\b.*(-c|--cron)\b",
}
"""Clients that a job runs, and how commands of theirs begin that renew certificates; a rehearsal renews none."""
RENEWS = "|".join(CLIENTS.values())
NAMED = "|".join(map(re.escape, CLIENTS))
"""Their names, as programs name them that are not read."""
_CHOSEN = re.compile(r"(?:--cert-name|--domains?|-d)[ =](\S+)")
SERVES_ONLY = frozenset({"nginx", "openresty", "angie", "haproxy", "apache2", "httpd", "lighttpd"})
"""Servers that others renew certificates for."""
NGINX = frozenset({"nginx", "openresty", "angie"})


class NginxServer(Struct, frozen=True):
    """A server of nginx's configuration.

    Attributes:
        limits: whether it limits requests to the API: `yes`, `no`, or `unclear` where a rewriting leads them on.
        is_default: it serves names that no other server has.
        declared_at: where it stands, as `FILE:LINE`, by the names that files have for nginx.
    """

    names: tuple[str, ...]
    limits: str
    is_tls: bool
    is_default: bool = False
    declared_at: str = ""

    def rank(self, name: str) -> tuple[int, int]:
        """How well its names fit a name: nginx takes the best, and of several wildcards the longest."""
        ranks = [(0, 0)]
        for one in self.names:
            if one == name or one == f".{name}":
                ranks.append((3, 0))
            elif (one.startswith("*.") and name.endswith(one[1:])) or (one.startswith(".") and name.endswith(one)):
                ranks.append((2, len(one)))
            elif one.endswith(".*") and name.startswith(one[:-1]):
                ranks.append((1, len(one)))
        return max(ranks)

    def serves(self, name: str) -> bool:
        """Whether one of its names is a name's: as it stands, or with a wildcard at one end (nginx, "Server names")."""
        return any(
            one == name
            or (one.startswith("*.") and name.endswith(one[1:]))
            or (one.startswith(".") and f".{name}".endswith(one))
            or (one.endswith(".*") and name.startswith(one[:-1]))
            for one in self.names
        )


def serving(servers: tuple[NginxServer, ...], name: str, is_tls: bool = True) -> list[NginxServer]:
    """Those that nginx may take for a name: by the best of its names, else those for names that no server has.

    It does so among those that listen where it was asked, as far as there are any.

    Args:
        servers: of the whole configuration.
        name: a domain.
        is_tls: whether it is asked over TLS: over plain http there is but a redirect, where there is TLS.
    """
    servers = tuple(server for server in servers if server.is_tls == is_tls) or servers
    best = max((server.rank(name) for server in servers), default=(0, 0))
    if best > (0, 0):
        return [server for server in servers if server.rank(name) == best]
    if any(one.startswith("~") for server in servers for one in server.names):
        return []  # which names a pattern fits is not worked out
    # Where none is called the default one, it is the first that listens at an address.
    return [server for server in servers if server.is_default] or list(servers)


class RenewalRun(Struct, frozen=True):
    """A run of certbot's, as its log tells it.

    Attributes:
        succeeded: nothing failed in it.
        good: the renewal configurations that were renewed, or were not due.
        failed: those that failed.
    """

    ended: datetime
    is_rehearsal: bool
    succeeded: bool
    good: frozenset[str] = frozenset()
    failed: frozenset[str] = frozenset()

    def does_for(self, names: set[str]) -> bool:
        """Whether it did for certain renewal configurations: that another one failed, which nobody serves, is no matter."""
        return self.succeeded or (bool(names) and names <= self.good)


class ProxyMachine(Struct, frozen=True):
    """The machine of the proxy.

    Attributes:
        renewals: by name of a renewal configuration: the SHA-256 fingerprint of its present certificate; empty where that
            cannot be read.
        jobs: what runs there by itself.
        servers: those of nginx, or why they are not known; None without nginx.
        generations: by name of a renewal configuration: how many certificates there were so far, the present one included.
        rehearsals: dry runs of the renewal: when each ended, and whether it succeeded; newest last.
        runs: all runs of certbot's that are told with the names of what they renewed, newest last.
        serves: the program that listens on port 443, and whether it is `here` or in a `container`; empty where it is not seen.
        keepers: programs that run there and renew in their own process.
        inside: the renewal configurations that Nginx Proxy Manager or NPMplus renews in its own process.
        kept: what other clients keep: by fingerprint, the client and the name.
        uploaded: what was uploaded to the proxy: by fingerprint, the name.
        earlier: what was renewed since: by fingerprint, the name of the renewal configuration.
    """

    renewals: Mapping[str, str]
    jobs: tuple[Job, ...]
    servers: Known[tuple[NginxServer, ...]] | Unknown | None
    generations: Mapping[str, int] = field(default_factory=dict)
    rehearsals: tuple[tuple[datetime, bool], ...] = ()
    runs: tuple[RenewalRun, ...] = ()
    serves: tuple[str, str] = ("", "")
    keepers: frozenset[str] = frozenset()
    inside: frozenset[str] = frozenset()
    kept: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    uploaded: Mapping[str, str] = field(default_factory=dict)
    earlier: Mapping[str, str] = field(default_factory=dict)

    @property
    def renewing(self) -> tuple[Job, ...]:
        """The jobs that renew certificates."""
        return tuple(job for job in self.jobs if job.runs(RENEWS))

    @property
    def renews_otherwise(self) -> str:
        """How what is served may be renewed by what is not read here, as a sentence; empty where it cannot."""
        name, place = self.serves
        if name == "?":
            name = next(iter(sorted(self.keepers - SERVES_ONLY - {"npm"})), "")
        if not name:
            return "what serves on port 443 is not seen there"
        if name not in SERVES_ONLY:
            return f"{name} serves, and may renew by itself"
        # What runs in other containers, with folders of their own, is read in part only.
        return f"{name} serves from a container, and another one may renew for it" if place == "container" else ""

    def renewing_these(self, certificates: Mapping[str, frozenset[str]]) -> tuple[Job, ...]:
        """The jobs that renew some of these, by their fingerprints and what they are for: by the client that keeps them, and not for others only."""
        kept = {self.kept[one][0] for one in certificates if one in self.kept}
        names = self.named({*certificates})
        clients = kept | ({"certbot"} if names else set()) or {*CLIENTS}
        wanted = names.union(*certificates.values())

        def renews(command: str) -> bool:
            chosen = {name for part in _CHOSEN.findall(command) for name in part.split(",")}
            is_client = any(client in CLIENTS and re.match(CLIENTS[client], command) for client in clients)
            return is_client and (not chosen or bool(chosen & wanted))

        return tuple(job for job in self.jobs if any(renews(str(command)) for command in job.commands))

    @property
    def renews_unseen(self) -> str:
        """A client that a job runs, and that keeps what it renews where it was not looked for; empty where there is none."""
        commands = [str(command) for job in self.jobs for command in job.commands]
        seen = {client for client, _ in self.kept.values()}
        for client, begins in CLIENTS.items():
            own = [command for command in commands if re.match(begins, command)]
            # certbot has one folder, unless it is told another; of the others each has its user's, or one of its own.
            if any("--config-dir" in command for command in own) or (own and client not in seen | {"certbot"}):
                return client
        return ""

    def has(self, fingerprint: str) -> bool:
        """Whether a certificate was found there."""
        return fingerprint in {*self.renewals.values(), *self.kept, *self.uploaded, *self.earlier}

    def named(self, fingerprints: set[str]) -> set[str]:
        """The renewal configurations of these certificates."""
        return {name for name, fingerprint in self.renewals.items() if fingerprint in fingerprints}

    @property
    def rehearsal(self) -> RenewalRun | None:
        """The last dry run."""
        if not self.rehearsals:
            return None
        ended, succeeded = self.rehearsals[-1]
        told = [run for run in self.runs if run.is_rehearsal and run.ended == ended]
        return told[-1] if told else RenewalRun(ended, True, succeeded)

    @property
    def attempt(self) -> RenewalRun | None:
        """The last run that was none, where its log tells names."""
        return next((run for run in reversed(self.runs) if not run.is_rehearsal), None)


def served_at(machine: Answer[ProxyMachine], name: str, is_tls: bool = True) -> str:
    """Where the proxy's nginx has the server of a name, as evidence; empty where that is not known, or nginx may take several."""
    servers = machine.value.servers if isinstance(machine, Known) else None
    found = serving(servers.value, name.lower(), is_tls) if isinstance(servers, Known) else []
    return (
        f"nginx of the proxy serves {name} by {found[0].declared_at}"
        if len(found) == 1 and found[0].declared_at
        else ""
    )


class ProxyHost(Struct, frozen=True):
    """A host of the administration: what it is for and whereto it forwards.

    Attributes:
        has_limits: whether its own settings limit requests to the API; None where that is not clear.
    """

    names: tuple[str, ...]
    forward: str
    is_enabled: bool
    has_limits: bool | None


class ManagedCertificate(Struct, frozen=True):
    """A certificate that the proxy keeps; `letsencrypt` ones it renews itself."""

    names: tuple[str, ...]
    provider: str
    expires: datetime | None


class Administration(Struct, frozen=True):
    """What the proxy's API says.

    Attributes:
        is_open: its set-up page waits for whoever comes first; None where the proxy does not tell.
        default_login: the default login that it accepted, empty if it refused all.
    """

    is_open: bool | None
    default_login: Known[str] | Unknown
    hosts: Known[tuple[ProxyHost, ...]] | Unknown
    certificates: Known[tuple[ManagedCertificate, ...]] | Unknown


UNCLEAR = "unclear"


def _run(one: Record) -> RenewalRun:
    moment, zone, status, *names = one.rest.split(" ") if one.rest.count(" ") >= 2 else ("", "", "")
    try:
        ended = datetime.strptime(moment + zone, "%Y-%m-%dT%H:%M:%S%z").astimezone(UTC)
    except (ValueError, OverflowError):
        raise Garbled("certbot's log of a run") from None
    good, failed = (frozenset(name[1:] for name in names if name.startswith(sign)) for sign in "+-")
    return RenewalRun(ended, one.word == "rehearsed", status == "0", good, failed)


WORDS = (
    "renewal", "host", "nginx", "generations", "rehearsed", "attempted", "serves", "keeper", "inside", "kept", "uploaded",
    "earlier", "at",
)  # fmt: skip


def parse_machine(gathered: Gathered, target: Target) -> ProxyMachine:
    """From clients' folders and logs, the servers that run, nginx and the jobs."""
    renewals: dict[str, str] = {}
    servers: list[NginxServer] = []
    generations: dict[str, int] = {}
    runs: list[RenewalRun] = []
    kept: dict[str, tuple[str, str]] = {}
    uploaded: dict[str, str] = {}
    earlier: dict[str, str] = {}
    keepers: set[str] = set()
    inside: set[str] = set()
    serves = ("", "")
    nginx = ""
    for one in records(gathered.said("proxy.configuration").out, "the proxy's configuration", WORDS):
        rest = one.rest
        name, _, value = rest.partition(" ")
        match one.word:
            case "renewal":
                renewals[name] = value.strip().lower().removeprefix("-")
            case "host":
                limited, kind, *names = (*rest.split(" "), "")
                is_tls, is_default = kind.partition("-")[0] == "tls", kind.endswith("-default")
                servers.append(NginxServer(tuple(filter(None, names)), limited, is_tls, is_default))
            case "at" if servers:
                line, file = one.fields(2)
                servers[-1] = replace(servers[-1], declared_at=f"{file}:{whole_number(line, 'a line')}")
            case "at":
                raise one.garbled()
            case "nginx":
                nginx = rest
            case "generations":
                generations[name] = int(value) if is_number(value) else 0
            case "serves":
                serves = (name, value)
            case "keeper":
                keepers.add(rest)
            case "inside":
                inside.add(rest)
            case "kept":
                client, fingerprint, of = one.fields(3)
                kept[fingerprint.lower()] = (client, of)
            case "uploaded":
                uploaded[value.strip().lower()] = name
            case "earlier":
                earlier[value.strip().lower()] = name
            case _:
                runs.append(_run(one))
    runs.sort(key=lambda run: run.ended)
    return ProxyMachine(
        renewals, jobs.read_all(gathered.said("proxy.jobs").out), _servers(nginx, servers), generations,
        tuple((run.ended, run.succeeded) for run in runs if run.is_rehearsal), tuple(run for run in runs if run.good or run.failed),
        serves, frozenset(keepers), frozenset(inside), kept, uploaded, earlier,
    )  # fmt: skip


def _servers(word: str, found: list[NginxServer]) -> Known[tuple[NginxServer, ...]] | Unknown | None:
    if not word:
        return None
    if word == "read":
        return Known(tuple(found))
    if word == "several":
        return Unknown(Reason.UNDECIDABLE, "several nginx run on the proxy, and which of them serves is not known")
    why = "does not show its configuration" if word == "failed" else "has a configuration that is not understood"
    return Unknown(Reason.UNDECIDABLE, f"the proxy's nginx {why}")


_LOOK = Look("proxy", "administration", {})


def looks(target: Target) -> tuple[Look, ...]:
    """One look, through the API."""
    return (_LOOK,)


def _names(row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(name).lower() for name in row.get("domain_names") or ())


def _moment(text: Any) -> datetime | None:
    if not isinstance(text, str) or not re.match(r"[0-9]{4}-[0-9][0-9]-[0-9][0-9]", text):
        return None
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def parse(gathered: Gathered, target: Target) -> Administration:
    """From the API's answers."""
    seen = gathered.saw(_LOOK)
    if isinstance(seen, Unknown):
        raise Missing(seen)
    data: Mapping[str, Any] = seen.value
    try:
        hosts, certificates, login = data["proxy-hosts"], data["certificates"], data["default_login"]
        return Administration(
            # `setup` says whether somebody has set it up; older ones have no such word.
            None if data["setup"] is None else not data["setup"],
            login if isinstance(login, Unknown) else Known(str(login)),
            hosts
            if isinstance(hosts, Unknown)
            else Known(
                tuple(
                    ProxyHost(
                        _names(row), f"{row.get('forward_host')}:{row.get('forward_port')}",
                        row.get("enabled") in (True, 1),
                        None if row.get("limits") == UNCLEAR else bool(row.get("limits")),
                    )
                    for row in hosts
                )
            ),
            certificates
            if isinstance(certificates, Unknown)
            else Known(
                tuple(
                    ManagedCertificate(_names(row), str(row.get("provider")), _moment(row.get("expires_on")))
                    for row in certificates
                )
            ),
        )  # fmt: skip
    except (KeyError, TypeError, AttributeError):
        raise Garbled("the proxy's administration has another shape than known") from None


MACHINE = Fact("proxy_machine", parse_machine, (JOBS_PROBE, CONFIGURATION_PROBE))
FACT = Fact("proxy", parse, looks=looks)
