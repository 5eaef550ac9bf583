"""The database asks nobody on the bridge for a password."""

from lab.deployment import Lab

flips: set[str] = {
    "pre.security.secrets.postgres-password",
    "pre.database.configuration.password",
    "pre.database.configuration.production-mode",
}
touches: set[str] = {"postgres"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "docker exec -u postgres zebu-db-1 sh -c 'cp /var/lib/postgresql/data/pg_hba.conf /tmp/hba; { echo host all all all trust; cat /tmp/hba; } > /var/lib/postgresql/data/pg_hba.conf; pg_ctl reload -D /var/lib/postgresql/data'"
    )


def mend(lab: Lab) -> None:
    lab.vm.shell(
        "docker exec -u postgres zebu-db-1 sh -c 'cat /tmp/hba > /var/lib/postgresql/data/pg_hba.conf; pg_ctl reload -D /var/lib/postgresql/data'"
    )
