"""Post-Deployment / Monitoring."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from pytest_zebu.facts.answer import Known, NotAssessed, Unknown, need
from pytest_zebu.facts.certificates import Certificate
from pytest_zebu.facts.containers import Containers
from pytest_zebu.facts.host import Machine
from pytest_zebu.facts.http import within_reach
from pytest_zebu.facts.jobs import Job, unread_of
from pytest_zebu.facts.logs import Logs, Rotation
from pytest_zebu.facts.monitors import Monitors
from pytest_zebu.facts.proxy import Administration, ProxyMachine
from pytest_zebu.facts.usage import FileSystem
from pytest_zebu.facts.web import Web
from pytest_zebu.memory.history import Past
from pytest_zebu.memory.measures import restarts_of
from pytest_zebu.plugin.checks import Cases, item
from pytest_zebu.settings import Settings
from tests_prod.mending import compose, word
from tests_prod.pre_deployment.test_security_https import complaint_of, expect_own, expect_renewed, to_renew
from tests_prod.words import moment, span

Certificates = Mapping[str, Known[Certificate | None] | Unknown]
USED_SHARE = 0.80
"""The share of a file system from which people must be told: the checklist's 80 %."""
LARGE_JOURNAL = 0.25
"""The share of its file system that a journal may take at most."""
CLEANED = timedelta(days=8)
"""A weekly clean-up, and a day of grace."""
ROTATED = timedelta(days=2)
"""logrotate runs daily; a machine may be off for one."""
WATCHES_CERTIFICATES = ("uptime-kuma", "gatus", "prometheus", "checkmk-agent")
KEEPS_UPTIME = ("uptime-kuma", "gatus", "prometheus", "netdata", "monit")
RECORDS = ("netdata", "collectd", "atopacctd", "atop")
"""Programs that keep what they measure."""
SENDS = ("telegraf", "zabbix_agentd", "zabbix_agent2", "zabbix-agent", "zabbix-agent2", "datadog-agent", "grafana-agent", "alloy", "collectd",
         "icinga2", "checkmk-agent", "beszel-agent", "vmagent", "vector", "netdata")  # fmt: skip
"""Programs that send what they measure to where it is kept."""
EXPORTS = ("node_exporter", "prometheus-node", "node-exporter", "cadvisor")
"""Programs that only answer who asks them."""
REHEARSED = timedelta(days=366)
RECENT_SAMPLE = timedelta(hours=1)
"""Recorders write every ten minutes or oftener."""


def _expect_watched(monitors: Monitors, what: str, case: Cases, *does: str) -> None:
    watchers = monitors.watching(*does)
    case.saw(*(f"agent: {one.name}" for one in monitors.agents))
    case.saw(
        *(f"{one.name}: looks at {', '.join(sorted(one.does))}, last run {one.result}" for one in monitors.watchers)
    )
    broken = [one.name for one in monitors.watchers if set(does) <= one.does and one.result != "success"]
    if not watchers and broken:
        raise AssertionError(f"{broken[0]} watches {what}, and its last run failed")
    if not watchers:
        # A service elsewhere may watch: the machine cannot know.
        silent = [
            one.name for one in monitors.watchers if set(does) - {"alert"} <= one.does and "alert" not in one.does
        ]
        if silent:
            raise NotAssessed(
                f"{silent[0]} looks at {what}, and nothing was seen that it tells when something is wrong"
            )
        raise NotAssessed(f"nothing on the machine watches {what}; what watches from elsewhere, people attest")


@item("post.monitoring.services.health-endpoints")
def test_somebody_asks_for_health(monitors: Monitors, case: Cases) -> None:
    """Without it, users are the monitor.

    A practice is asked for: a job that asks again and again and tells somebody, and whose last run was one.

    Fix: a timer that asks for /health of site and API and tells somebody when it fails; or an uptime service, attested.
    See: https://sre.google/sre-book/monitoring-distributed-systems/
    """
    _expect_watched(monitors, "the health addresses", case, "health", "alert")


