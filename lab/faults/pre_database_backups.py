"""Faults of pre.database.backups."""

from lab.changes import (
    DIRTY_TREE,
    PVESH_SETTINGS,
    install_pvesh,
    only_vm_backups,
    own_dumps_again,
    remove_dump,
    remove_pvesh,
    sql,
    write_dump,
)
from lab.deployment import Lab
from lab.fault import fault
from pytest_zebu.verdict.outcome import Outcome


@fault(
    "pre.database.backups.off-vm",
    flips={"pre.database.backups.off-vm", "post.recovery.backups.off-site"},
    outcomes={"post.recovery.backups.off-site": Outcome.ADVICE},
    touches={"dumps"},
    settings=(('copy = "backup@nas.zebu.test:zebu"', 'copy = "/var/backups/elsewhere"'),),
    mend=lambda lab: lab.vm.shell("rm -r /var/backups/elsewhere"),
)
def same_disk(lab: Lab) -> None:
    """Each dump is copied, into another folder on the same disk."""
    lab.vm.shell("cp -a /var/backups/zebu /var/backups/elsewhere")


def mend_in_memory(lab: Lab) -> None:
    lab.vm.shell("umount /var/backups/elsewhere; rmdir /var/backups/elsewhere")


@fault(
    "pre.database.backups.off-vm",
    flips={"pre.database.backups.off-vm", "post.recovery.backups.off-site"},
    outcomes={"post.recovery.backups.off-site": Outcome.ADVICE},
    touches={"dumps"},
    settings=(('copy = "backup@nas.zebu.test:zebu"', 'copy = "/var/backups/elsewhere"'),),
    mend=mend_in_memory,
)
def in_memory(lab: Lab) -> None:
    """Each dump is copied to another file system, which is the machine's memory."""
    lab.vm.shell(
        "mkdir /var/backups/elsewhere; mount -t tmpfs -o size=16m none /var/backups/elsewhere; cp -a /var/backups/zebu/. /var/backups/elsewhere/"
    )


@fault(
    "pre.database.backups.off-vm",
    flips={"pre.database.backups.off-vm", "post.recovery.backups.off-site"},
    outcomes={"post.recovery.backups.off-site": Outcome.ADVICE},
    touches={"dumps"},
    settings=(('copy = "backup@nas.zebu.test:zebu"', 'copy = "/var/backups/elsewhere"'),),
    mend=lambda lab: lab.vm.shell("rm -r /var/backups/elsewhere; mv /root/fstab.kept /etc/fstab"),
)
def not_mounted(lab: Lab) -> None:
    """A share is to be mounted where dumps are copied to, and is not: they lie on the disk under it."""
    lab.vm.shell(
        "touch /etc/fstab; cp -a /etc/fstab /root/fstab.kept; echo 'nas.zebu.test:/srv /var/backups/elsewhere nfs noauto 0 0' >> /etc/fstab; cp -a /var/backups/zebu /var/backups/elsewhere"
    )


@fault(
    "pre.database.backups.off-vm",
    flips={"pre.database.backups.off-vm"},
    mend=lambda lab: lab.machines["nas"].shell("mv /home/backup/kept/* /home/backup/zebu/; rmdir /home/backup/kept"),
)
def stale(lab: Lab) -> None:
    """The newest copy is three days old."""
    lab.machines["nas"].shell(
        "mkdir /home/backup/kept; cd /home/backup/zebu; for f in $(ls -t | head -n 3); do mv $f ../kept/; done"
    )


def mend_vm_backups_by_pvesh(lab: Lab) -> None:
    remove_pvesh(lab)
    own_dumps_again(lab)


