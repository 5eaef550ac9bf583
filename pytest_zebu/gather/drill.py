"""The restore drill: the newest dump into a throwaway database on the target's own Docker, and nothing is left of it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import TYPE_CHECKING, Any, Protocol

from pytest_zebu.facts.answer import Garbled, Reason, Said, Unknown, plain_text
from pytest_zebu.facts.fact import Probe
from pytest_zebu.facts.trials import PLAN_PROBE, RESTORE_SECONDS, Plan, parse_plan, restore_probe

if TYPE_CHECKING:
    from docker import APIClient

PREFIX, LABEL = "zebu-drill-", "zebu.readiness.drill"
START_SECONDS = 60.0
LIFE_SECONDS = 300
"""After which a throwaway database ends by itself and is removed, whatever became of us."""
MEMORY_BYTES, NANO_CPUS, PROCESSES = 2**30, 10**9, 256
DRILL_SECONDS = 240.0


class Machine(Protocol):
    """What a drill is held on."""

    def ask(self, probes: Sequence[Probe], seconds: float | None = None) -> Mapping[str, Said | Unknown]:
        """Ask probes there, within so many seconds."""

    def docker(self, seconds: float) -> AbstractContextManager[APIClient]:
        """Its Docker."""


class NotStarted(Exception):
    """The throwaway database does not answer."""


def restore(machine: Machine | None) -> Any:
    """Hold a drill: plain data, or Unknown."""
    if machine is None:
        return Unknown(Reason.NOT_CONFIGURED, "there is no connection to drill over")
    from docker.errors import DockerException
    from requests import RequestException

    begun = _answer(machine, PLAN_PROBE, PLAN_PROBE.timeout)
    if isinstance(begun, Unknown) or begun.status:
        return begun if isinstance(begun, Unknown) else _plain(begun)
    try:
        plan = parse_plan(begun.out)
        with machine.docker(DRILL_SECONDS) as docker, throwaway(docker, plan) as name:
            restored = _answer(machine, restore_probe(name, plan.dump), RESTORE_SECONDS)
            return restored if isinstance(restored, Unknown) else _plain(restored)
    except Garbled as error:
        return Unknown(Reason.GARBLED, str(error))
    except NotStarted as error:
        return Unknown(Reason.UNDECIDABLE, f"the throwaway database did not start: {error}")
    except (DockerException, RequestException) as error:
        # The daemon's own words; what the client says of its socket concerns this machine.
        why = getattr(error, "explanation", None)
        said = f"the target's Docker: {plain_text(str(why))[:200]}" if why else "the target's Docker does not answer"
        return Unknown(Reason.UNDECIDABLE if why else Reason.UNREACHABLE, said)


def _answer(machine: Machine, probe: Probe, seconds: float) -> Said | Unknown:
    return machine.ask([probe], seconds).get(probe.name) or Unknown(
        Reason.GARBLED, f"the answer of {probe.name} was cut short"
    )


def _plain(said: Said) -> dict[str, Any]:
    return {"status": said.status, "out": said.out, "complaint": plain_text(said.complaint)}


@contextmanager
def throwaway(docker: APIClient, plan: Plan) -> Iterator[str]:
    """The name of a throwaway database that answers, for as long as it is needed.

    It has no network, and bounds; the image's own start scripts belong to the application: an empty folder stands in
    for them. It ends by itself, should nobody end it.

    Raises:
        NotStarted: it does not answer in time.
        docker.errors.DockerException: Docker refuses.
    """
    from docker.errors import APIError
    from requests import RequestException

    sweep(docker, plan.now)
    name = PREFIX + secrets.token_hex(6)
    try:
        docker.create_container(
            plan.image,
            name=name,
            entrypoint=["timeout", "-s", "KILL", str(LIFE_SECONDS), *plan.entrypoint],
            command=[*plan.command],
            environment={"POSTGRES_PASSWORD": secrets.token_hex(16), "POSTGRES_USER": "drill", "POSTGRES_DB": "drill"},
            labels={LABEL: str(plan.now)},
            host_config=docker.create_host_config(
                network_mode="none", mem_limit=MEMORY_BYTES, nano_cpus=NANO_CPUS, pids_limit=PROCESSES,
                tmpfs={"/docker-entrypoint-initdb.d": ""}, auto_remove=True,
            ),
        )  # fmt: skip
        docker.start(name)
        wait_until_ready(docker, name)
        yield name
    finally:
        # It may never have been there, or has ended and is being removed; where nobody answers it ends by itself, and what
        # interrupted us is not lost over it.
        with suppress(APIError, RequestException):
            docker.remove_container(name, v=True, force=True)


def wait_until_ready(docker: APIClient, name: str, seconds: float = START_SECONDS) -> None:
    """Wait until its database answers.

    Raises:
        NotStarted: it does not, in so many seconds.
    """
    from docker.errors import APIError

    deadline = time.monotonic() + seconds
    while True:
        try:
            # By address: while it is made, the database listens on its socket only.
            asked = docker.exec_create(name, ["pg_isready", "-q", "-h", "127.0.0.1", "-U", "drill"])["Id"]
            docker.exec_start(asked)
            if docker.exec_inspect(asked)["ExitCode"] == 0:
                return
        except APIError as error:
            raise NotStarted(plain_text(str(error.explanation))[:200]) from None
        if time.monotonic() > deadline:
            raise NotStarted(f"no answer in {seconds:.0f} s")
        time.sleep(0.3)


def sweep(docker: APIClient, now: int) -> None:
    """Remove what drills that were cut off left behind: ours by name and label, and older than a drill can be."""
    from docker.errors import APIError

    for one in docker.containers(all=True, filters={"label": LABEL, "name": f"^/?{PREFIX}"}):
        began = str(one["Labels"].get(LABEL, ""))
        if began.isascii() and began.isdigit() and now - int(began) > LIFE_SECONDS:
            with suppress(APIError):
                docker.remove_container(one["Id"], v=True, force=True)
