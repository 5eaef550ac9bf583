"""The sign-in provider's instance."""

from __future__ import annotations

import pytest

from pytest_zebu.facts import signin
from pytest_zebu.facts.answer import Missing


def test_the_publishable_key_names_its_host() -> None:
    assert signin.host_of("pk_live_Y2xlcmsuemVidS50ZXN0JA") == "clerk.zebu.test"
    for wrong in ("pk_live_", "pk_live_!!!", "pk_live_YWJj", "other"):
        with pytest.raises(Missing):
            signin.host_of(wrong)
