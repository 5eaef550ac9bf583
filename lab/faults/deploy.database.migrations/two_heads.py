"""Two migrations follow the same one."""

from lab.deployment import Lab

flips: set[str] = {"deploy.database.migrations"}
touches: set[str] = {"backend"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        'docker exec -u 0 zebu-backend-1 sh -c \'printf "revision = \\"x001_branch\\"\\ndown_revision = \\"c001_keys_strategies_jobs\\"\\n" > /app/migrations/versions/x001_branch.py\''
    )


def mend(lab: Lab) -> None:
    lab.vm.shell("docker exec -u 0 zebu-backend-1 sh -c 'rm /app/migrations/versions/x001_branch.py'")
