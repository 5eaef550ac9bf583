"""How old images are."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pytest_zebu.facts.answer import Reason
from pytest_zebu.facts.images import DOCKER, Image
from pytest_zebu.settings.target import Target
from tests.facts.answers import NOON, read, why


def test_made_and_base(target: Target) -> None:
    out = "@image backend 2026-11-24T12:00:00.5Z 2026-11-23T12:00:00Z\n@image db 2026-11-24T13:00:00+01:00 \n@image odd N/A N/A\n"
    assert read("images", out, target) == (
        Image("backend", NOON, NOON - timedelta(days=1)), Image("db", NOON, None), Image("odd", None, None),
    )  # fmt: skip


@pytest.mark.parametrize(
    "date", ["1970-01-01T00:00:00Z", "1980-01-01T00:00:01Z", "0001-01-01T00:00:00Z", "2013-02-28T23:59:59Z", "-", ""]
)
def test_a_date_that_says_nothing_is_no_age(date: str, target: Target) -> None:
    """Builds that are the same every time set one; and of an image that is gone none is told."""
    assert read("images", f"@image db {date} {date}\n@image web 2026-11-24T12:00:00Z 2013-03-01T00:00:00Z", target) == (
        Image("db", None, None), Image("web", NOON, DOCKER),
    )  # fmt: skip


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize(
    "date",
    [
        "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z", "2026-11-24T24:00:01Z", "2016-12-31T23:59:60Z", "2026-11-24T12:00:00+99:00", "2026-११-24T12:00:00Z",
        "0000-01-01T00:00:00Z", "9999-99-99T99:99:99Z", "2026-11-24T12:00:00Z2026-11-24T12:00:00Z",
    ],
)  # fmt: skip
def test_a_date_that_no_calendar_has_is_no_age(date: str, target: Target) -> None:
    assert read("images", f"@image db {date} {date}\n", target) == (Image("db", None, None),)


def test_one_odd_image_leaves_the_others(target: Target) -> None:
    assert read("images", "@image db\n@image web 2026-11-24T12:00:00Z soon", target) == (
        Image("db", None, None),
        Image("web", NOON, None),
    )


@pytest.mark.parametrize(
    ("out", "reason"),
    [("", Reason.MISSING), ("@image\n", Reason.GARBLED), ("Error: no such image\n", Reason.GARBLED)],
)
def test_no_image_is_no_verdict(out: str, reason: Reason, target: Target) -> None:
    assert why("images", out, target) is reason
