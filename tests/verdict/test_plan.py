"""What to do next, reckoned by hand from small tallies."""

from __future__ import annotations

import shlex
from fnmatch import fnmatchcase

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_zebu.catalogue import SCORED, THRESHOLDS, Stage, load
from pytest_zebu.plugin.checks import prose, suite
from pytest_zebu.verdict.causes import causes
from pytest_zebu.verdict.cautions import KEEP_A_SESSION
from pytest_zebu.verdict.openings import openings
from pytest_zebu.verdict.outcome import Finding, Outcome
from pytest_zebu.verdict.plan import (
    BEFORE,
    MOST_COMMANDS,
    MOST_NAMED,
    Cause,
    Effect,
    Opening,
    OpeningKind,
    Step,
    StepKind,
    _Candidate,
    _first_of_all,
    commands,
    plan,
    verification,
)
from pytest_zebu.verdict.readiness import Readiness, assess

CATALOGUE = load()
IDS = [item.id for item in CATALOGUE]
FAILED, UNSEEN, PASSED, WAIVED = Outcome.FAILED, Outcome.NOT_ASSESSED, Outcome.PASSED, Outcome.WAIVED
PLAIN = {
    stage: [item.id for item in CATALOGUE.stage(stage) if not item.non_negotiable and not item.optional]
    for stage in Stage
}
HARD = {stage: [item.id for item in CATALOGUE.stage(stage) if item.non_negotiable] for stage in SCORED}


def state(found: dict[str, Finding | Outcome], selected: list[str] | None = None) -> Readiness:
    """All passed, but for some."""
    findings = [
        one if isinstance(one := found.get(item, PASSED), Finding) else Finding(item, one, fix="`systemctl reload x`")
        for item in (selected or IDS)
    ]
    return assess(CATALOGUE, findings, selected or IDS)


def steps(readiness: Readiness, *causes: Cause, opened: tuple[Opening, ...] = ()) -> tuple[Step, ...]:
    return plan(CATALOGUE, readiness, causes, opened, "pytest --zebu-host=vm")


def test_where_all_is_well_there_is_nothing_to_do() -> None:
    assert steps(state({})) == ()
    assert steps(state(dict.fromkeys(PLAIN[Stage.PRE][:3], WAIVED))) == ()


def test_one_item_of_a_stage_that_needs_all() -> None:
    item = PLAIN[Stage.DEPLOY][0]
    (step,) = steps(state({item: FAILED}))
    assert (step.kind, step.items, step.title) == (StepKind.MEND, (item,), CATALOGUE[item].text)
    assert step.effect == (Effect(Stage.DEPLOY, 1, 100.0, makes_ready=True),)
    assert step.gain == "Deployment verification 96.9 % -> 100 %, which makes it READY"
    assert step.verify == f"pytest --zebu-host=vm -k '[{item}]'"
    assert step.commands == ("systemctl reload x",)


def test_scores_are_reckoned_with_the_steps_before() -> None:
    first, second = PLAIN[Stage.DEPLOY][:2]
    one, two = steps(state({first: FAILED, second: FAILED}))
    # 31 of 33 are 93.9, 32 are 96.9 (never rounded up).
    assert [effect.score for step in (one, two) for effect in step.effect] == [96.9, 100.0]
    assert one.gain == "Deployment verification 93.9 % -> 96.9 %"
    assert two.gain == "with the steps above: Deployment verification 96.9 % -> 100 %, which makes it READY"
    assert not one.effect[0].makes_ready
    assert two.effect[0].makes_ready


