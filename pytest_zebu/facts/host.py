"""What the batch says of itself: rights, the target's clock, the application it found."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from pytest_zebu.facts.answer import Garbled
from pytest_zebu.facts.clock import Clock, clock_of
from pytest_zebu.facts.fact import Fact, Gathered, key_values
from pytest_zebu.settings.target import Target


class Machine(Struct, frozen=True):
    """The machine as the batch found it.

    Attributes:
        time: by its own clock.
        ahead: by how much that is ahead of ours.
    """

    is_root: bool
    time: datetime
    project: str
    app_directory: str
    app_role: str
    ahead: timedelta = timedelta()

    @property
    def clock(self) -> Clock:
        """Its clock, and ours."""
        return Clock(self.time, self.ahead)

    @property
    def ours(self) -> datetime:
        """When that was, by our clock: what people, others and earlier runs have dated is compared with it."""
        return self.clock.ours


def parse(gathered: Gathered, target: Target) -> Machine:
    """From the batch's own answer."""
    said = key_values(gathered.said("zebu.host").out)
    try:
        clock = clock_of(gathered)
        return Machine(said["root"] == "1", clock.now, said["project"], said["folder"], said["role"], clock.ahead)
    except KeyError:
        raise Garbled("the batch's own answer") from None


FACT = Fact("machine", parse)
