"""A module of the deployed source puts a value into a statement."""

from lab.deployment import Lab

flips: set[str] = {"pre.security.application.sql-injection"}
touches: set[str] = {"backend-source"}
uses: set[str] = {"backend"}


def inject(lab: Lab) -> None:
    source = (
        "def found(session, name):\n    return session.execute(f\"SELECT id FROM portfolios WHERE name = '{name}'\")\n"
    )
    lab.vm.run(
        ["docker", "exec", "-i", "-u", "0", "zebu-backend-1", "sh", "-c", "cat > /app/zebu/reports.py"],
        stdin=source.encode(),
    )


def mend(lab: Lab) -> None:
    lab.vm.shell("docker exec -u 0 zebu-backend-1 rm /app/zebu/reports.py")
