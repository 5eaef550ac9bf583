"""Under which names an application is served."""

from __future__ import annotations

import pytest

from pytest_zebu.discovery.names import Told, names


def found(told: Told) -> dict[str, object]:
    return {one.key.removeprefix("domains."): one.value for one in names(told)}


@pytest.mark.parametrize(("origins", "base", "expected"), [
    ("https://zebu.test https://www.zebu.test", "https://api.zebu.test", {"site": "zebu.test", "www": "www.zebu.test", "api": "api.zebu.test"}),
    ("https://www.zebu.test https://zebu.test", "https://api.zebu.test/api/v1", {"site": "zebu.test", "www": "www.zebu.test", "api": "api.zebu.test"}),
    ("https://zebu.test", "https://zebu.test/api", {"site": "zebu.test", "api": "same-origin"}), ("https://zebu.test", "/api", {"site": "zebu.test", "api": "same-origin"}),
    ("https://zebu.test", "", {"site": "zebu.test", "api": "same-origin"}), ("https://zebu.test", "http://localhost:8000", {"site": "zebu.test"}),
    ("https://zebu.test https://staging.zebu.test", "https://api.zebu.test", {"site": "zebu.test", "staging": "staging.zebu.test", "api": "api.zebu.test"}),
    ("https://staging.zebu.test", "https://api.staging.zebu.test", {"site": "staging.zebu.test", "api": "api.staging.zebu.test"}),
    ("http://localhost:3000 https://zebu.test:443", None, {"site": "zebu.test"}), ("http://localhost:3000 http://192.168.1.5 http://zebu.lan", None, {}),
    ("https://app.zebu.test https://zebu.test", "https://api.zebu.test", {"site": "zebu.test", "api": "api.zebu.test"}), ("*", None, {}), ("", None, {}),
    ("https://www.zebu.test", "https://api.zebu.test", {"site": "www.zebu.test", "api": "api.zebu.test"}), ("https://contest.test", None, {"site": "contest.test"}),
    ("https://papertrade.example.co.uk https://latest.example.co.uk", None, {"site": "papertrade.example.co.uk"}),
])  # fmt: skip
def test_names_are_told_by_what_pages_may_ask(origins: str, base: str | None, expected: dict[str, str]) -> None:
    assert found(Told(origins.split(), base)) == expected


def test_what_may_be_otherwise_is_said() -> None:
    site, _ = names(Told(["https://a.test", "https://b.test"], "https://api.a.test"))
    assert (site.value, site.doubt) == ("a.test", "b.test may ask the API, too")


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize(
    "text",
    [
        "https://" + "a." * 5000,
        "https://[::1",
        "\x00",
        "javascript:alert(1)",
        "https://a b.test",
        "//zebu.test",
        "https://zebu.test" + "\n" * 99,
    ],
)
def test_odd_origins_are_no_names(text: str) -> None:
    assert all("\n" not in str(value) and " " not in str(value) for value in found(Told([text], text)).values())


def test_a_partner_that_may_ask_first_is_not_the_site() -> None:
    """The API is below the site's name."""
    told = Told(("https://partner.example.net", "https://zebu.example.org"), "https://api.zebu.example.org")
    assert {one.key: one.value for one in names(told)}["domains.site"] == "zebu.example.org"
