"""Records what each proof is judged from, on the live lab: `zebu lab record`. What is kept is judged before it is kept."""

from __future__ import annotations

import inspect
import json
import multiprocessing
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

from msgspec.structs import replace

from lab import recordings
from lab.blindfolds import BLINDFOLDS, Blindfold
from lab.changes import override, recreate, remember_earlier_run
from lab.deployment import Lab
from lab.fault import Fault
from lab.proofs import load_faults, merged, outcomes_of
from lab.recordings import ATTESTATIONS, HEALTHY, LAB_FOLDER, REAL, SETTINGS, TRUST, Case, Healthy, Unfit
from lab.settled import settle, settle_healthy
from lab.shell import LabError
from pytest_zebu.catalogue import load
from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Said, Unknown
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.gather import snapshot as snapshots
from pytest_zebu.gather.gathering import gather
from pytest_zebu.gather.lab import RunningLab
from pytest_zebu.gather.ssh import Connection
from pytest_zebu.memory import history
from pytest_zebu.plugin.checks import suite
from pytest_zebu.plugin.judge import Evidence
from pytest_zebu.settings import read as read_settings
from pytest_zebu.settings.target import Target
from pytest_zebu.verdict.outcome import Outcome

T = TypeVar("T")
ACTIVE = frozenset({"functional", "restore"})
CLOCK = "zebu.host"
"""The answer that tells the machine's time."""
PICTURE = re.compile(r"^/9j/[A-Za-z0-9+/=]{200,}$")
"""A JPEG in base64. Nothing is judged by it, so it is not kept."""
SECRET_NAME = re.compile(r"(?!\w*PUBLISHABLE)\w*(KEY|PASSWORD|SECRET|TOKEN)\w*=")
SHORTEST_SECRET = 8
GATHER_SECONDS = 240


BROWSER = frozenset({"pages", "loads", "screens"})
"""Facts of one visit, which sees as much as the most curious of them asks for."""
QUICK = frozenset(ALL) - BROWSER - {"latency"}
"""The facts that are gathered of every case: those that take long only where the case is about them."""


class Traced(Mapping[str, T], Generic[T]):
    """A mapping that notes what was asked of it."""

    def __init__(self, inner: Mapping[str, T], asked: set[str]) -> None:
        self.inner, self.asked = inner, asked

    def __getitem__(self, key: str) -> T:
        self.asked.add(key)
        return self.inner[key]

    def __iter__(self) -> Iterator[str]:
        self.asked |= self.inner.keys()
        return iter(self.inner)

    def __len__(self) -> int:
        return len(self.inner)


def facts_of(items: Iterable[str]) -> set[str]:
    """The facts that the checks of items ask for."""
    checks = (suite()[item_id] for item_id in items if item_id in suite())
    return {name for check in checks for name in inspect.signature(check).parameters if name in ALL}


def read_by(facts: Iterable[str], evidence: Evidence) -> set[str]:
    """The answers and looks that facts are read from."""
    asked: set[str] = set()
    gathered = evidence.gathered
    traced = replace(gathered, answers=Traced(gathered.answers, asked), looks=Traced(gathered.looks, asked))
    for name in facts:
        ALL[name].read(traced, evidence.target)
    return asked


def _shape(value: Any) -> str:
    """A value without its numbers: what is otherwise only in these may be the time of day."""
    text = json.dumps(recordings.plain(value), sort_keys=True, default=str)
    return re.sub(r"[0-9a-f]{12,}|\d+", "#", text)


def without_pictures(value: Any) -> Any:
    """Plain data without pictures."""
    match value:
        case str() if PICTURE.match(value):
            return ""
        case Unknown():
            return value
        case Mapping():
            return {key: without_pictures(item) for key, item in value.items()}
        case list() | tuple():
            return [without_pictures(item) for item in value]
        case _:
            return value


