"""An order costs twice what it should."""

from lab.changes import sql
from lab.deployment import Lab

flips: set[str] = {"pre.application.functionality.trades", "pre.application.functionality.transactions"}
touches: set[str] = {"transactions"}
uses: set[str] = {"postgres"}
options: tuple[str, ...] = ("--zebu-active=functional",)


def inject(lab: Lab) -> None:
    sql(
        lab,
        "CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.transaction_type = 'BUY' THEN NEW.cash_change = NEW.cash_change * 2; END IF; RETURN NEW; END $$; CREATE TRIGGER fault BEFORE INSERT ON transactions FOR EACH ROW EXECUTE FUNCTION fault()",
    )


def mend(lab: Lab) -> None:
    sql(lab, "DROP TRIGGER fault ON transactions; DROP FUNCTION fault()")
