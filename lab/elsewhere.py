"""What other systems say: each distribution is made, booted, put into states, and asked there what the suite asks.

`python -m lab.elsewhere SUITE [STATE ...]`, as root, renews the answers of `tests/judged/field/SUITE-STATE.json`. What must
come of them is written there by hand, from what the state's script does: it is never taken from what the suite says.
Debian's packages come from where apt has them from; for Ubuntu's, `--mirror` names a place.
"""

from __future__ import annotations

import argparse
import secrets
import sys
from collections.abc import Sequence
from urllib.parse import urlsplit

from msgspec.structs import replace

from lab import recordings
from lab.build import FILES, MIRROR, MMDEBSTRAP, Builder
from lab.machine import Machine
from lab.network import Network
from lab.place import Place
from lab.record import CLOCK
from lab.recordings import ATTESTATIONS, Case
from lab.shell import LabError, Progress, run
from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Said
from pytest_zebu.facts.fact import key_values
from pytest_zebu.gather.gathering import DENIED
from pytest_zebu.gather.ssh import REMOTE, request, unframe
from pytest_zebu.settings import Settings
from pytest_zebu.settings.sections import Host
from pytest_zebu.settings.target import Target

DEBIAN, UBUNTU = ("bullseye", "trixie"), ("jammy", "noble")
"""Debian 11 and 13, Ubuntu 22.04 and 24.04."""
PACKAGES = (
    "apt,systemd-sysv,dbus,libpam-systemd,openssh-server,sudo,perl,iproute2,procps,ca-certificates,cron,rsyslog,logrotate,"
    "unattended-upgrades,nftables,iptables,ufw,fail2ban,python3-systemd,postgresql,docker.io"
)
MORE = {"trixie": ",docker-cli,ubuntu-keyring"}
SCRIPTS = FILES / "elsewhere"
ANSWERS = {
    "ssh": ("sshd", "accounts"),
    "firewall": ("firewall",),
    "updates": ("updates",),
    "dump": ("jobs",),
    "guard": ("bruteforce",),
    "rotation": ("rotation", "jobs", "dockerd", "zebu.containers"),
    "docker": ("zebu.containers",),
    "storage": ("dockerd", "jobs"),
    "database": ("postgres.state",),
}
"""What is kept of a state, by the first word of its name."""
SHARED = {
    **dict.fromkeys(("rotation", "docker", "storage"), ("docker.sh",)),
    "database": ("docker.sh", "database.sh"),
}
OFFERED = "ssh@here methods"
SSH = "ssh -F none -o LogLevel=ERROR -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null deploy@127.0.0.1"
LOGIN, STRANGER = f"{SSH} -i /root/key", f"{SSH} -o PreferredAuthentications=none true 2>&1 || true"
SECONDS = 120
STAND_IN = "mirror.example.org"
"""What is written instead of the host that has the packages."""


def sources(suite: str, mirror: str) -> list[str]:
    """Where a system's packages come from.

    Raises:
        LabError: it is Ubuntu, and nobody says where its packages are.
    """
    if suite in DEBIAN:
        return [f"deb {MIRROR}/debian {suite} main", f"deb {MIRROR}/debian-security {suite}-security main"]
    if not mirror:
        raise LabError(f"{suite} is Ubuntu: --mirror names a place that has its packages")
    return [f"deb {mirror} {suite}{pocket} main universe" for pocket in ("", "-updates", "-security")]


def build(builder: Builder, suite: str, mirror: str) -> None:
    """Make a system's root file system, with today's lists of packages. Ubuntu's keys come from Debian 13."""
    root = builder.place.machines / suite
    if root.exists():
        return
    options = [f"--include={PACKAGES}{MORE.get(suite, '')}"]
    places = sources(suite, mirror)
    if suite in UBUNTU:
        build(builder, "trixie", mirror)
        options.append(f"--keyring={builder.place.machines}/trixie/usr/share/keyrings")
    new = root.with_suffix(".new")
    Machine(builder.place, builder.network, "vm").delete(new.name)
    run(["btrfs", "-q", "subvolume", "create", new])
    with builder.progress.step(f"built {suite}"):
        run([
            *MMDEBSTRAP, "--skip=cleanup/apt/lists", *options,
            f"--customize-hook=copy-in {FILES}/vm/etc/systemd/system/lab-cgroup.service /etc/systemd/system",
            f'--customize-hook=chroot "$1" sh < {SCRIPTS}/prepare.sh', suite, new, *places,
        ], timeout=1800)  # fmt: skip
    new.rename(root)


