"""The healthy machine, where its clock differs from ours: no verdict that is wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from lab import recordings
from lab.recordings import Case
from pytest_zebu.catalogue import load
from pytest_zebu.facts.answer import Said
from pytest_zebu.facts.fact import key_values
from pytest_zebu.plugin.judge import Evidence
from pytest_zebu.verdict.outcome import Outcome

MINUTES, HOURS, YEARS = timedelta(minutes=1), timedelta(hours=1), timedelta(days=365)
MIXED = {"post.recovery.snapshots.pre-deployment", "post.recovery.snapshots.post-deployment"}
"""What the hypervisor has dated is compared with what the machine has."""
OWN = (
    "post.maintenance.updates.os", "post.monitoring.logs.rotation", "post.monitoring.disk.image-cleanup",
    "post.monitoring.disk.log-cleanup", "post.monitoring.services.resources", "post.recovery.backups.daily",
    "pre.database.backups.off-vm",
)  # fmt: skip
"""What the machine itself has dated."""
YOUNG = set(OWN) - {"post.maintenance.updates.os"}
"""Of these, what must be young. How long a release, lists and images have, is decided by our clock."""
MINTED = {
    "pre.infrastructure.certificates",
    "pre.security.https.certificate",
    "deploy.frontend.certificate",
    "deploy.backend.api",
    "deploy.network.www",
}
"""These are about certificates, which were minutes old when the lab was recorded: by an earlier clock they are not valid yet."""
REMEMBERED = (
    "post.maintenance.capacity.baseline",
    "post.maintenance.capacity.growth",
    "post.monitoring.services.restarts",
)


@pytest.fixture(scope="module")
def healthy() -> Case:
    return recordings.read_healthy()


def aged(case: Case, age: timedelta) -> Case:
    """The case with a single earlier run, that long before it."""
    newest = max(case.past or (), key=lambda run: run.at)
    return replace(case, past=(replace(newest, at=datetime.fromtimestamp(case.time, UTC) - age),))


def told(case: Case, folder: Path, **shift: timedelta) -> Evidence:
    """What is known where our clock shows another time, or the machine does."""
    found = recordings.evidence(case, folder)
    gathered = found.gathered
    host: Any = gathered.answers["zebu.host"]
    time = int(key_values(host.out)["time"])
    out = host.out.replace(f"time={time}", f"time={time + int(shift.get('theirs', timedelta()).total_seconds())}")
    ours = gathered.time + shift.get("ours", timedelta()).total_seconds()
    found.gathered = replace(gathered, answers={**gathered.answers, "zebu.host": Said(0, out)}, time=ours)
    return found


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize("ahead", [
    4 * MINUTES, -4 * MINUTES, 6 * MINUTES, -6 * MINUTES, HOURS, -HOURS, 12 * HOURS, -12 * HOURS,
], ids=str)  # fmt: skip
def test_a_clock_that_is_off_changes_no_verdict_but_opens_what_mixes_them(
    ahead: timedelta, healthy: Case, tmp_path: Path
) -> None:
    found = told(healthy, tmp_path, ours=-ahead)
    is_off = abs(ahead) > 5 * MINUTES
    expected = recordings.Healthy(healthy, tmp_path).outcomes(healthy.active)
    minted = MINTED if ahead > timedelta() else set()
    left_out = set() if is_off else minted
    minted = minted - left_out
    judged = {item.id: found.judge(item.id).outcome for item in load()}
    opened = {
        item_id
        for item_id in judged
        if judged[item_id] is Outcome.NOT_ASSESSED and expected[item_id] is not Outcome.NOT_ASSESSED
    }
    changed = {one for one in judged.keys() - left_out - opened if judged[one] is not expected[one]}
    assert not changed
    assert opened >= MIXED | minted if is_off else not opened
    assert opened <= MIXED | minted | (YOUNG if is_off and ahead < timedelta() else set())
    for item_id in opened:
        assert "the machine's clock is" in found.judge(item_id).reason


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize("item_id", OWN)
@pytest.mark.parametrize("ahead", [YEARS, 30 * YEARS], ids=lambda one: f"{one.days} days")
def test_what_a_machine_dates_is_judged_by_its_own_clock(
    ahead: timedelta, item_id: str, healthy: Case, tmp_path: Path
) -> None:
    """However far its clock is ahead: what it dated before it was set would look older yet."""
    found = told(healthy, tmp_path, ours=-ahead).judge(item_id)
    # A release, lists and images have days of their own, on which our clock decides.
    assert found.outcome is Outcome.PASSED or "support" in found.reason or "security" in found.reason


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize("item_id", sorted(YOUNG))
@pytest.mark.parametrize("behind", [YEARS, 30 * YEARS], ids=lambda one: f"{one.days} days")
def test_what_is_young_by_a_clock_that_is_behind_is_open(
    behind: timedelta, item_id: str, healthy: Case, tmp_path: Path
) -> None:
    """It may be dated by a clock that was right then: a machine that was resumed is behind until it asks for the time."""
    found = told(healthy, tmp_path, ours=behind).judge(item_id)
    assert found.outcome is Outcome.NOT_ASSESSED
    assert "how long ago that is, is not known" in found.reason


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize("item_id", OWN)
@pytest.mark.parametrize("jump", [3 * YEARS, -3 * YEARS], ids=["jumped ahead", "fell back"])
def test_a_clock_that_was_set_since_neither_passes_nor_fails(
    jump: timedelta, item_id: str, healthy: Case, tmp_path: Path
) -> None:
    """What was dated before looks three years old, or is yet to come."""
    assert told(healthy, tmp_path, theirs=jump).judge(item_id).outcome is Outcome.NOT_ASSESSED


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize("item_id", REMEMBERED)
@pytest.mark.parametrize("jump", [3 * YEARS, -3 * YEARS], ids=["ahead", "behind"])
def test_what_is_remembered_goes_by_our_clock(jump: timedelta, item_id: str, healthy: Case, tmp_path: Path) -> None:
    """A run of an hour ago is no practice by a machine's clock that jumped, and one of days ago stays one."""
    for age, is_practice in ((HOURS, False), (100 * HOURS, True)):
        found = told(aged(healthy, age), tmp_path, theirs=jump).judge(item_id)
        assert (found.outcome is Outcome.PASSED) is is_practice, found.reason


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize("jump", [3 * YEARS, -3 * YEARS], ids=["ahead", "behind"])
@pytest.mark.parametrize(
    "item_id",
    sorted(
        MINTED | {"post.monitoring.tls.expiry", "post.monitoring.tls.auto-renewal", "pre.security.https.auto-renewal"}
    ),
)
def test_a_certificate_ends_by_our_clock(item_id: str, jump: timedelta, healthy: Case, tmp_path: Path) -> None:
    """What users' browsers refuse does not depend on what time the machine has."""
    first = told(healthy, tmp_path).judge(item_id)
    assert told(healthy, tmp_path, theirs=jump).judge(item_id).outcome is first.outcome
