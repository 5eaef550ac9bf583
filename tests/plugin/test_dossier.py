"""What a report knows besides outcomes."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from pytest_zebu.catalogue import SCORED, THRESHOLDS, Source, Stage, load
from pytest_zebu.facts.answer import Known, Reason, Unknown
from pytest_zebu.memory.history import Past, PastRun
from pytest_zebu.people.attestations import Attestation, NotApplicable, Records, Standing, Waiver
from pytest_zebu.plugin import dossier
from pytest_zebu.plugin.dossier import MOST_RUNS, SOURCES, Basis, completed, with_past, with_sources, with_words
from pytest_zebu.plugin.reporting import host_report
from pytest_zebu.reports.report import Change, HostReport, Seen
from pytest_zebu.settings import Settings
from pytest_zebu.verdict.outcome import Case, Finding, Outcome
from pytest_zebu.verdict.readiness import Readiness, assess
from pytest_zebu.verdict.settle import settle
from tests.reports import eight_faults

CATALOGUE = load()
IDS = [item.id for item in CATALOGUE]
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TODAY = NOW.date()
PASSED, FAILED, UNSEEN = Outcome.PASSED, Outcome.FAILED, Outcome.NOT_ASSESSED


def made(found: dict[str, Finding | Outcome] | None = None, selected: list[str] | None = None) -> HostReport:
    """A report of a host where all passed, but for some."""
    found = found or {}
    findings = [
        one if isinstance(one := found.get(item, PASSED), Finding) else Finding(item, one) for item in selected or IDS
    ]
    readiness = assess(CATALOGUE, findings, selected or IDS)
    return host_report("vm", CATALOGUE, readiness, Settings(), None, NOW, "v2")


def run_at(days: float, found: dict[str, Outcome] | None = None, **other: object) -> PastRun:
    outcomes = {**dict.fromkeys(IDS, PASSED), **(found or {})}
    return replace(PastRun(NOW - timedelta(days=days), "v1", False, outcomes, {}), **other)


# From where


def test_every_source_has_words() -> None:
    assert set(SOURCES) == set(Source.__args__)  # type: ignore[attr-defined]
    assert {kind for item in CATALOGUE for kind in item.by} <= set(SOURCES)


def test_looks_from_outside_name_their_vantages() -> None:
    settings = Settings.model_validate({
        "vantages": [{"name": "home", "kind": "lan"}, {"name": "internet", "kind": "internet"}]
    })  # fmt: skip
    host = with_sources(made(), settings)
    assert host.by_id["pre.security.ssh.key-auth"].sources == (
        "the machine", "outside, from home (lan), internet",
    )  # fmt: skip
    assert with_sources(made(), Settings()).by_id["deploy.network.domain"].sources == ("outside",)


def test_what_was_seen_has_its_place_where_the_text_names_one() -> None:
    services = Finding(
        "deploy.initial.services-healthy",
        PASSED,
        evidence=("api: running",),
        cases=(Case("api", PASSED, "", ("running",)),),
    )
    secret = Finding(
        "pre.security.secrets.secret-key",
        PASSED,
        evidence=(
            "from home, 10.0.0.1: 22 answers",
            "from mars, 10.0.0.1: 22 answers",
            "db publishes 0.0.0.0:1->1",
            "x",
        ),
        cases=(
            Case(".env", PASSED, "", ("64 characters",)),
            Case("running api", PASSED, "", ("64 characters",)),
            Case("running database", PASSED, "", ("64 characters",)),
            Case("container:db", PASSED, "", ("64 characters",)),
            Case("a document", PASSED, "", ("docs/rollback.md: 91 words",)),
            Case("dumps", PASSED, "", ("2 in /var/backups/zebu, 7 days",)),
            Case("api", PASSED, "", ("64 characters",)),
        ),
    )
    settings = Settings.model_validate({"vantages": [{"name": "home", "kind": "lan"}]})
    host = with_sources(made({services.item: services, secret.item: secret}), settings)
    places = [(one.case, one.place) for one in host.by_id[secret.item].seen]
    assert places == [
        ("", "from home (lan)"), ("", ""), ("", "container db"), ("", ""), (".env", ".env"), ("running api", "container api"),
        ("running database", ""), ("container:db", "container db"), ("a document", "docs/rollback.md"),
        ("dumps", "/var/backups/zebu"), ("api", "container api"),
    ]  # fmt: skip
    assert host.by_id[services.item].seen[-1] == Seen("running", "api", "container api")


def test_all_evidence_is_among_what_was_seen() -> None:
    for item in eight_faults.report().hosts[0].items:
        texts = {f"{one.case}: {one.text}" if one.case else one.text for one in item.seen}
        assert set(item.evidence) == texts


# Who


def standing(item: str, **other: object) -> Standing:
    record = Attestation.model_validate({
        "id": item, "statement": "It was seen.", "by": "operations", "on": date(2026, 2, 1), "approver": "security",
        "evidence": [{"url": "https://wiki.example.org/seen"}], **other,
    })  # fmt: skip
    return Standing(record, date(2026, 4, 1))


def waiver(item: str, **other: object) -> Waiver:
    return Waiver.model_validate({
        "id": item, "reason": "too small yet", "approver": "owner", "from": date(2026, 2, 1), "until": date(2026, 5, 1), **other,
    })  # fmt: skip


ITEM, OTHER, THIRD = "deploy.backend.docs", "post.monitoring.logs.alerts", "pre.security.application.rate-limit"
RECORDS = Records(
    {ITEM: standing(ITEM)},
    {OTHER: (waiver(OTHER),)},
    {THIRD: NotApplicable(id=THIRD, reason="no users", approver="owner")},
)


def test_whose_word_it_is_and_until_when() -> None:
    host = made({ITEM: Outcome.ATTESTED, OTHER: Outcome.WAIVED, THIRD: Outcome.NOT_APPLICABLE})
    items = with_words(host, RECORDS, TODAY).by_id
    attested, waived, excluded = (items[item].word for item in (ITEM, OTHER, THIRD))
    assert attested is not None
    assert waived is not None
    assert excluded is not None
    assert (attested.kind, attested.by, attested.statement, attested.approver) == (
        "attested", "operations", "It was seen.", "security",
    )  # fmt: skip
    assert (attested.on, attested.until) == (date(2026, 2, 1), date(2026, 4, 1))
    assert attested.evidence == ("https://wiki.example.org/seen",)
    assert (waived.kind, waived.by, waived.on, waived.until) == ("waived", "owner", date(2026, 2, 1), date(2026, 5, 1))
    assert (excluded.kind, excluded.by, excluded.until) == ("not applicable", "owner", None)


def test_a_word_that_does_not_count_is_not_shown_as_one() -> None:
    host = with_words(made({ITEM: FAILED, OTHER: PASSED}), RECORDS, TODAY)
    assert host.by_id[ITEM].word is None  # the machine failed it, whatever was attested
    assert host.by_id[OTHER].word is None
    against = dataclasses.replace(RECORDS, attestations={ITEM: standing(ITEM, result="failed")})
    word = with_words(made({ITEM: FAILED}), against, TODAY).by_id[ITEM].word
    assert word is not None


def test_what_a_word_is_bound_to() -> None:
    records = Records(
        {ITEM: standing(ITEM, about="postgres 16")}, {OTHER: (waiver(OTHER, cases=["redis", "db"]),)}
    )  # fmt: skip
    waived = Finding(OTHER, Outcome.WAIVED, cases=(Case("redis", FAILED, "is old"), Case("db", PASSED)))
    items = with_words(made({ITEM: Outcome.ATTESTED, OTHER: waived}), records, TODAY).by_id
    words = [items[item].word for item in (ITEM, OTHER)]
    assert [word.bound_to for word in words if word] == [("postgres 16",), ("redis", "db")]


def test_an_item_whose_cases_several_accept_is_waived_while_all_of_them_hold() -> None:
    mine = waiver(OTHER, cases=["redis"])
    yours = waiver(
        OTHER, cases=["db"], reason="is replaced soon", approver="security", until=date(2026, 4, 1), **{"from": TODAY}
    )
    needless = waiver(OTHER, cases=["backend"], approver="nobody", until=date(2026, 3, 2))
    found = Finding(OTHER, Outcome.WAIVED, cases=(Case("redis", FAILED, "x"), Case("db", UNSEEN, "x")))
    word = with_words(made({OTHER: found}), Records({}, {OTHER: (mine, yours, needless)}), TODAY).by_id[OTHER].word
    assert word is not None
    assert (word.by, word.statement) == ("owner, security", "too small yet; is replaced soon")
    assert (word.on, word.until, word.bound_to) == (TODAY, date(2026, 4, 1), ("redis", "db"))
    both = with_words(made({OTHER: found}), Records({}, {OTHER: (mine, waiver(OTHER), yours)}), TODAY).by_id[OTHER].word
    assert both is not None
    assert (both.by, both.until, both.bound_to) == ("owner", date(2026, 5, 1), ())


def test_a_waiver_that_covers_less_than_fails_is_said_to_have_lapsed() -> None:
    """As it was settled: the records alone do not tell, as it holds for the case that it is bound to."""
    records = Records({}, {OTHER: (waiver(OTHER, cases=["redis"]),)})
    found = settle(
        CATALOGUE[OTHER],
        Finding(OTHER, FAILED, "redis: x; db: y", cases=(Case("redis", FAILED, "x"), Case("db", FAILED, "y"))),
        records.declared(OTHER, TODAY),
        "standard",
    )
    item = with_words(made({OTHER: found}), records, TODAY, [found]).by_id[OTHER]
    assert item.word is None
    assert item.lapsed == "the waiver by owner covers redis only: db fails too"


def test_a_word_that_ran_out_cannot_be_missed() -> None:
    late = date(2026, 6, 1)
    host = with_words(made({ITEM: UNSEEN, OTHER: FAILED}), RECORDS, late)
    assert [item.item for item in host.lapsed] == [ITEM, OTHER]
    assert host.by_id[ITEM].lapsed == "the attestation by operations expired on 2026-04-01"
    assert with_words(made(), RECORDS, late).lapsed == ()  # what the machine passes needs no word


# Since when


def past(*runs: PastRun, host: HostReport | None = None) -> HostReport:
    return with_past(host or made({ITEM: FAILED}), Past(runs), CATALOGUE, THRESHOLDS)


def test_since_when_an_item_is_so() -> None:
    host = past(run_at(4, {ITEM: FAILED}), run_at(3), run_at(2, {ITEM: FAILED}), run_at(1, {ITEM: FAILED}))
    assert host.by_id[ITEM].since == NOW - timedelta(days=2)
    assert host.by_id[OTHER].since == NOW - timedelta(days=4)
    assert past(run_at(1)).by_id[ITEM].since == NOW
    assert past().by_id[ITEM].since is None


def test_a_run_that_did_not_judge_it_says_nothing_of_it() -> None:
    partial = replace(run_at(1), outcomes={OTHER: PASSED}, is_partial=True)
    host = past(run_at(2, {ITEM: FAILED}), partial)
    assert host.by_id[ITEM].since == NOW - timedelta(days=2)


def test_what_was_not_judged_has_no_since() -> None:
    host = past(run_at(1), host=made({}, [ITEM]))
    assert host.by_id[OTHER].since is None
    assert host.by_id[ITEM].since == NOW - timedelta(days=1)


def test_the_trend_ends_with_this_run() -> None:
    host = past(run_at(2), run_at(1, {ITEM: FAILED, OTHER: FAILED}))
    assert [point.at for point in host.trend] == [NOW - timedelta(days=2), NOW - timedelta(days=1), NOW]
    assert [point.scores[Stage.DEPLOY] for point in host.trend] == [100.0, 96.9, 96.9]
    assert [Stage.DEPLOY in point.ready for point in host.trend] == [True, False, False]
    assert [point.version for point in host.trend] == ["v1", "v1", "v2"]
    assert host.trend[-1].scores == {stage: host.stages[stage].score_with_waivers for stage in SCORED}


def test_the_trend_is_bounded_and_marks_what_is_partial() -> None:
    runs = [run_at(500 - number) for number in range(400)]
    host = past(*runs, replace(run_at(0.5), outcomes={ITEM: PASSED}))
    assert len(host.trend) == MOST_RUNS
    assert [point.is_partial for point in host.trend[-2:]] == [True, False]
    assert host.trend[-2].scores[Stage.PRE] is None


def test_an_item_that_the_checklist_has_no_more_is_left_out() -> None:
    host = past(replace(run_at(1), outcomes={**run_at(1).outcomes, "gone.for.good": FAILED}))
    assert host.trend[0].scores[Stage.PRE] == 100.0


def test_thresholds_are_todays() -> None:
    host = with_past(
        made({ITEM: FAILED}), Past((run_at(1, {ITEM: FAILED}),)), CATALOGUE, {**THRESHOLDS, Stage.DEPLOY: 90}
    )
    assert Stage.DEPLOY in host.trend[0].ready


def test_what_many_runs_found_alike_is_reckoned_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is never ready is looked for through all its runs."""
    reckoned: list[object] = []

    def counted(*given: Any) -> Readiness:
        reckoned.append(given)
        return assess(*given)

    monkeypatch.setattr(dossier, "assess", counted)
    runs = [run_at(200 - number, {ITEM: FAILED} if number % 2 else {ITEM: UNSEEN}) for number in range(200)]
    host = past(*runs)
    assert host.ready_at is None
    assert len(reckoned) == 2
    points = [past(run).trend[0] for run in runs[-(MOST_RUNS - 1) :]]
    assert [*host.trend[:-1]] == points


