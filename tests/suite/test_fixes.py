"""What a finding says to do: of the very thing that is wrong, as it can be typed, and whatever a machine calls its things."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from msgspec.structs import replace

from lab import recordings
from lab.recordings import JUDGED, Case
from pytest_zebu.facts.containers import Container, Published
from pytest_zebu.facts.jobs import Job
from pytest_zebu.facts.sockets import Listener
from pytest_zebu.verdict.outcome import Finding, Outcome
from pytest_zebu.verdict.plan import commands
from tests_prod import mending
from tests_prod.words import every, moment, span

NAMES = (
    "`reboot`", "a; reboot", "$(reboot)", "-f /", "a b", "a\nreboot", "'", '"', "../../x", "", "a" * 300, "--all", "\x1b[2J", "a|b", "é",
)  # fmt: skip


@cache
def healthy() -> Case:
    return recordings.read_healthy()


def found(case_id: str, item: str, folder: Path) -> Finding:
    case = recordings.read(JUDGED / f"{case_id}.json", healthy())
    return recordings.evidence(recordings.over(healthy(), case), folder).judge(item)


@pytest.mark.parametrize(("case_id", "item", "reason", "fix"), [
    ("pre.security.firewall.database-local/host_listener", "pre.security.firewall.database-local",
     "python3 listens on 10.77.0.10:5432", r"stop python3 \(pid \d+\), .*`systemctl status \d+`.* or let it listen on 127\.0\.0\.1 only\."),
    ("pre.security.firewall.database-local/published_past_ufw", "pre.security.firewall.database-local",
     "stray publishes 0.0.0.0:15432", r"`docker stop stray`, or make stray anew with `-p 127\.0\.0\.1:15432:5432` .*"),
    ("pre.security.firewall.enabled/inactive", "pre.security.firewall.enabled",
     "IPv4, IPv6: lets a stranger in", r"`ufw allow 22/tcp` for ssh.* then `ufw default deny incoming`, `ufw enable`, `systemctl enable ufw`\."),
    ("pre.security.firewall.enabled/ipv6_open", "pre.security.firewall.enabled",
     "IPv6: lets", r"IPV6=yes in /etc/default/ufw, then `ufw reload`\."),
    ("pre.security.firewall.enabled/first_rule_accepts", "pre.security.firewall.enabled", "IPv4: lets", "take out.*INPUT: accept.*"),
    ("pre.security.firewall.required-ports-only/high_port", "pre.security.firewall.required-ports-only",
     "answers on 18080", r"port 18080: stop python3 .*"),
    ("pre.infrastructure.port-forwarding/another_port", "pre.security.firewall.required-ports-only",
     "10.99.0.80 answers on 8080", r"take away what leads port 8080 of 10\.99\.0\.80 further .*"),
    ("pre.security.ssh.no-passwords/dropin_sorts_first", "pre.security.ssh.no-passwords",
     "user deploy, user observer: may log in without a key from 127.0.0.1, 203.0.113.77, 10.77.0.9, 2001:db8::77 on port 22, by password",
     r"set `PasswordAuthentication no` where it is set first: `grep -rin PasswordAuthentication /etc/ssh/sshd_config\.d /etc/ssh/sshd_config` .*"),
    ("pre.security.secrets.env-permissions/backup_copy", "pre.security.secrets.env-permissions",
     ".env.backup: has mode 0644", r"delete /opt/zebu/\.env\.backup if nobody needs it; else `chmod 600 /opt/zebu/\.env\.backup`\."),
    ("post.maintenance.updates.os/switched_off", "post.maintenance.updates.os",
     'is switched off (APT::Periodic::Unattended-Upgrade is "0")',
     r'set APT::Periodic::Unattended-Upgrade to "1" .*`grep -rn Periodic /etc/apt/apt\.conf\.d`.*'),
    ("deploy.initial.services-healthy/stopped", "deploy.initial.services-healthy",
     "redis: has exited (status 0)", r"`docker compose -p zebu start redis`; `docker compose -p zebu logs --tail 50 redis` .*"),
    ("deploy.initial.services-healthy/stopped", "deploy.redis.reachable",
     "the name in its address is not known to its resolver", r"redis does not run: `docker compose -p zebu start redis`; .*"),
    ("deploy.initial.services-healthy/paused", "deploy.redis.running", "redis: is paused", r"`docker compose -p zebu unpause redis`\."),
    ("post.recovery.backups.daily/stale", "post.recovery.backups.daily",
     "the newest dump: is 2 days old", r"`systemctl status zebu-backup\.timer` .*`systemctl start zebu-backup\.service` .*"),
    ("deploy.frontend.certificate/wrong_name", "pre.security.https.auto-renewal",
     "what is served is in no renewal configuration", r"on the proxy, `certbot certificates` .*`certbot certonly -d zebu\.test`.*"),
    ("deploy.frontend.certificate/wrong_name", "deploy.frontend.assets",
     "https://zebu.test/, https://zebu.test/strategies, https://zebu.test/settings/api-keys: did not load: net::ERR_CERT_COMMON_NAME_INVALID",
     "serve a certificate .*"),
])  # fmt: skip
def test_a_fix_is_of_what_is_wrong(case_id: str, item: str, reason: str, fix: str, tmp_path: Path) -> None:
    finding = found(case_id, item, tmp_path)
    assert finding.outcome is Outcome.FAILED
    assert reason in finding.reason
    assert re.fullmatch(fix, finding.fix), finding.fix
    assert not re.search(r"\b(?:HOST|ID|UNIT|SERVICE|PORT|CONTAINER|FILE)\b", finding.fix)


def test_nothing_is_seen_or_judged_twice(tmp_path: Path) -> None:
    evidence = recordings.evidence(healthy(), tmp_path)
    for item in ("pre.security.https.auto-renewal", "post.monitoring.tls.auto-renewal", "deploy.performance.memory"):
        finding = evidence.judge(item)
        assert finding.cases
        assert len({case.name for case in finding.cases}) == len(finding.cases)
        assert len(set(finding.evidence)) == len(finding.evidence)


CONTAINER = Container(
    name="zebu-redis-1", project="zebu", service="redis", is_oneshot=False, status="exited", health="unhealthy",
    restart_policy="no", restart_count=0, published=(), exit_code=137,
)  # fmt: skip
JOB = Job("zebu-backup.timer", (), None, True, True)


def named(name: str) -> list[str]:
    """Every fix that has to do with something of this name."""
    stati = ("exited", "created", "paused", "running", "dead")
    containers = [replace(CONTAINER, name=name, service=name, project=name, status=status) for status in stati]
    port = Published(5432, name, 5432)
    jobs = [replace(JOB, name=one) for one in (name, f"{name}.timer", f"/etc/{name}")]
    jobs += [replace(one, is_enabled=False) for one in jobs] + [replace(JOB, hindered=name)]
    return [
        *map(mending.to_run, containers),
        mending.to_run(replace(containers[3], health="none")),
        mending.to_run(replace(containers[0], was_oom_killed=True)),
        mending.to_publish_locally(containers[0], port),
        mending.to_publish_locally(replace(containers[0], config_files=(name,)), port),
        mending.to_shut(Listener("0.0.0.0", 5432, name, pid=7)),
        *map(mending.to_look_at, jobs),
        *map(mending.to_start, jobs),
    ]


@pytest.mark.hostile("outputs")
@pytest.mark.parametrize("name", NAMES)
def test_no_name_becomes_a_command(name: str) -> None:
    for fix in named(name):
        assert fix.count("`") % 2 == 0
        for command in commands(fix):
            words = shlex.split(command.split("-f '")[0])
            assert all(re.fullmatch(r"[A-Za-z0-9_.@:/+-]+", one) for one in words), command
            assert "reboot" not in command


def test_a_plain_name_stands_in_its_command() -> None:
    for fix in named("zebu_app-1.x@y"):
        assert not re.search(r"\b(?:SERVICE|PROJECT|CONTAINER|NAME)\b", fix)


@pytest.mark.parametrize(("changed", "state", "trouble"), [
    ({}, "exited (status 137)", "has exited (status 137)"),
    ({"was_oom_killed": True}, "exited (status 137, for want of memory)", "has exited (status 137, for want of memory)"),
    ({"status": "paused", "health": "healthy"}, "paused", "is paused"),
    ({"status": "running"}, "running, unhealthy", ""),
    ({"status": "running", "health": "none"}, "running, no health check", ""),
])  # fmt: skip
def test_health_is_told_of_what_runs(changed: dict[str, object], state: str, trouble: str) -> None:
    container = replace(CONTAINER, **changed)
    assert (container.state, container.trouble) == (state, trouble)


@pytest.mark.parametrize(("listener", "fix"), [
    (Listener("::", 5432, "postgres", pid=9), "listen_addresses = 'localhost'"),
    (Listener("::", 6379, "redis-server", pid=9), "bind 127.0.0.1 ::1"),
    (Listener("::", 22, "sshd", pid=9), "systemctl reload ssh"),
    (Listener("::", 631, "systemd", pid=1), "systemctl list-sockets"),
    (Listener("::", 9000, ""), "stop a process, which listens on port 9000, or let it listen"),
])  # fmt: skip
def test_each_listener_is_shut_its_own_way(listener: Listener, fix: str) -> None:
    assert fix in mending.to_shut(listener)


@pytest.mark.parametrize(("length", "said"), [
    (timedelta(days=2), "2 days"), (timedelta(days=1, hours=2, minutes=9), "1 day and 2 hours"), (timedelta(days=3, minutes=5), "3 days"),
    (timedelta(hours=5, minutes=1), "5 hours and 1 minute"), (timedelta(minutes=12, seconds=3), "12 minutes"),
    (timedelta(seconds=1), "1 second"), (timedelta(), "0 seconds"), (timedelta(hours=-1), "0 seconds"),
])  # fmt: skip
def test_spans_in_words(length: timedelta, said: str) -> None:
    assert span(length) == said


def test_moments_and_intervals_in_words() -> None:
    assert moment(datetime(2026, 11, 26, 13, 55, 28, tzinfo=UTC)) == "2026-11-26 13:55 UTC"
    assert moment(None) == "never"
    gaps = (timedelta(days=1), timedelta(hours=12), timedelta(days=1, hours=1), None)
    assert [*map(every, gaps)] == [
        "every day",
        "every 12 hours",
        "every 1 day and 1 hour",
        "at times that were not worked out",
    ]


Names = Callable[[str, str], str]


@pytest.mark.parametrize(("way", "good", "bad"), [
    (mending.word, "db-1", "db 1"), (mending.path, "/opt/zebu/.env", "opt/.env"), (mending.path, "/a b/c", "/a;b"),
])  # fmt: skip
def test_what_is_not_plain_is_filled_in_by_people(way: Names, good: str, bad: str) -> None:
    assert way(bad, "NAME") == "NAME"
    assert way(good, "NAME") == ("NAME" if " " in good else good)
