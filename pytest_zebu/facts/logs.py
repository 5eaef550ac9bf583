"""Logs: whether those of each service can be read, how they are bounded, how many errors are in them, and whether secrets are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from pytest_zebu.facts.answer import Garbled, Missing, Reason, Unknown, is_number, moment_of, whole_number
from pytest_zebu.facts.containers import docker_time
from pytest_zebu.facts.fact import Fact, Gathered, Need, Probe
from pytest_zebu.facts.lines import records
from pytest_zebu.settings.target import Target

PROBE = Probe(
    "logs",
    file="logs.pl",
    uses=("json.pl", "quiet.pl", "docker.pl", "docker-logs.pl"),
    root=True,
    needs=(Need.PROJECT,),
    timeout=15,
    takes=0.6,
)
LEAKS_PROBE = Probe(
    "leaks",
    file="leaks.pl",
    uses=("json.pl", "quiet.pl", "docker.pl", "docker-logs.pl"),
    root=True,
    needs=(Need.PROJECT, Need.APP_DIR),
    secrets=True,
    timeout=20,
    takes=1,
)
ROTATION_PROBE = Probe(
    "rotation",
    file="rotation.sh",
    uses=("quiet.sh",),
    root=True,
)
UNITS: Mapping[str, int] = {"": 1, "B": 1, **{letter: 2 ** (10 * n) for n, letter in enumerate("KMGTPE", 1)}}
DEFAULT_SHARE, DEFAULT_MOST = 0.10, 4 * 2**30
"""What journald keeps to where nothing is set (journald.conf(5), SystemMaxUse=)."""
_SIZE = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,9})?)(?![0-9.])\s*([BKMGTPE]?)\s*", re.ASCII)


class ServiceLog(Struct, frozen=True):
    """The log of a container.

    Attributes:
        is_readable: `docker logs` shows it.
        last: when the newest line was written.
        errors: lines that tell of an error, by span: `1h`, `168h`.
        statements: lines since its start, of a week, that show what it asks the database.
    """

    service: str
    is_readable: bool
    last: datetime | None
    errors: Mapping[str, int]
    statements: int = 0


class Logs(Struct, frozen=True):
    """The services' logs, and the tasks of the Taskfile."""

    services: tuple[ServiceLog, ...]
    tasks: frozenset[str]

    def of(self, service: str) -> ServiceLog | None:
        """The log of a service."""
        return next((one for one in self.services if one.service == service), None)


class Leak(Struct, frozen=True):
    """What stands in a log in clear text, by name only.

    Attributes:
        source: `container:` and the service, `journal:` and who wrote there, or a file.
        what: the variable whose value it is; where none is known, `shape:` and what it looks like.
        count: in how many lines.
    """

    source: str
    what: str
    count: int

    @property
    def is_known(self) -> bool:
        """Whether it is the value of a variable that is in use."""
        return not self.what.startswith("shape:")

    @property
    def text(self) -> str:
        """In words."""
        named = self.what.removeprefix("shape:")
        what = f"the value of {named}" if self.is_known else SHAPES.get(named, f"{named}=VALUE")
        return f"{what} in {self.count} lines"


SHAPES: Mapping[str, str] = {
    "bearer": "a login of a request (Authorization)",
    "issued": "a token as services issue them",
    "key": "a private key",
    "login": "an address with a password in it",
    "role": "the password of a database role, in the statement that sets it",
}


class Leaks(Struct, frozen=True):
    """Secrets in the logs of the last day.

    Attributes:
        states: of each log that was searched, whether `whole`, `cut` or `unreadable`.
    """

    states: Mapping[str, str]
    found: tuple[Leak, ...]

    def of(self, source: str) -> tuple[Leak, ...]:
        """What stands in a log."""
        return tuple(one for one in self.found if one.source == source or one.source.startswith(f"{source}:"))


class Rotation(Struct, frozen=True):
    """How the machine's own logs are bounded.

    Attributes:
        journal_limit: bytes that journald keeps to, by its settings or its default; nothing where it writes to memory only.
        is_set: whether a setting says so.
        journal_size, size: bytes of the journal, and of the file system that holds /var/log.
        rotated: when logrotate last ran.
        large: text logs of more than 256 MiB, with their sizes in bytes.
        unread: why journald's settings are not known; empty if they are.
    """

    journal_limit: int | None
    is_set: bool
    journal_size: int
    size: int
    rotated: datetime | None
    large: tuple[tuple[str, int], ...]
    unread: str = ""


