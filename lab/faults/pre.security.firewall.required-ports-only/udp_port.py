"""A program listens for datagrams, and the firewall lets them in."""

from lab.deployment import Lab

flips: set[str] = {"pre.security.firewall.required-ports-only"}
touches: set[str] = {"iptables"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "ufw allow 5353/udp; systemd-run --unit zebu-stray-udp --collect python3 -c 'import socket,time; s=socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind((\"0.0.0.0\", 5353)); time.sleep(600)'; sleep 0.7"
    )


def mend(lab: Lab) -> None:
    lab.vm.shell("systemctl stop zebu-stray-udp; ufw delete allow 5353/udp")
