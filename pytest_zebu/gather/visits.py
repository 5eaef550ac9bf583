"""Visits in headless Chromium, through Playwright: one launch for all routes, a fresh profile, the declared trust."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, Response
from playwright.sync_api import TimeoutError as TooLate

from pytest_zebu.facts.answer import Reason, Unknown, plain_text

SWITCHES = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
]
OWN_FAULTS = frozenset(
    {
        "ERR_INSUFFICIENT_RESOURCES",
        "ERR_INTERNET_DISCONNECTED",
        "ERR_NETWORK_CHANGED",
        "ERR_NETWORK_IO_SUSPENDED",
        "ERR_OUT_OF_MEMORY",
    }
)
"""The browser's words for what is wrong with this machine or its network (Chromium, net_error_list.h)."""
UNRESOLVED = frozenset({"ERR_NAME_NOT_RESOLVED", "ERR_NAME_RESOLUTION_FAILED"})
_NET_ERROR = re.compile(r"net::(ERR_[A-Z0-9_]+)")
PAGE_SECONDS = 15
KEPT_MESSAGES = 50
KEPT_RESOURCES = 200
PICTURE_LIMIT = 200_000
RESOURCES = ("script", "stylesheet", "font", "image")


def _trust(home: Path, ca_file: str) -> None:
    """Give the fresh profile's home a certificate store with the declared authority."""
    store = home / ".pki/nssdb"
    store.mkdir(parents=True)
    database = ["certutil", "-d", f"sql:{store}"]
    subprocess.run([*database, "-N", "--empty-password"], check=True, capture_output=True, timeout=20)
    text = Path(ca_file).read_text(encoding="ascii")
    blocks = [
        f"-----BEGIN CERTIFICATE-----{part.split('-----END')[0]}-----END CERTIFICATE-----\n"
        for part in text.split("-----BEGIN CERTIFICATE-----")[1:]
    ]
    for number, block in enumerate(blocks):
        arguments = ["-A", "-n", f"declared-{number}", "-t", "C,,"]
        subprocess.run([*database, *arguments], input=block.encode(), check=True, capture_output=True, timeout=20)


def visit(
    arguments: Mapping[str, Any], control_answers: Callable[[], bool], directed: Mapping[str, str] | None = None
) -> Any:
    """Visit each address cold, and report what the browser complains of.

    Args:
        arguments: what to visit, and how.
        control_answers: whether the network is there, should nothing answer.
        directed: the addresses at which names are asked, whatever this machine's resolver says.
    """
    executable = str(arguments["executable"])
    if shutil.which(executable) is None:
        return Unknown(
            Reason.NO_COMMAND, f"no browser at {executable}: apt-get install chromium, or set browser.executable"
        )
    if arguments["ca_file"] and shutil.which("certutil") is None:
        return Unknown(
            Reason.NO_COMMAND, "certutil is needed to trust the declared authority: apt-get install libnss3-tools"
        )
    with tempfile.TemporaryDirectory(prefix="zebu-browser-") as folder:
        home = Path(folder)
        if arguments["ca_file"]:
            _trust(home, str(arguments["ca_file"]))
        try:
            seen = _visit_all(arguments, executable, home, directed or {})
        except Exception:  # Playwright raises nothing narrower when its driver dies at once
            if not (trouble := _driver_trouble()):
                raise
            remedy = ": apt-get install libatomic1" if "libatomic" in trouble else ""
            return Unknown(Reason.NO_COMMAND, f"Playwright's driver does not start ({trouble}){remedy}")
    if all(page["status"] == 0 for page in seen["pages"]) and not control_answers():
        control = arguments["control"] or "that no vantage declares"
        return Unknown(Reason.UNREACHABLE, f"the site does not answer, nor does the control address {control}")
    if trouble := own_fault(seen["pages"]):
        return Unknown(Reason.UNREACHABLE, f"the browser met a fault of this machine or its network ({trouble})")
    return seen


