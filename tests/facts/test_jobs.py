"""What runs by itself."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pytest_zebu.facts import scripts
from pytest_zebu.facts.answer import Garbled
from pytest_zebu.facts.jobs import PROBE, Command, Copy, Job, read, unread_of
from tests.facts.answers import AT, NOON
from tests.facts.daemon import Daemon
from tests.facts.daemon import told as answered

DAY = timedelta(days=1)
TIMER = f"""@timer zebu-backup.timer
@enabled enabled
@active active
@result success
@ended {AT}
@run sure\tcontainer:db\troot\tpg_dump\t-Fc\tzebu\t>\t/b/zebu.dump
@next {AT + 86400} {AT + 2 * 86400} {AT + 4 * 86400}
"""
CRON = "@cron debian active enabled\n@table /etc/cron.d/x\n"


def test_a_timer() -> None:
    (found,) = read(TIMER)
    assert found == Job(
        "zebu-backup.timer",
        (Command(("pg_dump", "-Fc", "zebu"), (">", "/b/zebu.dump"), "container:db", "root"),),
        timedelta(days=2),
        True,
        True,
        NOON,
        "success",
        coming=tuple(NOON + n * DAY for n in (1, 2, 4)),
    )
    assert found.trouble == ""
    assert found.runs("pg_dump")
    assert not found.runs("zebu")
    assert str(found.commands[0]) == "pg_dump -Fc zebu"


def test_what_a_command_is_given() -> None:
    (found,) = read("@timer a.timer\n@run maybe\t\tapp\tPGDATABASE=zebu\tPGHOST=db\tpg_dump\t|\tgzip\n")
    assert found.commands == (
        Command(("pg_dump",), ("|", "gzip"), "", "app", False, (("PGDATABASE", "zebu"), ("PGHOST", "db"))),
    )


@pytest.mark.parametrize(("state", "enabled"), [
    ("enabled", True), ("enabled-runtime", False), ("static", True), ("generated", True), ("transient", False), ("unwanted", False), ("alias", True), ("disabled", False), ("masked", False), ("", False),
])  # fmt: skip
def test_what_comes_back_at_boot(state: str, enabled: bool) -> None:
    (found,) = read(TIMER.replace("@enabled enabled", f"@enabled {state}"))
    assert found.is_enabled is enabled


@pytest.mark.parametrize(("old", "new", "trouble"), [
    ("@active active", "@active inactive", "is not active"), ("@enabled enabled", "@enabled disabled", "is not enabled"),
    ("@result success", "@result exit-code", "last run ended with exit-code"), ("@result success\n", "", ""),
    ("@result success", "@skipped", "does not run: a condition"), ("@result success", "@owner op 0", "runs only while op is logged in"), ("@result success", "@owner op 1", ""),
    (f"@next {AT + 86400}", "@span OnBootUSec 5min\n@next", ""),
])  # fmt: skip
def test_why_a_job_cannot_be_relied_on(old: str, new: str, trouble: str) -> None:
    assert old in TIMER
    (found,) = read(TIMER.replace(old, new))
    assert found.trouble.startswith(trouble)
    assert bool(found.trouble) is bool(trouble)


def test_a_run_that_never_ended_has_no_moment() -> None:
    (found,) = read(TIMER.replace(f"@ended {AT}\n", ""))
    assert found.last_run is None


@pytest.mark.parametrize(("told", "gap", "trouble"), [
    ("@span OnUnitActiveUSec 1d", DAY, ""), ("@span OnUnitInactiveUSec 12h 30min", timedelta(hours=12.5), ""), ("@span OnBootUSec 15min\n@span OnUnitActiveUSec 1d", DAY, ""),
    ("@span OnBootUSec 15min", None, "when the machine starts"), ("@span OnStartupUSec 1h\n@span OnActiveUSec 1h", None, "when the machine starts"), ("@span OnUnitActiveUSec often", None, ""),
    (f"@next {AT}", None, ""), (f"@next {AT} {AT}", None, ""), ("@next", None, ""),
    # Of two calendars that take turns, and of two of which one comes oftener
    (f"@next {AT} {AT + 2 * 86400} {AT + 4 * 86400}\n@next {AT + 86400} {AT + 3 * 86400}", DAY, ""), (f"@next {AT} {AT + 60} {AT + 120}\n@next {AT} {AT + 604800}", timedelta(minutes=1), ""),
])  # fmt: skip
def test_how_often_a_timer_comes(told: str, gap: timedelta | None, trouble: str) -> None:
    (found,) = read(f"@timer a.timer\n@enabled enabled\n@active active\n{told}\n")
    assert found.longest_gap == gap
    assert trouble in found.trouble
    assert bool(found.trouble) is bool(trouble)


def test_an_entry_of_cron() -> None:
    (found,) = read(f"{CRON}@entry /etc/cron.d/x\t0 3 * * *\troot\n@run sure\t\troot\tcertbot\trenew\n@ended {AT}\n")
    assert (found.name, found.longest_gap, found.last_run) == ("/etc/cron.d/x", DAY, NOON)
    assert found.runs("certbot renew")
    assert found.trouble == ""


@pytest.mark.parametrize(("schedule", "trouble"), [
    ("@reboot", "when the machine starts"), ("0 3 31 2 *", "never comes"), ("10-5 * * * *", "never comes"), ("@daily", ""), ("0 3 * * sun", ""),
])  # fmt: skip
def test_entries_that_do_not_come_back(schedule: str, trouble: str) -> None:
    (found,) = read(f"{CRON}@entry /etc/cron.d/x\t{schedule}\troot\n@run sure\t\troot\tx\n")
    assert trouble in found.trouble
    assert bool(found.trouble) is bool(trouble)


@pytest.mark.parametrize(("told", "why"), [
    ("@ignored has no newline", "no newline"), ("@entry /etc/cron.d/x\t61 * * * *\troot", "a minute that cron does not know"), ("@entry /etc/cron.d/x\t\t\n@bad a line that is no entry", "a line that is no entry"),
    ("@entry /etc/cron.d/x\t* * * * *\tnobody\n@bad an entry for a user that there is not", "a user that there is not"), ("@entry /etc/cron.d/x\t@every 5m\troot", "which cron does not know"),
])  # fmt: skip
def test_one_bad_entry_and_none_of_the_table_runs(told: str, why: str) -> None:
    good = "@entry /etc/cron.d/x\t0 3 * * *\troot\n@run sure\t\troot\tpg_dump\tzebu"
    for text in (f"{told}\n{good}", f"{good}\n{told}") if not told.startswith("@ignored") else (f"{told}\n{good}",):
        jobs = read(f"{CRON}{text}\n@table /etc/cron.d/y\n@entry /etc/cron.d/y\t@daily\troot\n@run sure\t\troot\tx\n")
        hindered = {job.hindered for job in jobs if job.name == "/etc/cron.d/x"}
        assert len(hindered) == 1
        assert why in hindered.pop()
        assert [job.trouble for job in jobs if job.name == "/etc/cron.d/y"] == [""]


def test_what_another_cron_makes_of_a_bad_entry_is_not_known() -> None:
    text = (
        CRON.replace("debian", "cronie")
        + "@entry /etc/cron.d/x\t61 * * * *\troot\n@entry /etc/cron.d/x\t0 3 * * *\troot\n"
    )
    bad, good = read(text)
    assert bad.unread
    assert (good.trouble, good.unread) == ("", ())


@pytest.mark.parametrize(("said", "trouble"), [
    ("debian active enabled", ""), ("debian active ", ""), ("debian active static", ""), ("debian inactive enabled", "is not active"), ("debian failed enabled", "is not active"),
    ("debian active disabled", "is not enabled"), ("debian active masked", "is not enabled"),
])  # fmt: skip
def test_entries_run_where_the_daemon_does(said: str, trouble: str) -> None:
    (entry,) = read(f"@cron {said}\n@table /etc/crontab\n@entry /etc/crontab\t@daily\troot\n@run sure\t\troot\tx\n")
    assert entry.trouble.startswith(trouble)
    assert bool(entry.trouble) is bool(trouble)


@pytest.mark.parametrize(("days", "gap"), [("1", DAY), ("7", 7 * DAY), ("@monthly", 31 * DAY), ("often", None)])
def test_anacron_is_started_by_its_timer(days: str, gap: timedelta | None) -> None:
    text = f"@cron debian active enabled\n@anacron cron.daily {days}\n@run sure\t\troot\tpg_dump\n"
    (alone,) = read(text)
    assert (alone.longest_gap, alone.trouble) == (gap, "")
    _, stopped = read(f"@timer anacron.timer\n@enabled enabled\n@active inactive\n{text}")
    assert stopped.trouble == "is not active"


def test_a_container_that_makes_backups() -> None:
    (found,) = read(f"@holder saver postgres-backup-local\n@schedule @daily\n@database zebu\n@kept {AT - 9} {AT}\n")
    assert (found.image, found.longest_gap, found.databases) == ("postgres-backup-local", DAY, ("zebu",))
    assert found.kept == (NOON, NOON - timedelta(seconds=9))


def test_what_could_not_be_read() -> None:
    jobs = read(
        "@timer a.timer\n@unread /opt/a\tnames acme.sh and pg_dump, and is no shell script\n@unread /opt/b\tis a program\n@broken /opt/c\tis not there\n"
    )
    assert jobs[0].broken == ("/opt/c is not there",)
    assert unread_of(jobs, "pg_dump") == (
        "a.timer: /opt/a names acme.sh and pg_dump, and is no shell script",
        "a.timer: /opt/b is a program",
    )
    assert unread_of(jobs, "certbot") == ("a.timer: /opt/b is a program",)
    (saver,) = read("@timer a.timer\n@unread borgmatic\tmay run pg_dump, as its own files say\n")
    assert unread_of([saver], "pg_dump") == ("a.timer: borgmatic may run pg_dump, as its own files say",)
    assert unread_of([saver], "certbot") == ()


@pytest.mark.parametrize("text", [
    "sh: 1: syntax error", "@enabled enabled\n@timer x\n", "@timer x\n@next soon\n", "@timer x\n@next 99999999999999999\n", "@entry /x\t* * * * *\troot\n", "@timer x\n@run sure\n", "@timer x\n@run sure\t\troot\n",
    "@timer x\n@run perhaps\t\troot\tx\n", "@cron debian running enabled\n", "@cron active\n", "@holder x\n", "@anacron x\n", "@timer x\n@span y\n", "@timer x\n@ended soon\n", "@timer x\n@owner y\n",
])  # fmt: skip
def test_what_is_not_understood_is_garbled(text: str) -> None:
    with pytest.raises(Garbled):
        read(text)


def test_a_moment_is_in_utc() -> None:
    (found,) = read("@timer x\n@ended 0\n")
    assert found.last_run == datetime(1970, 1, 1, tzinfo=UTC)


def told(call: str, script: str, folder: Path | None = None) -> str:
    """What the probe tells of a script, by its own functions alone, with the programs of a folder."""
    text = scripts.joined(*PROBE.uses, PROBE.file)
    before, _, rest = text.partition("\nmy %lingers = lingering();")
    functions = before + "\nsub tell_loop" + rest.partition("\nsub tell_loop")[2].partition("\nsub tell_services")[0]
    if folder:
        functions = functions.replace("-d '/run/systemd/system'", f"-d '{folder}'")
    done = subprocess.run(
        ["perl", "-e", f"{functions}\nmy $script = join '', <STDIN>;\n{call}"],
        input=script, capture_output=True, text=True, check=True,
        env={"PATH": f"{folder or '/nowhere'}:{os.environ['PATH']}", "ZEBU_DOCKER_SOCKET": os.environ.get("ZEBU_DOCKER_SOCKET", "/nowhere/docker.sock")},
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout


ENTRY = "print runs({ kind => 'cron', name => 'x', user => 'root', env => { PATH => $ENV{PATH}, PGDATABASE => 'zebu', PGPASSWORD => 'hush' }, command => $script });"
LOOP = "tell_loop('saver', 'container', ['/bin/sh', '-c', $script], place => 'container:saver', given => { EVERY => '12h' });"


@pytest.mark.parametrize(("script", "words"), [
    ("pg_dump 'postgresql://op:hush@db/zebu' > /b/x", "pg_dump\tpostgresql://db/zebu\t>\t/b/x"), ("pg_dump -d 'host=db password=hush dbname=zebu'", "pg_dump\t-d\thost=db password=- dbname=zebu"),
    ("PGPASSWORD=hush pg_dump zebu", "pg_dump\tzebu"), ("export PGPASSWORD=hush; pg_dump zebu", "pg_dump\tzebu"), ("pg_dump zebu | curl -T - https://op:hush@example.org/x", "pg_dump\tzebu\t|\tcurl"), ("pg_dump zebu | gpg --batch --passphrase hush -c > /b/x", "pg_dump\tzebu\t|\tgpg\t>\t/b/x"),
    ("curl -H 'x: hush' https://example.org", ""), ("echo hush", ""),
])  # fmt: skip
def test_no_password_is_told(script: str, words: str) -> None:
    assert told(ENTRY, script) == (f"@run sure\t\troot\tPGDATABASE=zebu\t{words}\n" if words else "")


@pytest.mark.parametrize(("script", "interest"), [
    ("docker image prune -f", True), ("docker ps", False), ("journalctl --vacuum-time=7d", True), ("journalctl -b", False), ("find /var/log -name x -delete", True), ("find / -name x", False), ("logrotate /etc/logrotate.conf", True), ("rsync a b", False),
])  # fmt: skip
def test_what_is_of_interest(script: str, interest: bool) -> None:
    assert bool(told(ENTRY, script)) is interest


@pytest.mark.parametrize(("script", "unread"), [
    ("borgmatic --verbosity -1", "borgmatic\tmay run pg_dump, as its own files say"), ("sleep 3; pg_back", "pg_back\tmay run pg_dump, as its own files say"), ("chronic resticprofile run-schedule x", "resticprofile\tmay run pg_dump, as its own files say"),
    ("systemd-inhibit --who=borgmatic --why=Prevent interrupting scheduled backup /root/.local/bin/borgmatic --verbosity -1", "borgmatic\tmay run pg_dump, as its own files say"),
    ("gosu postgres pg_dump -Fc zebu > /b/x", "gosu\tnames pg_dump, and is no shell script"), ("cronitor exec x pg_dump zebu", "cronitor\tnames pg_dump, and is no shell script"), ("runitor -uuid x -- /usr/bin/pg_dumpall", "runitor\tnames pg_dumpall, and is no shell script"),
    ("envdir /etc/wal-g.d/env wal-g backup-push /x", "envdir\tnames wal-g, and is no shell script"), ("script -qc 'pg_dump zebu > /b/x' /dev/null", "script\tnames pg_dump, and is no shell script"), ("parallel pg_dump ::: zebu", "parallel\tnames pg_dump, and is no shell script"),
    ("echo pg_dump zebu", ""), ("logger -t backup pg_dump ended", ""), ("pgrep -x pg_dump", ""), ("rm -f /srv/pg_dump", ""), ("which pg_dump", ""), ("rsync -a --list-only /srv/pg_dump.d/", ""), ("apt-get install barman", ""), ("tar czf /b/pg_dump-1.tgz /srv", ""),
])  # fmt: skip
def test_what_may_dump_in_a_way_of_its_own(script: str, unread: str) -> None:
    assert told(ENTRY, script) == (f"@unread {unread}\n" if unread else "")


SYSTEMCTL = r"""#!/bin/sh
case "$*" in
"show -- certbot.service"|"show -- certbot-renew.service"|"show -- snap.certbot.renew.service")
  printf 'Id=certbot.service\nExecStart={ path=/usr/bin/certbot ; argv[]=/usr/bin/certbot -q renew ; ignore_errors=no ; start_time=[n/a] }\n';;