@fault(
    "pre.database.backups.off-vm",
    flips={"post.recovery.backups.size"},
    outcomes={"post.recovery.backups.size": Outcome.NOT_ASSESSED},
    right_for={"pre.database.backups.off-vm"},
    touches={"proxmox", "timers", "dumps"},
    apart_from={"pre.database.backups.retention", "pre.database.backups.off-vm"},
    settings=(('folder = "/var/backups/zebu"\n', ""), *PVESH_SETTINGS),
    mend=mend_vm_backups_by_pvesh,
)
def vm_backups_by_pvesh(lab: Lab) -> None:
    """Odd but right: no dumps and no API token; the node tells by pvesh that its backups of the machine are on a share."""
    only_vm_backups(lab)
    install_pvesh(lab)


@fault(
    "pre.database.backups.off-vm",
    flips={"pre.database.backups.off-vm", "pre.database.backups.retention", "post.recovery.backups.size"},
    outcomes={
        "pre.database.backups.off-vm": Outcome.NOT_ASSESSED,
        "pre.database.backups.retention": Outcome.NOT_ASSESSED,
        "post.recovery.backups.size": Outcome.NOT_ASSESSED,
    },
    touches={"proxmox", "timers", "dumps"},
    apart_from={"pre.database.backups.retention", "pre.database.backups.off-vm"},
    settings=(('folder = "/var/backups/zebu"\n', ""),),
    mend=own_dumps_again,
)
def vm_backups_not_shown(lab: Lab) -> None:
    """The token may not see backups, and is shown an empty list: that is no verdict."""
    only_vm_backups(lab, is_shown=False)


@fault(
    "pre.database.backups.off-vm",
    flips={"post.recovery.backups.size"},
    outcomes={"post.recovery.backups.size": Outcome.NOT_ASSESSED},
    right_for={"pre.database.backups.off-vm", "pre.database.backups.retention"},
    touches={"proxmox", "timers", "dumps"},
    apart_from={"pre.database.backups.retention", "pre.database.backups.off-vm"},
    settings=(('folder = "/var/backups/zebu"\n', ""),),
    mend=own_dumps_again,
)
def vm_backups_on_a_share(lab: Lab) -> None:
    """Odd but right: no dumps, but backups of the machine, on a share, of which the hypervisor keeps some."""
    only_vm_backups(lab)


@fault(
    "pre.database.backups.off-vm",
    flips={"pre.database.backups.off-vm", "post.recovery.backups.size"},
    outcomes={"post.recovery.backups.size": Outcome.NOT_ASSESSED},
    touches={"proxmox", "timers", "dumps"},
    apart_from={"pre.database.backups.retention", "pre.database.backups.off-vm"},
    settings=(('folder = "/var/backups/zebu"\n', ""),),
    mend=own_dumps_again,
)
def vm_backups_on_own_disks(lab: Lab) -> None:
    """The backups of the machine lie on the node's own disks."""
    only_vm_backups(lab, kind="dir")


@fault(
    "pre.database.backups.restore-tested",
    flips={
        "pre.database.backups.restore-tested",
        "post.recovery.backups.daily",
        "post.recovery.backups.verified",
    },
    touches={"dumps"},
    uses={"postgres"},
    probes={"restore"},
    mend=remove_dump,
)
def cut_short(lab: Lab) -> None:
    """The newest dump was cut short on its way to the disk."""
    write_dump(lab, "docker exec zebu-db-1 pg_dump -Fc -U zebu_admin zebu | head -c 20000 > $newest")


def mend_damaged_on_its_way(lab: Lab) -> None:
    lab.machines["nas"].shell("cd /home/backup; mv -f kept/* zebu/; rmdir kept")


@fault(
    "pre.database.backups.restore-tested",
    flips={"pre.database.backups.restore-tested"},
    touches={"dumps"},
    uses={"postgres"},
    probes={"restore"},
    mend=mend_damaged_on_its_way,
)
def damaged_on_its_way(lab: Lab) -> None:
    """The newest dump restores; its copy on the other machine has as many bytes, of which one is another."""
    name = lab.vm.shell(
        'newest=$(ls -t /var/backups/zebu/zebu-*.dump | head -n 1); scp -qp "$newest" backup@nas.zebu.test:zebu/; basename "$newest"'
    )
    lab.machines["nas"].shell(
        f"cd /home/backup; mkdir kept; cp -a zebu/{name} kept/; printf x | dd of=zebu/{name} bs=1 seek=2000 conv=notrunc status=none;"
        f"touch -r kept/{name} zebu/{name}"
    )


