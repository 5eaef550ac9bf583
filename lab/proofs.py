"""What is proven on the lab, as declared: the faults, the rounds in which they are injected together, and the blindings."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lab import faults
from lab.fault import ADVICE_ONLY as ADVICE_ONLY
from lab.fault import Fault as Fault
from lab.fault import Probes
from pytest_zebu.catalogue import Stage, load
from pytest_zebu.plugin.checks import suite
from pytest_zebu.verdict.outcome import Outcome

ATTACK: Probes = "attack"
USED_BY_PROBES = frozenset(
    {"backend", "backend-files", "backend-restart", "domains", "dumps", "proxy-api", "proxy-certificates", "redis"}
)
"""The parts of the lab on which active probes rest."""
MACHINE_DECIDED = frozenset(suite())
"""The items that a check decides."""


def load_faults() -> tuple[Fault, ...]:
    """All faults, in order of their names.

    Raises:
        ValueError: two are of one name, or one is for an item that no check decides.
    """
    found: dict[str, Fault] = {}
    for module in pkgutil.iter_modules(faults.__path__, f"{faults.__name__}."):
        for one in vars(importlib.import_module(module.name)).values():
            if not isinstance(one, Fault):
                continue
            if one.id in found:
                raise ValueError(f"two faults are called {one.id}")
            if one.item not in MACHINE_DECIDED:
                raise ValueError(f"{one.id}: no check decides this item")
            found[one.id] = one
    return tuple(found[key] for key in sorted(found, key=lambda key: key.split("/")))


def _overridden(fault: Fault) -> frozenset[tuple[str, ...]]:
    """The keys that a fault's override sets, as paths; a whole list or value is one key."""

    def paths(node: Any, at: tuple[str, ...]) -> list[tuple[str, ...]]:
        return [one for key in node for one in paths(node[key], (*at, key))] if isinstance(node, Mapping) else [at]

    return frozenset(paths(fault.override, ()))


def merged(faults: Iterable[Fault]) -> dict[str, dict[str, Any]]:
    """The overrides of faults that are injected together, by service."""

    def merge(into: dict[str, Any], node: Mapping[str, Any]) -> None:
        for key, value in node.items():
            if isinstance(value, Mapping):
                merge(into.setdefault(key, {}), value)
            else:
                into[key] = value

    found: dict[str, dict[str, Any]] = {}
    for fault in faults:
        merge(found, {str(service): keys for service, keys in fault.override.items()})
    return found


def rounds(faults: tuple[Fault, ...]) -> tuple[tuple[Fault, ...], ...]:
    """Faults that do not touch each other, together: no two of an item, and none that flips the item of another.

    Items that are the own of neither may be flipped by both, to the same outcome: the union of what is declared is what
    must be seen. One that keeps the suite from seeing is alone. Only what is attacked is attacked: the burst would slow
    others down.
    """

    def outcomes(fault: Fault) -> dict[str, Outcome]:
        return {item: fault.outcome(item) for item in fault.flips}

    def meets(fault: Fault, other: Fault) -> bool:
        mine, theirs = outcomes(fault), outcomes(other)
        if fault.item in (theirs.keys() | {other.item}) or other.item in mine:
            return True
        if any(mine[item] != theirs[item] for item in mine.keys() & theirs.keys()):
            return True
        return bool(
            fault.touches & (other.touches | other.flips | {other.item})
            or other.touches & (fault.flips | {fault.item})
            or _overridden(fault) & _overridden(other)
            or fault.override.keys() & other.touches
            or other.override.keys() & fault.touches
        )

    def fits(fault: Fault, group: list[Fault]) -> bool:
        if fault.blinds or group[0].blinds or (ATTACK in fault.probes) is not (ATTACK in group[0].probes):
            return False
        if any(meets(fault, other) for other in group):
            return False
        probing = bool(fault.probes) or any(other.probes for other in group)
        together = (fault, *group)
        return not probing or not any(
            other.override or USED_BY_PROBES & other.touches for other in together if not other.probes
        )

    found: list[list[Fault]] = []
    for fault in faults:
        for group in found:
            if fits(fault, group):
                group.append(fault)
                break
        else:
            found.append([fault])
    return tuple(tuple(group) for group in found)


