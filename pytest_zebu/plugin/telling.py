"""What pytest says on the terminal while it judges, and at the end: the checklist's outcomes, each once.

What pytest shows of other people's tests, and of checks that broke, stays as it is.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest
from msgspec import Struct, field

from pytest_zebu.plugin.judging import RunHooks
from pytest_zebu.reports import terminal
from pytest_zebu.reports.columns import cut
from pytest_zebu.shown import clean_line
from pytest_zebu.verdict.outcome import Outcome

LETTERS = {
    Outcome.PASSED: ".",
    Outcome.FAILED: "F",
    Outcome.ATTESTED: "a",
    Outcome.WAIVED: "w",
    Outcome.ADVICE: "i",
    Outcome.NOT_APPLICABLE: "n",
}
UNASKED = "fE"
"""The letters of `-r` that hold where nobody gives any."""


def is_judged(report: Any) -> bool:
    """Whether a report is of an item of the checklist whose check did not break: the summary tells all about it."""
    found: dict[str, Any] | None = getattr(report, "zebu", None)
    return found is not None and not found["broken"]


def view(reporter: pytest.TerminalReporter) -> terminal.View:
    """What whoever runs pytest wants to see, and where."""
    writer = reporter._tw  # pytest has no other way to its width, nor to its encoding
    return terminal.View(
        width=writer.fullwidth,
        verbosity=reporter.verbosity,
        is_brief=reporter.config.option.tbstyle in ("no", "line"),
        encoding=getattr(writer._file, "encoding", None) or "utf-8",
    )


class Telling(Struct, eq=False):  # pluggy keeps plugins in sets
    """What a run says on the terminal.

    Attributes:
        shows_paths: whether pytest names files while tests run; nothing before the first.
        speaks_plainly: whether outcomes have pytest's own names, as in a list that `-r` asks for.
        kept: what the terminal reporter counts, while a part of it is hidden.
    """

    hooks: RunHooks
    config: pytest.Config
    shows_paths: bool | None = None
    speaks_plainly: bool = False
    kept: dict[str, list[Any]] = field(default_factory=dict)

    # While it runs

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Side by side, as with `-q`: a line for each file of the suite would be half of all that is said."""
        reporter: pytest.TerminalReporter | None = self.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is None or reporter.showlongtestinfo:
            return
        if self.shows_paths is None:
            self.shows_paths = reporter.showfspath
        is_ours = nodeid in self.hooks.deciding
        if reporter.showfspath and is_ours:
            reporter.ensure_newline()
        reporter.showfspath = self.shows_paths and not is_ours

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Show the checklist's outcomes, not pytest's."""
        if not is_judged(report) or self.speaks_plainly or str(report.outcome) == "rerun":
            return None  # an attempt after which another plugin tries again is its own to show
        outcome = Outcome(getattr(report, "zebu")["outcome"])  # noqa: B009 (xdist carries it)
        category = {"passed": "passed", "failed": "failed"}.get(outcome.value, outcome.label)
        return category, LETTERS.get(outcome, "?"), outcome.label.upper()

    # At the end: pytest's own sections, ours, those of other plugins, and pytest's list of what `-r` asks for

    @pytest.hookimpl(specname="pytest_terminal_summary", wrapper=True, tryfirst=True)
    def pytest_zebu_around_summaries(
        self, terminalreporter: pytest.TerminalReporter
    ) -> Generator[None, object, object]:
        """What ours tells about is not told by pytest's own sections too."""
        self._hide(terminalreporter)
        try:
            return (yield)
        finally:
            self._show(terminalreporter)

    @pytest.hookimpl(tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """How ready each host is, and what is wrong; last, what could not be written. Others see what pytest counted."""
        self._show(terminalreporter)
        if self.config.option.no_summary:
            return
        run, report = self.hooks.run, self.hooks.report
        if report is not None and any(run.selected.values()):
            whole = view(terminalreporter)
            if len(report.hosts) > 1:
                with run.guarded("the table of hosts breaks off"):
                    terminalreporter.section(f"readiness of {len(report.hosts)} hosts")
                    for line in terminal.table(report, whole):
                        terminalreporter.write_line(line.text, **line.markup)
            for host, shown in terminal.shown_hosts(report, whole):
                with run.guarded(f"the summary of {host.name} breaks off"):
                    terminalreporter.section(cut(terminal.heading(host), shown.width - 4))
                    for line in terminal.summary(host, shown):
                        terminalreporter.write_line(line.text, **line.markup)
        while self.hooks.troubles:
            terminalreporter.write_line(clean_line(f"zebu: {self.hooks.troubles.pop(0)}"), red=True)

    @pytest.hookimpl(specname="pytest_terminal_summary", trylast=True)
    def pytest_zebu_before_short_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Who asks for a list by `-r` gets it, in pytest's words: what neither passed nor failed was skipped."""
        if self.config.option.reportchars == UNASKED:
            self._hide(terminalreporter)
            return
        stats = terminalreporter.stats
        self.kept = dict(stats)
        ours = [report for reports in stats.values() for report in reports if is_judged(report) and report.skipped]
        others = [report for report in stats.get("skipped", []) if not is_judged(report)]
        stats["skipped"] = others + ours
        self.speaks_plainly = True

    def _hide(self, reporter: pytest.TerminalReporter) -> None:
        self.kept = dict(reporter.stats)
        if "failed" in self.kept:
            reporter.stats["failed"] = [report for report in self.kept["failed"] if not is_judged(report)]

    def _show(self, reporter: pytest.TerminalReporter) -> None:
        self.speaks_plainly = False
        for name in ("failed", "skipped"):
            if name in self.kept:
                reporter.stats[name] = self.kept[name]
            else:
                reporter.stats.pop(name, None)
