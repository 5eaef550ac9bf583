"""What the recorded lab tells of itself, beside what is declared of it."""

from __future__ import annotations

import tomllib

import pytest

from lab import recordings
from pytest_zebu.discovery.found import Found, Seen, Unseen
from pytest_zebu.discovery.whole import inside, outside, settled, to_ask
from pytest_zebu.facts.answer import Known, Reason, Unknown


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> tuple[Seen, ...]:
    evidence = recordings.evidence(recordings.read_healthy(), tmp_path_factory.mktemp("lab"))
    first = [*inside(evidence.fact)]
    return settled([*first, *outside(evidence.fact, to_ask(first))])


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
        "backups.retention_days", "forge.repository", "forge.api",
    }  # fmt: skip


def test_what_is_not_seen_says_how_it_is_had(seen: tuple[Seen, ...]) -> None:
    unseen = {one.key: one for one in seen if isinstance(one, Unseen)}
    assert unseen.keys() == {"domains.staging", "backups.copy", "forge.token_file"}
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


def test_names_that_lead_nowhere_are_no_addresses() -> None:
    (one,) = outside(lambda name: Known({}), {"site": "zebu.test", "www": "www.zebu.test", "api": "api.zebu.test"})
    assert isinstance(one, Unseen)
    assert one.key == "domains.addresses"
