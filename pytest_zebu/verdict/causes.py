"""One cause, one finding: what is wrong with one thing makes many items fail, and is to be said once.

Which items speak of the same thing is told by their sentences, and the sentences are ours: rules are patterns of them.
A coincidence must not hide a finding, so an item belongs to a cause only if everything that is wrong with it, case by
case, is explained by that cause. Whatever is in doubt stays a finding of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial

from pytest_zebu.catalogue import SCORED, Catalogue
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
FEWEST = 2
"""Items that a cause has: of one item there is nothing to gather."""


@dataclass(frozen=True, slots=True)
class Part:
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


@dataclass(frozen=True, slots=True)
class Follow:
    """What is said because of a cause.

    Attributes:
        items: patterns of the ids of those that say it.
        says: what they say; `{subject}` stands for each thing that the cause is about, `{host}` for its name alone.
        of: an item that must say of one of these things that it is at fault, for this to be a consequence.
        where: what must be wrong with the thing, for this to be a consequence.
        itself: whether it is the same that is said, and no consequence of it.
    """

    items: tuple[str, ...]
    says: str
    of: str = ""
    where: str = ""
    itself: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of cause.

    Attributes:
        root: the item that finds it.
        says: how it says so: `subject` is what is at fault, and the whole of it is what is wrong.
        key: names the cause; `{subjects}` stands for what is at fault.
        title: what is to be done.
        follows: what is said because of it.
    """

    root: str
    says: str
    key: str
    title: str
    follows: tuple[Follow, ...]


