"""What GitHub's runner is told: failures as annotations of the run, and the filled-in checklist as the step's summary.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from msgspec import Struct, field

from pytest_zebu.files import MIB, append
from pytest_zebu.plugin.judging import RunHooks
from pytest_zebu.reports import markdown
from pytest_zebu.reports.formats import not_written
from pytest_zebu.reports.report import HostReport, ItemReport, Report
from pytest_zebu.shown import clean, clean_line

MOST = 10
"""Of annotations of one kind: GitHub shows no more of a step, and leaves out the rest in silence."""
SUMMARY_LIMIT = MIB
"""Of bytes; of a longer summary GitHub shows nothing."""
MESSAGE = 2_000
SEEN = 3


def data(text: str) -> str:
    """A text as the data of a command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def value(text: str) -> str:
    """A text as the value of one of its properties."""
    return data(text).replace(":", "%3A").replace(",", "%2C")


def _message(item: ItemReport) -> str:
    lines = [item.reason, *(f"seen: {text}" for text in item.evidence[:SEEN])]
    lines += [f"fix: {item.fix}"] if item.fix else []
    return clean("\n".join(clean_line(line) for line in lines), MESSAGE)


def _error(host: HostReport, item: ItemReport, is_one: bool) -> str:
    title = clean_line(item.item if is_one else f"{host.name}: {item.item}", 200)
    properties = {"title": title}
    if item.location is not None and item.location.is_in_repository:
        properties["file"] = clean_line(item.location.file, 1000)
        if item.location.line:
            properties["line"] = str(item.location.line)
    said = ",".join(f"{name}={value(text)}" for name, text in properties.items())
    return f"::error {said}::{data(_message(item))}"


def errors(report: Report) -> Iterator[str]:
    """A command for each item that failed, the graver first, as many as are shown; the last says how many are not."""
    failed = [(host, item) for host in report.hosts for item in host.failed]
    # What comes of another thing that failed is told with it.
    failed.sort(key=lambda pair: (not pair[1].non_negotiable, bool(pair[1].cause)))
    is_one = len(report.hosts) == 1
    kept = failed if len(failed) <= MOST else failed[: MOST - 1]
    yield from (_error(host, item, is_one) for host, item in kept)
    if len(kept) < len(failed):
        yield f"::error title=production readiness::and {len(failed) - len(kept)} more items failed, see the summary"


class RunnerHooks(Struct, eq=False):  # pluggy keeps plugins in sets
    """Registered only where a runner of GitHub's runs the controller."""

    hooks: RunHooks
    annotates: bool
    summary: Path | None
    lines: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, hooks: RunHooks, environment: Mapping[str, str] = os.environ) -> RunnerHooks | None:
        """What the environment asks for, if it asks for anything."""
        annotates, summary = environment.get("GITHUB_ACTIONS") == "true", environment.get("GITHUB_STEP_SUMMARY")
        if hooks.is_worker or not (annotates or summary):
            return None
        return cls(hooks, annotates, Path(summary) if summary else None)

    @property
    def is_annotated(self) -> bool:
        """Whether pytest-github-actions-annotate-failures tells the runner of each failure already."""
        return bool(self.hooks.config.pluginmanager.hasplugin("annotate_errors"))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Append the summary, when all that was judged is told and before anybody else's end of the session can break."""
        report = self.hooks.report
        if report is None or not any(self.hooks.run.selected.values()):
            return
        with self.hooks.run.guarded("the runner is not told what failed"):
            self.lines = list(errors(report)) if self.annotates and not self.is_annotated else []
        with self.hooks.run.guarded("the step has no summary"):
            self._summarize(report)

    def _summarize(self, report: Report) -> None:
        if self.summary is None or not (os.access(self.summary, os.W_OK) and self.summary.is_file()):
            return
        size = self.summary.stat().st_size
        beginning = "\n" if size else ""
        try:
            if text := markdown.summary(report, SUMMARY_LIMIT - size - len(beginning)):
                append(self.summary, beginning + text)
        except OSError as error:
            self.hooks.troubles.append(not_written(self.summary, error))

    def pytest_unconfigure(self) -> None:
        """Print the annotations when nobody else prints any more: each must begin a line."""
        for line in self.lines:
            encoding = sys.stdout.encoding or "utf-8"
            print(line.encode(encoding, "replace").decode(encoding))
