"""What a command dumps: which databases, of which server, all of it or some, and whether anything is kept."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from msgspec import Struct
from msgspec.structs import replace

from pytest_zebu.facts.clock import FUTURE
from pytest_zebu.facts.containers import Containers
from pytest_zebu.facts.environment import DOTENV, RUNNING, Environment
from pytest_zebu.facts.jobs import Command, Job, unread_of

DAILY = timedelta(hours=26)
"""A day, and the hours by which a run may be late: daylight saving, randomized delays, a long dump."""
TOOLS = r"pg_dump|pg_basebackup|pgbackrest|barman|wal-"
"""How the names of tools begin that dump a database."""
SEEN_FOR = timedelta(days=8)
APART = timedelta(hours=20)
"""Two dumps so far apart were made by two runs of a daily job."""
_WITH_VALUE = frozenset("bEeFfhjJnNpPSTtUwZdlBDXrRcC")
"""Letters of options of PostgreSQL's tools that may take a word; `_FLAGS` says which of them do not, by tool."""
_FLAGS = {
    "pg_dump": "abBcCOsvVwWxR?",
    "pg_dumpall": "acgOrstvVwWx?",
    "pg_basebackup": "PRvVwWgNnkz?C",
}
_LONG_WITH_VALUE = frozenset({
    "file", "format", "jobs", "compress", "encoding", "extension", "schema", "exclude-schema", "superuser", "table", "exclude-table",
    "dbname", "host", "port", "username", "role", "database", "exclude-table-data", "section", "snapshot", "lock-wait-timeout", "filter",
    "exclude-database", "pgdata", "rows-per-insert", "extra-float-digits", "include-foreign-data", "exclude-extension", "sync-method",
    "table-and-children", "exclude-table-and-children", "exclude-table-data-and-children", "restrict-key", "label", "checkpoint",
})  # fmt: skip
_SHORT = {"d": "dbname", "h": "host", "U": "username", "f": "file", "t": "table", "n": "schema", "s": "schema-only", "a": "data-only",
          "V": "version", "?": "help", "g": "globals-only", "r": "roles-only", "l": "database", "D": "pgdata"}  # fmt: skip
_PARTS = {"schema-only": "only the schema", "data-only": "only rows", "table": "only some tables", "schema": "only some schemas",
          "section": "only a section", "globals-only": "only roles and tablespaces", "roles-only": "only roles",
          "tablespaces-only": "only tablespaces", "extension": "only an extension", "filter": "only what a file lists",
          "table-and-children": "only some tables", "no-data": "only the schema", "no-schema": "only rows", "statistics-only": "only statistics"}  # fmt: skip
_NOWHERE = frozenset({"/dev/null"})
_SINKS = frozenset({"wc", "psql", "md5sum", "sha1sum", "sha256sum", "head", "tail", "grep", "true", ":"})
"""Commands that keep nothing of what they are fed, unless they write it to a file."""
_VERBS = {"pgbackrest": "backup", "barman": "backup", "wal-g": "backup-push", "wal-e": "backup-push"}
_CONNINFO = re.compile(r"\b(\w{1,63})\s*=\s*('(?:[^'\\]|\\.)*'|\S+)")


class Dump(Struct, frozen=True):
    """What a command dumps.

    Attributes:
        databases: their names; nothing for all of a server. One that only a run could tell stands as `$NAME`.
        host: the server, as the command names it; empty for its default.
        lacking: what is left out, or thrown away; empty where it is all there.
        place: the container, service or machine that it runs in.
    """

    databases: tuple[str, ...] | None
    host: str
    lacking: str
    place: str


def _parted(word: str) -> list[str]:
    """A word that a list of a shell's (`"${OPTIONS[@]}"`) was joined to, as the words that it had; others as they are."""
    first, _, rest = word.partition(" ")
    is_joined = bool(rest) and (" -" in word or (first.startswith("-") and "=" not in first))
    return word.split() if is_joined else [word]


