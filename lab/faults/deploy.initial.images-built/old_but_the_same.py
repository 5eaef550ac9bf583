"""Odd but right: the image is older than the last change and tells no revision; its files are the tree's all the same."""

from lab.changes import age_backend_image, recreate, restore_backend_image
from lab.deployment import Lab

flips: set[str] = {"post.maintenance.updates.images"}
right_for = {"deploy.initial.images-built"}
touches: set[str] = {"backend", "backend-files", "backend-restart"}


def inject(lab: Lab) -> None:
    age_backend_image(lab)
    recreate(lab, "backend")


def mend(lab: Lab) -> None:
    restore_backend_image(lab)
