"""The recorder has written nothing for two days."""

from lab.deployment import Lab

flips: set[str] = {"post.monitoring.services.resources"}
touches: set[str] = {"sysstat"}


def inject(lab: Lab) -> None:
    lab.vm.shell("systemctl stop sysstat-collect.timer; touch -d '2 days ago' /var/log/sysstat/sa[0-9]*")


def mend(lab: Lab) -> None:
    lab.vm.shell("systemctl start sysstat-collect.timer sysstat-collect.service")
