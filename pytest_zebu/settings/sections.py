"""`zebu.toml` as one validated value: what is declared of a deployment, with every default."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    StringConstraints,
    field_validator,
    model_validator,
)

from pytest_zebu.catalogue import THRESHOLDS, Stage
from pytest_zebu.files import at_home

Domain = Annotated[
    str,
    StringConstraints(to_lower=True),  # as browsers write them
    Field(
        max_length=253,
        pattern=r"^[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)+$",
        description="a domain's name, without https:// and path",
        examples=["zebu.example.org"],
    ),
]
Port = Annotated[
    int, Field(ge=1, le=65535, strict=True, description="a port: a whole number from 1 to 65535", examples=[8443])
]
Switch = Annotated[bool, Strict()]
Seconds = Annotated[
    float, Field(gt=0, le=600, strict=True, description="a number of seconds above 0 and up to 600", examples=[30])
]
LongSeconds = Annotated[
    float, Field(gt=0, le=3600, strict=True, description="a number of seconds above 0 and up to 3600", examples=[120])
]
Profile = Literal["standard", "small-scale"]
SshName = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9_:%.\[\]-]+$",
        max_length=255,
        description="a host's name or address, as ssh takes it",
        examples=["192.0.2.10"],
    ),
]
UserName = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z_][A-Za-z0-9_.-]*$",
        max_length=64,
        description="a user's name: letters, digits, _ . and -",
        examples=["deploy"],
    ),
]
Folder = Annotated[
    str, Field(pattern=r"^/[^\n\x00]*$", description="the whole path of a folder", examples=["/srv/zebu"])
]
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
YEARS = range(2000, 2200)


def _day(value: Any) -> Any:
    if isinstance(value, datetime) or not isinstance(value, date | str):
        raise ValueError("must be a day without a time: YYYY-MM-DD")
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value) if DAY.fullmatch(value) else None
        except ValueError:
            value = None
    if value is None or value.year not in YEARS:
        raise ValueError(f"must be a day of the years {YEARS[0]} to {YEARS[-1]}: YYYY-MM-DD")
    return value


Day = Annotated[date, BeforeValidator(_day), Field(description="a day: YYYY-MM-DD", examples=["2026-01-31"])]
"""A day, as TOML or as text."""


def without_login(url: str) -> str:
    """An address that holds no password, and has a port that there is.

    Raises:
        ValueError: it does, or has not.
    """
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:
        raise ValueError("must be an address: https://HOST[:PORT][/PATH]") from None
    if parts.username is not None or parts.password is not None:
        raise ValueError("must hold no login: reports show it")
    if not host or port == 0 or not url.isprintable():
        raise ValueError("must be an address: https://HOST[:PORT][/PATH]")
    return url


def _host_and_port(value: str) -> str:
    host, _, port = value.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or len(port) > 5 or not 1 <= int(port) <= 65535:
        raise ValueError("must be HOST:PORT, with a port from 1 to 65535")
    return value


HostAndPort = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9_.:\[\]-]+:[0-9]+$",
        max_length=262,
        description="HOST:PORT, with a port from 1 to 65535",
        examples=["192.0.2.20:443"],
    ),
    AfterValidator(_host_and_port),
]


def _address(value: str) -> str:
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        raise ValueError("must be an IP address") from None


def _address_or_network(value: str) -> str:
    if "/" not in value:
        return _address(value)
    try:
        return str(ipaddress.ip_network(value))
    except ValueError:
        raise ValueError("must be an IP address, or a network without bits of a host") from None


Address = Annotated[str, AfterValidator(_address), Field(description="an IP address", examples=["192.0.2.10"])]
Network = Annotated[
    str,
    AfterValidator(_address_or_network),
    Field(description="an IP address or a network", examples=["203.0.113.10"]),
]


def _plain_path(value: Path) -> Path:
    """A path that ssh takes as it is: its configuration expands some characters, and a newline would begin an option."""
    if any(not character.isprintable() for character in str(value)):
        raise ValueError("must have no control characters")
    if any(mark in str(value) for mark in ("%", "${", '"', "\\")):
        raise ValueError('must have none of % ${ " \\ in it, which ssh would read in another way')
    return value


def _with_home(value: Path) -> Path:
    at_home(value)
    return value


FilePath = Annotated[Path, AfterValidator(_with_home)]
SshPath = Annotated[FilePath, AfterValidator(_plain_path)]


class Section(BaseModel):
    """A table of the file: unknown keys are errors, and no text or number is without an end."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        str_max_length=4096,
        allow_inf_nan=False,
        hide_input_in_errors=True,
        defer_build=True,
    )


