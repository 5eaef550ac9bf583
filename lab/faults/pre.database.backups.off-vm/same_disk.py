"""Each dump is copied, into another folder on the same disk."""

from lab.deployment import Lab

flips: set[str] = {"pre.database.backups.off-vm", "post.recovery.backups.off-site"}
outcomes: dict[str, str] = {"post.recovery.backups.off-site": "advice"}
touches: set[str] = {"dumps"}
settings: tuple[tuple[str, str], ...] = (('copy = "backup@nas.zebu.test:zebu"', 'copy = "/var/backups/elsewhere"'),)


def inject(lab: Lab) -> None:
    lab.vm.shell("cp -a /var/backups/zebu /var/backups/elsewhere")


def mend(lab: Lab) -> None:
    lab.vm.shell("rm -r /var/backups/elsewhere")
