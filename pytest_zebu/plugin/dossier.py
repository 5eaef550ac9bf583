"""What a report knows besides outcomes: from where something was seen, who said so, since when it is so, and what to do next.

Each part is made from what the run knows already, of a report that is whole without it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import date, datetime
from typing import Literal

from msgspec import Struct, field

from pytest_zebu.catalogue import SCORED, Catalogue, Source, Stage
from pytest_zebu.discovery.found import Unseen
from pytest_zebu.facts import alike
from pytest_zebu.facts.answer import Known, Unknown
from pytest_zebu.gather.snapshot import Discovered
from pytest_zebu.memory.history import Past, PastRun
from pytest_zebu.people.attestations import Records
from pytest_zebu.people.tasks import State, tasks
from pytest_zebu.redaction import redacted
from pytest_zebu.reports.report import Change, HostReport, ItemReport, Location, PastReport, Seen, TaskReport, Word
from pytest_zebu.settings import Settings
from pytest_zebu.verdict.causes import LONGEST, causes
from pytest_zebu.verdict.cautions import caution
from pytest_zebu.verdict.locate import location_of
from pytest_zebu.verdict.openings import opened_by_settings, openings
from pytest_zebu.verdict.outcome import Finding, Outcome
from pytest_zebu.verdict.plan import Cause, plan
from pytest_zebu.verdict.preflight import preflight
from pytest_zebu.verdict.readiness import Readiness, assess
from pytest_zebu.verdict.settle import OPEN, Declared
from pytest_zebu.verdict.settle import Word as Declaration

MOST_RUNS = 60
"""Of the trend."""
SOURCES: Mapping[Source, str] = {
    "V": "the machine",
    "O": "outside",
    "P": "the hypervisor",
    "N": "the reverse proxy",
    "B": "a browser",
    "R": "the deployed checkout",
    "G": "the code forge",
    "A": "people",
    "X": "an active probe",
}
"""Where evidence comes from, as the catalogue has it, in words."""


class Basis(Struct, frozen=True):
    """What the parts are made from.

    Attributes:
        records: what people declared.
        today: the day on which the host's evidence was gathered.
        past: the runs over the host that are remembered.
        pytest: the command that runs the suite over this host again, quoted for a shell.
        discovered: what the run found to be declared, where there was no file.
    """

    catalogue: Catalogue
    readiness: Readiness
    settings: Settings
    records: Records
    today: date
    past: Known[Past] | Unknown
    pytest: str = "pytest"
    discovered: Discovered | None = None


Guard = Callable[[str], AbstractContextManager[None]]


def completed(host: HostReport, basis: Basis, guarded: Guard = lambda what: nullcontext()) -> HostReport:
    """A report with all that is known besides outcomes.

    Args:
        host: the report.
        basis: what is known.
        guarded: what each part is made within; one that breaks is left out.
    """
    with guarded(f"where the evidence of {host.name} comes from is not told"):
        host = with_sources(host, basis.settings)
    with guarded(f"what people declared of {host.name} is not told"):
        host = with_words(host, basis.records, basis.today, basis.readiness.findings)
    with guarded(f"what to do next on {host.name} is not told"):
        host = with_plan(host, basis)
    with guarded(f"how {host.name} came to be is not told"):
        if isinstance(basis.past, Known):
            host = with_past(host, basis.past.value, basis.catalogue, basis.settings.thresholds.by_stage)
    with guarded(f"what is due on {host.name} is not told"):
        if isinstance(basis.past, Known):
            host = replace(host, tasks=tuple(_due(host, basis, basis.past.value)))
    with guarded(f"what was discovered of {host.name} is not told"):
        host = with_discovered(host, basis.discovered)
    return replace(host, profile=basis.settings.profile)


def with_discovered(host: HostReport, found: Discovered | None) -> HostReport:
    """A report that says what was found to be declared, and what would open the most beside it."""
    if found is None:
        return host
    unseen = [Unseen(*one) for one in found.unseen]
    from pytest_zebu.discovery.written import keys_of, name_in_file, suggested  # of a run without a file only

    block = tuple(suggested(name_in_file(host.name), unseen, opened_by_settings(host.openings)))
    return replace(host, discovered=tuple(keys_of(found.settings)), suggested=block)


STATES: Mapping[State, Literal["overdue", "due soon", "current"]] = {
    State.OVERDUE: "overdue",
    State.DUE_SOON: "due soon",
    State.CURRENT: "current",
}


def _due(host: HostReport, basis: Basis, past: Past) -> Iterator[TaskReport]:
    """The recurring tasks, as they stand after this run: what it saw to be done is done today."""
    seen = {item.item: item.outcome for item in host.selected}
    known = Past((*past.runs, PastRun(host.at, host.version, host.is_partial, seen, {})))
    for one in tasks(basis.catalogue, basis.records, known, basis.today):
        yield TaskReport(one.id, one.text, STATES[one.state], one.due, one.cadence_days, one.summary)


def _with_items(host: HostReport, change: Callable[[ItemReport], ItemReport]) -> HostReport:
    return replace(host, items=tuple(change(item) for item in host.items))


# From where

SERVICES = "deploy.initial.services-healthy"
"""The item whose cases are the application's services."""
_CONTAINER = re.compile(r"(?P<of>container:|running )?(?P<name>[\w.-]{1,100})(?(of)| publishes .*)")
_FILE = re.compile(
    r"(?:^|(?<=[ (]))(/[\w.@/-]{2,200}|(?:[\w.-]{1,60}/){0,6}(?:\.env[\w.]{0,40}|[\w-]{1,60}\.(?:md|toml|ya?ml|conf|lock|json|txt)))(?=$|[\s:,;)])"
)
_VANTAGE = re.compile(r"from ([\w.-]{1,100})(?: \(IPv6\))?(?=$|[,:])")


