"""Pre-Deployment / Infrastructure."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Mapping
from datetime import timedelta

from pytest_zebu.facts import urls
from pytest_zebu.facts.addressing import Addressing, Connectivity
from pytest_zebu.facts.answer import Known, NotAssessed, Unknown, is_number, need
from pytest_zebu.facts.certificates import Certificate
from pytest_zebu.facts.dns import Name, Resolution
from pytest_zebu.facts.exposure import View
from pytest_zebu.facts.http import HttpAnswer, of_name, within_reach
from pytest_zebu.facts.proxmox import Node
from pytest_zebu.facts.resources import MEMORY_SHARE, Resources
from pytest_zebu.facts.web import CORRELATION, Answer, Web
from pytest_zebu.plugin.checks import Cases, item
from pytest_zebu.settings import Settings
from pytest_zebu.settings.sections import Domains
from pytest_zebu.settings.target import Target
from tests_prod.deployment_verification.test_initial import expect_backend_health, expect_same_page
from tests_prod.pre_deployment.test_security_https import ASK_FOR_ROOT, expect_dated, expect_own, is_of_the_network
from tests_prod.ways import arrived, expect_let_pass, expect_way

Certificates = Mapping[str, Known[Certificate | None] | Unknown]
GIB = 2**30
WEB_PORTS = (80, 443)


@item("pre.infrastructure.vm-resources")
def test_the_machine_is_big_enough(resources: Resources, settings: Settings, case: Cases) -> None:
    """Four services, their caches and a build need room; what is short shows first under load.

    Fix: give the VM more in Proxmox (Hardware: Processors, Memory, Hard Disk).
    Declare: or requirements
    See: the checklist (4 CPUs, 8 GB, 50 GB).
    """
    asked = settings.requirements
    with case("CPUs", resources.cpus):
        assert resources.cpus >= asked.cpus, f"{resources.cpus}, {asked.cpus} are asked for"
    with case("memory", f"{resources.memory / GIB:.1f} GiB"):
        enough = asked.memory_gib * GIB * MEMORY_SHARE
        assert resources.memory >= enough, f"{resources.memory / GIB:.1f} GiB, {asked.memory_gib:g} are asked for"
    with case("disk", f"{resources.disk / GIB:.1f} GiB"):
        assert resources.disk >= asked.disk_gib * 1e9, (
            f"{resources.disk / 1e9:.0f} GB, {asked.disk_gib:g} are asked for"
        )


@item("pre.infrastructure.static-ip")
def test_the_address_stays(addressing: Addressing, zebu_target: Target, case: Cases) -> None:
    """When the address moves, the proxy forwards to nobody.

    Fix: a static address in the machine's network configuration, or a DHCP reservation of the one that it has.
    Declare: host.reserved_address
    See: the checklist; netplan(5), interfaces(5), systemd.network(5).
    """
    reserved = zebu_target.host.reserved_address
    case.saw(*(f"no longer in force: lease file {file}" for file in addressing.left))
    with case(f"{addressing.address} on {addressing.device}", *addressing.lease or ("static",)):
        if addressing.lease and reserved:
            assert addressing.address == reserved, f"{reserved} is reserved, the address is {addressing.address}"
        else:
            assert not addressing.lease, f"comes from a lease: {'; '.join(addressing.lease)}"


@item("pre.infrastructure.network")
def test_the_machine_reaches_its_network(connectivity: Connectivity, settings: Settings, case: Cases) -> None:
    """Updates, prices, certificates and sign-in all need a way out; the proxy and the backups need the LAN.

    Fix: routes (`ip route`), names (`resolvectl status` or /etc/resolv.conf), and the firewall of the router.
    See: the checklist.
    """
    with case("gateway"):
        assert need(connectivity.gateway), "does not answer (no neighbour entry)"
    with case("names"):
        assert connectivity.names, f"the name of {settings.network.outbound} does not resolve"
    answered = "is not known to answer"
    if isinstance(connectivity.https, Known):
        answered = "answers" if connectivity.https.value else "does not answer"
    with case("https to the internet", f"{settings.network.outbound} {answered}"):
        assert need(connectivity.https), f"no answer: {connectivity.complaint or 'timed out'}"
    with case("local network", *(f"{peer} {'answers' if up else 'is silent'}" for peer, up in connectivity.peers)):
        silent = [peer for peer, up in connectivity.peers if not up]
        assert not silent, f"{', '.join(silent)} does not answer"
        if not connectivity.peers:
            case.saw(f"neighbours: {', '.join(connectivity.neighbours) or 'none'}")
            if not connectivity.neighbours:
                raise NotAssessed("no neighbour was seen, and network.peers declares none")


@item("pre.infrastructure.dns-records", either=("web", "own_page"))
def test_names_resolve_everywhere(
    names: Mapping[str, Known[Name] | Unknown],
    web: Known[Web] | Unknown,
    own_page: Known[str] | Unknown,
    settings: Settings,
    case: Cases,
) -> None:
    """A stale or missing record sends a part of the users elsewhere, and only that part notices.

    Fix: correct the A and AAAA records at the DNS provider, remove stale AAAA records, wait for the old TTL to pass.
    See: RFC 1034 section 4.2.1 (all authoritative servers hold the same zone).
    """
    if not names or not settings.domains.addresses:
        raise NotAssessed("domains and domains.addresses are not declared")
    if len(settings.domains.resolvers) < 3:
        raise NotAssessed("fewer than three resolvers are declared in domains.resolvers")
    for domain, answer in names.items():
        if isinstance(answer, Unknown):
            with case(domain):
                need(answer)
            continue
        resolutions = answer.value.resolutions
        beyond = [one for one in resolutions if one.is_beyond]
        case.saw(*(f"{domain} on authoritative {one.server}: {one.answer}" for one in beyond))
        authorities = [one for one in resolutions if one.is_authoritative and not one.is_beyond]
        with case(domain):
            if not authorities:
                raise NotAssessed("no authoritative server can be reached from here")
            if all(one.is_aside or one.refusal for one in authorities):
                raise NotAssessed(
                    "none of the authoritative servers says that it is one: something on the way may answer"
                )
        some_serve = not all(one.refusal for one in authorities)
        for one in authorities:
            with case(f"{domain} on {place_of(one)}"):
                assert not (one.refusal and some_serve), f"the server does not serve the zone ({one.refusal})"
                _expect_addresses(domain, one, settings, case)
        expect_resolvers(answer.value, settings, case)
        expect_witness(domain, settings, web, own_page, case)


def _expect_addresses(domain: str, resolution: Resolution, settings: Settings, case: Cases) -> None:
    """A server gives declared addresses and no others, of IPv4 too if any is declared: whoever has no IPv6 needs one.

    Raises:
        NotAssessed: it gives others than most servers do, and nobody declared which are right.
    """
    declared = settings.domains
    found = need(resolution.answer)
    case.saw(f"{domain} on {place_of(resolution)}: {', '.join(found) or 'no address'}")
    assert found, "has no address"
    if not resolution.is_authoritative:
        found = tuple(dict.fromkeys(map(_without_translation, found)))
    strange = sorted(address for address in found if not declared.declares(address))
    if strange and ADDRESSES in settings.seen:
        raise NotAssessed(f"is {', '.join(strange)}, unlike what most servers say, and {ADDRESSES} is not declared")
    assert not strange, f"is {', '.join(strange)}, expected {', '.join(sorted(declared.addresses))}"
    versions = {ipaddress.ip_address(address).version for address in found}
    families = {ipaddress.ip_network(address).version for address in declared.addresses}
    assert 4 in versions or 4 not in families, "has no A record"


TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
"""Where resolvers of networks without IPv4 put IPv4 addresses (RFC 6052, section 2.1; RFC 6147)."""


def _without_translation(address: str) -> str:
    """The address that was published, where a resolver made another one of it."""
    there = ipaddress.ip_address(address)
    return str(ipaddress.IPv4Address(int(there) & 0xFFFFFFFF)) if there in TRANSLATED else address


def place_of(resolution: Resolution) -> str:
    """Which server it is."""
    return f"{'authoritative' if resolution.is_authoritative else 'resolver'} {resolution.server}"


SERVFAIL = "SERVFAIL"
OUT_OF_ORDER = (
    "this resolver cannot be asked from here: it does not tell what surely exists either, such as the root's servers"
)


def expect_resolvers(name: Name, settings: Settings, case: Cases) -> None:
    """What the resolvers of the world say. One that fails may be out of order; where all do that tell other names, the name is."""
    resolvers = [one for one in name.resolutions if not one.is_authoritative]
    if RESOLVERS in settings.seen:
        with case(f"{name.domain} on the internet"):
            case.saw(*(f"{name.domain} on {place_of(one)}: {one.answer}" for one in resolvers))
            raise NotAssessed(OWN_RESOLVERS)
        return
    in_order = [one for one in resolvers if not one.is_out_of_order]
    all_fail = bool(in_order) and all(one.refusal == SERVFAIL for one in in_order)
    for one in resolvers:
        with case(f"{name.domain} on {place_of(one)}"):
            if one.is_out_of_order:
                raise NotAssessed(f"{OUT_OF_ORDER} ({one.refusal or 'no address'})")
            assert not all_fail, "is resolved by none (SERVFAIL): its delegation or its signatures (DNSSEC) are broken"
            _expect_addresses(name.domain, one, settings, case)


ADDRESSES, RESOLVERS = "domains.addresses", "domains.resolvers"
OWN_RESOLVERS = f"{RESOLVERS} is not declared, and those of this machine's network, which were asked instead, may say what nobody else is told"


def expect_witness(
    domain: str, settings: Settings, web: Known[Web] | Unknown, own_page: Known[str] | Unknown, case: Cases
) -> None:
    """What stands at each address of a name is this deployment, where nobody declared the addresses: DNS agrees with itself always.

    Raises:
        NotAssessed: that was not seen of all of them.
    """
    if ADDRESSES in settings.seen:
        expect_here(domain, f"{ADDRESSES} is not declared, and was read from DNS itself", settings, web, own_page, case)


def expect_here(
    domain: str,
    undeclared: str,
    settings: Settings,
    web: Known[Web] | Unknown,
    own_page: Known[str] | Unknown,
    case: Cases,
) -> None:
    """This deployment answers wherever a name leads; where that is not seen, `undeclared` is why it has to be.

    Raises:
        NotAssessed: it was not seen.
    """
    with case(f"what stands where {domain} leads"):
        if len(settings.domains.addresses) > LOOKED_AT:
            raise NotAssessed(f"{undeclared}: no more than {LOOKED_AT} addresses are looked at")
        fronts = of_name(web.value.fronts, domain) if isinstance(web, Known) else {}
        if not fronts:
            why = str(web) if isinstance(web, Unknown) else "nobody looked"
            raise NotAssessed(f"{undeclared}: what is there was not seen ({why})")
        for place, answer in fronts.items():
            try:
                _expect_this_deployment(domain, need(answer), need(web), own_page, settings.domains, case)
            except (AssertionError, NotAssessed) as error:
                why = f"{undeclared}: whether this deployment answers at {place} is not known ({error})"
                raise NotAssessed(why) from None
            case.saw(f"https://{place}: this deployment answers there")


LOOKED_AT = 6
"""To so many addresses of a name looks are made."""


@item("pre.infrastructure.reverse-proxy")
def test_the_proxy_leads_here(
    plain_http: Mapping[str, Mapping[str, Known[HttpAnswer] | Unknown]],
    web: Web,
    own_page: str,
    settings: Settings,
    case: Cases,
) -> None:
    """A proxy's default page answers 200 too: what counts is that this machine's pages come back.

    Fix: a proxy host for every name, forwarding to the machine's address (port 80; the API's name: port 8000).
    See: https://nginxproxymanager.com/guide/
    """
    if not settings.domains.names:
        raise NotAssessed("no domain is declared ([domains] site, www, api)")
    domains = settings.domains
    for domain in domains.names:
        with case(f"http://{domain}"):
            assert all(need(answer).status for answer in plain_http[domain].values()), "does not answer on port 80"
        for place, answer in of_name(web.fronts, domain).items():
            with case(f"https://{place}"):
                said = need(answer)
                case.saw(f"https://{place}: {said.told}")
                _expect_this_deployment(domain, said, web, Known(own_page), domains, case)


def _expect_this_deployment(
    domain: str, said: Answer, web: Web, own_page: Known[str] | Unknown, domains: Domains, case: Cases
) -> None:
    """What answers under a name is this machine's: its page, or its backend."""
    assert said.status, "does not answer on port 443"
    expect_let_pass(said.status)
    if f"https://{domain}" == domains.api_origin and domains.api != "same-origin":
        expect_backend_health(said, (domain,))
        there = arrived(said, (domain,))
        _expect_made_anew(there, web.health.get(domain), case)
    elif not said.is_redirect:
        assert said.status == 200, f"answers {said.status}"
        expect_same_page(said, need(own_page))
    else:
        expect_way(said.url, said.location, said.way, domains.names)
        _expect_page_at_the_end(said, need(own_page), domains.page_origins)


