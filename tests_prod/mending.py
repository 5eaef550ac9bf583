"""What fixes say, with what is known filled in.

What a machine named stands in a command only where it is a plain name: whoever copies the command runs nothing else. Beside
commands its words are text, which begins no command.
"""

from __future__ import annotations

import re
import shlex

from pytest_zebu.facts.containers import Container, Published
from pytest_zebu.facts.jobs import Job
from pytest_zebu.facts.sockets import Listener

LONGEST = 200
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@:+-]{0,99}")
_PATH = re.compile(r"/(?:[A-Za-z0-9_.@+-]{1,100}/){0,20}[A-Za-z0-9_.@+-]{1,100}")


def word(name: str, otherwise: str) -> str:
    """A name as a word of a command; where it is none that is plain, what is to be filled in."""
    return shlex.quote(name) if _PLAIN.fullmatch(name) else otherwise


def path(name: str, otherwise: str) -> str:
    """The path of a file as a word of a command, likewise."""
    return shlex.quote(name) if _PATH.fullmatch(name) else otherwise


def text(said: object) -> str:
    """What a machine said, as text of a fix: what stands in backticks there is a command of ours."""
    return str(said).replace("`", "'")[:LONGEST]


def compose(container: Container, command: str) -> str:
    """A command of Compose's for a service that has a container: with the project's name it works in any folder."""
    project = f"-p {word(container.project, 'PROJECT')} " if container.project else ""
    return f"`docker compose {project}{command} {word(container.service, 'SERVICE')}`"


def to_run(container: Container) -> str:
    """How to bring a container back that does not run, or is not well."""
    logs = compose(container, "logs --tail 50")
    match container.status:
        case "exited" | "created" if container.was_oom_killed:
            start = compose(container, "start")
            return (
                f"give {text(container.label)} more memory (`mem_limit`) or find what takes it ({logs}), then {start}"
            )
        case "exited" | "created":
            return f"{compose(container, 'start')}; {logs} says why it ended"
        case "paused":
            return compose(container, "unpause")
        case "running" if container.health == "starting":
            return f"wait until its health check has answered, and run this again; {logs}"
        case "running" if container.health == "none":
            return f"give {text(container.label)} a `healthcheck`{text(container.origin)}, then `docker compose up -d`"
        case "running":
            inspect = f"`docker inspect -f '{{{{json .State.Health.Log}}}}' {word(container.name, 'CONTAINER')}`"
            return f"{inspect} has what its health check said, {logs} what it does; {compose(container, 'restart')}"
        case _:
            return f"{logs} says why"


def to_look_at(job: Job) -> str:
    """What says how a job's last run went."""
    if job.name.endswith(".timer"):
        timer, service = (
            word(job.name, "NAME.timer"),
            word(f"{job.name.removesuffix('.timer')}.service", "NAME.service"),
        )
        return f"`systemctl status {timer}` says what it starts, `journalctl -u {service} -n 50` how that went; `systemctl start {service}` does it now"
    if job.name.startswith("/"):
        return f"`journalctl -u cron -n 50` says whether {text(job.name)} is run; what it runs writes where that says"
    return f"`docker logs --tail 50 {word(job.name, 'CONTAINER')}`"


def to_start(job: Job) -> str:
    """How to have a job run again that cannot be relied on."""
    if job.hindered:
        return f"mend {text(job.name)}: it {text(job.hindered)}"
    if job.is_active and job.is_enabled:
        return to_look_at(job)
    unit = word(job.name, "NAME.timer") if job.name.endswith(".timer") else "cron" if job.name.startswith("/") else ""
    return f"`systemctl enable --now {unit}`" if unit else to_look_at(job)


def described(listener: Listener) -> str:
    """Who listens, as people find it on the machine."""
    pid = f" (pid {listener.pid})" if listener.pid else ""
    return f"{listener.process or 'a process'}{pid}"


_BINDING = {
    "postgres": "set `listen_addresses = 'localhost'` in its postgresql.conf and restart it",
    "redis-server": "set `bind 127.0.0.1 ::1` in its redis.conf and restart it",
}
INIT = 1


def to_shut(listener: Listener) -> str:
    """How to let only the machine itself reach a process that listens for everybody."""
    if listener.process == "sshd":
        return f"where ssh is not meant to be at port {listener.port}: take it out of sshd's configuration, then `systemctl reload ssh`"
    if listener.pid == INIT or listener.process in ("systemd", "init"):
        return f"`systemctl list-sockets` names the unit that has port {listener.port}: stop and disable it, if nobody needs it"
    unit = f" (its unit: `systemctl status {listener.pid}`)" if listener.pid else ""
    bound = _BINDING.get(listener.process, "let it listen on 127.0.0.1 only")
    return f"stop {text(described(listener))}, which listens on port {listener.port}{unit}, or {bound}"


def to_publish_locally(container: Container, port: Published) -> str:
    """How to let only the machine itself reach a port of a container's."""
    locally = f"127.0.0.1:{port.host_port}:{port.port}{'' if port.protocol == 'tcp' else f'/{port.protocol}'}"
    if not container.config_files:
        stop = f"`docker stop {word(container.name, 'CONTAINER')}`"
        return f"{stop}, or make {text(container.label)} anew with `-p {locally}` in place of {text(port)}"
    return (
        f"take the port {text(port)} of {text(container.label)} out of {text(port.declared_at) or f'the compose files{text(container.origin)}'}, or write `{locally}` there; "
        "then `docker compose up -d`"
    )
