"""The file is there; the container was made without it, with the same settings."""

from lab.changes import OVERRIDE, recreate
from lab.deployment import Lab

flips: set[str] = {"pre.application.docker.production-compose"}
touches: set[str] = {"redis"}
OWN_FILE = b"""
services:
  redis:
    restart: unless-stopped
    mem_limit: 64m
    cpus: 0.5
    logging: { driver: json-file, options: { max-size: 10m } }
"""
FILE = OVERRIDE.format("redis")


def inject(lab: Lab) -> None:
    lab.vm.run(["sh", "-c", f"cat > {FILE}"], stdin=OWN_FILE)
    lab.vm.shell(
        f"cd /opt/zebu && docker compose -f docker-compose.yml -f {FILE} up -d --no-build --pull never --no-deps --force-recreate redis 2>&1"
    )


def mend(lab: Lab) -> None:
    lab.vm.shell(f"rm -f {FILE}")
    recreate(lab, "redis")
