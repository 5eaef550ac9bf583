"""Faults of pre.security.firewall."""

from lab.changes import listen
from lab.deployment import Lab
from lab.fault import fault


@fault(
    "pre.security.firewall.backend-not-exposed",
    flips={"pre.security.firewall.backend-not-exposed", "pre.security.firewall.required-ports-only"},
    touches={"iptables"},
    mend=lambda lab: lab.vm.shell("systemctl restart zebu-docker-firewall"),
)
def docker_past_ufw(lab: Lab) -> None:
    """Docker publishes 8000 on every address; nothing in DOCKER-USER stops it, ufw says "deny"."""
    lab.vm.shell("iptables -F DOCKER-USER")


@fault(
    "pre.security.firewall.backend-not-exposed",
    flips={"pre.security.firewall.backend-not-exposed", "pre.security.firewall.required-ports-only"},
    touches={"iptables"},
    mend=lambda lab: lab.vm.shell("ip6tables -D INPUT -p tcp --dport 8000 -j ACCEPT"),
)
def ipv6_only(lab: Lab) -> None:
    """The rule stands for IPv4 only; over IPv6 the backend answers to the LAN."""
    lab.vm.shell("ip6tables -I INPUT -p tcp --dport 8000 -j ACCEPT")


@fault(
    "pre.security.firewall.database-local",
    flips={"pre.security.firewall.database-local"},
    touches={"iptables"},
    mend=lambda lab: lab.vm.shell("systemctl stop zebu-stray"),
)
def host_listener(lab: Lab) -> None:
    """A PostgreSQL of the host itself listens on the network."""
    listen(lab, "zebu-stray", 'socket.create_server(("10.77.0.10", 5432))', 5432)


@fault(
    "pre.security.firewall.database-local",
    name="published_past_ufw",
    flips={"pre.security.firewall.database-local"},
    touches={"iptables"},
    mend=lambda lab: lab.vm.shell("docker rm -f stray"),
)
def database_local_published_past_ufw(lab: Lab) -> None:
    """Docker publishes the port on every address; ufw still says "deny"."""
    lab.vm.shell("docker run -d --name stray --pull never -p 15432:5432 zebu-lab/runtime:12 sleep 600")


@fault(
    "pre.security.firewall.enabled",
    flips={"pre.security.firewall.enabled"},
    touches={"iptables"},
    mend=lambda lab: lab.vm.shell("iptables -D INPUT -j ACCEPT"),
)
def first_rule_accepts(lab: Lab) -> None:
    """The policy is to drop; the first rule accepts everything."""
    lab.vm.shell("iptables -I INPUT 1 -j ACCEPT")


@fault(
    "pre.security.firewall.enabled",
    flips={
        "pre.security.firewall.enabled",
        "pre.security.firewall.backend-not-exposed",
        "pre.security.firewall.required-ports-only",
    },
    touches={"iptables"},
    mend=lambda lab: lab.vm.shell("ufw --force enable"),
)
def inactive(lab: Lab) -> None:
    """ufw is enabled at boot, and switched off."""
    lab.vm.shell("ufw disable")


@fault(
    "pre.security.firewall.enabled",
    flips={
        "pre.security.firewall.enabled",
        "pre.security.firewall.backend-not-exposed",
        "pre.security.firewall.required-ports-only",
    },
    touches={"iptables"},
    mend=lambda lab: lab.vm.shell("ip6tables -P INPUT DROP"),
)
def ipv6_open(lab: Lab) -> None:
    """IPv4 is shut, IPv6 is open, and the backend behind it."""
    lab.vm.shell("ip6tables -P INPUT ACCEPT")


