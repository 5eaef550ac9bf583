"""Beside other plugins, and with pytest's own ways to run a part: what they see is what was found.

Other tests run without these plugins: `tests/conftest.py` and pyproject.toml switch off what would load itself.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests import recorded
from tests.conftest import NEIGHBOURS

SEEN_BY_ALLURE = {
    "passed": "passed", "attested": "passed", "failed": "failed",
    "not_assessed": "skipped", "not_applicable": "skipped", "waived": "skipped", "advice": "skipped",
}  # fmt: skip
FAILED = 4
"""Of the recorded lab, without its authority, and with one waiver."""


@dataclass(frozen=True)
class Told:
    """What a run said, and what it reports."""

    status: int
    text: str
    report: dict[str, Any]

    @property
    def outcomes(self) -> dict[str, str]:
        return {item["id"]: item["outcome"] for item in self.report["hosts"][0]["items"]}

    @property
    def stages(self) -> dict[str, Any]:
        return dict(self.report["hosts"][0]["stages"])


def needs(module: str) -> None:
    if find_spec(module) is None:
        pytest.fail(f"{module} is not installed: pip install -e .[dev]")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "zebu.toml").write_text(recorded.settings())
    (tmp_path / "attestations.toml").write_text(recorded.DECLARED)
    (tmp_path / "snapshot.json").write_text(recorded.SNAPSHOT.read_text())
    return tmp_path


def run(folder: Path, *options: str, beside: str = "", **environment: str) -> Told:
    """Judge the recorded lab in a process of its own, beside one of the other plugins."""
    off = " ".join(f"-p no:{name}" for name in NEIGHBOURS if name != beside)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--zebu-replay=snapshot.json", "--zebu-json=report.json", *options],
        cwd=folder, env=os.environ | {"PYTEST_ADDOPTS": off} | environment, capture_output=True, text=True, check=False, timeout=500,
    )  # fmt: skip
    text = done.stdout + done.stderr
    assert "INTERNALERROR" not in text, text
    path = folder / "report.json"
    found = json.loads(path.read_text()) if path.exists() else {}
    path.unlink(missing_ok=True)
    return Told(done.returncode, text, found)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """The same without any of them."""
    folder = tmp_path_factory.mktemp("alone")
    (folder / "zebu.toml").write_text(recorded.settings())
    (folder / "attestations.toml").write_text(recorded.DECLARED)
    (folder / "snapshot.json").write_text(recorded.SNAPSHOT.read_text())
    return run(folder)


def test_allure_sees_the_outcomes(folder: Path) -> None:
    needs("allure_pytest")
    told = run(folder, "--alluredir=allure", beside="allure_pytest")
    seen = {}
    for path in (folder / "allure").glob("*-result.json"):
        result = json.loads(path.read_text())
        (item,) = [one["value"].strip("'") for one in result["parameters"] if one["name"] == "zebu_item"]
        seen[item] = result
    assert {item: one["status"] for item, one in seen.items()} == {
        item: SEEN_BY_ALLURE[outcome] for item, outcome in told.outcomes.items()
    }
    assert len(seen) == 196
    reasons = {item["id"]: item["reason"] for item in told.report["hosts"][0]["items"]}
    for item, one in seen.items():
        if one["status"] != "passed":
            assert reasons[item].split("; ")[0][:60] in one["statusDetails"]["message"], item


def test_nothing_is_judged_again_by_rerunfailures(folder: Path, alone: Told) -> None:
    needs("pytest_rerunfailures")
    (folder / "test_own.py").write_text(
        "import pathlib\ndef test_own():\n    file = pathlib.Path('ran')\n    first = not file.exists()\n    file.touch()\n    assert not first\n"
    )
    told = run(folder, "--reruns=2", "--pyargs", "tests_prod", "test_own.py", beside="rerunfailures")
    assert (told.outcomes, told.stages) == (alone.outcomes, alone.stages)
    assert f"{FAILED} failed, 151 passed" in told.text
    assert "1 rerun" in told.text  # the user's own
    assert told.status == alone.status == 1


def test_an_item_that_is_run_again_all_the_same_counts_once(folder: Path, alone: Told) -> None:
    needs("pytest_rerunfailures")
    told = run(folder, "--force-reruns=1", beside="rerunfailures")
    assert (told.outcomes, told.stages) == (alone.outcomes, alone.stages)
    assert f"{FAILED} failed, 150 passed, {FAILED} rerun" in told.text
    before = {item["id"]: item["cases"] for item in alone.report["hosts"][0]["items"]}
    assert {item["id"]: item["cases"] for item in told.report["hosts"][0]["items"]} == before


def test_another_order_changes_nothing(folder: Path, alone: Told) -> None:
    needs("pytest_randomly")
    told = run(folder, "-v", "-p", "randomly", "--randomly-seed=7", beside="randomly")
    assert "--randomly-seed=7" in told.text
    words = [line.split(" ")[0] for line in told.text.splitlines() if "::test_" in line]
    ran = [word.partition("[")[2].removesuffix("]") for word in words if word.endswith("]")]
    ids = [item["id"] for item in told.report["hosts"][0]["items"]]
    assert sorted(ran) == sorted(ids)
    assert ran != ids
    assert list(told.outcomes.items()) == list(alone.outcomes.items())
    assert told.stages == alone.stages


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "workers"])
def test_what_a_time_limit_ends_is_not_assessed(folder: Path, workers: tuple[str, ...]) -> None:
    needs("pytest_timeout")
    (folder / "test_own.py").write_text("""
