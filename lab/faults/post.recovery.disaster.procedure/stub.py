"""The plan for a disaster has a heading and a promise."""

from lab.changes import edit_document, restore_document
from lab.deployment import Lab

flips: set[str] = {
    "post.recovery.disaster.procedure",
    "post.recovery.disaster.rto-rpo",
    "pre.application.quality.tagged-release",
    "deploy.initial.git-deployed",
}
touches: set[str] = {"disaster-recovery.md"}


def inject(lab: Lab) -> None:
    edit_document(
        lab,
        "disaster-recovery",
        "printf '# Disaster recovery\\n\\n## Restore\\nThe backup is restored as usual.\\n' > disaster-recovery.md",
    )


def mend(lab: Lab) -> None:
    restore_document(lab, "disaster-recovery")
