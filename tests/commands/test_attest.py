"""`zebu attest`: what it writes, and what it refuses before anything is written."""

from __future__ import annotations

import hashlib
import io
import tomllib
from datetime import date
from pathlib import Path

import pytest

from pytest_zebu.catalogue import load
from pytest_zebu.commands import attest
from pytest_zebu.commands.cli import main
from pytest_zebu.people import attestations

COSTS = "post.maintenance.capacity.costs"
GIVEN = ("--statement", "The bill is reviewed.", "--by", "operations", "--on", "2026-01-31")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("zebu.toml").write_text("")
    Path("bill.txt").write_text("3.50")
    return tmp_path


def written(place: Path) -> dict[str, object]:
    return dict(tomllib.loads((place / "attestations.toml").read_text())["attestation"][-1])


def test_all_kinds_of_evidence(place: Path) -> None:
    kinds = (
        "--file",
        "bill.txt",
        "--url",
        "https://x.example",
        "--commit",
        "0123abcd",
        "--output-of",
        "printf 'all\\033[31m well'",
    )
    assert main(["attest", COSTS, *GIVEN, *kinds, "--approver", "finance", "--valid-days", "40"]) == 0
    digest = hashlib.sha256(b"3.50").hexdigest()
    assert written(place) == {
        "id": COSTS, "statement": "The bill is reviewed.", "by": "operations", "approver": "finance",
        "on": date(2026, 1, 31), "valid_days": 40,
        "evidence": [
            {"file": "bill.txt", "sha256": digest}, {"url": "https://x.example"}, {"commit": "0123abcd"},
            {"command": "printf 'all\\033[31m well'", "output": "all well"},
        ],
    }  # fmt: skip
    attestations.read(place / "attestations.toml", load(), required=True)


@pytest.mark.parametrize(("more", "reason"), [
    ((), "evidence is missing"), (("--file", "none.txt"), "none.txt cannot be read"), (("--commit", "main"), "commit"),
    (("--output-of", "false"), "ended with status 1"), (("--output-of", "true"), "said nothing"),
    (("--url", "https://x.example", "--on", "tomorrow"), "is no date"),
    (("--url", "https://x.example", "--on", "2999-01-01"), "is in the future"),
    (("--url", "https://x.example", "--valid-days", "0"), "valid_days"),
    (("--url", "https://x.example", "--about", "the bill"), "about.0: 'the bill' begins with no word that a run can compare"),
    (("--url", "https://x.example", "--on", "20260131"), "--on=20260131 is no date: write YYYY-MM-DD"),
    (("--url", "https://x.example", "--by", "x"), "by"), (("--url", "https://x.example", "--by", "   "), "of at least 2 characters"),
    (("--url", "https://x.example", "--statement", "\x1b[31m"), "of at least 3 characters"),
    (("--url", "ftp://x.example"), "url"), (("--file", "."), ". cannot be read (is no regular file)"),
    (("--url", "https://x.example", "--valid-days", "367"), "valid_days"),
    (("--output-of", "exit 3"), "'exit 3' ended with status 3"), (("--output-of", "printf '\\033[31m \\n'"), "said nothing"),
    (("--url", "https://x.example", "--on", "2026-02-30"), "--on=2026-02-30 is no date: write YYYY-MM-DD"),
    (("--url", "https://x.example", "--statement", "\udcff\udcff\udcff"), "statement"), (("--url", "https://x.example", "--config", "x.toml"), "x.toml: no such file"),
])  # fmt: skip
def test_nothing_is_written_that_is_wrong(
    more: tuple[str, ...], reason: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["attest", COSTS, *GIVEN, *more]) == 1
    assert reason in capsys.readouterr().err
    assert not (place / "attestations.toml").exists()


def test_an_unknown_item_is_named(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["attest", "post.maintenance.capacity.cost"]) == 1
    assert f"did you mean '{COSTS}'?" in capsys.readouterr().err


def test_a_file_that_is_wrong_already_is_left_alone(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "attestations.toml").write_text("[[waiver]]\nid = 'nothing'\n")
    assert main(["attest", COSTS, *GIVEN, "--url", "https://x.example"]) == 1
    assert "waiver.0" in capsys.readouterr().err


