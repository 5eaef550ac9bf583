"""Pages that keep a browser busy, lie to it or take it with them: others are seen as they are, and nothing is left."""

from __future__ import annotations

import gc
import os
import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Error, Page

from pytest_zebu.facts.browser import read_shown
from pytest_zebu.gather import visits, watchdog
from pytest_zebu.gather.bounds import OutOfTime, carried, within
from pytest_zebu.gather.browsers import started_for
from pytest_zebu.gather.deadline import Deadline
from tests.gather.rude import Say, on_and_on, request_of, rude
from tests.gather.test_watchdog import is_running

pytestmark = [pytest.mark.chromium, pytest.mark.hostile("browser")]
MIB = 2**20
GOOD = "<!doctype html><title>Zebu</title><h1>Zebu</h1><a href=/login>Log in</a>"


def answer(text: str | bytes, kind: str = "text/html; charset=utf-8", more: str = "", status: int = 200) -> bytes:
    body = text.encode() if isinstance(text, str) else text
    head = f"HTTP/1.1 {status} OK\r\nContent-Type: {kind}\r\n{more}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body


def site(page: str | bytes | Say, files: Mapping[str, bytes] | None = None) -> Say:
    """A good page at /good, a rude one at /bad, and what that asks for."""

    def say(line: socket.socket, over: threading.Event) -> None:
        while True:
            path = request_of(line).split(b" ")[1].decode().partition("?")[0]
            if path == "/good":
                line.sendall(answer(GOOD))
            elif path in (files or {}):
                line.sendall((files or {})[path])
            elif path == "/drip":
                on_and_on(b"HTTP/1.1 200 OK\r\n\r\n", b"x", 0.05)(line, over)
            elif path.startswith("/bad"):
                if callable(page):
                    page(line, over)
                    return
                line.sendall(answer(page) if isinstance(page, str) else page)
            else:
                line.sendall(answer("no", status=404))
            return

    return say


@pytest.fixture(scope="module", autouse=True)
def place() -> Iterator[Path]:
    """A folder for all that is temporary, whose name is short enough for sockets; nothing is left in it."""
    folder = tempfile.mkdtemp(prefix="z-", dir="/tmp")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", folder)
        patch.setenv("TMPDIR", folder)
        yield Path(folder)
        shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visits, "SHOWN_SECONDS", 0.5)
    monkeypatch.setattr(watchdog, "LOOK_SECONDS", 0.1)


class Chromium:
    """One browser for all cases, as one is for all pages of a look; where a page takes it along, there is another."""

    def __init__(self, home: Path) -> None:
        self._thread, self._stack = ThreadPoolExecutor(1), ExitStack()  # Playwright stays in one thread
        path = started_for("chromium")[0]
        self._windows = self._run(lambda: self._stack.enter_context(visits.in_browser(path, home, {})))

    def _run(self, work: Any, *given: Any) -> Any:
        return self._thread.submit(work, *given).result()

    def close(self) -> None:
        self._run(self._stack.close)
        self._thread.shutdown()

    def pages(self, urls: Sequence[str], settle: float) -> Any:
        return self._run(visits._visit_routes, self._windows, urls, settle)

    def loads(self, url: str, count: int) -> Any:
        return self._run(visits._loads, self._windows, url, count, 0)

    def screens(self, url: str, widths: Sequence[int]) -> Any:
        return self._run(visits._screens, self._windows, url, widths, 0)


@pytest.fixture(scope="module")
def chromium(place: Path) -> Iterator[Chromium]:
    home = place / "zebu-browser-all"
    home.mkdir()
    found = Chromium(home)
    yield found
    found.close()
    assert [path.name for path in place.iterdir() if "playwright" in path.name] == []
    shutil.rmtree(home)


