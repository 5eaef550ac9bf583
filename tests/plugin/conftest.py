"""Runs pytest with the plugin on a recorded snapshot, each test alone and with workers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).parents[1] / "data"
SETTINGS = """
[hosts.lab]
address = "10.77.0.10"
public_address = "10.99.0.80"

[domains]
site = "zebu.test"
www = "www.zebu.test"
api = "api.zebu.test"
addresses = ["10.99.0.80"]
resolvers = ["10.99.0.54", "10.99.0.55", "10.99.0.56"]

[[vantages]]
name = "internet"
kind = "internet"
control = "10.99.0.53:53"

[[vantages]]
name = "lan"
kind = "lan"
control = "10.77.0.20:80"
"""
Run = Callable[..., tuple[pytest.RunResult, dict[str, Any]]]


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makefile(".toml", zebu=SETTINGS)
    pytester.path.joinpath("snapshot.json").write_text((DATA / "lab-bookworm.json").read_text())
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
