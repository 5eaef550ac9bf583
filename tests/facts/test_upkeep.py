"""How the checkout is looked after."""

from __future__ import annotations

from pytest_zebu.settings.target import Target
from tests.facts.answers import read


def test_the_change_log_and_what_watches_dependencies(target: Target) -> None:
    found = read("upkeep", "@bot renovate.json\n@version 1.2.0\n@version 1.1.0\n", target)
    assert (found.bots, found.changelog) == (("renovate.json",), ("1.2.0", "1.1.0"))


def test_what_is_switched_off_watches_nothing(target: Target) -> None:
    found = read("upkeep", "@idle .github/dependabot.yml\n@version 1.2.0\n@version 2. and more\n", target)
    assert (found.bots, found.idle, found.changelog) == ((), (".github/dependabot.yml",), ("1.2.0",))
