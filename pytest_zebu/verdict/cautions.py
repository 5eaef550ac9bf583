"""What to heed while mending: what can lock people out, and what can lose data."""

from __future__ import annotations

from pytest_zebu.catalogue import Item

KEEP_A_SESSION = "keep a second session open, and try a new login before closing it"
GROUPS = {"SSH Configuration": KEEP_A_SESSION, "Firewall": KEEP_A_SESSION}
"""By the checklist's groups."""
COMPOSE = "never `docker compose down --volumes`: it deletes the data"
BOTH_AT_ONCE = "change a password in the database and in `.env` at once: with one of them changed nothing logs in"
DUMP_FIRST = "take a dump first, and see that it can be read"
ITEMS = {
    "deploy.initial.ssh": KEEP_A_SESSION,
    "pre.infrastructure.network": KEEP_A_SESSION,
    "pre.infrastructure.static-ip": KEEP_A_SESSION,
    "pre.security.secrets.defaults-changed": KEEP_A_SESSION,
    "pre.security.secrets.postgres-password": BOTH_AT_ONCE,
    "pre.database.configuration.password": BOTH_AT_ONCE,
    "pre.database.configuration.least-privilege": BOTH_AT_ONCE,
    "pre.security.secrets.secret-key": "what was signed with the old value, such as sessions, counts no more",
    "pre.security.secrets.not-committed": "a history that is written anew must be cloned anew by everybody",
    "pre.database.configuration.production-mode": DUMP_FIRST,
    "pre.database.integrity.foreign-keys": DUMP_FIRST,
    "deploy.database.migrations": DUMP_FIRST,
    "deploy.database.running": COMPOSE,
    "deploy.initial.services-healthy": COMPOSE,
    "deploy.redis.running": COMPOSE,
    "deploy.initial.git-deployed": "`.env` and volumes are no part of the repository: keep them",
    "pre.application.docker.storage-limits": "Docker's restart stops the containers, unless `live-restore` is set",
    "post.monitoring.disk.image-cleanup": "never with `--volumes`: it deletes data that no running container uses",
    "deploy.performance.disk": "never prune with `--volumes`: it deletes data that no running container uses",
    "post.monitoring.disk.usage": "never prune with `--volumes`: it deletes data that no running container uses",
    "pre.database.backups.retention": "see that a newer dump can be restored before older ones are deleted",
    "post.recovery.snapshots.retention": "a deleted snapshot cannot be brought back",
    "post.recovery.snapshots.restore-tested": "going back to a snapshot discards all that was written since: restore into a copy of the machine",
    "post.recovery.disaster.tested": "restore onto another machine: a restore onto this one replaces its data",
    "post.maintenance.updates.os": "updates may restart services, and a new kernel asks for a reboot",
}  # fmt: skip
"""Of single items."""
OPENINGS = {"sudo": f"check the rule with `visudo -c`; {KEEP_A_SESSION}", "ssh": KEEP_A_SESSION}
"""By the key of what opens items."""


def caution(item: Item) -> str:
    """What to heed while an item is mended; empty where nothing is known."""
    return ITEMS.get(item.id) or GROUPS.get(item.group, "")
