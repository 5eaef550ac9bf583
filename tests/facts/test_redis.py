"""What Redis says of itself."""

from __future__ import annotations

from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Reason, Unknown, need
from pytest_zebu.settings.target import Target
from tests.facts.answers import saying

INFO = "# Server\nredis_version:7.0.15\nloading:0\nrdb_last_bgsave_status:ok\nkeyspace_hits:7\nmaxmemory:33554432\nmaxmemory_policy:allkeys-lru\ndb0:keys=3,expires=2,avg_ttl=5\ndb1:keys=1,expires=0,avg_ttl=0\n"


def test_redis(target: Target) -> None:
    redis = need(ALL["redis"].read(saying({"redis.info": INFO}), target))
    assert (redis.keys, redis.expiring, redis.hits, redis.is_loading) == (4, 2, 7, False)
    for text in ("NOAUTH Authentication required.", "NOPERM User x has no permissions", "(error) WRONGPASS invalid"):
        answer = ALL["redis"].read(saying({"redis.info": text}), target)
        assert isinstance(answer, Unknown)
        assert answer.reason is Reason.NO_PERMISSION
    assert (
        need(ALL["redis_ping"].read(saying({"redis.ping": "unreachable timeout\n"}), target)) == "unreachable timeout"
    )
    assert isinstance(ALL["redis_ping"].read(saying({"redis.ping": "<html>"}), target), Unknown)
