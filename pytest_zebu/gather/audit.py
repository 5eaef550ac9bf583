"""Which known vulnerabilities the installed versions have, by OSV: it matches names and versions itself.

Names and versions are all that is sent.

https://google.github.io/osv.dev/post-v1-querybatch/, https://google.github.io/osv.dev/get-v1-vulns/,
https://ossf.github.io/osv-schema/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain, islice
from typing import Any

import requests
from cvss import CVSS2, CVSS3, CVSS4, CVSSError
from packaging.version import Version

from pytest_zebu.facts.answer import Reason, Unknown, plain_text
from pytest_zebu.gather.bounds import OutOfTime, carried
from pytest_zebu.gather.client import Client
from pytest_zebu.gather.deadline import at_once
from pytest_zebu.gather.services import Refused, broken, read_whole, refusal
from pytest_zebu.settings import Settings

SECONDS = (3.0, 30.0)
"""OSV itself takes up to 20 seconds for a page."""
BATCH = 500
PAGES = 50
RECORDS = 2000
RECORDS_LIMIT = 64 * 2**20
"""Bytes of all records together."""
NAMES, VECTOR_LIMIT = 50, 200
"""Of so many names of a record each is known, and so long is a vector at most."""
AT_ONCE = 8
IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9:._-]{1,80}")
PYTHON, NPM = "PyPI", "npm"
SEVERITIES = ("low", "moderate", "high", "critical")
WORDS = {"medium": "moderate", "important": "high"}

Places = Mapping[str, Sequence[Sequence[str]]]
"""Names and versions of packages, by where they are."""
Package = tuple[str, str, str]
"""Ecosystem, name and version."""


def ask_advisories(settings: Settings, python: Places, npm: Places) -> Any:
    """Findings by place: which package, which version, which advisory, how severe, and in which versions it is mended."""
    places = {
        place: [(ecosystem, *_pair(one)) for one in packages]
        for ecosystem, group in ((PYTHON, python), (NPM, npm))
        for place, packages in group.items()
    }
    packages = {package for group in places.values() for package in group}
    if not packages:
        return dict.fromkeys(places, Unknown(Reason.MISSING, "no package with a version is named"))
    with Client(settings.trust(settings.advisories.ca_file)) as client:
        try:
            named = _names(client, settings.advisories.osv, packages)
            records = _records(client, settings.advisories.osv, {one for ids in named.values() for one in ids})
        except Refused as error:
            return dict.fromkeys(places, error.unknown)
    try:
        return {
            place: [
                row for one in group for row in _findings(one, [records[name] for name in sorted(named.get(one, ()))])
            ]
            for place, group in places.items()
        }
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError):
        return dict.fromkeys(places, Unknown(Reason.GARBLED, "the advisories have another shape than known"))


def _pair(one: Sequence[str]) -> tuple[str, str]:
    name, version = one
    return name, version


# Asking


def _asked(
    client: Client, method: str, url: str, body: Any = None, missing: Any = None, sizes: list[int] | None = None
) -> Any:
    """An answer; `missing`, where one is given, for what is not there. How many bytes it has is noted in `sizes`.

    Raises:
        Refused: there is none.
    """
    what = "advisories"
    try:
        with client.request(method, url, json=body, timeout=SECONDS, stream=True) as answer:
            if answer.status_code == 404 and missing is not None:
                return missing
            if answer.status_code != 200:
                raise Refused(refusal(answer.status_code, what, ""))
            said, size = read_whole(answer, what)
            if sizes is not None:
                sizes.append(size)
            return said
    except (requests.RequestException, OutOfTime) as error:
        raise Refused(broken(what, error)) from None


def _batches(questions: Iterable[Any]) -> Iterator[list[Any]]:
    rest = iter(questions)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _names(client: Client, osv: str, packages: Iterable[Package]) -> dict[Package, set[str]]:
    """The advisories' identifiers, by package.

    Raises:
        Refused: they are not all known.
    """
    found: dict[Package, set[str]] = {}
    todo: list[tuple[Package, dict[str, Any]]] = [(one, query) for one in sorted(packages) for query in _queries(one)]
    for _ in range(PAGES):
        following = []
        for batch in _batches(todo):
            said = _asked(client, "POST", f"{osv}/v1/querybatch", {"queries": [query for _, query in batch]})
            try:
                results = said["results"]
                for (package, query), result in zip(batch, results, strict=True):
                    # OSV gives nothing, or an empty object, for what it knows nothing of.
                    for one in (result or {}).get("vulns") or ():
                        found.setdefault(package, set()).add(str(one["id"]))
                    if token := (result or {}).get("next_page_token"):
                        following.append((package, {**query, "page_token": token}))
            except (KeyError, TypeError, ValueError, AttributeError):
                raise Refused(Unknown(Reason.GARBLED, "advisories: the answer has another shape than known")) from None
        if not following:
            return found
        if sum(map(len, found.values())) > RECORDS:
            raise Refused(Unknown(Reason.GARBLED, f"advisories: more than {RECORDS} are named, which are not all read"))
        todo = following
    raise Refused(Unknown(Reason.GARBLED, f"advisories: there are more than {PAGES} pages, which are not all read"))


def _queries(package: Package) -> Iterator[dict[str, Any]]:
    """A version with a label of somebody's own build (PEP 440) is asked about without it as well: only that is published."""
    ecosystem, name, version = package
    versions = {version: None}
    if ecosystem == PYTHON:
        with suppress(ValueError):
            versions[Version(version).public] = None
    for one in versions:
        yield {"package": {"ecosystem": ecosystem, "name": name}, "version": one}


