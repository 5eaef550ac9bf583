"""Faults of pre.infrastructure."""

from lab.changes import PVESH_SETTINGS, before_api, edit_proxy, install_pvesh, remove_pvesh, restore_proxy, serve_minted
from lab.deployment import Lab
from lab.fault import fault
from lab.shell import run
from pytest_zebu.verdict.outcome import Outcome

NODE_DOWN = frozenset(
    {
        "pre.infrastructure.proxmox-updated",
        "post.recovery.snapshots.pre-deployment",
        "post.recovery.snapshots.post-deployment",
        "post.recovery.snapshots.retention",
    }
)
"""What the hypervisor alone tells."""


@fault(
    "pre.infrastructure.certificates",
    flips={
        "pre.infrastructure.certificates",
        "pre.security.https.auto-renewal",
        "post.monitoring.tls.auto-renewal",
    },
    touches={"proxy-certificates"},
    mend=lambda lab: restore_proxy(lab, "tls"),
)
def another_authority(lab: Lab) -> None:
    """A certificate that is trusted and valid, from another authority than is declared."""
    serve_minted(lab, "zebu.test;", "zebu.test", (-1, 89))


@fault(
    "pre.infrastructure.certificates",
    flips={
        "pre.infrastructure.certificates",
        "pre.security.https.certificate",
        "pre.security.https.auto-renewal",
        "deploy.backend.api",
        "post.monitoring.tls.auto-renewal",
    },
    touches={"proxy-certificates", "renewal"},
    mend=lambda lab: restore_proxy(lab, "tls"),
)
def self_signed(lab: Lab) -> None:
    """A certificate that nobody but its maker vouches for, as one has it for trying out."""
    lab.proxy.shell(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=api.zebu.test -addext subjectAltName=DNS:api.zebu.test -keyout /root/self.key -out /root/self.pem 2>/dev/null"
    )
    edit_proxy(
        lab,
        "tls",
        r"/server_name api/,/}/ { s#ssl_certificate .*#ssl_certificate /root/self.pem;#; s#ssl_certificate_key .*#ssl_certificate_key /root/self.key;# }",
    )


def mend_stale_aaaa(lab: Lab) -> None:
    for name in ("ns1", "ns2"):
        lab.daemons.zone(name, lambda text: text)


@fault(
    "pre.infrastructure.dns-records",
    flips={"pre.infrastructure.dns-records", "deploy.network.api-subdomain"},
    touches={"dns"},
    mend=mend_stale_aaaa,
)
def stale_aaaa(lab: Lab) -> None:
    """A forgotten AAAA record leads elsewhere."""
    for name in ("ns1", "ns2"):
        lab.daemons.zone(name, lambda text: text + "api AAAA fd00:99::99\n")


@fault(
    "pre.infrastructure.dns-records",
    flips={"pre.infrastructure.dns-records"},
    touches={"dns"},
    mend=lambda lab: lab.daemons.zone("ns2", lambda text: text),
)
def stale_secondary(lab: Lab) -> None:
    """One authoritative server still has the old address."""
    lab.daemons.zone("ns2", lambda text: text.replace("@    A   10.99.0.80", "@    A   10.99.0.81"))


@fault(
    "pre.infrastructure.dns-records",
    flips={"pre.infrastructure.dns-records"},
    touches={"dns"},
    mend=mend_stale_aaaa,
)
def server_that_is_gone(lab: Lab) -> None:
    """The zone names a third server, whose own name does not exist."""
    for name in ("ns1", "ns2"):
        lab.daemons.zone(name, lambda text: text + "@ NS ns3\n")


