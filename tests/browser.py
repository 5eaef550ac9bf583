"""A browser that opens our pages: Debian's Chromium, without a window."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from pytest_zebu.gather.visits import SWITCHES
from pytest_zebu.settings.sections import BrowserNeeds

AXE = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations.flatMap(
  rule => rule.nodes.map(node => `${rule.impact}: ${rule.id}: ${node.html.slice(0, 200)}`))"""
OUTCOMES = "items => items.filter(item => item.checkVisibility()).map(item => item.dataset.outcome)"


@contextmanager
def started() -> Iterator[Browser]:
    """Chromium, as long as it is needed."""
    executable = str(BrowserNeeds().executable)
    if shutil.which(executable) is None:
        pytest.fail(f"no browser at {executable}: apt-get install chromium", pytrace=False)
    switches = [*SWITCHES, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=switches, headless=True)
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, path: Path, fragment: str = "", width: int = 1280, **options: Any) -> Iterator[Page]:
    """A file in the browser. It asks for nothing beside itself, and its script says nothing, whatever is done with it."""
    context = browser.new_context(viewport={"width": width, "height": 900}, **options)
    page, wrong = context.new_page(), list[str]()
    page.on("request", lambda request: wrong.append(request.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text))
    page.on("dialog", lambda dialog: wrong.append(dialog.message))
    page.goto(path.as_uri() + fragment, wait_until="load")
    yield page
    context.close()
    assert [one for one in wrong if not one.startswith("data:") and one.partition("#")[0] != path.as_uri()] == []


def outcomes(page: Page) -> Counter[str]:
    """The outcomes of the items that a reader sees, folded or not."""
    return Counter(page.locator("li.item").evaluate_all(OUTCOMES))


def address(page: Page) -> str:
    """Where the page says that it is, now."""
    found: str = page.evaluate("location.href")
    return found


def complaints(page: Page) -> list[str]:
    """What axe-core finds that keeps people from reading the page; the page's policy does not let it in, its context must."""
    page.add_script_tag(content=resources.files("axe_playwright_python").joinpath("axe.min.js").read_text())
    found: list[str] = page.evaluate(AXE)
    return found