def left() -> set[str]:
    """Processes and folders of browsers that were started here and are still there, but for that of all cases."""
    here = Path(tempfile.gettempdir())
    found = {path.name for path in here.iterdir() if path.name.startswith(("zebu-", "playwright"))}
    for entry in os.scandir("/proc"):
        with suppress(OSError):
            homes = [
                word
                for word in Path(entry.path, "environ").read_bytes().split(b"\0")
                if word.startswith(f"HOME={here}/".encode())
            ]
            if entry.name.isdecimal() and homes and b"zebu-browser-all" not in homes[0] and is_running(int(entry.name)):
                found.add(f"{entry.name} {Path(entry.path, 'cmdline').read_text()[:80]}")
    return found


PATIENCE = (0.6, 3.0, 20.0)
"""Seconds for a page: few first, and more where that was too short for a good one, as on a busy machine."""


def seen_beside_good(chromium: Chromium, say: Say, settle: float = 0.2) -> dict[str, Any]:
    """What is seen of a rude page, once the good one in the same look is seen as it is."""
    (bad,) = all_seen_beside_good(chromium, say, ["/bad"], settle)
    return bad


def all_seen_beside_good(chromium: Chromium, say: Say, paths: Sequence[str], settle: float) -> list[dict[str, Any]]:
    """The same of several pages in one look."""
    with pytest.MonkeyPatch.context() as patch:
        for seconds in PATIENCE:
            patch.setattr(visits, "PAGE_SECONDS", seconds)
            patch.setattr(visits, "EXTRA_SECONDS", seconds)
            with rude(say) as port:
                good, *found = chromium.pages([f"http://127.0.0.1:{port}{path}" for path in ("/good", *paths)], settle)
            if good["shown"]:
                break
    shown = read_shown(good["shown"])
    assert shown is not None
    assert (good["status"], good["errors"], shown.words.split(), shown.controls) == (200, [], ["Zebu", "Log", "in"], 1)
    assert visits.own_fault([good, *found]) == ""
    assert [urlsplit(one["url"]).path for one in found] == [*paths]
    return [*found]


NEVER = {
    "a script": "<h1>x</h1><script>while (true) {}</script>",
    "a timer after the load": "<h1>x</h1><script>onload = () => setTimeout(() => { while (true) {} }, 50)</script>",
    "a promise": "<h1>x</h1><script>onload = () => { const on = () => Promise.resolve().then(on); on() }</script>",
    "a frame of an animation": "<h1>x</h1><script>requestAnimationFrame(() => { while (true) {} })</script>",
    "an observer": "<h1>x</h1><script>new MutationObserver(() => { document.body.append('x') }).observe(document, { childList: true, subtree: true }); onload = () => document.body.append('y')</script>",
    "alerts": "<h1>x</h1><script>while (true) alert(1)</script>",
    "confirmations after the load": "<h1>x</h1><script>onload = () => setTimeout(() => { while (true) confirm(prompt('x')) }, 50)</script>",
    "a regular expression": "<h1>x</h1><script>onload = () => setTimeout(() => /^(a+)+$/.test('a'.repeat(60) + 'b'), 50)</script>",
    "a request that waits": "<h1>x</h1><script>onload = () => setTimeout(() => { const x = new XMLHttpRequest(); x.open('GET', '/drip', false); x.send() }, 50)</script>",
}  # fmt: skip


@pytest.fixture(scope="module")
def never(chromium: Chromium) -> Mapping[str, Any]:
    """All of them in one look, as that is how they would take others with them: then each has a browser for itself."""
    files = {f"/never/{number}": answer(page) for number, page in enumerate(NEVER.values())}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(visits, "SHOWN_SECONDS", 0.5)
        patch.setattr(watchdog, "LOOK_SECONDS", 0.1)
        return dict(zip(NEVER, all_seen_beside_good(chromium, site(GOOD, files), [*files], 0.2), strict=True))


@pytest.mark.parametrize("name", NEVER)
def test_a_page_that_never_yields_takes_only_itself(name: str, never: Mapping[str, Any]) -> None:
    bad = never[name]
    assert bad["shown"] == {}
    assert any("never yielded" in text or "Timeout" in text for text in bad["errors"])


