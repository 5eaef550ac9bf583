"""Faults of pre.security.ssh."""

from lab.changes import reload_sshd
from lab.deployment import Lab
from lab.fault import fault
from lab.waits import until
from pytest_zebu.verdict.outcome import Outcome


def mend_jail_off(lab: Lab) -> None:
    lab.vm.shell("fail2ban-client reload")
    until("the sshd jail is up", lambda: lab.vm.shell("fail2ban-client status sshd"), seconds=30)


def jail(lab: Lab, options: str) -> None:
    """Give the sshd jail other options, and let fail2ban read them."""
    lines = "".join(f"{line}\\n" for line in ("[sshd]", *options.splitlines()))
    lab.vm.shell(f"printf '{lines}' > /etc/fail2ban/jail.d/zz-fault.local; fail2ban-client reload --restart sshd")
    until("the sshd jail is up", lambda: lab.vm.shell("fail2ban-client status sshd"), seconds=30)


def mend_jail(lab: Lab) -> None:
    """The sshd jail as it was."""
    lab.vm.shell("rm -f /etc/fail2ban/jail.d/zz-fault.local; fail2ban-client reload --restart --unban sshd")
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
    "pre.security.ssh.brute-force",
    flips={"pre.security.ssh.brute-force"},
    mend=mend_jail,
)
def jail_of_another_port(lab: Lab) -> None:
    """The jail bans from a port where sshd is not."""
    jail(lab, "port = 2222")


@fault(
    "pre.security.ssh.brute-force",
    flips=set(),
    mend=mend_jail,
)
def jail_of_all_ports(lab: Lab) -> None:
    """Odd but right: the jail names another port, and its action bans from all of them."""
    jail(lab, "port = 2222\nbanaction = iptables-allports")


@fault(
    "pre.security.ssh.brute-force",
    flips=set(),
    mend=mend_jail,
)
def jail_of_many_ports(lab: Lab) -> None:
    """Odd but right: nftables instead of iptables, a range, and a name among the ports."""
    jail(lab, "port = 2200:2299,ssh\nbanaction = nftables[type=multiport]")


@fault(
    "pre.security.ssh.brute-force",
    flips=set(),
    mend=mend_jail,
)
def jail_of_the_journal(lab: Lab) -> None:
    """Odd but right: the jail reads the journal, where sshd's lines are."""
    jail(lab, "backend = systemd\njournalmatch = _SYSTEMD_UNIT=ssh.service + _COMM=sshd")


@fault(
    "pre.security.ssh.brute-force",
    flips={"pre.security.ssh.brute-force"},
    mend=mend_jail,
)
def jail_of_another_unit(lab: Lab) -> None:
    """The jail takes from the journal what another unit writes there."""
    jail(lab, "backend = systemd\njournalmatch = _SYSTEMD_UNIT=zebu-ssh.service")


@fault(
    "pre.security.ssh.brute-force",
    flips={"pre.security.ssh.brute-force"},
    mend=mend_jail,
)
def ignores_everybody(lab: Lab) -> None:
    """The jail ignores both halves of all addresses."""
    jail(lab, "ignoreip = 127.0.0.1/8 0.0.0.0/1 128.0.0.0/1")


@fault(
    "pre.security.ssh.brute-force",
    flips={"pre.security.ssh.brute-force"},
    outcomes={"pre.security.ssh.brute-force": Outcome.NOT_ASSESSED},
    mend=mend_jail,
)
def ignores_by_program(lab: Lab) -> None:
    """A program says of each address whether it is ignored: what it says of strangers is not known."""
    jail(lab, "ignorecommand = /usr/bin/true <ip>")


@fault(
    "pre.security.ssh.brute-force",
    flips={"pre.security.ssh.brute-force"},
    mend=mend_jail,
)
def bans_nobody(lab: Lab) -> None:
    """The jail's only action notes addresses in a file."""
    jail(lab, "action = dummy")


