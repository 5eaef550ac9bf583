"""What a run was judged from, as it is remembered: to texts without secrets, and back to what can be judged again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from pydantic import TypeAdapter, ValidationError

from pytest_zebu import __version__
from pytest_zebu.facts import alike, plainjson
from pytest_zebu.facts.answer import Known, Reason, Unknown
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.gather import snapshot as snapshots
from pytest_zebu.gather.snapshot import MOST_VALUES, Snapshot
from pytest_zebu.memory.evidence import Kept
from pytest_zebu.memory.history import Past
from pytest_zebu.people.attestations import Records
from pytest_zebu.people.incidents import Incident
from pytest_zebu.plugin.judge import Evidence
from pytest_zebu.redaction import known, redacted
from pytest_zebu.settings import Settings
from pytest_zebu.settings.errors import UsageProblem
from pytest_zebu.settings.target import Target
from pytest_zebu.verdict.outcome import Finding

SNAPSHOT, TARGET, RECORDS, INCIDENTS, REASONS = "snapshot", "target", "records", "incidents", "reasons"
RECORDS_READER: TypeAdapter[Records] = TypeAdapter(Records)
INCIDENTS_READER: TypeAdapter[tuple[Incident, ...]] = TypeAdapter(tuple[Incident, ...])
DECIDES = ("catalogue", "facts", "people", "settings", "verdict", "plugin/checks.py", "plugin/judge.py")
"""The rooms and modules of the package that have a part in how an item comes out; so has all of the suite."""
PICTURE = "picture"
THE_HOST = "host"
"""What the snapshot calls the one host that it is of, whatever that is called."""


class Lost(Exception):
    """What is remembered of a run cannot be judged again; the text says why."""


@cache
def fingerprint() -> str:
    """Of all that decides: another one may judge the same evidence otherwise."""
    found = hashlib.sha256()
    for name, path in sorted(_sources()):
        content = path.read_bytes()
        found.update(f"{name} {len(content)}\n".encode())
        found.update(content)
    return found.hexdigest()[:16]


def _sources() -> Iterator[tuple[str, Path]]:
    package = Path(__file__).parents[1]
    suite = find_spec("tests_prod")
    folders = [(package, package / name) for name in DECIDES]
    if suite is not None and suite.origin is not None:
        folders.append((Path(suite.origin).parents[1], Path(suite.origin).parent))
    for root, place in folders:
        for path in place.rglob("*") if place.is_dir() else (place,):
            # Another process may just be writing its bytecode there, under a name that does not end so yet.
            if "__pycache__" not in path.parts and path.is_file():
                yield path.relative_to(root).as_posix(), path


# To texts


def kept_of(evidence: Evidence, snapshot: Snapshot, findings: Mapping[str, Finding]) -> Kept:
    """What is to be remembered of a run over a host."""
    seen = replace(snapshot, gathered=without_pictures(snapshot.gathered))
    parts = {
        SNAPSHOT: snapshots.dump({THE_HOST: seen}, indent=None),
        TARGET: _text(target_as_kept(evidence.target)),
        RECORDS: _text(_hidden(RECORDS_READER.dump_python(evidence.records, mode="json", by_alias=True))),
        INCIDENTS: _text(_incidents(evidence.incidents)),
        REASONS: _text({item: _reason(finding) for item, finding in findings.items()}),
    }
    return Kept(__version__, fingerprint(), parts)


def target_as_kept(target: Target) -> Any:
    """A host with its settings, as plain data without secrets; settings that several hosts share are filtered once."""
    told = target.model_dump(mode="json", exclude_unset=True, by_alias=True, exclude={"settings"})
    settings = alike.first_of(target.settings)
    kept = alike.again(("settings as kept", known()), (settings,), lambda: _settings_as_kept(settings))
    return {**_hidden(told), "settings": kept}


def _settings_as_kept(settings: Settings) -> Any:
    told = settings.model_dump(mode="json", exclude_unset=True, by_alias=True)
    if of_ours := settings.seen:
        told["seen"] = sorted(of_ours)
    return _with_signers(_hidden(told), told)


def _reason(finding: Finding) -> str:
    """Why an item came out so; of a finding that stands for several hosts it is filtered once."""
    return alike.again(("reason", finding.item), (finding,), lambda: redacted(finding.reason, words=False))


def without_pictures(gathered: Gathered) -> Gathered:
    """What was gathered, without what only people look at: no check judges a picture, and none gets smaller."""
    return replace(gathered, looks={key: _without_pictures(seen) for key, seen in gathered.looks.items()})


def _without_pictures(value: Any) -> Any:
    match value:
        case Mapping():
            return {
                key: "" if key == PICTURE and isinstance(held, str) else _without_pictures(held)
                for key, held in value.items()
            }
        case list() | tuple():
            return [_without_pictures(held) for held in value]
        case _:
            return value


def _incidents(found: Known[tuple[Incident, ...]] | Unknown) -> Any:
    if isinstance(found, Unknown):
        return {"unknown": [found.reason.value, _hidden(found.detail)]}
    return {"known": _hidden(INCIDENTS_READER.dump_python(found.value, mode="json"))}


SHORT = 200
"""Characters of a text that may stand in the settings of many hosts, which one file declares: it is filtered once."""


@lru_cache(maxsize=4096)
def _hidden_text(text: str, secrets: int) -> str:
    """A text without secrets, of which so many are known."""
    return redacted(text, words=False)


def _hidden(data: Any) -> Any:
    """Plain data without what looks like a secret in any of its texts: what people type may be one.

    Words that only look random stay: names of folders and public keys are such, and what is judged again must find them.
    """
    match data:
        case str():
            return _hidden_text(data, known()) if len(data) <= SHORT else redacted(data, words=False)
        case Mapping():
            return {_hidden(str(key)): _hidden(held) for key, held in data.items()}
        case list() | tuple():
            return [_hidden(held) for held in data]
        case _:
            return data


def _with_signers(hidden: Any, settings: Any) -> Any:
    """Settings with the fingerprints of its vantages' keys: they are public, and some look like a token by chance."""
    found, told = (one.get("vantages", ()) for one in (hidden, settings))
    for mine, theirs in zip(found, told, strict=True):
        if signer := theirs.get("signer"):
            mine["signer"] = signer
    return hidden


