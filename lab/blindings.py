"""How the suite is kept from seeing, and the items that it must then not assess: these follow from the facts that an item needs.

A fact needs senses: those of its probes and of its looks, as the lab's settings make them. A blinding takes senses away. An
item is blind where a fact that its check asks for is; of facts of which one is enough, where all of them are. What does not
follow from that is a departure, with its reason.
"""

from __future__ import annotations

import inspect
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from lab.place import SOURCE
from pytest_zebu.catalogue import Stage, load
from pytest_zebu.facts import ALL
from pytest_zebu.facts.fact import Fact, Look, Probe, Trial
from pytest_zebu.facts.trials import RestoreTrial, UseTrial
from pytest_zebu.plugin.checks import either_of, suite
from pytest_zebu.settings.model import Settings
from pytest_zebu.settings.target import Target

Sense = Literal["browser", "credentials", "network", "root", "ssh", "tools"]
Senses = frozenset[Sense]
MACHINE_DECIDED = frozenset(suite())
"""The items that a check decides."""
BY_SIGHT: Senses = frozenset({"network"})
BY_CREDENTIAL: Senses = frozenset({"network", "credentials"})
LOOKS: Mapping[str, Senses] = {
    **dict.fromkeys(("descriptions", "dns", "http", "scripts", "tcp", "timing", "tls"), BY_SIGHT),
    "browser": BY_SIGHT | {"browser"},
    "ssh": frozenset({"ssh"}),
    # Asked of services, each with a token, a password or a key.
    **dict.fromkeys(("keyed", "proxmox", "proxy"), BY_CREDENTIAL),
}
"""The senses that a look needs, by its kind."""
TRIALS: Mapping[type[Trial], Senses] = {
    UseTrial: BY_CREDENTIAL,
    RestoreTrial: frozenset({"root", "ssh"}),  # a drill is held on the machine
}
"""The senses that an active probe needs."""
BESIDES: Mapping[str, Senses] = {
    # The batch's own answers, without a probe.
    **dict.fromkeys(("containers", "environment"), frozenset[Sense]({"root", "ssh"})),
    "machine": frozenset({"ssh"}),
    # Looks that are chosen when the machine has answered.
    "forge": BY_CREDENTIAL,
    "audit": BY_CREDENTIAL,  # there is no credential to take away from the advisories: their address is
    "signin": frozenset({"root", "ssh", "network"}),  # .env names the provider
}
"""The senses that a fact needs beside those of its probes and of the looks that the settings alone decide."""
CLOCK = "machine"
"""The fact that is asked for what time it is there: no evidence by itself."""

# What people attest in the lab: what a machine sees decides these items where there is something to see, or can fail them.
_ATTESTED = frozenset(re.findall(r'id = "(.+)"', (SOURCE / "files/attestations.toml").read_text()))
ONLY_PEOPLE = _ATTESTED - MACHINE_DECIDED
"""Attested in the lab, and decided by no check."""
ATTESTED_WITHOUT_DRILL = frozenset({"post.recovery.backups.verified"})
"""A drill decides it; in the lab people attest it for the runs that hold none."""
ATTESTED_WITHOUT_HISTORY = frozenset({"post.maintenance.capacity.baseline", "ops.monthly.restore-test"})
"""Earlier runs decide them; in the lab people attest them for the first one."""
ATTESTED_IN_THE_LAB = (_ATTESTED & MACHINE_DECIDED) - ATTESTED_WITHOUT_DRILL - ATTESTED_WITHOUT_HISTORY
"""In the healthy lab people attest them."""
UNSEEN_WITHOUT_HISTORY = frozenset({"post.monitoring.services.restarts"})
"""A practice: one run does not show it."""
INCIDENTS = frozenset(item.id for item in load().stage(Stage.INCIDENT))
"""Not applicable while no incident is on record, as in the healthy lab."""


@dataclass(frozen=True, slots=True)
class Departure:
    """What does not follow from the facts.

    Attributes:
        blinding: where.
        items: of which.
        is_blind: whether they are blinded there.
        reason: why.
    """

    blinding: str
    items: frozenset[str]
    is_blind: bool
    reason: str


