"""Four workers, each with the whole pool."""

from lab.changes import SERVER

flips: set[str] = {"pre.database.configuration.pooling", "pre.database.configuration.max-connections"}
override = {"backend": {"command": [*SERVER.split(), "--workers", "4"], "mem_limit": "768m"}}
