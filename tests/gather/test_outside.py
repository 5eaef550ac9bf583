"""A look that saw nothing is unknown, unless something proves that the network was there."""

from __future__ import annotations

import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

from pytest_zebu.facts.answer import Reason, Unknown
from pytest_zebu.gather.outside import ask, shake_hands, time_requests, try_ports


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
