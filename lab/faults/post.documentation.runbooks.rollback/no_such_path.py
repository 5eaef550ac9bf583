"""The runbook sends its reader to a script that is not there."""

from lab.changes import edit_document, restore_document
from lab.deployment import Lab

flips: set[str] = {
    "post.documentation.runbooks.rollback",
    "post.maintenance.deployment.rollback-tested",
    "pre.application.quality.tagged-release",
    "deploy.initial.git-deployed",
}
touches: set[str] = {"rollback.md"}


def inject(lab: Lab) -> None:
    edit_document(lab, "rollback", "printf '\\nThe rest does `scripts/rollback-all.sh`.\\n' >> rollback.md")


def mend(lab: Lab) -> None:
    restore_document(lab, "rollback")
