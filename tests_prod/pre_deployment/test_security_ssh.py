"""Pre-Deployment / Security / SSH Configuration."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable

from pytest_zebu.facts.answer import NotAssessed, need
from pytest_zebu.facts.bruteforce import BruteForce
from pytest_zebu.facts.sockets import Listener
from pytest_zebu.facts.sshd import Line, Login, Sshd
from pytest_zebu.plugin.checks import Cases, item

from ..mending import text

PASSWORD_METHODS = frozenset({"password", "keyboard-interactive", "none", "hostbased", "gssapi-with-mic"})
RESTRICTED_ROOT = frozenset({"no", "without-password", "prohibit-password", "forced-commands-only"})


SHOWN_PLACES = 4
SWITCHES = {
    "password": "PasswordAuthentication",
    "keyboard-interactive": "KbdInteractiveAuthentication",
    "hostbased": "HostbasedAuthentication",
    "gssapi-with-mic": "GSSAPIAuthentication",
}
"""The options that open each method (sshd_config(5))."""


def _by_place(logins: tuple[Login, ...], word: Callable[[Login], str]) -> list[str]:
    """What may be done, each with the places from where."""
    places: dict[str, list[str]] = {}
    for login in logins:
        places.setdefault(word(login), []).append(login.place)
    return [f"from {_some(names)}: {what}" for what, names in places.items()]


def _some(names: Iterable[str]) -> str:
    distinct = list(dict.fromkeys(names))
    more = f" and {len(distinct) - SHOWN_PLACES} more" if len(distinct) > SHOWN_PLACES else ""
    return f"{', '.join(distinct[:SHOWN_PLACES])}{more}"


def _lines_against(sshd: Sshd, name: str, value: str) -> list[Line]:
    """The lines of the files that set an option to anything that is not right."""
    right = RESTRICTED_ROOT if name == "PermitRootLogin" else {value}
    return [line for line in sshd.lines.get(name.lower(), ()) if line.value not in right]


def _set_at(sshd: Sshd, options: Iterable[str], value: str = "no") -> list[str]:
    """As evidence, where the files set options to what is not right."""
    lines = ((name, line) for name in sorted(options) for line in _lines_against(sshd, name, value))
    return [f"{name} is {line.value or 'set to nothing'} at {line.place}" for name, line in lines][:SHOWN_PLACES]


def _to_set(sshd: Sshd, options: Iterable[str], value: str = "no", is_partial: bool = False) -> str:
    """How to set options of sshd's: whichever file sets one first, by its name, has the say."""
    names = sorted(options)
    settings = " and ".join(f"`{name} {value}`" for name in names)
    pattern = shlex.quote("|".join(names)) if len(names) > 1 else "".join(names)
    match = " (for some users or places only: look for a Match block)" if is_partial else ""
    if lines := [line.place for name in names for line in _lines_against(sshd, name, value)]:
        return (
            f"set {settings} where it is set otherwise{match}: at {text(_some(lines))} (of the drop-ins the first one by name "
            "counts, and they count before the file; /etc/default/ssh may have options too), then `systemctl reload ssh`"
        )
    return (
        f"set {settings} where it is set first{match}: `grep -{'riEn' if len(names) > 1 else 'rin'} {pattern} /etc/ssh/sshd_config.d "
        "/etc/ssh/sshd_config` (of the drop-ins the first one by name counts, and they count before the file; /etc/default/ssh may have options too), then `systemctl reload ssh`"
    )


def _ways(login: Login) -> str:
    return ", ".join(login.methods_without_key) or "key only"


def _root_may(login: Login) -> str:
    return f"permitrootlogin {login.options['permitrootlogin']}" + ("" if login.is_admitted else ", not let in at all")


def _leave_nothing_open(sshd: Sshd, case: Cases) -> None:
    with case("what is asked is what runs", *(server.name for server in sshd.servers)):
        case.fix("`systemctl reload ssh`" if any("systemctl" in one for one in sshd.doubts) else "")
        if sshd.doubts:
            raise NotAssessed("; ".join(sshd.doubts))


def _switches(logins: tuple[Login, ...]) -> list[str]:
    """The options that let a user in without a key."""
    opened = {way for login in logins for chain in login.methods_without_key for way in chain.split(",")}
    return sorted({SWITCHES[way.partition(":")[0]] for way in opened if way.partition(":")[0] in SWITCHES})


def _to_shut(sshd: Sshd, logins: tuple[Login, ...]) -> str:
    """How to let a user in by key only."""
    names = _switches(logins)
    return _to_set(sshd, names, is_partial=not all(login.methods_without_key for login in logins)) if names else ""


