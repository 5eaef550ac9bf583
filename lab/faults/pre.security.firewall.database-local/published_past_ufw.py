"""Docker publishes the port on every address; ufw still says "deny"."""

from lab.deployment import Lab

flips: set[str] = {"pre.security.firewall.database-local"}
touches: set[str] = {"iptables"}


def inject(lab: Lab) -> None:
    lab.vm.shell("docker run -d --name stray --pull never -p 15432:5432 zebu-lab/runtime:12 sleep 600")


def mend(lab: Lab) -> None:
    lab.vm.shell("docker rm -f stray")
