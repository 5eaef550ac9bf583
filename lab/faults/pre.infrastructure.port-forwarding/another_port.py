"""The router forwards a port that nobody declared."""

from lab.deployment import Lab
from lab.shell import run

flips: set[str] = {"pre.infrastructure.port-forwarding", "pre.security.firewall.required-ports-only"}


def inject(lab: Lab) -> None:
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


def mend(lab: Lab) -> None:
    edge = ["ip", "netns", "exec", lab.network.path("edge").name, "nft"]
    listed = run([*edge, "-a", "list", "chain", "inet", "edge", "forwarded_ports"]).stdout.decode()
    handle = next(line.split()[-1] for line in listed.splitlines() if "8080" in line)
    run([*edge, "delete", "rule", "inet", "edge", "forwarded_ports", "handle", handle])
