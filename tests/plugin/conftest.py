"""Runs pytest with the plugin on a recorded snapshot, each test alone and with workers."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from pytest_zebu.plugin.ahead import prepare
from pytest_zebu.plugin.checks import suite
from tests import recorded

Run = Callable[..., tuple[pytest.RunResult, dict[str, Any]]]


@pytest.fixture(scope="session", autouse=True)
def imported() -> None:
    """What a run within this process imports is forgotten with it: it is there before, once for all runs."""
    importlib.import_module("pytest_zebu.plugin.setup")
    prepare()
    for late in ("pytest_zebu.discovery.written", "pytest_zebu.gather.outside", "pytest_zebu.gather.trial_runs"):
        importlib.import_module(late)
    suite()


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makefile(".toml", zebu=recorded.settings())
    pytester.path.joinpath("snapshot.json").write_text(recorded.SNAPSHOT.read_text())
    return pytester


def judged(
    project: pytest.Pytester, how: Callable[..., pytest.RunResult], options: tuple[str, ...]
) -> tuple[pytest.RunResult, dict[str, Any]]:
    report = project.path / "report.json"
    report.unlink(missing_ok=True)
    result = how("--zebu-replay=snapshot.json", "--zebu-json=report.json", *options)
    return result, json.loads(report.read_text()) if report.exists() else {}


@pytest.fixture
def run(project: pytest.Pytester, run_apart: Run) -> Run:
    """Judge the recorded snapshot in this process, where all is imported already; with workers, in processes of their own.

    The result, and the JSON report where one was written.
    """

    def judge(*options: str) -> tuple[pytest.RunResult, dict[str, Any]]:
        if "-n" in options:
            return run_apart(*options)
        return judged(project, project.runpytest_inprocess, options)

    return judge


@pytest.fixture
def run_apart(project: pytest.Pytester) -> Run:
    """The same in a process of its own, as people do: where a run leaves its mark on the process."""
    return lambda *options: judged(project, project.runpytest_subprocess, options)
