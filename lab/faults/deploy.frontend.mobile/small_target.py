"""A button is too small for a thumb."""

from lab.changes import edit_page, restore_page
from lab.deployment import Lab

flips: set[str] = {"deploy.frontend.mobile"}
touches: set[str] = {"index", "frontend"}


def inject(lab: Lab) -> None:
    edit_page(lab, "s|</body>|<button style=width:12px;height:12px;padding:0>x</button></body>|")


def mend(lab: Lab) -> None:
    restore_page(lab)
