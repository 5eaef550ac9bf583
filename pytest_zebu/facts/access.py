"""Whether ssh let us in, and whether silence is the target's or our own network's."""

from __future__ import annotations

from msgspec import Struct

from pytest_zebu.facts.answer import Known, Missing, Reason, Unknown, part
from pytest_zebu.facts.fact import Fact, Gathered, Look
from pytest_zebu.settings.target import Target

REFUSED_KEY = "the key was refused"
CHANGED_HOST_KEY = "the host key has changed"
UNKNOWN_HOST_KEY = "the host key is not known"
VERDICTS = (REFUSED_KEY, CHANGED_HOST_KEY, UNKNOWN_HOST_KEY)
"""What a server says of keys, in ssh's complaint; all else that keeps us out (a cut, a limit) says nothing of them."""
NOBODY_THERE = ("nothing answers on the ssh port", "there is no route to the host", "no answer in time")
"""How connecting ends where nobody is: the machine's own fault where the control address answers meanwhile."""


class Access(Struct, frozen=True):
    """The login.

    Attributes:
        trouble: why there was none; empty if there was.
        control: whether the control address answers; None where none is declared.
    """

    trouble: str
    control: bool | None


def _look(target: Target) -> Look | None:
    control = target.settings.control
    if control is None:
        return None
    host, _, port = control.rpartition(":")
    return Look("tcp", f"control {control}", {"address": host, "ports": [int(port)], "control": None})


def looks(target: Target) -> tuple[Look, ...]:
    """One look, at the control address."""
    found = _look(target)
    return (found,) if found else ()


def is_verdict(unknown: Unknown) -> bool:
    """Whether the server itself said that it does not let us in, or was another one than it should be."""
    return _begins(unknown, VERDICTS)


def is_silence(unknown: Unknown) -> bool:
    """Whether nobody was there to connect to."""
    return _begins(unknown, NOBODY_THERE)


def _begins(unknown: Unknown, words: tuple[str, ...]) -> bool:
    return unknown.reason is Reason.UNREACHABLE and unknown.detail.removeprefix("ssh: ").startswith(words)


def parse(gathered: Gathered, target: Target) -> Access:
    """From the batch's own answer, or why there is none."""
    answer = gathered.answers.get("zebu.host", Unknown(Reason.NOT_GATHERED, "ssh"))
    asked = _look(target)
    seen = gathered.saw(asked) if asked else None
    control = any(part(seen.value, "open", dict).values()) if isinstance(seen, Known) else None
    if isinstance(answer, Unknown) and not is_verdict(answer) and not (is_silence(answer) and control):
        raise Missing(answer)
    return Access(answer.detail if isinstance(answer, Unknown) else "", control)


FACT = Fact("access", parse, looks=looks)
