"""Many hosts on one machine: an sshd of our own on as many ports, behind each the recorded answers of the healthy lab.

    python -m benchmarks.hosts 32 dead refusing hanging

times one host and so many side by side, with and without workers. It needs root, and takes sshd from Debian's package where
none is installed; nothing is installed, and nothing is left.
"""

from __future__ import annotations

import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.plugins import ALONE, PLUGINS
from lab.recordings import read_healthy
from pytest_zebu.facts.answer import Said
from pytest_zebu.facts.fact import key_values

MOST_PORTS = 16
"""That one sshd listens on (its MAX_LISTEN_SOCKS): more ports are served by more of them."""
NONCE = "0" * 16
"""Stands for the word with which a request marks its answers."""
PACKAGES = ("openssh-server", "libwrap0")
UNUSUAL = ("PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE")
REPLAY = """#!/usr/bin/perl
use strict; use warnings;
binmode STDIN; binmode STDOUT;
my $asked = '';
while (length $asked < 5 || substr($asked, -5) ne "GO 0\\n") { sysread(STDIN, $asked, 65536, length $asked) or exit 0 }
my ($nonce) = $asked =~ /nonce 16\\n([0-9a-f]{16})script [0-9]+\\n/ or exit 1;
open my $file, '<:raw', 'ANSWER' or die;
local $/; my $answer = <$file>;
$answer =~ s/0{16}/$nonce/g;
print $answer;
"""
SSHD = """{ports}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
PidFile none
AuthorizedKeysFile {folder}/authorized_keys
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
MaxStartups 1000
MaxSessions 1000
ForceCommand {folder}/replay.pl
"""
HANGING = """
import signal, socket, sys
with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128):
    print("up", flush=True)
    signal.pause()
"""
"""Behind this port nobody ever says anything."""
LOGINS = """
folder=$1; shift; tries=
for port; do
  ssh -F none -n -o BatchMode=yes -o IdentitiesOnly=yes -i "$folder/key" -o UserKnownHostsFile="$folder/known_hosts" -p "$port" root@127.0.0.1 true &
  tries="$tries $!"
done
for try in $tries; do wait "$try" || exit; done
"""
START = """
set -e
sed -e '/^sshd:/d' -e "s#^root:.*#root:x:0:0::$1:/bin/sh#" /etc/passwd > "$1/passwd"
echo 'sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin' >> "$1/passwd"
mount --bind "$1/passwd" /etc/passwd
mount -t tmpfs tmpfs /run
mkdir -m 755 /run/sshd
exec "$2" -D -e -f "$3"
"""
"""In a mount namespace of its own: an sshd that runs as root wants an account and a folder, which this machine may lack.

Who logs in gets a plain shell and an empty home: what bash reads on this machine may take longer than all else there.
"""


@dataclass(frozen=True, slots=True)
class Hosts:
    """Hosts that can be judged.

    Attributes:
        config: the settings.
        names: of the hosts that answer.
        odd: of those that do not.
        folder: where runs may write.
        inside: what runs a program where they are: in a network of their own, where nobody else answers, late or never.
        logins: what does nothing but log in at all that answer, at once, and log out again: no suite can be faster.
    """

    config: Path
    names: tuple[str, ...]
    odd: tuple[str, ...]
    folder: Path
    inside: tuple[str, ...]
    logins: tuple[str, ...]


def answer() -> bytes:
    """What the healthy lab answered, as its far side writes it, told now."""
    parts = [f"ZEBU1 {NONCE}\n".encode()]
    for name, one in read_healthy().answers.items():
        if not isinstance(one, Said):
            continue
        out = one.out
        if name == "zebu.host":
            out = out.replace(f"time={key_values(out).get('time', '')}", f"time={int(time.time())}")
        said, complained = out.encode(), one.err.encode()
        parts.append(f"{NONCE} {name} done {one.status} 10 {len(said)} {len(complained)}\n".encode())
        parts += [said, complained]
    return b"".join([*parts, f"END {NONCE}\n".encode()])


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on."""
    with ExitStack() as stack:
        opened = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [int(one.getsockname()[1]) for one in opened]


def sshd_of_debian(folder: Path) -> tuple[str, dict[str, str]]:
    """An sshd, and what it is started with: the installed one, else Debian's, unpacked into a folder."""
    found = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found:
        return found, {}
    subprocess.run(["apt-get", "-q", "download", *PACKAGES], cwd=folder, check=True, capture_output=True)
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", package, folder / "debian"], check=True)
    libraries = {str(path.parent) for path in (folder / "debian").rglob("*.so.*")}
    return str(folder / "debian/usr/sbin/sshd"), {"LD_LIBRARY_PATH": ":".join(sorted(libraries))}


def _key(path: Path) -> str:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", path], check=True)
    return path.with_suffix(".pub").read_text()


@contextmanager
def staying(command: Sequence[str]) -> Iterator[int]:
    """A program that says a line when it is ready, and is ended then.

    Yields:
        Its process.
    """
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        try:
            if process.stdout is None or not process.stdout.readline():
                raise RuntimeError(f"it did not get ready: {' '.join(command)}")
            yield process.pid
        finally:
            process.terminate()


