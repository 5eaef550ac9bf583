"""`zebu explain`: an item: what it means, what is asked for it, what was seen and decided, how to mend it, and when it last changed."""

from __future__ import annotations

import argparse
import inspect
import json
import shlex
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pytest_zebu.catalogue import Item, load
from pytest_zebu.commands import history
from pytest_zebu.commands.sides import Shelf
from pytest_zebu.facts.answer import Said, Unknown
from pytest_zebu.facts.fact import OWN_ANSWERS, Fact, Look, Need, Probe, Trial
from pytest_zebu.memory.difference import gist
from pytest_zebu.people import attestations
from pytest_zebu.plugin.checks import is_declared, place, prose, suite
from pytest_zebu.plugin.comparing import Side, facts_of, names_of
from pytest_zebu.plugin.dossier import SOURCES
from pytest_zebu.plugin.judge import Evidence
from pytest_zebu.plugin.reads import keys_of
from pytest_zebu.redaction import redacted
from pytest_zebu.settings.errors import UsageProblem
from pytest_zebu.settings.sections import Host
from pytest_zebu.settings.target import Target
from pytest_zebu.shown import clean_lines, say
from pytest_zebu.verdict.openings import in_section
from pytest_zebu.verdict.outcome import Finding

MOST_LINES = 2000
WIDTH = 300
MOST_LISTED, MOST_LETTERS = 20, 100
MOST_LOOKS = 12
"""Of a fact, so many are listed; there is one for each of many origins."""


def run(options: argparse.Namespace, now: datetime | None = None) -> int:
    """Explain an item.

    Raises:
        UsageProblem: there is no such item or run, or something cannot be read.
    """
    now = now or datetime.now(UTC)
    lines = min(max(options.lines, 0), MOST_LINES)
    item = chosen(options.item)
    if item is None:
        return 1
    shelf = Shelf.of(options)
    side = _side(shelf, item.id, options.run)
    known = side.evidence if side else None
    finding = known.judge(item.id) if known else None
    _rule(item)
    _asked(item, known.target if known else _target(shelf), known)
    if side is None:
        _section(f"What was seen: no run is remembered that judged it ({shelf.path})")
    else:
        _seen(item, side, lines)
        _decided(item, side, finding)
    _fix(item, finding)
    _settings(item, known.target if known else _target(shelf))
    _unseen(item)
    _changes(item, shelf)
    _declared(item, shelf, known, now)
    return 0


def chosen(text: str) -> Item | None:
    """The item of a name, or of a part of it; nothing where it is a part of several: they are listed then.

    Raises:
        UsageProblem: none has it; the text has the nearest.
    """
    catalogue = load()
    if text in catalogue:
        return catalogue[text]
    found = [item for item in catalogue if text and text.lower() in item.id]
    # What stands between dots is meant, also where it is within other names.
    whole = [item for item in found if f".{text.lower()}." in f".{item.id}."]
    found = whole if len(whole) == 1 else found
    if len(found) == 1:
        return found[0]
    if not found:
        ends = {
            item.id.split(".", number)[-1]: item.id for item in catalogue for number in range(item.id.count(".") + 1)
        }
        near = get_close_matches(text.lower()[:MOST_LETTERS], ends, n=1)
        hint = f"did you mean {ends[near[0]]!r}?" if near else "`zebu list` has them all"
        raise UsageProblem(f"no item has {text[:MOST_LETTERS]!a} in its name; {hint}")
    say(f"zebu: {text!r} is in the name of {len(found)} items:", sys.stderr)
    for item in found[:MOST_LISTED]:
        say(f"  {item.id}  {item.text}", sys.stderr)
    if len(found) > MOST_LISTED:
        say(f"  and {len(found) - MOST_LISTED} more: zebu list -k {shlex.quote(text)}", sys.stderr)
    return None


def _side(shelf: Shelf, item_id: str, name: str | None) -> Side | None:
    if name is not None:
        return shelf.side(name)
    host, runs = shelf.runs()
    judged = [one for one in runs if item_id in one.run.outcomes]
    chosen = next((one for one in reversed(judged) if one.size), judged[-1] if judged else None)
    return shelf.of_run(host, chosen) if chosen else None


