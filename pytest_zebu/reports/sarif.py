"""SARIF 2.1.0 (OASIS), as GitHub's code scanning takes it: an alert for each thing that is wrong or could not be seen.

GitHub shows every result as an alert, whatever its `kind`, and closes an alert that a later file of the same category leaves
out. So what passed, was attested or does not apply is no result, and what was not assessed is one: else it would read as mended.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from pytest_zebu.reports.report import HostReport, ItemReport, Location, Report
from pytest_zebu.shown import clean, clean_data, clean_line, code
from pytest_zebu.verdict.outcome import Case, Outcome

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
MOST_CASES = 10
"""Results of one item: with every item's, they stay below the 5000 of a run that GitHub shows, and below the end of our own lists."""
MOST_TEXT = 1_000
"""Of characters: GitHub takes 1024 of a rule's descriptions, and 10 MB of a file when it is packed."""
MOST_NAME = 200
SHOWN_EVIDENCE = 4
MOST_LINE = 300
"""Of characters, in a line of an alert."""
WHERE_ELSE = Location("zebu.toml", 1, True)
"""GitHub refuses a result without a location. What is in no file is declared, or looked for, by the settings."""
OWN = frozenset({"zebu.toml", "attestations.toml"})
"""Files of the folder that the run was started in."""
BASES = {
    "%SRCROOT%": {"description": {"text": "The checkout that the deployment was made from, with zebu.toml."}},
    "MACHINE": {
        "description": {"text": "The root of the machine that was looked at, or of a container's files there."}
    },
}
SECURITY = re.compile(
    r"[.-](?:security|ssh|firewall|secrets?|passwords?|https|tls|certificates?|cors|authentication|privilege|vulnerabilities|mixed-content)\b"
    r"|^post\.maintenance\.updates\.(?:os|dependencies)$"
)
"""What an attacker would look for, by the words of an item's id; the category `security` is it too."""
SEVERITY = {True: "8.0", False: "5.0"}
"""GitHub's scale: high for what is non-negotiable, medium for the rest. It is our order, not CVSS."""
UNSEEN = frozenset({Outcome.NOT_ASSESSED})
RESULTS = frozenset({Outcome.FAILED, Outcome.NOT_ASSESSED, Outcome.WAIVED, Outcome.ADVICE})
OPEN = frozenset({Outcome.FAILED, Outcome.NOT_ASSESSED})


def render(report: Report) -> str:
    """The document: a run for each host of which anything was selected."""
    runs = [_run(report, host) for host in report.hosts if host.selected]
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": runs}
    return json.dumps(clean_data(document), indent=1, allow_nan=False) + "\n"


def _run(report: Report, host: HostReport) -> dict[str, Any]:
    selected = host.selected
    number = {item.item: index for index, item in enumerate(selected)}
    return {
        "tool": {
            "driver": {
                "name": "pytest-zebu",
                "version": report.tool_version,
                "shortDescription": {
                    "text": "Decides from evidence whether a deployment of Zebu is ready for production."
                },
                "rules": [_rule(item) for item in selected],
            }
        },
        "automationDetails": {
            "id": f"{_category(host)}/{_moment(host.at)}",
            "description": {"text": _plain(f"The production readiness of {host.name}.")},
        },
        "invocations": [_invocation(report, host)],
        "originalUriBaseIds": BASES,
        "columnKind": "unicodeCodePoints",
        "results": [result for item in selected for result in _results(host, item, number[item.item])],
        "properties": {
            "host": host.name,
            "deployed": host.version,
            "partial": host.is_partial,
            "ready": {stage.value: host.stages[stage].ready for stage in host.selected_stages},
        },
    }


def _category(host: HostReport) -> str:
    """What a later file takes the place of: the same host's, with the same items selected.

    A part of the items must not close the alerts of the others.
    """
    category = f"pytest-zebu/{quote(clean_line(host.name, MOST_NAME), safe='')}"
    if len(host.selected) == len(host.items):
        return category
    return f"{category}/selection-{_digest(*(item.item for item in host.selected))[:8]}"


