"""Updates that install themselves: whether they are switched on, what they cover, when they last ran, and what still waits.

Judged by deeds: stamps, states of packages, suites that apt has lists of. Logs speak the machine's language.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from fnmatch import fnmatchcase

from msgspec import Struct

from pytest_zebu.facts.answer import Garbled, Missing, Reason, Unknown, is_number, moment_of, whole_number
from pytest_zebu.facts.fact import Fact, Gathered, Probe
from pytest_zebu.facts.lines import Record, records
from pytest_zebu.facts.support import ends
from pytest_zebu.settings.target import Target

PROBE = Probe(
    "updates",
    file="updates.sh",
    uses=("quiet.sh",),
    root=True,
    timeout=20,
    takes=0.3,
)
WORDS = (
    "release", "life", "package", "tool", "periodic", "pattern", "allowed", "days", "shutdown", "excluded", "timer", "service",
    "stamp", "run", "suite", "target", "list", "published", "refreshed", "simulated", "pending", "held", "left", "pinned",
    "broken", "unconfigured", "busy", "reboot", "booted", "kernel", "running", "utc",
)  # fmt: skip
_OFFSET = re.compile(r"([+-])([0-9][0-9])([0-9][0-9])$")
_INTERVAL = re.compile(r"([0-9]{1,9})([smhd]?)")
_UNITS = {"s": timedelta(seconds=1), "m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_FIELDS = {
    "o": "o", "origin": "o", "l": "l", "label": "l", "a": "a", "suite": "a", "archive": "a", "c": "c", "component": "c",
    "site": "site", "n": "n", "codename": "n",
}  # fmt: skip
"""The words of unattended-upgrades' patterns, and apt's letters for them."""
_MOST = 100
"""Patterns, and suites, that are compared: nobody has more, and a machine that says so keeps nobody busy."""
_LONGEST = 200
_KNOWN_ORIGINS = ("Debian", "Ubuntu")
PERIODIC = ("Enable", "Update-Package-Lists", "Unattended-Upgrade")
"""Options of apt's daily script, in the order of `@periodic`."""
MISSING_SUITE = "no security suite is among apt's sources"


class Pending(Struct, frozen=True):
    """A package that waits to be updated.

    Attributes:
        is_held: it is held, by dpkg's selection.
        is_left_alone: unattended-upgrades is told to leave it alone.
    """

    package: str
    version: str
    origin: str
    is_held: bool = False
    is_left_alone: bool = False

    @property
    def is_security(self) -> bool:
        """Whether it comes from a security suite, by the origin that apt names."""
        return "security" in self.origin.lower()


class Suite(Struct, frozen=True):
    """A suite that apt has lists of, as its Release file describes it.

    Attributes:
        priority: what apt's preferences give it.
        fields: by apt's letters: o, a, n, l, c; and its site.
    """

    priority: int
    fields: tuple[tuple[str, str], ...]

    def field(self, letter: str) -> str:
        """A field; empty where the Release file has none."""
        return dict(self.fields).get(letter, "")

    @property
    def is_security(self) -> bool:
        """Whether security updates come from it."""
        return any("security" in self.field(letter).lower() for letter in ("a", "n", "l"))

    @property
    def is_extra(self) -> bool:
        """Whether it has only some packages, newer than the release's: what is preferred there keeps nothing else back."""
        return any(word in self.field(letter) for word in ("backports", "proposed") for letter in ("a", "n"))

    def __str__(self) -> str:
        names = [self.field("n"), self.field("a")]
        name = next((name for name in names if "security" in name), names[0] or names[1])
        return "/".join(filter(None, (name, self.field("c"))))


class Release(Struct, frozen=True):
    """The distribution's release.

    Attributes:
        ended: the last day of its updates; nothing where that is not known.
    """

    id: str
    version: str
    codename: str
    ended: date | None

    def __str__(self) -> str:
        return f"{self.id} {self.version}"


