"""The database has another password than the backend; its open connections do not notice."""

from lab.changes import sql
from lab.deployment import Lab

flips: set[str] = {"pre.database.configuration.password"}
touches: set[str] = {"role", "backend"}


def inject(lab: Lab) -> None:
    sql(lab, "ALTER ROLE zebu_app PASSWORD 'another-one-of-the-fault'")


def mend(lab: Lab) -> None:
    value = lab.vm.shell("sed -n s/^APP_DB_PASSWORD=//p /opt/zebu/.env").strip()
    sql(lab, f"ALTER ROLE zebu_app PASSWORD '{value}'")
