"""Odd but right: Redis wants a password, and the backend has it."""

from lab.changes import recreate, restore_env, set_env
from lab.deployment import Lab

flips: set[str] = set()
touches: set[str] = {"redis", "backend", "backend-files", "backend-restart", ".env"}
right_for = {"deploy.redis.reachable", "deploy.redis.running"}


REDIS = """    command: ["redis-server", "--save", "60", "1", "--dir", "/data", "--maxmemory", "32mb", "--maxmemory-policy", "allkeys-lru", "--requirepass", "@"]
    environment: { REDISCLI_AUTH: "@" }
"""


def inject(lab: Lab) -> None:
    password = lab.vm.shell("openssl rand -hex 24").strip()
    set_env(lab, APP_LOG_LEVEL="INFO")
    lab.vm.run(["sh", "-c", "cat >> /opt/zebu/.env"], stdin=f"REDIS_PASSWORD={password}\n".encode())
    recreate(lab, "redis", REDIS.replace("@", password))
    recreate(lab, "backend", f"    environment: {{ REDIS_URL: 'redis://:{password}@redis:6379/0' }}\n")


def mend(lab: Lab) -> None:
    restore_env(lab)
    recreate(lab, "redis")
    recreate(lab, "backend")
