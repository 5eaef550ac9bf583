"""The list of contacts leaves it out."""

from lab.changes import edit_document, restore_document
from lab.deployment import Lab

flips: set[str] = {
    "post.documentation.contacts.admin",
    "pre.application.quality.tagged-release",
    "deploy.initial.git-deployed",
}
touches: set[str] = {"contacts.md"}


def inject(lab: Lab) -> None:
    edit_document(lab, "contacts", "sed -i '/^| Administrators/d' contacts.md")


def mend(lab: Lab) -> None:
    restore_document(lab, "contacts")
