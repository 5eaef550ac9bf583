"""How documents are judged: by their sections, their substance, their age, and by what they name."""

from __future__ import annotations

from pytest_zebu.facts.answer import NotAssessed
from pytest_zebu.facts.documents import Documents
from pytest_zebu.plugin.checks import Cases

MINIMUM_WORDS = 60
"""Under so many words nobody is told what to do."""
MOST_PLACEHOLDERS = 0


def expect_document(
    documents: Documents,
    case: Cases,
    what: str,
    *,
    everywhere: set[str],
    section: set[str],
    words: int = MINIMUM_WORDS,
) -> None:
    """One of the documents is about something: it has all the topics, one of them as a section, and is no stub.

    Args:
        documents: all of them.
        case: where the judgement goes.
        what: what it is about, in words.
        everywhere: the topics that it must mention.
        section: topics of which one heading, or its name, must speak.
        words: how long it must be.
    """
    about = [one for one in documents if everywhere <= one.topics.keys() and section & one.sections]
    best = min(about, key=lambda one: (one.words < words, one.placeholders, len(one.lacks)), default=None)
    with case(what):
        if documents.unseen and (
            best is None or best.words < words or best.placeholders > MOST_PLACEHOLDERS or best.lacks
        ):
            raise NotAssessed(f"no document that was read is about it as it should be; {documents.unseen}")
        assert best is not None, "no document is about it"
        changed = f", changed on {best.changed:%Y-%m-%d}" if best.changed else ""
        case.saw(f"{what}: {best.path}, {best.words} words{changed}")
        assert best.words >= words, f"{best.path} is a stub of {best.words} words"
        assert best.placeholders <= MOST_PLACEHOLDERS, f"{best.path} has {best.placeholders} places still to be written"
        assert not best.lacks, f"{best.path} names what is not on the machine: {', '.join(best.lacks[:3])}"
