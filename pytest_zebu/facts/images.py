"""How old the images are that run, and the oldest layer of each: the base that it was made from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pytest_zebu.facts.answer import Missing, Reason, Unknown
from pytest_zebu.facts.containers import docker_time
from pytest_zebu.facts.fact import Fact, Gathered, Need, Probe
from pytest_zebu.facts.lines import records
from pytest_zebu.settings.target import Target

PROBE = Probe(
    "images",
    file="images.sh",
    root=True,
    needs=(Need.PROJECT,),
    timeout=20,
)


@dataclass(frozen=True, slots=True)
class Image:
    """An image that a service runs.

    Attributes:
        base: when its oldest layer was made; nothing where the image does not tell.
    """

    service: str
    made: datetime | None
    base: datetime | None


def parse(gathered: Gathered, target: Target) -> tuple[Image, ...]:
    """From docker inspect and docker history."""
    found = []
    for one in records(gathered.said("images").out, "the images probe", ("image",)):
        match one.rest.split():
            case [service, made, *base]:
                found.append(Image(service, docker_time(made), docker_time(base[0]) if base else None))
            case _:
                raise one.garbled()
    if not found:
        raise Missing(Unknown(Reason.MISSING, "the project has no containers"))
    return tuple(found)


FACT = Fact("images", parse, (PROBE,))