@item("pre.security.ssh.no-passwords")
def test_no_session_without_a_key(sshd: Sshd, case: Cases) -> None:
    """A guessed password must not open a session, for any login user, from anywhere.

    Fix: set `PasswordAuthentication no` and `KbdInteractiveAuthentication no` in a drop-in that sorts first
    (sshd takes the first value), remove Match blocks and options of the command line (/etc/default/ssh) that allow more,
    then `systemctl reload ssh`.
    See: CIS Debian Linux 12 Benchmark, section 5.1; sshd_config(5).
    """
    for user in sshd.users:
        with case(f"user {user}", *_by_place(sshd.of(user), _ways)):
            opened: dict[tuple[str, int], list[str]] = {}
            for login in sshd.of(user):
                if ways := login.methods_without_key:
                    opened.setdefault((", ".join(ways), login.port), []).append(login.place)
            case.adds(*_set_at(sshd, _switches(sshd.of(user))))
            case.fix(_to_shut(sshd, sshd.of(user)))
            said = (f"from {_some(places)} on port {port}, by {ways}" for (ways, port), places in opened.items())
            assert not opened, f"may log in without a key {' and '.join(said)}"
    with case("what the running server offers"):
        offered = need(sshd.offered)
        case.saw(f"offered to a stranger: {', '.join(offered)}")
        # A second factor is asked for after the key, so it is not named to somebody who has shown none. Without PAM,
        # keyboard-interactive is offered, but has no question.
        mute = set() if sshd.asks_by_keyboard or sshd.doubts else {"keyboard-interactive"}
        extra = sorted((PASSWORD_METHODS & set(offered)) - mute) if not sshd.needs_key else []
        case.fix(_to_set(sshd, (SWITCHES[one] for one in extra if one in SWITCHES)))
        assert not extra, f"offers {', '.join(extra)}"
    _leave_nothing_open(sshd, case)


@item("pre.security.ssh.root-restricted")
def test_root_needs_a_key(sshd: Sshd, case: Cases) -> None:
    """Root is the name that every attacker tries.

    Fix: set `PermitRootLogin prohibit-password` (or `no`), also in Match blocks and on sshd's command line
    (/etc/default/ssh), then `systemctl reload ssh`.
    See: CIS Debian Linux 12 Benchmark, section 5.1; sshd_config(5), PermitRootLogin.
    """
    if not sshd.roots:
        raise NotAssessed("sshd was not asked about root")
    for user in dict.fromkeys(login.user for login in sshd.roots):
        with case(user, *_by_place(sshd.of(user), _root_may)):
            case.fix(_to_set(sshd, ["PermitRootLogin"], "prohibit-password"))
            for login in sshd.of(user):
                value = login.options["permitrootlogin"]
                if value not in RESTRICTED_ROOT and login.is_admitted:
                    case.adds(*_set_at(sshd, ["PermitRootLogin"], "prohibit-password"))
                assert value in RESTRICTED_ROOT or not login.is_admitted, (
                    f"PermitRootLogin is {value} from {login.place} on port {login.port}"
                )
    _leave_nothing_open(sshd, case)


SSH_PORT = 22


@item("pre.security.ssh.key-auth")
def test_keys_open_a_session(sshd: Sshd, case: Cases) -> None:
    """Keys must be offered, and somebody must have one, before passwords are shut.

    Fix: `PubkeyAuthentication yes`, a key in ~/.ssh/authorized_keys of the deploying user, then `systemctl reload ssh`.
    See: CIS Debian Linux 12 Benchmark, section 5.1; sshd_config(5), PubkeyAuthentication.
    """
    with case("what the running server offers"):
        offered = need(sshd.offered)
        case.saw(f"offered to a stranger: {', '.join(offered)}")
        case.fix(_to_set(sshd, ["PubkeyAuthentication"], "yes"))
        assert "publickey" in offered or sshd.needs_key, "does not offer publickey"
    for user in sshd.users:
        if not sshd.keys_of(user):
            continue
        count = sshd.keys_of(user)
        with case(f"user {user}", f"{count} authorized key{'' if count == 1 else 's'}"):
            case.fix(_to_set(sshd, ["PubkeyAuthentication"], "yes"))
            for login in sshd.of(user):
                allowed = login.options.get("pubkeyauthentication", "yes")
                if allowed != "yes":
                    case.adds(*_set_at(sshd, ["PubkeyAuthentication"], "yes"))
                assert allowed == "yes", f"may not use a key from {login.place}"
    with case("authorized keys"):
        if any(sshd.keys_of(user) for user in sshd.users):
            return
        # We never type a password, so where nothing else is offered we were let in by a key ourselves.
        offered = need(sshd.offered)
        if {*offered} <= {"publickey", "password", "keyboard-interactive"}:
            case.saw("no key was seen where the server looks, but ours let us in")
            return
        if hidden := [
            f"the keys of {user} were not seen: {sshd.unseen[user]}" for user in sshd.users if user in sshd.unseen
        ]:
            raise NotAssessed("; ".join(hidden[:SHOWN_PLACES]))
        raise AssertionError("no login user has an authorized key")