@fault(
    "pre.security.ssh.brute-force",
    flips={"pre.security.ssh.brute-force"},
    mend=mend_jail,
)
def bans_forwarded(lab: Lab) -> None:
    """The jail bans in Docker's chain, which what is for the machine itself does not pass."""
    jail(lab, "chain = DOCKER-USER")


@fault(
    "pre.security.ssh.brute-force",
    flips={"pre.security.ssh.brute-force"},
    mend=mend_jail,
)
def bans_for_a_second(lab: Lab) -> None:
    """Who is banned may go on a second later."""
    jail(lab, "bantime = 1")


@fault(
    "pre.security.ssh.brute-force",
    flips={"pre.security.ssh.brute-force"},
    touches={"iptables"},
    mend=mend_jail,
)
def bans_flushed(lab: Lab) -> None:
    """An address is banned, and its rule was taken out of the packet filter since."""
    lab.vm.shell("fail2ban-client set sshd banip 198.51.100.9")
    until("the address is banned", lambda: lab.vm.shell("iptables -S f2b-sshd"), lambda said: "198.51.100.9" in said)
    lab.vm.shell("iptables -F f2b-sshd")


@fault(
    "pre.security.ssh.brute-force",
    flips={"pre.security.ssh.brute-force"},
    mend=mend_jail,
)
def counts_none(lab: Lab) -> None:
    """The jail passes over every line, so that it counts none of the failed logins that the journal has."""
    jail(lab, "bantime = 10m")
    lab.vm.shell("fail2ban-client set sshd addignoreregex '.*'")
    # What came in the second in which the jail began may have been before it.
    begun = int(lab.vm.shell("date +%s"))
    until("the jail is older than what it passes over", lambda: int(lab.vm.shell("date +%s")) >= begun + 3)
    lab.vm.shell(
        'for n in 1 2 3 4 5 6; do logger -t sshd -p auth.info "Invalid user guest$n from 198.51.100.7 port 4000$n"; done'
    )


def listens(lab: Lab, port: int, changes: str) -> None:
    """Wait until sshd listens after changes, also where it logs nothing of it."""
    lab.vm.shell(changes)
    until(f"port {port} listens", lambda: lab.vm.shell(f"ss -Hltn 'sport = :{port}'"), seconds=30)


@fault(
    "pre.security.ssh.brute-force",
    flips={"pre.security.ssh.brute-force"},
    touches={"sshd"},
    mend=lambda lab: listens(lab, 22, "rm /etc/ssh/sshd_config.d/90-fault.conf; systemctl restart ssh"),
)
def logs_no_failures(lab: Lab) -> None:
    """Errors only are logged, so that nobody's failed logins are."""
    listens(lab, 22, "echo LogLevel ERROR > /etc/ssh/sshd_config.d/90-fault.conf; systemctl restart ssh")


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
    "pre.security.ssh.key-auth",
    flips=set(),
    touches={"sshd"},
    mend=lambda lab: reload_sshd(lab, "rm -r /etc/ssh/sshd_config.d/90-fault.conf /etc/ssh/keys"),
)
def keys_elsewhere(lab: Lab) -> None:
    """Odd but right: the keys are where users cannot change them."""
    reload_sshd(
        lab,
        "mkdir /etc/ssh/keys; for home in /root /home/*; do cp $home/.ssh/authorized_keys /etc/ssh/keys/${home##*/}; done; "
        "chmod 755 /etc/ssh/keys; chmod 644 /etc/ssh/keys/*; "
        "echo 'AuthorizedKeysFile /etc/ssh/keys/%u' > /etc/ssh/sshd_config.d/90-fault.conf",
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
    flips={"pre.security.ssh.no-passwords"},
    touches={"sshd"},
    mend=lambda lab: reload_sshd(lab, "rm /etc/ssh/sshd_config.d/99-match.conf"),
)
def match_negated(lab: Lab) -> None:
    """A Match block lets a network in by password, but for a part of it."""
    reload_sshd(
        lab,
        "printf 'Match Address 172.16.0.0/12,!172.16.0.0/24\\n  PasswordAuthentication yes\\n' > /etc/ssh/sshd_config.d/99-match.conf",
    )


