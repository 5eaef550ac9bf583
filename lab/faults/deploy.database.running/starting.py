"""The database's health check has not passed yet."""

from lab.changes import COMPOSE, OVERRIDE, recreate
from lab.deployment import Lab

flips: set[str] = {"deploy.database.running", "deploy.initial.services-healthy"}
touches: set[str] = {"backend", "postgres"}
STARTING = b"""services:
  db:
    healthcheck: { test: ["CMD", "false"], start_period: 600s, interval: 600s }
"""


def inject(lab: Lab) -> None:
    file = OVERRIDE.format("db")
    lab.vm.run(["sh", "-c", f"cat > {file}"], stdin=STARTING)
    lab.vm.shell(f"{COMPOSE} -f {file} up -d --no-build --pull never --no-deps db 2>&1")
    lab.vm.shell("for n in $(seq 50); do docker exec zebu-db-1 pg_isready -q && exit 0; sleep 0.2; done; exit 1")


def mend(lab: Lab) -> None:
    recreate(lab, "db")
