"""Odd but right: the proxy compresses the page, and names no character set."""

from lab.changes import edit_proxy, restore_proxy
from lab.deployment import Lab

flips: set[str] = set()
touches: set[str] = {"proxy-site"}


def inject(lab: Lab) -> None:
    edit_proxy(
        lab,
        "tls",
        "/server_name zebu.test;/,/}/ s|location / {|gzip on; gzip_min_length 1; gzip_proxied any; location / {|",
    )


def mend(lab: Lab) -> None:
    restore_proxy(lab, "tls")
