"""Faults of post.maintenance.deployment."""

from lab.changes import DIRTY_TREE, edit_document, restore_document
from lab.deployment import Lab
from lab.fault import fault


@fault(
    "post.maintenance.deployment.changelog",
    flips={"post.maintenance.deployment.changelog", *DIRTY_TREE},
    touches={"CHANGELOG.md"},
    mend=lambda lab: lab.vm.shell("cp -p /root/changelog.kept /opt/zebu/CHANGELOG.md"),
)
def no_entry(lab: Lab) -> None:
    """The change log ends before the deployed version."""
    lab.vm.shell("cp -p /opt/zebu/CHANGELOG.md /root/changelog.kept; sed -i '/^## 1.2.0/,/^$/d' /opt/zebu/CHANGELOG.md")


@fault(
    "post.maintenance.deployment.checklist",
    flips={"post.maintenance.deployment.checklist", *DIRTY_TREE},
    touches={"deployment.md"},
    mend=lambda lab: restore_document(lab, "deployment"),
)
def prose_only(lab: Lab) -> None:
    """The steps of a deployment are told in prose."""
    edit_document(lab, "deployment", "sed -i 's/^[0-9]*\\. //' deployment.md")


@fault(
    "post.maintenance.deployment.redeploy-documented",
    flips={
        "post.documentation.runbooks.deployment",
        "post.maintenance.deployment.redeploy-documented",
        "post.maintenance.deployment.checklist",
        *DIRTY_TREE,
    },
    touches={"deployment.md"},
    mend=lambda lab: restore_document(lab, "deployment"),
)
def no_commands(lab: Lab) -> None:
    """The runbook tells of a deployment without a single command."""
    edit_document(
        lab,
        "deployment",
        "printf '# Deployment\\n\\n%s\\n' \"$(yes 'Whoever deploys asks the others first and looks whether all is well.' | head -n 12)\" > deployment.md",
    )


@fault(
    "post.maintenance.deployment.rollback-tested",
    flips={
        "post.documentation.runbooks.rollback",
        "post.maintenance.deployment.rollback-tested",
        "pre.database.backups.rollback-documented",
        *DIRTY_TREE,
    },
    touches={"rollback.md", "deployment.md"},
    mend=lambda lab: lab.vm.shell("mv /root/rollback.md /opt/zebu/docs/"),
)
def not_written_down(lab: Lab) -> None:
    """People say that they tried it; nobody wrote down how it goes."""
    lab.vm.shell("mv /opt/zebu/docs/rollback.md /root/")
