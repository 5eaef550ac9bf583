"""Visits in headless Chromium, through Playwright: one launch for all routes, a fresh profile, the declared trust."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, Request, Response
from playwright.sync_api import TimeoutError as TooLate

from pytest_zebu.facts.answer import Reason, Unknown, plain_text
from pytest_zebu.facts.browser import read_shown
from pytest_zebu.gather.sights import LAYOUT, SHOWN, TIMING

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
ASKING = ("fetch", "xhr", "eventsource", "ping")
"""How scripts of a page ask for something."""
MARKS = ("etag", "last-modified")
"""What an answer has in common with another one of the same file: the single page, in place of what was asked for."""
SHOWN_SECONDS = 4.0
"""How long a page that shows nothing yet is waited for, after it has loaded."""
PAINT_SECONDS = 1.0
"""How long the browser is given to note when it painted what it shows."""
ABORTED = "net::ERR_ABORTED"


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
                    "loads": [{"trouble": trouble, "load": None, "paint": None, "shown": {}}] * arguments["loads"],
                    "screens": [{"width": width, "trouble": trouble, "shown": {}} for width in arguments["widths"]],
                }
            # What stayed blank until now is not waited for again at each load.
            seconds = SHOWN_SECONDS if _is_there(pages[0]["shown"]) else 0
            return {
                "pages": pages,
                "loads": _loads(browser, urls[0], arguments["loads"], seconds),
                "screens": [_look_small(browser, urls[0], width, seconds) for width in arguments["widths"]],
            }
        finally:
            browser.close()


@dataclass(frozen=True, slots=True)
class Failed:
    """A request that failed.

    Attributes:
        aborted: its address, where it was given up: by the page, by going on to another, or by the browser.
    """

    text: str
    aborted: str = ""


@dataclass  # without slots: Playwright notes its handlers at their owner
class _Visit:
    """A page that was opened, and what it says while it is open."""

    url: str
    page: Page
    status: int = 0
    errors: list[str] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)
    requested: list[str] = field(default_factory=list)
    asked: dict[Request, dict[str, Any]] = field(default_factory=dict)
    is_heard: bool = False
    is_silent: bool = False
    is_late: bool = False
    resources: list[dict[str, Any]] = field(default_factory=list)
    shown: Mapping[str, Any] = field(default_factory=dict)
    again: bool = False
    marks: tuple[str, ...] = ()

    def on_console(self, message: ConsoleMessage) -> None:
        """An error counts, a warning does not; nor does the icon that the browser looks for without being told to."""
        place = message.location.get("url", "")
        is_own_wish = urlsplit(place).path == "/favicon.ico" and place not in self.requested
        if message.type == "error" and not is_own_wish:
            _note(self.errors, f"{message.text} ({place})")

    def on_request(self, request: Request) -> None:
        """What the page asks for."""
        _note(self.requested, request.url)
        if request.resource_type in ASKING and len(self.asked) < KEPT_RESOURCES:
            url = plain_text(request.url.partition("?")[0].partition("#")[0])[:500]
            row = {"method": request.method, "url": url, "status": 0, "type": "", "failure": "", "page": False}
            self.asked[request] = row

    def on_response(self, answer: Response) -> None:
        """What came, and whether it was an error."""
        self.is_heard = True
        request = answer.request
        if answer.status >= 400:
            self._fail(Failed(f"{request.method} {answer.status} {answer.url}"))
        kind = plain_text(answer.headers.get("content-type", ""))[:100]
        marks = tuple(answer.headers.get(name, "") for name in MARKS)
        if request.is_navigation_request():
            self.marks = self.marks if any(self.marks) else marks
        if request in self.asked:
            is_page = any(marks) and marks == self.marks
            self.asked[request] |= {"status": answer.status, "type": kind, "page": is_page}
        if request.resource_type in RESOURCES and len(self.resources) < KEPT_RESOURCES:
            url = plain_text(answer.url)[:500]
            self.resources.append({"kind": request.resource_type, "url": url, "status": answer.status, "type": kind})

    def on_failure(self, request: Request) -> None:
        """What did not come."""
        why = request.failure or "failed"
        if request in self.asked:
            self.asked[request]["failure"] = plain_text(why)[:100]
        self._fail(Failed(f"{request.method} {why} {request.url}", request.url if why == ABORTED else ""))

    def _fail(self, failed: Failed) -> None:
        if len(self.failed) < KEPT_MESSAGES:
            self.failed.append(failed)

    def open(self) -> None:
        """Go there."""
        page = self.page
        page.set_default_timeout(PAGE_SECONDS * 1000)
        page.on("console", self.on_console)
        page.on("pageerror", lambda error: _note(self.errors, str(error)))
        page.on("requestfailed", self.on_failure)
        page.on("response", self.on_response)
        page.on("request", self.on_request)
        page.on("websocket", lambda socket: _note(self.requested, socket.url))
        try:
            answer = page.goto(self.url, wait_until="load")
            self.status = answer.status if answer else 0
        except TooLate as error:
            self.is_silent, self.is_late = not self.is_heard, self.is_heard
            _note(self.errors, error.message.splitlines()[0])
        except Error as error:
            self.is_silent = "ERR_CONNECTION_TIMED_OUT" in error.message
            _note(self.errors, error.message.splitlines()[0])

    def as_data(self) -> dict[str, Any]:
        """Plain data."""
        plain = [address for address in self.requested if address.startswith(("http://", "ws://"))]
        # A request that the page itself gives up is no fault; one that the browser refuses to use, it complains of.
        failed = [
            one.text for one in self.failed if not one.aborted or any(one.aborted in text for text in self.errors)
        ]
        said = {"url": self.url, "status": self.status, "errors": self.errors, "failed": [*map(_plain, failed)]}
        asked = [*{tuple(row.items()): row for row in self.asked.values()}.values()]
        seen = {"asked": asked, "shown": self.shown, "again": self.again}
        return {**said, "resources": self.resources, "over_http": plain, **seen}


def _silence(pages: Sequence[Mapping[str, Any]]) -> str:
    """What is said of a site of which no page was heard at all in the time that one has."""
    first = pages[0]
    silent = first["status"] == 0 and any("Timeout" in text or "TIMED_OUT" in text for text in first["errors"])
    return str(first["errors"][0]) if silent and all(page["status"] == 0 for page in pages) else ""


def _opened(browser: Browser, url: str) -> _Visit:
    """A visit; one that a cold stack answered too late is made once more."""
    visit = _Visit(url, browser.new_context().new_page())
    visit.open()
    if not visit.is_late:
        return visit
    visit.page.context.close()
    visit = _Visit(url, browser.new_context().new_page(), again=True)
    visit.open()
    return visit


def _visit_routes(browser: Browser, urls: Sequence[str], settle_seconds: float) -> list[dict[str, Any]]:
    """Each address in a context of its own, so that each is cold; what appears shortly after the load counts too."""
    visits: list[_Visit] = []
    for url in urls:
        # A site that is silent is not waited for once more for each of its pages.
        if visits and visits[0].is_silent:
            visits.append(_Visit(url, browser.new_context().new_page(), errors=visits[0].errors))
        elif visits and visits[0].again and not visits[0].status:
            visits.append(_Visit(url, browser.new_context().new_page()))
            visits[-1].open()
        else:
            visits.append(_opened(browser, url))
    # All are watched together: while one page waits, the others are heard as well.
    visits[-1].page.wait_for_timeout(1000 * settle_seconds)
    until = time.monotonic() + SHOWN_SECONDS
    for visit in visits:
        if visit.status:
            visit.shown = _what_is_shown(visit.page, until - time.monotonic())
    for visit in visits:
        visit.page.context.close()
    return [visit.as_data() for visit in visits]


def _what_is_shown(page: Page, seconds: float) -> dict[str, Any]:
    """What a page shows to the eye, waited for as long as it shows nothing; empty if that could not be told."""
    until = time.monotonic() + seconds
    while True:
        try:
            found: dict[str, Any] = page.evaluate(SHOWN)
        except Error:  # it went on to another page meanwhile
            found = {}
        if _is_there(found) or time.monotonic() >= until:
            return {**found, "words": plain_text(str(found["words"]))} if found else {}
        page.wait_for_timeout(100)


def _is_there(shown: Mapping[str, Any]) -> bool:
    """Whether a page shows what its users came for, and waits for nothing any more."""
    found = read_shown(shown)
    return found is not None and not found.trouble


def _loads(browser: Browser, url: str, count: int, seconds: float) -> list[dict[str, Any]]:
    """Cold loads; one more where one of them did not end, as a cold stack's first answer may not."""
    found = [_load(browser.new_context(), url, seconds) for _ in range(count)]
    if any(one["trouble"] for one in found):
        found.append(_load(browser.new_context(), url, seconds))
    return found