def own_fault(pages: Iterable[Mapping[str, Any]]) -> str:
    """The first complaint that concerns this machine and not the site; empty where there is none."""
    for page in pages:
        for text in (*page["errors"], *page["failed"]):
            # A name that a page refers to may really be gone; the page's own name is this machine's resolver's word.
            words = set(_NET_ERROR.findall(text))
            if found := words & (OWN_FAULTS | UNRESOLVED if page["status"] == 0 else OWN_FAULTS):
                return str(min(found))
    return ""


def _rules(directed: Mapping[str, str]) -> list[str]:
    """The switch that leads names to addresses."""
    rules = [f"MAP {name} {f'[{place}]' if ':' in place else place}" for name, place in directed.items()]
    return [f"--host-resolver-rules={','.join(rules)}"] if rules else []


def _driver_trouble() -> str:
    """The last words of Playwright's driver, if it does not start; it brings its own node, not node's libraries."""
    command = [sys.executable, "-m", "playwright", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=20, check=False)
    if done.returncode == 0:
        return ""
    words = [line for line in plain_text(done.stderr).splitlines() if line.strip()]
    return words[-1][:300] if words else f"exit status {done.returncode}"


def _visit_all(
    arguments: Mapping[str, Any], executable: str, home: Path, directed: Mapping[str, str]
) -> dict[str, Any]:
    from playwright.sync_api import sync_playwright

    switches = [*SWITCHES, *_rules(directed), *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, args=switches, headless=True, env={**os.environ, "HOME": str(home)}
        )
        try:
            settle = float(arguments["settle_seconds"])
            urls = arguments["urls"]
            pages = _visit_routes(browser, urls, settle)
            if trouble := _silence(pages):
                return {
                    "pages": pages,
                    "loads": [{"trouble": trouble, "load": None, "paint": None}] * arguments["loads"],
                    "screens": [{"width": width, "trouble": trouble} for width in arguments["widths"]],
                }
            return {
                "pages": pages,
                "loads": [_load(browser.new_context(), urls[0]) for _ in range(arguments["loads"])],
                "screens": [_look_small(browser, urls[0], width) for width in arguments["widths"]],
            }
        finally:
            browser.close()


@dataclass  # without slots: Playwright notes its handlers at their owner
class _Visit:
    """A page that was opened, and what it says while it is open."""

    url: str
    page: Page
    status: int = 0
    errors: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    requested: list[str] = field(default_factory=list)
    is_heard: bool = False
    is_silent: bool = False
    resources: list[dict[str, Any]] = field(default_factory=list)

    def on_console(self, message: ConsoleMessage) -> None:
        """An error counts, a warning does not."""
        if message.type == "error":
            _note(self.errors, f"{message.text} ({message.location.get('url', '')})")

    def on_response(self, answer: Response) -> None:
        """What came, and whether it was an error."""
        self.is_heard = True
        if answer.status >= 400:
            _note(self.failed, f"{answer.request.method} {answer.status} {answer.url}")
        if answer.request.resource_type in RESOURCES and len(self.resources) < KEPT_RESOURCES:
            kind = plain_text(answer.headers.get("content-type", ""))[:100]
            url = plain_text(answer.url)[:500]
            self.resources.append(
                {"kind": answer.request.resource_type, "url": url, "status": answer.status, "type": kind}
            )

    def open(self) -> None:
        """Go there."""
        page = self.page
        page.set_default_timeout(PAGE_SECONDS * 1000)
        page.on("console", self.on_console)
        page.on("pageerror", lambda error: _note(self.errors, str(error)))
        page.on(
            "requestfailed", lambda request: _note(self.failed, f"{request.method} {request.failure} {request.url}")
        )
        page.on("response", self.on_response)
        page.on("request", lambda request: _note(self.requested, request.url))
        try:
            answer = page.goto(self.url, wait_until="load")
            self.status = answer.status if answer else 0
        except TooLate as error:
            self.is_silent = not self.is_heard
            _note(self.errors, error.message.splitlines()[0])
        except Error as error:
            self.is_silent = "ERR_CONNECTION_TIMED_OUT" in error.message
            _note(self.errors, error.message.splitlines()[0])

    def as_data(self) -> dict[str, Any]:
        """Plain data."""
        plain = [address for address in self.requested if address.startswith("http://")]
        said = {"url": self.url, "status": self.status, "errors": self.errors, "failed": self.failed}
        return {**said, "resources": self.resources, "over_http": plain}


