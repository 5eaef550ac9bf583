"""Faults of post.documentation.runbooks."""

from lab.changes import DIRTY_TREE, edit_document, restore_document
from lab.deployment import Lab
from lab.fault import fault


@fault(
    "post.documentation.runbooks.deployment",
    flips={
        "post.documentation.runbooks.deployment",
        "post.maintenance.deployment.redeploy-documented",
        "post.maintenance.deployment.checklist",
        *DIRTY_TREE,
    },
    touches={"deployment.md"},
    mend=lambda lab: restore_document(lab, "deployment"),
)
def no_such_command(lab: Lab) -> None:
    """The runbook names a command that the machine does not have."""
    edit_document(lab, "deployment", "printf '\\n```sh\\nzebu-deploy --production\\n```\\n' >> deployment.md")


@fault(
    "post.documentation.runbooks.rollback",
    flips={"post.documentation.runbooks.rollback", "post.maintenance.deployment.rollback-tested", *DIRTY_TREE},
    touches={"rollback.md"},
    mend=lambda lab: restore_document(lab, "rollback"),
)
def no_such_path(lab: Lab) -> None:
    """The runbook sends its reader to a script that is not there."""
    edit_document(lab, "rollback", "printf '\\nThe rest does `scripts/rollback-all.sh`.\\n' >> rollback.md")


@fault(
    "post.documentation.runbooks.shutdown",
    flips={"post.documentation.runbooks.shutdown", *DIRTY_TREE},
    touches={"troubleshooting.md"},
    mend=lambda lab: restore_document(lab, "troubleshooting"),
)
def no_section(lab: Lab) -> None:
    """How to stop everything stands nowhere."""
    edit_document(lab, "troubleshooting", "sed -i '/^## Emergency/,$d' troubleshooting.md")


@fault(
    "post.documentation.runbooks.troubleshooting",
    flips={"post.documentation.runbooks.troubleshooting", "post.documentation.runbooks.shutdown", *DIRTY_TREE},
    touches={"troubleshooting.md"},
    mend=lambda lab: restore_document(lab, "troubleshooting"),
)
def placeholder(lab: Lab) -> None:
    """The page for troubleshooting is still to be written."""
    edit_document(lab, "troubleshooting", "printf '\\nTODO: the rest\\n' >> troubleshooting.md")
