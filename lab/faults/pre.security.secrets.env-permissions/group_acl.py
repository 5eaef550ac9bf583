"""An access list lets another user read it."""

from lab.deployment import Lab

flips: set[str] = {"pre.security.secrets.env-permissions"}
touches: set[str] = {".env"}


def inject(lab: Lab) -> None:
    lab.vm.shell("setfacl -m u:observer:r /opt/zebu/.env")


def mend(lab: Lab) -> None:
    lab.vm.shell("setfacl -b /opt/zebu/.env; chmod 600 /opt/zebu/.env")
