"""The words without which no shape of a secret is looked for: nothing is seen for that which was hidden without them."""

from __future__ import annotations

import importlib
import re
import subprocess
from collections.abc import Iterable, Set
from typing import Any

import pytest

from pytest_zebu import redaction
from tests.gather.canaries import canaries
from tests.gather.repeats import program

pytestmark = pytest.mark.hostile("secrets")
parser, constants = importlib.import_module("re._parser"), importlib.import_module("re._constants")
"""How Python takes a pattern apart."""
REPEATS = (constants.MAX_REPEAT, constants.MIN_REPEAT, constants.POSSESSIVE_REPEAT)
MOST = 100
"""Texts that are told one by one of a part of a pattern."""


def listed() -> dict[str, str]:
    """The patterns of the list, and its words, by their names."""
    texts: dict[str, str] = {}
    for line in redaction.listed().splitlines():
        if found := redaction.LINE.fullmatch(line):
            texts[found[1]] = re.sub(r"\{\{([\w.]+)\}\}", lambda name: f"(?:{texts[name[1]]})", found[2])
    return texts


TEXTS = listed()
WORDS = {name.removeprefix("words."): text.split("|") for name, text in TEXTS.items() if name.startswith("words.")}


def joined(parts: Iterable[Set[str] | None]) -> Set[str] | None:
    """All texts of several parts, one behind the other; none where they are too many to be told."""
    texts: Set[str] = {""}
    for part in parts:
        if part is None or len(texts) * len(part) > MOST:
            return None
        texts = {one + other for one in texts for other in part}
    return texts


def texts_of(node: tuple[Any, Any]) -> Set[str] | None:
    """All texts that a part of a pattern is of, in small letters, where they can be told."""
    kind, value = node
    if kind is constants.LITERAL:
        return {chr(value).lower()}
    if kind is constants.IN:
        found = [of_one for one in value if (of_one := letters(*one)) is not None]
        return {letter for one in found for letter in one} if len(found) == len(value) else None
    if kind in {constants.AT, constants.ASSERT, constants.ASSERT_NOT}:
        return {""}
    if kind is constants.BRANCH:
        branches = [joined(map(texts_of, branch)) for branch in value[1]]
        return None if None in branches else {text for branch in branches for text in branch or ()}
    if kind in REPEATS and value[:2] == (0, 1):
        texts = joined(map(texts_of, value[2]))
        return None if texts is None else {"", *texts}
    inner = inside(node)
    return None if inner is None or kind in REPEATS else joined(map(texts_of, inner))


def letters(kind: Any, value: Any) -> Set[str] | None:
    """The letters of a part of a class, where they are few."""
    if kind is constants.LITERAL:
        return {chr(value).lower()}
    if kind is constants.RANGE and value[1] - value[0] < 10:
        return {chr(code).lower() for code in range(value[0], value[1] + 1)}
    return None


def inside(node: tuple[Any, Any]) -> Any:
    """What stands in a part of a pattern that is always there."""
    kind, value = node
    if kind is constants.SUBPATTERN:
        return value[3]
    if kind is constants.ATOMIC_GROUP:
        return value
    if kind is constants.ASSERT:
        return value[1]
    return value[2] if kind in REPEATS and value[0] else None


def branches(node: tuple[Any, Any]) -> Any:
    """The branches of a part of a pattern that is nothing else."""
    kind, value = node
    inner = inside(node) if kind in {constants.SUBPATTERN, constants.ATOMIC_GROUP} else None
    if inner is not None and len(inner) == 1:
        return branches(inner[0])
    return value[1] if kind is constants.BRANCH else None


def always_has(parts: Iterable[tuple[Any, Any]], words: list[str], depth: int = 1) -> bool:
    """Whether one of the words stands in whatever a pattern is found in, or letters beyond ASCII: with these, it is looked for."""

    def are_in(texts: Set[str]) -> bool:
        return all(not text.isascii() or any(word in text for word in words) for text in texts)

    parts = list(parts)
    # What stands around branches may make a word with each of them.
    for at, part in enumerate(parts):
        alternatives = branches(part)
        if (
            depth
            and alternatives
            and all(always_has([*parts[:at], *one, *parts[at + 1 :]], words, depth - 1) for one in alternatives)
        ):
            return True
    for at, (kind, value) in enumerate(parts):
        inner = inside((kind, value))
        if inner is not None and always_has(inner, words, depth):
            return True
        if kind is constants.BRANCH and all(always_has(branch, words, depth) for branch in value[1]):
            return True
        # The texts of so many parts as can be told, from here on.
        for end in range(at + 1, len(parts) + 1):
            texts = joined(map(texts_of, parts[at:end]))
            if texts is None:
                break
            if are_in(texts):
                return True
    return False


@pytest.mark.parametrize("shape", WORDS)
def test_a_shape_is_in_no_text_without_its_words(shape: str) -> None:
    pattern = parser.parse(TEXTS[f"hide.{shape}"])
    assert always_has(pattern, WORDS[shape])
    assert not always_has(pattern, ["no word of it"])


def test_whoever_is_told_a_word_too_little_is_caught() -> None:
    pattern = parser.parse(TEXTS["hide.htpasswd"])
    assert not always_has(pattern, ["htpasswd2"])
    assert not always_has(parser.parse(TEXTS["hide.line"]), ["password"])


def test_words_are_plain_and_none_comes_with_what_is_hidden() -> None:
    for word in {word for words in WORDS.values() for word in words}:
        assert word
        assert word.isascii()
        assert word == word.strip().lower()
        assert word not in "redacted"
        assert not set(word) & set("[]")


BOTH_WAYS = r"""
binmode STDIN;
my %kept = %words;
while (defined(my $length = <STDIN>)) {
  read(STDIN, my $bytes, $length);
  utf8::decode(my $letters = $bytes);
  for my $text ($bytes, $letters) {
    for my $code (0, 1) {
      %words = %kept;
      my $with = hide_shapes($text, $code);
      %words = ();
      my $without = hide_shapes($text, $code);
      print $with eq $without ? 'same' : 'other', ' ', $without eq $text ? 'open' : 'hidden', "\n";
    }
  }
}
"""


def test_with_words_and_without_the_same_is_hidden() -> None:
    """In texts that are long enough; also with letters that are read as two others where capitals count as small ones."""
    long = [f"{one.text}\n{'-' * 120}\n".encode() for one in canaries()]
    turned = [text.swapcase() for text in long]
    sharp = [re.sub(rb"(?i)ss", b"\xdf", text) for text in long if b"ss" in text.lower()]
    long_s = [text.replace(b"s", "\u017f".encode()) for text in long if b"s" in text]
    foreign = [f"{word}: w3rt7z9ux\n{'-' * 120}\n".encode() for word in ("пароль", "ПАРОЛЬ", "hasło", "senha")]
    texts = [*long, *turned, *sharp, *long_s, *foreign]
    asked = b"".join(b"%d\n%s" % (len(text), text) for text in texts)
    done = subprocess.run(["perl", "-e", program(BOTH_WAYS)], input=asked, capture_output=True, check=True)
    said = [line.split() for line in done.stdout.decode().splitlines()]
    assert len(said) == 4 * len(texts)
    assert [texts[number // 4] for number, (one, _) in enumerate(said) if one != "same"] == []
    hidden = [number // 4 for number, (_, one) in enumerate(said) if one == "hidden"]
    first_sharp = len(long) + len(turned)
    assert {*range(first_sharp, first_sharp + len(sharp))} & {*hidden}
