"""The one connection to a host, carried by testinfra's ssh backend: a script in, bytes out, within a deadline."""

from __future__ import annotations

import fcntl
import math
import os
import re
import secrets
import selectors
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from functools import cache, partial
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from testinfra.backend.ssh import SshBackend

from pytest_zebu import redaction
from pytest_zebu.facts import scripts
from pytest_zebu.facts.access import CHANGED_HOST_KEY, REFUSED_KEY, UNKNOWN_HOST_KEY
from pytest_zebu.facts.answer import Reason, Said, Unknown, plain_text
from pytest_zebu.facts.fact import OWN_ANSWERS, WITHIN, Need, Probe, key_values
from pytest_zebu.files import at_home
from pytest_zebu.gather.deadline import NEVER, NO_TIME, Deadline, aside, at_once
from pytest_zebu.gather.scratch import Scratch
from pytest_zebu.redaction import redacted
from pytest_zebu.settings.target import Target

if TYPE_CHECKING:
    from docker import APIClient

OUTPUT_LIMIT = 32 * 2**20
PREFACE_LIMIT = 2 * 2**20
"""Bytes that a login shell may say before the far side begins."""
COMPLAINT_LIMIT = 65_536
"""Bytes of ssh's log and of what is said on the standard error there."""
CHUNK = 65_536
PIPE_BYTES = 2**20
"""As much as Linux lets anybody have: the far side's program finds room in it."""
EFFORT, BEAT = "zebu.effort", "zebu.beat"
"""Frames in which the far side tells of itself: what all took, and that it is there."""
LONGEST_HEAD = 200
"""Bytes that a frame's first line may have."""
SLOWEST = 20.0
"""So many times as long as on a quiet machine an answer is waited for at most; far.pl knows the same."""
SHORT = Path("/", "tmp")
"""Where the control socket is: its path must be short (sun_path of unix(7))."""
SUDO_SECONDS = 10
"""For which sudo and doas may think, each."""
FORWARD_TRIES = 3
REMOTE = "perl -"
"""A single program without quotes: every login shell knows how to start it, also a restricted one."""
PRELUDE = b"#\n" * 16 + b"\n=pod\n\nexit 97\n\n=cut\n\n"
"""For perl, comments. Lines that a start-up file reads away are not missed; a shell that reads the rest as its own ends with 97."""
FRAME = rb"%s ([A-Za-z0-9_.:-]{1,100}) ([a-z-]{1,20}) ([0-9]{1,3}) ([0-9]{1,12}) ([0-9]{1,9}) ([0-9]{1,9})\n"
START, GO = b"START 0\n", b"GO 0\n"
"""With the first, which the way in says itself, the far side looks around; with the other, its request ends."""
CLOSED_AT_ONCE = 8
CLOSE_SECONDS = 10.0
END_SECONDS = 5.0
"""For which ssh may take to end when all is said."""
LEAVING_SECONDS = 0.5
"""The same, once its connection is ended."""
COMPLAINED = re.compile(r"timed out|refused|closed|reset|unreachable|No route|resolve|denied", re.IGNORECASE)
OURS = range(93, 99)
"""Statuses that the way in ends with itself."""
STATUSES = {
    93: "what runs there did not end",
    94: "the container cannot be entered",
    95: "what was sent did not arrive whole: a start-up file of the login (.profile, .bashrc) reads its standard input",
    97: "a start-up file of the login shell starts another shell (exec in .bashrc): let it do so for interactive shells only",
    98: "no process can be started there (ulimit -u, the control group's pids.max, memory)",
    126: "perl may not be run there",
    127: "the host has no perl (Debian's perl-base), or the login shell may not start it",
    137: "what we run there is killed (memory, limits of the login's session)",
    152: "what we run there is killed (a limit of processor time: ulimit -t)",
    153: "what we run there is killed (a limit of file sizes: ulimit -f)",
}
"""What the status of the way in means where nothing else tells."""

SFTP_STATUS = 11
"""With which OpenSSH's sftp-server ends, without a word, when what it hears is no sftp."""

CLOSED = "the host closed the connection"
HAS_EXPIRED = r"account (?:has )?expired"
EXPIRED = "the account has expired (chage -l USER)"

