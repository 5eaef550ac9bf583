"""The journal may take nearly the whole disk."""

from lab.deployment import Lab

flips: set[str] = {"post.monitoring.logs.rotation"}
touches: set[str] = {"journald"}


def inject(lab: Lab) -> None:
    lab.vm.shell("printf '[Journal]\\nSystemMaxUse=15G\\n' > /etc/systemd/journald.conf.d/zz-fault.conf")


def mend(lab: Lab) -> None:
    lab.vm.shell("rm /etc/systemd/journald.conf.d/zz-fault.conf")