def _expect_made_anew(said: Answer, other: Known[Answer] | Unknown | None, case: Cases) -> None:
    """An answer has the mark that was asked for, or none. A proxy may set marks of its own: then two answers have two.

    Raises:
        NotAssessed: there is no second one to compare it with.
    """
    mark = said.header("x-correlation-id")
    if mark in (CORRELATION, ""):
        return
    second = other.value.end or other.value if isinstance(other, Known) else None
    if second is None or not second.header("x-correlation-id"):
        raise NotAssessed("marks its answer otherwise than it was asked to: who answers is not known")
    assert second.header("x-correlation-id") != mark, (
        "somebody else than the backend answers: two answers have one mark"
    )
    case.saw("each answer has a mark of its own, and not the one that was sent: the proxy may set it")


def _expect_page_at_the_end(said: Answer, own_page: str, pages: Collection[str]) -> None:
    """Where a first page leads elsewhere, this machine's page is there; that of another name is judged by itself."""
    end = need(said.way)[-1:]
    where = urls.read(end[0].url) if end else None
    if where and where.path == "/" and where.origin in pages and where.origin != urls.origin(said.url):
        return
    there = arrived(said, [where.host] if where else [])
    assert there.status == 200, f"ends with {there.status} at {there.url}"
    expect_same_page(there, own_page)


