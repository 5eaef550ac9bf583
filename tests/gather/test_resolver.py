"""This machine's own resolver: where its word counts, and where its faults would be taken for the target's."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from typing import Any

import dns.exception
import dns.message
import dns.name
import dns.rrset
import pytest

from pytest_zebu.facts.answer import Reason, Unknown
from pytest_zebu.facts.fact import Look
from pytest_zebu.gather import forge, outside, places, resolver
from pytest_zebu.gather.outside import Outside
from pytest_zebu.gather.resolver import NOBODY, SURE, OwnResolver, State, examine
from pytest_zebu.settings import Settings
from pytest_zebu.settings.sections import Host
from pytest_zebu.settings.target import Target

SURELY = {SURE: ["198.41.0.4"]}
SITE = "192.0.2.80"
Own = Mapping[str, list[str] | int]
"""By name, where this machine's resolver leads it, or with which error it does not; what is not named does not exist."""


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """A resolver of this machine that says so, and declared ones that lead names elsewhere."""

    def use(known: Own, otherwise: list[str] | int = socket.EAI_NONAME, others: Mapping[str, str] = {}) -> list[str]:
        asked: list[str] = []

        def getaddrinfo(name: str, *_: Any, **__: Any) -> list[Any]:
            asked.append(name)
            told = known.get(name, otherwise)
            if isinstance(told, int):
                raise socket.gaierror(told, "no")
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 0)) for one in told]

        def resolve(domain: str, server: str) -> list[str]:
            if domain not in others:
                raise OSError("silent")
            return [others[domain]]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        monkeypatch.setattr(places, "resolve", resolve)
        monkeypatch.setattr(resolver, "AT_ONCE", 0.0)  # whatever fails, fails late
        return asked

    return use


@pytest.mark.parametrize(
    ("known", "otherwise", "state"),
    [
        (SURELY, socket.EAI_NONAME, None),
        (SURELY, socket.EAI_AGAIN, None),
        ({}, socket.EAI_AGAIN, State.SILENT),
        ({}, socket.EAI_FAIL, State.SILENT),
        ({}, socket.EAI_NONAME, State.IGNORANT),
        ({}, ["127.0.0.1"], State.LYING),
        (SURELY, ["192.0.2.1"], State.LYING),
        ({SURE: ["2001:503:ba3e::2:30", "64:ff9b::c629:4"]}, socket.EAI_NONAME, None),
    ],
)
def test_a_resolver_is_known_by_what_surely_exists_and_what_does_not(
    known: Own, otherwise: list[str] | int, state: State | None, own: Callable[..., list[str]]
) -> None:
    own(known, otherwise)
    found = examine()
    assert (found and found.state) == state


@pytest.mark.parametrize(
    ("known", "otherwise", "others", "says"),
    [
        ({**SURELY, "zebu.test": [SITE]}, socket.EAI_NONAME, {}, [SITE]),
        # A name of the own network is nobody else's business, and a network may have names of its own only.
        ({"zebu.test": ["10.0.0.5"]}, socket.EAI_NONAME, {"zebu.test": SITE}, ["10.0.0.5"]),
        ({}, socket.EAI_AGAIN, {"zebu.test": SITE}, "does not answer, for names that surely exist either"),
        ({}, socket.EAI_NONAME, {}, "knows no names of the world"),
        ({}, socket.EAI_NONAME, {"zebu.test": SITE}, "does not tell it (gaierror), and 192.0.2.53 does"),
        (SURELY, socket.EAI_NONAME, {"zebu.test": SITE}, "does not tell it (gaierror), and 192.0.2.53 does"),
        (SURELY, socket.EAI_NONAME, {}, "this machine's resolver does not tell where zebu.test is (gaierror)"),
        ({}, ["127.0.0.1"], {"zebu.test": SITE}, "leads it to 127.0.0.1, and 192.0.2.53 to 192.0.2.80; this"),
        ({}, ["198.51.100.1"], {}, "leads it to 198.51.100.1; this machine's own resolver leads a.root-servers.net"),
        ({"zebu.test": [SITE]}, ["198.51.100.1"], {"zebu.test": SITE}, [SITE]),
        ({**SURELY, "zebu.test": ["127.0.1.1"]}, socket.EAI_NONAME, {"zebu.test": SITE}, "leads it to 127.0.1.1, and"),
        ({**SURELY, "zebu.test": ["127.0.1.1"]}, socket.EAI_NONAME, {}, ["127.0.1.1"]),
    ],
)
def test_where_a_name_leads_is_told_where_that_is_to_be_relied_on(
    known: Own,
    otherwise: list[str] | int,
    others: Mapping[str, str],
    says: str | list[str],
    own: Callable[..., list[str]],
) -> None:
    own(known, otherwise, others)
    found = OwnResolver().lead("zebu.test", ["192.0.2.53"])
    if isinstance(found, Unknown):
        assert found.reason is Reason.UNREACHABLE
        assert str(says) in found.detail
    else:
        assert found == says


def test_a_silent_resolver_is_not_asked_for_every_name(own: Callable[..., list[str]]) -> None:
    asked = own({}, socket.EAI_AGAIN)
    one = OwnResolver()
    assert all(isinstance(one.lead(f"{number}.test", []), Unknown) for number in range(9))
    assert asked == [SURE]


