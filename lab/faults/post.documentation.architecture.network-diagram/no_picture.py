"""Nothing shows how the parts hang together."""

from lab.changes import edit_document, restore_document
from lab.deployment import Lab

flips: set[str] = {
    "post.documentation.architecture.network-diagram",
    "pre.application.quality.tagged-release",
    "deploy.initial.git-deployed",
}
touches: set[str] = {"architecture.md"}


def inject(lab: Lab) -> None:
    edit_document(lab, "architecture", "sed -i '/^```mermaid/,/^```$/d' architecture.md")


def mend(lab: Lab) -> None:
    restore_document(lab, "architecture")
