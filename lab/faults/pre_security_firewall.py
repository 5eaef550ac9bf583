"""Faults of pre.security.firewall."""

from lab.changes import listen
from lab.deployment import Lab
from lab.fault import fault
from pytest_zebu.verdict.outcome import Outcome


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
    "pre.security.firewall.enabled",
    flips={"pre.security.firewall.enabled"},
    touches={"iptables"},
    mend=lambda lab: lab.vm.shell("iptables -D INPUT -p tcp -m limit --limit 100/second -j ACCEPT"),
)
def accepts_up_to_a_rate(lab: Lab) -> None:
    """So many connections a second are let in, to any port."""
    lab.vm.shell("iptables -I INPUT 1 -p tcp -m limit --limit 100/second -j ACCEPT")


@fault(
    "pre.security.firewall.enabled",
    flips={"pre.security.firewall.enabled"},
    touches={"iptables"},
    mend=lambda lab: lab.vm.shell("iptables -D INPUT -p udp --sport 53 -j ACCEPT"),
)
def accepts_by_source_port(lab: Lab) -> None:
    """Datagrams from port 53 are let in, as if they were answers; anybody may send from there."""
    lab.vm.shell("iptables -I INPUT 1 -p udp --sport 53 -j ACCEPT")


@fault(
    "pre.security.firewall.enabled",
    flips={"pre.security.firewall.enabled"},
    touches={"iptables"},
    mend=lambda lab: lab.vm.shell("iptables -D INPUT -d 10.77.0.10 -p tcp -j ACCEPT"),
)
def accepts_its_own_address(lab: Lab) -> None:
    """Everything that is for the machine's own address is let in."""
    lab.vm.shell("iptables -I INPUT 1 -d 10.77.0.10 -p tcp -j ACCEPT")


@fault(
    "pre.security.firewall.enabled",
    flips={"pre.security.firewall.enabled"},
    touches={"iptables"},
    mend=lambda lab: lab.vm.shell("iptables -D INPUT -m iprange ! --src-range 198.51.100.0-198.51.100.255 -j ACCEPT"),
)
def accepts_all_but_some(lab: Lab) -> None:
    """Who is to be kept out is named by letting all others in."""
    lab.vm.shell("iptables -I INPUT 1 -m iprange ! --src-range 198.51.100.0-198.51.100.255 -j ACCEPT")


@fault(
    "pre.security.firewall.enabled",
    flips={"pre.security.firewall.enabled"},
    outcomes={"pre.security.firewall.enabled": Outcome.NOT_ASSESSED},
    touches={"iptables"},
    mend=lambda lab: lab.vm.shell("iptables -D INPUT -m string --string zebu --algo bm -j ACCEPT"),
)
def accepts_a_word(lab: Lab) -> None:
    """Packets with a word in them are let in: whose these are cannot be told from here."""
    lab.vm.shell("iptables -I INPUT 1 -m string --string zebu --algo bm -j ACCEPT")


@fault(
    "pre.security.firewall.enabled",
    flips=set(),
    touches={"iptables"},
    mend=lambda lab: lab.vm.shell("iptables -D INPUT -i tun0 -j ACCEPT; iptables -D INPUT -i wg+ -j ACCEPT"),
)
def tunnels_accepted(lab: Lab) -> None:
    """Odd but right: what comes out of tunnels is let in; no stranger comes through them."""
    lab.vm.shell("iptables -I INPUT 1 -i tun0 -j ACCEPT; iptables -I INPUT 1 -i wg+ -j ACCEPT")


@fault(
    "pre.security.firewall.enabled",
    flips=set(),
    touches={"iptables"},
    mend=lambda lab: lab.vm.shell("iptables -D INPUT -j NFQUEUE --queue-num 7"),
)
def a_program_decides(lab: Lab) -> None:
    """Odd but right: a program decides what no rule does; none runs, and from outside nothing answers."""
    lab.vm.shell("iptables -A INPUT -j NFQUEUE --queue-num 7")


@fault(
    "pre.security.firewall.enabled",
    flips={"pre.security.firewall.enabled"},
    touches={"iptables"},
    mend=lambda lab: lab.vm.shell(
        "nft delete rule ip filter INPUT handle $(nft -a list chain ip filter INPUT | sed -n 's/.*tcp dport 40-50 .*# handle //p')"
    ),
)
def accepted_beside_iptables(lab: Lab) -> None:
    """A rule of nft stands in the table that iptables keeps: iptables shows it in words of its own, or not at all."""
    lab.vm.shell("nft insert rule ip filter INPUT tcp dport 40-50 accept")