def _begins_with(name: str, words: str) -> bool:
    """Whether a name is made of these words, or of these and others behind them."""
    begin, wanted = name.lower(), words.lower().strip()
    return begin.startswith(wanted) and not begin[len(wanted) : len(wanted) + 1].isalnum()


@item("pre.infrastructure.certificates")
def test_certificates_come_from_the_expected_authority(
    certificates: Certificates,
    origin_certificates: Certificates,
    web: Web,
    settings: Settings,
    case: Cases,
) -> None:
    """A self-signed or staging certificate is there for trying out; browsers refuse it.

    Behind a content delivery network, which has certificates of its own, the proxy's are looked at where it is itself.

    Fix: request certificates from Let's Encrypt's production service for every name (in NPMplus: SSL Certificates).
    See: https://letsencrypt.org/docs/staging-environment/
    """
    if not certificates:
        raise NotAssessed("no domain is declared ([domains] site, www, api)")
    for domain, answer in within_reach(origin_certificates or certificates).items():
        with case(domain):
            certificate = need(answer)
            assert certificate is not None, "does not answer a TLS handshake on port 443"
            issuer = f"{certificate.issuer_organization} {certificate.issuer}".strip()
            case.saw(f"{domain}: issued by {issuer}")
            is_expected = any(
                _begins_with(name, settings.tls.issuer)
                for name in (certificate.issuer_organization, certificate.issuer)
            )
            if not is_expected:
                expect_own(certificate, web, settings)
            assert is_expected, f"comes from {issuer}, not from {settings.tls.issuer}"
            if origin_certificates and is_of_the_network(certificate):
                raise NotAssessed(ASK_FOR_ROOT)
            expect_dated(certificate)
            assert not certificate.trust_error, f"is not trusted: {certificate.trust_error}"
            assert certificate.covers_name, f"is for {certificate.named}"