def _text(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False)


# And back


def evidence_of(kept: Kept, today: Settings, past: Known[Past] | Unknown) -> tuple[Evidence, Snapshot]:
    """What a run was judged from.

    Args:
        kept: what is remembered of it.
        today: the settings of today: they say where files are that the old settings name.
        past: the runs before it.

    Raises:
        Lost: it is not kept, or cannot be read any more.
    """
    if not kept.parts:
        raise Lost("its evidence is not kept")
    snapshot = _snapshot(kept)
    try:
        target = Target.model_validate(_target(_plain(kept, TARGET), today))
        records = RECORDS_READER.validate_python(_plain(kept, RECORDS))
        incidents = _read_incidents(_plain(kept, INCIDENTS))
    except (ValidationError, ValueError, TypeError, KeyError, LookupError):
        raise Lost("its settings or records cannot be read by this version of pytest-zebu") from None
    return Evidence(target, snapshot.gathered, records, past, incidents), snapshot


def reasons_of(kept: Kept) -> dict[str, str]:
    """Why each item came out as it did, as the run said; nothing where that is not kept."""
    try:
        found = _plain(kept, REASONS)
    except Lost:
        return {}
    if type(found) is not dict:
        return {}
    return {item: reason for item, reason in found.items() if type(reason) is str}


def _snapshot(kept: Kept) -> Snapshot:
    text = kept.parts.get(SNAPSHOT, "")
    if sum(text.count(sign) for sign in ",[{") > MOST_VALUES:
        raise Lost("its evidence has more values than any snapshot")
    try:
        (found,) = snapshots.parse(text, Path("its evidence")).values()
    except (UsageProblem, ValueError):
        raise Lost("its evidence cannot be read by this version of pytest-zebu") from None
    return found


def _plain(kept: Kept, name: str) -> Any:
    text = kept.parts.get(name, "")
    if sum(text.count(sign) for sign in ",[{") > MOST_VALUES:
        raise Lost(f"its {name} have more values than there can be")
    try:
        return plainjson.loads(text)
    except plainjson.NoJson:
        raise Lost(f"its {name} cannot be read") from None


def _target(told: Any, today: Settings) -> Any:
    """What is told of a target, with its settings in the folder of today's."""
    where = {"folder": today.folder, "is_from_file": today.is_from_file}
    return {**told, "settings": {**told["settings"], **where}}


def _read_incidents(told: Any) -> Known[tuple[Incident, ...]] | Unknown:
    match told:
        case {"unknown": [str(reason), str(detail)]}:
            return Unknown(Reason(reason), detail)
        case {"known": list(found)}:
            return Known(INCIDENTS_READER.validate_python(found))
        case _:
            raise ValueError(told)
