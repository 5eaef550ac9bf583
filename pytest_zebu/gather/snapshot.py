"""What was gathered about one host, as a value: saved, read again, judged elsewhere."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict

from pytest_zebu.facts import ALL, plainjson
from pytest_zebu.facts.answer import Garbled, Reason, Said, Unknown, integer, part, plain_text
from pytest_zebu.facts.elsewhere import LATEST
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.facts.plainjson import LONGEST_NUMBER, MOST_DEEP, whole_text
from pytest_zebu.files import read_bytes, why, write_whole
from pytest_zebu.settings.errors import UsageProblem

SCHEMA = 1
MOST_BYTES, MOST_VALUES = 2**27, 3_000_000
"""Of a stranger's file. One host has half a mebibyte, and some ten thousand values."""
MOST_SAID = 2000
"""Characters of a reason."""
OWN_LIMIT = 2**22
"""Characters of an answer that no probe gives: the batch's own."""
CHECKOUTS = 16
"""So many times a probe may answer that is run in each checkout."""
DEEPEST = MOST_DEEP - 10
"""Of values within what came of a look: the file has a few more around it."""
SETTINGS_LIMIT, MOST_UNSEEN = 65_536, 200
"""Characters of the settings that were discovered, and how many keys were not."""
NAME = re.compile(r"(?:ssh://)?[\w\[][\w.:@%+\[\]-]{0,254}/?")
"""Names of hosts: those of settings, aliases of ssh and addresses; nothing that a shell, a path or a page reads otherwise."""
EFFORTS = ("processor", "docker_processor")
"""What a run took of the machine's processor, where that was told."""
_REASONS = frozenset(Reason)
_ODD = Unknown(Reason.GARBLED, "a value that is none")
TRIALS_AMONG_LOOKS = {
    "functional@here production": "use",
    "functional@here staging": "staged_use",
    "restore@here drill": "drill",
    "attack@here production": "attack",
}
"""Where the results of trials were before they had a table of their own: snapshots of then are still read."""


class Discovered(Struct, frozen=True):
    """What a run that was given no file found out by itself.

    Attributes:
        settings: a file's text, as it would be with what was seen.
        unseen: what was not to be seen: key, example, why.
    """

    settings: str
    unseen: tuple[tuple[str, str, str], ...] = ()


class Snapshot(Struct, frozen=True):
    """One gathering.

    Attributes:
        discovered: the settings that it was gathered with, where nobody had given any.
        reachable: whether ssh let us in.
        trouble: why not, in a line.
        seconds: how long gathering took.
        processor: seconds of the machine's processor that what we ran there took; nothing where it was not told.
        docker_processor: those that Docker took in that time, for us and for others: what we ran inside of containers is among them.
    """

    host: str
    gathered: Gathered
    reachable: bool
    trouble: str = ""
    logins: int = 0
    round_trips: int = 0
    seconds: float = 0.0
    processor: float | None = None
    docker_processor: float | None = None
    discovered: Discovered | None = None


class _Odd(ValueError):
    """A value that no snapshot can hold."""


def _plain(value: Any, depth: int = 0) -> Any:
    """A value as JSON has it: Unknown becomes a tagged table, and so does what no snapshot can hold.

    Raises:
        _Odd: values are nested too deep.
    """
    match value:
        case Unknown():
            return {"$unknown": value.reason.value, "detail": whole_text(value.detail)}
        case None | bool():
            return value
        case str():
            return whole_text(value)
        case int() if -(10 ** (LONGEST_NUMBER - 1)) < value < 10**LONGEST_NUMBER:  # a sign counts as a digit
            return value
        case float() if math.isfinite(value):
            return value
        case Mapping() | list() | tuple() if depth >= DEEPEST:
            raise _Odd
        case Mapping() if "$unknown" not in value:
            found = {whole_text(str(key)): _plain(item, depth + 1) for key, item in value.items()}
            return found if len(found) == len(value) else _plain(_ODD)
        case list() | tuple():
            return [_plain(item, depth + 1) for item in value]
        case _:
            return _plain(_ODD)


def entry(value: Any) -> Any:
    """What came of one look: nothing that came of it can lose the others."""
    try:
        return _plain(value)
    except (_Odd, RecursionError):
        return _plain(_ODD)


