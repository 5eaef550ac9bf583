"""What stops somebody who guesses."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from pytest_zebu.facts.answer import Reason
from pytest_zebu.facts.bruteforce import ALL_PORTS, Action, BruteForce, Guard, Log, Server, is_everybody
from pytest_zebu.settings.target import Target
from tests.facts.answers import AT, read, why

STATES = "@guard fail2ban active enabled\n@guard sshguard inactive disabled\n@guard crowdsec active disabled\n@guard crowdsec-firewall-bouncer inactive %\n@guard denyhosts inactive %\n"
JAIL = f"""@jails 2
@jail sshd 7 1 5 600 -1
@sees jail:sshd file /var/log/auth%20log {AT - 60} 1
@sees jail:sshd file /gone - ?
@sees jail:sshd journal _COMM%3Dsshd - 0
@ignores jail:sshd 10.0.0.0/8
@ignores jail:sshd command
@action jail:sshd filter 22-22,2200-2210 input
@kept jail:sshd 1 1
"""
OUT = f"{STATES}@sshd 22,2222 INFO none no\n{JAIL}@tried 12 198.51.100.7\n@now {AT}\n"


def asked(out: str, target: Target) -> BruteForce:
    found: BruteForce = read("bruteforce", out, target)
    return found


def test_guards_and_what_they_read(target: Target) -> None:
    found = asked(OUT, target)
    assert (found.running, found.not_at_boot, found.others) == (("fail2ban",), ("crowdsec",), ())
    (jail,) = found.guards
    assert jail.sees == (
        Log("/var/log/auth log", False, 60, True),
        Log("/gone", False, None, None),
        Log("_COMM=sshd", True, None, False),
    )
    assert (jail.name, jail.ignores, jail.ignores_by_program) == ("fail2ban's jail sshd", ("10.0.0.0/8",), True)
    assert jail.actions == (Action("filter", ((22, 22), (2200, 2210)), "input"),)
    assert (jail.limits, jail.failed, jail.banned, jail.kept) == ((5, 600, -1), 7, 1, (1, 1))
    assert (found.servers, found.tried) == ((Server((22, 2222)),), {"198.51.100.7": 12})
    assert (tuple(jail.faults(found.tried)), tuple(jail.doubts)) == ((), ())
    assert (found.unpunished, found.unguarded([jail])) == ((22, 2222), (2222,))


@pytest.mark.parametrize(("state", "running", "lame"), [
    ("active enabled", True, False), ("active static", False, True), ("active %", False, True), ("inactive enabled", False, False), ("active enabled-runtime", False, True),
])  # fmt: skip
def test_a_guard_counts_where_it_runs_and_comes_back(state: str, running: bool, lame: bool, target: Target) -> None:
    found = asked(f"@guard sshguard {state}\n@now {AT}\n", target)
    assert (found.running == ("sshguard",), found.not_at_boot == ("sshguard",)) == (running, lame)
    assert bool(found.guards) is running


@pytest.mark.parametrize(
    ("said", "punishes"),
    [
        ("none no", False),
        ("none crash:90 authfail:5", True),
        ("none crash:90 authfail:0", False),
        ("none crash:90 authfail:0s", False),
        ("10.0.0.0/8%2C192.0.2.1 crash:90 authfail:5", True),
        ("0.0.0.0/0 crash:90 authfail:5", False),
    ],
)
def test_penalties_of_sshd(said: str, punishes: bool, target: Target) -> None:
    (server,) = asked(f"@sshd 22 INFO {said}\n@now {AT}\n", target).servers
    assert server.punishes is punishes


def test_without_a_clock_it_is_garbled(target: Target) -> None:
    assert why("bruteforce", "@guard fail2ban active enabled\n", target) is Reason.GARBLED


def test_jails_that_could_not_be_listed_are_no_empty_list(target: Target) -> None:
    (guard,) = asked(f"@guard fail2ban active enabled\n@now {AT}\n", target).guards
    assert "its jails could not be listed" in tuple(guard.doubts)
    assert asked(f"@guard fail2ban active enabled\n@jails 0\n@now {AT}\n", target).guards == ()


FILE, JOURNAL = Log("/var/log/auth.log", False, 60, True), Log("", True, None, True)
BANS = Action("filter", ((22, 22),), "input")
ACTS = Guard("fail2ban's jail sshd", (FILE,), actions=(BANS,), limits=(5, 600, 600), failed=0, banned=0)


@pytest.mark.parametrize(("log", "fault", "doubt"), [
    (FILE, "", ""), (JOURNAL, "", ""), (replace(FILE, age=None), "does not exist", ""), (replace(FILE, age=601, has_ours=None), "nobody wrote to", ""),
    (replace(FILE, age=600, has_ours=None), "", ""), (replace(FILE, age=601), "", ""), (replace(FILE, has_ours=False), "", "our own login of a moment ago is not"),
    (replace(JOURNAL, has_ours=False), "is not among", ""), (replace(JOURNAL, has_ours=None), "", "was not seen"),
])  # fmt: skip
def test_the_right_log_has_our_own_login(log: Log, fault: str, doubt: str) -> None:
    assert (fault in log.fault, bool(log.fault)) == (True, bool(fault))
    guard = replace(ACTS, sees=(log,))
    assert (list(guard.faults({})), list(guard.doubts)) == ([log.fault] if fault else [], [log.doubt] if doubt else [])
    assert doubt in log.doubt
    # One that is right is enough.
    both = replace(ACTS, sees=(log, FILE))
    assert (list(both.faults({})), list(both.doubts)) == ([], [])


@pytest.mark.parametrize(("action", "fault", "doubt"), [
    (BANS, "", ""), (Action("host", None, "input"), "", ""), (Action("host", ALL_PORTS, "input"), "", ""), (Action("mail", ALL_PORTS, "input"), "bans none", ""), (Action("none", None, "?"), "bans none", ""),
    (Action("filter", ((22, 22),), "docker-user"), "do not pass", ""), (Action("filter", ((22, 22),), "forward"), "do not pass", ""), (Action("filter", ((22, 22),), "my-chain"), "", "is not known"),
    (Action("?", ALL_PORTS, "input"), "", "not understood"), (Action("filter", ALL_PORTS, "?"), "", "does not tell"), (Action("filter", None, "prerouting"), "", "not understood"),
])  # fmt: skip
def test_an_action_bans_where_packets_to_sshd_pass(action: Action, fault: str, doubt: str) -> None:
    guard = replace(ACTS, actions=(action,))
    assert (list(guard.faults({})), list(guard.doubts)) == (
        [action.fault] if fault else [],
        [action.doubt] if doubt else [],
    )
    assert (fault in action.fault, doubt in action.doubt) == (True, True)
    beside = replace(ACTS, actions=(Action("mail", ALL_PORTS, "input"), action, BANS))
    assert (list(beside.faults({})), list(beside.doubts)) == ([], [])


@pytest.mark.parametrize(("actions", "ports", "possible"), [
    ((BANS,), ((22, 22),), ((22, 22),)), ((Action("host", None, "input"),), ALL_PORTS, ALL_PORTS), ((Action("mail", ALL_PORTS, "input"),), (), ()),
    ((Action("filter", None, "input"),), (), ALL_PORTS), ((Action("?", None, "input"),), (), ALL_PORTS), ((Action("filter", ((22, 22),), "mine"),), (), ((22, 22),)),
])  # fmt: skip
def test_the_ports_of_a_jail(actions: tuple[Action, ...], ports: object, possible: object) -> None:
    guard = replace(ACTS, actions=actions)
    assert (guard.ports, guard.possible_ports) == (ports, possible)


@pytest.mark.parametrize(("changes", "fault"), [
    ({"ignores": ("0.0.0.0/0",)}, "ignores everybody"), ({"ignores": ("0.0.0.0/1", "128.0.0.0/1")}, "ignores everybody"), ({"ignores": ("10.0.0.0/8", "me")}, ""),
    ({"ignores": ("::/0",)}, "ignores everybody"), ({"ignores": ("2000::/4", "3000::/4")}, "ignores everybody"), ({"ignores": ("fe80::/10",)}, ""),
    ({"limits": (5, 600, 0)}, "432000 guesses a day"), ({"limits": (5, 600, 30)}, ""), ({"limits": (5, 600, 29)}, "guesses a day"), ({"limits": (2, 6, -1)}, ""),
    ({"limits": (3, 6, -1)}, "guesses a day"), ({"limits": (1, 1, -1)}, ""), ({"limits": (100000, 600, 600)}, "guesses a day"), ({"limits": None}, ""),
    ({"kept": (0, 2), "banned": 9}, "bans 9 addresses, and none of 2"), ({"kept": (1, 2)}, ""), ({"kept": (0, 2), "actions": (Action("?", None, "?"),)}, ""), ({"actions": ()}, "has no action"), ({"sees": ()}, "neither a file nor the journal"),
    ({"troubles": ("sleeps",)}, "sleeps"),
])  # fmt: skip
def test_what_makes_a_jail_useless(changes: dict[str, Any], fault: str) -> None:
    found = list(replace(ACTS, **changes).faults({}))
    assert len(found) == bool(fault)
    assert not fault or fault in found[0]


@pytest.mark.parametrize(("changes", "count", "missed"), [
    ({}, 5, True), ({}, 4, False), ({"failed": 1}, 50, False), ({"failed": None}, 50, False), ({"limits": (3, 600, 600)}, 4, False), ({"limits": (3, 600, 600)}, 5, True),
    ({"limits": (6, 600, 600)}, 5, False), ({"limits": None}, 5, True), ({"ignores": ("198.51.100.0/24",)}, 50, False), ({"ignores": ("me", "192.0.2.0/24")}, 50, True),
])  # fmt: skip
def test_failed_logins_that_a_jail_did_not_count(changes: dict[str, Any], count: int, missed: bool) -> None:
    """Those from this machine itself do not count, nor those from whom it ignores."""
    tried = {"198.51.100.7": count, "127.0.0.1": 50, "::1": 50, "nobody": 50}
    expected = [f"counted none of {count} failed logins that the journal has"] if missed else []
    assert list(replace(ACTS, **changes).faults(tried)) == expected


@pytest.mark.parametrize(("changes", "doubt"), [
    ({"ignores_by_program": True}, "a program says"), ({"ignores_by_program": True, "banned": 1}, ""), ({"limits": None}, "its limits"), ({"unknowns": ("x",)}, "x"),
    ({"name": "sshguard", "sees": (), "ruled": ALL_PORTS}, "what it reads"),
])  # fmt: skip
def test_what_is_not_known_of_a_guard(changes: dict[str, Any], doubt: str) -> None:
    found = list(replace(ACTS, **changes).doubts)
    assert len(found) == bool(doubt)
    assert not doubt or doubt in found[0]


SEES = f"@sees {{0}} file /var/log/auth.log {AT} 1\n"


@pytest.mark.parametrize(("name", "more", "fault", "doubt", "ports"), [
    ("sshguard", "@ruled sshguard all\n", "", "", ALL_PORTS), ("sshguard", "@ruled sshguard 22-22\n", "", "", ((22, 22),)), ("sshguard", "", "no rule in force", "", ()),
    ("sshguard", "@ruled sshguard none\n", "sshg-fw-null", "", ()), ("sshguard", "@ruled sshguard ?\n", "", "not understood", ()),
    ("crowdsec", "", "no bouncer", "", ()), ("crowdsec", "@ruled crowdsec all\n", "no bouncer", "", ALL_PORTS),
    ("crowdsec", "@guard crowdsec-firewall-bouncer active enabled\n@ruled crowdsec all\n@action crowdsec scenario ssh -\n", "", "", ALL_PORTS),
    ("crowdsec", "@guard crowdsec-firewall-bouncer active disabled\n@ruled crowdsec all\n", "not enabled at boot", "", ALL_PORTS),
    ("crowdsec", "@guard crowdsec-firewall-bouncer active enabled\n", "", "no rule in force was seen", ()),
    ("crowdsec", "@guard crowdsec-firewall-bouncer active enabled\n@ruled crowdsec all\n@action crowdsec scenario ? -\n", "", "no scenario", ALL_PORTS),
])  # fmt: skip
def test_a_detector_needs_somebody_who_bans(
    name: str, more: str, fault: str, doubt: str, ports: object, target: Target
) -> None:
    (guard,) = asked(f"@guard {name} active enabled\n{SEES.format(name)}{more}@now {AT}\n", target).guards
    found, unsure = list(guard.faults({})), list(guard.doubts)
    assert (len(found), len(unsure)) == (bool(fault), bool(doubt))
    assert (fault in "".join(found), doubt in "".join(unsure), guard.ports) == (True, True, ports)


@pytest.mark.parametrize(
    ("networks", "everybody"),
    [
        ((), False),
        (("127.0.0.0/8", "10.0.0.0/8"), False),
        (("0.0.0.0/1",), False),
        (("0.0.0.0/1", "192.0.0.0/2"), True),
        (("host.example.org", "0.0.0.0/0"), True),
        (("::/1", "8000::/1"), True),
        (("2001:db8::/32",), False),
    ],
)
def test_networks_that_are_everybody(networks: tuple[str, ...], everybody: bool) -> None:
    assert is_everybody(networks) is everybody


def test_other_ports_need_other_guards() -> None:
    servers = (Server((22,), penalties="authfail:5"), Server((2222,), "error"))
    found = BruteForce(("fail2ban",), (), guards=(ACTS,), servers=servers)
    assert (found.unpunished, found.silent) == ((2222,), ("error",))
    doubtful = replace(ACTS, actions=(Action("?", None, "input"),))
    assert (found.unguarded([ACTS]), found.unguarded([doubtful]), found.unguarded([doubtful], for_sure=True)) == (
        (2222,),
        (2222,),
        (),
    )
