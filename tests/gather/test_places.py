"""Where names lead, and requests to there."""

from __future__ import annotations

import errno
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rrset
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from pytest_zebu.facts.answer import Reason, Unknown
from pytest_zebu.facts.fact import Look
from pytest_zebu.gather import outside, places
from pytest_zebu.gather.outside import Outside, _Tried, ask, resolve_everywhere, shake_hands, time_requests
from pytest_zebu.settings import Settings
from pytest_zebu.settings.sections import Host
from pytest_zebu.settings.target import Target
from tests.gather.conftest import Server
from tests.gather.test_outside import UNVERIFIED

Zones = Mapping[str, Mapping[tuple[str, str], tuple[str, ...] | dns.rcode.Rcode]]
"""By server: what it says of a name and a kind, as lines of a zone, or with which code it refuses."""
SITE = ("zebu.test.", "A")
RESOLVER = {
    ("zebu.test.", "NS"): ("zebu.test. 60 IN NS ns1.zebu.test.",),
    ("ns1.zebu.test.", "A"): ("ns1.zebu.test. 60 IN A 192.0.2.53",),
    SITE: ("zebu.test. 60 IN A 192.0.2.80",),
}


@pytest.fixture
def zones(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Servers of names that say so; others are silent. Those that only resolve do not say that they are authorities."""

    def use(known: Zones, resolving: tuple[str, ...] = ("192.0.2.1", "192.0.2.2", "192.0.2.3")) -> None:
        def asked(question: dns.message.Message, server: str, **_: Any) -> tuple[dns.message.Message, bool]:
            if server not in known:
                raise dns.exception.Timeout
            wanted = question.question[0]
            said = known[server].get((wanted.name.to_text(), dns.rdatatype.to_text(wanted.rdtype)), ())
            answer = dns.message.make_response(question)
            if server not in resolving:
                answer.flags |= dns.flags.AA
            if isinstance(said, dns.rcode.Rcode):
                answer.set_rcode(said)
                return answer, False
            for line in said:
                name, _ttl, _class, kind, value = line.split(" ", 4)
                answer.answer.append(dns.rrset.from_text(name, 60, "IN", kind, value))
            return answer, False

        monkeypatch.setattr(dns.query, "udp_with_fallback", asked)
        monkeypatch.setattr(places, "no_way_to", lambda address: BEYOND if ":" in address else None)

    return use


BEYOND = Unknown(Reason.UNREACHABLE, "this machine has no way there")


def rows_of(*resolvers: str) -> dict[str, dict[str, Any]]:
    return {row["server"]: row for row in resolve_everywhere("zebu.test", [*resolvers] or ["192.0.2.1"])["servers"]}


def told(*resolvers: str) -> dict[str, Any]:
    return {server: row["unknown"] or row["addresses"] for server, row in rows_of(*resolvers).items()}


def test_every_server_is_asked_for_itself(zones: Callable[..., None]) -> None:
    zones({"192.0.2.1": RESOLVER, "192.0.2.53": {SITE: ("zebu.test. 60 IN A 192.0.2.81",)}})
    assert told() == {"192.0.2.53": ["192.0.2.81"], "192.0.2.1": ["192.0.2.80"]}


def test_a_resolver_that_fails_for_all_names_is_told_from_one_that_fails_for_this_one(
    zones: Callable[..., None],
) -> None:
    """Where the port for names is taken by somebody on the way, everybody seems to deny what exists."""
    top = {("test.", "NS"): ("test. 60 IN NS ns.test.",)}
    out_of_order, refuses = {(SITE[0], "A"): dns.rcode.SERVFAIL}, {**top, (SITE[0], "A"): dns.rcode.SERVFAIL}
    misled = {SITE: ("zebu.test. 60 IN A 127.0.0.1",)}
    zones({"192.0.2.1": RESOLVER, "192.0.2.2": {}, "192.0.2.3": misled, "192.0.2.4": out_of_order, "192.0.2.5": refuses,
           "192.0.2.6": top}, resolving=tuple(f"192.0.2.{number}" for number in range(1, 7)))  # fmt: skip
    rows = rows_of(*(f"192.0.2.{number}" for number in range(1, 7)))
    said = {server: row.get("others", True) for server, row in rows.items() if not row["authoritative"]}
    assert said == {
        "192.0.2.1": True, "192.0.2.2": False, "192.0.2.3": False, "192.0.2.4": False, "192.0.2.5": True, "192.0.2.6": True,
    }  # fmt: skip


def test_an_alias_into_another_zone_is_followed(zones: Callable[..., None]) -> None:
    """The name's own server does not know the other zone, and need not."""
    alias = "zebu.test. 60 IN CNAME home.dyndns.example."
    there = "home.dyndns.example. 60 IN A 192.0.2.80"
    known = {**RESOLVER, SITE: (alias, there), ("home.dyndns.example.", "A"): (there,)}
    zones({"192.0.2.1": known, "192.0.2.53": {SITE: (alias,), ("zebu.test.", "AAAA"): (alias,)}})
    assert told() == {"192.0.2.53": ["192.0.2.80"], "192.0.2.1": ["192.0.2.80"]}


def test_records_of_other_names_are_none_of_it(zones: Callable[..., None]) -> None:
    zones({"192.0.2.1": {**RESOLVER, SITE: ("notzebu.test. 60 IN A 192.0.2.99",)}, "192.0.2.53": RESOLVER})
    assert told() == {"192.0.2.53": ["192.0.2.80"], "192.0.2.1": []}


def test_a_server_to_which_there_is_no_way_is_beyond_us(zones: Callable[..., None]) -> None:
    known = {**RESOLVER, ("ns1.zebu.test.", "AAAA"): ("ns1.zebu.test. 60 IN AAAA 2001:db8::53",)}
    zones({"192.0.2.1": known, "192.0.2.53": RESOLVER})
    rows = rows_of()
    assert rows["2001:db8::53"]["beyond"] is True
    assert rows["2001:db8::53"]["unknown"] is BEYOND
    assert rows["192.0.2.53"]["addresses"] == ["192.0.2.80"]


@pytest.mark.parametrize("code", [dns.rcode.SERVFAIL, dns.rcode.REFUSED])
@pytest.mark.hostile("requests")
def test_a_refusal_is_not_none(code: dns.rcode.Rcode, zones: Callable[..., None]) -> None:
    """Neither has the zone no servers, so that the next one above were asked, nor the name no address."""
    zones({"192.0.2.1": {("zebu.test.", "NS"): code, ("test.", "NS"): ("test. 60 IN NS ns1.zebu.test.",), SITE: code}})
    assert all(isinstance(answer, Unknown) for answer in told().values())
    zones({"192.0.2.1": RESOLVER, "192.0.2.53": {SITE: code}})
    row = rows_of()["192.0.2.53"]
    assert isinstance(row["unknown"], Unknown)
    assert row["refuses"] == dns.rcode.to_text(code)


def test_an_alias_of_a_whole_tree_is_followed(zones: Callable[..., None]) -> None:
    """A server that knows DNAME makes an alias of it for each name below; it may know the end itself, or not."""
    tree, alias = "test. 60 IN DNAME example.", "zebu.test. 60 IN CNAME zebu.example."
    end = "zebu.example. 60 IN A 192.0.2.80"
    known = {**RESOLVER, SITE: (tree, alias, end), ("zebu.example.", "A"): (end,)}
    for there in ((tree, alias), (tree, alias, end)):
        zones({"192.0.2.1": known, "192.0.2.53": {SITE: there, ("zebu.test.", "AAAA"): (tree, alias)}})
        assert told()["192.0.2.53"] == ["192.0.2.80"]


@pytest.mark.hostile("requests")
def test_an_alias_that_leads_nowhere_has_no_address(zones: Callable[..., None]) -> None:
    alias = "zebu.test. 60 IN CNAME gone.example."
    circle = ("zebu.test. 60 IN CNAME a.example.", "a.example. 60 IN CNAME zebu.test.")
    for answer in ((alias,), circle):
        known = {**RESOLVER, SITE: answer, ("zebu.test.", "AAAA"): answer}
        zones({"192.0.2.1": known, "192.0.2.53": known})
        assert told() == {"192.0.2.53": [], "192.0.2.1": []}


def test_who_answers_in_an_authoritys_place_is_known_as_one(zones: Callable[..., None]) -> None:
    zones({"192.0.2.1": RESOLVER, "192.0.2.53": RESOLVER}, ("192.0.2.1", "192.0.2.53"))
    assert rows_of()["192.0.2.53"]["aside"] is True
    zones({"192.0.2.1": RESOLVER, "192.0.2.53": RESOLVER})
    assert "aside" not in rows_of()["192.0.2.53"]


def test_each_name_server_is_looked_for(zones: Callable[..., None]) -> None:
    """One whose name does not exist serves nobody; where another is could not be found out."""
    three = tuple(f"zebu.test. 60 IN NS ns{number}.zebu.test." for number in (1, 2, 3))
    known = {**RESOLVER, ("zebu.test.", "NS"): three, ("ns3.zebu.test.", "A"): dns.rcode.SERVFAIL}
    zones({"192.0.2.1": known, "192.0.2.53": RESOLVER})
    rows = rows_of()
    assert rows["ns2.zebu.test."]["refuses"] == "no address"
    assert isinstance(rows["ns3.zebu.test."]["unknown"], Unknown)
    assert "refuses" not in rows["ns3.zebu.test."]
    assert rows["192.0.2.53"]["addresses"] == ["192.0.2.80"]


def test_what_was_lost_is_asked_for_again(zones: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    zones({"192.0.2.1": RESOLVER, "192.0.2.53": RESOLVER})
    answer, tries = dns.query.udp_with_fallback, []

    def lost(question: dns.message.Message, server: str, **named: Any) -> Any:
        if server == "192.0.2.53":
            tries.append(server)
            if len(tries) == 1:
                raise dns.exception.Timeout
        return answer(question, server, **named)

    monkeypatch.setattr(dns.query, "udp_with_fallback", lost)
    assert told()["192.0.2.53"] == ["192.0.2.80"]
    assert len(tries) == 4  # both kinds of addresses, twice


def test_names_lead_where_a_resolver_says_as_far_as_it_is_declared(zones: Callable[..., None]) -> None:
    both = {**RESOLVER, ("zebu.test.", "AAAA"): ("zebu.test. 60 IN AAAA 2001:db8::80",)}
    zones({"192.0.2.2": both, "192.0.2.3": RESOLVER})
    declared = ["192.0.2.80", "2001:db8::80", "192.0.2.81"]
    assert places.lead_to("zebu.test", declared, ["192.0.2.1", "192.0.2.2", "192.0.2.3"]) == declared[:2]
    assert places.lead_to("zebu.test", ["192.0.2.99"], ["192.0.2.2"]) == ["192.0.2.99"]
    assert places.lead_to("zebu.test", declared, ["192.0.2.1"]) == declared
    within = ["192.0.2.0/24", "2001:db8::80"]
    assert places.lead_to("zebu.test", within, ["192.0.2.2"]) == ["2001:db8::80", "192.0.2.80"]
    assert places.lead_to("zebu.test", within, ["192.0.2.1"]) == ["2001:db8::80"]
    assert places.lead_to("zebu.test", ["198.51.100.0/24"], ["192.0.2.3"]) == ["192.0.2.80"]
    assert isinstance(places.lead_to("zebu.test", ["192.0.2.0/24"], ["192.0.2.1"]), Unknown)


def test_what_this_machine_does_not_resolve_is_its_own_fault() -> None:
    timing = {"seconds": 1, "warm_up": 0, "samples": 1, "slow": 100}
    with socket.create_server(("127.0.0.1", 0)) as server:
        control = f"127.0.0.1:{server.getsockname()[1]}"
        seen = [
            time_requests({"url": "https://name.invalid/", "control": control, **timing}),
            shake_hands("name.invalid", control),
            ask({"url": "https://name.invalid/", "control": control}),
            ask({"url": "http://name.invalid/", "control": control, "follow": True}),
        ]
    for one in seen:
        assert isinstance(one, Unknown)
        assert "this machine's resolver" in one.detail


def test_a_kind_of_address_without_a_route_is_no_way(monkeypatch: pytest.MonkeyPatch) -> None:
    assert places.no_way_to("127.0.0.1") is None

    class Line(socket.socket):
        def connect(self, *_: object) -> None:
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(socket, "socket", Line)
    number = errno.ENETUNREACH
    assert isinstance(places.no_way_to("192.0.2.1"), Unknown)
    number = errno.EMFILE
    with pytest.raises(OSError, match=os.strerror(errno.EMFILE)):
        places.no_way_to("192.0.2.1")


def test_a_control_address_proves_nothing_about_the_other_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(address: tuple[str, int], *_: object, **__: object) -> socket.socket:
        if ":" in address[0]:
            raise TimeoutError("timed out")
        return socket.socket()

    monkeypatch.setattr(socket, "create_connection", connect)
    silent = shake_hands("zebu.test", "192.0.2.1:80", "2001:db8::80")
    assert isinstance(silent, Unknown)
    assert "proves nothing about IPv6" in silent.detail
    assert shake_hands("zebu.test", "name.test:80", "2001:db8::80") == {"refused": "TimeoutError"}


class Site:
    """Pages over plain http on the loopback, by host and path: a status and whereto it leads.

    What ends with `twice` names two places; with `cookie` it leads to itself until it gets one; the first of what ends
    with `late`, or with `gateway`, comes too late; of `counted` and `busy` the second one is let pass.
    """

    def __init__(self, answers: Mapping[str, tuple[int, str]]) -> None:
        asked: list[str] = []

        def port() -> int:
            return self.port

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                what = f"{self.headers['Host'].partition(':')[0]}{self.path}"
                asked.append(what)
                status, location = answers.get(what, (404, ""))
                if what.endswith("/cookie"):
                    status, location = (200, "") if self.headers["Cookie"] else (302, "/cookie")
                if what.endswith("/late") and asked.count(what) == 1:
                    time.sleep(1.0)
                for name, code in (("gateway", 504), ("counted", 429), ("busy", 503)):
                    if what.endswith(f"/{name}"):
                        status = code if asked.count(what) == 1 else 200
                self.send_response(status)
                if what.endswith("/twice"):
                    self.send_header("Location", "/a" if what.startswith("www.") else "/b")
                    self.send_header("Location", "/a")
                if what.endswith("/cookie"):
                    self.send_header("Set-Cookie", "seen=yes")
                if location:
                    self.send_header("Location", location.replace("PORT", f"{port()}"))
                body = what.encode() if status == 200 else b""
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                # Whoever did not wait for it is gone.
                with suppress(OSError):
                    self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Nothing."""

        self.asked = asked
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def port(self) -> int:
        return self.http.server_port


PAGES = {
    "zebu.test/": (301, "http://www.zebu.test:PORT/a"),
    "www.zebu.test/b": (200, ""),
    "zebu.test/loop": (301, "/loop/"),
    "zebu.test/loop/": (301, "/loop"),
    "zebu.test/self": (301, "/self"),
    "zebu.test/script": (302, "javascript:alert(1)"),
    "zebu.test/nowhere": (302, ""),
    "zebu.test/gone": (301, "/missing"),
    "zebu.test/late": (200, ""),
    "zebu.test/twice": (301, ""),
    "www.zebu.test/twice": (301, ""),
    "www.zebu.test/a": (308, "/b"),
}


@pytest.fixture
def site() -> Iterator[Site]:
    found = Site(PAGES)
    yield found
    found.http.shutdown()
    found.http.server_close()


DIRECTED = {"zebu.test": "127.0.0.1", "www.zebu.test": "127.0.0.1"}


@pytest.mark.parametrize(("path", "ends"), [
    ("/", ["http://www.zebu.test:PORT/a 308 ", "http://www.zebu.test:PORT/b 200 "]),
    ("/loop", ["http://zebu.test:PORT/loop/ 301 ", "http://zebu.test:PORT/loop 0 leads in a circle"]),
    ("/self", ["http://zebu.test:PORT/self 0 leads in a circle"]),
    ("/script", ["javascript:alert(1) 0 is no address to go to"]),
    ("/nowhere", [" 0 is no address to go to"]),
    ("/gone", ["http://zebu.test:PORT/missing 404 "]),
    ("/cookie", ["http://zebu.test:PORT/cookie 200 "]),
])  # fmt: skip
def test_the_way_is_gone_to_its_end(path: str, ends: list[str], site: Site) -> None:
    """At the addresses that are given, whatever this machine resolves; with the cookies of the way, as a browser would."""
    url = f"http://zebu.test:{site.port}{path}"
    seen = ask({"url": url, "control": None, "follow": True}, DIRECTED)
    steps = [f"{step['url']} {step['status']} {step['trouble']}" for step in seen["way"]]
    assert steps == [end.replace("PORT", str(site.port)) for end in ends]


def test_what_is_at_the_end_is_read(site: Site) -> None:
    base = f"http://zebu.test:{site.port}"
    seen = ask({"url": f"{base}/", "control": None, "follow": True, "body_limit": 100}, DIRECTED)
    assert (seen["end"]["status"], seen["end"]["body"]) == (200, "www.zebu.test/b")
    circle = ask({"url": f"{base}/loop", "control": None, "follow": True, "body_limit": 100}, DIRECTED)
    assert circle["end"] == {"status": 0, "error": "leads in a circle"}
    assert "end" not in ask({"url": f"{base}/late", "control": None, "follow": True, "body_limit": 9}, DIRECTED)
    assert "end" not in ask({"url": f"{base}/", "control": None, "follow": True}, DIRECTED)


@pytest.mark.parametrize(("host", "location"), [("www.zebu.test", "/a"), ("zebu.test", "")])
def test_of_two_places_a_browser_goes_to_none(host: str, location: str, site: Site) -> None:
    """Unless both are the same."""
    assert ask({"url": f"http://{host}:{site.port}/twice", "control": None}, DIRECTED)["location"] == location


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/late", "took more than 0.5 s"),
        ("/gateway", "was answered with 504"),
        ("/counted", "was answered with 429"),
        ("/busy", "was answered with 503"),
    ],
)
def test_a_late_answer_is_waited_for_once_more(
    path: str, why: str, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outside, "ANSWER_SECONDS", 0.5)
    monkeypatch.setattr(outside, "CALM_SECONDS", 0.0)
    url = f"http://zebu.test:{site.port}{path}"
    first, second = (ask({"url": url, "control": None}, DIRECTED) for _ in range(2))
    assert (first["status"], first["again"]) == (200, f"at the second try; the first {why}")
    assert (second["status"], "again" in second) == (200, False)


def test_who_counts_is_asked_until_he_has_calmed_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """All looks come at once, and a limit that is right for people lets them pass one after the other; what is out of order is let be."""
    monkeypatch.setattr(outside, "CALM_SECONDS", 0.0)
    said: list[int] = []

    def answering(*statuses: int) -> dict[str, Any]:
        said[:] = statuses
        monkeypatch.setattr(
            outside, "_try", lambda *_: _Tried({"status": said[0]}, "was counted", said.pop(0) in (429, 503))
        )
        found: dict[str, Any] = ask({"url": "http://zebu.test/", "control": None}, DIRECTED)
        return found

    assert answering(429, 429, 429, 200)["again"] == "at try 4; the first was counted"
    assert answering(429, 429, 429, 429, 429)["status"] == 429
    assert (answering(503, 503, 200)["status"], said) == (503, [200])


def test_who_never_answers_is_asked_twice(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outside, "ANSWER_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://zebu.test:{silent.getsockname()[1]}/"
        seen = ask({"url": url, "control": f"127.0.0.1:{site.port}"}, DIRECTED)
        assert (seen["status"], seen["error"], seen["again"]) == (
            0, "ReadTimeout", "at the second try; the first took more than 0.1 s",
        )  # fmt: skip
        assert isinstance(ask({"url": url, "control": None}, DIRECTED), Unknown)


def test_the_first_of_timed_requests_may_be_late(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outside, "ANSWER_SECONDS", 0.5)
    asked = {"url": f"http://zebu.test:{site.port}/late", "control": None, "samples": 2, "warm_up": 1, "seconds": 5}
    seen = outside.time_requests({**asked, "slow": 500.0}, DIRECTED)
    assert (seen["statuses"], seen["trouble"]) == ([200, 200], "")


DESCRIBING = {
    "GET /docs": (200, {"Content-Type": "text/html"}, b"<div id='swagger-ui'></div> SwaggerUIBundle({ url: '/v1.json', a: 1 })"),
    "GET /redoc": (200, {"Content-Type": "text/html"}, b'<redoc spec-url="https://elsewhere.test/x.json"></redoc><redoc spec-url=\'v1.json\'>'),
    "GET /v1.json": (200, {"Content-Type": "application/json"}, {"openapi": "3.1.0"}),
    "GET /none": (404, {}, b""),
    "GET /old": (308, {"Location": "/redoc"}, b""),
}  # fmt: skip


@UNVERIFIED
def test_the_description_is_found_where_pages_say_that_it_is(servers: tuple[Server, Server]) -> None:
    """Under declared names only; over one connection, one after the other."""
    here = servers[0]
    here.answers |= DESCRIBING
    host = here.url.removeprefix("https://").partition(":")[0]
    asked = {"urls": [f"{here.url}/{name}" for name in ("docs", "redoc", "old", "none")], "names": [host]}
    seen = outside.read_descriptions({**asked, "control": None, "body_limit": 1000})["answers"]
    assert list(seen) == [*asked["urls"], f"{here.url}/v1.json"]
    assert seen[f"{here.url}/v1.json"]["body"].startswith('{"openapi"')
    assert seen[f"{here.url}/old"]["end"]["status"] == 200
    assert seen[f"{here.url}/none"]["status"] == 404
    others = outside.read_descriptions({**asked, "names": [], "control": None, "body_limit": 1000})["answers"]
    assert list(others) == asked["urls"]


def test_who_is_silent_is_not_waited_for_at_each_address(site: Site) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = server.getsockname()[1]
    asked = {"urls": [f"http://zebu.test:{closed}/{name}" for name in "ab"], "names": [], "body_limit": 10}
    silent = outside.read_descriptions({**asked, "control": f"127.0.0.1:{site.port}"}, DIRECTED)["answers"]
    assert [one["status"] for one in silent.values()] == [0, 0]
    unseen = outside.read_descriptions({**asked, "control": None}, DIRECTED)["answers"]
    assert all(isinstance(one, Unknown) for one in unseen.values())


def test_a_way_that_never_ends_is_given_up(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outside, "LONGEST_WAY", 1)
    seen = ask({"url": f"http://zebu.test:{site.port}/", "control": None, "follow": True}, DIRECTED)
    assert seen["way"][-1]["trouble"] == "never ends"


def test_a_way_into_silence_is_told_or_unknown(site: Site) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = server.getsockname()[1]
    pages = Site({"zebu.test/": (301, f"http://zebu.test:{closed}/")})
    url = f"http://zebu.test:{pages.port}/"
    seen = ask({"url": url, "control": f"127.0.0.1:{site.port}", "follow": True}, DIRECTED)
    assert seen["way"][-1]["trouble"] == "does not answer (ConnectionError)"
    assert isinstance(ask({"url": url, "control": None, "follow": True}, DIRECTED)["way"], Unknown)
    pages.http.shutdown()
    pages.http.server_close()


@UNVERIFIED
def test_a_name_is_asked_at_an_address_under_its_own_name(servers: tuple[Server, Server], certificate: Path) -> None:
    """What is connected to is the address; what is asked for, in the handshake as well, is the name."""
    asked: list[str | None] = []
    here = servers[0]
    listening: Any = here.http.socket
    listening.context.sni_callback = lambda line, name, context: asked.append(name)
    here.answers["GET /"] = (200, {"Content-Type": "text/html"}, b"here")
    url = f"https://zebu.test:{here.http.server_port}/"
    assert ask({"url": url, "control": None, "body_limit": 10}, DIRECTED)["body"] == "here"
    assert asked == ["zebu.test"]
    assert f"Host: zebu.test:{here.http.server_port}" in here.arrived[-1]
    refused = ask({"url": url, "control": f"127.0.0.1:{here.http.server_port}", "trust": str(certificate)}, DIRECTED)
    assert (refused["status"], refused["error"]) == (0, "SSLError")
    assert ask({"url": f"{here.url}/", "control": None, "trust": str(certificate)})["status"] == 200
    strangers = ask({"url": f"{here.url}/", "control": f"127.0.0.1:{here.http.server_port}", "trust": True})
    assert (strangers["status"], strangers["error"]) == (0, "SSLError")


def test_each_address_is_looked_at_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    target = Target(name="here", host=Host(), settings=Settings())
    seen: list[tuple[str, str]] = []

    def shaken(domain: str, control: str | None, address: str, source: str | None) -> dict[str, str]:
        seen.append((domain, address))
        return {"refused": address}

    monkeypatch.setattr(outside, "shake_hands", shaken)
    monkeypatch.setattr(places, "no_way_to", lambda address: BEYOND if ":" in address else None)
    lead = {"names": ["zebu.test"], "addresses": ["192.0.2.1", "2001:db8::1", "192.0.2.2"], "resolvers": []}
    look = Look("tls", "zebu.test", {"domain": "zebu.test", "control": None, **lead})
    assert Outside(target, dict).see(look) == {
        "at": {"192.0.2.1": {"refused": "192.0.2.1"}, "2001:db8::1": BEYOND, "192.0.2.2": {"refused": "192.0.2.2"}}
    }
    assert sorted(seen) == [("zebu.test", "192.0.2.1"), ("zebu.test", "192.0.2.2")]


@pytest.mark.parametrize(
    ("here", "expected"), [(None, "192.0.2.1"), ("192.0.2.2", "192.0.2.2"), ("192.0.2.9", "192.0.2.1")]
)
def test_declared_names_are_asked_where_they_lead(here: str | None, expected: str) -> None:
    outside_ = Outside(Target(name="here", host=Host(), settings=Settings()), dict)
    lead = {"names": ["zebu.test"], "addresses": ["192.0.2.1", "192.0.2.2"], "resolvers": []}
    assert outside_._places({**lead, "domain": "zebu.test"}, here) == {"zebu.test": expected}
    assert outside_._places({"url": "https://elsewhere.test/"}) == {}


@UNVERIFIED
def test_a_weak_certificate_is_seen_whatever_this_machine_would_refuse(tmp_path: Path) -> None:
    """Whether it is too weak is judged elsewhere; here it must be seen."""
    key = rsa.generate_private_key(65537, 1024)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "weak")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 7, now, now + timedelta(days=1)).sign(
        key, hashes.SHA256()
    )
    path = tmp_path / "weak.pem"
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(key.private_bytes(*form) + made.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.load_cert_chain(path)
    pages = Site({"zebu.test/": (200, "")})
    pages.http.socket = context.wrap_socket(pages.http.socket, server_side=True)
    seen = shake_hands("zebu.test", None, "127.0.0.1", port=pages.port)
    assert seen["refused"] == ""
    assert ask({"url": f"https://zebu.test:{pages.port}/", "control": None}, DIRECTED)["status"] == 200
    pages.http.shutdown()
    pages.http.server_close()
