"""Something listens on 6379 over IPv6 only, and is let through."""

from lab.deployment import Lab

flips: set[str] = {"pre.security.firewall.redis-local", "pre.security.firewall.required-ports-only"}
touches: set[str] = {"iptables"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "ip6tables -I INPUT -p tcp --dport 6379 -j ACCEPT; systemd-run --unit zebu-stray-redis --collect python3 -c 'import socket,time; s=socket.create_server((\"fd00:77::10\", 6379), family=socket.AF_INET6); time.sleep(600)'; sleep 0.7"
    )


def mend(lab: Lab) -> None:
    lab.vm.shell("systemctl stop zebu-stray-redis; ip6tables -D INPUT -p tcp --dport 6379 -j ACCEPT")
