"""A part of the checklist: what is said of it, the exit status, and names that can be given to another run."""

from __future__ import annotations

import re
from typing import Any

import pytest

from pytest_zebu.plugin import run as runs
from pytest_zebu.plugin.judging import is_within, wrong_id

from .conftest import Run

IDS = ["pre.security.ssh.no-passwords", "deploy.initial.ssh"]


def stage_lines(result: pytest.RunResult) -> list[str]:
    return [
        line for line in result.outlines if line.startswith(("Pre deployment", "Deployment ver", "Post deployment"))
    ]


@pytest.mark.parametrize(("options", "said"), [
    (("-k", "deploy.initial"), ["Deployment verification PARTIAL, 7 of 33 selected: 7 passed"]),
    (("-m", "deployment_verification and not browser"), ["Deployment verification PARTIAL, "]),
    (("--deselect", "x", "-k", "no-passwords"), ["Pre deployment          PARTIAL, 1 of 73 selected: 1 passed"]),
    (("-m", "post_deployment"), ["Post deployment         "]),
], ids=["-k", "-m of a part", "--deselect", "a whole stage"])  # fmt: skip
def test_a_verdict_is_of_a_whole_stage(run: Run, options: tuple[str, ...], said: list[str]) -> None:
    result, report = run(*options)
    lines = stage_lines(result)
    assert len(lines) == len(said)
    assert all(line.startswith(start) for line, start in zip(lines, said, strict=True)), lines
    for name, stage in report["hosts"][0]["stages"].items():
        whole = options == ("-m", "post_deployment") and name == "post_deployment"
        assert stage["partial"] is not whole
        assert whole or not stage["ready"]
    assert ("READY" in " ".join(lines)) is (options == ("-m", "post_deployment"))


@pytest.mark.parametrize(("options", "status"), [
    (("-k", "no-passwords"), 0), (("-k", "https.certificate"), 1), (("-k", "https.certificate", "--zebu-gate=off"), 0),
    (("-k", "nothing_of_this_name"), 5), (("--zebu-gate=x",), 4), (("--zebu-config=none.toml",), 4), (("none_there.py",), 4),
    (("broken.py",), 2), (("-p", "breaks"), 3),
])  # fmt: skip
def test_exit_statuses(project: pytest.Pytester, run: Run, options: tuple[str, ...], status: int) -> None:
    project.makepyfile(broken="raise KeyError", breaks="def pytest_runtestloop(session): raise KeyError('a plugin')")
    project.syspathinsert()
    result, _ = run(*options)
    assert result.ret == status, result.stdout.str()


def test_collecting_gathers_nothing(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    def gather(*given: Any) -> Any:
        raise AssertionError("gathered")

    monkeypatch.setattr(runs, "gather", gather)
    result = project.runpytest_inprocess("--zebu-host=vm", "--co", "-q", "-k", "deploy.initial")
    assert result.ret == 0
    assert "READY" not in result.stdout.str()
    assert "readiness" not in result.stdout.str()


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "workers"])
def test_a_printed_node_id_can_be_given_to_another_run(
    project: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch, workers: tuple[str, ...]
) -> None:
    """From an empty folder, with the suite elsewhere."""
    result, _ = run("--co", "-q", "-k", " or ".join(f"[{item}]" for item in IDS))
    printed = [line for line in result.outlines if "::" in line]
    assert len(printed) == 2
    result, report = run(*printed, "-v", *workers)
    assert result.ret == 0, result.stdout.str()
    selected = {item["id"] for item in report["hosts"][0]["items"] if item["selected"]}
    assert selected == set(IDS)
    assert all(node_id in result.stdout.str() for node_id in printed)
    file = printed[0].partition("::")[0]
    _, report = run(file, *workers)
    assert {item["id"] for item in report["hosts"][0]["items"] if item["selected"]} > {
        re.search(r"\[(.*)]", printed[0])[1]  # type: ignore[index]
    }


def test_a_mistyped_node_id_is_told_the_nearest(run: Run) -> None:
    result, _ = run("deployment_verification/test_initial.py::test_ssh_lets_us_inn")
    assert result.ret == 4
    result.stderr.fnmatch_lines(
        ["ERROR: zebu: the suite has no test *test_ssh_lets_us_inn; did you mean '*test_ssh_lets_us_in*'?"]
    )


@pytest.mark.parametrize(("place", "name", "is_it"), [
    ("a/test_b.py::test_c[d]", "", True), ("a/test_b.py::test_c[d]", "a", True), ("a/test_b.py::test_c[d]", "a/test_b.py", True),
    ("a/test_b.py::test_c[d]", "a/test_b.py::test_c", True), ("a/test_b.py::test_c[d]", "a/test_b.py::test_c[d]", True),
    ("a/test_b.py::test_c[d]", "a/test_b.py::test", False), ("ab/test_b.py::test_c", "a", False),
])  # fmt: skip
def test_what_a_name_is_of(place: str, name: str, is_it: bool) -> None:
    assert is_within(place, name) is is_it


def test_words_that_are_no_ids_are_nobodys_mistake() -> None:
    for words in ("ssh", "not deploy", "pre.secur", "a.b.c", "[deploy.initial.ssh]", "own and PRE.security.ssh"):
        assert wrong_id(words, IDS) == "", words


WRONG = {
    "a test that is not there": ("pre_deployment/test_security_ssh.py::test_no_session_without_a_key[pre.security.ssh.no-pass]",),
    "an item decided twice": ("--pyargs", "tests_prod", "test_own.py"),
}  # fmt: skip


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "workers"])
@pytest.mark.parametrize("named", WRONG.values(), ids=WRONG)
def test_a_wrong_call_leaves_the_last_report_as_it_is(
    project: pytest.Pytester, run: Run, named: tuple[str, ...], workers: tuple[str, ...]
) -> None:
    """Nothing was judged: no readiness of nothing is told, and none is written over what an earlier run found."""
    project.makepyfile(
        test_own="from pytest_zebu.plugin.checks import items\n\n@items('deploy.initial.ssh')\ndef test_mine(sshd): pass\n"
    )
    page = project.path / "page.html"
    page.write_text("an older one")
    good = "pre_deployment/test_security_ssh.py::test_no_session_without_a_key[pre.security.ssh.no-passwords]"
    named = named if "--pyargs" in named else (good, *named)
    result, report = run("--zebu-report=html:page.html", *named, *workers)
    text = result.stdout.str() + result.stderr.str()
    assert result.ret == pytest.ExitCode.USAGE_ERROR, text
    assert ("the suite has no test" in text) or ("is decided by two tests" in text)
    assert "readiness of" not in text
    assert not report
    assert page.read_text() == "an older one"


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "workers"])
def test_what_is_named_and_then_left_out_is_no_mistake(run: Run, workers: tuple[str, ...]) -> None:
    result, _ = run("--pyargs", "tests_prod.pre_deployment", "-k", "nothing_of_this_name", *workers)
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED, result.stdout.str()
