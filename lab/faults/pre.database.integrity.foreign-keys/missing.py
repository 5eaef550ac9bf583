"""A reference that nothing enforces."""

from lab.changes import sql
from lab.deployment import Lab

flips: set[str] = {"pre.database.integrity.foreign-keys"}
touches: set[str] = {"tables"}
uses: set[str] = {"postgres"}


def inject(lab: Lab) -> None:
    sql(lab, "ALTER TABLE transactions DROP CONSTRAINT fk_transactions_portfolio_id_portfolios")


def mend(lab: Lab) -> None:
    sql(
        lab,
        "ALTER TABLE transactions ADD CONSTRAINT fk_transactions_portfolio_id_portfolios FOREIGN KEY (portfolio_id) REFERENCES portfolios (id) ON DELETE CASCADE",
    )
