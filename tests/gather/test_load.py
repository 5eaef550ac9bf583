"""The far side on a machine that has other work to do: limits that follow the load, low priority, what is asked once more."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from pytest_zebu.facts.answer import Reason, Said, Unknown
from pytest_zebu.facts.fact import Probe
from pytest_zebu.gather.ssh import EFFORT, Frames
from tests.gather.test_far import answered, far_side, folder

PROCESSORS = os.cpu_count() or 1

__all__ = ["folder"]

SLEEPS = Probe("slow", "sleep 1.2; echo there", timeout=0.4)


def said(process: subprocess.Popen[bytes]) -> bytes:
    """All that it says, while its input stays open."""
    with process:
        assert process.stdout is not None
        return process.stdout.read()


def machine(folder: Path, running: int, blocked: int = 0) -> dict[str, str]:
    """A change of the far side after which so many things run on its machine."""
    stat = folder / "stat"
    stat.write_text(f"cpu  1 2 3 4\nbtime 1\nprocesses 9\nprocs_running {running}\nprocs_blocked {blocked}\n")
    return {"'/proc/stat'": f"'{stat}'", "$LOOK) = (5000, 250)": "$LOOK) = (5000, 0)"}


@pytest.mark.parametrize(("running", "blocked"), [(60, 0), (0, 60)], ids=["at the processor", "at the disk"])
def test_a_busy_machine_has_longer(running: int, blocked: int, folder: Path) -> None:
    answers = answered(far_side(folder, SLEEPS, change=machine(folder, running, blocked)))
    assert answers["slow"] == Said(0, "there\n", "")


def test_a_quiet_machine_has_its_time(folder: Path) -> None:
    answers = answered(far_side(folder, SLEEPS, change=machine(folder, 1)))
    late = answers["slow"]
    assert isinstance(late, Unknown)
    assert late.reason is Reason.TIMED_OUT


def test_no_load_makes_anything_last_for_ever(folder: Path) -> None:
    """The last moment of all is one of the kernel's clock."""
    change = machine(folder, 4000) | {"$SLOWEST) = (10, 3, 20)": "$SLOWEST) = (10, 3, 1e9)"}
    hangs = Probe("hangs", "sleep 300", timeout=0.2)
    answers = answered(far_side(folder, hangs, Probe("fine", "echo 1"), change=change, seconds=2))
    assert answers["fine"] == Said(0, "1\n", "")
    assert answers["hangs"] == Unknown(Reason.TIMED_OUT, "hangs: no time left of --zebu-timeout")


def test_what_only_works_takes_no_more_of_the_processor_than_of_time(folder: Path) -> None:
    """A machine that is busy makes things wait, not work."""
    change = machine(folder, 4000) | {"my ($took_at, $TOOK) = (0, 1000)": "my ($took_at, $TOOK) = (0, 100)"}
    answers = answered(
        far_side(folder, Probe("works", "while :; do (:); done", timeout=0.3), change=change, seconds=60)
    )
    found = answers["works"]
    assert isinstance(found, Unknown)
    assert found.detail.endswith("s of the processor")


def test_what_was_late_is_asked_once_more_when_all_else_is_done(folder: Path) -> None:
    """The second time others do not stand in its way; a third time there is none."""
    once = f'cd "{folder}"; ls; mkdir slow 2>/dev/null && exec sleep 300; echo again'
    probes = [
        Probe("slow", once, timeout=0.3),
        Probe("other", f'sleep 0.7; mkdir "{folder}/other"; echo 1'),
        Probe("never", f'echo x >> "{folder}/times"; sleep 300', timeout=0.3),
    ]
    answers = answered(far_side(folder, *probes))
    slow, never = answers["slow"], answers["never"]
    assert isinstance(slow, Said)
    assert "other" in slow.out.split()
    assert slow.out.endswith("again\n")
    assert isinstance(never, Unknown)
    assert never.reason is Reason.TIMED_OUT
    assert (folder / "times").read_text() == "x\nx\n"


def test_what_spans_all_others_begins_before_and_ends_after_them(folder: Path) -> None:
    begun = f"""until [ -e "{folder}/begun" ]; do sleep 0.05; done"""
    many = [Probe(f"one{n}", f'{begun}; date +%s.%N > "{folder}/at{n}"') for n in range(20)]
    spans = Probe("spans", f'ls "{folder}"; : > "{folder}/begun"; cat; date +%s.%N', spans=True)
    answers = answered(far_side(folder, *many, spans))
    found = answers["spans"]
    assert isinstance(found, Said)
    *seen, ended = found.out.split()
    assert not [name for name in seen if name.startswith("at")]
    assert len(moments := [float(path.read_text()) for path in folder.glob("at*")]) == 20
    assert max(moments) < float(ended)


def test_what_spans_all_others_and_does_not_end_then_is_late(folder: Path) -> None:
    found = answered(far_side(folder, Probe("spans", "cat; sleep 300", spans=True, timeout=0.3)))["spans"]
    assert isinstance(found, Unknown)
    assert found.reason is Reason.TIMED_OUT


def test_what_is_known_to_take_longest_begins_first(folder: Path) -> None:
    probes = [Probe(f"p{n}", f'echo p{n} >> "{folder}/order"; sleep 0.2', takes=takes) for n, takes in enumerate((0.1, 3, 0.5))]  # fmt: skip
    answered(far_side(folder, *probes, change={"= (8, 1);": "= (1, 1);", "$at_once = 4 * $processors if": "0 if"}))
    assert (folder / "order").read_text().split() == ["p1", "p2", "p0"]


