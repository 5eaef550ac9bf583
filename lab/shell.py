"""Running commands, and saying what goes on."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

MARK = "ZEBU_LAB_MARK"
"""The variable by which what a lab started is known, also when whoever started it was killed."""


class LabError(Exception):
    """The lab cannot do what was asked; the message says why, and what helps."""


@contextmanager
def marked(token: str) -> Iterator[None]:
    """Whatever is started meanwhile, and whatever that starts, bears a token."""
    before = os.environ.get(MARK)
    os.environ[MARK] = token
    try:
        yield
    finally:
        del os.environ[MARK]
        if before is not None:
            os.environ[MARK] = before


def bearing(token: str) -> set[int]:
    """The living processes that bear a token, but for this one and those that it was started by."""
    own, pid = set(), os.getpid()
    while pid:
        own.add(pid)
        pid = _parent(pid)
    found = set()
    for proc in Path("/proc").glob("[0-9]*"):
        try:
            words = (proc / "environ").read_bytes().split(b"\0")
        except OSError:  # it has ended, or is the kernel's
            continue
        if f"{MARK}={token}".encode() in words and lives(int(proc.name)):
            found.add(int(proc.name))
    return found - own


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def end_all(token: str) -> set[int]:
    """Send SIGKILL to whoever bears a token; who still did."""
    left = bearing(token)
    for pid in left:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return left


def run(
    argv: Sequence[str | Path],
    *,
    stdin: bytes | None = None,
    timeout: float = 600,
    check: bool = True,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    log: Path | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Run a command and keep what it says; with `log`, its output goes to that file instead.

    Raises:
        LabError: it failed (with `check`), was not found or took longer than `timeout` seconds;
            the command is quoted, ready to paste.
    """
    words = [str(word) for word in argv]
    shown = shlex.join(words)
    if env is not None and MARK in os.environ:
        env = {**env, MARK: os.environ[MARK]}
    try:
        if log is None:
            done = subprocess.run(
                words, input=stdin, capture_output=True, timeout=timeout, env=env, cwd=cwd, check=False
            )
        else:
            with log.open("wb") as file:
                done = subprocess.run(
                    words,
                    input=stdin,
                    stdout=file,
                    stderr=subprocess.STDOUT,
                    timeout=timeout,
                    env=env,
                    cwd=cwd,
                    check=False,
                )
    except FileNotFoundError:
        raise LabError(f"not found: {words[0]} (wanted by: {shown})") from None
    except subprocess.TimeoutExpired:
        raise LabError(f"took longer than {timeout:.0f} s: {shown}") from None
    if check and done.returncode != 0:
        said = log.read_bytes() if log else done.stderr or done.stdout
        tail = said.decode(errors="replace").strip()[-2000:]
        raise LabError(f"exit status {done.returncode}: {shown}\n{tail}")
    return done


def spawn(argv: Sequence[str | Path], log: Path, **env: str) -> int:
    """Start a program that outlives this process, in a session of its own; its pid."""
    words = [str(word) for word in argv]
    program = shutil.which(words[0])
    if program is None:
        raise LabError(f"not found: {words[0]}")
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    return os.posix_spawn(program, words, {**os.environ, **env}, file_actions=actions, setsid=True)


def lives(pid: int) -> bool:
    """Whether a process runs; one that ended and was not waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in ("Z", "X")


def output(argv: Sequence[str | Path], **options: object) -> str:
    """What a command says on standard output, stripped."""
    return run(argv, **options).stdout.decode(errors="replace").strip()  # type: ignore[arg-type]


class Progress:
    """Timed lines on standard error: what is done, and how long it took."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def say(self, text: str) -> None:
        """One line, with the seconds since the start."""
        print(f"[{time.monotonic() - self._start:6.1f} s] {text}", file=sys.stderr, flush=True)

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        """A step: said when it is done, with its own duration."""
        began = time.monotonic()
        yield
        self.say(f"{text} ({time.monotonic() - began:.1f} s)")
