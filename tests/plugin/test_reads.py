"""What a check reads of the settings, as its code says."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_zebu.catalogue import load
from pytest_zebu.plugin.checks import is_declared, suite
from pytest_zebu.plugin.reads import TOLD, keys_of
from pytest_zebu.settings import Settings
from pytest_zebu.settings.sections import Host
from pytest_zebu.settings.target import Target

TARGET = Target(name="vm", host=Host(), settings=Settings())


@pytest.mark.parametrize(("item", "keys"), [
    # of the check itself
    ("pre.security.secrets.secret-key", ("requirements.secret_length",)),
    # of a fact's looks, which depend on the settings, with a name of its own for a section
    ("pre.security.https.force-ssl", ("domains",)),
    # of the host's own
    ("pre.security.firewall.backend-not-exposed", ("firewall.lan_trusted", "hosts.NAME.public_address", "vantages")),
    # of what the far side is told
    ("pre.infrastructure.network", ("network.outbound", "network.peers")),
    # of where a service is, whose parts are not listed beside it
    ("pre.application.quality.tests", ("forge",)),
    # nothing
    ("post.maintenance.capacity.costs", ()),
])  # fmt: skip
def test_keys_are_found_where_they_are_read(item: str, keys: tuple[str, ...]) -> None:
    found = keys_of(item)
    assert found == keys


@pytest.mark.parametrize("item", sorted(suite()))
def test_each_is_a_key_that_the_settings_have(item: str) -> None:
    found = keys_of(item)
    for key in found:
        is_declared(TARGET, key.replace("hosts.NAME.", "host."))  # raises what is none
    assert list(found) == sorted(set(found))
    assert not [key for key in found if any(key.startswith(f"{other}.") for other in found)]


def test_keys_of_the_mending_are_among_them_for_most() -> None:
    known = [item.id for item in load() if keys_of(item.id)]
    assert len(known) > 75


def test_all_that_the_far_side_is_told_has_its_key(tmp_path: Path) -> None:
    settings = Settings.model_validate({
        "network": {"outbound": "https://example.org", "peers": ["192.0.2.9:22"]}, "domains": {"site": "example.org"},
        "backups": {"folder": "/backups", "pattern": "*.gz", "copy": "/copy"}, "forge": {"paths": {"tests": ["tests"]}},
        "evidence": {"documents": "/srv/docs"}, "proxmox": {"node": "pve", "vmid": 100}, "folder": tmp_path,
    })  # fmt: skip
    host = Host(project="zebu", app_directory="/opt/zebu")
    target = Target(name="vm", host=host, settings=settings)
    assert target.told.keys() == TOLD.keys()
    for key in TOLD.values():
        is_declared(target, key.replace("hosts.NAME.", "host."))
