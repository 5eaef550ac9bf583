"""Answers that have no end, or are none: each look ends within its bounds, and says what came in place of an answer."""

from __future__ import annotations

import gzip
import io
import json
import socket
import zlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from urllib3.connection import HTTPConnection

from pytest_zebu.facts.answer import Reason, Unknown
from pytest_zebu.gather import audit, client, outside, services
from pytest_zebu.gather.bounds import OutOfTime, allowed, carried, within
from pytest_zebu.gather.client import read_body
from pytest_zebu.gather.deadline import NEVER, Deadline
from pytest_zebu.gather.outside import ask, read_descriptions, read_scripts, time_requests
from pytest_zebu.settings import Settings
from tests.gather import test_redirects as asking
from tests.gather.conftest import SECRET, Server
from tests.gather.rude import Say, forever, once, request_of, rude, silent

OK = b"HTTP/1.1 200 OK\r\n"
MIB = 2**20
hostile = pytest.mark.hostile("requests")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here is worth seconds."""
    monkeypatch.setattr(outside, "CONNECT_SECONDS", 0.5)
    monkeypatch.setattr(outside, "ANSWER_SECONDS", 0.3)
    monkeypatch.setattr(outside, "CALM_PAUSES", (0.0,))
    monkeypatch.setattr(services, "SECONDS", (0.5, 0.3))


def looked(say: Say, **arguments: Any) -> Any:
    """What a look makes of a server whose network is there."""
    with rude(say) as port, rude(silent(b"")) as control:
        url = f"http://127.0.0.1:{port}/"
        return ask({"url": url, "control": f"127.0.0.1:{control}", "body_limit": 4096, **arguments})


HEADERS = [
    pytest.param(forever(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), id="interim answers without end"),
    pytest.param(forever(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.05), id="interim answers without end, dripping"),
    pytest.param(forever(b"", b"HTTP/1.1 100 Continue\r\nX: " + b"x" * 60_000 + b"\r\n\r\n"), id="large interim answers"),
    pytest.param(forever(b"", b"H", 0.05), id="a status line that drips"),
    pytest.param(forever(b"", b"H"), id="a status line without end"),
    pytest.param(forever(OK, b"X-A: b\r\n"), id="headers without end"),
    pytest.param(forever(OK, b"X-A: b\r\n", 0.05), id="headers that drip"),
    pytest.param(forever(OK + b"X: ", b"x" * 1024), id="a header without end"),
    pytest.param(forever(OK, b" folded\r\n"), id="a header that is folded without end"),
    pytest.param(once(OK + (b"X: " + b"x" * 60_000 + b"\r\n") * 8 + b"\r\n"), id="headers of half a MiB"),
    pytest.param(once(OK + b"".join(b"X-%d: 1\r\n" % one for one in range(1000)) + b"\r\n"), id="a thousand headers"),
    pytest.param(once(OK + b"Set-Cookie: a=b\r\n" * 1000 + b"\r\n"), id="a thousand cookies"),
    pytest.param(once(b"HTTP/1.1 302 Found\r\nLocation: /" + b"a" * 300_000 + b"\r\n\r\n"), id="a way of 300 KB"),
    pytest.param(silent(b""), id="silence"),
    pytest.param(silent(OK), id="silence after the status"),
    pytest.param(once(), id="nothing"),
    pytest.param(once(b"\x00" * 1000), id="NULs"),
    pytest.param(once(b"<html>HTTP/0.9</html>"), id="HTTP 0.9"),
    pytest.param(once(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"), id="HTTP 2 unasked"),
    pytest.param(once(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + b"\x00" * 18), id="frames of HTTP 2"),
    pytest.param(once(b"HTTP/1.1 099 Odd\r\n\r\n"), id="status 099"),
    pytest.param(once(b"HTTP/1.1 1000 Odd\r\n\r\n"), id="status 1000"),
    pytest.param(once(b"HTTP/1.1 -200 Odd\r\n\r\n"), id="a negative status"),
    pytest.param(once(b"HTTP/1.1 two OK\r\n\r\n"), id="a status in words"),
    pytest.param(once("HTTP/1.1 ²00 OK\r\n\r\n".encode()), id="a status of other digits"),
    pytest.param(once(b"HTTP/1.1 " + b"2" * 5000 + b" OK\r\n\r\n"), id="a status of 5,000 digits"),
    pytest.param(once(b"HTTP/9.9 200 OK\r\n\r\n"), id="another protocol"),
    pytest.param(once(b"SSH-2.0-OpenSSH_9.2\r\n"), id="another service"),
    pytest.param(once(b"\x16\x03\x01\x00\x05hello"), id="TLS in place of text"),
]  # fmt: skip


@hostile
@pytest.mark.parametrize("say", HEADERS)
def test_what_does_not_come_to_a_body_is_no_answer(say: Say) -> None:
    seen = looked(say)
    assert seen["status"] == 0
    assert seen["error"]
    assert len(seen["error"]) < 200


ODD_BUT_ANSWERS = [
    pytest.param(b"HTTP/1.1 999 Odd\r\n\r\n", 999, "", id="status 999"),
    pytest.param(b"HTTP/1.0 200\r\n\r\n", 200, "", id="a status without a word"),
    pytest.param(b"HTTP/1.1 200 " + b"x" * 9000 + b"\r\nContent-Length: 1\r\n\r\nx", 200, "x", id="a long reason"),
    pytest.param(OK + b"no colon\r\nContent-Length: 1\r\n\r\nx", 200, None, id="a line without a colon"),
    pytest.param(OK + b": no name\r\nContent-Length: 1\r\n\r\nx", 200, None, id="a header without a name"),
    pytest.param(OK + b"Content-Length: -5\r\n\r\nxx", 200, "xx", id="a negative length"),
    pytest.param(OK + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nxx", 200, "xx", id="a length twice"),
    pytest.param(OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\nxx", 200, "xx", id="a length of 5,000 digits"),
    pytest.param(OK + b"Content-Length: 0x2\r\n\r\nxx", 200, "xx", id="a length in other digits"),
    pytest.param(OK + b"Content-Length: 2\r\n\r\nxxyyy", 200, "xx", id="more than its length"),
    pytest.param(OK + b"Content-Type: text/html; charset=no-such\r\n\r\nx", 200, "x", id="an unknown charset"),
    pytest.param(OK + b"Content-Type: text/html; charset=\xff\x00\r\n\r\nx", 200, "x", id="a charset of odd bytes"),
    pytest.param(OK + b"\r\na\x00b\xff\xfe", 200, "ab\ufffd\ufffd", id="NULs and odd bytes"),
    pytest.param(OK + b"\r\n\xed\xa0\x80", 200, "\ufffd\ufffd\ufffd", id="half a character"),
    pytest.param(OK + b"Content-Encoding: br\r\n\r\nabc", 200, "abc", id="packed as nobody asked"),
    pytest.param(OK + b"Content-Encoding: gzip, gzip\r\n\r\nabc", 200, "abc", id="packed twice"),
    pytest.param(OK + b"Server: \x1b[31mred\x1b[0m\r\n\r\n", 200, "", id="colours in a header"),
    pytest.param(b"HTTP/1.1 302 Found\r\nLocation: \xff\xfe\r\n\r\n", 302, "", id="a way of odd bytes"),
]  # fmt: skip


@hostile
@pytest.mark.parametrize(("said", "status", "body"), ODD_BUT_ANSWERS)
def test_odd_answers_are_answers(said: bytes, status: int, body: str | None) -> None:
    seen = looked(once(said))
    assert seen["status"] == status
    if body is not None:
        assert seen["body"] == body
    assert "\x1b" not in json.dumps(seen, ensure_ascii=False)


COOKIES = {
    "semicolons": b";" * 60_000, "pairs": b"a=b;" * 15_000, "quotes": b'a="' * 20_000, "backslashes": b'a="' + b"\\" * 60_000, "tabs": b"a" + b"\t" * 60_000,
    "a year of 50,000 digits": b"a=b; expires=Thu, 01 Jan " + b"9" * 50_000 + b" 00:00:00 GMT", "a year of 12 digits": b"a=b; expires=Thu, 01 Jan 999999999999 00:00:00 GMT",
    "a year of 4,000 digits": b"a=b; expires=Thu, 01 Jan " + b"9" * 4000 + b" 00:00:00 GMT", "a day that is none": b"a=b; Expires=Thu, 99 Foo 2026 99:99:99 GMT",
    "a date of other digits": "a=b; expires=Thu, \u0660\u0661 Jan \u0662\u0660\u0662\u0666 00:00:00 GMT".encode(), "the year 0": b"a=b; expires=Thu, 01 Jan 0000 00:00:00 GMT", "the day 0": b"a=b; expires=Thu, 00 Jan 2026 00:00:00 GMT",
    "the 30th of February": b"a=b; expires=Thu, 30 Feb 2026 00:00:00 GMT", "second 99": b"a=b; expires=Thu, 01 Jan 2026 23:59:99 GMT",
    "an age of 5,000 digits": b"a=b; max-age=" + b"9" * 5000, "a negative age": b"a=b; max-age=-" + b"9" * 4000, "odd bytes": b"a=\xff\x00\x1b; path=\xfe", "no name": b"=", "nothing": b"",
}  # fmt: skip


@hostile
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("cookie", COOKIES.values(), ids=COOKIES.keys())
def test_odd_cookies_are_left_where_they_are(cookie: bytes) -> None:
    """A way that goes on with them is gone, and nothing is said of how they were read."""
    heard: list[bytes] = []

    def say(line: Any, over: Any) -> None:
        heard.append(request_of(line))
        more = b"HTTP/1.1 302 Found\r\nLocation: /there\r\n" if len(heard) == 1 else OK
        line.sendall(
            more
            + (b"Set-Cookie: " + cookie + b"\r\n") * 3
            + b"Set-Cookie2: "
            + cookie
            + b"\r\nConnection: close\r\n\r\n"
        )

    seen = looked(say, follow=True)
    assert len(heard) == 2
    assert seen["way"][-1]["status"] == 200


@hostile
def test_a_cookie_is_kept_on_the_way() -> None:
    heard: list[bytes] = []

    def say(line: Any, over: Any) -> None:
        heard.append(request_of(line))
        more = b"HTTP/1.1 302 Found\r\nLocation: /there\r\n" if len(heard) == 1 else OK
        line.sendall(more + b"Set-Cookie: a=b; Expires=Thu, 01 Jan 2099 00:00:00 GMT\r\nConnection: close\r\n\r\n")

    looked(say, follow=True)
    assert b"Cookie: a=b\r\n" in heard[1]


CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
BROKEN = [
    pytest.param(forever(CHUNKED + b"-5\r\n", b"x" * 65_536), id="a piece of a negative size, without end"),
    pytest.param(once(OK + b"Content-Encoding:" + b" gzip," * 5 + b" gzip\r\n\r\nabc"), id="packed six times"),
    pytest.param(once(OK + b"Content-Length: 100\r\n\r\nxx"), id="less than its length"),
    pytest.param(once(OK + b"Content-Length: 2, 3\r\n\r\nxx"), id="two lengths"),
    pytest.param(once(CHUNKED + b"zz\r\nxx\r\n"), id="a piece without a size"),
    pytest.param(once(CHUNKED + b"5\r\nxx"), id="half a piece"),
    pytest.param(once(CHUNKED + b"f" * 5000 + b"\r\nxx"), id="a piece of a size of 5,000 digits"),
    pytest.param(once(OK + b"Content-Encoding: gzip\r\n\r\nno gzip at all"), id="gzip that is none"),
    pytest.param(once(OK + b"Content-Encoding: deflate\r\n\r\n\xff\xff\xff"), id="deflate that is none"),
]  # fmt: skip


@hostile
@pytest.mark.parametrize("say", BROKEN)
def test_what_breaks_off_is_no_answer(say: Say) -> None:
    seen = looked(say)
    assert seen["status"] == 0
    assert seen["error"] in ("ConnectionError", "ReadTimeout", "InvalidHeader", "ChunkedEncodingError")


ENDLESS = [
    pytest.param(forever(OK + b"\r\n", b"x" * 65_536), id="a body"),
    pytest.param(forever(OK + b"Content-Length: 99999999999999999999\r\n\r\n", b"x" * 65_536), id="of a length beyond all"),
    pytest.param(forever(CHUNKED, b"ffff\r\n" + b"x" * 65_535 + b"\r\n"), id="in pieces"),
    pytest.param(forever(CHUNKED + b"ffffffffffffffff\r\n", b"x" * 65_536), id="a piece of 16 EiB"),
]  # fmt: skip


@hostile
@pytest.mark.parametrize("say", ENDLESS)
def test_of_a_body_without_end_no_more_is_read_than_is_wanted(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or it is said that it has none, where one piece of it has none."""
    monkeypatch.setattr(client, "WIRE_LIMIT", MIB)
    seen = looked(say)
    if isinstance(seen, Unknown):
        assert seen.reason is Reason.TIMED_OUT
        assert "its answer does not end within" in seen.detail
    else:
        assert (seen["status"], seen["body"], seen["is_cut"]) == (200, "x" * 4096, True)


