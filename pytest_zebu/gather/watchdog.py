"""Who ends a browser that keeps us too long, or takes too much: a page may do that, and Playwright's calls wait for ever."""

from __future__ import annotations

import errno
import math
import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

from pytest_zebu.facts.browser import NEVER_YIELDED
from pytest_zebu.gather.bounds import allowed

LOOK_SECONDS = 0.25
GRACE_SECONDS = 5.0
"""So long after the browser was ended its driver is waited for, before that is ended too."""
MEMORY_LIMIT = 2 * 2**30
"""Bytes of memory that one process of the browser may take: a page has one for itself."""
PROFILE = "playwright_chromiumdev_profile-"
"""How the folders of Playwright's browsers begin, which it leaves where it is ended itself."""
ROUNDS = 20


class NeverYielded(Exception):
    """A page kept the browser so long that it was ended; the text says how long."""


class Watchdog:
    """It knows the browser's processes by the home that was made for them, and the driver as what this thread started.

    Attributes:
        has_ended_driver: what was started last as the driver is gone.
        ended: how often it was about to end a browser.
    """

    def __init__(self, home: Path) -> None:
        self._mark = f"HOME={home}".encode()
        self._driver: frozenset[int] = frozenset()
        self._others: frozenset[int] = frozenset()
        self._until = math.inf
        self._has_bitten = False
        self.has_ended_driver = False
        self.ended = 0
        self._profiles: set[Path] = set()
        self._is_over, self._lock = threading.Event(), threading.Lock()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Watchdog:
        self._others = _children()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing of the browser is left, whatever became of it."""
        self._is_over.set()
        self._thread.join()
        self._end_browser()
        for folder in self._profiles:
            shutil.rmtree(folder, ignore_errors=True)

    def know_driver(self) -> None:
        """What this thread has started since is the driver."""
        self._driver = _children() - self._others
        self.has_ended_driver = False

    @contextmanager
    def over(self, seconds: float) -> Iterator[None]:
        """What is done in here ends within a time: where it does not by itself, the browser is ended.

        Raises:
            NeverYielded: it was.
            OutOfTime: because the look takes too long.
        """
        outer, until = self._until, time.monotonic() + allowed(seconds)
        if outer == math.inf:
            self._has_bitten = False
        self._until = min(outer, until)
        try:
            yield
        except Exception:
            if not self._has_bitten:
                raise
        finally:
            # Whoever is about to bite has bitten after this.
            with self._lock:
                self._until = outer
        if self._has_bitten:
            allowed(0.0)
            raise NeverYielded(f"{NEVER_YIELDED}: the browser was ended after {seconds:.0f} s")

    def _watch(self) -> None:
        while not self._is_over.wait(LOOK_SECONDS):
            with suppress(OSError):
                for process in self._processes():
                    if _memory(process) > MEMORY_LIMIT:
                        _end(process)
            with self._lock:
                late = time.monotonic() - self._until
                if late > 0:
                    self._has_bitten = True
                    self.ended += 1
                    self._end_browser()
                if late > GRACE_SECONDS:
                    self.has_ended_driver = True
                    for process in self._driver:
                        _end(process)

    def _end_browser(self) -> None:
        for _ in range(ROUNDS):
            with suppress(OSError):
                found = self._processes()
                if not found:
                    return
                for process in found:
                    _end(process)
            time.sleep(0.02)

    def _processes(self) -> set[int]:
        """The browser's processes that there are: those that say so themselves, and what they started.

        Raises:
            OSError: too many files are open here for once, so that none can be seen.
        """
        parents: dict[int, int] = {}
        ours: set[int] = set()
        for folder in Path("/proc").iterdir():
            if not folder.name.isdecimal():
                continue
            number = int(folder.name)
            with _where_it_is_gone(), suppress(ValueError, IndexError):
                state, parent = (folder / "stat").read_bytes().rpartition(b")")[2].split()[:2]
                if state in (b"Z", b"X"):
                    continue
                parents[number] = int(parent)
            with _where_it_is_gone():
                if self._mark in (folder / "environ").read_bytes().split(b"\0"):
                    ours.add(number)
                    self._note_profile(folder)
        ours &= parents.keys()
        while found := {number for number, parent in parents.items() if parent in ours and number not in ours}:
            ours |= found
        return ours

    def _note_profile(self, folder: Path) -> None:
        for word in (folder / "cmdline").read_bytes().split(b"\0"):
            name, _, value = word.partition(b"=")
            path = Path(os.fsdecode(value))
            if name == b"--user-data-dir" and path.name.startswith(PROFILE) and path.parent == _temporary():
                self._profiles.add(path)


@contextmanager
def _where_it_is_gone() -> Iterator[None]:
    """What is read of a process that is gone, or of another user's, is left out; what we could not open is not."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.EMFILE, errno.ENFILE):
            raise


def _children() -> frozenset[int]:
    """What this thread has started, and still runs; none where the system does not tell."""
    try:
        return frozenset(map(int, Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text().split()))
    except (OSError, ValueError):
        return frozenset()


def _temporary() -> Path:
    return Path(tempfile.gettempdir())


def _memory(process: int) -> int:
    """Bytes that a process has to itself; none where it is gone."""
    try:
        _, resident, shared, *_ = Path(f"/proc/{process}/statm").read_text().split()
        return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0


def _end(process: int) -> None:
    with suppress(OSError):
        os.kill(process, signal.SIGKILL)
