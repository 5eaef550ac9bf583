"""A look that saw nothing is unknown, unless something proves that the network was there."""

from __future__ import annotations

import errno
import hashlib
import os
import resource
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from typing import Any

import pytest

from pytest_zebu.facts.answer import Reason, Unknown
from pytest_zebu.facts.fact import Look
from pytest_zebu.gather import outside
from pytest_zebu.gather.outside import (
    Outside,
    answers,
    ask,
    expect_way,
    is_open,
    read_scripts,
    shake_hands,
    time_requests,
    try_ports,
)
from pytest_zebu.settings import Settings
from pytest_zebu.settings.sections import Host
from pytest_zebu.settings.target import Target
from tests.gather.conftest import Server

UNVERIFIED = pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
"""As the gathering does: certificates are judged by the items that are about them."""


def _closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_nothing_seen_without_a_control_address_is_unknown() -> None:
    for seen in (shake_hands("name.invalid", None), ask({"url": "http://name.invalid/", "control": None})):
        assert isinstance(seen, Unknown)
        assert seen.reason is Reason.UNREACHABLE


def test_a_refusal_is_an_answer() -> None:
    assert shake_hands("127.0.0.1", None, port=_closed_port()) == {"refused": "ConnectionRefusedError"}


def test_a_control_address_that_answers_makes_silence_the_targets_fault() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        control = f"127.0.0.1:{server.getsockname()[1]}"
        assert shake_hands("127.0.0.1", control, port=_closed_port())["refused"]
        assert ask({"url": f"http://127.0.0.1:{_closed_port()}/", "control": control})["status"] == 0


def test_closed_ports_prove_nothing_where_nothing_at_all_answers() -> None:
    assert try_ports("127.0.0.1", [_closed_port()], None, None)["control"] is False


