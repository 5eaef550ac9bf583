"""What watches the deployment has itself failed."""

from lab.deployment import Lab

flips: set[str] = {
    "post.monitoring.services.health-endpoints",
    "post.monitoring.disk.alerts",
    "post.monitoring.logs.alerts",
    "post.monitoring.tls.expiry",
}
outcomes: dict[str, str] = {"post.monitoring.tls.expiry": "not_assessed"}
touches: set[str] = {"watch"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "cp -p /usr/local/sbin/zebu-watch /root/; sed -i 's/^exit 0/exit 1/' /usr/local/sbin/zebu-watch; systemctl start zebu-watch.service || true"
    )


def mend(lab: Lab) -> None:
    lab.vm.shell("cp -p /root/zebu-watch /usr/local/sbin/; systemctl start zebu-watch.service")