def _target(shelf: Shelf) -> Target:
    """Whom a run would ask today."""
    hosts = shelf.declared.hosts
    name = shelf.host or next(iter(hosts), "zebu")
    return Target(name=name, host=hosts.get(name, Host()), settings=shelf.declared.for_host(name))


def _section(title: str) -> None:
    say("")
    say(title)


def _rule(item: Item) -> None:
    say(item.id)
    say(f"  {item.text}")
    kinds = [("non-negotiable", item.non_negotiable), ("optional", item.optional), ("conditional", item.conditional)]
    words = [item.stage.label, item.category.replace("_", " "), *(word for word, holds in kinds if holds)]
    say(f"  {', '.join(words)}")
    say(f"  evidence from: {', '.join(SOURCES[source] for source in item.by)}")
    check = suite().get(item.id)
    if check is None:
        say("  no machine decides it: people attest it")
        return
    text = prose(check)
    file, _, name = place(check).partition("::")
    for word, told in (
        ("why", text.why),
        ("rests on", text.see),
        ("decided by", f"{'/'.join(Path(file).parts[-3:])}::{name}"),
    ):
        if told:
            say(f"  {word}: {told}")


# What is asked


def _asked(item: Item, target: Target, evidence: Evidence | None) -> None:
    facts = facts_of(item.id)
    if not facts:
        return
    _section("What is asked")
    for fact in facts:
        say(f"  {fact.name}")
        for line in _questions(fact, target, evidence):
            say(f"    {line}")


def _questions(fact: Fact[Any], target: Target, evidence: Evidence | None) -> Iterator[str]:
    asks = False
    for probe in fact.probes:
        asks = True
        yield _probe(probe)
    told = (*fact.then(evidence.gathered, target), *fact.alone(evidence.gathered, target)) if evidence else ()
    looks = [*{look.key: look for look in (*fact.looks(target), *told)}.values()]
    for look in looks[:MOST_LOOKS]:
        asks = True
        yield _look(look)
    if len(looks) > MOST_LOOKS:
        yield f"and {len(looks) - MOST_LOOKS} more looks"
    trial = fact.trial(target) if fact.trial is not None else None
    if isinstance(trial, Trial):
        yield f"active probe: {type(trial).__name__}"
    elif isinstance(trial, Unknown):
        yield f"active probe: not held: {trial}"
    elif not asks:
        yield "what the batch itself tells of the machine, its containers and their environments"


def _probe(probe: Probe) -> str:
    """A probe, and what it runs, in a line."""
    run = probe.file or " ".join(probe.script.split())
    notes = [
        f"as {'root' if probe.root else 'the owner of the folder'}" if probe.root or probe.owner else "",
        f"on the machine of {probe.host}" if probe.host != "target" else "",
        f"with {', '.join(probe.uses)}" if probe.uses else "",
        "in every checkout" if probe.each else "",
        f"needs {', '.join(need.name.lower() for need in probe.needs)}" if probe.needs else "",
        f"up to {probe.timeout:g} s",
    ]
    return f"probe {probe.name}: {probe.interpreter} {run[:WIDTH]} ({'; '.join(note for note in notes if note)})"


def _look(look: Look) -> str:
    arguments = json.dumps(dict(look.arguments), default=str, ensure_ascii=False)
    return f"look {look.key}: {arguments[:WIDTH]}{'...' if len(arguments) > WIDTH else ''}"


# What was seen