DRIPS = [
    pytest.param(forever(OK + b"\r\n", b"x", 0.05), id="a body"),
    pytest.param(forever(CHUNKED, b"1\r\nx\r\n", 0.05), id="a body in pieces"),
    pytest.param(forever(CHUNKED + b"2\r\nxx\r\n0\r\n", b"X: trailer\r\n", 0.05), id="trailers"),
    pytest.param(forever(CHUNKED + b"2;", b"x", 0.05), id="an extension of a piece"),
]  # fmt: skip


@hostile
@pytest.mark.parametrize("say", DRIPS)
def test_a_body_that_drips_is_not_known(say: Say) -> None:
    """The service does answer: that is no failure, and what it says is not known."""
    seen = looked(say)
    assert isinstance(seen, Unknown)
    assert seen.reason is Reason.TIMED_OUT
    assert "its answer does not end within" in seen.detail


@hostile
def test_trailers_without_end_are_not_read_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "WIRE_LIMIT", MIB)
    seen = looked(forever(CHUNKED + b"2\r\nxx\r\n0\r\n", b"X: trailer\r\n" * 1000))
    assert isinstance(seen, Unknown)
    assert "its answer does not end within" in seen.detail


@hostile
@pytest.mark.parametrize("status", [200, 302])
def test_where_no_body_is_wanted_none_is_read(status: int) -> None:
    """Neither behind a redirect, whose body nobody ever sees."""
    head = b"HTTP/1.1 %d Odd\r\nLocation: /there\r\n\r\n" % status
    seen = looked(forever(head, b"x" * 65_536), body_limit=0)
    assert (seen["status"], seen["location"], seen["body"]) == (status, "/there", "")


