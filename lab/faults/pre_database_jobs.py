"""Faults of pre.database.backups: what its scheduler makes of a job, and what the job really runs."""

from lab.deployment import Lab
from lab.fault import fault
from lab.waits import until

STRATEGY, SCHEDULED = "pre.database.backups.strategy", "pre.database.backups.scheduled"
TIMER, SCRIPT = "/etc/systemd/system/zebu-backup.timer", "/usr/local/sbin/zebu-backup"
DROP_INS = "/etc/systemd/system/zebu-backup.timer.d /etc/systemd/system/zebu-backup.service.d"


def instead_of_the_timer(lab: Lab, script: str) -> None:
    """Something else is to run it."""
    lab.vm.shell(f"systemctl disable -q --now zebu-backup.timer; mv {TIMER} /root/; systemctl daemon-reload; {script}")


def timer_again(lab: Lab) -> None:
    """The timer as it was, and nothing else."""
    lab.vm.shell(
        f"rm -f /etc/cron.d/zebu-backup /etc/cron.daily/zebu-backup*; [ -e {TIMER} ] || mv /root/zebu-backup.timer {TIMER}; systemctl daemon-reload; systemctl enable -q --now zebu-backup.timer"
    )


def edit_script(lab: Lab, expression: str) -> None:
    """The script otherwise, and not run."""
    lab.vm.shell(
        f"cp -p {SCRIPT} /root/; sed -i '{expression}' {SCRIPT}; if cmp -s /root/zebu-backup {SCRIPT}; then exit 1; fi"
    )


def script_again(lab: Lab) -> None:
    lab.vm.shell(f"cp -p /root/zebu-backup {SCRIPT}; rm /root/zebu-backup")


def drop_in(lab: Lab, unit: str, text: str) -> None:
    """More of a unit, in force."""
    lab.vm.shell(
        f"mkdir -p /etc/systemd/system/{unit}.d; printf '{text}' > /etc/systemd/system/{unit}.d/fault.conf; systemctl daemon-reload; systemctl restart zebu-backup.timer"
    )


def drop_ins_gone(lab: Lab) -> None:
    lab.vm.shell(f"rm -rf {DROP_INS}; systemctl daemon-reload; systemctl restart zebu-backup.timer")


@fault(SCHEDULED, flips={SCHEDULED, STRATEGY}, touches={"timers"}, mend=timer_again)
def cron_table_without_newline(lab: Lab) -> None:
    """A cron entry instead of the timer; its line has no end, and cron takes none of the table."""
    instead_of_the_timer(lab, f"printf '30 2 * * * root {SCRIPT}' > /etc/cron.d/zebu-backup")


@fault(SCHEDULED, flips={SCHEDULED, STRATEGY}, touches={"timers"}, mend=timer_again)
def cron_table_with_a_bad_line(lab: Lab) -> None:
    """A cron entry instead of the timer, and a bad one below it: cron takes none of the table."""
    instead_of_the_timer(lab, f"printf '30 2 * * * root {SCRIPT}\\n61 * * * * root true\\n' > /etc/cron.d/zebu-backup")


@fault(SCHEDULED, flips={SCHEDULED, STRATEGY}, touches={"timers"}, mend=timer_again)
def cron_ends_at_percent(lab: Lab) -> None:
    """A cron entry instead of the timer, with a percent sign in the name of its log: cron ends the command there."""
    instead_of_the_timer(
        lab, f"printf '30 2 * * * root {SCRIPT} > /var/log/zebu-backup-$(date +%%F).log\\n' > /etc/cron.d/zebu-backup"
    )


@fault(SCHEDULED, flips={SCHEDULED, STRATEGY}, touches={"timers"}, mend=timer_again)
def at_boot_only(lab: Lab) -> None:
    """A cron entry instead of the timer, that runs when the machine starts."""
    instead_of_the_timer(lab, f"echo '@reboot root {SCRIPT}' > /etc/cron.d/zebu-backup")


@fault(SCHEDULED, flips={SCHEDULED, STRATEGY}, touches={"timers"}, mend=timer_again)
def name_that_run_parts_leaves_out(lab: Lab) -> None:
    """A link in cron.daily instead of the timer, with a dot in its name."""
    instead_of_the_timer(lab, f"ln -s {SCRIPT} /etc/cron.daily/zebu-backup.sh")


@fault(SCHEDULED, flips=set(), touches={"timers"}, mend=timer_again)
def by_cron_daily(lab: Lab) -> None:
    """Odd but right: a link in cron.daily instead of the timer."""
    instead_of_the_timer(lab, f"ln -s {SCRIPT} /etc/cron.daily/zebu-backup")


@fault(SCHEDULED, flips=set(), touches={"timers"}, mend=timer_again)
def by_a_relative_path(lab: Lab) -> None:
    """Odd but right: a cron entry that changes into the folder, and starts the script through two others."""
    instead_of_the_timer(
        lab,
        "echo '30 2 * * * root cd /usr/local/sbin && nice flock -n /run/zebu-backup.lock ./zebu-backup' > /etc/cron.d/zebu-backup",
    )


@fault(SCHEDULED, flips=set(), touches={"timers"}, mend=drop_ins_gone)
def a_day_after_the_last(lab: Lab) -> None:
    """Odd but right: the timer has no calendar, it fires a day after the last run."""
    drop_in(lab, "zebu-backup.timer", "[Timer]\\nOnCalendar=\\nOnUnitActiveSec=1d\\n")


