"""The application works as superuser."""

from lab.deployment import Lab

flips: set[str] = {"pre.database.configuration.least-privilege"}
touches: set[str] = {"role"}
uses: set[str] = {"postgres"}


def inject(lab: Lab) -> None:
    lab.vm.shell("docker exec zebu-db-1 psql -q -U zebu_admin -d zebu -c 'ALTER ROLE zebu_app SUPERUSER'")


def mend(lab: Lab) -> None:
    lab.vm.shell("docker exec zebu-db-1 psql -q -U zebu_admin -d zebu -c 'ALTER ROLE zebu_app NOSUPERUSER'")
