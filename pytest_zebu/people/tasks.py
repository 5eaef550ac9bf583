"""Recurring tasks: when each was last done, and when it is due again. Pure arithmetic on dates."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from pytest_zebu.catalogue import Catalogue, Item, Stage
from pytest_zebu.memory.history import Past
from pytest_zebu.people.attestations import Records
from pytest_zebu.shown import clean

SOON = 0.2
"""The share of a task's cadence in which it counts as due soon: the last fifth."""


class State(StrEnum):
    """How a task stands, the most urgent first."""

    OVERDUE = "overdue"
    DUE_SOON = "due soon"
    CURRENT = "current"


@dataclass(frozen=True, slots=True)
class Task:
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
    def cadence(self) -> timedelta:
        """How long a completion lasts."""
        return timedelta(days=self.item.cadence_days or 0)

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


def _escaped(text: str) -> str:
    """Text of a calendar (RFC 5545, section 3.3.11)."""
    text = clean(text)
    for plain, escape in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        text = text.replace(plain, escape)
    return text


def _folded(line: str) -> str:
    """A content line in pieces of at most 75 octets (RFC 5545, section 3.1)."""
    pieces: list[bytes] = []
    piece = b""
    for character in line:
        data = character.encode()
        if len(piece) + len(data) > (75 if not pieces else 74):
            pieces.append(piece)
            piece = b""
        piece += data
    pieces.append(piece)
    return "\r\n ".join(part.decode() for part in pieces)


def calendar(found: Iterable[Task], host: str, now: datetime) -> str:
    """The tasks as an iCalendar file: each an event on the day when it is due, and again by its cadence."""
    where = re.sub(r"[^A-Za-z0-9._-]", "-", host)[:255]
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//pytest-zebu//recurring tasks//EN"]
    for one in found:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{one.item.id}@{where}.pytest-zebu",
            f"DTSTAMP:{now.astimezone(UTC):%Y%m%dT%H%M%SZ}",
            f"DTSTART;VALUE=DATE:{one.due:%Y%m%d}",
            f"RRULE:FREQ=DAILY;INTERVAL={one.cadence.days}",
            f"SUMMARY:{_escaped(one.item.text)}",
            f"DESCRIPTION:{_escaped(f'{one.item.id}: {one.summary}. zebu attest {one.item.id}')}",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(f"{_folded(line)}\r\n" for line in lines)