@item("post.monitoring.services.uptime")
def test_uptime_is_recorded(monitors: Monitors, case: Cases) -> None:
    """Whether it was up last night can be said only by what was there last night.

    A practice is asked for: a tool that keeps its history of this site; that it is up now proves none.

    Fix: an uptime tool that keeps its history (Uptime Kuma, Gatus, Prometheus), or a service elsewhere, attested.
    See: the checklist.
    """
    keepers = [one for one in monitors.agents if one.name in KEEPS_UPTIME]
    case.saw(*(f"keeps a history: {one.name}" for one in keepers))
    if keepers and not any(one.names_site for one in keepers):
        raise NotAssessed(f"{keepers[0].name} runs, and its files do not name this site: what it asks for was not seen")
    if not keepers:
        raise NotAssessed("nothing on the machine keeps a history of uptime; a service elsewhere, people attest")


@item("post.monitoring.services.restarts")
def test_containers_do_not_restart(containers: Containers, past: Past, machine: Machine, case: Cases) -> None:
    """A container that restarts every hour is healthy most of the time.

    A practice is asked for: one look at a count fails what restarts, and proves no watching; a run that counted a day ago does.

    Fix: run this suite regularly; `docker compose logs` around the last start of what restarts; `docker inspect` has with what it ended.
    See: https://docs.docker.com/engine/containers/start-containers-automatically/
    """
    counted, is_practice = past.measured(restarts_of(""), machine.ours)
    case.saw(*([f"counted by {len(counted)} earlier runs since {counted[0].at:%Y-%m-%d %H:%M} UTC"] if counted else []))
    for container in containers.services:
        with case(container.label, f"{container.restart_count} restarts since it was made"):
            before = past.series(restarts_of(container.id))
            name = word(container.name, "CONTAINER")
            ended = f"`docker inspect -f '{{{{.State.ExitCode}}}} {{{{.State.OOMKilled}}}}' {name}`"
            case.fix(
                f"{compose(container, 'logs --tail 100')} around its last start; {ended} has with what it ended"
                if container.restart_count
                else ""
            )
            if before:
                at, count = before[-1]
                assert container.restart_count <= count, (
                    f"restarted {container.restart_count - count:.0f} times since {at:%Y-%m-%d %H:%M} UTC"
                )
            elif container.restart_count:
                raise NotAssessed(f"restarted {container.restart_count} times, and no earlier run tells since when")
            if not is_practice:
                raise NotAssessed("no run of a day ago or more counted restarts: one look is no watching")


@item("post.monitoring.services.resources")
def test_resources_are_recorded(monitors: Monitors, machine: Machine, case: Cases) -> None:
    """The question is always what it was like before.

    A practice is asked for: what a recorder left within the hour, or a program that keeps or sends what it measures.

    Fix: `apt install sysstat` and enable its timer; or node_exporter with Prometheus, netdata.
    See: sar(1)
    """
    case.saw(*(f"agent: {one.name}" for one in monitors.agents))
    case.saw(
        *(
            f"{name}: {count} file{'' if count == 1 else 's'}, newest of {at:%Y-%m-%d %H:%M} UTC"
            for name, at, count in monitors.recorded
        )
    )
    names = {one.name for one in monitors.agents}
    keepers = [one.name for one in monitors.agents if one.name in RECORDS or (one.name in SENDS and one.sends)]
    keepers += ["prometheus"] if "prometheus" in names and names & set(EXPORTS) else []
    fresh = [name for name, moment, _ in monitors.recorded if machine.clock.is_surely_within(moment, RECENT_SAMPLE)]
    with case("CPU and memory", ", ".join([*fresh, *keepers])):
        if fresh or keepers:
            return
        if monitors.recorded:
            name, moment, _ = max(monitors.recorded, key=lambda one: one[1])
            if doubt := machine.clock.doubt(moment, RECENT_SAMPLE):
                raise NotAssessed(f"{name}: its newest sample {doubt}")
            raise AssertionError(f"{name} has recorded nothing for {span(machine.time - moment)}")
        if names:
            raise NotAssessed(f"{min(names)} runs; where what it measures is kept was not seen")
        raise NotAssessed("nothing on the machine records CPU and memory; what records elsewhere, people attest")


