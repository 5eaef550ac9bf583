"""The team's documents, as counts."""

from __future__ import annotations

import pytest

from pytest_zebu.facts.answer import Reason
from pytest_zebu.facts.documents import Part
from pytest_zebu.settings.target import Target
from tests.facts.answers import AT, NOON, read, why


def test_documents(target: Target) -> None:
    text = (
        "@times git is not installed\n"
        f"@document {AT} document German docs/a b.md\n@part 120 1 deploy,rollback deploy,logs,contact\n@lacks /opt/none zebu-magic\n"
        "@part 20 0 - deploy\n@lacks zebu-magic\n"
        f"@document {AT} note - agent_docs/1.md\n@part 0 0 rollback -\n@document - archive - old/c.md\n@part 9 0 - -\n"
        "@unread docs/big file.md\n@unread .\n@cut 12\n@notes 7\n@picture ./docs/network.svg\n"
    )
    found = read("documents", text, target)
    page, note, old, picture = found.all
    assert list(found) == [page, picture]
    assert (found.unread, found.cut, found.left_aside) == (("docs/big file.md", "."), 12, 7)
    assert found.unseen == (
        "12 documents were left out; not read: docs/big file.md, .; "
        "written in a language that is not read here: docs/a b.md (German)"
    )
    assert (page.path, page.words, page.changed) == ("docs/a b.md", 120, NOON)
    lacks = ("/opt/none", "zebu-magic")
    assert page.whole == Part(
        120, frozenset({"deploy", "rollback"}), frozenset({"deploy", "logs", "contact"}), 1, lacks
    )
    assert page.sections == (Part(20, frozenset(), frozenset({"deploy"}), 0, ("zebu-magic",)),)
    assert (note.kind, note.whole.titles) == ("note", {"rollback"})
    assert (old.kind, old.changed, found.changed(old)) == ("archive", None, "")
    assert "diagram" in picture.topics
    assert found.changed(page) == f"changed on {NOON:%Y-%m-%d} by its file (git is not installed)"


def test_all_was_read(target: Target) -> None:
    found = read("documents", f"@document {AT} document - a.md\n@part 1 0 - -\n", target)
    (page,) = found
    assert (found.unseen, found.no_history, found.changed(page)) == ("", "", f"changed on {NOON:%Y-%m-%d}")


def test_a_document_that_was_cut_short_is_none(target: Target) -> None:
    assert read("documents", f"@document {AT} document - a.md\n", target).all == ()


PAGE = f"@document {AT} document - a.md\n"


@pytest.mark.parametrize(
    "text",
    [
        "@part 1 0 - -", "@lacks x", f"{PAGE}@lacks x", "perl: error", "@document x document - a.md", "@document 1 essay - a.md",
        "@document 1 document", "@cut many", "@cut", "@notes", "@document 9999999999999999 document - a.md",
        f"{PAGE}@part 1 0 -", f"{PAGE}@part x 0 - -", f"{PAGE}@part 1 0 weather -", f"{PAGE}@part 1 0 - weather",
    ],
)  # fmt: skip
def test_what_is_no_listing_is_garbled(text: str, target: Target) -> None:
    assert why("documents", f"{text}\n", target) is Reason.GARBLED
