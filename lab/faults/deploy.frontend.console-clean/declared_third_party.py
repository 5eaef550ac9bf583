"""Odd but right: a script of a declared third party does not come."""

from lab.changes import edit_page, restore_page
from lab.deployment import Lab

flips: set[str] = set()
touches: set[str] = {"index", "frontend"}
settings: tuple[tuple[str, str], ...] = (
    ("[application]\n", '[browser]\nthird_parties = ["metrics.zebu.test"]\n\n[application]\n'),
)


def inject(lab: Lab) -> None:
    edit_page(lab, "s|</head>|<script async src=https://metrics.zebu.test/collect.js></script></head>|")


def mend(lab: Lab) -> None:
    restore_page(lab)
