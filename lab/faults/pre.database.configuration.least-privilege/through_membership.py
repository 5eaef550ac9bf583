"""The role itself has no powers, but a group that it is in may run programs."""

from lab.deployment import Lab

flips: set[str] = {"pre.database.configuration.least-privilege"}
touches: set[str] = {"role"}
uses: set[str] = {"postgres"}


def inject(lab: Lab) -> None:
    lab.vm.shell("docker exec zebu-db-1 psql -q -U zebu_admin -d zebu -c 'GRANT pg_execute_server_program TO zebu_app'")


def mend(lab: Lab) -> None:
    lab.vm.shell(
        "docker exec zebu-db-1 psql -q -U zebu_admin -d zebu -c 'REVOKE pg_execute_server_program FROM zebu_app'"
    )
