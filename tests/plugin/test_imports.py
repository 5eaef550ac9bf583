"""What is imported when: what is large is there only for those who need it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_zebu.commands.calls import CALLS
from tests import recorded

LARGE = {
    "asyncio": "the browser",
    "cryptography": "certificates that were served",
    "ctypes": "a running lab",
    "cvss": "looking for advisories",
    "dns": "looking from outside",
    "docker": "a drill",
    "ifaddr": "a run without a file",
    "jinja2": "pages",
    "msgspec": "settings",
    "OpenSSL": "certificates that were served",
    "packaging": "lock files",
    "playwright": "the browser",
    "proxmoxer": "a hypervisor that is asked",
    "psycopg2": "a declared database",
    "pydantic": "settings",
    "requests": "looking from outside",
    "service_identity": "certificates that were served",
    "testinfra": "a machine that is asked by ssh",
    "tomlkit": "writing settings and attestations",
    "tree_sitter": "source code",
    "urllib3": "looking from outside",
    "yaml": "lock files and workflows",
}
"""What is large, and what for it may be imported."""
OF_SETTINGS = {"settings"}
OF_JUDGING = {
    *OF_SETTINGS, "certificates that were served", "lock files", "lock files and workflows", "source code", "pages",
    "a machine that is asked by ssh",
}  # fmt: skip
"""What a replay is for, and what stands in the same modules: nothing that looks, asks or writes."""
PLUGINS = ("-p", "no:cacheprovider", "-p", "pytest_zebu.plugin.hooks")


def imported(script: str, folder: Path) -> set[str]:
    """The modules that a fresh process has in the end."""
    told = f"{script}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", told],
        cwd=folder,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(recorded.SNAPSHOT.parents[2])},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(done.stderr.splitlines()[-1]))


def large(modules: set[str]) -> dict[str, str]:
    """Those that are large, and what for."""
    return {name: LARGE[name] for name in LARGE if name in modules}


def with_pytest(*options: str) -> str:
    return f"import pytest\nassert pytest.main({[*PLUGINS, *options]!r}) in (0, 1)"


@pytest.mark.parametrize(
    "script", ["import pytest_zebu.plugin.hooks", with_pytest("test_one.py")], ids=["plugin", "run"]
)
def test_without_a_host(script: str, tmp_path: Path) -> None:
    tmp_path.joinpath("test_one.py").write_text("def test_one(): pass")
    modules = imported(script, tmp_path)
    assert "pytest_zebu.plugin.hooks" in modules
    assert large(modules) == {}


@pytest.mark.parametrize("argv", [[], *([name] for name in CALLS)], ids=" ".join)
def test_to_be_told_how_to_call_takes_little(argv: list[str], tmp_path: Path) -> None:
    script = f"""
import contextlib
from pytest_zebu.commands.cli import main
with contextlib.suppress(SystemExit):
    main({[*argv, "--help"]!r})
"""
    modules = imported(script, tmp_path)
    assert large(modules) == {}
    assert "pytest" not in modules


def test_before_the_machine_is_asked(tmp_path: Path) -> None:
    """What judges is imported when there is something to judge, and what looks while the machine is asked."""
    modules = imported("import pytest_zebu.plugin.setup, pytest_zebu.plugin.checks as checks; checks.suite()", tmp_path)
    may = {*OF_SETTINGS, "source code", "pages", "a machine that is asked by ssh"}
    assert set(large(modules).values()) - may == set()
    assert "pytest_zebu.gather.outside" not in modules


def test_a_replay(tmp_path: Path) -> None:
    tmp_path.joinpath("zebu.toml").write_text(recorded.settings())
    modules = imported(with_pytest(f"--zebu-replay={recorded.SNAPSHOT}", "-q"), tmp_path)
    assert {"pytest_zebu.plugin.reporting", "pytest_zebu.facts.chains"} <= modules, "it judged, and told"
    assert set(large(modules).values()) - OF_JUDGING == set()
    ours = {name.removeprefix("pytest_zebu.") for name in modules if name.startswith("pytest_zebu.")}
    assert not ours & {"gather.outside", "gather.visits", "gather.trial_runs", "discovery.written", "reports.sarif"}
