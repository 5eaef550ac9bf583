"""The steps of a deployment are told in prose."""

from lab.changes import edit_document, restore_document
from lab.deployment import Lab

flips: set[str] = {
    "post.maintenance.deployment.checklist",
    "pre.application.quality.tagged-release",
    "deploy.initial.git-deployed",
}
touches: set[str] = {"deployment.md"}


def inject(lab: Lab) -> None:
    edit_document(lab, "deployment", "sed -i 's/^[0-9]*\\. //' deployment.md")


def mend(lab: Lab) -> None:
    restore_document(lab, "deployment")