@item("pre.infrastructure.port-forwarding")
def test_the_router_forwards_what_it_should(
    exposure: tuple[View, ...],
    public_certificate: str,
    certificates: Certificates,
    origin_certificates: Certificates,
    web: Web,
    settings: Settings,
    zebu_target: Target,
    case: Cases,
) -> None:
    """Seen from the internet, the public address leads to the proxy, and to nothing else.

    Fix: forward TCP 80 and 443 of the router to the proxy's address; remove every other forwarding.
    Declare: or firewall.forwarded
    See: the checklist; RFC 4787 section 6 (hairpinning: why a look from the LAN proves nothing).
    """
    public = zebu_target.host.public_address
    views = [view for view in exposure if view.vantage.kind == "internet" and view.address == public]
    if not public or not views:
        raise NotAssessed("public_address and a vantage on the internet are needed: a look from the LAN proves nothing")
    for view in views:
        with case(f"from {view.name}"):
            answering = sorted(port for port, state in view.open.items() if state == Known(True))
            on = f"answers on {', '.join(map(str, answering))}" if answering else "answers on no port that was tried"
            case.saw(f"{view.address}: {on}{f' ({view.ago})' if view.ago else ''}")
            for port in WEB_PORTS:
                assert need(view.open[port]), f"port {port} of {view.address} does not answer"
            extra = sorted(set(answering) - set(settings.firewall.forwarded))
            assert not extra, f"{', '.join(map(str, extra))} of {view.address} is forwarded, which is not declared"
    with case("the same certificate"):
        # Behind a content delivery network the names lead to it, and the router to the proxy.
        known = [need(answer) for answer in within_reach(origin_certificates or certificates).values()]
        case.saw(f"{public} serves the certificate {public_certificate[:16]}")
        if public_certificate not in {one.fingerprint for one in known if one}:
            for one in filter(None, known):
                expect_own(one, web, settings)
            raise AssertionError("is not served by the proxy")