NOT_RUNNING = "is (?:exited|paused|dead|created|removing|restarting)"
PAGES = ("deploy.frontend.*", "deploy.network.no-mixed-content", "deploy.performance.page-load")
NO_LOAD = r"(?:did not load|did not end): Page\.goto: "
GATEWAY = "50[234]"
RULES = (
    Rule(
        "deploy.initial.ssh",
        r"login: (?P<subject>ssh): .+",
        "ssh",
        "Get in by ssh",
        (Follow(("*",), r"(?:.+: )?unreachable: ssh: .+"),),
    ),
    Rule(
        "deploy.initial.services-healthy",
        f"(?P<subject>[^:]+): {NOT_RUNNING}",
        "service {subjects}",
        "Get running: {subjects}",
        (
            Follow(("deploy.database.running", "deploy.redis.running"), f"{{subject}}: {NOT_RUNNING}", itself=True),
            Follow(
                ("deploy.performance.memory", "deploy.performance.cpu"),
                r"{subject}: has no samples of its (?:memory|processor time)",
            ),
            Follow(
                ("deploy.redis.*",),
                r"(?:.+: )?not there: no running container of Redis was seen"
                r"|(?:.+: )?undecidable: redis\.\w+: Error response from daemon: .* is (?:paused|not running|restarting).*"
                r"|PING from the backend: got unreachable \w+",
                of="deploy.redis.running",
            ),
            Follow(
                ("deploy.database.*", "pre.database.*", "pre.security.secrets.*", "ops.*"),
                r"(?:.+: )?not there: no (?:running )?container of PostgreSQL was seen"
                r"|(?:.+: )?undecidable: [\w.]+: Error response from daemon: .* is (?:paused|not running|restarting).*",
                of="deploy.database.running",
            ),
        ),
    ),
    Rule(
        "pre.security.https.certificate",
        r"(?P<subject>[^\s:]+(?: at \S+)?): (?:the certificate is for .+|is (?:not trusted|for no host).*"
        r"|does not answer a TLS handshake on port \d+|has expired.*|elliptic curve .+)",
        "certificate of {subjects}",
        "Serve a valid certificate for {subjects}",
        (
            Follow(
                ("deploy.frontend.certificate", "deploy.backend.api", "deploy.network.www"),
                "certificate of {subject}: .+",
                itself=True,
            ),
            Follow(("pre.infrastructure.certificates",), "{subject}: .+"),
            Follow(("post.monitoring.tls.expiry",), "{subject}: has expired", where="is not trusted: .*expired"),
            Follow(
                ("pre.security.https.auto-renewal", "post.monitoring.tls.auto-renewal"),
                "(?:renewal of )?{subject}: what is served is in no renewal configuration",
                # One that ran out was not renewed: the renewal is what is wrong then, and no consequence.
                where="the certificate is for .+|is for no host.*|is not trusted: self-signed certificate",
            ),
            Follow(PAGES, rf".+: {NO_LOAD}net::ERR_CERT_\w+ at https://{{host}}/\S*"),
        ),
    ),
    Rule(
        "deploy.initial.git-deployed",
        r"commit: (?P<subject>[0-9a-f]{7,40}): it was made here .+",
        "commit {subjects}",
        "Publish commit {subjects}, or deploy one that is",
        (
            Follow(
                ("pre.application.quality.*", "pre.database.integrity.migrations-staged"),
                r"undecidable: forge: .+: status \d+ No commit found for SHA: {subject}[0-9a-f]*",
            ),
            Follow(("pre.application.quality.reviewed",), "no merged pull request has the deployed commit {subject}.*"),
            Follow(("post.maintenance.updates.staging",), "the forge knows no deployment of this commit to .+"),
        ),
    ),
    Rule(
        "deploy.initial.git-deployed",
        r"(?P<subject>commit): the repository lacks \d+ files of its own commit",
        "repository",
        "Clone the repository whole",
        (
            Follow(
                ("pre.security.secrets.not-committed",), r"the history is whole: the repository lacks \d+ objects .+"
            ),
        ),
    ),
    Rule(
        "deploy.performance.page-load",
        r"cold loads: (?P<subject>shows (?:nothing|an error).*)",
        "pages",
        "Let the pages show what they are for",
        (
            Follow(PAGES, ".+: {subject}", itself=True),
            Follow(PAGES, ".+: {subject}: what it would ask for was not seen"),
        ),
    ),
    Rule(
        "deploy.performance.page-load",
        rf"cold loads: {NO_LOAD}(?P<subject>[^\n]+?)(?: at \S+)?",
        "pages",
        "Let the pages load",
        (Follow(PAGES, rf".+: {NO_LOAD}{{subject}}(?: at \S+)?", itself=True),),
    ),
    Rule(
        "pre.application.functionality.portfolios",
        r"(?P<subject>create): answers \d+",
        "portfolios",
        "Let a portfolio be made",
        (Follow(("pre.application.functionality.*",), ".+: was not reached: an earlier step failed"),),
    ),
    Rule(
        "deploy.database.reachable",
        r"(?P<subject>a key that nobody has): gets \d+: the backend could not ask",
        "database from the backend",
        "Let the backend reach its database",
        (
            Follow(
                ("pre.database.configuration.password", "pre.security.secrets.*"),
                r"(?:[^:]+: )?(?:the database )?did not answer the [\w' -]+ clearly"
                r"|[^:]+: the database did not answer the [\w' -]+ clearly",
            ),
        ),
    ),
)
"""What is known to make other items fail. The first that explains an item has it."""

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


def essence(part: Part) -> tuple[str, ...]:
    """What is said of what, in whichever words."""
    for pattern in _ALIKE:
        if found := pattern.fullmatch(part.text[:LONGEST]):
            groups = {key: value for key, value in found.groupdict().items() if value is not None}
            if "address" in groups:
                groups["subject"] = f"{groups.pop('address')}:{groups.pop('port')}"
            return tuple(f"{key} {value}" for key, value in sorted(groups.items()))
    return (part.case, part.reason)


