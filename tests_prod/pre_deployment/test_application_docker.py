"""Pre-Deployment / Application / Docker Configuration."""

from __future__ import annotations

import re

from pytest_zebu.facts.answer import NotAssessed
from pytest_zebu.facts.containers import Containers
from pytest_zebu.facts.dockerd import DockerDaemon
from pytest_zebu.facts.jobs import Job, unread_of
from pytest_zebu.plugin.checks import Cases, item

RESTARTING = ("unless-stopped", "always")


@item("pre.application.docker.restart-policy")
def test_services_come_back(containers: Containers, case: Cases) -> None:
    """After a crash or a reboot nobody should have to start the services by hand.

    Fix: `restart: unless-stopped` on every service of docker-compose.prod.yml, then `docker compose up -d`.
    See: https://docs.docker.com/engine/containers/start-containers-automatically/
    """
    for container in containers.services:
        with case(container.label, f"restart policy {container.restart_policy}"):
            assert container.restart_policy in RESTARTING, (
                f"has restart policy {container.restart_policy}{container.origin}"
            )


PRODUCTION_FILE = "docker-compose.prod.yml"
_PRODUCTION_FILE = re.compile(r"(?:docker-)?compose[.-]prod(?:uction)?\.ya?ml")
"""Compose reads either ending, and calls its own file `compose.yaml` by now."""
PRUNE = r"docker (system|image|builder|buildx) prune"


@item("pre.application.docker.production-compose")
def test_the_production_compose_file_is_in_force(containers: Containers, case: Cases) -> None:
    """The file that exists is not the file that was used: only the containers know what they were made from.

    Fix: `docker compose -f docker-compose.yml -f docker-compose.prod.yml up -d`, both files, in this order.
    See: https://docs.docker.com/compose/how-tos/multiple-compose-files/merge/
    """
    for container in containers.services:
        names = [file.rsplit("/", 1)[-1] for file in container.config_files]
        with case(container.label, f"made from {', '.join(names) or 'no compose file'}"):
            assert any(map(_PRODUCTION_FILE.fullmatch, names)), f"was not made with {PRODUCTION_FILE}"


_NEVER_FAILS = re.compile(
    r"\|\|\s*(?:(?:/usr)?(?:/bin/)?true|:|exit 0|echo\b[^|&;<>]*)\s*;?\s*[\"']?\s*$|;\s*(?:true|exit 0)\s*[\"']?\s*$"
)
"""What makes the end of a command good, however it went: `... || true`, `...; exit 0`."""


@item("pre.application.docker.health-checks")
def test_services_have_health_checks(containers: Containers, case: Cases) -> None:
    """A process that hangs looks alive; only its own health check knows better.

    Fix: a `healthcheck` for every service in the compose files, and no `disable: true`; then `docker compose up -d`.
    See: https://docs.docker.com/reference/compose-file/services/#healthcheck
    """
    for container in containers.services:
        test = container.health_test
        with case(container.label, " ".join(test) or "none"):
            assert test, f"has no health check{container.origin}"
            assert test[0] != "NONE", f"has its health check disabled{container.origin}"
            can_fail = not _NEVER_FAILS.search(" ".join(test[1:]))
            assert can_fail, f"has a health check that cannot fail{container.origin}"


@item("pre.application.docker.resource-limits")
def test_services_are_limited(containers: Containers, case: Cases) -> None:
    """One service that grows without limit takes the machine, and the others, with it.

    Fix: `mem_limit` and `cpus` (or `deploy.resources.limits`) for every service, then `docker compose up -d`.
    See: https://docs.docker.com/engine/containers/resource_constraints/
    """
    for container in containers.services:
        with case(container.label, f"memory {container.memory / 2**20:.0f} MiB, {container.cpus:g} CPUs"):
            assert container.memory > 0, f"has no memory limit{container.origin}"
            assert container.cpus > 0, f"has no CPU limit{container.origin}"


@item("pre.application.docker.log-rotation")
def test_container_logs_rotate(containers: Containers, case: Cases) -> None:
    """Logs that grow forever fill the disk at night. A container keeps the driver that it was made with.

    Fix: `logging` with `max-size` and `max-file` in docker-compose.prod.yml, or `log-opts` in daemon.json and a restart
    of Docker; then make the containers anew: `docker compose up -d --force-recreate`.
    See: https://docs.docker.com/engine/logging/drivers/json-file/
    """
    for container in containers.services:
        size = container.log_options.get("max-size", "")
        with case(container.label, f"{container.log_driver} max-size={size or 'none'}"):
            assert container.log_driver, "has no known log driver"
            if container.log_driver == "json-file":
                assert size, f"writes a json-file log without max-size{container.origin}"
                assert container.bounds_log, f"lets its log grow to {size} before it rotates{container.origin}"
            elif container.bounds_log is None:
                raise NotAssessed(f"whether {container.log_driver} bounds what it keeps is not known")


@item("pre.application.docker.storage-limits")
def test_docker_storage_is_bounded(docker_daemon: DockerDaemon, jobs: tuple[Job, ...], case: Cases) -> None:
    """Every deployment leaves images and build cache behind; nobody removes them by hand for long.

    Fix: `log-opts` in /etc/docker/daemon.json and `systemctl restart docker`; a weekly timer that runs
    `docker image prune` and `docker builder prune` with a filter, or a builder `gc` limit.
    See: https://docs.docker.com/engine/manage-resources/pruning/
    """
    daemon = docker_daemon
    with case("default log driver", f"{daemon.log_driver} max-size={daemon.max_size or 'none'}"):
        assert not daemon.is_older_than_file, "daemon.json changed after the daemon started: not in force"
        if daemon.is_older_than_file is None:
            raise NotAssessed("when the daemon started is not known, nor whether daemon.json is in force")
        if daemon.bounds_logs is None:
            raise NotAssessed(f"whether the driver {daemon.log_driver} bounds what it keeps is not known")
        assert daemon.bounds_logs, f"{daemon.log_driver} without a max-size that bounds it"
    prunes = [job for job in jobs if job.runs(PRUNE)]
    with case("images and build cache", *(f"{job.name}: {job.trouble or 'fine'}" for job in prunes)):
        if daemon.collects_cache or daemon.has_own_filesystem:
            case.saw("the build cache is limited, or Docker has a file system of its own")
        else:
            if not prunes and (unread := unread_of(jobs, PRUNE)):
                raise NotAssessed(unread[0])
            assert prunes, "nothing prunes them, and they have no limit"
            troubles = [f"{job.name} {job.trouble}" for job in prunes if job.trouble]
            assert len(troubles) < len(prunes), "; ".join(troubles)