def mend_first_rows_since(lab: Lab) -> None:
    sql(lab, "DROP TABLE fresh")
    remove_dump(lab)


@fault(
    "pre.database.backups.restore-tested",
    flips=set(),
    touches={"dumps", "postgres-rows"},
    uses={"postgres"},
    probes={"restore"},
    mend=mend_first_rows_since,
)
def first_rows_since(lab: Lab) -> None:
    """Odd but right: a table that was empty when the dump was made has its first rows now."""
    sql(lab, "SET ROLE zebu_app; CREATE TABLE fresh (id integer PRIMARY KEY)")
    write_dump(lab, "docker exec zebu-db-1 pg_dump -Fc -U zebu_admin zebu > $newest")
    sql(lab, "SET ROLE zebu_app; INSERT INTO fresh VALUES (1)")


@fault(
    "pre.database.backups.restore-tested",
    flips=set(),
    touches={"dumps"},
    uses={"postgres"},
    probes={"restore"},
    mend=remove_dump,
)
def packed_text_with_owners(lab: Lab) -> None:
    """Odd but right: the newest dump is text in gzip, and names roles that a new server has not."""
    write_dump(lab, "docker exec zebu-db-1 pg_dump --create -U zebu_admin zebu | gzip > $newest")


@fault(
    "pre.database.backups.restore-tested",
    flips=set(),
    touches={"dumps"},
    uses={"postgres"},
    probes={"restore"},
    mend=remove_dump,
)
def of_the_whole_server(lab: Lab) -> None:
    """Odd but right: the newest dump is of all databases of the server, with its roles."""
    write_dump(lab, "docker exec zebu-db-1 pg_dumpall -U zebu_admin | gzip > $newest")


def mend_a_folder(lab: Lab) -> None:
    lab.vm.shell("docker exec zebu-db-1 rm -rf /tmp/fault.dump; rm -r $(cat /root/fault.dump) /root/fault.dump")


@fault(
    "pre.database.backups.restore-tested",
    flips=set(),
    touches={"dumps"},
    uses={"postgres"},
    probes={"restore"},
    mend=mend_a_folder,
)
def in_a_folder(lab: Lab) -> None:
    """Odd but right: the newest dump is a folder, a file for each table."""
    write_dump(
        lab,
        "docker exec zebu-db-1 pg_dump -Fd -f /tmp/fault.dump -U zebu_admin zebu; mkdir $newest; docker exec zebu-db-1 tar -C /tmp/fault.dump -cf - . | tar -C $newest -xf -",
    )


@fault(
    "pre.database.backups.restore-tested",
    flips={
        "pre.database.backups.restore-tested",
        "post.recovery.backups.daily",
        "post.recovery.backups.verified",
    },
    touches={"dumps"},
    uses={"postgres"},
    probes={"restore"},
    mend=remove_dump,
)
def structure_only(lab: Lab) -> None:
    """The newest dump lists and unpacks well; it has no rows."""
    write_dump(lab, "docker exec zebu-db-1 pg_dump -Fc --schema-only -U zebu_admin zebu > $newest")


@fault(
    "pre.database.backups.restore-tested",
    flips={"pre.database.backups.restore-tested", "post.recovery.backups.verified"},
    touches={"dumps"},
    uses={"postgres"},
    probes={"restore"},
    mend=remove_dump,
)
def without_a_tables_rows(lab: Lab) -> None:
    """One table's rows are left out of the dump, all others are there."""
    write_dump(lab, "docker exec zebu-db-1 pg_dump -Fc --exclude-table-data=transactions -U zebu_admin zebu > $newest")


