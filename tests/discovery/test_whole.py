"""What the recorded lab tells of itself, beside what is declared of it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from lab import recordings
from pytest_zebu.discovery import backups, forge, hypervisor, names, projects, proxy, vantages, whole
from pytest_zebu.discovery.found import Found, Seen, Unseen
from pytest_zebu.discovery.whole import in_front, inside, outside, settled, to_ask
from pytest_zebu.facts.addressing import Addressing
from pytest_zebu.facts.answer import Known, Reason, Unknown
from pytest_zebu.facts.certificates import Certificate
from pytest_zebu.facts.dns import Name, Resolution
from pytest_zebu.facts.entrance import Entrance, Place
from pytest_zebu.facts.web import Answer
from pytest_zebu.settings import Settings
from tests.settings.test_documented import keys


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> tuple[Seen, ...]:
    evidence = recordings.evidence(recordings.read_healthy(), tmp_path_factory.mktemp("lab"))
    first = [*inside(evidence.fact)]
    asked = to_ask(first)
    then = [*first, *outside(evidence.fact, asked)]
    return settled([*then, *in_front(evidence.fact, asked, then)])


def test_it_is_what_the_lab_declares(seen: tuple[Seen, ...]) -> None:
    declared = tomllib.loads(recordings.read_healthy().files["zebu.toml"] or "")
    values = {
        one.key: list(one.value) if isinstance(one.value, tuple) else one.value
        for one in seen
        if isinstance(one, Found)
    }
    for key, value in values.items():
        section, name = key.split(".")
        assert declared[section][name] == value, key
    assert values.keys() == {
        "domains.site", "domains.www", "domains.api", "domains.addresses", "backups.folder", "backups.pattern",
        "backups.retention_days", "backups.copy", "forge.repository", "forge.api",
    }  # fmt: skip


def test_what_is_not_seen_says_how_it_is_had(seen: tuple[Seen, ...]) -> None:
    unseen = {one.key: one for one in seen if isinstance(one, Unseen)}
    assert unseen.keys() == {
        "domains.staging", "forge.token_file", "proxmox.api", "proxy.ssh", "host.public_address", "tls.issuer", "application.docs",
        "probes.api_key_file",
    }  # fmt: skip
    assert "mode 0600" in unseen["forge.token_file"].why


def test_of_a_machine_that_tells_nothing_nothing_is_found() -> None:
    """No value is made up, and the reason is the machine's."""
    refused = Unknown(Reason.NO_PERMISSION, "needs root, and sudo -n was refused")
    found = [*inside(lambda name: refused)]
    assert not [one for one in found if isinstance(one, Found)]
    site = next(one for one in found if one.key == "domains.site")
    assert isinstance(site, Unseen)
    assert "sudo -n was refused" in site.why
    assert to_ask(found) == {}
    assert not [*outside(lambda name: refused, {})]
    assert not [*in_front(lambda name: refused, {}, found)]
    beyond = [*in_front(lambda name: refused, {"site": "zebu.test"}, found)]
    assert {one.key for one in beyond} == {"proxy.ssh", "host.public_address"}
    assert not [one for one in beyond if isinstance(one, Found)]


def test_names_that_lead_nowhere_are_no_addresses() -> None:
    api, one = outside(lambda name: Known({}), {"site": "zebu.test", "www": "www.zebu.test", "api": "api.zebu.test"})
    assert isinstance(one, Unseen)
    assert one.key == "domains.addresses"
    assert api.key == "domains.api"


@pytest.mark.hostile("outputs")
def test_a_name_that_leads_to_thousands_of_addresses_has_none() -> None:
    """What a server of names says fills no file."""
    many = tuple(f"10.9.{n // 256}.{n % 256}" for n in range(4000))
    row = Resolution("192.0.2.53", is_authoritative=False, answer=Known(many))
    facts: dict[str, Known[Any]] = {
        "names": Known({"zebu.test": Known(Name("zebu.test", (row,)))}),
        "certificates": Known({}),
    }
    (one,) = outside(lambda name: facts[name], {"site": "zebu.test"})
    assert one == Unseen(
        "domains.addresses", '["198.51.100.7"]', "zebu.test leads to 4000 addresses: declare their networks"
    )


def test_where_nobody_tells_a_name_it_is_not_known_that_there_is_none() -> None:
    """That pages ask their own origin does not say that the API has no name; what the frontend names stays."""
    unseen = Unseen("domains.api", '"api.zebu.test"', "whether there is api.zebu.test was not seen", "same-origin")
    by_page = Found("domains.api", "same-origin", "VITE_API_BASE_URL of the frontend, which is no whole address")
    named = Found("domains.api", "rest.zebu.test", "VITE_API_BASE_URL of the frontend")
    assert settled([by_page, unseen]) == (unseen,)
    assert settled([named, unseen]) == (named,)
    assert settled([unseen, by_page]) == (by_page,)


# What stands where the names lead


ASKED = {"site": "zebu.test", "www": "www.zebu.test", "api": "api.zebu.test"}
LED = Found("domains.addresses", ("8.8.4.4",), "zebu.test by 3 servers of names")
PAGE = "ab" * 32


