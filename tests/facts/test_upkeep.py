"""How the checkout is looked after."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pytest_zebu.facts import upkeep
from pytest_zebu.facts.upkeep import Watchers
from pytest_zebu.facts.workflows import Audit
from pytest_zebu.settings.target import Target
from tests.facts.answers import read


def test_the_change_log(target: Target) -> None:
    """A heading that only begins like a version's names none."""
    assert read("upkeep", "@version 1.2.0\n@version 2. and more\n@version 1.1.0\n", target).changelog == (
        "1.2.0",
        "1.1.0",
    )


@pytest.mark.parametrize(("name", "text", "versions"), [
    ("CHANGELOG.md", "# Changes\n\n## [Unreleased]\n\n## [1.2.0] - 2026-01-01\n- a\n\n## v1.1.0\n\n**1.0.0**\n", "1.2.0 1.1.0 1.0.0"),
    ("CHANGELOG.md", "## Zebu 1.5.0\n## ZEBU v1.4.0\n## RELEASE 1.3.0\n## zebu version 1.2.0\n## Release: V1.1.0\n## [zebu 1.0.0]\r\n", "1.5.0 1.4.0 1.3.0 1.2.0 1.1.0 1.0.0"),
    ("CHANGELOG.md", "## 1.1.0 and more\n1.0.0 was better.\n\n1.0.1 is planned\n\nVersion 1.0.2 fixes it\n\n[1.1.0]: https://zebu.test\n", "1.1.0"),
    ("CHANGELOG.md", "1.1.0 The first\n---------------\n\nZebu 1.0.0\n=====", "1.1.0 1.0.0"),
    ("CHANGELOG.md", "[1.2.3] - 2026-01-01\n- a\n", "1.2.3"), ("CHANGES", "1.1.0 (2026-01-01)\n- a\n\nversion 1.0.0\n  - a\n\n0.9.0 (January 1, 2025)\n", "1.1.0 1.0.0 0.9.0"),
    ("CHANGES", "1.1.0:\n  - a\n1.0.0:\n  - a\nwhat was there in\n0.9.0\n", "1.1.0 1.0.0"), ("CHANGELOG", "1.0.0 is out - see below\n\n10.0.0.1 is a host\n", ""),
    ("CHANGES.rst", "Changes\n=======\n\n=====\n1.1.0\n=====\n\nRelease 1.0.0, for all\n~~~~~~~~~~~~~~~~~~~~~~\n\n1.0.0 is gone\n", "1.1.0 1.0.0"),
    ("CHANGELOG.md", "".join(f"## 1.{number}\n" for number in range(60)), " ".join(f"1.{number}" for number in range(50))),
    ("CHANGELOG.md", "", ""), ("README.md", "## 1.0.0\n", ""),
])  # fmt: skip
def test_headings_of_versions(name: str, text: str, versions: str, tmp_path: Path, target: Target) -> None:
    (tmp_path / name).write_text(text)
    environment = {"ZEBU_APP_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(["sh", "-c", upkeep.PROBE.text], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert read("upkeep", done.stdout, target).changelog == tuple(versions.split())


WORKFLOW = "on: push\njobs: {audit: {steps: [{run: pip-audit}]}}\n"
FILES = f"""@file .github/dependabot.yml
version: 2
updates: [{{package-ecosystem: github-actions, schedule: {{interval: weekly}}}}]

@file renovate.json
{{}}

@file renovate.json5
{{ broken

@file package.json
{{"name": "zebu"}}

@file .github/workflows/ci.yml
{WORKFLOW}
@file .github/workflows/odd.yml
a: [

@unread size .github/workflows/large.yml
@unread failed .gitlab-ci.yml
"""


def test_what_watches_dependencies(target: Target) -> None:
    found = read("watchers", FILES, target)
    assert found == Watchers(
        ("renovate.json",),
        (".github/dependabot.yml (it is about github-actions only)",),
        (Audit(".github/workflows/ci.yml, audit", False, True),),
        (
            "renovate.json5 is not understood",
            ".github/workflows/large.yml (too large)",
            ".gitlab-ci.yml (cannot be read)",
            ".github/workflows/odd.yml is not understood",
        ),
    )
