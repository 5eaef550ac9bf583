"""Odd but right: the advisory is about versions that are not installed."""

from lab.deployment import Lab

flips: set[str] = set()
touches: set[str] = {"advisories"}


def inject(lab: Lab) -> None:
    lab.change_state(
        "advisories",
        lambda state: {
            **state,
            "npm": {
                "esbuild": [
                    {
                        "id": 1,
                        "url": "https://github.com/advisories/GHSA-0000-0000-0000",
                        "title": "old",
                        "severity": "critical",
                        "vulnerable_versions": "<0.17.0",
                    }
                ]
            },
        },
    )


def mend(lab: Lab) -> None:
    lab.write_states(("advisories",))
