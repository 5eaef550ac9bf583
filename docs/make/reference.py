"""The reference, written from the code: items, facts, settings, options, commands, outcomes, markers. Nothing of it is typed.

An item's text is the catalogue's; why it matters, how it is mended and what it rests on are its check's docstring; what must not
fool it are the lab's faults; a fact's questions are its probes and the first lines of their scripts.
"""

from __future__ import annotations

import argparse
import re
import typing
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from lab import proofs
from lab.fault import Fault
from pytest_zebu.catalogue import SCORED, THRESHOLDS, Item, Stage, load
from pytest_zebu.commands import cli
from pytest_zebu.facts import ALL
from pytest_zebu.facts.fact import Fact, Probe
from pytest_zebu.facts.scripts import text as script
from pytest_zebu.plugin.checks import place, prose, suite
from pytest_zebu.plugin.comparing import facts_of
from pytest_zebu.plugin.dossier import SOURCES
from pytest_zebu.plugin.judging import PASSING
from pytest_zebu.plugin.options import OPTIONS
from pytest_zebu.settings import Settings
from pytest_zebu.verdict.outcome import Outcome
from pytest_zebu.verdict.readiness import Tally

Schema = Mapping[str, Any]
"""A part of a JSON schema."""
ODD = re.compile(r"^Odd but right: ")
BEHIND = "---\nsearch:\n  boost: 0.1\n---\n\n"
"""Who searches for a word wants its page first, and then the items that have it."""
_SPAN = re.compile(r"(`+[^`]+`+|https://[^\s,;)]*[^\s,;).])")
_MARKUP = re.compile(r"([\\*_\[\]>|#])")


def pages() -> dict[str, str]:
    """Every page of the reference, by the name of its file."""
    found = {f"{stage.value.replace('_', '-')}.md": _stage(stage) for stage in Stage}
    written = {
        "facts": _facts,
        "keys": _keys,
        "options": _options,
        "commands": _commands,
        "outcomes": _outcomes,
        "markers": _markers,
    }
    found |= {f"{name}.md": _page(write()) for name, write in written.items()}
    return {name: BEHIND + text for name, text in found.items()}


def plain(text: str) -> str:
    """Words of the code, in which only addresses and what stands in backquotes are markup."""
    parts = _SPAN.split(" ".join(text.split()))
    return "".join(_kept(part) if at % 2 else _escaped(part) for at, part in enumerate(parts))


def _kept(part: str) -> str:
    return part if part.startswith("`") else f"<{part}>"


def _escaped(part: str) -> str:
    return _MARKUP.sub(r"\\\1", part.replace("&", "&amp;").replace("<", "&lt;"))


def _page(lines: Iterator[str]) -> str:
    return "\n".join(lines) + "\n"


def _table(*heads: str) -> Iterator[str]:
    yield ""
    yield f"| {' | '.join(heads)} |"
    yield "|---" * len(heads) + "|"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell or ' ' for cell in cells)} |"


# Items


def _stage(stage: Stage) -> str:
    return _page(_items_of(stage))


def _items_of(stage: Stage) -> Iterator[str]:
    items = load().stage(stage)
    yield f"# {stage.label}"
    yield ""
    needs = (
        f"The stage is ready at {THRESHOLDS[stage]} %, with nothing non-negotiable open."
        if stage in SCORED
        else "It has no score."
    )
    yield f"{len(items)} items, picked by `-m {stage.value}`. {needs} `zebu explain ID` says the same of an item, and what was seen of it."
    category = ""
    for item in items:
        if item.category != category:
            category = item.category
            yield from ("", f"## {category.replace('_', ' ').capitalize()}")
        yield from _item(item)