@fault(
    "pre.security.ssh.no-passwords",
    flips={"pre.security.ssh.no-passwords"},
    touches={"sshd"},
    mend=lambda lab: reload_sshd(lab, "rm /etc/ssh/sshd_config.d/99-match.conf"),
)
def allowed_from_a_network(lab: Lab) -> None:
    """Passwords are for a user who is let in from one network only."""
    reload_sshd(
        lab,
        "printf 'AllowUsers root deploy observer@172.16.0.0/12\\nMatch User observer\\n  PasswordAuthentication yes\\n' > /etc/ssh/sshd_config.d/99-match.conf",
    )


@fault(
    "pre.security.ssh.no-passwords",
    flips={"pre.security.ssh.no-passwords"},
    touches={"sshd"},
    mend=lambda lab: reload_sshd(lab, "rm /etc/ssh/sshd_config.d/99-match.conf /etc/ssh/lan.conf"),
)
def match_in_include(lab: Lab) -> None:
    """A file that a drop-in includes has a Match block, behind a dozen that change nothing."""
    reload_sshd(
        lab,
        "for n in 1 2 3 4 5 6 7 8 9 10 11 12 13; do printf 'Match Address 10.%d.0.1\\n  X11Forwarding no\\n' $n; done > /etc/ssh/lan.conf; "
        "printf 'Match Address 2001:db8:5::/48\\n  PasswordAuthentication yes\\n' >> /etc/ssh/lan.conf; "
        "echo 'Include /etc/ssh/lan.conf' > /etc/ssh/sshd_config.d/99-match.conf",
    )


SECOND = "rm -f /etc/ssh/second_config; systemctl stop -q zebu-second || true"


@fault(
    "pre.security.ssh.no-passwords",
    flips={"pre.security.ssh.no-passwords", "pre.security.ssh.brute-force"},
    touches={"sshd", "port"},
    mend=lambda lab: lab.vm.shell(SECOND),
)
def second_server(lab: Lab) -> None:
    """Beside the hardened server runs another one, with a file of its own, on a port that no jail knows."""
    listens(
        lab,
        2200,
        "printf 'Port 2200\\nUsePAM yes\\nPidFile /run/second.pid\\nPasswordAuthentication yes\\n' > /etc/ssh/second_config; "
        "systemd-run -q --unit=zebu-second --collect /usr/sbin/sshd -D -f /etc/ssh/second_config",
    )


@fault(
    "pre.security.ssh.no-passwords",
    flips=set(),
    touches={"sshd"},
    mend=lambda lab: listens(lab, 22, "systemctl stop ssh.socket; systemctl start ssh"),
)
def handed_by_a_socket(lab: Lab) -> None:
    """Odd but right: a socket starts the server with the first login, as Ubuntu has it."""
    listens(lab, 22, "systemctl stop ssh; systemctl start ssh.socket")


EACH = """[Socket]
ListenStream=22
Accept=yes
"""
FOR_EACH = """[Service]
EnvironmentFile=-/etc/default/ssh
ExecStart=-/usr/sbin/sshd -i $SSHD_OPTS
StandardInput=socket
RuntimeDirectory=sshd
RuntimeDirectoryPreserve=yes
"""


def serve_each_login(lab: Lab, options: str) -> None:
    """A socket starts a server for each login, which reads the files then, also those that are younger."""
    for name, text in (("ssh.socket", EACH), ("ssh@.service", FOR_EACH)):
        lab.vm.run(["sh", "-c", f"cat > /etc/systemd/system/{name}"], stdin=text.encode())
    lab.vm.shell(f"cp -p /etc/default/ssh /root/default.kept; echo 'SSHD_OPTS={options}' > /etc/default/ssh")
    listens(lab, 22, "systemctl daemon-reload; systemctl stop ssh; systemctl start ssh.socket")
    younger = int(lab.vm.shell("date +%s")) + 2
    until("the files are younger than the socket", lambda: int(lab.vm.shell("date +%s")) >= younger)
    lab.vm.shell("touch /etc/ssh/sshd_config.d/10-hardening.conf")