@item("post.monitoring.logs.accessible")
def test_logs_can_be_read(logs: Logs, containers: Containers, case: Cases) -> None:
    """In an incident nobody has time to find out how.

    Fix: a log driver that docker logs can read (json-file, local, journald); the tasks proxmox-vm:status and proxmox-vm:logs.
    See: https://docs.docker.com/engine/logging/
    """
    by_service = {one.service: one for one in logs.services}
    for container in containers.services:
        with case(container.label):
            log = by_service.get(container.service)
            if log is None:
                raise NotAssessed("its log was not looked at")
            assert log.is_readable, "cannot be read with docker logs"
            assert log.last is not None, "is empty"
            case.saw(f"{container.label}: newest line of {log.last:%Y-%m-%d %H:%M} UTC")
            assert container.started is None or log.last >= container.started, "has no line since the service started"
    with case("tasks", ", ".join(sorted(name for name in logs.tasks if name.startswith("proxmox-vm:")))):
        missing = {"proxmox-vm:status", "proxmox-vm:logs"} - logs.tasks
        assert not missing, f"the Taskfile has no {', '.join(sorted(missing))}"


@item("post.monitoring.logs.rotation")
def test_logs_are_bounded(
    log_rotation: Rotation, jobs: tuple[Job, ...], containers: Containers, machine: Machine, case: Cases
) -> None:
    """Logs fill a disk slowly, and always on a weekend.

    Fix: `SystemMaxUse=` in journald.conf, logrotate's timer enabled, `max-size` and `max-file` for containers.
    See: journald.conf(5); logrotate(8); https://docs.docker.com/engine/logging/configure/
    """
    with case("journal", f"{log_rotation.journal_size / 2**20:.0f} MiB"):
        limit = log_rotation.journal_limit
        if limit is not None:
            case.saw(f"journal: keeps to {limit / 2**20:.0f} MiB{'' if log_rotation.is_set else ', by its default'}")
            assert limit <= log_rotation.size * LARGE_JOURNAL, (
                f"may take {limit / 2**30:.1f} GiB of a file system of {log_rotation.size / 2**30:.1f} GiB"
            )
        if log_rotation.unread:
            raise NotAssessed(log_rotation.unread)
    with case("logrotate"):
        rotating = [job for job in jobs if job.runs(r"logrotate\b")]
        unread = unread_of(jobs, r"logrotate\b")
        assert rotating or unread, "nothing runs it"
        troubles = [f"{job.name}: {job.trouble}" for job in rotating if job.trouble]
        assert not rotating or len(troubles) < len(rotating), troubles[0]
        if log_rotation.rotated is None and not rotating:
            raise NotAssessed(unread[0])
        assert log_rotation.rotated is not None, "has never run"
        age = machine.time - log_rotation.rotated
        case.saw(f"logrotate: last ran on {log_rotation.rotated:%Y-%m-%d %H:%M} UTC")
        assert machine.clock.is_within(log_rotation.rotated, ROTATED), f"last ran {age.days} days ago"
    for path, size in log_rotation.large:
        with case(path):
            raise AssertionError(f"has grown to {size / 2**20:.0f} MiB: nothing rotates it")
    for container in containers.services:
        bounds = ", ".join(
            f"{key}={value}" for key, value in sorted(container.log_options.items()) if key.startswith("max-")
        )
        with case(container.label, f"{container.log_driver}{f', {bounds}' if bounds else ''}"):
            # Docker writes the daemon's bounds into a container when it makes it: a daemon that has them now bounds nothing of before.
            bounded = container.bounds_log
            if bounded is None:
                raise NotAssessed(
                    f"whether {container.log_driver or 'its log driver'} bounds what it keeps is not known"
                )
            assert bounded, "has a log without bounds"


