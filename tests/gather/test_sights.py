"""What the browser sees of a page, in a real Chromium: what fails, what is shown, what fits."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, BrowserType, Error, Page, sync_playwright

from pytest_zebu.facts.browser import read_shown
from pytest_zebu.gather import visits
from pytest_zebu.gather.browsers import started_for
from pytest_zebu.gather.watchdog import Watchdog

pytestmark = pytest.mark.chromium
HEAD = (
    "<!doctype html><meta charset=utf-8><meta name=viewport content='width=device-width, initial-scale=1'>"
    "<style>.sr-only { position: absolute; width: 1px; height: 1px; padding: 0; margin: -1px; overflow: hidden; clip: rect(0, 0, 0, 0); border: 0 }</style>"
)
FILES: Mapping[str, tuple[int, str, str]] = {
    "/a.js": (200, "text/javascript", "1"), "/page.css": (200, "text/html", "<p>"), "/api/v1/": (200, "application/json", "{}"),
    "/gone": (404, "text/plain", "no"), "/favicon.ico": (404, "text/plain", "no"), "/other": (200, "text/html", "<h1>Other</h1>"),
}  # fmt: skip


@dataclass
class Site:
    """A site whose pages have the text that they are told, in a browser that is there."""

    windows: visits.Windows
    texts: Sequence[str] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    late: dict[str, float] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                site.asked.append(path)
                time.sleep(site.late.pop(path, 2.0 if path == "/slow" else 0.0))
                number = path.removeprefix("/page/")
                page = site.texts[int(number) if number.isdigit() else 0]
                status, kind, text = FILES.get(path, (200, "text/html", page))
                self.send_response(status)
                mark = {"ETag": '"page"'} if text == page else {}
                headers = {"Content-Type": kind, "X-Content-Type-Options": "nosniff", **mark, **site.headers}
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                with suppress(OSError):  # the browser may have gone on
                    self.wfile.write(text.encode())

            def log_message(self, format: str, *args: object) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    def has(self, *texts: str, **headers: str) -> None:
        self.texts = [text if text.startswith("<!doctype") else HEAD + text for text in texts]
        self.headers = headers

    def pages(self) -> list[dict[str, Any]]:
        """What is seen of each, in one visit."""
        return visits._visit_routes(
            self.windows, [f"{self.url}page/{number}" for number in range(len(self.texts))], 0.4
        )

    def page(self) -> dict[str, Any]:
        (found,) = visits._visit_routes(self.windows, [self.url], 0.4)
        return found

    def screen(self) -> dict[str, Any]:
        return visits._look_small(self.windows, self.url, 360, 0)


@pytest.fixture(scope="module")
def running() -> Iterator[Site]:
    arguments = [*visits.SWITCHES, "--no-sandbox"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=started_for("chromium")[0], args=arguments)
        site = Site(visits.Windows(lambda: browser, Watchdog(Path("/nobody/lives/here"))))
        yield site
        browser.close()
        site.server.shutdown()
        site.server.server_close()


@pytest.fixture
def site(running: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setattr(visits, "SHOWN_SECONDS", 0.8)
    running.late.clear()
    running.asked.clear()
    return running


@pytest.mark.parametrize("user", [0, 1000], ids=["root", "ordinary user"])
def test_the_browser_has_its_sandbox_but_for_root(user: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Playwright takes it off unless it is told otherwise; root's browser does not start with it."""
    told: list[Any] = []

    def started(kind: BrowserType, **named: Any) -> Any:
        told.append((named["chromium_sandbox"], "--no-sandbox" in named["args"]))
        raise Error("enough")

    monkeypatch.setattr(BrowserType, "launch", started)
    monkeypatch.setattr(os, "geteuid", lambda: user)

    def go() -> None:
        with visits.in_browser("/nowhere", tmp_path, {}) as windows, suppress(Error):
            windows.open()

    with ThreadPoolExecutor(1) as alone:  # beside the browser of the other tests
        alone.submit(go).result()
    assert told
    assert set(told) == {(user != 0, False)}


