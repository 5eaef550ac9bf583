"""Faults of post.documentation.contacts."""

from lab.changes import edit_document, restore_document
from lab.deployment import Lab
from lab.fault import fault


@fault(
    "post.documentation.contacts.admin",
    name="left_out",
    flips={
        "post.documentation.contacts.admin",
        "pre.application.quality.tagged-release",
        "deploy.initial.git-deployed",
    },
    touches={"contacts.md"},
    mend=lambda lab: restore_document(lab, "contacts"),
)
def admin_left_out(lab: Lab) -> None:
    """The list of contacts leaves it out."""
    edit_document(lab, "contacts", "sed -i '/^| Administrators/d' contacts.md")


@fault(
    "post.documentation.contacts.dns",
    name="left_out",
    flips={
        "post.documentation.contacts.dns",
        "pre.application.quality.tagged-release",
        "deploy.initial.git-deployed",
    },
    touches={"contacts.md"},
    mend=lambda lab: restore_document(lab, "contacts"),
)
def dns_left_out(lab: Lab) -> None:
    """The list of contacts leaves it out."""
    edit_document(lab, "contacts", "sed -i '/^| DNS provider/d' contacts.md")


@fault(
    "post.documentation.contacts.hosting",
    name="left_out",
    flips={
        "post.documentation.contacts.hosting",
        "pre.application.quality.tagged-release",
        "deploy.initial.git-deployed",
    },
    touches={"contacts.md"},
    mend=lambda lab: restore_document(lab, "contacts"),
)
def hosting_left_out(lab: Lab) -> None:
    """The list of contacts leaves it out."""
    edit_document(lab, "contacts", "sed -i '/^| Hosting/d' contacts.md")


@fault(
    "post.documentation.contacts.registrar",
    name="left_out",
    flips={
        "post.documentation.contacts.registrar",
        "pre.application.quality.tagged-release",
        "deploy.initial.git-deployed",
    },
    touches={"contacts.md"},
    mend=lambda lab: restore_document(lab, "contacts"),
)
def registrar_left_out(lab: Lab) -> None:
    """The list of contacts leaves it out."""
    edit_document(lab, "contacts", "sed -i '/^| Domain registrar/d' contacts.md")
