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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from inspect import signature
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct, field
from playwright.sync_api import (
    Browser,
    CDPSession,
    ConsoleMessage,
    Error,
    Page,
    Playwright,
    Request,
    Response,
    sync_playwright,
)
from playwright.sync_api import TimeoutError as TooLate

from pytest_zebu.facts.answer import Reason, Unknown, plain_text
from pytest_zebu.facts.browser import NEVER_YIELDED, read_shown
from pytest_zebu.gather.bounds import OutOfTime, allowed
from pytest_zebu.gather.browsers import started_for
from pytest_zebu.gather.deadline import aside
from pytest_zebu.gather.scratch import scratch
from pytest_zebu.gather.sights import LAYOUT, SHOWN, TIMING
from pytest_zebu.gather.watchdog import NeverYielded, Watchdog

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
PROVOKED = frozenset({"net::ERR_INSUFFICIENT_RESOURCES", "net::ERR_OUT_OF_MEMORY"})
"""What a page may bring about by itself, by asking for much at once (Chromium, url_loader_factory.cc)."""
MUCH, MUCH_ASKED = 500, 20
"""So many requests are much; of those that scripts make, so many: more of some kinds are refused while they last."""
_OWN_WORD = re.compile(r"(?:Page\.goto:|\S+) net::(ERR_[A-Z0-9_]+) ")
"""How the browser's words begin, where neither a page's words nor an address can stand."""
PAGE_SECONDS = 15.0
KEPT_MESSAGES = 50
MOST = 1e12
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
LAUNCH_SECONDS, CLOSE_SECONDS = 40.0, 10.0
LONGEST_PLACE = 38
"""Characters of a folder in which the browser makes its socket, whose whole name may have 107 (unix(7))."""
PLACES = ("/tmp", "/var/tmp", "/dev/shm")
"""Where temporary files may be, if the usual place has too long a name."""
EXTRA_SECONDS = 10.0
"""What is done around a page may take so much longer than that may."""
ASK_SECONDS = 5
"""How long a page may take to tell what it shows, where it yields at all."""
MOST_EVENTS = 5000
"""Of what a page says and asks for, so much is heard."""


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


@contextmanager
def _trusting(home: Path, ca_file: str | None) -> Iterator[Callable[[], None]]:
    """The declared authority is given to the profile while the driver starts; what is handed out waits until that is done."""
    job = aside(lambda: _trust(home, str(ca_file))) if ca_file else None
    try:
        yield lambda: job.result() if job else None
    finally:
        if job:  # the folder is cleared away behind it
            job.exception()


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
    executables = started_for(executable, is_declared=arguments["is_declared"]) or (executable,)
    if arguments["ca_file"] and shutil.which("certutil") is None:
        return Unknown(
            Reason.NO_COMMAND, "certutil is needed to trust the declared authority: apt-get install libnss3-tools"
        )
    if (place := _place()) is None:
        why = f"the browser needs a folder for temporary files whose name has at most {LONGEST_PLACE} characters"
        return Unknown(Reason.NO_COMMAND, f"{why}: set TMPDIR")
    with scratch("zebu-browser-", place) as folder, _trusting(folder.resolve(), arguments["ca_file"]) as trusted:
        try:
            seen = _visit_with_one(executables, arguments, folder.resolve(), directed or {}, trusted)
        except (OutOfTime, NeverYielded):
            raise
        except NotStarted as error:
            return Unknown(Reason.TIMED_OUT, str(error))
        except Exception as error:  # Playwright raises nothing narrower when its driver dies at once
            if not (trouble := _driver_trouble()):
                if isinstance(error, Error) and (why := launch_trouble(error.message)):
                    return Unknown(Reason.NO_COMMAND, f"the browser {executables[-1]} does not start: {why}")
                raise
            remedy = ": apt-get install libatomic1" if "libatomic" in trouble else ""
            return Unknown(Reason.NO_COMMAND, f"Playwright's driver does not start ({trouble}){remedy}")
    is_silent = all(page["status"] == 0 and not _met_tls(page) for page in seen["pages"])
    if is_silent and not control_answers():
        control = arguments["control"] or "that no vantage declares"
        return Unknown(Reason.UNREACHABLE, f"the site does not answer, nor does the control address {control}")
    if trouble := own_fault(seen["pages"]):
        return Unknown(Reason.UNREACHABLE, f"the browser met a fault of this machine or its network ({trouble})")
    return seen


