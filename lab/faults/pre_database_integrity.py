"""Faults of pre.database.integrity."""

from typing import Any

from lab.changes import reset_parameter, set_parameter, sql
from lab.deployment import Lab
from lab.fault import fault
from pytest_zebu.verdict.outcome import Outcome


@fault(
    "pre.database.integrity.autovacuum",
    flips={"pre.database.integrity.autovacuum"},
    touches={"postgres"},
    mend=lambda lab: reset_parameter(lab, "autovacuum", "on"),
)
def off(lab: Lab) -> None:
    """Autovacuum is off."""
    set_parameter(lab, "autovacuum", "off")


@fault(
    "pre.database.integrity.autovacuum",
    flips={"pre.database.integrity.autovacuum"},
    touches={"postgres"},
    mend=lambda lab: reset_parameter(lab, "autovacuum_naptime", "1min"),
)
def looks_once_a_day(lab: Lab) -> None:
    """Autovacuum is on, and looks once a day whether there is something to do."""
    set_parameter(lab, "autovacuum_naptime", "1d")


@fault(
    "pre.database.integrity.autovacuum",
    flips={"pre.database.integrity.autovacuum"},
    touches={"tables"},
    uses={"postgres"},
    mend=lambda lab: sql(lab, "ALTER TABLE transactions RESET (autovacuum_enabled)"),
)
def one_table_off(lab: Lab) -> None:
    """Autovacuum is on, and off for one table."""
    sql(lab, "ALTER TABLE transactions SET (autovacuum_enabled = false)")


@fault(
    "pre.database.integrity.foreign-keys",
    flips={"pre.database.integrity.foreign-keys"},
    touches={"tables"},
    uses={"postgres"},
    mend=lambda lab: sql(lab, "DROP SCHEMA reports CASCADE"),
)
def missing_in_another_schema(lab: Lab) -> None:
    """A table of the same name in another schema has no reference; that of the first one is none of its."""
    sql(lab, "CREATE SCHEMA reports; CREATE TABLE reports.transactions (id uuid PRIMARY KEY, portfolio_id uuid)")


@fault(
    "pre.database.integrity.foreign-keys",
    flips=set(),
    touches={"tables"},
    uses={"postgres"},
    mend=lambda lab: sql(lab, "DROP SCHEMA reports CASCADE"),
)
def by_two_columns(lab: Lab) -> None:
    """Odd but right: a key bears its own table's name, and a reference has two columns."""
    sql(
        lab,
        "CREATE SCHEMA reports;"
        " CREATE TABLE reports.portfolios (portfolio_id uuid PRIMARY KEY, tenant int, UNIQUE (tenant, portfolio_id));"
        " CREATE TABLE reports.totals (tenant int, portfolio_id uuid,"
        " FOREIGN KEY (tenant, portfolio_id) REFERENCES reports.portfolios (tenant, portfolio_id))",
    )


@fault(
    "pre.database.integrity.foreign-keys",
    flips={"pre.database.integrity.foreign-keys"},
    touches={"tables"},
    uses={"postgres"},
    mend=lambda lab: sql(
        lab,
        "ALTER TABLE transactions ADD CONSTRAINT fk_transactions_portfolio_id_portfolios FOREIGN KEY (portfolio_id) REFERENCES portfolios (id) ON DELETE CASCADE",
    ),
)
def missing(lab: Lab) -> None:
    """A reference that nothing enforces."""
    sql(lab, "ALTER TABLE transactions DROP CONSTRAINT fk_transactions_portfolio_id_portfolios")


PARTITIONED = """CREATE SCHEMA reports;
CREATE TABLE reports.totals (id uuid, made date, portfolio_id uuid REFERENCES public.portfolios (id), PRIMARY KEY (id, made)) PARTITION BY RANGE (made);
CREATE INDEX ON reports.totals (portfolio_id);
CREATE TABLE reports.totals_2026 PARTITION OF reports.totals FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')"""


@fault(
    "pre.database.integrity.foreign-keys",
    flips=set(),
    right_for={"pre.database.integrity.indexes", "pre.database.integrity.autovacuum"},
    touches={"tables"},
    uses={"postgres"},
    mend=lambda lab: sql(lab, "DROP SCHEMA reports CASCADE"),
)
def partitioned(lab: Lab) -> None:
    """Odd but right: a table in partitions, which have reference and index from the whole."""
    sql(lab, PARTITIONED)