@fault(
    "pre.database.backups.retention",
    flips={"pre.database.backups.retention"},
    touches={"dumps"},
    mend=lambda lab: lab.vm.shell("rm /var/backups/zebu/zebu-20260101T023000Z.dump"),
)
def not_pruned(lab: Lab) -> None:
    """A dump of a month ago is still there."""
    lab.vm.shell(
        "cd /var/backups/zebu; cp \"$(ls -t | tail -n 1)\" zebu-20260101T023000Z.dump; touch -d '30 days ago' zebu-20260101T023000Z.dump"
    )


@fault(
    "pre.database.backups.retention",
    flips={"pre.database.backups.retention", "post.recovery.backups.size"},
    outcomes={"post.recovery.backups.size": Outcome.NOT_ASSESSED},
    touches={"proxmox", "timers", "dumps"},
    apart_from={"pre.database.backups.retention", "pre.database.backups.off-vm"},
    settings=(('folder = "/var/backups/zebu"\n', ""),),
    mend=own_dumps_again,
)
def vm_backups_kept(lab: Lab) -> None:
    """The hypervisor keeps every backup for good."""
    only_vm_backups(lab, is_pruned=False)


FILE = "/app/migrations/versions/d001_price_history_updated_at.py"


@fault(
    "pre.database.backups.rollback-documented",
    flips={"pre.database.backups.rollback-documented"},
    touches={"backend-files"},
    mend=lambda lab: lab.vm.shell(f"docker exec -u 0 zebu-backend-1 cp /tmp/kept.py {FILE}"),
)
def empty_downgrade(lab: Lab) -> None:
    """A migration whose downgrade does nothing."""
    change = f'cp {FILE} /tmp/kept.py; sed -i "s/op[.]drop_column.*/pass/" {FILE}'
    lab.vm.shell(f"docker exec -u 0 zebu-backend-1 sh -c '{change}'")


@fault(
    "pre.database.backups.rollback-documented",
    flips={
        "pre.database.backups.rollback-documented",
        "post.documentation.runbooks.deployment",
        "post.documentation.runbooks.rollback",
        "post.maintenance.deployment.checklist",
        "post.maintenance.deployment.redeploy-documented",
        "post.maintenance.deployment.rollback-tested",
        *DIRTY_TREE,
    },
    mend=lambda lab: lab.vm.shell("mv /root/rollback.md /root/deployment.md /opt/zebu/docs/"),
)
def no_document(lab: Lab) -> None:
    """No document tells how to undo a migration."""
    lab.vm.shell("mv /opt/zebu/docs/rollback.md /opt/zebu/docs/deployment.md /root/")


@fault(
    "pre.database.backups.scheduled",
    flips=set(),
    touches={"timers"},
    mend=lambda lab: lab.vm.shell(
        "rm /etc/cron.d/zebu-backup; mv /root/zebu-backup.timer /etc/systemd/system/; systemctl daemon-reload; systemctl enable -q --now zebu-backup.timer"
    ),
)
def by_cron(lab: Lab) -> None:
    """A cron entry instead of the timer, which is right too."""
    lab.vm.shell(
        "systemctl disable -q --now zebu-backup.timer; mv /etc/systemd/system/zebu-backup.timer /root/; systemctl daemon-reload; echo '30 2 * * * root /usr/local/sbin/zebu-backup' > /etc/cron.d/zebu-backup"
    )


@fault(
    "pre.database.backups.scheduled",
    flips={"pre.database.backups.scheduled"},
    touches={"timers"},
    mend=lambda lab: lab.vm.shell(
        "rm /etc/cron.d/zebu-backup; systemctl start cron; mv /root/zebu-backup.timer /etc/systemd/system/; systemctl daemon-reload; systemctl enable -q --now zebu-backup.timer"
    ),
)
def cron_daemon_off(lab: Lab) -> None:
    """A cron entry instead of the timer, and no cron daemon."""
    lab.vm.shell(
        "systemctl disable -q --now zebu-backup.timer; mv /etc/systemd/system/zebu-backup.timer /root/; systemctl daemon-reload; echo '30 2 * * * root /usr/local/sbin/zebu-backup' > /etc/cron.d/zebu-backup; systemctl stop cron"
    )


