"""Parts of the facts of deployment verification: samples, file systems, compose, Redis, answers that say healthy."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Known, Reason, Said, Unknown, need
from pytest_zebu.facts.browser import look
from pytest_zebu.facts.compose import Service
from pytest_zebu.facts.containers import docker_time
from pytest_zebu.facts.fact import Gathered, Look
from pytest_zebu.facts.latency import Latency
from pytest_zebu.facts.usage import FileSystem, Sample
from pytest_zebu.facts.web import Answer
from pytest_zebu.settings.target import Target
from tests_prod.deployment_verification.test_initial import is_healthy


def saying(**answers: str) -> Gathered:
    return Gathered({name.replace("_", "."): Said(0, text) for name, text in answers.items()})


def test_the_percentile_is_a_sample_that_enough_others_do_not_exceed() -> None:
    latency = Latency("", "", tuple(float(n) for n in range(1, 41)), frozenset({401}))
    assert [latency.percentile(share) for share in (0.5, 0.95, 1.0)] == [20.0, 38.0, 40.0]
    assert Latency("", "", (7.0,), frozenset()).percentile(0.95) == 7.0


def test_samples_of_a_container(target: Target) -> None:
    gathered = saying(usage="@sample db 1048576 4096 2000000000 10.5\n@sample db 1048577 8192 2500000000 11.0\n")
    assert need(ALL["usage"].read(gathered, target)) == {
        "db": (Sample(1048576, 4096, 2.0, 10.5), Sample(1048577, 8192, 2.5, 11.0))
    }
    for wrong in ("@other db 1 2 3", "@sample db one 2 3"):
        answer = ALL["usage"].read(saying(usage=wrong), target)
        assert isinstance(answer, Unknown)
        assert answer.reason is Reason.GARBLED
    assert isinstance(ALL["usage"].read(saying(usage=""), target), Unknown)


def test_file_systems_with_and_without_inodes(target: Target) -> None:
    gathered = saying(disk="/ 1000 250 - -\n/var/lib/my docker 400 100 50 5\n")
    assert need(ALL["disk"].read(gathered, target)) == (
        FileSystem("/", 1000, 250, 0, 0),
        FileSystem("/var/lib/my docker", 400, 100, 50, 5),
    )
    assert FileSystem("/", 1000, 250, 0, 0).free == 0.25


def test_what_compose_would_make(target: Target) -> None:
    out = (
        "@service backend built abc 2026-11-24T21:59:32.593864033Z 1790373520\n@environment backend 16 A,B\n"
        "@service redis pulled - 2026-11-24T21:59:02Z -\n@environment redis 0 -\n@unreadable old\n"
    )
    backend, redis, old = need(ALL["compose"].read(saying(compose=out), target))
    assert (backend.kind, backend.revision, backend.variables, backend.differing) == ("built", "abc", 16, ("A", "B"))
    assert backend.created == datetime(2026, 11, 24, 21, 59, 32, tzinfo=UTC)
    assert redis == Service("redis", "pulled", "", datetime(2026, 11, 24, 21, 59, 2, tzinfo=UTC), None)
    assert old.kind == "unreadable"
    assert isinstance(ALL["compose"].read(saying(compose="@service two words"), target), Unknown)


INFO = "# Server\nredis_version:7.0.15\nloading:0\nrdb_last_bgsave_status:ok\nkeyspace_hits:7\nmaxmemory:33554432\nmaxmemory_policy:allkeys-lru\ndb0:keys=3,expires=2,avg_ttl=5\ndb1:keys=1,expires=0,avg_ttl=0\n"


def test_redis(target: Target) -> None:
    redis = need(ALL["redis"].read(saying(redis_info=INFO), target))
    assert (redis.keys, redis.expiring, redis.hits, redis.is_loading) == (4, 2, 7, False)
    answer = ALL["redis"].read(saying(redis_info="NOAUTH Authentication required."), target)
    assert isinstance(answer, Unknown)
    assert need(ALL["redis_ping"].read(saying(redis_ping="unreachable timeout\n"), target)) == "unreachable timeout"
    assert isinstance(ALL["redis_ping"].read(saying(redis_ping="<html>"), target), Unknown)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-24T21:59:32.593864033Z", datetime(2026, 11, 24, 21, 59, 32, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", None),
        ("soon", None),
        (None, None),
    ],
)
def test_moments_as_docker_writes_them(text: object, expected: datetime | None) -> None:
    assert docker_time(text) == expected


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        ("text/plain", "healthy\n", True),
        ("application/json", '{"status": "healthy"}', True),
        ("application/json", '{"status":"starting"}', False),
        ("application/json", '{"status":"healthy","database":"down"}', False),
        ("text/html", "healthy", False),
        ("text/html", "<!doctype html>healthy", False),
    ],
)
def test_what_says_healthy(kind: str, body: str, expected: bool) -> None:
    assert is_healthy(Answer("https://x/health", 200, "", {"content-type": (kind,)}, body, "")) is expected


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"picture": '"><script>'}, Reason.GARBLED),
        ({"wide": "much"}, Reason.GARBLED),
    ],
)
def test_what_a_page_says_of_itself_is_not_taken_as_it_is(
    change: dict[str, object], reason: Reason, target: Target
) -> None:
    row = {"width": 360, "trouble": "", "wide": 360, "inner": 360, "viewport": "", "small": [], "picture": "", **change}
    asked = look(target)
    assert isinstance(asked, Look)
    gathered = replace(Gathered(), looks={asked.key: {"pages": [], "loads": [], "screens": [row]}})
    answer = ALL["screens"].read(gathered, target)
    assert isinstance(answer, Unknown)
    assert answer.reason is reason


def test_a_refused_login_is_known(target: Target) -> None:
    refused = Gathered({"zebu.host": Unknown(Reason.UNREACHABLE, "ssh: the key was refused")}, {}, 0)
    assert need(ALL["access"].read(refused, target)).trouble == "ssh: the key was refused"
    assert isinstance(ALL["access"].read(Gathered(), target), Unknown)
    answer = ALL["access"].read(saying(zebu_host="root=1\n"), target)
    assert isinstance(answer, Known)
    assert answer.value.trouble == ""
