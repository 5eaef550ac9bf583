"""Hosts that said the same: what a reader made of one stands for the next, where all that it read is equal.

A reader is a pure function of what was gathered and of what is declared. While a run is judged, it is noted what each reader
asked for, and what it was given; the same reader is not run again for a host that would give it the same of each, be it the
same host of which more has come by then. Whatever differs in anything that was read is read by itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from operator import is_
from typing import Any, Protocol, TypeVar, cast

from msgspec import Struct, field
from pydantic import BaseModel

from pytest_zebu.settings.target import Target

T = TypeVar("T")
MOST = 16
"""So many different answers are kept of each reader: those of the hosts that were read last."""
PARTS = ("answers", "looks", "trials")
TARGET, TIME = "target", "time"
_ABSENT, _LIST = "nothing of that name", ""
"""What stands for a name that was asked for in vain, and for the list of all names."""
Read = tuple[str, str]
"""What was read: of which part, and by which name."""


class Evidence(Protocol):
    """What was gathered of a host."""

    @property
    def answers(self) -> Mapping[str, Any]:
        """By the name of the probe."""

    @property
    def looks(self) -> Mapping[str, Any]:
        """By the look's key."""

    @property
    def trials(self) -> Mapping[str, Any]:
        """By the name of its fact."""

    @property
    def time(self) -> float:
        """When it was gathered."""


E = TypeVar("E", bound=Evidence)


class Notes(Struct):
    """What one reader read, and what it was given.

    Attributes:
        is_whole: whether nothing within broke: what broke once may succeed the next time.
    """

    given: dict[Read, Any] = field(default_factory=dict)
    is_whole: bool = True


class Asked(Mapping[str, Any]):
    """One part of what was gathered. It notes what is asked of it."""

    def __init__(self, held: Mapping[str, Any], part: str, notes: Notes) -> None:
        self.held, self._part, self._notes = held, part, notes

    def __getitem__(self, name: str) -> Any:
        self._notes.given[self._part, name] = self.held.get(name, _ABSENT)
        return self.held[name]

    def __iter__(self) -> Iterator[str]:
        self._notes.given[self._part, _LIST] = [*self.held]
        return iter(self.held)

    def __len__(self) -> int:
        self._notes.given[self._part, _LIST] = [*self.held]
        return len(self.held)


class AskedTarget:
    """A target. It notes what is asked of it: of a property what that reads, of anything else all."""

    def __init__(self, held: Target, notes: Notes) -> None:
        self.held, self._notes = held, notes

    def __getattr__(self, name: str) -> Any:
        own = getattr(Target, name, None)
        if isinstance(own, property) and own.fget is not None and name not in vars(BaseModel):
            return own.fget(self)
        fields = [name] if name in Target.model_fields else [*Target.model_fields]
        for one in fields:
            self._notes.given[TARGET, one] = getattr(self.held, one)
        return getattr(self.held, name)


def held(thing: Any) -> Any:
    """A part or a target as it is, without whoever notes what is asked of it."""
    return getattr(thing, "held", thing)


class _Host(Struct, frozen=True):
    """What can be read of one host; reading it here notes nothing."""

    parts: Mapping[str, Mapping[str, Any]]
    time: float
    target: Target

    @classmethod
    def of(cls, gathered: Evidence, target: Target) -> _Host:
        """Of what may be noting."""
        parts = {part: held(getattr(gathered, part)) for part in PARTS}
        return cls(parts, held(gathered).time, held(target))

    def would_give(self, asked: Read) -> Any:
        """What a reader is given that reads this."""
        part, name = asked
        if part == TARGET:
            return getattr(self.target, name)
        if part == TIME:
            return self.time
        return [*self.parts[part]] if name == _LIST else self.parts[part].get(name, _ABSENT)


class _Kept(Struct, frozen=True):
    given: Mapping[Read, Any]
    made: Any

    def stands_for(self, host: _Host) -> bool:
        """Whether its reader would be given the same of another host."""
        return all(_is_given(given, host.would_give(asked), asked) for asked, given in self.given.items())


def _is_given(given: Any, other: Any, asked: Read) -> bool:
    """Whether a reader is given the same: of what is declared, which many readers are given, it is found out once."""
    if asked[0] == TARGET and isinstance(given, BaseModel) and isinstance(other, BaseModel):
        return first_of(given) is first_of(other) or is_same(given, other)
    return is_same(given, other)


