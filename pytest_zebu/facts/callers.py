"""Who asks the published services: the machine in front of them, if there is one."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Mapping

from msgspec import Struct

from pytest_zebu.facts.answer import Garbled, whole_number
from pytest_zebu.facts.fact import Fact, Gathered, Need, Probe
from pytest_zebu.facts.lines import records
from pytest_zebu.settings.target import Target

PROBE = Probe(
    "callers",
    file="callers.pl",
    uses=("json.pl", "quiet.pl", "docker.pl", "docker-logs.pl"),
    needs=(Need.PROJECT,),
    root=True,
    timeout=12,
    takes=2,
)


class Callers(Struct, frozen=True):
    """Who asks the project's published services. The addresses of visitors are not told.

    Attributes:
        services: those that are published.
        private: by private address, how many requests and connections of it were seen, those with most first.
        bridged: how many came by way of Docker's bridge: from the machine itself, or in a way that hides who it was.
        public: how many came from the internet, with nothing in front that would hide it.
    """

    services: tuple[str, ...]
    private: Mapping[str, int]
    bridged: int = 0
    public: int = 0


def parse(gathered: Gathered, target: Target) -> Callers:
    """From connections and access logs, counted on the machine."""
    found = records(gathered.said("callers").out, "the callers probe", ("service", "from", "bridge", "public", "none"))
    if not found:
        raise Garbled("the callers probe said nothing, not even that nothing is published")
    services: list[str] = []
    private: Counter[str] = Counter()
    others = {"bridge": 0, "public": 0}
    for one in found:
        match [one.word, *one.rest.split(" ")]:
            case ["service", name] if name:
                services.append(name)
            case ["from", name, address, count] if name in services:
                private[_address(address)] += whole_number(count, "a count of callers")
            case ["bridge" | "public" as kind, name, count] if name in services:
                others[kind] += whole_number(count, "a count of callers")
            case ["none", ""]:
                pass
            case _:
                raise one.garbled()
    return Callers(tuple(services), dict(private.most_common()), others["bridge"], others["public"])


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise Garbled("the address of a caller") from None


FACT = Fact("callers", parse, (PROBE,))
