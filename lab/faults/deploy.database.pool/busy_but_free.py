"""Odd but right: many connections work at once, and none waits."""

from lab.changes import sql
from lab.deployment import Lab

flips: set[str] = set()
touches: set[str] = {"postgres"}


QUERY = "SELECT pg_sleep(300), 'busy_but_free'"


def inject(lab: Lab) -> None:
    lab.vm.shell(
        f'for n in $(seq 8); do docker exec -d zebu-db-1 psql -q -U zebu_admin -d zebu -c "{QUERY}"; done; sleep 0.5'
    )


def mend(lab: Lab) -> None:
    sql(
        lab,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%busy_but_free%' AND pid <> pg_backend_pid()",
    )
