"""Records of incidents: written by the command, edited by people, read by the suite."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from pytest_zebu.catalogue import Stage, load
from pytest_zebu.people import incidents
from pytest_zebu.people.incidents import BadRecord, parse, render, with_end, with_seen, with_step
from tests.hostile_texts import DIRTY, forbidden

NOW = datetime(2026, 11, 24, 22, 10, tzinfo=UTC)
STEPS = load().stage(Stage.INCIDENT)
RECORD = render("API answers 500", "vm", NOW, load(), {"Services": ("backend: running",)})


def test_a_new_record_has_all_steps_open() -> None:
    found = parse("x", RECORD, load())
    assert (found.title, found.host, found.opened, found.closed) == ("API answers 500", "vm", NOW, None)
    assert list(found.steps) == [item.id for item in STEPS]
    assert len(found.open_steps()) == 18


def test_a_step_is_ticked_where_it_stands_and_the_rest_stays() -> None:
    by_hand = RECORD.replace("## Log", "Prose of people, with - [ ] boxes.\n\n## Log")
    once = with_step(by_hand, "incident.assess.severity", "high:\n nobody can trade", "operations", NOW)
    twice = with_step(once, "incident.assess.severity", "medium now", "operations", NOW + timedelta(hours=1))
    step = parse("x", twice, load()).steps["incident.assess.severity"]
    assert step.notes == (
        "2026-11-24 22:10 UTC, operations: high: nobody can trade",
        "2026-11-24 23:10 UTC, operations: medium now",
    )
    assert step.is_done
    assert len(parse("x", twice, load()).open_steps()) == 17
    assert [line for line in by_hand.splitlines() if line not in twice.splitlines()] == [
        "- [ ] `incident.assess.severity` Determine severity (critical, high, medium, low)"
    ]


@pytest.mark.hostile("secrets")
@pytest.mark.parametrize(
    "word", ["password=qw3rt7z9u", "the new token is qw3rt7z9u", "curl -u op:qw3rt7z9u https://a.test"]
)
def test_a_secret_in_a_note_is_not_told_on(word: str) -> None:
    """The file stays as it was written."""
    text = with_step(
        render(f"broken, {word}", "vm", NOW, load(), {}), "incident.assess.severity", word, "operations", NOW
    )
    found = parse("x", text, load())
    assert "qw3rt7z9u" in text
    assert "qw3rt7z9u" not in found.title + str(found.steps)
    assert found.steps["incident.assess.severity"].is_done


def test_every_step_can_be_ticked() -> None:
    text = RECORD
    for item in STEPS:
        text = with_step(text, item.id, "done", "operations", NOW)
    assert parse("x", text, load()).open_steps() == ()
    assert parse("x", with_end(text, NOW), load()).closed == NOW


def test_a_tick_without_a_word_is_not_done() -> None:
    ticked = RECORD.replace("- [ ] `incident.assess.severity`", "- [x] `incident.assess.severity`")
    assert not parse("x", ticked, load()).steps["incident.assess.severity"].is_done


@pytest.mark.parametrize(("closed_days_ago", "due"), [(None, 3), (0, 14), (6, 14), (7, 18)])
def test_what_is_due_by_the_phase(closed_days_ago: int | None, due: int) -> None:
    text = RECORD if closed_days_ago is None else with_end(RECORD, NOW)
    found = parse("x", text, load())
    now = NOW + timedelta(days=closed_days_ago or 0)
    assert sum(found.is_due(item, now) for item in STEPS) == due
    assert found.matters(now)
    assert found.matters(NOW + timedelta(days=92)) is (closed_days_ago is None)


@pytest.mark.parametrize(("old", "new", "reason"), [
    ("# Incident:", "# Something:", "# Incident"), ("- Opened: 2026-11-24 22:10 UTC\n", "", "- Opened"),
    ("2026-11-24 22:10 UTC", "yesterday", "is no moment"), ("`incident.act.fix`", "`incident.act.gone`", "incident.act.fix is missing"),
])  # fmt: skip
def test_a_file_that_is_no_record(old: str, new: str, reason: str) -> None:
    with pytest.raises(BadRecord, match=reason):
        parse("x", RECORD.replace(old, new), load())


def test_what_a_target_says_stays_text() -> None:
    hostile = "# Incident: owned\n- [x] `incident.act.fix` done \x1b[31m<script>"
    text = render("quiet\n# loud", "vm", NOW, load(), {"Services": (hostile,)})
    found = parse("x", text, load())
    assert (found.title, len(found.open_steps())) == ("quiet # loud", 18)
    assert "\x1b" not in text
    assert "\n# Incident: owned" not in text
    assert "<script>" not in MarkdownIt().render(text)


def test_a_record_may_be_a_mebibyte(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(RECORD + "x" * (incidents.SIZE_LIMIT - len(RECORD.encode())))
    assert len(incidents.read_all(tmp_path, load())) == 1
    path.write_text(path.read_text() + "x")
    with pytest.raises(BadRecord, match="larger"):
        incidents.read_all(tmp_path, load())
    assert incidents.read_all(tmp_path / "gone", load()) == ()


def test_a_ticked_step_stays_in_its_list() -> None:
    text = with_step(RECORD, STEPS[0].id, "done", "operations", NOW)
    before, after = (len(found.split("## Immediate")[0].split("\n\n")) for found in (RECORD, text))
    assert before == after


HOSTILE = pytest.mark.hostile("files")


@pytest.mark.hostile("outputs")
@pytest.mark.parametrize("text", [text for text in DIRTY.values() if len(text) < 10_000], ids=[name for name, text in DIRTY.items() if len(text) < 10_000])  # fmt: skip
def test_whatever_a_target_says_a_record_is_the_same_record(text: str) -> None:
    made = with_seen(render("quiet", "vm", NOW, load(), {}), {"Services": (text, f"x {text}"), "Errors": ()})
    plain = with_seen(render("quiet", "vm", NOW, load(), {}), {"Services": ("words", "x words"), "Errors": ()})
    found = parse("x", made, load())
    assert (found.title, found.closed, len(found.open_steps())) == ("quiet", None, 18)
    assert [token.type for token in MarkdownIt().parse(made)] == [token.type for token in MarkdownIt().parse(plain)]
    assert not forbidden(made)
    assert made == render("quiet", "vm", NOW, load(), {"Services": (text, f"x {text}"), "Errors": ()})


@HOSTILE
@pytest.mark.parametrize("text", [
    "# Incident: x\n" + "- [ ] `incident.act.fix` x\n" * 35_000, "# Incident: " + " " * 1_000_000 + "b\n", "# Incident: x\n- Opened: " + "9" * 100_000,
    *(RECORD.replace("2026-11-24 22:10 UTC", moment) for moment in ("0000-00-00 00:00 UTC", "99999-01-01 00:00 UTC", "2026-02-30 25:61 UTC", "9" * 100_000)),
], ids=["boxes", "blanks in the title", "digits", "year 0", "year 99999", "no such day", "a long moment"])  # fmt: skip
def test_a_strangers_record_has_an_end(text: str) -> None:
    with pytest.raises(BadRecord) as error:
        parse("x", text, load())
    assert len(str(error.value)) < 300


@HOSTILE
@pytest.mark.parametrize("text", [
    "- Host: a" + " " * 1_000_000 + "b\n" + RECORD, "\n" * 1_000_000 + RECORD,
    RECORD.replace("## Log", "- [ ] `incident.act.fix` x\n" + "  - note\n" * 90_000),
], ids=["blanks in a field", "blank lines", "notes"])  # fmt: skip
def test_a_strangers_long_record_is_read_once(text: str) -> None:
    found = parse("x", text, load())
    assert len(found.steps) == 18
    assert max(len(step.notes) for step in found.steps.values()) <= incidents.MOST_NOTES


@HOSTILE
@pytest.mark.parametrize("kind", ["pipe", "zeroes", "folder", "link that leads out", "link to itself", "no text"])
def test_a_record_that_is_no_file_of_its_folder_is_named(kind: str, tmp_path: Path) -> None:
    folder = tmp_path / "incidents"
    folder.mkdir()
    path = folder / "a.md"
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "no text":
            path.write_bytes(b"# Incident: \xff")
        case _:
            (tmp_path / "outside").write_text(RECORD)
            path.symlink_to(
                {"zeroes": "/dev/zero", "link that leads out": "../outside", "link to itself": "a.md"}[kind]
            )
    with pytest.raises(BadRecord, match=r"^a: (cannot be read|is not UTF-8)"):
        incidents.read_all(folder, load())


@HOSTILE
def test_there_are_not_more_records_than_people_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incidents, "MOST_RECORDS", 3)
    for number in range(3):
        (tmp_path / f"{number}.md").write_text(RECORD)
    assert len(incidents.read_all(tmp_path, load())) == 3
    (tmp_path / "3.md").write_text(RECORD)
    with pytest.raises(BadRecord, match="has more than 3 records"):
        incidents.read_all(tmp_path, load())


@pytest.mark.parametrize("convert", [lambda text: text.replace("\n", "\r\n"), lambda text: f"\ufeff{text}"], ids=["Windows", "byte order"])  # fmt: skip
def test_other_editors_records_are_read_and_stay_theirs(convert: Callable[[str], str], tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(convert(with_end(RECORD, NOW)).encode())
    incidents.change(path, lambda text: with_step(text, "incident.act.fix", "done", "operations", NOW))
    (found,) = incidents.read_all(tmp_path, load())
    assert (found.title, found.closed, found.steps["incident.act.fix"].is_done) == ("API answers 500", NOW, True)
    written = path.read_bytes().decode()
    assert written == convert(written.removeprefix("\ufeff").replace("\r\n", "\n"))


def _tick(path: Path, item_id: str) -> None:
    incidents.change(path, lambda text: with_step(text, item_id, "done", "operations", NOW))


def test_eighteen_who_tick_at_once_are_all_heard(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(RECORD)
    context = multiprocessing.get_context("fork")
    several = [context.Process(target=_tick, args=(path, item.id)) for item in STEPS]
    for one in several:
        one.start()
    for one in several:
        one.join()
    (found,) = incidents.read_all(tmp_path, load())
    assert found.open_steps() == ()


def test_what_is_seen_needs_its_heading() -> None:
    with pytest.raises(BadRecord, match="Seen when it was opened"):
        with_seen("# Incident: x\n", {})
