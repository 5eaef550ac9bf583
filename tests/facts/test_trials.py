"""Active probes: none that nobody asked for, none on production that nobody named, each a typed plan."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Garbled, Known, Reason, Unknown, need
from pytest_zebu.facts.fact import Gathered, Probe, Trial
from pytest_zebu.facts.trials import (
    PLAN_PROBE,
    AttackTrial,
    Plan,
    RestoreTrial,
    UseTrial,
    amount,
    parse_plan,
    restore_probe,
    why_not_asked,
)
from pytest_zebu.settings.target import Target

Machine = Callable[[Probe], "subprocess.CompletedProcess[str]"]
FACTS = {"use": "functional", "staged_use": "functional", "drill": "restore", "attack": "attack"}


def plan(name: str, target: Target) -> Trial | Unknown:
    make = ALL[name].trial
    assert make is not None
    return make(target)


def declared(target: Target, section: str, **values: Any) -> Target:
    changed = getattr(target.settings, section).model_copy(update=values)
    return target.model_copy(update={"settings": target.settings.model_copy(update={section: changed})})


@pytest.mark.parametrize("value", ["1e400000000", "NaN", "Infinity", None, {}, "12,5"])
def test_what_is_no_amount(value: object) -> None:
    found = amount(value)
    assert found is None or found.is_finite()
    if value != "1e400000000":
        assert found is None


def test_only_these_facts_try_anything() -> None:
    assert {name for name, fact in ALL.items() if fact.trial is not None} == FACTS.keys()


@pytest.mark.parametrize(("name", "kind"), FACTS.items())
def test_no_active_probe_without_being_asked(name: str, kind: str, bookworm: Gathered, target: Target) -> None:
    idle = declared(target, "domains", staging="staging.zebu.test")
    idle = idle.model_copy(update={"active": frozenset({*FACTS.values()} - {kind})})
    planned = plan(name, idle)
    assert isinstance(planned, Unknown)
    assert planned == Unknown(Reason.NOT_CONFIGURED, f"needs --zebu-active={kind}")
    assert ALL[name].read(replace(bookworm, trials={}), idle) == planned
    asked = plan(name, idle.model_copy(update={"active": frozenset({kind})}))
    assert isinstance(asked, Trial)


def test_what_was_asked_for_has_no_why_not(target: Target) -> None:
    assert why_not_asked(target, "restore") is None


@pytest.mark.parametrize("name", ["use", "attack"])
def test_production_is_not_written_to_unless_it_is_named(name: str, target: Target) -> None:
    unnamed = plan(name, declared(target, "probes", production="api.elsewhere.test"))
    assert isinstance(unnamed, Unknown)
    assert "unless probes.production names it" in unnamed.detail
    assert plan(name, declared(target, "domains", api=None)) == Unknown(Reason.NOT_CONFIGURED, "domains.api is not set")
    assert plan(name, target) == (UseTrial if name == "use" else AttackTrial)("https://api.zebu.test")


def test_staging_is_looked_for_in_production_too(target: Target) -> None:
    assert plan("staged_use", target) == Unknown(Reason.NOT_CONFIGURED, "domains.staging is not set")
    staged = declared(target, "domains", staging="staging.zebu.test")
    assert plan("staged_use", staged) == UseTrial("https://staging.zebu.test", "https://api.zebu.test", is_staging=True)


def test_what_may_get_us_banned_is_tried_last() -> None:
    assert UseTrial.rank < RestoreTrial.rank < AttackTrial.rank


def test_results_are_read_whatever_is_asked_for_now(bookworm: Gathered, target: Target) -> None:
    """A replay judges what was tried then."""
    idle = target.model_copy(update={"active": frozenset()})
    for name in ("use", "drill", "attack"):
        assert isinstance(ALL[name].read(bookworm, idle), Known)


@pytest.mark.parametrize("name", FACTS)
def test_a_trial_that_was_not_held_is_unknown(name: str, bookworm: Gathered, target: Target) -> None:
    staged = declared(target, "domains", staging="staging.zebu.test")
    answer = ALL[name].read(replace(bookworm, trials={}), staged)
    assert isinstance(answer, Unknown)
    assert answer.reason is Reason.NOT_GATHERED
    refused = Unknown(Reason.UNREACHABLE, "the application: ConnectionError")
    assert ALL[name].read(replace(bookworm, trials={name: refused}), staged) == refused
    odd = ALL[name].read(replace(bookworm, trials={name: ["other"]}), staged)
    assert isinstance(odd, Unknown)
    assert odd.reason is Reason.GARBLED


DOCKER = """#!/bin/sh
case $* in
  "image inspect"*) printf '@entrypoint ["start.sh"]\n@command null\n' ;;
  inspect*) echo sha256:1 ;;
  *"exec -i drill-1 psql"*count*) echo "public.trades 3" ;;
  *"exec -i drill-1 psql"*) cat >/dev/null ;;
  *"exec -i -e "*) echo "public.trades 4" ;;