def test_what_changed_since_all_was_ready() -> None:
    host = past(run_at(3), run_at(2, {OTHER: FAILED, ITEM: FAILED}), replace(run_at(1), is_partial=True))
    assert host.ready_at == NOW - timedelta(days=3)
    assert host.changes_since_ready == (Change(ITEM, PASSED, FAILED),)


def test_who_is_ready_now_has_no_changes_since() -> None:
    host = past(run_at(3), host=made())
    assert (host.ready_at, host.changes_since_ready) == (NOW, ())


def test_what_never_was_ready() -> None:
    host = past(run_at(3, {ITEM: FAILED}))
    assert (host.ready_at, host.changes_since_ready) == (None, ())


# All of it


def basis(past: Known[Past] | Unknown) -> Basis:
    findings = [Finding(item, FAILED if item == ITEM else PASSED, "x") for item in IDS]
    return Basis(CATALOGUE, assess(CATALOGUE, findings, IDS), Settings(), RECORDS, TODAY, past, "pytest --zebu-host=vm")


def test_a_part_that_breaks_takes_no_other_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    said = []

    @contextmanager
    def guarded(what: str) -> Iterator[None]:
        try:
            yield
        except ZeroDivisionError:
            said.append(what)

    monkeypatch.setattr(dossier, "with_plan", lambda *_: 1 / 0)
    host = completed(made({ITEM: FAILED}), basis(Known(Past(()))), guarded)
    assert said == ["what to do next on vm is not told"]
    assert host.plan == ()
    assert host.by_id[ITEM].sources
    assert len(host.trend) == 1


