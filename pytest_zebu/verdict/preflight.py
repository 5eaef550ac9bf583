"""What has to work before anything is judged: each told once, with what it keeps from being judged."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pytest_zebu.verdict.causes import LONGEST, MOST_PARTS, parts_of
from pytest_zebu.verdict.outcome import Finding, Outcome
from pytest_zebu.verdict.plan import Opening, OpeningKind

LONGEST_TEXT = 240


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that has to work.

    Attributes:
        name: what it is, such as `sudo`.
        text: what was seen of it.
        fix: what to do; empty where it works.
        items: what it keeps from being judged.
    """

    name: str
    is_ok: bool
    text: str = ""
    fix: str = ""
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Subject:
    """One thing, and how the keys of what would open items, and the reasons of these, speak of it.

    Attributes:
        follows: what a reason has in it that follows from it, where it is the target's fault and a cause has the items.
    """

    name: str
    keys: str
    says: str
    follows: str = ""


SUBJECTS = (
    _Subject("ssh", r"ssh(?:: perl)?", r"ssh: (?P<text>[^\n]+)", "unreachable: ssh: "),
    _Subject("sudo", r"sudo", r"(?P<text>(?:sudo|doas)(?: -n)? was refused[^;\n]*|run as root, or with sudo -n)"),
    _Subject("docker", r"docker(?: there|'s daemon)?", r"(?P<text>(?:Docker|docker)(?:'s| is| does)[^;:\n]*)"),
    _Subject("names", r"own resolver", r"(?P<text>this machine's (?:own )?resolver[^\n]*)"),
    _Subject(
        "network",
        r"network to the control address .*|network of our own",
        r"(?P<text>(?:nor does )?the control address [^;,\n]*|this machine has no route[^;\n]*|[^;:\n]*does not answer to [^;\n]*)",
    ),
    _Subject("browser", r"browser", r"(?P<text>(?:no browser|the browser|Playwright|certutil)[^;\n]*)"),
    _Subject("clock", r"clock", r"(?P<text>(?:the machine's|this machine's) clock is[^:;,\n]*)"),
)
"""In the order in which each needs those before it."""


def preflight(findings: Iterable[Finding], openings: Iterable[Opening], works: Mapping[str, str]) -> tuple[Check, ...]:
    """What does not work and keeps items from being judged, and what was seen to work.

    Args:
        findings: of every item.
        openings: what would let items be assessed: each item is in one of them, and so in one check.
        works: what was seen to work, and how that was seen.
    """
    known = {one.item: one for one in findings}
    opened = tuple(openings)
    return tuple(_checks(known, opened, works))


def _checks(known: Mapping[str, Finding], openings: tuple[Opening, ...], works: Mapping[str, str]) -> Iterator[Check]:
    for subject in SUBJECTS:
        keys = re.compile(subject.keys)
        about = [one for one in openings if keys.fullmatch(one.key) or _follows(subject, one, known)]
        items = tuple(item for one in about for item in one.items)
        if items:
            fixes = dict.fromkeys(one.text.partition(" to see ")[0] for one in about)
            yield Check(subject.name, False, _seen(subject, (known[item] for item in items)), "; ".join(fixes), items)
        elif subject.name in works:
            yield Check(subject.name, True, works[subject.name])


def _follows(subject: _Subject, opening: Opening, known: Mapping[str, Finding]) -> bool:
    """Whether a cause hides items that this thing hides."""
    is_cause = bool(subject.follows) and opening.kind is OpeningKind.CAUSE
    return is_cause and all(subject.follows in known[item].reason for item in opening.items)


def _seen(subject: _Subject, findings: Iterable[Finding]) -> str:
    """The first sentence about it."""
    says = re.compile(subject.says)
    for finding in findings:
        if finding.outcome is not Outcome.NOT_ASSESSED:
            continue
        for part in parts_of(finding)[:MOST_PARTS]:
            if found := says.search(part.text[:LONGEST]):
                return found["text"].removeprefix("nor does ")[:LONGEST_TEXT]
    return ""