FRESH_LISTS = timedelta(days=7)
SECURITY_BY_PROXMOX = frozenset({"kernel", "qemu", "microcode", "firmware", "openssl", "corosync", "access"})
"""Words of the names of Proxmox's own packages whose updates are as a rule about security; its API does not tell which are."""


def _is_about_security(package: str) -> bool:
    return bool(SECURITY_BY_PROXMOX & set(package.split("-")))


@item("pre.infrastructure.proxmox-updated")
def test_the_hypervisor_is_up_to_date(proxmox_node: Node, settings: Settings, case: Cases) -> None:
    """Whoever has the hypervisor has every machine on it.

    Fix: `apt update && apt full-upgrade` on the node, then reboot for a new kernel; a new major release by its guide.
    See: https://pve.proxmox.com/wiki/System_Software_Updates; https://pve.proxmox.com/wiki/FAQ (support of releases).
    """
    node = proxmox_node
    with case("release"):
        release = need(node.release)
        case.saw(f"Proxmox VE {release}, newest known: {settings.proxmox.newest_release}")
        major = release.partition(".")[0]
        if not is_number(major):
            raise NotAssessed(f"{release} is no release number")
        assert int(major) >= settings.proxmox.newest_release, (
            f"runs {release}; {settings.proxmox.newest_release} is out"
        )
    with case("security updates"):
        waiting = need(node.updates)
        # All that Debian changes in a stable release is about security or grave bugs.
        grave = [
            update.package
            for update in waiting
            if update.origin.lower().startswith("debian")
            or (update.origin.lower().startswith("proxmox") and _is_about_security(update.package))
        ]
        others = [one for one in waiting if not one.origin.lower().startswith(("debian", "proxmox"))]
        case.saw(f"{len(waiting)} updates wait")
        assert not grave, f"{', '.join(grave[:5])} wait to be updated"
        need(node.refreshed)
        age = node.age_of_lists
        if age is None or age > FRESH_LISTS:
            raise NotAssessed(f"the package lists are {age.days if age else '?'} days old: what waits is not known")
        if others:
            raise NotAssessed(
                f"{others[0].package} of {others[0].origin or 'nobody'} waits: whether that is about security is not told"
            )
