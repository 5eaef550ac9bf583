"""The Docker daemon: how it bounds logs by default, and where it keeps its things."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_zebu.facts.answer import Garbled
from pytest_zebu.facts.fact import Fact, Gathered, Probe, key_values
from pytest_zebu.settings.target import Target

PROBE = Probe(
    "dockerd",
    file="dockerd.sh",
    root=True,
)


@dataclass(frozen=True, slots=True)
class DockerDaemon:
    """The running daemon.

    Attributes:
        bounds_logs: a container made now has bounded logs.
        is_older_than_file: daemon.json changed after the daemon started, so what the file says is not in force.
        collects_cache: the build cache has a limit of its own.
        has_own_filesystem: its folder stands on a file system of its own.
    """

    log_driver: str
    max_size: str
    is_older_than_file: bool
    collects_cache: bool
    has_own_filesystem: bool
    version: str

    @property
    def bounds_logs(self) -> bool:
        """By the driver's own bounds, or by a size for json-file."""
        return self.log_driver in ("local", "journald", "none") or (
            self.log_driver == "json-file" and bool(self.max_size)
        )


def parse(gathered: Gathered, target: Target) -> DockerDaemon:
    """From docker info, daemon.json and the daemon's start."""
    said = key_values(gathered.said("dockerd").out)
    try:
        started = int(said.get("started") or 0)
        changed = int(said.get("changed") or 0)
        return DockerDaemon(
            said["driver"],
            said.get("flag") or said.get("max-size", ""),
            bool(started) and changed > started,
            "gc" in said or bool(said.get("defaultKeepStorage")),
            said["own_filesystem"] == "1",
            said.get("version", ""),
        )
    except (KeyError, ValueError):
        raise Garbled("the Docker daemon's state") from None


FACT = Fact("docker_daemon", parse, (PROBE,))
