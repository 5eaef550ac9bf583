"""Whatever a target says, a fact is known or unknown, its items are judged, and nothing ends with an exception.

5,000 inputs, always the same. Many more, and others, are tried by hand: `python -m tests.facts.fuzz`.
"""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from msgspec.structs import replace

from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Reason, Said, Unknown
from pytest_zebu.facts.fact import OWN_ANSWERS
from pytest_zebu.plugin.checks import either_of, suite
from pytest_zebu.verdict.outcome import Outcome
from tests.facts.fuzz import corpus, damaged, expect_survived, judged, touch, with_said

SEED = 13
INPUTS = -(-5000 // len(ALL))


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize("name", sorted(ALL))
def test_damaged_answers_are_survived(name: str) -> None:
    for number in range(INPUTS):
        try:
            expect_survived(name, damaged(SEED, name, number))
        except Exception as error:
            error.add_note(f"python -m tests.facts.fuzz --seed {SEED} --fact {name} --only {number}")
            raise


def test_inputs_are_always_the_same_and_each_another() -> None:
    first = [damaged(SEED, "containers", number) for number in range(20)]
    assert first == [damaged(SEED, "containers", number) for number in range(20)]
    assert len({str(one) for one in first}) > 15


GARBAGE: dict[str, tuple[Any, Any]] = {
    "no text": (Said(0, "\x00\xff{\ufffd\n"), None),
    "a page": (Said(0, "<html><h1>It works!</h1></html>\n" * 20), "<html><h1>It works!</h1></html>"),
    "a line without end": (Said(0, "x" * 262_144), "x" * 262_144),
    "another tool's JSON": (Said(0, '{"a": [1, {"b": null}], "$unknown": "x"}'), {"a": [1, {"b": None}], "$unknown": "x"}),
    "another tool's list": (Said(0, "[[], {}, [null], 1, true]"), [[], {}, [None], 1, True]),
    "no number": (Said(0, "NaN"), float("nan")),
    "a number": (Said(0, "²"), 10**30),
    "a complaint": (Said(1, "", "Permission denied"), {"error": "forbidden"}),
    "ended by a signal": (Said(137, "part of"), Unknown(Reason.TIMED_OUT, "x")),
}  # fmt: skip
"""In place of each answer, and of what came of each look and trial."""


SHOWN_OTHERWISE = {
    ("deploy.initial.ssh", "access"): "that there are answers at all, whatever they say, shows that ssh let us in",
    (
        "deploy.performance.api",
        "web",
    ): "the times are seen by themselves; that the backend answers, its key's welcome shows",
}


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize("kind", GARBAGE)
def test_nothing_is_decided_by_garbage(kind: str) -> None:
    """Where all that a fact is read from is garbage, no item passes or fails by that fact."""
    said, seen = GARBAGE[kind]
    decided = {}
    for name in sorted(ALL):
        asked = corpus().asked[name]
        gathered = with_said(
            corpus().healthy.gathered, {(table, key): said if table == "answers" else seen for table, key in asked}
        )
        answer, findings = judged(name, gathered)
        for item_id, finding in findings.items():
            json.dumps(finding.as_data(), allow_nan=False)
            assert not finding.broken, f"{item_id}: {finding.reason}"
            is_open = name in either_of(suite()[item_id]) or (item_id, name) in SHOWN_OTHERWISE
            if not is_open and finding.outcome in (Outcome.PASSED, Outcome.FAILED, Outcome.NOT_APPLICABLE):
                decided[f"{item_id} by {name}"] = f"{finding.outcome}: {str(answer)[:200]}"
    assert decided == {}


UNRECORDED = {
    "callers": "@service frontend\n@from frontend 10.77.0.20 214\n@from frontend 10.77.0.9 2\n@public frontend 3\n",
    "platform": "container=\nvm=kvm\nsys_vendor=QEMU\nproduct_name=Standard PC\nbios_vendor=SeaBIOS\nmaker=bc:24:11\nvirt=told\n",
}
"""What a machine would say that was asked for after the lab was recorded."""
LONG = sorted({*OWN_ANSWERS, *(probe.name for fact in ALL.values() for probe in fact.probes)} - {"source"})


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize("key", LONG)
def test_a_long_answer_takes_its_time_once(key: str) -> None:
    """All that a tool says, over and over: ten times as much takes no hundred times as long, or no time at all."""
    recorded = (one.out for one in corpus().said["answers", key] if isinstance(one, Said))
    unit = (UNRECORDED[key] if key in UNRECORDED else next(recorded)).rstrip("\n") + "\n"
    for name in sorted(ALL):
        if ("answers", key) in corpus().asked[name]:
            times = [_seconds(name, key, unit * max(1, size // len(unit))) for size in (20_000, 200_000)]
            assert times[1] < max(15.0, 60 * times[0])


def _seconds(name: str, key: str, out: str) -> float:
    """Of the processor's, so that nothing else that runs counts."""
    healthy = corpus().healthy
    gathered = replace(healthy.gathered, answers={**healthy.gathered.answers, key: Said(0, out)})
    start = time.process_time()
    touch(ALL[name].read(gathered, healthy.target))
    return time.process_time() - start