def with_sources(host: HostReport, settings: Settings) -> HostReport:
    """Where evidence of each item comes from, and what was seen, in parts with their places."""
    vantages = {one.name: one.name if one.name == one.kind else f"{one.name} ({one.kind})" for one in settings.vantages}
    outside = f"outside, from {', '.join(vantages.values())}" if vantages else SOURCES["O"]
    services = frozenset(case.name for item in host.items if item.item == SERVICES for case in item.cases)

    places = (services, tuple(vantages.items()))

    def change(item: ItemReport) -> ItemReport:
        labels = tuple(outside if kind == "O" else SOURCES[kind] for kind in item.by)
        location = _location(item.reason, *item.evidence) if item.is_open or item.broken else None
        return replace(item, sources=labels, seen=tuple(_seen(item, services, vantages)), location=location)

    # Of hosts that said the same, the report of an item is the same one.
    return _with_items(host, lambda item: alike.again(("sources", item.item, places), (item,), lambda: change(item)))


def _seen(item: ItemReport, services: Collection[str], vantages: Mapping[str, str]) -> Iterator[Seen]:
    for text in item.evidence_besides:
        yield Seen(text, "", _place(text, services, vantages), _location(text))
    for case in item.cases:
        of_case = _place(case.name, services, vantages)
        for text in case.seen:
            place = of_case or _place(text, services, vantages)
            yield Seen(text, case.name, place, _location(text, case.reason, case.name))


def _location(*texts: str) -> Location | None:
    found = location_of(*texts)
    return Location(*found) if found else None


def _place(text: str, services: Collection[str], vantages: Mapping[str, str]) -> str:
    """From where, or in what, something was seen, as far as its text begins with it or names a file."""
    text = text[:LONGEST]
    if (found := _VANTAGE.match(text)) and found[1] in vantages:
        return f"from {vantages[found[1]]}"
    first = text.partition(": ")[0]
    if first in services:
        return f"container {first}"
    if (found := _CONTAINER.fullmatch(first)) and (found["of"] != "running " or found["name"] in services):
        return f"container {found['name']}"
    return found[1] if (found := _FILE.search(text)) else ""


# Who


def with_words(host: HostReport, records: Records, today: date, findings: Iterable[Finding] = ()) -> HostReport:
    """What people declared, where it counts; and why it counts no more, where an item is open that it spoke of."""
    found = {finding.item: finding.lapsed for finding in findings}

    def change(item: ItemReport) -> ItemReport:
        lapsed = found.get(item.item) or records.lapsed(item.item, today) if item.is_open else ""
        word = _word(item, records.declared(item.item, today)) if item.outcome in ON_A_WORD else None
        return replace(item, word=word, lapsed=redacted(lapsed, words=False)) if word or lapsed else item

    return _with_items(host, change)


ON_A_WORD = (Outcome.NOT_APPLICABLE, Outcome.WAIVED, Outcome.ATTESTED, Outcome.FAILED)
"""Outcomes that may stand on somebody's word."""


def _word(item: ItemReport, declared: Declared) -> Word | None:
    """The word on which an outcome stands."""
    match item.outcome:
        case Outcome.NOT_APPLICABLE if excluded := declared.not_applicable:
            return _of("not applicable", excluded)
        case Outcome.WAIVED if accepted := _accepting(item, declared.waivers):
            words = [_of("waived", one) for one in accepted]
            # Where several accept a case each, the item is waived while all of them hold.
            return replace(
                words[0],
                by=_all_of(word.by for word in words),
                statement="; ".join(dict.fromkeys(word.statement for word in words)),
                on=max((word.on for word in words if word.on), default=None),
                until=min((word.until for word in words if word.until), default=None),
                bound_to=tuple(dict.fromkeys(case for word in words for case in word.bound_to)),
            )
        # A machine's own finding, against which a word does not count, stands on none.
        case Outcome.ATTESTED | Outcome.FAILED if (word := declared.attestation) and word.is_failure is (
            item.outcome is Outcome.FAILED
        ):
            return _of("attested", word)
    return None