@fault(
    "pre.database.backups.scheduled",
    flips={"pre.database.backups.scheduled"},
    touches={"timers"},
    mend=lambda lab: lab.vm.shell("systemctl enable -q zebu-backup.timer"),
)
def not_enabled(lab: Lab) -> None:
    """The timer is loaded and waits, and would not after a reboot."""
    lab.vm.shell("systemctl disable -q zebu-backup.timer")


@fault(
    "pre.database.backups.scheduled",
    flips={"pre.database.backups.scheduled"},
    touches={"proxmox", "timers"},
    mend=own_dumps_again,
)
def vm_backup_fails(lab: Lab) -> None:
    """The hypervisor's job is the only one, and its last run that succeeded is days old."""
    only_vm_backups(lab, hours_ago=72)


@fault(
    "pre.database.backups.scheduled",
    flips=set(),
    touches={"proxmox", "timers"},
    mend=own_dumps_again,
)
def vm_backup_of_all(lab: Lab) -> None:
    """Odd but right: the hypervisor's job saves all machines: its runs do not name this one, what it stored does."""
    only_vm_backups(lab, saves={"all": 1})


@fault(
    "pre.database.backups.scheduled",
    flips={"pre.database.backups.scheduled", "pre.database.backups.strategy"},
    outcomes={
        "pre.database.backups.scheduled": Outcome.NOT_ASSESSED,
        "pre.database.backups.strategy": Outcome.NOT_ASSESSED,
    },
    touches={"proxmox", "timers"},
    mend=own_dumps_again,
)
def vm_backup_of_a_pool(lab: Lab) -> None:
    """The hypervisor's job saves a pool, and the machine is in one within it: whether it is saved too is not known."""
    only_vm_backups(lab, saves={"pool": "production"}, pool="production/web")


@fault(
    "pre.database.backups.scheduled",
    flips={"pre.database.backups.scheduled", "pre.database.backups.strategy"},
    touches={"proxmox", "timers"},
    mend=own_dumps_again,
)
def vm_backup_of_all_others(lab: Lab) -> None:
    """The hypervisor's job saves all machines but this one."""
    only_vm_backups(lab, saves={"all": 1, "exclude": "104,200"})


@fault(
    "pre.database.backups.scheduled",
    flips={"pre.database.backups.scheduled", "pre.database.backups.strategy"},
    touches={"proxmox", "timers"},
    mend=own_dumps_again,
)
def vm_backup_of_another_node(lab: Lab) -> None:
    """The hypervisor's job saves all machines of another node of the cluster."""
    only_vm_backups(lab, saves={"all": 1, "node": "pve2"})


@fault(
    "pre.database.backups.scheduled",
    flips=set(),
    touches={"proxmox", "timers"},
    mend=own_dumps_again,
)
def vm_backup_of_its_pool(lab: Lab) -> None:
    """Odd but right: the hypervisor's job saves the pool that the machine is in."""
    only_vm_backups(lab, saves={"pool": "production"}, pool="production")


@fault(
    "pre.database.backups.scheduled",
    flips=set(),
    touches={"proxmox", "timers"},
    mend=own_dumps_again,
)
def vm_backup_with_warnings(lab: Lab) -> None:
    """Odd but right: the run ended with warnings, and what it stored may not be seen."""
    only_vm_backups(lab, status="WARNINGS: 2", is_shown=False)


