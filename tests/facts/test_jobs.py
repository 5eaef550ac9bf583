"""What runs by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pytest_zebu.facts.answer import Garbled
from pytest_zebu.facts.jobs import Job, read
from tests.facts.answers import AT, NOON

TIMER = f"""@timer zebu-backup.timer
@enabled enabled
@active active
@service ExecStart={{ path=/usr/local/sbin/backup ; argv[]=/usr/local/sbin/backup --all ; ignore_errors=no }}
@service Result=success
@service ExecMainExitTimestamp=@{AT}
@line   pg_dump -Fc zebu
@when OnCalendar=*-*-* 02:00:00
@next Wed 2026-11-25 02:00:00 UTC
@next Thu 2026-11-26 02:00:00 UTC
@next Sat 2026-11-28 02:00:00 UTC
"""


def test_a_timer() -> None:
    (found,) = read(TIMER)
    assert found == Job(
        "zebu-backup.timer",
        ("/usr/local/sbin/backup --all", "pg_dump -Fc zebu"),
        timedelta(days=2),
        True,
        True,
        NOON,
        "success",
    )
    assert found.trouble == ""
    assert found.runs(r"\bpg_dump\b")
    assert not found.runs("restic")


@pytest.mark.parametrize(("state", "enabled"), [
    ("enabled", True), ("enabled-runtime", True), ("static", True), ("generated", True), ("alias", True), ("disabled", False), ("masked", False), ("", False),
])  # fmt: skip
def test_what_comes_back_at_boot(state: str, enabled: bool) -> None:
    (found,) = read(TIMER.replace("@enabled enabled", f"@enabled {state}"))
    assert found.is_enabled is enabled


@pytest.mark.parametrize(("old", "new", "trouble"), [
    ("@active active", "@active inactive", "is not active"), ("@enabled enabled", "@enabled disabled", "is not enabled"),
    ("Result=success", "Result=exit-code", "last run ended with exit-code"), ("@service Result=success\n", "", ""),
])  # fmt: skip
def test_why_a_job_cannot_be_relied_on(old: str, new: str, trouble: str) -> None:
    (found,) = read(TIMER.replace(old, new))
    assert found.trouble.startswith(trouble)
    assert bool(found.trouble) is bool(trouble)


@pytest.mark.parametrize("stamp", ["", "0", "@0", "n/a"])
def test_a_run_that_never_ended_has_no_moment(stamp: str) -> None:
    (found,) = read(TIMER.replace(f"@{AT}", stamp))
    assert found.last_run is None


def test_one_coming_run_tells_no_gap() -> None:
    (found,) = read("@timer a.timer\n@next Wed 2026-11-25 02:00:00 UTC\n@next Wed 2026-11-25 02:00:00 UTC\n")
    assert found.longest_gap is None


@pytest.mark.parametrize(("file", "line", "command", "gap"), [
    ("/etc/cron.d/x", "0 3 * * * root /usr/sbin/backup --now", "/usr/sbin/backup --now", timedelta(days=1)),
    ("/var/spool/cron/crontabs/root", "0 3 * * 0 /usr/sbin/backup --now", "/usr/sbin/backup --now", timedelta(days=7)),
    ("/etc/crontab", "@hourly root certbot renew", "certbot renew", timedelta(hours=1)),
    ("/etc/crontab", "@daily root certbot renew", "certbot renew", timedelta(days=1)),
    ("/etc/crontab", "@weekly root certbot renew", "certbot renew", timedelta(days=7)),
    ("/etc/crontab", "@monthly root certbot renew", "certbot renew", timedelta(days=31)),
    ("/etc/crontab", "@reboot root certbot renew", "certbot renew", None),
    ("/etc/crontab", "99 99 * * * root x", "x", None), ("/etc/crontab", "* *", "* *", None), ("/etc/crontab", "0 3 * * * root", "root", timedelta(days=1)),
    ("/etc/cron.d/x", "0 */6 * * * root x", "x", timedelta(hours=6)), ("/etc/cron.d/x", "0 3 * * 1-5 root x", "x", timedelta(days=3)),
])  # fmt: skip
def test_an_entry_of_cron(file: str, line: str, command: str, gap: timedelta | None) -> None:
    (found,) = read(f"@cron active\n@entry {file}\t{line}\n")
    assert (found.name, found.commands, found.longest_gap) == (file, (command,), gap)


@pytest.mark.parametrize(("state", "active"), [("active", True), ("inactive", False), ("", False)])
def test_entries_run_where_the_daemon_does(state: str, active: bool) -> None:
    entry, period = read(f"@cron {state}\n@entry /etc/crontab\t@daily root x\n@period daily /etc/cron.daily/x\n")
    assert (entry.is_active, period.is_active) == (active, active)


@pytest.mark.parametrize(("period", "gap"), [
    ("hourly", timedelta(hours=1)), ("daily", timedelta(days=1)), ("weekly", timedelta(days=7)), ("monthly", timedelta(days=31)),
])  # fmt: skip
def test_a_script_of_a_period(period: str, gap: timedelta) -> None:
    (found,) = read(f"@cron active\n@period {period} /etc/cron.{period}/x\n@line restic backup\n")
    assert (found.commands, found.longest_gap) == ((f"/etc/cron.{period}/x", "restic backup"), gap)


def test_what_debian_leaves_to_its_timer_is_not_counted_twice() -> None:
    entry = "@entry /etc/cron.d/certbot\t0 */12 * * * root test -x /usr/bin/certbot -a \\! -d /run/systemd/system && certbot -q renew\n"
    assert [job.name for job in read(TIMER + entry)] == ["zebu-backup.timer"]
    assert [job.name for job in read(entry)] == ["/etc/cron.d/certbot"]


@pytest.mark.parametrize(
    "text",
    [
        "sh: 1: syntax error",
        "@enabled enabled\n@timer x\n",
        "@timer x\n@next 2026-13-45 02:00:00\n",
        "@period yearly /x\n",
    ],
)
def test_what_belongs_to_no_job_is_garbled(text: str) -> None:
    with pytest.raises(Garbled):
        read(text)


@pytest.mark.parametrize(("said", "runs"), [
    ("@cron active", True), ("@cron inactive\nactive", True), ("@cron inactive\ninactive", False), ("@cron inactive", False),
    ("@cron ", False),
])  # fmt: skip
def test_cron_is_one_of_two_units(said: str, runs: bool) -> None:
    (job,) = read(f"{said}\n@entry /etc/cron.d/a\t0 2 * * * root /usr/local/sbin/backup\n")
    assert job.is_active is runs


@pytest.mark.parametrize("said", ["@cron running", "@cron inactive\nnot a state"])
def test_a_state_that_is_none_is_garbled(said: str) -> None:
    with pytest.raises(Garbled):
        read(said)