def _item(item: Item) -> Iterator[str]:
    kinds = [("non-negotiable", item.non_negotiable), ("optional", item.optional), ("conditional", item.conditional)]
    words = [
        *(f"**{word}**" for word, holds in kinds if holds),
        *(f"optional in the profile {name}" for name in item.optional_in),
    ]
    if item.cadence_days:
        words.append(f"every {item.cadence_days} days")
    yield from ("", f"### {plain(item.text)} {{ #{item.id} }}", "")
    yield f"`{item.id}`{'' if not words else ' · ' + ' · '.join(words)}"
    yield from ("", f"*Seen by:* {', '.join(SOURCES[source] for source in item.by)}.")
    if item.attested_days:
        yield f"An attestation counts for {item.attested_days} days."
    check = suite().get(item.id)
    if check is None:
        yield from ("", "No machine decides it: people attest it, with `zebu attest`.")
        return
    told = prose(check)
    for title, text in (("Why", told.why), ("Mend", told.fix), ("Rests on", told.see)):
        if text:
            yield from ("", f"*{title}:* {plain(text)}")
    if told.declare:
        keys = ", ".join(f"`{key.removeprefix('or ').replace('host.', 'hosts.NAME.')}`" for key in told.declare)
        yield from ("", f"*Settings:* {keys}")
    yield from _decided(item, place(check))


def _decided(item: Item, where: str) -> Iterator[str]:
    file, _, name = where.partition("::")
    facts = facts_of(item.id)
    names = ", ".join(f"[{fact.name}](facts.md#{fact.name})" for fact in facts)
    asked = f"from {names}" if facts else "from what people declared, and what earlier runs saw"
    yield from ("", f"*Decided by:* `{name}` in `{'/'.join(Path(file).parts[-3:])}`, {asked}.")
    proof, faults = _proofs()[item.id], _faults_of(item.id)
    for title, wanted in (("What must not fool it", False), ("Odd, but right", True)):
        mine = [fault for fault in faults if fault.is_odd_but_right is wanted]
        if mine:
            yield from ("", f"*{title}*, tried on the lab:", "")
            yield from (f"- {plain(_sentence(ODD.sub('', fault.text)))}" for fault in mine)
    if proof.blindings:
        yield from ("", f"*Not assessed* {', '.join(proof.blindings)}.")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


@cache
def _proofs() -> Mapping[str, proofs.Declared]:
    return {declared.item: declared for declared in proofs.declared()}


@cache
def _all_faults() -> tuple[Fault, ...]:
    return proofs.load_faults()


def _faults_of(item_id: str) -> list[Fault]:
    """Those that are for an item; where none of them breaks it, those for others that do."""
    own = [fault for fault in _all_faults() if item_id == fault.item or item_id in fault.right_for]
    if any(not fault.is_odd_but_right for fault in own):
        return own
    return [*own, *(fault for fault in _all_faults() if fault.breaks(item_id))]


# Facts


def _facts() -> Iterator[str]:
    yield "# Facts"
    yield ""
    yield (
        "What items are judged by. Each is a fixture for your own tests, too. A probe is a script that the machine runs in the one round trip; a look is made "
        "from outside. A fact that could not be had says why, and what needs it is *not assessed*."
    )
    users: dict[str, list[str]] = {}
    for item in load():
        for fact in facts_of(item.id):
            users.setdefault(fact.name, []).append(item.id)
    for name, fact in ALL.items():
        yield from _fact(name, fact, users.get(name, []))


def _fact(name: str, fact: Fact[Any], users: list[str]) -> Iterator[str]:
    yield from ("", f"## {name}", "")
    kind = typing.get_type_hints(fact.parse).get("return")
    yield f"{plain((fact.parse.__doc__ or '').strip().partition(chr(10))[0])} The value: `{_type(kind)}`."
    if fact.probes:
        yield ""
    for probe in fact.probes:
        yield f"- probe `{probe.name}`{_rights(probe)}, up to {probe.timeout:g} s: {_tells(probe)}"
    if fact.trial is not None:
        yield from ("", "An active probe shows it: nothing is tried unless `--zebu-active` names it.")
    if users:
        yield from ("", f"Judged by {', '.join(f'[`{one}`]({_file_of(one)}#{one})' for one in users)}.")


def _file_of(item_id: str) -> str:
    return f"{load()[item_id].stage.value.replace('_', '-')}.md"


def _rights(probe: Probe) -> str:
    rights = " as root" if probe.root else " as the checkout's owner" if probe.owner else ""
    return rights + (f", on the machine of {probe.host}" if probe.host != "target" else "")


