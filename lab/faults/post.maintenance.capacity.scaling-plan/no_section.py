"""When to add what is written down nowhere."""

from lab.changes import edit_document, restore_document
from lab.deployment import Lab

flips: set[str] = {
    "post.maintenance.capacity.scaling-plan",
    "pre.application.quality.tagged-release",
    "deploy.initial.git-deployed",
}
touches: set[str] = {"architecture.md"}


def inject(lab: Lab) -> None:
    edit_document(lab, "architecture", "sed -i '/^## Scaling/,$d' architecture.md")


def mend(lab: Lab) -> None:
    restore_document(lab, "architecture")
