"""Pre-Deployment / Security / HTTPS/SSL."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta

from pytest_zebu.facts.answer import Answer, Known, NotAssessed, Unknown, need
from pytest_zebu.facts.certificates import Certificate
from pytest_zebu.facts.host import Machine
from pytest_zebu.facts.http import HttpAnswer, within_reach
from pytest_zebu.facts.jobs import Job, unread_of
from pytest_zebu.facts.proxy import NAMED, Administration, ManagedCertificate, ProxyMachine, served_at
from pytest_zebu.facts.web import Web, network_before
from pytest_zebu.plugin.checks import Cases, item
from pytest_zebu.settings import Settings
from tests_prod.mending import text, to_start, word
from tests_prod.ways import expect_let_pass, expect_way
from tests_prod.words import moment

Answers = Mapping[str, Mapping[str, Known[HttpAnswer] | Unknown]]
PERMANENT = (301, 308)


Certificates = Mapping[str, Known[Certificate | None] | Unknown]


NETWORK_AUTHORITY = re.compile(r"cloudflare\b.*", re.IGNORECASE)
"""Who issues certificates for origins that only its own network accepts."""
ASK_FOR_ROOT = "is of an authority that only the network in front accepts: its root in tls.ca_file, beside the public ones, decides"


ASK_FOR_ORIGIN = "answers, with a certificate of its own: where the proxy itself is (domains.origin) decides"


def expect_own(certificate: Certificate, web: Web, settings: Settings) -> None:
    """What was seen is the proxy's own certificate, as far as that can be told.

    Raises:
        NotAssessed: it is that of a content delivery network in front, and where the proxy is was not declared.
    """
    network = network_before(web, certificate.domain)
    if network and settings.domains.origin is None:
        raise NotAssessed(f"{network} {ASK_FOR_ORIGIN}")


def expect_dated(certificate: Certificate) -> None:
    """Whether it is trusted does not depend on whose clock is right.

    Raises:
        NotAssessed: it does: the machine's and ours differ.
    """
    if certificate.doubt:
        raise NotAssessed(certificate.doubt)


def is_of_the_network(certificate: Certificate) -> bool:
    """Whether nothing is wrong with an origin's certificate but that browsers do not know its authority."""
    is_unknown = certificate.trust_error == "unable to get local issuer certificate"
    return is_unknown and NETWORK_AUTHORITY.match(certificate.issuer_organization) is not None


def to_serve(certificate: Certificate) -> str:
    """How to have a certificate served that browsers take; empty where the general way is as good."""
    domain, name = text(certificate.domain), word(certificate.domain, "NAME")
    request = f"`certbot certonly -d {name}` requests one (in NPMplus: SSL Certificates); then reload the server"
    if not certificate.covers_name:
        return f"serve, for {domain}, a certificate that has this name: on the proxy, `certbot certificates` lists those that there are, {request}"
    if "expired" in certificate.trust_error:
        return "`certbot renew` on the proxy says why it was not renewed (in NPMplus: renew it by hand); then reload the server"
    if "self-signed" in certificate.trust_error:
        return f"serve one of a public authority: on the proxy, {request}"
    if "local issuer" in certificate.trust_error:
        return "serve the full chain (`fullchain.pem`, not `cert.pem`), of a certificate of a public authority; then reload the server"
    return ""


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
    at_origin = {f"{domain} at {settings.domains.origin}": answer for domain, answer in origin_certificates.items()}
    for place, answer in {**certificates, **at_origin}.items():
        with case(place):
            certificate = need(answer)
            assert certificate is not None, "does not answer a TLS handshake on port 443"
            case.saw(
                f"{place}: issued by {certificate.issuer}, until {certificate.not_after:%Y-%m-%d %H:%M} UTC, chain of {certificate.chain_length}"
            )
            case.fix(to_serve(certificate))
            assert certificate.covers_name, f"the certificate is for {certificate.named}, not for {certificate.domain}"
            if place in at_origin and is_of_the_network(certificate):
                raise NotAssessed(ASK_FOR_ROOT)
            expect_dated(certificate)
            assert not certificate.trust_error, f"is not trusted: {certificate.trust_error}"
            assert not certificate.weakness, certificate.weakness