def test_a_consequence_points_to_its_cause_and_is_heeded_like_it() -> None:
    root, other = "deploy.initial.services-healthy", "deploy.redis.running"
    found = [
        Finding(root, FAILED, "redis: is exited", "start it", (), (Case("redis", FAILED, "is exited"),)),
        Finding(other, FAILED, "redis: is exited", "look at its volume", (), (Case("redis", FAILED, "is exited"),)),
        Finding(ITEM, FAILED, "x", "its own", (), (Case("x", FAILED, "x"),)),
    ]
    known = {one.item: one for one in found}
    readiness = assess(CATALOGUE, [known.get(item, Finding(item, PASSED)) for item in IDS], IDS)
    host = host_report("vm", CATALOGUE, readiness, Settings(), None, NOW, "v2")
    items = dossier.with_plan(host, Basis(CATALOGUE, readiness, Settings(), RECORDS, TODAY, Known(Past(())))).by_id
    assert items[other].fix == "mend first: Get running and healthy: redis (deploy.initial.services-healthy)"
    assert items[other].caution == items[root].caution != ""
    assert (items[root].fix, items[ITEM].fix) == ("start it", "its own")


def test_a_history_that_cannot_be_read_leaves_the_rest() -> None:
    host = completed(made({ITEM: FAILED}), basis(Unknown(Reason.GARBLED, "no database")))
    assert host.trend == ()
    assert len(host.plan) == 1
    assert host.profile == "standard"


