"""The hooks of a run: select, gather, judge, record, report, and open or shut the gate."""

from __future__ import annotations

import copy
import json
import logging
import os
import re
import sys
import time
import warnings
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NoReturn

import pytest
from _pytest._code.code import TerminalRepr
from msgspec import Struct, field
from pytest_html.basereport import BaseReport

from pytest_zebu.facts import alike, effort
from pytest_zebu.facts.answer import NotAssessed
from pytest_zebu.files import MIB, is_device, read_text, write_whole
from pytest_zebu.gather.deadline import aside
from pytest_zebu.plugin import garbage
from pytest_zebu.plugin.ahead import prepare
from pytest_zebu.plugin.checks import GIVEN, Cases, suite_folder, tie_of
from pytest_zebu.plugin.fixtures import CASES, given_target
from pytest_zebu.plugin.judge import decide
from pytest_zebu.plugin.meanwhile import make_ready
from pytest_zebu.plugin.run import Run, facts_of
from pytest_zebu.redaction import redacted
from pytest_zebu.reports import formats, html, junit, terminal
from pytest_zebu.reports.report import Report
from pytest_zebu.shown import clean_line, clean_lines, meant, say, sendable
from pytest_zebu.verdict.outcome import Finding, Outcome
from pytest_zebu.verdict.settle import settle

PAGE_LIMIT = 512 * MIB
PASSING = (Outcome.PASSED, Outcome.ATTESTED)
CARRIED: Mapping[str, Callable[[Any], Any]] = {
    "zebu": dict,
    "keywords": dict,
    "location": tuple,
    "sections": lambda pairs: [*map(tuple, pairs)],
    "user_properties": lambda pairs: [*map(tuple, pairs)],
}
"""What a report carries in many values, and how it is made of JSON again."""
FINDING = pytest.StashKey[Finding]()
TOLD = pytest.StashKey[list[tuple[str, str]]]()


def item_of(item: pytest.Item) -> tuple[str, str] | None:
    """The checklist item that a test decides, and the host, if it decides any."""
    callspec = getattr(item, "callspec", None)
    if callspec is None or "zebu_item" not in callspec.params:
        return None
    return str(callspec.params["zebu_item"]), str(callspec.params.get("zebu_target", ""))


def has_our_target(item: pytest.Function) -> bool:
    """Whether the test is tied to an item, and its host comes from no fixture that a project has put before ours."""
    known = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {}).get("zebu_target", ())
    return tie_of(item.obj) is not None and all(one.func is given_target for one in known)


def end(finding: Finding, error: BaseException | None) -> NoReturn:
    """End a call as its finding says: with a failure in a few lines and no traceback, or with a skip and its reason.

    Raises:
        Failed: the item failed.
        Skipped: it neither passed nor failed.
    """
    if finding.outcome is Outcome.FAILED:
        raised: BaseException = pytest.fail.Exception("\n".join(terminal.finding_lines(finding)), pytrace=False)
    else:
        raised = pytest.skip.Exception(finding.outcome.says(finding.reason))
    # A debugger stands where the check ended.
    raise raised.with_traceback(error.__traceback__ if error else None) from None


def around(item_id: str, error: BaseException) -> Finding:
    """The finding of an item whose set-up or tearing down did not succeed, or whose call was ended from outside."""
    if isinstance(error, pytest.skip.Exception):
        return Finding(item_id, Outcome.NOT_ASSESSED, str(error))
    why = f"the test around the check broke: {type(error).__name__}"
    return Finding(item_id, Outcome.NOT_ASSESSED, why, broken=True)


def place_of(item: pytest.Item, suite: Path) -> str:
    """A test's node id within the suite, wherever that is installed."""
    _, mark, inside = item.nodeid.partition("::")
    return f"{item.path.relative_to(suite)}{mark}{inside}"


def is_within(place: str, name: str) -> bool:
    """Whether a test is what an argument names, or in it: a folder, a file, a function, all of them where it is empty."""
    return not name or place == name or place.startswith((f"{name}/", f"{name}::", f"{name}["))


def wrong_marker(expression: str, registered: list[str]) -> str:
    """What is wrong with the expression of `-m`: a name that is no marker; empty where all are."""
    known = {re.split(r"[:(]", line)[0].strip() for line in registered}
    bare = re.sub(r"\([^()]*=[^()]*\)", "", expression)
    for name in re.findall(r"[^\s()]+", bare):
        if name not in known | {"and", "or", "not", "True", "False", "None"}:
            return f"there is no marker {name!r}" + (meant(name, known) or "; --markers lists them")
    return ""