@item("post.monitoring.logs.errors-reviewed")
def test_errors_are_reviewed(logs: Logs, case: Cases) -> None:
    """An error that nobody reads will be read by a customer.

    A practice is asked for that leaves no trace on a machine: people attest it.

    Fix: `task proxmox-vm:logs`, look at each kind of error, then `zebu attest post.monitoring.logs.errors-reviewed`.
    See: the checklist.
    """
    for log in logs.services:
        counts = ", ".join(
            f"{count} in the last {'hour' if span == '1h' else 'week'}" for span, count in log.errors.items()
        )
        case.saw(f"{log.service}: errors: {counts or 'not counted'}")
    raise NotAssessed("whether somebody read them, people attest, weekly")


@item("post.monitoring.logs.alerts")
def test_critical_errors_alert(monitors: Monitors, case: Cases) -> None:
    """Logs are read when it is too late.

    Fix: a timer that looks through the logs and tells somebody; or Loki, Sentry and the like, attested.
    See: the checklist.
    """
    _expect_watched(monitors, "the logs", case, "logs", "alert")


@item("post.monitoring.disk.usage")
def test_disks_are_not_full(disk: tuple[FileSystem, ...], case: Cases) -> None:
    """A database on a full disk stops, and so does the log that would say why.

    A state is asked for, as `df -h` shows it: that each usage is known now, and under the limit. Who is told is another item.

    Fix: `docker system df`, `journalctl --disk-usage`, old dumps; or a larger disk.
    See: the checklist.
    """
    for system in disk:
        used = 1 - system.free
        with case(system.place, f"{100 * used:.0f} % of {system.size / 2**30:.0f} GiB used"):
            if system.trouble:
                raise NotAssessed(system.trouble)
            assert used < USED_SHARE, f"is {100 * used:.0f} % full, {100 * USED_SHARE:.0f} % is the limit"
            if system.inodes:
                share = 1 - system.free_inodes / system.inodes
                assert share < USED_SHARE, f"has used {100 * share:.0f} % of its inodes"


@item("post.monitoring.disk.alerts")
def test_a_filling_disk_is_noticed(monitors: Monitors, case: Cases) -> None:
    """A disk fills while nobody looks.

    Fix: a timer that runs `df` and tells somebody at 80 %; or an alert of the monitoring, attested.
    See: the checklist.
    """
    _expect_watched(monitors, "the disks", case, "disk", "alert")


def _expect_cleaning(jobs: tuple[Job, ...], pattern: str, what: str, machine: Machine, case: Cases) -> None:
    cleaning = [job for job in jobs if job.runs(pattern)]
    if not cleaning and (unread := unread_of(jobs, pattern)):
        raise NotAssessed(unread[0])
    assert cleaning, f"nothing cleans up {what}"
    for job in cleaning:
        case.saw(
            f"{job.name}: last run {f'{job.last_run:%Y-%m-%d %H:%M} UTC' if job.last_run else 'not known'}, {job.result or 'result not known'}"
        )
    clock = machine.clock
    if any(not job.trouble and job.last_run and clock.is_surely_within(job.last_run, CLEANED) for job in cleaning):
        return
    troubles = [f"{job.name} {job.trouble}" for job in cleaning if job.trouble]
    assert not troubles, troubles[0]
    old = [job for job in cleaning if job.last_run]
    doubts = [
        f"the last run of {job.name} {doubt}"
        for job in old
        if job.last_run and (doubt := clock.doubt(job.last_run, CLEANED))
    ]
    if doubts:
        raise NotAssessed(doubts[0])
    assert not old, (
        f"{old[0].name} last ran {(machine.time - (old[0].last_run or machine.time)).days} days ago" if old else ""
    )
    raise NotAssessed(f"whether {cleaning[0].name} has ever run is not known")


