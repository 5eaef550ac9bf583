"""The grammar of the scripts' answers: records `@word rest`, some of them with lines that follow. Nothing is skipped."""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct

from pytest_zebu.facts.answer import Garbled


class Record(Struct, frozen=True):
    """A record.

    Attributes:
        what: whose answer it is, for complaints.
        lines: what followed it.
    """

    word: str
    rest: str
    lines: tuple[str, ...] = ()
    what: str = "the answer"

    @property
    def body(self) -> str:
        """What followed it, as one text."""
        return "\n".join(self.lines)

    def fields(self, count: int) -> tuple[str, ...]:
        """Its rest in so many fields with a blank between; the last one may have blanks itself.

        Raises:
            Garbled: there are fewer.
        """
        found = self.rest.split(" ", count - 1)
        if len(found) != count:
            raise self.garbled()
        return tuple(found)

    def garbled(self) -> Garbled:
        """A complaint about it."""
        return _garbled(self.what, f"@{self.word} {self.rest}")


def _garbled(what: str, line: str) -> Garbled:
    return Garbled(f"{what} said: {line[:120]}")


def records(text: str, what: str, words: Collection[str], followed: Collection[str] = ()) -> tuple[Record, ...]:
    """The records of an answer; empty lines between them say nothing.

    Args:
        text: the answer.
        what: whose it is, for complaints.
        words: the words of records that stand alone.
        followed: the words of records that other lines may follow.

    Raises:
        Garbled: a line is neither a known record nor follows one that is followed.
    """
    found: list[Record] = []
    body: list[str] = []

    def close() -> None:
        if body:
            last = found.pop()
            found.append(Record(last.word, last.rest, tuple(body), what))
            body.clear()

    for line in text.removesuffix("\n").split("\n"):  # of Unicode's other ends of lines, texts may hold some
        start, _, rest = line.partition(" ")
        word = start.removeprefix("@")
        if start.startswith("@") and (word in words or word in followed):
            close()
            found.append(Record(word, rest, (), what))
        elif found and found[-1].word in followed:
            body.append(line)
        elif line.strip():
            raise _garbled(what, line)
    close()
    return tuple(found)


def single(found: Collection[Record], word: str, default: str = "") -> str:
    """The rest of the last record of a word, or the default."""
    return next((one.rest for one in reversed(tuple(found)) if one.word == word), default)
