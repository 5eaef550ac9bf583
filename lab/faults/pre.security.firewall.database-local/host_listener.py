"""A PostgreSQL of the host itself listens on the network."""

from lab.deployment import Lab

flips: set[str] = {"pre.security.firewall.database-local"}
touches: set[str] = {"iptables"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "systemd-run --unit zebu-stray --collect python3 -c 'import socket,time; s=socket.create_server((\"10.77.0.10\", 5432)); time.sleep(600)'; sleep 1"
    )


def mend(lab: Lab) -> None:
    lab.vm.shell("systemctl stop zebu-stray")