@contextmanager
def network() -> Iterator[tuple[str, ...]]:
    """A network of this machine alone.

    Yields:
        What runs a program in it.
    """
    with staying(["unshare", "--net", "sh", "-c", "ip link set lo up && echo up && exec sleep infinity"]) as process:
        yield ("nsenter", f"--net=/proc/{process}/ns/net", "--")


@contextmanager
def running(
    sshd: str, environment: dict[str, str], folder: Path, ports: Sequence[int], inside: Sequence[str]
) -> Iterator[None]:
    """An sshd on these ports, from when it answers until it is ended."""
    config = folder / f"sshd_config-{ports[0]}"
    config.write_text(SSHD.format(ports="\n".join(f"Port {port}" for port in ports), folder=folder))
    log_file = config.with_suffix(".log")
    with log_file.open("w") as log:
        process = subprocess.Popen(
            [*inside, "unshare", "--mount", "sh", "-c", START, "sh", folder, sshd, config],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **environment},
        )  # fmt: skip
    try:
        for _ in range(200):
            if process.poll() is not None:
                raise RuntimeError(f"no sshd: {log_file.read_text()[-2000:]}")
            if f"port {ports[-1]}." in log_file.read_text():
                break
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def hosts(count: int, odd: Sequence[str] = ()) -> Iterator[Hosts]:
    """So many hosts with the recorded answers of the healthy lab.

    Args:
        count: of those that answer.
        odd: beside them: `dead` (nothing listens), `refusing` (the key is not let in), `hanging` (it connects, and says nothing).
    """
    with tempfile.TemporaryDirectory(prefix="zebu-hosts-") as name, ExitStack() as stack:
        folder, inside = Path(name), stack.enter_context(network())
        ports = free_ports(count + len(odd))
        answering = [port for port, kind in zip(ports, [""] * count + [*odd], strict=True) if kind in ("", "refusing")]
        (folder / "authorized_keys").write_text(_key(folder / "key"))
        _key(folder / "stranger")
        host_key = _key(folder / "host_key")
        (folder / "known_hosts").write_text("".join(f"[127.0.0.1]:{port} {host_key}" for port in ports))
        (folder / "answer").write_bytes(answer())
        replay = folder / "replay.pl"
        replay.write_text(REPLAY.replace("ANSWER", str(folder / "answer")))
        replay.chmod(0o755)
        names = [f"host{number:02}" for number in range(1, count + 1)] + list(odd)
        tables = [
            f'[hosts.{one}]\naddress = "127.0.0.1"\nport = {port}\nuser = "root"\n'
            f'identity = "{folder}/{"stranger" if one == "refusing" else "key"}"\nknown_hosts = "{folder}/known_hosts"\n'
            for one, port in zip(names, ports, strict=True)
        ]
        config = folder / "zebu.toml"
        config.write_text("\n".join(tables))
        for one, port in zip(names, ports, strict=True):
            if one == "hanging":
                stack.enter_context(staying([*inside, sys.executable, "-c", HANGING, str(port)]))
        sshd, environment = sshd_of_debian(folder)
        for first in range(0, len(answering), MOST_PORTS):
            stack.enter_context(running(sshd, environment, folder, answering[first : first + MOST_PORTS], inside))
        logins = (*inside, "sh", "-c", LOGINS, "sh", str(folder), *(str(port) for port in ports[:count]))
        yield Hosts(config, tuple(names[:count]), tuple(names[count:]), folder, inside, logins)


def timed(
    found: Hosts, names: Sequence[str], options: Sequence[str] = ()
) -> tuple[float, float, subprocess.CompletedProcess[str]]:
    """Seconds by the clock and of the processor that one run over hosts takes, and what it said."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    command = [
        *found.inside, sys.executable, "-m", "pytest", *PLUGINS, "-q", "-p", "no:cacheprovider", f"--rootdir={found.folder}",
        "--noconftest", f"--zebu-config={found.config}", f"--zebu-host={','.join(names)}", *options,
    ]  # fmt: skip
    # As people run it: a container of a development machine lets Python write each letter by itself, and keep no bytecode.
    environment = {key: value for key, value in os.environ.items() if key not in UNUSUAL} | ALONE
    done = subprocess.run(command, cwd=found.folder, env=environment, capture_output=True, text=True, check=False)
    took = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done


def main() -> None:
    """Time one, then all."""
    count, odd = int(sys.argv[1]) if len(sys.argv) > 1 else 32, sys.argv[2:]
    with hosts(count, odd) as found:
        alone, work, done = timed(found, found.names[:1])
        print(f"1 host: {alone:.1f} s, {work:.1f} s of the processor")
        for options in ((), ("-n", "2")):
            took, work, done = timed(found, [*found.names, *found.odd], options)
            said = " ".join(options) or "one process"
            print(
                f"{count + len(odd)} hosts, {said}: {took:.1f} s ({took / alone:.1f} x), {work:.1f} s of the processor"
            )
            print("\n".join(line for line in done.stdout.splitlines() if line.startswith("zebu:")))


if __name__ == "__main__":
    main()
