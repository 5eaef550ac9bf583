"""Faults of deploy.redis."""

from lab.changes import recreate, restore_env, set_env
from lab.deployment import Lab
from lab.fault import fault
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
    flips={"deploy.redis.cache"},
    touches={"redis"},
    mend=lambda lab: lab.vm.shell(
        "docker exec zebu-redis-1 redis-cli config set maxmemory-policy allkeys-lru >/dev/null"
    ),
)
def refuses_when_full(lab: Lab) -> None:
    """The cache is bound, and refuses what comes when it is full."""
    lab.vm.shell("docker exec zebu-redis-1 redis-cli config set maxmemory-policy noeviction >/dev/null")


@fault(
    "deploy.redis.reachable",
    flips={"deploy.redis.reachable"},
    touches={"redis", "backend"},
    mend=lambda lab: lab.vm.shell("docker network connect --alias redis zebu_default zebu-redis-1; sleep 1"),
)
def cut_off(lab: Lab) -> None:
    """The host reaches Redis, the backend does not."""
    lab.vm.shell("docker network disconnect zebu_default zebu-redis-1")


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


SAVE = "docker exec zebu-redis-1 redis-cli bgsave >/dev/null; sleep 1"


@fault(
    "deploy.redis.running",
    flips={"deploy.redis.running", "deploy.redis.reachable"},
    touches={"redis"},
    mend=lambda lab: lab.vm.shell(f"docker exec zebu-redis-1 rm -r /data/dump.rdb; {SAVE}"),
)
def failed_save(lab: Lab) -> None:
    """Redis could not save its data (what stands in the way of its file is a folder), and refuses writes, and PING, until it can."""
    lab.vm.shell(f"docker exec zebu-redis-1 sh -c 'rm -f /data/dump.rdb; mkdir -p /data/dump.rdb/x'; {SAVE}")
