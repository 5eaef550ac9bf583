"""Pre-Deployment / Infrastructure."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

from pytest_zebu.checks import Cases, item
from pytest_zebu.facts.base import Known, Unknown, need
from pytest_zebu.facts.dns import Name
from pytest_zebu.outcome import NotAssessed
from pytest_zebu.settings import Settings


@item("pre.infrastructure.dns-records")
def test_names_resolve_everywhere(names: Mapping[str, Known[Name] | Unknown], settings: Settings, case: Cases) -> None:
    """A stale or missing record sends a part of the users elsewhere, and only that part notices.

    Fix: correct the A and AAAA records at the DNS provider, remove stale AAAA records, wait for the old TTL to pass.
    See: RFC 1034 section 4.2.1 (all authoritative servers hold the same zone).
    """
    expected = {str(ipaddress.ip_address(address)) for address in settings.domains.addresses}
    if not names or not expected:
        raise NotAssessed("domains and domains.addresses are not declared")
    if len(settings.domains.resolvers) < 3:
        raise NotAssessed("fewer than three resolvers are declared in domains.resolvers")
    for domain, answer in names.items():
        with case(domain):
            for resolution in need(answer).resolutions:
                found = need(resolution.answer)
                where = f"{'authoritative' if resolution.is_authoritative else 'resolver'} {resolution.server}"
                case.saw(f"{domain} on {where}: {', '.join(found) or 'no address'}")
                assert found, f"has no address on {where}"
                strange = sorted(set(found) - expected)
                assert not strange, f"is {', '.join(strange)} on {where}, expected {', '.join(sorted(expected))}"
                assert any("." in address for address in found), f"has no A record on {where}"
