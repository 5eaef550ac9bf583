"""One judgement: a check is handed what it asks for, and what comes of it is a finding.

The fixtures of a run and the offline replay of recordings both come here, so that what is proven offline is what runs.
"""

from __future__ import annotations

import importlib
import inspect
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from msgspec import Struct, field

from pytest_zebu.catalogue import Catalogue, Stage, load
from pytest_zebu.facts import ALL, alike, elsewhere
from pytest_zebu.facts.answer import Known, NotAssessed, Unknown
from pytest_zebu.facts.effort import Overspent, bounded
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.memory.history import Past
from pytest_zebu.people.attestations import Records
from pytest_zebu.people.incidents import Incident
from pytest_zebu.people.tasks import Task
from pytest_zebu.people.tasks import task as task_of
from pytest_zebu.plugin.checks import Cases, either_of, filled_in, message_of, prose, suite
from pytest_zebu.settings.target import Target
from pytest_zebu.verdict.outcome import Finding, NotApplicable, Outcome, combine
from pytest_zebu.verdict.settle import Declared, settle

INTERRUPTING = frozenset({"pytest_timeout"})
"""Modules whose handlers of signals fail the test that is running: how long judging took says nothing about a machine."""


def check_of(item_id: str) -> Callable[..., None]:
    """The check that decides an item; of one that no machine decides, the one that leaves it to people."""
    found = suite().get(item_id)
    if found is not None:
        return found
    left: Callable[..., None] = importlib.import_module("tests_prod.test_attested").test_people_attest
    check: Callable[..., None] = inspect.unwrap(left)
    return check


class Evidence(Struct):
    """All that is known of one host: what was gathered, what people declared, what is remembered.

    What people said of something that changes is compared at once with what was gathered.
    """

    target: Target
    gathered: Gathered
    records: Records
    past: Known[Past] | Unknown
    incidents: Known[tuple[Incident, ...]] | Unknown
    catalogue: Catalogue = field(default_factory=load)
    _read: dict[str, Known[Any] | Unknown] = field(default_factory=dict)
    _is_from_elsewhere: bool | None = None

    def __post_init__(self) -> None:
        self.records = self.records.compared(self)

    @property
    def today(self) -> date:
        """The day on which it was gathered."""
        return datetime.fromtimestamp(self.gathered.time, UTC).date()

    def declared(self, item_id: str) -> Declared:
        """What people declared of an item, as it stands on the day."""
        return self.records.declared(item_id, self.today)

    def fact(self, name: str) -> Known[Any] | Unknown:
        """A fact, parsed once."""
        if name not in self._read:
            self._read[name] = ALL[name].read(self.gathered, self.target)
        return self._read[name]

    def task(self, item_id: str) -> Known[Task] | Unknown:
        """A recurring task, as it stood before this run."""
        if isinstance(self.past, Unknown):
            return self.past
        return Known(task_of(self.catalogue[item_id], self.records, self.past.value, self.today))

    def given(self, name: str, item_id: str, cases: Cases) -> Any:
        """What a check asks for by the name of a parameter.

        Raises:
            LookupError: there is nothing of that name.
        """
        match name:
            case "case":
                return cases
            case "settings":
                return self.target.settings
            case "zebu_target":
                return self.target
            case "zebu_item":
                return item_id
            case "past" | "incidents" | "records":
                return getattr(self, name)
            case "task":
                return self.task(item_id)
            case _ if name in ALL:
                return self.fact(name)
            case _:
                raise LookupError(f"a check asks for {name!r}, which is neither a fact nor known otherwise")

    def from_elsewhere(self, names: Iterable[str]) -> tuple[str, ...]:
        """Of what a check asks for, what another machine saw, and how long ago."""
        if self._is_from_elsewhere is None:
            self._is_from_elsewhere = any(elsewhere.source(seen) for seen in self.gathered.looks.values())
        if not self._is_from_elsewhere:
            return ()
        return tuple(elsewhere.told((ALL[name] for name in names if name in ALL), self.gathered, self.target))

    def judge(self, item_id: str) -> Finding:
        """The finding of an item of the suite, settled by what people declared."""
        check, cases = check_of(item_id), Cases()
        names = inspect.signature(check).parameters
        arguments = {name: self.given(name, item_id, cases) for name in names}
        listed = cases if "case" in names else None
        found, _ = decide(check, item_id, arguments, listed, self.target, self.from_elsewhere(names))
        return settle(self.catalogue[item_id], found, self.declared(item_id), self.target.settings.profile)