class Updates(Struct, frozen=True):
    """Unattended upgrades, and what they left.

    Attributes:
        switched_off: the options of apt's that switch it off, each with its value.
        interval: how often lists are fetched and upgrades are done, the longer of both; nothing where either is switched off.
        uncovered: the machine's own security suites that unattended-upgrades leaves out.
        unreadable: patterns that unattended-upgrades cannot read; it stops at them.
        refused: why apt's preferences keep security updates away.
        without_suite: why nothing of security waits, though it says nothing; empty where lists of a security suite are there.
        waits_for_shutdown: updates are installed when the machine goes down.
        left_alone: how many of the installed packages it is told to leave alone, and how many there are.
        dead_timers: those of apt's timers that do not run, or do not come back after a reboot; nothing without systemd.
        last_run: when a run last came to its end.
        begun: when the log's last run began; it may not have ended.
        errors: how many errors that run logged.
        arrived: when the newest security list came to this machine; nothing where there is none.
        published: when the newest security list was published.
        signed: when the newest security suite was last signed, which is done even where nothing is new in it.
        valid_until: until when the newest security suite says that it counts.
        refreshed: when the lists were last fetched.
        unconfigured: why apt cannot read its configuration; empty where it can.
        trouble: why apt cannot say what waits; empty where it can.
        broken: packages whose installation or upgrade did not come to its end.
        reboot_since: since when a reboot is asked for, or a newer kernel waits for one.
        tools: others that may install updates.
        odd: answers that were not understood; the rest counts.
    """

    release: Release
    is_installed: bool
    interval: timedelta | None
    uncovered: tuple[str, ...]
    unreadable: tuple[str, ...]
    refused: str
    without_suite: str
    waits_for_shutdown: bool
    left_alone: tuple[int, int]
    dead_timers: tuple[str, ...] | None
    last_run: datetime | None
    begun: datetime | None
    errors: int
    arrived: datetime | None
    published: datetime | None
    signed: datetime | None
    valid_until: datetime | None
    refreshed: datetime | None
    unconfigured: str
    trouble: str
    pending: tuple[Pending, ...]
    pinned: tuple[str, ...]
    broken: tuple[str, ...]
    is_busy: bool
    reboot_since: datetime | None
    tools: tuple[str, ...]
    odd: tuple[str, ...] = ()
    switched_off: tuple[str, ...] = ()

    @property
    def is_switched_on(self) -> bool:
        """Whether package lists and upgrades are both done periodically."""
        return self.interval is not None

    @property
    def waiting(self) -> tuple[Pending, ...]:
        """Security updates that wait."""
        return tuple(one for one in self.pending if one.is_security)

    @property
    def kept_back(self) -> tuple[str, ...]:
        """Security updates that no run will install: held, left alone, or pinned."""
        found = [one.package for one in self.waiting if one.is_held or one.is_left_alone]
        return tuple(dict.fromkeys((*found, *self.pinned)))

    @property
    def overlooked(self) -> tuple[Pending, ...]:
        """Security updates that the machine knew of before the last run, and that still wait."""
        was_there = self.last_run is None or (self.arrived is not None and self.arrived <= self.last_run)
        return self.waiting if was_there else ()


def interval_of(text: str) -> timedelta | None:
    """How often apt's daily script does a thing: days, or with a unit; `0` is never. What is no number counts as always."""
    if text in ("0", ""):
        return None
    found = _INTERVAL.fullmatch(text)
    return timedelta() if found is None else min(int(found[1]), 10**6) * _UNITS[found[2] or "d"]


def _substituted(text: str, release: Release) -> str:
    distribution = release.id.capitalize()
    for name, value in (("distro_codename", release.codename), ("distro_id", distribution)):
        text = text.replace(f"${{{name}}}", value).replace(f"${name}", value)
    return text


def _pattern(text: str) -> tuple[tuple[str, str], ...] | None:
    """A pattern's letters and values; nothing where unattended-upgrades cannot read it."""
    found = []
    for token in text.strip().replace("\\,", "%2C").split(","):
        key, equals, value = token.partition("=")
        if not equals or "=" in value or key.strip() not in _FIELDS:
            return None
        found.append((_FIELDS[key.strip()], value.strip().replace("%2C", ",")[:_LONGEST]))
    return tuple(found)


def _allowed(text: str) -> str | None:
    """An entry of Allowed-Origins as a pattern; nothing where it is none."""
    parts = re.split(r"(?<!\\):", text) if re.search(r"(?<!\\):", text) else text.split()
    if len(parts) != 2:
        return None
    origin, suite = (part.replace("\\:", ":").replace(",", "\\,") for part in parts)
    return f"o={origin},a={suite}"


def _suite(priority: str, site: str, release: str) -> Suite:
    fields = dict(part[:_LONGEST].split("=", 1) for part in release.split(",") if "=" in part)
    return Suite(
        int(priority), (("site", site), *((key, fields[key]) for key in ("o", "a", "n", "l", "c") if key in fields))
    )


def _is_own(suite: Suite, release: Release) -> bool:
    """Whether a suite is of the machine's own release; where that has no codename, each counts."""
    names = (suite.field("n"), suite.field("a"))
    code = release.codename
    return code == "-" or any(re.split(r"[-/]", name)[0] == code for name in names)


