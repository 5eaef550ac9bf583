"""Odd but right: dumps are plain text, compressed."""

from lab.deployment import Lab

flips: set[str] = {"pre.database.backups.off-vm"}
outcomes: dict[str, str] = {"pre.database.backups.off-vm": "not_assessed"}
right_for = {"post.recovery.backups.verified"}
touches: set[str] = {"dumps"}
uses: set[str] = {"postgres"}
settings: tuple[tuple[str, str], ...] = (
    ('pattern = "zebu-*.dump"', 'pattern = "zebu-*.dump.gz"'),
    ('copy = "backup@nas.zebu.test:zebu"\n', ""),
)


def inject(lab: Lab) -> None:
    lab.vm.shell(
        'cd /var/backups/zebu; mkdir /root/dumps; mv zebu-*.dump /root/dumps/; for n in 2 1 0; do docker exec zebu-db-1 pg_dump -U zebu_admin zebu | gzip > zebu-$n.dump.gz; touch -d "$n days ago" zebu-$n.dump.gz; done'
    )


def mend(lab: Lab) -> None:
    lab.vm.shell("rm /var/backups/zebu/zebu-*.dump.gz; mv /root/dumps/* /var/backups/zebu/; rmdir /root/dumps")