def test_a_resolver_that_fails_at_once_may_know_its_own_network(
    own: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = own({"zebu.test": [SITE]}, socket.EAI_AGAIN)
    monkeypatch.setattr(resolver, "AT_ONCE", float("inf"))
    one = OwnResolver()
    assert one.lead("zebu.test", []) == [SITE]
    other = one.lead("other.test", [])
    assert isinstance(other, Unknown)
    assert "knows no names of the world" in other.detail
    assert asked == [SURE, "zebu.test", "other.test"]


def test_an_address_is_where_it_is(own: Callable[..., list[str]]) -> None:
    asked = own({}, socket.EAI_AGAIN)
    assert OwnResolver().lead("192.0.2.1", []) == ["192.0.2.1"]
    assert asked == []


def _looks() -> list[Look]:
    lead: dict[str, Any] = {"names": ["zebu.test"], "addresses": [], "resolvers": [], "control": None}
    url = "https://zebu.test/"
    return [
        Look("tls", "zebu.test", {"domain": "zebu.test", **lead}),
        Look("http", "a", {"url": url, **lead}),
        Look("http", "b", {"url": url, "domain": "zebu.test", "everywhere": True, **lead}),
        Look("descriptions", "c", {"urls": [url], "body_limit": 9, **lead}),
        Look("timing", "d", {"url": url, "seconds": 1, "warm_up": 0, "samples": 1, "slow": 9, **lead}),
        Look("scripts", "e", {"url": url, **lead}),
        Look("browser", "f", {"urls": [url], **lead}),
        Look("http", "keys of a provider", {"url": url, "control": None}),
    ]


@pytest.mark.parametrize(
    ("otherwise", "says"),
    [
        (socket.EAI_AGAIN, "does not answer, for names that surely exist either"),
        (["127.0.0.1"], "leads it to 127.0.0.1"),
    ],
)
def test_no_look_takes_the_resolvers_fault_for_the_targets(
    otherwise: list[str] | int, says: str, own: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is asked either: at the wrong place, somebody else would be judged."""
    own({}, otherwise)
    for name in ("shake_hands", "ask", "read_descriptions", "time_requests", "read_scripts", "visit"):
        monkeypatch.setattr(outside, name, lambda *_, name=name, **__: pytest.fail(name))
    looker = Outside(Target(name="here", host=Host(), settings=Settings()), dict)
    for look in _looks():
        seen = looker.see(look)
        assert isinstance(seen, Unknown), look
        assert says in seen.detail


@pytest.mark.parametrize("kind", ["tcp", "tls"])
def test_a_public_address_that_is_a_name_is_looked_at_only_where_it_is(
    kind: str, own: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ports of whoever a lying resolver leads to are none of the machine's."""
    for name in ("shake_hands", "try_ports"):
        monkeypatch.setattr(outside, name, lambda *_: {"seen": True})
    looker = Outside(Target(name="here", host=Host(public_address="home.test"), settings=Settings()), dict)
    arguments = {"address": "home.test", "domain": "zebu.test", "ports": [80], "control": None}
    own({}, ["198.51.100.1"])
    seen = looker.see(Look(kind, "x", arguments))
    assert isinstance(seen, Unknown)
    assert "leads it to 198.51.100.1; this machine's own resolver leads a.root-servers.net" in seen.detail
    own({**SURELY, "home.test": [SITE]})
    looker = Outside(looker.target, dict)
    assert looker.see(Look(kind, "x", arguments)) == {"seen": True}


@pytest.mark.parametrize(("lost", "found"), [(0, {}), (1, {}), (2, {"others": False})])
def test_one_lost_packet_makes_no_resolver_out_of_order(
    lost: int, found: dict[str, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def query(zone: dns.name.Name, kind: str, server: str) -> dns.message.Message:
        asked.append(zone.to_text())
        if len(asked) <= lost:
            raise dns.exception.Timeout
        answer = dns.message.make_response(dns.message.make_query(zone, kind))
        answer.answer.append(dns.rrset.from_text(zone, 60, "IN", kind, "a.root-servers.net."))
        return answer

    monkeypatch.setattr(places, "query", query)
    assert outside._others("zebu.test", "192.0.2.53") == found
    assert len(asked) == min(lost + 1, 2)


def test_declared_addresses_need_no_resolver_of_this_machine(
    own: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = own({}, socket.EAI_AGAIN)
    monkeypatch.setattr(outside, "shake_hands", lambda *_: {"refused": ""})
    monkeypatch.setattr(places, "no_way_to", lambda _: None)
    looker = Outside(Target(name="here", host=Host(), settings=Settings()), dict)
    lead = {"names": ["zebu.test"], "addresses": [SITE], "resolvers": []}
    seen = looker.see(Look("tls", "zebu.test", {"domain": "zebu.test", "control": None, **lead}))
    assert seen == {"at": {SITE: {"refused": ""}}}
    assert asked == []


def test_a_service_that_is_not_found_is_not_silent(
    own: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where names lead nowhere, that a forge does not answer there says nothing of it."""
    own({}, ["127.0.0.1"])
    silent = Unknown(Reason.UNREACHABLE, "forge: ConnectionError")
    monkeypatch.setattr(forge, "ask_forge", lambda *_: silent)
    looker = Outside(Target(name="here", host=Host(), settings=Settings()), dict)
    assert "leads a.root-servers.net to 127.0.0.1" in looker.see(Look("forge", "commit", {})).detail
    own(SURELY)
    looker = Outside(Target(name="here", host=Host(), settings=Settings()), dict)
    assert looker.see(Look("forge", "commit", {})) == silent


def test_it_is_examined_as_a_whole_only_where_something_depends_on_it(own: Callable[..., list[str]]) -> None:
    asked = own(SURELY)
    one = OwnResolver()
    assert one.trouble() is None
    assert one.trouble() is None
    assert asked == [SURE, NOBODY]
    assert resolver.OURS.startswith("this machine")
