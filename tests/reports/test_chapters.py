"""The headings are the checklist's, and every item stands under its own."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from pytest_zebu.catalogue import load
from pytest_zebu.reports.chapters import STAGES, Chapter, chapters
from tests import catalogue
from tests.reports.eight_faults import report

CHECKLIST = Path(catalogue.__path__[0], "production-checklist.md").read_text(encoding="utf-8")
HEADING = re.compile(r"^(?:##+ |\d+\. \*\*|- \[ \] \*\*)(.+?)(?:\*\*)?$|^- \[ \] (.+)$|^ +- \[ \] (.+)$", re.MULTILINE)


def told(chapter: Chapter) -> list[str]:
    """A chapter as the checklist writes it: its heading, then its parts or its items."""
    inner = [line for part in chapter.parts for line in told(part)] or [item.text for item in chapter.items]
    return [chapter.title, *inner] if chapter.title else inner


def test_chapters_read_like_the_checklist() -> None:
    """Headings and items, one after the other, are lines of the checklist in its order."""
    (host,) = report().hosts
    ours = [line for chapter in chapters(host) for line in told(chapter)]
    stages = {f"{name} Checklist": name for name in STAGES.values()}
    theirs = iter(stages.get(line, line) for found in HEADING.findall(CHECKLIST) for line in found if line)
    missing = [line for line in ours if line not in theirs]  # asks on from where the last one stood
    assert missing == []
    assert len(ours) > len(load())


def test_no_item_is_lost_and_the_counts_add_up() -> None:
    (host,) = report().hosts
    found = chapters(host)
    assert [item for chapter in found for item in chapter.items] == list(host.items)
    for chapter in found:
        assert [item for part in chapter.parts for item in part.items] == list(chapter.items)
        assert chapter.counts == Counter(item.outcome for item in chapter.items)
    for stage, tally in host.stages.items():
        (mine,) = [chapter for chapter in found if chapter.key == stage.value]
        assert mine.counts == {outcome: number for outcome, number in tally.counts.items() if number}