@fault(
    "pre.infrastructure.network",
    flips={"pre.infrastructure.network", "pre.database.backups.off-vm"},
    outcomes={"pre.database.backups.off-vm": Outcome.NOT_ASSESSED},
    # A container that is started meanwhile keeps what it finds then.
    touches={"names", "backend", "backend-files", "backend-restart", "frontend", "redis", "postgres"},
    mend=lambda lab: lab.vm.shell("cp /root/resolv.kept /etc/resolv.conf"),
)
def no_names(lab: Lab) -> None:
    """Addresses answer; names do not resolve."""
    lab.vm.shell("cp /etc/resolv.conf /root/resolv.kept; echo 'nameserver 10.99.0.99' > /etc/resolv.conf")


@fault(
    "pre.infrastructure.network",
    flips={"pre.infrastructure.network", "pre.database.backups.off-vm"},
    outcomes={"pre.database.backups.off-vm": Outcome.NOT_ASSESSED},
    touches={"names"},
    mend=lambda lab: lab.vm.shell("iptables -D OUTPUT -d 10.77.0.30 -p tcp --dport 22 -j REJECT"),
)
def peer_cut_off(lab: Lab) -> None:
    """The machine that keeps the backups cannot be reached."""
    lab.vm.shell("iptables -I OUTPUT -d 10.77.0.30 -p tcp --dport 22 -j REJECT")


def mend_another_port(lab: Lab) -> None:
    edge = ["ip", "netns", "exec", lab.network.path("edge").name, "nft"]
    listed = run([*edge, "-a", "list", "chain", "inet", "edge", "forwarded_ports"]).stdout.decode()
    handle = next(line.split()[-1] for line in listed.splitlines() if "8080" in line)
    run([*edge, "delete", "rule", "inet", "edge", "forwarded_ports", "handle", handle])


@fault(
    "pre.infrastructure.port-forwarding",
    flips={"pre.infrastructure.port-forwarding", "pre.security.firewall.required-ports-only"},
    mend=mend_another_port,
)
def another_port(lab: Lab) -> None:
    """The router forwards a port that nobody declared."""
    run(
        [
            "ip",
            "netns",
            "exec",
            lab.network.path("edge").name,
            "nft",
            "insert rule inet edge forwarded_ports ip daddr 10.99.0.80 tcp dport 8080 dnat ip to 10.77.0.20:80",
        ]
    )


@fault(
    "pre.infrastructure.proxmox-updated",
    flips={"pre.infrastructure.proxmox-updated"},
    outcomes={"pre.infrastructure.proxmox-updated": Outcome.NOT_ASSESSED},
    touches={"proxmox"},
    mend=lambda lab: lab.write_states(("proxmox",)),
)
def auditor(lab: Lab) -> None:
    """The token may look at everything, and not at the list of updates: that is no verdict."""
    lab.change_state(
        "proxmox",
        lambda state: {**state, "tokens": {token: {"/": ["Sys.Audit", "VM.Audit"]} for token in state["tokens"]}},
    )


@fault(
    "pre.infrastructure.proxmox-updated",
    flips=set(),
    touches={"proxmox"},
    settings=PVESH_SETTINGS,
    mend=remove_pvesh,
)
def by_pvesh(lab: Lab) -> None:
    """Odd but right: no API token; the node is asked by pvesh over ssh."""
    install_pvesh(lab)


@fault(
    "pre.infrastructure.proxmox-updated",
    flips={"pre.infrastructure.proxmox-updated"},
    outcomes={"pre.infrastructure.proxmox-updated": Outcome.NOT_ASSESSED},
    touches={"proxmox"},
    mend=lambda lab: lab.write_states(("proxmox",)),
)
def empty_lists(lab: Lab) -> None:
    """A token without rights of its own sees empty lists, not errors: that is no verdict either."""
    lab.change_state("proxmox", lambda state: {**state, "tasks": []})


@fault(
    "pre.infrastructure.proxmox-updated",
    flips={"pre.infrastructure.proxmox-updated"},
    touches={"proxmox"},
    mend=lambda lab: lab.write_states(("proxmox",)),
)
def old_release(lab: Lab) -> None:
    """The node runs the release before the newest stable one."""
    lab.change_state(
        "proxmox",
        lambda state: {**state, "version": {"version": "8.4.14", "release": "8.4", "repoid": "b502d23c55afcba1"}},
    )


