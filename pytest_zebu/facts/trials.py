"""What active probes found: using the application, attacking it, restoring its dump. Only where the user asked for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar, Literal

from msgspec import Struct

from pytest_zebu.facts import plainjson
from pytest_zebu.facts.answer import Garbled, Missing, Reason, Unknown, integer, lines_of, part, whole_number
from pytest_zebu.facts.fact import Fact, Gathered, Need, Probe, Trial
from pytest_zebu.facts.lines import records, single
from pytest_zebu.settings.target import Target

Step = Mapping[str, Any]
DEPOSIT, QUANTITY = "10000.00", "1.5"
"""What the functional probe pays in, and how many shares it buys."""


class Use(Struct, frozen=True):
    """A portfolio's life in the application: the answers to each step, as they came.

    Attributes:
        left: how many of our portfolios are still there.
        malformed: what was answered to requests that are none.
        seen_elsewhere: the status with which another address of the application shows our portfolio.
    """

    steps: Mapping[str, Step]
    name: str
    broken: str
    left: int | Unknown
    malformed: tuple[Mapping[str, Any], ...]
    seen_elsewhere: int | None

    def said(self, step: str) -> Mapping[str, Any]:
        """The JSON object of a step's answer, empty if there is none."""
        body = self.steps.get(step, {}).get("said")
        return body if isinstance(body, dict) else {}

    def rows(self, step: str, key: str) -> list[Mapping[str, Any]]:
        """The objects of a list in a step's answer; none where it has no such list."""
        found = self.said(step).get(key)
        return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []

    def status(self, step: str) -> int:
        """The status of a step's answer; 0 where the step was not reached."""
        found = self.steps.get(step, {}).get("status", 0)
        return found if type(found) is int else 0


_AMOUNT = re.compile(r"[+-]?[0-9]{1,30}(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,2})?")
MOST_MONEY = Decimal(10) ** 18
"""Units of a currency, or shares: beyond it a number is none of them."""


def amount(value: Any) -> Decimal | None:
    """A number of an answer; nothing if it is none, or none that money could be.

    An exact decimal that was divided is told with 28 digits, and a small one with an exponent.
    """
    text = str(value) if isinstance(value, str | float) or type(value) is int else ""
    found = Decimal(text) if _AMOUNT.fullmatch(text) else None
    return found if found is not None and abs(found) < MOST_MONEY else None


class UseTrial(Trial, frozen=True):
    """Using a deployment as its users do.

    Attributes:
        base: where its API is.
        elsewhere: where the API of another deployment is, which must not show what is done here.
        is_staging: whether it is the staging deployment, whose key may be another.
    """

    base: str
    elsewhere: str | None = None
    is_staging: bool = False


class RestoreTrial(Trial, frozen=True):
    """Restoring the newest dump into a throwaway database on the machine."""

    rank: ClassVar[int] = 1

    @property
    def probes(self) -> tuple[Probe, ...]:
        """Where to begin, and what restores."""
        return (PLAN_PROBE, restore_probe("", ""))


class AttackTrial(Trial, frozen=True):
    """Injection strings and a burst at a deployment. This may get us banned, so that nothing comes after it."""

    rank: ClassVar[int] = 2
    base: str


def why_not_asked(target: Target, kind: Literal["functional", "restore", "attack"]) -> Unknown | None:
    """Why a kind of active probe is not run; nothing if it is."""
    if kind in target.active:
        return None
    return Unknown(Reason.NOT_CONFIGURED, f"needs --zebu-active={kind}")


def _production(target: Target) -> str | Unknown:
    """The production API's address, or why nothing may be written there."""
    base = target.settings.domains.api_origin
    if base is None:
        return Unknown(Reason.NOT_CONFIGURED, "domains.api is not set")
    host = base.removeprefix("https://")
    if target.settings.probes.production != host:
        why = f"nothing is written to production ({host}) unless probes.production names it"
        return Unknown(Reason.NOT_CONFIGURED, why)
    return base


