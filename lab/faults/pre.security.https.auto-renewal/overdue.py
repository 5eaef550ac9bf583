"""Everything looks live, and the certificate is older than its renewal point and two runs."""

from lab.changes import edit_proxy, restore_proxy
from lab.deployment import Lab

flips: set[str] = {"pre.security.https.auto-renewal", "pre.infrastructure.certificates"}
touches: set[str] = {"proxy", "renewal"}


def inject(lab: Lab) -> None:
    certificate, key = lab.mint("zebu.test", days=(-80, 10))
    lab.proxy.run(["sh", "-c", "cat > /root/aged.pem"], stdin=certificate)
    lab.proxy.run(["sh", "-c", "umask 077; cat > /root/aged.key"], stdin=key)
    lab.proxy.shell(
        "cp -a /etc/letsencrypt/live/zebu.test/cert.pem /root/cert.kept; ln -sf /root/aged.pem /etc/letsencrypt/live/zebu.test/cert.pem"
    )
    edit_proxy(
        lab,
        "tls",
        r"/server_name zebu/,/}/ { s#ssl_certificate .*#ssl_certificate /root/aged.pem;#; s#ssl_certificate_key .*#ssl_certificate_key /root/aged.key;# }",
    )


def mend(lab: Lab) -> None:
    restore_proxy(lab, "tls")
    lab.proxy.shell("cp -a /root/cert.kept /etc/letsencrypt/live/zebu.test/cert.pem")