esac
"""


RUNS = {"sh": ("sh", "-c"), "perl": ("perl", "-e")}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine with dumps in a folder, and a Docker that says what it is expected to."""
    (tmp_path / "docker").write_text(DOCKER)
    (tmp_path / "docker").chmod(0o755)
    (tmp_path / "dumps").mkdir()

    def run(probe: Probe) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": f"{tmp_path}:{os.environ['PATH']}", "TMPDIR": str(tmp_path), "ZEBU_DB_CONTAINER": "db",
            "ZEBU_SET_BACKUP_FOLDER": f"{tmp_path}/dumps", "ZEBU_SET_BACKUP_PATTERN": "*",
            "ZEBU_DB_ADMIN": "postgres", "ZEBU_DB_NAME": "zebu",
            **{f"ZEBU_{name}": value for name, value in probe.environment.items()},
        }  # fmt: skip
        return subprocess.run(
            [*RUNS[probe.interpreter], probe.text],
            env=environment,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    return run


ODD = "a $(touch mark) 'b'.sql"


def test_a_drill_begins_with_the_newest_dump(tmp_path: Path, machine: Machine) -> None:
    for name, moment in ((ODD, 2000), ("older.dump", 1000)):
        (tmp_path / "dumps" / name).write_bytes(b"PGDMP")
        os.utime(tmp_path / "dumps" / name, (moment, moment))
    done = machine(PLAN_PROBE)
    assert done.returncode == 0, done.stderr
    found = parse_plan(done.stdout)
    assert (found.image, found.entrypoint, found.command, found.dump) == ("sha256:1", ("start.sh",), (), ODD)
    assert abs(found.now - time.time()) < 60
    for path in (tmp_path / "dumps").iterdir():
        path.unlink()
    assert machine(PLAN_PROBE).returncode == 4


@pytest.mark.parametrize("packed", [False, True])
def test_what_a_restore_says(tmp_path: Path, machine: Machine, packed: bool) -> None:
    name = ODD + ".gz" * packed
    text = b'COPY public."trades" (id) FROM stdin;\n1\n'
    (tmp_path / "dumps" / name).write_bytes(gzip.compress(text) if packed else text)
    done = machine(restore_probe("drill-1", name))
    assert done.returncode == 0, done.stderr
    assert f"@dump {int((tmp_path / 'dumps' / name).stat().st_mtime)} {name}" in done.stdout
    assert done.stdout.splitlines()[1].startswith("@status 0 ")
    assert done.stdout.splitlines()[2:] == ["@data public.trades", "@restored public.trades 3", "@live public.trades 4"]
    assert {path.name for path in tmp_path.iterdir()} == {"docker", "dumps"}


def test_a_packed_dump_that_breaks_off_is_not_restored(tmp_path: Path, machine: Machine) -> None:
    """What psql has read by then may be well-formed."""
    lines = b"".join(b"-- %d\n" % (number * number) for number in range(9000))
    text = gzip.compress(b"--\n-- PostgreSQL database dump\n" + lines)
    (tmp_path / "dumps/zebu.sql.gz").write_bytes(text[: len(text) // 2])
    done = machine(restore_probe("drill-1", "zebu.sql.gz"))
    assert done.returncode == 0, done.stderr
    assert "@status 1 " in done.stdout
    assert "@complaint the dump cannot be unpacked to its end" in done.stdout


def test_where_psql_fails_its_words_count(tmp_path: Path, machine: Machine) -> None:
    """It stops reading, and so ends the unpacking: that is not the dump's fault."""
    refusal = """  *"exec -i drill-1 psql -Xq"*) echo 'ERROR:  type "odd" does not exist'; exit 3 ;;"""
    docker = (tmp_path / "docker").read_text()
    (tmp_path / "docker").write_text(docker.replace("case $* in\n", f"case $* in\n{refusal}\n"))
    (tmp_path / "dumps/zebu.sql").write_bytes(b"-- a line\n" * 100_000)
    done = machine(restore_probe("drill-1", "zebu.sql"))
    assert done.returncode == 0, done.stderr
    assert "@status 3 " in done.stdout
    assert '@complaint ERROR:  type "odd" does not exist' in done.stdout


@pytest.mark.parametrize(("text", "complaint", "status"), [
    ("", 'ERROR:  role "gone" does not exist', 0), ("", 'ERROR:  unrecognized configuration parameter "transaction_timeout"', 0), ("", "invalid command \\\\restrict", 0),
    ("", 'ERROR:  schema "public" already exists', 0), ("", 'ERROR:  relation "public.a" does not exist', 3), ("DROP TABLE public.a;\n", 'ERROR:  table "a" does not exist', 0),
    ("DROP TABLE public.a;\n", 'FATAL:  database "a" does not exist', 3), ("", 'FATAL:  role "drill" does not exist', 3), ("", 'ERROR:  invalid input syntax for type integer: "x"', 3),
])  # fmt: skip
def test_what_keeps_no_data_from_being_there_is_passed(
    text: str, complaint: str, status: int, tmp_path: Path, machine: Machine
) -> None:
    """Roles that are gone, settings of a newer version, what a dump removes first: psql goes on, and so does the drill."""
    says = f"""  *"exec -i drill-1 psql -Xq -U"*) cat >/dev/null; echo '{complaint}' ;;"""
    docker = (tmp_path / "docker").read_text()
    (tmp_path / "docker").write_text(docker.replace("case $* in\n", f"case $* in\n{says}\n"))
    (tmp_path / "dumps/zebu.sql").write_text(f"{text}-- a line\n")
    done = machine(restore_probe("drill-1", "zebu.sql"))
    assert f"@status {status} " in done.stdout
    assert ("@complaint" in done.stdout) is bool(status)


def test_plain_text_that_breaks_off_between_two_lines_is_not_restored(tmp_path: Path, machine: Machine) -> None:
    text = "--\n-- PostgreSQL database dump\n--\n\nSET x = 0;\n"
    (tmp_path / "dumps/zebu.sql").write_text(text)
    done = machine(restore_probe("drill-1", "zebu.sql"))
    assert "@status 1 " in done.stdout
    assert "@complaint the dump breaks off before its end" in done.stdout
    (tmp_path / "dumps/zebu.sql").write_text(f"{text}\n--\n-- PostgreSQL database dump complete\n--\n\n")
    assert "@status 0 " in machine(restore_probe("drill-1", "zebu.sql")).stdout


@pytest.mark.parametrize(
    ("copied", "word"), [("one\n", "@copy same"), ("two\n", "@copy other"), (None, "@copy absent")]
)
def test_the_copy_is_compared_where_it_can_be_read(
    copied: str | None, word: str, tmp_path: Path, machine: Machine
) -> None:
    (tmp_path / "dumps/zebu.sql").write_text("one\n")
    (tmp_path / "copies").mkdir()
    if copied is not None:
        (tmp_path / "copies/zebu.sql").write_text(copied)
    probe = restore_probe("drill-1", "zebu.sql")
    there = replace(probe, values=(*probe.values, ("SET_BACKUP_COPY", f"{tmp_path}/copies")))
    assert word in machine(there).stdout.splitlines()
    assert "@copy" not in machine(probe).stdout


@pytest.mark.parametrize(("ssh", "words"), [
    ("exec sh -c \"$last\"", ["@copy same"]), ("echo two > copies/zebu.sql; exec sh -c \"$last\"", ["@copy other"]),
    ("rm copies/zebu.sql; exec sh -c \"$last\"", ["@copy absent"]), ("exit 255", []), ("echo only sftp here", []), ("echo abc123", []),
])  # fmt: skip
def test_the_copy_on_another_machine_is_compared_by_its_digest(
    ssh: str, words: list[str], tmp_path: Path, machine: Machine
) -> None:
    """Which that machine makes; where it does not, nothing is said."""
    (tmp_path / "dumps/zebu.sql").write_text("one\n")
    (tmp_path / "copies").mkdir()
    (tmp_path / "copies/zebu.sql").write_text("one\n")
    (tmp_path / "ssh").write_text(f"#!/bin/sh\nfor last; do :; done; cd {tmp_path}\n{ssh}\n")
    (tmp_path / "ssh").chmod(0o755)
    probe = restore_probe("drill-1", "zebu.sql")
    there = replace(probe, values=(*probe.values, ("SET_BACKUP_COPY", "backup@nas.invalid:copies")))
    assert [line for line in machine(there).stdout.splitlines() if "@copy" in line] == words


def test_a_dump_that_went_meanwhile_or_cannot_be_unpacked_here_shows_nothing(
    tmp_path: Path, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = machine(restore_probe("drill-1", "zebu.sql"))
    assert (done.returncode, done.stdout, done.stderr) == (4, "", "the dump is gone\n")
    for tool in ("sh", "perl", "timeout"):
        (tmp_path / tool).symlink_to(str(shutil.which(tool)))
    (tmp_path / "dumps/zebu.sql.zst").write_bytes(b"\x28\xb5\x2f\xfd" + bytes(100))
    monkeypatch.setenv("PATH", str(tmp_path))
    done = machine(restore_probe("drill-1", "zebu.sql.zst"))
    assert (done.returncode, done.stdout) == (5, "")
    assert "there is no zstd" in done.stderr


PLANNED = '@now 7\n@image sha256:1\n@entrypoint ["e"]\n@command ["c","d"]\n@newest zebu a.dump\n'


def test_a_plan() -> None:
    assert parse_plan(PLANNED) == Plan(7, "sha256:1", ("e",), ("c", "d"), "zebu a.dump")


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("@now 7", "@now x"), ("@image sha256:1", ""), ("@newest zebu a.dump", ""), ('["e"]', '"e"'), ('["e"]', "[1]"),
        ('["e"]', "["), ('["e"]', "[" * 9999), ("@now", "@then"),
    ],
)  # fmt: skip
def test_what_is_no_plan(was: str, now: str) -> None:
    with pytest.raises(Garbled):
        parse_plan(PLANNED.replace(was, now))


def held(name: str, target: Target, result: Any) -> Any:
    """The fact, of a trial with this result."""
    return ALL[name].read(Gathered(trials={name: result}), target)


DRILLED = "@dump 1795570391 zebu a.dump\n@status 0 7\n@data public.t\n@complaint a warning\n@restored public.t 5\n@live public.t 6\n"


def drilled(out: str = DRILLED, status: int = 0) -> dict[str, Any]:
    return {"status": status, "out": out, "complaint": "no image"}


def test_a_dump_that_was_restored(target: Target) -> None:
    found = need(held("drill", target, drilled()))
    assert (found.dump, found.status, found.seconds, found.complaint) == ("zebu a.dump", 0, 7, "a warning")
    assert (found.restored, found.live, found.data) == ({"public.t": 5}, {"public.t": 6}, {"public.t"})


@pytest.mark.parametrize(("out", "status", "reason"), [
    (DRILLED, 5, Reason.UNDECIDABLE), (DRILLED.replace("@status 0 7\n", ""), 0, Reason.UNDECIDABLE), (DRILLED.replace("@live", "@restored"), 0, Reason.UNDECIDABLE),
    (DRILLED.replace("@live public.t 6", "@live public.t many"), 0, Reason.GARBLED), (DRILLED + "panic\n", 0, Reason.GARBLED),
])  # fmt: skip
def test_a_drill_that_could_not_compare_is_no_verdict(out: str, status: int, reason: Reason, target: Target) -> None:
    found = held("drill", target, drilled(out, status))
    assert isinstance(found, Unknown)
    assert found.reason is reason


def test_the_answers_to_each_step(target: Target) -> None:
    seen = {
        "price": {"status": 200, "said": {"price": "1"}},
        "buy": {"status": 500, "said": "x"},
        "broken": "sell",
        "named": "p",
        "left": 1,
        "odd": {},
    }
    use = need(held("use", target, seen))
    assert (use.said("price"), use.said("buy"), use.said("sell")) == ({"price": "1"}, {}, {})
    assert (use.status("buy"), use.status("sell"), use.broken, use.name, use.left) == (500, 0, "sell", "p", 1)
    assert use.steps.keys() == {"price", "buy"}


def test_what_an_attack_did(target: Target) -> None:
    seen = {
        "total": 2,
        "injected": [{"path": "/", "text": "'", "status": 400}],
        "refused": [401],
        "burst": 50,
        "limited": 30,
    }
    found = need(held("attack", target, seen))
    assert (found.total, found.injected, found.refused, found.burst, found.limited) == (
        2,
        ({"path": "/", "text": "'", "status": 400},),
        (401,),
        50,
        30,
    )
    answer = held("attack", target, {**seen, "burst": "x"})
    assert isinstance(answer, Unknown)
    assert answer.reason is Reason.GARBLED


@pytest.mark.parametrize(("value", "expected"), [
    ("10.50", Decimal("10.50")), (3, Decimal(3)), ("-1", Decimal(-1)), ("1E+2", Decimal(100)), (1e-07, Decimal("1e-07")),
    ("153.3333333333333333333333333", Decimal("153.3333333333333333333333333")), (1.5e20, None), ("1e99", None),
])  # fmt: skip
def test_amounts(value: object, expected: Decimal | None) -> None:
    assert amount(value) == expected