def wrong_id(expression: str, known: list[str]) -> str:
    """What is wrong with the expression of `-k`: a word like an item's id that is in none; empty where nothing is."""
    stages = {item_id.partition(".")[0] for item_id in known}
    for word in re.findall(r"[^\s()\[\]]+", expression):
        name = word.lower()
        is_of_a_stage = name.partition(".")[0] in stages and name.count(".") > 1
        if is_of_a_stage and not any(name in item_id for item_id in known) and (hint := meant(name, known)):
            return f"no item has {clean_line(word, 80)!r} in its id{hint}"
    return ""


def guard_page(path: Path) -> None:
    """Put what is ours of a page first, and let it say what it may do; a device is no page, and pytest-html follows links."""
    if path.is_file() and not is_device(path):
        write_whole(path.resolve(), html.composed(read_text(path, PAGE_LIMIT)))


class CleanFormatter(logging.Formatter):
    """Formats a record as another formatter does, on its way to the terminal or a file: libraries log what servers said.

    The record stays as it is: it is other handlers', as those of pytest's caplog.
    """

    def __init__(self, other: logging.Formatter) -> None:
        super().__init__()
        self._other = other

    def format(self, record: logging.LogRecord) -> str:
        """Its text, cleaned before it is coloured."""
        clean = copy.copy(record)
        clean.msg, clean.args = clean_lines(record.getMessage()), ()
        if record.exc_info:
            clean.exc_text = clean_lines(record.exc_text or self.formatException(record.exc_info))
        return self._other.format(clean)


def scrub(report: pytest.TestReport) -> None:
    """Clean what pytest and its other plugins show of a test: it is on its way to terminals and files."""
    match report.longrepr:
        case str(text):
            report.longrepr = clean_lines(text)
        case (path, line, reason):
            report.longrepr = (path, line, clean_line(reason))
        case TerminalRepr() as shown:
            _scrub(shown)
    report.sections = [(clean_line(name), clean_lines(text)) for name, text in report.sections]


def _scrub(value: Any) -> Any:
    """Clean the texts of what pytest made of an exception, where they stand."""
    match value:
        case str():
            return clean_lines(value)
        case list() | tuple():
            return type(value)(_scrub(one) for one in value)
        case TerminalRepr():
            for name, held in vars(value).items():
                setattr(value, name, _scrub(held))
    return value


class Carried(Struct, frozen=True):
    """A finding as a report carries it.

    Attributes:
        of: the finding.
        data: as plain data, which xdist can send.
        finding: what is made of that again.
        properties: what pytest's JUnit XML says of it.
    """

    of: Finding
    data: Mapping[str, Any]
    finding: Finding
    properties: tuple[tuple[str, str], ...]

    @classmethod
    def by(cls, finding: Finding) -> Carried:
        """Of a finding."""
        data = sendable(finding.as_data())
        return cls(finding, data, Finding.from_data(data), tuple(junit.properties(finding)))


def _tell(item: pytest.Item, report: pytest.TestReport, told: Sequence[tuple[str, str]]) -> None:
    """Give pytest's JUnit XML the properties of a finding, in the place of what was said of an earlier phase."""
    before = item.stash.get(TOLD, [])
    item.stash[TOLD] = [*told]
    item.user_properties[:] = [*(one for one in item.user_properties if one not in before), *told]
    report.user_properties = list(item.user_properties)


def _is_carried(name: str, value: Any) -> bool:
    """Whether JSON makes the same again of what a report carries: a test may give itself any other property."""
    match name:
        case "keywords":
            return all(type(key) is str and type(one) is int for key, one in value.items())
        case "location":
            return all(isinstance(part, str | int | None) for part in value)
        case "sections" | "user_properties":
            return all(isinstance(part, str) for pair in value for part in pair)
    return True


