"""How a document is judged."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from pytest_zebu.facts.documents import Document, Documents, Part
from pytest_zebu.plugin.checks import Cases
from pytest_zebu.verdict.outcome import Case, Outcome
from tests.facts.answers import NOON
from tests_prod.documents import expect_document

WHOLE = Part(100, frozenset({"deploy"}), frozenset({"deploy", "logs"}))
GOOD = Document("a.md", WHOLE, (), NOON)
SECTION = Part(30, frozenset({"deploy"}), frozenset({"deploy", "logs"}))
PAGE = Document("b.md", replace(WHOLE, titles=frozenset()), (SECTION,), NOON)


def judged(*found: Document, **changes: Any) -> Case:
    case = Cases()
    expect_document(
        replace(Documents(found), **changes), case, "deploying", everywhere={"deploy", "logs"}, section={"deploy"}
    )
    (finding,) = case.found
    return finding


@pytest.mark.parametrize(("change", "reason"), [
    ({}, ""), ({"words": 60}, ""), ({"words": 59}, "is a stub of 59 words"), ({"placeholders": 1}, "1 places still to be written"),
    ({"lacks": ("zebu-magic",)}, "zebu-magic"), ({"topics": frozenset({"deploy"})}, "no document is about it"),
    ({"titles": frozenset()}, "no document is about it"),
    ({"words": 20, "topics": frozenset({"deploy", "logs", "commands"})}, ""),
    ({"words": 19, "topics": frozenset({"deploy", "logs", "commands"})}, "is a stub of 19 words"),
])  # fmt: skip
def test_a_document_is_judged_by_its_title_substance_and_what_it_names(change: dict[str, Any], reason: str) -> None:
    found = judged(replace(GOOD, whole=replace(WHOLE, **change)))
    assert (found.outcome is Outcome.PASSED) is (reason == "")
    assert reason in found.reason


@pytest.mark.parametrize(("change", "reason"), [
    ({}, ""), ({"words": 12}, ""), ({"words": 11}, "a section of b.md is a stub of 11 words"), ({"placeholders": 1}, "1 places still to be written"),
    ({"lacks": ("zebu-magic",)}, "zebu-magic"), ({"topics": frozenset({"deploy"})}, ""), ({"topics": frozenset()}, "no document is about it"),
    ({"titles": frozenset({"logs"})}, "no document is about it"),
])  # fmt: skip
def test_a_section_is_judged_alone(change: dict[str, Any], reason: str) -> None:
    """What else stands in the document is not what it says; one of the topics may stand in the next section."""
    whole = replace(PAGE.whole, placeholders=3, lacks=("zebu-other",))
    found = judged(replace(PAGE, whole=whole, sections=(replace(SECTION, **change),)))
    assert (found.outcome is Outcome.PASSED) is (reason == "")
    assert reason in found.reason


def test_a_document_of_that_title_is_judged_whole() -> None:
    whole = replace(WHOLE, lacks=("zebu-magic",))
    assert "zebu-magic" in judged(replace(GOOD, whole=whole, sections=(SECTION,))).reason


FOREIGN = Document("docs/betrieb.md", Part(100), (), NOON, "document", "German")


@pytest.mark.parametrize("unseen", [{"cut": 3}, {"unread": ("docs/long.md",)}, {"all": (FOREIGN,)}])
@pytest.mark.parametrize(
    "change", [{"words": 59}, {"placeholders": 1}, {"lacks": ("zebu-magic",)}, {"titles": frozenset()}]
)
def test_what_was_not_read_may_be_what_is_looked_for(change: dict[str, Any], unseen: dict[str, Any]) -> None:
    others = unseen.get("all", ())
    changes = {key: value for key, value in unseen.items() if key != "all"}
    found = judged(replace(GOOD, whole=replace(WHOLE, **change)), *others, **changes)
    assert found.outcome is Outcome.NOT_ASSESSED
    assert any(text in found.reason for text in ("3 documents were left out", "docs/long.md", "betrieb.md (German)"))
    assert judged(GOOD, *others, **changes).outcome is Outcome.PASSED


@pytest.mark.parametrize(("kind", "change", "outcome", "reason"), [
    ("archive", {}, Outcome.NOT_ASSESSED, "only old/a.md is about it"), ("note", {}, Outcome.FAILED, "old/a.md speaks of it, and is a note"),
    ("archive", {"titles": frozenset()}, Outcome.FAILED, "no document is about it"), ("archive", {"topics": frozenset()}, Outcome.FAILED, "lies in an archive"),
])  # fmt: skip
def test_archives_and_notes_are_no_documents(kind: Any, change: dict[str, Any], outcome: Outcome, reason: str) -> None:
    old = Document("old/a.md", replace(WHOLE, **change), (SECTION,), NOON, kind)
    found = judged(old)
    assert (found.outcome, reason in found.reason) == (outcome, True)
    assert judged(old, GOOD).outcome is Outcome.PASSED


def test_notes_that_were_left_out_may_be_what_is_looked_for() -> None:
    assert judged(left_aside=3).outcome is Outcome.NOT_ASSESSED
    assert judged(GOOD, left_aside=3).outcome is Outcome.PASSED


def test_the_better_of_two_documents_counts() -> None:
    assert judged(replace(GOOD, whole=replace(WHOLE, words=3)), GOOD).outcome is Outcome.PASSED
