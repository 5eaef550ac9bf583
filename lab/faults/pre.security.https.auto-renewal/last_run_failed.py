"""The timer is live, and its last run failed."""

from lab.deployment import Lab

flips: set[str] = {"pre.security.https.auto-renewal"}
touches: set[str] = {"renewal"}


def inject(lab: Lab) -> None:
    lab.proxy.shell(
        "mkdir -p /run/systemd/system/certbot.service.d; printf '[Service]\\nExecStart=\\nExecStart=/usr/bin/certbot -q renew --no-such-option\\n' > /run/systemd/system/certbot.service.d/zz-fault.conf; systemctl daemon-reload; systemctl start certbot.service || true"
    )


def mend(lab: Lab) -> None:
    lab.proxy.shell(
        "rm /run/systemd/system/certbot.service.d/zz-fault.conf; systemctl daemon-reload; systemctl reset-failed certbot.service; systemctl start certbot.service"
    )