def test_a_stage_is_ready_at_its_threshold_and_not_before() -> None:
    """73 items of which one is optional: with 8 failed 65 of 73 pass, 89.0 %; with 7, 90.4 %."""
    items = PLAIN[Stage.PRE][:9]
    found = steps(state(dict.fromkeys(items, FAILED)))
    assert [step.effect[0].makes_ready for step in found] == [False, True, *[False] * 7]
    assert [step.effect[0].score for step in found[:3]] == [89.0, 90.4, 91.7]
    assert found[1].gain == "with the steps above: Pre deployment 89 % -> 90.4 %, which makes it READY"
    assert found[2].gain == "with the steps above: Pre deployment 90.4 % -> 91.7 % (READY by then)"


def test_each_score_starts_where_the_step_before_left_it() -> None:
    pre, deploy = PLAIN[Stage.PRE], PLAIN[Stage.DEPLOY]
    readiness = state(dict.fromkeys([*pre[:9], *deploy[:3]], FAILED))
    now = {stage: tally.score_with_waivers for stage, tally in readiness.stages.items()}
    for step in steps(readiness, Cause("a", "a", (pre[0], deploy[0]), root=pre[0])):
        for effect in step.effect:
            assert f"{effect.stage.label} {now[effect.stage]:g} % -> {effect.score:g} %" in step.gain
            now[effect.stage] = effect.score


def test_what_was_ready_before_is_so_already() -> None:
    (step,) = steps(state({PLAIN[Stage.POST][0]: FAILED}))
    assert step.gain == "Post deployment 98 % -> 100 % (READY already)"


def test_steps_of_other_stages_are_no_steps_that_a_gain_rests_on() -> None:
    first, second = steps(state({PLAIN[Stage.DEPLOY][0]: FAILED, PLAIN[Stage.POST][0]: FAILED}))
    assert not first.gain.startswith("with")
    assert not second.gain.startswith("with")


def test_what_is_non_negotiable_comes_first_whatever_the_score() -> None:
    hard, plain = HARD[Stage.POST][0], PLAIN[Stage.DEPLOY][0]
    found = steps(state({hard: FAILED, plain: FAILED}))
    assert [step.items for step in found] == [(hard,), (plain,)]
    assert found[0].blockers == (hard,)
    assert found[0].gain == "Post deployment 98 % -> 100 %, which makes it READY, 1 non-negotiable closed"
    assert found[0].effect[0].makes_ready


def test_stages_come_in_order_and_greater_steps_first() -> None:
    pre, deploy, post = (PLAIN[stage] for stage in SCORED)
    found = steps(
        state(dict.fromkeys([*pre[:9], *deploy[:3], *post[:12]], FAILED)),
        Cause("a", "a", (deploy[0], deploy[1])),
        Cause("b", "b", tuple(post[:6])),
    )
    stages = [CATALOGUE[step.items[0]].stage for step in found]
    # Two of Pre deployment's nine, then what the others lack, then the rest.
    assert stages[:2] == [Stage.PRE, Stage.PRE]
    assert [step.items for step in found[2:4]] == [(deploy[0], deploy[1]), (deploy[2],)]
    assert found[4].items == tuple(post[:6])
    assert found[4].effect[0].makes_ready
    assert found[4].gain == "Post deployment 76.4 % -> 88.2 %, which makes it READY"


def test_a_cause_is_one_step_with_all_its_items() -> None:
    root, other, hidden = "deploy.initial.services-healthy", "deploy.redis.running", "deploy.redis.cache"
    cause = Cause("service redis", "redis: is exited", (root, other), (hidden,), "Get running: redis", root)
    readiness = state(
        {root: Finding(root, FAILED, "redis: is exited", "`docker compose ps`"), other: FAILED, hidden: UNSEEN}
    )
    opening = Opening("mend service redis", OpeningKind.CAUSE, "mend it", (hidden,))
    (step,) = steps(readiness, cause, opened=(opening,))
    assert (step.title, step.items, step.fix) == ("Get running: redis", (root, other, hidden), "`docker compose ps`")
    assert step.effect == (Effect(Stage.DEPLOY, 3, 100.0, makes_ready=True),)
    assert step.gain == "at best: Deployment verification 90.9 % -> 100 %, which makes it READY"


