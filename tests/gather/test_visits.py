"""The browser's look, where there is no look: what is missing is named, with the way to mend it."""

from __future__ import annotations

import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Error
from playwright.sync_api import TimeoutError as TooLate

from pytest_zebu.facts.answer import Reason, Unknown
from pytest_zebu.gather import outside, visits
from pytest_zebu.gather.watchdog import NeverYielded, Watchdog

NODE = """#!/bin/sh
echo "node: error while loading shared libraries: LIBRARY: cannot open shared object file" >&2
exit 127
"""


def look(executable: str, *, is_declared: bool = False) -> Any:
    arguments = {
        "executable": executable,
        "is_declared": is_declared,
        "ca_file": "",
        "settle_seconds": 0,
        "urls": ["https://127.0.0.1:1/"],
        "loads": 1,
        "widths": [],
        "control": "",
    }
    return outside.visit(arguments, lambda: True, {})


@pytest.mark.hostile("browser")
def test_no_browser_says_how_to_install_one(tmp_path: Path) -> None:
    found = look(f"{tmp_path}/chromium")
    assert isinstance(found, Unknown)
    assert found.reason is Reason.NO_COMMAND
    assert "apt-get install chromium" in found.detail


@pytest.mark.parametrize(("library", "remedy"), [("libatomic.so.1", "apt-get install libatomic1"), ("libm.so.6", "")])
@pytest.mark.hostile("browser")
def test_a_driver_without_its_libraries_names_them(
    library: str, remedy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A remedy is named where one is known."""
    node = tmp_path / "node"
    node.write_text(NODE.replace("LIBRARY", library))
    node.chmod(0o755)
    monkeypatch.setenv("PLAYWRIGHT_NODEJS_PATH", str(node))
    found = look("/bin/true")
    assert isinstance(found, Unknown)
    assert found.reason is Reason.NO_COMMAND
    assert f"{library}: cannot open shared object file" in found.detail
    assert found.detail.partition("): ")[2] == remedy


@pytest.mark.parametrize(("says", "status", "found"), [
    ("$0: error while loading shared libraries: libnss3.so: cannot open shared object file", 127, "it lacks libnss3.so: `apt-get install --reinstall chromium`"),
    ("[1:1:FATAL:zygote_host_impl_linux.cc(132)] No usable sandbox!", 1, "its sandbox may not make namespaces"),
    ("[1:1:FATAL:platform_shared_memory_region_posix.cc(217)] Creating shared memory in /dev/shm/.org.chromium failed: No space left on device (28)", 1, "there is too little shared memory"),
    ("[1:1:ERROR] Failed to create a directory: No space left on device", 1, "there is no space left for its profile"), ("", 3, "it ended at once (status 3)"),
])  # fmt: skip
def test_a_browser_that_does_not_start_says_what_it_wants(says: str, status: int, found: str, tmp_path: Path) -> None:
    """It is neither the driver's trouble nor the site's."""
    browser = tmp_path / "chromium"
    browser.write_text(f"#!/bin/sh\necho '{says}' >&2\nexit {status}\n")
    browser.chmod(0o755)
    seen = look(str(browser))
    assert isinstance(seen, Unknown)
    assert seen.reason is Reason.NO_COMMAND
    assert f"the browser {browser} does not start: {found}" in seen.detail


def _program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_where_the_cheaper_browser_does_not_start_the_declared_one_does(tmp_path: Path) -> None:
    """What is said is what the declared one says."""
    _program(tmp_path / "chromium-headless-shell", f"touch {tmp_path}/tried\nexit 4")
    _program(tmp_path / "chromium", "exit 3")
    seen = look(f"{tmp_path}/chromium")
    assert isinstance(seen, Unknown)
    assert f"the browser {tmp_path}/chromium does not start: it ended at once (status 3)" in seen.detail
    assert (tmp_path / "tried").exists()


def test_no_other_browser_is_started_than_a_declared_one(tmp_path: Path) -> None:
    _program(tmp_path / "chromium-headless-shell", f"touch {tmp_path}/tried\nexit 4")
    assert "apt-get install chromium" in look(f"{tmp_path}/chromium", is_declared=True).detail
    _program(tmp_path / "chromium", "exit 3")
    assert "it ended at once (status 3)" in look(f"{tmp_path}/chromium", is_declared=True).detail
    assert not (tmp_path / "tried").exists()


def test_what_a_page_makes_of_the_cheaper_browser_is_not_seen_with_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []

    def visit_all(arguments: Any, executable: str, *given: Any) -> Any:
        started.append(executable)
        raise Error("Page.goto: Target page, context or browser has been closed")

    monkeypatch.setattr(visits, "_visit_all", visit_all)
    with pytest.raises(Error):
        visits._visit_with_one(["shell", "chromium"], {}, tmp_path, {}, lambda: None)
    assert started == ["shell"]


def test_what_a_page_makes_of_a_browser_is_not_how_it_starts() -> None:
    assert visits.launch_trouble("Page.goto: Target page, context or browser has been closed: Permission denied") == ""


@pytest.mark.parametrize(("status", "errors", "failed", "found"), [
    (200, [], ["GET net::ERR_NETWORK_CHANGED https://zebu.test/a.js"], "ERR_NETWORK_CHANGED"), (0, ["Page.goto: net::ERR_INTERNET_DISCONNECTED at https://zebu.test/"], [], "ERR_INTERNET_DISCONNECTED"),
    (0, ["Page.goto: net::ERR_NAME_NOT_RESOLVED at https://zebu.test/"], [], "ERR_NAME_NOT_RESOLVED"), (200, [], ["GET net::ERR_NAME_NOT_RESOLVED https://gone.test/a.js"], ""),
    (0, ["Page.goto: net::ERR_CONNECTION_REFUSED at https://zebu.test/"], [], ""), (200, ["it says ERR_NETWORK_CHANGED"], ["GET 404 https://zebu.test/?net::ERR_NETWORK_CHANGED_NOT"], ""),
    (200, ["Page.goto: net::ERR_NETWORK_CHANGED at https://zebu.test/ (https://zebu.test/a.js)"], [], ""), (200, [], ["GET 404 https://zebu.test/?net::ERR_NETWORK_CHANGED x"], ""),
    (0, ["Page.goto: Timeout 1000ms exceeded.", "Page.goto: net::ERR_NETWORK_CHANGED at x (x)"], [], ""), (0, ["Page.goto: net::ERR_CONNECTION_REFUSED at https://zebu.test/?net::ERR_NETWORK_CHANGED "], [], ""),
    (200, [], ["GET asked for beside too much else (net::ERR_INSUFFICIENT_RESOURCES) https://zebu.test/"], ""), (200, [], ["GET net::ERR_INSUFFICIENT_RESOURCES https://zebu.test/a.js"], "ERR_INSUFFICIENT_RESOURCES"),
])  # fmt: skip
@pytest.mark.hostile("browser")
def test_what_is_wrong_with_this_machine_is_not_the_sites_fault(
    status: int, errors: list[str], failed: list[str], found: str
) -> None:
    good = {"status": 200, "errors": [], "failed": []}
    assert visits.own_fault([good, {"status": status, "errors": errors, "failed": failed}]) == found


def test_the_browser_is_led_where_names_lead() -> None:
    assert visits._rules({}) == []
    assert visits._rules({"zebu.test": "192.0.2.1", "www.zebu.test": "2001:db8::1"}) == [
        "--host-resolver-rules=MAP zebu.test 192.0.2.1,MAP www.zebu.test [2001:db8::1]"
    ]


@pytest.mark.chromium
@pytest.mark.hostile("browser")
def test_a_silent_site_is_waited_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many pages it has: a browser that is there, and an address that takes connections and says nothing."""
    monkeypatch.setattr(visits, "PAGE_SECONDS", 1)
    opened: list[str] = []
    go = visits._Visit.open

    def noted(one: visits._Visit) -> None:
        opened.append(one.url)
        go(one)

    monkeypatch.setattr(visits._Visit, "open", noted)
    with socket.create_server(("127.0.0.1", 0)) as server:
        site = f"http://127.0.0.1:{server.getsockname()[1]}"
        urls = [f"{site}/", f"{site}/about", f"{site}/login"]
        seen = visits.visit(
            {
                "executable": "chromium",
                "is_declared": False,
                "ca_file": "",
                "settle_seconds": 0,
                "urls": urls,
                "loads": 3,
                "widths": [360, 430],
                "control": "",
            },
            lambda: True,
        )
    assert opened == [f"{site}/"]
    assert [page["url"] for page in seen["pages"]] == urls
    assert all(page["status"] == 0 and "Timeout 1000ms" in page["errors"][0] for page in seen["pages"])
    assert [one["trouble"] for one in (*seen["loads"], *seen["screens"])] == [seen["pages"][0]["errors"][0]] * 5


@pytest.mark.parametrize(("error", "is_silent"), [
    ("Page.goto: net::ERR_CERT_AUTHORITY_INVALID at https://zebu.test/", False), ("Page.goto: net::ERR_SSL_PROTOCOL_ERROR at https://zebu.test/", False),
    ("Page.goto: net::ERR_CONNECTION_REFUSED at https://zebu.test/", True), ("Page.goto: Timeout 15000ms exceeded.", True),
])  # fmt: skip
def test_whom_the_browser_does_not_trust_is_not_silent(
    error: str, is_silent: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a control address nobody knows why a site is silent; one that shows a certificate is not."""
    page = {"url": "https://zebu.test/", "status": 0, "errors": [error], "failed": []}
    monkeypatch.setattr(visits, "_visit_all", lambda *_: {"pages": [page]})
    seen = visits.visit(
        {"executable": "/bin/true", "is_declared": True, "ca_file": None, "control": None}, lambda: False
    )
    assert isinstance(seen, Unknown) is is_silent
    assert is_silent or seen["pages"] == [page]


@dataclass(frozen=True)
class Refused:
    """A request that the browser refused."""

    url: str
    resource_type: str
    method: str = "GET"
    failure: str = "net::ERR_INSUFFICIENT_RESOURCES"


@pytest.mark.hostile("browser")
@pytest.mark.parametrize(("kind", "asked", "length", "is_own"), [
    ("fetch", 5, 50, True), ("fetch", 30, 50, False), ("ping", 30, 50, False), ("image", 30, 50, True), ("image", 600, 50, False), ("script", 5, 3_000_000, False), ("xhr", 5, 100_000, False),
])  # fmt: skip
def test_who_asks_for_much_is_refused_by_his_own_fault(kind: str, asked: int, length: int, is_own: bool) -> None:
    """Requests that the browser does not take any more, as of a machine that has nothing left."""
    nobody: Any = None
    seen = visits._Visit("https://zebu.test/", nobody, status=200)
    url = f"https://zebu.test/{'x' * length}"
    request: Any = Refused(url, kind)
    for _ in range(asked):
        seen.on_request(request)
    seen.on_failure(request)
    assert bool(visits.own_fault([seen.as_data()])) is is_own
    assert "ERR_INSUFFICIENT_RESOURCES" in seen.as_data()["failed"][0]


class Gone:
    """A browser that is there for its driver, and ends when a page of a certain kind is opened in it."""

    def __init__(self, *, is_gone: bool) -> None:
        self.is_gone, self.is_closed = is_gone, False

    def is_connected(self) -> bool:
        return True

    def new_context(self, **named: Any) -> Any:
        if self.is_gone:
            raise Error("Target page, context or browser has been closed")
        return self

    def new_page(self) -> str:
        return "a page"

    def close(self) -> None:
        self.is_closed = True


@pytest.mark.hostile("browser")
def test_a_browser_that_is_gone_before_its_driver_knows_is_started_again(tmp_path: Path) -> None:
    browsers: list[Any] = [Gone(is_gone=True), Gone(is_gone=False)]
    with Watchdog(tmp_path) as dog:
        windows = visits.Windows(iter(browsers).__next__, dog)
        page: Any = windows.open()
        assert page == "a page"
        assert [one.is_closed for one in browsers] == [True, False]


def _wait_for_end(dog: Watchdog) -> None:
    while not dog.ended:
        time.sleep(0.01)


@pytest.mark.hostile("browser")
def test_a_browser_that_was_ended_is_not_asked_again(tmp_path: Path) -> None:
    browsers: list[Any] = [Gone(is_gone=False), Gone(is_gone=False)]
    with Watchdog(tmp_path) as dog:
        windows = visits.Windows(iter(browsers).__next__, dog)
        windows.ready()
        assert windows.browser is browsers[0]
        with pytest.raises(NeverYielded), dog.over(0.01):
            _wait_for_end(dog)
        windows.ready()
        assert windows.browser is browsers[1]


@pytest.mark.hostile("browser")
@pytest.mark.parametrize(
    "error", [NeverYielded("the page never yielded"), TooLate("Timeout")], ids=["it hangs", "it is late"]
)
def test_a_browser_that_does_not_come_up_is_no_pages_fault(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def launch() -> Any:
        raise error

    @contextmanager
    def in_browser(*named: Any) -> Iterator[visits.Windows]:
        with Watchdog(tmp_path) as dog:
            yield visits.Windows(launch, dog)

    monkeypatch.setattr(visits, "in_browser", in_browser)
    found = look("/bin/true")
    assert isinstance(found, Unknown)
    assert found.reason is Reason.TIMED_OUT
    assert "did not start within 40 s" in found.detail


@pytest.mark.hostile("browser")
@pytest.mark.parametrize(
    "error",
    [Error("Target page, context or browser has been closed"), NeverYielded("the page never yielded")],
    ids=["it ends", "it hangs"],
)
def test_a_page_that_takes_the_browser_with_it_takes_no_other(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said of that page only, and each browser that saw it is left."""

    def together(windows: visits.Windows, urls: list[str], settle: float, seen: list[Any], meanwhile: Any) -> None:
        for url in urls:
            seen.append(visits._Visit(url, nobody, status=200))
            if url == "/bad":
                raise error

    nobody: Any = None
    browsers = [Gone(is_gone=False) for _ in range(5)]
    monkeypatch.setattr(visits, "_visit_together", together)
    with Watchdog(tmp_path) as dog:
        launch: Any = iter(browsers).__next__
        rows = visits._visit_routes(visits.Windows(launch, dog), ["/", "/bad", "/about"], 0)
    assert [(row["url"], len(row["errors"])) for row in rows] == [("/", 0), ("/bad", 1), ("/about", 0)]
    assert "browser" in rows[1]["errors"][0] or "never yielded" in rows[1]["errors"][0]
    assert [one.is_closed for one in browsers] == [True, True, False, False, False]


@pytest.mark.hostile("browser")
@pytest.mark.parametrize("name", ["/tmp", "/run/user/1000", "/" + "x" * 37])
def test_a_short_place_is_used(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", name)
    assert visits._place() == Path(name)


@pytest.mark.hostile("browser")
@pytest.mark.parametrize("name", ["/" + "x" * 38, "/" + "é" * 19, "/" + "x/" * 2000])
def test_a_long_place_is_not_used(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", name)
    assert str(visits._place()) in visits.PLACES
    monkeypatch.setattr(visits, "PLACES", ())
    found = look("/bin/true")
    assert isinstance(found, Unknown)
    assert found.reason is Reason.NO_COMMAND
    assert found.detail.endswith("at most 38 characters: set TMPDIR")


@pytest.mark.hostile("programs")
@pytest.mark.parametrize("name", ["playwright.py", "playwright/__main__.py"])
def test_the_driver_is_not_what_lies_where_we_stand(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("import pathlib\npathlib.Path('was-run').touch()\n")
    (tmp_path / "playwright/__init__.py").touch() if name.startswith("playwright/") else None
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    visits._driver_trouble()
    assert not (tmp_path / "was-run").exists()


class Settling(Gone):
    """A browser whose first page shows something; it ends where what is measured takes it along."""

    def __init__(self) -> None:
        super().__init__(is_gone=False)
        self.context = self

    def new_page(self) -> Any:
        return self


def _measured(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    breaks: bool = False,
    words: str = "Zebu",
    ended: float | None = 2.0,
) -> tuple[list[str], Any, int]:
    """What is done, in its order, when pages are visited and measured; and how many browsers that took."""
    done: list[str] = []
    browsers: list[Settling] = []

    def launch() -> Any:
        browsers.append(Settling())
        return browsers[-1]

    def opened(windows: visits.Windows, url: str, seen: list[Any]) -> None:
        done.append(f"visit {url}")
        nobody: Any = windows.open()
        seen.append(visits._Visit(url, nobody, status=200))

    def loads(windows: visits.Windows, url: str, count: int, seconds: float, made: list[Any]) -> list[dict[str, Any]]:
        done.append(f"{count - len(made)} loads")
        if breaks:
            windows.browser = None
            windows.ready()
        return [{"trouble": "", "load": 1.0, "paint": 1.0, "shown": {}}]

    def shown(page: Any, seconds: float) -> dict[str, Any]:
        done.append("shown")
        return {"words": words, "controls": len(words), "pictures": 0, "busy": False, "empty": ""}

    def timed(*given: Any) -> dict[str, Any]:
        done.append("timed")
        return {"trouble": "", "load": ended, "paint": 2.0, "shown": {}}

    def screens(*given: Any) -> list[Any]:
        done.append("screens")
        return []

    stand_ins = {"_opened": opened, "_loads": loads, "_what_is_shown": shown, "_timed": timed, "_screens": screens}
    for name, stand_in in stand_ins.items():
        monkeypatch.setattr(visits, name, stand_in)
    monkeypatch.setattr(visits, "_settle", lambda pages, seconds: done.append("settle"))
    with Watchdog(tmp_path) as dog:
        windows = visits.Windows(launch, dog)
        measures = visits._Measures(windows, "/", 3, [])
        pages = visits._visit_routes(windows, ["/", "/about"], 0, measures.take)
        measures.complete(0)
    assert [page["url"] for page in pages] == ["/", "/about"]
    return done, pages, len(browsers)


def test_loads_are_measured_while_pages_settle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once, and only when the first page shows what its users came for. Its visit is one of the loads."""
    done, pages, browsers = _measured(tmp_path, monkeypatch)
    assert done == ["visit /", "visit /about", "shown", "timed", "2 loads", "screens", "settle", "shown", "shown"]
    assert browsers == 1
    assert all(page["shown"]["words"] == "Zebu" for page in pages)


def test_a_visit_that_shows_nothing_yet_is_no_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for it would keep the other pages waiting: all loads are made behind them."""
    done, _, _ = _measured(tmp_path, monkeypatch, words="")
    assert done == ["visit /", "visit /about", "shown", "settle", "shown", "shown", "3 loads", "screens"]


@pytest.mark.hostile("browser")
def test_a_visit_that_has_gone_on_is_no_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To a page that does not end: of that one nothing is counted."""
    done, _, _ = _measured(tmp_path, monkeypatch, ended=None)
    assert done[2:6] == ["shown", "timed", "3 loads", "screens"]


@pytest.mark.hostile("browser")
def test_a_load_that_takes_the_browser_with_it_takes_no_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages that were open there are visited once more, and nothing is measured meanwhile."""
    done, pages, browsers = _measured(tmp_path, monkeypatch, breaks=True)
    assert done[:6] == ["visit /", "visit /about", "shown", "timed", "2 loads", "screens"]
    assert done[6:] == ["visit /", "visit /about", "settle", "shown", "shown"]
    assert browsers == 2
    assert [page["errors"] for page in pages] == [[], []]


def test_the_authority_is_stored_while_the_driver_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the browser waits for it, as does whoever clears its home away."""
    going, stored = threading.Event(), threading.Event()

    def trust(home: Path, ca_file: str) -> None:
        assert going.wait(30)
        stored.set()

    monkeypatch.setattr(visits, "_trust", trust)
    with visits._trusting(tmp_path, "ca.pem") as trusted:
        assert not stored.is_set()
        going.set()
        trusted()
        assert stored.is_set()
    with visits._trusting(tmp_path, None) as trusted:
        trusted()


def test_an_authority_that_cannot_be_stored_is_no_silence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def trust(home: Path, ca_file: str) -> None:
        raise OSError("no certutil")

    monkeypatch.setattr(visits, "_trust", trust)
    with visits._trusting(tmp_path, "ca.pem") as trusted, pytest.raises(OSError, match="no certutil"):
        trusted()