def _tells(probe: Probe) -> str:
    """What a probe's script says of itself, above its first command."""
    if not probe.file:
        return f"`{' '.join(probe.script.split())}`"
    lines = []
    for line in script(probe.file).splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("#! "))
    return plain(" ".join(lines))


def _type(kind: Any) -> str:
    return (
        kind.__name__
        if isinstance(kind, type) and not typing.get_args(kind)
        else re.sub(r"\b(?:\w+\.)+(\w)", r"\1", str(kind))
    )


# Settings


def _keys() -> Iterator[str]:
    yield "# Types and bounds of keys"
    yield ""
    yield "Each key of `zebu.toml`, as the model that reads it has it. What each means: [zebu.toml](../settings.md)."
    schema = Settings.model_json_schema()
    known, top = schema["$defs"], {name: one for name, one in schema["properties"].items() if name not in NOT_KEYS}
    single = {name: one for name, one in top.items() if not [*_tables(one, known)]}
    yield from _table("key", "type", "bounds", "default")
    yield from (_row(f"`{name}`", *_described(one)) for name, one in single.items())
    for name, one in top.items():
        for table in _tables(one, known):
            head = (
                f"[[{name}]]"
                if one.get("type") == "array"
                else f"[{name}.NAME]"
                if "patternProperties" in one
                else f"[{name}]"
            )
            yield from ("", f"## {head}")
            yield from _table("key", "type", "bounds", "default")
            yield from _fields(table, known, needed=frozenset(table.get("required", ())))


NOT_KEYS = {name for name, field in Settings.model_fields.items() if field.exclude}
"""What the program knows of a file: `zebu.toml` may not hold it."""


def _tables(one: Schema, known: Schema) -> Iterator[Schema]:
    """The tables that stand under a key: itself, each of a list, or each of a name of the user's own."""
    named = [*one.get("patternProperties", {}).values()]
    inner = one.get("items") or (named[0] if named else one)
    if reference := inner.get("$ref"):
        yield known[reference.rpartition("/")[2]]


def _fields(table: Schema, known: Schema, prefix: str = "", needed: frozenset[str] = frozenset()) -> Iterator[str]:
    for name, one in table["properties"].items():
        inner = [*_tables(one, known)]
        if not inner:
            kind, bounds, default = _described(one)
            yield _row(f"`{prefix}{name}`", kind, bounds, "**needed**" if name in needed else default)
        for below in inner:
            many = f"{name}[]" if one.get("type") == "array" else name
            yield from _fields(below, known, f"{prefix}{many}.", frozenset(below.get("required", ())))


KINDS = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false", "null": ""}
BOUNDS = {
    "minimum": "at least", "exclusiveMinimum": "more than", "maximum": "at most", "exclusiveMaximum": "less than",
    "minLength": "characters: at least", "maxLength": "characters: at most",
}  # fmt: skip


WIDEST = Settings.model_config["str_max_length"]
"""What holds of every text is no bound of a key's own."""


def _described(one: Schema) -> tuple[str, str, str]:
    """Type, bounds and default of a key."""
    ways = one.get("anyOf", [one])
    kinds = " or ".join(filter(None, dict.fromkeys(map(_kind, ways))))
    bounds = ", ".join(
        f"{words} {way[key]:g}" for way in ways for key, words in BOUNDS.items() if way.get(key, WIDEST) != WIDEST
    )
    return kinds, bounds, _toml(one.get("default")) or "none"


def _kind(one: Schema) -> str:
    if "$ref" in one:
        return "a table, over the one of all hosts"
    if "const" in one or "enum" in one:
        return " or ".join(f'`"{value}"`' for value in one.get("enum", [one.get("const")]))
    if one.get("type") == "array":
        return f"list: {_described(one['items'])[0]}"
    if one.get("type") == "object":
        return f"table: {_described(one['additionalProperties'])[0]}"
    return one["format"] if one.get("format") in ("path", "date") else KINDS[one["type"]]


def _toml(value: object) -> str:
    match value:
        case bool():
            return f"`{str(value).lower()}`"
        case list():
            return ", ".join(map(_toml, value))
        case int() | float():
            return f"`{value:g}`"
        case str():
            return f'`"{value}"`'
        case _:
            return ""


# Options and commands


