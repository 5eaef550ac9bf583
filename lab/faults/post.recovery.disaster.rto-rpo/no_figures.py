"""Both objectives are named, and neither has a figure."""

from lab.changes import edit_document, restore_document
from lab.deployment import Lab

flips: set[str] = {
    "post.recovery.disaster.rto-rpo",
    "pre.application.quality.tagged-release",
    "deploy.initial.git-deployed",
}
touches: set[str] = {"disaster-recovery.md"}


def inject(lab: Lab) -> None:
    edit_document(
        lab,
        "disaster-recovery",
        "sed -i 's/: 24 hours/: as little as possible/; s/: 4 hours/: soon/' disaster-recovery.md",
    )


def mend(lab: Lab) -> None:
    restore_document(lab, "disaster-recovery")