def _options(words: Sequence[str], flags: str) -> Iterator[tuple[str, str]]:
    """Options with their words, by their long names; what is no option has an empty name."""
    rest = [part for word in words for part in _parted(word)]
    while rest:
        word = rest.pop(0)
        if word == "--":
            yield from (("", one) for one in rest)
            return
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            if not equals and name in _LONG_WITH_VALUE and rest:
                value = rest.pop(0)
            yield name, value
        elif word.startswith("-") and len(word) > 1:
            letters = word[1:]
            while letters:
                letter, letters = letters[0], letters[1:]
                value = ""
                if letter in _WITH_VALUE and letter not in flags:
                    value, letters = (letters or (rest.pop(0) if rest else "")), ""
                yield _SHORT.get(letter, letter), value
        else:
            yield "", word


def _connection(text: str) -> tuple[str, str]:
    """Database and host of a connection string, or of a plain name."""
    if re.match(r"postgres(ql)?://", text):
        try:
            parts = urlsplit(text)
            return unquote(parts.path.lstrip("/")), parts.hostname or ""
        except ValueError:
            return "$", ""
    if "=" in text:
        found = {key: value.strip("'") for key, value in _CONNINFO.findall(text)}
        return found.get("dbname", ""), found.get("host", found.get("hostaddr", ""))
    return text, ""


def _thrown_away(command: Command, file: str) -> str:
    """Why nothing is kept of its output; empty where something may be."""
    if file in _NOWHERE:
        return "its output is thrown away"
    into = list(command.into)
    files = [into[n + 1] for n, word in enumerate(into[:-1]) if word == ">"]
    pipes = [into[n + 1] for n, word in enumerate(into[:-1]) if word == "|"]
    if file:
        return ""
    if files and all(one in _NOWHERE for one in files):
        return "its output is thrown away"
    # Of tee only the name is told: it is there for the sake of a file.
    if any(PurePosixPath(one).name == "tee" for one in pipes):
        return ""
    if not files and pipes and PurePosixPath(pipes[-1]).name in _SINKS:
        return f"its output goes to {pipes[-1]}, which keeps none of it"
    return ""


def dump_of(command: Command) -> Dump | None:
    """What a command dumps; nothing if it dumps none."""
    tool, *words = command.words
    if tool in _VERBS:
        verb = _VERBS[tool]
        return Dump(None, "", "", command.place) if verb in words else None
    if tool == "vzdump":
        return Dump(None, "", "", command.place)
    if tool not in _FLAGS:
        return None
    found = list(_options(words, _FLAGS[tool]))
    names = [name for name, _ in found]
    if "version" in names or "help" in names:
        return None
    given = dict(found)
    settings = dict(command.settings)
    # Where nobody says otherwise, all tables are in the schema public.
    is_all = any(name == "schema" and value.strip('"') in ("public", "*") for name, value in found)
    parts = [name for name in names if name in _PARTS and (name, tool) != ("table", "pg_dumpall")]
    lacking = next((_PARTS[name] for name in parts if not (is_all and name == "schema")), "")
    if any(name == "exclude-table-data" and value in ("*", "*.*", "public.*") for name, value in found):
        lacking = "only the schema"
    if tool == "pg_dumpall" and "t" in "".join(word for word in words if re.fullmatch(r"-[a-zA-Z]*t", word)):
        lacking = "only tablespaces"
    host = given.get("host") or settings.get("PGHOST", "")
    # The first word is the database; of options that only a run could tell, the place is not known.
    bare = [value for name, value in found if not name]
    plain = given.get("dbname") or next((one for one in bare if not one.startswith("$")), bare[0] if bare else "")
    database, other = _connection(plain)
    host = other or host
    lacking = lacking or _thrown_away(command, given.get("file", ""))
    if tool != "pg_dump":
        return Dump(None, host, lacking, command.place)
    database = (
        database or settings.get("PGDATABASE", "") or ("$" if "PGSERVICE" in settings else given.get("username", ""))
    )
    return Dump((database or "$",), host, lacking, command.place)


def database_of(environment: Environment) -> str:
    """The name of the database, as the database's container or `.env` has it; empty where it is not told, or told twice.

    That which every server has tells nothing: the application's may have been made by hand, or by the image's own scripts.
    """
    told = [one for one in environment.variables if one.name == "POSTGRES_DB" and one.plain]
    running = {one.plain for one in told if one.where.startswith(RUNNING)}
    names = running or {one.plain for one in told if one.where == DOTENV}
    return names.pop() if len(names) == 1 and names != {"postgres"} else ""


