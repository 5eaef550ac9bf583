"""A fact: what to ask, and a pure parser of what was answered."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, ClassVar, Generic, Literal, TypeVar, cast

from msgspec import Struct, field
from msgspec.structs import force_setattr

from pytest_zebu.facts import alike, plainjson, scripts, urls
from pytest_zebu.facts.answer import Garbled, Known, Missing, Reason, Said, Unknown
from pytest_zebu.facts.effort import Overspent, bounded
from pytest_zebu.settings.target import Target

T = TypeVar("T")


class Need(Enum):
    """A value that the far side discovers; the text says what it means that it is not there."""

    APP_DIR = "the application's folder is unknown: no container of a compose project was seen (set app_directory)"
    PROJECT = "no compose project was seen, or several (set project)"
    CONTAINERS = "Docker's containers could not be listed"
    DB_CONTAINER = "no container of PostgreSQL was seen"
    BACKEND_CONTAINER = "no running container of the backend was seen"
    FRONTEND_ADDRESS = "no container of the frontend with an address was seen"
    REDIS_CONTAINER = "no running container of Redis was seen"
    APP_ROLE = "the backend's DATABASE_URL was not seen"
    OWNER = "the application's folder could not be read"


KINDS = {"sh": ".sh", "perl": ".pl", "sql": ".sql"}
"""The kinds of scripts and of their parts, and how their files' names end."""
WITHIN = "within.python"
"""What runs the programs of several probes within the backend's container."""


class Probe(Struct, frozen=True):
    """A command for the batch.

    Attributes:
        script: POSIX sh, where there is no file.
        file: the script's file; its ending says what runs it. Discovered values stand in its environment as ZEBU_NAME.
        uses: parts of it that are files of their own. Those of its own kind are put in front of it; those of another
            kind stand in its environment, as ZEBU_PERL, ZEBU_SH or ZEBU_SQL.
        values: further values of its environment, as ZEBU_NAME.
        needs: discovered values without which it is not run.
        root: it is not run without root's rights.
        timeout: seconds on a machine that is not busy; on one that is, as many more as it is slower. So many of the processor, too.
        limit: bytes of output.
        owner: run as the owner of the application's folder.
        dotenv: the values of `.env` stand in its environment as DOTENV_NAME. They must not be printed.
        secrets: secrets, one a line behind the name of a variable, are its standard input. They must not be printed either.
        code: it says what a program's text is: of what looks like a secret, only literals are hidden.
        each: run in every checkout of the project that is on the machine, each as ZEBU_APP_DIR, as its owner; behind what is
            said of the deployed one stands `checkout=PATH` and `ended=KIND STATUS` before what is said of each other. ZEBU_DEPLOYED
            is the deployed commit, if it can be told.
        kills: it kills what hangs, itself: that one of its programs was killed is part of its answer, and not the end of it.
        host: whom to ask: the target itself, or a machine beside it that the settings name (`proxy`, `proxmox`).
        spans: it begins first, takes no place among those that run side by side, and hears by the end of its standard input
            that all others have ended.
        within: the file of a program for the Python of the backend's container, which runs there beside those of other probes, in one
            `docker exec` for all. What it says is the answer if it ends with 0, or if there is no script; else the script is run.
        told: the values that the program there has in its environment: of those of a script's, the names.
        takes: seconds that it, and what is looked at because of it, is known to take on a quiet machine: what takes longest begins first.
    """

    name: str
    script: str = ""
    file: str = ""
    uses: tuple[str, ...] = ()
    values: tuple[tuple[str, str], ...] = ()
    needs: tuple[Need, ...] = ()
    root: bool = False
    timeout: float = 8
    limit: int = 262_144
    owner: bool = False
    dotenv: bool = False
    secrets: bool = False
    code: bool = False
    each: bool = False
    kills: bool = False
    host: Literal["target", "proxy", "proxmox"] = "target"
    spans: bool = False
    within: str = ""
    told: tuple[str, ...] = ()
    takes: float = 0.1

    @property
    def interpreter(self) -> Literal["sh", "perl"]:
        """What runs it."""
        return "perl" if self.file.endswith(".pl") else "sh"

    @property
    def text(self) -> str:
        """What is run: the script behind the parts of its own kind."""
        return scripts.joined(*self._parts(self.interpreter), self.file) if self.file else self.script

    @property
    def environment(self) -> dict[str, str]:
        """What stands in its environment besides what is discovered, without the prefix."""
        found = dict(self.values)
        for kind in KINDS:
            if kind != self.interpreter and (parts := self._parts(kind)):
                found[kind.upper()] = scripts.joined(*parts)
        return found

    @property
    def program(self) -> str:
        """What is run within the backend's container, if anything is."""
        return scripts.text(self.within) if self.within else ""

    @property
    def waits(self) -> bool:
        """Whether it can only be run once the application was discovered."""
        return bool(self.needs) or self.owner or self.dotenv or self.secrets

    def _parts(self, kind: str) -> tuple[str, ...]:
        return tuple(name for name in self.uses if name.endswith(KINDS[kind]))


