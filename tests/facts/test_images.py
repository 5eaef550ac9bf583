"""How old images are."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pytest_zebu.facts.answer import Reason
from pytest_zebu.facts.images import Image
from pytest_zebu.settings.target import Target
from tests.facts.answers import NOON, read, why


def test_made_and_base(target: Target) -> None:
    out = "@image backend 2026-11-24T12:00:00.5Z 2026-11-23T12:00:00Z\n@image db 2026-11-24T13:00:00+01:00 \n@image odd N/A N/A\n"
    assert read("images", out, target) == (
        Image("backend", NOON, NOON - timedelta(days=1)), Image("db", NOON, None), Image("odd", None, None),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("out", "reason"),
    [("", Reason.MISSING), ("@image backend\n", Reason.GARBLED), ("Error: no such image\n", Reason.GARBLED)],
)
def test_no_image_is_no_verdict(out: str, reason: Reason, target: Target) -> None:
    assert why("images", out, target) is reason