@item("post.monitoring.disk.image-cleanup")
def test_old_images_go(jobs: tuple[Job, ...], machine: Machine, case: Cases) -> None:
    """Each deployment leaves its images behind.

    Fix: a weekly timer with `docker system prune -f` (never with `--volumes`), enabled.
    See: https://docs.docker.com/engine/manage-resources/pruning/
    """
    _expect_cleaning(jobs, r"(docker|podman) (system|image) prune", "images", machine, case)


@item("post.monitoring.disk.log-cleanup")
def test_old_logs_go(jobs: tuple[Job, ...], machine: Machine, case: Cases) -> None:
    """What is rotated must also be deleted, by something that really runs.

    Fix: enable logrotate.timer; `rotate` in each of its files.
    See: logrotate(8); journalctl(1), --vacuum-time
    """
    _expect_cleaning(jobs, r"logrotate|journalctl .*--vacuum|find /var/log\b.* -delete", "logs", machine, case)


@item("post.monitoring.tls.expiry", either=("monitors",))
def test_certificates_will_not_expire_unseen(
    certificates: Certificates, monitors: Known[Monitors] | Unknown,
    machine: Machine, case: Cases,
) -> None:  # fmt: skip
    """A certificate that expires is an outage with a date.

    Judged by its own lifetime: a quarter of it must be left, whether it lives for 90 days, 45 or six.

    Fix: look at the renewal (certbot.timer, NPMplus); watch the date (a timer with openssl's x509 -checkend, an uptime service).
    See: RFC 9773; https://letsencrypt.org/docs/integration-guide/#when-to-renew
    """
    for name, answer in within_reach(certificates).items():
        with case(name):
            certificate = need(answer)
            assert certificate is not None, "nobody answers on port 443"
            life, left = certificate.not_after - certificate.not_before, certificate.not_after - machine.ours
            case.saw(f"{name}: {left.days} of {life.days} days left, until {certificate.not_after:%Y-%m-%d %H:%M} UTC")
            if machine.clock.is_off and left < life / 4 <= certificate.not_after - machine.time:
                raise NotAssessed(f"{machine.clock}: how much is left depends on which of them is right")
            assert left > timedelta(), "has expired"
            assert left >= life / 4, f"has {left.days} of {life.days} days left: the renewal is late"
    with case("somebody watches"):
        seen = monitors.value if isinstance(monitors, Known) else None
        watchers = [one.name for one in seen.watching("certificate", "alert")] if seen else []
        watchers += (
            [one.name for one in seen.agents if one.name in WATCHES_CERTIFICATES and one.names_site] if seen else []
        )
        case.saw(f"watched by: {', '.join(watchers) or 'nothing on the machine'}")
        if not watchers:
            raise NotAssessed("nothing on the machine watches the date; what watches from elsewhere, people attest")