@item("pre.security.ssh.port-changed")
def test_ssh_is_not_on_its_usual_port(sockets: tuple[Listener, ...], case: Cases) -> None:
    """Robots try port 22 only; elsewhere the log stays readable.

    Fix: `Port 2222` in a drop-in of sshd_config.d (or `ListenStream` of ssh.socket), open it in the firewall first.
    See: sshd_config(5), Port.
    """
    for listener in sockets:
        if listener.port == SSH_PORT and not listener.is_loopback:
            with case(listener.place):
                raise AssertionError(f"{listener.process or 'a process'} listens on port {SSH_PORT}")
    case.saw("listening ports: " + ", ".join(sorted({str(item.port) for item in sockets}, key=int)))


@item("pre.security.ssh.brute-force")
def test_guessing_is_stopped(bruteforce: BruteForce, case: Cases) -> None:
    """Guessing costs nothing until somebody stops it. A jail that reads the wrong log, or bans from another port, stops nobody.

    Fix: `apt-get install fail2ban`, a jail `[sshd] enabled = true` with the log that sshd writes (or `backend = systemd`)
    and the port where sshd listens (`port = 2222`), `systemctl enable --now fail2ban`; with CrowdSec, its bouncer for the
    packet filter; or OpenSSH 9.8 and later with PerSourcePenalties.
    See: https://github.com/fail2ban/fail2ban/wiki; sshd_config(5), PerSourcePenalties.
    """
    for server in bruteforce.servers:
        if server.punishes:
            case.saw(f"sshd's own penalties on port {', '.join(map(str, server.ports))}: {server.penalties}")
    if bruteforce.servers and not bruteforce.unpunished:
        return
    with case("a guard runs", ", ".join(bruteforce.running) or "none"):
        assert not bruteforce.not_at_boot or bruteforce.running, (
            f"{', '.join(bruteforce.not_at_boot)} runs, but is not enabled at boot"
        )
        if bruteforce.others and not bruteforce.running:
            raise NotAssessed(f"{', '.join(bruteforce.others)} runs, and what it does was not asked")
        assert bruteforce.running, "neither fail2ban nor sshguard nor crowdsec runs, and sshd has no penalties"
    if not bruteforce.running:
        return
    with case("sshd's port", *(f"listens on {', '.join(map(str, server.ports))}" for server in bruteforce.servers)):
        if not bruteforce.servers:
            raise NotAssessed("no sshd was seen to listen, so it is not known what is to be guarded")
        assert not bruteforce.silent, f"sshd tells no failed logins (LogLevel {', '.join(bruteforce.silent)})"
    _judge_guards(bruteforce, case)


def _judge_guards(bruteforce: BruteForce, case: Cases) -> None:
    """One guard that acts is enough, of each port; what is wrong with the others is shown."""
    faults = {guard: tuple(guard.faults(bruteforce.tried)) for guard in bruteforce.guards}
    doubts = {guard: tuple(guard.doubts) for guard in bruteforce.guards}
    able = [guard for guard in bruteforce.guards if not faults[guard]]
    sure = [guard for guard in able if not doubts[guard]]
    with case("guessing is stopped", *(f"{guard.name} reads {log.what}" for guard in able for log in guard.sees)):
        for guard in bruteforce.guards:
            case.saw(f"{guard.name}: {'; '.join((*faults[guard], *doubts[guard])) or 'acts'}")
        if not bruteforce.unguarded(sure):
            return
        wrong = [f"{guard.name} {fault}" for guard in bruteforce.guards for fault in faults[guard]]
        unsure = [f"{guard.name}: {doubt}" for guard in able for doubt in doubts[guard]]
        if unsure and not bruteforce.unguarded(able, for_sure=True):
            raise NotAssessed("; ".join(unsure))
        assert able, "; ".join(wrong) or "the sshd jail is not active"
        open_ports = ", ".join(map(str, bruteforce.unguarded(sure)))
        raise AssertionError("; ".join([f"nothing bans from port {open_ports}, where sshd listens", *wrong]))
