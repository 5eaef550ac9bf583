"""The page for troubleshooting is still to be written."""

from lab.changes import edit_document, restore_document
from lab.deployment import Lab

flips: set[str] = {
    "post.documentation.runbooks.troubleshooting",
    "post.documentation.runbooks.shutdown",
    "pre.application.quality.tagged-release",
    "deploy.initial.git-deployed",
}
touches: set[str] = {"troubleshooting.md"}


def inject(lab: Lab) -> None:
    edit_document(lab, "troubleshooting", "printf '\\nTODO: the rest\\n' >> troubleshooting.md")


def mend(lab: Lab) -> None:
    restore_document(lab, "troubleshooting")
