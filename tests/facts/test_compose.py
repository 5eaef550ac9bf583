"""What compose would make, beside what runs."""

from __future__ import annotations

from datetime import UTC, datetime

from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Unknown, need
from pytest_zebu.facts.compose import Service
from pytest_zebu.settings.target import Target
from tests.facts.answers import saying


def test_what_compose_would_make(target: Target) -> None:
    out = (
        "@service backend built abc 2026-11-24T21:59:32.593864033Z 1790373520\n@environment backend 16 A,B\n"
        "@service redis pulled - 2026-11-24T21:59:02Z -\n@environment redis 0 -\n@unreadable old\n"
    )
    backend, redis, old = need(ALL["compose"].read(saying({"compose": out}), target))
    assert (backend.kind, backend.revision, backend.variables, backend.differing) == ("built", "abc", 16, ("A", "B"))
    assert backend.created == datetime(2026, 11, 24, 21, 59, 32, tzinfo=UTC)
    assert redis == Service("redis", "pulled", "", datetime(2026, 11, 24, 21, 59, 2, tzinfo=UTC), None)
    assert old.kind == "unreadable"
    assert isinstance(ALL["compose"].read(saying({"compose": "@service two words"}), target), Unknown)
