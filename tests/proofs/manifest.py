"""All of a machine's state that can be listed, and what of it may change while somebody looks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lab.machine import Machine

SCRIPT = Path(__file__).with_name("manifest.sh")
Name = tuple[str, str]
Manifest = Mapping[Name, tuple[str, ...]]
"""By kind and name, all values."""
Cause = Literal["visit", "machine", "functional", "restore", "attack"]
"""Who changes it: our logging in and asking, the machine's own work meanwhile, or an active probe."""


@dataclass(frozen=True, slots=True)
class Exempt:
    """What may change.

    Attributes:
        kind: of the manifest; a regular expression, as all of them.
        name: what it is of.
        cause: who changes it.
        why: what that is, for docs/security.md.
    """

    kind: str
    name: str
    cause: Cause
    why: str

    def covers(self, one: Name) -> bool:
        """Whether a part of the manifest is one of these."""
        return bool(re.fullmatch(self.kind, one[0]) and re.fullmatch(self.name, one[1], re.DOTALL))


FILES = "file|content"
VOLUMES = "/var/lib/docker/volumes/zebu_"
EXEMPT = (
    Exempt(FILES, r"/var/log(/.*)?", "visit", "logs: a login, each use of sudo, and requests are recorded (`/var/log`, the journal)"),
    Exempt(FILES, r"/run/(utmp|sudo(/.*)?|systemd/(sessions|users|seats|inhibit|units|transient|journal|netif)(/.*)?)", "visit", "who is logged in, and sudo's times (`/run/utmp`, `/run/sudo`, `/run/systemd`)"),
    Exempt(FILES, r"/run/(user|log)(/.*)?", "visit", "the session's own folder (`/run/user`), and the journal's in memory"),
    Exempt(FILES, r"/run/motd\.dynamic", "visit", "the day's message, which PAM makes for each login"),
    Exempt(FILES, r"/home/[^/]+(/\.sudo_as_admin_successful)?", "visit", "sudo's mark in the home of who first uses it as a member of its group (`.sudo_as_admin_successful`)"),
    Exempt("unit(-file)?", r"(session-.*\.scope|user(-runtime-dir)?@\d+\.service|user-\d+\.slice|run-user-\d+\.mount)", "visit", "the session's own units"),
    Exempt("mount|file", r"/run/user/\d+", "visit", "the session's own folder (`/run/user`), and the journal's in memory"),
    Exempt("process", r"sshd|sudo|perl|sh|\(sd-pam\)|(/usr)?/lib/systemd/systemd(-user-runtime-dir)?|\(time-dir\)", "visit", "processes of the session, until it ends"),
    Exempt(FILES, r"/var/lib/fail2ban(/.*)?", "visit", "fail2ban's own database, which counts who logs in"),
    Exempt(FILES, r"/tmp(/runc-process\d+)?|/run/docker(/.*)?|/run/containerd(/.*)?|/var/lib/containerd(/.*)?|/var/lib/docker/containerd(/.*)?", "visit", "Docker's own notes of what was executed in a container, some of which pass through `/tmp`"),
    Exempt("unit(-file)?|mount", r"/?run[-/]docker[-/]runtime.*", "visit", "Docker's own notes of what was executed in a container, some of which pass through `/tmp`"),
    Exempt("table", r"public\.api_keys", "visit", "when the declared API key was last used, where the application keeps that"),
    Exempt("key", r"papertrade:.*", "visit", "what the application counts and caches in Redis when it is asked"),
    Exempt(FILES, rf"{VOLUMES}[a-z_-]*(db|postgres|pg)[a-z_-]*/.*", "machine", "the database's own files; what is in them is compared as tables, schema, roles and settings"),
    Exempt(FILES, rf"{VOLUMES}[a-z_-]*redis[a-z_-]*/.*", "machine", "Redis's own files; its keys are compared"),
    Exempt(FILES, r"/var/lib/docker/containers/.*", "machine", "logs and health of containers, which Docker keeps beside their configuration"),
    Exempt(FILES, r"/dev/(pts|shm/PostgreSQL\.\d+|ptmx|tty|null|zero|urandom|random|full|console|kmsg|fuse|net|net/tun).*|/dev", "machine", "devices are written to by who uses them"),
    Exempt("sysctl", r"fs\.(dentry-state|file-nr|inode-nr|inode-state|aio-nr|quota\..*)|kernel\.(random\..*|ns_last_pid|pty\.nr|rseq.*)|net\.netfilter\.nf_conntrack_count|vm\.stat.*|kernel\.sched_.*|net\..*\.(route\.flush|.*_count)", "machine", "counters of the kernel"),
    Exempt(FILES, r"/run/credentials(/.*)?", "machine", "timers' stamps, and what the services that they start are given"),
    Exempt(FILES, r"/run/systemd/(timers|ask-password)?(/.*)?|/run/systemd|/run|/var/lib/systemd/(timers|linger)(/.*)?|/run/lock(/.*)?", "machine", "timers' stamps, and what the services that they start are given"),
    Exempt(
        "file",
        r"/var/lib/docker/(containers|image/overlay2/layerdb/mounts|network/files/local-kv\.db|overlay2(/l|/[0-9a-f]+/committed)?|volumes(/metadata\.db)?)",
        "restore",
        "Docker's own books, in which the throwaway container and its volume came and went",
    ),
)  # fmt: skip
"""What may change, and why."""


def take(machine: Machine) -> Manifest:
    """A machine's state now."""
    return read(machine.run(["sh", "-s"], stdin=SCRIPT.read_bytes(), timeout=120).stdout)


def read(data: bytes) -> Manifest:
    """What the script said.

    Raises:
        ValueError: it is not what it says.
    """
    *records, rest = data.decode(errors="surrogateescape").split("\0")
    if rest:
        raise ValueError(f"the manifest breaks off: {rest[:200]}")
    found: dict[Name, list[str]] = {}
    for record in records:
        parts = record.split("\t", 2)
        if len(parts) != 3:
            raise ValueError(f"no record: {record[:200]}")
        found.setdefault((parts[0], parts[1]), []).append(parts[2])
    return {name: tuple(sorted(values)) for name, values in found.items()}


def differences(before: Manifest, after: Manifest, causes: Iterable[Cause] = ("visit", "machine")) -> list[str]:
    """What is otherwise, but for what may be, a line each."""
    may = [one for one in EXEMPT if one.cause in causes]
    return [
        f"{kind} {name}: {' + '.join(before.get((kind, name), ('-',)))} -> {' + '.join(after.get((kind, name), ('-',)))}"
        for kind, name in sorted(before.keys() | after.keys())
        if before.get((kind, name)) != after.get((kind, name)) and not any(one.covers((kind, name)) for one in may)
    ]
