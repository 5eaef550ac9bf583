"""What a whole run says on the terminal: ours once, other people's tests as pytest says them."""

from __future__ import annotations

import re
import traceback
from pathlib import Path

import pytest

from pytest_zebu.gather import snapshot
from pytest_zebu.gather.snapshot import Snapshot
from pytest_zebu.reports.columns import columns
from tests.reports import eight_faults

from .conftest import Run

OWN = """
def test_own_fails():
    left = 1
    assert left == 2

def test_own_passes():
    pass
"""
BREAKS = """
from pytest_zebu.plugin.checks import items

@items("deploy.initial.ssh")
def test_breaks():
    raise KeyError("within")
"""
FAILS = ("-k", "https.certificate or no-passwords or capacity.costs")
"""One fails, one passes, one is not assessed."""


def sections(result: pytest.RunResult) -> list[str]:
    """The headings of a run, in their order."""
    found = (re.fullmatch(r"=+ (.*?) =+", line) for line in result.outlines)
    return [match[1] for match in found if match]


def told_of_failures(result: pytest.RunResult) -> list[str]:
    """The lines between how many failed and how many were not assessed."""
    lines = result.outlines
    first, last = (
        next(n for n, line in enumerate(lines) if re.match(rf"\d+ {what}", line)) for what in ("failed", "not assessed")
    )
    return lines[first + 1 : last]


@pytest.fixture
def lab(pytester: pytest.Pytester) -> pytest.Pytester:
    """A folder with what was gathered of the lab with eight faults."""
    known = eight_faults.evidence(pytester.path)
    gathered = Snapshot("lab", known.gathered, True, "", 1, 1, 6.5)
    snapshot.write(pytester.path / "snapshot.json", {"lab": gathered})
    return pytester


