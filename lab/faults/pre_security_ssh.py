"""Faults of pre.security.ssh."""

from lab.changes import reload_sshd
from lab.deployment import Lab
from lab.fault import fault
from lab.waits import until
from pytest_zebu.verdict.outcome import Outcome


def mend_jail_off(lab: Lab) -> None:
    lab.vm.shell("fail2ban-client reload")
    until("the sshd jail is up", lambda: lab.vm.shell("fail2ban-client status sshd"), seconds=30)


@fault(
    "pre.security.ssh.brute-force",
    flips={"pre.security.ssh.brute-force"},
    mend=mend_jail_off,
)
def jail_off(lab: Lab) -> None:
    """fail2ban runs without its sshd jail."""
    lab.vm.shell("fail2ban-client stop sshd")


@fault(
    "pre.security.ssh.brute-force",
    flips={"pre.security.ssh.brute-force"},
    mend=lambda lab: lab.vm.shell("systemctl enable -q fail2ban"),
)
def not_at_boot(lab: Lab) -> None:
    """fail2ban runs, and would not after a reboot."""
    lab.vm.shell("systemctl disable -q fail2ban")


@fault(
    "pre.security.ssh.brute-force",
    flips={"pre.security.ssh.brute-force"},
    mend=lambda lab: lab.vm.shell(
        "fail2ban-client set sshd addlogpath /var/log/auth.log tail; fail2ban-client set sshd dellogpath /var/log/old.log; rm /var/log/old.log"
    ),
)
def silent_log(lab: Lab) -> None:
    """The jail reads a log that nobody writes."""
    lab.vm.shell(
        "touch -d yesterday /var/log/old.log; fail2ban-client set sshd addlogpath /var/log/old.log tail; fail2ban-client set sshd dellogpath /var/log/auth.log"
    )


@fault(
    "pre.security.ssh.key-auth",
    flips={"pre.security.ssh.key-auth"},
    touches={"sshd"},
    mend=lambda lab: reload_sshd(lab, "rm /etc/ssh/sshd_config.d/90-fault.conf"),
)
def match_block(lab: Lab) -> None:
    """A Match block takes the key away from one user."""
    reload_sshd(
        lab, "printf 'Match User observer\\n  PubkeyAuthentication no\\n' > /etc/ssh/sshd_config.d/90-fault.conf"
    )


@fault(
    "pre.security.ssh.no-passwords",
    flips={"pre.security.ssh.no-passwords"},
    touches={"sshd"},
    mend=lambda lab: reload_sshd(lab, "rm /etc/ssh/sshd_config.d/00-cloud-init.conf"),
)
def dropin_sorts_first(lab: Lab) -> None:
    """A drop-in that sorts before the hardening: sshd takes the first value."""
    reload_sshd(lab, "echo PasswordAuthentication yes > /etc/ssh/sshd_config.d/00-cloud-init.conf")


@fault(
    "pre.security.ssh.no-passwords",
    flips={"pre.security.ssh.no-passwords"},
    touches={"sshd"},
    mend=lambda lab: reload_sshd(lab, "rm /etc/ssh/sshd_config.d/99-match.conf"),
)
def match_user(lab: Lab) -> None:
    """A Match block lets one user in by password."""
    reload_sshd(
        lab, "printf 'Match User observer\\n  PasswordAuthentication yes\\n' > /etc/ssh/sshd_config.d/99-match.conf"
    )


@fault(
    "pre.security.ssh.no-passwords",
    flips={"pre.security.ssh.no-passwords", "pre.security.ssh.root-restricted"},
    outcomes={"pre.security.ssh.root-restricted": Outcome.NOT_ASSESSED},
    touches={"sshd"},
    mend=lambda lab: reload_sshd(lab, "true"),
)
def running_server_is_older(lab: Lab) -> None:
    """The files are right again, but the running server still has what they said before."""
    reload_sshd(lab, "echo PasswordAuthentication yes > /etc/ssh/sshd_config.d/00-cloud-init.conf")
    # Its journal counts in seconds: the files have to be younger than the whole second that follows.
    second = (
        "echo $(($(date +%s) - $(journalctl -q -u ssh -n 1 --grep '^Server listening' -o short-unix | cut -d. -f1)))"
    )
    until("the server is two seconds old", lambda: int(lab.vm.shell(second)), lambda age: age >= 2, seconds=20)
    lab.vm.shell("rm /etc/ssh/sshd_config.d/00-cloud-init.conf; touch /etc/ssh/sshd_config.d/10-hardening.conf")


@fault(
    "pre.security.ssh.no-passwords",
    flips=set(),
    touches={"sshd"},
    mend=lambda lab: reload_sshd(lab, "rm /etc/ssh/sshd_config.d/00-cloud-init.conf"),
)
def second_factor(lab: Lab) -> None:
    """Odd but right: a one-time code is asked for after the key."""
    reload_sshd(
        lab,
        "printf 'KbdInteractiveAuthentication yes\\nMatch User observer\\n  AuthenticationMethods publickey,keyboard-interactive\\nMatch User root,deploy\\n  KbdInteractiveAuthentication no\\n  AuthenticationMethods publickey\\n' > /etc/ssh/sshd_config.d/00-cloud-init.conf",
    )


@fault(
    "pre.security.ssh.port-changed",
    flips={"pre.security.ssh.port-changed", "pre.security.firewall.required-ports-only"},
    outcomes={"pre.security.ssh.port-changed": Outcome.PASSED},
    touches={"sshd", "iptables"},
    mend=lambda lab: reload_sshd(
        lab,
        "rm /etc/ssh/sshd_config.d/05-port.conf; iptables -t nat -D PREROUTING -p tcp -d 10.77.0.10 --dport 22 -j REDIRECT --to-ports 2222; ufw delete allow 2222/tcp",
        restart=True,
    ),
)
def moved(lab: Lab) -> None:
    """sshd listens elsewhere; the old port leads there for those who know."""
    reload_sshd(
        lab,
        "printf 'Port 2222\\n' > /etc/ssh/sshd_config.d/05-port.conf; ufw allow 2222/tcp; iptables -t nat -I PREROUTING -p tcp -d 10.77.0.10 --dport 22 -j REDIRECT --to-ports 2222",
        restart=True,
    )


@fault(
    "pre.security.ssh.root-restricted",
    flips={"pre.security.ssh.root-restricted"},
    touches={"sshd"},
    mend=lambda lab: reload_sshd(lab, "rm /etc/ssh/sshd_config.d/98-root.conf"),
)
def match_address(lab: Lab) -> None:
    """An exception for one network."""
    reload_sshd(
        lab, "printf 'Match Address 192.0.2.0/24\\n  PermitRootLogin yes\\n' > /etc/ssh/sshd_config.d/98-root.conf"
    )


@fault(
    "pre.security.ssh.root-restricted",
    flips={"pre.security.ssh.root-restricted"},
    touches={"sshd"},
    mend=lambda lab: reload_sshd(lab, "rm /etc/ssh/sshd_config.d/01-root.conf"),
)
def permitted(lab: Lab) -> None:
    """Root may log in by any method."""
    reload_sshd(lab, "echo PermitRootLogin yes > /etc/ssh/sshd_config.d/01-root.conf")