class RunHooks(Struct, eq=False):  # pluggy keeps plugins in sets
    """Registered only where there is something to judge.

    Attributes:
        wanted: what of the suite is named by arguments, as places in it; all where nothing is.
        wrong: what is wrong with these names.
        decides: which test decides an item of a host.
        deciding: the node ids of these tests.
        is_all_ours: whether all tests are the suite's, and none is a project's own.
    """

    run: Run
    config: pytest.Config
    is_worker: bool
    wanted: tuple[str, ...] = ()
    wrong: str = ""
    other_failures: int = 0
    beside: list[html.Beside] = field(default_factory=list)
    report: Report | None = None
    writing: str = ""
    decides: dict[tuple[str, str], str] = field(default_factory=dict)
    deciding: set[str] = field(default_factory=set)
    is_all_ours: bool = False
    _of_suite: dict[Path, bool] = field(default_factory=dict)
    _carried: dict[int, Carried] = field(default_factory=dict)
    _fresh: tuple[dict[str, Any], Finding] | None = None

    @property
    def troubles(self) -> list[str]:
        """What did not succeed, beside what was judged: a line each, and each makes the run fail."""
        return self.run.troubles

    # Selection

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """With several hosts, each item is judged for each."""
        if len(self.run.targets) > 1 and "zebu_target" in metafunc.fixturenames:
            metafunc.parametrize("zebu_target", list(self.run.targets), indirect=True)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """A mistyped marker would select nothing, in silence. Logs, where they are shown, are cleaned from here on."""
        of_logs = self.config.pluginmanager.get_plugin("logging-plugin")
        for name in ("log_cli_handler", "log_file_handler"):
            if isinstance(handler := getattr(of_logs, name, None), logging.Handler):
                handler.setFormatter(CleanFormatter(handler.formatter or logging.Formatter()))
        complaint = wrong_marker(self.config.option.markexpr, session.config.getini("markers"))
        if complaint:
            raise pytest.UsageError(f"zebu: -m: {complaint}")
        if complaint := wrong_id(self.config.option.keyword, [item.id for item in self.run.catalogue]):
            raise pytest.UsageError(f"zebu: -k: {complaint}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Of the suite, keep what arguments name.

        Raises:
            UsageError: one names nothing.
        """
        folder = suite_folder()
        if not self.wanted or folder is None:
            return
        places = {item: place_of(item, folder) for item in items if item.path.is_relative_to(folder)}
        self.wrong = self.misnamed([*places.values()])
        if self.wrong and not self.is_worker:
            raise pytest.UsageError(self.wrong)
        if self.wrong:  # it is the controller's to say; and nothing is judged
            items.clear()
            return
        left = [item for item, place in places.items() if not any(is_within(place, name) for name in self.wanted)]
        if left:
            self.config.hook.pytest_deselected(items=left)
            gone = set(left)
            items[:] = [item for item in items if item not in gone]

    def misnamed(self, places: Sequence[str]) -> str:
        """What is wrong with the arguments: one names nothing of the suite; empty where all name something."""
        missing = [name for name in self.wanted if not any(is_within(place, name) for place in places)]
        return next((f"zebu: the suite has no test {clean_line(name)}{meant(name, places)}" for name in missing), "")

    @pytest.hookimpl(wrapper=True)
    def pytest_collection(self) -> Generator[None, object, object]:
        """What is collected stays."""
        with garbage.sought_seldom():
            return (yield)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note which items were selected, and the facts that any test needs: pytest's own `--lf` and `--sw` select last."""
        for item in session.items:
            found = item_of(item)
            if found is not None:
                host = self._host(found)
                self.run.selected[host].add(found[0])
                self.expect(host, found[0], item.nodeid)
            tie = tie_of(getattr(item, "obj", None))
            self.run.facts |= facts_of([*getattr(item, "fixturenames", ()), *(tie.parameters if tie else ())])
        self.is_all_ours = all(self.is_of_suite(item.path) for item in session.items)
        garbage.keep()

    def expect(self, host: str, item_id: str, node_id: str) -> None:
        """Note which test decides an item.

        Raises:
            UsageError: another one does so too.
        """
        other = self.decides.setdefault((host, item_id), node_id)
        self.deciding.add(other)
        if other != node_id and not self.is_worker:  # what is wrong is the controller's to say
            raise pytest.UsageError(f"zebu: {item_id} is decided by two tests: {other} and {node_id}")

    def is_of_suite(self, path: Path) -> bool:
        """Whether a file is the suite's."""
        if path not in self._of_suite:
            folder = suite_folder()
            self._of_suite[path] = folder is not None and path.is_relative_to(folder)
        return self._of_suite[path]

    def _host(self, found: tuple[str, str]) -> str:
        """The host that an item is judged of; of a run over one host no test names it."""
        return found[1] or next(iter(self.run.targets))

    # Judging

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool | None:
        """Judge an item, and end the call as the finding says: everything that looks at the call sees it."""
        found, tie = item_of(pyfuncitem), tie_of(pyfuncitem.obj)
        if found is None or tie is None:
            return None
        item_id, host = found[0], self._host(found)
        evidence = self.run.evidence(host)
        cases = pyfuncitem.stash.setdefault(CASES, Cases())
        arguments = {
            name: evidence.given(name, item_id, cases) if name in GIVEN else pyfuncitem.funcargs[name]
            for name in tie.parameters
            if name in GIVEN or name in pyfuncitem.funcargs
        }
        listed = cases if "case" in arguments else None
        origins = evidence.from_elsewhere(arguments)
        is_pure = self.is_of_suite(pyfuncitem.path)
        finding, error = decide(pyfuncitem.obj, item_id, arguments, listed, evidence.target, origins, is_pure)
        finding = self._settled(host, finding)
        pyfuncitem.stash[FINDING] = finding
        if finding.broken and error is not None:
            raise error
        if finding.outcome not in PASSING:
            end(finding, error)
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> None:
        """Judge an item once: what was gathered stays the same, however often it is judged (pytest-rerunfailures)."""
        if item_of(item) is not None and self.config.pluginmanager.hasplugin("rerunfailures"):
            item.add_marker(pytest.mark.flaky(reruns=0), append=False)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, object, object]:
        """A fixture that could not see what it needs ends the test as a check would. Nothing of an earlier attempt is left.

        What a check is handed is no fixture's to make: pytest makes none of what is there already. Nor does it need the
        request then, which our target's fixture asks for.
        """
        if isinstance(item, pytest.Function) and has_our_target(item) and (found := item_of(item)) is not None:
            item.funcargs |= {"zebu_item": found[0], "zebu_target": self.run.targets[self._host(found)]}
            if (request := getattr(item, "_request", None)) is not None:
                item.funcargs["request"] = request
        if FINDING in item.stash:
            del item.stash[FINDING]
        if CASES in item.stash:
            del item.stash[CASES]
        try:
            return (yield)
        except NotAssessed as unseen:
            pytest.skip(str(unseen))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Let the report carry the finding, also from a worker.

        Of an item that failed no traceback is shown: pytest need not read all that stands above the check.
        """
        finding = item.stash.get(FINDING, None) if call.when == "call" else None
        is_told = finding is not None and finding.outcome is Outcome.FAILED and not finding.broken
        if is_told and call.excinfo is not None and not self.config.option.fulltrace:
            call.excinfo.traceback = call.excinfo.traceback[-1:]
        report = yield
        if call.when == "call" or call.excinfo is not None:
            with self.run.guarded(f"{item.name} is not judged"):
                self._judged(item, call, report)
        scrub(report)
        return report

    def _judged(self, item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
        found = item_of(item)
        if found is None:
            return
        host = self._host(found)
        finding = item.stash.get(FINDING, None) if call.when == "call" else None
        if finding is None and call.excinfo is not None:
            finding = self._settled(host, around(found[0], call.excinfo.value))
        if finding is None:
            return
        carried = self._carry(finding)
        _tell(item, report, carried.properties)
        found_data = {"host": sendable(host), **carried.data}
        setattr(report, "zebu", found_data)  # noqa: B010 (xdist carries it)
        self._fresh = found_data, carried.finding
        if finding.broken:
            # Python shows values on the way: whatever they are, they pass the filter.
            # What stood between the letters of one is taken out first.
            report.longrepr = redacted(clean_lines(report.longreprtext))
            report.sections = [(name, redacted(clean_lines(text))) for name, text in report.sections]
        else:
            report.sections = []
        if report.skipped:
            path, line, _ = item.location
            report.longrepr = (str(path), line or 0, finding.outcome.says(finding.reason))

    def _carry(self, finding: Finding) -> Carried:
        """What a report carries of a finding; of one that stands for several hosts it is made once."""
        known = self._carried.get(id(finding))
        if known is None or known.of is not finding:
            known = self._carried[id(finding)] = Carried.by(finding)
        return known

    def _settled(self, host: str, finding: Finding) -> Finding:
        evidence = self.run.evidence(host)
        declared = evidence.declared(finding.item)
        return settle(self.run.catalogue[finding.item], finding, declared, evidence.target.settings.profile)

    # The run as a whole; in xdist's workers these are the controller's business

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep a finding."""
        found: dict[str, Any] | None = getattr(report, "zebu", None)
        if found is not None:
            fresh, self._fresh = self._fresh, None
            with self.run.guarded(f"{report.nodeid} is not kept"):
                is_fresh = fresh is not None and fresh[0] is found
                self.run.record(found["host"], fresh[1] if fresh and is_fresh else Finding.from_data(found))
            if found["broken"]:
                self._show_beside(report, is_check=True)
        elif report.failed:
            self.other_failures += 1
            self._show_beside(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that cannot be read as tests is a failure too."""
        if report.failed:
            self.other_failures += 1
            self._show_beside(report)

    def _show_beside(self, report: pytest.TestReport | pytest.CollectReport, is_check: bool = False) -> None:
        if getattr(self.config.option, "htmlpath", None):
            with self.run.guarded(f"{report.nodeid} is not on the page"):
                text = clean_lines(report.longreprtext)
                self.beside.append(html.Beside(clean_line(report.nodeid), text, is_check))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Gather before the first item is judged; after the last, let the gate decide the exit status."""
        # A worker does so too, and not within its first test: limits of a test's time are no limits of gathering.
        # Until the end: reports, and what is remembered, are made from the same. Of one host, what is read ahead is kept there.
        if len(self.run.targets) > 1 or self.run.options.replay is None:
            sharing = ExitStack()
            sharing.enter_context(alike.hosts())
            self.config.add_cleanup(sharing.close)
        return (yield from self._judge(session))

    def _judge(self, session: pytest.Session) -> Generator[None, object, object]:
        gathers = not self.config.option.collectonly and not getattr(self.config.option, "numprocesses", None)
        if gathers and (self.run.facts or any(self.run.selected.values())):
            reporter = self.config.pluginmanager.get_plugin("terminalreporter")
            if reporter is not None and reporter.verbosity >= 0:
                self.run.watch = lambda text: reporter.write_line(clean_line(f"zebu: {text}"))
            if self.run.options.replay is None:
                aside(prepare)
            make_ready(self.run, session.items)
            self.run.snapshot(next(iter(self.run.targets)))
            if self.is_all_ours and not any("host" in getattr(one, "fixturenames", ()) for one in session.items):
                self.run.hang_up()
        with garbage.sought_seldom(), effort.watched():
            result = yield
        if not self.is_worker and not self.config.option.collectonly and any(self.run.selected.values()):
            is_open = False
            with self.run.guarded("the gate stays shut"):
                is_open = all(self.run.readiness(name).opens(self.run.options.gate) for name in self.run.targets)
            session.testsfailed = self.other_failures + (0 if is_open else 1)
        return result

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, object, object]:
        """Write what was asked for before anybody else's end of the session, so that nothing later can lose it.

        A file that cannot be written is a line and a failure, and no traceback; pytest-html's is written inside.
        """
        if self.is_worker:
            self.config.workeroutput["zebu_troubles"] = sendable(self.troubles)  # type: ignore[attr-defined]
            self.config.workeroutput["zebu_wrong"] = sendable(self.wrong)  # type: ignore[attr-defined]
        if self.is_worker or self.config.option.collectonly or session.exitstatus == pytest.ExitCode.USAGE_ERROR:
            return (yield)  # of a call that is wrong nothing was judged: what an earlier run wrote stays
        self.run.begin_to_remember()
        with self.run.guarded("there is no report"):
            from pytest_zebu.plugin.reporting import report_of  # imported while the machine is asked (ahead.py)

            self.report = report_of(self.run, time.time() - self.run.started)
        if self.report is not None and any(self.run.selected.values()):
            self.troubles.extend(formats.write(self.report, self.run.options.reports))
        self.run.keep()
        result = None
        page = getattr(self.config.option, "htmlpath", None)
        self.writing = getattr(self.config.option, "xmlpath", None) or "a report"
        try:
            result = yield
        except (OSError, ValueError) as error:
            self._not_written(error)
            if page and self.writing != page:  # whoever comes after the one that broke was not asked any more
                self._write_page(session)
        if page:
            with self.run.guarded("the page does not say what it may do"):
                guard_page(Path(os.path.expandvars(page)).expanduser())
        if self.troubles and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        self.run.status = int(session.exitstatus)
        return result

    def _not_written(self, error: OSError | ValueError) -> None:
        self.troubles.append(formats.not_written(getattr(error, "filename", None) or self.writing, error))

    def _write_page(self, session: pytest.Session) -> None:
        manager = self.config.pluginmanager
        others = [plugin for plugin in manager.get_plugins() if not isinstance(plugin, BaseReport)]
        end = manager.subset_hook_caller("pytest_sessionfinish", others)
        try:
            end(session=session, exitstatus=session.exitstatus)
        except (OSError, ValueError) as error:
            self._not_written(error)

    @pytest.hookimpl(tryfirst=True)
    def pytest_warning_recorded(self, warning_message: warnings.WarningMessage) -> None:
        """A library's warning may quote what a target said."""
        said = str(warning_message.message)
        if clean_lines(said) != said:
            warning_message.message = UserWarning(clean_lines(said))

    def pytest_unconfigure(self) -> None:
        """Say what no summary said, as it may be switched off; end connections, remove what processes shared."""
        with self.run.guarded("what the run opened is not all closed"):
            self.run.close()
        for trouble in self.troubles:
            say(f"zebu: {trouble}", sys.stderr)
        if self.is_all_ours:  # pytest searches all once more: for what a project's own tests left broken
            garbage.keep()

    # pytest-html

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_report_title(self, report: Any) -> None:
        """Name the hosts."""
        with self.run.guarded("the page has no title"):
            report.title = html.title(self.run.targets)

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[str]) -> None:
        """What is ours. The page is written next, the last of all files."""
        self.writing = self.config.option.htmlpath
        with self.run.guarded("the page has no report"):
            prefix += [html.body(self.report, self.beside)] if self.report else ()

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_header(self, cells: list[str]) -> None:
        """The columns of pytest-html's own table, behind a fold."""
        cells[:] = html.HEADER

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_row(self, report: pytest.TestReport, cells: list[str]) -> None:
        """A row of it. Of setting up and tearing down it shows only what went wrong."""
        if report.when != "call" and report.passed:
            return
        found: dict[str, Any] | None = getattr(report, "zebu", None)
        with self.run.guarded(f"the row of {report.nodeid} is not all there"):
            cells[:] = html.row(cells, report.nodeid, Outcome(found["outcome"]) if found else None)

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_html(self, report: pytest.TestReport, data: list[str]) -> None:
        """What was found of an item stands above, and not here again; a check that broke shows what Python says."""
        found: dict[str, Any] | None = getattr(report, "zebu", None)
        if found is not None and not found["broken"]:
            data[:] = [html.log(found["host"], found["item"])]


