"""Recurring tasks: when each was last done, and when it is due again. Pure arithmetic on dates."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum

from msgspec import Struct

from pytest_zebu.catalogue import Catalogue, Item, Stage
from pytest_zebu.memory.history import Past
from pytest_zebu.people.attestations import Records

SOON = 0.2
"""The share of a task's cadence in which it counts as due soon: the last fifth."""


class State(StrEnum):
    """How a task stands, the most urgent first."""

    OVERDUE = "overdue"
    DUE_SOON = "due soon"
    CURRENT = "current"


class Task(Struct, frozen=True):
    """A task as it stands on a day.

    Attributes:
        done: the day of its last completion on record; nothing where there is none.
        by: who completed it, or that a run saw it.
    """

    item: Item
    done: date | None
    by: str
    today: date

    @property
    def id(self) -> str:
        """The item's."""
        return self.item.id

    @property
    def text(self) -> str:
        """What is to be done, as the checklist words it."""
        return self.item.text

    @property
    def cadence_days(self) -> int:
        """For how many days a completion lasts."""
        return self.item.cadence_days or 0

    @property
    def cadence(self) -> timedelta:
        """How long a completion lasts."""
        return timedelta(days=self.cadence_days)

    @property
    def due(self) -> date:
        """The day from which it is overdue; today where it was never done."""
        return self.done + self.cadence if self.done else self.today

    @property
    def state(self) -> State:
        """Overdue once its cadence is over, due soon in the last fifth of it."""
        if self.done is None or self.today >= self.due:
            return State.OVERDUE
        return State.DUE_SOON if self.due - self.today <= self.cadence * SOON else State.CURRENT

    @property
    def summary(self) -> str:
        """One line."""
        if self.done is None:
            return "no completion is on record"
        word = {State.OVERDUE: "overdue since", State.DUE_SOON: "due soon, on", State.CURRENT: "due on"}[self.state]
        return f"last done on {self.done} ({self.by}), {word} {self.due}"


def task(item: Item, records: Records, past: Past, today: date) -> Task:
    """How a task stands: completed by an attestation that is sound, or seen to be done by an earlier run.

    An attestation that has expired is a completion all the same, of its own day; one that is void, or says that the
    task failed, is none.
    """
    found: list[tuple[date, str]] = []
    standing = records.attestations.get(item.id)
    if standing and standing.is_sound and standing.record.on <= today and standing.record.result == "passed":
        about = f", about {', '.join(standing.record.about)}" if standing.record.about else ""
        found.append((standing.record.on, f"{standing.record.who}{about}"))
    seen = past.seen(item.id)
    if seen is not None and seen.date() <= today:
        found.append((seen.date(), "seen by a run"))
    done, by = max(found, default=(None, ""))
    return Task(item, done, by, today)


def tasks(catalogue: Catalogue, records: Records, past: Past, today: date) -> tuple[Task, ...]:
    """All recurring tasks, the most urgent first."""
    found = [task(item, records, past, today) for item in catalogue.stage(Stage.OPERATIONS)]
    return tuple(sorted(found, key=lambda one: (list(State).index(one.state), one.due, one.item.id)))
