"""`zebu lab`: the deployment in a box."""

from __future__ import annotations

import argparse
import os
import shutil

from lab.deployment import MACHINES, Lab, require_up
from lab.machine import ENVIRONMENT
from lab.real.deployment import RealLab
from lab.shell import LabError

ARRANGEMENTS: dict[str, type[Lab]] = {one.like: one for one in (Lab, RealLab)}


def present() -> Lab:
    """The lab as it is arranged; one that is down is the tidy one."""
    return ARRANGEMENTS.get(Lab().present, Lab)()


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Declare the commands on `zebu lab`'s parser."""
    commands = parser.add_subparsers(dest="lab_command", required=True, metavar="COMMAND")
    up = commands.add_parser(
        "up", help="build what is missing, boot, wait until https answers (installs Debian packages on this host)"
    )
    up.add_argument(
        "--like", choices=tuple(ARRANGEMENTS), default=Lab.like, help="tidy, or with the real project's habits"
    )
    commands.add_parser(
        "packages", help="install the Debian packages that this host lacks for the lab; `up` does it too"
    )
    commands.add_parser("build", help="build what is missing, and boot nothing; `up` does it too")
    down = commands.add_parser("down", help="end everything; leave no process, mount, namespace, loop device or cgroup")
    down.add_argument("--remove", action="store_true", help="also delete what was built")
    reset = commands.add_parser("reset", help="put machines back to the state that `up` left")
    reset.add_argument("machine", nargs="*", metavar="MACHINE", help=f"of {', '.join(MACHINES)} (default: vm)")
    commands.add_parser("status", help="what is up, and like what")
    record = commands.add_parser(
        "record", help="record what the proofs are judged from, for the offline replay: ITEM/NAME, or all anew"
    )
    record.add_argument("case", nargs="*", metavar="ITEM/NAME", help="a fault, or `healthy` (default: all)")
    inside = commands.add_parser("exec", help="run a command as root inside a machine: zebu lab exec vm -- docker ps")
    inside.add_argument("machine", choices=MACHINES)
    inside.add_argument("argv", nargs=argparse.REMAINDER, metavar="-- CMD")
    ssh = commands.add_parser("ssh", help="log in to the production machine, or run a command there")
    ssh.add_argument("argv", nargs=argparse.REMAINDER, metavar="[-- CMD]")
    host = commands.add_parser(
        "run", help="run a command of this host inside the lab's network: zebu lab run -- curl https://zebu.test"
    )
    host.add_argument("argv", nargs=argparse.REMAINDER, metavar="-- CMD")


def print_proofs() -> int:
    """The table of proofs; 1 if an item lacks one."""
    from rich.console import Console
    from rich.table import Column, Table

    from lab.proofs import declared

    rows = declared()
    table = Table(
        Column("item", no_wrap=True),
        "healthy",
        "made to fail by",
        "odd but right",
        "blinded",
        title="Proofs on the live lab",
    )
    for row in rows:
        cells = ("yes", ", ".join(row.faults), ", ".join(row.odd_but_right), ", ".join(row.blindings))
        table.add_row(row.item, *cells, style="" if row.is_whole else "red")
    console = Console()
    console.print(table)
    faults, odd = (sum(len(getattr(row, name)) for row in rows) for name in ("faults", "odd_but_right"))
    lacking = [row.item for row in rows if not row.is_whole]
    console.print(
        f"{len(rows)} items, {faults} faults, {odd} odd but right; without all proofs: {', '.join(lacking) or 'none'}"
    )
    return 1 if lacking else 0


def print_recorded(lab: Lab, cases: list[str]) -> int:
    """Record, and say what is otherwise than before; 1 if something could not be recorded."""
    from lab.record import record

    done = record(lab, cases, lambda text: print(text, flush=True))
    print(f"{len(done.changed)} changed, {len(done.troubles)} not recorded")
    for case_id, trouble in done.troubles.items():
        print(f"{case_id}: {trouble}")
    return 1 if done.troubles else 0


def _command(argv: list[str]) -> list[str]:
    words = argv[1:] if argv[:1] == ["--"] else argv
    if not words:
        raise LabError("no command given; write it after --")
    return words


def main(options: argparse.Namespace) -> int:
    """Carry out a command.

    Raises:
        LabError: it cannot be done; the message says why.
    """
    lab = present()
    match options.lab_command:
        case "up":
            ARRANGEMENTS[options.like]().up()
        case "packages":
            lab.install_packages()
        case "build":
            lab.build()
        case "down":
            lab.remove() if options.remove else lab.down()
        case "reset":
            if unknown := set(options.machine) - set(MACHINES):
                raise LabError(f"no such machine: {', '.join(sorted(unknown))}; there are {', '.join(MACHINES)}")
            require_up(lab).reset(options.machine or ["vm"])
        case "status":
            parts = lab.status()
            for name, word in parts.items():
                print(f"{name:8} {word}")
            return 0 if parts["lab"] == "up" else 3
        case "record":
            return print_recorded(require_up(lab), options.case)
        case "exec":
            command = require_up(lab).machines[options.machine].command(_command(options.argv))
            os.execvpe(command[0], command, ENVIRONMENT)
        case "ssh":
            words = options.argv[1:] if options.argv[:1] == ["--"] else options.argv
            config = lab.place.folder / "ssh_config"
            command = require_up(lab).inside_command([shutil.which("ssh") or "ssh", "-F", str(config), "vm", *words])
            os.execvpe(command[0], command, lab.environment())
        case "run":
            command = require_up(lab).inside_command(_command(options.argv))
            os.execvpe(command[0], command, lab.environment())
    return 0