"show -- gone.service") printf 'Id=gone.service\nLoadState=not-found\n';;
"show -- nginx.service") printf 'Id=nginx.service\nExecStart={ path=/bin/true ; argv[]=/bin/true -g x ; ignore_errors=no ; start_time=[n/a] }\n';;
*) exit 1;;
esac
"""
CONTAINERS = {
    "certbot": {"Path": "certbot", "Args": ["renew", "--server", "https://op:hush@ca"], "State": {"Running": False}, "Config": {"Image": "certbot/certbot"}},
    "monthly": {"Path": "/bin/sh", "Args": ["-c", "certbot renew && nginx -s reload"], "State": {"Running": False}},
    "lego": {"Path": "/lego", "Args": ["renew"], "State": {"Running": False}, "Config": None},
    "loop": {"Path": "/bin/sh", "Args": ["-c", "while :; do certbot renew; sleep 1d; done"], "State": {"Running": True}, "Config": {"Image": "certbot/certbot"}},
    "odd": {"Path": "/entry.sh", "Args": [], "State": {"Running": True}, "Config": {"Image": "x/certbot-dns"}},
    "backend": {"Path": "/entry.sh", "Args": [], "State": {"Running": True}, "Config": {"Image": "zebu-backend"}},
}  # fmt: skip
MAY = "@unread {}\tmay run certbot, as its own files say\n"
RENEW = "@run sure\t\troot\tcertbot\t-q\trenew\n"
OWN = "@run sure\t\troot\tPGDATABASE=zebu\tcertbot\trenew\n"


@pytest.mark.parametrize(("script", "found"), [
    ("letsencrypt renew", OWN), ("/usr/bin/letsencrypt renew", OWN), ("python3 -m certbot renew", OWN), ("/usr/bin/python3 -W ignore -u -m certbot.main renew", OWN),
    ("python3 -m other renew", "@unread python3 -m other\tis a program\n"), ("docker exec c python3 -m certbot renew", OWN.replace("\t\t", "\tcontainer:c\t", 1)), ("letsencrypt renew --dry-run", OWN.replace("renew", "renew\t--dry-run")),
    # What a unit runs
    ("systemctl start certbot.service", RENEW), ("systemctl start certbot-renew", RENEW), ("sudo systemctl restart --no-block snap.certbot.renew.service", RENEW), ("service certbot start", RENEW), ("service certbot status", ""),
    ("[ $(date +\\%d) = 01 ] && systemctl start certbot", RENEW.replace("sure", "maybe")), ("systemctl restart nginx", ""), ("systemctl start gone", ""), ("systemctl stop certbot", ""),
    ("systemctl start x", "@unread systemctl start x.service\tstarts a unit that could not be read\n"),
    # What a container runs
    ("docker start certbot", "@run sure\tcontainer:certbot\troot\tcertbot\trenew\t--server\thttps://ca\n"), ("docker restart -t 5 certbot", "@run sure\tcontainer:certbot\troot\tcertbot\trenew\t--server\thttps://ca\n"),
    ("docker container start -a monthly", "@run sure\tcontainer:monthly\troot\tcertbot\trenew\n"), ("docker start lego", "@unread /lego\tis a script of container:lego\n@run sure\tcontainer:lego\troot\tlego\trenew\n"),
    ("docker restart loop", ""), ("docker restart backend gone", ""), ("docker start zebu-backup", "@unread docker start zebu-backup\tstarts what its own files say\n"), ("ssh other docker start certbot", ""),
    ("docker restart odd", MAY.format("docker restart odd")), ("docker start renewal", MAY.format("docker start renewal")), ("podman start certbot", MAY.format("podman start certbot")),
    ("docker compose up certbot", MAY.format("docker up certbot")), ("docker compose up -d backend", ""), ("docker-compose -f /x.yml run --rm letsencrypt", MAY.format("docker-compose run letsencrypt") + OWN.replace("\t\t", "\timage:letsencrypt\t", 1).replace("\trenew", "")),
    ("docker compose run --rm certbot renew", OWN.replace("\t\t", "\timage:certbot\t", 1)), ("docker run --rm certbot/certbot renew", OWN.replace("\t\t", "\timage:certbot/certbot\t", 1)), ("docker run --rm x/renewer", MAY.format("docker run x/renewer")),
])  # fmt: skip
def test_ways_to_a_renewal(script: str, found: str, tmp_path: Path, daemon: Daemon) -> None:
    for name, what in CONTAINERS.items():
        daemon.answers[f"/containers/{name}/json"] = answered(what)
    for name, text in (("systemctl", SYSTEMCTL), ("docker", "#!/bin/sh\nexit 1\n"), ("podman", "#!/bin/sh\nexit 1\n")):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    assert told(ENTRY, script, tmp_path) == found


def test_what_may_renew_is_no_dump_that_nobody_read() -> None:
    jobs = read(f"{CRON}@entry /etc/cron.d/x\t0 3 * * *\troot\n{MAY.format('docker start odd')}")
    assert unread_of(jobs, "certbot|lego") == ("/etc/cron.d/x: docker start odd may run certbot, as its own files say",)
    assert unread_of(jobs, "pg_dump") == ()


@pytest.mark.parametrize(("script", "every", "runs"), [
    ("while true; do pg_dump zebu > /b/x; sleep 86400; done", timedelta(days=1), True), ("while :; do sleep 1d; pg_dump zebu; sleep 2h; done", timedelta(hours=26), True), ("while sleep \"$EVERY\"; do pg_dump zebu; done", timedelta(hours=12), True),
    ("while sleep $OFTEN; do pg_dump zebu; done", None, True), ("while true; do date; sleep 60; done", None, False),
])  # fmt: skip
def test_loops_of_containers(script: str, every: timedelta | None, runs: bool) -> None:
    found = read(told(LOOP, script))
    assert [(job.longest_gap, job.image, job.runs("pg_dump"), job.commands[0].place) for job in found] == (
        [(every, "container", True, "")] if runs else []
    )


@pytest.mark.parametrize(
    "calendar",
    [
        "Mon..Sun *-*-* 02:30:00",
        "Mon..Sun *-*-* 02:30:00 Europe/Berlin",
        "Mon..Sun *-*-* 02:30:00 UTC",
        "Mon..Sun *-*-* 02:30:00 CET",
    ],
)
def test_coming_runs_are_asked_for_in_utc(calendar: str, tmp_path: Path) -> None:
    """A night of spring that has no half past two makes no daily timer a rarer one."""
    analyze = tmp_path / "systemd-analyze"
    analyze.write_text(
        '#!/bin/sh\n[ "$TZ $*" = "UTC calendar --iterations=300 -- Mon..Sun *-*-* 02:30:00" ] || exit 1\n'
        "printf '    Next elapse: Thu 2026-11-26 02:30:00 UTC\\n       From now: 1h left\\n       Iter. #2: Fri 2026-11-27 02:30:00 UTC\\n'\n"
    )
    analyze.chmod(0o755)
    text = scripts.joined(*PROBE.uses, PROBE.file)
    functions = text.partition("\nmy %lingers = lingering();")[0]
    done = subprocess.run(
        ["perl", "-e", f"{functions}\ncoming({{ TimersCalendar => ['{{ OnCalendar={calendar} ; next_elapse=n/a }}'] }});"],
        capture_output=True, text=True, check=True, env={"PATH": f"{tmp_path}:{os.environ['PATH']}", "TZ": "Europe/Berlin"},
    )  # fmt: skip
    assert done.stdout == "@next 1795660200 1795746600\n"


@pytest.mark.parametrize(
    ("calendar", "first", "days"),
    [
        ("*-*-* 22:30:00", datetime(2026, 11, 27, 22, 30, tzinfo=UTC), 1),
        ("*-*-* 11:00:00", datetime(2026, 11, 28, 11, tzinfo=UTC), 1),
        ("*-*-* 10:59:59 Europe/Berlin", datetime(2026, 11, 28, 10, 59, 59, tzinfo=UTC), 1),
        ("Fri *-*-* 11:00:00", datetime(2026, 12, 4, 11, tzinfo=UTC), 7),
        ("Fri *-*-* 11:00:01", datetime(2026, 11, 27, 11, 0, 1, tzinfo=UTC), 7),
        ("Sun *-*-* 04:00:00", datetime(2026, 11, 29, 4, tzinfo=UTC), 7),
        ("Thu *-*-* 00:00:00", datetime(2026, 12, 3, tzinfo=UTC), 7),
    ],
)
def test_the_next_runs_of_each_day_or_week_are_counted_here(calendar: str, first: datetime, days: int) -> None:
    """As systemd counts them, which takes long for so many; seen on a Friday at 11 o'clock."""
    now = int(datetime(2026, 11, 27, 11, tzinfo=UTC).timestamp())
    plain = calendar.removesuffix(" Europe/Berlin")
    found = [int(word) for word in told(f"print join ' ', plain_runs('{plain}', {now})", "").split()]
    assert found == [int((first + timedelta(days=days * number)).timestamp()) for number in range(300)]
    said = told(f"coming({{ TimersCalendar => ['{{ OnCalendar={calendar} ; x=y }}'] }})", "", Path("/nowhere"))
    assert said.startswith("@next ")
    assert len(said.split()) == 301


