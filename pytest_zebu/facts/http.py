"""What plain http answers under each name, on the first page and on a deep path."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_zebu.facts.answer import Known, Unknown, part
from pytest_zebu.facts.fact import Fact, Gathered, Look
from pytest_zebu.settings.target import Target

DEEP_PATH = "/strategies/zebu-readiness?from=http&n=1"
PATHS = ("/", DEEP_PATH)


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """The first answer, redirects not followed; status 0 where nothing answers although the network is there."""

    url: str
    status: int
    location: str


def look(target: Target, domain: str, path: str) -> Look:
    """One request."""
    return Look("http", f"{domain}{path}", {"url": f"http://{domain}{path}", "control": target.settings.control})


def looks(target: Target) -> tuple[Look, ...]:
    """A look per name and path."""
    return tuple(look(target, domain, path) for domain in target.settings.domains.names for path in PATHS)


def parse(gathered: Gathered, target: Target) -> dict[str, dict[str, Known[HttpAnswer] | Unknown]]:
    """By domain and path."""
    found: dict[str, dict[str, Known[HttpAnswer] | Unknown]] = {}
    for domain in target.settings.domains.names:
        for path in PATHS:
            asked = look(target, domain, path)
            seen = gathered.saw(asked)
            if isinstance(seen, Known):
                status, location = part(seen.value, "status", int), part(seen.value, "location", str)
                seen = Known(HttpAnswer(str(asked.arguments["url"]), status, location))
            found.setdefault(domain, {})[path] = seen
    return found


FACT = Fact("plain_http", parse, looks=looks)
