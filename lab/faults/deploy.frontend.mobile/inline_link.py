"""Odd but right: a link in a sentence may be as small as its text."""

from lab.changes import edit_page, restore_page
from lab.deployment import Lab

flips: set[str] = set()
touches: set[str] = {"index", "frontend"}


def inject(lab: Lab) -> None:
    edit_page(lab, "s|</body>|<p>See <a href=/activity>it</a> there.</p></body>|")


def mend(lab: Lab) -> None:
    restore_page(lab)
