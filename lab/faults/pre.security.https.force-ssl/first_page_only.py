"""Only the first page is redirected."""

from lab.deployment import Lab

flips: set[str] = {"pre.security.https.force-ssl", "deploy.network.https-redirect"}
touches: set[str] = {"proxy-http"}


def inject(lab: Lab) -> None:
    lab.proxy.shell(
        "cp /etc/nginx/sites-enabled/zebu-http.conf /root/http.kept; sed -i 's#location / { return 301#location / { return 200 ok; } location = / { return 301#' /etc/nginx/sites-enabled/zebu-http.conf; systemctl reload nginx; sleep 0.5"
    )


def mend(lab: Lab) -> None:
    lab.proxy.shell("cp /root/http.kept /etc/nginx/sites-enabled/zebu-http.conf; systemctl reload nginx; sleep 0.5")