class Host(Section):
    """A machine to look at."""

    address: SshName | None = None
    user: UserName | None = None
    port: Port | None = None
    identity: SshPath | None = None
    ssh_config: SshPath | None = None
    known_hosts: SshPath | None = None
    public_address: SshName | None = None
    app_directory: Folder | None = None
    project: Annotated[
        str | None,
        Field(
            pattern=r"^[a-z0-9][a-z0-9_-]*$",
            description="the name of a Compose project: small letters, digits, _ and -",
            examples=["zebu"],
        ),
    ] = None
    reserved_address: SshName | None = None

    @field_validator("address", "user", "public_address", "reserved_address")
    @classmethod
    def _is_no_option(cls, value: str | None) -> str | None:
        if value is not None and value.startswith("-"):
            raise ValueError("must not begin with '-'")
        return value


class Domains(Section):
    """The names under which the application is served.

    Attributes:
        addresses: what the names resolve to; of a content delivery network that moves its own, its networks.
        origin: the proxy's own address, where the names resolve to a content delivery network in front of it.
    """

    site: Domain | None = None
    www: Domain | None = None
    api: Domain | Literal["same-origin"] | None = None
    addresses: tuple[Network, ...] = ()
    resolvers: tuple[Address, ...] = ("1.1.1.1", "8.8.8.8", "9.9.9.9")
    also_redirect_to: tuple[Domain, ...] = ()
    staging: Domain | None = None
    origin: Address | None = None

    def declares(self, address: str) -> bool:
        """Whether an address is one of those to which the names lead."""
        return any(ipaddress.ip_address(address) in ipaddress.ip_network(one) for one in self.addresses)

    @property
    def api_origin(self) -> str | None:
        """Where the API is served: under a name of its own, or under the site."""
        name = self.site if self.api == "same-origin" else self.api
        return f"https://{name}" if name else None

    @property
    def page_origins(self) -> tuple[str, ...]:
        """The origins from which pages call the API. The API's own name is none."""
        return tuple(f"https://{name}" for name in dict.fromkeys((self.site, self.www)) if name)

    @property
    def names(self) -> tuple[str, ...]:
        """The declared names, each once."""
        found = (self.site, self.www, None if self.api == "same-origin" else self.api)
        return tuple(dict.fromkeys(name for name in found if name))


class Tls(Section):
    """Whom the certificates come from."""

    ca_file: FilePath | None = None
    issuer: str = "Let's Encrypt"


ELSEWHERE = re.compile(r"\w[\w.-]{0,99}")
"""What a vantage on another machine may be called: it stands in commands there, and names a file."""


class Vantage(Section):
    """A place to look from: this machine, with one of its addresses; or another one, whose looks are handed in.

    Attributes:
        signer: the fingerprint of the key with which that other machine signs what it saw (`zebu look`).
        look: the file that it wrote.
        look_hours: how old that may be.
    """

    name: str
    kind: Literal["internet", "lan", "proxy"]
    source: Address | None = None
    control: HostAndPort | None = None
    signer: Annotated[
        str | None,
        Field(
            pattern=r"^SHA256:[A-Za-z0-9+/]{43}$",
            description="the fingerprint that `zebu look` printed: SHA256: and 43 letters",
            examples=[f"SHA256:{'A' * 43}"],
        ),
    ] = None
    look: FilePath | None = None
    look_hours: Annotated[float, Field(gt=0, le=24 * 7, strict=True)] = 24

    @model_validator(mode="after")
    def _is_one_machine(self) -> Vantage:
        if self.signer is None and self.look is not None:
            raise ValueError("look needs signer: the fingerprint that `zebu look` printed on that machine")
        if self.signer is not None and self.kind != "internet":
            raise ValueError(f"signer is of a vantage on the internet: kind = {self.kind!r} looks from this machine")
        if self.signer is not None and not ELSEWHERE.fullmatch(self.name):
            raise ValueError(
                "name is of a vantage on another machine, which `zebu look --as` takes: letters, digits and any of _ . -"
            )
        if self.signer is not None and self.source is not None:
            raise ValueError("source is an address of this machine, and signer is of another one: leave one out")
        return self


