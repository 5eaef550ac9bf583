"""One cause, one finding: what is wrong with one thing makes many items fail, and is to be said once.

Which items speak of the same thing is told by their sentences, and the sentences are ours: rules are patterns of them
(`cause_rules.py`).
A coincidence must not hide a finding, so an item belongs to a cause only if everything that is wrong with it, case by
case, is explained by that cause. Whatever is in doubt stays a finding of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import partial

from msgspec import Struct, field

from pytest_zebu.catalogue import SCORED, Catalogue
from pytest_zebu.verdict.cause_rules import NOT_RUNNING, RULES, UNHEALTHY, Role, Rule
from pytest_zebu.verdict.outcome import Finding, Outcome, combine
from pytest_zebu.verdict.plan import Cause

SHUT = (Outcome.FAILED, Outcome.NOT_ASSESSED)
MOST_SUBJECTS = 50
"""Of one cause: a machine has a handful of services, a deployment a handful of names."""
MOST_PARTS = 200
"""Of an item that are looked at: what has more is no consequence of anything."""
LONGEST = 1_000
"""Characters of a case's name and reason that are compared: what is longer explains nothing."""
LONGEST_TEXT = 300
SERVICES = "deploy.initial.services-healthy"
"""The item whose cases are the application's services."""
NO_BACKEND = "no running container of the backend was seen"
FEWEST = 2
"""Items that a cause has: of one item there is nothing to gather."""


class Part(Struct, frozen=True):
    """One thing that is wrong with an item, or could not be seen.

    Attributes:
        case: the case that says it; empty where the item says it as a whole.
    """

    case: str
    reason: str
    has_failed: bool

    @property
    def text(self) -> str:
        """As reasons put it."""
        return f"{self.case}: {self.reason}" if self.case else self.reason


def parts_of(finding: Finding) -> tuple[Part, ...]:
    """All that is wrong with an item, or was not seen of it: nothing, where it is neither failed nor not assessed.

    Why a word on record does not hold is no part of what was found, though the reason may end with it.
    """
    if finding.outcome not in SHUT or finding.broken:
        return ()
    found = [Part(one.name, one.reason, one.outcome is Outcome.FAILED) for one in finding.cases if one.outcome in SHUT]
    rest = finding.reason.removesuffix(f"; {finding.lapsed}") if finding.lapsed else finding.reason
    outcome, combined = combine(finding.cases)
    if not (found and outcome is finding.outcome and rest == combined):
        found.append(Part("", rest, finding.outcome is Outcome.FAILED))
    return tuple(found)


ALIKE = (
    # Each name is asked for of each server: a server that is wrong is one thing.
    r"\S+ on (?P<subject>(?:resolver|authoritative) .+?): (?P<said>.+)",
    # A port that answers: said of the port, and of all ports.
    r"(?P<place>from .+?): (?P<subject>\S+:\d+) (?P<said>answers)",
    r"(?P<place>from .+?): (?P<address>\S+) (?P<said>answers) on (?P<port>\d+)",
    # A certificate, by its name.
    r"(?:certificate of |renewal of )?(?P<subject>[^\s:/]+(?: at \S+)?): (?:the certificate )?(?P<said>is (?:for|not trusted).+?)(?:, not for \S+)?",
    r"(?:renewal of )(?P<subject>[^\s:/]+(?: at \S+)?): (?P<said>what is served is .+)",
    # A redirect, which one item asks to be a permanent one.
    r"(?P<subject>http://\S+): (?P<said>answers \d+)(?:, not a permanent redirect)?",
    # An address and the path behind it answer for the same host.
    r"(?P<scheme>https?)://(?P<subject>[^\s/:]+)(?:/health)?: (?P<said>(?:answers|leads to|is not answered|is answered).+)",
    # A document, whatever is looked for in it.
    r"[^:]+: (?P<subject>\S+\.(?:md|rst|txt|adoc)) (?P<said>names what is not on the machine: .+)",
)
"""Sentences of several items that say the same of the same thing in other words: what it is about, and what is said of it."""
_ALIKE = tuple(re.compile(pattern) for pattern in ALIKE)


TELLING = 4
"""Words of a reason, at least, that two items do not say by chance: "is not set" is said of many a thing."""


