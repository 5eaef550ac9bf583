"""`zebu explain`: what an item means, what is asked, was seen and decided, and when it last changed."""

from __future__ import annotations

import inspect
import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from pytest_zebu.catalogue import load
from pytest_zebu.commands.cli import main
from pytest_zebu.commands.explain import LIMITS, NEED_TEXTS
from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Reason, Said, Unknown
from pytest_zebu.facts.fact import Need
from pytest_zebu.gather.snapshot import Snapshot, write
from pytest_zebu.memory import history
from pytest_zebu.memory.history import PastRun
from pytest_zebu.plugin.checks import suite
from pytest_zebu.plugin.comparing import facts_of
from pytest_zebu.plugin.judge import Evidence
from pytest_zebu.verdict.outcome import Outcome
from tests.gather.canaries import canaries
from tests.hostile_texts import DIRTY, forbidden
from tests.remembering import faulty, healthy, later, remember, remembering

ROOT = Path(__file__).parents[2]
PASSWORDS, COSTS, TRADES = (
    "pre.security.ssh.no-passwords",
    "post.maintenance.capacity.costs",
    "pre.application.functionality.trades",
)
AUDIT, SERVICES = "pre.application.quality.vulnerabilities", "deploy.initial.services-healthy"


@pytest.fixture
def lab(tmp_path: Path) -> Evidence:
    seen = remembering(healthy(tmp_path))
    remember(seen, PASSWORDS, COSTS, TRADES, AUDIT, SERVICES)
    return seen