class Making(Struct, frozen=True):
    """What makes backups of the database.

    Attributes:
        dumping: jobs that dump it, and nothing keeps them from it; each with no other commands.
        wrong: of jobs that dump something else, or that their scheduler leaves out, why.
        broken: what jobs are to run and cannot, with why: it may be what dumped.
        unread: what jobs run and nobody could read, and dumps of servers of which it is not known whose they are.
        holders: containers that make backups of it.
    """

    dumping: tuple[Job, ...] = ()
    wrong: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    holders: tuple[Job, ...] = ()
    broken: tuple[str, ...] = ()

    @property
    def complaint(self) -> str:
        """Why there is none, as far as it was seen."""
        if self.wrong:
            return self.wrong[0]
        return f"neither the machine nor its hypervisor makes any{f' ({self.broken[0]})' if self.broken else ''}"

    @property
    def unknown(self) -> tuple[str, ...]:
        """Why there may be more than what was read."""
        return (*self.unread, *(f"what {one.name} ({one.image}) saves was not seen" for one in self.holders))


def _another(dump: Dump, name: str, containers: Containers | None) -> str:
    """Why a dump is one of something else than Zebu's database; empty if nothing says so."""
    kind, _, place = dump.place.partition(":")
    if kind == "container" and not dump.host and containers is not None and containers.services and "$" not in place:
        ours = any(place == one.name or (len(place) >= 8 and one.id.startswith(place)) for one in containers.services)
        if not ours:
            return f"dumps what is in {place}, which is no container of Zebu's"
    told = [one for one in dump.databases or () if "$" not in one]
    if not name or dump.databases is None or len(told) < len(dump.databases) or name in told:
        return ""
    return f"dumps {', '.join(told)}{f' of {dump.host}' if dump.host else ''}, and not {name}"


def _unclear(dump: Dump) -> str:
    """Why it is not known whether a dump is of Zebu's server; empty where nothing stands against it."""
    host = dump.host
    if dump.place and ":" not in dump.place:
        return f"dumps on {dump.place}, and whether that has this database is not known"
    is_near = host in ("", "localhost") or host.startswith(("/", "127.", "::1", "$")) or not re.search(r"[.:]", host)
    return "" if is_near else f"dumps from {host}, and whether that is this database's server is not known"


def making_of(jobs: Sequence[Job], environment: Environment | None, containers: Containers | None) -> Making:
    """What of all jobs makes backups of Zebu's database."""
    name = database_of(environment) if environment else ""
    dumping: list[Job] = []
    wrong: list[str] = []
    broken: list[str] = []
    unread: list[str] = []
    holders: list[Job] = []
    for job in jobs:
        unread += unread_of([job], TOOLS)
        broken += [f"{job.name}: {one}" for one in job.broken]
        good = []
        for command in job.commands:
            if (dump := dump_of(command)) is None:
                continue
            if why := dump.lacking or _another(dump, name, containers):
                wrong.append(f"{job.name}: {command.words[0]}: {why}")
            elif why := _unclear(dump):
                unread += [] if job.hindered else [f"{job.name}: {command.words[0]} {why}"]
            else:
                good.append(command)
        if job.image and not job.commands and not job.unread:
            if job.databases and name and name not in job.databases:
                wrong.append(f"{job.name}: dumps {', '.join(job.databases)}, and not {name}")
            else:
                holders.append(job)
        elif job.hindered and (good or "ignored" in job.hindered):
            wrong.append(f"{job.name} {job.hindered}")
        elif good:
            dumping.append(replace(job, commands=tuple(good)))
    return Making(
        tuple(dumping), tuple(dict.fromkeys(wrong)), tuple(dict.fromkeys(unread)), tuple(holders), tuple(broken)
    )


def keep_appearing(moments: Sequence[datetime], now: datetime) -> bool:
    """Whether there was one every day, for two days at least, up to now."""
    recent = sorted(moment for moment in moments if -FUTURE <= now - moment <= SEEN_FOR)
    if not recent or now - recent[-1] > DAILY or recent[-1] - recent[0] < APART:
        return False
    return all(later - sooner <= DAILY for sooner, later in pairwise(recent))