_OWN_DUMPS = frozenset(
    {
        "post.recovery.backups.daily",
        *(f"pre.database.backups.{name}" for name in ("off-vm", "retention", "scheduled", "strategy")),
    }
)
DEPARTURES = (
    *(
        Departure(
            blinding,
            _OWN_DUMPS,
            True,
            "the lab's hypervisor saves another machine: of its dumps only the machine itself knows",
        )
        for blinding in ("without root", "without ssh")
    ),
    Departure(
        "without ssh",
        frozenset({"pre.infrastructure.port-forwarding"}),
        False,
        "what the router forwards is seen from the internet; the machine's sockets only say where else to look",
    ),
    Departure(
        "without ssh",
        frozenset({"pre.application.functionality.prices"}),
        False,
        "the blinded run holds no active probe, without which it is not assessed in any case",
    ),
    Departure(
        "without ssh",
        frozenset({"deploy.backend.authentication"}),
        True,
        "the blinded run holds no active probe, without which only the backend's log shows that anybody is let in",
    ),
    Departure(
        "without root",
        frozenset({"post.monitoring.tls.expiry"}),
        True,
        "the lab's watcher is on the machine; what watches from elsewhere could be attested, hence the check's `either`",
    ),
    Departure(
        "without network",
        frozenset({"pre.security.secrets.defaults-changed"}),
        True,
        "the proxy's default logins are tried over the network, and need no credential; they are a case of their own",
    ),
    Departure(
        "without credentials",
        frozenset({"pre.application.functionality.authentication", "deploy.backend.authentication"}),
        True,
        "a key that is refused leaves open whether a valid one is let in, whatever the backend's log has",
    ),
    Departure(
        "without tools",
        frozenset({"pre.infrastructure.vm-resources"}),
        False,
        "processors and memory are read from the kernel's files, which are there without any tool",
    ),
    Departure(
        "without network",
        frozenset({"deploy.initial.ssh"}),
        False,
        "ssh is let through where the rest is cut off, and answers for itself; only silence everywhere says nothing of it",
    ),
)


@cache
def target() -> Target:
    """The lab as its settings have it, wherever it is: an address stands for all that is only known when it is up."""
    text = re.sub(r"@[A-Z0-9_]+@", "192.0.2.1", (SOURCE / "files/zebu.toml").read_text())
    settings = Settings.model_validate(tomllib.loads(text))
    active = frozenset({"functional", "restore"})  # no blinded run attacks
    return Target(name="lab", host=settings.hosts["lab"], settings=settings, active=active)


def of_probe(probe: Probe) -> Senses:
    """The senses that a probe needs: what any user may see needs tools, and what must be discovered first needs root."""
    if probe.host != "target":
        return frozenset({"credentials"})
    return frozenset({"ssh", "root" if probe.root or probe.waits else "tools"})


def of_look(look: Look) -> Senses:
    """The senses that a look needs."""
    return LOOKS[look.kind]


def of_fact(fact: Fact[Any]) -> Senses:
    """The senses that a fact needs; none where nothing is asked for it in the lab."""
    looks = fact.looks(target())
    trial = fact.trial(target()) if fact.trial else None
    held = [TRIALS[type(trial)]] if isinstance(trial, Trial) else []
    found = (*map(of_probe, fact.probes), *map(of_look, looks), *held, BESIDES.get(fact.name, frozenset()))
    return frozenset().union(*found)


@dataclass(frozen=True, slots=True)
class Needs:
    """What a check needs to see.

    Attributes:
        all_of: the senses of the facts that it must have.
        one_of: those of the facts of which one is enough.
    """

    all_of: Senses
    one_of: tuple[Senses, ...]

    def is_blind(self, taken: Senses) -> bool:
        """Whether it cannot see without some senses."""
        return bool(self.all_of & taken) or (bool(self.one_of) and all(senses & taken for senses in self.one_of))


def of_item(item: str) -> Needs:
    """What an item's check needs, by the facts that it asks for."""
    check = suite()[item]
    asked = [name for name in inspect.signature(check).parameters if name in ALL]
    either = [name for name in asked if name in either_of(check)]
    needed = [name for name in asked if name not in either]
    if len(either) == 1 and any(name != CLOCK for name in needed):
        either = []  # beside evidence of another kind, the only one that may be missing is welcome and no more
    made = (of_fact(ALL[name]) for name in either)
    return Needs(
        frozenset().union(*(of_fact(ALL[name]) for name in needed)), tuple(senses for senses in made if senses)
    )


TAKEN: Mapping[str, Senses] = {
    "without root": frozenset({"root"}),
    "without tools": frozenset({"tools"}),
    "without network": frozenset({"network"}),
    "without credentials": frozenset({"credentials"}),
    "without a browser": frozenset({"browser"}),
    "without ssh": frozenset({"ssh"}),
    "without root and token": frozenset({"root", "credentials"}),
    "without network and ssh": frozenset({"network", "ssh"}),
}
"""The senses that a blinding takes away."""


def blinded(departures: tuple[Departure, ...] = DEPARTURES) -> dict[str, frozenset[str]]:
    """By blinding, the items that it keeps from being assessed."""
    needs = {item: of_item(item) for item in sorted(MACHINE_DECIDED - _ATTESTED)}
    found: dict[str, frozenset[str]] = {}
    for name, taken in TAKEN.items():
        blind = {item for item, need in needs.items() if need.is_blind(taken)}
        if name == "without tools":  # taken from who sees the rest by other ways
            blind = {item for item in blind if needs[item].all_of <= {"ssh", "tools"}}
        if len(taken) > 1:  # for the items that nothing less has blinded
            blind -= frozenset().union(*found.values())
        for one in departures:
            if one.blinding == name:
                blind = blind | one.items if one.is_blind else blind - one.items
        found[name] = frozenset(blind)
    return {**found, "without attestation": _ATTESTED & MACHINE_DECIDED}


BLINDINGS: Mapping[str, frozenset[str]] = blinded()
TOLD_TO_ANY_USER = BLINDINGS["without tools"]
