"""What is installed in the running images, and what the deployed lock files say; and the advisories about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from pytest_zebu.facts.answer import Garbled, Known, Missing, Reason, Unknown, part, texts
from pytest_zebu.facts.fact import Fact, Gathered, Look, Need, Probe
from pytest_zebu.facts.lines import records
from pytest_zebu.facts.locks import MANIFEST, NPM, PYTHON, Locked, Pairs, is_covered, locked, needs_lock, pair
from pytest_zebu.settings.target import Target

INSTALLED_PROBE = Probe(
    "packages.installed",
    file="packages-installed.pl",
    uses=("json.pl", "quiet.pl", "docker.pl", "docker-top.pl"),
    needs=(Need.PROJECT,),
    timeout=20,
    takes=0.6,
)
LOCKS_PROBE = Probe(
    "packages.locks",
    file="packages-locks.sh",
    needs=(Need.APP_DIR, Need.OWNER),
    owner=True,
    limit=6_291_456,
    takes=0.5,
)
_DISTRIBUTIONS = "the list of distributions"


class Advisory(Struct, frozen=True):
    """A known vulnerability of an installed version.

    Attributes:
        severity: low, moderate, high or critical; empty where the advisory does not say.
        fixed: the versions in which it is mended, as far as the advisory says.
    """

    package: str
    version: str
    id: str
    aliases: tuple[str, ...]
    severity: str
    fixed: tuple[str, ...] = ()


class Audit(Struct, frozen=True):
    """By place: how many packages were asked about, and what is known of them.

    Attributes:
        without_python: running services that have no `python3` on their path: nothing of theirs is asked about.
        unread: what was not read, and why: lock files, and entries that name no package.
    """

    packages: Mapping[str, int]
    found: Mapping[str, Known[tuple[Advisory, ...]] | Unknown]
    without_python: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


class _Read(Struct, frozen=True):
    """What must be asked about, by place, and what was not read."""

    python: Mapping[str, Pairs]
    npm: Mapping[str, Pairs]
    unknown: Mapping[str, Unknown]
    without_python: tuple[str, ...]
    unread: tuple[str, ...]


class Installed(Struct, frozen=True):
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
            if one_pair := pair(PYTHON, *line.split(" ", 1)) if " " in line else None:
                packages.add(one_pair)
            else:
                odd.append(f"{line[:80]} in the {place}")
    if not found:
        raise Missing(Unknown(Reason.MISSING, "no running image has a Python that tells its distributions"))
    known = {place: unknown.get(place) or frozenset(packages) for place, packages in found.items()}
    return Installed(known, tuple(without), tuple(odd), left_out)


WHY_UNREAD = {"kind": "a kind of lock file that is not known here", "size": "too large", "failed": "cannot be read"}


def _read(gathered: Gathered) -> _Read:
    """What must be asked about: Python's packages and npm's, by place. What is not there takes nothing with it.

    Raises:
        Missing: neither is there.
    """
    unseen: list[Unknown] = []
    running, locks, unread = Installed({}, (), ()), dict[str, Locked](), list[str]()
    try:
        running = installed(gathered.said("packages.installed").out)
    except Missing as error:
        unseen.append(error.unknown)
        running = Installed({"running images": error.unknown}, (), ())
    try:
        locks, unread = _locks(gathered.said("packages.locks").out)
    except Missing as error:
        unseen.append(error.unknown)
        unread = [f"lock files ({error.unknown})"]
    if len(unseen) > 1:
        raise Missing(unseen[0])
    unknown = {place: packages for place, packages in running.found.items() if isinstance(packages, Unknown)}
    places: dict[str, dict[str, Pairs]] = {
        PYTHON: {place: packages for place, packages in running.found.items() if not isinstance(packages, Unknown)},
        NPM: {},
    }
    for file, lock in locks.items():
        if lock.packages:
            places[lock.index][file] = lock.packages
    more = (*running.odd, *([running.left_out] if running.left_out else []), *unread)
    return _Read(places[PYTHON], places[NPM], unknown, running.without_python, more)


def _locks(text: str) -> tuple[dict[str, Locked], list[str]]:
    """The lock files, and what was not read: files, entries, and what no lock file covers."""
    locks: dict[str, Locked] = {}
    manifests, unread, failed = [], [], set()
    listed = records(text, "the lock files", ("unread", "part", "none"), ("file",))
    if not listed:
        raise Garbled("the lock files: nothing is said, not even that there are none")
    for one in listed:
        if one.word == "none":
            continue
        if one.word == "part":
            unread.append("a folder that cannot be looked into")
        elif one.word == "unread":
            kind, file = one.fields(2)
            unread.append(f"{file} ({WHY_UNREAD.get(kind, kind)})")
            failed.add(file)
        else:
            try:
                if one.rest.rpartition("/")[2] != MANIFEST:
                    locks[one.rest] = locked(one.rest, one.body)
                elif needs_lock(one.rest, one.body):
                    manifests.append(one.rest)
            except Garbled as error:
                unread.append(str(error))
                failed.add(one.rest)
    for file, lock in locks.items():
        unread += lock.odd
        unread += [f"{other}, which {file} includes" for other in lock.includes if other not in {*locks, *failed}]
    # Beside a lock file that was not read, none is missing.
    beside = {file.rpartition("/")[0] for file in failed}
    unread += [
        f"what {file} depends on, for which there is no lock file"
        for file in manifests
        if file.rpartition("/")[0] not in beside and not is_covered(file, locks)
    ]
    return locks, unread


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
            Advisory(
                part(row, "package", str),
                part(row, "version", str),
                part(row, "id", str),
                texts(row, "aliases"),
                part(row, "severity", str),
                texts(row, "fixed"),
            )
            for row in rows
        )
    )


FACT = Fact("audit", parse, (INSTALLED_PROBE, LOCKS_PROBE), then=then)