def _met_tls(page: Mapping[str, Any]) -> bool:
    """Whether somebody answered, whom the browser does not trust."""
    word = _OWN_WORD.match(next(iter(page["errors"]), ""))
    return word is not None and word[1].startswith(("ERR_CERT_", "ERR_SSL_"))


def _place() -> Path | None:
    """Where the browser's folder is made: the usual place, or one whose name is short enough; nothing if there is none."""
    usual = tempfile.gettempdir()
    if len(os.fsencode(usual)) <= LONGEST_PLACE:
        return Path(usual)
    return next((Path(place) for place in PLACES if os.access(place, os.W_OK | os.X_OK)), None)


def own_fault(pages: Iterable[Mapping[str, Any]]) -> str:
    """The first complaint that concerns this machine and not the site; empty where there is none.

    It is taken from what the browser says of requests. What a page says of itself, as to the console, proves nothing.
    """
    for page in pages:
        is_silent = page["status"] == 0
        for text in (*(page["errors"][:1] if is_silent else []), *page["failed"]):
            # A name that a page refers to may really be gone; the page's own name is this machine's resolver's word.
            word = _OWN_WORD.match(text)
            if word and word[1] in (OWN_FAULTS | UNRESOLVED if is_silent else OWN_FAULTS):
                return word[1]
    return ""


LAUNCH_TROUBLES = (
    (r"error while loading shared libraries: (?P<what>[\w.+-]{1,80})", "it lacks {what}: `apt-get install --reinstall chromium`"),
    (r"No usable sandbox|SUID sandbox|Operation not permitted.*namespace|Failed to move to new namespace|zygote_host_impl_linux",
     "its sandbox may not make namespaces (Docker without seccomp profile for it; kernel.apparmor_restrict_unprivileged_userns): allow them, or run pytest as another user"),
    (r"Running as root without --no-sandbox", "it runs as root with its sandbox: run pytest as another user"),
    (r"/dev/shm|shared memory|SharedMemory|platform_shared_memory", "there is too little shared memory: give /dev/shm at least 256 MiB (docker run --shm-size)"),
    (r"No space left on device|Disk quota exceeded", "there is no space left for its profile: set TMPDIR"),
    (r"Resource temporarily unavailable|Cannot allocate memory|Out of memory|pthread_create", "this machine has no memory or processes left (ulimit -u, memory)"),
    (r"EACCES|Permission denied", "it may not be run: see its rights, or set browser.executable"),
    (r"ENOEXEC|Exec format error|cannot execute binary", "it is no program of this machine: set browser.executable"),
    (r"exitCode=(?P<what>\d+)|code=(?P<code>\d+)|signal=(?P<signal>\w+)", "it ended at once (status {what}{code}{signal}): start it by hand to see why, `chromium --headless --dump-dom about:blank`"),
)  # fmt: skip
"""What a browser complains of that does not come up, the first that fits, and what helps."""


def launch_trouble(said: str) -> str:
    """Why a browser did not come up, and what helps; empty where that is not what is said."""
    if not said.startswith("BrowserType.launch"):
        return ""
    for pattern, meaning in LAUNCH_TROUBLES:
        if found := re.search(pattern, said):
            return meaning.format(**{key: value or "" for key, value in found.groupdict().items()})
    return "it ended at once: start it by hand to see why, `chromium --headless --dump-dom about:blank`"