def page(sha256: str = PAGE, status: int = 200, end: Answer | None = None) -> Answer:
    return Answer("https://zebu.test/", status, "", {}, "", sha256, end=end)


def fronted(
    fronts: Mapping[str, Known[Answer] | Unknown],
    network: str = "",
    own: Known[str] | Unknown | None = None,
    at: str = "8.8.4.4",
) -> dict[str, Seen]:
    """What is made of first pages, by the addresses where they stand."""
    facts: dict[str, Known[Any] | Unknown] = {
        "entrance": Known(Entrance((Place(at, 0, Known("ab"), is_own=True), Place("8.8.4.5", 9, Known("ab"))), fronts, network)), "own_page": own or Known(PAGE), "certificates": Unknown(Reason.UNREACHABLE, "x"),
    }  # fmt: skip
    return {one.key: one for one in in_front(facts.__getitem__, ASKED, [LED])}


@pytest.mark.parametrize(("fronts", "found"), [
    ({"8.8.4.4": Known(page())}, "8.8.4.4"), ({"8.8.4.4": Known(page("cd" * 32))}, ""), ({"8.8.4.4": Known(page(status=503))}, ""), ({"8.8.4.4": Unknown(Reason.UNREACHABLE, "x")}, ""), ({}, ""),
    ({"8.8.4.4": Known(page("", 301, page()))}, "8.8.4.4"), ({"8.8.4.4": Known(page("", 301, page("cd" * 32)))}, ""),
    # A resolver of one's own network leads elsewhere than the world's.
    ({"192.168.1.20": Known(page())}, ""), ({"8.8.8.8": Known(page())}, ""),
])  # fmt: skip
def test_the_public_address_is_where_its_own_page_stands(
    fronts: dict[str, Known[Answer] | Unknown], found: str
) -> None:
    """That a name leads somewhere makes that nobody's machine."""
    one = fronted(fronts)["host.public_address"]
    assert (one.value if isinstance(one, Found) else "") == found


def test_a_relay_that_shows_its_own_page_is_not_taken_for_the_machine() -> None:
    """Whose other ports would be judged for the machine's: it is suggested only, where ssh goes elsewhere."""
    one = fronted({"8.8.4.4": Known(page())}, at="192.168.1.20")["host.public_address"]
    assert isinstance(one, Unseen)
    assert one.example == '"8.8.4.4"'
    assert "no relay's" in one.why


def test_behind_a_content_delivery_network_the_address_is_not_the_machines() -> None:
    found = fronted({"8.8.4.4": Known(page())}, "Cloudflare")
    assert isinstance(found["host.public_address"], Unseen)
    assert isinstance(found["domains.origin"], Unseen)
    led = found["domains.addresses"]
    assert isinstance(led, Found)
    assert "moves its addresses" in led.doubt


def test_a_page_that_was_not_asked_for_is_no_other_one() -> None:
    found = fronted({"8.8.4.4": Known(page())}, own=Unknown(Reason.NO_COMMAND, "docker"))["host.public_address"]
    assert isinstance(found, Unseen)
    assert "no such command: docker" in found.why


def certified(healthy: Certificate, **more: Any) -> dict[str, Seen]:
    """What is made of the certificate of the site."""
    one = replace(healthy, **more)
    facts: dict[str, Known[Any]] = {
        "certificates": Known({"zebu.test": Known(one)}),
        "names": Known({name: Known(Name(name, (Resolution("1.1.1.1", False, Known(("8.8.4.4",))),))) for name in ASKED.values()}),
    }  # fmt: skip
    return {one.key: one for one in outside(facts.__getitem__, ASKED)}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    known = recordings.evidence(recordings.read_healthy(), tmp_path_factory.mktemp("lab")).fact("certificates")
    assert isinstance(known, Known)
    found: Certificate = known.value["zebu.test"].value
    return found


@pytest.mark.parametrize(("issuer", "example"), [
    ("Let's Encrypt", ""), ("LET'S ENCRYPT", ""), ("ZeroSSL", '"ZeroSSL"'), ('A "B"\n\\', '"A \\"B\\" \\\\"'), ("", ""),
])  # fmt: skip
def test_another_authority_is_asked_about(issuer: str, example: str, certificate: Certificate) -> None:
    """It is no value that is found: whom certificates should come from is decided, and shown as relaxed."""
    found = certified(certificate, issuer_organization=issuer, issuer="").get("tls.issuer")
    assert (found.example if isinstance(found, Unseen) else "") == example
    assert not isinstance(found, Found)


@pytest.mark.parametrize(("name", "is_it"), [
    ("staging.zebu.test", True), ("api-staging.zebu.test", True), ("www.zebu.test", False), ("*.staging.zebu.test", False), ("latest.zebu.test", False),
])  # fmt: skip
def test_a_name_of_the_certificate_may_be_stagings(name: str, is_it: bool, certificate: Certificate) -> None:
    found = certified(certificate, names=("zebu.test", name)).get("domains.staging")
    assert isinstance(found, Unseen) is is_it
    assert not isinstance(found, Found)