@pytest.mark.hostile("requests")
def test_a_slow_service_is_not_timed_for_ever() -> None:
    class Slow(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            time.sleep(0.2)
            self.send_response(401)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    with HTTPServer(("127.0.0.1", 0), Slow) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/"
        asked = {"url": url, "control": None, "samples": 100, "warm_up": 1, "seconds": 0.7, "slow": 500}
        seen = time_requests(asked)
        server.shutdown()
    assert 1 <= len(seen["taken"]) <= 4
    assert set(seen["statuses"]) == {401}
    # Each answer closes the connection.
    assert seen["fresh"] == len(seen["taken"])
    assert (seen["trouble"], seen["before"]) == ("", "")
    assert 0 < seen["trip"] < min(seen["taken"])


@pytest.fixture
def timed() -> Iterator[Callable[..., dict[str, Any]]]:
    """Time a service whose answers take what the list says, in turn, and then nothing."""
    pauses: list[float] = []

    class Kept(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            time.sleep(pauses.pop(0) if pauses else 0)
            with suppress(OSError):
                self.send_response(401)
                self.send_header("Content-Length", "0")
                self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Kept)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()

    def made(*told: float, **more: Any) -> dict[str, Any]:
        pauses[:] = told
        asked = {"url": f"http://127.0.0.1:{server.server_port}/", "control": None, "samples": 20, "warm_up": 1}
        seen = time_requests({**asked, "seconds": 9, "slow": 100, **more})
        assert isinstance(seen, dict)
        return seen

    yield made
    server.shutdown()
    server.server_close()


def test_a_connection_that_is_kept_is_warm(timed: Callable[..., dict[str, Any]]) -> None:
    seen = timed()
    assert (seen["fresh"], seen["before"], len(seen["taken"])) == (0, "", 20)


def test_beside_other_work_what_is_slow_is_left_to_be_measured_alone(timed: Callable[..., dict[str, Any]]) -> None:
    """As soon as no more answers can make it fast; and it is not measured once more beside that work."""
    seen = timed(0, 0.12, 0, 0.12, 0.12, 0.12, beside=True)
    assert (seen["beside"], len(seen["taken"]), len(seen["statuses"])) == (True, 3, 3)
    assert seen["before"].startswith("2 of 3 took 100 ms") or seen["before"] == ""
    assert timed(0, 0.12, beside=True)["beside"]
    assert len(timed(0, 0.12, beside=True)["taken"]) == 20
    assert timed()["beside"] is False


def test_a_few_slow_answers_are_measured_once_more(timed: Callable[..., dict[str, Any]]) -> None:
    """Two of twenty; one is no more than the 95th percentile leaves out, and what is slow throughout is slow."""
    seen = timed(0, 0.12, 0.12)
    assert seen["before"] == "2 of 20 took 100 ms or more"
    assert max(seen["taken"]) < 100
    assert timed(0, 0.12)["before"] == ""
    assert timed(*[0.12] * 42)["before"] == ""


def test_the_first_answer_of_a_cold_stack_may_be_late(
    timed: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outside, "ANSWER_SECONDS", 0.2)
    seen = timed(0.4)
    assert (seen["trouble"], seen["before"], len(seen["taken"])) == ("", "", 20)
    seen = timed(0, 0, 0.4)
    assert (seen["trouble"], seen["before"], len(seen["taken"])) == ("", "ReadTimeout", 20)


@contextmanager
def no_descriptors() -> Iterator[None]:
    """This process may open nothing more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.open("/dev/null", os.O_RDONLY)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_port_that_refuses_is_closed() -> None:
    assert is_open("127.0.0.1", _closed_port()) is False


@pytest.mark.parametrize(
    "number", [errno.ECONNREFUSED, errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENOPROTOOPT, None]
)
def test_what_the_other_side_says_is_an_answer(number: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*_: object, **__: object) -> None:
        raise TimeoutError("timed out") if number is None else OSError(number, os.strerror(number))

    monkeypatch.setattr(socket, "create_connection", connect)
    assert is_open("192.0.2.1", 80) is False
    assert answers("192.0.2.1:80") is False


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.EADDRNOTAVAIL, errno.EPERM])
@pytest.mark.hostile("requests")
def test_our_own_faults_are_no_answer(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(socket, "create_connection", connect)
    for look in (lambda: is_open("192.0.2.1", 80), lambda: shake_hands("name.invalid", "192.0.2.1:80")):
        with pytest.raises(OSError, match=os.strerror(number)):
            look()


def test_an_address_that_is_not_ours_is_no_place_to_look_from() -> None:
    with pytest.raises(OSError, match="Cannot assign requested address"):
        is_open("127.0.0.1", _closed_port(), "192.0.2.1")


@pytest.mark.hostile("requests")
def test_without_descriptors_every_look_is_unknown() -> None:
    """Neither is a port closed, nor a page gone, because this machine can open nothing more."""
    looker = Outside(Target(name="here", host=Host(), settings=Settings()), lambda: {})
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        control = f"127.0.0.1:{port}"
        looks = (
            Look("tcp", "a", {"address": "127.0.0.1", "ports": [port, _closed_port()], "control": control}),
            Look("tls", "a", {"domain": "127.0.0.1", "control": control}),
            Look("http", "a", {"url": f"http://{control}/", "control": control}),
            Look(
                "timing", "a",
                {"url": f"https://{control}/", "control": control, "seconds": 1, "warm_up": 0, "samples": 1},
            ),
        )  # fmt: skip
        with no_descriptors():
            seen = [looker.see(look) for look in looks]
    for answer in seen:
        assert isinstance(answer, Unknown)
        assert answer.reason is Reason.UNDECIDABLE
        assert "Too many open files" in answer.detail


def test_few_descriptors_are_enough_for_many_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    """All looks together try as many at once as leave room for what is done beside them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    busy: set[object] = set()
    most = []

    @contextmanager
    def connect(address: tuple[str, int], *_: object, **__: object) -> Iterator[None]:
        mine = object()
        busy.add(mine)
        most.append(len(busy))
        time.sleep(0.01)
        busy.discard(mine)
        yield

    monkeypatch.setattr(socket, "create_connection", connect)
    resource.setrlimit(resource.RLIMIT_NOFILE, (120, hard))
    try:
        with ThreadPoolExecutor(2) as pool:
            looks = [pool.submit(try_ports, "127.0.0.1", [*range(1, 200)], None, None) for _ in range(2)]
            seen = [look.result() for look in looks]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert all(all(one["open"].values()) for one in seen)
    assert 20 < max(most) <= 72


def _connecting(says: Callable[[int, int], int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections end as said, by port and how often it was tried: 0 for open, -1 for no answer, else an error."""
    times: Counter[int] = Counter()

    @contextmanager
    def connect(address: tuple[str, int], *_: object, **__: object) -> Iterator[None]:
        times[address[1]] += 1
        number = says(address[1], times[address[1]])
        if number:
            raise TimeoutError("timed out") if number < 0 else OSError(number, os.strerror(number))
        yield

    monkeypatch.setattr(outside, "PAUSES", (0.0, 0.0))
    monkeypatch.setattr(socket, "create_connection", connect)


@pytest.mark.parametrize("number", sorted(outside.SHORT_OF))
@pytest.mark.hostile("requests")
def test_what_there_is_too_little_of_is_waited_for(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    _connecting(lambda port, time: number if time < 3 else 0, monkeypatch)
    assert try_ports("127.0.0.1", [1], None, None)["open"] == {"1": True}


@pytest.mark.hostile("requests")
def test_ports_that_could_not_be_tried_are_not_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    _connecting(lambda port, time: {1: 0, 2: errno.EMFILE, 3: errno.ECONNREFUSED, 4: errno.EPERM}[port], monkeypatch)
    seen = try_ports("127.0.0.1", [1, 2, 3, 4], None, None)
    assert seen["open"] == {"1": True, "2": None, "3": False, "4": None}
    assert seen["trouble"]
    with pytest.raises(OSError, match="Operation not permitted"):
        try_ports("127.0.0.1", [4], None, None)


def test_who_says_nothing_is_told_from_who_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    _connecting(lambda port, time: {47: -1, 48: errno.ECONNREFUSED, 49: -1, 50: 0}[port], monkeypatch)
    seen = try_ports("127.0.0.1", [47, 48, 49], "127.0.0.1:50", None, [47, 48])
    assert seen == {"open": {"47": False, "48": False, "49": False}, "silent": [47], "control": True, "trouble": ""}


@pytest.mark.hostile("requests")
def test_where_no_way_leads_nothing_was_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    expect_way("127.0.0.1", None)
    expect_way("127.0.0.1", "127.0.0.1")
    expect_way("127.0.0.1", "::1")
    with pytest.raises(OSError, match="Cannot assign requested address"):
        try_ports("127.0.0.1", [_closed_port()], None, "192.0.2.1")

    class Lost(socket.socket):
        def connect(self, address: object) -> None:
            raise OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))

    monkeypatch.setattr(socket, "socket", Lost)
    with pytest.raises(OSError, match="Network is unreachable"):
        expect_way("192.0.2.1", None)


@UNVERIFIED
def test_an_answer_is_told_as_far_as_it_was_asked_for(servers: tuple[Server, Server]) -> None:
    here = servers[0]
    here.answers["GET /"] = (
        404,
        {"Content-Type": "text/html", "X-Odd": "1", "Location": "/\x1b[31melsewhere"},
        b"0123456789",
    )
    told = ask({"url": f"{here.url}/", "control": None, "body_limit": 4})
    assert (told["status"], told["location"], told["body"]) == (404, "/elsewhere", "0123")
    assert told["sha256"] == hashlib.sha256(b"0123").hexdigest()
    assert told["is_cut"] is True
    assert "is_cut" not in ask({"url": f"{here.url}/", "control": None, "body_limit": 11})
    assert told["headers"]["content-type"] == ["text/html"]
    assert "x-odd" not in told["headers"]
    bare = ask({"url": f"{here.url}/", "control": None, "headers": {"X-Asked": "yes"}, "method": "POST"})
    assert (bare["body"], bare["sha256"]) == ("", "")
    assert "X-Asked: yes" in here.arrived[-1]
    assert here.arrived[-1].startswith("POST /")


@UNVERIFIED
def test_scripts_of_a_page_tell_where_its_api_is(servers: tuple[Server, Server]) -> None:
    """Those of the page's own origin; the address that they name is asked."""
    here, elsewhere = servers
    page = f'<script src="/a.js"></script><script type="module" src="b.js"></script><script src="{elsewhere.url}/c.js"></script>'
    javascript = {"Content-Type": "text/javascript"}
    here.answers |= {
        "GET /": (200, {"Content-Type": "text/html"}, page.encode()),
        "GET /a.js": (200, javascript, b'const base = "/api/v1/", other = "/api/v2/x"'),
        "GET /b.js": (404, {}, b""),
        "GET /api/v1/portfolios": (401, {"Content-Type": "application/json"}, {"detail": "who?"}),
    }
    found = read_scripts(f"{here.url}/", None)
    assert found["scripts"] == [
        {"url": f"{here.url}/a.js", "status": 200, "type": "text/javascript"},
        {"url": f"{here.url}/b.js", "status": 404, "type": ""},
    ]
    assert found["bases"] == {"/api/v1": {"status": 401, "type": "application/json"}}
    assert not elsewhere.arrived


@pytest.mark.hostile("requests")
def test_a_page_that_is_meant_to_keep_us_busy_is_read_at_once() -> None:
    for word in ("<script ", "<link ", "<link rel=modulepreload "):
        page = word * (outside.PAGE_LIMIT // len(word))
        assert outside._SCRIPT.findall(page) == outside._PRELOADED.findall(page) == []


@UNVERIFIED
@pytest.mark.parametrize(("names", "found"), [(("127.0.0.1",), ["/api/v1"]), (("zebu.test",), [])])
def test_scripts_of_a_page_that_is_elsewhere(
    names: tuple[str, ...], found: list[str], servers: tuple[Server, Server]
) -> None:
    """Under a declared name, as where the site leads to www; what its module imports is named beside it."""
    here, _ = servers
    page = '<link rel="modulepreload" crossorigin href="/vendor.js"><link rel=icon href=/i.ico><script type="module" src="/main.js"></script>'
    here.answers |= {
        "GET /": (301, {"Location": f"{here.url}/app"}, b""),
        "GET /app": (200, {"Content-Type": "text/html"}, page.encode()),
        "GET /main.js": (200, {"Content-Type": "text/javascript"}, b"import './vendor.js'"),
        "GET /vendor.js": (200, {"Content-Type": "text/javascript"}, b'const base = "/api/v1"'),
    }
    said = read_scripts(f"{here.url}/", None, names=names)
    assert list(said["bases"]) == found
    assert [one["url"].rpartition("/")[2] for one in said["scripts"]] == (["main.js", "vendor.js"] if found else [])


@pytest.mark.parametrize(("script", "bases"), [
    # Behind a text that is always there, nothing is reached
    ('const a="/api/v1"||"http://localhost:8000/api/v1"', ["/api/v1"]), ("f('/api/v1' ?? 'http://localhost:8000/api/v1')", ["/api/v1"]),
    ('return"/api/v1"||"http://a.test/api/v1"||"http://b.test/api/v1"', ["/api/v1"]), ('x={base:"/api/v1"||`http://localhost:8000/api/v1`}', ["/api/v1"]),
    # In doubt, it may be
    ('const a=b||"http://localhost:8000/api/v1"', ["http://localhost:8000/api/v1"]), ('const a=""||"http://localhost:8000/api/v1"', ["http://localhost:8000/api/v1"]),
    ('if(m==="/api/v1"||"http://localhost:8000/api/v1")', ["/api/v1", "http://localhost:8000/api/v1"]), ('a&&"/api/v1"||"http://localhost:8000/api/v1"', ["/api/v1", "http://localhost:8000/api/v1"]),
    ('const a=b+"/api/v1"||"http://localhost:8000/api/v1"', ["/api/v1", "http://localhost:8000/api/v1"]), ('a!="x"||"http://localhost:8000/api/v1"', ["http://localhost:8000/api/v1"]),
])  # fmt: skip
def test_a_fallback_that_nothing_comes_to_is_none(script: str, bases: list[str]) -> None:
    assert sorted(set(outside._API_BASE.findall(outside._NEVER_REACHED.sub(r"\1", script)))) == bases