class _Said:
    """The records by their words; one that is odd is set aside, and the rest counts."""

    def __init__(self, found: tuple[Record, ...]) -> None:
        self.found = found
        self.odd: list[str] = []

    def all(self, word: str) -> list[str]:
        return [one.rest.strip() for one in self.found if one.word == word]

    def first(self, word: str, default: str = "") -> str:
        return next(iter(self.all(word)), default)

    def moment(self, text: str) -> datetime | None:
        return moment_of(text, "a moment of apt's") if is_number(text) else None

    def fields(self, word: str, count: int) -> list[tuple[str, ...]]:
        """Records of a word that have so many fields."""
        found = []
        for text in self.all(word):
            parts = tuple(text.split(" ", count - 1))
            if len(parts) == count:
                found.append(parts)
            else:
                self.odd.append(f"{word} {text}"[:80])
        return found


def _release(said: _Said) -> Release:
    parts = said.first("release", "- - -").split(" ")
    id_, version, codename = parts if len(parts) == 3 else ("-", "-", "-")
    told = {}
    for column, text in said.fields("life", 2):
        try:
            told[column] = date.fromisoformat(text)
        except ValueError:
            said.odd.append(f"life {column} {text}"[:80])
    extended = any(
        mark in text for text in said.all("suite") for mark in ("o=UbuntuESM", "o=Freexian", ".freexian.com ")
    )
    return Release(id_, version, codename, ends(id_, version, told, is_extended=extended))


def _reboot(said: _Said) -> datetime | None:
    """Since when a reboot is due: it is asked for, or a newer kernel than the running one is installed."""
    asked = said.moment(said.first("reboot"))
    if asked is not None:
        return asked
    running, _, version = said.first("running").partition(" ")
    kernels = {
        parts[1]: (said.moment(parts[0]), parts[2:])
        for text in said.all("kernel")
        if len(parts := text.split(" ")) >= 2
    }
    booted = said.moment(said.first("booted"))
    if running not in kernels or booted is None:
        return None
    made = [kernels[running][0]] if _is_replaced(version, kernels[running][1]) else []
    made += [moment for name, (moment, _) in kernels.items() if _is_newer(name, running)]
    since = [moment for moment in made if moment is not None and moment > booted]
    return min(since, default=None)


def _is_replaced(version: str, package: list[str]) -> bool:
    """Whether the file of the running kernel is of another version now; Debian's kernel tells its package's version."""
    told = re.search(r" Debian (\S+) ", f"{version} ")
    return bool(told and package and package[0] and told[1] != package[0])


def _is_newer(name: str, running: str) -> bool:
    """Whether a kernel of the same flavour is newer."""
    numbers = re.compile(r"[0-9]+")
    if re.sub(numbers, "", name) != re.sub(numbers, "", running):
        return False
    return [int(part) for part in numbers.findall(name)] > [int(part) for part in numbers.findall(running)]


def parse(gathered: Gathered, target: Target) -> Updates:
    """From apt's configuration, its stamps and lists, and a simulation."""
    said = _Said(records(gathered.said("updates").out, "the updates probe", WORDS))
    if not said.all("package"):
        raise Missing(Unknown(Reason.MISSING, "apt is not there: how this machine is updated is not known"))
    try:
        return _parsed(said)
    except (ValueError, KeyError, IndexError, TypeError, OverflowError):
        raise Garbled("what apt says of updates") from None


