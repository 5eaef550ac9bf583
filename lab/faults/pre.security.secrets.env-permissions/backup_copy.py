"""The copy that a deployment left, with the mode that umask gave it."""

from lab.deployment import Lab

flips: set[str] = {"pre.security.secrets.env-permissions"}
touches: set[str] = {".env"}


def inject(lab: Lab) -> None:
    lab.vm.shell("cp -p /opt/zebu/.env /opt/zebu/.env.backup; chmod 644 /opt/zebu/.env.backup")


def mend(lab: Lab) -> None:
    lab.vm.shell("rm /opt/zebu/.env.backup")
