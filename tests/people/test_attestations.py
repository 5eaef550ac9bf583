"""What people declare: every rule has a test that would fail without it."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import re
import subprocess
import tempfile
from contextlib import nullcontext
from datetime import date
from pathlib import Path

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from lab import recordings
from pytest_zebu.catalogue import load
from pytest_zebu.facts import effort
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.people import attestations
from pytest_zebu.people.attestations import Attestation, CommandEvidence, Records, Standing, UrlEvidence
from pytest_zebu.plugin.judge import Evidence
from pytest_zebu.settings.errors import UsageProblem
from pytest_zebu.verdict.outcome import Finding, Outcome
from pytest_zebu.verdict.settle import Word, settle
from tests.no_files import MAKE

TODAY = date(2026, 11, 24)
FOUND = Attestation(
    id="pre.database.backups.restore-tested",
    statement='A drill "passed".',
    by="restore drill",
    on=TODAY,
    valid_days=30,
    evidence=(CommandEvidence(command="pytest --zebu-active=restore", output="zebu.dump: restored\nrows: 800"),),
)
BY_HAND = """# Kept as it is.
[[waiver]]
id = "deploy.frontend.mobile"
reason = "later"
approver = "operations"
from = 2026-11-01
until = 2026-12-01
"""
COSTS = "post.maintenance.capacity.costs"


def attested(path: Path, lines: str = "", item: str = COSTS) -> Path:
    """A file with one attestation, and more lines in it."""
    keys = {
        "statement": '"seen"',
        "by": '"operations"',
        "on": TODAY.isoformat(),
        "evidence": '[{ commit = "0123abcd" }]',
    }
    given = {line.partition(" = ")[0] for line in lines.splitlines()}
    rest = "".join(f"{key} = {value}\n" for key, value in keys.items() if key not in given)
    path.write_text(f'[[attestation]]\nid = "{item}"\n{rest}{lines}\n')
    return path


def read(path: Path, approved: tuple[str, ...] = ()) -> Records:
    return attestations.read(path, load(), required=True, approved=approved)


@pytest.mark.parametrize("before", [None, "", BY_HAND, BY_HAND.rstrip()])
def test_an_attestation_is_added(tmp_path: Path, before: str | None) -> None:
    path = tmp_path / "attestations.toml"
    if before is not None:
        path.write_text(before)
        path.chmod(0o640)
    attestations.append(path, FOUND)
    newer = FOUND.model_copy(update={"on": date(2026, 11, 25)})
    attestations.append(path, newer)
    assert read(path).attestations[FOUND.id].record == newer
    text = path.read_text()
    assert text.startswith((before or "").rstrip())
    assert text.count("[[attestation]]") == 2
    assert path.stat().st_mode & 0o777 == (0o640 if before is not None else 0o644)
    assert [other.name for other in tmp_path.iterdir()] == ["attestations.toml"]


def test_it_ends_after_its_days(tmp_path: Path) -> None:
    attestations.append(tmp_path / "a.toml", FOUND)
    records = read(tmp_path / "a.toml")
    assert records.attestation(FOUND.id, date(2026, 12, 24)) is not None
    assert records.attestation(FOUND.id, date(2026, 12, 25)) is None
    assert "expired on 2026-12-24" in records.lapsed(FOUND.id, date(2026, 12, 25))


@pytest.mark.parametrize(("item", "given", "days"), [
    (COSTS, "", 92), (COSTS, "valid_days = 200", 200), ("ops.weekly.logs", "", 7), ("ops.weekly.logs", "valid_days = 30", 7),
    ("ops.annually.audit", "", 366), ("ops.monthly.metrics", "valid_days = 3", 3),
])  # fmt: skip
def test_it_holds_by_the_items_cadence_and_never_longer(tmp_path: Path, item: str, given: str, days: int) -> None:
    standing = read(attested(tmp_path / "a.toml", given, item)).attestations[item]
    assert (standing.until - TODAY).days == days


def test_one_of_tomorrow_does_not_hold(tmp_path: Path) -> None:
    records = read(attested(tmp_path / "a.toml", "on = 2026-11-25"))
    assert records.attestation(COSTS, TODAY) is None
    assert "dated in the future" in records.lapsed(COSTS, TODAY)


def test_evidence_that_changed_is_none(tmp_path: Path) -> None:
    seen = tmp_path / "seen.txt"
    seen.write_text("as it was")
    digest = hashlib.sha256(b"as it was").hexdigest()
    path = attested(tmp_path / "a.toml", f'evidence = [{{ file = "seen.txt", sha256 = "{digest}" }}]')
    assert read(path).attestation(COSTS, TODAY) is not None
    seen.write_text("as it is")
    assert "seen.txt has changed since" in read(path).lapsed(COSTS, TODAY)
    seen.unlink()
    assert "seen.txt cannot be read" in read(path).lapsed(COSTS, TODAY)


@pytest.mark.parametrize(("evidence", "reason"), [
    ('["a word"]', "must be a table with one of"), ("[]", "of at least 1 entry"), ('[{ url = "ftp://x" }]', "evidence.0.url"),
    ('[{ file = "x" }]', "sha256"), ('[{ command = "ls" }]', "output"), ('[{ commit = "main" }]', "commit"),
])  # fmt: skip
def test_evidence_of_no_known_kind_is_refused(tmp_path: Path, evidence: str, reason: str) -> None:
    with pytest.raises(UsageProblem, match=reason):
        read(attested(tmp_path / "a.toml", f"evidence = {evidence}"))


BLANKS = (
    "\u200b\u200b\u200b",
    "\u3164\u2060\ufeff\u115f",
    "\u202e\u2066\u200f",
    "   ",
    "\u00a0\u2003\t",
    "\\u001b[31m\\u001b[0m",
    "\\u0000\\u0001\\u0002",
)


@pytest.mark.parametrize("blank", BLANKS)
@pytest.mark.parametrize(
    "line", ['statement = "{}"', 'by = "{}"', 'approver = "{}"', 'evidence = [{{ command = "ls", output = "{}" }}]']
)
def test_a_blank_is_nobodys_word(tmp_path: Path, line: str, blank: str) -> None:
    key = "evidence.0.*output" if "output" in line else line.partition(" ")[0]
    with pytest.raises(UsageProblem, match=rf"attestation\.0\.{key}: \"\": must be a text in quotes, of at least"):
        read(attested(tmp_path / "a.toml", line.format(blank)))


@pytest.mark.parametrize("key", ["reason", "approver"])
def test_a_blank_accepts_no_risk(tmp_path: Path, key: str) -> None:
    text = "[[waiver]]\n" + WAIVER.format("deploy.backend.docs", "2026-12-01")
    (tmp_path / "a.toml").write_text(re.sub(rf"(?m)^{key} = .*$", f'{key} = "    "', text))
    with pytest.raises(UsageProblem, match=rf"waiver\.0\.{key}: \"\": must be a text in quotes, of at least"):
        read(tmp_path / "a.toml")


@pytest.mark.hostile("outputs")
def test_what_is_said_reaches_no_terminal_as_a_command(tmp_path: Path) -> None:
    record = read(attested(tmp_path / "a.toml", 'statement = " \\u001b[2Jseen\\u0007 "')).attestations[COSTS].record
    assert record.statement == "seen"


def test_an_unknown_item_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match=r"did you mean 'post\.maintenance\.capacity\.costs'"):
        read(attested(tmp_path / "a.toml", item="post.maintenance.capacity.cost"))


@pytest.mark.parametrize(("approver", "trouble"), [
    ("", "nobody approved it"), ("approver = 'Operations'", "approved their own word"), ("approver = 'security'", ""),
])  # fmt: skip
def test_where_the_team_asks_for_it_somebody_else_approves(tmp_path: Path, approver: str, trouble: str) -> None:
    path = attested(tmp_path / "a.toml", approver)
    assert trouble in read(path, ("post.maintenance.*",)).lapsed(COSTS, TODAY)
    assert (read(path, ("post.maintenance.*",)).attestation(COSTS, TODAY) is None) is bool(trouble)
    assert read(path, ("pre.*",)).attestation(COSTS, TODAY) is not None


WAIVER = 'id = "{}"\nreason = "for now"\napprover = "operations"\nfrom = 2026-11-01\nuntil = {}\n'


@pytest.mark.parametrize(("text", "reason"), [
    ("[[waiver]]\n" + WAIVER.format("pre.security.firewall.enabled", "2026-12-01"), "is non-negotiable"),
    ("[[waiver]]\n" + WAIVER.format("deploy.backend.docs", "2026-10-01"), "ends before it begins"),
    ('[[not_applicable]]\nid = "post.recovery.backups.daily"\nreason = "none"\napprover = "operations"\n', "is non-negotiable"),
    ('[[not_applicable]]\nid = "deploy.redis.running"\nreason = "none"\napprover = "operations"\n', "is not conditional"),
])  # fmt: skip
def test_what_may_not_be_waived_or_left_out(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "a.toml").write_text(text)
    with pytest.raises(UsageProblem, match=reason):
        read(tmp_path / "a.toml")


@pytest.mark.parametrize(("until", "outcome", "reason"), [
    ("2026-11-24", Outcome.WAIVED, "waived by operations until 2026-11-24: for now (broken)"),
    ("2026-11-23", Outcome.FAILED, "broken"),
])  # fmt: skip
def test_a_waiver_holds_until_its_last_day(tmp_path: Path, until: str, outcome: Outcome, reason: str) -> None:
    (tmp_path / "a.toml").write_text("[[waiver]]\n" + WAIVER.format("deploy.backend.docs", until))
    found = settle(
        load()["deploy.backend.docs"], Finding("deploy.backend.docs", Outcome.FAILED, "broken"),
        read(tmp_path / "a.toml").declared("deploy.backend.docs", TODAY), "",
    )  # fmt: skip
    assert (found.outcome, found.reason.startswith(reason)) == (outcome, True)


STATED = Standing(FOUND.model_copy(update={"id": COSTS}), date(2026, 12, 24), history="a.toml: commit 0123")


@pytest.mark.parametrize(("machine", "result", "outcome"), [
    (Outcome.NOT_ASSESSED, "passed", Outcome.ATTESTED), (Outcome.FAILED, "passed", Outcome.FAILED),
    (Outcome.PASSED, "passed", Outcome.PASSED), (Outcome.NOT_ASSESSED, "failed", Outcome.FAILED),
    (Outcome.PASSED, "failed", Outcome.FAILED),
])  # fmt: skip
def test_a_word_never_turns_a_machines_failure_into_a_pass(machine: Outcome, result: str, outcome: Outcome) -> None:
    record = STATED.record.model_copy(update={"result": result})
    records = Records({COSTS: Standing(record, STATED.until, history=STATED.history)})
    found = settle(load()[COSTS], Finding(COSTS, machine, "unseen"), records.declared(COSTS, TODAY), "")
    assert found.outcome is outcome
    if outcome is Outcome.ATTESTED:
        assert found.evidence == ("pytest --zebu-active=restore: zebu.dump: restored rows: 800", "a.toml: commit 0123")


def test_the_history_of_the_file_is_evidence(tmp_path: Path) -> None:
    """Each record has the commit of its own lines; what is not committed says so."""
    path = attested(tmp_path / "a.toml")

    def history(number: int = 0) -> str:
        records = attestations.read(path, load(), required=True, with_history=True).attestations
        return list(records.values())[number].history

    def git(*words: str) -> None:
        identity = ("-c", "user.name=operations", "-c", "user.email=operations@zebu.test")
        subprocess.run(["git", *identity, "-C", str(tmp_path), *words], check=True, capture_output=True)

    assert history() == "a.toml is in no commit"
    git("init", "-q")
    git("add", "a.toml")
    assert history() == "a.toml is in no commit"
    git("commit", "-q", "-m", "costs")
    first = history()
    assert first.startswith("a.toml: commit ")
    attestations.append(path, FOUND)
    assert [history(0), history(1)] == [first, "not committed to a.toml yet"]


def test_a_file_without_any_record(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("# Nobody has said anything yet.\n")
    records = attestations.read(tmp_path / "a.toml", load(), required=True, with_history=True)
    assert not records.attestations


@pytest.mark.hostile("secrets")
@pytest.mark.parametrize(
    "evidence",
    [{"command": "psql", "output": "password=qw3rt7z9u"}, {"command": "curl -u op:qw3rt7z9u https://a.test", "output": "done"}, {"url": "https://a.test/?token=qw3rt7z9u"}],
    ids=["output", "command", "address"],
)  # fmt: skip
def test_a_secret_in_an_attestation_is_not_told_on(evidence: dict[str, str], tmp_path: Path) -> None:
    """Nor one in its statement. The file stays as it was written."""
    words = {"id": COSTS, "statement": "seen, with token: qw3rt7z9u", "by": "operations", "on": "2026-11-20"}
    (tmp_path / "a.toml").write_text(tomli_w.dumps({"attestation": [{**words, "evidence": [evidence]}]}))
    (standing,) = attestations.read(tmp_path / "a.toml", load(), required=True).attestations.values()
    assert "qw3rt7z9u" not in standing.summary + str(standing.evidence)
    assert "seen, with token" in standing.summary


def test_addresses_are_shown_whole() -> None:
    assert UrlEvidence(url="https://wiki.example.org/x").summary == "https://wiki.example.org/x"


WAIVED = attestations.Waiver.model_validate(
    {
        "id": COSTS,
        "reason": "a small site",
        "approver": "owner",
        "from": date(2026, 11, 10),
        "until": date(2026, 11, 20),
    }
)


@pytest.mark.parametrize(("day", "holds", "lapsed"), [
    (9, False, "the waiver by owner begins on 2026-11-10"), (10, True, ""), (15, True, ""), (20, True, ""), (21, False, "the waiver by owner ended on 2026-11-20"),
])  # fmt: skip
def test_a_waiver_holds_from_its_first_day_to_its_last(day: int, holds: bool, lapsed: str) -> None:
    records, today = Records(waivers={COSTS: (WAIVED,)}), date(2026, 11, day)
    assert (records.waiver(COSTS, today) is not None) is holds
    assert records.lapsed(COSTS, today) == lapsed
    assert bool(records.declared(COSTS, today).waivers) is holds
    assert Records().lapsed(COSTS, today) == ""


@pytest.mark.parametrize(
    ("result", "words", "failed"), [("passed", "attested by", False), ("failed", "attested to have failed by", True)]
)
def test_the_word_of_an_attestation(result: str, words: str, failed: bool) -> None:
    record = Attestation.model_validate({
        "id": COSTS, "statement": "looked at", "by": "owner", "on": date(2026, 11, 1), "result": result, "evidence": (UrlEvidence(url="https://x.example"),),
    })  # fmt: skip
    word = Records({COSTS: Standing(record, date(2026, 12, 1))}).declared(COSTS, date(2026, 11, 2)).attestation
    assert word is not None
    summary = f"{words} owner on 2026-11-01, until 2026-12-01: looked at"
    assert word == Word(
        summary, failed, word.evidence, "owner", date(2026, 11, 1), date(2026, 12, 1), statement="looked at"
    )


HOSTILE = pytest.mark.hostile("files")


def evidence_of(folder: Path, name: str, digest: str = "0" * 64) -> str:
    """Why a file is no evidence, as reports say it."""
    path = attested(folder / "a.toml", f'evidence = [{{ file = "{name}", sha256 = "{digest}" }}]')
    return read(path).lapsed(COSTS, TODAY)


@HOSTILE
@pytest.mark.parametrize("name", [
    "/etc/hostname", "/proc/self/environ", "/dev/zero", "../outside", "below/../../outside", "link", "links/outside", "far", "~/.ssh/id_rsa",
    "\\u0000", "x" * 500, "a/" * 200, "loop",
])  # fmt: skip
def test_evidence_lies_in_the_projects_folder(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    (folder / "below").mkdir(parents=True)
    (tmp_path / "outside").write_text("another's")
    (folder / "link").symlink_to("../outside")
    (folder / "links").symlink_to("..")
    (folder / "far").symlink_to("/etc/hostname")
    (folder / "loop").symlink_to("loop")
    said = evidence_of(folder, name, hashlib.sha256(b"another's").hexdigest())
    assert "is void: its evidence" in said
    assert "lies outside of" in said or "cannot be read" in said


@HOSTILE
@pytest.mark.parametrize("kind", ["pipe", "zeroes", "folder", "a tebibyte"])
def test_evidence_is_a_file_with_an_end(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "evidence"
    MAKE[kind](path)
    said = evidence_of(tmp_path, "evidence")
    assert "its evidence evidence cannot be read (is" in said or "its evidence evidence lies outside" in said


@HOSTILE
def test_evidence_together_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attestations, "EVIDENCE_TOGETHER", 250)
    shelf = attestations.Shelf(tmp_path, tmp_path, 250)
    digest = hashlib.sha256(b"x" * 100).hexdigest()
    for name in "abc":
        (tmp_path / name).write_bytes(b"x" * 100)
    troubles = [shelf.trouble(attestations.FileEvidence(file=name, sha256=digest)) for name in "aababc"]
    assert troubles[:5] == [""] * 5, "each is read once"
    assert "c cannot be read (is larger" in troubles[5]


def test_evidence_may_lie_beside_the_settings_and_be_linked_within(tmp_path: Path) -> None:
    (tmp_path / "records").mkdir()
    (tmp_path / "bill").write_text("3.50")
    (tmp_path / "records/link").symlink_to("../bill")
    os.link(tmp_path / "bill", tmp_path / "records/hard")
    digest = hashlib.sha256(b"3.50").hexdigest()
    for name in ("../bill", "link", "hard"):
        path = attested(tmp_path / "records/a.toml", f'evidence = [{{ file = "{name}", sha256 = "{digest}" }}]')
        found = attestations.read(path, load(), required=True, project=tmp_path)
        assert found.attestation(COSTS, TODAY) is not None
    assert "lies outside of" in read(path.parent / "a.toml").lapsed(COSTS, TODAY) or name == "hard"


@HOSTILE
@pytest.mark.parametrize("line", [
    "on = 0001-01-01", "on = 9999-12-31", "on = 2026-11-24T00:00:00Z", "on = 2026-11-24T12:00:00+14:00", "on = 1700000000", "on = 1.5", "on = true",
    'on = "1700000000"', 'on = "2026-W48-2"', 'on = "\\u0662\\u0660\\u0662\\u0666-11-24"', "on = 12:00:00", 'on = ""', "on = []",
    "valid_days = nan", "valid_days = inf", "valid_days = -1", "valid_days = 1000000000", "valid_days = 30.0", 'valid_days = "30"', "valid_days = true",
    "statement = 5", "statement = []", f'statement = "{"x" * 2001}"', 'by = { name = "x" }', 'result = "PASSED"', "result = true", "__class__ = 1", '"\\u0000" = 1',
    'evidence = [{ url = "javascript:alert(1)" }]', 'evidence = [{ url = "file:///etc/passwd" }]', 'evidence = [{ url = "https://user:secret@wiki.example" }]',
    'evidence = [{ url = "https://[::1" }]', 'evidence = [{ url = "https://x.example/\\u202egpj" }]', 'evidence = [{ url = "https://x.example/\\u001b[2J" }]', 'evidence = [{ file = "x", url = "https://x.example", sha256 = "0" }]', "evidence = {}", 'evidence = "x"',
    'evidence = [{ command = "ls", output = "x", file = "/etc/passwd" }]', "evidence = [" + '{ commit = "0123abcd" },' * 51 + "]",
    f'evidence = [{{ url = "https://x.example/{"x" * 2001}" }}]',
], ids=lambda line: line[:50])  # fmt: skip
def test_a_strangers_record_is_of_the_kind_that_it_must_be(line: str, tmp_path: Path) -> None:
    with pytest.raises(UsageProblem) as error:
        read(attested(tmp_path / "a.toml", line))
    said = str(error.value)
    assert said.startswith(f"{tmp_path / 'a.toml'}: ")
    assert "secret@" not in said
    assert len(said) < 600


@HOSTILE
@pytest.mark.parametrize("item", [
    "post.maintenance.capacity.c\u043ests", "post.maintenance.capacity.costs\u200b", " post.maintenance.capacity.costs", "POST.maintenance.capacity.costs",
    "x" * 201, "", "post.maintenance.capacity.costs\\n", "__class__",
])  # fmt: skip
def test_what_only_looks_like_an_item_is_none(item: str, tmp_path: Path) -> None:
    with pytest.raises(UsageProblem):
        read(attested(tmp_path / "a.toml", item=item))


@HOSTILE
@pytest.mark.parametrize("content", [
    b"a = " + b"[" * 50_000, b"[[attestation]]\n" * 6_000, b"x" * 5_000_000, b".".join([b"a"] * 100_000) + b" = 1", b"\xff", b"\n" * 4_000_000, b"[[" + b" " * 4_000_000,
    b"valid_days = " + b"9" * 5_000,
], ids=["deep", "many records", "large", "a key of many parts", "no UTF-8", "blank lines", "blanks", "a long number"])  # fmt: skip
def test_a_strangers_file_has_an_end(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(content)
    if content.strip():
        with pytest.raises(UsageProblem, match=r"a\.toml: "):
            attestations.read(path, load(), required=True, with_history=True)
    else:
        assert not attestations.read(path, load(), required=True, with_history=True).attestations


@HOSTILE
@pytest.mark.parametrize("kind", ["pipe", "zeroes", "folder", "broken link"])
def test_attestations_that_are_no_file_are_said(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    MAKE[kind](path)
    with pytest.raises(UsageProblem, match=r"a\.toml: (is no regular file|no such file)"):
        attestations.read(path, load(), required=False)


def test_of_two_waivers_the_one_that_lasts_counts(tmp_path: Path) -> None:
    texts = [WAIVER.format("deploy.backend.docs", until) for until in ("2026-12-01", "2026-11-02")]
    for order in (texts, texts[::-1]):
        (tmp_path / "a.toml").write_text("".join(f"[[waiver]]\n{text}" for text in order))
        found = read(tmp_path / "a.toml").waiver("deploy.backend.docs", TODAY)
        assert found is not None
        assert found.until == date(2026, 12, 1)


def bound(cases: str, until: str = "2026-12-01", approver: str = "operations") -> str:
    text = WAIVER.format("deploy.backend.docs", until).replace('"operations"', f'"{approver}"')
    return f"[[waiver]]\n{text}cases = {cases}\n"


def test_waivers_of_cases_stand_beside_each_other(tmp_path: Path) -> None:
    """Until each ends; one of the whole item counts before them."""
    path = tmp_path / "a.toml"
    path.write_text(bound('["redis"]', "2026-11-24", "owner") + bound('["backend", "db"]'))
    words = read(path).declared("deploy.backend.docs", TODAY).waivers
    assert [(word.by, word.bound_to, word.until) for word in words] == [
        ("operations", ("backend", "db"), date(2026, 12, 1)), ("owner", ("redis",), TODAY),
    ]  # fmt: skip
    assert words[0].summary == "waived by operations until 2026-12-01, for backend, db: for now"
    assert (words[0].statement, words[0].on) == ("for now", date(2026, 11, 1))
    assert [word.by for word in read(path).declared("deploy.backend.docs", date(2026, 11, 25)).waivers] == [
        "operations"
    ]
    later = read(path)
    assert later.lapsed("deploy.backend.docs", date(2026, 12, 2)) == "the waiver by operations ended on 2026-12-01"
    path.write_text(path.read_text() + "[[waiver]]\n" + WAIVER.format("deploy.backend.docs", "2026-11-24"))
    whole = read(path).waiver("deploy.backend.docs", TODAY)
    assert whole is not None
    assert whole.cases is None


@pytest.mark.parametrize(("cases", "said"), [
    ("[]", "of at least 1 entry"), ('[""]', "of at least 1 character;"), ('["\\u200b"]', "of at least 1 character;"), ("[1]", "waiver.0.cases.0: 1: must be a text in quotes"),
    ('"redis"', "waiver.0.cases: \"redis\": must be a list"), ("[" + '"x",' * 51 + "]", "of at most 50 entries"), (f'["{"x" * 301}"]', "at most 300 characters"),
])  # fmt: skip
def test_cases_are_names(cases: str, said: str, tmp_path: Path) -> None:
    """A list of none would waive the whole item, which nobody who writes it means."""
    (tmp_path / "a.toml").write_text(bound(cases))
    with pytest.raises(UsageProblem, match=re.escape(said)):
        read(tmp_path / "a.toml")


@pytest.mark.parametrize(("until", "is_right"), [("2027-11-02", True), ("2027-11-03", False)])
def test_a_waiver_lasts_a_year_at_most(until: str, is_right: bool, tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("[[waiver]]\n" + WAIVER.format("deploy.backend.docs", until))
    with nullcontext() if is_right else pytest.raises(UsageProblem, match="until = 2027-11-02 at the latest"):
        assert read(tmp_path / "a.toml").waiver("deploy.backend.docs", TODAY) is not None


ABOUT = 'about = "postgres 15"'


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """What a run sees of the recorded lab: PostgreSQL 15, v1.2.0, host lab."""
    return recordings.evidence(recordings.read_healthy(), tmp_path_factory.mktemp("lab"))


def blind(lab: Evidence) -> Evidence:
    """A run that saw nothing of it."""
    return structs.replace(lab, gathered=Gathered(time=lab.gathered.time), _read={})


def judged(records: Records, found: Finding) -> Finding:
    return settle(load()[found.item], found, records.declared(found.item, TODAY), "")


UNSEEN = Finding(COSTS, Outcome.NOT_ASSESSED, "not attested")


def test_a_word_about_something_holds_while_that_is_so(lab: Evidence, tmp_path: Path) -> None:
    records = read(attested(tmp_path / "a.toml", ABOUT)).compared(lab)
    after = judged(records, UNSEEN)
    assert after.outcome is Outcome.ATTESTED
    assert after.reason == "attested by operations on 2026-11-24, until 2027-02-24, about postgres 15: seen"
    word = records.declared(COSTS, TODAY).attestation
    assert word is not None
    assert word.bound_to == ("postgres 15",)


@pytest.mark.parametrize(("about", "said"), [
    ('about = "postgres 16"', "is void: it is about postgres 16, and the database is PostgreSQL 15.20"),
    ('about = ["host lab", "version v1.1.0"]', "is void: it is about version v1.1.0, and v1.2.0 is deployed"),
])  # fmt: skip
def test_a_word_lapses_when_what_it_is_about_changes(about: str, said: str, lab: Evidence, tmp_path: Path) -> None:
    after = judged(read(attested(tmp_path / "a.toml", about)).compared(lab), UNSEEN)
    why = f"the attestation by operations {said}"
    assert (after.outcome, after.reason, after.lapsed) == (Outcome.NOT_ASSESSED, f"not attested; {why}", why)


def test_a_word_about_what_was_not_seen_is_none(lab: Evidence, tmp_path: Path) -> None:
    records = read(attested(tmp_path / "a.toml", ABOUT))
    after = judged(records.compared(blind(lab)), UNSEEN)
    why = "whether the attestation by operations still counts cannot be told: it is about postgres 15, which was not seen (not gathered: postgres.state)"
    assert (after.outcome, after.reason) == (Outcome.NOT_ASSESSED, f"not attested; {why}")
    before = judged(records, UNSEEN)
    assert "which nobody has looked at" in before.reason
    assert before.outcome is Outcome.NOT_ASSESSED


@pytest.mark.parametrize(("about", "sees", "outcome"), [
    (ABOUT, True, Outcome.FAILED), ('about = "postgres 16"', True, Outcome.PASSED), (ABOUT, False, Outcome.NOT_ASSESSED), ("on = 2026-01-01\n" + ABOUT, False, Outcome.PASSED), ("", False, Outcome.FAILED),
])  # fmt: skip
def test_a_word_of_failure_that_may_still_hold_lets_nothing_pass(
    about: str, sees: bool, outcome: Outcome, lab: Evidence, tmp_path: Path
) -> None:
    records = read(attested(tmp_path / "a.toml", f'result = "failed"\n{about}')).compared(lab if sees else blind(lab))
    assert judged(records, Finding(COSTS, Outcome.PASSED)).outcome is outcome


def test_of_words_about_several_things_that_counts_which_is_about_what_is_here(lab: Evidence, tmp_path: Path) -> None:
    """As where two hosts share a file: each has its own newest word."""
    path = tmp_path / "a.toml"
    texts = [
        attested(path, f"on = 2026-11-{day}\n{about}").read_text()
        for day, about in (("20", ""), ("21", 'about = "host lab"'), ("23", 'about = "host other"'))
    ]
    for several, counts in ((texts, 21), (texts[::-1], 21), (texts[::2], 20)):
        path.write_text("".join(several))
        standing = read(path).compared(lab).attestation(COSTS, TODAY)
        assert standing is not None
        assert standing.record.on.day == counts
    path.write_text(texts[2])
    assert "and this is host lab" in read(path).compared(lab).lapsed(COSTS, TODAY)
    path.write_text(texts[0] + texts[2].replace("host other", "postgres 15"))
    unseen = read(path).compared(blind(lab))
    assert unseen.attestation(COSTS, TODAY) is None, "the newest may be the one that counts"


def test_a_void_word_makes_no_room_for_an_older_one(lab: Evidence, tmp_path: Path) -> None:
    older, path = attested(tmp_path / "a.toml", "on = 2026-11-20\n" + ABOUT).read_text(), tmp_path / "a.toml"
    gone = f'evidence = [{{ file = "gone", sha256 = "{"0" * 64}" }}]'
    path.write_text(older + attested(path, gone).read_text())
    assert "its evidence gone cannot be read" in read(path).compared(lab).lapsed(COSTS, TODAY)


def test_what_a_run_must_see_is_asked_for(tmp_path: Path) -> None:
    path = attested(tmp_path / "a.toml", 'about = ["postgres 15", "version v1.2.0", "host lab"]')
    assert read(path).facts({COSTS, "deploy.backend.docs"}) == {"database", "repository"}
    assert read(path).facts({"deploy.backend.docs"}) == set()
    assert read(attested(path)).facts({COSTS}) == set()


def test_where_nothing_is_judged_it_is_taken_at_its_word(tmp_path: Path) -> None:
    path = attested(tmp_path / "a.toml", 'about = "postgres 16"')
    assert read(path).attestation(COSTS, TODAY) is None
    assert read(path).at_their_word().attestation(COSTS, TODAY) is not None


@pytest.mark.parametrize(("about", "said"), [
    ('about = "postgress 16"', "attestation.0.about.0: 'postgress 16' begins with no word that a run can compare: did you mean 'postgres'?"), ('about = "postgres"', "is not written like postgres 16"),
    ('about = "ghp_16C7e42F292c6912E7710c838347Ae178B4a"', ".about.0: '[redacted]' begins with no word"), ("about = []", "of at least 1 entry"), ("about = 16", "attestation.0.about"), ("about = [1]", "attestation.0.about.0"), ('about = ""', "attestation.0.about.0"),
    ("about = [" + '"host a",' * 11 + "]", "at most 10 entries"), (f'about = "host {"x" * 400}"', "at most 300 characters"), ('about = "\\u001b[2J 16"', "begins with no word"),
])  # fmt: skip
def test_what_it_is_about_is_in_the_vocabulary(about: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(UsageProblem) as error:
        read(attested(tmp_path / "a.toml", about))
    assert said in str(error.value)


def test_what_it_is_about_is_written_as_it_was_given(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    attestations.append(path, FOUND.model_copy(update={"about": ("postgres 15",)}))
    assert '\nabout = "postgres 15"\n' in path.read_text()
    several = FOUND.model_copy(update={"about": ("postgres 15", "host lab")})
    attestations.append(path, several)
    assert '\nabout = ["postgres 15", "host lab"]\n' in path.read_text()
    assert read(path).attestations[FOUND.id].record == several


@pytest.mark.parametrize(("before", "kept"), [
    (b"# one\r\n[[waiver]]\r\n", b"\r\n\r\n[[attestation]]\r\n"), (b"\xef\xbb\xbf# mark\n", b"\xef\xbb\xbf# mark\n\n[[attestation]]\n"),
])  # fmt: skip
def test_other_editors_files_stay_theirs(before: bytes, kept: bytes, tmp_path: Path) -> None:
    before = before + (
        WAIVER.format("deploy.backend.docs", "2026-12-01").replace("\n", "\r\n").encode()
        if b"waiver" in before
        else b""
    )
    path = tmp_path / "a.toml"
    path.write_bytes(before)
    attestations.append(path, FOUND)
    assert kept in path.read_bytes()
    assert (
        b"\r\n" not in path.read_bytes().replace(b"\r\n", b"")
        if b"\r\n" in before
        else b"\r\n" not in path.read_bytes()
    )
    assert FOUND.id in read(path).attestations


@HOSTILE
@pytest.mark.parametrize(("text", "said"), [
    ("[attestation]\n", "as something else than records: begin each with [[attestation]]"), ("attestation = 5\n", "as something else than records"),
    ("waiver = '''\n", "at "), ("[[attestation", "at "), ("attestation = [\n  { a = 1 } # last\n  # and out\n]\n", "put a comma behind the last one"),
    ("attestation = [{ a = 1 }]\n[[waiver]]\n[[not_applicable]]\n[[waiver]]\n", "begin each with [[attestation]]"),
    ("attestation = [" + "{}," * 90_000 + "]", "is larger than 256 KiB, and has a list of records"), ("attestation = [" + "[" * 150 + "]" * 150 + "]", "none can be added to"),
    ("# " + "x" * (4 * 2**20 - 10), "would be larger than 4 MiB"), ("\ufeff\ufeffa = 1", "at "), ("a" + ".a" * 100 + " = 1", "more than 64 parts"),
], ids=lambda text: text[:40])  # fmt: skip
def test_what_cannot_be_added_to_is_left_alone(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text(text)
    with pytest.raises(ValueError, match=re.escape(said)):
        attestations.append(path, FOUND)
    assert path.read_text() == text


ONE = '{ id = "post.maintenance.capacity.costs", statement = "seen", by = "operations", on = 2026-11-01, evidence = [{ commit = "0123abcd" }] }'


@pytest.mark.parametrize(("before", "added"), [
    ("attestation = []", "attestation = [{NEW}]"), ("attestation = [ ] # none yet\n", "attestation = [{NEW} ] # none yet\n"), (f"attestation = [{ONE}]\n", f"attestation = [{ONE}, {{NEW}}]\n"),
    (f"# top\nattestation = [\n  {ONE},  # first\n  # end\n]\n\n[[waiver]]\n{{WAIVER}}", f"# top\nattestation = [\n  {ONE},  # first\n  # end\n  {{NEW}}\n]\n\n[[waiver]]\n{{WAIVER}}"),
    (f"attestation = [\n\t{ONE},\n\t{ONE},\n]\n", f"attestation = [\n\t{ONE},\n\t{ONE},\n\t{{NEW}},\n]\n"), (f"attestation = [\n  {ONE} # last\n]\n", f"attestation = [\n  {ONE}, # last\n  {{NEW}}\n]\n"),
    (f"'attestation'=[ {ONE}, ]", f"'attestation'=[ {ONE}, {{NEW}} ]"),
], ids=["none", "none, with a comment", "one", "comments", "tabs", "a comment behind the last", "a comma behind the last"])  # fmt: skip
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_list_of_records_is_added_to_where_it_stands(
    before: str, added: str, end: str, mark: str, tmp_path: Path
) -> None:
    """All else stays as it is, byte for byte."""
    new = (
        '{id = "pre.database.backups.restore-tested", statement = "A drill \\"passed\\".", by = "restore drill", on = 2026-11-24, valid_days = 30,'
        ' evidence = [{command = "pytest --zebu-active=restore", output = "zebu.dump: restored\\nrows: 800"}]}'
    )
    waiver = WAIVER.format("deploy.backend.docs", "2026-12-01")
    texts = [text.replace("{NEW}", new).replace("{WAIVER}", waiver).replace("\n", end) for text in (before, added)]
    path = tmp_path / "a.toml"
    path.write_bytes(f"{mark}{texts[0]}".encode())
    attestations.append(path, FOUND)
    assert path.read_bytes().decode() == f"{mark}{texts[1]}"
    assert read(path).attestations[FOUND.id].record == FOUND


@pytest.mark.parametrize(
    "before",
    ["# only\n\n\n", "  \t\n", "x = 1".replace("x = 1", "waiver = []  "), "# no end", "# two\r\n\r\n", "\ufeff"],
)
def test_blanks_at_the_end_stay(before: str, tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(before.encode())
    attestations.append(path, FOUND)
    assert path.read_bytes().decode().startswith(before)
    assert FOUND.id in read(path).attestations


@HOSTILE
def test_a_list_that_takes_long_to_read_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library's time grows faster than a file: it is broken off."""
    monkeypatch.setattr(effort, "SECONDS", 0.2)
    path = tmp_path / "a.toml"
    text = "attestation = []\n" + "".join(f"[a.b{number}]\n[c.d{number}]\n" for number in range(8_000))
    path.write_text(text)
    with pytest.raises(ValueError, match="none can be added to"):
        attestations.append(path, FOUND)
    assert path.read_text() == text