@pytest.mark.parametrize(
    "calendar",
    [
        "*-*-01 04:00:00",
        "Mon..Fri *-*-* 04:00:00",
        "*-*-* 00/6:00:00",
        "Mon,Tue *-*-* 04:00:00",
        "*-*-* 04:00:00 x",
        "",
    ],
)
def test_others_are_left_to_systemd(calendar: str) -> None:
    assert told(f"print scalar(() = plain_runs('{calendar}', 0))", "") == "0"


def test_a_copy() -> None:
    """It is no command of interest: a job that only copies has none."""
    (found,) = read(
        "@timer copy.timer\n@copy maybe\tcontainer:db\tapp\trsync\t/b/\tbackup@nas.example:b\n@copy sure\t\troot\trestic\n"
    )
    assert found.commands == ()
    assert found.copies == (
        Copy("rsync", ("/b/", "backup@nas.example:b"), "container:db", "app", False),
        Copy("restic", (), "", "root"),
    )


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize("line", ["@copy sure\t\troot", "@copy x\t\troot\trsync", "@copy sure\t\troot\t", "@copy "])
def test_odd_copies_are_garbled(line: str) -> None:
    with pytest.raises(Garbled):
        read(f"@timer a.timer\n{line}\n")


@pytest.mark.parametrize(("command", "places"), [
    ("rsync -a --delete /var/backups/zebu/ root@10.0.0.5:/tank/zebu", "rsync /var/backups/zebu/ root@10.0.0.5:/tank/zebu"),
    ("sudo rsync -a /var/backups/zebu/ nas:zebu", "rsync /var/backups/zebu/ nas:zebu"), ("restic -r sftp:u:pw@h:/x backup /var", "restic"),
    ("cp -a /var/backups/zebu/x.dump /mnt/nas/", "cp /var/backups/zebu/x.dump /mnt/nas/"), ("cp a b", ""), ("rsync --version", ""),
    ("scp -i /root/.ssh/k /var/backups/zebu/x.gz b@h:dumps/", "scp /root/.ssh/k /var/backups/zebu/x.gz b@h:dumps/"), ("echo rsync /a /b", ""),
])  # fmt: skip
def test_what_copies_is_told_with_its_places(command: str, places: str) -> None:
    assert told(ENTRY, command) == (
        f"@copy sure\t\troot\t{places}".replace(" ", "\t").replace("@copy\t", "@copy ") + "\n" if places else ""
    )


@pytest.mark.hostile("secrets")
@pytest.mark.parametrize("command", [
    "rclone copy --sftp-pass S3cret:x /var/backups nas:zebu", "rclone copy --header Authorization:S3cret /var/backups nas:zebu", "rclone copy --password-command 'echo S3cret' /var/backups nas:zebu",
    "rclone copy --b2-key /S3cret+abc /var/backups nas:zebu", "rsync -a rsync://u:S3cret@h/m /a /b", "rsync --password-file=S3cret /a /b", "restic -r rest:https://u:S3cret@h/ backup /var", "sshpass -p S3cret:x rsync -a /a b@h:c",
])  # fmt: skip
def test_no_password_of_a_copy_is_told(command: str) -> None:
    assert "S3cret" not in told(ENTRY, command)
