"""A version that runs in the image has a known vulnerability."""

from lab.changes import known
from lab.deployment import Lab

flips: set[str] = {"pre.application.quality.vulnerabilities"}
touches: set[str] = {"advisories"}
uses: set[str] = {"backend"}


def inject(lab: Lab) -> None:
    version = lab.vm.shell(
        "docker exec zebu-backend-1 python3 -c 'import importlib.metadata as m; print(m.version(\"starlette\"))'"
    )
    lab.change_state("advisories", lambda state: {**state, "osv": [known(state["osv"][0], "starlette", version)]})


def mend(lab: Lab) -> None:
    lab.write_states(("advisories",))
