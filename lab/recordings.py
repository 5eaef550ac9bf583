"""What a proof was judged from, as readable files: the healthy lab whole, and of every other case what differs from it.

A recording can be judged anywhere: through parse, judgement, settle and readiness, without root, lab or network.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

from msgspec import Struct, field
from msgspec.structs import asdict, replace

from lab.place import REPOSITORY
from pytest_zebu.catalogue import load
from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Known, Reason, Said, Unknown
from pytest_zebu.facts.fact import OWN_ANSWERS, Gathered, Look, Probe, Trial, key_values
from pytest_zebu.files import write_whole
from pytest_zebu.gather.ssh import program
from pytest_zebu.memory.history import Past, PastRun
from pytest_zebu.people import attestations, incidents
from pytest_zebu.plugin.judge import Evidence
from pytest_zebu.settings import read as read_settings
from pytest_zebu.settings.target import Target
from pytest_zebu.verdict.outcome import Outcome

JUDGED = REPOSITORY / "tests/judged"
HEALTHY = "healthy"
REAL = "real"
"""The arrangement with the real project's habits: whole, like the healthy lab."""
LAB_FOLDER = "@LAB@"
"""Stands for the lab's folder in settings and answers."""
RENEW = "zebu lab record"
SETTINGS, ATTESTATIONS, TRUST = "zebu.toml", "attestations.toml", "trust.pem"


class Unfit(Exception):
    """A recording does not fit what is asked today; the text names the command that renews it."""


class Case(Struct, frozen=True):
    """A recording.

    Attributes:
        id: folder and name, such as `pre.security.ssh.no-passwords/dropin_sorts_first`.
        about: what the case is, in a line or two.
        outcomes: what must come of it: of each item that is otherwise than on the healthy lab, or, where the machine is
            another one, of each item that the case is about; of several outcomes each is right.
        is_whole: whether all other items must be as on the healthy lab.
        without: of the healthy lab, what is otherwise where an active probe is not asked for, by probe.
        wrong_today: what comes of it today and is known to be wrong; empty where all is right.
        right_for: items for which the arrangement is odd but right.
        time: when it was gathered, in seconds since the epoch, by the machine's clock; 0 for the healthy lab's.
        active: the active probes that were asked for.
        settings: replacements in the healthy lab's settings.
        answers: what the probes answered that answered otherwise.
        looks: what was seen otherwise; nothing stands for a look that was not made.
        trials: what came of active probes, by the name of the fact.
        files: files beside the settings: whole texts; nothing stands for one that is not there.
        past: earlier runs, where they are others.
        fits: what each answer and look was an answer to: the fingerprint of its question.
    """

    id: str
    about: str
    outcomes: Mapping[str, tuple[Outcome, ...]] = field(default_factory=dict)
    is_whole: bool = True
    without: Mapping[str, Mapping[str, Outcome]] = field(default_factory=dict)
    wrong_today: str = ""
    right_for: tuple[str, ...] = ()
    time: float = 0.0
    active: frozenset[str] = frozenset()
    settings: tuple[tuple[str, str], ...] = ()
    answers: Mapping[str, Said | Unknown] = field(default_factory=dict)
    looks: Mapping[str, Any] = field(default_factory=dict)
    trials: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str | None] = field(default_factory=dict)
    past: tuple[PastRun, ...] | None = None
    fits: Mapping[str, str] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """Where it is kept."""
        return JUDGED / f"{self.id}.json"


# Questions


def question_of(probe: Probe) -> str:
    """The fingerprint of what a probe asks: its recorded answers fit nothing else."""
    environment = [f"{name}={_code(value)}" for name, value in sorted(probe.environment.items())]
    flags = (probe.root, probe.owner, probe.dotenv, probe.secrets, probe.host)
    where = [*(["each"] if probe.each else []), *([_code(probe.program), *probe.told] if probe.within else [])]
    return _digest(
        [probe.interpreter, _code(probe.text), *environment, *(need.name for need in probe.needs), *flags, *where]
    )


def _code(script: str) -> str:
    """A script without what changes nothing: indentation, empty lines, lines of comment."""
    lines = (line.strip() for line in script.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("#"))


def question_of_look(look: Look, folder: Path) -> str:
    """The fingerprint of what is looked at, and how."""
    asked = json.dumps([look.kind, look.subject, look.vantage, look.arguments], sort_keys=True, default=str)
    return _digest([asked.replace(str(folder), LAB_FOLDER)])


