"""How the checkout is looked after."""

from __future__ import annotations

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
