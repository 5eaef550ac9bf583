"""The runbook names a command that the machine does not have."""

from lab.changes import edit_document, restore_document
from lab.deployment import Lab

flips: set[str] = {
    "post.documentation.runbooks.deployment",
    "post.maintenance.deployment.redeploy-documented",
    "post.maintenance.deployment.checklist",
    "pre.application.quality.tagged-release",
    "deploy.initial.git-deployed",
}
touches: set[str] = {"deployment.md"}


def inject(lab: Lab) -> None:
    edit_document(lab, "deployment", "printf '\\n```sh\\nzebu-deploy --production\\n```\\n' >> deployment.md")


def mend(lab: Lab) -> None:
    restore_document(lab, "deployment")
