"""The runbook tells of a deployment without a single command."""

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
    edit_document(
        lab,
        "deployment",
        "printf '# Deployment\\n\\n%s\\n' \"$(yes 'Whoever deploys asks the others first and looks whether all is well.' | head -n 12)\" > deployment.md",
    )


def mend(lab: Lab) -> None:
    restore_document(lab, "deployment")
