"""The Docker daemon: how it bounds logs by default, and where it keeps its things."""

from __future__ import annotations

from msgspec import Struct

from pytest_zebu.facts.answer import Garbled, whole_number
from pytest_zebu.facts.containers import bounds_log
from pytest_zebu.facts.fact import Fact, Gathered, Probe, key_values
from pytest_zebu.settings.target import Target

PROBE = Probe(
    "dockerd",
    file="dockerd.sh",
    uses=("quiet.sh", "json.pl", "quiet.pl", "docker.pl", "info.pl"),
    root=True,
)


class DockerDaemon(Struct, frozen=True):
    """The running daemon.

    Attributes:
        is_older_than_file: daemon.json changed after the daemon started, so what the file says is not in force; nothing
            where it is not known when it started.
        collects_cache: the build cache has a limit of its own.
        has_own_filesystem: its folder stands on a file system of its own.
    """

    log_driver: str
    max_size: str
    is_older_than_file: bool | None
    collects_cache: bool
    has_own_filesystem: bool
    version: str

    @property
    def bounds_logs(self) -> bool | None:
        """Whether a container that is made now has a bounded log; nothing where its driver is not known."""
        return bounds_log(self.log_driver, self.max_size)


def _moment(text: str) -> int | None:
    return whole_number(text, "a moment of Docker's") if text else None


def parse(gathered: Gathered, target: Target) -> DockerDaemon:
    """From docker info, daemon.json and the daemon's start."""
    said = key_values(gathered.said("dockerd").out)
    try:
        started, changed = (_moment(said.get(name, "")) for name in ("started", "changed"))
        caches = ("defaultKeepStorage", "defaultReservedSpace", "defaultMaxUsedSpace")
        return DockerDaemon(
            said["driver"],
            said.get("flag") or said.get("max-size", ""),
            False if changed is None else None if started is None else changed > started,
            "gc" in said or any(said.get(name) for name in caches),
            said["own_filesystem"] == "1",
            said.get("version", ""),
        )
    except KeyError:
        raise Garbled("the Docker daemon's state") from None


FACT = Fact("docker_daemon", parse, (PROBE,))