@fault(
    "pre.security.firewall.enabled",
    flips=set(),
    touches={"iptables"},
    mend=lambda lab: lab.vm.shell("nft delete table inet guard; iptables -P INPUT DROP; ip6tables -P INPUT DROP"),
)
def verdict_maps(lab: Lab) -> None:
    """Odd but right: nftables with verdict maps and named sets, and the policies of iptables accept."""
    lab.vm.shell(
        """ip6tables -P INPUT ACCEPT; iptables -P INPUT ACCEPT; nft -f - <<'END'
table inet guard {
  set open { type inet_service; elements = { 22 } }
  chain world { icmp type echo-request accept
    meta l4proto { icmp, ipv6-icmp } accept
    tcp dport @open accept
    counter drop
  }
  chain input { type filter hook input priority 5; policy accept;
    ct state vmap { established : accept, related : accept, invalid : drop }
    iifname vmap { "lo" : accept, "eth0" : goto world }
  }
}
END"""
    )


@fault(
    "pre.security.firewall.enabled",
    flips={"pre.security.firewall.enabled"},
    touches={"iptables"},
    mend=lambda lab: lab.vm.shell("systemctl disable -q nftables; systemctl enable -q ufw"),
)
def others_at_boot(lab: Lab) -> None:
    """ufw is active and will not be after a reboot: nftables will, with its file as it is delivered."""
    lab.vm.shell("systemctl disable -q ufw; systemctl enable -q nftables")


@fault(
    "pre.security.firewall.enabled",
    flips=set(),
    touches={"iptables"},
    mend=lambda lab: lab.vm.shell(
        "mv /etc/nftables.conf.was /etc/nftables.conf; rm -rf /etc/nftables.d; systemctl disable -q nftables; systemctl enable -q ufw"
    ),
)
def nftables_at_boot(lab: Lab) -> None:
    """Odd but right: what nftables will load at boot, from an included file, keeps strangers out too."""
    lab.vm.shell(
        """systemctl disable -q ufw; systemctl enable -q nftables; cp -a /etc/nftables.conf /etc/nftables.conf.was; mkdir -p /etc/nftables.d
echo 'include "/etc/nftables.d/*.nft"' >/etc/nftables.conf; cat >/etc/nftables.d/in.nft <<'END'
table inet own {
  chain input {
    type filter hook input priority 0; policy drop;
    iifname lo accept
    tcp dport 22 accept
  }
}
END"""
    )


@fault(
    "pre.security.firewall.redis-local",
    flips={"pre.security.firewall.redis-local", "pre.security.firewall.required-ports-only"},
    touches={"iptables"},
    mend=lambda lab: lab.vm.shell("ip6tables -D INPUT -p tcp --dport 6379 -j ACCEPT; systemctl stop zebu-stray-redis"),
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


@fault(
    "pre.security.firewall.required-ports-only",
    flips={"pre.security.firewall.required-ports-only"},
    touches={"iptables", "stray"},
    mend=lambda lab: lab.vm.shell("docker rm -f stray-udp; iptables -D DOCKER-USER -p udp -j RETURN"),
)
def udp_published_past_ufw(lab: Lab) -> None:
    """Docker publishes a port for datagrams: they do not come through the chain that ufw keeps, and no other stops them."""
    lab.vm.shell("iptables -I DOCKER-USER 1 -p udp -j RETURN")
    lab.vm.shell("docker run -d --name stray-udp --pull never -p 5353:53/udp zebu-lab/runtime:12 sleep 600")


@fault(
    "pre.security.firewall.required-ports-only",
    flips=set(),
    touches={"stray"},
    mend=lambda lab: lab.vm.shell("docker rm -f stray-shut"),
)
def udp_published_and_shut(lab: Lab) -> None:
    """Odd but right: Docker publishes a port for datagrams, and DOCKER-USER lets nobody but the proxy through."""
    lab.vm.shell("docker run -d --name stray-shut --pull never -p 5355:53/udp zebu-lab/runtime:12 sleep 600")


@fault(
    "pre.security.firewall.required-ports-only",
    flips=set(),
    touches={"iptables"},
    mend=lambda lab: lab.vm.shell("systemctl stop zebu-bound-udp; ufw delete allow 5354/udp"),
)
def udp_bound_inside(lab: Lab) -> None:
    """Odd but right: a program listens for datagrams on the bridge of the containers only, and the port is open."""
    lab.vm.shell("ufw allow 5354/udp")
    address = lab.vm.shell("ip -4 -o addr show dev docker0 | sed 's/.*inet \\([0-9.]*\\).*/\\1/'").strip()
    listen(
        lab,
        "zebu-bound-udp",
        f'socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("{address}", 5354))',
        5354,
    )
