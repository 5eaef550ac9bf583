"""What stops somebody who guesses logins: fail2ban, sshguard, crowdsec, or sshd's own penalties."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_zebu.facts.answer import is_number, whole_number
from pytest_zebu.facts.fact import Fact, Gathered, Probe, key_values
from pytest_zebu.settings.target import Target

PROBE = Probe(
    "bruteforce",
    file="bruteforce.sh",
    root=True,
    timeout=12,
)
RECENT_SECONDS = 600


@dataclass(frozen=True, slots=True)
class BruteForce:
    """What is there against it.

    Attributes:
        running: the guards that run, enabled at boot.
        not_at_boot: those that run but would not come back.
        logs: the files that fail2ban's sshd jail reads, with their age in seconds (None: the file is not there).
        journal: whether the jail reads the journal instead.
        penalties: sshd's PerSourcePenalties (OpenSSH 9.8), empty where off or unknown to it.
    """

    running: tuple[str, ...]
    not_at_boot: tuple[str, ...]
    has_jail: bool
    logs: tuple[tuple[str, int | None], ...]
    journal: bool
    penalties: str


def parse(gathered: Gathered, target: Target) -> BruteForce:
    """From systemctl, fail2ban-client, stat and sshd -T."""
    out = gathered.said("bruteforce").out
    said = key_values(out)
    now = whole_number(said.get("now", ""), "the machine's time")
    running: list[str] = []
    lame: list[str] = []
    logs: list[tuple[str, int | None]] = []
    for unit in ("fail2ban", "sshguard", "crowdsec"):
        state = said.get(unit, "").split()
        if state[:1] == ["active"]:
            (running if state[1:] == ["enabled"] else lame).append(unit)
    for line in out.splitlines():
        if line.startswith("log="):
            file, _, written = line.removeprefix("log=").rpartition(" ")
            logs.append((file, now - int(written) if is_number(written) and written != "0" else None))
    penalties = said.get("penalties", "")
    return BruteForce(
        tuple(running),
        tuple(lame),
        said.get("jail") == "1",
        tuple(logs),
        "journal" in said,
        "" if penalties in ("no", "") else penalties,
    )


FACT = Fact("bruteforce", parse, (PROBE,))