@fault(
    "pre.infrastructure.proxmox-updated",
    flips={"pre.infrastructure.proxmox-updated"},
    touches={"proxmox"},
    mend=lambda lab: lab.write_states(("proxmox",)),
)
def pending_security(lab: Lab) -> None:
    """A security update waits on the node."""
    lab.change_state(
        "proxmox",
        lambda state: {
            **state,
            "updates": [
                {"Package": "openssl", "OldVersion": "3.5.1-1", "Version": "3.5.1-1+deb13u1", "Origin": "Debian"}
            ],
        },
    )


@fault(
    "pre.infrastructure.proxmox-updated",
    flips={"pre.infrastructure.proxmox-updated"},
    outcomes={"pre.infrastructure.proxmox-updated": Outcome.NOT_ASSESSED},
    touches={"proxmox"},
    mend=lambda lab: lab.write_states(("proxmox",)),
)
def stale_lists(lab: Lab) -> None:
    """Nothing waits, by package lists of last month."""
    lab.change_state(
        "proxmox",
        lambda state: {
            **state,
            "tasks": [{**task, "endtime": task["endtime"] - 30 * 86400} for task in state["tasks"]],
        },
    )


@fault(
    "pre.infrastructure.reverse-proxy",
    flips={"pre.infrastructure.reverse-proxy", "deploy.initial.health-api", "deploy.backend.api"},
    touches={"proxy-api"},
    mend=lambda lab: restore_proxy(lab, "tls"),
)
def api_is_unhealthy(lab: Lab) -> None:
    """The API answers 200, and says that it is unhealthy."""
    before_api(lab, 'location = /health { default_type application/json; return 200 \'{"status": "unhealthy"}\'; }')


@fault(
    "pre.infrastructure.reverse-proxy",
    flips={
        "pre.infrastructure.reverse-proxy",
        "pre.security.https.force-ssl",
        "deploy.network.https-redirect",
        "deploy.network.www",
    },
    touches={"proxy-www"},
    mend=lambda lab: restore_proxy(lab, "tls"),
)
def in_a_circle(lab: Lab) -> None:
    """One name redirects to itself: browsers give up."""
    edit_proxy(lab, "tls", "s|return 301 https://zebu.test|return 301 https://www.zebu.test|")


@fault(
    "pre.infrastructure.reverse-proxy",
    flips={
        "pre.infrastructure.reverse-proxy",
        "pre.application.environment.api-base-url",
        "deploy.frontend.console-clean",
        "deploy.frontend.https",
        "deploy.frontend.assets",
        "deploy.frontend.mobile",
        "deploy.network.no-mixed-content",
        "deploy.performance.page-load",
        "deploy.initial.health-site",
    },
    outcomes=dict.fromkeys(
        ("pre.application.environment.api-base-url", "deploy.initial.health-site"), Outcome.NOT_ASSESSED
    ),
    touches={"proxy-site"},
    mend=lambda lab: restore_proxy(lab, "tls"),
)
def default_page(lab: Lab) -> None:
    """The proxy answers 200 with a page of its own."""
    edit_proxy(
        lab, "tls", "0,/server_name zebu.test;/s|server_name zebu.test;|server_name zebu.test; return 200 default;|"
    )


@fault(
    "pre.infrastructure.proxmox-updated",
    flips=NODE_DOWN,
    outcomes=dict.fromkeys(NODE_DOWN, Outcome.NOT_ASSESSED),
    touches={"proxmox"},
    mend=lambda lab: lab.write_states(("proxmox",)),
)
def node_is_down(lab: Lab) -> None:
    """The node does not answer, and another one of the cluster says so in its place."""
    lab.change_state("proxmox", lambda state: {**state, "refuse": {"status": 595, "body": {"data": None}}})