def bomb(packing: str) -> bytes:
    """A gibibyte of zeros, packed in the way that is named."""
    if packing == "gzip":
        out = io.BytesIO()
        with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=9) as file:
            for _ in range(64):
                file.write(bytes(MIB))
        return out.getvalue()
    return zlib.compress(bytes(64 * MIB), 9)


@hostile
@pytest.mark.parametrize("packing", ["gzip", "deflate"])
def test_what_unpacks_to_much_more_is_unpacked_as_far_as_it_is_wanted(packing: str) -> None:
    head = OK + b"Content-Encoding: %s\r\n\r\n" % packing.encode()
    with rude(once(head, bomb(packing))) as port, client.Session() as session:
        answer = session.get(f"http://127.0.0.1:{port}/", stream=True, timeout=(1, 5))
        with answer:
            assert read_body(answer, 100_000) == bytes(100_000)
            assert answer.raw.tell() < MIB


@hostile
def test_what_unpacks_to_nothing_is_not_read_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty blocks without end (RFC 1951, 3.2.4)."""
    monkeypatch.setattr(client, "WIRE_LIMIT", MIB)
    packer = zlib.compressobj(wbits=31)
    head = packer.compress(b"a") + packer.flush(zlib.Z_FULL_FLUSH)
    seen = looked(forever(OK + b"Content-Encoding: gzip\r\n\r\n" + head, b"\x00\x00\x00\xff\xff" * 10_000))
    assert isinstance(seen, Unknown)
    assert "its answer does not end within" in seen.detail


WAYS = [
    pytest.param("file:///etc/passwd", id="a file"), pytest.param("ftp://127.0.0.1/", id="ftp"), pytest.param("gopher://127.0.0.1:70/", id="gopher"),
    pytest.param("javascript:alert(1)", id="a script"), pytest.param("data:text/html,x", id="data"), pytest.param("//", id="no host"),
    pytest.param("http://[::1", id="half an address"), pytest.param("http://a\\b\\c", id="backslashes"), pytest.param("http://%00/", id="a NUL"),
    pytest.param("http://127.0.0.1:99999/", id="a port beyond all"), pytest.param("http://127.0.0.1:x/", id="a port that is none"),
    pytest.param("http://" + "a." * 5000 + "test/", id="a name beyond all"), pytest.param("http://\u2488.test/", id="a name of no script"),
]  # fmt: skip


@hostile
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("location", WAYS)
def test_a_way_that_is_none_is_not_gone(location: str) -> None:
    head = b"HTTP/1.1 302 Found\r\nLocation: " + location.encode() + b"\r\nContent-Length: 0\r\n\r\n"
    seen = looked(once(head), follow=True)
    assert seen["status"] == 302
    way = seen["way"]
    if isinstance(way, Unknown):
        # A name that this machine's resolver does not know says nothing of the target.
        assert way.reason is Reason.UNREACHABLE
    else:
        assert way[-1]["status"] == 0
        assert way[-1]["trouble"]


NEAR = ["127.0.0.1", "127.8.9.10", "localhost", "[::1]", "0.0.0.0", "169.254.169.254", "[fe80::1]", "[::ffff:127.0.0.1]",
        "[::ffff:169.254.169.254]", "2130706433", "0x7f.1", "127.1", "224.0.0.1",
        "0.1.2.3", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fd00:ec2::254]", "100.100.100.200", "168.63.129.16", "192.0.0.192"]  # fmt: skip


@pytest.fixture
def asked_there(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Where connections are made to from the outside of the first server."""
    made: list[tuple[str, int]] = []
    connect = HTTPConnection._new_conn

    def noted(one: Any) -> Any:
        made.append((one._dns_host, one.port))
        return connect(one)

    monkeypatch.setattr(HTTPConnection, "_new_conn", noted)
    return made


