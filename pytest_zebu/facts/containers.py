"""The containers of the compose project, as Docker runs them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct, field

from pytest_zebu.facts.answer import Garbled, Missing, NotAssessed, Reason, Unknown, integer, is_number, text_or_empty
from pytest_zebu.facts.fact import Fact, Gathered, key_values, parse_json
from pytest_zebu.facts.sockets import is_loopback
from pytest_zebu.settings.target import Target


class Published(Struct, frozen=True):
    """A port of a container, published on the machine.

    Attributes:
        declared_at: the line of the compose files that publishes it, as `FILE:LINE`, where it was looked for and found.
    """

    port: int
    host_address: str
    host_port: int
    protocol: str = "tcp"
    declared_at: str = ""

    @property
    def is_loopback(self) -> bool:
        """Whether only the machine itself can reach it."""
        return is_loopback(self.host_address)

    def __str__(self) -> str:
        kind = "" if self.protocol == "tcp" else f"/{self.protocol}"
        address = self.host_address or "0.0.0.0"  # noqa: S104 (shown, not bound)
        return f"{f'[{address}]' if ':' in address else address}:{self.host_port}->{self.port}{kind}"


class Container(Struct, frozen=True):
    """A container, by what its daemon says now.

    Attributes:
        memory: the limit in bytes, 0 for none.
        cpus: the limit in cores, 0 for none.
        config_files: the compose files that it was made from.
        started: when it was last started; None where it never was.
        was_oom_killed: whether the kernel ended it for want of memory.
        created: when it was made.
        ended: when it last ended; None where it never did.
        exit_code: what it ended with.
        number: which of its service's containers it is.
        waited_for: services that it was made to wait for until they had ended well.
        needs_running: services that it was made to wait for until they ran.
    """

    name: str
    project: str
    service: str
    is_oneshot: bool
    status: str
    health: str
    restart_policy: str
    restart_count: int
    published: tuple[Published, ...]
    health_test: tuple[str, ...] = ()
    memory: int = 0
    cpus: float = 0.0
    log_driver: str = ""
    log_options: Mapping[str, str] = field(default_factory=dict)
    config_files: tuple[str, ...] = ()
    image: str = ""
    started: datetime | None = None
    was_oom_killed: bool = False
    id: str = ""
    created: datetime | None = None
    ended: datetime | None = None
    exit_code: int = 0
    number: int = 1
    waited_for: tuple[str, ...] = ()
    needs_running: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The service's name, as people call it."""
        return self.service or self.name

    @property
    def instance(self) -> str:
        """The service's name, with its number where it is not the first."""
        return self.label if self.number == 1 else f"{self.label}-{self.number}"

    @property
    def origin(self) -> str:
        """The compose files that it was made from, as they stand behind what is said of it; empty where none is told."""
        names = dict.fromkeys(file.rsplit("/", 1)[-1] for file in self.config_files)
        return f" ({', '.join(names)})" if names else ""

    @property
    def state(self) -> str:
        """What it does, in words. What its health check last said counts only while it runs."""
        if self.status == "running":
            return f"running, {'no health check' if self.health == 'none' else self.health}"
        return self._ended if self.status == "exited" else self.status

    @property
    def trouble(self) -> str:
        """Why it does not run, as it stands behind its name; empty if it does."""
        if self.status == "running":
            return ""
        return f"has {self._ended}" if self.status == "exited" else f"is {self.status}"

    @property
    def _ended(self) -> str:
        want = ", for want of memory" if self.was_oom_killed else ""
        return f"exited (status {self.exit_code}{want})"

    @property
    def bounds_log(self) -> bool | None:
        """Whether its log on this machine has bounds; nothing where its driver is not known."""
        return bounds_log(self.log_driver, self.log_options.get("max-size", ""))

    @property
    def has_ended_well(self) -> bool:
        """Whether it came to its end by itself, without fault, and nothing would start it again."""
        done = self.status == "exited" and self.exit_code == 0 and not self.was_oom_killed
        return done and self.restart_policy in ("no", "on-failure")

    @property
    def looks_like_a_task(self) -> bool:
        """Whether it is made as what runs once: it offers nothing, nobody asks for its health, and it ended soon."""
        soon = self.started is not None and self.ended is not None and self.ended - self.started <= TASK
        return soon and not self.published and self.health_test in ((), ("NONE",))


