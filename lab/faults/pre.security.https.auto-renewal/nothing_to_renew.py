"""The timer runs and succeeds: there is nothing that it renews."""

from lab.deployment import Lab

flips: set[str] = {"pre.security.https.auto-renewal", "post.monitoring.tls.auto-renewal"}
touches: set[str] = {"renewal"}


def inject(lab: Lab) -> None:
    lab.proxy.shell("mv /etc/letsencrypt/renewal/zebu.test.conf /root/")


def mend(lab: Lab) -> None:
    lab.proxy.shell("mv /root/zebu.test.conf /etc/letsencrypt/renewal/")