class NetworkNeeds(Section):
    """What the machine must be able to reach.

    Attributes:
        outbound: an address on the internet that answers https.
        peers: neighbours in its own network, as address:port.
    """

    outbound: Annotated[
        str,
        Field(
            pattern=r"^https://[A-Za-z0-9.-]+(:\d+)?(/[A-Za-z0-9._~/-]*)?$",
            description="an address that begins with https://, without login and query",
        ),
        AfterValidator(without_login),
    ] = "https://deb.debian.org/"
    peers: tuple[
        Annotated[HostAndPort, Field(pattern=r"^[0-9a-fA-F.:]+:\d+$", description="IP-ADDRESS:PORT")], ...
    ] = ()


class FirewallRules(Section):
    """What may be reached from outside.

    Attributes:
        allowed: TCP ports that may answer, beside the ssh port: the checklist's 80 and 443, and what is declared.
        allowed_udp: UDP ports that may, such as a tunnel's; the checklist has none.
        forwarded: TCP ports that the router may forward from the public address.
        lan_trusted: the machines of the LAN may reach the backend's port.
    """

    allowed: tuple[Port, ...] = (80, 443)
    allowed_udp: tuple[Port, ...] = ()
    forwarded: tuple[Port, ...] = (80, 443)
    lan_trusted: Switch = False


class BackupPlan(Section):
    """How the database is backed up.

    Attributes:
        folder: where the machine keeps its dumps.
        pattern: what they are called there.
        copy_to: where they are copied: a folder on other storage, or user@host:folder as the machine reaches it by ssh.
        retention_days: how long a dump is kept.
    """

    model_config = ConfigDict(populate_by_name=True)

    folder: Folder | None = None
    pattern: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.*?-]+$", description="a file's name, with * and ?")] = "*"
    copy_to: Annotated[
        str | None,
        Field(
            alias="copy",
            pattern=r"^(/[^\n\x00]*|[A-Za-z_][A-Za-z0-9_.-]*@[A-Za-z0-9.-]+:[A-Za-z0-9_./-]+)$",
            description="the whole path of a folder, or user@host:folder",
            examples=["backup@192.0.2.30:zebu"],
        ),
    ] = None
    retention_days: Annotated[int | None, Field(gt=0, strict=True)] = None


class DatabaseAccess(Section):
    """A database that is no container of the project: managed, on the host, or on another machine.

    Attributes:
        url_file: holds its address with a role that may look: `postgresql://USER:PASSWORD@HOST:PORT/NAME`.
        through: from here, or through a port that ssh forwards to the machine which is asked.
    """

    url_file: FilePath | None = None
    through: Literal["direct", "ssh"] = "direct"


Url = Annotated[
    str,
    Field(
        pattern=r"^https?://[A-Za-z0-9.\-\[\]:]+(:\d+)?(/[A-Za-z0-9._~/-]*)?$",
        max_length=300,
        description="an address that begins with https://, without login and query",
        examples=["https://192.0.2.40:8006"],
    ),
    AfterValidator(without_login),
]


class ProxmoxAccess(Section):
    """The hypervisor: its API with a token, or `pvesh` over ssh.

    Attributes:
        api: `https://HOST:8006`.
        node: the node's name there.
        vmid: the production machine's number.
        token: `USER@REALM!TOKENID`; its secret is the content of `token_file`.
        ca_file: whom its certificate comes from; without it, the public authorities.
        ssh: the name in `[hosts]` of the node itself, on which root runs `pvesh`.
        newest_release: the newest stable major release that is known.
        snapshot_days: for how many days snapshots are kept.
    """

    api: Url | None = None
    node: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$", description="a node's name: letters, digits and -")] = "pve"
    vmid: Annotated[int | None, Field(ge=100, strict=True)] = None
    token: Annotated[
        str | None,
        Field(
            pattern=r"^[^@!=\s]+@[^@!=\s]+![^@!=\s]+$",
            description="USER@REALM!TOKENID (the secret is what token_file holds)",
            examples=["zebu@pve!readiness"],
        ),
    ] = None
    token_file: FilePath | None = None
    ca_file: FilePath | None = None
    ssh: str | None = None
    newest_release: Annotated[int, Field(ge=9, strict=True)] = 9
    snapshot_days: Annotated[int | None, Field(gt=0, strict=True)] = None