def use_of_production(target: Target) -> UseTrial | Unknown:
    """A portfolio's life in production."""
    if why := why_not_asked(target, "functional"):
        return why
    base = _production(target)
    return base if isinstance(base, Unknown) else UseTrial(base)


def use_of_staging(target: Target) -> UseTrial | Unknown:
    """A portfolio's life in staging, which production must not show."""
    if why := why_not_asked(target, "functional"):
        return why
    domains = target.settings.domains
    if domains.staging is None:
        return Unknown(Reason.NOT_CONFIGURED, "domains.staging is not set")
    return UseTrial(f"https://{domains.staging}", domains.api_origin, is_staging=True)


def _result(gathered: Gathered, target: Target, fact: Fact[Any]) -> Mapping[str, Any]:
    """What came of a fact's trial: as it was held, or else why it is not."""
    seen = gathered.trials.get(fact.name)
    if seen is None:
        plan = fact.trial(target) if fact.trial else None
        seen = plan if isinstance(plan, Unknown) else Unknown(Reason.NOT_GATHERED, f"the trial of {fact.name}")
    if isinstance(seen, Unknown):
        raise Missing(seen)
    if not isinstance(seen, dict):
        raise Garbled("the trial")
    return seen


def _read_use(data: Mapping[str, Any]) -> Use:
    steps = {name: step for name, step in data.items() if isinstance(step, dict) and "status" in step}
    for name, step in steps.items():
        integer(step["status"], f"the status of {name}")
    left, elsewhere = data.get("left", 0), data.get("elsewhere")
    malformed = part({"malformed": [], **data}, "malformed", list)
    for row in malformed:
        part(row, "what", str)
        part(row, "status", int)
        part(row, "ours", bool)
        part(row, "envelope", bool)
    return Use(
        steps, str(data.get("named", "")), str(data.get("broken", "")), left if isinstance(left, Unknown) else integer(left, "what is left"),
        tuple(malformed), None if elsewhere is None else integer(elsewhere, "the other deployment's status"),
    )  # fmt: skip


def parse_use(gathered: Gathered, target: Target) -> Use:
    """From production's answers."""
    return _read_use(_result(gathered, target, USE))


def parse_staged_use(gathered: Gathered, target: Target) -> Use:
    """From staging's answers."""
    return _read_use(_result(gathered, target, STAGED_USE))


class Attack(Struct, frozen=True):
    """What injection strings and a burst did.

    Attributes:
        total: how many portfolios the key's user has, asked properly.
        injected: what was answered to each string: path, text, status, total.
        refused: the statuses with which keys made of such strings were answered.
        burst, limited: requests in quick succession, and how many of them got 429.
    """

    total: int | None
    injected: tuple[Mapping[str, Any], ...]
    refused: tuple[int, ...]
    burst: int
    limited: int


def attack_on_production(target: Target) -> AttackTrial | Unknown:
    """It is one deployment that is attacked, once."""
    if why := why_not_asked(target, "attack"):
        return why
    base = _production(target)
    return base if isinstance(base, Unknown) else AttackTrial(base)


def parse_attack(gathered: Gathered, target: Target) -> Attack:
    """From the answers."""
    data = _result(gathered, target, ATTACK)
    total, injected, refused = data.get("total"), part(data, "injected", list), part(data, "refused", list)
    for row in injected:
        part(row, "path", str)
        part(row, "text", str)
        part(row, "status", int)
    burst, limited = part(data, "burst", int), part(data, "limited", int)
    if not injected or not refused or burst <= 0 or limited < 0:
        raise Garbled("the attack")
    statuses = tuple(integer(status, "a status") for status in refused)
    return Attack(total if type(total) is int else None, tuple(injected), statuses, burst, limited)


# The restore drill. It writes only into a container of its own, which has no network, is bounded, and is removed.

PLAN_PROBE = Probe(
    "drill-dump",
    file="drill-dump.pl",
    uses=("quiet.pl", "dumps.pl", "dump-contents.pl", "dump-kinds.pl"),
    root=True,
    needs=(Need.DB_CONTAINER,),
    timeout=30,
)
RESTORE_SECONDS = 150.0
"""The longest that a restore may take."""


