"""The hooks of a run: select, gather, judge, record, report, and open or shut the gate."""

from __future__ import annotations

import sys
import time
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import pytest

from pytest_zebu.plugin.fixtures import CASES
from pytest_zebu.plugin.judge import finding_of, handed
from pytest_zebu.plugin.reporting import item_report, report_of
from pytest_zebu.plugin.run import Run, facts_of
from pytest_zebu.reports import formats, html, terminal
from pytest_zebu.reports.report import Report
from pytest_zebu.verdict.outcome import Finding, Outcome
from pytest_zebu.verdict.settle import settle

PASSING = (Outcome.PASSED, Outcome.ATTESTED)


def item_of(item: pytest.Item) -> tuple[str, str] | None:
    """The checklist item that a test decides, and the host, if it decides any."""
    callspec = getattr(item, "callspec", None)
    if callspec is None or "zebu_item" not in callspec.params:
        return None
    return str(callspec.params["zebu_item"]), str(callspec.params.get("zebu_target", ""))


@dataclass(slots=True, eq=False)  # pluggy keeps plugins in sets
class RunHooks:
    """Registered only where there is something to judge."""

    run: Run
    config: pytest.Config
    is_worker: bool
    other_failures: int = 0
    report: Report | None = None
    troubles: list[str] = field(default_factory=list)
    writing: str = ""

    # Selection

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Note which items were selected, and the facts that they need."""
        for item in items:
            found = item_of(item)
            if found is not None:
                self.run.selected[found[1] or next(iter(self.run.targets))].add(found[0])
                self.run.facts |= facts_of(getattr(item, "fixturenames", ()))

    # Judging

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> None:
        """Hand an item its facts. One that is unknown leaves the item not assessed."""
        if item_of(pyfuncitem) is None:
            return
        pyfuncitem.funcargs.update(handed(pyfuncitem.function, pyfuncitem.funcargs))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Turn what happened into an outcome of the checklist."""
        report = yield
        found = item_of(item)
        if found is None or (call.when != "call" and call.excinfo is None):
            return report
        item_id, host = found[0], found[1] or next(iter(self.run.targets))
        error = call.excinfo.value if call.excinfo else None
        finding = finding_of(getattr(item, "function"), item_id, item.stash.get(CASES, None), error)  # noqa: B009
        declared = self.run.records[host].declared(item_id, self.run.today(host))
        finding = settle(self.run.catalogue[item_id], finding, declared, self.run.targets[host].settings.profile)
        setattr(report, "zebu", {"host": host, **finding.as_data()})  # noqa: B010 (xdist carries it)
        if finding.broken:
            return report
        report.sections = []
        if finding.outcome in PASSING:
            report.outcome, report.longrepr = "passed", None
        elif finding.outcome is Outcome.FAILED:
            report.outcome, report.longrepr = "failed", "\n".join(terminal.finding_lines(finding))
        else:
            path, line, _ = item.location
            report.outcome = "skipped"
            report.longrepr = (str(path), line or 0, f"{finding.outcome.label}: {finding.reason}")
        return report

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Show the checklist's outcomes, not pytest's."""
        found: dict[str, Any] | None = getattr(report, "zebu", None)
        if found is None or found["broken"]:
            return None
        outcome = Outcome(found["outcome"])
        category = {"passed": "passed", "failed": "failed"}.get(outcome.value, outcome.label)
        letter = {
            Outcome.PASSED: ".",
            Outcome.FAILED: "F",
            Outcome.ATTESTED: "a",
            Outcome.WAIVED: "w",
            Outcome.ADVICE: "i",
            Outcome.NOT_APPLICABLE: "n",
        }.get(outcome, "?")
        return category, letter, outcome.label.upper()

    # The run as a whole; in xdist's workers these are the controller's business

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep a finding."""
        found: dict[str, Any] | None = getattr(report, "zebu", None)
        if found is not None:
            self.run.record(found["host"], Finding.from_data(found))
        elif report.failed:
            self.other_failures += 1

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Gather before the first item is judged; after the last, let the gate decide the exit status."""
        gathers = (
            not self.is_worker
            and not self.config.option.collectonly
            and not getattr(self.config.option, "numprocesses", None)
        )
        if gathers and any(self.run.selected.values()):
            reporter = self.config.pluginmanager.get_plugin("terminalreporter")
            if reporter is not None:
                self.run.watch = lambda text: reporter.write_line(f"zebu: {text}")
            self.run.snapshot(next(iter(self.run.targets)))
        result = yield
        if not self.is_worker and not self.config.option.collectonly and any(self.run.selected.values()):
            is_open = all(self.run.readiness(name).opens(self.run.options.gate) for name in self.run.targets)
            session.testsfailed = self.other_failures + (0 if is_open else 1)
        return result

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, object, object]:
        """Write what was asked for before anybody else's end of the session, so that nothing later can lose it.

        A file that cannot be written is a line and a failure, and no traceback; pytest-html's is written inside.
        """
        if self.is_worker or self.config.option.collectonly:
            return (yield)
        self.report = report_of(self.run, time.time() - self.run.started)
        if any(self.run.selected.values()):
            self.troubles += formats.write(self.report, self.run.options.reports)
        self.troubles += self.run.keep()
        result = None
        self.writing = getattr(self.config.option, "xmlpath", None) or "a report"
        try:
            result = yield
        except OSError as error:
            self.troubles.append(formats.not_written(error.filename or self.writing, error))
        if self.troubles and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        return result

    @pytest.hookimpl(tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """The readiness, then the findings; last, what could not be written."""
        if self.report is not None and any(self.run.selected.values()):
            # One line per skipped item of the whole checklist would bury the findings; they are listed below.
            terminalreporter.stats.pop("skipped", None) if not self.other_failures else None
            for host in self.report.hosts:
                terminalreporter.section(terminal.heading(host))
                for line in terminal.summary(host):
                    terminalreporter.write_line(line.text, **line.markup)
        while self.troubles:
            terminalreporter.write_line(f"zebu: {self.troubles.pop(0)}", red=True)

    def pytest_unconfigure(self) -> None:
        """Say what no summary said: it may be switched off."""
        for trouble in self.troubles:
            print(f"zebu: {trouble}", file=sys.stderr)

    # pytest-html

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_report_title(self, report: Any) -> None:
        """Name the hosts."""
        report.title = html.title(self.run.targets)

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[str]) -> None:
        """The panels. The page is written next, the last of all files."""
        self.writing = self.config.option.htmlpath
        prefix += html.panels(self.report) if self.report else ()

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_header(self, cells: list[str]) -> None:
        """The columns of an item."""
        cells[:] = html.HEADER

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_row(self, report: pytest.TestReport, cells: list[str]) -> None:
        """The row of an item."""
        found: dict[str, Any] | None = getattr(report, "zebu", None)
        if found is None:
            cells[:] = html.foreign_row(report.nodeid, report.outcome)
            return
        finding = Finding.from_data(found)
        cells[:] = html.row(item_report(self.run.catalogue[finding.item], finding))


@dataclass(slots=True, eq=False)  # pluggy keeps plugins in sets
class XdistHooks:
    """Registered only where xdist is."""

    run: Run

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell workers where gatherings are shared."""
        node.workerinput["zebu_folder"] = str(self.run.folder)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """The controller collects nothing itself: the workers tell it what was selected."""
        for node_id in ids:
            parameters = node_id.rpartition("[")[2].removesuffix("]")
            for host in self.run.targets:
                alone = (
                    parameters
                    if len(self.run.targets) == 1
                    else parameters.removeprefix(f"{host}-").removesuffix(f"-{host}")
                )
                if alone in self.run.catalogue and (len(self.run.targets) == 1 or alone != parameters):
                    self.run.selected[host].add(alone)
