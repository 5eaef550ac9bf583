"""The image is of before the last change: it has another file than the tree, and tells no revision."""

from lab.changes import age_backend_image, recreate, restore_backend_image
from lab.deployment import Lab

flips: set[str] = {"deploy.initial.images-built", "post.maintenance.updates.images"}
touches: set[str] = {"backend", "backend-files", "backend-restart"}


def inject(lab: Lab) -> None:
    age_backend_image(lab)
    recreate(lab, "backend")
    lab.vm.shell("docker exec -u 0 zebu-backend-1 sh -c 'echo \"# as it was\" >> /app/zebu/ledger.py'")


def mend(lab: Lab) -> None:
    restore_backend_image(lab)
