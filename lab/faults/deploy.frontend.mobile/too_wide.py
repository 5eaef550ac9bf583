"""Something on the page is wider than the screen."""

from lab.changes import edit_page, restore_page
from lab.deployment import Lab

flips: set[str] = {"deploy.frontend.mobile"}
touches: set[str] = {"index", "frontend"}


def inject(lab: Lab) -> None:
    edit_page(lab, "s|</body>|<div style=width:900px>wide</div></body>|")


def mend(lab: Lab) -> None:
    restore_page(lab)