@fault(
    "pre.database.backups.scheduled",
    flips=set(),
    touches={"proxmox", "timers"},
    mend=own_dumps_again,
)
def vm_backup_beside_one_that_fails(lab: Lab) -> None:
    """Odd but right: of a run for all machines another one's backup failed; this one's did not, as its log says."""
    log = (
        "ERROR: Backup of VM 104 failed - no space",
        "INFO: Finished Backup of VM 200 (00:01:07)",
        "TASK ERROR: job errors",
    )
    only_vm_backups(lab, saves={"all": 1}, status="job errors", log=log, is_shown=False)


@fault(
    "pre.database.backups.scheduled",
    flips={"pre.database.backups.scheduled"},
    touches={"proxmox", "timers"},
    mend=own_dumps_again,
)
def vm_backup_spoilt(lab: Lab) -> None:
    """The hypervisor's job runs well, and the backup server found that what it has stored cannot be read."""
    only_vm_backups(lab, spoilt={"verification": {"state": "failed", "upid": "UPID:pbs"}})


@fault(
    "pre.database.backups.scheduled",
    flips={"pre.database.backups.scheduled"},
    touches={"proxmox", "timers"},
    mend=own_dumps_again,
)
def vm_backup_weekly(lab: Lab) -> None:
    """The hypervisor's job ran this night, and does so once a week."""
    only_vm_backups(lab, saves={"vmid": "200", "schedule": "sat 02:00"})


@fault(
    "pre.database.backups.scheduled",
    flips={"pre.database.backups.scheduled", "pre.database.backups.strategy"},
    outcomes={
        "pre.database.backups.scheduled": Outcome.NOT_ASSESSED,
        "pre.database.backups.strategy": Outcome.NOT_ASSESSED,
    },
    touches={"proxmox", "timers"},
    mend=own_dumps_again,
)
def vm_backup_without_a_disk(lab: Lab) -> None:
    """The hypervisor's backups leave out one of the machine's disks, on which the database may be."""
    only_vm_backups(lab, disks={"scsi1": "local:vm-200-disk-1,backup=0,size=100G"})


@fault(
    "pre.database.backups.scheduled",
    flips={"pre.database.backups.scheduled"},
    touches={"proxmox", "timers"},
    mend=own_dumps_again,
)
def vm_backup_off(lab: Lab) -> None:
    """The hypervisor's job is the only one, and is switched off."""
    only_vm_backups(lab, hours_ago=6, is_enabled=False)


@fault(
    "pre.database.backups.scheduled",
    flips={"pre.database.backups.scheduled"},
    touches={"timers"},
    mend=lambda lab: lab.vm.shell(
        "rm -r /etc/systemd/system/zebu-backup.timer.d; systemctl daemon-reload; systemctl restart zebu-backup.timer"
    ),
)
def weekly(lab: Lab) -> None:
    """The timer fires once a week."""
    lab.vm.shell(
        "mkdir /etc/systemd/system/zebu-backup.timer.d; printf '[Timer]\\nOnCalendar=\\nOnCalendar=weekly\\n' > /etc/systemd/system/zebu-backup.timer.d/weekly.conf; systemctl daemon-reload; systemctl restart zebu-backup.timer"
    )


@fault(
    "pre.database.backups.strategy",
    flips={"pre.database.backups.strategy", "pre.database.backups.scheduled"},
    touches={"timers"},
    mend=lambda lab: lab.vm.shell(
        "mv /root/zebu-backup.timer /etc/systemd/system/; systemctl daemon-reload; systemctl enable -q --now zebu-backup.timer"
    ),
)
def nothing_runs_it(lab: Lab) -> None:
    """The script is there; nothing runs it."""
    lab.vm.shell(
        "systemctl disable -q --now zebu-backup.timer; mv /etc/systemd/system/zebu-backup.timer /root/; systemctl daemon-reload"
    )


@fault(
    "pre.database.backups.strategy",
    flips=set(),
    touches={"proxmox", "timers"},
    mend=own_dumps_again,
)
def vm_backup_only(lab: Lab) -> None:
    """Odd but right: nothing dumps the database; the hypervisor saves the whole machine every night."""
    only_vm_backups(lab, hours_ago=6)