def _invocation(report: Report, host: HostReport) -> dict[str, Any]:
    broken = [item for item in host.selected if item.broken]
    trouble = host.access.trouble if host.access.gathered and not host.access.reachable else ""
    told = [(f"{host.name} was not reached: {trouble}", "")] if trouble else []
    told += [(f"{item.item}: {item.reason}", item.item) for item in broken]
    return {
        "executionSuccessful": not told,
        "startTimeUtc": _moment(host.at),
        "endTimeUtc": _moment(host.at + _lasting(report.seconds)),
        "toolExecutionNotifications": [
            {
                "level": "error",
                "message": {"text": _plain(text)},
                **({"associatedRule": {"id": rule}} if rule else {}),
            }
            for text, rule in told
        ],
    }


def _lasting(seconds: float) -> timedelta:
    return timedelta(seconds=seconds if 0 <= seconds < 10_000_000 else 0)


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _rule(item: ItemReport) -> dict[str, Any]:
    """An item of the checklist. GitHub takes no empty texts."""
    is_security = _is_security(item)
    parts = [("Why", item.why), ("Fix", item.fix), ("See", item.see)]
    told = [(title, clean(text, 2 * MOST_TEXT).strip()) for title, text in parts]
    told = [(title, text) for title, text in told if text]
    plain = "\n\n".join(f"{title}: {text}" for title, text in told)
    marked = "\n\n".join(f"**{title}:** {_markdown(text)}" for title, text in told)
    text = clean_line(item.text, MOST_TEXT).strip() or item.item
    tags = [item.stage.value, item.category, *([_tag(item.group)] if item.group else [])]
    tags += [name for name, holds in (("security", is_security), ("non-negotiable", item.non_negotiable)) if holds]
    return {
        "id": item.item,
        "shortDescription": {"text": _escaped(text)},
        "fullDescription": {"text": _plain(item.why) or _escaped(text)},
        "help": {"text": _escaped(plain or text), "markdown": marked or _markdown(text)},
        "defaultConfiguration": {"level": "error" if item.non_negotiable else "note" if item.optional else "warning"},
        "properties": {
            "tags": list(dict.fromkeys(tags)),
            "problem.severity": "error" if item.non_negotiable else "recommendation" if item.optional else "warning",
            **({"security-severity": SEVERITY[item.non_negotiable]} if is_security else {}),
        },
    }


def _is_security(item: ItemReport) -> bool:
    return item.category == "security" or SECURITY.search(item.item) is not None


def _tag(group: str) -> str:
    return clean_line(group, 60).lower().replace(" ", "-")


def _results(host: HostReport, item: ItemReport, number: int) -> Iterator[dict[str, Any]]:
    """What is open of an item: its cases that are, or, where it has none, itself."""
    if item.outcome not in RESULTS and not item.broken:
        return
    wanted = UNSEEN if item.outcome is Outcome.NOT_ASSESSED else OPEN
    cases: dict[str, list[Case]] = {}
    for case in sorted(item.cases, key=lambda case: case.outcome is not Outcome.FAILED):
        if case.outcome in wanted:
            cases.setdefault(case.name, []).append(case)
    named = list(cases.items())
    if not named:
        yield _result(host, item, number, "", item.outcome, item.reason, item.evidence)
    more = len(named) - MOST_CASES + 1 if len(named) > MOST_CASES else 0
    for name, found in named[: len(named) - more]:
        outcome = Outcome.FAILED if any(case.outcome is Outcome.FAILED for case in found) else Outcome.NOT_ASSESSED
        reason = "; ".join(dict.fromkeys(case.reason for case in found if case.outcome is outcome))
        seen = tuple(text for case in found for text in case.seen)
        yield _result(host, item, number, name, outcome, f"{name}: {reason}", seen)
    if more:
        outcome = Outcome.FAILED if item.outcome is not Outcome.NOT_ASSESSED else item.outcome
        yield _result(host, item, number, "...", outcome, f"and {more} more of its cases", ())


