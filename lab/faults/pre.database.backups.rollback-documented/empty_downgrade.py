"""A migration whose downgrade does nothing."""

from lab.deployment import Lab

flips: set[str] = {"pre.database.backups.rollback-documented"}
touches: set[str] = {"backend"}


def inject(lab: Lab) -> None:
    lab.vm.shell("docker exec -u 0 zebu-backend-1 sed -i 's/^    op.drop_column.*/    pass/' /app/migrations/versions/d001_price_history_updated_at.py")


def mend(lab: Lab) -> None:
    lab.vm.shell("docker exec -u 0 zebu-backend-1 sed -i 's/^    pass/    op.drop_column(\\"price_history\\", \\"updated_at\\")/' /app/migrations/versions/d001_price_history_updated_at.py")
