"""Other programs have taken most of the connections."""

from lab.changes import sql
from lab.deployment import Lab

flips: set[str] = {"pre.database.configuration.max-connections"}
touches: set[str] = {"postgres"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        'docker exec -d zebu-db-1 sh -c "for n in \\$(seq 82); do psql -U zebu_admin -d zebu -c \\"SELECT pg_sleep(300)\\" & done; wait"; sleep 3'
    )


def mend(lab: Lab) -> None:
    sql(lab, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(300)'")