def test_what_opens_items_says_that_it_is_at_best() -> None:
    items = PLAIN[Stage.DEPLOY][:2]
    opening = Opening(
        "probe functional", OpeningKind.SETTING, "run with `--zebu-active=functional` to see 2 more items", tuple(items)
    )
    (step,) = steps(state(dict.fromkeys(items, UNSEEN)), opened=(opening,))
    assert step.kind is StepKind.OPEN
    assert step.gain == "at best: Deployment verification 93.9 % -> 100 %, which makes it READY"
    assert shlex.split(step.verify)[:3] == ["pytest", "--zebu-host=vm", "--zebu-active=functional"]
    assert step.title == "Run with `--zebu-active=functional` to see 2 more items"


def test_people_attest_stage_by_stage() -> None:
    items = [PLAIN[Stage.PRE][0], PLAIN[Stage.POST][0], PLAIN[Stage.POST][1]]
    opening = Opening("attest", OpeningKind.PEOPLE, "attest it", tuple(items))
    found = steps(state(dict.fromkeys(items, UNSEEN)), opened=(opening,))
    assert [step.kind for step in found] == [StepKind.ATTEST, StepKind.ATTEST]
    assert found[0].commands == tuple(f"zebu attest {item}" for item in items[1:])
    assert found[0].title == "Attest: 2 items of Post deployment"


def test_a_non_negotiable_item_that_is_not_seen_is_opened_first() -> None:
    hard, plain = HARD[Stage.PRE][0], PLAIN[Stage.DEPLOY][0]
    opening = Opening("sudo", OpeningKind.ACCESS, "let `sudo -n` work to see 1 more item", (hard,))
    found = steps(state({hard: UNSEEN, plain: FAILED}), opened=(opening,))
    assert [step.kind for step in found] == [StepKind.OPEN, StepKind.MEND]
    assert KEEP_A_SESSION in found[0].caution


def test_tasks_and_incidents_come_last_and_change_no_score() -> None:
    task, plain = "ops.weekly.logs", PLAIN[Stage.POST][0]
    found = steps(state({task: FAILED, plain: FAILED}))
    assert [step.items for step in found] == [(plain,), (task,)]
    assert (found[1].effect, found[1].gain) == ((), "no score depends on it")


def test_what_was_not_selected_is_not_planned() -> None:
    one = PLAIN[Stage.PRE][0]
    readiness = state({one: FAILED}, [one, PLAIN[Stage.PRE][1]])
    found = steps(readiness, opened=openings(readiness.findings))
    assert [step.items for step in found] == [(one,)]
    assert not found[0].effect[0].makes_ready


def test_waivers_count_as_the_gate_counts_them() -> None:
    waived, failed = PLAIN[Stage.DEPLOY][:2]
    (step,) = steps(state({waived: WAIVED, failed: FAILED}))
    assert step.effect == (Effect(Stage.DEPLOY, 1, 100.0, makes_ready=True),)


def test_where_nothing_was_seen_scores_begin_at_nothing() -> None:
    opening = Opening("ssh", OpeningKind.ACCESS, "let ssh in", tuple(PLAIN[Stage.DEPLOY]))
    readiness = state(dict.fromkeys(IDS, UNSEEN))
    found = steps(readiness, opened=(opening,))
    assert found[0].gain.startswith("at best: Deployment verification 0 % -> ")


def test_lock_outs_are_said() -> None:
    (step,) = steps(state({"pre.security.ssh.root-restricted": FAILED}))
    assert step.caution == KEEP_A_SESSION


