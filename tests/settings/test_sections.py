"""Sections of the settings: what reaches a shell or ssh has no character of theirs."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from pytest_zebu.settings import Settings
from pytest_zebu.settings.sections import Domains


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
    {"profile": "tiny"}, {"relaxed": [{"key": "x", "reason": "no", "approver": "operations"}]}, {"evidence": {"documents": "docs"}}, {"maintenance": {"image_days": 0}},
])  # fmt: skip
def test_what_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate(settings)


@pytest.mark.parametrize("settings", [
    {"hosts": {"vm": {"address": "fe80::1%eth0", "user": "deploy", "port": 65535}}}, {"domains": {"addresses": ["::1", "198.51.100.0/24"], "origin": "10.0.0.1"}},
    {"network": {"peers": ["10.0.0.1:5432", "::1:80"]}}, {"backups": {"folder": "/var/my backups", "pattern": "*.dump", "copy": "u@nas:/b"}},
    {"backups": {"copy_to": "/mnt/nas"}}, {"proxmox": {"vmid": 100, "token": "a@pam!t"}}, {"timeout": 600}, {"requirements": {"secret_length": 32}},
])  # fmt: skip
def test_what_is_taken(settings: dict[str, Any]) -> None:
    assert Settings.model_validate(settings)


def test_names_are_as_browsers_write_them() -> None:
    assert Domains.model_validate({"site": "Zebu.Example.ORG"}).page_origins == ("https://zebu.example.org",)


def test_an_address_is_declared_by_itself_or_its_network() -> None:
    declared = Domains.model_validate({"addresses": ["192.0.2.1", "2001:DB8::/32"]})
    assert [declared.declares(one) for one in ("192.0.2.1", "192.0.2.2", "2001:db8::1")] == [True, False, True]