class ProxyAccess(Section):
    """The reverse proxy: its own machine by ssh, or the API of NPMplus or Nginx Proxy Manager, or both.

    Attributes:
        ssh: the name in `[hosts]` of the machine on which it runs.
        container: the number of the LXC container in which it runs there (`pct exec`).
        api: `https://HOST:81`.
        identity: the mail address of an account that may look; its password is the content of `password_file`.
        ca_file: whom the administration's certificate comes from.
        renewal_hours: how often it looks whether certificates are due.
    """

    ssh: str | None = None
    container: Annotated[int | None, Field(ge=100, strict=True)] = None
    api: Url | None = None
    identity: Annotated[
        str | None,
        Field(pattern=r"^[^\s@]+@[^\s@]+$", description="a mail address", examples=["readiness@example.org"]),
    ] = None
    password_file: FilePath | None = None
    ca_file: FilePath | None = None
    renewal_hours: Annotated[float, Field(gt=0, strict=True)] = 24


class CheckRuns(Section):
    """The names of the forge's check runs (CI jobs) that stand for an item."""

    tests: tuple[str, ...] = ()
    linters: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    migrations: tuple[str, ...] = ()


class ForgeAccess(Section):
    """The code forge, by GitHub's REST API.

    Attributes:
        api: `https://api.github.com`, or `https://HOST/api/v3`.
        repository: `owner/name`.
        token_file: holds a token that may read checks, pull requests and deployments.
        checks: which check runs stand for which item.
        paths: by check run: the folders and files that it depends on, for one that is skipped when these are unchanged.
        staging: the name of the environment to which a release is deployed first.
    """

    api: Url = "https://api.github.com"
    repository: Annotated[
        str | None,
        Field(pattern=r"^[\w.-]+/[\w.-]+$", description="owner/name, without https://", examples=["owner/zebu"]),
    ] = None
    token_file: FilePath | None = None
    ca_file: FilePath | None = None
    checks: CheckRuns = CheckRuns()
    paths: Mapping[
        str,
        tuple[
            Annotated[
                str,
                Field(
                    pattern=r"^[A-Za-z0-9_./-]+$",
                    description="a path in the repository",
                    examples=["backend/requirements.txt"],
                ),
            ],
            ...,
        ],
    ] = Field(default_factory=dict)
    staging: str = "staging"


Severity = Literal["none", "low", "moderate", "high", "critical"]


class AcceptedAdvisory(Section):
    """A known vulnerability that somebody accepted, for a time."""

    id: str
    reason: Annotated[str, Field(min_length=3)]
    approver: Annotated[str, Field(min_length=2)]
    until: Day


class Advisories(Section):
    """Where advisories are asked for, and what is accepted.

    Attributes:
        osv: an address that speaks OSV's API (https://osv.dev): it is told names and versions of packages, and nothing else.
        allowed: the highest severity that may stay; the checklist allows none.
    """

    osv: Url = "https://api.osv.dev"
    ca_file: FilePath | None = None
    allowed: Severity = "none"
    accepted: tuple[AcceptedAdvisory, ...] = ()


class TrialNeeds(Section):
    """What trials (active probes) need.

    Attributes:
        api_key_file: holds an API key of the application, of a user who is there for the probes. It is used with --zebu-active=functional only.
        staging_api_key_file: the same of the staging deployment, where its keys are others (they should be).
        production: the host name of the production API, if probes may write there: they are refused otherwise.
        ticker: the share that is bought and priced.
    """

    api_key_file: FilePath | None = None
    staging_api_key_file: FilePath | None = None
    production: Domain | None = None
    ticker: Annotated[
        str, Field(pattern=r"^[A-Z]{1,5}$", description="the sign of a share: one to five capital letters")
    ] = "IBM"


class Maintenance(Section):
    """How often things are renewed.

    Attributes:
        image_days: after how many days images are built, or pulled, anew.
    """

    image_days: Annotated[int, Field(gt=0, strict=True)] = 92


class Requirements(Section):
    """What the checklist asks for. A lower value is shown as relaxed, with its reason."""

    cpus: Annotated[int, Field(gt=0, strict=True)] = 4
    memory_gib: Annotated[float, Field(gt=0, strict=True)] = 8
    disk_gib: Annotated[float, Field(gt=0, strict=True)] = 50
    secret_length: Annotated[int, Field(ge=16, strict=True)] = 32