def test_loads_and_screens_of_a_page_that_never_yields(chromium: Chromium, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not tried again and again."""
    monkeypatch.setattr(visits, "PAGE_SECONDS", 1.0)
    monkeypatch.setattr(visits, "EXTRA_SECONDS", 0.0)
    monkeypatch.setattr(visits, "PAINT_SECONDS", 0.0)
    tried: list[str] = []

    def kept(page: Page, url: str, seconds: float) -> dict[str, Any]:
        tried.append(url)
        page.evaluate("() => { while (true) {} }")
        raise AssertionError("it yields")

    monkeypatch.setattr(visits, "_loaded", kept)
    monkeypatch.setattr(visits, "_laid_out", kept)
    troubles = [one["trouble"] for one in (*chromium.loads("http://a", 3), *chromium.screens("http://b", [360, 430]))]
    assert len(troubles) == 5
    assert all("never yielded" in one for one in troubles)
    assert len(tried) <= 2


def test_a_first_page_that_never_yields_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other pages are seen, and nothing is left."""
    monkeypatch.setattr(visits, "PAGE_SECONDS", 1.5)
    monkeypatch.setattr(visits, "EXTRA_SECONDS", 1.0)
    seen = visited(site(NEVER["a timer after the load"]), "/bad", "/good", loads=3, widths=[360, 430])
    assert len(seen["loads"]) >= 3
    assert len(seen["screens"]) == 2
    for one in (*seen["loads"], *seen["screens"]):
        assert "never yielded" in one["trouble"] or "Timeout" in one["trouble"]


BUSY = {
    "a worker": "<h1>x</h1><script>new Worker(URL.createObjectURL(new Blob(['while (true) {}'])))</script>",
    "workers": "<h1>x</h1><script>for (let i = 0; i < 50; i++) new Worker(URL.createObjectURL(new Blob(['while (true) {}'])))</script>",
    "an unload": "<h1>x</h1><script>onpagehide = onunload = () => { while (true) {} }</script>",
    "a question at the end": "<h1>x</h1><script>onbeforeunload = event => { event.preventDefault(); return 'x' }</script>",
    "windows": "<h1>x</h1><script>setInterval(() => open('/good'), 1)</script>",
    "downloads": "<h1>x</h1><script>setInterval(() => { const a = document.createElement('a'); a.href = '/good'; a.download = 'x'; a.click() }, 5)</script>",
    "a million nodes": "<h1>x</h1><script>let t = ''; for (let i = 0; i < 1e5; i++) t += '<b><i></i></b>'; for (let i = 0; i < 5; i++) document.body.insertAdjacentHTML('beforeend', t)</script>",
    "nested nodes": "<h1>x</h1>" + "<div>" * 30_000,
    "a long text": "<h1>x</h1><p>" + "x" * 8 * MIB,
    "a long title": "<title>" + "x" * MIB + "</title><h1>x</h1>",
    "messages": "<h1>x</h1><script>setInterval(() => { for (let i = 0; i < 1000; i++) console.error('x'.repeat(100)) }, 1)</script>",
    "long messages": "<h1>x</h1><script>for (let i = 0; i < 5; i++) console.error('x'.repeat(1e6))</script>",
    "exceptions": "<h1>x</h1><script>setInterval(() => { throw new Error('x') }, 0)</script>",
    "getters that throw": "<h1>x</h1><script>const o = { get a() { throw o }, toString() { throw o }, get stack() { throw o } }; console.error(o); setTimeout(() => { throw o })</script>",
    "sockets": "<h1>x</h1><script>setInterval(() => new WebSocket(`ws://${location.host}/ws`), 1)</script>",
    "a service worker": "<h1>x</h1><script>navigator.serviceWorker.register('/sw.js')</script>",
    "printing": "<h1>x</h1><script>print(); setInterval(print, 10)</script>",
    "permissions": "<h1>x</h1><script>navigator.geolocation.getCurrentPosition(() => {}); Notification.requestPermission(); navigator.mediaDevices?.getUserMedia({ video: true }).catch(() => {})</script>",
    "the whole screen": "<h1>x</h1><script>setInterval(() => document.documentElement.requestFullscreen().catch(() => {}), 10)</script>",
    "a refresh": "<meta http-equiv=refresh content=0><h1>x</h1>",
    "frames in frames": "<h1>x</h1><iframe src='/bad'></iframe><iframe src='/bad?2'></iframe>",
    "going elsewhere": "<h1>x</h1><script>let n = Math.random(); onload = () => location = '/bad?' + n</script>",
    "going elsewhere at once": "<script>location = '/bad?' + Math.random()</script>",
    "a page of data": "<h1>x</h1><script>location = 'data:text/html,<h1>data</h1>'</script>",
    "a blob": "<h1>x</h1><script>location = URL.createObjectURL(new Blob(['<script>while (true) {}<' + '/script>'], { type: 'text/html' }))</script>",
    "animations": "<style>@keyframes a { to { transform: rotate(360deg) } } b { animation: a .1s infinite; display: inline-block }</style><h1>x</h1>" + "<b>x</b>" * 2000,
    "a file": "<h1>x</h1><input type=file><script>setInterval(() => document.querySelector('input').click(), 5)</script>",
    "calls": "<h1>x</h1><script>setInterval(() => { const c = new RTCPeerConnection({ iceServers: [{ urls: 'stun:127.0.0.1:1' }] }); c.createDataChannel('x'); c.createOffer().then(o => c.setLocalDescription(o)) }, 20)</script>",
    "beacons": "<h1>x</h1><script>setInterval(() => navigator.sendBeacon('/beacon', 'x'), 1)</script>",
    "requests": "<h1>x</h1><script>setInterval(() => { for (let i = 0; i < 20; i++) fetch('/f?' + Math.random()).catch(() => {}) }, 1)</script>",
    "history": "<h1>x</h1><script>let n = 0; setInterval(() => history.pushState(0, '', '/bad/' + n++), 1)</script>",
    "writing": "<h1>x</h1><script>setInterval(() => document.write('<p>' + 'x'.repeat(1000)), 5)</script>",
    "sounds and pictures": "<h1>x</h1><script>setInterval(() => { const c = document.createElement('canvas'); c.width = c.height = 2000; c.getContext('2d').fillRect(0, 0, 2000, 2000); document.body.append(c) }, 50)</script>",
    "storage": "<h1>x</h1><script>try { for (let i = 0; ; i++) localStorage[i] = 'x'.repeat(1e5) } catch {} for (let i = 0; i < 1000; i++) document.cookie = `c${i}=` + 'x'.repeat(3000)</script>",
}  # fmt: skip


@pytest.mark.parametrize("page", BUSY.values(), ids=BUSY.keys())
def test_a_page_that_is_busy_takes_only_itself(page: str, chromium: Chromium) -> None:
    """It ends, whatever it is found to be; what is told of it is of the kinds that are expected, and short."""
    bad = seen_beside_good(chromium, site(page, {"/sw.js": answer("", "text/javascript")}))
    read_shown(bad["shown"])
    assert len(bad["errors"]) <= visits.KEPT_MESSAGES
    assert all(len(text) <= 500 for text in (*bad["errors"], *bad["failed"], *bad["over_http"]))
    assert len(bad["resources"]) <= visits.KEPT_RESOURCES


PRETENDED = {
    "to the console": "<script>console.error('net::ERR_INTERNET_DISCONNECTED'); console.error('Page.goto: net::ERR_NETWORK_CHANGED at https://a.test/ ')</script>",
    "in an address": "<script>fetch('/x?GET net::ERR_NETWORK_CHANGED x'); new Image().src = '/net::ERR_OUT_OF_MEMORY /x'</script>",
    "in a method": "<script>fetch('/x', { method: 'net::ERR_NETWORK_CHANGED' })</script>",
    "in an exception": "<script>throw new Error('Page.goto: net::ERR_INTERNET_DISCONNECTED at x')</script>",
    "as a page that is late": "<script>console.error('Page.goto: net::ERR_NETWORK_CHANGED at x '); while (true) {}</script>",
    "by much that is asked": "<script>for (let i = 0; i < 3000; i++) fetch('/f?' + i).catch(() => {})</script>",
    "by much that is kept": "<script>for (let i = 0; i < 300; i++) fetch('/drip?' + i, { keepalive: true }).catch(() => {})</script>",
    "by pictures": "<script>for (let i = 0; i < 3000; i++) new Image().src = '/f?' + i</script>",
    "by long addresses": "<script>const x = 'x'.repeat(1e6); for (let i = 0; i < 30; i++) fetch('/f?' + i + x).catch(() => {})</script>",
}  # fmt: skip


@pytest.mark.parametrize("page", PRETENDED.values(), ids=PRETENDED.keys())
def test_a_page_that_pretends_a_fault_of_this_machine_is_not_believed(page: str, chromium: Chromium) -> None:
    """Else what is wrong with it would not count."""
    assert seen_beside_good(chromium, site(f"<h1>x</h1>{page}"))["url"].endswith("/bad")


def test_a_page_that_takes_all_memory_takes_only_itself(chromium: Chromium, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "MEMORY_LIMIT", 500 * MIB)
    page = (
        "<h1>x</h1><script>const all = []; for (let i = 0; i < 16; i++) all.push(new Uint8Array(5e7).fill(1))</script>"
    )
    assert seen_beside_good(chromium, site(page), 1.0)["shown"] == {}


ANSWERS: Mapping[str, bytes | Say] = {
    "a body that drips": on_and_on(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<h1>x", b"x", 0.05),
    "a body without end": on_and_on(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", b"<p>" + b"x" * 60_000),
    "headers that drip": on_and_on(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", 0.05),
    "garbage": b"\x00\x01\x02" * 100, "a download": answer("x" * 1000, more="Content-Disposition: attachment\r\n"), "a picture that is none": answer(b"\xff\xd8\xff", "image/jpeg"),
    "a login": answer("no", more='WWW-Authenticate: Basic realm="x"\r\n', status=401), "half a document": answer("<h1>x</h1>")[:-5], "no content": b"HTTP/1.1 204 No Content\r\n\r\n",
    "a way in a circle": b"HTTP/1.1 302 Found\r\nLocation: /bad\r\nContent-Length: 0\r\n\r\n", "a way to a file": b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n",
    "JSON": answer('{"a": 1}', "application/json"), "a PDF that is none": answer("%PDF-1.7", "application/pdf"),
}  # fmt: skip


@pytest.mark.parametrize("page", ANSWERS.values(), ids=ANSWERS.keys())
def test_an_answer_that_is_no_page_takes_only_itself(page: bytes | Say, chromium: Chromium) -> None:
    bad = seen_beside_good(chromium, site(page))
    assert "root:" not in str(bad)
    read_shown(bad["shown"])


def visited(say: Say, *paths: str, **more: Any) -> Any:
    """A whole look, of which nothing is left."""
    before = left()
    try:
        with rude(say) as port, ThreadPoolExecutor(1) as alone:
            arguments = {
                "executable": "chromium", "is_declared": False, "ca_file": "", "settle_seconds": 0.3, "control": "",
                "urls": [f"http://127.0.0.1:{port}{path}" for path in paths], "loads": 0, "widths": [], **more,
            }  # fmt: skip
            return alone.submit(carried(lambda given: visits.visit(given, lambda: True)), arguments).result()
    finally:
        assert left() <= before


LIES = """
const lie = { words: 5, controls: "many", pictures: NaN, busy: "no", empty: {}, load: "now", paint: {}, wide: 1, inner: 2, layout: 3, small: 7, picture: "<script>", trouble: "" };
JSON.stringify = JSON.parse = () => { throw lie };
for (const one of [Array, Object, String, Map, Set, Promise, Node, Element, Document, HTMLElement])
  for (const name of Object.getOwnPropertyNames(one.prototype))
    if (name !== "constructor") try { Object.defineProperty(one.prototype, name, { get() { return () => lie }, set() {} }) } catch {}
performance.getEntriesByType = performance.getEntriesByName = () => [lie];
window.getComputedStyle = () => lie; window.Range = window.ShadowRoot = lie; window.innerWidth = 5;
"""


def test_a_page_that_changes_the_language_is_seen_as_it_is() -> None:
    seen = visited(site(f"{GOOD}<script>{LIES}</script>"), "/bad", loads=1, widths=[360])
    (page,) = seen["pages"]
    shown = read_shown(page["shown"])
    assert shown is not None
    assert (shown.words.split(), shown.controls) == (["Zebu", "Log", "in"], 1)
    (load,) = seen["loads"]
    assert load["trouble"] == ""
    assert isinstance(load["load"], float | int)
    (screen,) = seen["screens"]
    assert screen["trouble"] == ""
    assert screen["inner"] > 5


def test_the_looks_end_ends_the_browser_too() -> None:
    with within(Deadline.after(3), "no time left"), pytest.raises(OutOfTime):
        visited(site(NEVER["a script"]), "/bad", settle_seconds=30)


def test_a_driver_that_was_ended_leaves_no_complaint(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Of calls that nobody waits for any more; and the look goes on with another driver."""
    monkeypatch.setattr(visits, "PAGE_SECONDS", 1.5)
    monkeypatch.setattr(visits, "EXTRA_SECONDS", 0.5)
    monkeypatch.setattr(watchdog, "GRACE_SECONDS", 0.0)
    seen = visited(site(NEVER["a timer after the load"]), "/bad", "/good")
    gc.collect()
    assert len(seen["pages"]) == 2
    assert [record.getMessage() for record in caplog.records if record.name == "asyncio"] == []


def test_a_long_name_of_the_temporary_folder_keeps_no_browser_from_starting(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its socket's name would be too long there."""
    long = place / ("x" * 100) / ("y" * 100)
    long.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    monkeypatch.setenv("TMPDIR", str(long))
    (page,) = visited(site(GOOD), "/good")["pages"]
    assert (page["status"], page["errors"]) == (200, [])
    assert [*long.iterdir()] == []


@pytest.mark.parametrize("told", [
    None, 5, "x", [], {}, {"words": 5, "controls": 0, "pictures": 0, "busy": False, "empty": ""}, {"words": "x", "controls": True, "pictures": 0, "busy": False, "empty": ""},
    {"words": "x", "controls": 1e300, "pictures": 0, "busy": False, "empty": ""}, {"words": "x", "controls": float("nan"), "pictures": 0, "busy": False, "empty": ""}, {"words": "x", "controls": 0, "pictures": 0, "busy": 1, "empty": ""},
], ids=lambda told: str(told)[:40])  # fmt: skip
def test_what_a_page_tells_has_its_kinds(told: Any) -> None:
    assert visits._read_shown(told) == {}
    assert visits._read_timing(told) == {"load": None, "paint": None}
    with pytest.raises(Error):
        visits._read_layout(told)


def test_what_a_page_tells_is_short() -> None:
    shown = visits._read_shown(
        {"words": "\x1b[31m" + "x" * MIB, "controls": 1, "pictures": 0, "busy": False, "empty": "y" * MIB}
    )
    assert (len(shown["words"]), len(shown["empty"])) == (400, 40)
    told = {"wide": 1, "inner": 1, "layout": 1, "cut": "x" * MIB, "viewport": "y" * MIB, "small": ["z" * MIB] * 1000, "trouble": "t", "picture": "p", "held": "yes"}  # fmt: skip
    layout = visits._read_layout(told)
    assert layout.keys() == {"wide", "inner", "layout", "cut", "viewport", "held", "small"}
    assert len(str(layout)) < 5000
    assert layout["held"] is False