def rich(value: Any) -> Any:
    """What was read, with Unknown where it was tagged. Its depth is bounded by the reader of JSON."""
    match value:
        case {"$unknown": str(reason), "detail": str(detail), **more} if not more and reason in _REASONS:
            return Unknown(Reason(reason), plain_text(detail)[:MOST_SAID])
        case {"$unknown": _}:
            return _ODD
        case dict():
            return {key: rich(item) for key, item in value.items()}
        case list():
            return [rich(item) for item in value]
        case _:
            return value


def dump(snapshots: Mapping[str, Snapshot], indent: int | None = 1) -> str:
    """The text of a snapshot file. Whatever was gathered, it can be written and read again."""
    hosts: dict[str, dict[str, Any]] = {}
    for name, snapshot in snapshots.items():
        gathered = snapshot.gathered
        hosts[name] = {
            "host": snapshot.host,
            "gathered": {
                "time": gathered.time,
                "answers": {
                    key: entry(answer if isinstance(answer, Unknown) else asdict(answer))
                    for key, answer in gathered.answers.items()
                },
                "looks": {key: entry(seen) for key, seen in gathered.looks.items()},
                "trials": {key: entry(seen) for key, seen in gathered.trials.items()},
            },
            "reachable": snapshot.reachable,
            "trouble": whole_text(snapshot.trouble),
            "logins": snapshot.logins,
            "round_trips": snapshot.round_trips,
            "seconds": snapshot.seconds,
        }
        for key in EFFORTS:
            if (took := getattr(snapshot, key)) is not None:
                hosts[name][key] = took
        if (found := snapshot.discovered) is not None:
            hosts[name]["discovered"] = {
                "settings": whole_text(found.settings),
                "unseen": [[whole_text(part) for part in one] for one in found.unseen],
            }
    return json.dumps({"zebu_snapshot": SCHEMA, "hosts": hosts}, indent=indent)


def write(path: Path, snapshots: Mapping[str, Snapshot]) -> None:
    """Write a snapshot file at once: a reader sees all of it or nothing, and only its owner reads it.

    Raises:
        OSError: it cannot be written.
    """
    write_whole(path, dump(snapshots), is_private=True)


def read(path: Path, *, is_own: bool = False) -> dict[str, Snapshot]:
    """Read a snapshot file, which may be a stranger's. What is odd about one answer makes that answer unknown.

    Args:
        path: the file.
        is_own: whether this run wrote it: it has no bounds, so that no target can lose a run by what it says.

    Raises:
        UsageProblem: it is missing, no regular file, too large, cut short, damaged, or of another version.
    """
    try:
        return parse(path.read_text(encoding="utf-8") if is_own else _text(path), path, is_own=is_own)
    except FileNotFoundError:
        raise UsageProblem(f"{path}: no such snapshot (--zebu-save writes one)") from None
    except OSError as error:
        raise UsageProblem(f"{path}: the snapshot cannot be read: {why(error)}") from None
    except ValueError:  # no UTF-8; or a path that is none
        raise UsageProblem(f"{path}: no snapshot, or cut short: gather again with --zebu-save") from None


def parse(text: str, path: Path, *, is_own: bool = False) -> dict[str, Snapshot]:
    """The snapshots of a file's text; its path is named in complaints.

    Raises:
        UsageProblem: it is damaged, or of another version.
    """
    try:
        data = plainjson.loads(text)
    except plainjson.NoJson as error:
        raise UsageProblem(f"{path}: no snapshot, or cut short ({error}): gather again with --zebu-save") from None
    version = data.get("zebu_snapshot") if isinstance(data, dict) else None
    if type(version) is not int or version != SCHEMA:
        shown = plain_text(repr(version))[:40]
        raise UsageProblem(
            f"{path}: snapshot of version {shown}, this is for version {SCHEMA}: gather again with --zebu-save"
        )
    try:
        hosts = part(data, "hosts", dict)
        odd = next((name for name in hosts if not is_own and not NAME.fullmatch(name)), None)
        if odd is not None:
            raise Garbled(f"{ascii(odd)[:60]} is no name of a host")
        return {name: _snapshot(host, is_own) for name, host in hosts.items()}
    except Garbled as error:
        raise UsageProblem(f"{path}: the snapshot is damaged ({error}): gather again with --zebu-save") from None


def _text(path: Path) -> str:
    """The text of a file of which nothing is known: never more of it than its bounds.

    Raises:
        UsageProblem: it is packed, or has too many values.
        OSError, ValueError: it is no regular file, is too large, cannot be opened or read, or is no text.
    """
    return decoded(read_bytes(path, MOST_BYTES), path)


