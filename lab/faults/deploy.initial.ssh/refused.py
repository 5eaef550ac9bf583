"""The key is refused: then nothing on the machine can be seen, and no earlier run saw it."""

from lab.changes import forget
from lab.deployment import Lab

flips: set[str] = {"deploy.initial.ssh", "post.maintenance.capacity.baseline", "ops.monthly.restore-test"}
outcomes: dict[str, str] = {"post.maintenance.capacity.baseline": "attested", "ops.monthly.restore-test": "attested"}
touches: set[str] = {"history"}
settings: tuple[tuple[str, str], ...] = (
    ('user = "deploy"', 'user = "nobody-there"'),
    ("/history.sqlite3", "/fault-history.sqlite3"),
)
blinds = "without ssh"


def mend(lab: Lab) -> None:
    forget(lab)
