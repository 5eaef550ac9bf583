"""The section is not there."""

from lab.changes import edit_document, restore_document
from lab.deployment import Lab

flips: set[str] = {
    "post.documentation.architecture.configuration",
    "pre.application.quality.tagged-release",
    "deploy.initial.git-deployed",
}
touches: set[str] = {"architecture.md"}


def inject(lab: Lab) -> None:
    edit_document(lab, "architecture", "sed -i '/^## Configuration/,/^## /{/^## Configuration/d}' architecture.md")


def mend(lab: Lab) -> None:
    restore_document(lab, "architecture")
