"""What a real browser reports of the main routes."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_zebu.facts.base import Fact, Gathered, Look, Missing, Reason, Unknown
from pytest_zebu.settings import Target


@dataclass(frozen=True, slots=True)
class Page:
    """One visited route.

    Attributes:
        errors: of the console and of scripts.
        failed: requests that failed or were answered with an error, as "METHOD status URL".
    """

    url: str
    status: int
    errors: tuple[str, ...]
    failed: tuple[str, ...]


def look(target: Target) -> Look | None:
    """All routes, in one browser."""
    domains, browser = target.settings.domains, target.settings.browser
    if not domains.site:
        return None
    ca_file = target.settings.tls.ca_file
    return Look(
        "browser",
        "routes",
        {
            "urls": [f"https://{domains.site}{route}" for route in browser.routes],
            "executable": str(browser.executable),
            "ca_file": str(ca_file) if ca_file else None,
            "settle_seconds": browser.settle_seconds,
            "control": target.settings.control,
        },
    )


def looks(target: Target) -> tuple[Look, ...]:
    """One look."""
    found = look(target)
    return (found,) if found else ()


def parse(gathered: Gathered, target: Target) -> tuple[Page, ...]:
    """By route."""
    asked = look(target)
    if asked is None:
        raise Missing(Unknown(Reason.NOT_CONFIGURED, "domains.site is not set"))
    seen = gathered.saw(asked)
    if isinstance(seen, Unknown):
        raise Missing(seen)
    return tuple(
        Page(row["url"], int(row["status"]), tuple(row["errors"]), tuple(row["failed"])) for row in seen.value["pages"]
    )


FACT = Fact("pages", parse, looks=looks)
