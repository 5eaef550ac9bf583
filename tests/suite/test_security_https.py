"""When a certificate is due."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from lab import recordings
from pytest_zebu.facts.answer import Known
from pytest_zebu.facts.certificates import Certificate
from tests_prod.pre_deployment.test_security_https import renewal_point

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("life", "due"), [(90 * DAY, 30 * DAY), (12 * DAY, 4 * DAY), (10 * DAY, 10 * DAY / 3), (8 * DAY, 4 * DAY)]
)
def test_when_a_certificate_is_due(life: timedelta, due: timedelta, tmp_path: Path) -> None:
    healthy = recordings.evidence(recordings.read_healthy(), tmp_path)
    known = healthy.fact("certificates")
    assert isinstance(known, Known)
    made: Certificate = known.value["zebu.test"].value
    assert renewal_point(replace(made, not_after=made.not_before + life)) == due
