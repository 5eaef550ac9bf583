"""The containers of the compose project, as Docker runs them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pytest_zebu.facts.answer import Garbled, Missing, Reason, Unknown
from pytest_zebu.facts.fact import Fact, Gathered, key_values, parse_json
from pytest_zebu.facts.sockets import is_loopback
from pytest_zebu.settings.target import Target


@dataclass(frozen=True, slots=True)
class Published:
    """A port of a container, published on the machine."""

    port: int
    host_address: str
    host_port: int
    protocol: str = "tcp"

    @property
    def is_loopback(self) -> bool:
        """Whether only the machine itself can reach it."""
        return is_loopback(self.host_address)

    def __str__(self) -> str:
        return f"{self.host_address or '0.0.0.0'}:{self.host_port}->{self.port}{'' if self.protocol == 'tcp' else f'/{self.protocol}'}"  # noqa: S104 (shown, not bound)


@dataclass(frozen=True, slots=True)
class Container:
    """A container, by what its daemon says now.

    Attributes:
        memory: the limit in bytes, 0 for none.
        cpus: the limit in cores, 0 for none.
        config_files: the compose files that it was made from.
        started: when it was last started; None where it never was.
        was_oom_killed: whether the kernel ended it for want of memory.
        created: when it was made.
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

    @property
    def label(self) -> str:
        """The service's name, as people call it."""
        return self.service or self.name


@dataclass(frozen=True, slots=True)
class Containers:
    """All containers of the machine, and which project is Zebu's."""

    everything: tuple[Container, ...]
    project: str

    @property
    def services(self) -> tuple[Container, ...]:
        """The long-running services of the project.

        Raises:
            NotAssessed: no project, or none of its containers, was seen.
        """
        from pytest_zebu.facts.answer import NotAssessed

        if not self.project:
            raise NotAssessed("no compose project was found on the machine (set project)")
        found = tuple(item for item in self.everything if item.project == self.project and not item.is_oneshot)
        if not found:
            raise NotAssessed(f"the compose project {self.project} has no containers")
        return found


def _container(data: dict[str, Any]) -> Container:
    labels = data["Labels"] or {}
    state = data["State"]
    bindings = data["PortBindings"] or {}
    # A stopped container publishes nothing now, but will; what runs is what counts where it runs.
    ports = {key: value for key, value in (data["Ports"] or {}).items() if value} or bindings
    published = []
    for port, places in ports.items():
        number, _, protocol = port.partition("/")
        for place in places or ():
            host_port = place.get("HostPort") or "0"
            published.append(Published(int(number), place.get("HostIp") or "", int(host_port), protocol or "tcp"))
    return Container(
        name=data["Name"].lstrip("/"),
        project=labels.get("com.docker.compose.project", ""),
        service=labels.get("com.docker.compose.service", ""),
        is_oneshot=labels.get("com.docker.compose.oneoff", "False") == "True",
        status=state["Status"],
        health=(state.get("Health") or {}).get("Status", "none"),
        restart_policy=(data["RestartPolicy"] or {}).get("Name") or "no",
        restart_count=int(data["RestartCount"]),
        published=tuple(published),
        health_test=tuple((data.get("Healthcheck") or {}).get("Test") or ()),
        memory=int(data.get("Memory") or 0),
        cpus=_cpus(data),
        log_driver=(data.get("LogConfig") or {}).get("Type") or "",
        log_options=dict((data.get("LogConfig") or {}).get("Config") or {}),
        config_files=tuple(
            part for part in labels.get("com.docker.compose.project.config_files", "").split(",") if part
        ),
        image=data.get("ConfigImage") or "",
        started=docker_time(state.get("StartedAt")),
        was_oom_killed=bool(state.get("OOMKilled")),
        id=str(data.get("Id") or "")[:12],
        created=docker_time(data.get("Created")),
    )


def docker_time(text: Any) -> datetime | None:
    """A moment as Docker writes it: nanoseconds and all; the year 1 stands for never."""
    found = re.match(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)$", str(text))
    if found is None or found[1].startswith("0001"):
        return None
    return datetime.fromisoformat(found[1] + found[2].replace("Z", "+00:00"))


def _cpus(data: dict[str, Any]) -> float:
    """Cores that a container may use: by `--cpus`, or by quota and period."""
    nano, quota = int(data.get("NanoCpus") or 0), int(data.get("CpuQuota") or 0)
    return nano / 1e9 if nano else max(0, quota) / (int(data.get("CpuPeriod") or 0) or 100_000)


def parse(gathered: Gathered, target: Target) -> Containers:
    """From the batch's `docker inspect`, in which environments were left out."""
    said = gathered.said("zebu.containers").out
    project = key_values(gathered.said("zebu.host").out).get("project", "")
    try:
        found = tuple(_container(data) for data in parse_json(said, "docker inspect"))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Garbled("docker inspect has another shape than known") from None
    if not found:
        raise Missing(Unknown(Reason.MISSING, "Docker has no containers"))
    return Containers(found, project)


FACT = Fact("containers", parse)
