"""Pre-Deployment / Security / SSH Configuration."""

from __future__ import annotations

from pytest_zebu.checks import Cases, item
from pytest_zebu.facts.base import need
from pytest_zebu.facts.sshd import Sshd
from pytest_zebu.outcome import NotAssessed

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
