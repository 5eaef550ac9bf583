"""What is read ahead: facts, and the filter of secrets, while more is on its way. So nobody waits for it at the end.

Of which answers and looks a fact is read is seen from what its reader asks for. As soon as that is not there yet, reading it
ends, and begins anew when it has come. What was read is kept as what was read of another host is (`facts.alike`): at the
end it stands only where its reader would be given the same, and is read anew elsewhere. So what is judged does not depend on
when an answer came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from pytest_zebu.facts import alike
from pytest_zebu.facts.effort import briefly, can_be_brief
from pytest_zebu.facts.fact import Fact, Gathered
from pytest_zebu.redaction import known, redacted_data
from pytest_zebu.settings.target import Target

SECONDS = 0.25
"""Of the processor, for each: so long what came meanwhile waits for it at most. Known readers take a fourth of it."""
ANY = ""
"""What is asked for by whoever goes through all of a part."""
ANSWERS, LOOKS, TRIALS = alike.PARTS


class NotYet(BaseException):
    """Something was asked for that has not come. No reader's `except Exception` takes it for what was said."""

    def __init__(self, part: str, name: str) -> None:
        super().__init__(part, name)
        self.part, self.name = part, name


class Came(Mapping[str, Any]):
    """What has come of one part of the evidence; whoever asks for the rest is told that it has not.

    Args:
        part: its name.
        has: what has come.
        lacks: whether what is called so may still come; of any name, whether anything may.
    """

    def __init__(self, part: str, has: Mapping[str, Any], lacks: Callable[[str, str], bool]) -> None:
        self._part, self._has, self._lacks = part, has, lacks

    def _need(self, name: str) -> None:
        if self._lacks(self._part, name):
            raise NotYet(self._part, name)

    def __getitem__(self, name: str) -> Any:
        self._need(name)
        return self._has[name]

    def __iter__(self) -> Iterator[str]:
        self._need(ANY)
        return iter(self._has)

    def __len__(self) -> int:
        self._need(ANY)
        return len(self._has)


class _Told(Struct, frozen=True):
    """What a look saw, and the same without secrets, as many as were known then."""

    seen: Any
    known: int
    told: Any

    def is_of(self, seen: Any) -> bool:
        """Whether that would be told so again."""
        return self.seen is seen and self.known == known()


class Readings:
    """What can be read ahead of one host, a piece at a time; nothing, where it would not be kept or could not be broken off.

    Args:
        facts: those that will be read.
        target: the host.
        coming: the answers that may still come.
    """

    def __init__(self, facts: Iterable[Fact[Any]], target: Target, coming: Iterable[str]) -> None:
        self._target = target
        self._coming = set(coming)
        self._waiting: dict[str, tuple[Fact[Any], NotYet | None]] = {fact.name: (fact, None) for fact in facts}
        self._told: dict[str, _Told] = {}
        self._left: set[str] = set()
        self._is_of_use = alike.is_kept() and can_be_brief()

    def came(self, names: Iterable[str]) -> None:
        """These are answered, or will never be."""
        self._coming.difference_update(names)

    def step(self, gathered: Gathered) -> bool:
        """Do one piece that can be done with what was gathered by now.

        Returns:
            Whether there was any.
        """
        if not self._is_of_use:
            return False
        for key, seen in gathered.looks.items():
            if key not in self._left and not self._is_told(key, seen):  # once more where more is known to be secret
                self._tell(key, seen)
                return True
        for fact, missed in self._waiting.values():
            if missed is None or not self._lacks(missed.part, missed.name):
                self._read(fact, gathered)
                return True
        return False

    def told(self, seen: Mapping[str, Any]) -> dict[str, Any]:
        """All that was seen, without secrets."""
        return {
            key: self._told[key].told if self._is_told(key, one) else without_secrets(key, one)
            for key, one in seen.items()
        }

    def _is_told(self, key: str, seen: Any) -> bool:
        return key in self._told and self._told[key].is_of(seen)

    def _tell(self, key: str, seen: Any) -> None:
        found = briefly(lambda: _Told(seen, known(), without_secrets(key, seen)), SECONDS, None)
        if found is None:
            self._left.add(key)
        else:
            self._told[key] = found

    def _read(self, fact: Fact[Any], gathered: Gathered) -> None:
        """Read a fact; what came of it is kept by whoever was asked to keep what readers made."""
        looks = {key: one.told for key, one in self._told.items()}
        parts = (
            Came(part, has, self._lacks) for part, has in ((ANSWERS, gathered.answers), (LOOKS, looks), (TRIALS, {}))
        )
        answers, looked, trials = parts
        here = Gathered(answers, looked, gathered.time, trials)
        del self._waiting[fact.name]
        try:
            briefly(lambda: fact.read(here, self._target), SECONDS, None)
        except NotYet as missed:
            if missed.part != TRIALS:
                self._waiting[fact.name] = fact, missed

    def _lacks(self, part: str, name: str) -> bool:
        if part == ANSWERS:
            return name in self._coming if name else bool(self._coming)
        return part == TRIALS or name not in self._told


def without_secrets(key: str, seen: Any) -> Any:
    """What a look saw, as it is told."""
    return redacted_data({key: seen})[key]