def decoded(data: bytes, path: Path) -> str:
    """The text of what may be a snapshot; the path is named in complaints.

    Raises:
        UsageProblem: it is packed, or has too many values.
        UnicodeDecodeError: it is no text.
    """
    if data.startswith(b"\x1f\x8b"):
        raise UsageProblem(f"{path}: is packed with gzip: unpack it first")
    if sum(data.count(sign) for sign in (b",", b"[", b"{")) > MOST_VALUES:
        raise UsageProblem(f"{path}: has more values than any snapshot ({MOST_VALUES:,})")
    return data.decode()


def _snapshot(data: Any, is_own: bool) -> Snapshot:
    """A host's part of the file.

    Raises:
        Garbled: a value is not there, of another kind, or none that can be.
    """
    gathered = part(data, "gathered", dict)
    time = gathered.get("time")
    if isinstance(time, bool) or not isinstance(time, int | float) or not 0 <= time < LATEST:
        raise Garbled("time is no moment")
    spent, processor, docker_processor = (_seconds(data, key) for key in ("seconds", *EFFORTS))
    answers = {name: _answer(name, answer, is_own) for name, answer in part(gathered, "answers", dict).items()}
    looks = {key: rich(seen) for key, seen in part(gathered, "looks", dict).items()}
    trials = {name: looks.pop(key) for key, name in TRIALS_AMONG_LOOKS.items() if key in looks}
    if "trials" in gathered:
        trials |= {name: rich(seen) for name, seen in part(gathered, "trials", dict).items()}
    return Snapshot(
        host=plain_text(part(data, "host", str))[:MOST_SAID],
        gathered=Gathered(answers, looks, float(time), trials),
        reachable=part(data, "reachable", bool),
        trouble=plain_text(str(data.get("trouble", "")))[:MOST_SAID],
        logins=integer(data.get("logins", 0), "logins"),
        round_trips=integer(data.get("round_trips", 0), "round_trips"),
        seconds=spent or 0.0,
        processor=processor,
        docker_processor=docker_processor,
        discovered=_discovered(data["discovered"]) if "discovered" in data else None,
    )


def _seconds(data: Mapping[str, Any], key: str) -> float | None:
    """A number of seconds; nothing where none is told.

    Raises:
        Garbled: it is none.
    """
    spent = data.get(key)
    if spent is None:
        return None
    if isinstance(spent, bool) or not isinstance(spent, int | float) or not 0 <= spent < LATEST:
        raise Garbled(f"{key} is no number of them")
    return float(spent)


def _discovered(data: Any) -> Discovered:
    """What was found to be declared.

    Raises:
        Garbled: it has another shape.
    """
    settings = part(data, "settings", str)
    if len(settings) > SETTINGS_LIMIT:
        raise Garbled("settings that were discovered have an end")
    unseen = []
    for one in part(data, "unseen", list)[:MOST_UNSEEN]:
        if not isinstance(one, list) or len(one) != 3 or not all(isinstance(text, str) for text in one):
            raise Garbled("what was not discovered has a key, an example and a reason")
        key, example, reason = (plain_text(text)[:MOST_SAID] for text in one)
        unseen.append((key, example, reason))
    return Discovered(settings, tuple(unseen))


@cache
def _limits() -> Mapping[str, int]:
    probes = {probe for fact in ALL.values() for probe in fact.probes}
    return {probe.name: 2 * probe.limit * (CHECKOUTS if probe.each else 1) for probe in probes}


def _answer(name: str, told: Any, is_own: bool) -> Said | Unknown:
    """One answer: its texts are cleaned and bounded as those are that come from a machine."""
    match told:
        case {"$unknown": _}:
            found: Said | Unknown = rich(told)
            return found
        case {"status": int(status), "out": str(out), "err": str(err)} if type(status) is int and abs(status) < 2**31:
            if not is_own and len(out) + len(err) > _limits().get(name, OWN_LIMIT):
                return Unknown(
                    Reason.GARBLED, f"{plain_text(name)[:80]}: the snapshot has more of it than is ever kept"
                )
            return Said(status, plain_text(out), plain_text(err))
        case _:
            return Unknown(Reason.GARBLED, f"{plain_text(name)[:80]}: the snapshot has another shape than known")
