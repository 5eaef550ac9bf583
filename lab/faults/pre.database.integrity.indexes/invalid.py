"""The index is there, and invalid."""

from lab.changes import sql
from lab.deployment import Lab

flips: set[str] = {"pre.database.integrity.indexes"}
touches: set[str] = {"tables"}
uses: set[str] = {"postgres"}


def inject(lab: Lab) -> None:
    sql(lab, "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'idx_portfolio_user_id'::regclass")


def mend(lab: Lab) -> None:
    sql(lab, "UPDATE pg_index SET indisvalid = true WHERE indexrelid = 'idx_portfolio_user_id'::regclass")
