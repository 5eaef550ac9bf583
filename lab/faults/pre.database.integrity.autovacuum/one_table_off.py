"""Autovacuum is on, and off for one table."""

from lab.changes import sql
from lab.deployment import Lab

flips: set[str] = {"pre.database.integrity.autovacuum"}
touches: set[str] = {"tables"}
uses: set[str] = {"postgres"}


def inject(lab: Lab) -> None:
    sql(lab, "ALTER TABLE transactions SET (autovacuum_enabled = false)")


def mend(lab: Lab) -> None:
    sql(lab, "ALTER TABLE transactions RESET (autovacuum_enabled)")
