"""A fault: a way to break the lab, declared by one typed call, and what must come of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, TypeVar, get_args

from lab.deployment import Lab
from lab.settled import Service, Settled
from pytest_zebu.catalogue import load
from pytest_zebu.verdict.outcome import Outcome

Part = Literal[
    # containers, and what is in them
    "backend", "backend-files", "backend-restart", "backend-source", "frontend", "index", "postgres", "redis", "worker",
    # the database
    "alembic", "postgres-password", "postgres-rows", "role", "tables", "transactions",
    # the machine
    ".env", "beside", "biglog", "docker", "dumps", "iptables", "journald", "logrotate", "names", "other-project", "port", "prune",
    "route", "shadow", "sshd", "stray", "sysstat", "timers", "updates", "uptime", "watch",
    # the checkout
    ".github", "CHANGELOG.md", "Taskfile", "architecture.md", "contacts.md", "deployment.md", "disaster-recovery.md",
    "git", "rollback.md", "troubleshooting.md",
    # the proxy
    "http2", "proxy-api", "proxy-certificates", "proxy-hsts", "proxy-http", "proxy-limits", "proxy-listen", "proxy-site",
    "proxy-www", "renewal",
    # what answers beside them
    "advisories", "dns", "forge", "npm", "prices", "proxmox", "signin",
    # the runner's own
    "attestations", "domains", "history", "incidents", "profile",
]  # fmt: skip
"""The parts of the lab that faults change."""
Probes = Literal["attack", "functional", "restore"]
Blinding = Literal["", "without root", "without network", "without ssh"]
"""The blindings that a fault may bring with it."""
PARTS_OF_CONTAINERS: Mapping[Service, frozenset[Part]] = {
    "backend": frozenset({"backend", "backend-files", "backend-restart"}),
    "db": frozenset({"postgres"}),
    "frontend": frozenset({"frontend"}),
    "redis": frozenset({"redis"}),
}
"""By service, the parts of which a fault touches or uses one that does anything with its container."""
ADVICE_ONLY = frozenset({"pre.security.ssh.port-changed"})
"""Optional: unseen it is advice, as it is unmet."""

Change = Callable[[Lab], object]
Word = TypeVar("Word", bound=str)


def _unchanged(lab: Lab) -> None:
    """Where nothing has to be put back."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A way to break the lab, and what must come of it.

    Attributes:
        item: the item whose check it is for.
        flips: the items that it flips; none where an arrangement is odd but right.
        inject: breaks it; its docstring says what the fault is.
        mend: puts it back as it was, also where `inject` did not get to its end.
        outcomes: of those that it flips, the ones that become something else than failed.
        right_for: the items for which the arrangement is odd but right; by default its own, if it fails nothing.
        touches: the parts of the lab that it changes; two faults that touch the same part are not injected together. A
            service's name stands for its container: who touches it may make it anew.
        uses: the parts in whose containers it runs commands, without a claim to them: it shares a round with those that
            touch them, and takes turns, as a container that is started again ends what is run in it.
        apart_from: items whose faults are not injected together with it, though no part is touched by both.
        probes: the active probes that the suite is run with to see it.
        settings: replacements in the lab's settings, where the arrangement has to be declared; `@LAB@` is the lab's folder.
        override: what a compose file of the fault's own gives to services; those of faults in a round are merged, and
            the containers made anew once, before anything else is injected, and again after all is mended.
        blinds: a blinding that comes with it.
        settles: what containers settle to that do not run, or are not meant to be ready, while it is injected.
    """

    item: str
    name: str
    flips: frozenset[str]
    inject: Change
    mend: Change = _unchanged
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    right_for: frozenset[str] = frozenset()
    touches: frozenset[str] = frozenset()
    uses: frozenset[Part] = frozenset()
    probes: frozenset[Probes] = frozenset()
    settings: tuple[tuple[str, str], ...] = ()
    override: Mapping[Service, Mapping[str, Any]] = field(default_factory=dict)
    blinds: Blinding = ""
    settles: Mapping[Service, Settled] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Item and name."""
        return f"{self.item}/{self.name}"

    @property
    def text(self) -> str:
        """What the fault is, in words."""
        return inspect.getdoc(self.inject) or ""

    @property
    def options(self) -> tuple[str, ...]:
        """What the suite is run with to see it."""
        return (f"--zebu-active={','.join(sorted(self.probes))}",) if self.probes else ()

    @property
    def is_odd_but_right(self) -> bool:
        """Whether all is well with what it is for: nothing of that fails, and nothing is kept from sight."""
        if self.right_for:
            return True
        return not {self.outcome(item) for item in self.flips} & {Outcome.FAILED, Outcome.NOT_ASSESSED}

    @property
    def takes_turns(self) -> bool:
        """Whether it changes containers, or what they are made from, or works in one: never beside another that does."""
        return bool((self.touches | self.uses) & frozenset({".env"}).union(*PARTS_OF_CONTAINERS.values()))

    def outcome(self, item: str) -> Outcome:
        """What an item that it flips becomes."""
        return self.outcomes.get(item, Outcome.FAILED)

    def breaks(self, item: str) -> bool:
        """Whether an item fails by it, or is kept from being seen: one fault may be the proof of several items."""
        outcome = self.outcome(item)
        # What is optional is advised where it fails.
        return item in self.flips and (
            outcome in (Outcome.FAILED, Outcome.NOT_ASSESSED) or (outcome is Outcome.ADVICE and item not in ADVICE_ONLY)
        )


