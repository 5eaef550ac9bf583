"""sshd listens elsewhere; the old port leads there for those who know."""

from lab.deployment import Lab

flips: set[str] = {"pre.security.ssh.port-changed", "pre.security.firewall.required-ports-only"}
outcomes: dict[str, str] = {"pre.security.ssh.port-changed": "passed"}
touches: set[str] = {"sshd", "iptables"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "printf 'Port 2222\\n' > /etc/ssh/sshd_config.d/05-port.conf; ufw allow 2222/tcp; iptables -t nat -I PREROUTING -p tcp -d 10.77.0.10 --dport 22 -j REDIRECT --to-ports 2222; systemctl restart ssh; sleep 1.2"
    )


def mend(lab: Lab) -> None:
    lab.vm.shell(
        "rm /etc/ssh/sshd_config.d/05-port.conf; systemctl restart ssh; iptables -t nat -D PREROUTING -p tcp -d 10.77.0.10 --dport 22 -j REDIRECT --to-ports 2222; ufw delete allow 2222/tcp; sleep 1.2"
    )
