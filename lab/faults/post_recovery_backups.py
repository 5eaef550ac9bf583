"""Faults of post.recovery.backups."""

from lab.changes import remove_dump, sql, write_dump
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
    flips={"post.recovery.backups.daily", "post.recovery.backups.verified"},
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
    outcomes={"post.recovery.backups.daily": Outcome.NOT_ASSESSED},
    touches={"dumps"},
    uses={"postgres"},
    mend=remove_dump,
)
def of_the_future(lab: Lab) -> None:
    """The newest dump is dated three days ahead: how old it is its file does not tell."""
    write_dump(lab, "docker exec zebu-db-1 pg_dump -Fc -U zebu_admin zebu > $newest; touch -d '3 days' $newest")


@fault(
    "post.recovery.backups.daily",
    flips={"post.recovery.backups.daily", "post.recovery.backups.verified"},
    touches={"dumps"},
    uses={"postgres"},
    mend=remove_dump,
)
def of_another_database(lab: Lab) -> None:
    """The newest dump is whole, called as always, as large as always, and of another database."""
    sql(lab, "CREATE DATABASE other")
    write_dump(
        lab,
        "docker exec zebu-db-1 psql -qU zebu_admin -c 'CREATE TABLE notes AS SELECT md5(random()::text) FROM generate_series(1, 9000)' other;"
        "docker exec zebu-db-1 pg_dump -Fc -U zebu_admin other > $newest; docker exec zebu-db-1 dropdb -U zebu_admin other",
    )


@fault(
    "post.recovery.backups.daily",
    flips={"post.recovery.backups.daily", "post.recovery.backups.verified"},
    touches={"dumps"},
    mend=remove_dump,
)
def of_holes(lab: Lab) -> None:
    """The newest dump has the size of the one before it, and not a byte in it."""
    write_dump(lab, 'truncate -s "$(stat -c %s "$(ls -t /var/backups/zebu/zebu-*.dump | head -n 1)")" $newest')


@fault(
    "post.recovery.backups.daily",
    flips=set(),
    right_for={"post.recovery.backups.verified"},
    touches={"dumps"},
    uses={"postgres"},
    settings=(('pattern = "zebu-*.dump"', 'pattern = "*"'),),
    mend=lambda lab: lab.vm.shell("cd /var/backups/zebu; rm roles-*.sql zebu-*.sha256; rm -f latest"),
)
def others_beside_it(lab: Lab) -> None:
    """Odd but right: roles, checksums and a link to the newest lie beside the dumps, newer than they are."""
    lab.vm.shell(
        "cd /var/backups/zebu; newest=$(ls -t zebu-*.dump | head -n 1); sha256sum $newest > $newest.sha256;"
        "docker exec zebu-db-1 pg_dumpall --roles-only -U zebu_admin > roles-$(date -u +%Y%m%d).sql; ln -s $newest latest"
    )


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


@fault(
    "post.recovery.backups.verified",
    flips={"post.recovery.backups.verified"},
    touches={"dumps"},
    uses={"postgres"},
    mend=remove_dump,
)
def packed_and_cut_short(lab: Lab) -> None:
    """The newest dump is a tar of pg_dump in gzip; its table of contents is whole, its end is missing."""
    write_dump(
        lab,
        "docker exec zebu-db-1 pg_dump -Ft -U zebu_admin zebu | gzip > $newest; truncate -s $(($(stat -c %s $newest) * 8 / 10)) $newest",
    )


@fault(
    "post.recovery.backups.verified",
    flips=set(),
    touches={"dumps"},
    uses={"postgres"},
    mend=remove_dump,
)
def sealed(lab: Lab) -> None:
    """Odd but right: the newest dump is encrypted. What is in it cannot be seen here; people have said that it restores."""
    write_dump(
        lab,
        "docker exec zebu-db-1 pg_dump -Fc -U zebu_admin zebu | openssl enc -aes-256-cbc -pbkdf2 -pass pass:fault > $newest",
    )
