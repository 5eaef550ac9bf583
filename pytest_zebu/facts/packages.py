"""What is installed in the running images, and what the deployed lock files say; and the advisories about them."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pytest_zebu.facts.answer import Garbled, Known, Missing, Reason, Unknown
from pytest_zebu.facts.fact import Fact, Gathered, Look, Need, Probe
from pytest_zebu.facts.lines import records
from pytest_zebu.settings.target import Target

INSTALLED_PROBE = Probe(
    "packages.installed",
    file="packages-installed.sh",
    needs=(Need.PROJECT,),
    timeout=20,
)
LOCKS_PROBE = Probe(
    "packages.locks",
    file="packages-locks.sh",
    needs=(Need.APP_DIR, Need.OWNER),
    owner=True,
    limit=6_291_456,
)
_PINNED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==([A-Za-z0-9][A-Za-z0-9._+!-]*)")
_NAME = re.compile(r"[-_.]+")
_DISTRIBUTIONS = "the list of distributions"


@dataclass(frozen=True, slots=True)
class Advisory:
    """A known vulnerability of an installed version.

    Attributes:
        severity: low, moderate, high or critical; empty where the advisory does not say.
    """

    package: str
    version: str
    id: str
    aliases: tuple[str, ...]
    severity: str


@dataclass(frozen=True, slots=True)
class Audit:
    """By place: how many packages were asked about, and what is known of them.

    Attributes:
        without_python: running services that have no `python3` on their path: nothing of theirs is asked about.
    """

    packages: Mapping[str, int]
    found: Mapping[str, Known[tuple[Advisory, ...]] | Unknown]
    without_python: tuple[str, ...] = ()


def installed(text: str) -> dict[str, dict[str, str] | Unknown]:
    """Distributions by name, as the Python of each running service told them; services without a Python have none.

    Raises:
        Garbled: it is not of its kind.
        Missing: no service has a Python.
    """
    found: dict[str, dict[str, str] | Unknown] = {}
    packages: dict[str, str] = {}
    for one in records(text, _DISTRIBUTIONS, (), ("service",)):
        service, status = one.fields(2)
        packages = {}
        if status != "none":
            # Replicas of a service run the same image; what one has more is looked at, too.
            place = f"running image of {service}"
            known = found.setdefault(place, packages)
            if status != "0":
                found[place] = Unknown(Reason.UNDECIDABLE, f"the Python of {service} ended with {status}")
            elif isinstance(known, dict):
                packages = known
        for line in one.lines:
            name, _, version = line.partition(" ")
            if not version or " " in version:
                raise Garbled(f"{_DISTRIBUTIONS} said: {line[:80]}")
            packages[_NAME.sub("-", name).lower()] = version
    if not found:
        raise Missing(Unknown(Reason.MISSING, "no running image has a Python that tells its distributions"))
    return found


def locked(file: str, text: str) -> dict[str, str]:
    """Packages by name, as a lock file pins them.

    Raises:
        Garbled: it is not of its kind.
    """
    try:
        if file.endswith("package-lock.json"):
            packages = json.loads(text)["packages"]
            return {
                row.get("name") or path.rpartition("node_modules/")[2]: row["version"]
                for path, row in packages.items()
                if path and "version" in row and not row.get("link")
            }
        if file.endswith(("uv.lock", "poetry.lock")):
            rows = tomllib.loads(text)["package"]
            # The project itself is in its own lock file, from no registry.
            return {
                row["name"]: row["version"]
                for row in rows
                if "version" in row
                and "virtual" not in row.get("source", {})
                and "editable" not in row.get("source", {})
            }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Garbled(f"{file} is no such lock file") from None
    pinned = (_PINNED.match(line.strip()) for line in text.splitlines())
    return {_NAME.sub("-", found[1]).lower(): found[2] for found in pinned if found}


def _asked(gathered: Gathered) -> tuple[dict[str, dict[str, str]], dict[str, dict[str, str]]]:
    """What must be asked about: Python's packages and npm's, by place."""
    running = installed(gathered.said("packages.installed").out)
    python = {place: packages for place, packages in running.items() if not isinstance(packages, Unknown)}
    npm: dict[str, dict[str, str]] = {}
    for one in records(gathered.said("packages.locks").out, "the lock files", (), ("file",)):
        file = one.rest
        packages = locked(file, one.body)
        if packages:
            (npm if file.endswith("package-lock.json") else python)[file] = packages
    return python, npm


def _look(gathered: Gathered) -> Look:
    python, npm = _asked(gathered)
    return Look("advisories", "packages", {"python": python, "npm": npm})


def then(gathered: Gathered, target: Target) -> tuple[Look, ...]:
    """One look, at the advisories about what is there."""
    try:
        return (_look(gathered),)
    except (Missing, Garbled):
        return ()


def parse(gathered: Gathered, target: Target) -> Audit:
    """From the advisories."""
    python, npm = _asked(gathered)
    seen = gathered.saw(_look(gathered))
    if isinstance(seen, Unknown):
        raise Missing(seen)
    asked = {**python, **npm}
    counts = {place: len(packages) for place, packages in asked.items()}
    try:
        found = {place: _advisories(seen.value[place]) for place in asked}
    except (KeyError, TypeError):
        raise Garbled("the advisories have another shape than known") from None
    said = gathered.said("packages.installed").out
    services = (one.fields(2) for one in records(said, _DISTRIBUTIONS, (), ("service",)))
    without = tuple(service for service, status in services if status == "none")
    for place, packages in installed(said).items():
        if isinstance(packages, Unknown):
            counts[place], found[place] = 0, packages
    return Audit(counts, found, without)


def _advisories(rows: Any) -> Known[tuple[Advisory, ...]] | Unknown:
    if isinstance(rows, Unknown):
        return rows
    return Known(
        tuple(
            Advisory(row["package"], row["version"], row["id"], tuple(row["aliases"]), row["severity"]) for row in rows
        )
    )


FACT = Fact("audit", parse, (INSTALLED_PROBE, LOCKS_PROBE), then=then)
