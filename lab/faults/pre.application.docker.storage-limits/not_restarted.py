"""daemon.json changed after the daemon started."""

from lab.deployment import Lab

flips: set[str] = {"pre.application.docker.storage-limits"}
touches: set[str] = {"docker", "backend", "redis", "frontend", "iptables", "stray"}


def inject(lab: Lab) -> None:
    lab.vm.shell("cp -p /etc/docker/daemon.json /root/daemon.kept; printf '\\n' >> /etc/docker/daemon.json")


def mend(lab: Lab) -> None:
    lab.vm.shell("cat /root/daemon.kept > /etc/docker/daemon.json; systemctl restart docker")
    lab.wait_for_application()