def fault(
    item: str,
    *,
    flips: Set[str],
    name: str = "",
    mend: Change = _unchanged,
    outcomes: Mapping[str, Outcome] = MappingProxyType({}),
    right_for: Set[str] = frozenset(),
    touches: Set[Part] = frozenset(),
    uses: Set[Part] = frozenset(),
    apart_from: Set[str] = frozenset(),
    probes: Set[Probes] = frozenset(),
    settings: tuple[tuple[str, str], ...] = (),
    override: Mapping[Service, Mapping[str, Any]] = MappingProxyType({}),
    blinds: Blinding = "",
    settles: Mapping[Service, Settled] = MappingProxyType({}),
) -> Callable[[Change], Fault]:
    """Declare that a function breaks the lab. What is declared is described with `Fault`.

    Args:
        name: the fault's name, where the function's cannot be it: two items of a module have a fault of that name.

    Raises:
        UnknownItem: the checklist has no such item; the nearest is named.
        ValueError: a part, a service, an active probe or a blinding that does not exist, an outcome that is none, or one
            for an item that is not flipped.
    """
    catalogue = load()
    for named in (item, *flips, *outcomes, *right_for, *apart_from):
        catalogue[named]
    _check("parts of the lab", touches | uses, get_args(Part))
    _check("active probes", probes, get_args(Probes))
    _check("blindings", {blinds}, get_args(Blinding))
    _check("services", override.keys() | settles.keys(), get_args(Service))
    _check("states to settle to", set(settles.values()), get_args(Settled))
    for flipped in outcomes:
        if flipped not in flips:
            raise ValueError(f"an outcome for {flipped}, which is not flipped")
        if not isinstance(outcomes[flipped], Outcome):
            raise ValueError(f"no outcome: {outcomes[flipped]!r}")

    def declare(inject: Change) -> Fault:
        if not inspect.getdoc(inject):
            raise ValueError(f"{item}: the docstring of {inject} does not say what the fault is")
        return Fault(
            item=item,
            name=name or inject.__name__,
            flips=frozenset(flips),
            inject=inject,
            mend=mend,
            outcomes=dict(outcomes),
            right_for=frozenset(right_for),
            touches=frozenset[str](touches) | apart_from,
            uses=frozenset(uses),
            probes=frozenset(probes),
            settings=settings,
            override=dict(override),
            blinds=blinds,
            settles=dict(settles),
        )

    return declare


def _check(what: str, words: Set[Word], known: tuple[str, ...]) -> None:
    if unknown := sorted(words - set(known)):
        raise ValueError(f"no such {what}: {', '.join(unknown)}; there are {', '.join(known)}")