def restore_probe(throwaway: str, dump: str) -> Probe:
    """What restores a dump into a container, and counts the rows there and in the live database."""
    return Probe(
        "drill",
        file="drill.sh",
        uses=("quiet.sh", "quiet.pl", "dumps.pl", "dump-contents.pl", "drill-kind.pl"),
        values=(("THROWAWAY", throwaway), ("DUMP", dump)),
        root=True,
        needs=(Need.DB_CONTAINER,),
        timeout=RESTORE_SECONDS,
    )


class Plan(Struct, frozen=True):
    """What a drill starts from.

    Attributes:
        now: the machine's time, in seconds since 1970.
        image: the id of the live database's image.
        entrypoint, command: what that image starts.
        dump: the newest dump's name.
    """

    now: int
    image: str
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    dump: str


def parse_plan(text: str) -> Plan:
    """From what the machine said.

    Raises:
        Garbled: it is no plan.
    """
    found = records(text, "the plan of the drill", ("now", "image", "entrypoint", "command", "newest"))

    def words(name: str) -> tuple[str, ...]:
        try:
            read = plainjson.loads(single(found, name, "null"))
        except (ValueError, RecursionError):
            raise Garbled(f"the plan of the drill: {name}") from None
        if read is None:
            return ()
        if not isinstance(read, list) or not all(isinstance(word, str) for word in read):
            raise Garbled(f"the plan of the drill: {name}")
        return tuple(read)

    image, dump = single(found, "image"), single(found, "newest")
    if not image or not dump:
        raise Garbled("the plan of the drill")
    now = whole_number(single(found, "now"), "the time of the drill")
    return Plan(now, image, words("entrypoint"), words("command"), dump)


class Drill(Struct, frozen=True):
    """A dump that was restored for trial.

    Attributes:
        status: how the restore ended: 0 without an error.
        seconds: how long it took.
        restored, live: rows by table.
        data: the tables of which it has data, if only no rows; empty where it does not tell.
        copy: of the copy that can be read from there, whether it is the `same`, `other` or `absent`.
    """

    dump: str
    status: int
    seconds: int
    complaint: str
    restored: Mapping[str, int]
    live: Mapping[str, int]
    data: frozenset[str]
    copy: str = ""


def drill_here(target: Target) -> RestoreTrial | Unknown:
    """One drill."""
    return why_not_asked(target, "restore") or RestoreTrial()


def parse_drill(gathered: Gathered, target: Target) -> Drill:
    """From what the drill said."""
    data = _result(gathered, target, DRILL)
    if part(data, "status", int) != 0:
        raise Missing(Unknown(Reason.UNDECIDABLE, f"the drill could not be held: {data.get('complaint')}"))
    dump, complaint, copy, status, seconds = "", "", "", -1, 0
    rows: dict[str, dict[str, int]] = {"@restored": {}, "@live": {}}
    with_data: set[str] = set()
    try:
        for line in lines_of(part(data, "out", str)):
            word, _, rest = line.partition(" ")
            if word == "@dump":
                dump = rest.partition(" ")[2]
            elif word == "@status":
                status, seconds = (integer(word, "the drill's end") for word in rest.split())
            elif word == "@complaint":
                complaint = rest
            elif word == "@copy":
                copy = rest
            elif word == "@data":
                with_data.add(rest)
            elif word in rows:
                table, _, count = rest.rpartition(" ")
                rows[word][table] = whole_number(count, "a count of rows")
            else:
                raise Garbled(f"the drill said: {line[:120]}")
    except ValueError:
        raise Garbled("the drill") from None
    if status < 0 or not rows["@live"]:
        raise Missing(Unknown(Reason.UNDECIDABLE, "the drill ended before it could compare"))
    return Drill(dump, status, seconds, complaint, rows["@restored"], rows["@live"], frozenset(with_data), copy)


USE = Fact("use", parse_use, trial=use_of_production)
STAGED_USE = Fact("staged_use", parse_staged_use, trial=use_of_staging)
DRILL = Fact("drill", parse_drill, trial=drill_here)
ATTACK = Fact("attack", parse_attack, trial=attack_on_production)
