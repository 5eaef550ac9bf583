"""A process of the backend grows and grows."""

from lab.changes import beside_server
from lab.deployment import Lab

flips: set[str] = {"deploy.performance.memory"}
touches: set[str] = {"backend-restart"}  # where another fault keeps the container busy, nothing has time to leak
LEAK = """
import os, time
kept = []
while not os.path.exists("/tmp/leak"):
    time.sleep(0.1)
for n in range(550):
    kept.append(bytearray(2 << 20))
    time.sleep(0.1)
time.sleep(600)
"""
override = {"backend": {**beside_server(LEAK)["backend"], "mem_limit": "2g"}}


def inject(lab: Lab) -> None:
    lab.vm.shell("docker exec zebu-backend-1 touch /tmp/leak")
