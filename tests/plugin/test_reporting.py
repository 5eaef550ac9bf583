"""From findings to the report, without a run."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pytest_zebu.catalogue import SCORED, Stage, load
from pytest_zebu.facts.elsewhere import marked
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.gather.snapshot import Snapshot
from pytest_zebu.plugin.reporting import categories, host_report, item_report
from pytest_zebu.reports.report import Access, Change, HostReport
from pytest_zebu.settings import Settings
from pytest_zebu.verdict.outcome import Case, Finding, Outcome
from pytest_zebu.verdict.readiness import assess

CATALOGUE = load()
STARTED = datetime(2026, 3, 1, 12, tzinfo=UTC)
SSH = Finding(
    "deploy.initial.ssh",
    Outcome.FAILED,
    "refused",
    "start sshd",
    ("port 22", "vm: closed"),
    (Case("vm", Outcome.FAILED, "refused", ("closed",)),),
    pictures=(("a page", "AAAA"),),
    why="nobody gets in",
    see="sshd(8)",
)
BROKEN = Finding("deploy.backend.api", Outcome.NOT_ASSESSED, "the check itself broke", broken=True)
DOCS = Finding("deploy.backend.docs", Outcome.WAIVED, "soon")


def made(snapshot: Snapshot | None = None, selected: tuple[str, ...] = (SSH.item, BROKEN.item)) -> HostReport:
    settings = Settings.model_validate({
        "requirements": {"cpus": 2},
        "relaxed": [{"key": "requirements.cpus", "reason": "small", "approver": "operations"}],
        "simulated": ["code forge"],
    })  # fmt: skip
    readiness = assess(CATALOGUE, [SSH, BROKEN, DOCS], selected, settings.thresholds.by_stage)
    changes = [(SSH.item, Outcome.PASSED, Outcome.FAILED), (DOCS.item, Outcome.FAILED, Outcome.WAIVED)]
    return host_report(
        "vm", CATALOGUE, readiness, settings, snapshot, STARTED, version="v1", since=STARTED, changes=changes
    )


def test_every_item_is_there_in_the_checklists_order() -> None:
    host = made()
    assert [item.item for item in host.items] == [item.id for item in CATALOGUE]
    assert [item.item for item in host.selected] == [SSH.item, BROKEN.item]
    assert [item.item for item in host.failed] == [SSH.item, BROKEN.item]
    assert host.unseen == host.declared == ()


def test_an_item_has_what_its_finding_and_the_catalogue_say() -> None:
    item = CATALOGUE[SSH.item]
    found = item_report(item, SSH)
    assert (found.item, found.text, found.stage, found.category, found.group) == (
        item.id, item.text, Stage.DEPLOY, item.category, item.group,
    )  # fmt: skip
    assert (found.optional, found.conditional, found.non_negotiable) == (
        item.optional, item.conditional, item.non_negotiable,
    )  # fmt: skip
    for name in ("outcome", "reason", "why", "fix", "see", "evidence", "cases", "pictures", "broken"):
        assert getattr(found, name) == getattr(SSH, name), name
    assert found.is_selected
    assert found.evidence_besides == ("port 22",)
    assert item_report(CATALOGUE[BROKEN.item], BROKEN).broken
    assert item_report(CATALOGUE["pre.security.firewall.enabled"], SSH).non_negotiable


def test_categories_add_up_to_the_stages() -> None:
    host = made()
    for stage in SCORED:
        mine = [one for one in host.categories if one.stage is stage]
        assert sum(one.total for one in mine) == host.stages[stage].total == len(CATALOGUE.stage(stage))
        for outcome in Outcome:
            assert sum(one.counts[outcome] for one in mine) == host.stages[stage].counts[outcome]
    assert len(host.categories) == len({(item.stage, item.category) for item in CATALOGUE if item.stage in SCORED})
    assert categories(()) == ()


def test_nothing_gathered_is_dated_by_the_runs_beginning() -> None:
    host = made()
    assert (host.at, host.access) == (STARTED, Access())
    assert (host.access.gathered, host.access.reachable, host.access.trouble) == (False, False, "nothing was gathered")


@pytest.mark.parametrize(("reachable", "trouble"), [(True, ""), (False, "Permission denied")])
def test_what_was_gathered_is_dated_by_the_host(reachable: bool, trouble: str) -> None:
    moment = datetime(2026, 3, 2, 3, 4, 5, tzinfo=UTC)
    gathered = Gathered(answers={}, looks={}, time=moment.timestamp())
    host = made(Snapshot("vm", gathered, reachable, trouble, 1, 2, 3.5))
    assert host.at == moment
    assert host.access == Access(True, reachable, trouble, 1, 2, 3.5)


def test_what_another_machine_saw_says_nothing_of_what_works_here() -> None:
    tls: dict[str, object] = {"at": {"192.0.2.7": {"refused": ""}}}
    ports = {"open": {}, "silent": [], "control": True, "trouble": ""}
    looks = {"tls@here zebu.test": tls, "tcp@phone ports": ports}

    def works(looks: dict[str, object]) -> list[str]:
        gathered = Gathered(answers={}, looks=looks, time=STARTED.timestamp())
        return [check.name for check in made(Snapshot("vm", gathered, False, "no")).preflight]

    assert works({**looks}) == ["names", "network"]
    assert works({key: marked(seen, "phone", STARTED.timestamp()) for key, seen in looks.items()}) == []


def test_relaxed_simulated_and_changed() -> None:
    host = made()
    assert [(one.key, one.checklist, one.declared) for one in host.relaxations] == [("requirements.cpus", "4", "2")]
    assert host.simulated == ("code forge",)
    assert host.since == STARTED
    assert host.changes[0] == Change(SSH.item, Outcome.PASSED, Outcome.FAILED)
    assert [change.is_worse for change in host.changes] == [True, False]
    assert not host.ready
    assert host.selected_stages == (Stage.DEPLOY,)
