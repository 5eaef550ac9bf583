"""`zebu todo`: what would open what could not be judged, by what opens the most; with what to copy, whole."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from pytest_zebu.catalogue import SCORED, Stage, load
from pytest_zebu.commands.cli import main
from pytest_zebu.commands.todo import Left, lines
from pytest_zebu.facts.answer import Reason, Unknown
from pytest_zebu.gather.snapshot import Snapshot, write
from pytest_zebu.plugin.judge import Evidence
from pytest_zebu.reports import formats
from pytest_zebu.shown import say
from pytest_zebu.verdict.outcome import Finding, Outcome
from pytest_zebu.verdict.plan import Opening, OpeningKind
from pytest_zebu.verdict.readiness import assess
from tests.hostile_texts import DIRTY, forbidden
from tests.remembering import healthy, later, remember, remembering
from tests.reports import eight_faults

TOTAL = sum(item.stage in SCORED for item in load())


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """The lab with eight faults, remembered once."""
    seen = remembering(eight_faults.evidence(tmp_path_factory.mktemp("faulty")))
    remember(seen)
    return seen


def told(evidence: Evidence | Path, capsys: pytest.CaptureFixture[str], *argv: str) -> list[str]:
    folder = evidence if isinstance(evidence, Path) else evidence.target.settings.folder
    capsys.readouterr()
    assert main(["todo", *argv, "--config", str(folder / "zebu.toml")]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    return shown.out.splitlines()


def refused(folder: Path, capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    assert main(["todo", *argv, "--config", str(folder / "zebu.toml")]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    return shown.err.removeprefix("zebu: ").rstrip()


def steps(shown: Sequence[str]) -> dict[str, int]:
    """The steps, each with how many items it opens."""
    found = (re.fullmatch(r" *(\d+)  (\S.*)", line) for line in shown)
    return {one[2]: int(one[1]) for one in found if one}


def blind(evidence: Evidence, *names: str) -> Evidence:
    """The same, where nothing was answered to some probes for want of root."""
    unseen = {name: Unknown(Reason.NO_PERMISSION, f"{name}: needs root, and sudo -n was refused") for name in names}
    answers = {**evidence.gathered.answers, **unseen}
    return replace(evidence, gathered=replace(evidence.gathered, answers=answers), _read={})


def test_what_opens_the_most_comes_first(faulty: Evidence, capsys: pytest.CaptureFixture[str]) -> None:
    shown = told(faulty, capsys)
    findings = [faulty.judge(item.id) for item in load() if item.stage in SCORED]
    unseen = sum(one.outcome is Outcome.NOT_ASSESSED for one in findings)
    failed = sum(one.outcome is Outcome.FAILED for one in findings)
    head = " ".join(" ".join(shown).split())
    assert f"run 1 of 2026-11-26 14:09 UTC, lab: {unseen} of {TOTAL} items could not be judged, {failed} failed" in head
    counts = [*steps(shown).values()]
    assert sum(counts) == unseen
    assert counts == sorted(counts, reverse=True)
    assert steps(shown)["run with `--zebu-active=functional`"] == 5
    at = shown.index("   5  run with `--zebu-active=functional`")
    assert re.fullmatch(r"      Pre deployment [\d.]+ % -> [\d.]+ %", shown[at + 1])
    assert max(map(len, shown)) <= 80


def test_the_gain_is_that_of_the_score_with_waivers(faulty: Evidence) -> None:
    findings = [faulty.judge(item.id) for item in load() if item.stage in SCORED]
    before = assess(load(), findings, [one.item for one in findings]).stages
    opened = tuple(one.item for one in findings if one.outcome is Outcome.NOT_ASSESSED)[:4]
    held = [dataclasses.replace(one, outcome=Outcome.PASSED) if one.item in opened else one for one in findings]
    after = assess(load(), held, [one.item for one in findings]).stages
    left = Left("t", TOTAL, 0, before, (Opening("k", OpeningKind.TOOL, "install it to see 4 more items", opened),))
    text = " ".join(lines(left, load(), False, 200))
    for stage in SCORED:
        gain = f"{stage.label} {before[stage].score_with_waivers:g} % -> {after[stage].score_with_waivers:g} %"
        assert (gain in text) is any(load()[item].stage is stage for item in opened)
    assert "   4  install it " in text


def test_a_stage_that_is_ready_then_is_said(faulty: Evidence) -> None:
    item = "deploy.backend.api"
    findings = [Finding(one.id, Outcome.PASSED) for one in load() if one.stage in SCORED and one.id != item]
    stages = assess(load(), [*findings, Finding(item, Outcome.NOT_ASSESSED)], [one.item for one in findings]).stages
    opening = Opening("k", OpeningKind.TOOL, "install it", (item,))
    assert lines_of(Left("t", TOTAL, 0, stages, (opening,)))[-1].endswith("-> 100 %, READY")


def lines_of(left: Left, columns: int = 200, names_items: bool = False) -> list[str]:
    return [*lines(left, load(), names_items, columns)]


def test_items_are_named_where_that_is_asked_for(faulty: Evidence, capsys: pytest.CaptureFixture[str]) -> None:
    items = {line.strip() for line in told(faulty, capsys, "--items")} & {item.id for item in load()}
    assert items == {item.id for item in load() if item.stage in SCORED and _is_open(faulty, item.id)}
    assert not {line.strip() for line in told(faulty, capsys)} & {item.id for item in load()}


def _is_open(evidence: Evidence, item: str) -> bool:
    finding = evidence.judge(item)
    return finding.outcome is Outcome.NOT_ASSESSED and "attest" not in finding.reason


def test_what_people_have_to_attest_comes_last_with_its_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = remembering(healthy(tmp_path))
    (tmp_path / "attestations.toml").write_text("")
    remember(blind(replace(seen, records=type(seen.records)()), "sshd"))
    shown = told(tmp_path, capsys)
    commands = [line.strip() for line in shown if line.startswith("      zebu attest ")]
    assert "zebu attest post.maintenance.capacity.costs" in commands
    assert {command.removeprefix("zebu attest ") for command in commands} <= {item.id for item in load()}
    first = shown.index(f"      {commands[0]}")
    assert "let `sudo -n` become root without a password" in steps(shown[:first])
    assert all("attest" in text for text in steps(shown[first:]))
    at = shown.index("      zebu attest post.maintenance.capacity.costs")
    assert " ".join(shown[at + 1].split()) == load()["post.maintenance.capacity.costs"].text


def test_a_right_that_is_missing_opens_the_most(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    remember(blind(remembering(healthy(tmp_path)), "sshd", "firewall", "nftables", "updates", "jobs", "backups"))
    opened = steps(told(tmp_path, capsys))
    assert next(iter(opened)) == "let `sudo -n` become root without a password"
    assert opened["let `sudo -n` become root without a password"] > 5


def decided(stages: Sequence[Stage] = SCORED, **outcomes: Outcome) -> Left:
    findings = [Finding(item.id, outcomes.get("of_all", Outcome.PASSED)) for item in load() if item.stage in stages]
    tallies = assess(load(), findings, [one.item for one in findings]).stages
    return Left("run 1", TOTAL, sum(one.outcome is Outcome.FAILED for one in findings), tallies, ())


def test_where_everything_is_decided(capsys: pytest.CaptureFixture[str]) -> None:
    assert lines_of(decided()) == ["run 1: every item of the stages was judged"]
    assert lines_of(decided(of_all=Outcome.FAILED)) == [
        "run 1: every item of the stages was judged",
        f"{TOTAL} failed: the report says how to mend them",
    ]


def test_without_any_run_a_line_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "zebu.toml").write_text("[hosts.vm]\n")
    said = refused(tmp_path, capsys)
    assert said == f"{tmp_path / '.zebu/history.sqlite3'}: over vm no run is remembered yet"
    assert not (tmp_path / ".zebu").exists()


def test_a_run_whose_evidence_is_not_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    remember(remembering(healthy(tmp_path)), "deploy.initial.ssh", is_kept=False)
    said = refused(tmp_path, capsys)
    assert said == (
        "run 1 of 2026-11-26 13:56 UTC: its evidence is not kept: run the suite again, or name another run (`zebu history`)"
    )


def test_of_a_partial_run_the_rest_is_to_be_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    remember(remembering(healthy(tmp_path)), "deploy.initial.ssh", "pre.security.ssh.no-passwords")
    assert steps(told(tmp_path, capsys)) == {"run the whole checklist, without a selection": TOTAL - 2}


def test_an_earlier_run_may_be_named(faulty: Evidence, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    seen = remembering(healthy(tmp_path))
    remember(seen, "deploy.initial.ssh")
    remember(later(seen, 1), "deploy.initial.ssh", "deploy.network.www")
    for argv, count in (((), 2), (("last",), 2), (("-2",), 1), (("--run", "1"), 1), (("--run=-1",), 2)):
        assert [*steps(told(tmp_path, capsys, *argv)).values()] == [TOTAL - count]
    assert refused(tmp_path, capsys, "1", "--run", "2") == "1 and --run=2: name one run"
    assert "there is no run -7" in refused(tmp_path, capsys, "-7")


def test_a_snapshot_and_a_report_say_it_too(
    faulty: Evidence, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    snapshot, report = tmp_path / "seen.json", tmp_path / "report.json"
    write(snapshot, {"lab": Snapshot("lab", faulty.gathered, True)})
    report.write_text(formats.text_of(eight_faults.report(), "json"))
    of_run = steps(told(faulty, capsys))
    assert steps(told(faulty, capsys, str(snapshot))).items() >= {"run with `--zebu-active=functional`": 5}.items()
    of_report = told(faulty, capsys, str(report))
    assert steps(of_report).items() <= of_run.items()
    assert "".join(of_report).replace(" ", "").startswith(f"{report},lab:")  # a long path is folded
    assert [*steps(told(faulty, capsys, "--run", str(report)))] == [*steps(of_report)]
    assert "has no host 'vm'; it has: lab" in refused(
        faulty.target.settings.folder, capsys, str(report), "--host", "vm"
    )


@pytest.mark.parametrize(("text", "words"), [
    ("", "x.json"), ("{}", "x.json"), ("[1", "x.json"), ('{"schema": 1}', "x.json"), ('{"zebu_snapshot": 99}', "x.json"), (None, "there is no such run, and no such file"),
])  # fmt: skip
def test_a_file_that_is_none_of_both(
    text: str | None, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "zebu.toml").write_text("")
    if text is not None:
        (tmp_path / "x.json").write_text(text)
    assert words in refused(tmp_path, capsys, str(tmp_path / "x.json"))


@pytest.mark.parametrize("columns", [20, 40, 80, 300])
def test_whatever_the_terminal_what_is_copied_is_whole(
    columns: int, faulty: Evidence, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    shown = told(faulty, capsys, "--items")
    assert "`--zebu-active=functional`" in "\n".join(shown)
    assert not [line for line in shown if line.count("`") % 2], "a span is broken"
    assert max(len(line) for line in shown if "`" not in line and line.strip() not in load()) <= max(
        min(columns, 100), 40
    )


@pytest.mark.hostile("outputs")
@pytest.mark.parametrize("name", sorted(set(DIRTY) - {"ten megabytes of lines"}))
def test_a_strangers_words_steer_no_terminal(name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    text = DIRTY[name][:5_000]
    item = "deploy.backend.api"
    opening = Opening("k", OpeningKind.OTHER, text, (item, text))
    for line in lines(Left(f"run {text}", 1, 1, {}, (opening,)), load(), True, 80):
        say(line)
    assert not forbidden(capsys.readouterr().out)
