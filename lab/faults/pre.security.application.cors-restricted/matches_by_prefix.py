"""An origin that only begins like the site is allowed."""

from lab.changes import edit_proxy, restore_proxy
from lab.deployment import Lab

flips: set[str] = {"pre.security.application.cors-restricted"}
touches: set[str] = {"proxy-api"}


def inject(lab: Lab) -> None:
    edit_proxy(
        lab,
        "tls",
        "1i map $http_origin $allowed { default ''; ~^https://(www.)?zebu.test $http_origin; }",
        "s|proxy_pass http://10.77.0.10:8000;|proxy_pass http://10.77.0.10:8000; proxy_hide_header Access-Control-Allow-Origin; add_header Access-Control-Allow-Origin $allowed always; add_header Strict-Transport-Security max-age=63072000 always;|",
    )


def mend(lab: Lab) -> None:
    restore_proxy(lab, "tls")