def _seen(item: Item, side: Side, lines: int) -> None:
    _section(f"What was seen ({side.title}, {side.host})")
    if side.evidence is None:
        say(f"  {side.lost}")
        return
    facts, gathered = facts_of(item.id), side.evidence.gathered
    if not facts:
        say("  no machine is asked: what people declared, and what earlier runs saw, decides it")
    # A fact that asks nothing of its own is read from what the batch itself tells.
    for name in dict.fromkeys(name for fact in facts for name in names_of(fact, side.evidence) or OWN_ANSWERS):
        if name in gathered.answers:
            answer = gathered.answers[name]
            if isinstance(answer, Said):
                ended = f"status {answer.status}" + (f", complaint: {answer.complaint}" if answer.status else "")
                _show(f"{name}: {ended}", answer.out, lines)
            else:
                say(f"  {name}: {answer}")
        elif name in gathered.looks or name in gathered.trials:
            seen = gathered.looks.get(name, gathered.trials.get(name))
            if isinstance(seen, Unknown):
                say(f"  {name}: {seen}")
            else:
                _show(name, json.dumps(seen, default=str, ensure_ascii=False, indent=1), lines)


def _show(title: str, text: str, most: int) -> None:
    """The beginning of an answer; how much is left out is said. A snapshot of a stranger's may hold what ours never do."""
    lines = clean_lines(text).split("\n")
    say(f"  {redacted(title, words=False)}")
    for line in redacted("\n".join(lines[:most]), words=False).split("\n") if most else ():
        say(f"    | {line[:WIDTH]}{'...' if len(line) > WIDTH else ''}")
    if len(lines) > most:
        say(f"    | and {len(lines) - most} more lines (--lines)")


# What was decided


def _decided(item: Item, side: Side, finding: Finding | None) -> None:
    _section("What was decided")
    then = side.outcomes.get(item.id)
    if then is None:
        say(f"  {side.title} did not judge it")
    else:
        reason = side.reasons.get(item.id, "")
        say(f"  {side.title}: {then.label}{f': {reason}' if reason else ''}")
    if finding is None:
        return
    is_otherwise = then is not finding.outcome or gist(side.reasons.get(item.id, finding.reason)) != gist(
        finding.reason
    )
    if then is not None:
        by_today = f"  by today's rules, from the same: {finding.outcome.label}"
        say(f"{by_today}: {finding.reason}" if is_otherwise and finding.reason else by_today)
    else:
        say(f"  judged now: {finding.outcome.label}{f': {finding.reason}' if finding.reason else ''}")
    for case in finding.cases:
        say(f"  - {case.name}: {case.outcome.label}{f': {case.reason}' if case.reason else ''}")
        for seen in case.seen:
            say(f"      {seen}")
    in_cases = {f"{case.name}: {part}" for case in finding.cases for part in case.seen}
    for seen in finding.evidence:
        if seen not in in_cases:
            say(f"  seen: {seen}")


def _fix(item: Item, finding: Finding | None) -> None:
    check = suite().get(item.id)
    fix = finding.fix if finding is not None and finding.fix else prose(check).fix if check else ""
    if fix:
        _section("How to mend it")
        say(f"  {fix}")


def _settings(item: Item, target: Target) -> None:
    keys = keys_of(item.id)
    if not keys:
        _section("Settings: none that it reads by itself")
        return
    _section("Settings that count")
    for key in keys:
        own = key.replace("hosts.NAME.", "host.")
        state = "declared" if is_declared(target, own) else "not declared"
        say(f"  {in_section(key.replace('hosts.NAME', f'hosts.{target.name}'))}: {state}")


# What it cannot see

LIMITS = {
    "Packet filter": {"exposure", "firewall", "nftables", "iptables", "sockets"},
    "ssh and what guards it": {"access", "accounts", "bruteforce", "sshd"},
    "Updates, sizes, addresses, containers": {"addressing", "containers", "dockerd", "resources", "updates", "usage"},
    "Jobs and monitors": {"jobs", "monitors", "upkeep"},
    "Dumps and copies": {"backups", "dumps", "trials"},
    "Web and browser": {"browser", "certificates", "dns", "http", "latency", "signin", "web"},
    "Proxy and hypervisor": {"callers", "entrance", "platform", "proxmox", "proxy"},
    "Database": {"migrations", "pools", "postgres", "redis"},
    "Forge and packages": {"forge", "packages"},
    "Checkouts, logs, images": {"compose", "host", "images", "logs", "repository"},
    "Documents and source": {"documents", "source"},
    "Secrets": {"environment"},
}
"""By the heading of docs/limits.md, the modules of the facts that it speaks of."""
NEEDED = {
    "O": "a way there from outside: the declared vantages, and a control address that answers",
    "P": "the hypervisor's API (`[proxmox]`)",
    "N": "the administration of the reverse proxy (`[proxy]`)",
    "B": "a browser where pytest runs",
    "G": "the code forge's API (`[forge]`)",
    "X": "an active probe, where that alone decides it (`--zebu-active`)",
}
"""What evidence from a source needs, besides the login."""


