"""Addresses as browsers read them."""

from __future__ import annotations

import pytest

from pytest_zebu.facts import urls

BASE = "http://zebu.test/deep?q=1"


@pytest.mark.parametrize(("text", "read"), [
    ("https://zebu.test/", "https://zebu.test/"), ("HTTPS://Zebu.TEST", "https://zebu.test/"), ("https://zebu.test:443/a?b=c", "https://zebu.test/a?b=c"),
    ("//www.zebu.test/x", "http://www.zebu.test/x"), ("/x", "http://zebu.test/x"), ("?x=1", "http://zebu.test/deep?x=1"), (" \thttps://zebu.test/\n", "https://zebu.test/"),
    ("https://zebu.test:4443/", "https://zebu.test:4443/"), ("http://zebu.test:443/", "http://zebu.test:443/"), ("https://zebu.test.example/", "https://zebu.test.example/"),
    ("https://zebu.test@example.test/", "https://example.test/"), ("https:\\\\example.test\\x", "https://example.test/x"), ("\\\\example.test", "http://example.test/"),
    ("https://example.test\\@zebu.test/", "https://example.test/@zebu.test/"), ("https:example.test", "https://example.test/"), ("https:///example.test/", "https://example.test/"),
    ("http:other", "http://zebu.test/other"), ("https://b\u00fccher.test/", "https://xn--bcher-kva.test/"), ("https://zebu.test./", "https://zebu.test./"),
    ("https://[2001:DB8::1]:8443/", "https://[2001:db8::1]:8443/"), ("https://ze\nbu.test/", "https://zebu.test/"), ("https://zebu%2etest/", "https://zebu.test/"),
])  # fmt: skip
def test_an_address_on_a_page(text: str, read: str) -> None:
    found = urls.read(text, BASE)
    assert found is not None
    assert found.text == read


@pytest.mark.parametrize("text", [
    "javascript:alert(1)", "mailto:a@zebu.test", "https://", "https://zebu.test:99999/", "https://zebu.test:x/", "https://ze bu.test/", "https://[::1/", "https://[x]/",
])  # fmt: skip
def test_what_leads_to_no_host(text: str) -> None:
    assert urls.read(text, BASE) is None
    assert urls.origin(text) == ""


def test_an_origin_has_its_port() -> None:
    assert urls.origin("wss://zebu.test:443/a") == "wss://zebu.test"
    assert urls.origin("https://zebu.test:4443/a") == "https://zebu.test:4443"
    assert urls.origin("zebu.test") == ""


@pytest.mark.parametrize(("header", "kind", "json"), [
    ("application/json", "application/json", True), ("Application/Problem+JSON; charset=utf-8", "application/problem+json", True),
    ("text/html; x=application/json", "text/html", False), ("application/jsonp", "application/jsonp", False), ("", "", False),
])  # fmt: skip
def test_what_a_type_names(header: str, kind: str, json: bool) -> None:
    assert (urls.media_type(header), urls.is_json(header)) == (kind, json)


@pytest.mark.parametrize(("text", "listed"), [
    ("https://a.test,https://b.test", ("https://a.test", "https://b.test")), (" https://a.test , ", ("https://a.test",)), ("", ()), ('["https://a.test", "https://b.test"]', ("https://a.test", "https://b.test")),
    ('["*"]', ("*",)), ('["https://a.test"', ('["https://a.test"',)), ("[" * 9000, ("[" * 9000,)), ("[]", ()),
])  # fmt: skip
def test_origins_that_a_variable_lists(text: str, listed: tuple[str, ...]) -> None:
    assert urls.listed_origins(text) == listed


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("192.0.2.1", True),
        ("fd00::1", True),
        ("[fd00::1]", False),
        ("192.0.2", False),
        ("zebu.test", False),
        ("", False),
    ],
)
def test_an_address_is_no_name(text: str, is_one: bool) -> None:
    assert urls.is_address(text) is is_one
