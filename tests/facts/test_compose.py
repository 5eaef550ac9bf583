"""What compose would make, beside what runs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Reason, Unknown, need
from pytest_zebu.facts.compose import Service
from pytest_zebu.settings.target import Target
from tests.facts.answers import read, saying, why


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


@pytest.mark.parametrize("line", [
    "@environment other 1 A", "@environment db many A", "@files other 1 2 3", "@files db 1 2", "@files db 1 2 x", "@unreadable", "no such service",
])  # fmt: skip
def test_a_line_of_no_service_is_garbled(line: str, target: Target) -> None:
    assert why("compose", f"@service db pulled - - -\n{line}\n", target) is Reason.GARBLED


def test_files_that_an_image_has(target: Target) -> None:
    (found,) = read("compose", "@service db built - - 1790373520\n@files db 7 2 1\n", target)
    assert (found.files, found.created, found.revision) == ((7, 2, 1), None, "")
    assert found.context_changed is not None
    assert why("compose", "", target) is Reason.GARBLED


def test_each_replica_is_compared_for_itself(target: Target) -> None:
    """The last one hides nothing of those before it."""
    out = "@service web pulled - - -\n@environment web 3 A\n@service web pulled - - -\n@environment web 3 -\n"
    assert [one.differing for one in read("compose", out, target)] == [("A",), ()]
