"""Steady visitors of the application: so many requests a second, whatever the answers take.

    python -m benchmarks.visitors REQUESTS_PER_SECOND

They stand in the lab's network, and ask in turn for the health and, with the lab's key, for portfolios, which are in the database. A request is
due at its time, and what it waits for a free visitor is part of what it takes: an application that halts is not asked less. When
the standard input ends, each request is told as a line: when it was due, how long it took, and the status (0: none came).
"""

from __future__ import annotations

import http.client
import json
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from queue import SimpleQueue

from pytest_zebu.facts.http import PROTECTED
from pytest_zebu.gather.lab import RunningLab
from pytest_zebu.settings import read
from pytest_zebu.settings.model import Settings

ROOT = Path(__file__).parents[1]
VISITORS = 16
ANSWER_SECONDS = 10.0
END_SECONDS = 30.0
PATHS = ("/health", PROTECTED)
RANK = 'if [ -w /proc/self/autogroup ]; then echo "$1" 2> /dev/null > /proc/self/autogroup; fi; n=$1; shift; exec nice -n "$n" "$@"'


def ranked(nice: int) -> tuple[str, ...]:
    """The words before a command that give it a priority over other sessions of this machine, or below them.

    The kernel shares out processors between sessions first (sched(7), autogroup), so that nice counts only within one.
    """
    return ("setsid", "--wait", "sh", "-c", RANK, "sh", str(nice))


FIRST = ranked(-15)
"""In the field visitors have machines of their own: here, they wait for no processor before they ask."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One request.

    Attributes:
        at: when it was due, in seconds of the monotonic clock, which all processes share.
        seconds: from then until it was answered.
        status: of the answer, 0 if none came.
    """

    at: float
    seconds: float
    status: int


def during(visits: Iterable[Visit], spans: Iterable[tuple[float, float]]) -> list[Visit]:
    """The visits that were due while something went on."""
    known = list(spans)
    return [visit for visit in visits if any(start <= visit.at <= end for start, end in known)]


class Visitors:
    """Threads that ask over connections that stay."""

    def __init__(self, settings: Settings, rate: float) -> None:
        self.host = str(settings.domains.api)
        self.trust = ssl.create_default_context(cafile=settings.tls.ca_file)
        self.headers = {"X-API-Key": settings.secret(settings.probes.api_key_file, "probes.api_key_file")}
        self.rate = rate
        self.due: SimpleQueue[tuple[float, str] | None] = SimpleQueue()
        self.seen: SimpleQueue[Visit] = SimpleQueue()

    def visit(self) -> None:
        """One visitor: asks whenever something is due."""
        connection = http.client.HTTPSConnection(self.host, context=self.trust, timeout=ANSWER_SECONDS)
        while (asked := self.due.get()) is not None:
            at, path = asked
            try:
                connection.request("GET", path, headers=self.headers if path == PROTECTED else {})
                answer = connection.getresponse()
                answer.read()
                status = answer.status
            except (OSError, http.client.HTTPException):
                connection.close()
                status = 0
            self.seen.put(Visit(at, time.monotonic() - at, status))

    def run(self, ended: threading.Event) -> list[Visit]:
        """Ask until it has ended."""
        threads = [threading.Thread(target=self.visit, daemon=True) for _ in range(VISITORS)]
        for thread in threads:
            thread.start()
        begun = time.monotonic()
        for number in count():
            at = begun + number / self.rate
            if ended.wait(max(0.0, at - time.monotonic())):
                break
            self.due.put((at, PATHS[number % len(PATHS)]))
        for _ in threads:
            self.due.put(None)
        for thread in threads:
            thread.join(END_SECONDS)
        return [self.seen.get() for _ in range(self.seen.qsize())]


@contextmanager
def visiting(rate: float) -> Iterator[list[Visit]]:
    """Visitors for as long as it takes; the visits are there when it is over."""
    process = subprocess.Popen(
        [*FIRST, sys.executable, "-m", "benchmarks.visitors", str(rate)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    visits: list[Visit] = []
    try:
        assert process.stdout
        process.stdout.readline()
        yield visits
        said, _ = process.communicate("", timeout=2 * END_SECONDS)
        visits += [Visit(*json.loads(line)) for line in said.splitlines()]
    finally:
        process.kill()
        process.wait()


def main() -> None:
    """Visit, within the lab."""
    (rate,) = sys.argv[1:]
    lab = RunningLab.find()
    lab.enter()
    visitors = Visitors(read(lab.config), float(rate))
    ended = threading.Event()

    def listen() -> None:
        sys.stdin.read()
        ended.set()

    threading.Thread(target=listen, daemon=True).start()
    print("ready", flush=True)
    for visit in visitors.run(ended):
        print(json.dumps([visit.at, visit.seconds, visit.status]))


if __name__ == "__main__":
    main()
