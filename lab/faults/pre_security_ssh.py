"""Faults of pre.security.ssh."""

from lab.deployment import Lab
from lab.fault import fault
from pytest_zebu.verdict.outcome import Outcome


@fault(
    "pre.security.ssh.brute-force",
    flips={"pre.security.ssh.brute-force"},
    mend=lambda lab: lab.vm.shell(
        "fail2ban-client reload; for n in $(seq 50); do fail2ban-client status sshd >/dev/null 2>&1 && break; sleep 0.1; done"
    ),
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
    mend=lambda lab: lab.vm.shell("rm /etc/ssh/sshd_config.d/90-fault.conf; systemctl reload ssh; sleep 1.2"),
)
def match_block(lab: Lab) -> None:
    """A Match block takes the key away from one user."""
    lab.vm.shell(
        "printf 'Match User observer\\n  PubkeyAuthentication no\\n' > /etc/ssh/sshd_config.d/90-fault.conf; systemctl reload ssh; sleep 1.2"
    )


@fault(
    "pre.security.ssh.no-passwords",
    flips={"pre.security.ssh.no-passwords"},
    touches={"sshd"},
    mend=lambda lab: lab.vm.shell("rm /etc/ssh/sshd_config.d/00-cloud-init.conf; systemctl reload ssh"),
)
def dropin_sorts_first(lab: Lab) -> None:
    """A drop-in that sorts before the hardening: sshd takes the first value."""
    lab.vm.shell("echo PasswordAuthentication yes > /etc/ssh/sshd_config.d/00-cloud-init.conf; systemctl reload ssh")


@fault(
    "pre.security.ssh.no-passwords",
    flips={"pre.security.ssh.no-passwords"},
    touches={"sshd"},
    mend=lambda lab: lab.vm.shell("rm /etc/ssh/sshd_config.d/99-match.conf; systemctl reload ssh"),
)
def match_user(lab: Lab) -> None:
    """A Match block lets one user in by password."""
    lab.vm.shell(
        "printf 'Match User observer\\n  PasswordAuthentication yes\\n' > /etc/ssh/sshd_config.d/99-match.conf; systemctl reload ssh"
    )


@fault(
    "pre.security.ssh.no-passwords",
    flips={"pre.security.ssh.no-passwords", "pre.security.ssh.root-restricted"},
    outcomes={"pre.security.ssh.root-restricted": Outcome.NOT_ASSESSED},
    touches={"sshd"},
    mend=lambda lab: lab.vm.shell("systemctl reload ssh"),
)
def running_server_is_older(lab: Lab) -> None:
    """The files are right again, but the running server still has what they said before."""
    lab.vm.shell(
        "echo PasswordAuthentication yes > /etc/ssh/sshd_config.d/00-cloud-init.conf; systemctl reload ssh; sleep 2; rm /etc/ssh/sshd_config.d/00-cloud-init.conf; touch /etc/ssh/sshd_config.d/10-hardening.conf"
    )


@fault(
    "pre.security.ssh.no-passwords",
    flips=set(),
    touches={"sshd"},
    mend=lambda lab: lab.vm.shell("rm /etc/ssh/sshd_config.d/00-cloud-init.conf; systemctl reload ssh"),
)
def second_factor(lab: Lab) -> None:
    """Odd but right: a one-time code is asked for after the key."""
    lab.vm.shell(
        "printf 'KbdInteractiveAuthentication yes\\nMatch User observer\\n  AuthenticationMethods publickey,keyboard-interactive\\nMatch User root,deploy\\n  KbdInteractiveAuthentication no\\n  AuthenticationMethods publickey\\n' > /etc/ssh/sshd_config.d/00-cloud-init.conf; systemctl reload ssh"
    )


@fault(
    "pre.security.ssh.port-changed",
    flips={"pre.security.ssh.port-changed", "pre.security.firewall.required-ports-only"},
    outcomes={"pre.security.ssh.port-changed": Outcome.PASSED},
    touches={"sshd", "iptables"},
    mend=lambda lab: lab.vm.shell(
        "rm /etc/ssh/sshd_config.d/05-port.conf; systemctl restart ssh; iptables -t nat -D PREROUTING -p tcp -d 10.77.0.10 --dport 22 -j REDIRECT --to-ports 2222; ufw delete allow 2222/tcp; sleep 1.2"
    ),
)
def moved(lab: Lab) -> None:
    """sshd listens elsewhere; the old port leads there for those who know."""
    lab.vm.shell(
        "printf 'Port 2222\\n' > /etc/ssh/sshd_config.d/05-port.conf; ufw allow 2222/tcp; iptables -t nat -I PREROUTING -p tcp -d 10.77.0.10 --dport 22 -j REDIRECT --to-ports 2222; systemctl restart ssh; sleep 1.2"
    )


@fault(
    "pre.security.ssh.root-restricted",
    flips={"pre.security.ssh.root-restricted"},
    touches={"sshd"},
    mend=lambda lab: lab.vm.shell("rm /etc/ssh/sshd_config.d/98-root.conf; systemctl reload ssh"),
)
def match_address(lab: Lab) -> None:
    """An exception for one network."""
    lab.vm.shell(
        "printf 'Match Address 192.0.2.0/24\\n  PermitRootLogin yes\\n' > /etc/ssh/sshd_config.d/98-root.conf; systemctl reload ssh"
    )


@fault(
    "pre.security.ssh.root-restricted",
    flips={"pre.security.ssh.root-restricted"},
    touches={"sshd"},
    mend=lambda lab: lab.vm.shell("rm /etc/ssh/sshd_config.d/01-root.conf; systemctl reload ssh"),
)
def permitted(lab: Lab) -> None:
    """Root may log in by any method."""
    lab.vm.shell("echo PermitRootLogin yes > /etc/ssh/sshd_config.d/01-root.conf; systemctl reload ssh")
