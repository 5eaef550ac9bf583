"""Odd but right: two branches of migrations were merged, and the merge is applied."""

from lab.changes import sql
from lab.deployment import Lab

flips: set[str] = set()
touches: set[str] = {"backend-files", "alembic"}
uses: set[str] = {"postgres"}


def inject(lab: Lab) -> None:
    for name, parents in (
        ("x001_branch", '"c001_keys_strategies_jobs"'),
        ("x002_merge", '("d001_price_history_updated_at", "x001_branch")'),
    ):
        text = f'revision = "{name}"\ndown_revision = {parents}\n\n\ndef downgrade() -> None:\n    op.execute("SELECT 1")\n'
        file = f"/app/migrations/versions/{name}.py"
        lab.vm.run(
            ["docker", "exec", "-i", "-u", "0", "zebu-backend-1", "sh", "-c", f"cat > {file}"], stdin=text.encode()
        )
    sql(lab, "UPDATE alembic_version SET version_num = 'x002_merge'")


def mend(lab: Lab) -> None:
    sql(lab, "UPDATE alembic_version SET version_num = 'd001_price_history_updated_at'")
    lab.vm.shell("docker exec -u 0 zebu-backend-1 sh -c 'rm /app/migrations/versions/x00*.py'")