def explained(folder: Path, capsys: pytest.CaptureFixture[str], *argv: str) -> dict[str, list[str]]:
    """The lines of each part, by its title; those before the first stand under nothing."""
    capsys.readouterr()
    assert main(["explain", *argv, "--config", str(folder / "zebu.toml")]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    parts: dict[str, list[str]] = {"": []}
    title = ""
    for line in shown.out.splitlines():
        if line and not line.startswith(" ") and parts[""]:
            title = line
            parts[title] = []
        elif line:
            parts[title].append(line)
    return parts


def part(parts: dict[str, list[str]], title: str) -> list[str]:
    return next(lines for name, lines in parts.items() if name.startswith(title))


def test_an_item_that_failed(lab: Evidence, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = replace(faulty(tmp_path, f"{PASSWORDS}/dropin_sorts_first"), target=lab.target, records=lab.records)
    remember(later(broken, 1), PASSWORDS)
    parts = explained(tmp_path, capsys, PASSWORDS)
    assert parts[""][0] == PASSWORDS
    assert parts[""][1].strip() == load()[PASSWORDS].text
    assert "  Pre deployment, security" in parts[""]
    assert any(line.startswith("  why: A guessed password must not open a session") for line in parts[""])
    assert "  decided by: tests_prod/pre_deployment/test_security_ssh.py::test_no_session_without_a_key" in parts[""]
    assert part(parts, "What is asked") == [
        "  sshd",
        "    probe sshd: perl sshd.pl (as root; with quiet.pl, ssh-servers.pl; up to 15 s)",
        '    look ssh@here methods: {"host": "10.77.0.10"}',
    ]
    seen = part(parts, "What was seen (run 2 of 2026-11-27 13:56 UTC, lab)")
    assert seen[0] == "  sshd: status 0"
    assert "    | passwordauthentication yes" in seen
    assert seen[13].endswith(" more lines (--lines)")
    assert '    |   "password"' in seen
    decided = part(parts, "What was decided")
    assert decided[0].startswith(
        "  run 2 of 2026-11-27 13:56 UTC: failed: user deploy, user observer: may log in without a key"
    )
    assert decided[1] == "  by today's rules, from the same: failed"
    assert "  - user root: passed" in decided
    assert part(parts, "How to mend it")[0].startswith("  set `PasswordAuthentication no`")
    changed = "  failed since 2026-11-27 13:56, run 2; before that passed (2026-11-26 13:56  run 1)"
    assert part(parts, "When it last changed") == [changed]
    before = explained(tmp_path, capsys, PASSWORDS, "--run", "1")
    assert part(before, "What was decided")[0] == "  run 1 of 2026-11-26 13:56 UTC: passed"
    assert "    | passwordauthentication no" in part(before, "What was seen")


def test_a_rule_that_says_otherwise_today(
    lab: Evidence, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stricter(sshd: object) -> None:
        """Stricter. Fix: nobody may. See: nothing."""
        raise AssertionError("root may log in at all")

    monkeypatch.setitem(suite(), PASSWORDS, stricter)
    decided = part(explained(tmp_path, capsys, PASSWORDS), "What was decided")
    assert decided == [
        "  run 1 of 2026-11-26 13:56 UTC: passed",
        "  by today's rules, from the same: failed: root may log in at all",
    ]


def test_the_rule_without_any_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "zebu.toml").write_text('[hosts.vm]\naddress = "192.0.2.1"\n')
    parts = explained(tmp_path, capsys, PASSWORDS)
    assert '    look ssh@here methods: {"host": "192.0.2.1"}' in part(parts, "What is asked")
    assert part(parts, "What was seen: no run is remembered that judged it") == []
    assert part(parts, "How to mend it")
    assert [*parts][-1] == "What it cannot see"
    assert not (tmp_path / ".zebu").exists()


@pytest.mark.parametrize("item", [item.id for item in load()])
def test_every_rule_is_explained(item: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "zebu.toml").write_text("[hosts.vm]\n")
    parts = explained(tmp_path, capsys, item)
    head = parts[""]
    assert head[:2] == [item, f"  {load()[item].text}"]
    assert head[2].startswith(f"  {load()[item].stage.label}, ")
    assert any(line.startswith("  evidence from: ") and line != "  evidence from: " for line in head)
    if item in suite():
        for word in ("why", "rests on", "decided by"):
            assert any(line.startswith(f"  {word}: ") and len(line) > len(word) + 8 for line in head), word
        assert all(part(parts, "How to mend it"))
    else:
        assert "  no machine decides it: people attest it" in head
    assert part(parts, "What it cannot see")
    if facts_of(item):
        assert len(part(parts, "What is asked")) > 1
        assert "docs/limits.md, under '" in part(parts, "What it cannot see")[-1]
    settings = [title for title in parts if title.startswith("Settings")]
    assert settings in (["Settings that count"], ["Settings: none that it reads by itself"])
    assert bool(parts[settings[0]]) is (settings == ["Settings that count"])
    assert part(parts, "What was seen: no run is remembered that judged it") == []


def test_settings_that_count_are_said_to_be_declared_or_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "zebu.toml").write_text('[hosts.vm]\npublic_address = "203.0.113.7"\n')
    assert part(explained(tmp_path, capsys, "pre.security.firewall.backend-not-exposed"), "Settings that count") == [
        "  `[firewall] lan_trusted`: not declared",
        "  `[hosts.vm] public_address`: declared",
        "  `[[vantages]]`: not declared",
    ]


def test_what_it_needs_to_see(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "zebu.toml").write_text("[hosts.vm]\n")
    assert part(explained(tmp_path, capsys, PASSWORDS), "What it cannot see") == [
        "  what of these cannot be had leaves it open, and never passes it:",
        "  - a login on the machine",
        "  - root's rights there (`sudo -n`)",
        "  - a way there from outside: the declared vantages, and a control address that answers",
        "  what may be judged wrongly: docs/limits.md, under 'ssh and what guards it'",
    ]
    assert part(explained(tmp_path, capsys, COSTS), "What it cannot see") == [
        "  all of it: no machine can, so that a person looks and attests"
    ]


def test_every_fact_has_its_place_in_the_limits() -> None:
    modules = {inspect.unwrap(fact.parse).__module__.rpartition(".")[2] for fact in ALL.values()}
    assert modules <= set().union(*LIMITS.values())
    headings = re.findall(r"(?m)^### (.+)$", (ROOT / "docs/limits.md").read_text())
    assert set(headings) >= LIMITS.keys()
    assert NEED_TEXTS.keys() == set(Need)


@pytest.mark.parametrize(("text", "item"), [
    ("no-passwords", PASSWORDS), ("NO-PASSWORDS", PASSWORDS), ("costs", COSTS), ("ssh.key-auth", "pre.security.ssh.key-auth"),
    ("quality.vulnerab", AUDIT), ("pool", "deploy.database.pool"),
])  # fmt: skip
def test_a_part_of_a_name_is_enough_where_it_is_one_items(
    text: str, item: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "zebu.toml").write_text("[hosts.vm]\n")
    assert explained(tmp_path, capsys, text)[""][0] == item


@pytest.mark.parametrize(("text", "shown", "more"), [("ssh", 6, 0), ("restore-tested", 2, 0), (".", 20, 176)])
def test_of_several_items_all_are_listed(
    text: str, shown: int, more: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "zebu.toml").write_text("")
    assert main(["explain", text, "--config", str(tmp_path / "zebu.toml")]) == 1
    told = capsys.readouterr()
    lines = told.err.splitlines()
    assert told.out == ""
    assert lines[0] == f"zebu: {text!r} is in the name of {shown + more} items:"
    assert [line.split()[0] for line in lines[1 : shown + 1]] == [item.id for item in load() if text in item.id][:shown]
    assert lines[shown + 1 :] == ([f"  and {more} more: zebu list -k {text}"] if more else [])


@pytest.mark.parametrize(("text", "words"), [
    ("no-pasword", f"did you mean {PASSWORDS!r}?"), ("pre.security.ssh.no-pasword", f"did you mean {PASSWORDS!r}?"), ("qqqqqqq", "`zebu list` has them all"),
    ("", "`zebu list` has them all"), ("x" * 5000, "`zebu list` has them all"), ("\x1b[31mred", "'\\x1b[31mred'"), ("no-p\u0430sswords", "'no-p\\u0430sswords'"),
])  # fmt: skip
def test_a_mistyped_name_is_answered_with_the_nearest(
    text: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "zebu.toml").write_text("")
    assert main(["explain", text, "--config", str(tmp_path / "zebu.toml")]) == 1
    told = capsys.readouterr()
    assert (told.out, told.err.count("\n")) == ("", 1)
    assert words in told.err
    assert len(told.err) < 300


def test_what_only_people_decide(lab: Evidence, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parts = explained(tmp_path, capsys, COSTS)
    assert "  no machine decides it: people attest it" in parts[""]
    assert "  no machine is asked: what people declared, and what earlier runs saw, decides it" in part(
        parts, "What was seen"
    )
    assert part(parts, "What was decided")[0].startswith(
        "  run 1 of 2026-11-26 13:56 UTC: attested: attested by operations"
    )


def test_words_are_told_as_they_stand_today(lab: Evidence, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "attestations.toml"
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    path.write_text(
        f"[[attestation]]\nid = '{COSTS}'\nstatement = 'the bill was read'\nby = 'finance'\non = {day}\nevidence = [{{ commit = '0123abcd' }}]\n"
        f"[[waiver]]\nid = '{TRADES}'\nreason = 'until the exchange answers'\napprover = 'owner'\nfrom = 2020-01-01\nuntil = 2020-02-01\n"
    )
    words = part(explained(tmp_path, capsys, COSTS), "What people declared, as it stands today")
    assert words[0].startswith(f"  attested by finance on {day}, until ")
    assert words[1] == "  commit 0123abcd"
    words = part(explained(tmp_path, capsys, TRADES), "What people declared, as it stands today")
    assert words == ["  the waiver by owner ended on 2020-02-01"]


def test_active_probes_and_what_the_batch_tells(
    lab: Evidence, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert part(explained(tmp_path, capsys, TRADES), "What is asked")[1].startswith("    active probe: ")
    parts = explained(tmp_path, capsys, SERVICES)
    assert part(parts, "What is asked")[1:] == [
        "    what the batch itself tells of the machine, its containers and their environments"
    ]
    assert "  zebu.containers: status 0" in part(parts, "What was seen")
    audit = explained(tmp_path, capsys, AUDIT)
    assert any(line.startswith('    look advisories@here packages: {"python"') for line in part(audit, "What is asked"))


def test_how_much_is_shown(lab: Evidence, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def rows(*argv: str) -> int:
        seen = part(explained(tmp_path, capsys, PASSWORDS, *argv), "What was seen")
        return len([line for line in seen if line.startswith("    | ") and not line.endswith("(--lines)")])

    assert rows("--lines", "0") == 0
    assert rows("--lines", "2") == 4
    assert rows("--lines", "999999") > rows() > 4


def test_answers_that_are_none_say_why(lab: Evidence, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answers = {**lab.gathered.answers, "sshd": Said(3, "", "sshd: bad option\n")}
    looks = {**lab.gathered.looks, "ssh@here methods": Unknown(Reason.TIMED_OUT, "ssh: no answer")}
    remember(later(replace(lab, gathered=replace(lab.gathered, answers=answers, looks=looks)), 1), PASSWORDS)
    parts = explained(tmp_path, capsys, PASSWORDS)
    seen = part(parts, "What was seen")
    assert seen[0].startswith("  sshd: status 3, complaint: ")
    assert "sshd: bad option" in seen[0]
    assert "  ssh@here methods: timed out: ssh: no answer" in seen
    answers["sshd"] = Unknown(Reason.NO_PERMISSION, "sshd: sudo")
    remember(later(replace(lab, gathered=replace(lab.gathered, answers=answers)), 2), PASSWORDS)
    assert "  sshd: no permission: sshd: sudo" in part(explained(tmp_path, capsys, PASSWORDS), "What was seen")


def test_a_run_whose_evidence_is_not_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "zebu.toml").write_text("[hosts.vm]\n")
    run = PastRun(datetime(2026, 11, 24, tzinfo=UTC), "v1", True, {PASSWORDS: Outcome.FAILED}, {})
    history.record(tmp_path / ".zebu/history.sqlite3", "vm", run)
    parts = explained(tmp_path, capsys, PASSWORDS)
    assert part(parts, "What was seen") == ["  its evidence is not kept"]
    assert part(parts, "What was decided") == ["  run 1 of 2026-11-24 00:00 UTC: failed"]
    assert part(parts, "When it last changed") == ["  failed in every run that is remembered, since 2026-11-24 00:00"]


def test_a_snapshot_is_explained_as_a_run_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seen = healthy(tmp_path)
    write(tmp_path / "one.json", {"lab": Snapshot("lab", seen.gathered, True)})
    parts = explained(tmp_path, capsys, PASSWORDS, "--run", str(tmp_path / "one.json"))
    assert part(parts, "What was decided")[0] == f"  {tmp_path / 'one.json'}: passed"
    assert "    | passwordauthentication no" in part(parts, f"What was seen ({tmp_path / 'one.json'}, lab)")


@pytest.mark.hostile("secrets")
def test_a_strangers_snapshot_gives_no_secret_away(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Ours has none: it was filtered where it was gathered. One that was written by hand may."""
    planted = [one for one in canaries() if "\n" not in one.text][:100]
    seen = healthy(tmp_path)
    answers = {**seen.gathered.answers, "sshd": Said(0, "\n".join(one.text for one in planted), "")}
    write(tmp_path / "one.json", {"lab": Snapshot("lab", replace(seen.gathered, answers=answers), True)})
    parts = explained(tmp_path, capsys, PASSWORDS, "--run", str(tmp_path / "one.json"), "--lines", "200")
    shown = part(parts, f"What was seen ({tmp_path / 'one.json'}, lab)")
    assert len([line for line in shown if "[redacted]" in line]) > 90
    assert [one.secret for one in planted if any(one.secret in line for line in shown)] == []


@pytest.mark.parametrize(("argv", "words"), [
    (["x.y"], "x.y"), ([PASSWORDS, "--run", "7"], "no run with the number 7"), ([PASSWORDS, "--run", "none.json"], "no such file"),
])  # fmt: skip
def test_what_cannot_be_explained_is_a_line(
    argv: list[str], words: str, lab: Evidence, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", *argv, "--config", str(tmp_path / "zebu.toml")]) == 1
    shown = capsys.readouterr()
    assert words in shown.err
    assert shown.out == ""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """The healthy lab, in a folder of all tests that ask for it: each remembers a run of its own there, a day later."""
    return remembering(healthy(tmp_path_factory.mktemp("shared")))


@pytest.mark.hostile("outputs")
@pytest.mark.parametrize("name", sorted(set(DIRTY) - {"ten megabytes of lines"}))
def test_what_a_machine_said_steers_no_terminal(
    name: str, shared: Evidence, capsys: pytest.CaptureFixture[str]
) -> None:
    text = DIRTY[name][:200_000]
    answers = {**shared.gathered.answers, "sshd": Said(0, f"{text}\n{text}", text)}
    looks = {**shared.gathered.looks, "ssh@here methods": {text: [text], "methods": text}}
    remember(
        later(
            replace(shared, gathered=replace(shared.gathered, answers=answers, looks=looks)),
            1 + sorted(DIRTY).index(name),
        ),
        PASSWORDS,
    )
    parts = explained(shared.target.settings.folder, capsys, PASSWORDS)
    shown = "\n".join(line for lines in parts.values() for line in lines)
    assert not forbidden(shown)
    assert len(shown) < 60_000
    assert [title for title in parts if title.startswith(("READY", "::", "##"))] == []


@pytest.mark.hostile("parsers")
def test_a_strangers_evidence_is_not_believed(
    lab: Evidence, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(sqlite3.connect(lab.target.settings.history_file, isolation_level=None)) as database:
        database.execute("UPDATE piece SET data = zeroblob(50) WHERE run = 1")
    parts = explained(tmp_path, capsys, PASSWORDS)
    assert "the evidence of a run is damaged" in part(parts, "What was seen")[0]
    assert part(parts, "What was decided") == ["  run 1 of 2026-11-26 13:56 UTC: passed"]
