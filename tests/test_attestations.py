"""Attestations that a tool writes: beside what is there, at once."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pytest_zebu import attestations
from pytest_zebu.attestations import Attestation
from pytest_zebu.catalogue import load

FOUND = Attestation(
    id="pre.database.backups.restore-tested",
    statement='A drill "passed".',
    by="restore drill",
    on=date(2026, 11, 24),
    valid_days=30,
    evidence=("zebu.dump: restored in 1 s", "rows of public.portfolios: 800 restored, 800 live"),
)
BY_HAND = """# Kept as it is.
[[waiver]]
id = "deploy.frontend.mobile"
reason = "later"
approver = "operations"
from = 2026-11-01
until = 2026-12-01
"""


@pytest.mark.parametrize("before", [None, "", BY_HAND, BY_HAND.rstrip()])
def test_an_attestation_is_added(tmp_path: Path, before: str | None) -> None:
    path = tmp_path / "attestations.toml"
    if before is not None:
        path.write_text(before)
        path.chmod(0o640)
    attestations.append(path, FOUND)
    attestations.append(path, FOUND.model_copy(update={"on": date(2026, 11, 25)}))
    records = attestations.read(path, load(), required=True)
    assert records.attestations[FOUND.id].on == date(2026, 11, 25)
    assert records.attestations[FOUND.id].evidence == FOUND.evidence
    text = path.read_text()
    assert text.startswith((before or "").rstrip())
    assert text.count("[[attestation]]") == 2
    assert path.stat().st_mode & 0o777 == (0o640 if before is not None else 0o644)
    assert [other.name for other in tmp_path.iterdir()] == ["attestations.toml"]


def test_it_ends_after_its_days() -> None:
    records = attestations.Records({FOUND.id: FOUND})
    assert records.attestation(FOUND.id, date(2026, 12, 24)) is FOUND
    assert records.attestation(FOUND.id, date(2026, 12, 25)) is None
    assert "expired on 2026-12-24" in records.lapsed(FOUND.id, date(2026, 12, 25))
