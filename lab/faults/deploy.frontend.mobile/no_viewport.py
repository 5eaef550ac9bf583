"""The page has no viewport for narrow screens."""

from lab.changes import edit_page, restore_page
from lab.deployment import Lab

flips: set[str] = {"deploy.frontend.mobile"}
touches: set[str] = {"index", "frontend"}


def inject(lab: Lab) -> None:
    edit_page(lab, "s|<meta name=.viewport.[^>]*>||")


def mend(lab: Lab) -> None:
    restore_page(lab)
