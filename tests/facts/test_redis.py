"""What Redis says of itself."""

from __future__ import annotations

import pytest

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
    valkey = INFO.replace("redis_version:7.0.15", "redis_version:7.2.4\r\nvalkey_version:8.0.1\r")
    assert need(ALL["redis"].read(saying({"redis.info": valkey}), target)).version == "8.0.1"
    assert (
        need(ALL["redis_ping"].read(saying({"redis.ping": "unreachable timeout\n"}), target)) == "unreachable timeout"
    )
    assert isinstance(ALL["redis_ping"].read(saying({"redis.ping": "<html>"}), target), Unknown)


@pytest.mark.parametrize(("more", "status"), [
    ("", "ok"), ("aof_enabled:0\naof_last_write_status:err\n", "ok"), ("aof_enabled:1\naof_last_write_status:ok\n", "ok"), ("aof_enabled:1\naof_last_write_status:err\n", "appending: err"),
    ("aof_enabled:1\naof_last_bgrewrite_status:err\n", "rewriting: err"),
])  # fmt: skip
def test_how_it_keeps_its_data(more: str, status: str, target: Target) -> None:
    """What it appends counts where it appends."""
    assert need(ALL["redis"].read(saying({"redis.info": INFO + more}), target)).save_status == status


@pytest.mark.parametrize(("word", "why"), [
    ("redis-sentinel", "redis-sentinel is not understood"), ("none", "was seen"), ("several-hosts", "several hosts"), ("malformed", "cannot be read"),
])  # fmt: skip
def test_an_address_that_is_not_understood_is_unknown(word: str, why: str, target: Target) -> None:
    answer = ALL["redis_ping"].read(saying({"redis.ping": f"unread {word}\n"}), target)
    assert isinstance(answer, Unknown)
    assert why in str(answer)


@pytest.mark.parametrize("word", ["pong", "limited", "refused", "misconf", "loading", "nodb", "tls", "garbled"])
def test_what_a_ping_gets(word: str, target: Target) -> None:
    assert need(ALL["redis_ping"].read(saying({"redis.ping": f"{word}\n"}), target)) == word