@pytest.mark.parametrize(("given", "missing"), [
    ((), "statement is missing: --statement"), (("--statement", "seen"), "by is missing: --by"),
    (("--statement", "seen", "--by", "operations"), "evidence is missing: --file, --url, --commit or --output-of"),
])  # fmt: skip
def test_without_a_person_to_ask_the_option_is_named(
    given: tuple[str, ...],
    missing: str,
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("an answer that nobody gave\n"))
    assert main(["attest", COSTS, *given]) == 1
    assert capsys.readouterr().err == f"zebu: {missing}\n"
    assert not (place / "attestations.toml").exists()


def test_a_failure_is_attested_as_one(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["attest", COSTS, *GIVEN, "--url", "https://x.example", "--result", "failed"]) == 0
    assert written(place)["result"] == "failed"
    assert "attested to have failed by operations on 2026-01-31, until 2026-05-03" in capsys.readouterr().out


def test_what_it_is_about_is_written(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ("--url", "https://x.example", "--about", "Postgres  16", "--about", "host vm")
    assert main(["attest", COSTS, *GIVEN, *given]) == 0
    assert written(place)["about"] == ["postgres 16", "host vm"]
    assert "until 2026-05-03, about postgres 16, host vm: The bill is reviewed." in capsys.readouterr().out
    assert main(["attest", COSTS, *GIVEN, "--url", "https://x.example", "--on", "2026-01-30"]) == 0
    said = capsys.readouterr()
    assert "of 2026-01-31, where it is about postgres 16, host vm" in said.err
    assert "attestations.toml: added" in said.out


def test_a_newer_word_counts_and_that_is_said(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["attest", COSTS, *GIVEN, "--url", "https://x.example"]) == 0
    assert capsys.readouterr().err == ""
    assert main(["attest", COSTS, *GIVEN, "--url", "https://y.example", "--on", "2026-01-30"]) == 0
    assert f"a newer attestation of {COSTS} counts, of 2026-01-31" in capsys.readouterr().err
    assert written(place)["on"] == date(2026, 1, 30)


def test_a_file_elsewhere_is_named_from_where_the_attestations_are(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "below").mkdir()
    monkeypatch.chdir(place / "below")
    assert main(["attest", COSTS, *GIVEN, "--config", "../zebu.toml", "--file", "../bill.txt"]) == 0
    assert written(place)["evidence"] == [{"file": "bill.txt", "sha256": hashlib.sha256(b"3.50").hexdigest()}]


def test_what_a_command_says_is_kept_up_to_a_limit(place: Path) -> None:
    assert main(["attest", COSTS, *GIVEN, "--output-of", "head -c 5000 /dev/zero | tr '\\0' x"]) == 0
    (evidence,) = tomllib.loads((place / "attestations.toml").read_text())["attestation"][-1]["evidence"]
    assert evidence["output"] == "x" * 2000


def test_a_command_that_does_not_end_is_no_evidence(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(attest, "SECONDS", 0.2)
    assert main(["attest", COSTS, *GIVEN, "--output-of", "exec sleep 30"]) == 1
    assert "'exec sleep 30' did not end within 0.2 s" in capsys.readouterr().err
    assert not (place / "attestations.toml").exists()


def test_a_place_that_cannot_be_written_is_a_line(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "zebu.toml").write_text("[evidence]\nattestations = 'bill.txt/attestations.toml'\n")
    assert main(["attest", COSTS, *GIVEN, "--url", "https://x.example"]) == 1
    assert "bill.txt/attestations.toml: Not a directory" in capsys.readouterr().err


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("answer", "evidence"), [
    ("https://x.example", [{"url": "https://x.example"}]), ("0123abcd", [{"commit": "0123abcd"}]),
    ("bill.txt", [{"file": "bill.txt", "sha256": hashlib.sha256(b"3.50").hexdigest()}]),
])  # fmt: skip
def test_what_is_missing_is_asked_for(
    answer: str, evidence: list[dict[str, str]], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", _Terminal(f"\nThe bill is reviewed.\noperations\n{answer}\n"))
    assert main(["attest", COSTS]) == 0
    assert (written(place)["statement"], written(place)["evidence"]) == ("The bill is reviewed.", evidence)