def parse(gathered: Gathered, target: Target) -> Logs:
    """From docker logs, as counts."""
    found: dict[str, ServiceLog] = {}
    tasks = set()
    try:
        for record in records(gathered.said("logs").out, "the logs probe", ("task", "service", "errors", "statements")):
            match [record.word, *record.rest.split(" ")]:
                case ["task", name]:
                    tasks.add(name)
                case ["service", service, status, *rest]:
                    found[service] = ServiceLog(service, status == "0", docker_time(rest[0]) if rest else None, {})
                case ["errors", service, span, count] if service in found:
                    one = found[service]
                    found[service] = replace(one, errors={**one.errors, span: int(count)})
                case ["statements", service, count] if service in found:
                    found[service] = replace(found[service], statements=max(found[service].statements, int(count)))
                case _:
                    raise record.garbled()
    except ValueError:
        raise Garbled("the logs probe") from None
    # A project has containers: where none is named, Docker did not list them.
    if not found:
        raise Garbled("the logs probe names no container of the project")
    return Logs(tuple(found.values()), frozenset(tasks))


def parse_leaks(gathered: Gathered, target: Target) -> Leaks:
    """From the search on the machine, as counts."""
    states: dict[str, str] = {}
    found = []
    for record in records(gathered.said("leaks").out, "the search for secrets in logs", ("log", "leak")):
        match [record.word, *record.rest.split(" ")]:
            case ["log", source, ("whole" | "cut" | "unreadable") as state]:
                states[source] = state
            case ["leak", source, count, what] if is_number(count) and what:
                found.append(Leak(source, what, int(count)))
            case _:
                raise record.garbled()
    if not states:
        raise Missing(Unknown(Reason.MISSING, "there was no log to search"))
    # A project has containers: where none is named, Docker did not list them.
    if not any(source.startswith("container:") for source in states):
        states["containers"] = "unreadable"
    return Leaks(states, tuple(found))


def bytes_of(text: str) -> int | None:
    """A size as systemd takes it, such as `200M`, `1.5G` or `1G 500M`; nothing if it is none."""
    rest, total = text.strip(), 0
    while found := _SIZE.match(rest):
        total += int(Decimal(found[1]) * UNITS[found[2]])
        rest = rest[found.end() :]
    return total if text.strip() and not rest else None


def parse_rotation(gathered: Gathered, target: Target) -> Rotation:
    """From journald's settings, logrotate's state and the files that are there."""
    storage = unread = ""
    given: int | None = None
    journal = size = 0
    rotated: datetime | None = None
    large = []
    try:
        words = ("journald", "unread", "journal", "size", "rotated", "large")
        for record in records(gathered.said("rotation").out, "the rotation probe", words):
            rest = record.rest
            match record.word:
                case "journald":
                    key, _, value = rest.partition(" ")
                    if key == "Storage":
                        storage = value.strip()
                    elif not value.strip():
                        given = None
                    else:  # what journald does not understand, it leaves aside
                        given = bytes_of(value) or given
                case "unread":
                    unread = rest
                case "journal":
                    journal = whole_number(rest, "the size of the journal")
                case "size":
                    size = whole_number(rest, "the size of /var/log's file system")
                case "rotated":
                    rotated = moment_of(rest, "the last rotation")
                case _:
                    count, path = record.fields(2)
                    large.append((path, whole_number(count, "the size of a log")))
    except (ValueError, OverflowError, OSError):
        raise Garbled("the rotation probe") from None
    if not size:
        raise Garbled("the size of /var/log's file system")
    limit: int | None = min(int(size * DEFAULT_SHARE), DEFAULT_MOST)
    if given:
        limit = given
    if storage in ("none", "volatile"):
        limit = None
    return Rotation(limit, bool(given), journal, size, rotated, tuple(large), unread)


FACT = Fact("logs", parse, (PROBE,))
ROTATION = Fact("log_rotation", parse_rotation, (ROTATION_PROBE,))
LEAKS = Fact("leaks", parse_leaks, (LEAKS_PROBE,))
