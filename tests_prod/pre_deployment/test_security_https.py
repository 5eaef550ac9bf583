"""Pre-Deployment / Security / HTTPS/SSL."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlsplit

from pytest_zebu.facts.answer import Known, NotAssessed, Unknown, need
from pytest_zebu.facts.certificates import Certificate
from pytest_zebu.facts.host import Machine
from pytest_zebu.facts.http import HttpAnswer
from pytest_zebu.facts.jobs import unread_of
from pytest_zebu.facts.proxy import RENEWS, Administration, ProxyMachine
from pytest_zebu.facts.web import Web
from pytest_zebu.plugin.checks import Cases, item
from pytest_zebu.settings import Settings

Answers = Mapping[str, Mapping[str, Known[HttpAnswer] | Unknown]]
PERMANENT = (301, 308)


Certificates = Mapping[str, Known[Certificate | None] | Unknown]


@item("pre.security.https.certificate")
def test_certificates_are_valid(
    certificates: Certificates, origin_certificates: Certificates, settings: Settings, case: Cases
) -> None:
    """A browser that has never been here must trust every name at once, without fetching what the server forgot.

    Behind a content delivery network there are two certificates: what browsers see, and what the network sees.

    Fix: serve the full chain (`fullchain.pem`) of a certificate that covers the name; renew it if it has run out.
    See: RFC 5280 section 6, RFC 9525; CA/Browser Forum Baseline Requirements 6.1.5.
    """
    if not certificates:
        raise NotAssessed("no domain is declared ([domains] site, www, api)")
    seen = {domain: (domain, answer) for domain, answer in certificates.items()}
    seen |= {
        f"{domain} at {settings.domains.origin}": (domain, answer) for domain, answer in origin_certificates.items()
    }
    for place, (domain, answer) in seen.items():
        with case(place):
            certificate = need(answer)
            assert certificate is not None, "does not answer a TLS handshake on port 443"
            case.saw(
                f"{place}: issued by {certificate.issuer}, until {certificate.not_after:%Y-%m-%d %H:%M} UTC, chain of {certificate.chain_length}"
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


DEFAULT_INTERVAL = timedelta(days=1)


def renewal_point(certificate: Certificate) -> timedelta:
    """How long before its end a certificate is due: a third of its life, or half of a short one's.

    Source: certbot's default since 4.0; Let's Encrypt, "Integration Guide" (When to Renew).
    """
    life = certificate.not_after - certificate.not_before
    return life / 3 if life >= timedelta(days=10) else life / 2


def _expect_machine_renews(machine: ProxyMachine, served: dict[str, Certificate], case: Cases) -> timedelta:
    """A job renews, its last run succeeded, and it knows what is served. Gives the time between two runs."""
    renewing = machine.renewing
    intervals = [job.longest_gap for job in renewing if job.longest_gap is not None and not job.trouble]
    with case(
        "a job that renews",
        *(f"{job.name}: {job.trouble or 'fine'}, last run {job.last_run or 'never'}" for job in renewing),
    ):
        if not renewing and (unread := unread_of(machine.jobs, RENEWS)):
            raise NotAssessed(unread[0])
        assert renewing, "there is none"
        good = [job for job in renewing if not job.trouble]
        assert good, "; ".join(f"{job.name} {job.trouble}" for job in renewing)
        if not any(job.last_run for job in good if job.name.endswith(".timer")) and any(
            job.name.endswith(".timer") for job in good
        ):
            raise NotAssessed("has never run, so whether it works is not known")
    for domain, certificate in served.items():
        with case(f"renewal of {domain}", ", ".join(machine.renewals) or "no renewal configuration"):
            assert certificate.fingerprint in machine.renewals.values(), "what is served is in no renewal configuration"
    return min(intervals, default=DEFAULT_INTERVAL)


@item("pre.security.https.auto-renewal", either=("proxy", "proxy_machine"))
def test_certificates_renew_themselves(
    certificates: Mapping[str, Known[Certificate | None] | Unknown],
    proxy: Known[Administration] | Unknown,
    proxy_machine: Known[ProxyMachine] | Unknown,
    settings: Settings,
    machine: Machine,
    case: Cases,
) -> None:
    """A certificate that nobody renews ends on a day that everybody remembers.

    Fix: `systemctl enable --now certbot.timer` and look at its last run; in NPMplus, let it request the certificate.
    See: https://letsencrypt.org/docs/integration-guide/; https://eff-certbot.readthedocs.io/en/stable/using.html#renewing-certificates
    """
    if not certificates:
        raise NotAssessed("no domain is declared ([domains] site, www, api)")
    served = {domain: found for domain, answer in certificates.items() if (found := need(answer)) is not None}
    interval = timedelta(hours=settings.proxy.renewal_hours)
    if isinstance(proxy_machine, Known) and (proxy_machine.value.renewing or proxy_machine.value.renewals):
        interval = _expect_machine_renews(proxy_machine.value, served, case)
    elif isinstance(proxy, Known):
        # NPMplus and Nginx Proxy Manager renew in their own process: there is no timer to find.
        kept = [one for one in need(proxy.value.certificates) if one.provider == "letsencrypt"]
        for domain in served:
            with case(f"renewal of {domain}", *(", ".join(one.names) for one in kept)):
                covered = any(domain in one.names or f"*.{domain.partition('.')[2]}" in one.names for one in kept)
                assert covered, "the proxy renews no certificate for it"
    elif isinstance(proxy_machine, Known):
        with case("a job that renews"):
            if unread := unread_of(proxy_machine.value.jobs, RENEWS):
                raise NotAssessed(unread[0])
            raise AssertionError("the proxy's machine has neither a job nor a renewal configuration")
    else:
        need(proxy_machine)
    for domain, certificate in served.items():
        left = certificate.not_after - machine.time
        due = renewal_point(certificate)
        with case(domain, f"{left.days} days left, due {due.days} days before its end"):
            assert left > due - 2 * interval, f"was due {(due - left).days} days ago, and is still the old one"