OWN_ANSWERS = ("zebu.containers", "zebu.environment", "zebu.env-files", "zebu.host")
"""Answers that the batch itself gives, without a probe."""


class Look(Struct, frozen=True):
    """A look from outside; its result is plain data.

    Attributes:
        kind: which looker does it: tcp, tls, http, dns, ssh, browser, or a service's own.
        subject: what is looked at; with kind and vantage it names the look in a snapshot.
        arguments: how to look at it.
        vantage: the name of the vantage, empty for this machine as it is.
        extent: of two looks at the same thing, the one that sees more (and costs more) is made.
        calm: it is begun when the looks that ask the same services have ended, since how long it takes is what matters.
        beside: what comes of it is marked as measured beside other work of ours, which makes it slower at most.
    """

    kind: str
    subject: str
    arguments: Mapping[str, Any]
    vantage: str = ""
    extent: int = 0
    calm: bool = False
    beside: bool = False

    @property
    def key(self) -> str:
        """A stable name for the snapshot."""
        return f"{self.kind}@{self.vantage or 'here'} {self.subject}"

    @property
    def hosts(self) -> frozenset[str]:
        """Whom it asks, as far as its arguments say that by addresses of the web."""
        texts = (self.arguments.get("url"), *self.arguments.get("urls", ()))
        return frozenset(found.host for text in texts if text and (found := urls.read(str(text))))


class Trial(Struct, frozen=True):
    """An active probe: what can be known only by doing it. Each kind is a type of its own, with what it takes.

    Attributes:
        rank: trials are held one after the other, those of the lowest rank first.
    """

    rank: ClassVar[int] = 0

    @property
    def probes(self) -> tuple[Probe, ...]:
        """What is asked on the machine while it is held."""
        return ()


class _Answering:
    """What may be asked of what was gathered, and of what stands in its place."""

    __slots__ = ()

    def said(self: alike.Evidence, name: str, *, accept: tuple[int, ...] = (0,)) -> Said:
        """What a probe said.

        Raises:
            Missing: it could not be asked, or ended with another status.
        """
        answer: Said | Unknown = self.answers.get(name, Unknown(Reason.NOT_GATHERED, name))
        if isinstance(answer, Unknown):
            raise Missing(answer)
        if answer.status in accept:
            return answer
        reason = {126: Reason.NO_PERMISSION, 127: Reason.NO_COMMAND}.get(answer.status, Reason.UNDECIDABLE)
        if "permission denied" in answer.err.lower():
            reason = Reason.NO_PERMISSION
        raise Missing(Unknown(reason, f"{name}: {answer.complaint}"))

    def saw(self: alike.Evidence, look: Look) -> Known[Any] | Unknown:
        """What a look saw."""
        found = self.looks.get(look.key, Unknown(Reason.NOT_GATHERED, look.key))
        return found if isinstance(found, Unknown) else Known(found)


class Gathered(_Answering, Struct, frozen=True):
    """All that was answered about one host.

    Attributes:
        answers: by the name of the probe.
        looks: by the look's key.
        trials: what came of each, by the name of its fact.
    """

    answers: Mapping[str, Said | Unknown] = field(default_factory=dict)
    looks: Mapping[str, Any] = field(default_factory=dict)
    time: float = 0.0
    trials: Mapping[str, Any] = field(default_factory=dict)


class _Noting(_Answering):
    """The same. It notes what is asked of it.

    Attributes:
        held: what was gathered.
        notes: what was asked.
    """

    __slots__ = ("answers", "held", "looks", "notes", "trials")

    def __init__(self, gathered: alike.Evidence, notes: alike.Notes) -> None:
        self.held: alike.Evidence = alike.held(gathered)
        self.notes = notes
        self.answers, self.looks, self.trials = (
            alike.Asked(alike.held(getattr(self.held, part)), part, notes) for part in alike.PARTS
        )

    @property
    def time(self) -> float:
        """When it was gathered."""
        self.notes.given[alike.TIME, ""] = self.held.time
        return self.held.time


