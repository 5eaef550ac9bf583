"""Updates that install themselves: whether they are switched on, when they last ran, and what still waits."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from pytest_zebu.facts.answer import Garbled, Missing, Reason, Unknown, is_number, moment_of
from pytest_zebu.facts.fact import Fact, Gathered, Probe
from pytest_zebu.facts.lines import records
from pytest_zebu.settings.target import Target

PROBE = Probe(
    "updates",
    file="updates.sh",
    root=True,
    timeout=20,
)
_OFFSET = re.compile(r"([+-])(\d\d)(\d\d)$")


@dataclass(frozen=True, slots=True)
class Pending:
    """A package that waits to be updated."""

    package: str
    version: str
    origin: str

    @property
    def is_security(self) -> bool:
        """Whether it comes from a security suite, by the origin that apt names."""
        return "security" in self.origin.lower()


@dataclass(frozen=True, slots=True)
class Updates:
    """Unattended upgrades, and what they left.

    Attributes:
        is_switched_on: package lists and upgrades are both done periodically.
        covers_security: an origin of security updates is among those that are installed.
        dead_timers: those of apt's timers that do not run, or do not come back after a reboot.
        last_run: when the script last began.
        errors: how many errors that run logged.
        published: when the newest security list was published; nothing where there is none.
        refreshed: when the lists were last fetched.
        reboot_since: since when a reboot is asked for.
    """

    is_installed: bool
    is_switched_on: bool
    covers_security: bool
    dead_timers: tuple[str, ...]
    last_run: datetime | None
    errors: int
    published: datetime | None
    refreshed: datetime | None
    pending: tuple[Pending, ...]
    reboot_since: datetime | None

    @property
    def overlooked(self) -> tuple[Pending, ...]:
        """Security updates that were published before the last run, and still wait."""
        was_there = self.last_run is not None and self.published is not None and self.published <= self.last_run
        return tuple(one for one in self.pending if one.is_security) if was_there or self.last_run is None else ()


def _moment(text: str) -> datetime | None:
    return moment_of(text, "a moment of apt's") if is_number(text) else None


def parse(gathered: Gathered, target: Target) -> Updates:
    """From apt's configuration, its stamps and logs, and a simulation."""
    said: dict[str, list[str]] = {}
    words = ("package", "periodic", "origins", "timer", "stamp", "run", "list", "refreshed", "pending", "reboot", "utc")
    for one in records(gathered.said("updates").out, "the updates probe", words):
        said.setdefault(one.word, []).append(one.rest.strip())
    if "package" not in said:
        raise Missing(Unknown(Reason.MISSING, "apt is not there: how this machine is updated is not known"))
    try:
        periodic = said["periodic"][0].split()
        timers = [line.split() for line in said.get("timer", ())]
        run = said.get("run", [""])[0].rsplit(" ", 1)
        offset = _OFFSET.match(said["utc"][0])
        if offset is None:
            raise Garbled("the machine's time zone")
        zone = f"{offset[1]}{offset[2]}:{offset[3]}"
        logged = datetime.fromisoformat(run[0].partition(",")[0] + zone).astimezone(UTC) if run[0] else None
        published = [moment for text in said.get("list", ()) if (moment := _moment(text))]
        return Updates(
            is_installed=said["package"][0] == "installed",
            is_switched_on=all(part not in ("0", "") for part in periodic) and len(periodic) == 3,
            covers_security=int(said.get("origins", ["0"])[0]) > 0,
            dead_timers=tuple(words[0] for words in timers if not {"active", "enabled"} <= set(words[1:])),
            last_run=logged,
            errors=int(run[1]) if len(run) == 2 else 0,
            published=max(published, default=None),
            refreshed=_moment(said.get("refreshed", [""])[0]),
            pending=tuple(Pending(*line.split(" ", 2)) for line in said.get("pending", ())),
            reboot_since=_moment(said.get("reboot", [""])[0]),
        )
    except (ValueError, KeyError, IndexError, TypeError, OverflowError):
        raise Garbled("what apt says of updates") from None


FACT = Fact("updates", parse, (PROBE,))