class Containers(Struct, frozen=True):
    """All containers of the machine, and which project is Zebu's.

    Attributes:
        odd: names of containers that were not understood; the others count.
        databases, caches: the project's services that run PostgreSQL, or Redis or the like; nothing where that was not told.
    """

    everything: tuple[Container, ...]
    project: str
    odd: tuple[str, ...] = ()
    databases: tuple[str, ...] | None = None
    caches: tuple[str, ...] | None = None

    @property
    def services(self) -> tuple[Container, ...]:
        """The long-running services of the project.

        Raises:
            NotAssessed: no project, or none of its containers, was seen, or one of all containers was not understood.
        """
        if not self.project:
            several = sorted({item.project for item in self.everything if item.project})
            if len(several) > 1:
                names = ", ".join(several[:6])
                raise NotAssessed(f"which compose project is it? {names} are on the machine: set hosts.NAME.project")
            raise NotAssessed("no compose project was found on the machine (set project)")
        if self.odd:
            raise NotAssessed(f"docker inspect says of {self.odd[0]} what is not understood")
        found = tuple(item for item in self.made if not self.is_done(item))
        if not found:
            raise NotAssessed(f"the compose project {self.project} has no containers")
        return found

    @property
    def made(self) -> tuple[Container, ...]:
        """The containers of the project's services, with those whose work is done."""
        return tuple(item for item in self.everything if item.project == self.project and not item.is_oneshot)

    def is_done(self, item: Container) -> bool:
        """Whether its work was to be done once, and is: others wait for just that, or it is made so and nobody needs it."""
        if not item.has_ended_well:
            return False
        if any(item.service in other.waited_for for other in self.made):
            return True
        return item.looks_like_a_task and not any(item.service in other.needs_running for other in self.made)


def _container(data: dict[str, Any], most_ports: int) -> Container:
    labels, state = _texts(data["Labels"]), data["State"]
    depends = _dependencies(labels.get("com.docker.compose.depends_on", ""))
    number = labels.get("com.docker.compose.container-number", "1")
    return Container(
        name=text_or_empty(data["Name"]).lstrip("/"),
        project=labels.get("com.docker.compose.project", ""),
        service=labels.get("com.docker.compose.service", ""),
        is_oneshot=labels.get("com.docker.compose.oneoff", "False") == "True",
        status=text_or_empty(state["Status"]),
        health=text_or_empty((state.get("Health") or {}).get("Status", "none")),
        restart_policy=text_or_empty((data["RestartPolicy"] or {}).get("Name")) or "no",
        restart_count=integer(data["RestartCount"], "RestartCount"),
        published=_published(data, most_ports),
        health_test=tuple(map(text_or_empty, _list((data.get("Healthcheck") or {}).get("Test")))),
        memory=_count(data, "Memory"),
        cpus=_cpus(data),
        log_driver=text_or_empty((data.get("LogConfig") or {}).get("Type")),
        log_options=_texts((data.get("LogConfig") or {}).get("Config")),
        config_files=tuple(
            part for part in labels.get("com.docker.compose.project.config_files", "").split(",") if part
        ),
        image=text_or_empty(data.get("ConfigImage")),
        started=docker_time(state.get("StartedAt")),
        was_oom_killed=bool(state.get("OOMKilled")),
        id=str(data.get("Id") or "")[:12],
        created=docker_time(data.get("Created")),
        ended=docker_time(state.get("FinishedAt")),
        exit_code=_count(state, "ExitCode"),
        number=int(number) if is_number(number) else 1,
        waited_for=tuple(name for name, condition in depends if condition == "service_completed_successfully"),
        needs_running=tuple(name for name, condition in depends if condition != "service_completed_successfully"),
    )


def _texts(value: Any) -> dict[str, str]:
    """Texts by name; none where there is nothing."""
    return {name: text_or_empty(text) for name, text in (value or {}).items()}


def _list(value: Any) -> list[Any]:
    """A list; an empty one where there is nothing. A text is none, though it can be gone through like one."""
    if not isinstance(value, list | None):
        raise TypeError(value)
    return value or []


def _count(data: Mapping[str, Any], key: str) -> int:
    """A number; 0 where there is nothing."""
    return integer(data.get(key) or 0, key)


