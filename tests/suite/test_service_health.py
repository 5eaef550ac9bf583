"""What is compared as a whole: types, viewports, descriptions, refusals, ways."""

from __future__ import annotations

import pytest

from pytest_zebu.facts.answer import Known, NotAssessed, Reason, Unknown
from pytest_zebu.facts.http import Step, Way
from pytest_zebu.facts.web import Answer
from pytest_zebu.settings.sections import Domains
from tests_prod.deployment_verification.test_service_health import (
    LOGGED_OUT,
    LOGGED_OUT_CONSOLE,
    _describes,
    _is_logged_out,
    _is_of_type,
    _viewport,
)
from tests_prod.pre_deployment.test_infrastructure import _begins_with
from tests_prod.ways import expect_way


@pytest.mark.parametrize(("kind", "header", "right"), [
    ("script", "text/javascript; charset=utf-8", True), ("script", "application/x-javascript", True), ("script", "text/html; note=javascript", False),
    ("script", "application/javascript-error", False), ("stylesheet", "text/css", True), ("stylesheet", "text/html;css", False), ("stylesheet", "text/css-error", False),
    ("font", "font/woff2", True), ("font", "application/octet-stream", True), ("font", "application/font-woff", True), ("font", "text/font", False),
    ("image", "image/svg+xml", True), ("image", "text/html", False), ("image", "", False), ("image", "x-image/png", False),
])  # fmt: skip
def test_the_type_of_a_file(kind: str, header: str, right: bool) -> None:
    assert _is_of_type(kind, header) is right


@pytest.mark.parametrize(("content", "width"), [
    ("width=device-width, initial-scale=1", "device-width"), ("initial-scale=1;WIDTH = Device-Width", "device-width"), ("min-width=device-width", None), ("width=980", "980"), ("", None),
])  # fmt: skip
def test_the_width_of_a_viewport(content: str, width: str | None) -> None:
    assert _viewport(content).get("width") == width


@pytest.mark.parametrize(("status", "kind", "body", "shown"), [
    (200, "application/json", '{"openapi":"3.1.0","info":{"title":"Zebu"}', True), (200, "application/json", '{"info": {"a": 1}, "swagger": "2.0"}', True),
    (200, "application/json", '{"detail": "openapi is off"}', False), (200, "text/html", '<div id="swagger-ui"></div>', True), (200, "text/html", "<redoc spec-url=x>", True),
    (200, "text/html", "<div id='swagger-ui'>", True), (200, "text/html", "<rapi-doc spec-url=x>", True), (200, "text/html", "<elements-api>", True), (200, "text/html", "createApiReference('#a')", True),
    (200, "text/yaml", "# ours\nopenapi: 3.1.0\n", True), (200, "application/octet-stream", '{"openapi":"3.1.0"}', True), (200, "text/plain", "swagger: '2.0'", True),
    (200, "application/json", '{"a": "swagger-ui"}', False), (200, "text/plain", "openapi: off", False),
    (200, "text/html", "<div id='redoc'></div><script>Redoc.hydrate(__redoc_state, container)</script>", True), (200, "text/html", "<openapi-explorer spec-url='/x'></openapi-explorer>", True),
    (200, "application/json", '\ufeff{"openapi":"3.0.1"}', True), (200, "application/json", '{"message":"we speak openapi: 3"}', False),
    (200, "text/html", "<p>We speak of OpenAPI and Swagger.</p>", False), (404, "application/json", '{"openapi":"3.1.0"}', False), (200, "text/html", '{"openapi":"3.1.0"}', False),
])  # fmt: skip
def test_what_describes_an_api(status: int, kind: str, body: str, shown: bool) -> None:
    assert _describes(Answer("https://api.test/docs", status, "", {"content-type": (kind,)}, body, "")) is shown


OURS = Domains(site="zebu.test", api="api.zebu.test")