@dataclass(slots=True)
class Recorder:
    """Records cases of one lab.

    Attributes:
        tell: where progress goes.
        changed: the cases that are otherwise than what was kept.
        troubles: by case, why it could not be recorded.
    """

    lab: Lab
    tell: Callable[[str], None]
    changed: list[str] = field(default_factory=list)
    troubles: dict[str, str] = field(default_factory=dict)
    _secrets: tuple[str, ...] = ()

    @property
    def _folder(self) -> Path:
        return self.lab.place.folder

    # Gathering

    def _target(self, text: str, folder: Path, active: frozenset[str]) -> Target:
        path = folder / SETTINGS
        path.write_text(text)
        settings = read_settings(path)
        return Target.model_validate(
            {"name": "lab", "host": settings.hosts["lab"], "settings": settings, "active": active}
        )

    def _gather(self, target: Target, facts: Iterable[str]) -> Gathered:
        """Gather in a process of its own, which steps into the lab."""
        with tempfile.TemporaryDirectory(prefix="zebu-record-") as name:
            path = Path(name) / "gathered.json"

            def work() -> None:
                RunningLab.find().enter()
                connection = Connection(target)
                try:
                    found = gather(target, [ALL[fact] for fact in sorted(facts)], connection, lambda text: None)
                finally:
                    connection.close()
                snapshots.write(path, {target.name: found})

            process = multiprocessing.get_context("fork").Process(target=work)
            process.start()
            process.join(GATHER_SECONDS)
            if process.exitcode != 0:
                process.kill()
                raise LabError("gathering broke")
            found = snapshots.read(path)[target.name].gathered
        looks = {key: self._anonymous(without_pictures(look)) for key, look in found.looks.items()}
        answers = {key: self._anonymous(answer) for key, answer in found.answers.items()}
        return Gathered(answers, looks, found.time, self._anonymous(found.trials))

    def _anonymous(self, value: Any) -> Any:
        """Without the lab's own folder."""
        match value:
            case str():
                return value.replace(str(self._folder), LAB_FOLDER)
            case Said():
                return Said(value.status, self._anonymous(value.out), self._anonymous(value.err))
            case Unknown():
                return Unknown(value.reason, self._anonymous(value.detail))
            case Mapping():
                return {key: self._anonymous(item) for key, item in value.items()}
            case list() | tuple():
                return [self._anonymous(item) for item in value]
            case _:
                return value

    def _files(self) -> dict[str, str]:
        """What people wrote beside the settings."""
        attested = self._folder / ATTESTATIONS
        found = {ATTESTATIONS: attested.read_text()} if attested.exists() else {}
        for path in sorted((self._folder / "incidents").glob("*.md")):
            found[f"incidents/{path.name}"] = path.read_text()
        return found

    def _settings(self, replacements: Sequence[tuple[str, str]]) -> str:
        """The lab's settings, with replacements."""
        text = self._anonymous((self._folder / SETTINGS).read_text())
        for old, new in replacements:
            if old not in text:
                raise LabError(f"the lab's settings have no {old!r}")
            text = text.replace(old, new)
        return str(text).replace(LAB_FOLDER, str(self._folder))

    def _case(
        self, case_id: str, about: str, facts: Iterable[str], *, active: frozenset[str],
        settings: Sequence[tuple[str, str]] = (),
    ) -> Case:  # fmt: skip
        """Everything that a case is judged from, whole."""
        text = self._settings(settings)
        with tempfile.TemporaryDirectory(prefix="zebu-record-") as name:
            target = self._target(text, Path(name), active)
            gathered = self._gather(target, facts)
            moment = datetime.fromtimestamp(gathered.time, UTC)
            past = history.read(target.settings.history_file, "lab", moment)
        return Case(
            id=case_id,
            about=about,
            time=gathered.time,
            active=active,
            settings=tuple(settings),
            answers=gathered.answers,
            looks=gathered.looks,
            trials={name: result for name, result in gathered.trials.items() if name in recordings.trials_of(target)},
            files=self._files(),
            past=past.runs,
        )

    # The healthy lab

    def healthy(self) -> None:
        """Record the healthy lab, which earlier runs have seen: everything is kept."""
        remember_earlier_run(self.lab)
        found = self._whole(HEALTHY, "The lab as `zebu lab up` leaves it.", ACTIVE)
        with tempfile.TemporaryDirectory() as name:
            evidence = recordings.evidence(found, Path(name))
            outcomes = {item.id: evidence.judge(item.id).outcome for item in load()}
            without = {probe: self._without(found, probe, outcomes, Path(name)) for probe in sorted(ACTIVE)}
            fits = self._fits(evidence, found, Path(name))
        bad = {item_id for item_id, outcome in outcomes.items() if outcome in (Outcome.FAILED, Outcome.NOT_ASSESSED)}
        if bad:
            raise LabError(f"the lab is not healthy: {', '.join(sorted(bad))}")
        settled = {item_id: (outcome,) for item_id, outcome in outcomes.items()}
        self._keep(replace(found, outcomes=settled, without=without, fits=fits), None)

    def _whole(self, case_id: str, about: str, active: frozenset[str]) -> Case:
        """An arrangement as `zebu lab up` leaves it, with everything that it is judged from."""
        self.lab.write_access()
        found = self._case(case_id, about, ALL, active=active)
        text = self._anonymous((self._folder / SETTINGS).read_text())
        return replace(found, files={**found.files, SETTINGS: text, TRUST: (self._folder / TRUST).read_text()})

    def real(self) -> None:
        """Record the arrangement with the real project's habits, seen for the first time; what is right of it is written elsewhere."""
        self.lab.reset()  # whoever looked at it before has warmed it
        found = self._whole(REAL, "The lab as `zebu lab up --like real` leaves it.", frozenset({"restore"}))
        found = replace(found, past=())
        with tempfile.TemporaryDirectory() as name:
            evidence = recordings.evidence(found, Path(name))
            self._keep(replace(found, fits=self._fits(evidence, found, Path(name))), None)

    def _without(self, found: Case, probe: str, outcomes: Mapping[str, Outcome], folder: Path) -> dict[str, Outcome]:
        """What is otherwise where an active probe is not asked for."""
        asked = recordings.over(found, Case(id=probe, about="", active=found.active - {probe}))
        evidence = recordings.evidence(asked, folder)
        now = {item_id: evidence.judge(item_id).outcome for item_id in outcomes}
        return {item_id: outcome for item_id, outcome in now.items() if outcome is not outcomes[item_id]}

    def _fits(self, evidence: Evidence, case: Case, folder: Path) -> dict[str, str]:
        asked = recordings.questions()
        looks = recordings.looks_of(evidence)
        return {
            key: asked[key] if key in asked else recordings.question_of_look(looks[key], folder)
            for key in (*case.answers, *case.looks)
            if key in asked or key in looks
        } | recordings.fits_of_trials(case, evidence.target, folder)

    # Other cases

    def fault(self, base: Healthy, fault: Fault) -> None:
        """Record a fault, alone."""
        items = {*fault.flips, *fault.right_for, fault.item}
        changes = outcomes_of(fault)
        facts = facts_of(items | changes.keys())
        facts |= BROWSER if facts & BROWSER else frozenset()
        right = fault.right_for or (frozenset({fault.item}) if fault.is_odd_but_right else frozenset())
        self._write_people(base)
        with broken(self.lab, fault):
            # First what its own items are read from, which is soon had; more where that alone makes no sense.
            for asked in (facts, facts | QUICK):
                found = self._case(fault.id, fault.text, asked, active=frozenset(fault.probes), settings=fault.settings)
                try:
                    self.keep_difference(base, replace(found, right_for=tuple(sorted(right))), changes, items)
                    return
                except LabError as error:
                    trouble = str(error)
        raise LabError(trouble)

    def _write_people(self, base: Healthy) -> None:
        """What people wrote, as on the healthy lab: runs before this one may have attested more."""
        (self._folder / ATTESTATIONS).write_text(base.case.files[ATTESTATIONS] or "")

    def blindfold(self, base: Healthy, one: Blindfold) -> None:
        """Record the lab through a blindfold."""
        self._write_people(base)
        with one.on(self.lab):
            found = self._case(one.id, one.text, ALL, active=frozenset(one.probes), settings=one.settings)
        self.keep_difference(base, replace(found, is_whole=one.is_whole), one.outcomes, one.outcomes)

    def keep_difference(self, base: Healthy, found: Case, changes: Mapping[str, Outcome], items: Iterable[str]) -> None:
        """Keep what differs from the healthy lab, as little of it as what must come of it needs.

        First that is tried from which the case's own items are read. What differs in numbers only may be the time of
        day: it is kept where the case needs it, or where there is nothing else. Where other items come out otherwise,
        since what they are read from does not belong together any more, that is kept too.

        Raises:
            LabError: the difference does not make what must come of it.
        """
        healthy = base.outcomes(found.active)
        outcomes = {item_id: (outcome,) for item_id, outcome in changes.items() if healthy[item_id] is not outcome}
        asked = recordings.over(base.case, Case(id=found.id, about="", active=found.active))
        before: dict[str, Any] = {**asked.answers, **asked.looks}
        now: dict[str, Any] = {**found.answers, **found.looks, **dict.fromkeys(self._gone(base, found))}
        other = {key for key, value in now.items() if value != before.get(key) or key not in before}
        shaped = {key for key in other if _shape(now[key]) != _shape(before.get(key))}
        files = {name: text for name, text in found.files.items() if text != base.case.files.get(name)}
        gone = {name for name in base.case.files if name not in (SETTINGS, TRUST) and name not in found.files}
        case = replace(
            found, outcomes=outcomes, files={**files, **dict.fromkeys(gone)}, answers={}, looks={},
            trials={name: result for name, result in found.trials.items() if result != base.case.trials.get(name)},
            past=None if found.past == base.case.past else found.past,
        )  # fmt: skip
        is_otherwise = bool(case.files or case.settings or case.trials or case.past is not None)
        wrong = ["nothing is otherwise than when healthy"]
        for chosen in (shaped, other):
            keys = chosen & self._read_from(found, items)
            for _ in range(3):
                if outcomes and not keys and not is_otherwise:
                    break
                wrong = self._try_clocks(base, case, now, keys)
                if not wrong:
                    return
                more = keys | (other & self._read_from(found, (text.partition(" ")[0] for text in wrong)))
                if more == keys:
                    break
                keys = more
        raise LabError(f"judged from what differs, it comes out otherwise: {'; '.join(wrong)}")

    def _read_from(self, found: Case, items: Iterable[str]) -> set[str]:
        with tempfile.TemporaryDirectory() as name:
            files = {**found.files, SETTINGS: self._settings(found.settings)}
            evidence = recordings.evidence(replace(found, files=files), Path(name))
            return read_by(facts_of(items), evidence)

    def _try_clocks(self, base: Healthy, case: Case, now: Mapping[str, Any], keys: set[str]) -> list[str]:
        """Keep a case with some of what differs, at the healthy lab's time or at its own; else what is wrong with it."""
        wrong: list[str] = []
        for clock in (0.0, case.time):
            kept = keys | ({CLOCK} if clock else set())
            answers = {key: now[key] for key in kept if isinstance(now[key], Said) or key in base.case.answers}
            looks = {key: now[key] for key in kept if key not in answers}
            wrong = self._try(base, replace(case, time=clock, answers=answers, looks=looks))
            if not wrong:
                break
        return wrong

    def _gone(self, base: Healthy, found: Case) -> set[str]:
        """Looks that the healthy lab has, and that were not made though their facts were gathered."""
        whole = recordings.over(base.case, replace(found, answers=found.answers, looks={}))
        with tempfile.TemporaryDirectory() as name:
            evidence = recordings.evidence(whole, Path(name))
            wanted = recordings.looks_of(evidence).keys()
        kinds = {key.partition(" ")[0] for key in found.looks}
        return {
            key for key in base.case.looks
            if key not in found.looks and key not in wanted and key.partition(" ")[0] in kinds
        }  # fmt: skip

    def _try(self, base: Healthy, case: Case) -> list[str]:
        """Keep a case if it comes out right; else what comes out otherwise."""
        with tempfile.TemporaryDirectory() as name:
            evidence = recordings.evidence(recordings.over(base.case, case), Path(name))
            expected = base.expected(case)
            got = {item_id: evidence.judge(item_id) for item_id in expected}
            wrong = [
                f"{item_id} is {found.outcome} ({found.reason})"
                for item_id, found in got.items()
                if found.outcome not in expected[item_id]
            ]
            if not wrong:
                self._keep(replace(case, fits=self._fits(evidence, case, Path(name))), base.case)
        return wrong

    def _keep(self, case: Case, base: Case | None) -> None:
        text = recordings.text_of(case, base)
        if any(secret in text for secret in self.secrets()):
            raise LabError("a secret of the lab is in what was recorded: nothing was kept")
        if recordings.write(case, base):
            self.changed.append(case.id)

    def secrets(self) -> tuple[str, ...]:
        """The lab's secrets: none of them may be in a recording."""
        if not self._secrets:
            found = [value for name, value in self.lab.environment_of_vm().items() if SECRET_NAME.match(f"{name}=")]
            for path in [*(self._folder / "keys").iterdir(), *self._folder.glob("api-key")]:
                if path.suffix in ("", ".key", ".secret"):
                    found += path.read_text().splitlines()
            self._secrets = tuple(one for one in found if len(one) >= SHORTEST_SECRET and not one.startswith("-----"))
        return self._secrets


