"""The proxy answers with a page of its own."""

from lab.changes import edit_proxy, restore_proxy
from lab.deployment import Lab

flips: set[str] = {"deploy.frontend.https", "pre.infrastructure.reverse-proxy"}
touches: set[str] = {"proxy-site"}


def inject(lab: Lab) -> None:
    edit_proxy(
        lab,
        "tls",
        r"/server_name zebu.test;/,/}/ s|location / { proxy_pass http://10.77.0.10:80; }|location = / { default_type text/html; return 200 '<!doctype html><title>Welcome</title><script src=/assets/main.js></script><meta name=viewport content=width=device-width><div id=root></div>'; } location / { proxy_pass http://10.77.0.10:80; }|",
    )


def mend(lab: Lab) -> None:
    restore_proxy(lab, "tls")
