"""How pages are judged: only what shows something to its users can be quick, fit, or be clean."""

from __future__ import annotations

import re

from pytest_zebu.facts.answer import NotAssessed
from pytest_zebu.facts.browser import Page, Shown
from pytest_zebu.plugin.checks import Cases

UNTRUSTED = "the browser does not trust its certificate"
_OF_PLAYWRIGHT = re.compile(r"Page\.\w+: ")


def unreached(trouble: str, url: str = "") -> str:
    """Why a page did not come, in the browser's own words, without the address that is named already."""
    said = _OF_PLAYWRIGHT.sub("", trouble, count=1)
    said = said.removesuffix(f" at {url}") if url else said
    return f"{said} ({UNTRUSTED})" if said.startswith("net::ERR_CERT_") else said


def _to_reach(trouble: str) -> str:
    """How to let a page come that the browser did not get."""
    if "ERR_CERT_AUTHORITY_INVALID" in trouble:
        return (
            "serve a certificate that browsers take (`pre.security.https.certificate` says what is wrong with it); where it is of an "
            "authority of your own, which all who come have, name that in `[tls] ca_file`"
        )
    if "ERR_CERT_" in trouble or "ERR_SSL_" in trouble:
        return "serve a certificate for its name that browsers take (`pre.security.https.certificate` says what is wrong with it)"
    if "net::ERR_" in trouble or "Timeout" in trouble:
        return "let the page be reached at all (`deploy.frontend.https` says what answers)"
    return ""


def expect_loaded(page: Page, case: Cases) -> None:
    """A page was answered."""
    trouble = page.errors[0] if page.errors else "no answer"
    expect_reached("" if page.status else trouble, page.url, case)


def expect_reached(trouble: str, url: str, case: Cases, what: str = "did not load") -> None:
    """Nothing kept a page from coming."""
    case.fix(_to_reach(trouble))
    assert not trouble, f"{what}: {unreached(trouble, url)}"
    case.fix()


def expect_shown(shown: Shown | None) -> None:
    """A page shows what its users come for."""
    if shown is None:
        raise NotAssessed("what it shows could not be told")
    assert not shown.trouble, shown.trouble
    if shown.doubt:
        raise NotAssessed(shown.doubt)
