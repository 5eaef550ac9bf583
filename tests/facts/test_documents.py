"""The team's documents, as counts."""

from __future__ import annotations

from pytest_zebu.facts import documents
from pytest_zebu.settings.target import Target
from tests.facts.answers import AT, NOON, read


def test_documents(target: Target) -> None:
    text = (
        f"@document 120 1 {AT} docs/a b.md\n@topic deploy 3 1\n@topic logs 1 0\n@lacks /opt/none zebu-magic\n"
        "@picture ./docs/network.svg\n"
    )
    page, picture = read("documents", text, target)
    assert (page.path, page.words, page.placeholders, page.changed) == ("docs/a b.md", 120, 1, NOON)
    assert (page.topics, page.sections) == ({"deploy": 3, "logs": 1}, {"deploy"})
    assert page.lacks == ("/opt/none", "zebu-magic")
    assert "diagram" in picture.topics


def test_every_topic_is_a_pattern_that_perl_can_quote() -> None:
    """They stand in single quotes in a shell's command."""
    assert all("'" not in pattern for pattern in documents.TOPICS.values())
