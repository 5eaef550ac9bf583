"""From findings to what to do next: what fails several items at once, what would open the others, and an ordered plan."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pytest_zebu.catalogue import Stage


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that is wrong, and all that comes of it.

    Attributes:
        key: names it in this report, such as `service redis`.
        text: what is wrong, in a line.
        items: the items that say it themselves.
        consequences: items that failed, or could not be assessed, because of it.
    """

    key: str
    text: str
    items: tuple[str, ...]
    consequences: tuple[str, ...] = ()


class OpeningKind(StrEnum):
    """What lets an item be assessed that is not."""

    ACCESS = "access"
    SETTING = "setting"
    CREDENTIAL = "credential"
    TOOL = "tool"
    NETWORK = "network"
    TIME = "time"
    PEOPLE = "people"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Opening:
    """What would let items be assessed that are not.

    Attributes:
        key: names it in this report, such as `set forge.repository`.
        text: what to do, in a line, such as "set `[forge] repository` to see 9 more items".
    """

    key: str
    kind: OpeningKind
    text: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Effect:
    """What a step, with those before it, does for a stage.

    Attributes:
        items: how many items of the stage it settles.
        score: of the stage then, with waivers, in per cent.
        makes_ready: whether it is this step that makes the stage ready.
    """

    stage: Stage
    items: int
    score: float
    makes_ready: bool = False


class StepKind(StrEnum):
    """What is done in a step."""

    MEND = "mend"
    OPEN = "open"
    ATTEST = "attest"


@dataclass(frozen=True, slots=True)
class Step:
    """A thing to do.

    Attributes:
        title: what to do, in a line.
        items: the items that it settles, consequences among them.
        blockers: those of them that are non-negotiable.
        reason: what was found.
        fix: how it is done.
        commands: the commands among that; what stands in capitals is to be filled in.
        caution: what to heed, such as to keep a second session open.
        effect: on each stage that it changes.
        gain: the same in a sentence.
        verify: the command of pytest that judges these items again.
    """

    kind: StepKind
    title: str
    items: tuple[str, ...]
    blockers: tuple[str, ...] = ()
    reason: str = ""
    fix: str = ""
    commands: tuple[str, ...] = ()
    caution: str = ""
    effect: tuple[Effect, ...] = ()
    gain: str = ""
    verify: str = ""