class _Made(Struct):
    """What was made of things, each thing itself; and which things are no different from one before."""

    of: dict[Any, deque[tuple[tuple[Any, ...], Any]]] = field(default_factory=dict)
    first: dict[type, list[Any]] = field(default_factory=dict)
    stands_for: dict[int, tuple[Any, Any]] = field(default_factory=dict)


_kept: dict[Any, deque[_Kept]] | None = None
_made: _Made | None = None


@contextmanager
def hosts() -> Iterator[None]:
    """Within this, what was made of one host may stand for another one."""
    global _kept, _made
    before, _kept, _made = (_kept, _made), {}, _Made()
    try:
        yield
    finally:
        _kept, _made = before


def is_kept() -> bool:
    """Whether what is made now is kept."""
    return _kept is not None


def kept() -> int:
    """How many values are kept."""
    return sum(map(len, (_kept or {}).values()))


def read(
    reader: Callable[[E, Target], T], gathered: E, target: Target, noting: Callable[[E, Notes], E], key: object = None
) -> T:
    """What a reader makes of a host: what it made of another one, if all that it reads is equal.

    Args:
        reader: it is called with the other two.
        gathered: what was gathered of the host.
        target: the host.
        noting: makes of what was gathered the same, noting what is asked of it.
        key: what tells this reader from others, where it is made for each call.
    """
    kept = _kept
    if kept is None:
        return reader(gathered, target)
    host = _Host.of(gathered, target)
    known = kept.setdefault(reader if key is None else key, deque(maxlen=MOST))
    for one in [*known]:
        if one.stands_for(host):
            _pass_on(Notes({**one.given}), gathered)
            return cast(T, one.made)
    notes = Notes()
    try:
        made = reader(noting(gathered, notes), cast(Target, AskedTarget(host.target, notes)))
    except BaseException:
        notes.is_whole = False
        raise
    finally:
        _pass_on(notes, gathered)
    if notes.is_whole:
        known.append(_Kept(notes.given, made))
    return made


def again(
    key: object, given: tuple[Any, ...], make: Callable[[], T], keeps: Callable[[T], bool] = lambda made: True
) -> T:
    """What was made of these very things before, else what is made of them now: of equal ones it is made once more.

    Args:
        key: what tells this making from others.
        given: all that it depends on.
        make: it makes it.
        keeps: whether what was made would be made so again.
    """
    if _made is None:
        return make()
    known = _made.of.setdefault(key, deque(maxlen=MOST))
    for things, made in known:
        if len(things) == len(given) and all(map(is_, things, given)):
            return cast(T, made)
    found = make()
    if keeps(found):
        known.append((given, found))
    return found


def first_of(thing: T) -> T:
    """The first thing that this one cannot be told from: for the settings of many hosts, which one file declares."""
    if _made is None:
        return thing
    if (found := _made.stands_for.get(id(thing))) is None:
        firsts = _made.first.setdefault(type(thing), [])
        first = next((one for one in firsts if is_same(one, thing)), thing)
        if first is thing and len(firsts) < MOST:
            firsts.append(thing)
        # The thing is kept with its number: no other one gets that while it is.
        found = _made.stands_for[id(thing)] = thing, first
    return cast(T, found[1])


def _pass_on(notes: Notes, gathered: Evidence) -> None:
    """A reader that lets another one read has read what that one reads; and somebody else may note it in a way of his own."""
    around: Notes | None = getattr(gathered, "notes", None)
    if around is not None:
        around.given |= notes.given
        around.is_whole = around.is_whole and notes.is_whole
        return
    for part, name in notes.given:
        if part in PARTS:
            parts: Mapping[str, Any] = getattr(gathered, part)
            _ = [*parts] if name == _LIST else parts.get(name)


def is_same(one: Any, other: Any) -> bool:
    """Whether two values cannot be told apart by who reads them: for Python, True is 1, and what was not set is its default."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, BaseModel):
        return one.model_fields_set == other.model_fields_set and is_same(vars(one), vars(other))
    if isinstance(one, Mapping):
        return [*one] == [*other] and all(is_same(held, other[key]) for key, held in one.items())
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(is_same, one, other))
    if isinstance(one, float):
        return repr(one) == repr(other)
    if isinstance(one, Struct):
        return all(is_same(getattr(one, name), getattr(other, name)) for name in one.__struct_fields__)
    return bool(one == other)
