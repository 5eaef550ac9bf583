"""Odd but right: the page has a link to an address over http, and asks for nothing there."""

from lab.changes import edit_page, restore_page
from lab.deployment import Lab

flips: set[str] = set()
touches: set[str] = {"index", "frontend"}


def inject(lab: Lab) -> None:
    edit_page(lab, "s|</body>|<p>More on <a href=http://example.org/>paper trading</a> elsewhere.</p></body>|")


def mend(lab: Lab) -> None:
    restore_page(lab)