@item("pre.security.https.force-ssl", either=("proxy_machine",))
def test_plain_http_leads_to_https(
    plain_http: Answers, proxy_machine: Answer[ProxyMachine], settings: Settings, case: Cases
) -> None:
    """Whoever types the name without https must not stay there, on any page.

    Fix: in the proxy, "Force SSL" for every host: a permanent redirect (301 or 308) of every path to https.
    See: RFC 9110 section 15.4; Mozilla web security guidelines, HTTP redirections.
    """
    if not plain_http:
        raise NotAssessed("no domain is declared ([domains] site, www, api)")
    declared = {*settings.domains.names, *settings.domains.also_redirect_to}
    for domain, answers in plain_http.items():
        for place, answer in answers.items():
            found = need(answer) if isinstance(answer, Known) else None
            with case(
                found.url if found else f"http://{domain}{place}", f"{found.status} {found.location}" if found else ""
            ):
                need(answer)
                assert found is not None
                assert found.status, "does not answer on port 80"
                expect_let_pass(found.status)
                if found.status not in PERMANENT:
                    case.adds(served_at(proxy_machine, domain, is_tls=False))
                assert found.status in PERMANENT, f"answers {found.status}, not a permanent redirect"
                expect_way(found.url, found.location, found.way, declared)


HSTS_SECONDS = 15_768_000
"""Half a year: the least that counts (Mozilla Observatory; the preload list asks for a year)."""


_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_DIRECTIVE = re.compile(rf'\s*(?:({_WORD})(?:\s*=\s*({_WORD}|"(?:[^"\\]|\\.)*"))?\s*)?(?:;|\Z)')


def _max_age(header: str) -> int | None:
    """The seconds that a header gives; nothing where browsers do not heed it.

    A directive may stand there once only, and max-age must; one that is not known counts for nothing (RFC 6797, 6.1).
    """
    found: dict[str, str | None] = {}
    place = 0
    while place < len(header):
        read = _DIRECTIVE.match(header, place)
        name = read[1].lower() if read and read[1] else ""
        if read is None or name in found:
            return None
        found |= {name: read[2]} if name else {}
        place = read.end()
    age = (found.get("max-age") or "").strip('"')
    has_value = found.get("includesubdomains") is not None
    return int(age.lstrip("0")[:18] or 0) if re.fullmatch(r"[0-9]+", age) and not has_value else None


@item("pre.security.https.hsts", either=("proxy_machine",))
def test_browsers_are_told_to_stay_on_https(web: Web, proxy_machine: Answer[ProxyMachine], case: Cases) -> None:
    """Without the header, the first request of every visit may go over plain http, and be answered by somebody else.

    Fix: in the proxy, "HSTS enabled" for every host: `Strict-Transport-Security: max-age=63072000`.
    See: RFC 6797 (section 8.1: of several headers only the first counts).
    """
    for domain, answer in within_reach(web.fronts).items():
        with case(domain):
            said = need(answer)
            assert said.status, "does not answer over https"
            header = said.header("strict-transport-security")
            case.saw(f"{domain}: {header or 'no header'}{f' ({said.again})' if said.again else ''}")
            if not header and said.status >= 400:
                raise NotAssessed(
                    f"answers {said.status}: nginx sends the header with errors only where `always` says so"
                )
            seconds = _max_age(header) if header else None
            if seconds is None or seconds < HSTS_SECONDS:
                case.adds(served_at(proxy_machine, domain))
            assert header, "sends no Strict-Transport-Security"
            assert seconds is not None, f"is none that browsers heed: {header}"
            assert seconds >= HSTS_SECONDS, f"max-age is {seconds}, at least {HSTS_SECONDS} is asked for"