def facts_of(evidence: Any, **more: Known[Any] | Unknown) -> dict[str, Seen]:
    """What the recorded lab tells with some facts otherwise."""
    return {one.key: one for one in inside(lambda name: more.get(name) or evidence.fact(name))}


def test_what_is_plain_is_not_asked_for(tmp_path: Path) -> None:
    """A database in the project, a static address: nothing is said of them; elsewhere, it is."""
    evidence = recordings.evidence(recordings.read_healthy(), tmp_path)
    containers = evidence.fact("containers")
    assert isinstance(containers, Known)
    assert not facts_of(evidence).keys() & {"database.url_file", "host.reserved_address", "host.project"}
    elsewhere = facts_of(evidence, containers=Known(replace(containers.value, databases=())))
    assert isinstance(elsewhere["database.url_file"], Unseen)
    untold = facts_of(evidence, containers=Known(replace(containers.value, databases=None)))
    assert "database.url_file" not in untold
    leased = facts_of(evidence, addressing=Known(Addressing("eth0", "10.0.0.7", "10.0.0.1", ("lease file x",))))
    assert isinstance(leased["host.reserved_address"], Unseen)


# Which keys are found


FOUND = [
    "host.address",
    "host.user",
    "host.port",
    "host.public_address",
    "host.project",
    "domains.site",
    "domains.www",
    "domains.api",
    "domains.addresses",
    "domains.staging",
    "vantages",
    "backups.folder",
    "backups.pattern",
    "backups.copy",
    "backups.retention_days",
    "forge.repository",
    "forge.api",
    "proxy.api",
]
"""What is seen, where it is there to be seen."""
ASKED_FOR = [
    "host.app_directory",
    "host.reserved_address",
    "domains.origin",
    "tls.issuer",
    "database.url_file",
    "proxmox.api",
    "proxmox.node",
    "proxmox.vmid",
    "proxmox.token",
    "proxmox.token_file",
    "proxmox.ca_file",
    "proxy.ssh",
    "proxy.identity",
    "proxy.password_file",
    "forge.token_file",
    "application.docs",
    "probes.api_key_file",
]
"""What nobody sees from outside, and a comment asks for where it would help."""
BY_DEFAULT = [
    "host.identity",
    "host.ssh_config",
    "host.known_hosts",
    "domains.resolvers",
    "domains.also_redirect_to",
    "tls.ca_file",
    "network.outbound",
    "network.peers",
    "firewall.allowed",
    "firewall.allowed_udp",
    "firewall.forwarded",
    "firewall.lan_trusted",
    "database.through",
    "proxmox.ssh",
    "proxmox.newest_release",
    "proxmox.snapshot_days",
    "proxy.container",
    "proxy.ca_file",
    "proxy.renewal_hours",
    "forge.ca_file",
    "forge.checks.tests",
    "forge.checks.linters",
    "forge.checks.types",
    "forge.checks.migrations",
    "forge.paths",
    "forge.staging",
    "advisories.osv",
    "advisories.ca_file",
    "advisories.allowed",
    "advisories.accepted",
    "probes.staging_api_key_file",
    "probes.production",
    "probes.ticker",
    "maintenance.image_days",
    "requirements.cpus",
    "requirements.memory_gib",
    "requirements.disk_gib",
    "requirements.secret_length",
    "thresholds.pre_deployment",
    "thresholds.deployment_verification",
    "thresholds.post_deployment",
    "application.health_exposed",
    "browser.executable",
    "browser.routes",
    "browser.third_parties",
    "browser.settle_seconds",
    "evidence.attestations",
    "evidence.approved",
    "evidence.documents",
    "evidence.history",
    "evidence.incidents",
    "simulated",
    "relaxed",
    "profile",
    "timeout",
    "deadline",
]
"""What is the checklist's unless somebody decides otherwise, permits something, or knows more: it is never found, and never asked for."""


def test_each_key_is_found_asked_for_or_right_by_default() -> None:
    """Who adds a key says which of the three it is."""
    known = [re.sub(r"^hosts\.NAME\.", "host.", key) for key in keys(Settings)]
    told = [*FOUND, *ASKED_FOR, *BY_DEFAULT]
    assert sorted(told) == sorted(dict.fromkeys(told)), "one is named twice"
    assert {re.sub(r"^forge\.paths\..*", "forge.paths", key) for key in known} == set(told)


def test_what_is_said_to_be_found_is_what_the_modules_tell() -> None:
    """By the keys that stand in them: none is promised that nothing tells, and none is told that decides for people."""
    modules = (backups, forge, hypervisor, names, projects, proxy, vantages, whole)
    texts = "".join(Path(str(module.__file__)).read_text() for module in modules)
    stand = {*re.findall(r'(?:Found|Unseen)\(\s*f?"([a-z]+(?:\.[a-z_]+)?)"', texts)}
    stand |= {"domains.www", "domains.api"} if 'f"domains.{key}"' in texts else set()
    elsewhere = {"host.address", "host.user", "host.port"}
    """Said by whoever knows how the machine was called."""
    assert stand == {*FOUND, *ASKED_FOR} - elsewhere
