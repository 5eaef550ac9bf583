"""The HTML report of a run as people see it: in a browser. What the page itself does is in tests/reports/test_html.py."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from pytest_zebu.verdict.outcome import Outcome
from tests import recorded
from tests.browser import address, complaints, opened, outcomes, started

from .conftest import Run

pytestmark = pytest.mark.chromium

OWN_TESTS = """
import pytest
from pytest_zebu.plugin.checks import items

def test_fails():
    print("printed before")
    assert 6 * 7 == 54, "as by the guide"

@pytest.mark.parametrize("word", ["<b id=planted>"], ids=["<b id=planted>"])
def test_fine(word, extras):
    from pytest_html import extras as kinds
    extras.append(kinds.url("https://wiki.example.org/fine"))

@items("pre.security.ssh.port-changed")
def test_breaks(sshd):
    sshd.nothing_of_this_name
"""
LIMIT = 1_000_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with started() as found:
        yield found


def unfold(page: Page) -> None:
    """Open what pytest-html lists; its script draws it now."""
    assert page.locator("#results-table tbody").count() == 0
    page.locator(".guest summary").first.click()
    expect(page.locator("#results-table tbody").first).to_be_visible()


def test_every_item_is_seen_whatever_its_outcome(run: Run, project: pytest.Pytester, browser: Browser) -> None:
    project.makefile(".toml", attestations=recorded.DECLARED)
    project.makefile(".css", own="h1 { text-decoration: underline; }")
    _, report = run("--html=report.html", "--css=own.css")
    expected = Counter(item["outcome"] for item in report["hosts"][0]["items"])
    path = project.path / "report.html"
    with opened(browser, path) as page:
        found = outcomes(page)
        assert found == expected
        assert found.total() == 196
        assert found.keys() == {outcome.value for outcome in Outcome}
        assert page.locator("h1").count() == 1
        assert page.title() == "Production readiness: lab"
        assert page.evaluate("getComputedStyle(document.querySelector('h1')).textDecorationLine") == "underline"
        # pytest-html's own table lists the same, as pytest counts it.
        here = address(page)
        unfold(page)
        rows = page.locator("#results-table tbody tr.collapsible")
        assert Counter(rows.locator(".col-outcome").all_inner_texts()) == {
            Outcome(name).label: number for name, number in expected.items()
        }
        page.locator("#pytest-html .sortable[data-column-type=testId]").click()
        assert rows.count() == 196
        page.locator("#pytest-html input[data-test-result=passed]").uncheck()
        assert rows.count() == 196 - expected["passed"] - expected["attested"]
        page.locator("#pytest-html .log a[href$='pre.security.ssh.port-changed']").click()
        assert page.locator("[id='item-lab-pre.security.ssh.port-changed']").is_visible()
        assert address(page).partition("?")[0] == here
        assert outcomes(page) == found
    whole = path.read_text()
    pictures = sum(map(len, re.findall('data:image/jpeg;base64,[^"]*', whole)))
    assert len(whole.encode()) - pictures < LIMIT


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "workers"])
def test_other_tests_and_broken_checks_show_what_happened(
    workers: tuple[str, ...], run: Run, project: pytest.Pytester, browser: Browser
) -> None:
    project.makepyfile(test_own=OWN_TESTS)
    run("test_own.py", "--html=report.html", *workers)
    path = project.path / "report.html"
    with opened(browser, path) as page:
        notice = page.locator(".notices li:has-text('1 test beside the checklist failed.')")
        assert notice.bounding_box() is not None
        assert "1 check broke, so that it is not assessed" in page.locator("main").inner_text()
        notice.get_by_role("link").click()
        section = page.locator("section.beside")
        expect(section).to_be_in_viewport()
        said = section.inner_text()
        for words in (
            "test_own.py::test_fails",
            "as by the guide",
            "[pre.security.ssh.port-changed]",
            "AttributeError",
        ):
            assert words in said
        assert "test_fine" not in said
        unfold(page)
        said = page.locator("#results-table").inner_text()
        for words in ("as by the guide", "printed before", "AttributeError", "test_fine[<b id=planted>]"):
            assert words in said
        assert page.locator("#planted").count() == 0
        assert page.locator("#results-table a[href='https://wiki.example.org/fine']").count() == 1
    with opened(browser, path, java_script_enabled=False) as page:
        assert "as by the guide" in page.locator("section.beside").inner_text()


def test_a_file_that_cannot_be_read_as_tests_is_a_failure_too(
    run: Run, project: pytest.Pytester, browser: Browser
) -> None:
    passing = 'from pytest_zebu.plugin.checks import items\n@items("pre.security.ssh.port-changed")\ndef test_passes(sshd): pass'
    project.makepyfile(test_own=passing, test_odd="import nothing_of_this_name")
    result, report = run(
        "test_own.py", "test_odd.py", "--html=report.html", "--continue-on-collection-errors", "--zebu-gate=off"
    )
    assert result.ret == 1
    assert [item["outcome"] for item in report["hosts"][0]["items"] if item["selected"]] == ["passed"]
    with opened(browser, project.path / "report.html") as page:
        assert page.locator(".notices li:has-text('1 test beside the checklist failed.')").is_visible()
        assert "nothing_of_this_name" in page.locator("section.beside").inner_text()
        unfold(page)
        assert "nothing_of_this_name" in page.locator("#results-table").inner_text()


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_pytest_html_draws_can_be_read_too(
    scheme: str, width: int, run: Run, project: pytest.Pytester, browser: Browser
) -> None:
    project.makepyfile(test_own=OWN_TESTS)
    run("test_own.py", "--html=report.html", "-p", "no:cacheprovider")
    how: dict[str, Any] = {"color_scheme": scheme, "bypass_csp": True}
    with opened(browser, project.path / "report.html", width=width, **how) as page:
        unfold(page)
        page.locator("li.item").evaluate_all(
            "items => items.slice(20).forEach(item => item.remove())"
        )  # others see to them
        assert complaints(page) == []
        assert page.evaluate("document.scrollingElement.scrollWidth") == width
