"""Formats: each turns a report into text. Others' are found by the entry points of the group `pytest_zebu.formats`."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from pytest_zebu.files import why, write_whole
from pytest_zebu.reports.report import Report
from pytest_zebu.settings.errors import UsageProblem
from pytest_zebu.shown import meant

GROUP = "pytest_zebu.formats"


class FormatBroken(Exception):
    """A format made no text; what it raised is told."""


class Format(Protocol):
    """A module or an object that an entry point names; the name of the entry point is the type of report."""

    def render(self, report: Report) -> str:
        """The whole text of the file."""


class Destination(Struct, frozen=True):
    """A report that was asked for: of which type, and where to."""

    format: str
    path: Path

    @classmethod
    def parse(cls, text: str, option: str = "--zebu-report") -> Destination:
        """The destination that `TYPE:FILE` names.

        Args:
            text: what was said.
            option: where it was said, for complaints.

        Raises:
            UsageProblem: it names none, or an unknown type; the text lists those that there are.
        """
        name, _, path = text.partition(":")
        if not path or path == "-":
            hint = " (/dev/stdout is standard output)" if path else ""
            raise UsageProblem(f"{option}={text}: write TYPE:FILE{hint}; types: {', '.join(names())}")
        return cls(known(name, f"{option}={text}: "), Path(path))


def known(name: str, place: str = "") -> str:
    """The name of a type of report that there is.

    Raises:
        UsageProblem: there is none of this name; the text lists those that there are.
    """
    found = names()
    if name in found:
        return name
    raise UsageProblem(f"{place}there is no type of report {name!r}; types: {', '.join(found)}{meant(name, found)}")


def destinations(texts: Iterable[str], json: str | None = None) -> tuple[Destination, ...]:
    """Each report that was asked for.

    Args:
        texts: as `TYPE:FILE`.
        json: the file of one that is JSON.

    Raises:
        UsageProblem: one cannot be understood, or two would be one file.
    """
    said = [("--zebu-report", text) for text in texts]
    said += [("--zebu-json", f"json:{json}")] if json else []
    found: dict[Path, Destination] = {}
    for option, text in said:
        one = Destination.parse(text, option)
        if found.setdefault(one.path.absolute(), one) != one:
            raise UsageProblem(
                f"{option}={text}: {one.path} is named for the type {found[one.path.absolute()].format} already"
            )
    return tuple(found.values())


def names() -> tuple[str, ...]:
    """The types that there are."""
    return tuple(sorted(entry_points(group=GROUP).names))


def load(name: str) -> Format:
    """The format of a name; of several that are installed under it, the first."""
    loaded: Format = next(iter(entry_points(group=GROUP, name=name))).load()
    return loaded


def write(report: Report, wanted: Iterable[Destination]) -> tuple[str, ...]:
    """Write each report; what could not be written, a line each. One that fails keeps no other from being written."""
    return tuple(trouble for one in wanted if (trouble := _trouble(report, one)))


def text_of(report: Report, name: str) -> str:
    """A report as text.

    Raises:
        FormatBroken: the format did not make any.
    """
    try:
        return load(name).render(report)
    except Exception as error:  # somebody else's format may raise anything
        raise FormatBroken(f"the format {name} broke: {type(error).__name__}: {error}") from error


def _trouble(report: Report, wanted: Destination) -> str:
    try:
        write_whole(wanted.path, text_of(report, wanted.format))
    except FormatBroken as error:
        return f"{wanted.path}: {error}"
    except (OSError, ValueError) as error:
        return not_written(wanted.path, error)
    return ""


def not_written(path: Path | str, error: Exception) -> str:
    """A line that says which file could not be written, and why."""
    if isinstance(error, FileExistsError):  # what a folder would be made of is a file
        return f"{path} is not written: {error.filename} is no folder"
    return f"{path} is not written: {why(error)}"
