"""A worker beside the backend, healthy and bounded as the others, runs a version with a known vulnerability."""

from lab.changes import OVERRIDE, known, recreate
from lab.deployment import Lab

flips: set[str] = {"pre.application.quality.vulnerabilities"}
touches: set[str] = {"advisories", "worker"}
WORKER = """    image: zebu/backend:1.2.0
    command: ["sh", "-c", "echo started; exec sleep infinity"]
    restart: unless-stopped
    mem_limit: 64m
    cpus: 0.2
    healthcheck: { test: ["CMD", "true"], interval: 2s }
    logging: { driver: json-file, options: { max-size: "10m", max-file: "3" } }
"""
OLD = "cd /venv/lib/python3*/site-packages && mkdir zebu_old-0.1.0.dist-info && printf 'Metadata-Version: 2.1\\nName: zebu-old\\nVersion: 0.1.0\\n' > zebu_old-0.1.0.dist-info/METADATA"


def inject(lab: Lab) -> None:
    recreate(lab, "worker", WORKER)
    lab.vm.run(["docker", "exec", "-u", "0", "zebu-worker-1", "sh", "-c", OLD])
    lab.change_state("advisories", lambda state: {**state, "osv": [known(state["osv"][0], "zebu-old", "0.1.0")]})


def mend(lab: Lab) -> None:
    lab.write_states(("advisories",))
    lab.vm.shell(f"docker rm -f -v zebu-worker-1 >/dev/null; rm {OVERRIDE.format('worker')}")