def question_of_trial(trial: Trial, folder: Path) -> str:
    """The fingerprint of what is tried, and what is asked meanwhile."""
    plan = json.dumps([type(trial).__name__, asdict(trial)], sort_keys=True, default=str)
    return _digest([plan.replace(str(folder), LAB_FOLDER), *map(question_of, trial.probes)])


def trials_of(target: Target) -> dict[str, Trial]:
    """The active probes that would be held, by the name of their fact."""
    plans = {name: fact.trial(target) for name, fact in ALL.items() if fact.trial is not None}
    return {name: plan for name, plan in plans.items() if isinstance(plan, Trial)}


def _unasked(target: Target) -> frozenset[str]:
    """The looks that are made only where active probes are asked for, and are not."""
    active = target.model_copy(update={"active": frozenset({"functional", "restore", "attack"})})

    def keys(one: Target) -> frozenset[str]:
        return frozenset(look.key for fact in ALL.values() for look in fact.looks(one))

    return keys(active) - keys(target)


def fits_of_trials(case: Case, target: Target, folder: Path) -> dict[str, str]:
    """The fingerprints of the active probes whose results a case holds."""
    plans = trials_of(target)
    return {f"trial {name}": question_of_trial(plans[name], folder) for name in case.trials if name in plans}


def _digest(parts: Iterable[object]) -> str:
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:12]


@cache
def questions() -> Mapping[str, str]:
    """The fingerprints of everything that is asked of machines today, by the name of the answer."""
    found = {probe.name: question_of(probe) for fact in ALL.values() for probe in fact.probes}
    # What is hidden of an answer makes no other question of it.
    far_side = program(patterns="").decode()
    return MappingProxyType(found | dict.fromkeys(OWN_ANSWERS, _digest([_code(far_side)])))


# Reading and writing


def _unknown(value: Mapping[str, Any]) -> Unknown:
    return Unknown(Reason(value["$unknown"]), value["detail"])


