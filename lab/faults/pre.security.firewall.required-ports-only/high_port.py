"""A program listens beyond port 1024, and the firewall lets everybody in."""

from lab.deployment import Lab

flips: set[str] = {"pre.security.firewall.required-ports-only"}
touches: set[str] = {"iptables"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "ufw allow 18080/tcp; systemd-run --unit zebu-stray-high --collect python3 -c 'import socket,time; s=socket.create_server((\"10.77.0.10\", 18080)); time.sleep(600)'; sleep 0.7"
    )


def mend(lab: Lab) -> None:
    lab.vm.shell("systemctl stop zebu-stray-high; ufw delete allow 18080/tcp")
