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
_PINNED = re.compile(
    r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*===?\s*([A-Za-z0-9][A-Za-z0-9._+!-]*)(?:[\s;\\#].*)?"
)
NAMED = re.compile(r"(@[A-Za-z0-9._~-]+/)?[A-Za-z0-9._][A-Za-z0-9._~-]*")
VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!~-]*")
_NAME = re.compile(r"[-_.]+")
_DISTRIBUTIONS = "the list of distributions"
Pairs = frozenset[tuple[str, str]]
"""Names and versions: of one package there may be several versions."""


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
        unread: what was not read, and why: lock files, and entries that name no package.
    """

    packages: Mapping[str, int]
    found: Mapping[str, Known[tuple[Advisory, ...]] | Unknown]
    without_python: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Read:
    """What must be asked about, by place, and what was not read."""

    python: Mapping[str, Pairs]
    npm: Mapping[str, Pairs]
    unknown: Mapping[str, Unknown]
    without_python: tuple[str, ...]
    unread: tuple[str, ...]


def _normal(name: str) -> str:
    """A name of Python's packages, as their index compares it (PEP 503)."""
    return _NAME.sub("-", name).lower()


@dataclass(frozen=True, slots=True)
class Installed:
    """Distributions, as the Python of each running service told them.

    Attributes:
        odd: entries that name no package with a version.
        left_out: how many containers were not asked.
    """

    found: Mapping[str, Pairs | Unknown]
    without_python: tuple[str, ...]
    odd: tuple[str, ...]
    left_out: str = ""


def installed(text: str) -> Installed:
    """What is installed in the running images; services without a Python have nothing.

    Raises:
        Garbled: it is not of its kind.
        Missing: no service has a Python.
    """
    found: dict[str, set[tuple[str, str]]] = {}
    unknown: dict[str, Unknown] = {}
    without, odd, left_out = [], [], ""
    for one in records(text, _DISTRIBUTIONS, ("cut",), ("service",)):
        if one.word == "cut":
            left_out = f"of {one.rest} containers not all were asked"
            continue
        service, status = one.fields(2)
        if status == "none":
            without.append(service)
            continue
        # Replicas of a service run the same image; what one has more is looked at, too.
        place = f"running image of {service}"
        packages = found.setdefault(place, set())
        if status != "0":
            why = "is not on its path" if status == "unseen" else f"ended with {status}"
            unknown[place] = Unknown(Reason.UNDECIDABLE, f"the Python of {service} {why}")
        for line in one.lines:
            name, _, version = line.partition(" ")
            if NAMED.fullmatch(name) and VERSION.fullmatch(version):
                packages.add((_normal(name), version))
            else:
                odd.append(f"{line[:80]} in the {place}")
    if not found:
        raise Missing(Unknown(Reason.MISSING, "no running image has a Python that tells its distributions"))
    known = {place: unknown.get(place) or frozenset(packages) for place, packages in found.items()}
    return Installed(known, tuple(without), tuple(odd), left_out)


def locked(file: str, text: str) -> tuple[Pairs, tuple[str, ...]]:
    """Packages as a lock file pins them, and its entries that name none.

    Raises:
        Garbled: it is not of its kind.
    """
    name = file.rpartition("/")[2]
    try:
        if name in ("package-lock.json", "npm-shrinkwrap.json"):
            rows = _npm_rows(json.loads(text))
        elif name == "Pipfile.lock":
            sections = [section for key, section in json.loads(text).items() if not key.startswith("_")]
            rows = [(name, _exact(row)) for section in sections for name, row in section.items()]
        elif name in ("uv.lock", "poetry.lock", "pdm.lock") or (name.startswith("pylock.") and name.endswith(".toml")):
            packages = tomllib.loads(text)["packages" if name.startswith("pylock.") else "package"]
            # The project itself is in its own lock file, from no registry.
            rows = [
                (row["name"], row.get("version"))
                for row in packages
                if not {"virtual", "editable", "directory"} & row.get("source", {}).keys() and "directory" not in row
            ]
        else:
            rows = _requirements(text, is_lock=name.endswith(".lock"))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Garbled(f"{file} is no such lock file") from None
    is_npm = name.endswith(".json")
    pairs = {(one if is_npm else _normal(one), version) for one, version in rows if _is_pair(one, version)}
    odd = tuple(f"{str(one)[:60]} in {file}" for one, version in rows if not _is_pair(one, version))
    return frozenset(pairs), odd


def _requirements(text: str, *, is_lock: bool) -> list[tuple[Any, Any]]:
    """What is pinned. What a list of requirements leaves open, the image tells; of a lock file that is an odd entry."""
    rows: list[tuple[Any, Any]] = []
    for line in re.sub(r"\\\n", " ", text).split("\n"):
        entry = line.partition(" #")[0].strip()
        if pinned := _PINNED.fullmatch(entry):
            rows.append((pinned[1], pinned[2]))
        elif is_lock and entry and not entry.startswith(("#", "-")):
            rows.append((re.split(r"[^A-Za-z0-9._-]", entry)[0], None))
    return rows


def _is_pair(name: object, version: object) -> bool:
    return (
        isinstance(name, str) and isinstance(version, str)
        and NAMED.fullmatch(name) is not None and VERSION.fullmatch(version) is not None
    )  # fmt: skip


def _exact(row: Any) -> Any:
    version = row.get("version")
    return version.removeprefix("==") if isinstance(version, str) else version


def _npm_rows(lock: Any) -> list[tuple[Any, Any]]:
    """Of each place in the tree: name and version; what is linked is the project's own."""
    if "packages" in lock:
        return [
            (row.get("name") or path.rpartition("node_modules/")[2], row.get("version"))
            for path, row in lock["packages"].items()
            if "node_modules/" in path and not row.get("link")
        ]
    rows: list[tuple[Any, Any]] = []
    todo = [lock["dependencies"]] if lock.get("dependencies") else []
    while todo:
        for name, row in todo.pop().items():
            rows.append((name, row["version"]))
            if row.get("dependencies"):
                todo.append(row["dependencies"])
    return rows


WHY_UNREAD = {"kind": "a kind of lock file that is not known here", "size": "too large", "failed": "cannot be read"}


def _read(gathered: Gathered) -> _Read:
    """What must be asked about: Python's packages and npm's, by place."""
    running = installed(gathered.said("packages.installed").out)
    python = {place: packages for place, packages in running.found.items() if not isinstance(packages, Unknown)}
    unknown = {place: packages for place, packages in running.found.items() if isinstance(packages, Unknown)}
    npm: dict[str, Pairs] = {}
    unread = [*running.odd, *([running.left_out] if running.left_out else [])]
    for one in records(gathered.said("packages.locks").out, "the lock files", ("unread", "part"), ("file",)):
        if one.word == "part":
            unread.append("a folder that cannot be looked into")
        elif one.word == "unread":
            kind, file = one.fields(2)
            unread.append(f"{file} ({WHY_UNREAD.get(kind, kind)})")
        else:
            try:
                packages, odd = locked(one.rest, one.body)
            except Garbled as error:
                unread.append(str(error))
                continue
            unread += odd
            if packages:
                (npm if one.rest.endswith(".json") and not one.rest.endswith("Pipfile.lock") else python)[one.rest] = (
                    packages
                )
    return _Read(python, npm, unknown, running.without_python, tuple(unread))


def _look(read: _Read) -> Look:
    def plain(places: Mapping[str, Pairs]) -> dict[str, list[list[str]]]:
        return {place: [list(pair) for pair in sorted(pairs)] for place, pairs in places.items()}

    return Look("advisories", "packages", {"python": plain(read.python), "npm": plain(read.npm)})


def then(gathered: Gathered, target: Target) -> tuple[Look, ...]:
    """One look, at the advisories about what is there."""
    try:
        return (_look(_read(gathered)),)
    except (Missing, Garbled):
        return ()


def parse(gathered: Gathered, target: Target) -> Audit:
    """From the advisories."""
    read = _read(gathered)
    seen = gathered.saw(_look(read))
    if isinstance(seen, Unknown):
        raise Missing(seen)
    asked = {**read.python, **read.npm}
    counts = {place: len(packages) for place, packages in asked.items()} | dict.fromkeys(read.unknown, 0)
    try:
        found = {place: _advisories(seen.value[place]) for place in asked}
    except (KeyError, TypeError):
        raise Garbled("the advisories have another shape than known") from None
    return Audit(counts, {**found, **read.unknown}, read.without_python, read.unread)


def _advisories(rows: Any) -> Known[tuple[Advisory, ...]] | Unknown:
    if isinstance(rows, Unknown):
        return rows
    return Known(
        tuple(
            Advisory(row["package"], row["version"], row["id"], tuple(row["aliases"]), row["severity"]) for row in rows
        )
    )


FACT = Fact("audit", parse, (INSTALLED_PROBE, LOCKS_PROBE), then=then)