def ask(machine: Machine, names: Sequence[str]) -> dict[str, Said]:
    """The answers of a machine, asked through its own sshd and sudo as the product asks."""
    probes = [probe for fact in ALL.values() for probe in fact.probes if probe.name in names]
    nonce = secrets.token_hex(8)
    script = request(probes, nonce, Target(name="elsewhere", host=Host(), settings=Settings()), SECONDS)
    said = machine.run([*LOGIN.split(), REMOTE.format(enter="")], stdin=script, timeout=SECONDS).stdout
    found = {
        name: answer for name, answer in unframe(said, nonce).items() if name in names and isinstance(answer, Said)
    }
    if lacking := set(names) - found.keys():
        raise LabError(f"no answer: {', '.join(sorted(lacking))}")
    return found


def elsewhere(said: Said, places: Sequence[str]) -> Said:
    """An answer that does not tell where this machine's packages come from."""
    out = said.out
    for host in {urlsplit(place.split()[1]).hostname for place in places}:
        out = out.replace(str(host), STAND_IN)
    return replace(said, out=out)


def record(machine: Machine, suite: str, state: str, places: Sequence[str]) -> Case:
    """Boot, put into a state, ask: what is written of the case, with the answers of today."""
    subject = state.partition("-")[0]
    script = "\n".join((SCRIPTS / name).read_text() for name in (*SHARED.get(subject, ()), f"{state}.sh"))
    machine.kill()
    machine.start(suite)
    machine.shell("systemctl is-system-running --wait || true")
    machine.run(["env", f"LOGIN={LOGIN}", "sh", "-euc", script])
    answers = {name: elsewhere(said, places) for name, said in ask(machine, (*ANSWERS[subject], CLOCK)).items()}
    offered = DENIED.search(machine.shell(STRANGER)) if subject == "ssh" else None
    looks = {OFFERED: {"methods": offered[1].split(",")}} if offered else {}
    healthy = recordings.read_healthy()
    asked = {**recordings.questions(), OFFERED: healthy.fits[OFFERED]}
    empty = Case(f"field/{suite}-{state}", "", is_whole=False, files={ATTESTATIONS: ""})
    written = recordings.read(empty.path, healthy) if empty.path.exists() else empty
    fits = {name: asked[name] for name in (*answers, *looks)}
    time = float(key_values(answers[CLOCK].out)["time"])
    return replace(written, time=time, answers=answers, looks=looks, fits=fits)


def renew(suite: str, states: Sequence[str], mirror: str) -> None:
    """Renew the recordings of a system: all of them, or those of some states.

    Raises:
        LabError: a system cannot be made or asked; the text says why.
    """
    place = Place(Place.default().folder / "elsewhere")
    place.make()
    network = Network(place)
    builder, machine = Builder(place, network, Progress()), Machine(place, network, "vm")
    kept = sorted(path.stem.removeprefix(f"{suite}-") for path in recordings.JUDGED.glob(f"field/{suite}-*.json"))
    builder.mount()
    try:
        network.up()
        build(builder, suite, mirror)
        for state in states or kept:
            # Whole, not as what differs from the healthy lab: it must stand when that is recorded anew.
            word = (
                "recorded"
                if recordings.write(record(machine, suite, state, sources(suite, mirror)), None)
                else "as before"
            )
            builder.progress.say(f"{suite}-{state}: {word}")
    finally:
        machine.kill()
        network.down()
        builder.unmount()


def main() -> int:
    """The command: 0 where all was renewed."""
    parser = argparse.ArgumentParser(prog="python -m lab.elsewhere", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("suite", choices=[*DEBIAN, *UBUNTU])
    parser.add_argument("states", nargs="*", metavar="STATE")
    parser.add_argument("--mirror", default="", metavar="URL", help="where Ubuntu's packages are")
    options = parser.parse_args()
    try:
        renew(options.suite, options.states, options.mirror)
    except LabError as error:
        print(f"elsewhere: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
