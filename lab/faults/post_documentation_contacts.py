"""Faults of post.documentation.contacts."""

from lab.changes import DIRTY_TREE, edit_document, restore_document
from lab.deployment import Lab
from lab.fault import Fault, fault


def _left_out(who: str, row: str) -> Fault:
    item = f"post.documentation.contacts.{who}"

    @fault(
        item,
        flips={item, *DIRTY_TREE},
        touches={"contacts.md"},
        mend=lambda lab: restore_document(lab, "contacts"),
    )
    def left_out(lab: Lab) -> None:
        """The list of contacts leaves it out."""
        edit_document(lab, "contacts", f"sed -i '/^| {row}/d' contacts.md")

    return left_out


ADMIN = _left_out("admin", "Administrators")
DNS = _left_out("dns", "DNS provider")
HOSTING = _left_out("hosting", "Hosting")
REGISTRAR = _left_out("registrar", "Domain registrar")


@fault(
    "post.documentation.contacts.registrar",
    flips={"post.documentation.contacts.registrar", *DIRTY_TREE},
    touches={"contacts.md"},
    mend=lambda lab: restore_document(lab, "contacts"),
)
def of_the_template(lab: Lab) -> None:
    """The row is there, and says how to reach the template's example."""
    edit_document(
        lab,
        "contacts",
        "sed -i '/^| Domain registrar/s#https://[^ ]*#support@example.com, noreply@zebu.test#' contacts.md",
    )