def _silence(pages: Sequence[Mapping[str, Any]]) -> str:
    """What is said of a site of which no page was heard at all in the time that one has."""
    first = pages[0]
    silent = first["status"] == 0 and any("Timeout" in text or "TIMED_OUT" in text for text in first["errors"])
    return str(first["errors"][0]) if silent and all(page["status"] == 0 for page in pages) else ""


def _visit_routes(browser: Browser, urls: Sequence[str], settle_seconds: float) -> list[dict[str, Any]]:
    """Each address in a context of its own, so that each is cold; what appears shortly after the load counts too."""
    visits = [_Visit(url, browser.new_context().new_page()) for url in urls]
    for visit in visits:
        # A site that is silent is not waited for once more for each of its pages.
        if visits[0].is_silent:
            visit.errors = visits[0].errors
            continue
        visit.open()
    # All are watched together: while one page waits, the others are heard as well.
    visits[-1].page.wait_for_timeout(1000 * settle_seconds)
    for visit in visits:
        visit.page.context.close()
    return [visit.as_data() for visit in visits]


TIMING = """() => {
  const load = performance.getEntriesByType("navigation")[0];
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  return { load: load ? load.loadEventEnd : null, paint: paint ? paint.startTime : null };
}"""


def _load(context: BrowserContext, url: str) -> dict[str, Any]:
    """One cold load: the milliseconds until the load event ended, and until something was painted."""
    page = context.new_page()
    page.set_default_timeout(PAGE_SECONDS * 1000)
    try:
        page.goto(url, wait_until="load")
        page.wait_for_function("performance.getEntriesByType('navigation')[0].loadEventEnd > 0")
        return {"trouble": "", **page.evaluate(TIMING)}
    except Error as error:
        return {"trouble": plain_text(error.message.splitlines()[0])[:200], "load": None, "paint": None}
    finally:
        context.close()


# Targets that stand in a sentence are excepted: WCAG 2.2, 2.5.8 (Inline).
LAYOUT = """() => {
  const small = [];
  for (const one of document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, [role=button]")) {
    const box = one.getBoundingClientRect();
    if (box.width === 0 || box.height === 0) continue;
    const inline = one.tagName === "A" && getComputedStyle(one).display === "inline" && one.parentElement.textContent.trim() !== one.textContent.trim();
    if (!inline && (box.width < 24 || box.height < 24)) small.push((one.textContent || one.name || one.tagName).trim().slice(0, 60) + " " + Math.round(box.width) + "x" + Math.round(box.height));
  }
  const viewport = document.querySelector("meta[name=viewport]");
  return { wide: document.documentElement.scrollWidth, inner: window.innerWidth, viewport: viewport ? viewport.content : "", small: small.slice(0, 20) };
}"""


def _look_small(browser: Browser, url: str, width: int) -> dict[str, Any]:
    """The first page on a screen as narrow as a telephone's, and a picture of it."""
    context = browser.new_context(viewport={"width": width, "height": 800}, is_mobile=True, has_touch=True)
    page = context.new_page()
    page.set_default_timeout(PAGE_SECONDS * 1000)
    try:
        page.goto(url, wait_until="load")
        found = page.evaluate(LAYOUT)
        picture = page.screenshot(type="jpeg", quality=40)
        return {"width": width, "trouble": "", **found, "picture": base64.b64encode(picture[:PICTURE_LIMIT]).decode()}
    except Error as error:
        return {"width": width, "trouble": plain_text(error.message.splitlines()[0])[:200]}
    finally:
        context.close()


def _note(messages: list[str], text: str) -> None:
    if len(messages) < KEPT_MESSAGES:
        messages.append(plain_text(text)[:500])
