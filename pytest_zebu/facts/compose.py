"""What the compose files and `.env` would make now, beside what runs; and what the images were made from.

Environments are compared on the machine: what travels is the names of variables that differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct, field
from msgspec.structs import replace

from pytest_zebu.facts.answer import Answer, Garbled, Known, is_number
from pytest_zebu.facts.containers import Containers, Published, docker_time
from pytest_zebu.facts.fact import Fact, Gathered, Need, Probe
from pytest_zebu.facts.lines import records
from pytest_zebu.settings.target import Target

PROBE = Probe(
    "compose",
    file="compose.pl",
    uses=("json.pl", "quiet.pl", "docker.pl", "quiet.sh", "git.sh"),
    root=True,
    needs=(Need.PROJECT, Need.APP_DIR),
    timeout=12,
    takes=0.35,
)


class Service(Struct, frozen=True):
    """A container of the project, beside what compose would make of it now.

    Attributes:
        kind: built, pulled, gone where the files know no such service, or unreadable where compose could not read them.
        revision: what the image says that it was built from; empty where it says nothing.
        created: when its image was made.
        variables: how many variables compose would give it.
        differing: names of those that it has otherwise.
        files: of the files that it is built from, how many are in it as they are in the tree, otherwise, and not at all
            though their folder is; nothing where the image tells its revision.
        ports: the line that publishes each of its ports, as `FILE:LINE`, by port and protocol inside, address and port outside, of which
            the last two are empty where they are not told. Only those that were found: it is said, and decides nothing.
        built: of an image that tells no revision, whether it was made `after` the tree came to this commit, or before that from a commit with
            the `same` files or with `other` ones; empty or `unknown` where that is not known.
    """

    name: str
    kind: str
    revision: str
    created: datetime | None
    variables: int = 0
    differing: tuple[str, ...] = ()
    files: tuple[int, int, int] | None = None
    built: str = ""
    ports: Mapping[tuple[str, str, str], str] = field(default_factory=dict)


def parse(gathered: Gathered, target: Target) -> tuple[Service, ...]:
    """From compose's own reading of its files, compared on the machine."""
    found: list[Service] = []
    for one in records(
        gathered.said("compose").out, "compose", ("service", "unreadable", "environment", "files", "built", "port")
    ):
        last = found[-1] if found else None
        match [one.word, *one.rest.split(" ")]:
            case ["service", name, kind, revision, created]:
                found.append(Service(name, kind, "" if revision == "-" else revision, docker_time(created)))
            case ["unreadable", name] if name:
                found.append(Service(name, "unreadable", "", None))
            case ["environment", name, count, names] if last and name == last.name and is_number(count):
                differing = tuple(part for part in names.split(",") if part != "-")
                found[-1] = replace(last, variables=int(count), differing=differing)
            case ["built", name, ("after" | "same" | "other" | "unknown") as built] if last and name == last.name:
                found[-1] = replace(last, built=built)
            case ["port", name, port, address, outside, line, file] if last and name == last.name and is_number(line):
                key = (port, address.removeprefix("-"), outside.removeprefix("-"))
                found[-1] = replace(last, ports={**last.ports, key: f"{file}:{line}"})
            case ["files", name, *counts] if (
                last and name == last.name and len(counts) == 3 and all(map(is_number, counts))
            ):
                same, other, absent = map(int, counts)
                found[-1] = replace(last, files=(same, other, absent))
            case _:
                raise one.garbled()
    if not found:
        raise Garbled("compose named no service")
    return tuple(found)


def located(containers: Containers, compose: Answer[tuple[Service, ...]]) -> Containers:
    """Containers whose published ports know the line of the compose files that publishes them, as far as it was found."""
    if not isinstance(compose, Known):
        return containers
    lines = {one.name: one.ports for one in compose.value}

    def with_line(port: Published, of: Mapping[tuple[str, str, str], str]) -> Published:
        inside, outside = f"{port.port}/{port.protocol}", str(port.host_port)
        places = (of.get((inside, address, at)) for at in (outside, "") for address in (port.host_address, ""))
        return replace(port, declared_at=next(filter(None, places), ""))

    return replace(
        containers,
        everything=tuple(
            replace(one, published=tuple(with_line(port, lines.get(one.service, {})) for port in one.published))
            if one.project and one.project == containers.project
            else one
            for one in containers.everything
        ),
    )


FACT = Fact("compose", parse, (PROBE,))
