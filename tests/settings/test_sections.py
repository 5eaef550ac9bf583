"""Sections of the settings: what reaches a shell or ssh has no character of theirs."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from pytest_zebu.settings import Settings
from pytest_zebu.settings.sections import Domains

SIGNER = f"SHA256:{'A' * 43}"


@pytest.mark.parametrize(("domains", "origin", "names", "pages"), [
    ({}, None, (), ()), ({"site": "z.test"}, None, ("z.test",), ("https://z.test",)),
    ({"site": "z.test", "api": "same-origin"}, "https://z.test", ("z.test",), ("https://z.test",)),
    ({"site": "z.test", "www": "www.z.test", "api": "api.z.test"}, "https://api.z.test", ("z.test", "www.z.test", "api.z.test"), ("https://z.test", "https://www.z.test")),
    ({"site": "z.test", "www": "z.test"}, None, ("z.test",), ("https://z.test",)), ({"api": "same-origin"}, None, (), ()),
])  # fmt: skip
def test_names_and_origins(
    domains: dict[str, str], origin: str | None, names: tuple[str, ...], pages: tuple[str, ...]
) -> None:
    found = Domains.model_validate(domains)
    assert (found.api_origin, found.names, found.page_origins) == (origin, names, pages)


@pytest.mark.parametrize("settings", [
    {"hosts": {"vm": {"address": "-oProxyCommand=x"}}}, {"hosts": {"vm": {"user": "a b"}}}, {"hosts": {"vm": {"address": "a;b"}}}, {"hosts": {"vm": {"port": 65536}}},
    {"hosts": {"vm": {"app_directory": "opt/zebu"}}}, {"hosts": {"vm": {"project": "Zebu"}}}, {"domains": {"site": "zebu"}}, {"domains": {"site": "z.test/"}},
    {"domains": {"addresses": ["198.51.100.1/24"]}}, {"domains": {"resolvers": ["192.0.2.0/24"]}}, {"domains": {"addresses": ["localhost"]}}, {"domains": {"origin": "cdn"}}, {"domains": {"site": "same-origin"}}, {"network": {"peers": ["a:1;b"]}},
    {"network": {"outbound": "http://x/"}}, {"network": {"outbound": "https://x/$(id)"}}, {"backups": {"pattern": "a b"}}, {"backups": {"pattern": "$(id)"}},
    {"backups": {"folder": "x"}}, {"backups": {"copy": "-oX@h:/x"}}, {"backups": {"copy": "u@h:/x;id"}}, {"backups": {"retention_days": 0}},
    {"proxmox": {"node": "a/b"}}, {"proxmox": {"vmid": 99}}, {"proxmox": {"api": "ftp://x"}}, {"forge": {"paths": {"a": ["$(id)"]}}}, {"forge": {"repository": "a"}},
    {"probes": {"ticker": "ibm"}}, {"requirements": {"secret_length": 15}}, {"thresholds": {"post_deployment": 101}}, {"timeout": 0}, {"timeout": 601},
    {"vantages": [{"name": "a", "kind": "moon"}]}, {"vantages": [{"name": "a", "kind": "lan", "control": "10.0.0.1"}]}, {"browser": {"routes": ["x"]}},
    {"vantages": [{"name": "a", "kind": "internet", "signer": "SHA256:short"}]}, {"vantages": [{"name": "a", "kind": "lan", "signer": SIGNER}]},
    {"vantages": [{"name": "a", "kind": "internet", "signer": SIGNER, "source": "192.0.2.1"}]}, {"vantages": [{"name": "a", "kind": "internet", "look": "a.json"}]},
    {"vantages": [{"name": "a", "kind": "internet", "signer": SIGNER, "look_hours": 0}]}, {"vantages": [{"name": "a", "kind": "internet", "signer": SIGNER, "look_hours": 169}]},
    {"vantages": [{"name": "a", "kind": "internet", "signer": SIGNER}, {"name": "a", "kind": "lan"}]},
    {"vantages": [{"name": "my phone", "kind": "internet", "signer": SIGNER}]}, {"vantages": [{"name": "../a", "kind": "internet", "signer": SIGNER}]},
    {"profile": "tiny"}, {"relaxed": [{"key": "x", "reason": "no", "approver": "operations"}]}, {"evidence": {"documents": "docs"}}, {"maintenance": {"image_days": 0}},
])  # fmt: skip
def test_what_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate(settings)


@pytest.mark.parametrize("settings", [
    {"hosts": {"vm": {"address": "fe80::1%eth0", "user": "deploy", "port": 65535}}}, {"domains": {"addresses": ["::1", "198.51.100.0/24"], "origin": "10.0.0.1"}},
    {"network": {"peers": ["10.0.0.1:5432", "::1:80"]}}, {"backups": {"folder": "/var/my backups", "pattern": "*.dump", "copy": "u@nas:/b"}},
    {"vantages": [{"name": "a", "kind": "internet", "signer": SIGNER, "look": "a.json", "look_hours": 168, "control": "1.1.1.1:53"}]},
    {"backups": {"copy_to": "/mnt/nas"}}, {"proxmox": {"vmid": 100, "token": "a@pam!t"}}, {"timeout": 600}, {"requirements": {"secret_length": 32}},
])  # fmt: skip
def test_what_is_taken(settings: dict[str, Any]) -> None:
    assert Settings.model_validate(settings)


def test_names_are_as_browsers_write_them() -> None:
    assert Domains.model_validate({"site": "Zebu.Example.ORG"}).page_origins == ("https://zebu.example.org",)


def test_an_address_is_declared_by_itself_or_its_network() -> None:
    declared = Domains.model_validate({"addresses": ["192.0.2.1", "2001:DB8::/32"]})
    assert [declared.declares(one) for one in ("192.0.2.1", "192.0.2.2", "2001:db8::1")] == [True, False, True]


@pytest.mark.hostile("files")
@pytest.mark.parametrize("host", [
    {"address": "vm\n  ProxyCommand touch /tmp/owned"}, {"address": "vm\r"}, {"address": "vm name"}, {"address": "vm\"'"}, {"address": "vm$(id)"}, {"address": "-F/tmp/x"},
    {"address": "\u2010oProxyCommand=x"}, {"address": "x" * 256}, {"user": "root\n  ProxyCommand x"}, {"user": "-l"}, {"user": "%r"}, {"user": "root user"}, {"user": "ro\u0151t"},
    {"identity": "key\n  ProxyCommand touch /tmp/owned"}, {"identity": "%d/key"}, {"identity": "${HOME}/key"}, {"identity": 'a" "b'}, {"identity": "a\\"}, {"identity": "a\u2028b"},
    {"known_hosts": "hosts\r  ProxyCommand x"}, {"known_hosts": "%h"}, {"ssh_config": "a\0b"}, {"ssh_config": "x\"\n  ProxyCommand x"}, {"ssh_config": "\x1b[2J"},
    {"port": 0}, {"port": -1}, {"port": "22"}, {"port": True}, {"port": 22.0}, {"port": 10**30}, {"app_directory": "/opt\nx"}, {"project": "a\n"},
])  # fmt: skip
def test_nothing_in_a_host_is_an_option_or_a_line_of_sshs(host: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({"hosts": {"vm": host}})


@pytest.mark.hostile("files")
@pytest.mark.parametrize("settings", [
    {"hosts": {"a b": {}}}, {"hosts": {"a,b": {}}}, {"hosts": {"": {}}}, {"hosts": {"a\x1b[2J": {}}}, {"hosts": {"a\n": {}}},
    {"forge": {"api": "https://user:secret@forge.example"}}, {"forge": {"api": "javascript:alert(1)"}}, {"forge": {"api": "file:///etc/passwd"}},
    {"forge": {"api": "https://forge.example:99999"}}, {"forge": {"api": "https://[::1"}}, {"forge": {"api": "https://:443"}}, {"forge": {"api": "https://forge.example:0"}},
    {"proxmox": {"api": "https://[zz]:8006"}}, {"advisories": {"osv": "https://osv.example/\nHost: x"}}, {"network": {"outbound": "https://x:70000/"}}, {"network": {"peers": ["10.0.0.1:0"]}},
    {"network": {"peers": ["10.0.0.1:65536"]}}, {"vantages": [{"name": "a", "kind": "lan", "control": "x\n:5"}]}, {"vantages": [{"name": "a", "kind": "lan", "control": "$(id):5"}]},
    {"vantages": [{"name": "a", "kind": "lan", "control": "10.0.0.1:\u0661"}]}, {"vantages": [{"name": "a", "kind": "lan", "source": "eth0; id"}]}, {"vantages": [{"name": "a", "kind": "lan", "source": "-I"}]},
    {"timeout": float("nan")}, {"timeout": float("inf")}, {"timeout": -1}, {"timeout": "30"}, {"timeout": True}, {"timeout": 10**400}, {"proxy": {"renewal_hours": float("inf")}},
    {"requirements": {"cpus": True}}, {"requirements": {"cpus": "4"}}, {"requirements": {"cpus": 4.0}}, {"requirements": {"disk_gib": float("nan")}}, {"firewall": {"lan_trusted": "yes"}}, {"firewall": {"lan_trusted": 1}},
    {"simulated": ["x" * 5000]}, {"browser": {"routes": ["/a\nb"]}}, {"browser": {"settle_seconds": float("nan")}},
    {"advisories": {"accepted": [{"id": "x", "reason": "for now", "approver": "ops", "until": "9999-12-31"}]}},
    {"advisories": {"accepted": [{"id": "x", "reason": "for now", "approver": "ops", "until": 1700000000}]}},
    {"__proto__": {}}, {"__class__": {}}, {"model_config": {}}, {"hosts": {"vm": {"__init__": 1}}},
], ids=lambda settings: repr(settings)[:60])  # fmt: skip
def test_what_a_strangers_settings_may_not_say(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate(settings)


@pytest.mark.hostile("secrets")
def test_an_error_shows_no_value() -> None:
    with pytest.raises(ValidationError) as error:
        Settings.model_validate({"forge": {"api": "https://user:Zq8vT1xWm3@forge.example", "token": "Zq8vT1xWm3"}})
    assert "Zq8vT1xWm3" not in str(error.value)


@pytest.mark.parametrize("day", ["2026-11-24", date(2026, 11, 24)])
def test_a_day_is_one_of_toml_or_a_text(day: object) -> None:
    given = {"id": "x", "reason": "for now", "approver": "ops", "until": day}
    declared = Settings.model_validate({"advisories": {"accepted": [given]}})
    assert declared.advisories.accepted[0].until == date(2026, 11, 24)
