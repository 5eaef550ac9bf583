"""The deployed checkout."""

from __future__ import annotations

import pytest

from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import need
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.facts.repository import Tag
from pytest_zebu.settings.target import Target


def test_repository_of_trixie(trixie: Gathered, target: Target) -> None:
    repository = need(ALL["repository"].read(trixie, target))
    assert repository.newest_release == Tag("v2.0.0", repository.head)
    assert repository.changes == ("?? b",)
    assert repository.describe == "v2.0.0 (dirty)"


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("v1.2.3", (1, 2, 3)),
        ("1.2.3", (1, 2, 3)),
        ("v1.2.3+build", (1, 2, 3)),
        ("v1.2.3-rc.1", None),
        ("latest", None),
        ("v1", None),
    ],
)
def test_what_is_a_release(name: str, version: tuple[int, int, int] | None) -> None:
    assert Tag(name, "0").version == version
