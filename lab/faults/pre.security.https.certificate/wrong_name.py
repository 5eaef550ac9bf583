"""A trusted certificate for another name."""

from lab.deployment import Lab

flips: set[str] = {
    "pre.security.https.certificate",
    "pre.infrastructure.certificates",
    "pre.security.https.auto-renewal",
}
touches: set[str] = {"proxy"}


def inject(lab: Lab) -> None:
    certificate, key = lab.mint("other.test", days=(-1, 30))
    lab.proxy.run(["sh", "-c", "cat > /root/fault.pem"], stdin=certificate)
    lab.proxy.run(["sh", "-c", "umask 077; cat > /root/fault.key"], stdin=key)
    lab.proxy.shell(
        "cp /etc/nginx/sites-available/zebu-tls.conf /root/tls.kept; sed -i -E '/server_name www/,/}/ { s#ssl_certificate .*#ssl_certificate /root/fault.pem;#; s#ssl_certificate_key .*#ssl_certificate_key /root/fault.key;# }' /etc/nginx/sites-available/zebu-tls.conf; systemctl reload nginx; sleep 0.5"
    )


def mend(lab: Lab) -> None:
    lab.proxy.shell("cp /root/tls.kept /etc/nginx/sites-available/zebu-tls.conf; systemctl reload nginx; sleep 0.5")