@hostile
@pytest.mark.parametrize("host", NEAR)
def test_no_target_leads_to_the_machine_that_asks(host: str, asked_there: list[tuple[str, int]]) -> None:
    """Nor to those addresses of its link at which clouds tell machines who they are."""
    with rude(once(OK + b"Content-Length: 4\r\n\r\nours")) as own:
        say = once(b"HTTP/1.1 302 Found\r\nLocation: http://%s:%d/\r\nContent-Length: 0\r\n\r\n" % (host.encode(), own))
        with rude(say) as port:
            there = f"http://site.test:{port}/"
            asked = {"url": there, "control": None, "body_limit": 100, "follow": True}
            seen = ask(asked, {"site.test": "127.0.0.1"})
    assert [one for one in asked_there if one[1] == own] == []
    assert "ours" not in str(seen)
    assert seen["way"][-1]["status"] == 0
    assert "leads to the machine itself that asks" in seen["way"][-1]["trouble"]


@hostile
def test_an_interface_of_ours_is_near_and_a_neighbour_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address is ours where what is sent to it would be sent from it; the ones of documentation are nobody's."""
    ours = ["127.0.0.1", "192.0.2.7"]

    class Line(socket.socket):
        def connect(self, address: Any) -> None:
            self.peer = address[0]

        def getsockname(self) -> Any:
            return (self.peer if self.peer in ours else "192.0.2.7", 4242)

    monkeypatch.setattr(socket, "socket", Line)
    assert client.is_near("192.0.2.7")
    assert not client.is_near("192.0.2.8")
    assert not client.is_near("2001:db8::1")


