"""What the stand-ins are built with: routes, JSON, TLS. A stand-in reads its state file at each request."""

from __future__ import annotations

import json
import re
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

BODY_LIMIT = 1_048_576


@dataclass(frozen=True, slots=True)
class Request:
    """One request; `match` is what the route's pattern found in the path."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    match: tuple[str, ...] = ()

    @property
    def json(self) -> Any:
        """The body; nothing if it is no JSON."""
        try:
            return json.loads(self.body or b"null")
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Response:
    """One answer; the body is sent as JSON, or as it is where it is bytes. The reason is the text behind the status, where it says something."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    reason: str | None = None


Route = Callable[[Request, dict[str, Any]], Response]


class StandIn:
    """One service: its routes, its state file, and who may ask."""

    def __init__(self, state: Path) -> None:
        self.state_file = state
        self.routes: list[tuple[str, re.Pattern[str], Route]] = []
        self.guard: Callable[[Request, dict[str, Any]], Response | None] = lambda request, state: None

    def on(self, method: str, pattern: str) -> Callable[[Route], Route]:
        """Declare the answer to a method and a path; groups of the pattern reach it as `match`."""

        def add(route: Route) -> Route:
            self.routes.append((method, re.compile(pattern), route))
            return route

        return add

    def state(self) -> dict[str, Any]:
        """What is true at the moment."""
        found: dict[str, Any] = json.loads(self.state_file.read_text())
        return found

    def answer(self, request: Request) -> Response:
        """The answer to a request. A state may refuse all of them: `{"refuse": {"status": 403, "body": {...}}}`."""
        state = self.state()
        if refusal := state.get("refuse"):
            return Response(refusal["body"], refusal["status"])
        refused = self.guard(request, state)
        if refused is not None:
            return refused
        for method, pattern, route in self.routes:
            found = pattern.fullmatch(request.path)
            if found is not None and method == request.method:
                groups = tuple(unquote(group) for group in found.groups() if group is not None)
                return route(
                    Request(request.method, request.path, request.query, request.headers, request.body, groups), state
                )
        return Response({"message": "Not Found"}, 404)


def serve(stand_in: StandIn, address: str, port: int, certificate: Path | None = None) -> threading.Thread:
    """Serve a stand-in from a thread of its own, until the process ends; with a certificate (and its key beside it) over TLS."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10
        wbufsize = 65_536  # head and body in one packet: apart, the second would wait for the first to be acknowledged

        def _handle(self) -> None:
            parts = urlsplit(self.path)
            length = min(int(self.headers.get("Content-Length") or 0), BODY_LIMIT)
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.command, parts.path, dict(parse_qsl(parts.query)), headers, self.rfile.read(length))
            answer = stand_in.answer(request)
            body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
            if answer.status == 204:
                body = b""
            self.send_response(answer.status, answer.reason)
            for name, value in {"Content-Type": "application/json", **answer.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_DELETE = _handle

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128
        context: ssl.SSLContext | None = None

        def finish_request(self, request: Any, client_address: Any) -> None:
            """Shake hands in the connection's own thread: one slow client must not hold up the others."""
            request.settimeout(10)
            if self.context is None:
                super().finish_request(request, client_address)
                return
            with self.context.wrap_socket(request, server_side=True) as secured:
                super().finish_request(secured, client_address)

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Clients that go away are none of our business."""

    server = Server((address, port), Handler)
    if certificate is not None:
        server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    thread = threading.Thread(target=server.serve_forever, name=stand_in.state_file.stem, daemon=True)
    thread.start()
    return thread
