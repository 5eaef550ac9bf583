"""Faults of post.monitoring.tls."""

from lab.changes import restore_proxy, serve_minted
from lab.deployment import Lab
from lab.fault import fault

DROP_IN = "/etc/systemd/system/certbot.service.d"

FAILING = "[Service]\nExecStart=\nExecStart=/bin/sh -c 'certbot renew --help >/dev/null; exit 1'\n"


def mend_first_and_failed(lab: Lab) -> None:
    lab.proxy.shell(f"rm -r {DROP_IN}; systemctl daemon-reload; systemctl start certbot.service")
    lab.rehearse_renewal()


@fault(
    "post.monitoring.tls.auto-renewal",
    flips={
        "post.monitoring.tls.auto-renewal",
        "post.monitoring.tls.renewal-tested",
        "pre.security.https.auto-renewal",
    },
    touches={"renewal"},
    mend=mend_first_and_failed,
)
def first_and_failed(lab: Lab) -> None:
    """The certificate is the first one, its renewal failed, and so did the rehearsal."""
    lab.rehearse_renewal(port=1, check=False)
    lab.proxy.run(["sh", "-c", f"mkdir -p {DROP_IN}; cat > {DROP_IN}/zz-fault.conf"], stdin=FAILING.encode())
    lab.proxy.shell("systemctl daemon-reload; systemctl start certbot.service || true")


@fault(
    "post.monitoring.tls.expiry",
    flips={
        "post.monitoring.tls.expiry",
        "post.monitoring.tls.auto-renewal",
        "pre.security.https.auto-renewal",
        "pre.infrastructure.certificates",
    },
    touches={"proxy-certificates"},
    mend=lambda lab: restore_proxy(lab, "tls"),
)
def late(lab: Lab) -> None:
    """A trusted certificate, of which a fifth is left."""
    serve_minted(lab, "zebu.test;", "zebu.test", (-72, 18))


@fault(
    "post.monitoring.tls.expiry",
    flips={
        "post.monitoring.tls.auto-renewal",
        "pre.security.https.auto-renewal",
        "pre.infrastructure.certificates",
    },
    touches={"proxy-certificates"},
    mend=lambda lab: restore_proxy(lab, "tls"),
)
def six_days(lab: Lab) -> None:
    """Odd but right: certificates that live for six days, with three of them left."""
    serve_minted(lab, "zebu.test;", "zebu.test", (-3, 3))


@fault(
    "post.monitoring.tls.renewal-tested",
    flips={"post.monitoring.tls.renewal-tested"},
    touches={"renewal"},
    mend=lambda lab: lab.rehearse_renewal(),
)
def dry_run_fails(lab: Lab) -> None:
    """The rehearsal of the renewal failed: nobody answers at the authority's address."""
    lab.rehearse_renewal(port=1, check=False)
