"""Autovacuum is off."""

from lab.changes import sql
from lab.deployment import Lab

flips: set[str] = {"pre.database.integrity.autovacuum"}
touches: set[str] = {"postgres"}


def inject(lab: Lab) -> None:
    sql(lab, "ALTER SYSTEM SET autovacuum = off")
    sql(lab, "SELECT pg_reload_conf()")
    lab.vm.shell("sleep 0.5")


def mend(lab: Lab) -> None:
    sql(lab, "ALTER SYSTEM RESET autovacuum")
    sql(lab, "SELECT pg_reload_conf()")
