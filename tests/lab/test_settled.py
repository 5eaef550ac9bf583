"""When a round may be judged."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from lab import settled
from lab.deployment import Lab
from lab.fault import PARTS_OF_CONTAINERS, Fault
from lab.proofs import load_faults
from lab.settled import SERVICE, Service, Settled, read_states, unsettled

READY = {"backend": "healthy", "db": "healthy", "frontend": "healthy", "redis": "healthy"}


def test_a_running_container_is_as_its_health_and_any_other_as_docker_says() -> None:
    states = (("db", "running", "healthy"), ("redis", "paused", "healthy"), ("backend", "running", "starting"))
    inspected = [
        {"Config": {"Labels": {SERVICE: name}}, "State": {"Status": state, "Health": {"Status": health}}}
        for name, state, health in states
    ]
    inspected.append({"Config": {"Labels": {SERVICE: "worker"}}, "State": {"Status": "running"}})
    assert read_states(inspected) == {
        "db": "healthy",
        "redis": "paused",
        "backend": "starting",
        "worker": "running",
        "frontend": "missing",
    }


@pytest.mark.parametrize(
    "state", ["starting", "created", "restarting", "removing", "missing", "exited", "dead", "paused"]
)
def test_what_is_on_its_way_or_down_unasked_is_waited_for(state: str) -> None:
    assert unsettled({**READY, "redis": state}, {}) == {"redis": state}


@pytest.mark.parametrize("state", ["healthy", "unhealthy", "running"])
def test_what_stays_so_is_settled(state: str) -> None:
    assert unsettled({**READY, "redis": state}, {}) == {}


def test_what_stands_beside_the_services_may_end() -> None:
    assert unsettled({**READY, "migrate": "exited"}, {}) == {}
    assert unsettled({**READY, "archive": "starting"}, {}) == {"archive": "starting"}


@pytest.mark.parametrize("state", ["starting", "paused", "exited"])
def test_what_is_meant_to_be_so_is_settled_and_nothing_else_is(state: Settled) -> None:
    meant: dict[Service, Settled] = {"redis": state}
    assert unsettled({**READY, "redis": state}, meant) == {}
    assert unsettled(READY, meant) == {"redis": "healthy"}
    assert unsettled({**READY, "redis": state, "db": "starting"}, meant) == {"db": "starting"}


def test_nobody_waits_for_an_api_whose_backend_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """Containers are waited for all the same."""
    asked: list[str] = []

    def ask(text: str) -> str:
        asked.append(text)
        return "200"

    seen = iter([{**READY, "backend": "running"}, {**READY, "backend": "exited"}])
    monkeypatch.setattr(settled, "states", lambda lab: next(seen))
    lab = SimpleNamespace(proxy=SimpleNamespace(shell=ask))
    settled.settle(cast(Lab, lab), {"backend": "exited"})
    assert next(seen, None) is None
    assert asked == []
    monkeypatch.setattr(settled, "states", lambda lab: {**READY, "frontend": "exited"})
    settled.settle(cast(Lab, lab), {"frontend": "exited"})
    assert len(asked) == 1


DOWN = [(one, service) for one in load_faults() for service in one.settles]


@pytest.mark.parametrize(("one", "service"), DOWN, ids=[one.id for one, _ in DOWN])
def test_who_lets_a_container_be_down_touches_it(one: Fault, service: Service) -> None:
    """Else another fault of the round could wait for it in vain."""
    assert one.touches & PARTS_OF_CONTAINERS[service]
