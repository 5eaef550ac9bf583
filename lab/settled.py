"""When a round may be judged: what should run runs, nothing is still starting, and the API answers through the proxy."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, get_args

from lab.deployment import Lab
from lab.waits import until

Service = Literal["backend", "db", "frontend", "redis"]
"""The services of the deployment."""
Settled = Literal["exited", "paused", "starting"]
"""What the container of a service settles to where it is not meant to be ready."""
UNSETTLED = frozenset({"created", "missing", "removing", "restarting", "starting"})
"""What does not stay so: a run that sees it is judged from a moment."""
NO_ANSWER = frozenset({"000", "502", "503", "504"})
"""What curl and the proxy say where nothing answers behind it."""
_STATES = """
docker ps -aq --filter label=com.docker.compose.project=zebu | xargs -r docker inspect -f \
  '{{index .Config.Labels "com.docker.compose.service"}} {{.State.Status}} {{with .State.Health}}{{.Status}}{{end}}'
"""
_ASK_API = """
curl -sk -m 5 -o /dev/null -w '%{http_code}' --resolve api.zebu.test:443:127.0.0.1 https://api.zebu.test/health || true
"""


def states(lab: Lab) -> dict[str, str]:
    """How the containers of the deployment are, by service: docker's word, or that of their health check while they run."""
    return read_states(lab.vm.shell(_STATES))


def read_states(text: str) -> dict[str, str]:
    """The states, from lines of a service, its container's state, and its health if it has a check."""
    found = dict.fromkeys(get_args(Service), "missing")
    for line in text.splitlines():
        service, state, *health = line.split()
        found[service] = health[0] if health and state == "running" else state
    return found


def unsettled(seen: Mapping[str, str], meant: Mapping[Service, Settled]) -> dict[str, str]:
    """The services that are not as they stay: on the way up, or ready where something else is meant."""
    wanted: dict[str, str] = {str(service): state for service, state in meant.items()}
    return {
        service: state
        for service, state in seen.items()
        if (state != wanted[service] if service in wanted else state in UNSETTLED | {"exited", "paused", "dead"})
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
