"""A guest in other people's pytest: nothing is changed for those who do not ask, and those who ask get all of it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

import tests_prod
from pytest_zebu.catalogue import load
from pytest_zebu.facts import ALL
from pytest_zebu.gather import snapshot as snapshots
from pytest_zebu.gather.snapshot import Snapshot
from pytest_zebu.plugin import run as runs
from pytest_zebu.plugin.checks import GIVEN
from pytest_zebu.plugin.judging import wrong_marker
from pytest_zebu.plugin.options import OPTIONS
from pytest_zebu.verdict.readiness import Gate
from tests import recorded

from .conftest import Run

SUITE = str(tests_prod.__path__[0])
SSH = str(Path(SUITE, "pre_deployment/test_security_ssh.py"))
ASKS = "from pytest_zebu.plugin.fixtures import *"
STRANGER = """
    import pytest
    @pytest.fixture
    def settings(): return "another's"
    @pytest.fixture
    def redis(): return "another's"
"""
STRANGERS_TEST = """
    def test_stranger(settings, redis):
        assert settings == redis == "another's"
"""


# Those who do not ask


def test_without_a_host_nothing_is_imported(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("""
        import json, pathlib, sys
        def pytest_unconfigure():
            pathlib.Path("modules.json").write_text(json.dumps(sorted(sys.modules)))
    """)
    pytester.makepyfile("def test_one(): pass")
    pytester.runpytest_subprocess("-p", "no:hypothesispytest").assert_outcomes(passed=1)
    modules = json.loads((pytester.path / "modules.json").read_text())
    ours = {name for name in modules if name.split(".")[0] in ("pytest_zebu", "tests_prod")}
    assert ours == {"pytest_zebu", *(f"pytest_zebu.plugin{part}" for part in ("", ".hooks", ".options"))}
    heavy = {"pydantic", "requests", "dns", "cryptography", "docker", "playwright", "psycopg2", "proxmoxer", "cronsim"}
    assert not heavy & set(modules)


def test_without_a_host_nothing_is_registered(pytester: pytest.Pytester) -> None:
    text = pytester.runpytest_subprocess("--fixtures", "-v").stdout.str()
    assert not [name for name in GIVEN if re.search(rf"^{name}( |$)", text, re.MULTILINE)]
    text = pytester.runpytest_subprocess("--markers").stdout.str()
    assert not [name for name in load().markers if f"@pytest.mark.{name}:" in text]


def test_markers_are_listed_where_there_are_settings(project: pytest.Pytester) -> None:
    text = project.runpytest_subprocess("--markers").stdout.str()
    assert [name for name in load().markers if f"@pytest.mark.{name}: " not in text] == []


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "workers"])
def test_a_strangers_fixtures_stay_his(project: pytest.Pytester, run: Run, workers: Sequence[str]) -> None:
    project.makepyfile(stranger=STRANGER, test_stranger=STRANGERS_TEST)
    project.syspathinsert()
    project.runpytest_subprocess("-p", "stranger", "test_stranger.py", *workers).assert_outcomes(passed=1)
    result, report = run("-p", "stranger", SSH, "test_stranger.py", "--zebu-gate=off", *workers)
    assert result.ret == 0, result.stdout.str()
    assert report["hosts"][0]["stages"]["pre_deployment"]["passed"] > 3


# Those who ask


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "workers"])
@pytest.mark.parametrize("line", [ASKS, "from pytest_zebu.plugin.fixtures import settings, sshd, zebu_target"])
def test_a_package_of_ones_own_beside_the_suite(
    project: pytest.Pytester, run: Run, line: str, workers: Sequence[str]
) -> None:
    own = project.mkpydir("own")
    (own / "conftest.py").write_text(line)
    (own / "test_own.py").write_text(
        "def test_own(sshd, settings):\n    assert sshd.logins and settings.domains.site\n"
    )
    (project.path / "test_beside.py").write_text("def test_beside(sshd):\n    pass\n")
    result, report = run(SSH, "own", "--zebu-gate=off", *workers)
    assert result.ret == 0, result.stdout.str()
    assert report["hosts"][0]["stages"]["pre_deployment"]["passed"] > 3
    result, _ = run("own", "test_beside.py", "--zebu-gate=off", *workers)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*fixture 'sshd' not found*"])


def test_a_fact_without_a_host_is_skipped_with_the_remedy(project: pytest.Pytester) -> None:
    project.makeconftest(ASKS)
    project.makepyfile("def test_own(sshd): pass")
    result = project.runpytest_subprocess("-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*name what to judge: --zebu-host=HOST*"])


def test_the_facts_of_every_test_are_gathered(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted: set[str] = set()

    def gather(target: Any, facts: Any, connection: Any, watch: Any) -> Snapshot:
        wanted.update(fact.name for fact in facts)
        return snapshots.read(recorded.SNAPSHOT)["lab"]

    monkeypatch.setattr(runs, "gather", gather)
    project.makeconftest(ASKS)
    project.makepyfile(
        test_own="""
        import pytest
        @pytest.fixture
        def doors(sshd): return sshd
        def test_doors(doors): assert doors.logins
        def test_left_out(jobs): pass
    """
    )
    result = project.runpytest_inprocess("--zebu-host=vm", "test_own.py", "-k", "doors")
    result.assert_outcomes(passed=1, deselected=1)
    assert wanted == {"sshd", "machine", "repository"}


# Outcomes


WITNESS = """
    import json, pathlib, pytest
    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_makereport(item, call):
        report = yield
        name = type(call.excinfo.value).__name__ if call.excinfo else None
        with pathlib.Path("seen.jsonl").open("a") as file:
            print(json.dumps([item.name.partition("[")[0], call.when, name]), file=file)
        return report
