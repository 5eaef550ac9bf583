"""How long releases get security updates."""

from __future__ import annotations

from datetime import date

import pytest

from pytest_zebu.facts.support import ends

TOLD = {"eol": date(2001, 1, 1), "eol-lts": date(2002, 1, 1), "eol-elts": date(2003, 1, 1), "eol-esm": date(2004, 1, 1)}


@pytest.mark.parametrize(("distribution", "version", "is_extended", "year"), [
    ("debian", "12", False, 2028), ("debian", "99", False, 2002), ("debian", "99", True, 2003), ("ubuntu", "24.04", False, 2029),
    ("ubuntu", "24.04", True, 2034), ("ubuntu", "99.04", True, 2004), ("ubuntu", "99.04", False, 2001), ("devuan", "5", False, 2001),
])  # fmt: skip
def test_our_table_counts_before_the_machines(distribution: str, version: str, is_extended: bool, year: int) -> None:
    found = ends(distribution, version, TOLD, is_extended=is_extended)
    assert found is not None
    assert found.year == year


def test_who_subscribes_to_what_is_not_known_has_at_least_what_all_have() -> None:
    assert ends("debian", "12", {}, is_extended=True) == date(2028, 6, 30)
    assert ends("plan9", "4", {}, is_extended=False) is None