def _options() -> Iterator[str]:
    yield "# Options of pytest"
    yield ""
    yield (
        "Each may stand on the command line, in the environment and in pytest's ini file, in this order of precedence; then comes `zebu.toml`, then what is discovered. "
        "Lists have blanks between their parts there. Paths in the ini file start at its own folder."
    )
    yield from _table("option", "in the environment", "in the ini file", "means")
    for option in OPTIONS:
        value = "\\|".join(option.choices) or option.metavar or ""
        default = f" Default: `{option.default}`." if option.default else ""
        flag = f"--{option.key.replace('_', '-')}"
        yield _row(
            f"`{flag}={value}`".replace("\\|", ","),
            f"`{option.key.upper()}`",
            f"`{option.key}`",
            plain(option.help) + "." + default,
        )


def _commands() -> Iterator[str]:
    yield "# The command zebu"
    yield ""
    yield "What `zebu COMMAND --help` says, of all of them."
    yield from _command(cli.parser(), 2)


def _command(parser: argparse.ArgumentParser, level: int) -> Iterator[str]:
    options, below = [], {}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            below = dict(action.choices)
        elif not isinstance(action, argparse._HelpAction) and action.help != argparse.SUPPRESS:
            options.append(action)
    if parser.description and level > 2:
        yield from (
            "",
            plain(parser.description) if parser.description.endswith(".") else f"{plain(parser.description)}.",
        )
    if options:
        yield from _table("argument", "means")
    for action in options:
        value = action.metavar or (",".join(map(str, action.choices)) if action.choices else action.dest.upper())
        takes = "" if action.nargs == 0 else f" {value if isinstance(value, str) else ' '.join(value)}"
        names = ", ".join(f"`{name}{takes}`" for name in action.option_strings) or f"`{takes.strip()}`"
        said = (action.help or "") % {**vars(action), "prog": parser.prog}
        yield _row(names, plain(said))
    if parser.epilog and level > 2:
        yield from ("", "```text", parser.epilog.strip("\n"), "```")
    for name, child in below.items():
        if name != "lab" or level > 2:  # the lab's own commands come with the checkout
            yield from ("", f"{'#' * level} {child.prog}")
            yield from _command(child, level + 1)


# Outcomes and markers


def _outcomes() -> Iterator[str]:
    yield "# Outcomes"
    yield ""
    yield (
        "What each outcome does to a score, reckoned here by the code that reckons scores: nine items of a stage passed, and the tenth is this one. "
        "What they mean: [concepts](../concepts.md)."
    )
    yield from _table("the tenth item", "in pytest's words", "items that count", "score", "with waivers")
    for outcome in Outcome:
        counts = dict.fromkeys(Outcome, 0) | {Outcome.PASSED: 9}
        counts[outcome] += 1
        tally = Tally(counts, 90)
        counted = 10 - counts[Outcome.NOT_APPLICABLE] - counts[Outcome.ADVICE]
        word = "passed" if outcome in PASSING else "failed" if outcome is Outcome.FAILED else "skipped"
        yield _row(outcome.label, word, str(counted), f"{tally.score} %", f"{tally.score_with_waivers} %")
    yield from ("", "## What a stage needs")
    yield from _table("stage", "items", "non-negotiable", "score")
    for stage in Stage:
        items = load().stage(stage)
        yield _row(
            stage.label,
            str(len(items)),
            str(sum(item.non_negotiable for item in items)),
            f"{THRESHOLDS[stage]} %" if stage in SCORED else "none",
        )
    yield from (
        "",
        "## Non-negotiable",
        "",
        "Open, failed or not assessed, each of these keeps its stage from being ready, whatever the score:",
        "",
    )
    yield from (
        f"- [{plain(item.text)}]({_file_of(item.id)}#{item.id}) `{item.id}`" for item in load() if item.non_negotiable
    )


def _markers() -> Iterator[str]:
    yield "# Markers"
    yield ""
    yield "`-m` picks items by them, as pytest does; `zebu list -m EXPRESSION` shows which. A selection makes a score *partial*, never higher."
    yield from _table("marker", "items", "means")
    for name, text in load().markers.items():
        yield _row(f"`{name}`", str(sum(name in item.markers for item in load())), plain(text))
