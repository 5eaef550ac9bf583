"""Connections that looks share: few of them, and nothing that one look did shows in another."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from pytest_zebu.gather import outside, places
from pytest_zebu.gather.bounds import OutOfTime, carried, within
from pytest_zebu.gather.deadline import Deadline, aside, at_once
from pytest_zebu.gather.outside import ask
from pytest_zebu.gather.places import AT_ONCE, Kept
from tests.gather.rude import Say, request_of, rude

LOOKS = 12
DIRECTED = {"zebu.test": "127.0.0.1", "www.zebu.test": "127.0.0.1"}


class Keeping:
    """A service that keeps connections, and knows over which of them it was asked what."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, str, str]] = []
        self.leads_to = ""
        keeping = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                keeping.asked.append((self.client_address[1], self.path, self.headers.get("Cookie", "")))
                self.send_response(302 if keeping.leads_to else 200)
                if keeping.leads_to:
                    self.send_header("Location", keeping.leads_to)
                self.send_header("Set-Cookie", f"of={self.path[1:]}")
                body = self.path.encode() * 100
                self.send_header("Content-Length", str(len(body)))
                with suppress(OSError):  # whoever has seen enough is gone
                    self.end_headers()
                    self.wfile.write(body)

            do_OPTIONS = do_GET

            def log_message(self, format: str, *args: object) -> None:
                """Nothing."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def port(self) -> int:
        return self.http.server_port

    @property
    def connections(self) -> int:
        return len({port for port, *_ in self.asked})


@pytest.fixture
def service() -> Iterator[Keeping]:
    found = Keeping()
    yield found
    found.http.shutdown()
    found.http.server_close()


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kept]:
    monkeypatch.setattr(places, "MOST_AT_ONCE", AT_ONCE)  # however long this machine takes to accept a connection
    found = Kept()
    yield found
    found.close()


def looked(
    kept: Kept | None, port: int, limits: tuple[int, ...] = (0, 10, 10_000), **more: Any
) -> list[dict[str, Any]]:
    """What looks saw that began at once."""

    def one(number: int) -> Any:
        url = f"http://{'www.' if number % 2 else ''}zebu.test:{port}/{number}"
        return ask({"url": url, "control": None, "body_limit": limits[number % len(limits)], **more}, DIRECTED, kept)

    return at_once(carried(one), range(LOOKS), LOOKS)


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_looks_share_few_connections(kept: Kept, service: Keeping, method: str) -> None:
    """Whether they read an answer, a part of it, or nothing."""
    assert [one["status"] for one in looked(kept, service.port, method=method)] == [200] * LOOKS
    assert sorted(path for _, path, _ in service.asked) == sorted(f"/{number}" for number in range(LOOKS))
    assert service.connections <= AT_ONCE
    assert {cookie for *_, cookie in service.asked} == {""}


def test_without_kept_connections_each_look_has_its_own(service: Keeping) -> None:
    looked(None, service.port)
    assert service.connections == LOOKS


def test_who_asks_where_a_way_begins_has_a_connection_of_its_own(kept: Kept, service: Keeping) -> None:
    looked(kept, service.port, follow=True)
    assert service.connections == LOOKS


def closing(answers: int) -> Say:
    """So many answers to a connection, which seem to be followed by more."""

    def say(line: socket.socket, over: threading.Event) -> None:
        for _ in range(answers):
            request_of(line)
            line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        request_of(line)

    return say


@contextmanager
def impolite(kept: Kept, say: Say) -> Iterator[int]:
    """A port on which everybody is treated alike, and to which no connection is kept any longer than it is there."""
    with rude(say) as port:
        try:
            yield port
        finally:
            kept.close()


def test_what_was_closed_meanwhile_is_made_anew(kept: Kept) -> None:
    with impolite(kept, closing(1)) as port:
        assert [one["status"] for one in looked(kept, port)] == [200] * LOOKS


def test_a_new_connection_that_breaks_is_what_the_server_does(kept: Kept) -> None:
    begun: list[int] = []

    def break_off(line: socket.socket, over: threading.Event) -> None:
        begun.append(1)
        request_of(line)

    with rude(break_off) as port, socket.create_server(("127.0.0.1", 0)) as control:
        told = f"127.0.0.1:{control.getsockname()[1]}"
        seen = looked(kept, port, control=told)
    assert {(one["status"], one["error"]) for one in seen} == {(0, "ConnectionError")}
    assert len(begun) == LOOKS


def test_what_changes_something_is_not_sent_again(kept: Kept) -> None:
    with impolite(kept, closing(1)) as port, places.session(DIRECTED, kept) as session:
        url = f"http://zebu.test:{port}/"
        named: dict[str, Any] = {"timeout": (2.0, 2.0), "verify": False, "allow_redirects": False}
        assert session.post(url, **named).status_code == 200
        with pytest.raises(requests.ConnectionError):
            session.post(url, **named)


def test_who_is_late_on_a_kept_connection_is_late(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """As late as on a new one: that is no sign that the connection was closed."""
    monkeypatch.setattr(outside, "ANSWER_SECONDS", 0.5)

    def silent_after_one(line: socket.socket, over: threading.Event) -> None:
        request_of(line)
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        over.wait(30)

    with impolite(kept, silent_after_one) as port:
        first, second = (ask({"url": f"http://zebu.test:{port}/", "control": None}, DIRECTED, kept) for _ in range(2))
    assert (first.get("again", ""), first["status"]) == ("", 200)
    assert (second["again"], second["status"]) == ("at the second try; the first took more than 0.5 s", 200)


@pytest.mark.hostile("requests")
def test_who_hangs_is_not_asked_one_after_the_other(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look has its own answer, though more of them hang than have a turn."""
    monkeypatch.setattr(places, "TURN_SECONDS", 0.01)
    reached = threading.Barrier(LOOKS)

    def hang_until_all_are_there(line: socket.socket, over: threading.Event) -> None:
        request_of(line)
        reached.wait(30)
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    with rude(hang_until_all_are_there) as port:
        assert [one["status"] for one in looked(kept, port)] == [200] * LOOKS