def essence(part: Part, item: str) -> tuple[str, ...]:
    """What is said of what, in whichever words; what may be said of several things is said by its item only."""
    for pattern in _ALIKE:
        if found := pattern.fullmatch(part.text[:LONGEST]):
            groups = {key: value for key, value in found.groupdict().items() if value is not None}
            if "address" in groups:
                groups["subject"] = f"{groups.pop('address')}:{groups.pop('port')}"
            return tuple(f"{key} {value}" for key, value in sorted(groups.items()))
    return (part.case, part.reason) if len(part.reason.split()) >= TELLING else (item, part.case, part.reason)


BACKENDS = ("backend", "api", "app", "web", "server")
"""What the backend's service is called, in the order in which it is looked for (see `gather/far.pl`)."""
ROLES: Mapping[str, tuple[str, str]] = {
    "redis": ("deploy.redis.running", f"{{subject}}: (?:{NOT_RUNNING}|{UNHEALTHY})"),
    "database": ("deploy.database.running", f"{{subject}}: (?:{NOT_RUNNING}|{UNHEALTHY})"),
    "api": ("deploy.initial.health-api", "https://{subject}/.+"),
    "front": ("pre.security.https.certificate", "{subject}: does not answer a TLS handshake on port 443"),
}
"""Who is what: an item that says so of it, and how."""


PUBLISHED = {
    "8000": "pre.security.firewall.backend-not-exposed",
    "5432": "pre.security.firewall.database-local",
    "6379": "pre.security.firewall.redis-local",
}
"""By port, the item that tells of every container that publishes it."""
_LOOPBACK = re.compile(r".* publishes (?:127\.[\d.]+|\[?::1\]?):.*", re.DOTALL)
GENERAL = frozenset({"pre.security.firewall.required-ports-only"})
"""What says of all what another item says of one: that one knows better how it is mended."""


def causes(findings: Iterable[Finding], catalogue: Catalogue) -> tuple[Cause, ...]:
    """What fails, or hides, several items at once; the graver first.

    Args:
        findings: of every item that was judged.
        catalogue: what they speak of.
    """
    order = {item.id: number for number, item in enumerate(catalogue)}
    known = {finding.item: finding for finding in findings}
    parts = {item: parts_of(known[item]) for item in sorted(known, key=order.__getitem__)}
    services = known[SERVICES].cases if SERVICES in known else ()
    told = _Told(
        {item: some for item, some in parts.items() if some},
        tuple(case.name for case in services),
        tuple(port for port, item in PUBLISHED.items() if item in known and _is_unpublished(known[item])),
    )
    found = [cause for rule in RULES if (cause := _by_rule(rule, told)) is not None]
    found += _same(told, catalogue)
    return tuple(sorted(found, key=lambda cause: _gravity(cause, catalogue)))


def _is_unpublished(finding: Finding) -> bool:
    """Whether an item that was judged tells of no container that publishes its port beyond the loopback."""
    was_judged = finding.outcome in (Outcome.PASSED, Outcome.FAILED) and not finding.broken
    is_whole = all(case.outcome is not Outcome.NOT_ASSESSED for case in finding.cases)
    return (
        was_judged
        and is_whole
        and not any(" publishes " in one and not _LOOPBACK.fullmatch(one) for one in finding.evidence)
    )


def _gravity(cause: Cause, catalogue: Catalogue) -> tuple[int, int]:
    items = (*cause.items, *cause.consequences)
    return -sum(catalogue[item].non_negotiable for item in items), -len(items)


class _Told(Struct):
    """What is wrong by item, in the checklist's order, and which items a cause has already.

    Attributes:
        services: all that there are, whatever is said of them.
        unpublished: the ports of which it is known that Docker publishes them to nobody.
    """

    parts: dict[str, tuple[Part, ...]]
    services: tuple[str, ...] = ()
    unpublished: tuple[str, ...] = ()
    taken: set[str] = field(default_factory=set)

    @property
    def left(self) -> list[str]:
        return [item for item in self.parts if item not in self.taken]

    @property
    def apis(self) -> list[str]:
        """The names under which the API was asked for its health."""
        texts = (part.text for item in ("deploy.initial.health-api", "deploy.backend.api") for part in self.said(item))
        return [found[1] for text in texts if (found := re.match(r"https://([^\s/]+)/health: ", text[:LONGEST]))]

    def said(self, item: str) -> tuple[Part, ...]:
        """What is wrong with an item."""
        return self.parts.get(item, ())

    def is_in(self, role: Role, subject: str) -> bool:
        """Whether a thing is what a rule speaks of."""
        match role:
            case "":
                return True
            case "frontend" | "IPv4" | "IPv6":
                return subject == role
            case "backend":
                first = next((name for name in BACKENDS if name in self.services), "")
                return subject == role or (subject == first and self._is_missed(NO_BACKEND))
        item, says = ROLES[role]
        pattern = re.compile(says.replace("{subject}", re.escape(subject)))
        return any(part.has_failed and pattern.fullmatch(part.text[:LONGEST]) for part in self.said(item))

    def _is_missed(self, what: str) -> bool:
        return any(what in part.reason[:LONGEST] for parts in self.parts.values() for part in parts[:MOST_PARTS])

    def explained(self, item: str, fits: Callable[[Part], bool]) -> bool:
        """Whether all that is wrong with an item fits."""
        parts = self.parts[item]
        return len(parts) <= MOST_PARTS and all(len(part.text) <= LONGEST and fits(part) for part in parts)