@pytest.mark.parametrize(("first", "second"), [
    ("pre.security.firewall.enabled", "pre.security.firewall.required-ports-only"),
    ("pre.security.firewall.redis-local", "pre.security.firewall.required-ports-only"),
    ("pre.security.ssh.key-auth", "pre.security.ssh.no-passwords"),
    ("pre.infrastructure.dns-records", "pre.security.https.certificate"),
    ("deploy.initial.git-deployed", "deploy.initial.images-built"),
])  # fmt: skip
def test_what_others_need_is_mended_before(first: str, second: str) -> None:
    """Whichever counts more; where what others need is not known to be wrong, nothing waits for it."""
    heavy = Cause("a", "a", (second, *PLAIN[Stage.PRE][40:44]), root=second)
    found = steps(state(dict.fromkeys([first, *heavy.items], FAILED)), heavy)
    assert [step.items[0] for step in found] == [first, second]
    opening = Opening("sudo", OpeningKind.ACCESS, "let `sudo -n` work", (first,))
    unseen = steps(state({**dict.fromkeys(heavy.items, FAILED), first: UNSEEN}), heavy, opened=(opening,))
    assert unseen[0].items[0] == second


def test_the_firewall_comes_before_what_answers_though_more_is_said_of_that() -> None:
    """As of a machine whose firewall is off and whose ports answer."""
    ports = "pre.security.firewall.required-ports-only", "pre.security.firewall.backend-not-exposed"
    found = steps(
        state(dict.fromkeys(["pre.security.firewall.enabled", *ports], FAILED)), Cause("x", "x", ports, root=ports[1])
    )
    assert [step.items[0] for step in found] == ["pre.security.firewall.enabled", ports[0]]


def test_what_comes_before_goes_round_in_no_circle() -> None:
    """Each of the catalogue, with every other one left: it ends, at one that nothing has to precede."""
    left = [_Candidate(Step(StepKind.MEND, item, (item,)), item) for item in IDS]
    for one in left:
        best = _first_of_all(one, left)
        assert _first_of_all(best, left) is best
    for root, patterns in BEFORE:
        assert root in CATALOGUE
        assert all(any(fnmatchcase(item, pattern) for item in IDS) for pattern in patterns)


def test_a_cause_may_know_better_than_its_item_how_it_is_mended() -> None:
    item, other = PLAIN[Stage.PRE][:2]
    (step,) = steps(state({item: FAILED, other: FAILED}), Cause("a", "a", (item, other), (), "x", item, "`nginx -t`"))
    assert step.fix == "`nginx -t`"


def test_where_a_stage_is_ready_what_is_wrong_comes_before_what_nobody_looked_at() -> None:
    failed, *unseen = PLAIN[Stage.POST][:4]
    opening = Opening("probe functional", OpeningKind.SETTING, "run it", tuple(unseen))
    found = steps(state({failed: FAILED, **dict.fromkeys(unseen, UNSEEN)}), opened=(opening,))
    assert [step.kind for step in found] == [StepKind.MEND, StepKind.OPEN]


def test_a_check_that_broke_is_no_step() -> None:
    item = PLAIN[Stage.PRE][0]
    assert steps(state({item: Finding(item, UNSEEN, "the check itself broke", broken=True)})) == ()


OUTCOMES = st.sampled_from([PASSED, FAILED, UNSEEN, WAIVED, Outcome.ATTESTED, Outcome.NOT_APPLICABLE, Outcome.ADVICE])


@settings(deadline=None)
@given(st.lists(OUTCOMES, min_size=len(IDS), max_size=len(IDS)))
def test_the_last_step_leaves_what_the_tally_says_when_all_of_it_holds(outcomes: list[Outcome]) -> None:
    """Every open item is in one step; done, they are the readiness that `assess` reckons of the outcomes then."""
    findings = [Finding(item, outcome, "not attested") for item, outcome in zip(IDS, outcomes, strict=True)]
    readiness = assess(CATALOGUE, findings, IDS)
    found = steps(readiness, opened=openings(readiness.findings))
    items = [item for step in found for item in step.items]
    assert sorted(items) == sorted(one.item for one in findings if one.outcome in (FAILED, UNSEEN))
    held = [Finding(one.item, PASSED if one.item in set(items) else one.outcome) for one in findings]
    then = assess(CATALOGUE, held, IDS)
    last = {effect.stage: effect for step in found for effect in step.effect}
    for stage, effect in last.items():
        assert effect.score == then.stages[stage].score_with_waivers
    ready = {effect.stage for step in found for effect in step.effect if effect.makes_ready}
    assert ready == {stage for stage in SCORED if then.stages[stage].ready and not readiness.stages[stage].ready}