def _dependencies(label: str) -> tuple[tuple[str, str], ...]:
    """Services and conditions, as compose writes them down: `db:service_healthy:false,migrate:service_completed_successfully:false`."""
    parts = [part.split(":") for part in label.split(",") if part]
    return tuple((part[0], part[1] if len(part) > 1 else "service_started") for part in parts)


def _published(data: dict[str, Any], most: int) -> tuple[Published, ...]:
    """Its ports on the machine. A stopped container publishes nothing now, but will; of one that runs, what is counts."""
    ports = {key: value for key, value in (data["Ports"] or {}).items() if value} or data["PortBindings"] or {}
    found: list[Published] = []
    for port, places in ports.items():
        number, _, protocol = port.partition("/")
        for place in _list(places):
            first, _, last = (text_or_empty(place.get("HostPort")) or "0").partition("-")
            within = range(integer(first, port), min(integer(last or first, port), MOST_PORTS) + 1)
            address, inner = text_or_empty(place.get("HostIp")), integer(number, port)
            if len(found) + len(within) > most:
                raise ValueError(port)
            found += [Published(inner, address, one, protocol or "tcp") for one in within]
    return tuple(found)


MOST_PORTS = 65_535
"""Of a container: each may be published for both families, and nobody does."""
BOUNDED_DRIVERS = ("local", "journald", "none")
"""Drivers with bounds of their own."""
REMOTE_DRIVERS = ("syslog", "gelf", "fluentd", "awslogs", "splunk", "gcplogs", "logentries")
"""Drivers that hand everything on, and keep no file of their own."""
LARGEST_LOG = 2**30
"""A log that rotates beyond a gibibyte fills the disk before it does."""
TASK = timedelta(hours=1)
"""How long what runs once may take."""
_SIZE = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,6})?) ?([kmgtp]?)(?:i?b)?")


def bytes_of(size: str) -> float:
    """A size as Docker reads it: `10m`, `1g`, `1.5GiB`; what is not understood, and what is none, is endless."""
    found = _SIZE.fullmatch(size.strip().lower())
    number = float(found[1]) * 1024 ** " kmgtp".index(found[2] or " ") if found else 0
    return number or math.inf


def bounds_log(driver: str, size: str) -> bool | None:
    """Whether a log driver with this `max-size` bounds what it keeps on the machine; nothing where it is not known."""
    if driver == "json-file":
        return bytes_of(size) <= LARGEST_LOG
    return True if driver in (*BOUNDED_DRIVERS, *REMOTE_DRIVERS) else None


def docker_time(text: Any) -> datetime | None:
    """A moment as Docker writes it: nanoseconds and all; the year 1 stands for never.

    Raises:
        ValueError: it is written like one, and no calendar has it.
    """
    found = re.fullmatch(
        r"([0-9]{4}-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9])(?:\.[0-9]+)?(Z|[+-][0-9][0-9]:[0-9][0-9])",
        str(text),
    )
    if found is None or found[1].startswith("0001"):
        return None
    return datetime.fromisoformat(found[1] + found[2].replace("Z", "+00:00"))


def _cpus(data: dict[str, Any]) -> float:
    """Cores that a container may use: by `--cpus`, or by quota and period."""
    nano, quota = _count(data, "NanoCpus"), _count(data, "CpuQuota")
    return nano / 1e9 if nano else max(0, quota) / (_count(data, "CpuPeriod") or 100_000)


def parse(gathered: Gathered, target: Target) -> Containers:
    """From the batch's `docker inspect`, in which environments were left out."""
    said = gathered.said("zebu.containers").out
    host = key_values(gathered.said("zebu.host").out)
    databases, caches = (tuple(host[key].split()) if key in host else None for key in ("databases", "caches"))
    found, odd, ports = [], [], 0
    told = parse_json(said, "docker inspect")
    for data in told if isinstance(told, list) else [told]:
        try:
            found.append(_container(data, min(MOST_PORTS, 2 * MOST_PORTS - ports)))
            ports += len(found[-1].published)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError, Garbled):
            name = data.get("Name") if isinstance(data, dict) else None
            odd.append(str(name or "a container").lstrip("/")[:80])
    if not found and odd:
        raise Garbled("docker inspect has another shape than known")
    if not found:
        raise Missing(Unknown(Reason.MISSING, "Docker has no containers"))
    return Containers(tuple(found), host.get("project", ""), tuple(odd), databases, caches)


FACT = Fact("containers", parse)
