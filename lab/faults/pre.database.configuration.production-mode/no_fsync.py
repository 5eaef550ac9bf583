"""Nothing is forced to the disk."""

from lab.changes import sql
from lab.deployment import Lab

flips: set[str] = {"pre.database.configuration.production-mode"}
touches: set[str] = {"postgres"}


def inject(lab: Lab) -> None:
    sql(lab, "ALTER SYSTEM SET fsync = off")
    sql(lab, "SELECT pg_reload_conf()")
    lab.vm.shell("sleep 0.5")


def mend(lab: Lab) -> None:
    sql(lab, "ALTER SYSTEM RESET fsync")
    sql(lab, "SELECT pg_reload_conf()")