def _load(context: BrowserContext, url: str, seconds: float) -> dict[str, Any]:
    """One cold load: the milliseconds until the load event ended, and until something was painted; and what is shown."""
    page = context.new_page()
    page.set_default_timeout(PAGE_SECONDS * 1000)
    try:
        page.goto(url, wait_until="load")
        shown = _what_is_shown(page, seconds)
        until = time.monotonic() + PAINT_SECONDS
        timing = page.evaluate(TIMING)
        is_there = _is_there(shown)
        while (timing["load"] is None or (is_there and timing["paint"] is None)) and time.monotonic() < until:
            page.wait_for_timeout(20)
            timing = page.evaluate(TIMING)
        return {"trouble": "", **timing, "shown": shown}
    except Error as error:
        return {"trouble": _plain(error.message.splitlines()[0])[:200], "load": None, "paint": None, "shown": {}}
    finally:
        context.close()


def _look_small(browser: Browser, url: str, width: int, seconds: float) -> dict[str, Any]:
    """The first page on a screen as narrow as a telephone's, and a picture of it."""
    context = browser.new_context(viewport={"width": width, "height": 800}, is_mobile=True, has_touch=True)
    page = context.new_page()
    page.set_default_timeout(PAGE_SECONDS * 1000)
    try:
        try:
            page.goto(url, wait_until="load")
        except TooLate:  # as a cold stack's first answer may be
            page.goto(url, wait_until="load")
        shown = _what_is_shown(page, seconds)
        picture = page.screenshot(type="jpeg", quality=40)
        found = page.evaluate(LAYOUT)
        kept = base64.b64encode(picture[:PICTURE_LIMIT]).decode()
        return {"width": width, "trouble": "", **found, "picture": kept, "shown": shown}
    except Error as error:
        return {"width": width, "trouble": _plain(error.message.splitlines()[0])[:200], "shown": {}}
    finally:
        context.close()


def _plain(text: str) -> str:
    return plain_text(text)[:500]


def _note(messages: list[str], text: str) -> None:
    if len(messages) < KEPT_MESSAGES:
        messages.append(_plain(text))