@item("pre.security.https.http2", either=("proxy_machine",))
def test_http2_is_spoken(
    certificates: Mapping[str, Known[Certificate | None] | Unknown], proxy_machine: Answer[ProxyMachine], case: Cases
) -> None:
    """One connection for all of a page's files. What counts is what the handshake agrees on.

    Fix: in the proxy, "HTTP/2 Support" for every host (`http2 on;` in nginx).
    See: RFC 9113 section 3.2 (ALPN identifier h2).
    """
    if not certificates:
        raise NotAssessed("no domain is declared ([domains] site, www, api)")
    for domain, answer in within_reach(certificates).items():
        with case(domain):
            certificate = need(answer)
            assert certificate is not None, "does not answer a TLS handshake on port 443"
            case.saw(f"{domain}: ALPN {certificate.protocol or 'agreed on nothing'}")
            if certificate.protocol != "h2":
                case.adds(served_at(proxy_machine, domain))
            assert certificate.protocol == "h2", f"ALPN agreed on {certificate.protocol or 'nothing'}"


DEFAULT_INTERVAL = timedelta(days=1)


def renewal_point(certificate: Certificate) -> timedelta:
    """How long before its end a certificate is due: a third of its life, or half of a short one's.

    Source: certbot's default since 4.0; Let's Encrypt, "Integration Guide" (When to Renew).
    """
    life = certificate.not_after - certificate.not_before
    return life / 3 if life >= timedelta(days=10) else life / 2


def expect_renewed(machine: ProxyMachine, certificate: Certificate) -> None:
    """What is served is one that somebody renews.

    Raises:
        NotAssessed: some could not be read, or what serves keeps its own, and they were not found.
    """
    if certificate.fingerprint in {*machine.renewals.values(), *machine.kept}:
        return
    if name := machine.uploaded.get(certificate.fingerprint):
        raise AssertionError(f"what is served is an uploaded certificate ({name}), which nobody renews")
    if name := machine.earlier.get(certificate.fingerprint):
        raise AssertionError(
            f"what is served is an earlier certificate of {name}: the server has not read the newer one"
        )
    if unread := [name for name, fingerprint in machine.renewals.items() if not fingerprint]:
        raise NotAssessed(f"the certificate of {unread[0]} could not be read on the proxy")
    if otherwise := machine.renews_otherwise:
        raise NotAssessed(f"{otherwise}: what is served is in nothing that was read of it")
    if client := machine.renews_unseen:
        raise NotAssessed(f"{client} renews there, and where it keeps what it renews was not found")
    raise AssertionError("what is served is in no renewal configuration")


def renews_inside(machine: ProxyMachine, certificate: Certificate) -> str:
    """The program that renews it in its own process; empty where a job has to."""
    client, _ = machine.kept.get(certificate.fingerprint, ("", ""))
    if machine.named({certificate.fingerprint}) & machine.inside:
        return "Nginx Proxy Manager or NPMplus"
    return client if client in machine.keepers else ""


SAME_RUN = timedelta(minutes=1)
"""A run's log ends so close to the run itself."""


def complaint_of(job: Job, machine: ProxyMachine, served: set[str]) -> str:
    """Why a job cannot be relied on; empty if it can. A run that failed for what nobody serves is no reason."""
    last = machine.attempt
    is_live = job.is_active and job.is_enabled and not job.hindered
    if last is None or not is_live or job.last_run is None or abs(job.last_run - last.ended) > SAME_RUN:
        return job.trouble
    return "" if not last.succeeded and last.does_for(served) else job.trouble


def _expect_machine_renews(machine: ProxyMachine, served: dict[str, Certificate], case: Cases) -> timedelta:
    """A job renews, its last run succeeded, and it knows what is served. Gives the time between two runs."""
    by_job = [
        one for one in served.values() if not renews_inside(machine, one) and one.fingerprint not in machine.uploaded
    ]
    case.saw(
        *sorted(
            f"{name} renews in its own process"
            for name in {renews_inside(machine, one) for one in served.values()}
            if name
        )
    )
    interval = _expect_job(machine, by_job, case) if by_job else timedelta()
    for domain, certificate in served.items():
        with case(f"renewal of {domain}", _configured(machine, certificate)):
            case.fix(to_renew(machine, certificate))
            expect_renewed(machine, certificate)
    return interval