@pytest.mark.parametrize(("text", "excused"), [
    ("GET 401 https://api.zebu.test/api/v1/portfolios", True), ("GET 401 https://zebu.test/api/v1/me", True), ("GET 401 https://zebu.test/other", False),
    ("GET 401 https://api.example.org/api/v1/x", False), ("GET 401 https://zebu.test.example.org/api/x", False), ("GET 401 https://zebu.test:8443/api/x", False),
    ("GET 401 https://api.zebu.test/v1/me", True), ("GET 401 http://zebu.test/api/x", False), ("GET 500 https://zebu.test/api/x", False), ("POST 401 https://zebu.test/api/x", False),
])  # fmt: skip
def test_which_refusal_is_that_of_a_visitor(text: str, excused: bool) -> None:
    assert _is_logged_out(text, LOGGED_OUT, OURS) is excused
    console = f"Failed to load resource: the server responded with a status of 401 () ({text.split()[-1]})"
    if "401" in text and text.startswith("GET"):
        assert _is_logged_out(console, LOGGED_OUT_CONSOLE, OURS) is excused


@pytest.mark.parametrize(("name", "words", "begins"), [
    ("Let's Encrypt", "Let's Encrypt", True), ("Pebble Intermediate CA 12ab", "pebble", True), ("Google Trust Services LLC", "Google Trust Services", True),
    ("(STAGING) Let's Encrypt", "Let's Encrypt", False), ("Not Let's Encrypt", "Let's Encrypt", False), ("Pebbles", "Pebble", False), ("", "Pebble", False),
    ("CloudFlare, Inc.", "cloudflare", True), ("ZeroSSL", "ZeroSSL", True), ("Let's Encrypted", "Let's Encrypt", False),
])  # fmt: skip
def test_the_name_of_an_authority(name: str, words: str, begins: bool) -> None:
    assert _begins_with(name, words) is begins


def way(*urls: str, trouble: str = "") -> Way:
    steps = [Step(url, 200) for url in urls]
    return Known((*steps[:-1], Step(urls[-1], 0 if trouble else 200, trouble)))


@pytest.mark.parametrize(("location", "gone", "complaint"), [
    ("https://zebu.test/", way("https://zebu.test/"), ""), ("https://zebu.test:443/", way("https://zebu.test/"), ""),
    ("https://www.zebu.test/", way("https://www.zebu.test/", "https://zebu.test/"), ""),
    ("https://zebu.test.example.org/", way("https://zebu.test.example.org/"), "not declared"), ("https://notzebu.test/", way("https://notzebu.test/"), "not declared"),
    ("https://zebu.test@example.org/", way("https://example.org/"), "not declared"), ("https://zebu.test./", way("https://zebu.test./"), "not declared"),
    ("https://zebu.test:4443/", way("https://zebu.test:4443/"), "nobody's"), ("http://zebu.test/a", way("http://zebu.test/a"), "not to https"),
    ("/a", way("http://zebu.test/a"), "not to https"), ("", way("x"), "nowhere"), ("javascript:1", way("x"), "no address"),
    ("https://zebu.test/", way("https://zebu.test/", "https://example.org/"), "leads to example.org"), ("https://zebu.test/", way("https://zebu.test/", "http://zebu.test/"), "not to https"),
    ("https://zebu.test/", way("https://zebu.test/", trouble="leads in a circle"), "leads in a circle"),
])  # fmt: skip
def test_where_a_redirect_may_lead(location: str, gone: Way, complaint: str) -> None:
    names = ("zebu.test", "WWW.zebu.test")
    if complaint:
        with pytest.raises(AssertionError, match=complaint):
            expect_way("http://zebu.test/", location, gone, names)
    else:
        assert expect_way("http://zebu.test/", location, gone, names).port == 443


def test_a_way_that_was_not_seen_is_no_verdict() -> None:
    with pytest.raises(NotAssessed):
        expect_way("http://zebu.test/", "https://zebu.test/", Unknown(Reason.UNREACHABLE, "x"), ("zebu.test",))


@pytest.mark.parametrize("body", ["\n" * 16_384, "{" + '"openapi" ' * 1800, "  \n" * 5400])
def test_what_is_meant_to_keep_us_busy_is_read_at_once(body: str) -> None:
    assert not _describes(Answer("https://api.test/docs", 200, "", {"content-type": ("text/yaml",)}, body, ""))
