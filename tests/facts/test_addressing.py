"""Where the machine's address comes from, and what it reaches."""

from __future__ import annotations

import pytest

from pytest_zebu.facts.addressing import Addressing
from pytest_zebu.facts.answer import Known, Reason, Unknown
from pytest_zebu.settings.target import Target
from tests.facts.answers import read, why

STATIC = "gateway=10.77.0.1\nprotocol=\ndevice=eth0\naddress=10.77.0.10\nlifetime=forever\nclient=\n"


def test_a_static_address_has_no_sign_of_a_lease(target: Target) -> None:
    assert read("addressing", STATIC, target) == Addressing("eth0", "10.77.0.10", "10.77.0.1", ())


@pytest.mark.parametrize(("old", "new", "sign"), [
    ("protocol=", "protocol=dhcp", "the default route came by DHCP"),
    ("lifetime=forever", "lifetime=3600sec", "the address has a lifetime (3600sec)"),
    ("client=", "lease=/var/lib/dhcp/dhclient.eth0.leases\nclient=", "lease file /var/lib/dhcp/dhclient.eth0.leases"),
    ("client=", "client=dhclient ", "dhclient runs for eth0"),
])  # fmt: skip
def test_each_sign_of_a_lease_counts(old: str, new: str, sign: str, target: Target) -> None:
    assert read("addressing", STATIC.replace(old, new), target).lease == (sign,)


def test_a_lease_that_is_over_is_told_and_does_not_count(target: Target) -> None:
    found = read("addressing", STATIC + "left=/var/lib/dhcp/dhclient.eth0.leases\n", target)
    assert (found.lease, found.left) == ((), ("/var/lib/dhcp/dhclient.eth0.leases",))


@pytest.mark.parametrize("lost", ["device=eth0", "address=10.77.0.10"])
def test_without_a_route_nothing_is_known(lost: str, target: Target) -> None:
    assert why("addressing", STATIC.replace(lost, lost.partition("=")[0] + "="), target) is Reason.MISSING


REACHES = "gateway=1\nnames=1\nhttps=200\npeer=10.77.0.20:443 1\npeer=10.77.0.21:443 0\nneighbour=10.77.0.1\nneighbour=10.77.0.20\n"


def test_what_the_machine_reaches(target: Target) -> None:
    found = read("connectivity", REACHES, target)
    assert (found.gateway, found.names, found.https, found.complaint) == (Known(True), True, Known(True), "")
    assert found.peers == (("10.77.0.20:443", True), ("10.77.0.21:443", False))
    assert found.neighbours == ("10.77.0.1", "10.77.0.20")


@pytest.mark.parametrize(("old", "new", "field", "value"), [
    ("gateway=1", "gateway=0", "gateway", Known(True)), ("gateway=1", "gateway=unseen", "gateway", Known(True)), ("names=1", "names=0", "names", False),
    ("https=200", "https=000", "https", Known(False)), ("https=200", "https=", "https", Known(False)), ("https=200", "https=404", "https", Known(True)),
    ("https=200", "complaint=" + "x" * 300 + "\nhttps=000", "complaint", "x" * 200),
])  # fmt: skip
def test_each_way_is_tried_for_itself(old: str, new: str, field: str, value: object, target: Target) -> None:
    assert getattr(read("connectivity", REACHES.replace(old, new), target), field) == value


@pytest.mark.parametrize(("names", "https", "found"), [
    ("1", "200", Known(True)), ("1", "000", Known(False)), ("0", "000", None), ("1", "unseen", None), ("0", "unseen", None),
])  # fmt: skip
def test_a_neighbour_table_has_who_was_spoken_to(
    names: str, https: str, found: Known[bool] | None, target: Target
) -> None:
    """Without an entry, and without traffic, nobody has found out whether the gateway is there."""
    said = REACHES.replace("gateway=1", "gateway=0").replace("names=1", f"names={names}").replace("https=200", f"https={https}")  # fmt: skip
    gateway = read("connectivity", said, target).gateway
    assert isinstance(gateway, Unknown) if found is None else gateway == found


@pytest.mark.parametrize("https", ["000", "unseen"])
def test_a_link_without_neighbours_is_judged_by_what_comes_through(https: str, target: Target) -> None:
    said = REACHES.replace("gateway=1", "gateway=unseen").replace("https=200", f"https={https}")
    assert isinstance(read("connectivity", said, target).gateway, Unknown)


def test_without_a_tool_https_is_unknown(target: Target) -> None:
    found = read("connectivity", REACHES.replace("https=200", "https=unseen"), target).https
    assert isinstance(found, Unknown)
    assert found.reason is Reason.NO_COMMAND


@pytest.mark.parametrize("lost", ["names=1\n", "https=200\n"])
def test_half_an_answer_is_garbled(lost: str, target: Target) -> None:
    assert why("connectivity", REACHES.replace(lost, ""), target) is Reason.GARBLED
