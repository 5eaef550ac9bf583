"""The opponent is a suite of its own, and a real one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from benchmarks.place import OPPONENT


def test_there_are_as_many_checks_as_a_user_would_write(tmp_path: Path) -> None:
    words = [
        "-c",
        str(OPPONENT / "pytest.ini"),
        "-p",
        "testinfra.plugin",
        "-p",
        "no:cacheprovider",
        "--collect-only",
        "-q",
    ]
    environment = {key: value for key, value in os.environ.items() if key != "PYTEST_ADDOPTS"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, "--hosts=ssh://target"],
        cwd=OPPONENT, env=environment | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    checks = {line for line in done.stdout.splitlines() if "[ssh://target" in line}
    assert len(checks) >= 150