@pytest.mark.hostile("requests")
def test_a_target_leads_nobody_to_a_connection_of_somebody_else(
    kept: Kept, service: Keeping, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it stands since its name was declared, it serves none that a target leads there."""
    told = socket.getaddrinfo

    def resolve(name: Any, *words: Any, **named: Any) -> Any:
        return told("127.0.0.1" if name == "inner.test" else name, *words, **named)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    inner = f"http://inner.test:{service.port}/inner"
    assert ask({"url": inner, "control": None}, {}, kept)["status"] == 200
    service.leads_to = inner
    seen = ask({"url": f"http://zebu.test:{service.port}/", "control": None, "follow": True}, DIRECTED, kept)
    assert "leads to the machine itself" in seen["way"][-1]["trouble"]
    assert [path for _, path, _ in service.asked] == ["/inner", "/"]


def test_nothing_that_is_verified_is_shared(kept: Kept) -> None:
    """A context of TLS is one of all its connections: what one of them verifies must not depend on another."""
    adapter = places.Directed({}, kept)
    request = requests.Request("GET", "https://zebu.test/").prepare()
    shared = adapter.get_connection_with_tls_context(request, False)
    assert shared is places.Directed({}, kept).get_connection_with_tls_context(request, False)
    for verify in (True, str(Path(__file__))):
        assert (
            adapter.get_connection_with_tls_context(request, verify).conn_kw["ssl_context"]
            is not (shared.conn_kw["ssl_context"])
        )


def test_names_and_addresses_have_connections_of_their_own(kept: Kept) -> None:
    def pool(places_: dict[str, str], url: str) -> Any:
        return places.Directed(places_, kept).get_connection_with_tls_context(
            requests.Request("GET", url).prepare(), False
        )

    here, there = {"a.test": "192.0.2.1", "b.test": "192.0.2.1"}, {"a.test": "192.0.2.2"}
    one = pool(here, "https://a.test/1")
    assert one is pool(here, "https://a.test/2")
    others = (pool(here, "https://b.test/"), pool(there, "https://a.test/"), pool(here, "http://a.test/"))
    assert all(other is not one for other in others)


def test_few_have_a_turn_at_once_and_more_where_the_way_is_long() -> None:
    kept = Kept()
    over, inside = threading.Event(), threading.Semaphore(0)

    def look() -> None:
        with kept.turn("192.0.2.1"):
            inside.release()
            over.wait(30)

    jobs = [aside(look) for _ in range(AT_ONCE + 2)]
    for _ in range(AT_ONCE):
        assert inside.acquire(timeout=0.9 * places.TURN_SECONDS)
    with within(Deadline.after(0.01), "late"), pytest.raises(OutOfTime), kept.turn("192.0.2.1"):
        raise AssertionError("more than that have a turn")
    with kept.turn("192.0.2.2"):  # elsewhere nobody asks
        pass
    kept.reached("192.0.2.1", 2 * places.TRIP_SECONDS)
    assert inside.acquire(timeout=20)
    assert inside.acquire(timeout=20)
    over.set()
    for job in jobs:
        job.result(20)


@pytest.mark.parametrize(
    ("trip", "is_beside", "lines"), [(0.1, True, 1), (45.0, True, 3), (9000.0, True, 5), (9000.0, False, 1)]
)
def test_what_is_timed_beside_other_work_fills_a_long_way(
    trip: float, is_beside: bool, lines: int, service: Keeping, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one request is on its way, the application has time for another; what is measured alone is asked in a row."""
    monkeypatch.setattr(outside, "_way_there", lambda *_: (trip, 2 * trip))
    asked = {"url": f"http://zebu.test:{service.port}/", "control": None, "samples": 20, "warm_up": 2}
    seen = outside.time_requests({**asked, "seconds": 60, "slow": 60_000, "beside": is_beside}, DIRECTED)
    assert (len(seen["taken"]), seen["statuses"], seen["trip"], seen["fresh"]) == (20, [200] * 20, trip, 0)
    assert service.connections == lines
    assert len(service.asked) == 20 + 2 + lines - 1  # each further connection is warm before it counts


def test_what_is_seen_to_be_slow_beside_other_work_ends_on_all_connections(
    service: Keeping, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outside, "_way_there", lambda *_: (45.0, 90.0))
    asked = {"url": f"http://zebu.test:{service.port}/", "control": None, "samples": 200, "warm_up": 1}
    seen = outside.time_requests({**asked, "seconds": 60, "slow": 0.0, "beside": True}, DIRECTED)
    assert 10 < len(seen["taken"]) < 20
