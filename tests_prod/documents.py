"""How documents are judged: by their sections, their substance, their age, and by what they name."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_zebu.facts.answer import NotAssessed
from pytest_zebu.facts.documents import Document, Documents, Part
from pytest_zebu.plugin.checks import Cases

MINIMUM_WORDS = 60
"""Under so many words nobody is told what to do."""
WITH_COMMANDS = 20
"""Commands say it with fewer."""
SECTION_WORDS = 12
"""A section may be short: the way to stop everything is one line."""
MOST_PLACEHOLDERS = 0
APART = 1
"""So many of the topics may stand beside the section that is about them: how to verify is often the next one."""


def _about(
    documents: Documents, everywhere: set[str], section: set[str], apart: int
) -> Iterator[tuple[Document, Part]]:
    """What is about something: documents of that title whole, and sections of others."""
    for one in documents:
        if not everywhere <= one.topics:
            continue
        if section & one.whole.titles:
            yield one, one.whole
            continue
        for part in one.sections:
            if section & part.titles and len(everywhere - part.topics) <= apart:
                yield one, part


def _least(part: Part, one: Document, words: int) -> int:
    if part is not one.whole:
        return min(words, SECTION_WORDS)
    return min(words, WITH_COMMANDS) if "commands" in part.topics else words


def expect_document(
    documents: Documents,
    case: Cases,
    what: str,
    *,
    everywhere: set[str],
    section: set[str],
    words: int = MINIMUM_WORDS,
    apart: int = APART,
) -> None:
    """One of the documents is about something: it has all the topics, one of them as a section, and is no stub.

    Args:
        documents: all of them.
        case: where the judgement goes.
        what: what it is about, in words.
        everywhere: the topics that it must mention.
        section: topics of which one heading, or its name, must speak.
        words: how long it must be.
        apart: how many of the topics may stand elsewhere in the document than in the section.
    """
    about = [(_least(part, one, words), one, part) for one, part in _about(documents, everywhere, section, apart)]
    best = min(about, key=lambda row: (row[2].words < row[0], row[2].placeholders, len(row[2].lacks)), default=None)
    with case(what):
        if best is None:
            raise _nothing(documents, everywhere, section)
        least, one, part = best
        is_right = part.words >= least and part.placeholders <= MOST_PLACEHOLDERS and not part.lacks
        if documents.unseen and not is_right:
            raise NotAssessed(f"no document that was read is about it as it should be; {documents.unseen}")
        where = one.path if part is one.whole else f"a section of {one.path}"
        case.saw(f"{what}: {', '.join(filter(None, (where, f'{part.words} words', documents.changed(one))))}")
        assert part.words >= least, f"{where} is a stub of {part.words} words"
        assert part.placeholders <= MOST_PLACEHOLDERS, f"{where} has {part.placeholders} places still to be written"
        assert not part.lacks, f"{where} names what is not on the machine: {', '.join(part.lacks[:3])}"


def _nothing(documents: Documents, everywhere: set[str], section: set[str]) -> Exception:
    """What it means that no document is about something."""
    if documents.unseen:
        return NotAssessed(f"no document that was read is about it; {documents.unseen}")
    aside = [one for one in documents.all if one.kind != "document" and section & one.whole.titles]
    for one in aside:
        if one.kind == "archive" and everywhere <= one.topics:
            return NotAssessed(f"only {one.path} is about it: whether what lies there still holds, people attest")
    if documents.left_aside:
        return NotAssessed(f"no document is about it; {documents.left_aside} of archives and notes were left out")
    also = f"; {aside[0].path} speaks of it, and is a note or lies in an archive" if aside else ""
    return AssertionError(f"no document is about it{also}")