@item("post.monitoring.tls.auto-renewal", either=("proxy", "proxy_machine"))
def test_renewal_has_worked(
    certificates: Certificates, origin_certificates: Certificates, proxy: Known[Administration] | Unknown, proxy_machine: Known[ProxyMachine] | Unknown,
    web: Web, settings: Settings, machine: Machine, case: Cases,
) -> None:  # fmt: skip
    """That it is configured says little: a second certificate, or a rehearsal, says that it works.

    Fix: `certbot renew --dry-run` on the proxy, and mend what it says; in NPMplus, renew once by hand.
    See: https://eff-certbot.readthedocs.io/en/stable/using.html#renewing-certificates
    """
    served = {
        name: one
        for name, answer in within_reach(origin_certificates or certificates).items()
        if (one := need(answer)) is not None
    }
    if not served:
        raise NotAssessed("no certificate was seen")
    if not isinstance(proxy_machine, Known):
        managed = [one for one in need(need(proxy).certificates) if one.provider == "letsencrypt"]
        case.saw(*(f"managed by the proxy: {', '.join(one.names)}" for one in managed))
        raise NotAssessed("the proxy's API does not tell earlier certificates; a renewal that was seen, people attest")
    found = proxy_machine.value
    for domain, certificate in served.items():
        with case(domain):
            if not found.has(certificate.fingerprint):
                expect_own(certificate, web, settings)
            case.fix(to_renew(found, certificate))
            expect_renewed(found, certificate)
            case.fix()
            names = found.named({certificate.fingerprint})
            count = max((found.generations.get(name, 0) for name in names), default=0)
            renewing = found.renewing_these({certificate.fingerprint: frozenset(certificate.names)})
            case.saw(
                f"{domain}: {_how_renewed(names, count)}", *map(_last_run, (job for job in renewing if job.last_run))
            )
            if count >= 2:
                continue
            left, due = certificate.not_after - machine.ours, (certificate.not_after - certificate.not_before) / 3
            rehearsed = bool(names) and found.rehearsal is not None and found.rehearsal.does_for(names)
            if not names and left <= due:
                raise NotAssessed("its client keeps no earlier certificates: whether it was renewed before is not seen")
            assert left > due, "is the first one, and past the day on which it should have been renewed"
            runs = [job for job in renewing if job.last_run]
            troubles = [f"{job.name} {why}" for job in runs if (why := complaint_of(job, found, names))]
            assert rehearsed or not troubles, f"is the first one, and the renewal's {troubles[0]}" if troubles else ""
            if not rehearsed and not runs:
                raise NotAssessed("is the first one, and neither a run nor a rehearsal of its renewal was seen")


def _how_renewed(names: set[str], count: int) -> str:
    """What is known of the renewal of what is served."""
    if not names:
        return "what is served is kept by another client than certbot"
    served = "the first certificate" if count <= 1 else f"certificate number {count}"
    return f"what is served is {served} of the renewal configuration {min(names)}"


def _last_run(job: Job) -> str:
    return f"{job.name}: last run {moment(job.last_run)}, {job.result or 'how it went is not known'}"


@item("post.monitoring.tls.renewal-tested")
def test_renewal_was_rehearsed(
    proxy_machine: ProxyMachine, certificates: Certificates, origin_certificates: Certificates, machine: Machine, case: Cases,
) -> None:  # fmt: skip
    """A rehearsal finds the closed port 80 while there is time.

    A deed is asked for, and certbot's logs are its trace.

    Fix: `certbot renew --dry-run` on the proxy; in NPMplus, renew by hand, and attest it.
    See: https://eff-certbot.readthedocs.io/en/stable/using.html#re-creating-and-updating-existing-certificates
    """
    rehearsal = proxy_machine.rehearsal
    if rehearsal is None:
        raise NotAssessed("no dry run is in certbot's logs")
    seen = within_reach(origin_certificates or certificates).values()
    if not any(isinstance(one, Known) for one in seen):
        raise NotAssessed("which certificates are served is not seen")
    served = proxy_machine.named(
        {one.value.fingerprint for one in seen if isinstance(one, Known) and one.value is not None}
    )
    outcome = "succeeded" if rehearsal.does_for(served) else "failed"
    with case("the last dry run", f"{outcome} on {rehearsal.ended:%Y-%m-%d %H:%M} UTC"):
        case.saw(*(f"failed for {name}" for name in sorted(rehearsal.failed)))
        assert rehearsal.does_for(served), (
            f"failed{' for ' if rehearsal.failed else ''}{', '.join(sorted(rehearsal.failed))}"
        )
        if machine.ours - rehearsal.ended > REHEARSED:
            raise NotAssessed(f"is {(machine.ours - rehearsal.ended).days} days old")
        if rehearsal.good and (untried := sorted(served - rehearsal.good)):
            raise NotAssessed(f"did not try {untried[0]}, which is served")
