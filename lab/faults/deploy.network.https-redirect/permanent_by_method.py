"""Odd but right: the redirect is 308, which keeps the method."""

from lab.changes import edit_proxy, restore_proxy
from lab.deployment import Lab

flips: set[str] = set()
touches: set[str] = {"proxy-http"}


def inject(lab: Lab) -> None:
    edit_proxy(lab, "http", "s|return 301|return 308|")


def mend(lab: Lab) -> None:
    restore_proxy(lab, "http")
