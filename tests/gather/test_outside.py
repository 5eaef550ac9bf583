"""A look that saw nothing is unknown, unless something proves that the network was there."""

from __future__ import annotations

import errno
import hashlib
import os
import resource
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from pytest_zebu.facts.answer import Reason, Unknown
from pytest_zebu.facts.fact import Look
from pytest_zebu.gather.outside import (
    Outside,
    answers,
    ask,
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
        asked = {"url": url, "control": None, "samples": 100, "warm_up": 1, "seconds": 0.7}
        seen = time_requests(asked)
        server.shutdown()
    assert 1 <= len(seen["taken"]) <= 4
    assert set(seen["statuses"]) == {401}


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


def test_without_descriptors_every_look_is_unknown() -> None:
    """Neither is a port closed, nor a page gone, because this machine can open nothing more."""
    outside = Outside(Target(name="here", host=Host(), settings=Settings()), lambda: {})
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
            seen = [outside.see(look) for look in looks]
    for answer in seen:
        assert isinstance(answer, Unknown)
        assert answer.reason is Reason.UNDECIDABLE
        assert "Too many open files" in answer.detail


def test_few_descriptors_are_enough_for_many_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many are tried at once as leave room for the looks beside."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    busy: set[int] = set()
    most = []

    @contextmanager
    def connect(address: tuple[str, int], *_: object, **__: object) -> Iterator[None]:
        busy.add(address[1])
        most.append(len(busy))
        time.sleep(0.01)
        busy.discard(address[1])
        yield

    monkeypatch.setattr(socket, "create_connection", connect)
    resource.setrlimit(resource.RLIMIT_NOFILE, (120, hard))
    try:
        seen = try_ports("127.0.0.1", [*range(1, 200)], None, None)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert all(seen["open"].values())
    assert 20 < max(most) <= 41


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
