"""The reverse proxy."""

from __future__ import annotations

import pytest

from pytest_zebu.discovery.found import Found, Unseen
from pytest_zebu.discovery.proxy import proxy
from pytest_zebu.facts.answer import Known, Reason, Unknown
from pytest_zebu.facts.entrance import Entrance, Place

SITE, OURS = "zebu.test", "aa" * 32
SILENT = Unknown(Reason.UNREACHABLE, "x")


def place(
    address: str, calls: int = 0, serves: str | None = OURS, administration: str = "", *, is_own: bool = False
) -> Place:
    served = SILENT if serves is None else Known(serves)
    return Place(address, calls, served, administration, administration and "NPMplus", is_own)


def told(*places: Place, network: str = "", server: str = "") -> dict[str, Found | Unseen]:
    return {one.key: one for one in proxy(Known(Entrance(places, {}, network, server)), {OURS}, SITE)}


def where(found: dict[str, Found | Unseen]) -> str:
    one = found["proxy.ssh"]
    assert isinstance(one, Unseen)
    return one.why


@pytest.mark.parametrize(("places", "why"), [
    ([place("10.0.0.20", 40), place("10.0.0.10", serves="", is_own=True)], "10.0.0.20 asks this machine, and serves zebu.test"),
    ([place("10.0.0.9", 40, "bb" * 32), place("10.0.0.20", 2)], "10.0.0.20 asks this machine, and serves"), ([place("10.0.0.9", 40, ""), place("10.0.0.10", is_own=True)], "this machine itself serves"),
    ([place("10.0.0.9", 40, "")], "10.0.0.9 asks this machine, but was not seen to serve zebu.test"), ([place("10.0.0.9", 40, None)], "but was not seen to serve"),
    ([place("198.51.100.7")], "who answers for zebu.test was not seen beside this machine"), ([], "was not seen beside this machine"),
])  # fmt: skip
def test_it_is_who_serves_the_certificate(places: list[Place], why: str) -> None:
    """Who asks most may be a monitor, or a person's laptop."""
    assert why in where(told(*places))


def test_a_content_delivery_network_is_no_proxy_of_ones_own() -> None:
    assert where(told(network="Cloudflare", server="cloudflare")).startswith("Cloudflare answers for zebu.test")


def test_what_it_calls_itself_is_said() -> None:
    assert "10.0.0.20 (nginx/1.22.1) asks" in where(told(place("10.0.0.20", 3), server="nginx/1.22.1"))


def test_its_administration_is_found_where_it_serves_only() -> None:
    found = told(place("10.0.0.20", 3, administration="https://10.0.0.20:81"))
    api = found["proxy.api"]
    assert isinstance(api, Found)
    assert (api.value, api.where) == ("https://10.0.0.20:81", "NPMplus answers there")
    assert "proxy.ca_file" in api.doubt
    assert {"proxy.identity", "proxy.password_file"} <= found.keys()
    other = told(place("10.0.0.20", 3, "", "https://10.0.0.20:81"))
    assert isinstance(other["proxy.api"], Unseen)
    assert "proxy.identity" not in other


def test_what_was_not_seen_says_why() -> None:
    (found,) = proxy(Unknown(Reason.NO_PERMISSION, "needs root"), {OURS}, SITE)
    assert isinstance(found, Unseen)
    assert "no permission: needs root" in found.why


def test_a_site_without_a_certificate_shows_nobody() -> None:
    """That both refuse a handshake makes nobody the proxy."""
    assert "was not seen to serve" in next(
        getattr(one, "why", "") for one in proxy(Known(Entrance((place("10.0.0.9", 4, ""),))), set(), SITE)
    )
