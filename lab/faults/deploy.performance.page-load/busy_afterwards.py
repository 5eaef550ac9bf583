"""Odd but right: the page has work for a second after it was loaded."""

from lab.changes import edit_page, restore_page
from lab.deployment import Lab

flips: set[str] = set()
touches: set[str] = {"index", "frontend"}


def inject(lab: Lab) -> None:
    edit_page(
        lab,
        "s|</body>|<script>addEventListener('load', () => setTimeout(() => { const end = Date.now() + 1000; while (Date.now() < end); }, 50))</script></body>|",
    )


def mend(lab: Lab) -> None:
    restore_page(lab)
