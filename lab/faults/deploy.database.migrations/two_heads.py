"""Two migrations follow the same one."""

from lab.deployment import Lab

flips: set[str] = {"deploy.database.migrations"}
touches: set[str] = {"backend-files"}
BRANCH = b"""revision = "x001_branch"
down_revision = "c001_keys_strategies_jobs"


def downgrade() -> None:
    op.drop_table("branch")
"""


def inject(lab: Lab) -> None:
    file = "/app/migrations/versions/x001_branch.py"
    lab.vm.run(["docker", "exec", "-i", "-u", "0", "zebu-backend-1", "sh", "-c", f"cat > {file}"], stdin=BRANCH)


def mend(lab: Lab) -> None:
    lab.vm.shell("docker exec -u 0 zebu-backend-1 rm /app/migrations/versions/x001_branch.py")