def test_one_browser_and_one_load_for_each_question(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first page's visit is a cold load too; all are cold, so that the site is asked for each of them."""
    opened: list[Any] = []
    launched: list[Any] = []
    new_context, launch = Browser.new_context, BrowserType.launch

    def context(browser: Browser, **named: Any) -> Any:
        opened.append(named.get("viewport", {}).get("width"))
        return new_context(browser, **named)

    def started(kind: BrowserType, **named: Any) -> Any:
        launched.append(named["executable_path"])
        return launch(kind, **named)

    monkeypatch.setattr(Browser, "new_context", context)
    monkeypatch.setattr(BrowserType, "launch", started)
    site.has("<h1>Zebu</h1><script src=/a.js></script><a href=/login>Log in</a>")
    arguments = {
        "executable": "chromium", "is_declared": False, "ca_file": None, "settle_seconds": 0.2, "control": "", "loads": 3, "widths": [360, 430],
        "urls": [f"{site.url}page/0", f"{site.url}other", f"{site.url}api/v1/"],
    }  # fmt: skip
    with ThreadPoolExecutor(1) as alone:  # beside the browser of the other tests
        seen = alone.submit(visits.visit, arguments, lambda: True).result()
    assert launched == [started_for("chromium")[0]]
    assert opened == [None] * 5 + [360, 430]
    assert Counter(site.asked) >= Counter({"/page/0": 5, "/a.js": 5, "/other": 1, "/api/v1/": 1})
    assert site.asked.count("/page/0") == 5
    assert [one["trouble"] for one in (*seen["loads"], *seen["screens"])] == [""] * 5
    assert all(one["load"] > 0 and one["paint"] > 0 for one in seen["loads"])
    assert [one["width"] for one in seen["screens"]] == [360, 430]


@pytest.mark.hostile("browser")
def test_a_page_is_asked_in_one_session_wherever_it_goes(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Never in the world of its own scripts, be it that of another place."""
    begun: list[Page] = []
    new_session = BrowserContext.new_cdp_session

    def session(context: BrowserContext, page: Any) -> Any:
        begun.append(page)
        return new_session(context, page)

    monkeypatch.setattr(BrowserContext, "new_cdp_session", session)
    site.has("<h1>Zebu</h1>", "<h1>Zoo</h1><script>window.mark = 'its own'</script>")
    page = site.windows.open()
    eye = visits._Eye(page)
    look = "() => document.querySelector('h1').textContent + (window.mark || '')"
    page.goto(site.url)
    assert [eye.told(look), eye.told(look)] == ["Zebu", "Zebu"]
    page.goto(f"{site.url}page/1".replace("127.0.0.1", "localhost"))
    assert [eye.told(look), eye.told(look)] == ["Zoo", "Zoo"]
    assert begun == [page]
    with pytest.raises(Error):
        eye.told("() => { throw new Error('no') }")
    assert eye.told(look) == "Zoo"
    page.context.close()


ABORTS = "const c = new AbortController(); fetch('/slow', { signal: c.signal }).catch(() => {}); setTimeout(() => c.abort(), 100)"


FAILING: Sequence[tuple[str, str, str]] = (
    # What the page itself gives up, and what browsers look for unasked
    (f"<h1>x</h1><script>{ABORTS}</script>", "", ""),
    ("<h1>x</h1><script async src=/slow></script><script>fetch('/slow').catch(() => {}); setTimeout(() => location.href = '/other', 100)</script>", "", ""),
    ("<h1>x</h1><iframe src=/slow></iframe><script>setTimeout(() => document.querySelector('iframe').remove(), 100)</script>", "", ""),
    ("<h1>x</h1><img src=/slow><script>setTimeout(() => document.querySelector('img').src = 'data:,', 100)</script>", "", ""),
    ("<h1>x</h1><link rel=preload as=script href=/a.js><script>console.warn('old')</script>", "", ""),
    # What fails
    ("<h1>x</h1><script src=/gone></script>", "GET 404", "404"),
    ("<h1>x</h1><link rel=stylesheet href=/page.css>", "ERR_ABORTED", "MIME type"), ("<h1>x</h1><script src='http://127.0.0.1:1/x.js'></script>", "ERR_UNSAFE_PORT", "ERR_UNSAFE_PORT"),
    ("<h1>x</h1><script>Promise.reject(new Error('boo'))</script>", "", "boo"), ("<h1>x</h1><script>console.error('so')</script>", "", "so"),
)  # fmt: skip


def test_what_fails_and_what_is_given_up(site: Site) -> None:
    site.has(*(text for text, _, _ in FAILING))
    for (text, failed, errors), page in zip(FAILING, site.pages(), strict=True):
        for found, expected in ((page["failed"], failed), (page["errors"], errors)):
            assert (expected in "".join(found)) if expected else not found, (text, found)


def test_a_policy_that_only_reports_is_no_error(site: Site) -> None:
    text = "<h1>x</h1><script src=/a.js></script>"
    site.has(text, **{"Content-Security-Policy-Report-Only": "default-src 'none'"})
    page = site.page()
    assert (page["failed"], page["errors"]) == ([], [])
    site.has(text, **{"Content-Security-Policy": "script-src 'none'"})
    page = site.page()
    assert page["failed"]
    assert page["errors"]


def test_what_scripts_of_a_page_ask_for(site: Site) -> None:
    asks = "fetch('/api/v1/?token=1'); fetch('/portfolios'); fetch('http://127.0.0.1:1/api/v1/x').catch(() => {}); new Image().src = '/gone'"
    site.has(f"<h1>x</h1><script>{asks}</script>")
    keys = ("status", "failure", "page")
    told = [(one["url"].split("/", 3)[3], *(one[key] for key in keys)) for one in site.page()["asked"]]
    assert told == [
        ("api/v1/", 200, "", False),
        ("portfolios", 200, "", True),
        ("api/v1/x", 0, "net::ERR_UNSAFE_PORT", False),
    ]


SHOWING: Sequence[tuple[str, str]] = (
    ("<div id=root></div><script src=/a.js></script>", "shows nothing"), ("<div id=root>Loading…</div>", "that it is loading"), ("<div hidden>Zebu</div>", "shows nothing"),
    ("<a href=/x class=sr-only>Skip to content</a>", "shows nothing"), ("<p style='opacity: 0'>Zebu</p>", "shows nothing"), ("<p style='position: absolute; left: -9999px'>Zebu</p>", "shows nothing"),
    ("<div aria-busy=true><svg width=40 height=40></svg></div>", "that it is loading"), ("<noscript>You need JavaScript</noscript>", "shows nothing"), ("<h1>Something went wrong</h1>", "shows an error"),
    ("<div id=root><h1>Zebu</h1></div>", ""), ("<div id=root></div><script>setTimeout(() => root.innerHTML = '<h1>Zebu</h1>', 700)</script>", ""),
    ("<div id=root></div><script>root.attachShadow({ mode: 'open' }).innerHTML = '<h1>Zebu</h1>'</script>", ""), ("<main><div><input></div></main>", ""), ("<img src='/gone' width=200 height=200>", ""),
)  # fmt: skip


def test_what_a_page_shows(site: Site) -> None:
    site.has(*(text for text, _ in SHOWING))
    for (text, trouble), page in zip(SHOWING, site.pages(), strict=True):
        found = read_shown(page["shown"])
        assert found is not None, text
        assert (trouble in found.trouble) if trouble else not found.trouble, text


@pytest.mark.hostile("browser")
def test_a_page_of_a_strict_policy_is_seen(site: Site) -> None:
    site.has("<h1>Zebu</h1>", **{"Content-Security-Policy": "default-src 'self'"})
    (load,) = visits._loads(site.windows, site.url, 1, 1)
    assert all(one["shown"]["words"] == "Zebu " for one in (site.page(), load, site.screen()))
    assert load["load"] > 0
    assert load["paint"] > 0


BUTTONS = "button { all: unset; width: 12px; height: 12px; display: inline-block; background: red }"


@pytest.mark.parametrize(("text", "small"), [
    # Hidden from the eye; the browser's own controls; links in sentences; what is spaced, equal, or larger than its box
    ("<a href=#main class=sr-only>Skip to content</a><label><input type=checkbox> Remember me</label>", 0),
    ("<a href=#a style='position: absolute; left: -9999px'>s</a><a href=#b style='position: absolute; top: 0; transform: translateY(-100%)'>s</a><h1>x</h1>", 0),
    ("<a href=#a style='position: fixed; clip-path: inset(50%)'>s</a><a href=#b style='opacity: 0; position: absolute'>s</a><div style='height: 0; overflow: hidden'><a href=#c>c</a></div><h1>x</h1>", 0),
    ("<input type=radio><input type=radio><button>go</button><input><select><option>a</select><details><summary>more</summary></details>", 0),
    ("<p>See <b><a href=/a>it</a></b> and <a href=/b>that</a>.</p>", 0), ("<ul><li style='margin: 20px'><a href=/a>Imprint</a><li style='margin: 20px'><a href=/b>Privacy</a></ul>", 0),
    ("<a href=/a style='display: block; height: 10px; width: 10px'>.</a><a href=/a style='display: block; height: 48px'>Home</a>", 0),
    ("<style>button { width: 16px; height: 16px; padding: 0; border: 0; position: relative; margin: 9px } button::before { content: ''; position: absolute; inset: -8px }</style><button></button>", 0),
    ("<button disabled style='width: 9px; height: 9px; padding: 0'></button><h1>x</h1>", 0),
    # What really is too small
    ("<h1>Words in another block</h1><a href=/a><svg width=10 height=10><rect width=10 height=10 /></svg></a>", 1),
    ("<p><a href=/a style='font-size: 9px'>a</a><span class=sr-only>words for nobody's eye</span></p>", 1),
    ("<button style='width: 12px; height: 44px; padding: 0'>x</button> <h1>x</h1>", 1),
    ("<button style='width: 12px; height: 12px; padding: 0'>x</button> <h1>x</h1>", 1), (f"<style>{BUTTONS}</style><button>a</button><button>b</button>", 2),
    ("<a href=/1 style='display: block; height: 10px'>one</a><a href=/2 style='display: block; height: 10px'>two</a>", 2),
    ("<style>input { appearance: none; width: 10px; height: 10px; margin: 0 }</style><input type=checkbox><input type=checkbox>", 2),
])  # fmt: skip
def test_what_is_too_small_for_a_thumb(text: str, small: int, site: Site) -> None:
    site.has(text)
    screen = site.screen()
    assert len(screen["small"]) == small, screen["small"]


@pytest.mark.parametrize(("text", "wide", "held", "cut"), [
    ("<h1>x</h1><div style='width: 900px'>wide</div>", True, False, ""), ("<h1>x</h1><div style='overflow-x: auto'><table style='width: 900px'><tr><td>a<td>b</table></div>", False, False, ""),
    ("<style>body { overflow-x: hidden }</style><h1>x</h1><div style='position: absolute; left: 100%; width: 300px'>drawer</div>", True, True, ""),
    ("<style>body { overflow-x: hidden }</style><h1 style='white-space: nowrap'>A title that is much too long to be seen on a telephone</h1>", True, True, "A title"),
    ("<style>html { overflow-x: clip }</style><h1>x</h1><div style='overflow: hidden'><p style='white-space: nowrap'>A title that is much too long to be seen on a telephone</p></div>", False, True, ""),
])  # fmt: skip
def test_what_does_not_fit_a_screen(text: str, wide: bool, held: bool, cut: str, site: Site) -> None:
    site.has(text)
    screen = site.screen()
    assert (screen["wide"] > 360, screen["held"]) == (wide, held)
    assert screen["cut"].startswith(cut)
    assert bool(screen["cut"]) is bool(cut)


@pytest.mark.parametrize(("viewport", "layout"), [
    ("", 980), ("<meta name=viewport content='initial-scale=1'>", 360), ("<meta name=Viewport content='width=980'><meta name=viewport content='width=device-width, user-scalable=no'>", 360),
])  # fmt: skip
def test_what_browsers_make_of_a_viewport(viewport: str, layout: int, site: Site) -> None:
    site.has(f"<!doctype html>{viewport}<h1>x</h1>")
    assert site.screen()["layout"] == layout


@pytest.mark.hostile("browser")
def test_a_cold_stack_is_asked_once_more(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page whose load does not end in time is opened again; a load that did not end is made once more."""
    monkeypatch.setattr(visits, "PAGE_SECONDS", 1)
    site.has("<h1>x</h1><img src=/cold.png>")
    assert site.page()["again"] is False
    site.late["/cold.png"] = 1.5
    page = site.page()
    assert (page["status"], page["again"], page["errors"]) == (200, True, [])
    site.late["/cold.png"] = 1.5
    loads = visits._loads(site.windows, site.url, 2, 0)
    assert ["Timeout" in one["trouble"] for one in loads] == [True, False, False]
    assert len(visits._loads(site.windows, site.url, 2, 0)) == 2