def _result(
    host: HostReport, item: ItemReport, number: int, case: str, outcome: Outcome, reason: str, seen: Iterable[str]
) -> dict[str, Any]:
    """An alert. It is the same one as long as host, item and case are: never by what was said or counted."""
    settled = item.outcome if item.outcome in (Outcome.WAIVED, Outcome.ADVICE) else outcome
    key = _digest(host.name, item.item, case)
    return {
        "ruleId": item.item,
        "ruleIndex": number,
        "level": _level(item, settled),
        "message": {"text": _message(host, item, settled, reason, seen)},
        "locations": [{"physicalLocation": _physical(_location(item, case)), "logicalLocations": [_machine(host)]}],
        "partialFingerprints": {"primaryLocationLineHash": f"{key[:16]}:1", "zebuFinding/v1": key},
        **({"suppressions": [_suppression(item)]} if item.outcome is Outcome.WAIVED else {}),
        **({"provenance": {"firstDetectionTimeUtc": _moment(item.since)}} if item.since else {}),
        "properties": {
            "outcome": settled.value,
            "host": host.name,
            **({"case": clean(case, MOST_NAME)} if case else {}),
            **({"until": item.word.until.isoformat()} if item.word and item.word.until else {}),
        },
    }


def _level(item: ItemReport, outcome: Outcome) -> str:
    """How loud it is. A `kind` other than `fail` would demand the level `none`, which GitHub's documentation does not have."""
    if item.outcome in (Outcome.WAIVED, Outcome.ADVICE):
        return "note"
    if outcome is Outcome.FAILED or item.broken:
        return "error" if item.non_negotiable else "warning"
    return "warning" if item.non_negotiable else "note"


def _message(host: HostReport, item: ItemReport, outcome: Outcome, reason: str, seen: Iterable[str]) -> str:
    """What is wrong, and where; then what was seen. GitHub shows the first line as the alert's title."""
    word = "" if outcome is Outcome.FAILED else f"{outcome.label}: "
    lines = [f"{word}{reason or item.text} ({host.name})"]
    shown = [text for text in seen if text]
    lines += [f"Seen: {text}" for text in shown[:SHOWN_EVIDENCE]]
    if len(shown) > SHOWN_EVIDENCE:
        lines.append(f"Seen: and {len(shown) - SHOWN_EVIDENCE} more")
    return "\n".join(_escaped(clean_line(line, MOST_LINE)) for line in lines)


def _suppression(item: ItemReport) -> dict[str, Any]:
    said = item.word.statement if item.word else ""
    return {"kind": "external", "status": "accepted", "justification": clean(said or item.reason, MOST_TEXT)}


def _location(item: ItemReport, case: str) -> Location:
    """Where a case points to; else where its item does."""
    of_case = [seen.location for seen in item.seen if seen.location and seen.case == case]
    return of_case[0] if of_case else item.location or WHERE_ELSE


def _physical(location: Location) -> dict[str, Any]:
    line = max(1, location.line)
    is_ours = location.is_in_repository or location.file in OWN
    return {
        "artifactLocation": {
            "uri": quote(clean(location.file, MOST_NAME).lstrip("/")) or WHERE_ELSE.file,
            "uriBaseId": "%SRCROOT%" if is_ours else "MACHINE",
        },
        "region": {"startLine": line, "startColumn": 1, "endLine": line, "endColumn": 2},
    }


def _machine(host: HostReport) -> dict[str, str]:
    return {"name": clean_line(host.name, MOST_NAME), "kind": "resource"}


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _plain(text: str) -> str:
    return _escaped(clean_line(text, MOST_TEXT)).strip()


def _escaped(text: str) -> str:
    """A text of a message, in which nothing is a link (SARIF, 3.11.6) and nothing a placeholder (3.11.5)."""
    text = re.sub(r"([\\\[\]])", r"\\\1", text)
    return text.replace("{", "{{").replace("}", "}}")


_SPAN = re.compile(r"`([^`\n]+)`")
_MARKS = re.compile(r"([\\`*_{}\[\]()<>#+!|~&$@-])")
_ADDRESS = re.compile(r"https://[\w.-]+(?:/[\w./#%?=&+~-]*[\w/])?")


def _markdown(text: str) -> str:
    """Prose of ours in Markdown: spans of code stay, addresses are links, and everything else is text."""
    found = []
    for index, part in enumerate(_SPAN.split(" ".join(text.split()))):
        found.append(code(part) if index % 2 else _linked(part))
    return "".join(found)


def _linked(text: str) -> str:
    found, at = [], 0
    for address in _ADDRESS.finditer(text):
        found += [_MARKS.sub(r"\\\1", text[at : address.start()]), f"<{address[0]}>"]
        at = address.end()
    return "".join([*found, _MARKS.sub(r"\\\1", text[at:])])