def _unseen(item: Item) -> None:
    """Without what it is left open, and where it is written what may be judged wrongly."""
    _section("What it cannot see")
    facts = facts_of(item.id)
    if suite().get(item.id) is None:
        say("  all of it: no machine can, so that a person looks and attests")
        return
    probes = [probe for fact in facts for probe in fact.probes]
    needs = list(dict.fromkeys(need for probe in probes for need in probe.needs))
    without = [
        *(["a login on the machine"] if "V" in item.by or "R" in item.by else []),
        *(["root's rights there (`sudo -n`)"] if any(probe.root for probe in probes) else []),
        *(NEED_TEXTS[need] for need in needs),
        *(text for source, text in NEEDED.items() if source in item.by),
    ]
    if without:
        say("  what of these cannot be had leaves it open, and never passes it:")
        for text in dict.fromkeys(without):
            say(f"  - {text}")
    if "A" in item.by:
        say("  where the machine's word is not enough, a person attests it")
    if not facts:
        say("  it is judged by what people declared and by earlier runs: a first run leaves it open")
    modules = {inspect.unwrap(fact.parse).__module__.rpartition(".")[2] for fact in facts}
    headings = [heading for heading, about in LIMITS.items() if about & modules]
    if headings:
        say(f"  what may be judged wrongly: docs/limits.md, under {', '.join(map(repr, headings))}")


NEED_TEXTS = {
    Need.APP_DIR: "the application's folder (`[hosts.NAME] app_directory`)",
    Need.PROJECT: "the compose project (`[hosts.NAME] project`)",
    Need.CONTAINERS: "Docker's containers",
    Need.DB_CONTAINER: "the container of PostgreSQL",
    Need.BACKEND_CONTAINER: "a running container of the backend",
    Need.FRONTEND_ADDRESS: "a container of the frontend with an address",
    Need.REDIS_CONTAINER: "a running container of Redis",
    Need.APP_ROLE: "the backend's DATABASE_URL",
    Need.OWNER: "the application's folder, readable",
}


def _changes(item: Item, shelf: Shelf) -> None:
    host, runs = shelf.runs()
    spans = [*history.spans(item.id, runs)]
    if not spans:
        return
    _section(f"When it last changed ({host}, times in UTC)")
    if len(spans) == 1:
        say(
            f"  {spans[-1].outcome.label} in every run that is remembered, since {spans[-1].runs[0].run.at:{history.MOMENT}}"
        )
        return
    before, last = spans[-2:]
    since = f"{last.runs[0].run.at:{history.MOMENT}}, run {last.runs[0].number}"
    say(f"  {last.outcome.label} since {since}; before that {before.outcome.label} ({before.text})")


def _declared(item: Item, shelf: Shelf, known: Evidence | None, now: datetime) -> None:
    """What people's words on the item are worth today."""
    declared = shelf.settings
    records = attestations.read(
        declared.attestations_file, load(),
        required=False, approved=declared.evidence.approved, project=declared.folder,
    )  # fmt: skip
    records = records.compared(known) if known else records.at_their_word()
    today = now.date()
    standing, excluded = records.attestation(item.id, today), records.not_applicable.get(item.id)
    texts = [
        excluded.word.summary if excluded else "",
        *((standing.summary, *standing.evidence) if standing else ()),
        *(waiver.word.summary for waiver in records.holding(item.id, today)),
        records.lapsed(item.id, today),
    ]
    if any(texts):
        _section("What people declared, as it stands today")
        for text in filter(None, texts):
            say(f"  {redacted(text, words=False)}")