def test_a_waiver_is_added_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text(BY_HAND)
    waiver = WAIVED.model_copy(update={"cases": ("redis", 'a "b"')})
    attestations.append(path, waiver)
    attestations.append(path, WAIVED)
    assert path.read_text().startswith(BY_HAND)
    assert 'cases = ["redis", "a \\"b\\""]' in path.read_text()
    assert {*read(path).waivers[COSTS]} == {waiver, WAIVED}


@HOSTILE
def test_a_link_that_leads_out_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("# another's\n")
    folder = tmp_path / "project"
    (folder / "kept").mkdir(parents=True)
    (folder / "a.toml").symlink_to("../outside")
    with pytest.raises(OSError, match="is a link that leads out of its folder"):
        attestations.append(folder / "a.toml", FOUND)
    assert (tmp_path / "outside").read_text() == "# another's\n"
    (folder / "b.toml").symlink_to("kept/b.toml")
    attestations.append(folder / "b.toml", FOUND)
    assert (folder / "b.toml").is_symlink()
    assert FOUND.id in read(folder / "kept/b.toml").attestations


def _attest(path: Path, number: int) -> None:
    attestations.append(path, FOUND.model_copy(update={"statement": f"word {number}"}))


def test_twenty_who_sign_at_once_are_all_heard(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text(BY_HAND)
    several = [multiprocessing.get_context("fork").Process(target=_attest, args=(path, number)) for number in range(20)]
    for one in several:
        one.start()
    for one in several:
        one.join()
    text = path.read_text()
    assert [f'"word {number}"' in text for number in range(20)] == [True] * 20
    assert text.startswith(BY_HAND)
    assert [one.name for one in tmp_path.iterdir()] == ["a.toml"]


ODD = (
    st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.dates() | st.datetimes() | st.times()
    | st.sampled_from([10**30, "2026-11-24", date(2026, 11, 24), "operations", COSTS, "x" * 3000, "\x1b[2J", "postgres 16", "postgres", [{"commit": "0123abcd"}], [{"url": "https://[::1"}]])
)  # fmt: skip
RECORD = st.dictionaries(
    st.sampled_from(["id", "result", "statement", "by", "on", "valid_days", "approver", "evidence", "reason", "from", "until", "cases", "about"]) | st.text(max_size=4),
    ODD | st.lists(ODD, max_size=2) | st.lists(st.dictionaries(st.sampled_from(["file", "sha256", "url", "commit", "command", "output"]), ODD), max_size=2),
)  # fmt: skip


@given(
    st.dictionaries(
        st.sampled_from(["attestation", "waiver", "not_applicable", "x"]), st.lists(RECORD, max_size=3) | ODD
    )
)
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_a_stranger_declares_it_is_declared_or_a_line(said: dict[str, object]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.toml")
        try:
            path.write_text(tomli_w.dumps(said))
        except (TypeError, ValueError):
            return  # it can be said in no TOML
        complaint = ""
        try:
            found = read(path)
            found.declared(COSTS, TODAY)
        except UsageProblem as error:
            complaint = str(error)
        assert not complaint or complaint.startswith(f"{path}: ")