def _records(client: Client, osv: str, names: set[str]) -> dict[str, Mapping[str, Any]]:
    """The advisories themselves.

    One that the database has no more keeps its name: of how severe it is, nothing is known.

    Raises:
        Refused: one of them cannot be had.
    """
    sizes: list[int] = []

    def record(name: str) -> Mapping[str, Any]:
        if sum(sizes) > RECORDS_LIMIT:
            why = f"advisories: their records are larger than {RECORDS_LIMIT // 2**20} MiB"
            raise Refused(Unknown(Reason.GARBLED, why))
        found = _asked(client, "GET", f"{osv}/v1/vulns/{name}", missing={}, sizes=sizes)
        return {"id": name} | found if isinstance(found, dict) else {"id": name}

    odd = [name for name in names if not IDENTIFIER.fullmatch(name)]
    if odd or len(names) > RECORDS:
        why = f"{plain_text(odd[0])[:60]} is no name of one" if odd else f"{len(names)} are too many to be read"
        raise Refused(Unknown(Reason.GARBLED, f"advisories: {why}"))
    ordered = sorted(names)
    return dict(zip(ordered, at_once(carried(record), ordered, AT_ONCE), strict=True))


# Reading


def _findings(package: Package, records: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """What is known of a package, each vulnerability once, whoever published it; what was withdrawn is none."""
    for group in _same(records):
        group.sort(key=lambda record: (not str(record["id"]).startswith("GHSA-"), str(record["id"])))
        severities = [_severity(record) for record in group]
        yield {
            "package": package[1],
            "version": package[2],
            "id": str(group[0]["id"]),
            "aliases": sorted(set().union(*map(_all_names, group)) - {str(group[0]["id"])}),
            "severity": max(severities, key=lambda one: SEVERITIES.index(one) if one else -1),
            "fixed": list(dict.fromkeys(chain.from_iterable(_fixed(package, record) for record in group))),
        }


def _same(records: Sequence[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """Records by vulnerability: those of one name, by whatever other names they lead to each other."""
    groups: dict[int, list[Mapping[str, Any]]] = {}
    group_of: dict[str, int] = {}
    names_of: dict[int, list[str]] = {}
    for number, record in enumerate(records):
        if record.get("withdrawn"):
            continue
        names = _all_names(record)
        joined = sorted({group_of[name] for name in names if name in group_of})
        home = max(joined, key=lambda one: len(names_of[one]), default=number)  # the largest is moved least
        group = groups.pop(home, [])
        for other in joined:
            if other != home:
                group += groups.pop(other)
                names |= {*names_of.pop(other)}
        group.append(record)
        groups[home] = group
        names_of.setdefault(home, []).extend(names)
        group_of |= dict.fromkeys(names, home)
    return [*groups.values()]


def _all_names(record: Mapping[str, Any]) -> set[str]:
    return {str(record["id"]), *map(str, islice(record.get("aliases") or (), NAMES))}


def _severity(record: Mapping[str, Any]) -> str:
    """In the words of GitHub's advisories; empty where the record does not say.

    The database's own word counts, else the highest of the vectors, whole or by package.
    """
    affected = record.get("affected") or ()
    for place in (record, *affected):
        word = str((place.get("database_specific") or {}).get("severity", "")).lower()
        if WORDS.get(word, word) in SEVERITIES:
            return WORDS.get(word, word)
    vectors = [one for place in (record, *affected) for one in place.get("severity") or ()]
    return max((_of_vector(one) for one in vectors), key=lambda one: SEVERITIES.index(one) if one else -1, default="")


def _of_vector(entry: Mapping[str, Any]) -> str:
    kinds = {"CVSS_V2": CVSS2, "CVSS_V3": CVSS3, "CVSS_V4": CVSS4}
    kind = kinds.get(str(entry.get("type")))
    if kind is None:
        return ""
    score = str(entry.get("score"))
    if len(score) > VECTOR_LIMIT:
        return ""
    try:
        vector = kind(score)
        word = str(vector.severity if kind is CVSS4 else vector.severities()[0]).lower()
    except CVSSError:
        return ""
    return WORDS.get(word, word) if WORDS.get(word, word) in SEVERITIES else ""


def _fixed(package: Package, record: Mapping[str, Any]) -> Iterator[str]:
    for affected in record.get("affected") or ():
        about = affected.get("package") or {}
        if about.get("ecosystem") == package[0] and str(about.get("name")).lower() == package[1].lower():
            for stretch in affected.get("ranges") or ():
                if stretch.get("type") != "GIT":
                    yield from (str(event["fixed"]) for event in stretch.get("events") or () if "fixed" in event)