COMPLAINTS = (
    ("REMOTE HOST IDENTIFICATION HAS CHANGED", f"{CHANGED_HOST_KEY}: compare it with the machine's own before you trust it (ssh-keygen -lf)"),
    ("Host key verification failed", f"{UNKNOWN_HOST_KEY}: log in once with ssh and compare the fingerprint, or set known_hosts"),
    (r"No \S+ host key is known", f"{UNKNOWN_HOST_KEY}: log in once with ssh and compare the fingerprint, or set known_hosts"),
    (r"no such identity|not accessible: No such file", "the identity file does not exist"),
    (r"Load key .*(?:Permission denied|bad permissions)|UNPROTECTED PRIVATE KEY", "the identity file may not be read, or everybody may: chmod 600"),
    (r"Load key |error in libcrypto|incorrect passphrase", "the identity file holds no key that ssh can use without a passphrase: use ssh-agent"),
    (r"signing failed|agent refused operation", "the agent did not sign with the key: ssh-add -l"),
    ("Too many authentication failures", "too many keys were offered: set identity"),
    ("with partial success", "the key was accepted, but the host asks for more than a key (AuthenticationMethods): let this user in by key alone"),
    (r"Permission denied \([a-z0-9,-]*\)", f"{REFUSED_KEY}: check user and identity, and that the key is authorized"),
    (r"account has expired|Your account.*expired", "the account has expired (chage -l USER)"),
    (r"not allowed at this time", "the host lets nobody in at this time (MaxStartups, PerSourcePenalties): wait, or allow more"),
    (r"No user exists for uid|You don't exist", "ssh does not run for a user without a name: give the number an entry in /etc/passwd (docker run --user)"),
    ("Could not resolve hostname", "the name does not resolve"),
    ("Connection refused", "nothing answers on the ssh port"),
    (r"UNKNOWN port 65535|stdio forwarding failed|ProxyCommand|proxy dialer", "the way there ended (ProxyJump or ProxyCommand of the ssh configuration): try it by hand"),
    (r"banner exchange.*timed out|timed out during banner exchange", "the ssh port is open, but no ssh server speaks in time (overloaded, or a tarpit)"),
    (r"server .*not responding", "the connection went silent"),
    (r"connect to (?:host|address) .*timed out", "no answer in time"),
    ("timed out", "the connection timed out"),
    ("No route to host", "there is no route to the host"),
    ("Network is unreachable", "the network is unreachable"),
    (r"Bad configuration option|bad configuration options|Bad owner or permissions|no argument after keyword|unsupported option", "the ssh configuration is wrong: ssh -G HOST says where"),
    (r"too long for Unix domain socket|ControlPath too long", "the path of the control socket is too long"),
    (r"no matching (?:host key type|key exchange method|cipher|MAC)", "the host speaks only methods that this ssh refuses: renew its keys and its sshd (ssh -vv HOST)"),
    (r"bad packet length|Corrupted MAC|message authentication code incorrect|ssh_dispatch_run_fatal|Bad remote protocol|banner line|invalid format|Protocol major versions differ", "what answers on the ssh port is broken, or no ssh server"),
    (r"session open refused|request failed on channel|open failed|administratively prohibited", "the login was let in, but no program may be started (MaxSessions, limits of processes, a chroot without a shell)"),
    ("kex_exchange_identification|ssh_exchange_identification", "the host closed the connection at once (banned, MaxStartups reached, or tcp wrappers)"),
    ("Connection closed", "the host closed the connection (banned, MaxStartups reached, or the account is locked or expired)"),
    (r"Connection reset|Broken pipe|Connection to .* closed by remote host", "the host reset the connection"),
)  # fmt: skip
"""What ssh's complaints mean, the first that fits. Only what the server says of keys is a verdict on access; see facts/access.py."""

TALK = (
    (r"account is currently not available|nologin", "the login shell is nologin: give the user one (chsh -s /bin/sh USER)"),
    (HAS_EXPIRED, EXPIRED),
    (r"[Tt]oo many logins", "the account has too many logins at once (maxlogins of pam_limits): let some end, or allow more"),
    (r"password has expired|change your password|password change required|password.*expired", "the password has expired, and is asked for before anything runs (chage -l USER)"),
    (r"sftp connections only|sftp.only|allows sftp", "the host lets this user do sftp only (ForceCommand internal-sftp): let it run commands, or name another user"),
    (r"unrecognized command|does not provide shell access|What do you think I am|gitolite|Interactive git shell", "the login shell is git's: name a user who may run commands"),
    (r"\brrsync\b|does not run rsync|\brsync(?: error)?: ", "the key may only run rsync (command= in authorized_keys): authorize one of its own"),
    (r"\b(?:borg|restic|rclone)\b", "the key may only run a backup (command= in authorized_keys): authorize one of its own"),
    (r"[Pp]lease login as the user", "this user is not let in: name the one that the host says"),
    (r"must have a tty|not a tty|requires a (?:tty|terminal)|no tty|TTY", "what runs on login wants a terminal (ForceCommand, or a start-up file): let it do without"),
    (r"zsh: pod not found", STATUSES[97]),  # what stands behind a sign of equality is a program's name to it
    (r"\br(?:ba|k|mk|z)sh: |: restricted\b", "the login shell is restricted, and has no perl in its PATH: name a user with a plain shell"),
    (r"[Rr]esource temporarily unavailable|[Cc]annot fork|fork: |Cannot allocate memory", STATUSES[98]),
    (r"No space left on device|Disk quota exceeded|Read-only file system", "the host's disk is full, or may only be read: what runs on login fails"),
    (r"(?:^| )at - line \d|Execution of - aborted|Unrecognized character|Unmatched", STATUSES[95]),
    (r"Can't locate .* in @INC|perl: (?:error while loading|symbol)|version .* required--this is only|loadable library and perl binaries are mismatched", "perl is there, but broken: reinstall perl-base"),
    (r"error while loading shared libraries|Exec format error", "programs cannot be started there: the system is damaged"),
    (r"perl: (?:[Cc]ommand )?not found|Unknown command:? .?perl|command not found: perl|perl: inaccessible|perl: No such file", STATUSES[127]),
    (r"(?m)^/[^\s:]+: No such file or directory$", "the login shell does not exist there (a chroot without /bin/sh, or a wrong shell in passwd)"),
)  # fmt: skip
"""What means that which is said on the way in, in place of the far side, the first that fits."""