def test_the_lab_with_eight_faults_has_all_of_it() -> None:
    host = eight_faults.report().hosts[0]
    assert [cause.key for cause in host.causes] == [
        "certificate of zebu.test", "pre.security.firewall.backend-not-exposed", "service redis",
    ]  # fmt: skip
    assert [len(cause.all_items) for cause in host.causes] == [11, 2, 6]
    planned = [item for step in host.plan for item in step.items]
    assert sorted(planned) == sorted(item.item for item in (*host.failed, *host.unseen))
    assert [effect.stage for step in host.plan for effect in step.effect if effect.makes_ready] == [
        Stage.PRE, Stage.POST, Stage.DEPLOY,
    ]  # fmt: skip
    assert {item.item for item in host.items if item.cause} == {
        item for cause in host.causes for item in cause.consequences
    }
    assert all(bool(item.opening) is (item.outcome is UNSEEN) for item in host.items)
    pointed = {item.item for item in host.items if item.fix.startswith("mend first: ")}
    assert pointed == {
        item for cause in host.causes if cause.title for item in cause.all_items if item != cause.root
    }  # fmt: skip
    page = host.by_id["deploy.performance.page-load"]
    assert page.fix == "mend first: Serve a valid certificate for zebu.test (pre.security.https.certificate)"
    assert "certbot certonly -d zebu.test" in host.by_id["pre.security.https.certificate"].fix
    assert host.plan[0].fix == host.by_id["pre.security.https.certificate"].fix
    # Items of which each says the same of a thing are mended in the same way.
    assert "8000" in host.by_id["pre.security.firewall.backend-not-exposed"].fix
    assert "port 8000" in host.by_id["pre.security.firewall.required-ports-only"].fix
    assert host.by_id["pre.security.ssh.no-passwords"].caution
    assert not host.by_id["pre.security.ssh.key-auth"].caution  # it passes: nothing is to be mended
    assert len(host.trend) == 4
    assert host.ready_at == host.trend[-2].at
    assert {change.item for change in host.changes_since_ready} >= {item.item for item in host.failed}
    words = {item.item for item in host.items if item.word}
    assert words >= {item.item for item in host.items if item.outcome is Outcome.ATTESTED}
