"""The frontend's lock file pins a version with a known vulnerability."""

from lab.deployment import Lab

flips: set[str] = {"pre.application.quality.vulnerabilities"}
touches: set[str] = {"advisories"}


def inject(lab: Lab) -> None:
    found = {
        "id": 1,
        "url": "https://github.com/advisories/GHSA-67mh-4wv8-2f99",
        "title": "any website can read answers",
        "severity": "moderate",
        "vulnerable_versions": "<=0.24.2",
    }
    lab.change_state("advisories", lambda state: {**state, "npm": {"esbuild": [found]}})


def mend(lab: Lab) -> None:
    lab.write_states(("advisories",))
