"""The images are made of a base of last year."""

from lab.changes import age_backend_image, recreate, restore_backend_image
from lab.deployment import Lab

flips: set[str] = {"post.maintenance.updates.images"}
touches: set[str] = {"backend", "backend-files", "backend-restart"}


def inject(lab: Lab) -> None:
    age_backend_image(lab)
    recreate(lab, "backend")


def mend(lab: Lab) -> None:
    restore_backend_image(lab)