def _rules(directed: Mapping[str, str]) -> list[str]:
    """The switch that leads names to addresses."""
    rules = [f"MAP {name} {f'[{place}]' if ':' in place else place}" for name, place in directed.items()]
    return [f"--host-resolver-rules={','.join(rules)}"] if rules else []


def _driver_trouble() -> str:
    """The last words of Playwright's driver, if it does not start; it brings its own node, not node's libraries."""
    command = [sys.executable, "-P", "-m", "playwright", "--version"]  # nothing of the folder where we stand
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=20, check=False)
    if done.returncode == 0:
        return ""
    words = [line for line in plain_text(done.stderr).splitlines() if line.strip()]
    return words[-1][:300] if words else f"exit status {done.returncode}"


def _visit_with_one(
    executables: Sequence[str],
    arguments: Mapping[str, Any],
    home: Path,
    directed: Mapping[str, str],
    trusted: Callable[[], None],
) -> dict[str, Any]:
    """Visit with the first browser that starts.

    Raises:
        Error: none does; it is what the last one says.
    """
    for executable in executables[:-1]:
        try:
            return _visit_all(arguments, executable, home, directed, trusted)
        except Error as error:
            if not launch_trouble(error.message):
                raise
    return _visit_all(arguments, executables[-1], home, directed, trusted)


