"""From where this machine looks."""

from __future__ import annotations

import pytest

from pytest_zebu.discovery.vantages import FoundVantage, Leg, vantages


def kinds(legs: list[str], machine: str, public: list[str]) -> dict[str, str]:
    found = vantages([Leg(one) for one in legs], machine, public)
    return {one.kind: one.source for one in found if isinstance(one, FoundVantage)}


@pytest.mark.parametrize(("legs", "machine", "public", "expected"), [
    (["192.168.1.5/24"], "192.168.1.10", ["8.8.4.4"], {"lan": "192.168.1.5"}), (["192.168.1.5/24"], "192.168.2.10", ["8.8.4.4"], {}),
    (["8.8.8.8/32"], "8.8.4.4", ["8.8.4.4"], {"internet": "8.8.8.8"}), (["8.8.4.9/24"], "8.8.4.4", ["8.8.4.4"], {"lan": "8.8.4.9"}),
    (["192.168.1.5/24", "8.8.8.8/24"], "192.168.1.10", ["8.8.4.4"], {"lan": "192.168.1.5", "internet": "8.8.8.8"}), (["100.64.0.7/10"], "10.0.0.1", [], {}),
    (["fd00::5/64"], "fd00::10", [], {"lan": "fd00::5"}), (["2a00:1450::5/64"], "vm.example.org", ["2a00:1450:1::1"], {"internet": "2a00:1450::5"}), ([], "", [], {}),
])  # fmt: skip
def test_each_leg_is_what_it_is(legs: list[str], machine: str, public: list[str], expected: dict[str, str]) -> None:
    """Behind the same router as what is looked at, nothing comes from the internet, whatever the addresses are."""
    assert kinds(legs, machine, public) == expected
