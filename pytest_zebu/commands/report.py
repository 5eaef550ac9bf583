"""`zebu report`: a report of any type, from what a run saved: its snapshot, which is judged again, or its JSON report."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from pytest_zebu.facts.plainjson import NoJson, loads
from pytest_zebu.files import read_bytes, why, write_whole
from pytest_zebu.gather import snapshot
from pytest_zebu.reports import formats, reading
from pytest_zebu.reports.formats import FormatBroken
from pytest_zebu.reports.report import Report
from pytest_zebu.settings.errors import UsageProblem
from pytest_zebu.shown import say

STANDARD = "-"


def run(options: argparse.Namespace) -> int:
    """Make the report; the exit status is 0 when it is written, whatever it says.

    Raises:
        UsageProblem: there is no such type, the source is none or damaged, or the file cannot be written.
    """
    name = formats.known(options.type)
    report, troubles = _report(options)
    try:
        text = formats.text_of(report, name)
    except FormatBroken as error:
        raise UsageProblem(str(error)) from None
    _write(options.output, text)
    for trouble in troubles:
        say(f"zebu: {trouble}", sys.stderr)
    return 1 if troubles else 0


def _report(options: argparse.Namespace) -> tuple[Report, tuple[str, ...]]:
    """What the source tells, and what did not succeed on the way."""
    path = Path("standard input" if options.source == STANDARD else options.source)
    text = _text(options.source, path)
    try:
        data = loads(text)
    except NoJson as error:
        raise UsageProblem(f"{path}: neither a snapshot nor a JSON report ({error})") from None
    if isinstance(data, dict) and "zebu_snapshot" in data:
        # What judges, and pytest with it, is imported where it is needed: the other commands are quick.
        from pytest_zebu.plugin import replay

        return replay.judged(snapshot.parse(text, path), path, options.host, options.config)
    if not (isinstance(data, dict) and "schema" in data):
        raise UsageProblem(f"{path}: neither a snapshot (--zebu-save) nor a JSON report (--zebu-json)")
    return _chosen(reading.parse(text, str(path)), path, options.host), ()


def _chosen(report: Report, path: Path, names: str | None) -> Report:
    if not names:
        return report
    found = {host.name: host for host in report.hosts}
    if missing := [name for name in names.split(",") if name not in found]:
        raise UsageProblem(f"{path}: has no host {missing[0]!r}; it has: {', '.join(sorted(found))}")
    return replace(report, hosts=tuple(found[name] for name in dict.fromkeys(names.split(","))))


def _text(source: str, path: Path) -> str:
    try:
        data = (
            sys.stdin.buffer.read(snapshot.MOST_BYTES + 1)
            if source == STANDARD
            else read_bytes(path, snapshot.MOST_BYTES)
        )
        if len(data) > snapshot.MOST_BYTES:
            raise UsageProblem(f"{path}: is larger than any snapshot")
        return snapshot.decoded(data, path)
    except FileNotFoundError:
        raise UsageProblem(f"{path}: no such file") from None
    except OSError as error:
        raise UsageProblem(f"{path}: {why(error)}") from None
    except UnicodeDecodeError:
        raise UsageProblem(f"{path}: is no text in UTF-8") from None


def _write(name: str, text: str) -> None:
    if name == STANDARD:
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode())
        sys.stdout.buffer.flush()
        return
    try:
        write_whole(Path(name), text)
    except (OSError, ValueError) as error:
        raise UsageProblem(formats.not_written(name, error)) from None