def _configured(machine: ProxyMachine, certificate: Certificate) -> str:
    """Which renewal configuration has what is served."""
    if names := machine.named({certificate.fingerprint}):
        return f"renewal configuration {', '.join(sorted(names))}"
    if kept := machine.kept.get(certificate.fingerprint):
        return f"kept by {kept[0]} as {kept[1]}"
    return f"not in any of the renewal configurations: {', '.join(machine.renewals) or 'there is none'}"


def to_renew(machine: ProxyMachine, certificate: Certificate) -> str:
    """How to have what is served renewed."""
    if certificate.fingerprint in machine.earlier:
        return (
            "let the proxy read the newer certificate: `systemctl reload nginx` there, or in NPMplus save the host anew"
        )
    if certificate.fingerprint in machine.uploaded or "npm" in machine.keepers:
        return f"in the proxy's administration, request a certificate for {text(certificate.domain)}, and choose it for its host"
    name = word(certificate.domain, "NAME")
    return (
        f"on the proxy, `certbot certificates` lists what is renewed: let {text(certificate.domain)} be served with one of those, or request it "
        f"(`certbot certonly -d {name}`); then reload the server"
    )


def _expect_job(machine: ProxyMachine, by_job: list[Certificate], case: Cases) -> timedelta:
    """A job renews these, and its last run succeeded for them. Gives the time between two runs."""
    names = machine.named({one.fingerprint for one in by_job})
    renewing = machine.renewing_these({one.fingerprint: frozenset(one.names) for one in by_job})
    troubles = {job.name: complaint_of(job, machine, names) for job in renewing}
    good = [job for job in renewing if not troubles[job.name]]
    with case(
        "a job that renews",
        *(f"{job.name}: {job.trouble or 'fine'}, last run {moment(job.last_run)}" for job in renewing),
    ):
        case.fix(*(f"on the proxy: {to_start(job)}" for job in renewing if troubles[job.name]))
        if not renewing and (unread := unread_of(machine.jobs, NAMED)):
            raise NotAssessed(unread[0])
        if not renewing and machine.serves[0] and (otherwise := machine.renews_otherwise):
            raise NotAssessed(f"{otherwise}: no job that renews was seen")
        assert renewing, "there is none"
        assert good, "; ".join(f"{job.name} {troubles[job.name]}" for job in renewing)
        if (last := machine.attempt) is not None:
            failed = sorted(last.failed & names)
            assert not failed, f"the last run, of {last.ended:%Y-%m-%d %H:%M} UTC, failed for {failed[0]}"
            case.saw(*(f"failed for {name}, which is not served" for name in sorted(last.failed)))
        if not any(job.last_run for job in good if job.name.endswith(".timer")) and any(
            job.name.endswith(".timer") for job in good
        ):
            raise NotAssessed("has never run, so whether it works is not known")
    intervals = [job.longest_gap for job in good if job.longest_gap is not None]
    return min(intervals, default=DEFAULT_INTERVAL)


SAME_END = timedelta(days=1)
"""The administration tells when a certificate ends, and not which one it is."""


