"""Odd but right: one more port is declared, with a reason; it is shown as relaxed."""

from lab.deployment import Lab

flips: set[str] = set()
touches: set[str] = {"iptables"}
settings: tuple[tuple[str, str], ...] = (
    (
        "[requirements]\n",
        '[firewall]\nallowed = [80, 443, 8080]\n\n[[relaxed]]\nkey = "firewall.allowed"\nreason = "metrics for the LAN"\napprover = "operations"\n\n[requirements]\n',
    ),
)


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "ufw allow 8080/tcp; systemd-run --unit zebu-declared --collect python3 -c 'import socket,time; s=socket.create_server((\"10.77.0.10\", 8080)); time.sleep(600)'; sleep 0.7"
    )


def mend(lab: Lab) -> None:
    lab.vm.shell("systemctl stop zebu-declared; ufw delete allow 8080/tcp")
