"""`zebu waive`: what it writes, and what it refuses before anything is written."""

from __future__ import annotations

import io
import tomllib
from datetime import date
from pathlib import Path

import pytest

from pytest_zebu.catalogue import load
from pytest_zebu.commands import waive
from pytest_zebu.commands.cli import main, parser
from pytest_zebu.people import attestations
from pytest_zebu.settings.errors import UsageProblem

ITEM = "deploy.initial.services-healthy"
TODAY = date(2026, 11, 24)
FILE = "attestations.toml"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("zebu.toml").write_text("")
    return tmp_path


def run(*words: str, item: str = ITEM) -> int:
    """What the command does on a day of ours."""
    return waive.run(parser().parse_args(["waive", item, *words]), TODAY)


GIVEN = ("--reason", "Redis moves next week.", "--approver", "product owner", "--until", "2026-12-15")


def written(place: Path) -> dict[str, object]:
    return dict(tomllib.loads((place / FILE).read_text())["waiver"][-1])


def test_a_waiver_of_cases(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / FILE).write_text("# Ours.\n")
    assert run(*GIVEN, "--case", "redis", "--case", "a [::1]:22 & more") == 0
    assert written(place) == {
        "id": ITEM, "reason": "Redis moves next week.", "approver": "product owner", "from": TODAY,
        "until": date(2026, 12, 15), "cases": ["redis", "a [::1]:22 & more"],
    }  # fmt: skip
    out = capsys.readouterr().out
    assert f"{ITEM}: All services healthy" in out or ITEM in out
    assert "waived by product owner until 2026-12-15, for redis, a [::1]:22 & more: Redis moves next week." in out
    assert (place / FILE).read_text().startswith("# Ours.\n\n[[waiver]]\n")


def test_a_waiver_of_the_item(place: Path) -> None:
    assert run(*GIVEN, "--from", "2026-11-30") == 0
    assert written(place) == {
        "id": ITEM, "reason": "Redis moves next week.", "approver": "product owner", "from": date(2026, 11, 30), "until": date(2026, 12, 15),
    }  # fmt: skip
    records = attestations.read(place / FILE, load(), required=True)
    assert records.waiver(ITEM, date(2026, 11, 30)) is not None
    assert records.waiver(ITEM, TODAY) is None


@pytest.mark.parametrize(("words", "reason"), [
    (("--until", "2026-11-23"), "--until=2026-11-23 is over (in UTC it is 2026-11-24)"), (("--until", "2027-11-26"), "lasts longer than 366 days: until = 2027-11-25 at the latest"),
    (("--until", "2199-12-31"), "lasts longer than 366 days"), (("--until", "soon"), "--until=soon is no date: write YYYY-MM-DD"), (("--until", "9999-12-31"), "until: 9999-12-31: must be a day of the years 2000 to 2199"),
    (("--until", "2026-W50-1"), "is no date"), (("--until", "20261215"), "is no date"), (("--from", "2026-12-16"), "ends before it begins"), (("--from", "1000-01-01"), "from: 1000-01-01: must be a day of the years 2000 to 2199"),
    (("--from", "2025-01-01"), "lasts longer than 366 days"), (("--reason", "  "), "of at least 3 characters"), (("--reason", "x\x1b[2J"), "of at least 3 characters"),
    (("--approver", "x"), "of at least 2 characters"), (("--case", " \u200b "), "of at least 1 character;"), (("--case", "x" * 301), "of at most 300 characters"),
    (("--case", "x") * 51, "of at most 50 entries"), (("--config", "none.toml"), "none.toml: no such file"),
])  # fmt: skip
def test_nothing_is_written_that_is_wrong(words: tuple[str, ...], reason: str, place: Path) -> None:
    with pytest.raises(UsageProblem) as error:
        run(*GIVEN, *words)
    assert reason in str(error.value)
    assert not (place / FILE).exists()


@pytest.mark.parametrize("day", ["2026-11-24", "2027-11-25"])
def test_the_nearest_and_the_farthest_end(day: str, place: Path) -> None:
    assert run(*GIVEN, "--until", day) == 0
    assert attestations.read(place / FILE, load(), required=True).waiver(ITEM, TODAY) is not None


@pytest.mark.parametrize(("item", "reason"), [
    ("pre.security.firewall.enabled", "pre.security.firewall.enabled is non-negotiable: it cannot be waived"), ("deploy.initial.services-health", f"did you mean '{ITEM}'?"),
])  # fmt: skip
def test_what_cannot_be_waived_is_said_before_anybody_is_asked(
    item: str, reason: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", _Terminal(""))
    monkeypatch.setattr("builtins.input", lambda question: pytest.fail(f"asked {question}"))
    with pytest.raises(UsageProblem, match=reason.replace("?", r"\?")):
        run(item=item)
    assert not (place / FILE).exists()


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_what_is_missing_is_asked_for(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", _Terminal("\nRedis moves.\nproduct owner\n2026-12-15\n"))
    assert run("--case", "redis") == 0
    assert (written(place)["reason"], written(place)["until"]) == ("Redis moves.", date(2026, 12, 15))


@pytest.mark.parametrize(("given", "missing"), [(0, "reason"), (2, "approver"), (4, "until")])
def test_without_a_person_to_ask_the_option_is_named(
    given: int, missing: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("an answer that nobody gave\n"))
    with pytest.raises(UsageProblem, match=f"{missing} is missing: --{missing}"):
        run(*GIVEN[:given])
    assert not (place / FILE).exists()


def test_what_else_is_waived_is_said(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*GIVEN) == 0
    assert capsys.readouterr().err == ""
    assert run(*GIVEN, "--case", "redis") == 0
    assert "beside it stands: waived by product owner until 2026-12-15: Redis moves" in capsys.readouterr().err


def test_a_file_that_is_wrong_already_is_left_alone(place: Path) -> None:
    (place / FILE).write_text("[[waiver]]\nid = 'nothing'\n")
    with pytest.raises(UsageProblem, match=r"waiver\.0"):
        run(*GIVEN)
    assert (place / FILE).read_text() == "[[waiver]]\nid = 'nothing'\n"


def test_it_is_a_command_of_zebu(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["waive", ITEM, *GIVEN[:4], "--until", "2020-01-01"]) == 1
    assert "zebu: --until=2020-01-01 is over" in capsys.readouterr().err
