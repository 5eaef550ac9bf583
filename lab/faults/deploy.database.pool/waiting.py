"""A session waits for what another has locked."""

from lab.changes import sql
from lab.deployment import Lab

flips: set[str] = {"deploy.database.pool"}
touches: set[str] = {"postgres"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "docker exec -d zebu-db-1 psql -U zebu_admin -d zebu -c 'BEGIN; LOCK TABLE strategies; SELECT pg_sleep(300)'; sleep 1; docker exec -d zebu-db-1 psql -U zebu_admin -d zebu -c 'BEGIN; LOCK TABLE strategies; SELECT pg_sleep(1)'; sleep 1"
    )


def mend(lab: Lab) -> None:
    sql(
        lab,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%LOCK TABLE strategies%' AND pid <> pg_backend_pid()",
    )