@fault(STRATEGY, flips={STRATEGY, SCHEDULED}, touches={"timers"}, mend=drop_ins_gone)
def nothing_in_its_unit(lab: Lab) -> None:
    """The timer fires every night, and a drop-in has emptied what it starts."""
    drop_in(lab, "zebu-backup.service", "[Service]\\nExecStart=\\nExecStart=/bin/true zebu-backup pg_dump\\n")


@fault(STRATEGY, flips={STRATEGY, SCHEDULED}, touches={"timers"}, mend=script_again)
def commented_out(lab: Lab) -> None:
    """The script runs every night; the line that dumps is a comment."""
    edit_script(lab, "/pg_dump/s/^/# /")


@fault(STRATEGY, flips={STRATEGY, SCHEDULED}, touches={"timers"}, mend=script_again)
def another_database(lab: Lab) -> None:
    """The script dumps the database of the server's own administration."""
    edit_script(lab, 's/"$POSTGRES_DB"/postgres/')


@fault(STRATEGY, flips={STRATEGY, SCHEDULED}, touches={"timers"}, mend=script_again)
def schema_only(lab: Lab) -> None:
    """The script dumps the schema and no row."""
    edit_script(lab, "s/ -Fc / -Fc --schema-only /")


USER = "deploy"
ASK_USER = f"runuser -u {USER} -- env XDG_RUNTIME_DIR=/run/user/$(id -u {USER}) systemctl --user"
UNITS = f"/home/{USER}/.config"
SERVICE_TEXT = f"[Service]\\nType=oneshot\\nExecStart=/usr/bin/sudo {SCRIPT}\\n"
TIMER_TEXT = "[Timer]\\nOnCalendar=*-*-* 02:30:00\\n[Install]\\nWantedBy=timers.target\\n"


def users_timer(lab: Lab) -> None:
    """A timer of a user's own manager, that is there without a login."""
    socket = f"/run/user/$(id -u {USER})/systemd/private"
    lab.vm.shell(f"loginctl enable-linger {USER}")
    until("the user's manager is there", lambda: lab.vm.shell(f"[ -S {socket} ] && echo there || true"))
    instead_of_the_timer(
        lab,
        f"install -d -o {USER} {UNITS} {UNITS}/systemd {UNITS}/systemd/user; printf '{SERVICE_TEXT}' > {UNITS}/systemd/user/zebu-backup.service; "
        f"printf '{TIMER_TEXT}' > {UNITS}/systemd/user/zebu-backup.timer; {ASK_USER} daemon-reload; {ASK_USER} enable -q --now zebu-backup.timer",
    )


def users_timer_gone(lab: Lab) -> None:
    lab.vm.shell(
        f"loginctl enable-linger {USER}; {ASK_USER} disable -q --now zebu-backup.timer || true; rm -rf {UNITS}/systemd; {ASK_USER} daemon-reload || true; loginctl disable-linger {USER}"
    )
    timer_again(lab)


@fault(SCHEDULED, flips=set(), touches={"timers"}, mend=users_timer_gone)
def by_a_users_timer(lab: Lab) -> None:
    """Odd but right: a timer of the user who deploys, whose manager is there without a login."""
    users_timer(lab)


@fault(SCHEDULED, flips={SCHEDULED, STRATEGY}, touches={"timers"}, mend=users_timer_gone)
def by_a_users_timer_while_logged_in(lab: Lab) -> None:
    """A timer of the user who deploys, whose manager ends with the last login."""
    users_timer(lab)
    lab.vm.shell(f"loginctl disable-linger {USER}")


LOOP = 'while sleep 1d; do PGPASSWORD="$POSTGRES_PASSWORD" pg_dump -h db -U "$POSTGRES_USER" -Fc "$POSTGRES_DB" > /dumps/zebu-$(date -u +%Y%m%dT%H%M%SZ).dump; done'


def loop_gone(lab: Lab) -> None:
    lab.vm.shell("docker rm -f dumper >/dev/null")
    timer_again(lab)


@fault(SCHEDULED, flips=set(), touches={"timers", "other-project"}, uses={"postgres"}, mend=loop_gone)
def by_a_loop_in_a_container(lab: Lab) -> None:
    """Odd but right: a container beside the project, that dumps the database and sleeps for a day."""
    instead_of_the_timer(
        lab,
        "docker run -d --name dumper --restart unless-stopped --network zebu_default --env-file /opt/zebu/.env -v /var/backups/zebu:/dumps "
        f"--entrypoint sh $(docker inspect -f '{{{{.Config.Image}}}}' zebu-db-1) -c '{LOOP}' >/dev/null",
    )


@fault(
    SCHEDULED,
    flips={SCHEDULED},
    touches={"timers"},
    mend=lambda lab: lab.vm.shell(
        f"cp -p /root/zebu-backup.timer {TIMER}; rm /root/zebu-backup.timer; systemctl daemon-reload; systemctl enable -q --now zebu-backup.timer"
    ),
)
def nothing_wants_it(lab: Lab) -> None:
    """The timer was started by hand; it has no section that would enable it, and nothing wants it at boot."""
    lab.vm.shell(
        f"systemctl disable -q --now zebu-backup.timer; cp -p {TIMER} /root/; sed -i '/Install/,$d' {TIMER}; systemctl daemon-reload; systemctl start zebu-backup.timer"
    )