def mend_each_login(lab: Lab) -> None:
    """One server for all, as it was."""
    lab.vm.shell(
        "systemctl stop ssh.socket; rm -f /etc/systemd/system/ssh.socket /etc/systemd/system/ssh@.service; "
        "systemctl daemon-reload; [ ! -e /root/default.kept ] || mv /root/default.kept /etc/default/ssh"
    )
    listens(lab, 22, "systemctl start ssh")


@fault(
    "pre.security.ssh.no-passwords",
    flips=set(),
    touches={"sshd"},
    mend=mend_each_login,
)
def server_for_each_login(lab: Lab) -> None:
    """Odd but right: a socket starts a server for each login, which reads the files then, also those that are younger."""
    serve_each_login(lab, "")


@fault(
    "pre.security.ssh.root-restricted",
    flips={"pre.security.ssh.root-restricted"},
    touches={"sshd"},
    mend=mend_each_login,
)
def options_of_each_server(lab: Lab) -> None:
    """A socket starts a server for each login, with options that say otherwise than the files."""
    serve_each_login(lab, "-oPermitRootLogin=yes")


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
    flips={
        "pre.security.ssh.port-changed",
        "pre.security.firewall.required-ports-only",
        "pre.security.ssh.brute-force",
    },
    outcomes={"pre.security.ssh.port-changed": Outcome.PASSED},
    touches={"sshd", "iptables"},
    mend=lambda lab: reload_sshd(
        lab,
        "rm /etc/ssh/sshd_config.d/05-port.conf; iptables -t nat -D PREROUTING -p tcp -d 10.77.0.10 --dport 22 -j REDIRECT --to-ports 2222; ufw delete allow 2222/tcp",
        restart=True,
    ),
)
def moved(lab: Lab) -> None:
    """sshd listens elsewhere; the old port leads there for those who know, and the jail bans from the old one only."""
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


@fault(
    "pre.security.ssh.root-restricted",
    flips={"pre.security.ssh.root-restricted"},
    touches={"sshd"},
    mend=lambda lab: reload_sshd(lab, "cp -p /root/default.kept /etc/default/ssh; rm /root/default.kept", restart=True),
)
def on_the_command_line(lab: Lab) -> None:
    """The files say no; the options that the server was started with come before them."""
    reload_sshd(
        lab,
        "cp -p /etc/default/ssh /root/default.kept; echo 'SSHD_OPTS=\"-o PermitRootLogin=yes\"' > /etc/default/ssh",
        restart=True,
    )


@fault(
    "pre.security.ssh.root-restricted",
    flips={"pre.security.ssh.root-restricted"},
    touches={"sshd"},
    mend=lambda lab: reload_sshd(lab, "rm /etc/ssh/sshd_config.d/98-root.conf"),
)
def match_local_address(lab: Lab) -> None:
    """An exception for who comes to one of the machine's own addresses."""
    reload_sshd(
        lab, "printf 'Match LocalAddress 10.77.0.10\\n  PermitRootLogin yes\\n' > /etc/ssh/sshd_config.d/98-root.conf"
    )


@fault(
    "pre.security.ssh.root-restricted",
    flips={"pre.security.ssh.root-restricted"},
    touches={"sshd", "shadow"},
    mend=lambda lab: reload_sshd(
        lab, "rm /etc/ssh/sshd_config.d/98-root.conf; sed -i /^toor:/d /etc/passwd /etc/shadow"
    ),
)
def root_by_another_name(lab: Lab) -> None:
    """Another user has root's number, and may come in by any method."""
    reload_sshd(
        lab,
        "useradd -o -u 0 -g 0 -M -d /root -s /bin/bash toor; "
        "printf 'Match User toor\\n  PermitRootLogin yes\\n' > /etc/ssh/sshd_config.d/98-root.conf",
    )
