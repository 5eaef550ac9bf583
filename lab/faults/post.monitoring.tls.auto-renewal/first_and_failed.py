"""The certificate is the first one, its renewal failed, and so did the rehearsal."""

from lab.deployment import Lab

flips: set[str] = {
    "post.monitoring.tls.auto-renewal",
    "post.monitoring.tls.renewal-tested",
    "pre.security.https.auto-renewal",
}
touches: set[str] = {"renewal"}
DROP_IN = "/etc/systemd/system/certbot.service.d"
FAILING = "[Service]\nExecStart=\nExecStart=/bin/sh -c 'certbot renew --help >/dev/null; exit 1'\n"


def inject(lab: Lab) -> None:
    lab.rehearse_renewal(port=1, check=False)
    lab.proxy.run(["sh", "-c", f"mkdir -p {DROP_IN}; cat > {DROP_IN}/zz-fault.conf"], stdin=FAILING.encode())
    lab.proxy.shell("systemctl daemon-reload; systemctl start certbot.service || true")


def mend(lab: Lab) -> None:
    lab.proxy.shell(f"rm -r {DROP_IN}; systemctl daemon-reload; systemctl start certbot.service")
    lab.rehearse_renewal()