@fault(
    "pre.infrastructure.static-ip",
    flips={"pre.infrastructure.static-ip"},
    touches={"route"},
    mend=lambda lab: lab.vm.shell("ip route replace default via 10.77.0.1 dev eth0 proto boot"),
)
def lease_route(lab: Lab) -> None:
    """The default route came by DHCP."""
    lab.vm.shell("ip route replace default via 10.77.0.1 dev eth0 proto dhcp")


@fault(
    "pre.infrastructure.static-ip",
    flips={"pre.infrastructure.static-ip"},
    touches={"route"},
    mend=lambda lab: lab.vm.shell("ip addr change 10.77.0.10/24 dev eth0 valid_lft forever preferred_lft forever"),
)
def lifetime(lab: Lab) -> None:
    """The address has a lifetime: a client that sets no route protocol got it."""
    lab.vm.shell("ip addr change 10.77.0.10/24 dev eth0 valid_lft 36000 preferred_lft 36000")


LEASES = "/var/lib/dhcp/dhclient.eth0.leases"
LEASE = (
    "mkdir -p /var/lib/dhcp; printf 'lease {{\\n  interface \"eth0\";\\n  fixed-address {};\\n  expire {};\\n}}\\n' > "
    + LEASES
)


@fault(
    "pre.infrastructure.static-ip",
    flips=set(),
    touches={"route"},
    mend=lambda lab: lab.vm.shell(f"rm {LEASES}; rmdir --ignore-fail-on-non-empty /var/lib/dhcp"),
)
def old_leases(lab: Lab) -> None:
    """Odd but right: leases of years ago were left, of this address and of one whose digits begin alike."""
    lab.vm.shell(LEASE.format("10.77.0.10", "2 2021/03/02 10:00:00"))
    lab.vm.shell(LEASE.format("10.77.0.100", "2 2038/03/02 10:00:00").replace(" > ", " >> "))


@fault(
    "pre.infrastructure.static-ip",
    flips={"pre.infrastructure.static-ip"},
    touches={"route"},
    mend=lambda lab: lab.vm.shell(f"rm {LEASES}; rmdir --ignore-fail-on-non-empty /var/lib/dhcp"),
)
def lease_of_this_address(lab: Lab) -> None:
    """A lease of the address goes on, though neither the route nor the address tells."""
    lab.vm.shell(LEASE.format("10.77.0.10", "2 2038/03/02 10:00:00"))


@fault(
    "pre.infrastructure.static-ip",
    flips={"pre.infrastructure.static-ip"},
    touches={"route"},
    mend=lambda lab: lab.vm.shell(
        "ip route replace default via 10.77.0.1 dev eth0; ip addr del 10.77.0.110/24 dev eth0"
    ),
)
def speaks_with_another(lab: Lab) -> None:
    """Beside the static address stands one with a lifetime, and it is the one that the default route speaks with."""
    lab.vm.shell(
        "ip addr add 10.77.0.110/24 dev eth0 valid_lft 36000 preferred_lft 36000; ip route replace default via 10.77.0.1 dev eth0 src 10.77.0.110"
    )


@fault(
    "pre.infrastructure.vm-resources",
    flips={"pre.infrastructure.vm-resources"},
    mend=lambda lab: lab.vm.shell("umount /sys/devices/system/cpu/online"),
)
def processors_offline(lab: Lab) -> None:
    """Of the processors that the machine could have, one is there."""
    lab.vm.shell("echo 0 > /root/online; mount --bind /root/online /sys/devices/system/cpu/online")


@fault(
    "pre.infrastructure.vm-resources",
    flips={"pre.infrastructure.vm-resources"},
    mend=lambda lab: lab.vm.shell("umount /proc/meminfo"),
)
def little_memory(lab: Lab) -> None:
    """The machine shows one gibibyte of memory, as a small one would."""
    lab.vm.shell(
        "sed 's/^MemTotal:.*/MemTotal:        1048576 kB/' /proc/meminfo > /root/meminfo; mount --bind /root/meminfo /proc/meminfo"
    )
