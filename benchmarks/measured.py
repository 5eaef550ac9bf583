"""What was measured, and how it is said: medians with their spread, ratios, and what was wanted."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure that was measured several times.

    Attributes:
        values: as they came.
    """

    values: tuple[float, ...]

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        """Of what was measured.

        Raises:
            ValueError: nothing was.
        """
        found = tuple(values)
        if not found:
            raise ValueError("nothing was measured")
        return cls(found)

    @property
    def median(self) -> float:
        """The one in the middle."""
        return statistics.median(self.values)

    def text(self, digits: int = 1) -> str:
        """The median, and behind it from where to where the values go."""
        low, high = min(self.values), max(self.values)
        spread = f" ({low:.{digits}f}-{high:.{digits}f})" if len(self.values) > 1 else ""
        return f"{self.median:.{digits}f}{spread}"


@dataclass(frozen=True, slots=True)
class Wish:
    """What was wanted of a figure.

    Attributes:
        what: it is of.
        value: that was measured.
        most: it may be.
        unit: of both, with the space before it.
        digits: behind the point.
    """

    what: str
    value: float
    most: float
    unit: str = ""
    digits: int = 2

    @property
    def is_met(self) -> bool:
        """Whether it is at most what it may be."""
        return self.value <= self.most

    def text(self) -> str:
        """One line: what, how much, how much it may be. It is not rounded in our favour."""
        shown = ceil(self.value * 10**self.digits - 1e-9) / 10**self.digits
        word = "met" if self.is_met else "MISSED"
        return f"- {self.what}: {shown:.{self.digits}f}{self.unit}, wanted at most {self.most:.{self.digits}f}{self.unit}: {word}"


@dataclass(frozen=True, slots=True)
class Section:
    """What a part has found: one section of the results."""

    title: str
    lines: tuple[str, ...]
    wishes: tuple[Wish, ...] = ()

    def text(self) -> str:
        """As it stands in the file."""
        wishes = [wish.text() for wish in self.wishes]
        body = [*self.lines, *([""] if self.lines and wishes else []), *wishes]
        return "\n".join((f"## {self.title}", "", *body)).rstrip() + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """A table in Markdown."""
    first, *rest = (f"| {' | '.join(cells)} |" for cells in (head, *rows))
    return (first, "|" + "---|" * len(head), *rest)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that so many percent of all values do not exceed (nearest rank).

    Raises:
        ValueError: there is none.
    """
    if not values:
        raise ValueError("nothing was measured")
    return sorted(values)[max(0, ceil(len(values) * share / 100) - 1)]


def usage(text: str) -> float:
    """Processor seconds of a control group, by its cpu.stat (microseconds) or cpuacct.usage (nanoseconds).

    Raises:
        ValueError: it says neither.
    """
    if found := re.search(r"^usage_usec (\d+)$", text, re.MULTILINE):
        return int(found[1]) / 1e6
    return int(text) / 1e9


HEADING = re.compile(r"^(?=## )", re.MULTILINE)


def replaced(text: str, sections: Iterable[Section], order: Sequence[str]) -> str:
    """The results with these sections anew.

    Args:
        text: the results as they are.
        sections: new ones; what has no section yet gets one.
        order: titles that come first, in this order; others stay behind them as they are.
    """
    preface, *found = HEADING.split(text)
    kept = {part.partition("\n")[0].removeprefix("## ").strip(): part.strip() + "\n" for part in found}
    kept |= {section.title: section.text() for section in sections}
    first = [title for title in order if title in kept]
    titles = [*first, *(title for title in kept if title not in first)]
    return "\n".join((preface.strip() + "\n", *(kept[title] for title in titles)))


def write(path: Path, sections: Iterable[Section], order: Sequence[str]) -> None:
    """Renew the sections in the file; it is made where it is not there."""
    text = path.read_text() if path.exists() else "# Results\n"
    path.write_text(replaced(text, sections, order))