def _accepting(item: ItemReport, waivers: tuple[Declaration, ...]) -> tuple[Declaration, ...]:
    """The waivers that an item is waived by: one of all of it, else those of the cases that are open."""
    whole = tuple(one for one in waivers if not one.bound_to)
    are_open = {case.name for case in item.cases if case.outcome in OPEN}
    return whole[:1] or tuple(one for one in waivers if are_open.intersection(one.bound_to))


def _of(kind: Literal["attested", "waived", "not applicable"], said: Declaration) -> Word:
    return Word(
        kind, said.by, said.statement, said.on, said.until, said.approver, said.bound_to, said.evidence
    )  # fmt: skip


def _all_of(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))


# Since when


def with_past(host: HostReport, past: Past, catalogue: Catalogue, thresholds: Mapping[Stage, int]) -> HostReport:
    """Since when items are as they are, how scores went, and what is otherwise than when all was last ready.

    Scores of earlier runs are reckoned anew from their outcomes, with today's checklist and thresholds: so points of
    one line can be compared, and may differ from what was said on the day.
    """
    here = PastReport(
        host.at,
        {stage: host.stages[stage].score_with_waivers for stage in SCORED},
        frozenset(stage for stage in SCORED if host.stages[stage].ready),
        host.version,
        host.is_partial,
    )
    scores = _Scores(catalogue, thresholds)
    earlier = tuple(scores.point(run) for run in past.runs[-(MOST_RUNS - 1) :])
    now = {item.item: item.outcome for item in host.items if item.is_selected}
    ready_at, then = (host.at, now) if _is_ready(here) else _last_ready(past, scores)
    since = {item: past.since(item, outcome, host.at) for item, outcome in now.items()}
    return replace(
        _with_items(host, lambda item: replace(item, since=at) if (at := since.get(item.item)) else item),
        trend=(*earlier, here),
        ready_at=ready_at,
        changes_since_ready=tuple(
            Change(item, then[item], outcome)
            for item, outcome in now.items()
            if item in then and then[item] is not outcome
        ),
    )


class _Scores(Struct):
    """Reckons the scores of earlier runs anew; of those that found the same, once."""

    catalogue: Catalogue
    thresholds: Mapping[Stage, int]
    _reckoned: dict[frozenset[tuple[str, Outcome]], Readiness] = field(default_factory=dict)

    def point(self, run: PastRun) -> PastReport:
        """How a run stands in the line of all."""
        readiness = self._readiness(run.outcomes)
        return PastReport(
            run.at,
            {stage: readiness.stages[stage].score_with_waivers for stage in SCORED},
            frozenset(stage for stage in SCORED if readiness.stages[stage].ready),
            run.version,
            run.is_partial or readiness.overall.partial,
        )

    def _readiness(self, outcomes: Mapping[str, Outcome]) -> Readiness:
        found = frozenset(outcomes.items())
        if found not in self._reckoned:
            known = {item: outcome for item, outcome in outcomes.items() if item in self.catalogue}
            findings = [Finding(item, outcome) for item, outcome in known.items()]
            self._reckoned[found] = assess(self.catalogue, findings, known, self.thresholds)
        return self._reckoned[found]


def _is_ready(point: PastReport) -> bool:
    return point.ready == frozenset(SCORED) and not point.is_partial


def _last_ready(past: Past, scores: _Scores) -> tuple[datetime | None, Mapping[str, Outcome]]:
    for run in reversed(past.runs):
        if _is_ready(scores.point(run)):
            return run.at, run.outcomes
    return None, {}


# What next


def with_plan(host: HostReport, basis: Basis) -> HostReport:
    """What fails several items at once, what would open the others, and what to do, in order."""
    catalogue, readiness = basis.catalogue, basis.readiness
    selected = [finding for finding in readiness.findings if finding.item in readiness.selected]
    found = causes(selected, catalogue)
    opened = openings(readiness.findings, found)
    cause_of = {item: cause.key for cause in found for item in cause.consequences}
    opening_of = {item: opening.key for opening in opened for item in opening.items}
    steps = plan(catalogue, readiness, found, opened, basis.pytest)

    pointers = {item: cause for cause in found for item in _pointed(cause)}

    def change(item: ItemReport) -> ItemReport:
        because = pointers.get(item.item)
        fix = f"mend first: {because.title} ({because.root})" if because else item.fix
        heed = caution(catalogue[because.root if because else item.item]) if item.is_open else ""
        cause, opening = cause_of.get(item.item, ""), opening_of.get(item.item, "")
        if not (because or cause or opening or heed):
            return item
        return replace(item, fix=fix, cause=cause, opening=opening, caution=heed)

    works = {check.name: check.text for check in host.preflight}
    checks = preflight(readiness.findings, opened, works)
    return replace(_with_items(host, change), causes=found, openings=opened, plan=steps, preflight=checks)


def _pointed(cause: Cause) -> tuple[str, ...]:
    """The items whose own fix would send people to the wrong place: all is explained by a cause that another item finds.

    Items that only say the same, in other words, are mended in the same way.
    """
    return tuple(item for item in cause.all_items if item != cause.root) if cause.title else ()
