"""The HTML report as people see it: in a browser."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from pytest_zebu.gather.visits import SWITCHES
from pytest_zebu.settings.sections import BrowserNeeds
from pytest_zebu.verdict.outcome import Outcome

from .conftest import Run

pytestmark = pytest.mark.chromium

ATTESTATIONS = """
[[attestation]]
id = "post.maintenance.capacity.costs"
statement = "reviewed with the bill"
by = "operations"
on = "2026-11-20"
evidence = [{ url = "https://wiki.example.org/bill" }]
[[waiver]]
id = "deploy.backend.api"
reason = "decided in a week"
approver = "product owner"
from = "2026-11-01"
until = "2027-01-31"
"""
OWN_TESTS = """
from pytest_zebu.plugin.checks import items

def test_fails():
    assert 6 * 7 == 54, "as by the guide"

@items("pre.security.ssh.port-changed")
def test_breaks(sshd):
    sshd.nothing_of_this_name
"""
SHOWN = """rows => rows.filter(row => row.checkVisibility()).map(row => row.querySelector("[data-outcome]")?.dataset.outcome ?? "unnamed")"""


@pytest.fixture(scope="module")
def browser_page() -> Iterator[Page]:
    """A page of headless Chromium."""
    executable = str(BrowserNeeds().executable)
    if shutil.which(executable) is None:
        pytest.fail(f"no browser at {executable}: apt-get install chromium", pytrace=False)
    switches = [*SWITCHES, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=switches, headless=True)
        yield browser.new_page(viewport={"width": 1280, "height": 900})
        browser.close()


def shown(page: Page) -> Counter[str]:
    """The outcomes of the rows that a reader sees."""
    return Counter(page.locator("#results-table tbody tr.collapsible").evaluate_all(SHOWN))


def visit(page: Page, path: Path) -> None:
    """Open the file. It asks for nothing beside itself, and its script says nothing."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: asked.append(str(error)))
    page.goto(path.as_uri(), wait_until="load")
    assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]


def test_every_item_is_seen_whatever_its_outcome(run: Run, project: pytest.Pytester, browser_page: Page) -> None:
    project.makefile(".toml", attestations=ATTESTATIONS)
    _, report = run("--html=report.html")
    visit(browser_page, project.path / "report.html")
    found = shown(browser_page)
    assert found == Counter(item["outcome"] for item in report["hosts"][0]["items"])
    assert found.total() == 196
    assert found.keys() == {outcome.value for outcome in Outcome}
    # Sorting draws the table anew.
    browser_page.locator("th[data-column-type=item]").click()
    browser_page.locator("th[data-column-type=outcome]").click()
    assert shown(browser_page) == found
    for outcome in Outcome:
        box = browser_page.locator(f"input[data-show={outcome.value}]")
        box.uncheck()
        assert shown(browser_page) == Counter({name: n for name, n in found.items() if name != outcome.value})
        box.check()
    assert shown(browser_page) == found


def test_other_tests_and_broken_checks_show_what_happened(
    run: Run, project: pytest.Pytester, browser_page: Page
) -> None:
    project.makepyfile(test_own=OWN_TESTS)
    run("test_own.py", "--html=report.html")
    visit(browser_page, project.path / "report.html")
    assert shown(browser_page) == {"other": 1, "not_assessed": 1}
    assert "as by the guide" in browser_page.inner_text("#results-table")
    assert "AttributeError" in browser_page.inner_text("#results-table")
    browser_page.locator("input[data-show=other]").uncheck()
    assert shown(browser_page) == {"not_assessed": 1}
    assert "as by the guide" not in browser_page.inner_text("#results-table")
