"""Long enough, and no secret at all."""

from lab.deployment import Lab

flips: set[str] = {"pre.security.secrets.postgres-password", "deploy.initial.env-present"}
touches: set[str] = {".env"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "cp -p /opt/zebu/.env /root/env.kept; sed -i 's/^POSTGRES_PASSWORD=.*/POSTGRES_PASSWORD=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/' /opt/zebu/.env"
    )


def mend(lab: Lab) -> None:
    lab.vm.shell("cp -p /root/env.kept /opt/zebu/.env; rm /root/env.kept")
