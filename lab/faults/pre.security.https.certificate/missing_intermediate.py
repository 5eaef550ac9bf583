"""One name serves its certificate without the chain, which browsers paper over."""

from lab.deployment import Lab

flips: set[str] = {"pre.security.https.certificate", "pre.infrastructure.certificates", "deploy.backend.api"}
touches: set[str] = {"proxy-certificates"}


def inject(lab: Lab) -> None:
    lab.proxy.shell(
        "cp /etc/nginx/sites-available/zebu-tls.conf /root/tls.kept; sed -i '/server_name api/,$ s/fullchain.pem/cert.pem/' /etc/nginx/sites-available/zebu-tls.conf; systemctl reload nginx; sleep 0.5"
    )


def mend(lab: Lab) -> None:
    lab.proxy.shell("cp /root/tls.kept /etc/nginx/sites-available/zebu-tls.conf; systemctl reload nginx; sleep 0.5")
