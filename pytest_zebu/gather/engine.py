"""The target's Docker, spoken to through its SDK, over the one connection: each of its conversations is a channel of it."""

from __future__ import annotations

import os
import shutil
import socket
import socketserver
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from docker import APIClient

CONVERSATION_LIMIT = 4 * 2**20
"""Bytes that a conversation may bring: what a drill asks for is answered in a few lines."""
REQUEST_SECONDS = 60
CHUNK = 65_536
# What `docker -H ssh://` runs there; perl stands in for sudo's rules, which know it from the questions.
REMOTE = (
    'exec sh -c \'if [ "$(id -u)" = 0 ]; then exec docker system dial-stdio; fi; '
    'sudo -n perl -e "exec qw(docker system dial-stdio)" 2>/dev/null; s=$?; '
    "case $s in 1|127) exec docker system dial-stdio ;; esac; exit $s'"
)


class _Conversation(socketserver.BaseRequestHandler):
    """From a client's connection to a process of its own, and back."""

    server: _Bridge

    def handle(self) -> None:
        process = subprocess.Popen(
            self.server.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert process.stdin and process.stdout  # noqa: S101 (both are pipes)
        timer = threading.Timer(self.server.seconds, process.kill)
        timer.start()
        feeder = threading.Thread(target=self._feed, args=(process,), daemon=True)
        feeder.start()
        rest = CONVERSATION_LIMIT
        try:
            while rest > 0 and (data := os.read(process.stdout.fileno(), CHUNK)):
                self.request.sendall(data)
                rest -= len(data)
        except OSError:
            pass  # the client has hung up
        finally:
            timer.cancel()
            process.kill()
            process.wait()
            process.stdout.close()
            with suppress(OSError):
                self.request.shutdown(socket.SHUT_RDWR)  # the feeder hears that it is over
            feeder.join()
            with suppress(OSError):
                process.stdin.close()

    def _feed(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin  # noqa: S101 (a pipe)
        try:
            while data := self.request.recv(CHUNK):
                process.stdin.write(data)
                process.stdin.flush()
            process.stdin.close()
        except OSError:
            process.kill()


class _Bridge(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, path: Path, command: Sequence[str], seconds: float) -> None:
        self.command = [*command]
        self.seconds = seconds
        super().__init__(str(path), _Conversation)

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing is printed: the client hears it."""


@contextmanager
def engine(ssh: Sequence[str], folder: Path, seconds: float) -> Iterator[APIClient]:
    """A client of the target's Docker, for as long as it is needed.

    Nothing that may hold a secret is asked for with it: what it is told is not filtered on the machine.

    Args:
        ssh: the words that run a command there, without the command.
        folder: a folder that only we may enter, for the socket.
        seconds: for how long a conversation may last.

    Raises:
        docker.errors.DockerException: no daemon answers.
    """
    place = folder / "engine"
    place.mkdir(mode=0o700)
    bridge = _Bridge(place / "socket", [*ssh, REMOTE], seconds)
    server = threading.Thread(target=bridge.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    server.start()
    try:
        url = f"unix://{place / 'socket'}"
        with closing(APIClient(base_url=url, version="auto", timeout=REQUEST_SECONDS)) as client:
            # The SDK would keep a connection of each address that it asked, and each is a channel: sshd has ten (MaxSessions).
            client.headers["Connection"] = "close"
            yield client
    finally:
        bridge.shutdown()
        bridge.server_close()
        server.join()
        shutil.rmtree(place, ignore_errors=True)
