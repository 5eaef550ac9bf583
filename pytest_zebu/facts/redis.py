"""Redis: what it says of itself, and whether the backend reaches it the way it is configured to."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

from pytest_zebu.facts.answer import Garbled, Missing, Reason, Unknown, lines_of
from pytest_zebu.facts.fact import Fact, Gathered, Need, Probe
from pytest_zebu.settings.target import Target

READ = "^((redis|valkey)_version|loading|keyspace_hits|maxmemory|maxmemory_policy|aof_enabled|rdb_last_bgsave_status|aof_last_write_status|aof_last_bgrewrite_status|db[0-9]+):"
"""The lines of INFO that are read, of some two hundred."""
INFO_PROBE = Probe(
    "redis.info",
    file="redis-info.sh",
    within="redis-backend.python",
    values=(("ASKED", "INFO"), ("READ", READ)),
    told=("ZEBU_ASKED", "ZEBU_READ"),
    needs=(Need.REDIS_CONTAINER,),
    dotenv=True,
    takes=0.2,
)
PING_PROBE = Probe(
    "redis.ping",
    within="redis-backend.python",
    values=(("ASKED", "PING"),),
    told=("ZEBU_ASKED",),
    needs=(Need.BACKEND_CONTAINER,),
    takes=0.2,
)
PINGS = ("pong", "limited", "refused", "misconf", "loading", "nodb", "tls", "unreachable", "garbled")
REFUSALS = ("NOAUTH", "NOPERM", "WRONGPASS", "(error)")
"""With which of its words Redis says that it tells nothing; `redis-cli` ends well all the same."""
UNREAD = {
    "none": "none of REDIS_URL, CACHE_URL and REDIS_HOST was seen",
    "malformed": "it cannot be read",
    "several-hosts": "several hosts in one address are not understood",
}
_KEYSPACE = re.compile(r"keys=([0-9]+),expires=([0-9]+)")


class Redis(Struct, frozen=True):
    """The server, by INFO.

    Attributes:
        save_status: how the last save to disk ended; of a file to which each write is appended, how the last write did.
        keys, expiring: keys of all databases, and how many of them have a time to live.
        max_memory: bytes, 0 for no bound.
    """

    version: str
    is_loading: bool
    save_status: str
    keys: int
    expiring: int
    hits: int
    max_memory: int
    policy: str


def parse(gathered: Gathered, target: Target) -> Redis:
    """From INFO."""
    text = gathered.said("redis.info").out.replace("\r", "")
    if (word := text.partition(" ")[0].strip()) in REFUSALS:
        raise Missing(Unknown(Reason.NO_PERMISSION, f"Redis refuses INFO ({word}): its password is not that of .env"))
    said: Mapping[str, str] = dict(line.split(":", 1) for line in lines_of(text) if ":" in line)
    keyspaces = [_KEYSPACE.match(value) for name, value in said.items() if re.fullmatch(r"db[0-9]+", name)]
    try:
        return Redis(
            version=said.get("valkey_version") or said["redis_version"],
            is_loading=said["loading"] != "0",
            save_status=_worst(said),
            keys=sum(int(found[1]) for found in keyspaces if found),
            expiring=sum(int(found[2]) for found in keyspaces if found),
            hits=int(said["keyspace_hits"]),
            max_memory=int(said["maxmemory"]),
            policy=said["maxmemory_policy"],
        )
    except (KeyError, ValueError):
        raise Garbled("Redis's INFO") from None


def _worst(said: Mapping[str, str]) -> str:
    """How it keeps its data: what did not end well, if anything did not."""
    kept = {
        "rdb_last_bgsave_status": "",
        "aof_last_write_status": "appending: ",
        "aof_last_bgrewrite_status": "rewriting: ",
    }
    kinds = list(kept) if said.get("aof_enabled", "0") != "0" else ["rdb_last_bgsave_status"]
    bad = [kept[kind] + said[kind] for kind in kinds if said.get(kind, "ok") != "ok"]
    return bad[0] if bad else said.get("rdb_last_bgsave_status", "")


def parse_ping(gathered: Gathered, target: Target) -> str:
    """What the backend's PING got: one of `PINGS`."""
    word, _, rest = gathered.said("redis.ping").out.strip().partition(" ")
    if word == "unread":
        raise Missing(
            Unknown(
                Reason.UNDECIDABLE, f"the backend's address of Redis: {UNREAD.get(rest, f'{rest} is not understood')}"
            )
        )
    if word not in PINGS:
        raise Garbled("the backend's PING")
    return f"{word} {rest}".strip()


FACT = Fact("redis", parse, (INFO_PROBE,))
PING = Fact("redis_ping", parse_ping, (PING_PROBE,))
