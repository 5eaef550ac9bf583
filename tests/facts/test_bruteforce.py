"""What stops somebody who guesses."""

from __future__ import annotations

import pytest

from pytest_zebu.facts.answer import Reason
from pytest_zebu.settings.target import Target
from tests.facts.answers import AT, read, why

OUT = f"fail2ban=active enabled\nsshguard=inactive disabled\ncrowdsec=active disabled\njail=1\nlog=/var/log/auth log {AT - 60}\nlog=/gone 0\npenalties=\nnow={AT}\n"


def test_guards_and_what_they_read(target: Target) -> None:
    found = read("bruteforce", OUT, target)
    assert (found.running, found.not_at_boot) == (("fail2ban",), ("crowdsec",))
    assert found.logs == (("/var/log/auth log", 60), ("/gone", None))
    assert (found.has_jail, found.journal, found.penalties) == (True, False, "")


@pytest.mark.parametrize(("state", "running", "lame"), [
    ("active enabled", True, False), ("active static", False, True), ("active", False, True), ("inactive enabled", False, False), ("", False, False),
])  # fmt: skip
def test_a_guard_counts_where_it_runs_and_comes_back(state: str, running: bool, lame: bool, target: Target) -> None:
    found = read("bruteforce", f"sshguard={state}\nnow={AT}\n", target)
    assert (found.running == ("sshguard",), found.not_at_boot == ("sshguard",)) == (running, lame)


@pytest.mark.parametrize(
    ("more", "jail", "journal"),
    [("jail=0", False, False), ("jail=1\njournal=_SYSTEMD_UNIT=ssh.service", True, True), ("", False, False)],
)
def test_the_jail(more: str, jail: bool, journal: bool, target: Target) -> None:
    found = read("bruteforce", f"{more}\nnow={AT}\n", target)
    assert (found.has_jail, found.journal) == (jail, journal)


@pytest.mark.parametrize(("said", "penalties"), [("no", ""), ("", ""), ("crash:90 authfail:5", "crash:90 authfail:5")])
def test_penalties_of_sshd(said: str, penalties: str, target: Target) -> None:
    assert read("bruteforce", f"penalties={said}\nnow={AT}\n", target).penalties == penalties


def test_without_a_clock_it_is_garbled(target: Target) -> None:
    assert why("bruteforce", "fail2ban=active enabled\n", target) is Reason.GARBLED
