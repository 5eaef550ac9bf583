"""The cache has a price of last month, and gives it out like any other."""

import json
from datetime import UTC, datetime, timedelta

from lab.deployment import Lab

flips: set[str] = {"pre.application.functionality.prices"}
touches: set[str] = {"redis"}
options: tuple[str, ...] = ("--zebu-active=functional",)


def inject(lab: Lab) -> None:
    then = (datetime.now(UTC) - timedelta(days=30)).isoformat()
    value = json.dumps({"price": "287.4500", "timestamp": then})
    lab.vm.run(
        ["docker", "exec", "-i", "zebu-redis-1", "redis-cli", "-x", "set", "papertrade:price:IBM"], stdin=value.encode()
    )


def mend(lab: Lab) -> None:
    lab.vm.shell("docker exec zebu-redis-1 redis-cli del papertrade:price:IBM")
    lab.read_price()