@dataclass(frozen=True, slots=True)
class Refused(Exception):
    """The host could not be asked; the text says why and what helps."""

    text: str

    def __str__(self) -> str:
        return self.text


class Transfer(Struct, frozen=True):
    """What came back, and how ssh ended.

    Attributes:
        err: what was said on the standard error there.
        log: what ssh said of the connection.
        seconds: how long it took.
    """

    out: bytes
    err: str = ""
    log: str = ""
    status: int = 0
    timed_out: bool = False
    seconds: float = 0.0


def diagnose(complaint: str) -> str:
    """What ssh's complaint means, in a line."""
    for pattern, meaning in COMPLAINTS:
        if re.search(pattern, complaint, re.IGNORECASE):
            return meaning
    return last_line(complaint) or "ssh ended without a word"


def kept_out(log: str, said: str) -> str:
    """Why nobody was let in: by ssh's log, and where the host only closes the connection, by what it says before (PAM's words)."""
    meaning = diagnose(log)
    if not meaning.startswith(CLOSED) or not (shown := last_line(said)):
        return meaning
    return f"{EXPIRED if re.search(HAS_EXPIRED, said) else meaning} (it says: {shown})"


def last_line(text: str) -> str:
    """What was said last, as far as it fits in a line and hides nothing."""
    lines = [line for line in redacted(plain_text(text)).strip().splitlines() if line.strip()]
    return lines[-1].strip()[:200] if lines else ""


def not_begun(done: Transfer) -> str:
    """Why the far side did not begin, though somebody was let in, in a line that says what helps."""
    said = (done.err + done.out[:COMPLAINT_LIMIT].decode(errors="replace"))[: 2 * COMPLAINT_LIMIT]
    if PRELUDE.strip() in done.out:
        return (
            "the host sends back what it is sent (ForceCommand, command= in authorized_keys): let the user run commands"
        )
    if len(done.out) >= PREFACE_LIMIT:
        return "the login shell talks without end before anything runs: look at its start-up files and at ForceCommand"
    shown = last_line(said)
    if done.timed_out:
        waits = "what runs on login waits or hangs (ForceCommand, start-up files, a full machine)"
        return f"logged in, but no answer within {done.seconds:.0f} s: {waits}"
    meaning = STATUSES.get(done.status, "")
    if done.status not in OURS:
        meaning = next((meaning for pattern, meaning in TALK if re.search(pattern, said)), meaning)
    if not meaning and done.status == 255:
        why = diagnose(done.log)
        if why.startswith("Authenticated to"):  # ssh has no word for a signal
            why = "what was started there was killed (limits of the login's session: ulimit -a; memory), or the way there was cut"
        return f"the connection ended before the first answer: {why}"
    if not meaning and not shown and done.status == SFTP_STATUS:
        meaning = (
            "the host lets this user do sftp only (ForceCommand sftp-server): let it run commands, or name another user"
        )
    if not meaning and not shown:
        meaning = f"the login shell ended without a word, with status {done.status} (false? a command of its own?)"
    if not meaning:
        meaning = f"something else runs there on login, and ended with status {done.status} (ForceCommand, command=)"
    return f"{meaning} (it says: {shown})" if shown else meaning


OPEN: set[Connection] = set()
"""The connections of this process that nobody has closed yet."""


def close_all() -> None:
    """Close what threads would still hold that nobody waits for any more."""
    at_once(Connection.close, [*OPEN], CLOSED_AT_ONCE)


