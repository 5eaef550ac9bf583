"""What stands in front of the application."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from pytest_zebu.facts.answer import Known, Reason, Said, Unknown, need
from pytest_zebu.facts.entrance import FACT, Entrance
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.settings import Settings
from pytest_zebu.settings.sections import Host
from pytest_zebu.settings.target import Target

CALLERS = "@service frontend\n@from frontend 10.77.0.20 40\n@from frontend 10.77.0.9 2\n"
PROXY = "10.77.0.20"
MODERN = {"status": "OK", "version": {"major": 2, "minor": 15, "revision": 0}}


def administration(body: str, status: int = 200, kind: str = "application/json") -> dict[str, Any]:
    return {"status": status, "location": "", "headers": {"content-type": [kind]}, "body": body, "sha256": ""}


def seen(bookworm: Gathered, target: Target, said: str = CALLERS, **looks: Any) -> Entrance:
    """The recorded lab, whose proxy serves beside it what its name serves, and whose neighbour refuses."""
    served = bookworm.looks["tls@here zebu.test"]["at"]["10.99.0.80"]
    more = {
        f"tls@here zebu.test at {PROXY}": served, "tls@here zebu.test at 10.77.0.9": {"refused": "ECONNREFUSED", "chain": [], "protocol": ""},
        "tls@here zebu.test at 10.77.0.10": Unknown(Reason.UNREACHABLE, "nobody answers"), "tls@here zebu.test at 10.99.0.80": served,
    }  # fmt: skip
    gathered = replace(
        bookworm, answers={**bookworm.answers, "callers": Said(0, said)}, looks={**bookworm.looks, **more, **looks}
    )
    return need(FACT.read(gathered, target))


def test_each_address_is_looked_at_for_the_site(bookworm: Gathered, target: Target) -> None:
    """Those that ask most, the machine itself, and where its name leads."""
    found = seen(bookworm, target)
    assert [(one.address, one.calls) for one in found.places] == [
        (PROXY, 40), ("10.77.0.9", 2), ("10.77.0.10", 0), ("10.99.0.80", 0),
    ]  # fmt: skip
    assert [one.is_own for one in found.places] == [False, False, True, False]
    served, refusing, silent, named = (one.fingerprint for one in found.places)
    assert served == named
    assert refusing == Known("")
    assert isinstance(silent, Unknown)
    assert (found.server, found.network, [*found.fronts]) == ("nginx/1.22.1", "", ["10.99.0.80"])


@pytest.mark.parametrize(("scheme", "row", "product"), [
    ("https", administration('{"status": "OK", "version": "2026-01-01", "oidc": false}'), "NPMplus"),
    ("https", administration('{"status": "OK", "password": true, "version": {"major": 2}}'), "NPMplus"),
    ("http", administration('{"status": "OK", "version": {"major": 2, "minor": 9, "revision": 1}}'), "Nginx Proxy Manager, or NPMplus"),
    ("http", administration('{"status": "OK"}'), ""), ("http", administration("<html>", kind="text/html"), ""), ("http", administration("{"), ""), ("http", administration("[]"), ""),
    ("http", administration('{"status": "OK", "version": "1"}', 404), ""), ("http", {"status": 0, "location": "", "error": "ConnectionError"}, ""),
    ("http", Unknown(Reason.UNREACHABLE, "x"), ""),
])  # fmt: skip
def test_an_administration_is_told_by_its_own_answer(
    scheme: str, row: Any, product: str, bookworm: Gathered, target: Target
) -> None:
    url = f"{scheme}://{PROXY}:81"
    place = seen(bookworm, target, **{f"http@here administration {url}": row}).places[0]
    assert (place.administration, place.product) == ((url, product) if product else ("", ""))


def test_a_content_delivery_network_says_so_itself(bookworm: Gathered, target: Target) -> None:
    look = bookworm.looks["http@here https zebu.test"]["at"]["10.99.0.80"]
    marked: Any = {
        "at": {"104.16.0.1": {**look, "headers": {**look["headers"], "cf-ray": ["8f-FRA"], "server": ["cloudflare"]}}}
    }
    more: dict[str, Any] = {"http@here https zebu.test": marked}
    found = seen(bookworm, target, **more)
    assert (found.network, found.server) == ("Cloudflare", "cloudflare")


def test_nothing_is_looked_at_without_a_name() -> None:
    bare = Target(name="10.0.0.1", host=Host(), settings=Settings())
    gathered = Gathered({"callers": Said(0, CALLERS)})
    assert (FACT.looks(bare), FACT.then(gathered, bare)) == ((), ())
    found = FACT.read(gathered, bare)
    assert isinstance(found, Unknown)
    assert found.reason is Reason.NOT_CONFIGURED


def test_what_is_declared_waits_for_nobody(bookworm: Gathered, target: Target) -> None:
    """A port that never answers takes its time, whenever it is asked: the same looks, once, whoever else is named later."""
    at_once = {look.key: look for look in FACT.looks(target)}
    assert {key for key in at_once if key.startswith("tls")} == {
        "tls@here zebu.test at 10.77.0.10", "tls@here zebu.test at 10.99.0.80",
    }  # fmt: skip
    gathered = replace(bookworm, answers={**bookworm.answers, "callers": Said(0, CALLERS)})
    later = {look.key: look for look in FACT.then(gathered, target)}
    assert {key: later[key] for key in later.keys() & at_once.keys()} == {
        key: look for key, look in at_once.items() if key.endswith(("10.77.0.10", "10.99.0.80", ":81"))
    }  # fmt: skip


def test_no_look_sends_a_login(bookworm: Gathered, target: Target) -> None:
    """What was only found is looked at as anybody may."""
    gathered = replace(bookworm, answers={**bookworm.answers, "callers": Said(0, CALLERS)})
    looks = [
        look for look in (*FACT.looks(target), *FACT.then(gathered, target)) if look.key != "http@here https zebu.test"
    ]
    assert {look.kind for look in looks} == {"tls", "http"}
    assert not [look for look in looks if look.arguments.keys() & {"method", "headers", "data"}]
    assert len({look.key for look in looks}) == 4 * 3
