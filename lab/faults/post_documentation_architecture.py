"""Faults of post.documentation.architecture."""

from lab.changes import edit_document, restore_document
from lab.deployment import Lab
from lab.fault import fault


@fault(
    "post.documentation.architecture.configuration",
    name="no_section",
    flips={
        "post.documentation.architecture.configuration",
        "pre.application.quality.tagged-release",
        "deploy.initial.git-deployed",
    },
    touches={"architecture.md"},
    mend=lambda lab: restore_document(lab, "architecture"),
)
def configuration_no_section(lab: Lab) -> None:
    """The section is not there."""
    edit_document(lab, "architecture", "sed -i '/^## Configuration/,/^## /{/^## Configuration/d}' architecture.md")


@fault(
    "post.documentation.architecture.dependencies",
    name="no_section",
    flips={
        "post.documentation.architecture.dependencies",
        "pre.application.quality.tagged-release",
        "deploy.initial.git-deployed",
    },
    touches={"architecture.md"},
    mend=lambda lab: restore_document(lab, "architecture"),
)
def dependencies_no_section(lab: Lab) -> None:
    """The section is not there."""
    edit_document(lab, "architecture", "sed -i '/^## Services/,/^## /{/^## Services/d}' architecture.md")


@fault(
    "post.documentation.architecture.network-diagram",
    flips={
        "post.documentation.architecture.network-diagram",
        "pre.application.quality.tagged-release",
        "deploy.initial.git-deployed",
    },
    touches={"architecture.md"},
    mend=lambda lab: restore_document(lab, "architecture"),
)
def no_picture(lab: Lab) -> None:
    """Nothing shows how the parts hang together."""
    edit_document(lab, "architecture", "sed -i '/^```mermaid/,/^```$/d' architecture.md")


@fault(
    "post.documentation.architecture.secrets",
    name="no_section",
    flips={
        "post.documentation.architecture.secrets",
        "pre.application.quality.tagged-release",
        "deploy.initial.git-deployed",
    },
    touches={"architecture.md"},
    mend=lambda lab: restore_document(lab, "architecture"),
)
def secrets_no_section(lab: Lab) -> None:
    """The section is not there."""
    edit_document(lab, "architecture", "sed -i '/^## Secrets/,/^## /{/^## Secrets/d}' architecture.md")
