"""The database's administrator has a well-known password."""

from lab.deployment import Lab

flips: set[str] = {"pre.security.secrets.defaults-changed", "pre.security.secrets.postgres-password"}
touches: set[str] = {"postgres-password"}
uses: set[str] = {"postgres"}


def inject(lab: Lab) -> None:
    lab.vm.shell("docker exec zebu-db-1 psql -U zebu_admin -d zebu -qc \"ALTER ROLE zebu_admin PASSWORD 'postgres'\"")


def mend(lab: Lab) -> None:
    password = lab.vm.shell("sed -n s/^POSTGRES_PASSWORD=//p /opt/zebu/.env")
    lab.vm.run(
        ["docker", "exec", "-i", "zebu-db-1", "psql", "-U", "zebu_admin", "-d", "zebu", "-q"],
        stdin=f"ALTER ROLE zebu_admin PASSWORD '{password}'".encode(),
    )
