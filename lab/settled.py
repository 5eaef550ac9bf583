"""When a round may be judged: what should run runs, nothing is still starting, and the API answers through the proxy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import closing
from types import MappingProxyType
from typing import Any, Literal, get_args

from docker.errors import DockerException

from lab.deployment import Lab
from lab.shell import LabError
from lab.waits import until

Service = Literal["backend", "db", "frontend", "redis"]
"""The services of the deployment."""
Settled = Literal["exited", "paused", "starting"]
"""What the container of a service settles to where it is not meant to be ready."""
UNSETTLED = frozenset({"created", "missing", "removing", "restarting", "starting"})
"""What does not stay so: a run that sees it is judged from a moment."""
NO_ANSWER = frozenset({"000", "502", "503", "504"})
"""What curl and the proxy say where nothing answers behind it."""
PROJECT = "com.docker.compose.project"
SERVICE = "com.docker.compose.service"
_ASK_API = """
curl -sk -m 5 -o /dev/null -w '%{http_code}' --resolve api.zebu.test:443:127.0.0.1 https://api.zebu.test/health || true
"""


def states(lab: Lab) -> dict[str, str]:
    """How the containers of the deployment are, by service: docker's word, or that of their health check while they run."""
    try:
        with closing(lab.docker()) as docker:
            return read_states(
                docker.api.inspect_container(str(one.id)) for one in docker.containers.list(
                    all=True, filters={"label": f"{PROJECT}=zebu"}, sparse=True, ignore_removed=True
                )
            )  # fmt: skip
    except (DockerException, OSError) as error:  # one may be gone between the two questions
        raise LabError(f"docker: {error}") from None


def read_states(containers: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The states, from what `docker inspect` says of each container."""
    found: dict[str, str] = dict.fromkeys(get_args(Service), "missing")
    for one in containers:
        state = one["State"]
        health = state.get("Health", {}).get("Status")
        found[one["Config"]["Labels"][SERVICE]] = health if health and state["Status"] == "running" else state["Status"]
    return found


def unsettled(seen: Mapping[str, str], meant: Mapping[Service, Settled]) -> dict[str, str]:
    """The services that are not as they stay: on the way up, or ready where something else is meant.

    What a fault put beside them may come to its end.
    """
    wanted: dict[str, str] = {str(service): state for service, state in meant.items()}
    down = {service: UNSETTLED | {"exited", "paused", "dead"} for service in get_args(Service)}
    return {
        service: state
        for service, state in seen.items()
        if (state != wanted[service] if service in wanted else state in down.get(service, UNSETTLED))
    }


def settle(lab: Lab, meant: Mapping[Service, Settled] = MappingProxyType({}), seconds: float = 90) -> None:
    """Wait until a run that begins now sees what will be seen a minute later too.

    Args:
        lab: the lab.
        meant: what containers settle to that are not meant to be ready.
        seconds: for how long, at each of the steps.

    Raises:
        LabError: something did not settle; it is named.
    """
    until("every container has settled", lambda: unsettled(states(lab), meant), lambda rest: not rest, seconds=seconds)
    if "backend" in meant:  # nobody is there to answer
        return
    until(
        "the API answers through the proxy",
        lambda: lab.proxy.shell(_ASK_API),
        lambda code: code not in NO_ANSWER,
        seconds=seconds,
    )


def settle_healthy(lab: Lab) -> None:
    """Wait until all is well again, after what was broken has been mended.

    Raises:
        LabError: it is not, in time; what is missing is named.
    """
    lab.wait_for_application()
    settle(lab)
