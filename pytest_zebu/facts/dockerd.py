"""The Docker daemon: how it bounds logs by default, and where it keeps its things."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_zebu.facts.answer import Garbled
from pytest_zebu.facts.fact import Fact, Gathered, Probe, key_values
from pytest_zebu.settings.target import Target

# Of daemon.json only these keys are told: it may hold a proxy's password.
PROBE = Probe(
    "dockerd",
    r"""
echo "driver=$(docker info --format '{{.LoggingDriver}}')"
root=$(docker info --format '{{.DockerRootDir}}')
[ -n "$root" ] || exit 1
echo "version=$(docker version --format '{{.Server.Version}}')"
file=/etc/docker/daemon.json
if [ -f "$file" ]; then
  flat=$(tr -d '\n' < "$file")
  for key in max-size max-file defaultKeepStorage; do
    printf '%s=%s\n' "$key" "$(printf '%s' "$flat" | sed -n "s/.*\"$key\"[[:space:]]*:[[:space:]]*\"\([0-9A-Za-z]*\)\".*/\1/p")"
  done
  printf '%s' "$flat" | grep -Eq '"gc"[[:space:]]*:[[:space:]]*\{[^}]*"enabled"[[:space:]]*:[[:space:]]*true' && echo gc=1
  echo "changed=$(stat -c %Z "$file")"
fi
tr '\0' '\n' < "/proc/$(pidof -s dockerd)/cmdline" 2>/dev/null | sed -n 's/^max-size=/flag=/p; s/^--log-opt=max-size=/flag=/p'
echo "started=$(systemctl show docker.service -p ExecMainStartTimestamp --value --timestamp=unix | tr -d @)"
[ "$(stat -c %d "$root" 2>/dev/null)" = "$(stat -c %d /)" ] && echo own_filesystem=0 || echo own_filesystem=1
""",
    needs=("ROOT",),
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