@fault(
    "pre.database.integrity.foreign-keys",
    flips={"pre.database.integrity.foreign-keys"},
    touches={"tables"},
    uses={"postgres"},
    mend=lambda lab: sql(lab, "ALTER TABLE transactions ENABLE TRIGGER ALL"),
)
def triggers_off(lab: Lab) -> None:
    """The foreign key is there and valid, and its triggers are off: nothing enforces it."""
    sql(lab, "ALTER TABLE transactions DISABLE TRIGGER ALL")


@fault(
    "pre.database.integrity.foreign-keys",
    flips={"pre.database.integrity.foreign-keys"},
    touches={"tables"},
    uses={"postgres"},
    mend=lambda lab: sql(lab, "ALTER TABLE transactions VALIDATE CONSTRAINT fk_transactions_portfolio_id_portfolios"),
)
def not_valid(lab: Lab) -> None:
    """A foreign key that was never checked against older rows."""
    sql(lab, "ALTER TABLE transactions DROP CONSTRAINT fk_transactions_portfolio_id_portfolios")
    sql(
        lab,
        "ALTER TABLE transactions ADD CONSTRAINT fk_transactions_portfolio_id_portfolios FOREIGN KEY (portfolio_id) REFERENCES portfolios (id) ON DELETE CASCADE NOT VALID",
    )


def mend_big_table_without(lab: Lab) -> None:
    sql(lab, "DELETE FROM transactions WHERE notes = 'fault'")
    sql(lab, "VACUUM ANALYZE transactions")
    sql(lab, "CREATE INDEX idx_transaction_portfolio_id ON transactions (portfolio_id)")
    sql(lab, "CREATE INDEX idx_transaction_portfolio_timestamp ON transactions (portfolio_id, timestamp)")


@fault(
    "pre.database.integrity.indexes",
    # Of a dump with so many rows less it cannot be told whether they came since.
    flips={"pre.database.integrity.indexes", "post.recovery.backups.daily"},
    outcomes={"post.recovery.backups.daily": Outcome.NOT_ASSESSED},
    touches={"tables"},
    uses={"postgres"},
    mend=mend_big_table_without,
)
def big_table_without(lab: Lab) -> None:
    """A table of eleven thousand rows whose reference has no index."""
    sql(lab, "DROP INDEX idx_transaction_portfolio_id, idx_transaction_portfolio_timestamp")
    sql(
        lab,
        "INSERT INTO transactions (id, portfolio_id, transaction_type, timestamp, cash_change, notes) SELECT gen_random_uuid(), (SELECT id FROM portfolios LIMIT 1), 'DEPOSIT', now(), 1, 'fault' FROM generate_series(1, 11000)",
    )
    sql(lab, "ANALYZE transactions")


@fault(
    "pre.database.integrity.indexes",
    flips={"pre.database.integrity.indexes"},
    touches={"tables"},
    uses={"postgres"},
    mend=lambda lab: sql(
        lab, "UPDATE pg_index SET indisvalid = true WHERE indexrelid = 'idx_portfolio_user_id'::regclass"
    ),
)
def invalid(lab: Lab) -> None:
    """The index is there, and invalid."""
    sql(lab, "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'idx_portfolio_user_id'::regclass")


@fault(
    "pre.database.integrity.migrations-staged",
    flips={"post.maintenance.updates.staging"},
    outcomes={"post.maintenance.updates.staging": Outcome.NOT_ASSESSED},
    right_for={"pre.database.integrity.migrations-staged"},
    touches={"forge"},
    mend=lambda lab: lab.write_states(("forge",)),
)
def check_only(lab: Lab) -> None:
    """Odd but right: there is no staging; a check applied the migrations."""
    lab.change_state("forge", lambda state: {**state, "deployments": []})


def failed(state: dict[str, Any]) -> dict[str, Any]:
    """The forge's state, with both failed."""
    return {
        **state,
        "deployments": [
            {**one, "statuses": [{**status, "state": "failure"} for status in one["statuses"]]}
            for one in state["deployments"]
        ],
        "check_runs": {
            sha: [{**run, "conclusion": "failure"} if run["name"] == "migrations" else run for run in runs]
            for sha, runs in state["check_runs"].items()
        },
    }


@fault(
    "pre.database.integrity.migrations-staged",
    flips={"pre.database.integrity.migrations-staged", "post.maintenance.updates.staging"},
    touches={"forge"},
    mend=lambda lab: lab.write_states(("forge",)),
)
def failed_in_staging(lab: Lab) -> None:
    """The deployment to staging failed, and so did the check of the migrations."""
    lab.change_state("forge", failed)
