"""What a word may be about: things that a run sees for itself, so that the word lapses when they change.

A subject is a word of the vocabulary and a value: `postgres 16`, `version v1.2.0`. It is compared with facts, and never with
what somebody wrote elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

from msgspec import Struct

from pytest_zebu.facts.answer import Known, NotAssessed, Reason, Unknown
from pytest_zebu.facts.http import within_reach
from pytest_zebu.settings.target import Target
from pytest_zebu.shown import nearest

Still = Known[str] | Unknown
"""What is there instead; empty where it is still so; unknown where that could not be seen."""
_VERSION = r"[0-9]{1,9}(?:\.[0-9]{1,9}){0,3}"
_NAME = r"[^\s\x00-\x1f\x7f]{1,250}"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class Sight(Protocol):
    """What a run knows of one host."""

    target: Target

    def fact(self, name: str) -> Known[Any] | Unknown:
        """A fact, or why it could not be had."""
        ...


class Kind(Struct, frozen=True):
    """A word of the vocabulary.

    Attributes:
        form: how a subject of it is written, for people.
        pattern: what its value may be.
        facts: what must be gathered to compare it.
        compare: what is there instead of a value.
    """

    form: str
    pattern: re.Pattern[str]
    facts: tuple[str, ...]
    compare: Callable[[str, Sight], Still]


class Subject(Struct, frozen=True):
    """Something that a word is about."""

    word: str
    value: str

    def __str__(self) -> str:
        return f"{self.word} {self.value}"

    @property
    def facts(self) -> tuple[str, ...]:
        """The facts that it is compared with."""
        return VOCABULARY[self.word].facts

    def still(self, sight: Sight) -> Still:
        """What a run sees in its place; empty where it is still so."""
        try:
            return VOCABULARY[self.word].compare(self.value, sight)
        except NotAssessed as error:
            return Unknown(Reason.UNDECIDABLE, str(error))


def subject(text: str) -> Subject:
    """Read a subject as people write it.

    Raises:
        ValueError: it is none; the text says which there are.
    """
    word, _, value = " ".join(text.split()).partition(" ")
    word = word.lower()
    kind = VOCABULARY.get(word)
    if kind is None:
        near = nearest(word[:40], VOCABULARY)
        hint = f"did you mean {near!r}? " if near else ""
        raise ValueError(f"{text[:60]!r} begins with no word that a run can compare: {hint}there are {FORMS}")
    if word in FOLDED:
        value = value.lower()
    if word == "certificate":
        value = value.removeprefix("sha256:").replace(":", "")
    if not kind.pattern.fullmatch(value):
        raise ValueError(f"{text[:60]!r} is not written like {kind.form}")
    return Subject(word, value)


def is_within(wanted: str, found: str) -> bool:
    """Whether a version is one that another speaks of: `16` of 16.4, and not of 160."""
    parts = wanted.split(".")
    return found.split(".")[: len(parts)] == parts


def _postgres(value: str, sight: Sight) -> Still:
    answer = sight.fact("database")
    if isinstance(answer, Unknown):
        return answer
    number = answer.value.version
    # Before 10, the first two numbers were the major version.
    rest = (number % 10_000,) if number >= 100_000 else (number // 100 % 100, number % 100)
    found = ".".join(map(str, (number // 10_000, *rest)))
    return Known("" if is_within(value, found) else f"the database is PostgreSQL {found}")


def _release(word: str) -> Callable[[str, Sight], Still]:
    def compare(value: str, sight: Sight) -> Still:
        answer = sight.fact("updates")
        if isinstance(answer, Unknown):
            return answer
        found = answer.value.release
        if not found.id.strip("-") or not found.version.strip("-"):
            return Unknown(Reason.UNDECIDABLE, "the machine does not say which release it has")
        is_same = found.id.lower() == word and is_within(value, found.version)
        return Known("" if is_same else f"the machine has {found}")

    return compare


def _version(value: str, sight: Sight) -> Still:
    answer = sight.fact("repository")
    if isinstance(answer, Unknown):
        return answer
    found = answer.value
    meant = [tag for tag in found.tags if tag.name == value]
    meant += [tag for tag in found.tags if found.is_release(tag) and tag.number == value.removeprefix("v")]
    if any(tag.commit == found.head for tag in meant):
        return Known("")
    if meant or found.releases:
        return Known(f"{found.releases[0].name if found.releases else found.head[:12]} is deployed")
    return Unknown(Reason.UNDECIDABLE, f"the checkout has no tag {value}, so that nobody can tell whether it is that")


def _commit(value: str, sight: Sight) -> Still:
    answer = sight.fact("repository")
    if isinstance(answer, Unknown):
        return answer
    head = answer.value.head
    return Known("" if head.startswith(value) else f"commit {head[:12]} is deployed")


def _certificate(value: str, sight: Sight) -> Still:
    answer = sight.fact("certificates")
    if isinstance(answer, Unknown):
        return answer
    places = within_reach(answer.value)
    served = {place: seen.value.fingerprint for place, seen in places.items() if isinstance(seen, Known) and seen.value}
    if value in served.values():
        return Known("")
    unseen = next((seen for seen in places.values() if isinstance(seen, Unknown)), None)
    if unseen is not None:
        return unseen
    if not served:
        why = "no declared name serves a certificate" if places else "no name is declared (domains.site)"
        return Unknown(Reason.MISSING if places else Reason.NOT_CONFIGURED, why)
    return Known("; ".join(f"{place} serves {fingerprint[:12]}" for place, fingerprint in list(served.items())[:3]))


def _image(value: str, sight: Sight) -> Still:
    answer = sight.fact("containers")
    if isinstance(answer, Unknown):
        return answer
    services = answer.value.services
    images = {one.image for one in services if one.image}
    digests = {digest for image in images for digest in _DIGEST.findall(image)}
    if value in images | digests:
        return Known("")
    nameless = next((one.label for one in services if not one.image), "")
    if nameless:
        return Unknown(Reason.UNDECIDABLE, f"from which image {nameless} was made was not told")
    tagged = next((image for image in sorted(images) if not _DIGEST.search(image)), "")
    if _DIGEST.fullmatch(value) and tagged:
        return Unknown(Reason.UNDECIDABLE, f"{tagged} is named without its digest, so that nobody can tell which it is")
    return Known(f"the services are made from {', '.join(sorted(images)[:6])}")


def _domain(value: str, sight: Sight) -> Still:
    names = [name.lower() for name in sight.target.settings.domains.names]
    if not names:
        return Unknown(Reason.NOT_CONFIGURED, "no name is declared (domains.site)")
    return Known("" if value in names else f"the declared names are {', '.join(names[:6])}")


def _host(value: str, sight: Sight) -> Still:
    name = sight.target.name
    return Known("" if value == name else f"this is host {name}")


VOCABULARY: dict[str, Kind] = {
    "postgres": Kind("postgres 16", re.compile(_VERSION), ("database",), _postgres),
    "debian": Kind("debian 12", re.compile(_VERSION), ("updates",), _release("debian")),
    "ubuntu": Kind("ubuntu 24.04", re.compile(_VERSION), ("updates",), _release("ubuntu")),
    "version": Kind("version v1.2.0", re.compile(_NAME), ("repository",), _version),
    "commit": Kind("commit 0123abc", re.compile(r"[0-9a-f]{7,64}"), ("repository",), _commit),
    "certificate": Kind("certificate SHA256", re.compile(r"[0-9a-f]{64}"), ("certificates",), _certificate),
    "image": Kind("image postgres:16-alpine", re.compile(_NAME), ("containers",), _image),
    "domain": Kind("domain zebu.example.org", re.compile(r"[a-z0-9.-]{1,253}"), (), _domain),
    "host": Kind("host vm", re.compile(_NAME), (), _host),
}
"""What a run can see, and how."""
FOLDED = frozenset({"commit", "certificate", "domain"})
"""The words whose values are the same in capitals."""
FORMS = ", ".join(f"`{kind.form}`" for kind in VOCABULARY.values())


def changed(subjects: Iterable[Subject], sight: Sight) -> Still:
    """What is otherwise than the subjects of a word say; unknown where none is, and one could not be seen."""
    answers = [(one, one.still(sight)) for one in subjects]
    for one, answer in answers:
        if isinstance(answer, Known) and answer.value:
            return Known(f"it is about {one}, and {answer.value}")
    for one, answer in answers:
        if isinstance(answer, Unknown):
            return Unknown(answer.reason, f"it is about {one}, which was not seen ({answer})")
    return Known("")


def facts_of(subjects: Iterable[Subject]) -> Iterator[str]:
    """The facts that must be gathered to compare subjects."""
    for one in subjects:
        yield from one.facts
