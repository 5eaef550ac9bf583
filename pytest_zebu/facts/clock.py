"""Two clocks, the machine's and ours: which ages can be told, and where it matters that they differ."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec import Struct

from pytest_zebu.facts.answer import NotAssessed, moment_of
from pytest_zebu.facts.fact import Gathered, key_values

APART = timedelta(minutes=5)
"""By how much clocks may differ: what Kerberos allows (RFC 4120, 10.)."""
FUTURE = timedelta(minutes=15)
"""By so much what is dated may be yet to come before its date says nothing: other machines write to shares, too."""
_UNITS = ((86_400, "days"), (3600, "hours"), (60, "minutes"))


class Clock(Struct, frozen=True):
    """What time it is on the machine, and by how much it is ahead of ours, when both were looked at together.

    An age is a difference on one clock: what the machine has dated is compared with its own time, what others have with ours.
    """

    now: datetime
    ahead: timedelta = timedelta()

    @property
    def ours(self) -> datetime:
        """Our time at the same moment."""
        return self.now - self.ahead

    @property
    def is_off(self) -> bool:
        """Whether it differs from ours by more than clocks may."""
        return abs(self.ahead) > APART

    def __str__(self) -> str:
        """By how much it differs from ours."""
        seconds = abs(int(self.ahead.total_seconds()))
        size, unit = next(((size, unit) for size, unit in _UNITS if seconds >= 2 * size), (1, "seconds"))
        where = "ahead of" if self.ahead > timedelta() else "behind"
        return f"the machine's clock is {seconds // size} {unit} {where} ours"

    def doubt(self, moment: datetime, limit: timedelta) -> str:
        """Why it cannot be told whether a moment by the machine's clock is at most so long ago; empty where it can.

        What was dated while the clock was right, or differed otherwise, is younger or older than it looks, by up to as
        much as the clock differs from ours.
        """
        age = self.now - moment
        if age < -FUTURE:
            return f"is dated {moment:%Y-%m-%d %H:%M} UTC, which is yet to come by the machine's clock"
        if self.is_off and min(age, age - self.ahead) <= limit < max(age, age - self.ahead):
            return f"is dated {moment:%Y-%m-%d %H:%M} UTC, and {self}: how long ago that is, is not known"
        return ""

    def is_within(self, moment: datetime, limit: timedelta) -> bool:
        """Whether a moment by the machine's clock is at most so long ago.

        Raises:
            NotAssessed: that cannot be told.
        """
        if doubt := self.doubt(moment, limit):
            raise NotAssessed(doubt)
        return self.now - moment <= limit

    def is_surely_within(self, moment: datetime, limit: timedelta) -> bool:
        """Whether a moment by the machine's clock is at most so long ago, and that can be told."""
        return not self.doubt(moment, limit) and self.now - moment <= limit

    def need_alike(self) -> None:
        """What is dated by the machine is compared with what others have dated.

        Raises:
            NotAssessed: the clocks differ.
        """
        if self.is_off:
            raise NotAssessed(f"{self}: what it dates is not compared with what others do")


def clock_of(gathered: Gathered) -> Clock:
    """The machine's clock, as the batch told it.

    Raises:
        Missing, Garbled: it did not.
    """
    now = moment_of(key_values(gathered.said("zebu.host").out).get("time", ""), "the machine's time")
    if not gathered.time:
        return Clock(now)
    return Clock(now, timedelta(seconds=round((now - datetime.fromtimestamp(gathered.time, UTC)).total_seconds())))