# Commands


def test_a_command_names_items_as_tests_end() -> None:
    assert verification("pytest --zebu-host=vm", ["a.b", "a.b-c"]) == "pytest --zebu-host=vm -k '[a.b] or [a.b-c]'"
    assert shlex.split(verification("pytest --zebu-host=vm", ["a.b"])) == ["pytest", "--zebu-host=vm", "-k", "[a.b]"]


def test_a_command_for_many_judges_all() -> None:
    assert verification("pytest", IDS[: MOST_NAMED + 1]) == "pytest"
    assert verification("pytest", ()) == "pytest"
    assert IDS[MOST_NAMED - 1] in verification("pytest", IDS[:MOST_NAMED])


@pytest.mark.parametrize(("fix", "expected"), [
    ("`systemctl reload ssh` and `PasswordAuthentication no`", ("systemctl reload ssh",)),
    (
        "`REVISION=$(git rev-parse HEAD) docker compose -f a.yml build`, `up -d`",
        ("REVISION=$(git rev-parse HEAD) docker compose -f a.yml build",),
    ),
    ("`REVISION=$(git rev-parse HEAD) docker compose build`", ()),
    ("a timer with `docker system prune -f`", ()),
    ("`passwd` or `.env`, `127.0.0.1:5432:5432`", ()),
    ("`docker compose logs SERVICE`, again `docker compose logs SERVICE`", ("docker compose logs SERVICE",)),
    ("`git status\n` and nothing", ()),
    # Without the files of production, it would make containers as development has them.
    ("`docker compose up -d`, `docker compose build frontend`, `docker compose --env-file x up -d`", ()),
    ("`docker compose -f a.yml -f b.yml up -d`", ("docker compose -f a.yml -f b.yml up -d",)),
    ("`docker compose start redis`, `docker compose logs backup`", ("docker compose start redis", "docker compose logs backup")),
])  # fmt: skip
def test_commands_are_what_can_be_run(fix: str, expected: tuple[str, ...]) -> None:
    assert commands(fix) == expected


def test_commands_of_the_suite_are_whole() -> None:
    """What cannot be run as it stands says in capitals what is to be filled in."""
    found = {command for check in suite().values() for command in commands(prose(check).fix)}
    assert len(found) > 30
    for command in found:
        assert command.partition(" ")[2].strip(), command
        assert "prune" not in command
        shlex.split(command)
    assert len(commands(" ".join(f"`git log {number}`" for number in range(50)))) == MOST_COMMANDS


def test_causes_and_openings_meet_in_one_plan() -> None:
    stopped = Finding("deploy.initial.ssh", FAILED, "login: ssh: refused")
    hidden = [Finding(item, UNSEEN, "unreachable: ssh: refused") for item in IDS if item != stopped.item]
    readiness = assess(CATALOGUE, [stopped, *hidden], IDS)
    found = causes(readiness.findings, CATALOGUE)
    (step,) = steps(readiness, *found, opened=openings(readiness.findings, found))
    assert len(step.items) == len(IDS)
    assert step.verify == "pytest --zebu-host=vm"
    assert {effect.stage for effect in step.effect if effect.makes_ready} == set(SCORED)
    assert step.gain.startswith(
        "at best: Pre deployment 0 % -> 100 %, which makes it READY, Deployment verification 0 %"
    )
    assert THRESHOLDS[Stage.DEPLOY] == 100
