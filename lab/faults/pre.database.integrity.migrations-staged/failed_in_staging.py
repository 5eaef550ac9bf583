"""The deployment to staging failed, and so did the check of the migrations."""

from typing import Any

from lab.deployment import Lab

flips: set[str] = {"pre.database.integrity.migrations-staged", "post.maintenance.updates.staging"}
touches: set[str] = {"forge"}


def failed(state: dict[str, Any]) -> dict[str, Any]:
    """The forge's state, with both failed."""
    return {
        **state,
        "deployments": [
            {**one, "statuses": [{**status, "state": "failure"} for status in one["statuses"]]}
            for one in state["deployments"]
        ],
        "check_runs": {
            sha: [{**run, "conclusion": "failure"} if run["name"] == "migrations" else run for run in runs]
            for sha, runs in state["check_runs"].items()
        },
    }


def inject(lab: Lab) -> None:
    lab.change_state("forge", failed)


def mend(lab: Lab) -> None:
    lab.write_states(("forge",))
