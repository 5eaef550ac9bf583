"""A script is asked for over http."""

from lab.changes import edit_page, restore_page
from lab.deployment import Lab

flips: set[str] = {"deploy.network.no-mixed-content", "deploy.frontend.console-clean"}
touches: set[str] = {"index", "frontend"}


def inject(lab: Lab) -> None:
    edit_page(lab, "s|</body>|<script src=http://www.zebu.test/assets/main.js></script></body>|")


def mend(lab: Lab) -> None:
    restore_page(lab)
