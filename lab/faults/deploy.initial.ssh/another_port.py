"""Odd but right: ssh answers on another port as well, and that is the one that is declared."""

from lab.deployment import Lab

flips: set[str] = {"pre.security.firewall.required-ports-only"}
touches: set[str] = {"sshd", "iptables", "port"}
settings: tuple[tuple[str, str], ...] = (('user = "deploy"\n', 'user = "deploy"\nport = 2222\n'),)
right_for = {"deploy.initial.ssh"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "printf 'Port 22\\nPort 2222\\n' > /etc/ssh/sshd_config.d/05-port.conf; ufw allow 2222/tcp >/dev/null; systemctl restart ssh; sleep 1.2"
    )


def mend(lab: Lab) -> None:
    lab.vm.shell(
        "rm /etc/ssh/sshd_config.d/05-port.conf; systemctl restart ssh; ufw delete allow 2222/tcp >/dev/null; sleep 1.2"
    )
