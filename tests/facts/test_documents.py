"""The team's documents, as counts."""

from __future__ import annotations

import pytest

from pytest_zebu.facts import documents
from pytest_zebu.facts.answer import Reason
from pytest_zebu.settings.target import Target
from tests.facts.answers import AT, NOON, read, why


def test_documents(target: Target) -> None:
    text = (
        f"@document 120 1 {AT} docs/a b.md\n@topic deploy 3 1\n@topic logs 1 0\n@lacks /opt/none zebu-magic\n"
        "@unread docs/big file.md\n@unread .\n@cut 12\n@picture ./docs/network.svg\n"
    )
    found = read("documents", text, target)
    page, picture = found
    assert (found.unread, found.cut) == (("docs/big file.md", "."), 12)
    assert found.unseen == "12 documents were left out; not read: docs/big file.md, ."
    assert read("documents", f"@document 1 0 {AT} a.md\n", target).unseen == ""
    assert (page.path, page.words, page.placeholders, page.changed) == ("docs/a b.md", 120, 1, NOON)
    assert (page.topics, page.sections) == ({"deploy": 3, "logs": 1}, {"deploy"})
    assert page.lacks == ("/opt/none", "zebu-magic")
    assert "diagram" in picture.topics


def test_every_topic_is_a_pattern_that_perl_can_quote() -> None:
    """They stand in single quotes in a shell's command."""
    assert all("'" not in pattern for pattern in documents.TOPICS.values())


@pytest.mark.parametrize(
    "line",
    [
        "@topic deploy 1 0",
        "@lacks x",
        "perl: error",
        "@document x 0 1 a.md",
        "@cut many",
        "@cut",
        "@document 1 0 9999999999999999 a.md",
    ],
)
def test_a_line_that_belongs_to_no_document_is_garbled(line: str, target: Target) -> None:
    assert why("documents", f"{line}\n", target) is Reason.GARBLED


def test_a_topic_that_nobody_asked_for_is_garbled(target: Target) -> None:
    assert why("documents", f"@document 1 0 {AT} a.md\n@topic weather 1 0\n", target) is Reason.GARBLED
