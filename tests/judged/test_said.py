"""What is said of each recording, as its readers see it. To renew, where it is meant: python -m tests.judged.test_said"""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

import pytest

from lab import recordings
from lab.recordings import LAB_FOLDER, Case
from pytest_zebu.catalogue import load
from pytest_zebu.verdict.outcome import Finding

SAID = Path(__file__).parent / "said.txt"
HEADING = "## "
CASES = {str(path.relative_to(recordings.JUDGED).with_suffix("")): path for path in recordings.case_files()}


@cache
def healthy() -> Case:
    return recordings.read_healthy()


def said(case_id: str) -> str:
    """Of the healthy lab all that was seen, of another case the reasons of what it is about."""
    base = healthy()
    case = recordings.read(CASES[case_id], base) if case_id in CASES else base
    items = case.outcomes if case_id in CASES else [item.id for item in load()]
    with tempfile.TemporaryDirectory() as folder:
        evidence = recordings.evidence(recordings.over(base, case), Path(folder))
        lines = [line for item in items for line in _lines(evidence.judge(item), case_id not in CASES)]
    return "".join(f"{line.replace(folder, LAB_FOLDER)}\n" for line in lines)


def _lines(found: Finding, is_whole: bool) -> list[str]:
    head = f"{found.item}: {found.outcome}: {found.reason}".removesuffix(": ")
    return [head, *(f"    {text}" for text in found.evidence)] if is_whole else [head]


def known() -> dict[str, str]:
    """By case, what was said of it when it was last renewed."""
    found: dict[str, str] = {}
    for part in SAID.read_text(encoding="utf-8").split(f"\n{HEADING}"):
        case_id, _, text = part.removeprefix(HEADING).partition("\n")
        found[case_id] = text.strip("\n") + "\n"
    return found


KNOWN = known() if SAID.exists() else {}


def test_every_case_is_in_it() -> None:
    assert [*KNOWN] == [recordings.HEALTHY, *sorted(CASES)], "renew it: python -m tests.judged.test_said"


@pytest.mark.parametrize("case_id", KNOWN)
def test_what_is_said(case_id: str) -> None:
    assert said(case_id).strip("\n") + "\n" == KNOWN[case_id], "if this is meant: python -m tests.judged.test_said"


if __name__ == "__main__":
    SAID.write_text(
        "\n".join(f"{HEADING}{case_id}\n{said(case_id)}" for case_id in [recordings.HEALTHY, *sorted(CASES)]),
        encoding="utf-8",
    )