@contextmanager
def broken(lab: Lab, fault: Fault) -> Iterator[None]:
    """The lab with one fault, mended afterwards."""
    services = merged((fault,))
    try:
        override(lab, services)
        fault.inject(lab)
        settle(lab, fault.settles)
        yield
    finally:
        fault.mend(lab)
        for service in services:
            recreate(lab, service)
        settle_healthy(lab)


def record(lab: Lab, wanted: Sequence[str], tell: Callable[[str], None]) -> Recorder:
    """Record the named cases; without a name, the healthy lab and all others anew.

    Raises:
        LabError: there is no such case, or the healthy lab could not be recorded.
    """
    recorder = Recorder(lab, tell)
    if lab.like == REAL:
        if wanted:
            raise LabError("like this the lab has no cases: it is recorded as it is")
        recorder.real()
        return recorder
    faults = load_faults()
    cases: dict[str, Callable[[Healthy], None]] = {
        **{fault.id: partial(recorder.fault, fault=fault) for fault in faults},
        **{one.id: partial(recorder.blindfold, one=one) for one in BLINDFOLDS.values()},
    }
    if unknown := sorted(set(wanted) - cases.keys() - {HEALTHY}):
        raise LabError(f"no such case: {unknown[0]}")
    if not wanted or HEALTHY in wanted:
        recorder.healthy()
    chosen = [case_id for case_id in wanted if case_id in cases] if wanted else list(cases)
    with tempfile.TemporaryDirectory() as name:
        base = Healthy(recordings.read_healthy(), Path(name))
        for number, case_id in enumerate(chosen, 1):
            try:
                cases[case_id](base)
                word = "recorded" if recorder.changed[-1:] == [case_id] else "as before"
            except (LabError, Unfit) as error:
                recorder.troubles[case_id] = str(error)
                word = f"NOT RECORDED: {error}"
            tell(f"{number}/{len(chosen)} {case_id}: {word}")
    return recorder