class Connection(SshBackend):  # type: ignore[misc]  # testinfra is untyped
    """One multiplexed connection to one host; closing it is the owner's business.

    Attributes:
        called: ssh was started.
    """

    def __init__(self, target: Target, container: int | None = None) -> None:
        self.target = target
        # A Proxmox node knows its LXC containers by number.
        self.container = f"pct exec {container:d} --" if container is not None else ""
        self._scratch = Scratch("zebu-ssh-", SHORT)
        self._running: set[subprocess.Popen[bytes]] = set()
        self._leaving: set[subprocess.Popen[bytes]] = set()  # those that have said their last
        self.called = threading.Event()
        self._waiting: _Call | None = None
        OPEN.add(self)
        self.folder = self._scratch.path
        self.control_path = self.folder / "control"
        self.config = self.folder / "ssh_config"
        self.config.write_text(self._configuration())
        self.destination = target.host.address or target.name
        self.round_trips = 0
        self.effort: Mapping[str, str] = {}
        super().__init__(self.destination, ssh_config=str(self.config), timeout=self._connect_timeout, controlpersist=0)

    @property
    def _connect_timeout(self) -> int:
        return int(max(1.0, min(10.0, self.target.settings.timeout)))

    def _configuration(self) -> str:
        """Ours first, since ssh takes the first value it finds; then what the user has."""
        host = self.target.host

        def quoted(path: Path) -> str:
            return '"' + str(path.absolute()).replace('"', "") + '"'

        options: list[tuple[str, Any]] = [
            ("User", host.user),
            ("Port", host.port),
            ("IdentityFile", host.identity and quoted(at_home(host.identity))),
            ("IdentitiesOnly", host.identity and "yes"),
            ("UserKnownHostsFile", host.known_hosts and quoted(at_home(host.known_hosts))),
            ("ControlMaster", "auto"),
            ("ControlPath", self.control_path),
            ("ControlPersist", 60),
            ("Compression", "yes"),  # what is sent is text: a line that is slow or long is filled with a third of it
            ("BatchMode", "yes"),
            ("StrictHostKeyChecking", "yes"),
            ("ForwardAgent", "no"),
            ("ForwardX11", "no"),
            ("ClearAllForwardings", "yes"),
            ("ConnectTimeout", self._connect_timeout),
            ("ServerAliveInterval", 5),
            ("ServerAliveCountMax", 3),
            ("LogLevel", "VERBOSE"),
        ]
        lines = ["Match all", *(f"  {key} {value}" for key, value in options if value is not None)]
        for path in [host.ssh_config] if host.ssh_config else [Path("~/.ssh/config"), Path("/etc/ssh/ssh_config")]:
            with suppress(ValueError):  # who has no home has no configuration in it
                if at_home(path).exists():
                    lines.append(f"Match all\n  Include {quoted(at_home(path))}")
        return "\n".join(lines) + "\n"

    @property
    def _ssh(self) -> list[str]:
        return ["ssh", "-F", str(self.config), "-E", str(self.folder / "log")]

    def call(self) -> None:
        """Begin to log in, for what will be asked first: the far side begins, and waits there for questions. Nobody waits for it here."""
        if self._waiting is None and not self.called.is_set():
            with suppress(OSError):  # whoever asks is told
                nonce = secrets.token_hex(8)
                self._waiting = _Call(process := self._start(), nonce, _put(process, beginning(nonce, self.container)))

    def _start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [*self._ssh, "--", self.destination, REMOTE],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, process_group=0,
        )  # fmt: skip
        self._running.add(process)
        self.called.set()
        return process

    def transfer(
        self,
        sent: bytes,
        seconds: float,
        mark: bytes = b"",
        silence: float = math.inf,
        heard: Callable[[bytearray], bool] = lambda out: False,
        called: _Call | None = None,
    ) -> Transfer:
        """Run perl there with what is sent on its standard input, which stays open, for at most so many seconds.

        Once all is said nobody waits for ssh to end: sshd looks after a program that has ended only every tenth of a second.

        Args:
            sent: a program.
            seconds: after which ssh is ended.
            mark: with what the answer begins: nobody talks without end before it.
            silence: seconds after which ssh is ended if nothing comes, or not the mark in that time.
            heard: is told of all that has come by now, each time that more comes; it says whether that is all.
            called: where perl waits already, and has the beginning.
        """
        self.round_trips += 1
        log = self.folder / "log"
        started = time.monotonic()
        before = log.stat().st_size if called is None and log.exists() else 0
        process = called.process if called else self._start()
        ends = Deadline.after(seconds)
        patience, is_whole = 0.0, False
        try:
            said = _converse(process, sent, ends, mark, silence, heard)
            patience, is_whole = END_SECONDS if said.is_over else 0.0, said.is_whole
            took = time.monotonic() - started
        finally:
            if is_whole:
                self._leaving.add(process)
            self._running.discard(process)
            if not is_whole or _is_without_threads(aside(partial(self._let_end, process))):
                self._let_end(process, patience)
        status = 0 if is_whole else -signal.SIGKILL if process.returncode is None else process.returncode
        return Transfer(said.out, said.err.decode(errors="replace"), _tail(log, before), status, said.is_late, took)

    def _let_end(self, process: subprocess.Popen[bytes], patience: float = END_SECONDS) -> None:
        _end(process, patience)
        self._leaving.discard(process)

    def knock(self, options: Sequence[str], seconds: float) -> tuple[int, str]:
        """How ssh ends that opens a connection of its own, with these options, and what it complains of.

        Raises:
            subprocess.TimeoutExpired: it does not end in so many seconds.
        """
        flags = [word for option in options for word in ("-o", option)]
        process = subprocess.Popen(
            ["ssh", *flags, "-F", str(self.config), "--", self.destination, "true"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, process_group=0,
        )  # fmt: skip
        self._running.add(process)
        try:
            _, err = process.communicate(timeout=seconds)
        finally:
            _end(process, 0.0)
            self._running.discard(process)
        return process.returncode, err[:COMPLAINT_LIMIT].decode(errors="replace")

    @property
    def logins(self) -> int:
        """How often ssh really authenticated."""
        return _tail(self.folder / "log", 0).count("Authenticated to ")

    def ask(
        self,
        probes: Sequence[Probe],
        seconds: float | None = None,
        deadline: Deadline = NEVER,
        on_answer: Callable[[str, Said | Unknown], None] = lambda name, said: None,
    ) -> dict[str, Said | Unknown]:
        """Ask everything in one round trip, within the seconds that the settings allow, or those given.

        Each probe has an answer, or the reason why there is none. A machine that is busy with other work has longer, as far as
        the deadline, where there is one.

        Args:
            probes: what is asked.
            seconds: how long it may take on a machine that is not busy.
            deadline: of all.
            on_answer: is told of each answer as soon as it is there, in the thread that asks.

        Raises:
            Refused: the host cannot be reached, refuses us, or does not run what we ask.
        """
        called, self._waiting = self._waiting, None
        nonce = called.nonce if called else secrets.token_hex(8)
        allowed = seconds or self.target.settings.timeout
        quiet = deadline.limit(allowed + 2 * self._connect_timeout)
        there = max(quiet - self._connect_timeout, quiet / 2)
        stretched = 2 * self._connect_timeout + SLOWEST * allowed
        longest = deadline.limit(stretched) if math.isfinite(deadline.end) else quiet
        logins = 0 if called else self.logins
        mark = f"ZEBU1 {nonce}\n".encode()
        overall = max(there, longest - 2 * self._connect_timeout)
        asked = questions(probes, self.target, allowed, overall=there, longest=overall)
        found = Frames(nonce, on_answer)
        begun = called.unsent if called else beginning(nonce, self.container)
        done = self.transfer(begun + asked, longest, mark, quiet, found.read, called)
        if mark not in done.out:
            if self.logins > logins or (logins and done.status != 255):
                raise Refused(not_begun(done))
            if done.timed_out and not COMPLAINED.search(done.log):
                raise Refused(f"no answer within {done.seconds:.0f} s (overloaded, a tarpit, or a firewall that drops)")
            # Before ssh has a log it speaks on the standard error; afterwards others may stand there, such as a banner.
            raise Refused(kept_out(done.log, done.err) if done.log.strip() else diagnose(done.err))
        self.effort = found.effort
        return missing_answers(probes, found.answers, _why_cut(done, found, probes, deadline))

    @contextmanager
    def forward(self, host: str, port: int) -> Iterator[int | None]:
        """A port of this machine's loopback that leads where the host says, for as long as it is needed.

        It goes through the connection that stands; nothing where ssh opens none. A folder instead of a host holds the
        socket of a PostgreSQL.
        """
        there = f"{host}/.s.PGSQL.{port}" if host.startswith("/") else f"{f'[{host}]' if ':' in host else host}:{port}"
        local = None
        for _ in range(FORWARD_TRIES):  # somebody else may take the free port first
            with socket.create_server(("127.0.0.1", 0)) as free:
                chosen = int(free.getsockname()[1])
            if self._command_master("forward", f"127.0.0.1:{chosen}:{there}"):
                local = chosen
                break
        try:
            yield local
        finally:
            if local is not None:
                self._command_master("cancel", f"127.0.0.1:{local}:{there}")

    def docker(self, seconds: float) -> AbstractContextManager[APIClient]:
        """The host's Docker, for conversations of so many seconds, as root where sudo allows it.

        Raises:
            docker.errors.DockerException: no daemon answers.
        """
        from pytest_zebu.gather.engine import engine  # only drills need it

        return engine([*self._ssh, "--", self.destination], self.folder, seconds)

    def _command_master(self, what: str, forwarding: str) -> bool:
        # Our configuration clears forwardings, the user's own among them; this one is asked for.
        words = ["-o", "ClearAllForwardings=no", "-O", what, "-L", forwarding, "--", self.destination]
        try:
            done = subprocess.run(
                [*self._ssh, *words],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=10, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == 0

    def close(self) -> None:
        """End the connection and remove what it left here, whatever becomes of that: it ends by itself after a minute."""
        OPEN.discard(self)
        try:
            if self._waiting is not None:  # nothing was asked
                _end(self._waiting.process, 0.0)
                self._waiting = None
            for process in [*self._running]:  # a thread has it that nobody waits for any more
                _kill(process)
            if self.control_path.exists():
                subprocess.run(
                    [*self._ssh, "-O", "exit", "--", self.destination],
                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=CLOSE_SECONDS, check=False,
                )  # fmt: skip
            for process in [*self._leaving]:
                self._let_end(process, LEAVING_SECONDS)
        except (OSError, subprocess.SubprocessError):
            pass
        finally:
            self._scratch.remove()


class _Said(Struct, frozen=True):
    """What a program said.

    Attributes:
        is_over: whether it closed its output itself, or has no more to say.
        is_whole: whether it has no more to say.
        is_late: whether time ended first.
    """

    out: bytes
    err: bytes
    is_over: bool = False
    is_whole: bool = False
    is_late: bool = False


class _Call(Struct, frozen=True):
    """A host that was called, and was not asked yet.

    Attributes:
        nonce: which its answer will bear.
        unsent: what of the far side its pipe had no room for.
    """

    process: subprocess.Popen[bytes]
    nonce: str
    unsent: bytes


def _put(process: subprocess.Popen[bytes], sent: bytes) -> bytes:
    """Leave in a program's input, without waiting, what there is room for; what is left over."""
    assert process.stdin  # noqa: S101 (it is a pipe)
    pipe = process.stdin.fileno()
    with suppress(
        OSError, AttributeError
    ):  # it is smaller where this user has many already, and elsewhere than on Linux
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    os.set_blocking(pipe, False)
    at = 0
    with suppress(OSError):  # it is full, or ssh has ended: what that says, is heard by who asks
        while at < len(sent):
            at += os.write(pipe, sent[at : at + CHUNK])
    return sent[at:]


def _converse(
    process: subprocess.Popen[bytes],
    sent: bytes,
    ends: Deadline,
    mark: bytes,
    silence: float,
    heard: Callable[[bytearray], bool],
) -> _Said:
    """What a program says until that is all, or it closes its output, or time or room end; its input stays open that long."""
    assert process.stdin and process.stdout and process.stderr  # noqa: S101 (all are pipes)
    out, err, unsent = bytearray(), bytearray(), memoryview(sent)
    has_begun, is_whole = not mark, False
    for pipe in (process.stdin, process.stdout, process.stderr):
        os.set_blocking(pipe.fileno(), False)
    silent = Deadline.after(silence)
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdin, selectors.EVENT_WRITE)
        selector.register(process.stdout, selectors.EVENT_READ)
        selector.register(process.stderr, selectors.EVENT_READ)
        while (left := silent.limit(ends.left())) > 0:
            for key, _ in selector.select(left):
                if key.fileobj is process.stdin:
                    try:
                        unsent = unsent[os.write(key.fd, unsent[:CHUNK]) :]
                    except BlockingIOError:
                        continue
                    except OSError:
                        unsent = unsent[len(unsent) :]  # nobody reads it: what is said tells why
                    if not unsent:
                        selector.unregister(process.stdin)
                    continue
                try:
                    data = os.read(key.fd, CHUNK)
                except OSError:
                    data = b""
                if key.fileobj is process.stderr:
                    err += data[: COMPLAINT_LIMIT - len(err)]
                    if not data:
                        selector.unregister(process.stderr)
                    continue
                out += data
                if not has_begun and mark in out:
                    has_begun = True
                if has_begun:
                    silent = Deadline.after(silence)
                    is_whole = heard(out)
                is_echo = not has_begun and bool(mark) and PRELUDE.strip() in out
                if is_whole or not data or is_echo or len(out) >= (OUTPUT_LIMIT if has_begun else PREFACE_LIMIT):
                    # What was complained of last may still stand in the pipe; the connection that stays holds it open.
                    with suppress(OSError):
                        err += os.read(process.stderr.fileno(), COMPLAINT_LIMIT)
                    return _Said(
                        bytes(out), bytes(err[:COMPLAINT_LIMIT]), is_over=is_whole or not data, is_whole=is_whole
                    )
    return _Said(bytes(out), bytes(err), is_late=True)


def _end(process: subprocess.Popen[bytes], patience: float) -> None:
    """Let a program end that has said its last; if it does not, it is ended, with what it started."""
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        _kill(process)


def _is_without_threads(job: Future[None]) -> bool:
    return job.done() and isinstance(job.exception(), RuntimeError)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a program and what it started: with a word, and then without."""
    for how, seconds in ((signal.SIGTERM, 1.0), (signal.SIGKILL, END_SECONDS)):
        with suppress(OSError):
            os.killpg(process.pid, how)
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
            return


def _tail(path: Path, start: int) -> str:
    """What was written to a file behind a position, at most so much as anybody needs."""
    try:
        with path.open("rb") as file:
            file.seek(start)
            return file.read(COMPLAINT_LIMIT).decode(errors="replace")
    except OSError:
        return ""


def _why_cut(done: Transfer, found: Frames, probes: Sequence[Probe], deadline: Deadline) -> Unknown:
    """Why an answer is not there although others are."""
    count = f"{len(found.answers)} of {len(probes) + len(OWN_ANSWERS)} answers"
    if found.is_whole:
        return Unknown(Reason.GARBLED, "the answer was cut short")
    if done.timed_out:
        why = NO_TIME if deadline.left() == 0 else "no time left of --zebu-timeout"
        return Unknown(Reason.TIMED_OUT, f"{why}, after {count}")
    if len(done.out) >= OUTPUT_LIMIT:
        return Unknown(Reason.GARBLED, f"the host said more than {OUTPUT_LIMIT // 2**20} MiB, after {count}")
    known = [meaning for pattern, meaning in COMPLAINTS if re.search(pattern, done.log, re.IGNORECASE)]
    return Unknown(Reason.UNREACHABLE, f"the connection was cut after {count}" + (f": {known[0]}" if known else ""))


def program(patterns: str | None = None) -> bytes:
    """The far side's own program, in Perl.

    Args:
        patterns: of what is hidden, where that is not what the list says.
    """
    parts = (
        resources.files(__package__).joinpath(name).read_text(encoding="utf-8") for name in ("filter.pl", "far.pl")
    )
    listed = f"our $patterns = <<'PATTERNS';\n{redaction.listed() if patterns is None else patterns}PATTERNS"
    return "\n".join((scripts.text("json.pl"), listed, *parts)).encode()


def beginning(nonce: str, container: str = "") -> bytes:
    """The way in, with the far side in it; what it is asked comes behind. That it may start is the way's own to say."""
    given = {
        "container": container.encode(),
        "seconds": str(SUDO_SECONDS).encode(),
        "nonce": nonce.encode(),  # and not the mark itself: who sends back what is sent has not begun
        "script": _far_side(nonce),
    }
    way = resources.files(__package__).joinpath("enter.pl").read_bytes()
    return b"".join((PRELUDE, way, b"\n__END__\n", *(_entry(key, value) for key, value in given.items())))


def _far_side(nonce: str) -> bytes:
    return b"".join((program(), b"\n__END__\n", _entry("nonce", nonce.encode())))


def _entry(key: str, value: bytes) -> bytes:
    return f"{key} {len(value)}\n".encode() + value


def request(
    probes: Sequence[Probe],
    nonce: str,
    target: Target,
    seconds: float,
    *,
    overall: float | None = None,
    longest: float | None = None,
) -> bytes:
    """The far side with its questions, for a perl that nobody has to find a way to."""
    return b"".join((_far_side(nonce), START, questions(probes, target, seconds, overall=overall, longest=longest)))


def questions(
    probes: Sequence[Probe],
    target: Target,
    seconds: float,
    *,
    overall: float | None = None,
    longest: float | None = None,
) -> bytes:
    """What the far side is asked: the probes, each value with its length.

    Each probe may run for so many seconds at most; all of them together for `overall`, where that is given: then the end of
    the input ends it, too. These are seconds of a machine that has nothing else to do; on a busy one they are longer, and `longest`
    is the end of all.
    """
    parts: list[bytes] = []

    def put(key: str, value: str) -> None:
        parts.append(_entry(key, value.encode()))

    if overall is not None:
        put("seconds", str(math.ceil(overall)))
        put("longest", str(math.ceil(longest or overall)))
        put("attached", "1")
    for key, value in target.told.items():
        put(f"set_{key}", value)
    if any(probe.within for probe in probes):
        put("within", scripts.text(WITHIN))
    for probe in probes:
        put("probe", probe.name)
        put("script", probe.text)
        put("interpreter", probe.interpreter)
        put("timeout", f"{min(probe.timeout, seconds):g}")
        put("takes", f"{probe.takes:g}")
        put("limit", str(probe.limit))
        for key, value in probe.environment.items():
            put(f"env_{key}", value)
        if probe.within:
            put("program", probe.program)
            put("told", " ".join(probe.told))
        if probe.needs:
            put("needs", " ".join(need.name for need in probe.needs))
        for flag in ("root", "waits", "owner", "dotenv", "secrets", "code", "each", "kills", "spans"):
            if getattr(probe, flag):
                put(flag, "1")
    parts.append(GO)
    return b"".join(parts)


class Frames(Struct):
    """The far side's frames, taken out of what comes: every one that is whole, whatever stands around it.

    The login shell may print before the first frame. A frame begins with the nonce, which nothing that runs there is
    told; of two answers of the same name the first counts. Nothing is raised.

    Attributes:
        heard: is told of each answer as soon as it is there.
        answers: by name.
        is_whole: whether the far side said that this is all.
        effort: what it said at its end of what it took.
    """

    nonce: str
    heard: Callable[[str, Said | Unknown], None] = lambda name, said: None
    answers: dict[str, Said | Unknown] = field(default_factory=dict)
    is_whole: bool = False
    effort: Mapping[str, str] = field(default_factory=dict)
    _has_begun: bool = False
    _position: int = 0
    _looked: int = 0

    def read(self, data: bytes | bytearray) -> bool:
        """Take what is new in all that came by now, and say whether that was all."""
        if not self._has_begun:
            start = f"ZEBU1 {self.nonce}\n".encode()
            found = data.find(start, max(0, self._looked - len(start)))
            self._looked = len(data)
            if found < 0:
                return False
            self._has_begun, self._position = True, found + len(start)
            self._looked = self._position
        while self._take(data):
            pass
        return self.is_whole

    def _take(self, data: bytes | bytearray) -> bool:
        """The next frame, if it is there whole."""
        frame = self._frame.search(data, max(self._position, self._looked - LONGEST_HEAD))
        end = f"END {self.nonce}\n".encode()
        last = data.find(end, max(self._position, self._looked - len(end)), frame.start() if frame else len(data))
        if last >= 0:
            self.is_whole, self._position, self._looked = True, len(data), len(data)
            return False
        if frame is None:
            self._looked = len(data)
            return False
        self._looked = frame.start()
        name, kind, status, took, out_length, err_length = frame.groups()
        middle = frame.end() + int(out_length)
        if (past := middle + int(err_length)) > len(data):
            return False
        self._position = self._looked = past
        out, err = bytes(data[frame.end() : middle]), bytes(data[middle:past])
        self._hear(name.decode(), _answer(name.decode(), kind.decode(), int(status), int(took), out, err))
        return True

    def _hear(self, name: str, said: Said | Unknown) -> None:
        if name == EFFORT and isinstance(said, Said):
            self.effort = key_values(said.out)
        elif name not in (EFFORT, BEAT) and name not in self.answers:
            self.answers[name] = said
            self.heard(name, said)

    @property
    def _frame(self) -> re.Pattern[bytes]:
        return _frame_of(self.nonce)


@cache
def _frame_of(nonce: str) -> re.Pattern[bytes]:
    return re.compile(FRAME % re.escape(nonce.encode()))


def received(data: bytes, nonce: str) -> Frames:
    """The frames in what came."""
    found = Frames(nonce)
    found.read(data)
    return found


def unframe(data: bytes, nonce: str) -> dict[str, Said | Unknown]:
    """The answers in the far side's frames."""
    return received(data, nonce).answers


def _answer(name: str, kind: str, status: int, took: int, out: bytes, err: bytes) -> Said | Unknown:
    match kind:
        case "done" if lacked := LACKED.search(plain_text(err)):
            return Unknown(Reason.UNDECIDABLE, f"{name} could not be asked: {last_line(lacked[0])}")
        case "done":
            return Said(status, plain_text(out), plain_text(err))
        case "timeout":
            return Unknown(Reason.TIMED_OUT, f"{name} after {took / 1000:.1f} s")
        case "processor":
            return Unknown(Reason.TIMED_OUT, f"{name} after {took / 1000:.1f} s of the processor")
        case "truncated":
            return Unknown(Reason.GARBLED, f"{name} said more than its limit")
        case "needs-root":
            why = plain_text(err).strip() or "sudo -n was refused"
            return Unknown(Reason.NO_PERMISSION, f"{name} needs root, and {why}")
        case "late":
            return Unknown(Reason.TIMED_OUT, f"{name}: no time left of --zebu-timeout")
        case "failed":
            return Unknown(Reason.UNDECIDABLE, f"{name}: {plain_text(err).strip() or 'it could not be run'}")
        case "missing":
            need, _, why = plain_text(err).partition(": ")
            known = Need.__members__.get(need)
            if why in DOCKER:
                return DOCKER[why]
            return Unknown(Reason.MISSING, why or (known.value if known else f"{name} needs {need}"))
        case _:
            return Unknown(Reason.GARBLED, f"{name}: unknown frame {kind!r}")


DOCKER = {
    "docker refused": Unknown(
        Reason.NO_PERMISSION,
        "Docker is refused to the user: let `sudo -n` become root without a password, or add the user to the group docker",
    ),
    "docker absent": Unknown(
        Reason.NO_COMMAND, "docker is not installed on the machine, or not where its programs are"
    ),
    "docker down": Unknown(
        Reason.UNREACHABLE, "Docker's daemon does not answer on the machine: `systemctl status docker`"
    ),
    "docker late": Unknown(Reason.TIMED_OUT, "Docker's daemon does not list its containers: `systemctl status docker`"),
    "docker failed": Unknown(Reason.MISSING, Need.CONTAINERS.value),
}
"""Why nothing is known of containers, and what needs them: by the far side's word for it."""
LACKED = re.compile(
    r"^.*(?:No space left on device|Disk quota exceeded|Cannot fork|fork: |fork failed|Cannot allocate memory|Out of memory|"
    r"Too many open files|Resource temporarily unavailable|is paused, unpause|unable to start container process|"
    r"error while loading shared libraries).*$",
    re.MULTILINE,
)
"""Complaints of what the machine lacks: a program that had to do without it has not said how things are."""


def missing_answers(
    probes: Sequence[Probe], answers: dict[str, Said | Unknown], why: Unknown
) -> dict[str, Said | Unknown]:
    """The answers, with a reason for each that did not come."""
    wanted = [probe.name for probe in probes] + list(OWN_ANSWERS)
    return {name: answers.get(name, why) for name in wanted}


def lend(option: Any, connection: Callable[[], Connection]) -> None:
    """Give testinfra's `host` fixture our connection, unless the user named hosts of their own in its options."""
    if getattr(option, "hosts", None) or getattr(option, "ssh_config", None):
        return
    ours = connection()
    option.hosts = f"ssh://{ours.destination}"
    option.ssh_config = str(ours.config)
