"""Odd but right: scripts are served with the name that their type had before RFC 9239."""

from lab.changes import edit_proxy, restore_proxy
from lab.deployment import Lab

flips: set[str] = set()
touches: set[str] = {"proxy-site"}


def inject(lab: Lab) -> None:
    edit_proxy(
        lab,
        "tls",
        "/server_name zebu.test;/,/}/ s|location / { proxy_pass http://10.77.0.10:80; }|location ~ [.]js$ { proxy_pass http://10.77.0.10:80; proxy_hide_header Content-Type; add_header Content-Type application/x-javascript always; } &|",
    )


def mend(lab: Lab) -> None:
    restore_proxy(lab, "tls")
