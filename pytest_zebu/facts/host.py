"""What the batch says of itself: rights, the target's clock, the application it found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from pytest_zebu.facts.answer import Garbled
from pytest_zebu.facts.fact import Fact, Gathered, key_values
from pytest_zebu.settings.target import Target


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine as the batch found it."""

    is_root: bool
    time: datetime
    project: str
    app_directory: str
    app_role: str


def parse(gathered: Gathered, target: Target) -> Machine:
    """From the batch's own answer."""
    said = key_values(gathered.said("zebu.host").out)
    try:
        time = datetime.fromtimestamp(int(said["time"]), UTC)
        return Machine(said["root"] == "1", time, said["project"], said["folder"], said["role"])
    except (KeyError, ValueError, OverflowError, OSError):
        raise Garbled("the batch's own answer") from None


FACT = Fact("machine", parse)
