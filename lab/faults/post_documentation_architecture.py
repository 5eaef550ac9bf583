"""Faults of post.documentation.architecture."""

from lab.changes import DIRTY_TREE, edit_document, restore_document
from lab.deployment import Lab
from lab.fault import Fault, fault


def _no_section(of: str, heading: str) -> Fault:
    item = f"post.documentation.architecture.{of}"

    @fault(
        item,
        flips={item, *DIRTY_TREE},
        touches={"architecture.md"},
        mend=lambda lab: restore_document(lab, "architecture"),
    )
    def no_section(lab: Lab) -> None:
        """The section is not there."""
        edit_document(lab, "architecture", f"sed -i '/^## {heading}/,/^## /{{/^## {heading}/d}}' architecture.md")

    return no_section


CONFIGURATION = _no_section("configuration", "Configuration")
DEPENDENCIES = _no_section("dependencies", "Services")
SECRETS = _no_section("secrets", "Secrets")


@fault(
    "post.documentation.architecture.network-diagram",
    flips={"post.documentation.architecture.network-diagram", *DIRTY_TREE},
    touches={"architecture.md"},
    mend=lambda lab: restore_document(lab, "architecture"),
)
def no_picture(lab: Lab) -> None:
    """Nothing shows how the parts hang together."""
    edit_document(lab, "architecture", "sed -i '/^```mermaid/,/^```$/d' architecture.md")
