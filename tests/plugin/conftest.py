"""Runs pytest with the plugin on a recorded snapshot, each test alone and with workers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests import recorded

Run = Callable[..., tuple[pytest.RunResult, dict[str, Any]]]


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makefile(".toml", zebu=recorded.settings())
    pytester.path.joinpath("snapshot.json").write_text(recorded.SNAPSHOT.read_text())
    return pytester


@pytest.fixture
def run(project: pytest.Pytester) -> Run:
    """Judge the recorded snapshot; the result, and the JSON report where one was written."""

    def judge(*options: str) -> tuple[pytest.RunResult, dict[str, Any]]:
        report = project.path / "report.json"
        report.unlink(missing_ok=True)
        result = project.runpytest_subprocess("--zebu-replay=snapshot.json", "--zebu-json=report.json", *options)
        return result, json.loads(report.read_text()) if report.exists() else {}

    return judge
