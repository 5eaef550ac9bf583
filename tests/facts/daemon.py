"""Docker's daemon, as far as scripts ask it: a server at a socket of its own, which answers what a test puts there."""

from __future__ import annotations

import json
import socketserver
import struct
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from socket import socket
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Answer = Callable[[socket, str], None]
"""Answers a question (its path with its query) by a connection, which is closed behind it."""


def raw(text: bytes) -> Answer:
    """These bytes."""
    return lambda line, asked: line.sendall(text)


def told(value: object, status: int = 200, *, chunk: int = 0) -> Answer:
    """A value, as JSON unless it is bytes, at once or in chunks of a size."""
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return raw(_head(status, body, chunk) + (_chunked(body, chunk) if chunk else body))


def _head(status: int, body: bytes, chunk: int) -> bytes:
    length = "Transfer-Encoding: chunked" if chunk else f"Content-Length: {len(body)}"
    return f"HTTP/1.1 {status} Said\r\nContent-Type: application/json\r\n{length}\r\n\r\n".encode()


def _chunked(body: bytes, size: int) -> bytes:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in [*pieces, b""])


def frame(text: str | bytes, kind: int = 1) -> bytes:
    """A piece of a log without a terminal: of standard output, of the errors (2), or a complaint of the daemon's own (3)."""
    body = text.encode() if isinstance(text, str) else text
    return struct.pack(">BxxxI", kind, len(body)) + body


def frames(text: str) -> bytes:
    """A log, each line a piece, odd ones from the errors."""
    return b"".join(frame(line, 1 + at % 2) for at, line in enumerate(text.splitlines(keepends=True)))


def container(service: str, *, env: tuple[str, ...] = (), labels: Mapping[str, str] | None = None, **given: Any) -> dict[str, Any]:  # fmt: skip
    """What the daemon tells of a container of the project `zebu`; `given` are further keys, `Config` and `State` in addition."""
    named = {"com.docker.compose.project": "zebu", "com.docker.compose.service": service, "com.docker.compose.oneoff": "False"}  # fmt: skip
    return {
        "Id": service.encode().hex().ljust(64, "0")[:64], "Name": f"/zebu-{service}-1", "Image": f"sha256:{service}",
        "HostConfig": {}, "NetworkSettings": {"Networks": {}, "Ports": {}}, **given,
        "Config": {"Env": list(env), "Tty": False, "Labels": named | dict(labels or {}), **given.get("Config", {})},
        "State": {"Status": "running", "Pid": 1, "StartedAt": "2026-11-26T09:00:00Z", **given.get("State", {})},
    }  # fmt: skip


class Daemon:
    """A daemon.

    Attributes:
        place: its socket.
        answers: by how the path begins; of several the longest counts. What nothing is put for is not found.
        asked: the questions, as they came.
    """

    def __init__(self, place: Path) -> None:
        self.place = place
        self.answers: dict[str, Answer] = {}
        self.asked: list[str] = []
        self.methods: set[str] = set()
        self.is_over = threading.Event()

    def has(self, *containers: dict[str, Any]) -> None:
        """Let it have these containers, and no others."""

        def listed(line: socket, asked: str) -> None:
            query = parse_qs(urlsplit(asked).query)
            wanted = json.loads(query.get("filters", ["{}"])[0]).get("label", [])
            told([_shown(one) for one in containers if _is_listed(one, wanted, "all" in query)])(line, asked)

        self.answers = {path: answer for path, answer in self.answers.items() if not path.endswith("/json")}
        self.answers["/containers/json"] = listed
        for one in containers:
            for name in (one["Id"], one["Name"].strip("/")):
                self.answers[f"/containers/{name}/json"] = told(one, chunk=100)

    def logs(self, one: Mapping[str, Any], text: str | bytes, status: int = 200) -> None:
        """Let a container have this log: text, or the bytes of its pieces."""
        self.answers[f"/containers/{one['Id']}/logs"] = told(
            frames(text) if isinstance(text, str) else text, status, chunk=1000
        )

    def top(self, one: Mapping[str, Any], *rows: tuple[str, ...], titles: tuple[str, ...] = ("COMMAND",)) -> None:
        """Let a container have these processes."""
        self.answers[f"/containers/{one['Id']}/top"] = told({"Titles": titles, "Processes": rows})

    def answer(self, line: socket) -> None:
        """Answer one question."""
        text = b""
        while b"\r\n\r\n" not in text and (more := line.recv(65_536)):
            text += more
        method, _, path = text.decode().partition("\r\n")[0].rpartition(" ")[0].partition(" ")
        self.asked.append(unquote(path))
        self.methods.add(method)
        found = [begin for begin in self.answers if path.startswith(begin)]
        answer = self.answers[max(found, key=len)] if found else told({"message": "no such thing"}, 404)
        answer(line, path)

    def hang(self, line: socket, asked: str) -> None:
        """An answer that does not come as long as the daemon is there."""
        self.is_over.wait(60)


def _shown(one: Mapping[str, Any]) -> dict[str, Any]:
    """A container as a list shows it."""
    return {
        "Id": one["Id"], "Names": [one["Name"]], "Image": one["Config"].get("Image", ""), "ImageID": one["Image"], "Labels": one["Config"]["Labels"],
        "State": one["State"]["Status"],
    }  # fmt: skip


def _is_listed(one: Mapping[str, Any], wanted: list[str], with_all: bool) -> bool:
    labels = one["Config"]["Labels"]
    fits = all(labels.get(key) == value for key, _, value in (label.partition("=") for label in wanted))
    return fits and (with_all or one["State"]["Status"] in ("running", "paused", "restarting"))


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 64


@contextmanager
def serving() -> Iterator[Daemon]:
    """A daemon that answers meanwhile."""
    with tempfile.TemporaryDirectory(prefix="zebu-") as folder:  # the path of a socket must be short
        daemon = Daemon(Path(folder) / "docker.sock")

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                try:
                    daemon.answer(self.request)
                except (BrokenPipeError, ConnectionResetError):
                    return  # who asked wants no more

        with _Server(str(daemon.place), Handler) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            yield daemon
            daemon.is_over.set()
            server.shutdown()
            thread.join()
