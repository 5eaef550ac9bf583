"""A migration whose downgrade does nothing."""

from lab.deployment import Lab

flips: set[str] = {"pre.database.backups.rollback-documented"}
touches: set[str] = {"backend-files"}

FILE = "/app/migrations/versions/d001_price_history_updated_at.py"


def inject(lab: Lab) -> None:
    change = f'cp {FILE} /tmp/kept.py; sed -i "s/op[.]drop_column.*/pass/" {FILE}'
    lab.vm.shell(f"docker exec -u 0 zebu-backend-1 sh -c '{change}'")


def mend(lab: Lab) -> None:
    lab.vm.shell(f"docker exec -u 0 zebu-backend-1 cp /tmp/kept.py {FILE}")
