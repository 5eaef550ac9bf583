"""What was gathered about one host, as a value: saved, read again, judged elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pytest_zebu.facts.answer import Reason, Said, Unknown
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.files import write_whole
from pytest_zebu.settings.errors import UsageProblem

SCHEMA = 1
TRIALS_AMONG_LOOKS = {
    "functional@here production": "use",
    "functional@here staging": "staged_use",
    "restore@here drill": "drill",
    "attack@here production": "attack",
}
"""Where the results of trials were before they had a table of their own: snapshots of then are still read."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One gathering.

    Attributes:
        reachable: whether ssh let us in.
        trouble: why not, in a line.
        seconds: how long gathering took.
    """

    host: str
    gathered: Gathered
    reachable: bool
    trouble: str = ""
    logins: int = 0
    round_trips: int = 0
    seconds: float = 0.0


def _plain(value: Any) -> Any:
    """Unknown inside plain data becomes a tagged table."""
    if isinstance(value, Unknown):
        return {"$unknown": value.reason.value, "detail": value.detail}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _rich(value: Any) -> Any:
    if isinstance(value, dict):
        if "$unknown" in value:
            return Unknown(Reason(value["$unknown"]), value["detail"])
        return {key: _rich(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rich(item) for item in value]
    return value


def dump(snapshots: Mapping[str, Snapshot]) -> str:
    """The text of a snapshot file."""
    hosts = {}
    for name, snapshot in snapshots.items():
        data = asdict(snapshot)
        answers = {
            key: _plain(answer) if isinstance(answer, Unknown) else asdict(answer)
            for key, answer in snapshot.gathered.answers.items()
        }
        data["gathered"] = {
            "time": snapshot.gathered.time,
            "answers": answers,
            "looks": _plain(snapshot.gathered.looks),
            "trials": _plain(snapshot.gathered.trials),
        }
        hosts[name] = data
    return json.dumps({"zebu_snapshot": SCHEMA, "hosts": hosts}, indent=1)


def write(path: Path, snapshots: Mapping[str, Snapshot]) -> None:
    """Write a snapshot file at once: a reader sees all of it or nothing, and only its owner reads it.

    Raises:
        OSError: it cannot be written.
    """
    write_whole(path, dump(snapshots), is_private=True)


def read(path: Path) -> dict[str, Snapshot]:
    """Read a snapshot file.

    Raises:
        UsageProblem: it is missing, cut short, or of another version.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageProblem(f"{path}: no such snapshot (--zebu-save writes one)") from None
    except (OSError, ValueError):
        raise UsageProblem(f"{path}: no snapshot, or cut short: gather again with --zebu-save") from None
    version = data.get("zebu_snapshot") if isinstance(data, dict) else None
    if version != SCHEMA:
        raise UsageProblem(
            f"{path}: snapshot of version {version!r}, this is for version {SCHEMA}: gather again with --zebu-save"
        )
    try:
        return {name: _snapshot(host) for name, host in data["hosts"].items()}
    except (KeyError, TypeError, ValueError, AttributeError):
        raise UsageProblem(f"{path}: the snapshot is damaged: gather again with --zebu-save") from None


def _snapshot(data: dict[str, Any]) -> Snapshot:
    gathered = data.pop("gathered")
    answers: dict[str, Said | Unknown] = {}
    for name, answer in gathered["answers"].items():
        answers[name] = _rich(answer) if "$unknown" in answer else Said(**answer)
    looks = _rich(gathered["looks"])
    trials = {name: looks.pop(key) for key, name in TRIALS_AMONG_LOOKS.items() if key in looks}
    trials |= _rich(gathered.get("trials", {}))
    return Snapshot(**data, gathered=Gathered(answers, looks, float(gathered["time"]), trials))
