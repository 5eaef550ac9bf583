"""How a document is judged."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pytest_zebu.facts.documents import Document, Documents
from pytest_zebu.plugin.checks import Cases
from pytest_zebu.verdict.outcome import Outcome
from tests.facts.answers import NOON
from tests_prod.documents import expect_document

GOOD = Document("a.md", 100, {"deploy": 2, "logs": 1}, frozenset({"deploy"}), 0, NOON)


@pytest.mark.parametrize(("change", "reason"), [
    ({}, ""), ({"words": 59}, "is a stub of 59 words"), ({"placeholders": 1}, "1 places still to be written"),
    ({"lacks": ("zebu-magic",)}, "zebu-magic"), ({"topics": {"deploy": 1}}, "no document is about it"),
    ({"sections": frozenset()}, "no document is about it"),
])  # fmt: skip
def test_a_document_is_judged_by_sections_substance_and_what_it_names(change: dict[str, Any], reason: str) -> None:
    case = Cases()
    expect_document(
        Documents((replace(GOOD, **change),)), case, "deploying", everywhere={"deploy", "logs"}, section={"deploy"}
    )
    (found,) = case.found
    assert (found.outcome is Outcome.PASSED) is (reason == "")
    assert reason in found.reason


@pytest.mark.parametrize("unseen", [{"cut": 3}, {"unread": ("docs/long.md",)}])
@pytest.mark.parametrize(
    "change", [{"words": 59}, {"placeholders": 1}, {"lacks": ("zebu-magic",)}, {"sections": frozenset()}]
)
def test_what_was_not_read_may_be_what_is_looked_for(change: dict[str, Any], unseen: dict[str, Any]) -> None:
    case = Cases()
    documents = Documents((replace(GOOD, **change),), **unseen)
    expect_document(documents, case, "deploying", everywhere={"deploy", "logs"}, section={"deploy"})
    assert case.found[0].outcome is Outcome.NOT_ASSESSED
    case = Cases()
    expect_document(Documents((GOOD,), **unseen), case, "deploying", everywhere={"deploy", "logs"}, section={"deploy"})
    assert case.found[0].outcome is Outcome.PASSED


def test_the_better_of_two_documents_counts() -> None:
    case = Cases()
    stub = replace(GOOD, path="stub.md", words=3)
    expect_document(Documents((stub, GOOD)), case, "deploying", everywhere={"deploy"}, section={"deploy"})
    assert case.found[0].outcome is Outcome.PASSED
