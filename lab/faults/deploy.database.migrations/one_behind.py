"""The code was deployed, its last migration was not applied."""

from lab.deployment import Lab

flips: set[str] = {"deploy.database.migrations"}
touches: set[str] = {"alembic"}
uses: set[str] = {"postgres"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "docker exec zebu-db-1 psql -q -U zebu_admin -d zebu -c \"UPDATE alembic_version SET version_num = 'c002_backtests_triggers'\""
    )


def mend(lab: Lab) -> None:
    lab.vm.shell(
        "docker exec zebu-db-1 psql -q -U zebu_admin -d zebu -c \"UPDATE alembic_version SET version_num = 'd001_price_history_updated_at'\""
    )