def options_of(faults: tuple[Fault, ...]) -> tuple[str, ...]:
    """What the suite is run with to see all of them: the active probes that any of them needs."""
    probes = {probe for fault in faults for probe in fault.probes}
    return (f"--zebu-active={','.join(sorted(probes))}",) if probes else ()


# Blindings: how the suite is kept from seeing, and the items that it must then not assess.

_FUNCTIONALITY = "pre.application.functionality"
_PEOPLES_TASKS = frozenset(f"ops.{name}" for name in (
    "weekly.logs", "monthly.metrics", "quarterly.disaster-test", "quarterly.security-practices", "quarterly.performance",
    "quarterly.capacity", "quarterly.runbooks", "annually.audit", "annually.recovery-plan", "annually.slo",
    "annually.architecture",
))  # fmt: skip
ATTESTED_IN_THE_LAB = frozenset(
    {
        f"{_FUNCTIONALITY}.staging",
        "post.monitoring.services.uptime",
        "post.monitoring.logs.errors-reviewed",
        "post.recovery.backups.off-site",
        "post.maintenance.deployment.rollback-tested",
        "post.maintenance.capacity.growth",
        *_PEOPLES_TASKS,
    }
)
"""What a machine sees decides them where there is something to see, or can fail them; in the healthy lab people attest them."""
ATTESTED_WITHOUT_DRILL = frozenset({"post.recovery.backups.verified"})
"""A drill decides it; in the lab people attest it for the runs that hold none."""
ATTESTED_WITHOUT_HISTORY = frozenset({"post.maintenance.capacity.baseline", "ops.monthly.restore-test"})
"""Earlier runs decide them; in the lab people attest them for the first one."""
INCIDENTS = frozenset(item.id for item in load().stage(Stage.INCIDENT))
"""Not applicable while no incident is on record, as in the healthy lab."""
TOLD_TO_ANY_USER = frozenset(
    {"pre.infrastructure.vm-resources", "pre.infrastructure.static-ip", "pre.infrastructure.network", *ADVICE_ONLY}
)
BY_CREDENTIAL = frozenset(
    {
        "pre.infrastructure.proxmox-updated",
        "pre.security.https.auto-renewal",
        "pre.security.application.rate-limit",
        "pre.security.application.input-validation",
        "pre.database.integrity.migrations-staged",
        "post.maintenance.updates.staging",
        *(f"post.recovery.snapshots.{name}" for name in ("pre-deployment", "post-deployment", "retention")),
        "ops.monthly.vulnerabilities",
        *(f"pre.application.quality.{name}" for name in ("tests", "linters", "types", "reviewed", "vulnerabilities")),
        *(f"{_FUNCTIONALITY}.{name}" for name in ("portfolios", "trades", "prices", "transactions")),
    }
)
"""Asked of services, each with a token, a password or a key; the advisories with none, so their address is taken away."""
FROM_OUTSIDE = frozenset(
    {
        "pre.infrastructure.dns-records",
        "pre.infrastructure.reverse-proxy",
        "pre.infrastructure.certificates",
        "pre.infrastructure.port-forwarding",
        *(f"deploy.initial.{name}" for name in ("health-site", "health-api")),
        *(f"deploy.frontend.{name}" for name in ("https", "certificate", "assets", "mobile")),
        *(f"deploy.backend.{name}" for name in ("api", "cors-headers", "authentication", "docs")),
        "deploy.database.reachable",
        *(
            f"deploy.network.{name}"
            for name in ("domain", "api-subdomain", "https-redirect", "www", "no-mixed-content")
        ),
        *(f"deploy.performance.{name}" for name in ("page-load", "api")),
        *(f"pre.security.https.{name}" for name in ("certificate", "force-ssl", "hsts", "http2")),
        "pre.security.firewall.required-ports-only",
        "pre.security.firewall.backend-not-exposed",
        "pre.security.firewall.database-local",
        "pre.security.firewall.redis-local",
        "pre.security.secrets.defaults-changed",
        "pre.security.application.cors-restricted",
        "pre.security.application.app-debug",
        "pre.application.environment.api-base-url",
        "pre.application.environment.cors-complete",
        f"{_FUNCTIONALITY}.authentication",
        "deploy.frontend.console-clean",
        *(f"post.monitoring.tls.{name}" for name in ("expiry", "auto-renewal")),
        "ops.weekly.certificates",
    }
)
OVER_SSH_TOO = frozenset({"pre.security.application.rate-limit"})
"""Asked of a service, and seen on the proxy's machine as well, whose ssh port is not cut off."""
WITHOUT_SSH_USER = frozenset(
    {
        "pre.infrastructure.dns-records",
        "pre.infrastructure.certificates",
        "pre.infrastructure.port-forwarding",
        "pre.infrastructure.proxmox-updated",
        *(f"pre.security.https.{name}" for name in ("certificate", "force-ssl", "hsts", "http2", "auto-renewal")),
        *(f"post.monitoring.tls.{name}" for name in ("auto-renewal", "renewal-tested")),
        "post.recovery.snapshots.retention",
        *(f"ops.weekly.{name}" for name in ("backups", "certificates")),
        *INCIDENTS,
        "pre.security.application.rate-limit",
        "pre.security.application.input-validation",
        *(f"{_FUNCTIONALITY}.{name}" for name in ("portfolios", "trades", "prices", "transactions")),
        *(f"deploy.initial.{name}" for name in ("ssh", "health-site", "health-api")),
        *(f"deploy.frontend.{name}" for name in ("certificate", "assets", "mobile", "console-clean")),
        *(f"deploy.backend.{name}" for name in ("api", "cors-headers", "authentication", "docs")),
        "deploy.database.reachable",
        *(
            f"deploy.network.{name}"
            for name in ("domain", "api-subdomain", "https-redirect", "www", "no-mixed-content")
        ),
        *(f"deploy.performance.{name}" for name in ("page-load", "api")),
    }
)
"""Seen without any right on the machine."""
_BY_PEOPLE = ATTESTED_IN_THE_LAB | ATTESTED_WITHOUT_DRILL | ATTESTED_WITHOUT_HISTORY
_BLINDINGS: Mapping[str, frozenset[str]] = {
    "without root": MACHINE_DECIDED - TOLD_TO_ANY_USER - WITHOUT_SSH_USER - _BY_PEOPLE,
    "without tools": TOLD_TO_ANY_USER,
    "without network": FROM_OUTSIDE | (BY_CREDENTIAL - OVER_SSH_TOO),
    "without credentials": BY_CREDENTIAL
    | {f"post.monitoring.tls.{name}" for name in ("auto-renewal", "renewal-tested")},
    "without a browser": frozenset(
        {
            *(f"deploy.frontend.{name}" for name in ("console-clean", "assets", "mobile")),
            "deploy.network.no-mixed-content",
            "deploy.performance.page-load",
        }
    ),
    "without ssh": (MACHINE_DECIDED - WITHOUT_SSH_USER - _BY_PEOPLE)
    | {"pre.security.https.auto-renewal", "post.recovery.snapshots.retention", *INCIDENTS}
    | {f"post.monitoring.tls.{name}" for name in ("auto-renewal", "renewal-tested")},
    "without network and ssh": frozenset({"deploy.initial.ssh"}),
    "without root and token": frozenset({"ops.weekly.backups"}),
    "without attestation": _BY_PEOPLE,
}
BLINDINGS = {name: items & MACHINE_DECIDED for name, items in _BLINDINGS.items() if items & MACHINE_DECIDED}


@dataclass(frozen=True, slots=True)
class Declared:
    """The proofs that are declared for an item."""

    item: str
    faults: tuple[str, ...]
    odd_but_right: tuple[str, ...]
    blindings: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Whether it is shown to fail, and to be not assessed."""
        return bool(self.faults and self.blindings)


def _breaking(faults: tuple[Fault, ...], item: str) -> tuple[str, ...]:
    """The faults that are for an item and break it; where there is none, those for others that break it too."""
    # What is advice while all is well is proven by what makes it pass.
    own = tuple(fault.name for fault in faults if fault.item == item and (fault.breaks(item) or item in ADVICE_ONLY))
    return own or tuple(fault.name for fault in faults if fault.breaks(item))


def declared() -> tuple[Declared, ...]:
    """The proofs of every item that a check decides."""
    faults = load_faults()
    return tuple(
        Declared(
            item,
            _breaking(faults, item),
            tuple(
                fault.name for fault in faults if item in (fault.right_for or {fault.item}) and fault.is_odd_but_right
            ),
            tuple(name for name, items in BLINDINGS.items() if item in items),
        )
        for item in sorted(MACHINE_DECIDED)
    )