@hostile
def test_a_name_that_leads_to_the_machine_that_asks(
    asked_there: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever else it leads to: which of its addresses is taken, is not left to chance."""
    resolve = socket.getaddrinfo

    def told(name: str, *words: Any, **named: Any) -> Any:
        return [*resolve("192.0.2.1", *words, **named), *resolve("127.0.0.1", *words, **named)] if name == "evil.test" else resolve(name, *words, **named)  # fmt: skip

    monkeypatch.setattr(socket, "getaddrinfo", told)
    with rude(once(b"HTTP/1.1 301 Moved\r\nLocation: http://evil.test:9/\r\nContent-Length: 0\r\n\r\n")) as port:
        seen = ask({"url": f"http://127.0.0.1:{port}/", "control": None, "follow": True})
    assert [one for one in asked_there if one[1] == 9] == []
    assert "leads to the machine itself that asks" in seen["way"][-1]["trouble"]


@hostile
def test_a_script_names_no_address_of_the_machine_that_asks(asked_there: list[tuple[str, int]]) -> None:
    with rude(once(OK + b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")) as own:
        script = b'fetch("http://127.0.0.1:%d/api/v1")' % own
        page = b"<script src=/a.js></script>"

        def say(line: Any, over: Any) -> None:
            body = script if b"/a.js" in request_of(line) else page
            line.sendall(OK + b"Content-Length: %d\r\n\r\n" % len(body) + body)

        with rude(say) as port:
            seen = read_scripts(f"http://site.test:{port}/", None, {"site.test": "127.0.0.1"})
    assert seen["bases"] == {f"http://127.0.0.1:{own}/api/v1": {"status": 0, "type": ""}}
    assert [one for one in asked_there if one[1] == own] == []


@hostile
def test_a_way_without_end_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = iter(range(10_000))

    def say(line: Any, over: Any) -> None:
        request_of(line)
        line.sendall(b"HTTP/1.1 302 Found\r\nLocation: /%d\r\nConnection: close\r\n\r\n" % next(numbers))

    seen = looked(say, follow=True)
    assert seen["way"][-1]["trouble"] == "never ends"
    assert next(numbers) <= outside.LONGEST_WAY + 1


@hostile
def test_a_way_in_a_circle_is_left() -> None:
    seen = looked(once(b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"), follow=True)
    assert seen["way"][-1]["trouble"] == "leads in a circle"


@hostile
@pytest.mark.parametrize(
    "location",
    [b"/a\r\n Set-Cookie: x=y", b"/a%0d%0aX-Injected:%20yes", b"http://user:secret@127.0.0.1:%d/"],
    ids=["folded", "escaped", "with a login"],
)  # fmt: skip
def test_nothing_of_a_way_becomes_a_header(location: bytes) -> None:
    heard: list[bytes] = []

    def say(line: Any, over: Any) -> None:
        heard.append(request_of(line))
        port = line.getsockname()[1]
        where = location % port if b"%d" in location and b"%0d" not in location else location
        more = b"HTTP/1.1 302 Found\r\nLocation: " + where if len(heard) == 1 else OK
        line.sendall(more.rstrip(b"\r\n") + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    looked(say, follow=True)
    assert len(heard) <= 2
    for one in heard:
        assert b"Authorization" not in one
        assert b"\nX-Injected" not in one
        assert b"\nSet-Cookie" not in one


@hostile
def test_a_service_that_is_timed_has_answers_that_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outside, "TIMED_LIMIT", 65_536)
    with rude(forever(OK + b"\r\n", b"x" * 65_536)) as port:
        asked = {
            "url": f"http://127.0.0.1:{port}/",
            "control": None,
            "samples": 3,
            "warm_up": 1,
            "seconds": 9,
            "slow": 900,
        }
        seen = time_requests(asked)
    assert (seen["trouble"], seen["statuses"]) == ("", [200] * 3)


@hostile
@pytest.mark.parametrize("say", [forever(OK + b"\r\n", b"x", 0.05), forever(OK, b"X: y\r\n")], ids=["drips", "headers"])
def test_a_service_that_is_timed_and_never_ends(say: Say) -> None:
    with rude(say) as port, rude(silent(b"")) as control:
        url = f"http://127.0.0.1:{port}/"
        asked = {"url": url, "control": f"127.0.0.1:{control}", "samples": 3, "warm_up": 1, "seconds": 3, "slow": 900}
        seen = time_requests(asked)
    assert (seen["trouble"] in ("Unending", "ConnectionError"), seen["taken"]) == (True, [])


@hostile
def test_descriptions_that_drip(monkeypatch: pytest.MonkeyPatch) -> None:
    with rude(forever(OK + b"Content-Type: application/json\r\n\r\n", b" ", 0.05)) as port:
        url = f"http://127.0.0.1:{port}/openapi.json"
        seen = read_descriptions({"urls": [url, f"{url}?2"], "control": None, "body_limit": 65_536, "names": []})
    assert all(isinstance(one, Unknown) for one in seen["answers"].values())


# What looks say of time that is used up


def test_whose_time_it_was_is_said() -> None:
    with within(Deadline.after(60), "the outer"):
        assert allowed(5) == 5
        assert 50 < allowed(100) <= 60
        with within(Deadline.after(-1), "the inner"), pytest.raises(OutOfTime, match="the inner"):
            allowed(5)
        with within(Deadline.after(100), "a later one"):
            assert allowed(100) <= 60
        assert allowed(5) == 5
    assert allowed(1e6) == NEVER.left()


def test_other_threads_have_the_same_bounds() -> None:
    with within(Deadline.after(-1), "over"), ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(carried(allowed), 1.0) for _ in range(2)]
        free = pool.submit(allowed, 1.0)
    assert [type(job.exception()) for job in jobs] == [OutOfTime] * 2
    assert free.result() == 1.0


@hostile
@pytest.mark.parametrize("say", [silent(b""), silent(OK + b"\r\n"), forever(OK, b"X: y\r\n", 0.05)],
                         ids=["silence", "silence in the body", "headers that drip"])  # fmt: skip
def test_where_the_looks_time_ends_the_target_is_not_to_blame(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither is a request that was cut short by us an answer, nor is the service said to give none."""
    monkeypatch.setattr(outside, "ANSWER_SECONDS", 20.0)
    with rude(say) as port, within(Deadline.after(0.3), "no time left"), pytest.raises(OutOfTime, match="no time left"):
        ask({"url": f"http://127.0.0.1:{port}/", "control": f"127.0.0.1:{port}", "body_limit": 10})


# Services beside: what they say is read by the same rules

Declared = Callable[..., Settings]
Ask = Callable[[Declared, str], Any]


def by_forge(declared: Declared, url: str) -> Any:
    return asking.forge(declared, url)


def by_proxmox(declared: Declared, url: str) -> Any:
    return asking.proxmox(declared, url)


def by_proxy(declared: Declared, url: str) -> Any:
    return services.ask_proxy(declared(proxy={"api": url}))


def by_advisories(declared: Declared, url: str) -> Any:
    return audit.ask_advisories(declared(advisories={"osv": url}), {}, {"lock": [["esbuild", "0.17.19"]]})["lock"]


ASKERS = [by_forge, by_proxmox, by_proxy, by_advisories]
SAID: Mapping[str, bytes] = {
    "100,000 brackets": b"[" * 100_000, "100,000 braces": b'{"data":' * 100_000, "a number of 5,000 digits": b'{"data": ' + b"9" * 5000 + b"}",
    "infinity": b'{"data": Infinity}', "no number": b'{"data": NaN}', "a number beyond all": b'{"data": 1e999}',
    "a name that says two things": b'{"data": 1, "data": 2}', "nothing": b"", "a page": b"<!doctype html><h1>Portal</h1>", "odd bytes": b"\xff\xfe{}",
    "NULs": bytes(100), "five MiB": b'["' + b"x" * 5 * MIB + b'"]', "text that breaks off": b'{"data": [1, 2',
}  # fmt: skip


@pytest.mark.hostile("services")
@pytest.mark.parametrize("said", SAID.values(), ids=SAID.keys())
@pytest.mark.parametrize("asker", ASKERS)
def test_what_is_no_json_is_no_answer(
    asker: Ask, said: bytes, servers: tuple[Server, Server], declared: Declared
) -> None:
    servers[0].answers["*"] = (200, {"Content-Type": "application/json"}, said)
    answer = asker(declared, servers[0].url)
    assert isinstance(answer, Unknown)
    assert answer.reason is Reason.GARBLED
    assert SECRET not in str(answer)
    assert len(str(answer)) < 300


@pytest.mark.hostile("services")
@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"Link": '<https://127.0.0.1/?page=1>; rel="next"'}, [{"sha": "x"}]),
        ({}, [{"sha": "x"}] * 100),
        ({}, {"total_count": 10**30, "check_runs": [{"name": "x"}], "statuses": [{"context": "x"}]}),
        ({"Link": '<x>; rel="next"'}, []),
        ({"Retry-After": "1000000000"}, []),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "99999999999"}, []),
    ],
    ids=["a next page for ever", "full pages for ever", "more than there is", "empty pages", "waiting for ever", "spent"],
)  # fmt: skip
def test_pages_without_end_are_left(
    headers: Mapping[str, str], said: Any, servers: tuple[Server, Server], declared: Declared
) -> None:
    servers[0].answers["*"] = (200, headers, said)
    answer = by_forge(declared, servers[0].url)
    assert isinstance(answer, Unknown | list)
    assert len(servers[0].arrived) < 250


