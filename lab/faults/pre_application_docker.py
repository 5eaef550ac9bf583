"""Faults of pre.application.docker."""

from lab.changes import OVERRIDE, recreate
from lab.deployment import Lab
from lab.fault import fault


@fault(
    "pre.application.docker.health-checks",
    flips={"pre.application.docker.health-checks", "deploy.initial.services-healthy", "deploy.redis.running"},
    touches={"redis"},
    mend=lambda lab: recreate(lab, "redis"),
)
def disabled(lab: Lab) -> None:
    """One service has its health check disabled."""
    recreate(lab, "redis", "    healthcheck: { disable: true }\n")


@fault(
    "pre.application.docker.log-rotation",
    flips={"pre.application.docker.log-rotation", "post.monitoring.logs.rotation"},
    touches={"redis"},
    mend=lambda lab: recreate(lab, "redis"),
)
def not_recreated(lab: Lab) -> None:
    """The container was made when the bound was none to speak of."""
    recreate(lab, "redis", "    logging: !override { driver: json-file, options: { max-size: 1000g } }\n")


OWN_FILE = b"""
services:
  redis:
    restart: unless-stopped
    mem_limit: 64m
    cpus: 0.5
    logging: { driver: json-file, options: { max-size: 10m } }
"""

FILE = OVERRIDE.format("redis")


def mend_not_used(lab: Lab) -> None:
    lab.vm.shell(f"rm -f {FILE}")
    recreate(lab, "redis")


@fault(
    "pre.application.docker.production-compose",
    flips={"pre.application.docker.production-compose"},
    touches={"redis"},
    mend=mend_not_used,
)
def not_used(lab: Lab) -> None:
    """The file is there; the container was made without it, with the same settings."""
    lab.vm.run(["sh", "-c", f"cat > {FILE}"], stdin=OWN_FILE)
    lab.vm.shell(
        f"cd /opt/zebu && docker compose -f docker-compose.yml -f {FILE} up -d --no-build --pull never --no-deps --force-recreate redis 2>&1"
    )


@fault(
    "pre.application.docker.resource-limits",
    flips={"pre.application.docker.resource-limits"},
    touches={"redis"},
    mend=lambda lab: recreate(lab, "redis"),
)
def no_cpu_limit(lab: Lab) -> None:
    """One service may take every processor."""
    recreate(lab, "redis", "    cpus: !reset null\n")


@fault(
    "pre.application.docker.restart-policy",
    flips=set(),
    touches={"redis"},
    mend=lambda lab: lab.vm.shell("docker update --restart=unless-stopped zebu-redis-1"),
)
def always(lab: Lab) -> None:
    """Odd but right: `always` in place of `unless-stopped`."""
    lab.vm.shell("docker update --restart=always zebu-redis-1")


@fault(
    "pre.application.docker.restart-policy",
    flips={"pre.application.docker.restart-policy"},
    touches={"redis"},
    mend=lambda lab: lab.vm.shell("docker update --restart=unless-stopped zebu-redis-1"),
)
def on_failure(lab: Lab) -> None:
    """One service restarts only after a failure, so not after a reboot."""
    lab.vm.shell("docker update --restart=on-failure zebu-redis-1")


def mend_not_restarted(lab: Lab) -> None:
    lab.vm.shell("cat /root/daemon.kept > /etc/docker/daemon.json; systemctl restart docker")
    lab.wait_for_application()


@fault(
    "pre.application.docker.storage-limits",
    flips={"pre.application.docker.storage-limits"},
    touches={"docker", "backend", "redis", "frontend", "iptables", "stray"},
    mend=mend_not_restarted,
)
def not_restarted(lab: Lab) -> None:
    """daemon.json changed after the daemon started."""
    lab.vm.shell("cp -p /etc/docker/daemon.json /root/daemon.kept; printf '\\n' >> /etc/docker/daemon.json")


@fault(
    "pre.application.docker.storage-limits",
    flips={"pre.application.docker.storage-limits", "post.monitoring.disk.image-cleanup"},
    touches={"prune"},
    mend=lambda lab: lab.vm.shell("systemctl enable -q docker-prune.timer"),
)
def prune_not_enabled(lab: Lab) -> None:
    """The timer is loaded and waits, and would not after a reboot."""
    lab.vm.shell("systemctl disable -q docker-prune.timer")
