"""A certificate that nobody but its maker vouches for, as one has it for trying out."""

from lab.changes import edit_proxy, restore_proxy
from lab.deployment import Lab

flips: set[str] = {
    "pre.infrastructure.certificates",
    "pre.security.https.certificate",
    "pre.security.https.auto-renewal",
    "deploy.backend.api",
    "post.monitoring.tls.auto-renewal",
}
touches: set[str] = {"proxy-certificates", "renewal"}


def inject(lab: Lab) -> None:
    lab.proxy.shell(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=api.zebu.test -addext subjectAltName=DNS:api.zebu.test -keyout /root/self.key -out /root/self.pem 2>/dev/null"
    )
    edit_proxy(
        lab,
        "tls",
        r"/server_name api/,/}/ { s#ssl_certificate .*#ssl_certificate /root/self.pem;#; s#ssl_certificate_key .*#ssl_certificate_key /root/self.key;# }",
    )


def mend(lab: Lab) -> None:
    restore_proxy(lab, "tls")