def _expect_proxy_renews(kept: tuple[ManagedCertificate, ...], served: dict[str, Certificate], case: Cases) -> None:
    """What is served is one of those that the proxy renews: by its names, and by its end."""
    for place, certificate in served.items():
        domain = certificate.domain.lower()
        names = {domain, f"*.{domain.partition('.')[2]}"}
        # Certificates of clients (mutual TLS) are served to nobody.
        covering = [one for one in kept if names & set(one.names) and one.provider != "mtls"]
        with case(f"renewal of {place}", *(f"{', '.join(one.names)} by {one.provider}" for one in covering)):
            assert any(one.provider == "letsencrypt" for one in covering), (
                "what is served is an uploaded certificate, which the proxy does not renew"
                if covering
                else "the proxy renews no certificate for it"
            )
            providers = {
                one.provider for one in covering if one.expires and abs(one.expires - certificate.not_after) < SAME_END
            }
            if not providers:
                raise NotAssessed("which of the proxy's certificates is served is not known: none of them ends with it")
            assert "letsencrypt" in providers, (
                "what is served is an uploaded certificate, which the proxy does not renew"
            )


def _own_of(
    served: dict[str, Certificate], machine: ProxyMachine, web: Web, settings: Settings, case: Cases
) -> dict[str, Certificate]:
    """Those that are not a network's in front of the proxy; of that one's nothing is told here."""
    own: dict[str, Certificate] = {}
    for place, certificate in served.items():
        if machine.has(certificate.fingerprint):
            own[place] = certificate
            continue
        try:
            expect_own(certificate, web, settings)
        except NotAssessed as unseen:
            with case(f"renewal of {place}"):
                raise unseen
        else:
            own[place] = certificate
    return own


def _knows(machine: ProxyMachine, served: dict[str, Certificate], *, renews_itself: bool) -> bool:
    """Whether it is the proxy's machine that tells: what its administration says counts where nothing else renews there."""
    of_served = {one.fingerprint for one in served.values()}
    if any(map(machine.has, of_served)):
        return not renews_itself or bool(machine.renewing) or not machine.named(of_served) - machine.inside
    if renews_itself:
        return bool(machine.renewing) and "npm" not in machine.keepers
    return bool(machine.renewing or machine.renewals or machine.kept)


@item("pre.security.https.auto-renewal", either=("proxy", "proxy_machine"))
def test_certificates_renew_themselves(
    certificates: Certificates,
    origin_certificates: Certificates,
    proxy: Known[Administration] | Unknown,
    proxy_machine: Known[ProxyMachine] | Unknown,
    web: Web,
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
    # Behind a content delivery network, which renews its own certificates, the proxy's are those that it serves itself.
    served = {
        domain: found
        for domain, answer in within_reach(origin_certificates or certificates).items()
        if (found := need(answer)) is not None
    }
    if not served:
        raise NotAssessed("no certificate was seen")
    interval = timedelta(hours=settings.proxy.renewal_hours)
    # NPMplus and Nginx Proxy Manager renew in their own process: there is no timer to find.
    renews_itself = isinstance(proxy, Known) and isinstance(proxy.value.certificates, Known)
    if isinstance(proxy_machine, Known):
        served = _own_of(served, proxy_machine.value, web, settings, case)
        if not served:
            return
    if isinstance(proxy_machine, Known) and _knows(proxy_machine.value, served, renews_itself=renews_itself):
        interval = _expect_machine_renews(need(proxy_machine), served, case) or interval
    elif isinstance(proxy, Known):
        _expect_proxy_renews(need(proxy.value.certificates), served, case)
    elif isinstance(proxy_machine, Known):
        with case("a job that renews"):
            if unread := unread_of(proxy_machine.value.jobs, NAMED):
                raise NotAssessed(unread[0])
            if otherwise := proxy_machine.value.renews_otherwise:
                raise NotAssessed(f"{otherwise}: nothing was read of what it keeps")
            raise AssertionError("the proxy's machine has neither a job nor a renewal configuration")
    else:
        need(proxy_machine)
    for domain, certificate in served.items():
        left = certificate.not_after - machine.ours
        due = renewal_point(certificate)
        with case(domain, f"{left.days} days left, due {due.days} days before its end"):
            case.fix(
                "on the proxy, `certbot renew` says why it was not renewed, or what serves it was not reloaded; in NPMplus, renew it by hand"
            )
            assert left > due - 2 * interval, f"was due {(due - left).days} days ago, and is still the old one"
