"""Dumps, their copies, and what is in them."""

from __future__ import annotations

import pytest

from pytest_zebu.facts.backups import Listing
from pytest_zebu.settings.target import Target
from tests.facts.answers import read


@pytest.mark.parametrize(("out", "expected"), [
    ("@dump 10 a.dump\n@kind custom\n@entries 0 16\n@read 0\n", Listing("a.dump", 10, "custom", 16, True, True)),
    ("@dump 10 a.dump\n@kind custom\n@entries 1 0\n@read 1\n", Listing("a.dump", 10, "custom", 0, False, False)),
    ("@dump 10 a b.sql.gz\n@kind plain\n@read 1\n", Listing("a b.sql.gz", 10, "plain", None, True, False)),
    ("@dump 0 a.dump\n@kind empty\n", Listing("a.dump", 0, "empty", None, True, None)),
])  # fmt: skip
def test_the_newest_dump(out: str, expected: Listing, target: Target) -> None:
    assert read("dump_listing", out, target) == expected
