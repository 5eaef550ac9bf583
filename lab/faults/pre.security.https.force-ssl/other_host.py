"""The redirect leads to a name that is not declared."""

from lab.deployment import Lab

flips: set[str] = {"pre.security.https.force-ssl", "deploy.network.https-redirect"}
touches: set[str] = {"proxy-http"}


def inject(lab: Lab) -> None:
    lab.proxy.shell(
        "cp /etc/nginx/sites-enabled/zebu-http.conf /root/http.kept; sed -i 's#https://.host#https://elsewhere.test#' /etc/nginx/sites-enabled/zebu-http.conf; systemctl reload nginx; sleep 0.5"
    )


def mend(lab: Lab) -> None:
    lab.proxy.shell("cp /root/http.kept /etc/nginx/sites-enabled/zebu-http.conf; systemctl reload nginx; sleep 0.5")
