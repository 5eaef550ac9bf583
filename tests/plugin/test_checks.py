"""What a check's docstring says, and that a fix asks for nothing that is declared."""

from __future__ import annotations

import re

import pytest

from pytest_zebu.plugin.checks import Prose, is_declared, prose, suite
from pytest_zebu.plugin.judge import decide
from pytest_zebu.settings import Settings
from pytest_zebu.settings.sections import Host
from pytest_zebu.settings.target import Target
from pytest_zebu.verdict.outcome import Outcome

NOTHING = Target(name="vm", host=Host(), settings=Settings())
ASKS = re.compile(r"zebu\.toml|\bdeclare|`(?:forge|backups|proxmox|domains|probes|hosts)\.\w+`")
DECLARING = [item for item, check in suite().items() if prose(check).declare]


def target(**settings: object) -> Target:
    return Target(name="vm", host=Host(), settings=Settings.model_validate(settings))


def test_sections_may_stand_in_any_number_of_lines() -> None:
    def check() -> None:
        """Why.

        Fix: do this,
            and that.
        Declare: backups.folder, or firewall.forwarded
        See: there.
        """

    assert prose(check) == Prose("Why.", "do this, and that.", "there.", ("backups.folder", "or firewall.forwarded"))


def test_what_is_missing_is_said_first_only_where_it_is_what_is_wrong() -> None:
    text = Prose("", "delete old dumps.", "", ("backups.retention_days",))
    assert text.mending(NOTHING, "backups.retention_days is not declared") == (
        "set `[backups] retention_days` in zebu.toml; delete old dumps."
    )
    assert text.mending(NOTHING, "job 1: keeps everything") == (
        "delete old dumps; then say so in zebu.toml: `[backups] retention_days`."
    )
    assert text.mending(target(backups={"retention_days": 7}), "dumps: too old") == "delete old dumps."


def test_another_way_is_offered_while_it_is_open() -> None:
    text = Prose("", "close it.", "", ("or firewall.forwarded",))
    assert text.mending(NOTHING, "8080") == "close it; or set `[firewall] forwarded` in zebu.toml."
    declared = target(
        firewall={"forwarded": [80, 443, 8443]},
        relaxed=[{"key": "firewall.forwarded", "reason": "a second site", "approver": "owner"}],
    )
    assert text.mending(declared, "8080") == "close it."


def test_a_key_of_the_host_is_the_hosts() -> None:
    text = Prose("", "reserve it", "", ("host.reserved_address",))
    assert text.mending(NOTHING, "") == "reserve it; then say so in zebu.toml: `[hosts.vm] reserved_address`"
    own = Target(name="vm", host=Host.model_validate({"reserved_address": "10.0.0.1"}), settings=Settings())
    assert text.mending(own, "") == "reserve it"


def test_a_key_may_go_by_the_name_that_files_use() -> None:
    assert is_declared(target(backups={"copy": "/mnt/nas"}), "backups.copy")
    assert not is_declared(NOTHING, "backups.copy")
    assert is_declared(target(forge={"checks": {"tests": ["unit"]}}), "forge.checks.tests")
    assert not is_declared(target(forge={"checks": {"tests": ["unit"]}}), "forge.checks.types")
    assert not is_declared(target(forge={"repository": "a/b"}), "forge.checks.types")


@pytest.mark.parametrize("item_id", DECLARING)
def test_what_is_to_be_declared_is_a_key_that_there_is(item_id: str) -> None:
    for key in prose(suite()[item_id]).declare:
        is_declared(NOTHING, key.removeprefix("or "))
    with pytest.raises(LookupError, match=r"no backups\.size"):
        is_declared(target(backups={"folder": "/x"}), "backups.size")


@pytest.mark.parametrize("item_id", sorted(suite()))
def test_no_fix_asks_for_a_declaration_in_passing(item_id: str) -> None:
    """It stands under `Declare:`, so that it is left out where it is declared."""
    found = {name for name in ASKS.findall(prose(suite()[item_id]).fix) if name != "`forge.staging`"}
    assert not found


def test_the_finding_carries_what_is_left_to_do() -> None:
    check = suite()["pre.database.backups.retention"]

    def unseen(**_: object) -> None:
        raise AssertionError("dumps: zebu.dump is 90 days old")

    unseen.__doc__ = check.__doc__
    for settings, asked in (({}, True), ({"retention_days": 7}, False)):
        finding, _ = decide(unseen, "pre.database.backups.retention", {}, None, target(backups=settings))
        assert finding.outcome is Outcome.FAILED
        assert ("retention_days" in finding.fix) is asked
        assert finding.fix.startswith("delete dumps")
