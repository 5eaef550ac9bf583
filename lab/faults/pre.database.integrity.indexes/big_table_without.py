"""A table of eleven thousand rows whose reference has no index."""

from lab.changes import sql
from lab.deployment import Lab

flips: set[str] = {"pre.database.integrity.indexes"}
touches: set[str] = {"tables"}
uses: set[str] = {"postgres"}


def inject(lab: Lab) -> None:
    sql(lab, "DROP INDEX idx_transaction_portfolio_id, idx_transaction_portfolio_timestamp")
    sql(
        lab,
        "INSERT INTO transactions (id, portfolio_id, transaction_type, timestamp, cash_change, notes) SELECT gen_random_uuid(), (SELECT id FROM portfolios LIMIT 1), 'DEPOSIT', now(), 1, 'fault' FROM generate_series(1, 11000)",
    )
    sql(lab, "ANALYZE transactions")


def mend(lab: Lab) -> None:
    sql(lab, "DELETE FROM transactions WHERE notes = 'fault'")
    sql(lab, "VACUUM ANALYZE transactions")
    sql(lab, "CREATE INDEX idx_transaction_portfolio_id ON transactions (portfolio_id)")
    sql(lab, "CREATE INDEX idx_transaction_portfolio_timestamp ON transactions (portfolio_id, timestamp)")