FEW, MANY = max(1, PROCESSORS - 1), max(8, 4 * PROCESSORS)


@pytest.mark.parametrize(("runnable", "patience", "most"), [
    pytest.param(1, 1e9, MANY, id="idle"), pytest.param(10_000, 1e9, FEW, id="busy"), pytest.param(10_000, -1, MANY, id="busy for long"),
])  # fmt: skip
def test_one_processor_is_left_to_others_as_long_as_that_does_not_take_too_long(
    runnable: int, patience: float, most: int, folder: Path
) -> None:
    """All are asked in one round trip, but the machine is not overrun by them. Those that run are counted, we among them."""
    (folder / "running").mkdir()
    (folder / "load").write_text(f"0.50 0.40 0.30 {runnable}/20000 4711\n")
    # Each waits until as many are there as may be.
    script = f"""cd "{folder}/running"; mkdir $$; count=$(ls | wc -l); echo "$count"
        [ "$count" -lt {most} ] || mkdir -p ../all; until [ -d ../all ]; do sleep 0.02; done; sleep 0.1; rmdir $$"""
    probes = [Probe(f"p{number}", script, timeout=60) for number in range(2 * most)]
    answers = answered(
        far_side(folder, *probes, change={"/proc/loadavg": f"{folder}/load", "(now(), 250)": f"(now(), {patience})"})
    )
    seen = [int(one.out) for one in answers.values() if isinstance(one, Said) and one.out.strip().isdigit()]
    assert len(seen) == len(probes)
    assert max(seen) == most


def test_where_the_load_is_not_told_few_run(folder: Path) -> None:
    probes = [Probe(f"p{number}", "echo done") for number in range(20)]
    answers = answered(far_side(folder, *probes, change={"/proc/loadavg": f"{folder}/none"}))
    assert [answers[probe.name] for probe in probes] == [Said(0, "done\n", "")] * 20


def test_all_of_it_has_a_low_priority(folder: Path) -> None:
    found = answered(far_side(folder, Probe("nice", "nice; ionice 2>/dev/null || echo idle")))["nice"]
    assert isinstance(found, Said)
    priority, disk = found.out.splitlines()
    assert int(priority) >= 10
    assert disk == "idle"


SHARE = Probe("share", "cat /proc/self/autogroup 2>/dev/null || echo none")


def test_a_session_that_was_begun_for_us_gives_way_to_others(folder: Path) -> None:
    """One that others work in, too, stays as it is. Not every kernel gives sessions a share of their own."""

    def said_there(*words: str) -> str:
        return subprocess.run([*words, "sh", "-c", SHARE.script], capture_output=True, text=True, check=True).stdout

    assert answered(far_side(folder, SHARE))["share"] == Said(0, said_there(), "")
    own = {"sub has_own_session {": "POSIX::setsid(); sub has_own_session {"}
    found = answered(far_side(folder, SHARE, change=own))["share"]
    assert isinstance(found, Said)
    assert ("nice 10" in found.out) == ("nice" in said_there("setsid", "--wait"))


def test_what_it_took_is_told_at_the_end(folder: Path) -> None:
    work = Probe("work", "n=0; while [ $n -lt 200000 ]; do n=$((n + 1)); done")
    frames = Frames("n0nce")
    frames.read(said(far_side(folder, work)))
    assert frames.is_whole
    assert EFFORT not in frames.answers
    assert float(frames.effort["processor"]) > 0
    assert float(frames.effort["docker"]) >= 0


def test_who_has_nothing_to_say_says_that_he_is_there(folder: Path) -> None:
    out = said(far_side(folder, Probe("slow", "sleep 1"), change={"($BEAT, $LOOK) = (5000,": "($BEAT, $LOOK) = (100,"}))
    assert out.count(b"n0nce zebu.beat done 0 0 0 0\n") > 2
    frames = Frames("n0nce")
    frames.read(out)
    assert "zebu.beat" not in frames.answers
    assert isinstance(frames.answers["slow"], Said)


def test_answers_are_heard_as_they_come() -> None:
    heard: list[str] = []
    frames = Frames("n0nce", lambda name, said: heard.append(name))
    whole = b"Welcome!\nZEBU1 n0nce\nn0nce one done 0 1 3 0\nabcnoise\nn0nce two done 0 1 2 1\nxyzEND n0nce\n"
    seen = {}
    for length in range(len(whole) + 1):
        frames.read(whole[:length])
        seen[length] = list(heard)
    assert seen[whole.index(b"noise") - 1] == []
    assert seen[whole.index(b"noise")] == ["one"]
    assert seen[whole.index(b"END") - 1] == ["one"]
    assert heard == ["one", "two"]
    assert frames.answers == {"one": Said(0, "abc", ""), "two": Said(0, "xy", "z")}
    assert frames.is_whole


def test_a_script_is_told_how_much_slower_the_machine_is(folder: Path) -> None:
    """What has a limit of its own within that of the probe lets it follow the load."""
    told = Probe("late", 'echo "$ZEBU_SLOWER"')
    probes = [Probe("first", "sleep 1", takes=9), told]
    alone = {"= (8, 1);": "= (1, 1);", "$at_once = 4 * $processors if": "0 if"}
    slower = [
        answered(far_side(folder, *probes, change=machine(folder, running) | alone))["late"] for running in (1, 60)
    ]
    quiet, busy = (float(said.out) for said in slower if isinstance(said, Said))
    assert (quiet, busy > 5) == (1.0, True)