"""
TESTS = '''
    import pytest
    from pytest_zebu.facts.answer import NotAssessed
    from pytest_zebu.plugin.checks import items

    @items("pre.security.ssh.no-passwords")
    def test_passes(sshd): pass

    @items("pre.security.ssh.root-restricted")
    def test_fails():
        """Why.

        Fix: mend it.
        """
        assert False, "it is wrong"

    @items("deploy.initial.ssh")
    def test_fails_in_a_case(case):
        with case("one"):
            assert False, "is wrong"
        with case("two"):
            assert True

    @items("deploy.network.www")
    def test_unseen(): raise NotAssessed("not seen")

    @items("post.maintenance.capacity.costs")
    def test_attested(): raise NotAssessed("not seen")

    @items("deploy.backend.api")
    def test_waived(): assert False, "the API is slow"

    @items("deploy.frontend.mobile")
    def test_breaks(): raise KeyError("of the check")

    @pytest.fixture
    def broken(): raise OSError("of the fixture")

    @items("deploy.frontend.console-clean")
    def test_breaks_around(broken): pass
'''


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "workers"])
def test_whatever_looks_at_the_call_sees_the_outcome(
    project: pytest.Pytester, run: Run, workers: Sequence[str]
) -> None:
    project.makeconftest(WITNESS)
    project.makefile(".toml", attestations=recorded.DECLARED)
    project.makepyfile(test_own=TESTS)
    result, report = run("test_own.py", "--junit-xml=junit.xml", *workers)
    seen = {
        (name, when): ending
        for name, when, ending in map(json.loads, (project.path / "seen.jsonl").read_text().splitlines())
        if when == "call" or ending
    }
    assert seen == {
        ("test_passes", "call"): None,
        ("test_fails", "call"): "Failed",
        ("test_fails_in_a_case", "call"): "Failed",
        ("test_unseen", "call"): "Skipped",
        ("test_attested", "call"): None,
        ("test_waived", "call"): "Skipped",
        ("test_breaks", "call"): "KeyError",
        ("test_breaks_around", "setup"): "OSError",
    }
    found = {
        case.attrib["name"].partition("[")[0]: {child.tag for child in case} - {"properties"}
        for case in ElementTree.parse(project.path / "junit.xml").iter("testcase")
    }
    assert found == {
        "test_passes": set(), "test_attested": set(),
        "test_fails": {"failure"}, "test_fails_in_a_case": {"failure"}, "test_breaks": {"failure"},
        "test_unseen": {"skipped"}, "test_waived": {"skipped"}, "test_breaks_around": {"error"},
    }  # fmt: skip
    text = (project.path / "junit.xml").read_text()
    assert "pre.security.ssh.root-restricted: it is wrong" in text
    assert "fix: mend it." in text
    assert "test_own.py:11: AssertionError" not in text
    outcomes = {item["id"]: item["outcome"] for item in report["hosts"][0]["items"]}
    assert outcomes["deploy.frontend.mobile"] == outcomes["deploy.frontend.console-clean"] == "not_assessed"
    assert outcomes["post.maintenance.capacity.costs"] == "attested"
    assert outcomes["deploy.backend.api"] == "waived"
    result.stdout.fnmatch_lines(["*KeyError*"])


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "workers"])
def test_an_item_is_decided_once(project: pytest.Pytester, run: Run, workers: Sequence[str]) -> None:
    check = """
        from pytest_zebu.plugin.checks import items
        @items("deploy.initial.ssh")
        def test_own(): pass
    """
    project.makepyfile(test_here=check, test_there=check)
    result, _ = run("test_here.py", "test_there.py", *workers)
    text = result.stderr.str() + result.stdout.str()
    line = next(line for line in text.splitlines() if line.startswith("ERROR: "))
    assert "deploy.initial.ssh is decided by two tests: test_here.py::" in line
    assert " and test_there.py::" in line
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "Traceback" not in text


def test_an_item_has_one_check_also_before_it_runs(project: pytest.Pytester, run_apart: Run) -> None:
    check = """
        from pytest_zebu.plugin.checks import item
        @item("deploy.initial.ssh")
        def test_own(): pass
    """
    project.makepyfile(test_here=check, test_there=check)
    result, _ = run_apart("test_here.py", "test_there.py")
    result.stdout.fnmatch_lines(
        ["*deploy.initial.ssh is decided by */test_here.py::test_own already, and by */test_there*"]
    )
    assert result.ret == pytest.ExitCode.INTERRUPTED


# Options and markers


@pytest.mark.parametrize(("expression", "near"), [
    ("pre_deploymnet", "did you mean 'pre_deployment'?"),
    ("not (deployment_verifcation or browser)", "did you mean 'deployment_verification'?"),
    ("qqq", "--markers lists them"),
])  # fmt: skip
def test_a_mistyped_marker_is_an_error(run: Run, expression: str, near: str) -> None:
    result, _ = run("-m", expression)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: zebu: -m: there is no marker *; {near}"])


@pytest.mark.parametrize("expression", ["", "a and not b", "(a or b)", "not(a)", "c(x=1) and a", "True"])
def test_a_right_expression_is_none(expression: str) -> None:
    assert wrong_marker(expression, ["a: text", "b(x): text", "c"]) == ""


def test_options_may_stand_in_the_ini_file(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = project.mkdir("elsewhere")
    (project.path / "pytest.ini").write_text(
        "[pytest]\nzebu_replay = snapshot.json\nzebu_config = zebu.toml\nzebu_gate = off\nzebu_json = ini.json\n"
    )
    monkeypatch.chdir(elsewhere)
    arguments = ("-c", "../pytest.ini", "-k", "https.certificate")
    assert project.runpytest_inprocess(*arguments).ret == 0
    assert (project.path / "ini.json").exists()
    monkeypatch.setenv("ZEBU_GATE", "strict")
    assert project.runpytest_inprocess(*arguments).ret == 1
    assert project.runpytest_inprocess(*arguments, "--zebu-gate=off").ret == 0
    monkeypatch.setenv("ZEBU_GATE", "score,off")
    result = project.runpytest_inprocess(*arguments)
    result.stderr.fnmatch_lines(
        ["ERROR: zebu: ZEBU_GATE: 'score,off' is none of score, strict, off; did you mean 'score'?"]
    )


def test_the_options_offer_what_there_is() -> None:
    (gate,) = [option for option in OPTIONS if option.name == "gate"]
    assert gate.choices == tuple(one.value for one in Gate)
    assert {"settings", "case"} < GIVEN
    assert ALL.keys() < GIVEN


def test_what_was_logged_is_a_tests_own(project: pytest.Pytester, run: Run) -> None:
    """Where logs are shown they are cleaned; what caplog holds is as it was logged."""
    project.makepyfile(
        test_own="""
        import logging
        def test_own(sshd, caplog):
            logging.getLogger("own").warning("seen %s \\x1b[31mred", 7)
            assert caplog.records[-1].args == (7,)
            assert caplog.records[-1].msg == "seen %s \\x1b[31mred"
    """
    )
    (project.path / "conftest.py").write_text(ASKS)
    options = ("-o", "log_cli=true", "--log-file=own.log", "--zebu-gate=off")
    result, _ = run("test_own.py", *options)
    result.assert_outcomes(passed=1)
    for shown in (result.stdout.str(), (project.path / "own.log").read_text()):
        assert "seen 7 red" in shown
