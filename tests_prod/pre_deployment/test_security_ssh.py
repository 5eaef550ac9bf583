"""Pre-Deployment / Security / SSH Configuration."""

from __future__ import annotations

from pytest_zebu.facts.answer import NotAssessed, need
from pytest_zebu.facts.bruteforce import RECENT_SECONDS, BruteForce
from pytest_zebu.facts.sockets import Listener
from pytest_zebu.facts.sshd import Sshd
from pytest_zebu.plugin.checks import Cases, item

PASSWORD_METHODS = frozenset({"password", "keyboard-interactive", "none", "hostbased", "gssapi-with-mic"})
RESTRICTED_ROOT = frozenset({"no", "without-password", "prohibit-password", "forced-commands-only"})


@item("pre.security.ssh.no-passwords")
def test_no_session_without_a_key(sshd: Sshd, case: Cases) -> None:
    """A guessed password must not open a session, for any login user, from anywhere.

    Fix: set `PasswordAuthentication no` and `KbdInteractiveAuthentication no` in a drop-in that sorts first
    (sshd takes the first value), remove Match blocks that allow more, then `systemctl reload ssh`.
    See: CIS Debian Linux 12 Benchmark, section 5.1; sshd_config(5).
    """
    for user in sshd.users:
        with case(
            f"user {user}",
            *(f"from {login.address}: {', '.join(login.methods_without_key) or 'key only'}" for login in sshd.of(user)),
        ):
            for login in sshd.of(user):
                ways = login.methods_without_key
                assert not ways, f"may log in without a key from {login.address}, by {', '.join(ways)}"
    with case("what the running server offers"):
        offered = need(sshd.offered)
        case.saw(f"offered to a stranger: {', '.join(offered)}")
        # A second factor is asked for after the key, so it is not named to somebody who has shown none.
        extra = sorted(PASSWORD_METHODS & set(offered))
        assert not extra, f"offers {', '.join(extra)}"
        if sshd.runs_older_configuration:
            raise NotAssessed("sshd's files changed after it read them: systemctl reload ssh")


@item("pre.security.ssh.root-restricted")
def test_root_needs_a_key(sshd: Sshd, case: Cases) -> None:
    """Root is the name that every attacker tries.

    Fix: set `PermitRootLogin prohibit-password` (or `no`), also in Match blocks, then `systemctl reload ssh`.
    See: CIS Debian Linux 12 Benchmark, section 5.1; sshd_config(5), PermitRootLogin.
    """
    logins = sshd.of("root")
    if not logins:
        raise NotAssessed("root has no login shell entry to ask about")
    for login in logins:
        value = login.options["permitrootlogin"]
        with case(f"root from {login.address}", f"permitrootlogin {value}"):
            assert value in RESTRICTED_ROOT, f"PermitRootLogin is {value}"
    with case("the running server has read its files"):
        if sshd.runs_older_configuration:
            raise NotAssessed("sshd's files changed after it read them: systemctl reload ssh")


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
        assert "publickey" in offered, "does not offer publickey"
    for user in sshd.users:
        if not sshd.keys_of(user):
            continue
        with case(f"user {user}", f"{sshd.keys_of(user)} authorized keys"):
            for login in sshd.of(user):
                allowed = login.options.get("pubkeyauthentication", "yes")
                assert allowed == "yes", f"may not use a key from {login.address}"
    with case("authorized keys"):
        holders = [user for user in sshd.users if sshd.keys_of(user)]
        assert holders, "no login user has an authorized key"


@item("pre.security.ssh.port-changed")
def test_ssh_is_not_on_its_usual_port(sockets: tuple[Listener, ...], case: Cases) -> None:
    """Robots try port 22 only; elsewhere the log stays readable.

    Fix: `Port 2222` in a drop-in of sshd_config.d (or `ListenStream` of ssh.socket), open it in the firewall first.
    See: sshd_config(5), Port.
    """
    for listener in sockets:
        if listener.port == SSH_PORT and not listener.is_loopback:
            with case(f"{listener.address}:{listener.port}"):
                raise AssertionError(f"{listener.process or 'a process'} listens on port {SSH_PORT}")
    case.saw("listening ports: " + ", ".join(sorted({str(item.port) for item in sockets}, key=int)))


@item("pre.security.ssh.brute-force")
def test_guessing_is_stopped(bruteforce: BruteForce, case: Cases) -> None:
    """Guessing costs nothing until somebody stops it. A jail that reads the wrong log stops nobody.

    Fix: `apt-get install fail2ban`, a jail `[sshd] enabled = true` with the log that sshd writes (or `backend = systemd`),
    `systemctl enable --now fail2ban`; or OpenSSH 9.8 and later with PerSourcePenalties.
    See: https://github.com/fail2ban/fail2ban/wiki; sshd_config(5), PerSourcePenalties.
    """
    if bruteforce.penalties:
        case.saw(f"sshd's own penalties: {bruteforce.penalties}")
        return
    with case("a guard runs", ", ".join(bruteforce.running) or "none"):
        assert not bruteforce.not_at_boot or bruteforce.running, (
            f"{', '.join(bruteforce.not_at_boot)} runs, but is not enabled at boot"
        )
        assert bruteforce.running, "neither fail2ban nor sshguard nor crowdsec runs, and sshd has no penalties"
    if bruteforce.running != ("fail2ban",):
        return
    with case("the sshd jail", *(f"reads {file}" for file, _ in bruteforce.logs)):
        assert bruteforce.has_jail, "is not active"
        assert bruteforce.journal or bruteforce.logs, "reads neither a file nor the journal"
        for file, age in bruteforce.logs:
            assert age is not None, f"reads {file}, which does not exist"
            assert age <= RECENT_SECONDS, f"reads {file}, which nobody wrote to when we logged in a moment ago"
