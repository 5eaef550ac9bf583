"""Which programs ran on a machine, by the kernel's own account of every process that ended (acct(5))."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from lab.machine import Machine

RECORD = struct.Struct("<BBH6If8H16s")
ACCOUNT = "/run/account"
ON = f'my $path = "{ACCOUNT}"; syscall(163, $path) == 0 or die $!'  # acct(2) on x86-64
OFF = "syscall(163, 0) == 0 or die $!"


@dataclass(frozen=True, slots=True)
class Ran:
    """A process that ended: the name of its program (15 characters), as which user, and its place among the others."""

    name: str
    user: int
    pid: int
    parent: int


def records(data: bytes) -> list[Ran]:
    """What an account says (acct_v3, of which pad and times are left out)."""
    found = []
    for one in RECORD.iter_unpack(data):
        user, pid, parent, name = one[4], one[6], one[7], one[-1]
        found.append(Ran(name.partition(b"\0")[0].decode(errors="replace"), user, pid, parent))
    return found


def below(ran: list[Ran], name: str) -> list[Ran]:
    """Those that processes of a name started, and what these started."""
    children: dict[int, list[Ran]] = {}
    for one in ran:
        children.setdefault(one.parent, []).append(one)
    found: list[Ran] = []
    open_ = [one for one in ran if one.name == name]
    seen = {one.pid for one in open_}
    while open_:
        for child in children.get(open_.pop().pid, []):
            if child.pid not in seen:
                seen.add(child.pid)
                open_.append(child)
                found.append(child)
    return found


@contextmanager
def accounted(machine: Machine) -> Iterator[list[Ran]]:
    """Everything that ends on a machine meanwhile: to be read when it is over."""
    ran: list[Ran] = []
    machine.shell(f": > {ACCOUNT}; perl -e '{ON}'")
    try:
        yield ran
    finally:
        machine.shell(f"perl -e '{OFF}'")
        ran += records(machine.run(["cat", ACCOUNT]).stdout)
        machine.shell(f"rm {ACCOUNT}")