def plain(value: Any) -> Any:
    match value:
        case Unknown():
            return {"$unknown": value.reason.value, "detail": value.detail}
        case Mapping():
            return {key: plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case _:
            return value


def _rich(value: Any) -> Any:
    match value:
        case {"$unknown": _}:
            return _unknown(value)
        case dict():
            return {key: _rich(item) for key, item in value.items()}
        case list():
            return [_rich(item) for item in value]
        case _:
            return value


_PIECE = re.compile(r"[^\n]*?(?:\}, ?|\n|\Z)")
"""A line; of one that is JSON, an object of it."""


def _pieces(text: str) -> list[str]:
    return [piece for piece in _PIECE.findall(text) if piece]


def _changes(old: str, new: str) -> list[dict[str, Any]] | None:
    """What is otherwise in a text, as far as that is shorter than the text."""
    before, after = _pieces(old), _pieces(new)
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    changes: list[dict[str, Any]] = [
        {"at": first, "was": before[first:last], "is": after[start:end]}
        for kind, first, last, start, end in matcher.get_opcodes()
        if kind != "equal"
    ]
    size = sum(len(piece) for change in changes for key in ("was", "is") for piece in change[key])
    return changes if size < len(new) else None


def _with_changes(old: str, changes: Sequence[Mapping[str, Any]], what: str) -> str:
    pieces = _pieces(old)
    for change in reversed(changes):
        first, last = change["at"], change["at"] + len(change["was"])
        if pieces[first:last] != change["was"]:
            raise Unfit(f"{what} was recorded over another healthy lab: {RENEW}")
        pieces[first:last] = change["is"]
    return "".join(pieces)


def _answer_out(answer: Said | Unknown, base: Said | Unknown | None) -> dict[str, Any]:
    if isinstance(answer, Unknown):
        return {"$unknown": answer.reason.value, "detail": answer.detail}
    told: dict[str, Any] = {"status": answer.status}
    changes = _changes(base.out, answer.out) if isinstance(base, Said) else None
    told |= {"changes": changes} if changes is not None else {"out": answer.out.split("\n")}
    return told | ({"err": answer.err.split("\n")} if answer.err else {})


def _answer_in(told: Mapping[str, Any], base: Said | Unknown | None, what: str) -> Said | Unknown:
    if "$unknown" in told:
        return _unknown(told)
    err = "\n".join(told.get("err", ()))
    if "out" in told:
        return Said(told["status"], "\n".join(told["out"]), err)
    if not isinstance(base, Said):
        raise Unfit(f"{what} changes what the healthy lab has not: {RENEW}")
    return Said(told["status"], _with_changes(base.out, told["changes"], what), err)


def _past_out(run: PastRun) -> dict[str, Any]:
    by_outcome: dict[str, list[str]] = {}
    for item_id, outcome in run.outcomes.items():
        by_outcome.setdefault(outcome.value, []).append(item_id)
    return {
        "at": run.at.isoformat(), "version": run.version, "is_partial": run.is_partial, "outcomes": by_outcome,
        "measures": dict(run.measures),
    }  # fmt: skip


def _past_in(told: Mapping[str, Any]) -> PastRun:
    outcomes = {item_id: Outcome(word) for word, items in told["outcomes"].items() for item_id in items}
    at = datetime.fromisoformat(told["at"])
    return PastRun(at, told["version"], told["is_partial"], outcomes, told["measures"])


def text_of(case: Case, base: Case | None) -> str:
    """A recording as it is kept; the same recording is always the same text."""
    known = base.answers if base else {}
    data: dict[str, Any] = {"about": case.about.split("\n")}
    if not case.is_whole:
        data["is_whole"] = False
    if case.outcomes or base is None:
        data["outcomes"] = {item_id: " or ".join(case.outcomes[item_id]) for item_id in sorted(case.outcomes)}
    parts: tuple[tuple[str, Any], ...] = (
        ("without", {probe: {key: found[key].value for key in sorted(found)} for probe, found in case.without.items()}),
        ("wrong_today", case.wrong_today),
        ("right_for", list(case.right_for)),
        ("time", case.time),
        ("active", sorted(case.active)),
        ("settings", [list(pair) for pair in case.settings]),
        ("files", {name: text and text.split("\n") for name, text in case.files.items()}),
        ("past", [_past_out(run) for run in case.past] if case.past is not None else None),
        ("answers", {name: _answer_out(answer, known.get(name)) for name, answer in sorted(case.answers.items())}),
        ("looks", {key: plain(case.looks[key]) for key in sorted(case.looks)}),
        ("trials", {key: plain(case.trials[key]) for key in sorted(case.trials)}),
        ("fits", {key: case.fits[key] for key in sorted(case.fits)}),
    )
    for name, value in parts:
        if value or (name == "past" and value is not None):
            data[name] = value
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def write(case: Case, base: Case | None) -> bool:
    """Keep a recording; whether it is otherwise than the one that was kept."""
    text = text_of(case, base)
    is_new = not case.path.exists() or case.path.read_text(encoding="utf-8") != text
    if is_new:
        write_whole(case.path, text)
    return is_new


def read(path: Path, base: Case | None) -> Case:
    """Read a recording, over the healthy lab's.

    Raises:
        Unfit: it was recorded over another one.
    """
    data = json.loads(path.read_text(encoding="utf-8"))
    case_id = str(path.relative_to(JUDGED).with_suffix(""))
    known = base.answers if base else {}
    answers = {
        name: _answer_in(told, known.get(name), f"{case_id}: {name}") for name, told in data.get("answers", {}).items()
    }
    return Case(
        id=case_id,
        about="\n".join(data["about"]),
        outcomes={
            item_id: tuple(map(Outcome, words.split(" or "))) for item_id, words in data.get("outcomes", {}).items()
        },
        is_whole=data.get("is_whole", True),
        without={
            probe: {key: Outcome(word) for key, word in found.items()}
            for probe, found in data.get("without", {}).items()
        },
        wrong_today=data.get("wrong_today", ""),
        right_for=tuple(data.get("right_for", ())),
        time=data.get("time", 0.0),
        active=frozenset(data.get("active", ())),
        settings=tuple((old, new) for old, new in data.get("settings", ())),
        answers=answers,
        looks=_rich(data.get("looks", {})),
        trials=_rich(data.get("trials", {})),
        files={name: lines and "\n".join(lines) for name, lines in data.get("files", {}).items()},
        past=tuple(map(_past_in, data["past"])) if "past" in data else None,
        fits=data.get("fits", {}),
    )


def case_files() -> Iterator[Path]:
    """Every recording but the healthy lab's."""
    return (path for path in sorted(JUDGED.glob("*/*.json")))


def read_real() -> Case:
    """The arrangement with the real project's habits."""
    return read(JUDGED / f"{REAL}.json", None)


def read_healthy() -> Case:
    """The healthy lab."""
    return read(JUDGED / f"{HEALTHY}.json", None)


# Judging


def over(base: Case, case: Case) -> Case:
    """A case with all that it was judged from: the healthy lab, and what differs."""
    text = base.files[SETTINGS] or ""
    for old, new in case.settings:
        if old not in text:
            raise Unfit(f"{case.id}: the healthy lab's settings have no {old!r}: {RENEW} {case.id}")
        text = text.replace(old, new)
    return replace(
        case,
        time=case.time or base.time,
        answers={**_of_the_time(base.answers, case), **case.answers},
        looks={key: value for key, value in {**base.looks, **case.looks}.items() if value is not None},
        trials={**base.trials, **case.trials},
        files={**base.files, **case.files, SETTINGS: text},
        past=base.past if case.past is None else case.past,
        fits={**base.fits, **case.fits},
    )


def _of_the_time(answers: Mapping[str, Said | Unknown], case: Case) -> Mapping[str, Said | Unknown]:
    """The healthy lab's answers, as its machine would have told the time when the case was gathered."""
    host = answers.get("zebu.host")
    if not case.time or not isinstance(host, Said):
        return answers
    told = re.sub(r"^time=.*$", f"time={int(case.time)}", host.out, flags=re.MULTILINE)
    return {**answers, "zebu.host": replace(host, out=told)}


def evidence(whole: Case, folder: Path) -> Evidence:
    """All that is known of the host of a case, with its files in a folder."""
    for name, text in whole.files.items():
        if text is not None:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.replace(LAB_FOLDER, str(folder)), encoding="utf-8")
    settings = read_settings(folder / SETTINGS)
    target = Target(name="lab", host=settings.hosts["lab"], settings=settings, active=whole.active)
    records = attestations.read(settings.attestations_file, load(), required=False, approved=settings.evidence.approved)
    # What was not asked for has no result, and says why.
    held = {name: result for name, result in whole.trials.items() if name in trials_of(target)}
    unasked = _unasked(target)
    looks = {key: seen for key, seen in whole.looks.items() if key not in unasked}
    return Evidence(
        target=target,
        gathered=Gathered(whole.answers, looks, _time(whole), held),
        records=records,
        past=Known(Past(whole.past or ())),
        incidents=Known(incidents.read_all(settings.incidents_folder, load())),
    )