def _parsed(said: _Said) -> Updates:
    release = _release(said)
    enable, lists, upgrade = said.first("periodic").split(" ")
    intervals = [interval_of(lists), interval_of(upgrade)]
    is_set = [enable.strip("0") != "", *(one is not None for one in intervals)]
    is_on = all(is_set)
    told = zip(PERIODIC, (enable, lists, upgrade), is_set, strict=True)
    weekly = [timedelta(days=7)] if said.all("days") else []
    suites = tuple(_suite(*parts) for parts in said.fields("suite", 3) if re.fullmatch(r"-?[0-9]{1,6}", parts[0]))
    own = tuple(suite for suite in suites if _is_own(suite, release))
    security = tuple(suite for suite in own if suite.is_security)
    uncovered, unreadable = _coverage(said, release, security)
    lists_of = said.fields("list", 2)
    published = [
        parts
        for parts in said.fields("published", 3)
        if _is_own(_suite("0", "", parts[2]), release) and "ecurity" in parts[2]
    ]
    until = [moment for _, text, _ in published if (moment := said.moment(text))]
    signed = [moment for text, _, _ in published if (moment := said.moment(text))]
    status, _, complaint = said.first("simulated").partition(" ")
    simulated = whole_number(status, "the simulation's status")
    held, left = {name.partition(":")[0] for name in said.all("held")}, set(said.all("left"))
    timers = [line.split() for line in said.all("timer")]
    masked = [name for name, state in said.fields("service", 2) if state == "masked"]
    begun, errors = _last_logged(said)
    return Updates(
        release=release,
        is_installed=said.first("package") == "installed",
        interval=max([one for one in intervals if one is not None] + weekly) if is_on else None,
        uncovered=uncovered,
        unreadable=unreadable,
        refused=_refusal(security, own),
        without_suite="" if security else _without_suite(said, suites),
        waits_for_shutdown=said.first("shutdown", "false").lower() in ("true", "yes", "with", "on", "enable", "1"),
        left_alone=_counts(said),
        dead_timers=tuple(
            [words[0] for words in timers if not {"active", "enabled"} <= set(words[1:])]
            + [f"{name} (masked)" for name in masked]
        )
        if timers
        else None,
        last_run=said.moment(said.first("stamp")),
        begun=begun,
        errors=errors,
        arrived=max((moment for text, _ in lists_of if (moment := said.moment(text))), default=None),
        published=max((moment for _, text in lists_of if (moment := said.moment(text))), default=None),
        signed=max(signed, default=None),
        valid_until=max(until, default=None),
        refreshed=said.moment(said.first("refreshed")),
        unconfigured=said.first("unconfigured"),
        trouble="" if simulated == 0 else complaint or f"exit status {simulated}",
        pending=tuple(
            Pending(name, version, origin, name.partition(":")[0] in held, name in left)
            for name, version, origin in said.fields("pending", 3)
        ),
        pinned=tuple(dict.fromkeys(name for name, _ in said.fields("pinned", 2))),
        broken=tuple(f"{name} is {state}" for state, name in said.fields("broken", 2)),
        is_busy=bool(said.all("busy")),
        reboot_since=_reboot(said),
        tools=tuple(said.all("tool")),
        odd=tuple(said.odd),
        switched_off=tuple(f'APT::Periodic::{name} is "{value[:20]}"' for name, value, is_one in told if not is_one),
    )


def _counts(said: _Said) -> tuple[int, int]:
    count, _, total = said.first("excluded", "0 0").partition(" ")
    return whole_number(count, "what is left alone"), whole_number(total, "what is installed")


def _last_logged(said: _Said) -> tuple[datetime | None, int]:
    """When the log's last run began, and its errors."""
    text = said.first("run")
    offset = _OFFSET.match(said.first("utc"))
    if offset is None:
        raise Garbled("the machine's time zone")
    if not text:
        return None, 0
    moment, _, errors = text.rpartition(" ")
    zone = f"{offset[1]}{offset[2]}:{offset[3]}"
    return datetime.fromisoformat(moment.partition(",")[0] + zone).astimezone(UTC), whole_number(errors, "its errors")


def _coverage(said: _Said, release: Release, security: tuple[Suite, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Suites that no pattern matches, and patterns that cannot be read."""
    texts = {text: _allowed(text) for text in said.all("allowed")} | {text: text for text in said.all("pattern")}
    read = {text: _pattern(_substituted(one, release)) if one is not None else None for text, one in texts.items()}
    patterns = [one for one in read.values() if one][:_MOST]
    uncovered = [
        str(suite)
        for suite in security[:_MOST]
        if not any(all(fnmatchcase(suite.field(key), value) for key, value in one) for one in patterns)
    ]
    return tuple(dict.fromkeys(uncovered)), tuple(text for text, one in read.items() if one is None)


def _refusal(security: tuple[Suite, ...], own: tuple[Suite, ...]) -> str:
    """Why apt takes no security update, by the priorities of suites."""
    highest = max((suite.priority for suite in own if not suite.is_extra), default=0)
    for suite in security:
        if suite.priority < 0:
            return f"{suite} is pinned to {suite.priority}"
        if suite.priority < highest:
            return f"{suite} has priority {suite.priority}, below another suite's {highest}"
    return ""


def _without_suite(said: _Said, suites: tuple[Suite, ...]) -> str:
    """Why there is no list of a security suite."""
    targets = said.fields("target", 2)
    asked = [f"{suite} of {site}" for suite, site in targets if "security" in f"{suite} {site}".lower()]
    if asked:
        return f"the lists of {asked[0]} were never fetched"
    if not suites:
        return "no list was ever fetched"
    strange = sorted({suite.field("o") or suite.field("site") for suite in suites} - set(_KNOWN_ORIGINS))
    if strange and not any(suite.field("o") in _KNOWN_ORIGINS for suite in suites):
        return f"none of the suites of {', '.join(strange[:3])} is known to bring security updates"
    return MISSING_SUITE


FACT = Fact("updates", parse, (PROBE,))
