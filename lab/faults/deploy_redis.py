"""Faults of deploy.redis."""

from lab.changes import reaches, recreate, restore_env, set_env
from lab.deployment import Lab
from lab.fault import fault
from lab.waits import until
from pytest_zebu.verdict.outcome import Outcome


@fault(
    "deploy.redis.cache",
    flips={"deploy.redis.cache"},
    outcomes={"deploy.redis.cache": Outcome.NOT_ASSESSED},
    # what mends it needs the application
    touches={"redis", "backend", "postgres"},
    mend=lambda lab: lab.read_price(),
)
def empty(lab: Lab) -> None:
    """Nobody has asked for a price yet: an empty cache says nothing."""
    lab.vm.shell("docker exec zebu-redis-1 redis-cli flushall >/dev/null")


@fault(
    "deploy.redis.cache",
    flips=set(),
    touches={"redis"},
    mend=lambda lab: lab.vm.shell(
        "docker exec zebu-redis-1 redis-cli config set maxmemory-policy allkeys-lru >/dev/null"
    ),
)
def expiring_first(lab: Lab) -> None:
    """Odd but right: when it is full, what expires anyway goes first."""
    lab.vm.shell("docker exec zebu-redis-1 redis-cli config set maxmemory-policy volatile-ttl >/dev/null")


@fault(
    "deploy.redis.cache",
    flips={"deploy.redis.cache"},
    touches={"redis"},
    mend=lambda lab: lab.vm.shell(
        "for k in $(docker exec zebu-redis-1 redis-cli --raw keys '*'); do docker exec zebu-redis-1 redis-cli expire $k 86000 >/dev/null; done"
    ),
)
def never_expires(lab: Lab) -> None:
    """What is in the cache stays there for good."""
    lab.vm.shell(
        "for k in $(docker exec zebu-redis-1 redis-cli --raw keys '*'); do docker exec zebu-redis-1 redis-cli persist $k >/dev/null; done"
    )


@fault(
    "deploy.redis.cache",
    flips=set(),
    touches={"redis"},
    mend=lambda lab: lab.vm.shell(
        "docker exec zebu-redis-1 redis-cli config set maxmemory-policy allkeys-lru >/dev/null; docker exec zebu-redis-1 redis-cli config set maxmemory 32mb >/dev/null"
    ),
)
def without_a_bound(lab: Lab) -> None:
    """Odd but right: the cache works; that its memory has no bound, and nothing would be evicted, is advice."""
    lab.vm.shell(
        "docker exec zebu-redis-1 redis-cli config set maxmemory 0 >/dev/null; docker exec zebu-redis-1 redis-cli config set maxmemory-policy noeviction >/dev/null"
    )


def mend_cut_off(lab: Lab) -> None:
    lab.vm.shell("docker network connect --alias redis zebu_default zebu-redis-1")
    reaches(lab, "redis", 6379)


@fault(
    "deploy.redis.reachable",
    flips={"deploy.redis.reachable"},
    touches={"redis", "backend"},
    mend=mend_cut_off,
)
def cut_off(lab: Lab) -> None:
    """The host reaches Redis, the backend does not."""
    lab.vm.shell("docker network disconnect zebu_default zebu-redis-1")


@fault(
    "deploy.redis.reachable",
    flips=set(),
    right_for={"deploy.redis.reachable", "deploy.redis.running"},
    touches={"redis"},
    mend=lambda lab: lab.vm.shell("docker exec zebu-redis-1 redis-cli acl deluser cache >/dev/null"),
    override={"backend": {"environment": {"REDIS_URL": "redis://cache:of%20the%2Fbackend@redis:6379/2"}}},
)
def as_a_user(lab: Lab) -> None:
    """Odd but right: the backend is a user of an access list, with a password that its address has encoded, in another database."""
    lab.vm.shell("docker exec zebu-redis-1 redis-cli acl setuser cache on '>of the/backend' '~*' '+@all' >/dev/null")


REDIS = """    command: ["redis-server", "--save", "60", "1", "--dir", "/data", "--maxmemory", "32mb", "--maxmemory-policy", "allkeys-lru", "--requirepass", "@"]
    environment: { REDISCLI_AUTH: "@" }
"""


def mend_with_a_password(lab: Lab) -> None:
    restore_env(lab)
    recreate(lab, "redis")
    recreate(lab, "backend")


@fault(
    "deploy.redis.reachable",
    flips=set(),
    right_for={"deploy.redis.reachable", "deploy.redis.running"},
    touches={"redis", "backend", "backend-files", "backend-restart", ".env"},
    mend=mend_with_a_password,
)
def with_a_password(lab: Lab) -> None:
    """Odd but right: Redis wants a password, and the backend has it."""
    password = lab.vm.shell("openssl rand -hex 24").strip()
    set_env(lab, APP_LOG_LEVEL="INFO")
    lab.vm.run(["sh", "-c", "cat >> /opt/zebu/.env"], stdin=f"REDIS_PASSWORD={password}\n".encode())
    recreate(lab, "redis", REDIS.replace("@", password))
    recreate(lab, "backend", f"    environment: {{ REDIS_URL: 'redis://:{password}@redis:6379/0' }}\n")


def save(lab: Lab, status: str) -> None:
    """Let Redis write its data to the disk, and wait until it has said what came of it."""
    lab.vm.shell("docker exec zebu-redis-1 redis-cli bgsave >/dev/null")
    ask = "docker exec zebu-redis-1 redis-cli info persistence | tr -d '\\r' | grep -E '^rdb_(bgsave_in_progress|last_bgsave_status):'"
    wanted = {"rdb_bgsave_in_progress:0", f"rdb_last_bgsave_status:{status}"}
    until(
        f"redis has saved, with {status}",
        lambda: set(lab.vm.shell(ask).split()),
        lambda said: said == wanted,
        seconds=30,
    )


def mend_failed_save(lab: Lab) -> None:
    lab.vm.shell("docker exec zebu-redis-1 rm -r /data/dump.rdb")
    save(lab, "ok")


@fault(
    "deploy.redis.running",
    flips={"deploy.redis.running", "deploy.redis.reachable"},
    touches={"redis"},
    mend=mend_failed_save,
)
def failed_save(lab: Lab) -> None:
    """Redis could not save its data (what stands in the way of its file is a folder), and refuses writes, and PING, until it can."""
    lab.vm.shell("docker exec zebu-redis-1 sh -c 'rm -f /data/dump.rdb; mkdir -p /data/dump.rdb/x'")
    save(lab, "err")
