"""What active probes found: using the application, attacking it, restoring its dump. Only where the user asked for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from pytest_zebu.facts.answer import Garbled, Missing, Reason, Unknown
from pytest_zebu.facts.fact import Fact, Gathered, Look, Need, Probe
from pytest_zebu.settings.target import Target

Step = Mapping[str, Any]
DEPOSIT, QUANTITY = "10000.00", "1.5"
"""What the functional probe pays in, and how many shares it buys."""


@dataclass(frozen=True, slots=True)
class Use:
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

    def status(self, step: str) -> int:
        """The status of a step's answer; 0 where the step was not reached."""
        return int(self.steps.get(step, {}).get("status", 0))


def amount(value: Any) -> Decimal | None:
    """A number of an answer; nothing if it is none."""
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def asked_for(target: Target, probe: str) -> str:
    """Why an active probe is not run; empty if it is."""
    return "" if probe in target.active else f"needs --zebu-active={probe}"


def _production(target: Target) -> tuple[str | None, str]:
    """The production API's address, and why nothing may be written there."""
    base = target.settings.domains.api_origin
    if base is None:
        return None, "domains.api is not set"
    host = base.removeprefix("https://")
    if target.settings.probes.production != host:
        return base, f"nothing is written to production ({host}) unless probes.production names it"
    return base, ""


def use_look(target: Target, place: str) -> Look:
    """The look at one deployment: `production` or `staging`."""
    base, refused = _production(target)
    arguments: dict[str, Any] = {"base": base, "refused": refused or None}
    staging = target.settings.domains.staging
    if place == "staging":
        refused = "" if staging else "domains.staging is not set"
        arguments = {"base": f"https://{staging}", "refused": refused or None, "elsewhere": staging and base}
    return Look("functional", place, {**arguments, "is_staging": place == "staging"})


def _active_use(place: str) -> Any:
    def active(gathered: Gathered, target: Target) -> tuple[Look, ...]:
        return () if asked_for(target, "functional") else (use_look(target, place),)

    return active


def _result(gathered: Gathered, target: Target, probe: str, look: Look) -> Mapping[str, Any]:
    seen = gathered.saw(look)
    if isinstance(seen, Unknown):
        why = asked_for(target, probe)
        raise Missing(Unknown(Reason.NOT_CONFIGURED, why) if why and seen.reason is Reason.NOT_GATHERED else seen)
    if not isinstance(seen.value, dict):
        raise Garbled(f"the {probe} probe")
    return seen.value


def _parse_use(place: str) -> Any:
    def parse(gathered: Gathered, target: Target) -> Use:
        """From the answers."""
        data = _result(gathered, target, "functional", use_look(target, place))
        steps = {name: step for name, step in data.items() if isinstance(step, dict) and "status" in step}
        return Use(
            steps, str(data.get("named", "")), str(data.get("broken", "")), data.get("left", 0),
            tuple(data.get("malformed", ())), data.get("elsewhere"),
        )  # fmt: skip

    return parse


@dataclass(frozen=True, slots=True)
class Attack:
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


def _attack_look(target: Target) -> Look:
    base, refused = _production(target)
    return Look("attack", "production", {"base": base, "refused": refused or None})


def active_attack(gathered: Gathered, target: Target) -> tuple[Look, ...]:
    """One look, after all others."""
    return () if asked_for(target, "attack") else (_attack_look(target),)


def parse_attack(gathered: Gathered, target: Target) -> Attack:
    """From the answers."""
    data = _result(gathered, target, "attack", _attack_look(target))
    try:
        return Attack(
            data["total"], tuple(data["injected"]), tuple(data["refused"]), int(data["burst"]), int(data["limited"])
        )
    except (KeyError, TypeError, ValueError):
        raise Garbled("the attack probe") from None


# The restore drill. It writes only into a container of its own, which has no network, is bounded, and is removed.

DRILL_PROBE = Probe(
    "drill",
    file="drill.sh",
    root=True,
    needs=(Need.DB_CONTAINER,),
    timeout=170,
)


@dataclass(frozen=True, slots=True)
class Drill:
    """A dump that was restored for trial.

    Attributes:
        status: how the restore ended: 0 without an error.
        seconds: how long it took.
        restored, live: rows by table.
        data: the tables of which it has data, if only no rows; empty where it does not tell.
    """

    dump: str
    status: int
    seconds: int
    complaint: str
    restored: Mapping[str, int]
    live: Mapping[str, int]
    data: frozenset[str]


_DRILL_LOOK = Look("restore", "drill", {"probe": asdict(DRILL_PROBE)})


def active_drill(gathered: Gathered, target: Target) -> tuple[Look, ...]:
    """One look."""
    return () if asked_for(target, "restore") else (_DRILL_LOOK,)


def parse_drill(gathered: Gathered, target: Target) -> Drill:
    """From what the drill said."""
    data = _result(gathered, target, "restore", _DRILL_LOOK)
    if data["status"] != 0:
        raise Missing(Unknown(Reason.UNDECIDABLE, f"the drill could not be held: {data['complaint']}"))
    dump, complaint, status, seconds = "", "", -1, 0
    rows: dict[str, dict[str, int]] = {"@restored": {}, "@live": {}}
    with_data: set[str] = set()
    try:
        for line in str(data["out"]).splitlines():
            word, _, rest = line.partition(" ")
            if word == "@dump":
                dump = rest.partition(" ")[2]
            elif word == "@status":
                status, seconds = map(int, rest.split())
            elif word == "@complaint":
                complaint = rest
            elif word == "@data":
                with_data.add(rest)
            elif word in rows:
                table, _, count = rest.rpartition(" ")
                rows[word][table] = int(count)
            else:
                raise Garbled(f"the drill said: {line[:120]}")
    except ValueError:
        raise Garbled("the drill") from None
    if status < 0 or not rows["@live"]:
        raise Missing(Unknown(Reason.UNDECIDABLE, "the drill ended before it could compare"))
    return Drill(dump, status, seconds, complaint, rows["@restored"], rows["@live"], frozenset(with_data))


USE = Fact("use", _parse_use("production"), active=_active_use("production"))
STAGED_USE = Fact("staged_use", _parse_use("staging"), active=_active_use("staging"))
DRILL = Fact("drill", parse_drill, active=active_drill)
ATTACK = Fact("attack", parse_attack, active=active_attack)