def _time(whole: Case) -> float:
    """When it was gathered, by the clock of the machine that said it: what is laid over another case may have been said later."""
    host = whole.answers.get("zebu.host")
    return float(key_values(host.out).get("time", whole.time)) if isinstance(host, Said) else whole.time


@dataclass(frozen=True)
class Healthy:
    """The healthy lab, judged once: what other cases do not touch needs not be judged again."""

    case: Case
    folder: Path

    @cached_property
    def evidence(self) -> Evidence:
        """All that is known of it."""
        return evidence(self.case, self.folder)

    def outcomes(self, active: frozenset[str]) -> dict[str, Outcome]:
        """What is to come of it, by what was asked for."""
        found = {item_id: outcome for item_id, (outcome,) in self.case.outcomes.items()}
        for probe in self.case.active - active:
            found |= self.case.without[probe]
        return found

    def expected(self, case: Case) -> dict[str, tuple[Outcome, ...]]:
        """What must come of a case."""
        if not case.is_whole:
            return dict(case.outcomes)
        return {**{item_id: (outcome,) for item_id, outcome in self.outcomes(case.active).items()}, **case.outcomes}


def looks_of(evidence: Evidence) -> dict[str, Look]:
    """Every look that would be made, by its key, as far as what was answered tells."""
    target, gathered = evidence.target, evidence.gathered
    found: dict[str, Look] = {}
    for fact in ALL.values():
        for look in (*fact.looks(target), *fact.then(gathered, target), *fact.alone(gathered, target)):
            known = found.get(look.key)
            if known is None or known.extent <= look.extent:
                found[look.key] = look
    return found
