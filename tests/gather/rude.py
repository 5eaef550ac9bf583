"""Servers that do not keep to what is agreed: each connection is left to a function that says anything, or nothing."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Say = Callable[[socket.socket, threading.Event], None]
"""What to do with a connection, until the event is set."""


@contextmanager
def rude(say: Say) -> Iterator[int]:
    """A port on which everybody is treated alike."""
    over = threading.Event()
    threads: list[threading.Thread] = []

    def treat(line: socket.socket) -> None:
        with line, suppress(OSError):
            say(line, over)

    def accept() -> None:
        with suppress(OSError):
            while True:
                line, _ = server.accept()
                threads.append(threading.Thread(target=treat, args=(line,), daemon=True))
                threads[-1].start()

    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        try:
            yield int(server.getsockname()[1])
        finally:
            over.set()
            server.shutdown(socket.SHUT_RDWR)
            accepting.join(10)
            for thread in threads:
                thread.join(10)


def request_of(line: socket.socket) -> bytes:
    """What is asked, as far as the end of its headers."""
    heard = b""
    while b"\r\n\r\n" not in heard:
        piece = line.recv(65_536)
        if not piece:
            raise OSError("nothing is asked")
        heard += piece
    return heard


def once(*pieces: bytes) -> Say:
    """Say this to whoever asks, and hang up."""

    def say(line: socket.socket, over: threading.Event) -> None:
        request_of(line)
        for piece in pieces:
            line.sendall(piece)

    return say


def on_and_on(head: bytes, piece: bytes, pause: float = 0.0) -> Say:
    """Say this, and then the rest again and again, whether or not anything was asked."""

    def say(line: socket.socket, over: threading.Event) -> None:
        line.sendall(head)
        while not over.wait(pause) if pause else not over.is_set():
            line.sendall(piece)

    return say


def forever(head: bytes, piece: bytes, pause: float = 0.0) -> Say:
    """The same, to whoever asks."""

    def say(line: socket.socket, over: threading.Event) -> None:
        request_of(line)
        on_and_on(head, piece, pause)(line, over)

    return say


def silent(head: bytes) -> Say:
    """Say this, and then nothing, without hanging up."""

    def say(line: socket.socket, over: threading.Event) -> None:
        request_of(line)
        line.sendall(head)
        over.wait(60)

    return say