@pytest.mark.hostile("services")
@pytest.mark.parametrize("status", [429, 503, 403])
def test_nobody_is_waited_for_as_long_as_he_says(
    status: int, servers: tuple[Server, Server], declared: Declared, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither for a date nor for years: the look says that it was asked too often."""
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    servers[0].answers["*"] = (status, {"Retry-After": "1000000000", "X-RateLimit-Remaining": "0"}, {})
    for asker in ASKERS:
        assert isinstance(asker(declared, servers[0].url), Unknown)
    assert sum(waited) < 60


ODD_SHAPES: Mapping[str, Any] = {
    "null": None, "a number": 5, "a truth": True, "a text": "x", "a list of numbers": [1, 2], "a list of nothing": [None] * 5, "lists in lists": [[[[]]]],
    "an object": {"a": {"b": 1}}, "of another service": {"data": {"data": []}}, "halves of characters": {"data": "\ud800"}, "empty names": {"": {"": ""}},
}  # fmt: skip


@pytest.mark.hostile("services")
@pytest.mark.parametrize("said", ODD_SHAPES.values(), ids=ODD_SHAPES.keys())
@pytest.mark.parametrize("asker", ASKERS)
def test_another_shape_breaks_nothing(
    asker: Ask, said: Any, servers: tuple[Server, Server], declared: Declared
) -> None:
    servers[0].answers["*"] = (200, {}, said)
    json.dumps(str(asker(declared, servers[0].url)), ensure_ascii=False).encode()


@pytest.mark.hostile("services")
@pytest.mark.parametrize("row", [
    {"parents": 5}, {"parents": {"a": 1}}, {"author": 7, "parents": [None]}, {"sha": ["x"], "author": {"login": {"a": 1}}},
], ids=["a number of parents", "parents of another kind", "no person", "names of another kind"])  # fmt: skip
def test_odd_rows_of_a_forge(row: Any, servers: tuple[Server, Server], declared: Declared) -> None:
    pull = {"number": 7, "user": None, "head": 5, "merged_at": 1, "merge_commit_sha": "a" * 40}
    servers[0].answers |= {
        f"GET /repos/zebu/zebu/commits/{'a' * 40}/pulls": (200, {}, [pull]),
        "GET /repos/zebu/zebu/pulls/7/commits": (200, {}, [row]),
        "GET /repos/zebu/zebu/pulls/7/reviews": (200, {}, [{"user": [], "state": {}, "commit_id": 5}]),
        "*": (200, {}, []),
    }
    (found,) = by_forge(declared, servers[0].url)
    assert found["number"] == 7
    assert [one["merges"] for one in found["commits"]] == [False]


@pytest.mark.hostile("services")
def test_advisories_that_lead_to_each_other_without_end(servers: tuple[Server, Server], declared: Declared) -> None:
    """A thousand records, each with hundreds of names, are still put together at once."""
    records = [{"id": f"X-{one}", "aliases": [f"X-{one + 1}", *[f"Y-{one}-{more}" for more in range(300)]]} for one in range(1000)]  # fmt: skip
    found = list(audit._findings(("npm", "a", "1"), records))
    assert len(found) == 1
    assert found[0]["severity"] == ""


@pytest.mark.hostile("services")
@pytest.mark.parametrize(
    "record",
    [
        {"id": "X-1", "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/" + "AV:N/" * 100_000}]},
        {"id": "X-1", "severity": [{"type": "CVSS_V4", "score": "CVSS:4.0/AV:N"}]},
        {"id": "X-1", "severity": [{"type": "CVSS_V2", "score": 7}]},
        {"id": "X-1", "severity": [{"type": ["CVSS_V3"], "score": None}]},
        {"id": "X-1", "aliases": [None, 5, {"a": 1}]},
        {"id": "X-1", "database_specific": {"severity": "APOCALYPTIC"}},
    ],
    ids=["a long vector", "half a vector", "a number", "no kind", "odd names", "an unknown word"],
)  # fmt: skip
def test_odd_advisories_are_of_no_known_severity(record: Any) -> None:
    (found,) = audit._findings(("npm", "a", "1"), [record])
    assert found["severity"] == ""


@pytest.mark.hostile("services")
def test_pages_of_advisories_without_end(servers: tuple[Server, Server], declared: Declared) -> None:
    more = {"vulns": [{"id": "X-1"}], "next_page_token": "again"}
    servers[0].answers["*"] = (200, {}, {"results": [more]})
    answer = by_advisories(declared, servers[0].url)
    assert isinstance(answer, Unknown)
    assert "more than 50 pages" in answer.detail
    assert len(servers[0].arrived) <= audit.PAGES


@pytest.mark.hostile("services")
def test_more_advisories_than_anybody_has(servers: tuple[Server, Server], declared: Declared) -> None:
    many = {"vulns": [{"id": f"X-{one}"} for one in range(5000)], "next_page_token": "again"}
    servers[0].answers["*"] = (200, {}, {"results": [many]})
    answer = by_advisories(declared, servers[0].url)
    assert isinstance(answer, Unknown)
    assert len(servers[0].arrived) == 1


@pytest.mark.hostile("services")
@pytest.mark.parametrize("text", ["${" * 30_000, '"' * 60_001, "'" * 60_001, "{" * 60_000, "}" * 60_000, "location / {" * 6000, "\\" * 60_001],
                         ids=["openings", "quotes", "single quotes", "blocks", "ends", "locations", "backslashes"])  # fmt: skip
def test_settings_of_a_host_that_are_meant_to_keep_us_busy(text: str) -> None:
    assert services.limits_of({"advanced_config": text}) is not True


@pytest.mark.hostile("services")
@pytest.mark.parametrize("path", ["/", "/api/tokens"])
def test_a_title_without_end(path: str, servers: tuple[Server, Server], declared: Declared) -> None:
    old = {"status": "OK", "version": {"major": 2, "minor": 11, "revision": 3}}
    servers[0].answers = {
        "GET /api/": (200, {}, old),
        "*": (200, {}, b"<title>" + b"Nginx Proxy Manager" * 100_000),
    }
    seen = by_proxy(declared, servers[0].url)
    assert isinstance(seen["default_login"], Unknown)
