"""The one connection to a host, carried by testinfra's ssh backend: a script in, bytes out, within a deadline."""

from __future__ import annotations

import re
import secrets
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from testinfra.backend.ssh import SshBackend

from pytest_zebu import redaction
from pytest_zebu.facts import scripts
from pytest_zebu.facts.answer import Reason, Said, Unknown, plain_text
from pytest_zebu.facts.fact import OWN_ANSWERS, Need, Probe
from pytest_zebu.gather.deadline import NEVER, Deadline
from pytest_zebu.settings.target import Target

if TYPE_CHECKING:
    from docker import APIClient

OUTPUT_LIMIT = 32 * 2**20
FORWARD_TRIES = 3
# sudo ends with 1 when it refuses, before it reads anything; the far side never ends with 1.
REMOTE = (
    'exec sh -c \'if [ "$(id -u)" = 0 ]; then exec {enter}perl - "$SSH_CONNECTION"; fi; '
    'sudo -n {enter}perl - "$SSH_CONNECTION" 2>/dev/null; s=$?; case $s in 1|127) exec perl - "$SSH_CONNECTION" ;; esac; exit $s\''
)
FRAME = re.compile(rb"([\w.:-]+) ([a-z-]+) (\d+) (\d+) (\d+) (\d+)\n")

COMPLAINTS = (
    (
        "REMOTE HOST IDENTIFICATION HAS CHANGED",
        "the host key has changed: compare it with the machine's own before you trust it (ssh-keygen -lf)",
    ),
    (
        "Host key verification failed",
        "the host key is not known: log in once with ssh and compare the fingerprint, or set known_hosts",
    ),
    (
        "No ED25519 host key is known",
        "the host key is not known: log in once with ssh and compare the fingerprint, or set known_hosts",
    ),
    ("Permission denied", "the key was refused: check user and identity, and that the key is authorized"),
    ("Too many authentication failures", "too many keys were offered: set identity"),
    ("Could not resolve hostname", "the name does not resolve"),
    ("Connection refused", "nothing answers on the ssh port"),
    ("timed out", "no answer in time"),
    ("No route to host", "there is no route to the host"),
    ("Network is unreachable", "the network is unreachable"),
    ("Bad configuration option", "the ssh configuration is wrong"),
    ("Connection closed", "the host closed the connection (banned, or MaxStartups reached)"),
    ("Connection reset", "the host reset the connection"),
    ("no such identity", "the identity file does not exist"),
)


@dataclass(frozen=True, slots=True)
class Refused(Exception):
    """The host could not be asked; the text says why and what helps."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Transfer:
    """What came back, and how ssh ended."""

    out: bytes
    err: str
    status: int
    timed_out: bool = False


def diagnose(complaint: str) -> str:
    """What ssh's complaint means, in a line."""
    for mark, meaning in COMPLAINTS:
        if mark.lower() in complaint.lower():
            return meaning
    lines = [line for line in plain_text(complaint).strip().splitlines() if line]
    return lines[-1][:200] if lines else "ssh ended without a word"