@fault(
    "pre.security.firewall.enabled",
    flips=set(),
    touches={"iptables"},
    mend=lambda lab: lab.vm.shell("nft delete table inet guard; iptables -P INPUT DROP; ip6tables -P INPUT DROP"),
)
def native_nftables(lab: Lab) -> None:
    """Not ufw but a ruleset of nftables, which is right too."""
    lab.vm.shell(
        "ip6tables -P INPUT ACCEPT; iptables -P INPUT ACCEPT; nft 'add table inet guard; add chain inet guard input { type filter hook input priority 5; policy drop; }; add rule inet guard input ct state established,related accept; add rule inet guard input iifname != eth0 accept; add rule inet guard input meta l4proto { 1, 58 } accept; add rule inet guard input tcp dport 22 accept'"
    )


@fault(
    "pre.security.firewall.enabled",
    flips={"pre.security.firewall.enabled"},
    touches={"iptables"},
    mend=lambda lab: lab.vm.shell("systemctl enable -q ufw"),
)
def not_at_boot(lab: Lab) -> None:
    """ufw is active, and would not be after a reboot."""
    lab.vm.shell("systemctl disable -q ufw")


@fault(
    "pre.security.firewall.redis-local",
    flips={"pre.security.firewall.redis-local", "pre.security.firewall.required-ports-only"},
    touches={"iptables"},
    mend=lambda lab: lab.vm.shell("systemctl stop zebu-stray-redis; ip6tables -D INPUT -p tcp --dport 6379 -j ACCEPT"),
)
def ipv6_listener(lab: Lab) -> None:
    """Something listens on 6379 over IPv6 only, and is let through."""
    lab.vm.shell("ip6tables -I INPUT -p tcp --dport 6379 -j ACCEPT")
    listen(lab, "zebu-stray-redis", 'socket.create_server(("fd00:77::10", 6379), family=socket.AF_INET6)', 6379)


@fault(
    "pre.security.firewall.redis-local",
    name="published_past_ufw",
    flips={"pre.security.firewall.redis-local"},
    touches={"stray"},
    mend=lambda lab: lab.vm.shell("docker rm -f stray-redis"),
)
def redis_local_published_past_ufw(lab: Lab) -> None:
    """Docker publishes the port on every address; ufw still says "deny"."""
    lab.vm.shell("docker run -d --name stray-redis --pull never -p 16379:6379 zebu-lab/runtime:12 sleep 600")


@fault(
    "pre.security.firewall.required-ports-only",
    flips=set(),
    touches={"iptables"},
    settings=(
        (
            "[requirements]\n",
            '[firewall]\nallowed = [80, 443, 8080]\n\n[[relaxed]]\nkey = "firewall.allowed"\nreason = "metrics for the LAN"\napprover = "operations"\n\n[requirements]\n',
        ),
    ),
    mend=lambda lab: lab.vm.shell("systemctl stop zebu-declared; ufw delete allow 8080/tcp"),
)
def declared(lab: Lab) -> None:
    """Odd but right: one more port is declared, with a reason; it is shown as relaxed."""
    lab.vm.shell("ufw allow 8080/tcp")
    listen(lab, "zebu-declared", 'socket.create_server(("10.77.0.10", 8080))', 8080)


@fault(
    "pre.security.firewall.required-ports-only",
    flips={"pre.security.firewall.required-ports-only"},
    touches={"iptables"},
    mend=lambda lab: lab.vm.shell("systemctl stop zebu-stray-high; ufw delete allow 18080/tcp"),
)
def high_port(lab: Lab) -> None:
    """A program listens beyond port 1024, and the firewall lets everybody in."""
    lab.vm.shell("ufw allow 18080/tcp")
    listen(lab, "zebu-stray-high", 'socket.create_server(("10.77.0.10", 18080))', 18080)


@fault(
    "pre.security.firewall.required-ports-only",
    flips={"pre.security.firewall.required-ports-only"},
    touches={"iptables"},
    mend=lambda lab: lab.vm.shell("systemctl stop zebu-stray-udp; ufw delete allow 5353/udp"),
)
def udp_port(lab: Lab) -> None:
    """A program listens for datagrams, and the firewall lets them in."""
    lab.vm.shell("ufw allow 5353/udp")
    listen(lab, "zebu-stray-udp", 'socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("0.0.0.0", 5353))', 5353)
