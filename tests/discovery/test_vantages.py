"""From where this machine looks."""

from __future__ import annotations

import pytest

from pytest_zebu.discovery.found import Unseen
from pytest_zebu.discovery.vantages import FoundVantage, Leg, vantages


def kinds(legs: list[str], machine: str, public: list[str]) -> dict[str, str]:
    found = vantages([Leg(one) for one in legs], machine, public)
    return {one.kind: one.source for one in found if isinstance(one, FoundVantage)}


@pytest.mark.parametrize(("legs", "machine", "public", "expected"), [
    (["192.168.1.5/24"], "192.168.1.10", ["8.8.4.4"], {"lan": "192.168.1.5"}), (["192.168.1.5/24"], "192.168.2.10", ["8.8.4.4"], {}),
    (["8.8.8.8/32"], "8.8.4.4", ["8.8.4.4"], {"internet": "8.8.8.8"}), (["8.8.4.9/24"], "8.8.4.4", ["8.8.4.4"], {"lan": "8.8.4.9"}),
    (["192.168.1.5/24", "8.8.8.8/24"], "192.168.1.10", ["8.8.4.4"], {"lan": "192.168.1.5", "internet": "8.8.8.8"}), (["100.64.0.7/10"], "10.0.0.1", [], {}),
    (["fd00::5/64"], "fd00::10", [], {"lan": "fd00::5"}), (["2a00:1450::5/64"], "vm.example.org", ["2a00:1450:1::1"], {"internet": "2a00:1450::5"}), ([], "", [], {}),
    # A home's own IPv6 address is no place on the internet for what is looked at over IPv4, nor for a neighbour of its prefix.
    (["2a00:1450::5/64"], "vm.example.org", ["8.8.4.4"], {}), (["2a00:1450:0:1::5/64"], "vm.example.org", ["2a00:1450:0:2::7"], {}), (["8.8.8.8/24"], "10.0.0.1", [], {}),
    (["172.17.0.1/16", "172.17.5.5/24"], "172.17.5.10", [], {"lan": "172.17.5.5"}), (["172.17.5.5/24", "172.17.0.1/16"], "172.17.5.10", [], {"lan": "172.17.5.5"}),
    (["172.17.0.1/16"], "192.168.1.10", ["8.8.4.4"], {}), (["192.168.1.10/24"], "192.168.1.10", [], {}),
])  # fmt: skip
def test_each_leg_is_what_it_is(legs: list[str], machine: str, public: list[str], expected: dict[str, str]) -> None:
    """Behind the same router as what is looked at, nothing comes from the internet, whatever the addresses are."""
    assert kinds(legs, machine, public) == expected


HOME = Leg("192.168.1.5/24", "192.168.1.1:53", "enp3s0")


@pytest.mark.parametrize(("legs", "machine", "public", "expected"), [
    # Behind a VPN nobody is a neighbour, though the address is in its network.
    ([Leg("10.8.0.2/24", "", "wg0", True)], "10.8.0.1", [], {}), ([Leg("10.8.0.2/24", "", "wg0", True), Leg("10.8.0.7/16", "", "eth0")], "10.8.0.1", [], {"lan": "10.8.0.7"}),
    # In a container, the machine that runs it is the router.
    ([Leg("172.17.0.2/16", "172.17.0.1:22", "eth0")], "172.17.0.1", [], {}), ([Leg("172.17.0.2/16", "172.17.0.1:22", "eth0")], "172.17.0.9", [], {"lan": "172.17.0.2"}),
    # The same cable leads behind the same router.
    ([HOME, Leg("2003:db8:1::5/64", "", "enp3s0")], "192.168.1.10", ["2a00:1450::1"], {"lan": "192.168.1.5"}), ([HOME, Leg("2a02:db8::5/64", "", "wwan0")], "192.168.1.10", ["2a00:1450::1"], {"lan": "192.168.1.5", "internet": "2a02:db8::5"}),
    ([Leg("2a02:db8::5/64", "", "he-ipv6", True)], "192.168.1.10", ["2a00:1450::1"], {"internet": "2a02:db8::5"}), ([HOME], "192.168.1.10", ["8.8.4.0/24", "x"], {"lan": "192.168.1.5"}),
])  # fmt: skip
def test_neither_a_vpn_nor_a_bridge_is_the_lan(
    legs: list[Leg], machine: str, public: list[str], expected: dict[str, str]
) -> None:
    found = {one.kind: one.source for one in vantages(legs, machine, public) if isinstance(one, FoundVantage)}
    assert found == expected


def test_without_a_place_on_the_internet_it_is_said_how_one_is_had() -> None:
    (_, unseen) = vantages([HOME], "192.168.1.10", ["8.8.4.4"])
    assert isinstance(unseen, Unseen)
    assert "zebu look" in unseen.why


@pytest.mark.parametrize(("aim", "is_one"), [("8.8.4.4", True), ("", True), ("100.64.0.7", False), ("10.8.0.2", False)])
def test_from_the_internet_nobody_looks_at_a_private_address(aim: str, is_one: bool) -> None:
    """Through a VPN ssh comes in; the silence of such an address would be taken for closed ports."""
    (found,) = vantages([Leg("8.8.8.8/24")], "", ["8.8.4.4"], aim)
    assert isinstance(found, FoundVantage) == is_one
    if isinstance(found, Unseen):
        assert 'source = "8.8.8.8"' in found.example
        assert "public_address" in found.why