def handed(check: Callable[..., None], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What a check is called with: the values of its facts, or answers where one of several is enough.

    Raises:
        NotAssessed: a fact that it cannot do without is unknown.
    """
    found = {}
    for name, value in arguments.items():
        if isinstance(value, Unknown) and name not in either_of(check):
            raise NotAssessed(str(value))
        found[name] = value.value if isinstance(value, Known) and name not in either_of(check) else value
    return found


def decide(
    check: Callable[..., None],
    item_id: str,
    arguments: Mapping[str, Any],
    cases: Cases | None,
    target: Target | None = None,
    origins: tuple[str, ...] = (),
    is_pure: bool = False,
) -> tuple[Finding, BaseException | None]:
    """Call a check; its finding, and what was raised. What the target declares already is no part of the fix.

    Args:
        check: the check.
        item_id: the item that it decides.
        arguments: what it is called with.
        cases: where it asks for them.
        target: what is declared.
        origins: what of its evidence comes from elsewhere; it stands before what was seen.
        is_pure: whether nothing but what it is called with decides, as of the suite: of hosts that said the same it is called once.
    """

    def call() -> tuple[Finding, BaseException | None]:
        return _called(check, item_id, arguments, cases)

    if is_pure and SHARED.issuperset(arguments):
        given = [
            alike.first_of(value) if name == "settings" else value
            for name, value in arguments.items()
            if name not in EACH
        ]
        finding, error = alike.again((check, item_id), tuple(given), call, _would_be_again)
    else:
        finding, error = call()
    if origins:
        finding = replace(finding, evidence=(*origins, *finding.evidence))
    if target is not None:
        fix = filled_in(prose(check).mending(target, finding.reason, finding.fix), target, item_id)
        finding = finding if fix == finding.fix else replace(finding, fix=fix)
    return finding, error


EACH = frozenset({"case", "zebu_item"})
"""What a check is handed that is made for each call, and says nothing of a host."""
SHARED = frozenset({"settings", *EACH, *ALL})
"""What it may be handed besides where it is called once of several hosts. What is remembered of them is of each alone."""


def _called(
    check: Callable[..., None], item_id: str, arguments: Mapping[str, Any], cases: Cases | None
) -> tuple[Finding, BaseException | None]:
    error: BaseException | None = None
    try:
        bounded(lambda: check(**handed(check, arguments)), endless)
    except (Exception, pytest.skip.Exception, pytest.fail.Exception) as raised:
        error = raised
    return finding_of(check, item_id, cases, error), error


def _would_be_again(made: tuple[Finding, BaseException | None]) -> bool:
    """Whether a check would come to the same once more: what broke, or was broken off, may not the next time."""
    finding, error = made
    return not finding.broken and not isinstance(getattr(error, "__cause__", None), Overspent)


def endless(error: Overspent) -> None:
    """Say of a check that was broken off that it could not be judged.

    Raises:
        NotAssessed: always.
    """
    raise NotAssessed(f"judging it did not come to an end: {error}") from error


def finding_of(check: Callable[..., None], item_id: str, cases: Cases | None, error: BaseException | None) -> Finding:
    """The finding of a check that ended, with or without an exception; `cases` where it asks for them."""
    text = prose(check)
    lists_cases, cases = cases is not None, cases or Cases()
    found, seen = tuple(cases.found), tuple(cases.seen)
    # What was seen of several cases, or several times, is told once.
    evidence = tuple(dict.fromkeys(seen + tuple(f"{one.name}: {part}" for one in found for part in one.seen)))
    seen_so_far = Finding(item_id, Outcome.NOT_ASSESSED, "", text.fix, evidence, found, why=text.why, see=text.see)
    besides = ""
    match error:
        case None if lists_cases and not found and not seen:
            outcome, reason = Outcome.NOT_ASSESSED, "nothing to judge was found"
        case None:
            outcome, reason = combine(found)
        case pytest.fail.Exception() if is_from_outside(error):
            why = f"judging it was ended from outside: {message_of(error)}"
            return replace(seen_so_far, reason=why, broken=True)
        case AssertionError() | pytest.fail.Exception():
            outcome, reason = Outcome.FAILED, message_of(error)
            besides = reason
        case NotAssessed() | pytest.skip.Exception():
            # What was seen to be wrong stays wrong, whatever else could not be seen.
            outcome, reason = combine(found)
            besides = str(error)
            if outcome is not Outcome.FAILED:
                outcome, reason = Outcome.NOT_ASSESSED, str(error)
        case NotApplicable() if load()[item_id].conditional or load()[item_id].stage is Stage.INCIDENT:
            outcome, reason = Outcome.NOT_APPLICABLE, str(error)
        case _:
            why = f"the check itself broke: {type(error).__name__}"
            return replace(seen_so_far, reason=why, broken=True)
    wrong = [one.fix for one in found if one.outcome is outcome]
    if reason != combine(found)[1]:
        wrong.append(cases.own_fix)  # what ended the check was no case's
    fix = chosen_fix(wrong, text.fix)
    return replace(
        seen_so_far, outcome=outcome, reason=reason, fix=fix, pictures=tuple(cases.pictures), besides=besides
    )


def is_from_outside(error: BaseException) -> bool:
    """Whether a failure is none of the check's, but of a plugin that interrupted it, wherever it stood."""
    return any(frame.f_globals.get("__name__") in INTERRUPTING for frame, _ in traceback.walk_tb(error.__traceback__))


MOST_FIXES = 5
"""Ways to mend different cases that an item says; each case has its own."""


def chosen_fix(wrong: list[str], general: str) -> str:
    """How to mend an item: the ways of what is wrong with it, and the general one where something has none of its own."""
    own = list(dict.fromkeys(fix for fix in wrong if fix))
    if not own or len(own) > MOST_FIXES:
        own = [*own[:MOST_FIXES], general]
    elif "" in wrong:
        own.append(general)
    return "; ".join(part.rstrip(".") for part in own) + ("." if general.endswith(".") else "")
