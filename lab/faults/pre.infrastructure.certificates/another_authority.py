"""A certificate that is trusted and valid, from another authority than is declared."""

from lab.changes import edit_proxy, restore_proxy
from lab.deployment import Lab

flips: set[str] = {"pre.infrastructure.certificates", "pre.security.https.auto-renewal"}
touches: set[str] = {"proxy"}


def inject(lab: Lab) -> None:
    certificate, key = lab.mint("zebu.test", (-1, 89))
    lab.proxy.run(["sh", "-c", "cat > /root/other.pem"], stdin=certificate)
    lab.proxy.run(["sh", "-c", "umask 077; cat > /root/other.key"], stdin=key)
    edit_proxy(
        lab,
        "tls",
        "0,/live.zebu.test.fullchain.pem/s|/etc/letsencrypt/live/zebu.test/fullchain.pem|/root/other.pem|",
        "0,/live.zebu.test.privkey.pem/s|/etc/letsencrypt/live/zebu.test/privkey.pem|/root/other.key|",
    )


def mend(lab: Lab) -> None:
    restore_proxy(lab, "tls")
    lab.proxy.shell("rm -f /root/other.pem /root/other.key")