class Thresholds(Section):
    """The scores, in per cent, that the stages need."""

    pre_deployment: Annotated[int, Field(ge=0, le=100, strict=True)] = THRESHOLDS[Stage.PRE]
    deployment_verification: Annotated[int, Field(ge=0, le=100, strict=True)] = THRESHOLDS[Stage.DEPLOY]
    post_deployment: Annotated[int, Field(ge=0, le=100, strict=True)] = THRESHOLDS[Stage.POST]

    @property
    def by_stage(self) -> Mapping[Stage, int]:
        """By stage."""
        return {stage: getattr(self, stage.value) for stage in THRESHOLDS}


class Application(Section):
    """What is meant to be reached from outside.

    Attributes:
        health_exposed: `/health` of the site is meant to answer.
        docs: whether the API's description (`/docs`, `/redoc`, `/openapi.json`) is meant to be public or hidden.
    """

    health_exposed: Switch = True
    docs: Literal["public", "hidden"] | None = None


class BrowserNeeds(Section):
    """How pages are looked at."""

    executable: Path = Path("/usr/bin/chromium")
    routes: tuple[
        Annotated[str, Field(pattern=r"^/[^\s\x00-\x1f]*$", description="a path that begins with /", examples=["/"])],
        ...,
    ] = (
        "/",
        "/strategies",
        "/settings/api-keys",
    )
    third_parties: tuple[Domain, ...] = ()
    settle_seconds: Annotated[float, Field(ge=0, le=30, strict=True)] = 1.0


class Evidence(Section):
    """Where people's declarations are, and where runs are remembered.

    Attributes:
        attestations: the file of attestations, waivers and items that do not apply.
        approved: patterns of item ids whose attestations somebody else must approve.
        documents: a folder of the machine with runbooks and plans that are not in the deployed checkout.
        history: the file that remembers runs; by default beside this file, where there is one.
        incidents: the folder of incident records.
    """

    attestations: FilePath = Path("attestations.toml")
    approved: tuple[Annotated[str, Field(min_length=1, max_length=200)], ...] = ()
    documents: Folder | None = None
    history: FilePath | None = None
    incidents: FilePath = Path("incidents")


class RelaxationReason(Section):
    """Why a requirement is lower than the checklist's."""

    key: str
    reason: Annotated[str, Field(min_length=3)]
    approver: Annotated[str, Field(min_length=2)]


class DeclaredHost(Host):
    """A machine to look at, with what is declared of its deployment alone: key by key over what is declared of all."""

    domains: Domains | None = None
    tls: Tls | None = None
    vantages: tuple[Vantage, ...] | None = None
    network: NetworkNeeds | None = None
    firewall: FirewallRules | None = None
    backups: BackupPlan | None = None
    database: DatabaseAccess | None = None
    requirements: Requirements | None = None
    thresholds: Thresholds | None = None
    application: Application | None = None
    browser: BrowserNeeds | None = None
    proxmox: ProxmoxAccess | None = None
    proxy: ProxyAccess | None = None
    forge: ForgeAccess | None = None
    advisories: Advisories | None = None
    probes: TrialNeeds | None = None
    maintenance: Maintenance | None = None
    simulated: tuple[str, ...] | None = None
    evidence: Evidence | None = None
    relaxed: tuple[RelaxationReason, ...] | None = None
    profile: Profile | None = None
    timeout: Seconds | None = None
    deadline: LongSeconds | None = None

    @property
    def own(self) -> dict[str, Any]:
        """What is declared of its deployment alone, by the name of the section."""
        return {name: getattr(self, name) for name in type(self).model_fields if name in self.model_fields_set - PLAIN}

    @property
    def plain(self) -> DeclaredHost:
        """The machine without that."""
        return DeclaredHost.model_construct({*self._said}, **self._said)

    @property
    def machine(self) -> Host:
        """The machine alone."""
        return Host.model_construct({*self._said}, **self._said)

    @property
    def _said(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.model_fields_set & PLAIN}


PLAIN = frozenset(Host.model_fields)
"""The keys of a machine that are of no deployment."""


def laid_over(common: Any, own: Any) -> Any:
    """What holds where something is declared of all, and something of one: tables key by key, all else as a whole."""
    if isinstance(common, Section) and isinstance(own, Section):
        said = {name: laid_over(getattr(common, name), getattr(own, name)) for name in own.model_fields_set}
        return common.model_copy(update=said)
    return {**common, **own} if isinstance(common, Mapping) and isinstance(own, Mapping) else own


class Relaxation(Section):
    """A lowered requirement, beside the checklist's value: reports show it."""

    key: str
    checklist: str
    declared: str
    reason: str
    approver: str