def _noting(gathered: Gathered, notes: alike.Notes) -> Gathered:
    return cast(Gathered, _Noting(gathered, notes))


BROKEN = "its reader broke at what was said: a fault of pytest-zebu's, please report it"
"""What is said of a fact whose reader ended with an exception of its own: it is unknown, and no other one is lost with it."""
Answered = TypeVar("Answered")


def _guarded(ask: Callable[..., Answered], otherwise: Callable[[BaseException], Answered]) -> Callable[..., Answered]:
    """A function that is called with what a target said, and says something else instead of breaking at it."""

    @functools.wraps(ask)
    def guarded(*given: Any) -> Answered:
        try:
            return bounded(lambda: ask(*given), otherwise)
        except Exception as error:
            return otherwise(error)

    return guarded


def _once(ask: Callable[[Gathered, Target], Answered]) -> Callable[[Gathered, Target], Answered]:
    """A function of what was gathered that is asked once of hosts that said the same."""

    @functools.wraps(ask)
    def once(gathered: Gathered, target: Target) -> Answered:
        return alike.read(ask, gathered, target, _noting)

    return once


def nothing_more(*given: Any) -> tuple[Look, ...]:
    """The looks of a fact that needs none, whatever was said."""
    return ()


def _no_looks(error: BaseException) -> tuple[Look, ...]:
    return ()


class Fact(Struct, Generic[T], frozen=True):
    """Something that items judge.

    Attributes:
        name: the name of the fixture that hands it to items.
        parse: from what was gathered to the typed value; pure.
        probes: what the batch must ask for it.
        looks: what must be looked at from outside, which depends on the target's settings.
        then: what must be looked at besides, once the target has said what it has.
        alone: what is looked at once more when all else was seen, and nothing else of ours runs: how long something takes is
            what matters, and beside our own work it took too long, which alone it may not.
        trial: the active probe that shows it, or why none is held; it is held when all else was seen.

    Whatever breaks in one of them, or takes the processor without end, makes this fact unknown, and nothing else: what was
    not looked at was not gathered.
    """

    name: str
    parse: Callable[[Gathered, Target], T]
    probes: tuple[Probe, ...] = ()
    looks: Callable[[Target], tuple[Look, ...]] = nothing_more
    then: Callable[[Gathered, Target], tuple[Look, ...]] = nothing_more
    alone: Callable[[Gathered, Target], tuple[Look, ...]] = nothing_more
    trial: Callable[[Target], Trial | Unknown] | None = None

    def __post_init__(self) -> None:
        for name in ("looks", "then", "alone"):
            if (ask := getattr(self, name)) is not nothing_more:  # what reads nothing needs no guard, and no bound
                once = ask if name == "looks" else _once(ask)
                force_setattr(self, name, _guarded(once, _no_looks))
        if self.trial is not None:
            force_setattr(self, "trial", _guarded(self.trial, self._broken))

    def _broken(self, error: BaseException) -> Unknown:
        why = str(error) if isinstance(error, Overspent) else f"{BROKEN} ({type(error).__name__})"
        return Unknown(Reason.GARBLED, f"{self.name}: {why}")

    def read(self, gathered: Gathered, target: Target) -> Known[T] | Unknown:
        """The fact, or why it could not be had."""
        key = (self.name, self.parse)
        try:
            return bounded(lambda: alike.read(self._parsed, gathered, target, _noting, key), self._broken)
        except Exception as error:  # RecursionError and MemoryError among them
            return self._broken(error)

    def _parsed(self, gathered: Gathered, target: Target) -> Known[T] | Unknown:
        try:
            return Known(self.parse(gathered, target))
        except Missing as error:
            return error.unknown
        except Garbled as error:
            return Unknown(Reason.GARBLED, f"{self.name}: {error}")


def parse_json(text: str, what: str) -> Any:
    """JSON from a target.

    Raises:
        Garbled: it is none, or none that can be relied on.
    """
    try:
        return plainjson.loads(text)
    except plainjson.NoJson as error:
        raise Garbled(f"{what}: {error}") from None


def key_values(text: str) -> dict[str, str]:
    """Lines `key=value`, as systemctl show and our own probes print them."""
    return dict(line.split("=", 1) for line in text.split("\n") if "=" in line)