def _visit_all(
    arguments: Mapping[str, Any],
    executable: str,
    home: Path,
    directed: Mapping[str, str],
    trusted: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    with in_browser(executable, home, directed, trusted) as windows:
        settle = float(arguments["settle_seconds"])
        urls = arguments["urls"]
        measures = _Measures(windows, urls[0], arguments["loads"], arguments["widths"])
        pages = _visit_routes(windows, urls, settle, measures.take)
        beside = {"beside": True} if arguments.get("beside") else {}
        if trouble := _hopeless(pages):
            return {
                "pages": pages,
                "loads": [_no_load(trouble)] * arguments["loads"],
                "screens": [_no_screen(width, trouble) for width in arguments["widths"]],
                **beside,
            }
        # What stayed blank until now is not waited for again at each load.
        measures.complete(SHOWN_SECONDS if _is_there(pages[0]["shown"]) else 0)
        return {"pages": pages, "loads": measures.loads, "screens": measures.screens, **beside}


class _Disturbed(Exception):
    """What was measured took the browser with it, and the pages that were open there."""


class _Measures:
    """The cold loads and the narrow screens of a page.

    They are taken while the routes' pages settle: what these do then can only make a load slower. The visit of the first
    page is a cold load as well, and is not made once more to be timed.
    """

    def __init__(self, windows: Windows, url: str, count: int, widths: Sequence[int]) -> None:
        self._windows, self._url, self._count, self._widths = windows, url, count, widths
        self.loads: list[dict[str, Any]] = []
        self.screens: list[dict[str, Any]] = []
        self._are_complete = False

    def take(self, first: _Visit) -> None:
        """Measure, if the first page shows by now what its users came for: what stays blank is seen to stay so first.

        Raises:
            _Disturbed: the browser is not the same any more.
        """
        if self._are_complete:
            return
        with self._windows.dog.over(EXTRA_SECONDS):
            shown = _what_is_shown(first.eye, 0)
            is_there = _is_there(shown)
            if is_there and self._count:
                load = _timed(first.eye, shown)
                self.loads = [load] if load["load"] is not None else []
        if is_there:
            browser = self._windows.browser
            self.complete(SHOWN_SECONDS)
            if self._windows.is_other_than(browser):
                raise _Disturbed

    def complete(self, seconds: float) -> None:
        """Measure what was not; a page that shows nothing is waited for so many seconds."""
        if not self._are_complete:
            self._are_complete = True
            self.loads = _loads(self._windows, self._url, self._count, seconds, self.loads)
            self.screens = _screens(self._windows, self._url, self._widths, seconds)


@contextmanager
def in_browser(
    executable: str, home: Path, directed: Mapping[str, str], trusted: Callable[[], None] = lambda: None
) -> Iterator[Windows]:
    """A browser whose home is an empty folder. Nothing of it is left behind this.

    Args:
        executable: the browser.
        home: the folder.
        directed: the addresses at which names are asked.
        trusted: called before the browser starts; it waits until what the browser shall trust is in its home.
    """
    switches = [*SWITCHES, *_rules(directed)]
    with Watchdog(home) as dog, closing(_Driver(dog)) as driver:

        def launch() -> Browser:
            chromium = driver.playwright().chromium
            trusted()
            # A driver that is ended would leave what it keeps elsewhere; older ones cannot be told.
            can_be_told = "artifacts_dir" in signature(chromium.launch).parameters
            place: dict[str, Any] = {"artifacts_dir": home} if can_be_told else {}
            return chromium.launch(
                executable_path=executable, args=switches, headless=True, chromium_sandbox=os.geteuid() != 0,
                env={**os.environ, "HOME": str(home), "TMPDIR": str(home)}, ignore_default_args=["--disable-popup-blocking"], **place,
            )  # fmt: skip

        with closing(Windows(launch, dog)) as windows:
            yield windows


class _Driver:
    """Playwright's driver; another one where that was ended."""

    def __init__(self, dog: Watchdog) -> None:
        self.dog = dog
        self._manager: AbstractContextManager[Playwright] | None = None
        self._found: Playwright | None = None

    def playwright(self) -> Playwright:
        """It."""
        if self.dog.has_ended_driver:
            with suppress(Exception):
                self.close()
        if self._manager is None or self._found is None:
            self._manager = sync_playwright()
            self._found = self._manager.__enter__()
            # Calls for which nobody waits any more complain, when they are cleared away, that we ended what they asked.
            if loop := getattr(self._manager, "_loop", None):
                loop.set_exception_handler(lambda *_: None)
            self.dog.know_driver()
        return self._found

    def close(self) -> None:
        """End it."""
        manager, self._manager, self._found = self._manager, None, None
        if manager is not None:
            manager.__exit__(None, None, None)


class NotStarted(Exception):
    """There is no browser in the time that it has to start; the text says so."""


class Windows:
    """Where pages are opened: a browser, and another one where a page took that with it."""

    def __init__(self, launch: Callable[[], Browser], dog: Watchdog) -> None:
        self.launch, self.dog = launch, dog
        self.browser: Browser | None = None
        self._ended = 0

    def ready(self) -> None:
        """Have a browser, which takes its own time and none of a page's.

        Raises:
            NotStarted: it does not come up in time.
        """
        try:
            self._browser()
        except (NeverYielded, TooLate):
            raise NotStarted(
                f"the browser did not start within {LAUNCH_SECONDS:.0f} s: is this machine busy?"
            ) from None

    def open(self, **named: Any) -> Page:
        """An empty page of a fresh profile. Nothing is downloaded."""
        try:
            return self._browser().new_context(accept_downloads=False, **named).new_page()
        except Error:  # it is gone, and that is not known yet
            self.close()
            return self._browser().new_context(accept_downloads=False, **named).new_page()

    def _browser(self) -> Browser:
        # That the browser was ended is known here before its driver knows.
        if self.browser is None or self.is_other_than(self.browser):
            self._ended = self.dog.ended
            with self.dog.over(LAUNCH_SECONDS):
                self.browser = self.launch()
        return self.browser

    def is_other_than(self, browser: Browser | None) -> bool:
        """Whether this is not the browser any more that it was, or that one is gone."""
        is_gone = self.dog.has_ended_driver or self.dog.ended != self._ended
        return is_gone or browser is None or self.browser is not browser or not browser.is_connected()

    def close(self) -> None:
        """End the browser; what does not end by itself is ended."""
        with suppress(Error, NeverYielded, OutOfTime), self.dog.over(CLOSE_SECONDS):
            browser, self.browser = self.browser, None
            if browser is not None and not self.dog.has_ended_driver:
                browser.close()


class Failed(Struct, frozen=True):
    """A request that failed.

    Attributes:
        aborted: its address, where it was given up: by the page, by going on to another, or by the browser.
    """

    text: str
    aborted: str = ""


class _Visit(Struct, dict=True):  # Playwright notes its handlers at their owner
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
    heard: int = 0
    weight: int = 0

    def __post_init__(self) -> None:
        self.eye = _Eye(self.page)
        self.handlers: dict[str, Callable[[Any], None]] = {
            "console": self.on_console,
            "pageerror": lambda error: _note(self.errors, str(error)),
            "requestfailed": self.on_failure,
            "response": self.on_response,
            "request": self.on_request,
            "websocket": lambda socket: _note(self.requested, socket.url),
            "crash": lambda page: _note(self.errors, "the page crashed, or took too much memory"),
            "popup": lambda page: page.close(),
        }

    def listen(self) -> None:
        """Hear what the page says, as far as that is worth it."""
        for event, handler in self.handlers.items():
            self.handlers[event] = counted = self._counted(handler)
            self.page.on(event, counted)  # type: ignore[call-overload]  # by one word for each kind

    def _counted(self, handler: Callable[[Any], None]) -> Callable[[Any], None]:
        def hear(said: Any) -> None:
            self.heard += 1
            if self.heard == MOST_EVENTS:
                for event, one in self.handlers.items():
                    self.page.remove_listener(event, one)
                self.errors[KEPT_MESSAGES - 1 :] = [f"it does not stop: the first {MOST_EVENTS} events were heard"]
            if self.heard < MOST_EVENTS:
                with suppress(Error):  # the page may be gone by now
                    handler(said)

        return hear

    def on_console(self, message: ConsoleMessage) -> None:
        """An error counts, a warning does not; nor does the icon that the browser looks for without being told to."""
        place = message.location.get("url", "")
        is_own_wish = urlsplit(place).path == "/favicon.ico" and place not in self.requested
        if message.type == "error" and not is_own_wish:
            _note(self.errors, f"{message.text} ({place})")

    def on_request(self, request: Request) -> None:
        """What the page asks for."""
        _note(self.requested, request.url)
        self.weight += 1 + len(request.url) // 4096
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
        if why in PROVOKED and self.weight > (MUCH_ASKED if request.resource_type in ASKING else MUCH):
            why = f"asked for beside too much else ({why})"
        self._fail(Failed(f"{request.method} {why} {request.url}", request.url if why == ABORTED else ""))

    def _fail(self, failed: Failed) -> None:
        if len(self.failed) < KEPT_MESSAGES:
            self.failed.append(failed)

    def open(self) -> None:
        """Go there."""
        page = self.page
        page.set_default_timeout(1000 * allowed(PAGE_SECONDS))
        self.listen()
        try:
            answer = page.goto(self.url, wait_until="load")
            self.status = answer.status if answer else 0
        except Error as error:
            is_late = isinstance(error, TooLate)
            self.is_silent = not self.is_heard if is_late else "ERR_CONNECTION_TIMED_OUT" in error.message
            self.is_late = is_late and self.is_heard
            # First, whatever the page has said by now.
            self.errors[:] = [_first_line(error), *self.errors][:KEPT_MESSAGES]

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


def _hopeless(pages: Sequence[Mapping[str, Any]]) -> str:
    """What is said of a site whose first page is not worth another try; empty where it is.

    Either no page was heard at all in the time that one has, or the first one keeps any browser that opens it.
    """
    trouble = str(next(iter(pages[0]["errors"]), ""))
    if trouble.startswith(NEVER_YIELDED):
        return trouble
    is_silent = ("Timeout" in trouble or "TIMED_OUT" in trouble) and all(page["status"] == 0 for page in pages)
    return trouble if is_silent else ""


def _opened(windows: Windows, url: str, visits: list[_Visit]) -> None:
    """A visit; one that a cold stack answered too late is made once more."""
    visits.append(_Visit(url, windows.open()))
    visits[-1].open()
    if visits[-1].is_late:
        visits[-1].page.context.close()
        visits[-1] = _Visit(url, windows.open(), again=True)
        visits[-1].open()


def _visit_routes(
    windows: Windows, urls: Sequence[str], settle_seconds: float, meanwhile: Callable[[_Visit], None] | None = None
) -> list[dict[str, Any]]:
    """All together; where one of them takes the browser with it, each in a browser of its own.

    Args:
        windows: where.
        urls: what.
        settle_seconds: how long pages are watched when they have loaded.
        meanwhile: done with the first visit while all settle. Where it takes the browser with it, all are visited without.
    """
    visits: list[_Visit] = []
    windows.ready()
    try:
        _visit_together(windows, urls, settle_seconds, visits, meanwhile)
    except _Disturbed:
        return _visit_routes(windows, urls, settle_seconds)
    except (Error, NeverYielded) as error:
        windows.close()
        if len(urls) == 1:
            return [_as_culprit(visits, urls[0], error)]
        return [row for url in urls for row in _visit_routes(windows, [url], settle_seconds)]
    return [visit.as_data() for visit in visits]


def _settle(pages: Sequence[Page], seconds: float) -> None:
    """Wait at the last page that still is one."""
    for page in reversed(pages):
        with suppress(Error):  # it has crashed
            page.wait_for_timeout(1000 * seconds)
            return


def _as_culprit(visits: Sequence[_Visit], url: str, error: Error | NeverYielded) -> dict[str, Any]:
    """What is said of a page that never yields, or that ends the browser: what was heard of it, and that."""
    told: dict[str, Any] = visits[0].as_data() if visits else {
        "url": url, "status": 0, "errors": [], "failed": [], "resources": [], "over_http": [], "asked": [], "again": False,
    }  # fmt: skip
    # That the browser is gone is our own doing.
    kept = [text for text in told["errors"] if "has been closed" not in text and "crashed" not in text]
    why = f"the browser ended at it: {_first_line(error)}" if isinstance(error, Error) else str(error)
    return {**told, "errors": [why, *kept][:KEPT_MESSAGES], "shown": {}}


def _visit_together(
    windows: Windows,
    urls: Sequence[str],
    settle_seconds: float,
    visits: list[_Visit],
    meanwhile: Callable[[_Visit], None] | None = None,
) -> None:
    """Each address in a context of its own, so that each is cold; what appears shortly after the load counts too."""
    for url in urls:
        windows.ready()
        with windows.dog.over(2 * PAGE_SECONDS + EXTRA_SECONDS):
            # A site that is silent is not waited for once more for each of its pages.
            if visits and visits[0].is_silent:
                visits.append(_Visit(url, windows.open(), errors=visits[0].errors))
            elif visits and visits[0].again and not visits[0].status:
                visits.append(_Visit(url, windows.open()))
                visits[-1].open()
            else:
                _opened(windows, url, visits)
    # All are watched together: while one page waits, the others are heard as well.
    settled = time.monotonic() + settle_seconds
    if meanwhile is not None and visits[0].status:
        meanwhile(visits[0])
    left = max(0.0, settled - time.monotonic())
    with windows.dog.over(left + EXTRA_SECONDS):
        _settle([visit.page for visit in visits], left)
    until = time.monotonic() + SHOWN_SECONDS
    for visit in visits:
        if visit.status:
            seconds = until - time.monotonic()
            with windows.dog.over(max(seconds, 0) + EXTRA_SECONDS):
                visit.shown = _what_is_shown(visit.eye, seconds)
    # What is seen is seen, also of a page that does not go.
    with suppress(Error, NeverYielded), windows.dog.over(CLOSE_SECONDS):
        for visit in visits:
            visit.page.context.close()


class _Eye:
    """It asks a page what it shows, in a world where the page's own scripts have changed nothing.

    One session serves all questions. The world is asked for each time: a page that has gone on has another one, and the
    number of the old one may be that of its own scripts by then.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self._session: CDPSession | None = None
        self._frame = ""

    def told(self, function: str) -> Any:
        """What a function says.

        Raises:
            Error: it says nothing, or the page is gone meanwhile.
        """
        try:
            return self._told(function)
        except Error:
            self.close()
            raise

    def _told(self, function: str) -> Any:
        session = self._session
        if session is None:
            session = self._session = self.page.context.new_cdp_session(self.page)
            self._frame = session.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
        named = {"frameId": self._frame, "worldName": "zebu"}
        world = session.send("Page.createIsolatedWorld", named)["executionContextId"]
        asked = {"expression": f"({function})()", "contextId": world, "returnByValue": True}
        told = session.send("Runtime.evaluate", {**asked, "timeout": 1000 * ASK_SECONDS})
        if "exceptionDetails" in told:
            raise Error("the page could not be asked what it shows")
        return told["result"].get("value")

    def close(self) -> None:
        """End the session; the next question begins another one."""
        session, self._session = self._session, None
        if session is not None:
            with suppress(Error):
                session.detach()


def _number(value: Any) -> float | None:
    """A number as pixels and milliseconds are; nothing if it is none."""
    is_one = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < MOST
    return value if is_one else None


def _read_shown(told: Any) -> dict[str, Any]:
    """What a page says that it shows, if it says that."""
    kinds = {"words": str, "controls": int | float, "pictures": int | float, "busy": bool, "empty": str}
    if not isinstance(told, dict) or not all(isinstance(told.get(key), kind) for key, kind in kinds.items()):
        return {}
    counts = {key: _number(told[key]) for key in ("controls", "pictures")}
    texts = {"words": plain_text(told["words"])[:400], "empty": plain_text(told["empty"])[:40]}
    return {} if None in counts.values() else {**texts, **counts, "busy": told["busy"]}


def _read_timing(told: Any) -> dict[str, float | None]:
    """The moments of a load, as far as the page says them."""
    return {key: _number(told.get(key)) if isinstance(told, dict) else None for key in ("load", "paint")}


def _read_layout(told: Any) -> dict[str, Any]:
    """What a page says of its width, and of what is small.

    Raises:
        Error: it does not say that.
    """
    numbers = {key: _number(told.get(key)) if isinstance(told, dict) else None for key in ("wide", "inner", "layout")}
    if None in numbers.values():
        raise Error("the page does not say how wide it is")
    small = told.get("small") if isinstance(told.get("small"), list) else []
    texts = {key: plain_text(str(told.get(key) or ""))[:200] for key in ("cut", "viewport")}
    return {
        **numbers,
        **texts,
        "held": told.get("held") is True,
        "small": [_plain(str(one))[:100] for one in small[:20]],
    }


def _what_is_shown(eye: _Eye, seconds: float) -> dict[str, Any]:
    """What a page shows to the eye, waited for as long as it shows nothing; empty if that could not be told."""
    until = time.monotonic() + seconds
    while True:
        try:
            found = _read_shown(eye.told(SHOWN))
        except Error:  # it went on to another page meanwhile
            found = {}
        if _is_there(found) or time.monotonic() >= until:
            return found
        eye.page.wait_for_timeout(100)


def _is_there(shown: Mapping[str, Any]) -> bool:
    """Whether a page shows what its users came for, and waits for nothing any more."""
    found = read_shown(shown)
    return found is not None and not found.trouble


def _loads(
    windows: Windows, url: str, count: int, seconds: float, made: Iterable[dict[str, Any]] = ()
) -> list[dict[str, Any]]:
    """Cold loads, with those that were made; one more where one of them did not end, as a cold stack's first answer may not."""
    found = [*made]
    while len(found) < count or (len(found) == count and any(one["trouble"] for one in found)):
        found.append(_load(windows, url, seconds))
        if found[-1]["trouble"].startswith(NEVER_YIELDED):
            # Whoever never yields, does not the next time.
            return found + [_no_load(found[-1]["trouble"])] * (count - len(found))
    return found


def _no_load(trouble: str) -> dict[str, Any]:
    return {"trouble": trouble, "load": None, "paint": None, "shown": {}}


def _no_screen(width: int, trouble: str) -> dict[str, Any]:
    return {"width": width, "trouble": trouble, "shown": {}}


def _load(windows: Windows, url: str, seconds: float) -> dict[str, Any]:
    """One cold load: the milliseconds until the load event ended, and until something was painted; and what is shown."""
    windows.ready()
    try:
        with windows.dog.over(PAGE_SECONDS + seconds + PAINT_SECONDS + EXTRA_SECONDS):
            page = windows.open()
            try:
                return _loaded(page, url, seconds)
            finally:
                page.context.close()
    except NeverYielded as error:
        return _no_load(str(error))
    except Error as error:
        return _no_load(_first_line(error))


def _loaded(page: Page, url: str, seconds: float) -> dict[str, Any]:
    page.set_default_timeout(1000 * allowed(PAGE_SECONDS))
    page.goto(url, wait_until="load")
    eye = _Eye(page)
    return _timed(eye, _what_is_shown(eye, seconds))


def _timed(eye: _Eye, shown: Mapping[str, Any]) -> dict[str, Any]:
    """What is told of a load that has come to its end, and of what it shows."""
    until = time.monotonic() + PAINT_SECONDS
    timing = _read_timing(eye.told(TIMING))
    is_there = _is_there(shown)
    while (timing["load"] is None or (is_there and timing["paint"] is None)) and time.monotonic() < until:
        eye.page.wait_for_timeout(20)
        timing = _read_timing(eye.told(TIMING))
    return {"trouble": "", **timing, "shown": shown}


def _screens(windows: Windows, url: str, widths: Sequence[int], seconds: float) -> list[dict[str, Any]]:
    """The first page at each width; whoever never yields at one, does not at the next."""
    found: list[dict[str, Any]] = []
    for width in widths:
        last = found[-1]["trouble"] if found else ""
        is_kept = last.startswith(NEVER_YIELDED)
        found.append(_no_screen(width, last) if is_kept else _look_small(windows, url, width, seconds))
    return found


def _look_small(windows: Windows, url: str, width: int, seconds: float) -> dict[str, Any]:
    """The first page on a screen as narrow as a telephone's, and a picture of it."""
    windows.ready()
    try:
        with windows.dog.over(3 * PAGE_SECONDS + seconds + EXTRA_SECONDS):
            page = windows.open(viewport={"width": width, "height": 800}, is_mobile=True, has_touch=True)
            try:
                return {"width": width, "trouble": "", **_laid_out(page, url, seconds)}
            finally:
                page.context.close()
    except NeverYielded as error:
        return _no_screen(width, str(error))
    except Error as error:
        return _no_screen(width, _first_line(error))


def _laid_out(page: Page, url: str, seconds: float) -> dict[str, Any]:
    page.set_default_timeout(1000 * allowed(PAGE_SECONDS))
    try:
        page.goto(url, wait_until="load")
    except TooLate:  # as a cold stack's first answer may be
        page.goto(url, wait_until="load")
    eye = _Eye(page)
    shown = _what_is_shown(eye, seconds)
    picture = page.screenshot(type="jpeg", quality=40)
    found = _read_layout(eye.told(LAYOUT))
    return {**found, "picture": base64.b64encode(picture[:PICTURE_LIMIT]).decode(), "shown": shown}


def _first_line(error: Error) -> str:
    return _plain(next(iter(error.message.splitlines()), "") or type(error).__name__)[:200]


def _plain(text: str) -> str:
    return plain_text(text)[:500]


def _note(messages: list[str], text: str) -> None:
    if len(messages) < KEPT_MESSAGES:
        messages.append(_plain(text))
