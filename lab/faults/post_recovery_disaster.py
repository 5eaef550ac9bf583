"""Faults of post.recovery.disaster."""

from lab.changes import DIRTY_TREE, edit_document, restore_document
from lab.deployment import Lab
from lab.fault import fault


@fault(
    "post.recovery.disaster.contacts",
    flips={
        "post.recovery.disaster.contacts",
        "post.documentation.contacts.admin",
        "post.documentation.contacts.dns",
        "post.documentation.contacts.hosting",
        "post.documentation.contacts.registrar",
        *DIRTY_TREE,
    },
    touches={"contacts.md"},
    mend=lambda lab: lab.vm.shell("mv /root/contacts.md /opt/zebu/docs/"),
)
def nobody(lab: Lab) -> None:
    """There is no list of contacts."""
    lab.vm.shell("mv /opt/zebu/docs/contacts.md /root/")


@fault(
    "post.recovery.disaster.procedure",
    flips={"post.recovery.disaster.procedure", "post.recovery.disaster.rto-rpo", *DIRTY_TREE},
    touches={"disaster-recovery.md"},
    mend=lambda lab: restore_document(lab, "disaster-recovery"),
)
def stub(lab: Lab) -> None:
    """The plan for a disaster has a heading and a promise."""
    edit_document(
        lab,
        "disaster-recovery",
        "printf '# Disaster recovery\\n\\n## Restore\\nThe backup is restored as usual.\\n' > disaster-recovery.md",
    )


@fault(
    "post.recovery.disaster.rto-rpo",
    flips={"post.recovery.disaster.rto-rpo", *DIRTY_TREE},
    touches={"disaster-recovery.md"},
    mend=lambda lab: restore_document(lab, "disaster-recovery"),
)
def no_figures(lab: Lab) -> None:
    """Both objectives are named, and neither has a figure."""
    edit_document(
        lab,
        "disaster-recovery",
        "sed -i 's/: 24 hours/: as little as possible/; s/: 4 hours/: soon/' disaster-recovery.md",
    )
