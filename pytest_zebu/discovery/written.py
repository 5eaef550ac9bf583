"""`zebu.toml`, as it comes of what was seen: each value with where, each that nobody could see as a comment. What people wrote stays."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from urllib.parse import urlsplit

import tomlkit
from msgspec import Struct
from tomlkit.container import OutOfOrderTableProxy
from tomlkit.items import AoT, InlineTable, Item, Table

from pytest_zebu.discovery.found import Found, Seen, Unseen
from pytest_zebu.discovery.vantages import FoundVantage
from pytest_zebu.settings.errors import toml
from pytest_zebu.shown import clean_line

SECTIONS = (
    "hosts", "domains", "tls", "vantages", "network", "firewall", "backups", "database", "proxmox", "proxy", "forge", "probes",
    "application", "browser", "maintenance", "evidence",
)  # fmt: skip
"""In the order in which people ask: what is judged, under which names, from where, and what stands beside it."""
MOST_SUGGESTED = 6
"""Keys of a block: more would be no first step."""
LONGEST = 200
"""Of characters, of a comment."""
HEAD = (
    "What is declared of this deployment, as `zebu init` saw it: behind each value stands where. What begins with `# ` nobody could see from here.",
    "Every key: docs/settings.md.",
)


class Written(Struct, frozen=True):
    """The file's text.

    Attributes:
        differs: what it says otherwise than what was seen, a line each.
        added: the keys that it did not have.
    """

    text: str
    differs: tuple[str, ...] = ()
    added: tuple[str, ...] = ()


def written(known: str, host: str, seen: Iterable[Seen | FoundVantage], opens: Mapping[str, int]) -> Written:
    """A file with all that was seen and that it does not say itself.

    Args:
        known: what it says so far; empty for a new one.
        host: what the machine is called in `[hosts]`; its keys are `host.KEY`.
        seen: what was seen, and what was not.
        opens: by key, as `opening_of` has it, how many items are judged where it is set.

    Raises:
        ValueError: what it says so far is no TOML, or has something else where a table must be.
    """
    document = tomlkit.parse(known)
    alone = next(iter(_deployments(document)), host) != host  # the common tables are those of the first
    if not known.strip():
        for line in HEAD:
            document.add(tomlkit.comment(line))
    differs: list[str] = []
    added: list[str] = []
    entries = list(seen)
    for section in SECTIONS:
        found = [one for one in entries if isinstance(one, FoundVantage)] if section == "vantages" else []
        if found and section not in document:
            document.add(tomlkit.nl())
            document.add(section, _vantages(found))
            added += [f"vantages.{one.name}" for one in found]
        of_section = [one for one in entries if not isinstance(one, FoundVantage) and _section(one.key) == section]
        for one in of_section:
            if isinstance(one, Unseen):
                _note(document, known, host, one, opens, alone)
                continue
            at, said = _set(document, host, one, alone)
            if said:
                differs.append(said)
            elif at and at not in _keys(known):
                added.append(at)
    text = tomlkit.dumps(document)
    return Written(text if text.endswith("\n") else f"{text}\n", tuple(differs), tuple(added) if text != known else ())


def name_in_file(name: str, address: str | None = None) -> str:
    """What a machine is called in `[hosts]`: an address that it was called by has no user, and no port.

    Args:
        name: as it was called.
        address: where that is, if it is known already.
    """
    if "://" not in name and "@" not in name:
        return name
    return address or urlsplit(name if "://" in name else f"ssh://{name}").hostname or name


def suggested(host: str, unseen: Iterable[Unseen], opens: Mapping[str, int], most: int = MOST_SUGGESTED) -> list[str]:
    """A block of settings, to be copied and completed: those that open the most items, the largest first within each table.

    Args:
        host: what the machine is called in `[hosts]`.
        unseen: what nobody could see.
        opens: by key, how many items are judged where it is set.
        most: so many keys.
    """
    known = {opening_of(one.key): one for one in unseen}
    chosen = sorted((key for key in known if opens.get(key)), key=lambda key: -opens[key])[:most]
    lines: list[str] = []
    for section in dict.fromkeys(key.rpartition(".")[0] or key for key in chosen):
        name = f"hosts.{tomlkit.key(host).as_string()}" if section == "hosts.NAME" else section
        lines.append("[[vantages]]" if section == "vantages" else f"[{name}]")
        for key in chosen:
            if (key.rpartition(".")[0] or key) == section:
                lines += _suggestion(key, known[key], opens[key])
    return [clean_line(line, LONGEST) for line in lines]


def _suggestion(key: str, one: Unseen, count: int) -> Iterator[str]:
    gain = f"opens {count} item{'' if count == 1 else 's'}"
    if key == "vantages":
        yield f"# {gain}: {one.why}"
        yield from (part.strip() for part in one.example.split(","))
    else:
        yield f"{key.rpartition('.')[2]} = {one.example}  # {gain}: {one.why}"


def _section(key: str) -> str:
    first = key.partition(".")[0]
    return "hosts" if first == "host" else first


def opening_of(key: str) -> str:
    """A key as what opens items names it: whatever the host is called."""
    return f"hosts.NAME.{key.removeprefix('host.')}" if key.startswith("host.") else key


def _full(key: str, host: str) -> str:
    return f"hosts.{host}.{key.removeprefix('host.')}" if key.startswith("host.") else key


def keys_of(text: str) -> list[str]:
    """The keys of a file that have a value, in full, in its order.

    Raises:
        ValueError: it is no TOML.
    """

    def below(table: Mapping[str, object], before: str) -> Iterator[str]:
        for name, value in table.items():
            if isinstance(value, Mapping):
                yield from below(value, f"{before}{name}.")
            else:
                yield f"{before}{name}"

    return list(below(toml(text), ""))


def _keys(text: str) -> set[str]:
    """All keys of a file, in full."""

    def below(table: Mapping[str, object], before: str) -> Iterable[str]:
        for name, value in table.items():
            yield f"{before}{name}"
            if isinstance(value, Mapping):
                yield from below(value, f"{before}{name}.")

    return set(below(tomlkit.parse(text).unwrap(), ""))


Place = Table | InlineTable | OutOfOrderTableProxy
"""A table as people write it: under its own head, in one line, or in parts with others between them."""


def _table(document: tomlkit.TOMLDocument, path: Sequence[str]) -> Place:
    """A table, made where there is none."""
    first, *rest = path
    if first not in document:
        document.add(tomlkit.nl())
        document.add(first, tomlkit.table(is_super_table=bool(rest)))
    at = _as_table(document[first], first)
    for name in rest:
        if name not in at:
            at[name] = tomlkit.inline_table() if isinstance(at, InlineTable) else tomlkit.table()
        at = _as_table(at[name], name)
    return at


def _as_table(found: object, name: str) -> Place:
    if not isinstance(found, Table | InlineTable | OutOfOrderTableProxy):
        raise ValueError(f"{name} is no table of its own")
    return found


def _deployments(said: Mapping[str, object]) -> list[str]:
    """The machines of the file that are judged: not those that only stand beside them."""
    hosts = said.get("hosts", {})
    beside = {_said(said, (key,), "ssh") for key in ("proxy", "proxmox")}
    return [name for name in hosts if name not in beside] if isinstance(hosts, Mapping) else []


def _place(key: str, host: str, alone: bool) -> tuple[list[str], str]:
    """The table of a key, and its name there.

    Args:
        key: what is known; `host.KEY` is the machine's own.
        host: what the machine is called.
        alone: whether what is known of its deployment is of this machine alone.
    """
    *path, name = key.split(".")
    if path == ["host"]:
        return ["hosts", host], name
    return (["hosts", host, *path] if alone else path), name


def _said(document: Mapping[str, object], path: Sequence[str], name: str) -> object:
    """What the file says of a key; nothing where it says nothing."""
    at: object = document
    for part in (*path, name):
        at = at.get(part) if isinstance(at, Mapping) else None
    return at.unwrap() if isinstance(at, Item) else at


def _set(document: tomlkit.TOMLDocument, host: str, one: Found, alone: bool) -> tuple[str, str]:
    """Let the file say it, where it says nothing of it, or says otherwise of a deployment that is another machine's.

    Returns:
        The key that says it now; or, where the file says otherwise, how that differs.
    """
    path, name = _place(one.key, host, alone)
    value = list(one.value) if isinstance(one.value, tuple) else one.value
    common, _ = _place(one.key, host, False)
    if (there := _said(document, path, name)) is None and common != path and _said(document, common, name) == value:
        return "", ""
    key = ".".join((*path, name))
    table = _table(document, path)
    if there is not None:
        if there == value:
            return key, ""
        return key, clean_line(f"{key} is {_shown(there)} in the file, and {_shown(one.value)} by {one.where}", 400)
    item = tomlkit.item(value)
    if not isinstance(table, InlineTable):  # which ends with its line
        item.comment(_comment(one.where + (f"; {one.doubt}" if one.doubt else "")))
    table[name] = item
    return key, ""


def _shown(value: object) -> str:
    return tomlkit.item(list(value) if isinstance(value, tuple) else value).as_string()


def _comment(text: str) -> str:
    return clean_line(text, LONGEST)


def _note(
    document: tomlkit.TOMLDocument, known: str, host: str, one: Unseen, opens: Mapping[str, int], alone: bool
) -> None:
    """A line that says what could stand there, unless there is one already, or the value itself."""
    path, name = _place(one.key, host, alone)
    keys = {_full(one.key, host), ".".join((*path, name))}
    own = path if alone and one.key not in ("vantages", f"host.{name}") else ()
    if keys & _keys(known) or _is_noted(known, one.key, own):
        return
    count = opens.get(opening_of(one.key), 0)
    gain = f"opens {count} item{'' if count == 1 else 's'}: " if count else ""
    said = f"{_comment(one.example)}  # {_comment(gain + one.why)}"
    if one.key == "vantages":
        document.add(tomlkit.comment(f"[[vantages]]: {said}"))
        return
    table = _table(document, path)
    if isinstance(table, Table):  # others have no room for a line of their own
        table.add(tomlkit.comment(f"{name} = {said}"))


_HEAD = re.compile(r"\s*\[+\s*(([\w-]+)[^\]]*)")
_NOTED = re.compile(r"\s*#\s*(\w+)\s*=")


def _is_noted(known: str, key: str, own: Sequence[str]) -> bool:
    """Whether a comment of its section, or of a machine's own table, has a line for the key already."""
    if key == "vantages":
        return re.search(r"(?m)^\s*#\s*\[\[vantages\]\]", known) is not None
    section, wanted = "", ".".join(tomlkit.key(part).as_string() for part in own) or _section(key)
    for line in known.splitlines():
        if head := _HEAD.match(line):
            section = head[1].strip() if own else head[2]
        elif (noted := _NOTED.match(line)) and section == wanted and noted[1] == key.rpartition(".")[2]:
            return True
    return False


def _vantages(found: Iterable[FoundVantage]) -> AoT:
    tables = tomlkit.aot()
    for one in found:
        table = tomlkit.table()
        for name, value in (("name", one.name), ("kind", one.kind), ("source", one.source), ("control", one.control)):
            if value:
                table.add(name, value)
        table["kind"].comment(_comment(one.where))
        tables.append(table)
    return tables
