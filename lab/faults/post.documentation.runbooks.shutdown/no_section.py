"""How to stop everything stands nowhere."""

from lab.changes import edit_document, restore_document
from lab.deployment import Lab

flips: set[str] = {
    "post.documentation.runbooks.shutdown",
    "pre.application.quality.tagged-release",
    "deploy.initial.git-deployed",
}
touches: set[str] = {"troubleshooting.md"}


def inject(lab: Lab) -> None:
    edit_document(lab, "troubleshooting", "sed -i '/^## Emergency/,$d' troubleshooting.md")


def mend(lab: Lab) -> None:
    restore_document(lab, "troubleshooting")
