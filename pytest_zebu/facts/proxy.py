"""The reverse proxy: its own machine by ssh, and its administration's API. What it serves is seen from outside."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pytest_zebu.facts import jobs
from pytest_zebu.facts.answer import Garbled, Known, Missing, Reason, Unknown, is_number
from pytest_zebu.facts.fact import Fact, Gathered, Look, Probe
from pytest_zebu.facts.jobs import Job
from pytest_zebu.facts.lines import records
from pytest_zebu.facts.web import PROTECTED
from pytest_zebu.settings.target import Target

JOBS_PROBE = Probe("proxy.jobs", file="jobs.pl", uses=jobs.PARTS, root=True, timeout=15, host="proxy")
CONFIGURATION_PROBE = Probe(
    "proxy.configuration",
    file="proxy-configuration.sh",
    uses=("proxy-nginx.pl",),
    values=(("PATH", PROTECTED),),
    root=True,
    host="proxy",
)
RENEWS = (
    r"certbot\b(?!.*--dry-run).*\brenew\b|certbot\.renew(?!.*--dry-run)|acme\.sh\b.*--cron|lego\b.*\brenew\b"
    r"|dehydrated\b.*(-c|--cron)\b"
)
"""How commands begin that renew certificates; a rehearsal renews none."""


@dataclass(frozen=True, slots=True)
class NginxServer:
    """A server of nginx's configuration.

    Attributes:
        limits: whether it limits requests to the API: `yes`, `no`, or `unclear` where a rewriting leads them on.
    """

    names: tuple[str, ...]
    limits: str
    is_tls: bool

    def serves(self, name: str) -> bool:
        """Whether one of its names is a name's: as it stands, or with a wildcard at one end (nginx, "Server names")."""
        return any(
            one == name
            or (one.startswith("*.") and name.endswith(one[1:]))
            or (one.startswith(".") and f".{name}".endswith(one))
            or (one.endswith(".*") and name.startswith(one[:-1]))
            for one in self.names
        )


@dataclass(frozen=True, slots=True)
class ProxyMachine:
    """The machine of the proxy.

    Attributes:
        renewals: by name of a renewal configuration: the SHA-256 fingerprint of its present certificate; empty where that
            cannot be read.
        jobs: what runs there by itself.
        servers: those of nginx, or why they are not known; None without nginx.
        generations: by name of a renewal configuration: how many certificates there were so far, the present one included.
        rehearsals: dry runs of the renewal: when each ended, and whether it succeeded; newest last.
    """

    renewals: Mapping[str, str]
    jobs: tuple[Job, ...]
    servers: Known[tuple[NginxServer, ...]] | Unknown | None
    generations: Mapping[str, int] = field(default_factory=dict)
    rehearsals: tuple[tuple[datetime, bool], ...] = ()

    @property
    def renewing(self) -> tuple[Job, ...]:
        """The jobs that renew certificates."""
        return tuple(job for job in self.jobs if job.runs(RENEWS))


@dataclass(frozen=True, slots=True)
class ProxyHost:
    """A host of the administration: what it is for and whereto it forwards."""

    names: tuple[str, ...]
    forward: str
    is_enabled: bool
    has_limits: bool


@dataclass(frozen=True, slots=True)
class ManagedCertificate:
    """A certificate that the proxy keeps; `letsencrypt` ones it renews itself."""

    names: tuple[str, ...]
    provider: str
    expires: datetime | None


@dataclass(frozen=True, slots=True)
class Administration:
    """What the proxy's API says.

    Attributes:
        is_open: its set-up page waits for whoever comes first; None where the proxy does not tell.
        default_login: the default login that it accepted, empty if it refused all.
    """

    is_open: bool | None
    default_login: Known[str] | Unknown
    hosts: Known[tuple[ProxyHost, ...]] | Unknown
    certificates: Known[tuple[ManagedCertificate, ...]] | Unknown


def _rehearsal(text: str) -> tuple[datetime, bool]:
    try:
        moment, zone, status = text.split(" ")
        return datetime.strptime(moment + zone, "%Y-%m-%dT%H:%M:%S%z").astimezone(UTC), status == "0"
    except ValueError:
        raise Garbled("certbot's log of a dry run") from None


def parse_machine(gathered: Gathered, target: Target) -> ProxyMachine:
    """From certbot's folder, nginx and the jobs."""
    renewals: dict[str, str] = {}
    servers: list[NginxServer] = []
    generations: dict[str, int] = {}
    rehearsals: list[tuple[datetime, bool]] = []
    nginx = ""
    words = ("renewal", "host", "nginx", "generations", "rehearsed")
    for one in records(gathered.said("proxy.configuration").out, "the proxy's configuration", words):
        rest = one.rest
        match one.word:
            case "renewal":
                name, _, fingerprint = rest.partition(" ")
                renewals[name] = fingerprint.strip().lower().removeprefix("-")
            case "host":
                limited, kind, *names = (*rest.split(" "), "")
                servers.append(NginxServer(tuple(filter(None, names)), limited, kind == "tls"))
            case "nginx":
                nginx = rest
            case "generations":
                name, _, count = rest.partition(" ")
                generations[name] = int(count) if is_number(count) else 0
            case _:
                rehearsals.append(_rehearsal(rest))
    found = jobs.read(gathered.said("proxy.jobs").out)
    return ProxyMachine(renewals, found, _servers(nginx, servers), generations, tuple(sorted(rehearsals)))


def _servers(word: str, found: list[NginxServer]) -> Known[tuple[NginxServer, ...]] | Unknown | None:
    if not word:
        return None
    if word == "read":
        return Known(tuple(found))
    why = "does not show its configuration" if word == "failed" else "has a configuration that is not understood"
    return Unknown(Reason.UNDECIDABLE, f"the proxy's nginx {why}")


_LOOK = Look("proxy", "administration", {})


def looks(target: Target) -> tuple[Look, ...]:
    """One look, through the API."""
    return (_LOOK,)


def _names(row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(name).lower() for name in row.get("domain_names") or ())


def _moment(text: Any) -> datetime | None:
    if not isinstance(text, str) or not re.match(r"\d{4}-\d\d-\d\d", text):
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
                        row.get("enabled") in (True, 1), bool(row.get("limits")),
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
