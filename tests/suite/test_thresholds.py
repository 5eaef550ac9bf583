"""The healthy machine with one fact otherwise: what meets a threshold exactly, what is just beyond it, what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lab import recordings
from pytest_zebu.catalogue import load
from pytest_zebu.facts.answer import Known, Unknown
from pytest_zebu.facts.backups import FUTURE
from pytest_zebu.facts.bruteforce import ALL_PORTS, Action, Guard, Log
from pytest_zebu.facts.bruteforce import Server as Listening
from pytest_zebu.facts.containers import Published
from pytest_zebu.facts.firewall import Boot
from pytest_zebu.facts.packets import Fate
from pytest_zebu.facts.resources import MEMORY_SHARE
from pytest_zebu.facts.sshd import Login, Server
from pytest_zebu.facts.updates import MISSING_SUITE, Pending
from pytest_zebu.plugin.judge import Evidence
from pytest_zebu.verdict.outcome import Outcome
from tests.suite.otherwise import (
    DAY,
    GONE,
    SECOND,
    UNDECLARED,
    Change,
    accepted,
    agents,
    ago,
    also,
    answering,
    beside,
    both,
    bought,
    copied,
    dated,
    documents,
    dumping,
    dumps,
    each,
    ending,
    files,
    filtering,
    first,
    front,
    generations,
    greeting,
    header,
    holding,
    hypervisor,
    job,
    kept,
    kept_there,
    known,
    listening,
    logging,
    lost,
    malformed,
    managed,
    named,
    nobody,
    nothing,
    only,
    ordered,
    outgrown,
    publishing,
    renewed_by,
    renewing,
    said,
    samples,
    saved,
    section,
    silent,
    small_scale,
    stocked,
    table,
    taking_turns,
    unanswered,
    undeclared,
    unreadable,
    variable,
    waiting,
    watching,
    with_,
    without,
)

DUMPS = "pg_dump"
FAILED, PASSED, OPEN = Outcome.FAILED, Outcome.PASSED, Outcome.NOT_ASSESSED
Row = tuple[str, Mapping[str, Change], Outcome, str]
PASSWORD = "pre.security.secrets.postgres-password"
MALFORMED = "pre.security.application.input-validation"
CERTIFICATE, NETWORK_WWW = "pre.infrastructure.certificates", "deploy.network.www"
VULNERABLE, OFF_VM = "pre.application.quality.vulnerabilities", "pre.database.backups.off-vm"
TRADES, HISTORY = "pre.application.functionality.trades", "pre.application.functionality.transactions"
PRICES, PORTFOLIOS = "pre.application.functionality.prices", "pre.application.functionality.portfolios"
MONTH, YEAR = (
    timedelta(days=load()[item].cadence_days or 0) for item in ("ops.monthly.updates", "ops.annually.secret-rotation")
)
OF_SERVICES = (
    "deploy.initial.services-healthy",
    "post.monitoring.services.restarts",
    *(f"pre.application.docker.{name}" for name in ("restart-policy", "resource-limits", "log-rotation")),
)
DEAD = with_(dead_timers=("apt-daily-upgrade.timer",))
HELD = (Pending("openssl", "3.0", "Debian-Security:12", is_held=True),)
LEFT = (Pending("openssl", "3.0", "Debian-Security:12", is_left_alone=True),)
STRATEGY = "pre.database.backups.strategy"
WAITING, ORDINARY = (Pending("openssl", "3.0", "Debian-Security:12"),), (Pending("bash", "5.2", "Debian:12"),)
BUILT, ASSETS = "deploy.initial.images-built", "deploy.frontend.assets"
HSTS, RENEWAL = "pre.security.https.hsts", "pre.security.https.auto-renewal"
BACKED_UP, KEPT = "pre.database.backups.scheduled", "pre.database.backups.retention"
UPDATES, IMAGES, GROWTH = (
    "post.maintenance.updates.os",
    "post.maintenance.updates.images",
    "post.maintenance.capacity.growth",
)
DAILY, SIZE = "post.recovery.backups.daily", "post.recovery.backups.size"
BEFORE, AFTER, OLD = (f"post.recovery.snapshots.{name}" for name in ("pre-deployment", "post-deployment", "retention"))
PAGE, API, MEMORY, CPU, ROOM = (f"deploy.performance.{name}" for name in ("page-load", "api", "memory", "cpu", "disk"))
INDEXES, VACUUM = "pre.database.integrity.indexes", "pre.database.integrity.autovacuum"
SHUT, PORTS_ONLY = "pre.security.firewall.enabled", "pre.security.firewall.required-ports-only"
MEGA = 2**20
GUARDED, NO_PASSWORDS, ROOT, KEYS = (
    f"pre.security.ssh.{name}" for name in ("brute-force", "no-passwords", "root-restricted", "key-auth")
)
READ = Log("/var/log/auth.log", False, 600)
JAIL = Guard("fail2ban's jail sshd", (READ,), actions=(Action("filter", ((22, 22),), "input"),), limits=(5, 600, 600))
HOUR = DAY / 24


weekly = tuple(datetime(2026, 1, 3, 2, tzinfo=UTC) + number * 7 * DAY for number in range(9))
"""The runs of a weekly job."""


def ran(now: datetime) -> Known[tuple[datetime, ...]]:
    """A run that ended well just now."""
    return Known((now,))


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    return recordings.evidence(recordings.read_healthy(), tmp_path_factory.mktemp("healthy"))


ROWS: tuple[Row, ...] = (
    # Three days for updates, a week for a reboot, the planned days for images
    (UPDATES, {"updates": with_(refreshed=ago(3 * DAY))}, PASSED, ""),
    (UPDATES, {"updates": with_(refreshed=ago(3 * DAY + SECOND))}, FAILED, "package lists: are 3 days old"),
    (UPDATES, {"updates": with_(refreshed=None)}, OPEN, "never fetched"),
    (UPDATES, {"updates": with_(last_run=ago(3 * DAY))}, PASSED, ""),
    (UPDATES, {"updates": with_(last_run=ago(3 * DAY + SECOND))}, FAILED, "last run: was 3 days ago"),
    (UPDATES, {"updates": with_(last_run=None, begun=None)}, OPEN, "has never run"),
    (UPDATES, {"updates": with_(last_run=None, begun=ago(DAY))}, OPEN, "has left no stamp of its end"),
    # Weekly is often enough, and has a week and two days
    (UPDATES, {"updates": with_(interval=7 * DAY, last_run=ago(9 * DAY), refreshed=ago(9 * DAY))}, PASSED, ""),
    (UPDATES, {"updates": with_(interval=7 * DAY, last_run=ago(9 * DAY + SECOND))}, FAILED, "last run: was 9 days ago"),
    (UPDATES, {"updates": with_(interval=8 * DAY)}, FAILED, "only every 8 days"),
    (UPDATES, {"updates": with_(interval=DAY - DAY)}, PASSED, ""),
    # What keeps security updates away, though all is switched on
    (UPDATES, {"updates": with_(uncovered=("bookworm-security/main",))}, FAILED, "leaves out the security suite bookworm-security/main"),
    (UPDATES, {"updates": with_(unreadable=("codname=x",))}, FAILED, "stops at a pattern"),
    (UPDATES, {"updates": with_(refused="bookworm-security/main is pinned to -1")}, FAILED, "pinned to -1"),
    (UPDATES, {"updates": with_(waits_for_shutdown=True)}, FAILED, "InstallOnShutdown"),
    (UPDATES, {"updates": with_(left_alone=(51, 100))}, FAILED, "leave 51 of 100 packages alone"),
    (UPDATES, {"updates": with_(left_alone=(50, 100))}, PASSED, ""),
    (UPDATES, {"updates": with_(broken=("libc6 is half-configured",))}, FAILED, "libc6 is half-configured"),
    (UPDATES, {"updates": with_(broken=("libc6 is half-configured",), is_busy=True)}, OPEN, "at work at this moment"),
    (UPDATES, {"updates": with_(pending=HELD)}, FAILED, "1 wait that no run will install"),
    (UPDATES, {"updates": with_(pending=LEFT)}, FAILED, "1 wait that no run will install"),
    (UPDATES, {"updates": with_(pinned=("tzdata",))}, FAILED, "left alone): tzdata"),
    (UPDATES, {"updates": with_(pending=WAITING, arrived=ago(SECOND))}, PASSED, ""),
    (UPDATES, {"updates": with_(pending=WAITING)}, FAILED, "1 were there before the last run"),
    (UPDATES, {"settings": small_scale, "updates": with_(is_installed=False, pending=HELD)}, OPEN, "by hand"),
    # What apt cannot say is not "nothing"
    (UPDATES, {"updates": with_(trouble="Unmet dependencies")}, OPEN, "cannot say what waits: Unmet dependencies"),
    (UPDATES, {"updates": with_(odd=("pending openssl",))}, OPEN, "was not understood: pending openssl"),
    (UPDATES, {"updates": with_(odd=("life eol soon",))}, PASSED, ""),
    (UPDATES, {"updates": with_(unconfigured="Syntax error", interval=None)}, OPEN, "cannot read its configuration"),
    (UPDATES, {"updates": with_(dead_timers=None)}, OPEN, "without systemd"),
    # Who starts it at an hour of his own: it is itself what runs
    (UPDATES, {"updates": DEAD, "jobs": also("/usr/bin/unattended-upgrade -v")}, PASSED, ""),
    (UPDATES, {"updates": DEAD, "jobs": also("unattended-upgrade", is_active=False)}, FAILED, "does not run"),
    (UPDATES, {"updates": DEAD, "jobs": also("unattended-upgrade", name="apt-daily.timer")}, FAILED, "does not run"),
    (UPDATES, {"updates": DEAD, "jobs": also("unattended-upgrade --dry-run")}, FAILED, "does not run"),
    (UPDATES, {"updates": DEAD, "jobs": also("unattended-upgrade --download-only")}, FAILED, "does not run"),
    (UPDATES, {"updates": DEAD, "jobs": also("grep ERROR /var/log/unattended-upgrades/unattended-upgrades.log")}, FAILED, "does not run"),
    (UPDATES, {"updates": DEAD, "jobs": lost}, FAILED, "does not run"),
    (UPDATES, {"jobs": lost}, PASSED, ""),
    (UPDATES, {"updates": with_(is_installed=False)}, FAILED, "is not installed"),
    (UPDATES, {"updates": with_(is_installed=False, tools=("cron-apt",))}, OPEN, "what cron-apt installs"),
    (UPDATES, {"updates": with_(without_suite=MISSING_SUITE)}, FAILED, "no security suite is among"),
    (UPDATES, {"updates": with_(without_suite="no list was ever fetched")}, OPEN, "says nothing"),
    (UPDATES, {"updates": with_(valid_until=ago(SECOND))}, FAILED, "newer ones do not arrive"),
    (UPDATES, {"updates": with_(valid_until=ago(DAY - DAY), signed=ago(15 * DAY))}, PASSED, ""),
    (UPDATES, {"updates": with_(signed=ago(14 * DAY))}, PASSED, ""),
    (UPDATES, {"updates": with_(signed=ago(14 * DAY + SECOND))}, OPEN, "a frozen copy?"),
    # The last day of a release is one of them
    (UPDATES, {"updates": ending(0)}, PASSED, ""),
    (UPDATES, {"updates": ending(-1)}, FAILED, "debian 12 has had no security updates since"),
    (UPDATES, {"updates": ending(None)}, OPEN, "how long debian 12 gets security updates"),
    (UPDATES, {"updates": with_(reboot_since=ago(7 * DAY))}, PASSED, ""),
    (UPDATES, {"updates": with_(reboot_since=ago(7 * DAY + SECOND))}, FAILED, "reboot: is asked for since 7 days"),
    (UPDATES, {"updates": with_(dead_timers=("apt-daily.timer",))}, FAILED, "apt-daily.timer does not run"),
    (IMAGES, {"images": first(base=ago(92 * DAY))}, PASSED, ""),
    (IMAGES, {"images": first(base=ago(92 * DAY + SECOND))}, FAILED, "92 days old, 92 are planned"),
    (IMAGES, {"images": first(base=None)}, OPEN, "does not tell"),
    # Backups: 26 hours, half of the usual size
    (DAILY, {"backups": dumps((26 * DAY / 24, 100))}, PASSED, ""),
    (DAILY, {"backups": dumps((26 * DAY / 24 + SECOND, 100))}, FAILED, "is 1 days and 2 hours old"),
    (DAILY, {"backups": dumps((2 * DAY, 100), (DAY, 50))}, PASSED, ""),
    (DAILY, {"backups": dumps((2 * DAY, 100), (DAY, 49))}, FAILED, "less than half"),
    (DAILY, {"backups": dumps((3 * DAY, 100), (2 * DAY, 0), (DAY, 49))}, FAILED, "less than half"),
    (DAILY, {"backups": outgrown(2 * DAY)}, FAILED, "hours old"), (DAILY, {"backups": outgrown(0 * DAY)}, OPEN, "whether the others came since"),
    (DAILY, {"backups": dumps()}, FAILED, "there is none"),
    (DAILY, {"backups": dumps((DAY, 0))}, FAILED, "is empty"),
    (DAILY, {"backups": dumps((-FUTURE, 100))}, PASSED, ""),
    (DAILY, {"backups": dumps((-FUTURE - SECOND, 100))}, OPEN, "yet to come"),
    (DAILY, {"backups": both(dumps(), with_(is_whole=False))}, OPEN, "could be read"),
    (DAILY, {"backups": both(dumps((2 * DAY, 100)), with_(is_whole=False))}, OPEN, "whether there is a newer dump"),
    # What a dump says of its own date has no zone: 14 hours more
    (DAILY, {"backups": dated(40 * HOUR)}, PASSED, ""),
    (DAILY, {"backups": dated(40 * HOUR + SECOND)}, FAILED, "by its own word"),
    (DAILY, {"backups": dated(-3 * DAY)}, PASSED, ""),
    # What a tool keeps in a repository of its own
    (DAILY, {"backups": kept(26 * HOUR)}, PASSED, ""),
    (DAILY, {"backups": kept(26 * HOUR + SECOND)}, FAILED, "the newest backup in it is 1 days and 2 hours old"),
    (DAILY, {"backups": kept(DAY, state="failed")}, FAILED, "has ended well"),
    (DAILY, {"backups": kept(DAY, cluster="1")}, FAILED, "of another server only"),
    (DAILY, {"backups": kept(DAY, cluster="")}, OPEN, "a repository of barman"),
    (SIZE, {"backups": kept(DAY)}, OPEN, "how much a repository of barman"),
    (KEPT, {"backups": kept(DAY)}, OPEN, "a repository of barman"),
    (OFF_VM, {"backups": kept_there(26 * HOUR)}, PASSED, ""),
    (OFF_VM, {"backups": kept_there(26 * HOUR + SECOND)}, FAILED, "the newest backup in it is 1 days and 2 hours old"),
    (OFF_VM, {"backups": kept_there(DAY, cluster="")}, OPEN, "a repository of barman"),
    # Dumps that lie elsewhere themselves, and copies of which not all was seen
    (OFF_VM, {"backups": both(dumps((26 * HOUR, 1)), with_(copy=UNDECLARED, is_elsewhere=True))}, PASSED, ""),
    (OFF_VM, {"backups": both(dumps((26 * HOUR + SECOND, 1)), with_(copy=UNDECLARED, is_elsewhere=True))}, FAILED, "is 1 days and 2 hours old"),
    (OFF_VM, {"backups": with_(copy=UNDECLARED)}, OPEN, "not declared"),
    (OFF_VM, {"backups": copied(dumps=(), is_whole=False)}, OPEN, "could be read"),
    (OFF_VM, {"backups": copied(doubt="its place was not seen")}, OPEN, "its place was not seen"),
    (OFF_VM, {"backups": copied(same_storage="is here", doubt="")}, FAILED, "is here"),
    # Rarer generations in folders of their own
    (KEPT, {"backups": generations(0, 1, 2, weekly=(9, 14, 19))}, OPEN, "is of a rarer generation"),
    (KEPT, {"backups": generations(0, 1, 2, weekly=(9, 13))}, FAILED, "is 13 days old"),
    (KEPT, {"backups": named("zebu-daily-1.dump", 0, 1, 2, also={"zebu-weekly-1.dump": 9, "zebu-weekly-2.dump": 16})}, OPEN, "is of a rarer generation"),
    (KEPT, {"backups": named("zebu-1.dump", 0, 1, 2, also={"zebu_Monatlich_1.dump": 9, "zebu_Monatlich_2.dump": 39})}, OPEN, "is of a rarer generation"),
    (KEPT, {"backups": named("zebu-1.dump", 0, 1, 2, also={"zebu-weekly-1.dump": 9, "zebu-weekly-2.dump": 12})}, FAILED, "is 12 days old"),
    (KEPT, {"backups": named("biweekly-1.dump", 0, 1, 13, also={})}, FAILED, "is 13 days old"),
    (KEPT, {"backups": generations(0, 1, 13)}, FAILED, "is 13 days old"),
    (KEPT, {"backups": generations(0, 1, 2, weekly=tuple(range(7, 7 + 15 * 7, 7)))}, FAILED, "nothing deletes it"),
    (KEPT, {"backups": both(dumps((DAY, 1)), with_(is_whole=False))}, OPEN, "could be read"),
    # Seven days of the newest one's size, in what is free and what is in use
    (SIZE, {"backups": lambda value, now: replace(dumps((DAY, 1000))(value, now), available=6_000)}, PASSED, ""),
    (SIZE, {"backups": lambda value, now: replace(dumps((DAY, 1000))(value, now), available=5_999)}, FAILED, "does not hold 7 days"),
    (SIZE, {"backups": lambda value, now: replace(dumps((DAY + SECOND, 500), (SECOND, 1000))(value, now), available=12_500)}, FAILED, "does not hold 7 days"),
    (SIZE, {"backups": lambda value, now: replace(dumps((DAY, 500), (SECOND, 1000))(value, now), available=12_500)}, PASSED, ""),
    (SIZE, {"backups": dumps()}, FAILED, "there is no dump"),
    # An empty one tells nothing of how much there will be
    (SIZE, {"backups": both(dumps((2 * DAY, 1000), (DAY, 1000), (SECOND, 0)), with_(available=4_999))}, FAILED, "does not hold 7 days"),
    ("pre.database.backups.off-vm", {"backups": lambda value, now: replace(value, copy=Known(replace(value.copy.value, dumps=(*value.copy.value.dumps[:-1], replace(value.dumps[-1], size=1)))))}, FAILED, "another size"),
    ("pre.database.backups.off-vm", {"backups": lambda value, now: replace(value, copy=Known(replace(value.copy.value, dumps=(replace(value.dumps[-1], made=value.now - 26 * DAY / 24),))))}, PASSED, ""),
    ("pre.database.backups.off-vm", {"backups": lambda value, now: replace(value, copy=Known(replace(value.copy.value, dumps=(replace(value.dumps[-1], made=value.now - 26 * DAY / 24 - SECOND),))))}, FAILED, "the newest copy is 1 days and 2 hours old"),
    ("pre.database.backups.off-vm", {"backups": lambda value, now: replace(value, copy=Known(replace(value.copy.value, dumps=())))}, FAILED, "has no copy"),
    ("pre.database.backups.restore-tested", {"drill": with_(status=1, complaint="pg_restore: error: unsupported version (1.16) in file header")}, OPEN, "does not read such dumps"),
    ("pre.database.backups.restore-tested", {"drill": with_(status=1, complaint="pg_restore: error: could not execute query")}, FAILED, "does not restore"),
    ("pre.database.backups.restore-tested", {"drill": with_(restored={"a": 500}, live={"a": 1000})}, PASSED, ""),
    ("pre.database.backups.restore-tested", {"drill": with_(restored={"a": 499}, live={"a": 1000})}, FAILED, "fewer than half"),
    ("pre.database.backups.restore-tested", {"drill": with_(restored={"a": 499}, live={"a": 999})}, PASSED, ""),
    ("pre.database.backups.restore-tested", {"drill": with_(restored={"a": 0}, live={"a": 1}, data=frozenset())}, FAILED, "came back empty"),
    ("pre.database.backups.restore-tested", {"drill": with_(restored={"a": 0, "b": 1}, live={"a": 1, "b": 1}, data=frozenset())}, OPEN, "does not tell"),
    # Snapshots: seven days before, any time after, the kept days and one of grace
    (OLD, {"snapshots": first(taken=lambda now: now - 367 * DAY)}, PASSED, ""),
    (OLD, {"snapshots": first(taken=lambda now: now - 367 * DAY - SECOND)}, FAILED, "is 367 days old"),
    # Half of three seconds, half a second, shares
    (PAGE, {"loads": only(load=2999.9)}, PASSED, ""),
    (PAGE, {"loads": only(load=3000.0)}, FAILED, "take 3000 ms"),
    (PAGE, {"loads": only(load=None)}, OPEN, "told no times"),
    (PAGE, {"loads": first(trouble="reset")}, FAILED, "did not end: reset"),
    (PAGE, {"loads": lambda value, now: value[:2]}, OPEN, "told no times"),
    (API, {"latency": with_(taken=(499.9,) * 20)}, PASSED, ""),
    (API, {"latency": with_(taken=(500.0,) * 20)}, FAILED, "p95 is 500 ms"),
    (API, {"latency": with_(taken=(5.0,) * 19)}, OPEN, "answered 19 times only"),
    (API, {"latency": with_(taken=(5.0,) * 20)}, PASSED, ""),
    (API, {"latency": with_(statuses=frozenset({401, 500}))}, FAILED, "errors of the server"),
    (API, {"latency": with_(statuses=frozenset({401, 499}))}, OPEN, "401, 499"),
    (MEMORY, {"usage": samples((0, 4 * MEGA, 8 * MEGA + 1), memory=1)}, OPEN, "could not be read"),
    (MEMORY, {"usage": samples((1, 4 * MEGA, 8 * MEGA + 1), memory=1)}, PASSED, ""),
    (MEMORY, {"usage": samples((1, 4 * MEGA, 8 * MEGA + 2), memory=1)}, FAILED, "gained 8 MiB"),
    (MEMORY, {"usage": samples((1, 9 * MEGA, 9 * MEGA), memory=1)}, PASSED, ""),
    (MEMORY, {"usage": samples((1, 1), memory=1)}, OPEN, "has no samples"),
    (MEMORY, {"usage": samples((1, 1, 1), memory=322122547)}, PASSED, ""),
    (MEMORY, {"usage": samples((1, 1, 1), memory=322122548)}, FAILED, "uses 80 % of its limit"),
    (ROOM, {"disk": first(available=8589934593)}, PASSED, ""),
    (ROOM, {"disk": first(available=8589934592)}, FAILED, ""),
    (ROOM, {"disk": first(inodes=100, free_inodes=51)}, PASSED, ""),
    (ROOM, {"disk": first(inodes=100, free_inodes=50)}, FAILED, "inodes"),
    # Big tables, rows that are long dead
    (INDEXES, {"database": table(rows=10_000, sequential_scans=10**6, index_scans=0)}, PASSED, ""),
    (INDEXES, {"database": table(rows=10_001, sequential_scans=101, index_scans=0)}, FAILED, "mostly read whole"),
    (INDEXES, {"database": table(rows=10_001, sequential_scans=100, index_scans=0)}, PASSED, ""),
    (INDEXES, {"database": table(rows=10_001, sequential_scans=1000, index_scans=1000)}, PASSED, ""),
    (VACUUM, {"database": table(rows=0, dead=500)}, PASSED, ""),
    (VACUUM, {"database": table(rows=0, dead=501)}, FAILED, "501 dead rows"),
    (VACUUM, {"database": table(rows=0, dead=501, was_vacuumed=True)}, PASSED, ""),
    (VACUUM, {"database": table(options=("autovacuum_enabled=off",))}, FAILED, "switched off"),
    ("deploy.database.pool", {"database": with_(clients=96)}, PASSED, ""),
    ("deploy.database.pool", {"database": with_(clients=97)}, FAILED, "97 of 97"),
    ("pre.database.configuration.production-mode", {"database": with_(version=130001), "machine": with_(time=datetime(2025, 11, 13, 23, tzinfo=UTC))}, PASSED, ""),
    ("pre.database.configuration.production-mode", {"database": with_(version=140001), "machine": with_(time=datetime(2026, 11, 12, 23, tzinfo=UTC))}, PASSED, ""),
    ("pre.database.configuration.production-mode", {"database": with_(version=140001), "machine": with_(time=datetime(2026, 11, 13, 1, tzinfo=UTC))}, FAILED, "14 is no longer supported since"),
    # Recorders, the journal, logrotate, jobs that clean up
    ("post.monitoring.services.resources", {"monitors": with_(recorded=lambda now: (("sysstat", now - DAY / 24, 1),))}, PASSED, ""),
    ("post.monitoring.services.resources", {"monitors": with_(recorded=lambda now: (("sysstat", now - DAY / 24 - SECOND, 1),))}, FAILED, "has recorded nothing"),
    ("post.monitoring.logs.rotation", {"log_rotation": with_(rotated=ago(2 * DAY))}, PASSED, ""),
    ("post.monitoring.logs.rotation", {"log_rotation": with_(rotated=ago(2 * DAY + SECOND))}, FAILED, "last ran 2 days ago"),
    ("post.monitoring.logs.rotation", {"log_rotation": with_(large=(("/var/log/big", 2**30),))}, FAILED, "1024 MiB: nothing rotates it"),
    ("post.monitoring.disk.log-cleanup", {"jobs": job("logrotate|vacuum", last_run=ago(8 * DAY))}, PASSED, ""),
    ("post.monitoring.disk.log-cleanup", {"jobs": job("logrotate|vacuum", last_run=ago(8 * DAY + SECOND))}, FAILED, "last ran 8 days ago"),
    ("post.monitoring.disk.log-cleanup", {"jobs": job("logrotate|vacuum", last_run=None)}, OPEN, "has ever run is not known"),
    # Certificates: a quarter of their life, a day in HSTS, ten days for a short one
    ("post.monitoring.tls.expiry", {"certificates": each(not_before=ago(30 * DAY), not_after=lambda now: now + 10 * DAY)}, PASSED, ""),
    ("post.monitoring.tls.expiry", {"certificates": each(not_before=ago(30 * DAY), not_after=lambda now: now + 10 * DAY - SECOND)}, FAILED, "the renewal is late"),
    ("post.monitoring.tls.expiry", {"certificates": each(not_before=ago(30 * DAY), not_after=ago(0 * DAY))}, FAILED, "has expired"),
    ("post.monitoring.tls.auto-renewal", {"certificates": each(not_before=ago(60 * DAY), not_after=lambda now: now + 30 * DAY)}, FAILED, "past the day"),
    ("post.monitoring.tls.auto-renewal", {"certificates": each(not_before=ago(60 * DAY), not_after=lambda now: now + 30 * DAY + SECOND)}, PASSED, ""),
    ("post.monitoring.tls.auto-renewal", {"certificates": each(not_before=ago(60 * DAY), not_after=lambda now: now + 30 * DAY), "proxy_machine": with_(generations={"zebu.test": 2})}, PASSED, ""),
    ("post.monitoring.tls.renewal-tested", {"proxy_machine": with_(rehearsals=lambda now: ((now - 366 * DAY, True),))}, PASSED, ""),
    ("post.monitoring.tls.renewal-tested", {"proxy_machine": with_(rehearsals=lambda now: ((now - 366 * DAY - SECOND, True),))}, OPEN, "366 days old"),
    ("post.monitoring.tls.renewal-tested", {"proxy_machine": with_(rehearsals=lambda now: ((now, False),))}, FAILED, "failed"),
    # One guard that acts, of each port of sshd's; the log that it reads
    (GUARDED, {"bruteforce": with_(guards=(JAIL,))}, PASSED, ""),
    (GUARDED, {"bruteforce": with_(guards=(replace(JAIL, sees=(replace(READ, age=601),)),))}, FAILED, "nobody wrote to"),
    (GUARDED, {"bruteforce": with_(guards=(replace(JAIL, sees=(replace(READ, age=None),)),))}, FAILED, "does not exist"),
    (GUARDED, {"bruteforce": with_(guards=(replace(JAIL, sees=(replace(READ, has_ours=False),)),))}, OPEN, "our own login of a moment ago is not"),
    (GUARDED, {"bruteforce": with_(guards=(replace(JAIL, ignores=("0.0.0.0/0",)), JAIL))}, PASSED, ""),
    (GUARDED, {"bruteforce": with_(guards=(replace(JAIL, ignores=("0.0.0.0/0",)),))}, FAILED, "ignores everybody"),
    (GUARDED, {"bruteforce": with_(guards=())}, FAILED, "the sshd jail is not active"),
    (GUARDED, {"bruteforce": with_(guards=(Guard("fail2ban", unknowns=("asleep",)),))}, OPEN, "asleep"),
    (GUARDED, {"bruteforce": with_(running=(), not_at_boot=("fail2ban",))}, FAILED, "is not enabled at boot"),
    (GUARDED, {"bruteforce": with_(running=())}, FAILED, "neither fail2ban nor sshguard nor crowdsec runs"),
    (GUARDED, {"bruteforce": with_(running=(), others=("denyhosts",))}, OPEN, "denyhosts runs"),
    (GUARDED, {"bruteforce": with_(running=("sshguard",), not_at_boot=("fail2ban",), guards=(Guard("sshguard", (READ,), ruled=ALL_PORTS),))}, PASSED, ""),
    (GUARDED, {"bruteforce": with_(servers=())}, OPEN, "no sshd was seen to listen"),
    (GUARDED, {"bruteforce": with_(servers=(Listening((22,), "ERROR"),))}, FAILED, "tells no failed logins"),
    (GUARDED, {"bruteforce": with_(servers=(Listening((22,), "SILENT"),))}, FAILED, "tells no failed logins"),
    (GUARDED, {"bruteforce": with_(servers=(Listening((22, 2222)),))}, FAILED, "nothing bans from port 2222"),
    (GUARDED, {"bruteforce": with_(servers=(Listening((22,)), Listening((2222,), penalties="authfail:5")))}, PASSED, ""),
    (GUARDED, {"bruteforce": with_(running=(), servers=(Listening((2222,), penalties="authfail:5"),))}, PASSED, ""),
    (GUARDED, {"bruteforce": with_(guards=(replace(JAIL, limits=None),), servers=(Listening((2222,)),))}, FAILED, "nothing bans from port 2222"),
    (GUARDED, {"bruteforce": with_(guards=(replace(JAIL, limits=None),))}, OPEN, "its limits were not seen"),
    # What sshd was asked is what runs, and all of it
    (NO_PASSWORDS, {"sshd": with_(servers=(Server((22,), 99, 100),))}, PASSED, ""),
    (NO_PASSWORDS, {"sshd": with_(servers=(Server((22,), 99, None),))}, OPEN, "not known when sshd on port 22 read its files"),
    (NO_PASSWORDS, {"sshd": with_(unasked=("Match Tag",))}, OPEN, "could not ask Match Tag"),
    (NO_PASSWORDS, {"sshd": with_(others=(("dropbear", 2200),))}, OPEN, "dropbear serves ssh on port 2200"),
    (NO_PASSWORDS, {"sshd": with_(unasked=("Match Tag",), logins=(Login("deploy", "10.0.0.1", {"passwordauthentication": "yes"}),))}, FAILED, "from 10.0.0.1 on port 22, by password"),
    (NO_PASSWORDS, {"sshd": with_(offered=Known(("publickey", "keyboard-interactive")))}, FAILED, "offers keyboard-interactive"),
    (NO_PASSWORDS, {"sshd": with_(offered=Known(("publickey", "keyboard-interactive")), logins=(Login("deploy", "10.0.0.1", {"usepam": "no"}),))}, PASSED, ""),
    (NO_PASSWORDS, {"sshd": with_(offered=Known(("publickey", "keyboard-interactive")), logins=(Login("deploy", "10.0.0.1", {"usepam": "no"}),), unasked=("x",))}, FAILED, "offers keyboard-interactive"),
    (NO_PASSWORDS, {"sshd": with_(offered=Known(("password", "keyboard-interactive")), logins=(Login("deploy", "10.0.0.1", {"authenticationmethods": "password,publickey"}), Login("other", "10.0.0.1", {"authenticationmethods": "keyboard-interactive,publickey publickey,password"}),))}, PASSED, ""),
    (NO_PASSWORDS, {"sshd": with_(offered=Known(("password", "keyboard-interactive")), logins=(Login("deploy", "10.0.0.1", {"authenticationmethods": "password,publickey"}), Login("other", "10.0.0.1", {"authenticationmethods": "any"}),))}, FAILED, "offers keyboard-interactive, password"),
    (NO_PASSWORDS, {"sshd": with_(offered=Known(("password", "keyboard-interactive")), logins=(Login("deploy", "10.0.0.1", {"authenticationmethods": "password,publickey"}),), unasked=("x",))}, FAILED, "offers keyboard-interactive, password"),
    (KEYS, {"sshd": with_(offered=Known(("password", "keyboard-interactive")), logins=(Login("deploy", "10.0.0.1", {"authenticationmethods": "password,publickey"}),))}, PASSED, ""),
    (KEYS, {"sshd": with_(offered=Known(("password", "keyboard-interactive")), logins=(Login("deploy", "10.0.0.1", {"authenticationmethods": "password,publickey"}), Login("other", "10.0.0.1", {"authenticationmethods": "password"}),))}, FAILED, "does not offer publickey"),
    (ROOT, {"sshd": with_(logins=(Login("root", "10.0.0.1", {"permitrootlogin": "yes"}),))}, FAILED, "root: PermitRootLogin is yes from 10.0.0.1 on port 22"),
    (ROOT, {"sshd": with_(logins=(Login("root", "10.0.0.1", {"permitrootlogin": "yes", "allowusers": "deploy"}),))}, PASSED, ""),
    (ROOT, {"sshd": with_(logins=(Login("toor", "10.0.0.1", {"permitrootlogin": "yes"}, uid=0),))}, FAILED, "toor: PermitRootLogin is yes"),
    (ROOT, {"sshd": with_(logins=(Login("deploy", "10.0.0.1", {"permitrootlogin": "yes"}),))}, OPEN, "was not asked about root"),
    (ROOT, {"sshd": with_(servers=(Server((22,), 99, 50),))}, OPEN, "changed after it read them"),
    (KEYS, {"sshd": with_(keys={})}, PASSED, ""),
    (KEYS, {"sshd": with_(keys={}, offered=Known(("publickey", "hostbased")))}, FAILED, "no login user has an authorized key"),
    (KEYS, {"sshd": with_(keys={}, unseen={"deploy": "a program gives them"}, offered=Known(("publickey", "hostbased")))}, OPEN, "the keys of deploy were not seen: a program gives them"),
    (KEYS, {"sshd": with_(keys={}, unseen={"nobody": "x"}, offered=Known(("publickey", "gssapi-with-mic")))}, FAILED, "no login user has an authorized key"),
    (KEYS, {"sshd": with_(offered=Known(("password",)))}, FAILED, "does not offer publickey"),
    # The network; the hypervisor
    ("pre.infrastructure.network", {"connectivity": with_(https=Known(False), complaint="")}, FAILED, "no answer: timed out"),
    ("pre.infrastructure.network", {"connectivity": with_(https=Known(False), complaint="refused")}, FAILED, "no answer: refused"),
    ("pre.infrastructure.network", {"connectivity": with_(peers=(), neighbours=())}, OPEN, "no neighbour was seen"),
    ("pre.infrastructure.network", {"connectivity": with_(peers=())}, PASSED, ""),
    ("pre.infrastructure.proxmox-updated", {"proxmox_node": lambda value, now: replace(value, refreshed=Known(value.now - 7 * DAY))}, PASSED, ""),
    ("pre.infrastructure.proxmox-updated", {"proxmox_node": lambda value, now: replace(value, refreshed=Known(value.now - 7 * DAY - SECOND))}, OPEN, "7 days old"),
    ("pre.infrastructure.proxmox-updated", {"proxmox_node": with_(release=Known("8.4"))}, FAILED, "runs 8.4; 9 is out"),
    ("pre.infrastructure.proxmox-updated", {"proxmox_node": with_(release=Known("next"))}, OPEN, "no release number"),
    # Docker
    ("pre.application.docker.storage-limits", {"docker_daemon": with_(collects_cache=True), "jobs": lambda value, now: ()}, PASSED, ""),
    ("pre.application.docker.storage-limits", {"docker_daemon": with_(has_own_filesystem=True), "jobs": lambda value, now: ()}, PASSED, ""),
    ("pre.application.docker.storage-limits", {"jobs": lambda value, now: ()}, FAILED, "nothing prunes them"),
    ("pre.application.docker.storage-limits", {"jobs": unreadable("/opt/night names docker image prune, and is no shell script")}, OPEN, "/opt/night"),
    ("pre.application.docker.storage-limits", {"jobs": unreadable("/opt/night names pg_dump, and is no shell script")}, FAILED, "nothing prunes them"),
    ("pre.application.docker.storage-limits", {"jobs": dumping("docker volume prune -f")}, FAILED, "nothing prunes them"),
    ("pre.application.docker.storage-limits", {"docker_daemon": with_(is_older_than_file=True)}, FAILED, "not in force"),
    ("pre.application.docker.storage-limits", {"docker_daemon": with_(is_older_than_file=None)}, OPEN, "when the daemon started"),
    ("pre.application.docker.storage-limits", {"docker_daemon": with_(max_size="-1")}, FAILED, "without a max-size"),
    ("pre.application.docker.storage-limits", {"docker_daemon": with_(log_driver="syslog", max_size="")}, PASSED, ""),
    ("pre.application.docker.storage-limits", {"docker_daemon": with_(log_driver="acme/driver")}, OPEN, "whether the driver acme/driver"),
    ("deploy.redis.cache", {"redis": with_(max_memory=0)}, FAILED, "has no bound"),
    ("deploy.redis.cache", {"redis": with_(policy="noeviction")}, FAILED, "refuses writes"),
    ("deploy.redis.cache", {"redis": with_(keys=0, expiring=0), "use": lambda value, now: GONE}, OPEN, "is empty"),
    ("deploy.redis.cache", {"redis": with_(keys=1, expiring=0), "use": lambda value, now: GONE}, FAILED, "none of them expires"),
    # Tasks: within their time, or nobody did them
    ("ops.monthly.log-rotation", {"log_rotation": with_(rotated=ago(31 * DAY))}, PASSED, ""),
    ("ops.annually.secret-rotation", {"cluster": with_(made=ago(366 * DAY))}, PASSED, ""),
    ("ops.monthly.updates", {"updates": with_(last_run=ago(31 * DAY))}, PASSED, ""),
    # 1.5 shares at 287.45 are 431.175, which may have moved by 2 %; cents are rounded
    (TRADES, {"use": bought("439.7985", "9560.20", "439.80")}, PASSED, ""),
    (TRADES, {"use": bought("439.7986", "9560.20", "439.80")}, FAILED, "cost 439.7986"),
    (TRADES, {"use": bought("0", "10000.00", "0", price=None)}, FAILED, "have no cost"),
    (TRADES, {"use": bought("none", price=None)}, FAILED, "have no cost"),
    (TRADES, {"use": bought("431.18", "9568.83", "431.17")}, PASSED, ""),
    (TRADES, {"use": bought("431.18", "9568.84", "431.16")}, FAILED, "is 9568.84 after 431.18"),
    (TRADES, {"use": bought("431.18", total="10000.01")}, PASSED, ""),
    (TRADES, {"use": bought("431.18", total="10000.02")}, FAILED, "do not add up"),
    (TRADES, {"use": bought("431.18", total="")}, FAILED, "do not add up"),
    (TRADES, {"use": bought("431.18", value="")}, FAILED, "do not add up"),
    (TRADES, {"use": bought("431.18", cash="")}, FAILED, "is no number"),
    (HISTORY, {"use": ordered(cash_change="-431.165")}, PASSED, ""),
    (HISTORY, {"use": ordered(cash_change="-431.164")}, FAILED, "has -431.164 for 1.5"),
    (HISTORY, {"use": ordered(cash_change=None)}, FAILED, "has no amounts"),
    (HISTORY, {"use": ordered(price_per_share=None)}, FAILED, "has no amounts"),
    (HISTORY, {"use": ordered(transaction_type="SELL")}, FAILED, "another kind of order"),
    (HISTORY, {"use": ordered(id="other")}, FAILED, "does not have the order"),
    (PRICES, {"use": said(price={"price": "0"})}, FAILED, "is 0"),
    (PRICES, {"use": said(price={"price": None})}, FAILED, "is None"),
    (PRICES, {"use": said(price={"timestamp": "2026-11-24T23:59:59Z"})}, PASSED, ""),
    (PRICES, {"use": said(price={"timestamp": "2026-11-23T23:59:59Z"})}, FAILED, "older than the last trading day"),
    (PRICES, {"use": said(price={"timestamp": "yesterday"})}, FAILED, "has no date"),
    (PRICES, {"use": said(price={"status": 503})}, FAILED, "answers 503"),
    (PORTFOLIOS, {"use": said(read={"status": 500})}, FAILED, "does not give back"),
    (PORTFOLIOS, {"use": said(read={"name": "other"})}, FAILED, "does not give back"),
    (PORTFOLIOS, {"use": said(create={"portfolio_id": 7})}, FAILED, "gives no portfolio_id"),
    (PORTFOLIOS, {"use": said(list={"items": []})}, FAILED, "does not have it"),
    (PORTFOLIOS, {"use": said(gone={"status": 200})}, FAILED, "is still answered with 200"),
    (PORTFOLIOS, {"use": with_(left=1)}, FAILED, "1 portfolios of ours are left"),
    # By hand, in small-scale production: a week
    (UPDATES, {"settings": small_scale, "updates": with_(is_installed=False)}, OPEN, "by hand"),
    (UPDATES, {"settings": small_scale, "updates": with_(is_installed=False, pending=WAITING, published=ago(7 * DAY))}, OPEN, "by hand"),
    (UPDATES, {"settings": small_scale, "updates": with_(is_installed=False, pending=WAITING, published=ago(7 * DAY + SECOND))}, FAILED, "1 security updates wait, since 7 days"),
    (UPDATES, {"settings": small_scale, "updates": with_(is_installed=False, pending=WAITING, published=None)}, OPEN, "by hand"),
    (UPDATES, {"settings": small_scale, "updates": with_(is_installed=False, pending=ORDINARY, published=ago(9 * DAY))}, OPEN, "by hand"),
    (UPDATES, {"settings": small_scale, "updates": with_(is_installed=True, pending=WAITING, arrived=ago(SECOND))}, PASSED, ""),
    # What is asked for, exactly
    ("pre.infrastructure.vm-resources", {"settings": section("requirements", cpus=2, memory_gib=1, disk_gib=50), "resources": with_(memory=2**30 * MEMORY_SHARE, disk=50_000_000_000)}, PASSED, ""),
    ("pre.infrastructure.vm-resources", {"settings": section("requirements", cpus=2, memory_gib=1, disk_gib=50), "resources": with_(disk=49_999_999_999)}, FAILED, "disk"),
    ("pre.infrastructure.vm-resources", {"settings": section("requirements", cpus=3, memory_gib=1, disk_gib=1)}, FAILED, "2, 3 are asked for"),
    # What nobody declared
    ("deploy.initial.health-api", {"settings": section("domains", site=None)}, OPEN, "is not set"),
    ("deploy.initial.health-api", {"settings": section("domains", api=None)}, OPEN, "is not set"),
    ("deploy.initial.health-api", {"settings": section("domains", api="same-origin"), "web": greeting(200)}, PASSED, ""),
    ("deploy.initial.health-api", {"settings": section("domains", api="same-origin"), "web": greeting(500)}, FAILED, "answers 500"),
    ("deploy.initial.health-api", {"settings": section("domains", api="same-origin"), "web": greeting(0)}, FAILED, "answers nothing"),
    ("deploy.initial.health-api", {"settings": section("domains", api="same-origin"), "web": greeting(200, "text/html")}, FAILED, "answers 200, and not as"),
    ("deploy.initial.health-api", {"web": unanswered("api.zebu.test")}, FAILED, "answers nothing"),
    ("deploy.initial.health-site", {"web": unanswered("zebu.test")}, FAILED, "answers nothing"),
    ("deploy.network.domain", {"settings": section("domains", addresses=())}, OPEN, "are not declared"),
    ("deploy.network.domain", {"settings": section("domains", site=None)}, OPEN, "are not declared"),
    ("deploy.frontend.https", {"web": front("zebu.test", status=0)}, FAILED, "answers nothing"),
    (NETWORK_WWW, {"web": front("www.zebu.test", status=0)}, FAILED, "answers nothing"),
    (NETWORK_WWW, {"web": front("www.zebu.test", location="http://zebu.test/")}, FAILED, "leads to http://zebu.test/"),
    (NETWORK_WWW, {"web": front("www.zebu.test", location="https://elsewhere.test/")}, FAILED, "leads to elsewhere.test"),
    (NETWORK_WWW, {"web": front("www.zebu.test", status=200, location="")}, FAILED, "there are two"),
    ("pre.infrastructure.reverse-proxy", {"web": front("www.zebu.test", status=300)}, PASSED, ""),
    ("pre.infrastructure.reverse-proxy", {"web": front("www.zebu.test", status=300, location="https://elsewhere.test/")}, FAILED, "leads to elsewhere.test"),
    (CERTIFICATE, {"certificates": each(covers_name=False, subject="")}, FAILED, "is for other names"),
    (CERTIFICATE, {"certificates": each(covers_name=False, subject="elsewhere.test")}, FAILED, "is for elsewhere.test"),
    # Tasks, by no earlier run: a month, a year
    ("ops.monthly.log-rotation", {"past": nothing, "log_rotation": with_(rotated=ago(MONTH))}, PASSED, ""),
    ("ops.monthly.log-rotation", {"past": nothing, "log_rotation": with_(rotated=ago(MONTH + SECOND))}, OPEN, "has not run within the month"),
    ("ops.monthly.updates", {"past": nothing, "updates": with_(last_run=ago(MONTH))}, PASSED, ""),
    ("ops.monthly.updates", {"past": nothing, "updates": with_(last_run=ago(MONTH + SECOND))}, OPEN, "have not done it"),
    ("ops.monthly.documentation", {"past": nothing, "documents": documents(changed=ago(MONTH))}, PASSED, ""),
    ("ops.monthly.documentation", {"past": nothing, "documents": documents(changed=ago(MONTH + SECOND))}, OPEN, "no document changed"),
    ("ops.monthly.documentation", {"past": nothing, "documents": documents(changed=None)}, OPEN, "no document changed"),
    ("ops.monthly.documentation", {"past": nothing, "documents": lambda value, now: replace(value, found=first(changed=None)(value.found, now))}, PASSED, ""),
    ("ops.annually.secret-rotation", {"past": nothing, "cluster": with_(made=ago(YEAR))}, PASSED, ""),
    ("ops.annually.secret-rotation", {"past": nothing, "cluster": with_(made=ago(YEAR + SECOND))}, OPEN, "days old"),
    ("post.monitoring.disk.usage", {"disk": first(size=10, available=2)}, FAILED, "is 80 % full"),
    ("post.monitoring.logs.accessible", {"containers": lambda value, now: replace(value, everything=tuple(replace(one, started=None) for one in value.everything))}, PASSED, ""),
    # The hypervisor's backups, where no folder of dumps is declared
    (DAILY, {"backups": undeclared, "vm_backups": saved(26 * DAY / 24)}, PASSED, ""),
    (DAILY, {"backups": undeclared, "vm_backups": saved(26 * DAY / 24 + SECOND)}, FAILED, "the last that succeeded is 1 days"),
    (BACKED_UP, {"jobs": lambda value, now: (), "vm_backups": saved(26 * DAY / 24)}, PASSED, ""),
    (BACKED_UP, {"jobs": lambda value, now: (), "vm_backups": saved(26 * DAY / 24 + SECOND)}, FAILED, "the last that succeeded is 1 days"),
    # What is stored tells as well as what has run; a pool's job, and one of many whose store is not seen, tell nothing
    (BACKED_UP, {"jobs": nobody, "vm_backups": hypervisor(stored=(DAY / 24,))}, PASSED, ""),
    (BACKED_UP, {"jobs": nobody, "vm_backups": hypervisor(stored=(27 * DAY / 24,))}, FAILED, "is 1 days and 3 hours old"),
    (BACKED_UP, {"jobs": nobody, "vm_backups": hypervisor(stored=())}, FAILED, "no run of Proxmox's job has succeeded"),
    (BACKED_UP, {"jobs": nobody, "vm_backups": hypervisor(stored=None)}, OPEN, "nobody answers"),
    (BACKED_UP, {"jobs": nobody, "vm_backups": hypervisor(stored=(27 * DAY / 24,), runs=GONE)}, OPEN, "nobody answers"),
    (BACKED_UP, {"jobs": nobody, "vm_backups": with_(jobs=(), apart=("nightly",))}, OPEN, "nightly, which runs on one node"),
    # The hypervisor: what is stored comes before what has run, and must be whole, verified and frequent
    (BACKED_UP, {"jobs": nobody, "vm_backups": stocked()}, PASSED, ""),
    (BACKED_UP, {"jobs": nobody, "vm_backups": stocked(coming=weekly)}, FAILED, "runs every 7 days"),
    (BACKED_UP, {"jobs": nobody, "vm_backups": stocked(coming=weekly, unclear=("all",))}, OPEN, "all, which saves a pool"),
    (BACKED_UP, {"jobs": nobody, "vm_backups": stocked(left_out=("scsi1",))}, OPEN, "leave out scsi1"),
    (BACKED_UP, {"jobs": nobody, "vm_backups": stocked(left_out=("scsi1",), is_empty=True)}, FAILED, "no disk of the machine"),
    (BACKED_UP, {"jobs": nobody, "vm_backups": stocked(made=(), spoilt=("that of today was verified: failed",), runs=ran)}, FAILED, "was verified: failed"),
    (STRATEGY, {"jobs": nobody, "vm_backups": stocked(left_out=("scsi1",))}, OPEN, "leave out scsi1"),
    (STRATEGY, {"jobs": nobody, "vm_backups": stocked(is_enabled=False)}, PASSED, ""),
    (DAILY, {"backups": undeclared, "vm_backups": stocked(sizes=(49, 100))}, FAILED, "less than half"),
    (DAILY, {"backups": undeclared, "vm_backups": stocked(sizes=(50, 100), coming=weekly)}, PASSED, ""),
    (KEPT, {"backups": undeclared, "vm_backups": stocked(keeps=(), of_storage=("keep-last=2",))}, PASSED, ""),
    (KEPT, {"backups": undeclared, "vm_backups": stocked(keeps=("keep-last=1",), protected=1)}, PASSED, ""),
    (KEPT, {"backups": undeclared, "vm_backups": stocked(keeps=("keep-last=1",))}, FAILED, "2 are there, 1 may be"),
    (KEPT, {"backups": undeclared, "vm_backups": stocked(keeps=(), of_storage=None)}, OPEN, "does not say what it keeps"),
    (KEPT, {"backups": undeclared, "vm_backups": stocked(keeps=("keep-all=true",), prunes_itself=True)}, OPEN, "the backup server share"),
    (KEPT, {"backups": undeclared, "vm_backups": stocked(keeps=("keep-all=true", "keep-last=0"))}, FAILED, "keeps everything"),
    (OFF_VM, {"backups": undeclared, "vm_backups": stocked(is_elsewhere=None)}, OPEN, "is a folder of the node"),
    (OFF_VM, {"backups": undeclared, "vm_backups": stocked(made=(), spoilt=("that of today has 1 bytes",))}, FAILED, "has 1 bytes"),
    (BEFORE, {"images": only(made=ago(DAY)), "snapshots": only(taken=lambda now: None)}, OPEN, "was taken is not told"),
    (AFTER, {"snapshots": only(taken=lambda now: None)}, OPEN, "was taken is not told"), (OLD, {"snapshots": only(taken=lambda now: None)}, OPEN, "is not told"),
    (BACKED_UP, {"jobs": nobody, "vm_backups": with_(jobs=(), unclear=("nightly",))}, OPEN, "nightly, which saves a pool"),
    (BACKED_UP, {"jobs": nobody, "vm_backups": with_(jobs=(), unclear=())}, FAILED, "neither the machine"),
    ("pre.database.backups.strategy", {"jobs": nobody, "vm_backups": with_(jobs=(), unclear=("nightly",))}, OPEN, "nightly, which saves a pool"),
    ("pre.database.backups.strategy", {"jobs": nobody, "vm_backups": with_(jobs=(), unclear=())}, FAILED, "neither the machine"),
    # NPMplus renews in its own process: there is a folder of certbot's, and no job
    (RENEWAL, {"proxy_machine": with_(jobs=(), renewals={"npm-1": "ab"})}, PASSED, ""),
    (RENEWAL, {"proxy_machine": with_(jobs=(), renewals={"npm-1": "ab"}), "proxy": with_(certificates=GONE)}, FAILED, "there is none"),
    (RENEWAL, {"proxy_machine": with_(renewals={"npm-1": ""})}, OPEN, "could not be read"),
    # A page that is longer than what is compared of it
    ("deploy.frontend.https", {"web": front("zebu.test", is_cut=True, sha256="other")}, OPEN, "longer than what is compared"),
    ("pre.infrastructure.reverse-proxy", {"web": front("zebu.test", is_cut=True, sha256="other")}, OPEN, "longer than what is compared"),
    # Pools: SQLAlchemy's words for no limit
    ("pre.database.configuration.pooling", {"environment": variable("DB_POOL_SIZE", "0")}, FAILED, "has no limit"),
    ("pre.database.configuration.pooling", {"environment": variable("DB_MAX_OVERFLOW", "-1")}, FAILED, "has no limit"),
    ("pre.database.configuration.max-connections", {"environment": variable("DB_MAX_OVERFLOW", "-1")}, FAILED, "has no limit"),
    ("pre.database.configuration.pooling", {"environment": variable("DB_POOL_SIZE", " +10 ")}, PASSED, ""),
    ("pre.database.configuration.pooling", {"environment": variable("DB_POOL_SIZE", "")}, PASSED, ""),
    ("pre.database.configuration.pooling", {"environment": variable("DB_POOL_SIZE", "ten")}, OPEN, "is no number"),
    ("pre.database.configuration.pooling", {"environment": variable("DB_POOL_SIZE", "1e9")}, OPEN, "is no number"),
    # What was not read leaves an item open, and hides nothing that was found
    (VULNERABLE, {"audit": with_(unread=("pnpm-lock.yaml",))}, OPEN, "pnpm-lock.yaml"),
    (VULNERABLE, {"audit": both(known("high"), with_(unread=("pnpm-lock.yaml",)))}, FAILED, "GHSA-1"),
    ("deploy.database.migrations", {"migrations": with_(odd=("z9.py",))}, OPEN, "z9.py"),
    ("pre.database.configuration.production-mode", {"database": with_(hba_errors=(7,))}, OPEN, "line 7"),
    ("pre.database.configuration.production-mode", {"database": with_(hba=(), hba_errors=())}, OPEN, "could not be read"),
    # Whole words, in every spelling
    ("pre.database.configuration.production-mode", {"database": with_(overrides=(("app", "synchronous_commit", "Off"),))}, FAILED, "app synchronous_commit=Off"),
    ("pre.database.configuration.production-mode", {"database": with_(overrides=(("app", "synchronous_commit", "local"),))}, PASSED, ""),
    ("pre.infrastructure.proxmox-updated", {"proxmox_node": waiting(("pve-kernelless", "Proxmox"))}, PASSED, ""),
    ("pre.infrastructure.proxmox-updated", {"proxmox_node": waiting(("pve-manager", "not-proxmox"))}, FAILED, "pve-manager"),
    (OFF_VM, {"backups": undeclared, "vm_backups": saved(DAY, (26 * DAY / 24,))}, PASSED, ""),
    (OFF_VM, {"backups": undeclared, "vm_backups": saved(DAY, (26 * DAY / 24 + SECOND,))}, FAILED, "the newest copy is 1 days"),
    (OFF_VM, {"backups": undeclared, "vm_backups": saved(DAY, (DAY,), is_elsewhere=False)}, FAILED, "on the node's own disks"),
    (OFF_VM, {"backups": undeclared, "vm_backups": saved(DAY)}, FAILED, "has no backup of the machine"),
    (OFF_VM, {"backups": undeclared, "vm_backups": lost}, OPEN, "not declared"),
    (KEPT, {"backups": undeclared, "vm_backups": saved(DAY, (DAY,) * 3, "keep-daily=2", "keep-weekly=1")}, PASSED, ""),
    (KEPT, {"backups": undeclared, "vm_backups": saved(DAY, (DAY,) * 4, "keep-daily=2", "keep-weekly=1")}, FAILED, "4 are there, 3 may be"),
    (KEPT, {"backups": undeclared, "vm_backups": saved(DAY, (DAY,), "keep-all=1")}, FAILED, "keeps everything"),
    (KEPT, {"backups": undeclared, "vm_backups": saved(DAY, (DAY,))}, FAILED, "keeps everything"),
    # Advisories: what is allowed, what is accepted until its last day
    (VULNERABLE, {"audit": known("low")}, FAILED, "GHSA-1 low"),
    (VULNERABLE, {"audit": known("low"), "settings": section("advisories", allowed="low")}, PASSED, ""),
    (VULNERABLE, {"audit": known("moderate"), "settings": section("advisories", allowed="low")}, FAILED, "GHSA-1 moderate"),
    (VULNERABLE, {"audit": known(""), "settings": section("advisories", allowed="high")}, FAILED, "GHSA-1"),
    (VULNERABLE, {"audit": known("high"), "settings": accepted(0)}, PASSED, ""),
    (VULNERABLE, {"audit": known("high"), "settings": accepted(-1)}, FAILED, "GHSA-1 high"),
    # Who sees the backend
    ("pre.security.firewall.backend-not-exposed", {"exposure": answering("internet", 8000)}, FAILED, "answers"),
    ("pre.security.firewall.backend-not-exposed", {"exposure": answering("lan", 8000)}, FAILED, "answers"),
    ("pre.security.firewall.backend-not-exposed", {"exposure": answering("lan", 8000), "settings": section("firewall", lan_trusted=True)}, PASSED, ""),
    ("pre.security.firewall.backend-not-exposed", {"exposure": answering("proxy", 8000)}, PASSED, ""),
    # What the filter cannot tell, a look from outside may: where the filter was not read, and not where it asks who looks
    (SHUT, {"firewall": with_(v4=Fate("accept", "a rule"))}, FAILED, "IPv4: lets a stranger in (a rule)"),
    (SHUT, {"firewall": with_(v6=Fate("accept", "a rule"))}, FAILED, "IPv6: lets a stranger in (a rule)"),
    (SHUT, {"firewall": with_(v6=Fate("accept", "a rule"), has_v6=False)}, PASSED, ""),
    (SHUT, {"firewall": with_(v6=Fate("accept", "a rule"), has_v6=None)}, OPEN, "whether it has IPv6 is not known"),
    (SHUT, {"firewall": with_(v6=Fate("reject", "a rule"), has_v6=None)}, PASSED, ""),
    (SHUT, {"firewall": with_(v4=Fate("unknown", "a word")), "exposure": silent("lan")}, OPEN, "cannot be told (a word)"),
    (SHUT, {"firewall": with_(v4=Fate("unknown", "a queue", is_unseen=True)), "exposure": silent("lan")}, PASSED, ""),
    (SHUT, {"firewall": with_(v4=Fate("unknown", "a queue", is_unseen=True)), "exposure": silent("lan", but=(47,))}, OPEN, "a queue"),
    (SHUT, {"firewall": with_(v4=Fate("unknown", "a queue", is_unseen=True)), "exposure": silent("internet")}, OPEN, "a queue"),
    (SHUT, {"firewall": with_(v4=Fate("unknown", "a queue", is_unseen=True)), "exposure": silent("lan (IPv6)")}, OPEN, "a queue"),
    (SHUT, {"firewall": with_(v4=Fate("unknown", "a queue", is_unseen=True)), "exposure": lost}, OPEN, "a queue"),
    (SHUT, {"exposure": lost}, PASSED, ""),
    (SHUT, {"firewall": with_(boot=Boot())}, FAILED, "nothing brings the rules back"),
    (SHUT, {"firewall": with_(boot=Boot("nftables", missing="what nftables loads"))}, FAILED, "what nftables loads"),
    (SHUT, {"firewall": with_(boot=Boot(unsure="/etc/rc.local may"))}, OPEN, "/etc/rc.local may"),
    # Datagrams, of the machine's own programs and of what Docker publishes
    (PORTS_ONLY, {"udp_sockets": listening("0.0.0.0", 5353)}, PASSED, ""),
    (PORTS_ONLY, {"udp_sockets": listening("0.0.0.0", 5353), "firewall": filtering(":INPUT ACCEPT [0:0]")}, FAILED, "UDP 0.0.0.0:5353: is open to strangers"),
    (PORTS_ONLY, {"udp_sockets": listening("127.0.0.1", 5353), "firewall": filtering(":INPUT ACCEPT [0:0]")}, PASSED, ""),
    (PORTS_ONLY, {"udp_sockets": listening("0.0.0.0", 443), "firewall": filtering(":INPUT ACCEPT [0:0]")}, PASSED, ""),
    (PORTS_ONLY, {"udp_sockets": listening("0.0.0.0", 80), "firewall": filtering(":INPUT ACCEPT [0:0]")}, FAILED, "UDP 0.0.0.0:80: is open to strangers"),
    (PORTS_ONLY, {"udp_sockets": listening("fe80::1", 123, "eth0"), "firewall": filtering(":INPUT ACCEPT [0:0]")}, PASSED, ""),
    (PORTS_ONLY, {"containers": publishing(Published(443, "", 443, "udp")), "firewall": filtering(":DOCKER-USER - [0:0]")}, PASSED, ""),
    (PORTS_ONLY, {"udp_sockets": listening("0.0.0.0", 68), "firewall": filtering(":INPUT ACCEPT [0:0]")}, PASSED, ""),
    (PORTS_ONLY, {"udp_sockets": listening("0.0.0.0", 53, "docker0"), "firewall": filtering(":INPUT ACCEPT [0:0]")}, PASSED, ""),
    (PORTS_ONLY, {"udp_sockets": listening("172.17.0.1", 53), "firewall": filtering(":INPUT ACCEPT [0:0]")}, PASSED, ""),
    (PORTS_ONLY, {"udp_sockets": listening("0.0.0.0", 53), "firewall": filtering("-A INPUT -j NFQUEUE")}, OPEN, "cannot be told"),
    (PORTS_ONLY, {"containers": publishing(Published(53, "", 5353, "udp")), "firewall": filtering(":DOCKER-USER - [0:0]")}, FAILED, "UDP 0.0.0.0:5353->53/udp: is open to strangers"),
    (PORTS_ONLY, {"containers": publishing(Published(53, "127.0.0.1", 5353, "udp")), "firewall": filtering(":DOCKER-USER - [0:0]")}, PASSED, ""),
    (PORTS_ONLY, {"containers": publishing(Published(53, "", 5353, "udp"))}, PASSED, ""),
    (PORTS_ONLY, {"containers": lost}, OPEN, "its own ports"),
    (PORTS_ONLY, {"sockets": lost}, OPEN, "its own ports"),
    (PORTS_ONLY, {"sockets": lost, "exposure": answering("lan", 5432)}, FAILED, "answers on 5432"),
    # A third of ninety days, less two runs of the renewal
    (RENEWAL, {"certificates": each(not_before=ago(61 * DAY), not_after=lambda now: now + 29 * DAY)}, FAILED, "was due"),
    (RENEWAL, {"certificates": each(not_before=ago(61 * DAY), not_after=lambda now: now + 29 * DAY + 2 * SECOND)}, PASSED, ""),
    (RENEWAL, {"proxy_machine": renewing(longest_gap=None), "certificates": each(not_before=ago(62 * DAY), not_after=lambda now: now + 28 * DAY)}, FAILED, "was due"),
    (RENEWAL, {"proxy_machine": renewing(longest_gap=None), "certificates": each(not_before=ago(62 * DAY), not_after=lambda now: now + 28 * DAY + 2 * SECOND)}, PASSED, ""),
    (RENEWAL, {"proxy_machine": renewing(is_enabled=False)}, FAILED, "is not enabled"),
    (RENEWAL, {"proxy_machine": lost}, PASSED, ""),
    (RENEWAL, {"proxy_machine": lost, "proxy": managed("zebu.test", "*.zebu.test")}, PASSED, ""),
    (RENEWAL, {"proxy_machine": lost, "proxy": managed("zebu.test")}, FAILED, "renews no certificate"),
    (RENEWAL, {"proxy_machine": with_(jobs=(), renewals={}), "proxy": lost}, FAILED, "neither a job nor"),
    (RENEWAL, {"proxy": with_(certificates=GONE), "proxy_machine": renewed_by("certbot renew --dry-run")}, FAILED, "there is none"), (RENEWAL, {"proxy": with_(certificates=GONE), "proxy_machine": renewed_by("certbot.renew")}, PASSED, ""),
    (RENEWAL, {"proxy": with_(certificates=GONE), "proxy_machine": renewed_by("acme.sh --cron --home /root/.acme.sh")}, PASSED, ""), (RENEWAL, {"proxy": with_(certificates=GONE), "proxy_machine": renewed_by("certbot certificates")}, FAILED, "there is none"),
    (RENEWAL, {"proxy": with_(certificates=GONE), "proxy_machine": renewed_by("", "/opt/renew is a program")}, OPEN, "/opt/renew is a program"),
    (RENEWAL, {"proxy_machine": lost, "proxy": lost}, OPEN, "nobody answers"),
    ("pre.security.secrets.env-permissions", {"env_files": lambda value, now: replace(value, files=(replace(value.files[0], holds_secrets=False, mode=0o644),))}, FAILED, "has mode 0644"),
    ("pre.security.secrets.env-permissions", {"env_files": lambda value, now: replace(value, files=(), folder="")}, OPEN, "the folder of the application"),
    (MALFORMED, {"use": malformed(422, is_ours=False)}, OPEN, "behind its key"),
    (MALFORMED, {"use": malformed(401)}, OPEN, "behind its key"),
    (MALFORMED, {"use": malformed(500)}, FAILED, "answers 500"),
    (MALFORMED, {"use": malformed(422)}, PASSED, ""),
    (MALFORMED, {"use": malformed(422, has_envelope=False)}, FAILED, "own error"),
    (MALFORMED, {"use": with_(malformed=(), broken="")}, OPEN, "could not be made: no answer"),
    (MALFORMED, {"use": with_(malformed=(), broken="ReadTimeout")}, OPEN, "could not be made: ReadTimeout"),
    (PASSWORD, {"environment": without("POSTGRES_PASSWORD")}, FAILED, "does not set POSTGRES_PASSWORD"),
    (PASSWORD, {"database_password": with_(), "environment": without("POSTGRES_PASSWORD"), "settings": section("database", url_file=Path("url"))}, OPEN, "that the project does not make"),
    # What is built, and from what
    (BUILT, {"compose": first(revision="", created=ago(DAY), context_changed=None)}, OPEN, "neither a revision nor"),
    (BUILT, {"compose": first(revision="", created=None, context_changed=ago(DAY))}, OPEN, "neither a revision nor"),
    (BUILT, {"compose": first(revision="", created=ago(DAY), context_changed=ago(DAY))}, PASSED, ""),
    (BUILT, {"compose": first(revision="", created=ago(2 * DAY), context_changed=ago(DAY), files=(0, 0, 0))}, OPEN, "none of its files"),
    (BUILT, {"compose": first(revision="", created=ago(2 * DAY), context_changed=ago(DAY), files=(3, 0, 1))}, OPEN, "lacks 1 files"),
    (BUILT, {"compose": first(revision="", created=ago(2 * DAY), context_changed=ago(DAY), files=(3, 1, 0))}, FAILED, "has 1 files otherwise"),
    (BUILT, {"compose": first(revision="", created=ago(2 * DAY), context_changed=ago(DAY), files=(3, 0, 0))}, PASSED, ""),
    (BUILT, {"compose": first(revision="unknown", created=None, context_changed=None)}, OPEN, "neither a revision nor"),
    (BUILT, {"compose": first(revision="0" * 40)}, FAILED, "was built from 000000000000"),
    ("deploy.initial.env-present", {"env_files": lambda value, now: replace(value, files=value.files[1:])}, FAILED, "is not there"),
    ("deploy.initial.env-present", {"compose": first(differing=("APP_ENV",))}, FAILED, "another value of APP_ENV"),
    ("deploy.initial.env-present", {"compose": first(kind="gone")}, FAILED, "in no compose file any more"),
    ("pre.application.docker.log-rotation", {"containers": logging("json-file", {"max-size": "1g"})}, PASSED, ""),
    ("pre.application.docker.log-rotation", {"containers": logging("json-file", {"max-size": "1025m"})}, FAILED, "grow to 1025m"),
    ("pre.application.docker.log-rotation", {"containers": logging("json-file", {})}, FAILED, "without max-size"),
    ("pre.application.docker.log-rotation", {"containers": logging("local", {})}, PASSED, ""),
    # A container keeps what it was made with, whatever the daemon has now
    ("post.monitoring.logs.rotation", {"containers": logging("json-file", {})}, FAILED, "without bounds"),
    ("post.monitoring.logs.rotation", {"containers": logging("json-file", {"max-size": "-1"})}, FAILED, "without bounds"),
    ("post.monitoring.logs.rotation", {"containers": logging("local", {})}, PASSED, ""),
    ("post.monitoring.logs.rotation", {"containers": logging("syslog", {})}, PASSED, ""),
    ("post.monitoring.logs.rotation", {"containers": logging("acme/driver", {})}, OPEN, "whether acme/driver bounds"),
    ("post.monitoring.logs.rotation", {"containers": logging("json-file", {"max-size": "9m"})}, PASSED, ""),
    ("pre.application.docker.log-rotation", {"containers": logging("json-file", {"max-size": "-1"})}, FAILED, "grow to -1"),
    ("pre.application.docker.log-rotation", {"containers": logging("acme/driver", {})}, OPEN, "whether acme/driver bounds"),
    ("post.monitoring.logs.rotation", {"containers": logging("gelf", {})}, PASSED, ""),
    ("post.monitoring.logs.rotation", {"log_rotation": with_(unread="could not be listed")}, OPEN, "could not be listed"),
    ("post.monitoring.logs.rotation", {"log_rotation": with_(unread="changed", journal_limit=9 * 2**30)}, FAILED, "may take"),
    ("post.monitoring.logs.rotation", {"jobs": lambda value, now: ()}, FAILED, "nothing runs it"),
    ("post.monitoring.logs.rotation", {"jobs": unreadable("/opt/night is a program")}, PASSED, ""),
    ("post.monitoring.logs.rotation", {"jobs": unreadable("/opt/night is a program"), "log_rotation": with_(rotated=None)}, OPEN, "is a program"),
    ("post.monitoring.logs.rotation", {"jobs": unreadable("/opt/night names pg_dump, and is no shell script")}, FAILED, "nothing runs it"),
    # Pages and what they ask for
    ("deploy.frontend.console-clean", {"pages": only(status=399)}, PASSED, ""),
    ("deploy.frontend.console-clean", {"pages": only(status=400)}, FAILED, "answers 400"),
    (ASSETS, {"pages": files(("script", 200, "text/javascript"), ("font", 200, "application/octet-stream"))}, PASSED, ""),
    (ASSETS, {"pages": files(("script", 200, "text/javascript"), ("stylesheet", 200, "application/octet-stream"))}, FAILED, "is application/octet-stream"),
    (ASSETS, {"pages": files(("script", 200, "text/javascript"), ("font", 200, "text/html"))}, FAILED, "is text/html, asked for as font"),
    (ASSETS, {"pages": files(("script", 200, ""))}, FAILED, "is of no type"),
    (ASSETS, {"pages": files(("script", 300, ""))}, PASSED, ""),
    (ASSETS, {"pages": files(("script", 400, "text/javascript"))}, FAILED, "answers 400"),
    (ASSETS, {"pages": files(("stylesheet", 200, "text/css"))}, FAILED, "no script at all"),
    ("deploy.network.no-mixed-content", {"pages": only(errors=("Mixed Content: blocked",))}, FAILED, "Mixed Content: blocked"),
    ("deploy.network.no-mixed-content", {"pages": only(errors=("something else",))}, PASSED, ""),
    ("deploy.redis.cache", {"use": with_(steps={"price": {"status": 200, "said": {"source": "cache"}}}), "redis": with_(expiring=0)}, PASSED, ""),
    ("deploy.redis.cache", {"use": with_(steps={"price": {"status": 200, "said": {"source": "api"}}}), "redis": with_(expiring=0)}, FAILED, "none of them expires"),
    (HSTS, {"web": header("max-age=15768000")}, PASSED, ""),
    (HSTS, {"web": header("max-age=15767999")}, FAILED, "max-age is 15767999"),
    (HSTS, {"web": header('includeSubDomains; max-age="15768000"')}, PASSED, ""),
    (HSTS, {"web": header("max-age=many")}, FAILED, "none that browsers heed"),
    (HSTS, {"web": header("includeSubDomains")}, FAILED, "none that browsers heed"),
    (HSTS, {"web": header("max-age=15768000")}, PASSED, ""),
    (HSTS, {"web": header("max-age=15767999")}, FAILED, "max-age is 15767999"),
    (RENEWAL, {"certificates": each(not_before=ago(65 * DAY), not_after=lambda now: now + 25 * DAY)}, FAILED, "was due"),
    (RENEWAL, {"certificates": each(not_before=ago(55 * DAY), not_after=lambda now: now + 35 * DAY)}, PASSED, ""),
    # Jobs that make backups, and those that go
    (BACKED_UP, {"jobs": job(DUMPS, longest_gap=26 * DAY / 24)}, PASSED, ""),
    (BACKED_UP, {"jobs": job(DUMPS, longest_gap=26 * DAY / 24 + SECOND, coming=())}, FAILED, "runs every 1 day, 2:00:01 only"),
    (BACKED_UP, {"jobs": job(DUMPS, longest_gap=None, coming=()), "backups": lost}, OPEN, "could not be worked out"),
    (BACKED_UP, {"jobs": job(DUMPS, longest_gap=None, coming=())}, PASSED, ""),
    (BACKED_UP, {"jobs": job(DUMPS, hindered="is ignored by cron: is a link")}, FAILED, "is ignored by cron: is a link"),
    (STRATEGY, {"jobs": job(DUMPS, hindered="is ignored by cron: is a link")}, FAILED, "is ignored by cron: is a link"),
    (BACKED_UP, {"jobs": taking_turns(3)}, PASSED, ""), (BACKED_UP, {"jobs": taking_turns(4)}, FAILED, "only"),
    # What cannot be read may be what makes the dumps that are there
    (BACKED_UP, {"jobs": unreadable("/opt/night is a program")}, PASSED, ""), (STRATEGY, {"jobs": unreadable("/opt/night is a program")}, PASSED, ""),
    (BACKED_UP, {"jobs": unreadable("/opt/night is a program"), "backups": dumps((3 * DAY, 9), (2 * DAY, 9))}, OPEN, "/opt/night is a program"),
    (STRATEGY, {"jobs": unreadable("/opt/night is a program"), "backups": dumps((DAY / 2, 9))}, OPEN, "/opt/night is a program"),
    (STRATEGY, {"jobs": unreadable("/opt/night names certbot, and is no shell script")}, FAILED, "neither the machine"),
    (STRATEGY, {"jobs": lost}, PASSED, ""), (STRATEGY, {"jobs": lost, "backups": lost}, OPEN, "nobody answers"), (BACKED_UP, {"jobs": lost, "backups": lost}, OPEN, "nobody answers"),
    # Days of the week are a condition that only a run tells
    (BACKED_UP, {"jobs": dumping("pg_dump zebu", is_sure=False)}, PASSED, ""),
    (BACKED_UP, {"jobs": dumping("pg_dump zebu", is_sure=False), "backups": lost}, OPEN, "under a condition"),
    # Deeds, not names: whose database, all of it, and kept
    (STRATEGY, {"jobs": dumping("pg_dump zebu")}, PASSED, ""), (STRATEGY, {"jobs": dumping("pg_dumpall")}, PASSED, ""), (STRATEGY, {"jobs": dumping("pg_dump $DB")}, PASSED, ""),
    (STRATEGY, {"jobs": dumping("pg_dump nextcloud")}, FAILED, "dumps nextcloud, and not zebu"), (BACKED_UP, {"jobs": dumping("pg_dump nextcloud")}, FAILED, "and not zebu"),
    (STRATEGY, {"jobs": dumping("pg_dump nextcloud"), "environment": lost}, PASSED, ""),
    (STRATEGY, {"jobs": dumping("pg_dump --schema-only zebu")}, FAILED, "only the schema"), (STRATEGY, {"jobs": dumping("pg_dumpall -g")}, FAILED, "only roles"),
    (STRATEGY, {"jobs": dumping("pg_dump zebu", into=(">", "/dev/null"))}, FAILED, "thrown away"),
    (STRATEGY, {"jobs": dumping("barman -q cron")}, FAILED, "neither the machine"), (STRATEGY, {"jobs": dumping("barman backup all")}, PASSED, ""),
    (STRATEGY, {"jobs": dumping("pg_dump zebu", place="container:zebu-db-1")}, PASSED, ""), (STRATEGY, {"jobs": dumping("pg_dump zebu", place="container:cloud-db-1")}, FAILED, "no container of Zebu's"),
    (STRATEGY, {"jobs": dumping("pg_dump zebu", place="service:db")}, PASSED, ""), (STRATEGY, {"jobs": dumping("pg_dump zebu", place="container:$DB")}, PASSED, ""),
    (STRATEGY, {"jobs": dumping("pg_dump -h db zebu")}, PASSED, ""), (STRATEGY, {"jobs": dumping("pg_dump -h 127.0.0.1 zebu"), "backups": lost}, PASSED, ""),
    (STRATEGY, {"jobs": dumping("pg_dump -h 192.0.2.20 zebu"), "backups": lost}, OPEN, "dumps from 192.0.2.20"), (BACKED_UP, {"jobs": dumping("pg_dump -h 192.0.2.20 zebu")}, PASSED, ""),
    (STRATEGY, {"jobs": dumping("pg_dump zebu", place="op@other"), "backups": lost}, OPEN, "dumps on op@other"),
    # Containers that make backups, by what they keep
    (STRATEGY, {"jobs": holding(DAY / 2)}, PASSED, ""), (BACKED_UP, {"jobs": holding(DAY / 2, 3 * DAY / 2)}, PASSED, ""),
    (STRATEGY, {"jobs": holding(), "backups": lost}, OPEN, "was not seen"), (BACKED_UP, {"jobs": holding(3 * DAY), "backups": lost}, OPEN, "was not seen"),
    (BACKED_UP, {"jobs": holding(DAY / 2), "backups": lost}, OPEN, "was not seen"), (BACKED_UP, {"jobs": holding(DAY / 2, gap=DAY), "backups": lost}, PASSED, ""),
    (STRATEGY, {"jobs": holding(DAY / 2, databases=("cloud",))}, FAILED, "dumps cloud, and not zebu"),
    (KEPT, {"backups": dumps((9 * DAY, 1))}, PASSED, ""),
    (KEPT, {"backups": dumps((9 * DAY + SECOND, 1))}, FAILED, "is 9 days old"),
    (KEPT, {"backups": dumps()}, FAILED, "there are none"),
    (BEFORE, {"images": only(made=ago(DAY)), "snapshots": only(taken=ago(DAY))}, PASSED, ""),
    (BEFORE, {"images": only(made=ago(DAY)), "snapshots": only(taken=ago(8 * DAY))}, PASSED, ""),
    (BEFORE, {"images": only(made=ago(DAY)), "snapshots": only(taken=ago(8 * DAY + SECOND))}, FAILED, "no snapshot"),
    (BEFORE, {"images": only(made=ago(DAY)), "snapshots": only(taken=ago(DAY - SECOND))}, FAILED, "no snapshot"),
    (BEFORE, {"images": only(made=None)}, OPEN, "is not known"),
    (AFTER, {"images": only(made=ago(DAY)), "snapshots": only(taken=ago(DAY))}, FAILED, "no snapshot"),
    (AFTER, {"images": only(made=ago(DAY)), "snapshots": only(taken=ago(DAY - SECOND))}, PASSED, ""),
    # Who watches, and whether it works
    ("post.monitoring.disk.alerts", {"monitors": watching("failed", "disk", "alert")}, FAILED, "its last run failed"),
    ("post.monitoring.disk.alerts", {"monitors": watching("success", "disk", "alert")}, PASSED, ""),
    ("post.monitoring.disk.alerts", {"monitors": watching("failed", "disk")}, OPEN, "nothing was seen that it tells"),
    ("post.monitoring.disk.alerts", {"monitors": watching("success", "disk")}, OPEN, "nothing was seen that it tells"),
    ("post.monitoring.disk.alerts", {"monitors": watching("success", "health", "alert")}, OPEN, "nothing on the machine watches the disks"),
    ("post.monitoring.services.health-endpoints", {"monitors": watching("success", "health")}, OPEN, "nothing was seen that it tells"),
    ("post.monitoring.services.health-endpoints", {"monitors": watching("success", "health", "alert")}, PASSED, ""),
    ("post.monitoring.tls.expiry", {"monitors": watching("success", "certificate")}, OPEN, "nothing on the machine"),
    ("post.monitoring.tls.expiry", {"monitors": agents("gatus names")}, PASSED, ""), ("post.monitoring.tls.expiry", {"monitors": agents("gatus")}, OPEN, "nothing on the machine"),
    ("post.monitoring.tls.expiry", {"monitors": agents("netdata names")}, OPEN, "nothing on the machine"),
    # What runs says by its name alone neither what it asks for, nor where it keeps what it measures
    ("post.monitoring.services.uptime", {"monitors": agents("uptime-kuma names")}, PASSED, ""), ("post.monitoring.services.uptime", {"monitors": agents("uptime-kuma")}, Outcome.ATTESTED, "attested by operations"),
    ("post.monitoring.services.uptime", {"monitors": agents("node_exporter names")}, Outcome.ATTESTED, "attested by operations"),
    ("post.monitoring.services.resources", {"monitors": agents("node_exporter")}, OPEN, "node_exporter runs"), ("post.monitoring.services.resources", {"monitors": agents("node_exporter", "prometheus")}, PASSED, ""),
    ("post.monitoring.services.resources", {"monitors": agents("telegraf sends")}, PASSED, ""), ("post.monitoring.services.resources", {"monitors": agents("telegraf")}, OPEN, "telegraf runs"),
    ("post.monitoring.services.resources", {"monitors": agents("netdata")}, PASSED, ""), ("post.monitoring.services.resources", {"monitors": agents("gatus")}, OPEN, "gatus runs"),
    ("post.monitoring.services.resources", {"monitors": with_(recorded=lambda now: (("sysstat", now, 1), ("atop", now - 9 * DAY, 1)))}, PASSED, ""),
    # Clean-ups
    ("post.monitoring.disk.image-cleanup", {"jobs": lambda value, now: ()}, FAILED, "nothing cleans up images"),
    ("post.monitoring.disk.image-cleanup", {"jobs": unreadable("/opt/night is a program")}, OPEN, "/opt/night is a program"),
    ("post.monitoring.disk.image-cleanup", {"jobs": dumping("docker builder prune -f")}, FAILED, "nothing cleans up images"),
    ("post.monitoring.disk.image-cleanup", {"jobs": job("docker image", hindered="has a schedule that never comes")}, FAILED, "never comes"),
    ("pre.infrastructure.proxmox-updated", {"proxmox_node": waiting(("bash", "Debian"))}, FAILED, "bash wait"),
    ("pre.infrastructure.proxmox-updated", {"proxmox_node": waiting(("pve-manager", "Proxmox"))}, PASSED, ""),
    ("pre.infrastructure.proxmox-updated", {"proxmox_node": waiting(("proxmox-kernel-6.8", "Proxmox"))}, FAILED, "kernel"),
    ("pre.security.firewall.backend-not-exposed", {"exposure": lambda value, now: tuple(one for one in value if one.vantage.kind != "internet")}, OPEN, "no vantage on the internet"),
    ("ops.monthly.log-rotation", {"past": nothing, "log_rotation": with_(rotated=ago(32 * DAY))}, OPEN, "has not run within the month"),
    ("ops.monthly.updates", {"past": nothing, "updates": with_(last_run=ago(32 * DAY))}, OPEN, "unattended upgrades have not done it"),
    ("ops.monthly.updates", {"past": nothing, "updates": with_(last_run=None)}, OPEN, "unattended upgrades have not done it"),
    ("ops.monthly.updates", {"past": nothing, "updates": with_(errors=1)}, OPEN, "unattended upgrades have not done it"),
    ("ops.monthly.updates", {"past": nothing, "updates": with_(pending=HELD, arrived=ago(SECOND))}, OPEN, "unattended upgrades have not done it"),
    ("ops.monthly.updates", {"past": nothing, "updates": with_(trouble="Unmet dependencies")}, OPEN, "unattended upgrades have not done it"),
    ("ops.monthly.updates", {"past": nothing, "updates": with_(without_suite=MISSING_SUITE)}, OPEN, "unattended upgrades have not done it"),
    # A share whose server is gone
    ("post.monitoring.disk.usage", {"disk": first(trouble="does not answer")}, OPEN, "does not answer"),
    ("deploy.performance.disk", {"disk": first(trouble="does not answer")}, OPEN, "does not answer"),
    ("ops.weekly.disk", {"past": nothing, "disk": first(trouble="does not answer")}, OPEN, "does not answer"),
    # What ran once and ended well is no service; what is odd about one is no pass for it
    *((item, {"containers": beside(done=True)}, PASSED, "") for item in OF_SERVICES),
    *((item, {"containers": beside(done=False)}, FAILED, "migrate") for item in OF_SERVICES if item != "post.monitoring.services.restarts"),
    *((item, {"containers": with_(odd=("odd",))}, OPEN, "of odd what is not understood") for item in OF_SERVICES),
    ("pre.security.firewall.database-local", {"containers": with_(odd=("odd",))}, OPEN, "what odd publishes"),
    # A link without neighbours
    ("pre.infrastructure.network", {"connectivity": with_(gateway=GONE)}, OPEN, "nobody answers"),
)  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}-{row[2]}-{row[3]}"[:120])
def test_one_fact_is_otherwise(row: Row, healthy: Evidence) -> None:
    item, changes, outcome, reason = row
    now = healthy.fact("machine")
    assert isinstance(now, Known)
    facts: dict[str, Any] = {}
    for name, change in changes.items():
        beside = {"past": healthy.past, "settings": Known(healthy.target.settings)}
        as_it_is = beside[name] if name in beside else healthy.fact(name)
        assert isinstance(as_it_is, Known)
        new = change(as_it_is.value, now.value.time)
        facts[name] = new if isinstance(new, Unknown) else Known(new)
    past, settings = facts.pop("past", healthy.past), facts.pop("settings", Known(healthy.target.settings))
    target = healthy.target.model_copy(update={"settings": settings.value})
    evidence = replace(healthy, target=target, past=past, _read={**healthy._read, **facts})
    found = evidence.judge(item)
    assert found.outcome is outcome, found.reason
    assert reason in found.reason
