"""Pre-Deployment / Security / HTTPS/SSL."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from pytest_zebu.checks import Cases, item
from pytest_zebu.facts.base import Known, Unknown, need
from pytest_zebu.facts.certificates import Certificate
from pytest_zebu.facts.http import HttpAnswer
from pytest_zebu.facts.web import Web
from pytest_zebu.outcome import NotAssessed
from pytest_zebu.settings import Settings

Answers = Mapping[str, Mapping[str, Known[HttpAnswer] | Unknown]]
PERMANENT = (301, 308)


@item("pre.security.https.certificate")
def test_certificates_are_valid(certificates: Mapping[str, Known[Certificate | None] | Unknown], case: Cases) -> None:
    """A browser that has never been here must trust every name at once, without fetching what the server forgot.

    Fix: serve the full chain (`fullchain.pem`) of a certificate that covers the name; renew it if it has run out.
    See: RFC 5280 section 6, RFC 9525; CA/Browser Forum Baseline Requirements 6.1.5.
    """
    if not certificates:
        raise NotAssessed("no domain is declared ([domains] site, www, api)")
    for domain, answer in certificates.items():
        with case(domain):
            certificate = need(answer)
            assert certificate is not None, "does not answer a TLS handshake on port 443"
            case.saw(
                f"{domain}: issued by {certificate.issuer}, until {certificate.not_after:%Y-%m-%d %H:%M} UTC, chain of {certificate.chain_length}"
            )
            assert certificate.covers_name, (
                f"the certificate is for {certificate.subject or 'other names'}, not for {domain}"
            )
            assert not certificate.trust_error, f"is not trusted: {certificate.trust_error}"
            assert not certificate.weakness, certificate.weakness


@item("pre.security.https.force-ssl")
def test_plain_http_leads_to_https(plain_http: Answers, settings: Settings, case: Cases) -> None:
    """Whoever types the name without https must not stay there, on any page.

    Fix: in the proxy, "Force SSL" for every host: a permanent redirect (301 or 308) of every path to https.
    See: RFC 9110 section 15.4; Mozilla web security guidelines, HTTP redirections.
    """
    if not plain_http:
        raise NotAssessed("no domain is declared ([domains] site, www, api)")
    declared = {*settings.domains.names, *settings.domains.also_redirect_to}
    for answers in plain_http.values():
        for answer in answers.values():
            found = need(answer) if isinstance(answer, Known) else None
            with case(found.url if found else "http", f"{found.status} {found.location}" if found else ""):
                need(answer)
                assert found is not None
                assert found.status, "does not answer on port 80"
                assert found.status in PERMANENT, f"answers {found.status}, not a permanent redirect"
                there = urlsplit(found.location)
                assert there.scheme == "https", f"leads to {found.location or 'nowhere'}, not to https"
                assert there.hostname in declared, f"leads to {there.hostname}, which is not declared"


HSTS_SECONDS = 15_768_000
"""Half a year: the least that counts (Mozilla Observatory; the preload list asks for a year)."""


@item("pre.security.https.hsts")
def test_browsers_are_told_to_stay_on_https(web: Web, case: Cases) -> None:
    """Without the header, the first request of every visit may go over plain http, and be answered by somebody else.

    Fix: in the proxy, "HSTS enabled" for every host: `Strict-Transport-Security: max-age=63072000`.
    See: RFC 6797 (section 8.1: of several headers only the first counts).
    """
    for domain, answer in web.fronts.items():
        with case(domain):
            said = need(answer)
            assert said.status, "does not answer over https"
            header = said.header("strict-transport-security")
            case.saw(f"{domain}: {header or 'no header'}")
            assert header, "sends no Strict-Transport-Security"
            ages = [part.partition("=")[2].strip(' "') for part in header.lower().split(";") if "max-age" in part]
            seconds = int(ages[0]) if ages and ages[0].isdigit() else 0
            assert seconds >= HSTS_SECONDS, f"max-age is {seconds}, at least {HSTS_SECONDS} is asked for"


@item("pre.security.https.http2")
def test_http2_is_spoken(certificates: Mapping[str, Known[Certificate | None] | Unknown], case: Cases) -> None:
    """One connection for all of a page's files. What counts is what the handshake agrees on.

    Fix: in the proxy, "HTTP/2 Support" for every host (`http2 on;` in nginx).
    See: RFC 9113 section 3.2 (ALPN identifier h2).
    """
    if not certificates:
        raise NotAssessed("no domain is declared ([domains] site, www, api)")
    for domain, answer in certificates.items():
        with case(domain):
            certificate = need(answer)
            assert certificate is not None, "does not answer a TLS handshake on port 443"
            case.saw(f"{domain}: ALPN {certificate.protocol or 'agreed on nothing'}")
            assert certificate.protocol == "h2", f"ALPN agreed on {certificate.protocol or 'nothing'}"
