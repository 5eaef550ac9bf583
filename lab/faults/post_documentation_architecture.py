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


BADGE = "![network](https://img.shields.io/badge/network-fine-green.svg)\n\n```\nzebu\n├── backend/\n└── frontend/ -> nginx\n```"
LETTERS = """```
internet
   |
   v
+---------------+       +----------------------------+
| reverse proxy | ----> | frontend, backend          |
+---------------+       |   --> PostgreSQL, Redis    |
                        +----------------------------+
```"""


def _instead_of_the_picture(lab: Lab, text: str) -> None:
    lab.vm.run(["sh", "-c", "cat > /root/picture"], stdin=f"{text}\n".encode())
    cut = "sed -i -e '/^```mermaid/,/^```$/{/^```$/!d}' -e '/^```$/{r /root/picture' -e 'd}' architecture.md; rm /root/picture"
    edit_document(lab, "architecture", cut)


@fault(
    "post.documentation.architecture.network-diagram",
    flips={"post.documentation.architecture.network-diagram", *DIRTY_TREE},
    touches={"architecture.md"},
    mend=lambda lab: restore_document(lab, "architecture"),
)
def badge_only(lab: Lab) -> None:
    """The only picture is a badge, and folders are drawn as a tree."""
    _instead_of_the_picture(lab, BADGE)


@fault(
    "post.documentation.architecture.network-diagram",
    flips=DIRTY_TREE,
    right_for={"post.documentation.architecture.network-diagram"},
    touches={"architecture.md"},
    mend=lambda lab: restore_document(lab, "architecture"),
)
def drawn_in_letters(lab: Lab) -> None:
    """Odd but right: the network is drawn in letters."""
    _instead_of_the_picture(lab, LETTERS)
