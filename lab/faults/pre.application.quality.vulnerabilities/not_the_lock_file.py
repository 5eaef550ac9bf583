"""The image runs an older version than the lock file says; only that one is vulnerable."""

from lab.changes import known
from lab.deployment import Lab

flips: set[str] = {"pre.application.quality.vulnerabilities"}
touches: set[str] = {"advisories"}
uses: set[str] = {"backend"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "docker exec -u 0 zebu-backend-1 sh -c 'cd /venv/lib/python3*/site-packages && mkdir zebu_old-0.1.0.dist-info && printf \"Metadata-Version: 2.1\\nName: zebu-old\\nVersion: 0.1.0\\n\" > zebu_old-0.1.0.dist-info/METADATA'"
    )
    lab.change_state("advisories", lambda state: {**state, "osv": [known(state["osv"][0], "zebu-old", "0.1.0")]})


def mend(lab: Lab) -> None:
    lab.write_states(("advisories",))
    lab.vm.shell(
        "docker exec -u 0 zebu-backend-1 sh -c 'rm -r /venv/lib/python3*/site-packages/zebu_old-0.1.0.dist-info'"
    )
