"""Everything looks live, and the certificate is older than its renewal point and two runs."""

from lab.changes import restore_proxy, serve_minted
from lab.deployment import Lab

flips: set[str] = {
    "pre.security.https.auto-renewal",
    "pre.infrastructure.certificates",
    "post.monitoring.tls.auto-renewal",
    "post.monitoring.tls.expiry",
}
touches: set[str] = {"proxy-certificates", "renewal"}


def inject(lab: Lab) -> None:
    lab.proxy.shell(
        "cp -a /etc/letsencrypt/live/zebu.test/cert.pem /root/cert.kept; ln -sf /root/fault.pem /etc/letsencrypt/live/zebu.test/cert.pem"
    )
    serve_minted(lab, "zebu.test;", "zebu.test", (-80, 10))


def mend(lab: Lab) -> None:
    restore_proxy(lab, "tls")
    lab.proxy.shell("cp -a /root/cert.kept /etc/letsencrypt/live/zebu.test/cert.pem")
