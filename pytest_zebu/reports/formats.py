"""Formats: each turns a report into text. Others' are found by the entry points of the group `pytest_zebu.formats`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol

from pytest_zebu.files import why, write_whole
from pytest_zebu.reports.report import Report
from pytest_zebu.settings.errors import UsageProblem

GROUP = "pytest_zebu.formats"


class Format(Protocol):
    """A module or an object that an entry point names."""

    def render(self, report: Report) -> str:
        """The whole text of the file."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A report that was asked for: in which format, and where to."""

    format: str
    path: Path

    @classmethod
    def parse(cls, text: str) -> Destination:
        """The destination that `FORMAT:FILE` names.

        Raises:
            UsageProblem: it names none, or an unknown format; the text lists those that there are.
        """
        name, colon, path = text.partition(":")
        known = ", ".join(names())
        if not colon or not path:
            raise UsageProblem(f"--zebu-report={text}: write FORMAT:FILE; formats: {known}")
        if name not in names():
            raise UsageProblem(f"--zebu-report={text}: there is no format {name!r}; formats: {known}")
        return cls(name, Path(path))


def destinations(texts: Iterable[str]) -> tuple[Destination, ...]:
    """Each report that was asked for.

    Raises:
        UsageProblem: one cannot be understood, or two would be one file.
    """
    found: dict[Path, Destination] = {}
    for text in texts:
        one = Destination.parse(text)
        if found.setdefault(one.path.absolute(), one) != one:
            raise UsageProblem(
                f"--zebu-report={text}: {one.path} is named for the format {found[one.path.absolute()].format} already"
            )
    return tuple(found.values())


def names() -> tuple[str, ...]:
    """The formats that there are."""
    return tuple(sorted(entry_points(group=GROUP).names))


def load(name: str) -> Format:
    """The format of a name; of several that are installed under it, the first."""
    loaded: Format = next(iter(entry_points(group=GROUP, name=name))).load()
    return loaded


def write(report: Report, wanted: Iterable[Destination]) -> tuple[str, ...]:
    """Write each report; what could not be written, a line each. One that fails keeps no other from being written."""
    return tuple(trouble for one in wanted if (trouble := _trouble(report, one)))


def _trouble(report: Report, wanted: Destination) -> str:
    try:
        text = load(wanted.format).render(report)
    except Exception as error:  # somebody else's format may raise anything
        return f"{wanted.path}: the format {wanted.format} broke: {type(error).__name__}: {error}"
    try:
        write_whole(wanted.path, text)
    except (OSError, ValueError) as error:
        return not_written(wanted.path, error)
    return ""


def not_written(path: Path | str, error: Exception) -> str:
    """A line that says which file could not be written, and why."""
    if isinstance(error, FileExistsError):  # what a folder would be made of is a file
        return f"{path} is not written: {error.filename} is no folder"
    return f"{path} is not written: {why(error)}"
