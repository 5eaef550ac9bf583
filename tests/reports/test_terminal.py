"""What is said on a terminal: how much, in which order, how wide, and each thing once."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pytest_zebu.catalogue import Stage, load
from pytest_zebu.reports import terminal
from pytest_zebu.reports.columns import columns
from pytest_zebu.reports.report import Change, HostReport, ItemReport, Word
from pytest_zebu.reports.terminal import View, summary
from pytest_zebu.verdict.outcome import Case, Outcome
from pytest_zebu.verdict.plan import Cause, Effect, Opening, OpeningKind, Step, StepKind
from pytest_zebu.verdict.readiness import NOT_RUN
from tests.hostile_texts import DIRTY, forbidden
from tests.reports import eight_faults
from tests.reports.made_up import FIRST, HOSTILE, ITEMS, SECOND, THIRD

SESSION = "keep a second session open, and try a new login before closing it"
CERTIFICATE = Cause(
    "certificate of zebu.test", "zebu.test: the certificate is for other.zebu.test",
    ("pre.security.https.certificate", "deploy.frontend.certificate"),
    (
        "deploy.network.www", "pre.infrastructure.certificates", "pre.security.https.auto-renewal",
        "deploy.frontend.console-clean", "deploy.frontend.assets", "deploy.frontend.mobile",
        "deploy.network.no-mixed-content", "deploy.performance.page-load", "post.monitoring.tls.auto-renewal",
    ),
)  # fmt: skip
REDIS = Cause(
    "service redis", "redis: is exited", ("deploy.initial.services-healthy", "deploy.redis.running"),
    ("deploy.redis.reachable", "deploy.redis.cache", "deploy.performance.memory", "deploy.performance.cpu"),
)  # fmt: skip
ALONE = {
    "pre.security.firewall.enabled": SESSION, "pre.security.firewall.required-ports-only": SESSION,
    "pre.security.firewall.backend-not-exposed": SESSION, "pre.security.firewall.database-local": SESSION,
    "pre.security.secrets.env-permissions": "", "post.recovery.backups.daily": "", "post.maintenance.updates.os": "",
}  # fmt: skip
"""What is a step of its own, with what is to be heeded."""
FUNCTIONAL = "not configured: needs --zebu-active=functional"
CHANGING = re.compile(r"since |judge \d+ again|     judge again")


def step(host: HostReport, items: tuple[str, ...], caution: str = "", makes_ready: bool = False) -> Step:
    first = host.by_id[items[0]]
    return Step(
        StepKind.MEND, f"mend {first.text}", items, tuple(name for name in items if host.by_id[name].non_negotiable),
        first.reason, first.fix, caution=caution, effect=(Effect(first.stage, 1, 83.3, makes_ready),),
        gain=f"{first.stage.label} 79.1 % -> 83.3 %", verify=f"pytest --zebu-host=lab -k '[{items[0]}]'",
    )  # fmt: skip


def planned() -> HostReport:
    """The recorded lab with eight faults, with a plan that a person wrote: one failure is left out of it."""
    host = eight_faults.report().hosts[0]
    probe = Opening(
        "probe", OpeningKind.SETTING, "run with `--zebu-active=functional` to see 5 more items",
        tuple(item.item for item in host.unseen if item.reason == FUNCTIONAL),
    )  # fmt: skip
    opens = Step(
        StepKind.OPEN, probe.text, probe.items, effect=(Effect(Stage.PRE, 5, 97.2),), verify="pytest --zebu-active=x"
    )
    items = tuple(replace(item, opening="probe") if item.item in probe.items else item for item in host.items)
    plan = (
        step(host, (*CERTIFICATE.items, *CERTIFICATE.consequences), makes_ready=True),
        step(host, (*REDIS.items, *REDIS.consequences)),
        *(step(host, (name,), caution) for name, caution in ALONE.items()),
        opens,
    )
    return replace(host, items=items, causes=(CERTIFICATE, REDIS), openings=(probe,), plan=plan, ready_at=None)


def texts(host: HostReport, view: View) -> list[str]:
    return [line.text for line in summary(host, view)]


@pytest.fixture(scope="module")
def lab() -> HostReport:
    return planned()


@pytest.mark.parametrize("width", [80, 100, 200])
def test_eight_faults_fit_on_a_screen_in_the_order_in_which_they_are_asked_for(lab: HostReport, width: int) -> None:
    since = datetime(2026, 11, 25, 3, tzinfo=UTC)
    changes = tuple(Change(item.item, Outcome.PASSED, item.outcome) for item in lab.failed)
    lines = texts(replace(lab, since=since, changes=changes), View(width, 0))
    assert len(lines) <= terminal.ROOM + 1
    starts = (
        "Pre deployment",
        "Deployment verification",
        "Post deployment",
        "relaxed:",
        "simulated",
        "next",
        "since",
        "22 failed",
    )
    found = [next(number for number, line in enumerate(lines) if line.startswith(start)) for start in starts]
    assert found == sorted(found)
    assert found[:3] == [0, 1, 2]
    assert lines[-1] == "18 not applicable, 21 attested, 1 advice: -v lists these, --html=FILE all"


@pytest.mark.parametrize("width", [80, 100, 200])
def test_so_do_they_with_the_plan_that_is_reckoned_and_all_that_changed(width: int) -> None:
    host = eight_faults.report().hosts[0]
    since = datetime(2026, 11, 25, 3, tzinfo=UTC)
    for one in (host, replace(host, since=since, changes=host.changes_since_ready[1:])):
        lines = texts(one, View(width, 0))
        assert len(lines) <= terminal.ROOM
        assert any(line.startswith(("next:", "next,")) for line in lines)
        steps = [re.match(r" ?(\d+) [! ] ", line) for line in lines]
        assert {int(step[1]) for step in steps if step} == set(range(1, 11))


@pytest.mark.parametrize("width", [60, 80, 200])
@pytest.mark.parametrize("verbosity", [0, -1])
def test_nothing_is_said_twice(lab: HostReport, width: int, verbosity: int) -> None:
    lines = [line for line in texts(lab, View(width, verbosity)) if not CHANGING.search(line)]
    told = "\n".join(lines)
    for item in (*lab.failed, *lab.unseen):
        assert len(re.findall(rf"(?<![\w.]){re.escape(item.item)}(?![\w.-])", told)) <= 1, item.item
    assert len(lines) == len({line for line in lines if line.strip()})
    assert told.count(SESSION[:25]) == (1 if verbosity == 0 else 0)


def test_every_failure_is_told_or_counted(lab: HostReport) -> None:
    told = "\n".join(texts(lab, View(200, 0)))
    assert not [item.item for item in lab.failed if item.item not in told]
    narrow = texts(lab, View(80, 0))
    above = narrow.index(next(line for line in narrow if line.startswith(" 1 ! zebu.test: the certificate")))
    below = " ".join(narrow[above + 1 : above + 3])
    assert re.search(r"pre\.security\.https\.certificate,.* and \d+ more", below)


def test_what_a_step_mends_is_not_mended_again_and_the_rest_says_how(lab: HostReport) -> None:
    lines = texts(lab, View(300, 0))
    failed = lines[lines.index("22 failed, with the number of the step that mends it:") + 1 :]
    (backups,) = [line for line in failed if "post.recovery.backups.daily" in line]
    assert backups == " 8 ! post.recovery.backups.daily: the newest dump: is 2 days old"
    (number,) = [number for number, line in enumerate(failed) if "pre.security.ssh.no-passwords" in line]
    assert failed[number].startswith("     pre.security.ssh.no-passwords: user deploy, user observer: may log in")
    assert failed[number + 1].startswith("       seen: ")
    assert failed[number + 2].startswith("       fix: set `PasswordAuthentication no`")
    assert len([line for line in failed if "fix: " in line]) == 1


def test_a_cause_has_its_consequences_below_it(lab: HostReport) -> None:
    lines = texts(lab, View(200, 0))
    above = lines.index(" 2   redis: is exited")
    below = " ".join(line.strip() for line in lines[above + 1 : above + 3])
    assert below.startswith(", ".join((*REDIS.items, *REDIS.consequences)))
    assert "4 not assessed (step 10 opens" not in "\n".join(lines)
    assert not [line for line in lines[above + 3 :] if "deploy.performance.memory" in line]


def test_steps_say_what_they_gain_and_what_to_heed(lab: HostReport) -> None:
    lines = texts(lab, View(100, 0))
    assert lines[5] == "next, with the score that each step makes (!: non-negotiable):"
    assert lines[6].startswith(" 1 ! mend Valid SSL certificate obtained")
    assert lines[6].endswith(" (Pre READY)")
    careful = [line for line in lines if "careful" in line]
    assert careful[0] == f"     careful: {SESSION}"
    assert all("; careful: as in 3 (Pre 83.3 %)" in line for line in careful[1:])
    assert len(careful) == 4
    assert any(
        line.startswith("10   run with `--zebu-active=functional`") and "(at best Pre 97.2 %)" in line for line in lines
    )
    assert "     judge 10 again: pytest --zebu-active=x" in lines


def test_more_steps_than_ten_are_counted(lab: HostReport) -> None:
    more = replace(lab, plan=(*lab.plan, *lab.plan[:3]))
    assert any(line.startswith("next, 10 of 13 steps") for line in texts(more, View(80, 0)))
    assert len([line for line in texts(more, View(80, 1)) if re.match(r" ?\d+ [! ] mend", line)]) == 12


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("verbosity", [0, -1, -2])
@pytest.mark.hostile("outputs")
def test_no_line_is_wider_than_the_terminal(lab: HostReport, width: int, verbosity: int) -> None:
    for host in (lab, wrong(HOSTILE), wrong("日本語 " * 50), FIRST, SECOND, THIRD):
        for line in summary(host, View(width, verbosity)):
            assert columns(line.text) <= width or line.text.startswith("     judge "), line.text


def test_at_60_columns_there_is_no_bar_and_nothing_is_cut_that_is_a_verdict(lab: HostReport) -> None:
    lines = texts(lab, View(60, 0))
    assert lines[:3] == [
        "Pre deployment: 79.1 of 90 %, NOT READY: 8 non-negotiable",
        "Deployment verification: 60.6 of 100 %, NOT READY: 1",
        "    non-negotiable",
    ]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437", "utf-8"])
def test_what_the_encoding_does_not_have_is_not_written(lab: HostReport, encoding: str) -> None:
    for host in (lab, wrong("日本語 → 😀")):
        for verbosity in (-1, 0, 1):
            for line in texts(host, View(80, verbosity, encoding=encoding)):
                line.encode(encoding)
    bar = {"ascii": "#######...", "latin-1": "#######...", "cp437": "███████░░░", "utf-8": "███████░░░"}[encoding]
    assert texts(lab, View(80, 0, encoding=encoding))[0].startswith(f"Pre deployment          {bar} ")


def broken_host(number: int) -> HostReport:
    """A host with which so many things are wrong."""
    items = tuple(
        ItemReport(
            item.id, item.text, item.stage, item.category, Outcome.FAILED if place < number else Outcome.PASSED,
            f"is wrong {place}", fix="mend it", non_negotiable=item.non_negotiable,
        )
        for place, item in enumerate(load())
    )  # fmt: skip
    plan = tuple(Step(StepKind.MEND, item.text, (item.item,), fix="mend it") for item in items[:number])
    return replace(
        FIRST, items=items, plan=plan, relaxations=(), simulated=(), changes=(), ready_at=None, clock="", discovered=(), suggested=()
    )  # fmt: skip


@pytest.mark.parametrize("planned", [True, False])
def test_a_hundred_failures_have_an_end_that_is_told(planned: bool) -> None:
    host = broken_host(100) if planned else replace(broken_host(100), plan=())
    lines = texts(host, View(80, 0))
    assert len(lines) <= terminal.ROOM + 1
    shown = [line for line in lines if "is wrong" in line]
    assert f"    and {100 - len(shown)} more: -v lists all" in lines
    assert len([line for line in texts(host, View(80, 1)) if "is wrong" in line]) == 100


def test_a_healthy_host_takes_few_lines() -> None:
    lines = texts(broken_host(0), View(80, 0))
    assert len(lines) <= 5
    assert not [line for line in lines if "failed" in line or "next" in line]


@pytest.mark.parametrize("brief", [True, False])
def test_a_failure_is_a_line_where_tracebacks_are_not_wanted(lab: HostReport, brief: bool) -> None:
    lines = texts(lab, View(200, 0, is_brief=brief))
    failed = lines[lines.index("22 failed, with the number of the step that mends it:") + 1 :]
    assert bool([line for line in failed if line.startswith("       ")]) is not brief


def test_quietly_there_are_verdicts_steps_and_failures_in_a_line_each(lab: HostReport) -> None:
    lines = texts(lab, View(80, -1))
    assert not [line for line in lines if line.startswith("     ") and not line.startswith("     pre.security.ssh")]
    assert len([line for line in lines if re.match(r" ?\d+ [! ] (mend|run)", line)]) == 10
    assert texts(lab, View(80, -2)) == lines[:5]


def test_everything_is_told_with_v(lab: HostReport) -> None:
    lines = texts(lab, View(80, 1))
    told = " ".join(" ".join(line.split()) for line in lines)
    for item in lab.failed:
        for text in (item.item, *item.evidence, item.why, item.see, item.text):
            assert " ".join(text.split()) in told, (item.item, text)
        assert " ".join(item.fix.split()) in told
    for item in (*lab.declared, *lab.unseen):
        assert item.item in told
    assert "2 CPU" not in told
    for one in lab.relaxations:
        assert one.reason in told
    assert not [line for line in lines if "more: -v" in line]


def test_a_stage_that_nobody_selected_has_no_verdict_and_a_part_says_so() -> None:
    lines = texts(SECOND, View(300, 0))
    assert lines[1] == "Deployment verification PARTIAL, 1 of 2 selected: 1 waived"
    assert lines[2].startswith("partial: 1 of 10 items selected")
    assert not [line for line in lines if "NOT READY" in line or "Post deployment" in line]
    assert len([line for line in lines if "partial" in line]) == 1
    whole = replace(SECOND, selected_stages=(Stage.PRE,), stages={**SECOND.stages, Stage.PRE: FIRST.stages[Stage.PRE]})
    said = " ".join(line.strip() for line in texts(whole, View(80, 0)))
    assert "25.0 of 90 %  NOT READY: 1 non-negotiable" in said
    assert "partial: nothing was selected of Deployment verification and Post deployment, so that" in said


def test_what_did_not_run_is_said_once() -> None:
    items = tuple(replace(item, outcome=Outcome.NOT_ASSESSED, reason=NOT_RUN, broken=False) for item in ITEMS)
    lines = texts(replace(SECOND, items=items), View(300, 0))
    assert lines[1] == "Deployment verification PARTIAL, 2 of 2 selected, 0 judged"
    assert not [line for line in lines if NOT_RUN in line]


def test_a_selection_without_a_scored_stage_says_what_was_judged() -> None:
    items = tuple(replace(item, is_selected=item.stage is Stage.OPERATIONS) for item in ITEMS)
    lines = texts(replace(THIRD, items=items), View(80, 0))
    assert lines[0] == "Operations: 2 not assessed; it has no score"


def test_waivers_and_lapsed_words_are_seen() -> None:
    waived = replace(ITEMS[5], word=Word("waived", "owner", "soon", until=datetime(2026, 4, 1, tzinfo=UTC).date()))
    lapsed = replace(ITEMS[2], lapsed="the attestation ended on 2026-03-01")
    lines = texts(replace(FIRST, items=(waived, lapsed)), View(100, 0))
    assert "waived: deploy.backend.waived until 2026-04-01" in lines
    assert "counts no more: pre.database.not-assessed" in lines
    assert "Deployment verification ██████████ 100.0 of 100 % (50.0 without 1 waived)  READY" in lines
    full = texts(replace(FIRST, items=(waived, lapsed)), View(100, 1))
    assert "counts no more: pre.database.not-assessed: the attestation ended on 2026-03-01" in full


def test_changes_are_told_in_a_line_for_better_and_one_for_worse() -> None:
    since, ready = datetime(2026, 3, 28, 2, tzinfo=UTC), datetime(2026, 3, 20, 2, tzinfo=UTC)
    worse, better = (Change("a.b.c", Outcome.PASSED, Outcome.FAILED), Change("d.e.f", Outcome.FAILED, Outcome.WAIVED))
    host = replace(FIRST, since=since, changes=(worse, better), ready_at=ready, changes_since_ready=(worse,))
    assert [line for line in texts(host, View(100, 0)) if "worse" in line or "better" in line] == [
        "since the run of 2026-03-28 02:00 UTC, 1 worse: a.b.c",
        "    1 better: d.e.f",
        "since it was ready on 2026-03-20 02:00 UTC, 1 worse: a.b.c",
    ]
    both = replace(host, changes=(worse,))
    said = "since the run of 2026-03-28 02:00 UTC, since it was ready on 2026-03-20 02:00 UTC, 1 worse: a.b.c"
    assert [line for line in texts(both, View(200, 0)) if line.startswith("since")] == [said]
    same = replace(both, ready_at=since)
    said = "since the run of 2026-03-28 02:00 UTC, when it was ready, 1 worse: a.b.c"
    assert [line for line in texts(same, View(200, 0)) if line.startswith("since")] == [said]
    assert not [
        line for line in texts(replace(FIRST, changes=(), ready_at=None), View(200, 0)) if line.startswith("since")
    ]


@pytest.mark.parametrize(("item", "seen"), [
    (replace(ITEMS[0], cases=(Case("root", Outcome.FAILED, "opens", ("by password",)),)), "root: by password"),
    (replace(ITEMS[0], reason="port 22", cases=()), "root: key"),
    (replace(ITEMS[0], reason="the key of root, port 22", cases=(), evidence=("root: key", "port 22")), ""),
    (replace(ITEMS[0], evidence=(), cases=()), ""),
])  # fmt: skip
def test_what_tells_most_is_of_a_case_that_failed_and_not_said_yet(item: ItemReport, seen: str) -> None:
    assert terminal.telling(item) == seen


STARTS = re.compile(
    r"ssh: |(Pre deployment|Deployment verification|Post deployment|Operations|Incident)\b|the machine's clock|relaxed: |simulated, "
    r"|partial: |waived: |counts no more: |next\b|since |\d+ failed|\d+ not assessed|\d+ not applicable|\d+ attested|\d+ advice|-v |! |there is no zebu.toml|what would open the most |[a-z]+\.[a-z-]+\.[a-z.-]+: "
)
"""What begins a line at its edge."""


def wrong(text: str) -> HostReport:
    """A host of which everything says a text."""
    first = replace(ITEMS[1], reason=f"x {text}", fix=f"x {text}", evidence=(f"x {text}",), cases=())
    unseen = replace(ITEMS[2], reason=f"x {text}")
    waived = replace(ITEMS[5], reason=f"x {text}", lapsed=f"x {text}")
    ids = (first.item, unseen.item)
    made = Step(
        StepKind.MEND,
        f"x {text}",
        ids,
        ids,
        f"x {text}",
        f"x {text}",
        (f"x {text}",),
        f"x {text}",
        (),
        f"x {text}",
        "x",
    )
    return replace(
        FIRST, items=(first, unseen, waived, *(replace(first, item=f"pre.security.more-{n}") for n in range(3))),
        plan=(made, made), causes=(Cause("key", f"x {text}", (first.item,), (unseen.item,)),),
        openings=(Opening("o", OpeningKind.OTHER, f"x {text}", (unseen.item,)),), clock=f"the machine's clock {text}",
        access=replace(FIRST.access, reachable=False, trouble=f"x {text}"), simulated=(f"x {text}",),
        discovered=(f"x {text}",), suggested=(f"x {text}",),
    )  # fmt: skip


@pytest.mark.hostile("outputs")
@pytest.mark.parametrize("text", DIRTY.values(), ids=DIRTY)
@pytest.mark.parametrize("view", [View(60, 0), View(80, 0), View(80, 1), View(80, -1), View()], ids=str)
def test_nobodys_words_begin_a_line_wherever_it_is_broken(text: str, view: View) -> None:
    for line in texts(wrong(text), view):
        assert not forbidden(line, "")
        assert line.startswith("  ") or re.match(r" \d [! ] ", line) or STARTS.match(line), line
        assert not line.lstrip().startswith("::")
        assert "##[" not in line
        assert "##vso[" not in line


@pytest.mark.parametrize(
    ("discovered", "says"),
    [
        ((), "and nothing that it would say was discovered: `zebu init vm` asks for it."),
        (("domains.site",), "1 setting was discovered for this run; `zebu init vm` writes it down."),
        (("domains.site", "domains.www"), "2 settings were discovered for this run; `zebu init vm` writes them down."),
    ],
)
def test_a_run_without_a_file_ends_with_what_to_write_into_one(discovered: tuple[str, ...], says: str) -> None:
    host = replace(FIRST, discovered=discovered, suggested=("[backups]", "copy = 'x'  # opens 1 item: y"))
    lines = texts(host, View(0, 0))
    at = next(number for number, line in enumerate(lines) if line.startswith("there is no zebu.toml"))
    assert lines[at].endswith(says)
    assert lines[at + 1 :] == [
        "what would open the most beside them, to be completed:",
        "  [backups]",
        "  copy = 'x'  # opens 1 item: y",
    ]
    assert not [line for line in texts(replace(host, discovered=(), suggested=()), View(0, 0)) if "zebu.toml" in line]


def test_several_hosts_are_told_of_in_a_line_each_and_many_only_where_something_is_wrong() -> None:
    whole = eight_faults.report()
    names = ("web-1", "a-longer-name", "x\x1b[31m", "web-4")
    hosts = tuple(replace(whole.hosts[0], name=name) for name in names)
    lines = terminal.table(replace(whole, hosts=hosts), terminal.View(width=80))
    assert len(lines) == len(hosts)
    assert all(len(line.text) <= 80 and "\x1b" not in line.text for line in lines)
    failed = len(hosts[0].failed)
    assert lines[0].text.startswith("web-1") and "NOT READY" in lines[0].text and f"{failed} failed" in lines[0].text
    unreached = replace(hosts[0], access=replace(hosts[0].access, gathered=True, reachable=False, trouble="refused"))
    (line,) = terminal.table(replace(whole, hosts=(unreached,)), terminal.View(width=200))
    assert "ssh: refused" in line.text
    few = [*terminal.shown_hosts(replace(whole, hosts=hosts[:2]), terminal.View(verbosity=0))]
    assert [shown.verbosity for _, shown in few] == [0, 0]
    many = [*terminal.shown_hosts(replace(whole, hosts=hosts), terminal.View(verbosity=0))]
    assert [(host.name, shown.verbosity) for host, shown in many] == [(name, -1) for name in names]
    assert len([*terminal.shown_hosts(replace(whole, hosts=hosts), terminal.View(verbosity=1))]) == len(hosts)
