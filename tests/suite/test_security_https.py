"""When a certificate is due."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from lab import recordings
from pytest_zebu.facts.answer import Known
from pytest_zebu.facts.certificates import Certificate
from tests_prod.pre_deployment.test_security_https import _max_age, renewal_point

DAY = timedelta(days=1)


@pytest.mark.parametrize(("header", "seconds"), [
    ("max-age=63072000", 63_072_000), ('Max-Age="63072000"; includeSubDomains', 63_072_000), (" includeSubDomains ; max-age = 1 ;; preload", 1),
    ("s-max-age=63072000", None), ("max-age=63072000; max-age=0", None), ("max-age", None), ("max-age=", None), ("max-age=1y", None), ("max-age=-1", None),
    ("preload", None), ("max-age=1, max-age=2", None), ("max-age=1 preload", None), ("max-age=\u0661", None),
    ("MAX-AGE=63072000; INCLUDESUBDOMAINS; PRELOAD", 63_072_000), ('max-age=9; report="a;b=c, \\"d"; x=y', 9), ("max-age=" + "0" * 20 + "9" * 30, int("9" * 18)), (";max-age=5;", 5), ("max-age=0", 0),
    ("max-age='9'", None), ('max-age="9', None), ("max-age=9; includeSubDomains=true", None), ("includeSubDomains; max-age=9; includesubdomains", None), ("max-age=9; x y", None),
    ("max-age:9", None), ("", None), ("max-age=9,includeSubDomains", None), ('"max-age"=9', None), ("max-age=9;max-age=9", None),
])  # fmt: skip
def test_how_long_browsers_are_told_to_stay(header: str, seconds: int | None) -> None:
    assert _max_age(header) == seconds


@pytest.mark.parametrize(
    ("life", "due"), [(90 * DAY, 30 * DAY), (12 * DAY, 4 * DAY), (10 * DAY, 10 * DAY / 3), (8 * DAY, 4 * DAY)]
)
def test_when_a_certificate_is_due(life: timedelta, due: timedelta, tmp_path: Path) -> None:
    healthy = recordings.evidence(recordings.read_healthy(), tmp_path)
    known = healthy.fact("certificates")
    assert isinstance(known, Known)
    made: Certificate = known.value["zebu.test"].value
    assert renewal_point(replace(made, not_after=made.not_before + life)) == due
