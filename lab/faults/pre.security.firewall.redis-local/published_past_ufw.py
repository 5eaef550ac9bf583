"""Docker publishes the port on every address; ufw still says "deny"."""

from lab.deployment import Lab

flips: set[str] = {"pre.security.firewall.redis-local"}
touches: set[str] = {"stray"}


def inject(lab: Lab) -> None:
    lab.vm.shell("docker run -d --name stray-redis --pull never -p 16379:6379 zebu-lab/runtime:12 sleep 600")


def mend(lab: Lab) -> None:
    lab.vm.shell("docker rm -f stray-redis")
