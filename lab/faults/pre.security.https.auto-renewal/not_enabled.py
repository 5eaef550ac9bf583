"""The timer runs, and does not come back after a reboot."""

from lab.deployment import Lab

flips: set[str] = {"pre.security.https.auto-renewal"}
touches: set[str] = {"renewal"}


def inject(lab: Lab) -> None:
    lab.proxy.shell("systemctl disable certbot.timer")


def mend(lab: Lab) -> None:
    lab.proxy.shell("systemctl enable certbot.timer")
