"""The restore drill: a throwaway database that is bounded, answers, and is gone afterwards, whatever happens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
import requests
from docker import APIClient
from docker.errors import APIError

from pytest_zebu.facts.answer import Reason, Said, Unknown
from pytest_zebu.facts.fact import Probe
from pytest_zebu.facts.trials import Plan
from pytest_zebu.gather import drill
from pytest_zebu.gather.drill import LABEL, LIFE_SECONDS, PREFIX, NotStarted, restore, throwaway, wait_until_ready

PLANNED = Said(0, '@now 9000\n@image sha256:1\n@entrypoint ["e"]\n@command ["c"]\n@newest zebu a.dump\n')
RESTORED = Said(0, "@dump", "x\x1b[31m")
PLAN = Plan(9000, "sha256:1", ("e",), ("c",), "zebu a.dump")


def refusal(text: str) -> APIError:
    return APIError("refused", explanation=text)


@dataclass
class Docker:
    """A Docker that keeps what it is asked, and fails where it is told to."""

    left: Sequence[Mapping[str, Any]] = ()
    answers_after: int = 0
    failing: Mapping[str, Exception] = field(default_factory=dict)
    there: set[str] = field(default_factory=set)
    removed: list[str] = field(default_factory=list)
    made: dict[str, Any] = field(default_factory=dict)
    asked: int = 0

    def _may_fail(self, what: str) -> None:
        if what in self.failing:
            raise self.failing[what]

    def containers(self, *, all: bool, filters: Mapping[str, str]) -> Sequence[Mapping[str, Any]]:
        self._may_fail("containers")
        assert all
        assert filters == {"label": LABEL, "name": f"^/?{PREFIX}"}
        return self.left

    def create_host_config(self, **words: Any) -> dict[str, Any]:
        return words

    def create_container(self, image: str, **words: Any) -> None:
        self.made = {"image": image, **words}
        self.there.add(words["name"])
        self._may_fail("create")

    def start(self, name: str) -> None:
        self._may_fail("start")

    def exec_create(self, name: str, command: list[str]) -> dict[str, str]:
        self._may_fail("exec")
        assert command[0] == "pg_isready"
        self.asked += 1
        return {"Id": "1"}

    def exec_start(self, identifier: str) -> bytes:
        return b""

    def exec_inspect(self, identifier: str) -> dict[str, int]:
        return {"ExitCode": int(self.asked <= self.answers_after)}

    def remove_container(self, name: str, *, v: bool, force: bool) -> None:
        assert v
        assert force
        self.removed.append(name)
        self.there.discard(name)
        self._may_fail("remove")

    @property
    def client(self) -> APIClient:
        return cast(APIClient, self)


@dataclass
class Vm:
    """A machine that gives prepared answers."""

    docker_there: Docker
    said: Mapping[str, Said | Unknown]
    values: list[dict[str, str]] = field(default_factory=list)

    def ask(self, probes: Sequence[Probe], seconds: float | None = None) -> Mapping[str, Said | Unknown]:
        (probe,) = probes
        assert seconds == probe.timeout
        self.values.append(probe.environment)
        return self.said

    @contextmanager
    def docker(self, seconds: float) -> Iterator[APIClient]:
        yield self.docker_there.client


def vm(docker: Docker, **said: Said | Unknown) -> Vm:
    return Vm(docker, {"drill-dump": PLANNED, "drill": RESTORED, **said})


def test_a_dump_is_restored_into_a_container_of_its_own() -> None:
    docker = Docker(answers_after=1)
    machine = vm(docker)
    assert restore(machine) == {"status": 0, "out": "@dump", "complaint": "x"}
    name = docker.made["name"]
    told = machine.values[1]
    assert (told["THROWAWAY"], told["DUMP"]) == (name, "zebu a.dump")
    assert docker.removed == [name]
    assert not docker.there
    assert docker.asked == 2


@pytest.mark.hostile("ssh")
def test_the_container_is_bounded_alone_and_mortal() -> None:
    docker = Docker()
    with throwaway(docker.client, PLAN) as name:
        assert name in docker.there
    made = docker.made
    assert made["image"] == "sha256:1"
    assert made["name"].startswith(PREFIX)
    assert made["labels"] == {LABEL: "9000"}
    assert made["entrypoint"] == ["timeout", "-s", "KILL", str(LIFE_SECONDS), "e"]
    assert made["command"] == ["c"]
    host = made["host_config"]
    assert host["network_mode"] == "none"
    assert host["auto_remove"] is True
    assert (host["mem_limit"], host["nano_cpus"], host["pids_limit"]) == (2**30, 10**9, 256)
    assert len(made["environment"]["POSTGRES_PASSWORD"]) == 32


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize(
    ("failing", "why"),
    [
        ({"create": refusal("no such image")}, "the target's Docker: no such image"),
        ({"start": refusal("no \x1b[31mspace")}, "the target's Docker: no space"),
        ({"exec": refusal("is not running")}, "the throwaway database did not start: is not running"),
    ],
)
def test_a_drill_that_cannot_be_held_is_unknown_and_leaves_nothing(failing: Mapping[str, Exception], why: str) -> None:
    docker = Docker(failing=failing)
    assert restore(vm(docker)) == Unknown(Reason.UNDECIDABLE, why)
    assert not docker.there


@pytest.mark.hostile("ssh")
def test_a_docker_that_does_not_answer_is_unreachable() -> None:
    """What the client says of its socket concerns this machine, and is kept."""
    docker = Docker(failing={"containers": requests.ConnectionError("/run/here")})
    assert restore(vm(docker)) == Unknown(Reason.UNREACHABLE, "the target's Docker does not answer")


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize(
    "error",
    [refusal("removal is in progress"), requests.ConnectionError("gone"), requests.ReadTimeout("late")],
    ids=["refused", "gone", "silent"],
)
def test_what_interrupts_a_drill_leaves_nothing(error: Exception) -> None:
    """And it is what ends the run, whatever becomes of the removal."""
    docker = Docker(failing={"remove": error})
    with pytest.raises(KeyboardInterrupt), throwaway(docker.client, PLAN):
        raise KeyboardInterrupt
    assert not docker.there


@pytest.mark.hostile("ssh")
def test_a_database_that_never_answers_is_not_waited_for_without_end() -> None:
    with pytest.raises(NotStarted, match="no answer in 0 s"):
        wait_until_ready(Docker(answers_after=10**9).client, "drill", seconds=0.0)


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"drill-dump": Unknown(Reason.NO_PERMISSION, "root")}, Unknown(Reason.NO_PERMISSION, "root")),
        ({"drill-dump": Said(4, "", "there is no dump")}, {"status": 4, "out": "", "complaint": "there is no dump"}),
        ({"drill-dump": Said(0, "@now x")}, Unknown(Reason.GARBLED, "the plan of the drill")),
        ({"drill": Unknown(Reason.TIMED_OUT, "drill")}, Unknown(Reason.TIMED_OUT, "drill")),
    ],
)
def test_what_the_machine_does_not_say(said: Mapping[str, Said | Unknown], expected: Any) -> None:
    docker = Docker()
    assert restore(vm(docker, **said)) == expected
    assert not docker.there


@pytest.mark.hostile("ssh")
def test_without_answers_or_without_a_connection() -> None:
    found = restore(Vm(Docker(), {}))
    assert found == Unknown(Reason.GARBLED, "the answer of drill-dump was cut short")
    assert isinstance(restore(None), Unknown)


@pytest.mark.hostile("ssh")
def test_what_drills_that_were_cut_off_left_is_removed() -> None:
    """A drill that may still run is left alone, and so is what tells no time."""

    def one(identifier: str, began: str) -> dict[str, Any]:
        return {"Id": identifier, "Labels": {LABEL: began}}

    left = [
        one("old", str(9000 - LIFE_SECONDS - 1)),
        one("young", str(9000 - LIFE_SECONDS)),
        one("odd", "²"),
        one("none", ""),
    ]
    docker = Docker(left=left, failing={"remove": refusal("somebody was faster")})
    drill.sweep(docker.client, 9000)
    assert docker.removed == ["old"]