def test_eight_faults_are_told_in_fewer_than_sixty_lines(lab: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    result = lab.runpytest_subprocess("--zebu-replay=snapshot.json", "-p", "no:cacheprovider")
    asked = "zebu: asking lab: 101 probes in one round trip, 12 looks from outside", "zebu: lab answered after 1.0 s"
    assert len(result.outlines) + len(asked) < 60
    assert sections(result)[1] == "readiness of lab, version v1.2.0"
    assert result.outlines[-1].startswith("= 22 failed, ")
    assert result.ret == 1
    for line in result.outlines:
        assert columns(line) <= 80 or line.startswith(("rootdir: ", "plugins: ", "     judge ", "= 22 failed"))


def test_pytest_says_nothing_of_it_a_second_time(run: Run) -> None:
    result, _ = run(*FAILS)
    text = result.stdout.str()
    assert [name.split(",")[0] for name in sections(result)][1:-1] == ["readiness of lab"]
    assert text.count("pre.security.https.certificate: ") == 1
    assert "FAILED" not in text
    assert ".py" not in text
    assert re.search(r"1 failed, 1 passed, 193 deselected, 1 not assessed in", result.outlines[-1]), result.outlines[-1]


def test_other_peoples_tests_are_told_as_pytest_does(run: Run, project: pytest.Pytester) -> None:
    project.makepyfile(test_own=OWN)
    result, _ = run("--pyargs", "tests_prod", "test_own.py", "-k", f"test_own or {FAILS[1]}")
    names = [name.split(",")[0] for name in sections(result)]
    assert names[1:-1] == ["FAILURES", "readiness of lab", "short test summary info"]
    result.stdout.fnmatch_lines(
        ["_* test_own_fails _*", "*assert left == 2", "*readiness of lab*", "FAILED test_own.py::test_own_fails*"]
    )
    text = result.stdout.str()
    assert text.count("https.certificate: ") == 1
    assert re.search(r"^test_own\.py F\.", text, re.MULTILINE)
    assert re.search(r"2 failed, 2 passed", result.outlines[-1])


def test_a_check_that_breaks_keeps_its_traceback(run: Run, project: pytest.Pytester) -> None:
    project.makepyfile(test_own=BREAKS)
    result, _ = run("test_own.py")
    result.stdout.fnmatch_lines(
        [
            "=* FAILURES =*",
            "*raise KeyError(*",
            "=* readiness of lab*",
            "*broken off by a fault of the check*",
            "FAILED test_own.py::*",
        ]
    )


def test_who_asks_for_a_list_gets_it_in_pytests_words(run: Run) -> None:
    result, _ = run(*FAILS, "-rA")
    assert sections(result)[-2] == "short test summary info"
    listed = result.outlines[
        result.outlines.index(next(line for line in result.outlines if "short test" in line)) + 1 : -1
    ]
    assert sorted(line.split(" ")[0] for line in listed) == ["FAILED", "PASSED", "SKIPPED"]
    assert [line for line in listed if line.startswith("SKIPPED [1] ") and "not assessed: " in line]
    assert "1 failed, 1 passed, 193 deselected, 1 not assessed" in result.outlines[-1]
    assert "FAILURES" not in result.stdout.str()
    result, _ = run(*FAILS, "-rf")
    assert [line.split(" ")[0] for line in result.outlines if line.startswith(("FAILED", "PASSED", "SKIPPED"))] == [
        "FAILED"
    ]


@pytest.mark.parametrize("options", [("--tb=no",), ("--tb=line",)], ids=" ".join)
def test_without_tracebacks_a_failure_is_a_line(run: Run, options: tuple[str, ...]) -> None:
    result, _ = run(*FAILS, *options)
    result.stdout.fnmatch_lines(["*pre.security.https.certificate: *"])
    as_usual, _ = run(*FAILS, "--tb=short")
    told = [told_of_failures(one) for one in (result, as_usual)]
    assert len(told[0]) == 1 < len(told[1])


def test_how_much_is_told_is_pytests_v_and_q(run: Run) -> None:
    said = {options: run(*FAILS, *options)[0] for options in ((), ("-v",), ("-q",), ("-qq",), ("--no-summary",))}
    lines = {options: len(result.outlines) for options, result in said.items()}
    assert lines["-v",] > lines[()] > lines["-q",] > lines["-qq",] > lines["--no-summary",]
    said["-v",].stdout.fnmatch_lines(["*test_certificates_are_valid*FAILED*", "* why: *"])
    said["-q",].stdout.fnmatch_lines(["*pre.security.https.certificate: *", "1 failed, 1 passed*"])
    said["-qq",].stdout.no_fnmatch_line("*pre.security.https.certificate: *")
    said["-qq",].stdout.fnmatch_lines(
        ["Pre deployment*PARTIAL, 2 of 73 selected: 1 passed, 1 failed (1", "    non-negotiable)"]
    )
    said["--no-summary",].stdout.no_fnmatch_line("*readiness*")
    said["--no-summary",].stdout.no_fnmatch_line("*FAILURES*")
    assert {result.ret for result in said.values()} == {1}


def test_workers_say_the_same(run: Run) -> None:
    result, _ = run(*FAILS, "-n", "2")
    assert "FAILURES" not in sections(result)
    assert [line for line in result.outlines if "pre.security.https.certificate: " in line]
    assert "1 failed, 1 passed, 1 not assessed" in result.outlines[-1]


def test_the_first_failure_may_end_it(run: Run) -> None:
    result, _ = run("-m", "pre_deployment", "-x")
    assert [line for line in result.outlines if "stopping after 1 failures" in line]
    result.stdout.fnmatch_lines(["Pre deployment * of 73 selected, * judged: *", "partial: * items selected*"])
    # A part of a stage has no verdict, and of the others nothing is said.
    assert not [line for line in result.outlines if "READY" in line]


def test_a_debugger_stands_where_the_check_failed(run_apart: Run, project: pytest.Pytester) -> None:
    project.makepyfile(
        looker="""
        import pdb
        class Looker(pdb.Pdb):
            def interaction(self, frame, traceback, *more):
                print("STANDS IN", self.curframe and self.curframe.f_code.co_name)
        """
    )
    result, _ = run_apart(*FAILS, "--pdb", "--pdbcls=looker:Looker")
    result.stdout.fnmatch_lines(
        ["pre.security.https.certificate: *", "*entering PDB*", "STANDS IN*", "*readiness of lab*"]
    )


@pytest.mark.parametrize("options", [(), ("--full-trace",)], ids=["as it is", "all of it"])
def test_of_a_check_that_failed_pytest_reads_where_it_ended_and_no_more(
    project: pytest.Pytester, options: tuple[str, ...]
) -> None:
    read: list[tuple[int, bool]] = []

    class Interacting:
        def pytest_exception_interact(self, call: pytest.CallInfo[None]) -> None:
            assert call.excinfo is not None
            *_, (last, _) = traceback.walk_tb(call.excinfo.value.__traceback__)
            read.append((len(call.excinfo.traceback), call.excinfo.traceback[-1].frame.raw is last))

    project.runpytest_inprocess("--zebu-replay=snapshot.json", *FAILS, *options, plugins=[Interacting()])
    ((count, is_end),) = read
    assert is_end
    assert (count == 1) is (not options)


def test_without_utf8_nothing_else_is_written(run_apart: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    result, _ = run_apart("-m", "pre_deployment")
    text = result.stdout.str()
    assert text.isascii()
    assert "\\u" not in text
    assert re.search(r"^Pre deployment +#+\.+ ", text, re.MULTILINE)


@pytest.mark.parametrize(("options", "no_color", "coloured"), [
    (("--color=yes",), "", True), (("--color=no",), "", False), ((), "1", False), ((), "", False),
], ids=["asked for", "not wanted", "NO_COLOR", "no terminal"])  # fmt: skip
def test_colour_is_pytests_to_choose(
    run: Run, options: tuple[str, ...], no_color: str, coloured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FORCE_COLOR", "PY_COLORS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_COLOR", no_color)
    result, _ = run(*FAILS, *options)
    assert ("\x1b[" in result.stdout.str()) is coloured


def test_other_plugins_see_what_pytest_counted(project: pytest.Pytester) -> None:
    project.makeconftest(
        """
        def pytest_terminal_summary(terminalreporter):
            print("COUNTED", {name: len(held) for name, held in terminalreporter.stats.items() if name})
        """
    )
    result = project.runpytest_inprocess("--zebu-replay=snapshot.json", *FAILS, "-rA")
    (line,) = [line for line in result.outlines if line.startswith("COUNTED")]
    assert "'failed': 1" in line
    assert "'skipped'" not in line


def test_the_recorded_folder_is_whole(lab: pytest.Pytester) -> None:
    assert sorted(path.name for path in Path(lab.path).iterdir()) == [
        "attestations.toml", "snapshot.json", "trust.pem", "zebu.toml",
    ]  # fmt: skip