import time
from pytest_zebu.plugin.checks import items
@items("deploy.initial.ssh")
def test_slow(case):
    with case("one"):
        time.sleep(60)
@items("pre.security.ssh.no-passwords")
def test_quick(sshd): pass
""")
    told = run(folder, "test_own.py", "--timeout=2", *workers, beside="timeout")
    assert told.outcomes["deploy.initial.ssh"] == "not_assessed"
    assert told.outcomes["pre.security.ssh.no-passwords"] == "passed"
    (item,) = [one for one in told.report["hosts"][0]["items"] if one["id"] == "deploy.initial.ssh"]
    assert item["reason"] == "judging it was ended from outside: Timeout (>2.0s) from pytest-timeout."
    assert told.status == 1


def test_each_failure_is_annotated_once(folder: Path, alone: Told) -> None:
    needs("pytest_github_actions_annotate_failures")
    told = run(folder, beside="pytest_github_actions_annotate_failures", GITHUB_ACTIONS="true")
    failed = [item for item, outcome in told.outcomes.items() if outcome == "failed"]
    lines = [line for line in told.text.splitlines() if line.startswith("::error") or "::error file" in line]
    assert len(lines) == len(failed) == FAILED
    assert all(any(f"Failed: {item}: " in line for line in lines) for item in failed)
    by_ourselves = run(folder, GITHUB_ACTIONS="true")
    assert sum(line.startswith("::error title=") for line in by_ourselves.text.splitlines()) == FAILED


def test_in_a_django_project(folder: Path, alone: Told) -> None:
    """Whose plugin has a fixture `settings`, as checks have a parameter of that name."""
    needs("pytest_django")
    (folder / "site_settings.py").write_text(
        "SECRET_KEY = 'x'\nINSTALLED_APPS = []\nUSE_TZ = True\nDATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': ':memory:'}}\n"
    )
    (folder / "test_own.py").write_text(
        "def test_own(settings, db):\n    assert settings.SECRET_KEY == 'x'\n    settings.SECRET_KEY = 'y'\n"
    )
    told = run(
        folder, "--pyargs", "tests_prod", "test_own.py", beside="django",
        DJANGO_SETTINGS_MODULE="site_settings", PYTHONPATH=os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]),
    )  # fmt: skip
    assert (told.outcomes, told.stages) == (alone.outcomes, alone.stages)
    assert f"{FAILED} failed, 151 passed" in told.text
    assert "site_settings" in told.text


# pytest's own


def test_workers_find_the_same(folder: Path, alone: Told) -> None:
    told = run(folder, "-n", "2")
    assert list(told.outcomes.items()) == list(alone.outcomes.items())
    assert (told.stages, told.status) == (alone.stages, alone.status)


def verdicts(text: str) -> list[str]:
    return [
        word
        for line in text.splitlines()
        for word in ("NOT READY", "READY", "PARTIAL")
        if line.startswith(("Pre dep", "Deployment", "Post"))
        and word in line.replace("NOT READY", "" if word == "READY" else "NOT READY")
    ]


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "workers"])
def test_what_failed_last_is_run_again_and_is_a_part(folder: Path, workers: tuple[str, ...]) -> None:
    first = run(folder)
    failed = {item for item, outcome in first.outcomes.items() if outcome == "failed"}
    told = run(folder, "--lf", *workers)
    assert {item["id"] for item in told.report["hosts"][0]["items"] if item["selected"]} == failed
    assert all(stage["partial"] and not stage["ready"] for stage in told.stages.values())
    assert verdicts(told.text) == ["PARTIAL", "PARTIAL"], told.text
    assert "PARTIAL, 2 of 73 selected: 2 failed" in told.text
    assert "Post deployment" not in told.text
    assert told.status == 1


def test_a_step_at_a_time_is_a_part(folder: Path) -> None:
    told = run(folder, "--sw")
    assert told.status == pytest.ExitCode.INTERRUPTED
    assert verdicts(told.text) == ["PARTIAL"]
    assert Counter(told.outcomes.values())["failed"] == 1
    assert not told.report["ready"]
    again = run(folder, "--sw", "-v")
    assert Counter(again.outcomes.values())["passed"] < 150
    assert "READY" not in "".join(verdicts(again.text))
    assert not again.report["ready"]