class XdistHooks(Struct, eq=False):  # pluggy keeps plugins in sets
    """Registered only where xdist is."""

    run: Run
    hooks: RunHooks

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """A worker judges host by host: what is handed out together is of one, and is read and parsed by one worker."""
        if self.hooks.is_worker and len(self.run.targets) > 1:
            place = {name: number for number, name in enumerate(self.run.targets)}
            items.sort(key=lambda item: place.get(found[1], -1) if (found := item_of(item)) else -1)

    @pytest.hookimpl(wrapper=True)
    def pytest_report_to_serializable(self) -> Generator[None, dict[str, Any] | None, dict[str, Any] | None]:
        """A worker sends a report of an item as one text: what carries reports looks at each value by itself."""
        data = yield
        if data is not None and self.hooks.is_worker and data.get("nodeid") in self.hooks.deciding:
            keys = [key for key in CARRIED if key in data and _is_carried(key, data[key])]
            data["zebu_texts"] = json.dumps({key: data.pop(key) for key in keys})
        return data

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_report_from_serializable(self, data: dict[str, Any]) -> Generator[None, object, object]:
        """The same again as it was."""
        if (texts := data.pop("zebu_texts", None)) is not None:
            data |= {key: CARRIED[key](value) for key, value in json.loads(texts).items()}
        return (yield)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell workers where gatherings are shared."""
        node.workerinput["zebu_folder"] = str(self.run.folder)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """What did not succeed in a worker is said once.

        Raises:
            UsageError: the worker found that the call is wrong.
        """
        output = getattr(node, "workeroutput", None) or {}
        if wrong := output.get("zebu_wrong"):
            raise pytest.UsageError(wrong)
        said = output.get("zebu_troubles", [])
        self.run.troubles += [trouble for trouble in said if trouble not in self.run.troubles]

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """The controller collects nothing itself: the workers tell it what was selected."""
        ways = ("{item}",) if len(self.run.targets) == 1 else ("{host}-{item}", "{item}-{host}")
        named = {
            way.format(host=host, item=item.id): (host, item.id)
            for host in self.run.targets
            for item in self.run.catalogue
            for way in ways
        }
        for node_id in ids:
            if found := named.get(node_id.rpartition("[")[2].removesuffix("]")):
                host, item_id = found
                self.run.selected[host].add(item_id)
                self.hooks.expect(host, item_id, node_id)
