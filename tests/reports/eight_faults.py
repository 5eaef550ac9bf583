"""A report as a review reads it: the recorded lab with eight faults at once, judged like a run."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from msgspec.structs import replace

from lab import recordings
from lab.recordings import JUDGED
from pytest_zebu.catalogue import load
from pytest_zebu.facts.answer import Known
from pytest_zebu.gather.snapshot import Snapshot
from pytest_zebu.plugin.dossier import Basis, completed
from pytest_zebu.plugin.judge import Evidence
from pytest_zebu.plugin.reporting import host_report
from pytest_zebu.reports.report import Report
from pytest_zebu.verdict.readiness import assess

FAULTS = (
    "pre.security.ssh.no-passwords/dropin_sorts_first",
    "pre.security.firewall.enabled/inactive",
    "pre.security.firewall.database-local/host_listener",
    "pre.security.secrets.env-permissions/backup_copy",
    "deploy.initial.services-healthy/stopped",
    "deploy.frontend.certificate/wrong_name",
    "post.recovery.backups.daily/stale",
    "post.maintenance.updates.os/switched_off",
)
"""Of different parts of the machine, so that each is seen beside the others; the live lab is given the same."""


def evidence(folder: Path, faults: tuple[str, ...] = FAULTS) -> Evidence:
    """All that is known of the healthy lab, with what each fault changed laid over it."""
    base = recordings.read_healthy()
    whole = recordings.over(
        base, replace(base, outcomes={}, answers={}, looks={}, trials={}, files={}, past=None, settings=())
    )
    for name in faults:
        case = recordings.read(JUDGED / f"{name}.json", base)
        whole = replace(
            whole,
            answers={**whole.answers, **case.answers},
            looks={key: seen for key, seen in {**whole.looks, **case.looks}.items() if seen is not None},
        )
    return recordings.evidence(replace(whole, active=frozenset()), folder)


@cache
def report() -> Report:
    """The report of it. Active probes were not asked for, so that some items are not assessed."""
    with tempfile.TemporaryDirectory() as folder:
        known = evidence(Path(folder))
        catalogue = load()
        findings = [known.judge(item.id) for item in catalogue]
        readiness = assess(catalogue, findings, [item.id for item in catalogue])
        past = known.past.value.last if isinstance(known.past, Known) else None
        at = datetime.fromtimestamp(known.gathered.time, UTC)
        snapshot = Snapshot("lab", known.gathered, True, "", 1, 1, 6.5)
        host = host_report(
            "lab", catalogue, readiness, known.target.settings, snapshot, at, "v1.2.0", past.at if past else None
        )
        basis = Basis(
            catalogue,
            readiness,
            known.target.settings,
            known.records,
            known.today,
            known.past,
            "pytest --zebu-host=lab",
        )
        return Report("1.0.0", 12.0, (completed(host, basis),))
