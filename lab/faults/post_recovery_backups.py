"""Faults of post.recovery.backups."""

from lab.changes import remove_dump, write_dump
from lab.deployment import Lab
from lab.fault import fault
from pytest_zebu.verdict.outcome import Outcome


@fault(
    "post.recovery.backups.daily",
    flips={"post.recovery.backups.daily", "post.recovery.backups.verified"},
    touches={"dumps"},
    mend=remove_dump,
)
def empty(lab: Lab) -> None:
    """The newest dump has the right name and date, and nothing in it."""
    write_dump(lab, ": > $newest")


@fault(
    "post.recovery.backups.daily",
    flips={"post.recovery.backups.daily"},
    touches={"dumps"},
    uses={"postgres"},
    mend=remove_dump,
)
def shrunk(lab: Lab) -> None:
    """The newest dump is whole, and has one table of all."""
    write_dump(lab, "docker exec zebu-db-1 pg_dump -Fc -t api_keys -U zebu_admin zebu > $newest")


@fault(
    "post.recovery.backups.daily",
    flips={"post.recovery.backups.daily"},
    touches={"dumps"},
    mend=lambda lab: lab.vm.shell("mv /root/dumps/* /var/backups/zebu/; rmdir /root/dumps"),
)
def stale(lab: Lab) -> None:
    """The job stopped two days ago; what it made before is all there."""
    lab.vm.shell("cd /var/backups/zebu; mkdir /root/dumps; mv $(ls -t zebu-*.dump | head -n 2) /root/dumps/")


@fault(
    "post.recovery.backups.size",
    flips={"post.recovery.backups.size"},
    touches={"dumps"},
    settings=(("retention_days = 7", "retention_days = 3000000"),),
)
def too_much(lab: Lab) -> None:
    """Dumps are to be kept for so long that the disk does not hold them."""


@fault(
    "post.recovery.backups.verified",
    flips={"post.recovery.backups.verified"},
    touches={"dumps"},
    uses={"postgres"},
    mend=remove_dump,
)
def cut_short(lab: Lab) -> None:
    """The newest dump lists well, and ends in the middle."""
    write_dump(
        lab,
        "docker exec zebu-db-1 pg_dump -Fc -U zebu_admin zebu > $newest; truncate -s $(($(stat -c %s $newest) * 7 / 10)) $newest",
    )


@fault(
    "post.recovery.backups.verified",
    flips={"pre.database.backups.off-vm"},
    outcomes={"pre.database.backups.off-vm": Outcome.NOT_ASSESSED},
    right_for={"post.recovery.backups.verified"},
    touches={"dumps"},
    uses={"postgres"},
    settings=(
        ('pattern = "zebu-*.dump"', 'pattern = "zebu-*.dump.gz"'),
        ('copy = "backup@nas.zebu.test:zebu"\n', ""),
    ),
    mend=lambda lab: lab.vm.shell(
        "rm /var/backups/zebu/zebu-*.dump.gz; mv /root/dumps/* /var/backups/zebu/; rmdir /root/dumps"
    ),
)
def plain_text(lab: Lab) -> None:
    """Odd but right: dumps are plain text, compressed."""
    lab.vm.shell(
        'cd /var/backups/zebu; mkdir /root/dumps; mv zebu-*.dump /root/dumps/; for n in 2 1 0; do docker exec zebu-db-1 pg_dump -U zebu_admin zebu | gzip > zebu-$n.dump.gz; touch -d "$n days ago" zebu-$n.dump.gz; done'
    )
