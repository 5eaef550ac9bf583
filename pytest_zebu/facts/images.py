"""How old the images are that run, and the oldest layer of each: the base that it was made from."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec import Struct

from pytest_zebu.facts.answer import Missing, Reason, Unknown
from pytest_zebu.facts.containers import docker_time
from pytest_zebu.facts.fact import Fact, Gathered, Need, Probe
from pytest_zebu.facts.lines import records
from pytest_zebu.settings.target import Target

PROBE = Probe(
    "images",
    file="images.pl",
    uses=("json.pl", "quiet.pl", "docker.pl"),
    root=True,
    needs=(Need.PROJECT,),
    timeout=20,
)


DOCKER = datetime(2013, 3, 1, tzinfo=UTC)
"""No image is older than Docker."""


class Image(Struct, frozen=True):
    """An image that a service runs.

    Attributes:
        base: when its oldest layer was made; nothing where the image does not tell.
    """

    service: str
    made: datetime | None
    base: datetime | None


def _age(text: str) -> datetime | None:
    """When something was made. Builds that are the same every time have a date that says nothing: 1970, 1980, the year 1."""
    try:
        found = docker_time(text)
    except ValueError:
        return None  # no calendar has it
    return found if found is not None and found >= DOCKER else None


def parse(gathered: Gathered, target: Target) -> tuple[Image, ...]:
    """From docker inspect and docker history."""
    found = []
    for one in records(gathered.said("images").out, "the images probe", ("image",)):
        match one.rest.split():
            case [service, *moments]:
                made, base = (_age(text) for text in (*moments, "", "")[:2])
                found.append(Image(service, made, base))
            case _:
                raise one.garbled()
    if not found:
        raise Missing(Unknown(Reason.MISSING, "the project has no containers"))
    return tuple(found)


FACT = Fact("images", parse, (PROBE,))