class Connection(SshBackend):  # type: ignore[misc]  # testinfra is untyped
    """One multiplexed connection to one host; closing it is the owner's business."""

    def __init__(self, target: Target, container: int | None = None) -> None:
        self.target = target
        # A Proxmox node knows its LXC containers by number.
        self.remote = REMOTE.format(enter=f"pct exec {container:d} -- " if container is not None else "")
        self._folder = tempfile.TemporaryDirectory(prefix="zebu-", dir="/tmp")
        self.folder = Path(self._folder.name)
        self.control_path = self.folder / "control"
        self.config = self.folder / "ssh_config"
        self.config.write_text(self._configuration())
        self.destination = target.host.address or target.name
        self.round_trips = 0
        super().__init__(self.destination, ssh_config=str(self.config), timeout=self._connect_timeout, controlpersist=0)

    @property
    def _connect_timeout(self) -> int:
        return int(max(1.0, min(10.0, self.target.settings.timeout)))

    def _configuration(self) -> str:
        """Ours first, since ssh takes the first value it finds; then what the user has."""
        host = self.target.host

        def quoted(path: Path) -> str:
            return '"' + str(path.expanduser().absolute()).replace('"', "") + '"'

        options: list[tuple[str, Any]] = [
            ("User", host.user),
            ("Port", host.port),
            ("IdentityFile", host.identity and quoted(host.identity)),
            ("IdentitiesOnly", host.identity and "yes"),
            ("UserKnownHostsFile", host.known_hosts and quoted(host.known_hosts)),
            ("ControlMaster", "auto"),
            ("ControlPath", self.control_path),
            ("ControlPersist", 60),
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
        theirs = [host.ssh_config] if host.ssh_config else [Path("~/.ssh/config"), Path("/etc/ssh/ssh_config")]
        lines += [f"Match all\n  Include {quoted(path)}" for path in theirs if path.expanduser().exists()]
        return "\n".join(lines) + "\n"

    @property
    def _ssh(self) -> list[str]:
        return ["ssh", "-F", str(self.config), "-E", str(self.folder / "log")]

    def transfer(self, script: bytes, deadline: float) -> Transfer:
        """Run the far side with a script on its standard input, for at most `deadline` seconds."""
        self.round_trips += 1
        process = subprocess.Popen(
            [*self._ssh, "--", self.destination, self.remote],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # the connection that stays open would hold a pipe open
        )
        assert process.stdin and process.stdout  # noqa: S101 (both are pipes)
        timer = threading.Timer(deadline, process.kill)
        timer.start()
        started = time.monotonic()
        feeder = threading.Thread(target=_feed, args=(process.stdin, script), daemon=True)
        feeder.start()
        try:
            out = process.stdout.read(OUTPUT_LIMIT)
            if len(out) >= OUTPUT_LIMIT:
                process.kill()
            status = process.wait()
        finally:
            timer.cancel()
            process.stdout.close()
        log = self.folder / "log"
        err = log.read_text(errors="replace") if log.exists() else ""
        return Transfer(out, err, status, timed_out=time.monotonic() - started >= deadline)

    @property
    def logins(self) -> int:
        """How often ssh really authenticated."""
        log = self.folder / "log"
        return log.read_text(errors="replace").count("Authenticated to ") if log.exists() else 0

    def ask(
        self, probes: Sequence[Probe], seconds: float | None = None, deadline: Deadline = NEVER
    ) -> dict[str, Said | Unknown]:
        """Ask everything in one round trip, within the seconds that the settings allow, or those given.

        Raises:
            Refused: the host cannot be reached, refuses us, or has no perl.
        """
        nonce = secrets.token_hex(8)
        allowed = deadline.limit(seconds or self.target.settings.timeout)
        longest = deadline.limit(allowed + 2 * self._connect_timeout)
        done = self.transfer(request(probes, nonce, self.target, allowed), longest)
        if f"ZEBU1 {nonce}\n".encode() not in done.out:
            if done.timed_out:
                raise Refused(f"no answer within {longest:.0f} s")
            if done.status == 255 or self.logins == 0:
                raise Refused(diagnose(done.err))
            if done.status == 127:
                raise Refused("the host has no perl (Debian's perl-base)")
            raise Refused(f"the far side did not start (status {done.status})")
        return unframe(done.out, nonce)

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
        """End the connection and remove what it left here."""
        if self.control_path.exists():
            subprocess.run(
                [*self._ssh, "-O", "exit", "--", self.destination],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=10, check=False,
            )  # fmt: skip
        self._folder.cleanup()


def _feed(pipe: Any, data: bytes) -> None:
    try:
        pipe.write(data)
        pipe.close()
    except (BrokenPipeError, ValueError):
        return


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


def request(probes: Sequence[Probe], nonce: str, target: Target, seconds: float) -> bytes:
    """The script for the far side: its program, and the probes behind it, each value with its length."""
    parts = [program(), b"\n__END__\n"]

    def put(key: str, value: str) -> None:
        data = value.encode()
        parts.append(f"{key} {len(data)}\n".encode() + data)

    put("nonce", nonce)
    for key, value in target.told.items():
        put(f"set_{key}", value)
    for probe in probes:
        put("probe", probe.name)
        put("script", probe.text)
        put("interpreter", probe.interpreter)
        put("timeout", f"{min(probe.timeout, seconds):g}")
        put("limit", str(probe.limit))
        for key, value in probe.environment.items():
            put(f"env_{key}", value)
        if probe.needs:
            put("needs", " ".join(need.name for need in probe.needs))
        for flag in ("root", "waits", "owner", "dotenv", "secrets", "code", "each"):
            if getattr(probe, flag):
                put(flag, "1")
    parts.append(b"GO 0\n")
    return b"".join(parts)


def unframe(data: bytes, nonce: str) -> dict[str, Said | Unknown]:
    """Take the answers out of the far side's frames. A stream cut short leaves the rest unknown.

    The login shell may print before the first frame; that is passed over.
    """
    start = f"ZEBU1 {nonce}\n".encode()
    position = data.index(start) + len(start)
    answers: dict[str, Said | Unknown] = {}
    end = f"END {nonce}\n".encode()
    while not data.startswith(end, position):
        frame = FRAME.match(data, position)
        if frame is None:
            break
        name, kind, status, took, out_length, err_length = frame.groups()
        position = frame.end()
        out = data[position : position + int(out_length)]
        position += int(out_length)
        err = data[position : position + int(err_length)]
        position += int(err_length)
        if position > len(data):
            break
        answers[name.decode()] = _answer(name.decode(), kind.decode(), int(status), int(took), out, err)
    return answers


def _answer(name: str, kind: str, status: int, took: int, out: bytes, err: bytes) -> Said | Unknown:
    match kind:
        case "done":
            return Said(status, plain_text(out), plain_text(err))
        case "timeout":
            return Unknown(Reason.TIMED_OUT, f"{name} after {took / 1000:.1f} s")
        case "truncated":
            return Unknown(Reason.GARBLED, f"{name} said more than its limit")
        case "needs-root":
            return Unknown(Reason.NO_PERMISSION, f"{name} needs root, and sudo -n was refused")
        case "missing":
            need, _, why = plain_text(err).partition(": ")
            known = Need.__members__.get(need)
            return Unknown(Reason.MISSING, why or (known.value if known else f"{name} needs {need}"))
        case _:
            return Unknown(Reason.GARBLED, f"{name}: unknown frame {kind!r}")


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
