"""What plain http answers under each name, on the first page and on a deep path, and where that leads in the end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from msgspec import Struct, field

from pytest_zebu.facts.answer import Known, Reason, Unknown, part
from pytest_zebu.facts.dns import lead
from pytest_zebu.facts.fact import Fact, Gathered, Look
from pytest_zebu.settings.target import Target

T = TypeVar("T")
DEEP_PATH = "/strategies/zebu-readiness?from=http&n=1"
PROTECTED = "/api/v1/portfolios"
"""An address of the API that strangers are refused."""


class Step(Struct, frozen=True):
    """An answer on the way to which redirects lead; status 0 and a trouble where it ends without one."""

    url: str
    status: int
    trouble: str = ""


Way = Known[tuple[Step, ...]] | Unknown


def nowhere() -> Way:
    """The way of an answer that leads nowhere else."""
    return Known(())


class HttpAnswer(Struct, frozen=True):
    """The first answer; status 0 where nothing answers although the network is there.

    Attributes:
        path: what was asked for.
        way: the answers that follow, in their order.
    """

    url: str
    status: int
    location: str
    path: str = "/"
    way: Way = field(default_factory=nowhere)


def paths(target: Target, domain: str) -> tuple[str, ...]:
    """What is asked of a name: the first page, a deep one, and where the API is served, an address of it, which may go another way."""
    is_of_api = target.settings.domains.api_origin == f"https://{domain}"
    return ("/", DEEP_PATH, PROTECTED) if is_of_api else ("/", DEEP_PATH)


def look(target: Target, domain: str, path: str) -> Look:
    """One request, at each address to which the name leads."""
    arguments = {"url": f"http://{domain}{path}", "domain": domain, "control": target.settings.control}
    return Look("http", f"{domain}{path}", {**arguments, **lead(target), "everywhere": True, "follow": True})


def looks(target: Target) -> tuple[Look, ...]:
    """A look per name and path."""
    return tuple(
        look(target, domain, path) for domain in target.settings.domains.names for path in paths(target, domain)
    )


def by_place(name: str, seen: Known[Any] | Unknown) -> dict[str, Known[Any] | Unknown]:
    """What was seen at each address to which a name leads: by the name, and by name and address where there are several."""
    if isinstance(seen, Unknown):
        return {name: seen}
    found: Mapping[str, Any] = part(seen.value, "at", dict)
    known: dict[str, Known[Any] | Unknown] = {}
    for address, row in found.items():
        place = name if len(found) == 1 else f"{name} at {address}"
        known[place] = row if isinstance(row, Unknown) else Known(row)
    return known


def of_name(found: Mapping[str, T], name: str) -> dict[str, T]:
    """What was seen at each address to which a name leads, of all names."""
    return {place: one for place, one in found.items() if place.partition(" ")[0] == name}


def within_reach(found: Mapping[str, Known[T] | Unknown]) -> dict[str, Known[T] | Unknown]:
    """Without the addresses to which this machine has no route, as to IPv6 ones where it has none, if a name has others.

    What is served there is judged by the items that are about each address; others are judged by what can be seen.
    """

    def is_seen(answer: Known[T] | Unknown) -> bool:
        return not isinstance(answer, Unknown) or answer.reason is not Reason.NO_WAY

    seen = {place.partition(" ")[0] for place, answer in found.items() if is_seen(answer)}
    return {place: one for place, one in found.items() if is_seen(one) or place.partition(" ")[0] not in seen}


def read_way(row: Any) -> Way:
    """The answers that follow the first one."""
    rows = row.get("way", [])
    if isinstance(rows, Unknown):
        return rows
    steps = (
        Step(part(one, "url", str), part(one, "status", int), part(one, "trouble", str))
        for one in part({"way": rows}, "way", list)
    )
    return Known(tuple(steps))


def parse(gathered: Gathered, target: Target) -> dict[str, dict[str, Known[HttpAnswer] | Unknown]]:
    """By domain, and by path and place."""
    found: dict[str, dict[str, Known[HttpAnswer] | Unknown]] = {}
    for domain in target.settings.domains.names:
        for path in paths(target, domain):
            asked = look(target, domain, path)
            for place, seen in by_place(path, gathered.saw(asked)).items():
                if isinstance(seen, Known):
                    status, location = part(seen.value, "status", int), part(seen.value, "location", str)
                    url = str(asked.arguments["url"])
                    seen = Known(HttpAnswer(url, status, location, path, read_way(seen.value)))
                found.setdefault(domain, {})[place] = seen
    return found


FACT = Fact("plain_http", parse, looks=looks)