def causes(findings: Iterable[Finding], catalogue: Catalogue) -> tuple[Cause, ...]:
    """What fails, or hides, several items at once; the graver first.

    Args:
        findings: of every item that was judged.
        catalogue: what they speak of.
    """
    order = {item.id: number for number, item in enumerate(catalogue)}
    parts = {finding.item: parts_of(finding) for finding in findings}
    told = _Told({item: parts[item] for item in sorted(parts, key=order.__getitem__) if parts[item]})
    found = [cause for rule in RULES if (cause := _by_rule(rule, told)) is not None]
    found += _same(told, catalogue)
    return tuple(sorted(found, key=lambda cause: _gravity(cause, catalogue)))


def _gravity(cause: Cause, catalogue: Catalogue) -> tuple[int, int]:
    items = (*cause.items, *cause.consequences)
    return -sum(catalogue[item].non_negotiable for item in items), -len(items)


@dataclass(slots=True)
class _Told:
    """What is wrong by item, in the checklist's order, and which items a cause has already."""

    parts: dict[str, tuple[Part, ...]]
    taken: set[str] = field(default_factory=set)

    @property
    def left(self) -> list[str]:
        return [item for item in self.parts if item not in self.taken]

    def explained(self, item: str, fits: Callable[[Part], bool]) -> bool:
        """Whether all that is wrong with an item fits."""
        parts = self.parts[item]
        return len(parts) <= MOST_PARTS and all(len(part.text) <= LONGEST and fits(part) for part in parts)


def _by_rule(rule: Rule, told: _Told) -> Cause | None:
    says = re.compile(rule.says)
    roots = [part for part in told.parts.get(rule.root, ()) if part.has_failed]
    matched = [(part, found) for part in roots if (found := says.fullmatch(part.text[:LONGEST]))][:MOST_SUBJECTS]
    if not matched or rule.root in told.taken:
        return None
    reasons = {found["subject"]: found.string for _, found in matched}
    itself, follows = _patterns(rule, told, reasons)
    itself = (((rule.root,), says), *itself)
    explained = [item for item in told.left if told.explained(item, partial(_fits, item, (*itself, *follows)))]
    items = [item for item in explained if any(_fits(item, itself, part) for part in told.parts[item])]
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
    )


_Pattern = tuple[tuple[str, ...], re.Pattern[str]]


def _patterns(rule: Rule, told: _Told, reasons: Mapping[str, str]) -> tuple[tuple[_Pattern, ...], tuple[_Pattern, ...]]:
    """What says the same as the root, and what follows, for the things that are at fault."""
    found: tuple[list[_Pattern], list[_Pattern]] = ([], [])
    for follow in rule.follows:
        subjects = [
            subject
            for subject, reason in reasons.items()
            if not follow.where or re.search(f": (?:{follow.where})$", reason)
        ]
        if follow.of:
            said = {part.case for part in told.parts.get(follow.of, ()) if re.fullmatch(NOT_RUNNING, part.reason)}
            subjects = [subject for subject in subjects if subject in said]
        if not subjects:
            continue
        any_of = "|".join(re.escape(subject) for subject in subjects)
        hosts = "|".join(re.escape(subject.partition(" at ")[0]) for subject in subjects)
        says = follow.says.replace("{subject}", f"(?:{any_of})").replace("{host}", f"(?:{hosts})")
        found[0 if follow.itself else 1].append((follow.items, re.compile(says)))
    return tuple(found[0]), tuple(found[1])


def _fits(item: str, patterns: Iterable[_Pattern], part: Part) -> bool:
    return any(
        says.fullmatch(part.text) is not None
        for items, says in patterns
        if any(fnmatchcase(item, pattern) for pattern in items)
    )


def _same(told: _Told, catalogue: Catalogue) -> Iterator[Cause]:
    """Failed items that say nothing but what another one says too. A task or a step of an incident is its own thing to do."""
    said = {
        item: frozenset(essence(part) for part in told.parts[item])
        for item in told.left
        if catalogue[item].stage in SCORED and told.explained(item, lambda part: part.has_failed and bool(part.case))
    }
    most = sorted(said, key=lambda item: -len(said[item]))
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