def _by_rule(rule: Rule, told: _Told) -> Cause | None:
    says = re.compile(rule.says)
    roots = [part for part in told.said(rule.root) if part.has_failed]
    matched = [
        (part, found)
        for part in roots
        if (found := says.fullmatch(part.text[:LONGEST])) and told.is_in(rule.role, found["subject"])
    ][:MOST_SUBJECTS]
    if not matched or rule.root in told.taken:
        return None
    reasons = {found["subject"]: found.string for _, found in matched}
    own = (
        ((rule.root,), re.compile("|".join(re.escape(part.text) for part, _ in matched))),
        *_patterns(rule, told, reasons, itself=True),
    )
    follows = _patterns(rule, told, reasons, itself=False)
    explained = [item for item in told.left if told.explained(item, partial(_fits, item, (*own, *follows)))]
    items = [item for item in explained if any(_fits(item, own, part) for part in told.parts[item])]
    consequences = [item for item in explained if item not in items]
    if len(items) + len(consequences) < FEWEST:
        return None
    told.taken.update(items, consequences)
    subjects = ", ".join(reasons)
    return Cause(
        _bounded(rule.key.format(subjects=subjects)),
        _bounded("; ".join(part.text for part, _ in matched)),
        tuple(sorted(items, key=lambda item: item != rule.root)),
        tuple(consequences),
        _bounded(rule.title.format(subjects=subjects)),
        rule.root,
        rule.fix,
    )


_Pattern = tuple[tuple[str, ...], re.Pattern[str]]


def _patterns(rule: Rule, told: _Told, reasons: Mapping[str, str], *, itself: bool) -> tuple[_Pattern, ...]:
    """What says the same as the root, or what follows, for the things that are at fault."""
    found: list[_Pattern] = []
    for follow in rule.follows:
        subjects = [
            subject
            for subject, reason in reasons.items()
            if not follow.where or re.search(f": (?:{follow.where})$", reason)
            if told.is_in(follow.role, subject)
        ]
        hosts = [subject.partition(" at ")[0] for subject in subjects]
        values = {"subject": subjects, "host": hosts, "api": told.apis, "unpublished": told.unpublished}
        used = {name: several for name, several in values.items() if f"{{{name}}}" in follow.says}
        if follow.itself is not itself or not subjects or not all(used.values()):
            continue
        says = follow.says
        for name, several in used.items():
            says = says.replace(f"{{{name}}}", f"(?:{'|'.join(map(re.escape, several))})")
        found.append((follow.items, re.compile(says)))
    return tuple(found)


def _fits(item: str, patterns: Iterable[_Pattern], part: Part) -> bool:
    return any(
        says.fullmatch(part.text) is not None
        for items, says in patterns
        if any(fnmatchcase(item, pattern) for pattern in items)
    )


def _same(told: _Told, catalogue: Catalogue) -> Iterator[Cause]:
    """Failed items that say nothing but what another one says too. A task or a step of an incident is its own thing to do."""
    said = {
        item: frozenset(essence(part, item) for part in told.parts[item])
        for item in told.left
        if catalogue[item].stage in SCORED and told.explained(item, lambda part: part.has_failed and bool(part.case))
    }
    most = sorted(said, key=lambda item: (-len(said[item]), item in GENERAL))
    for first in most:
        if first in told.taken:
            continue
        items = [item for item in most if item not in told.taken and said[item] <= said[first]]
        if len(items) < FEWEST:
            continue
        told.taken.update(items)
        text = "; ".join(part.text for part in told.parts[first])
        yield Cause(first, _bounded(text), (first, *(item for item in items if item != first)), root=first)


def _bounded(text: str, most: int = LONGEST_TEXT) -> str:
    return text if len(text) <= most else f"{text[: most - 3]}..."
