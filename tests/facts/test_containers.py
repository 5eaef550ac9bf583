"""Containers as Docker tells of them."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any

import pytest

from pytest_zebu.facts.answer import NotAssessed, Reason
from pytest_zebu.facts.containers import Container, Containers, Published, bounds_log, bytes_of, docker_time
from pytest_zebu.settings.target import Target
from tests.facts.answers import NOON, read, why


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-24T21:59:32.593864033Z", datetime(2026, 11, 24, 21, 59, 32, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", None),
        ("soon", None),
        (None, None),
    ],
)
def test_moments_as_docker_writes_them(text: object, expected: datetime | None) -> None:
    assert docker_time(text) == expected


HOST = "project=zebu\n"
LABELS = {
    "com.docker.compose.project": "zebu",
    "com.docker.compose.service": "db",
    "com.docker.compose.project.config_files": "/a.yml,/b.yml",
}
INSPECTED: dict[str, Any] = {
    "Name": "/zebu-db-1", "Labels": LABELS, "RestartCount": 2, "RestartPolicy": {"Name": "always"}, "Id": "0123456789abcdef",
    "State": {"Status": "running", "Health": {"Status": "healthy"}, "OOMKilled": False, "StartedAt": "2026-11-24T12:00:00Z"},
    "PortBindings": {"5432/tcp": [{"HostIp": "0.0.0.0", "HostPort": "5432"}]},
    "Ports": {"5432/tcp": [{"HostIp": "127.0.0.1", "HostPort": "15432"}, {"HostIp": "::1", "HostPort": "15432"}], "80/tcp": None},
}  # fmt: skip


def inspected(target: Target, **change: Any) -> Container:
    found = read("containers", {"zebu.containers": json.dumps([{**INSPECTED, **change}]), "zebu.host": HOST}, target)
    container: Container = found.everything[0]
    return container


def test_a_container(target: Target) -> None:
    found = inspected(target)
    assert (found.name, found.project, found.label, found.id) == ("zebu-db-1", "zebu", "db", "0123456789ab")
    assert (found.status, found.health, found.restart_policy, found.restart_count) == (
        "running",
        "healthy",
        "always",
        2,
    )
    assert found.published == (Published(5432, "127.0.0.1", 15432), Published(5432, "::1", 15432))
    assert (found.config_files, found.started, found.is_oneshot) == (("/a.yml", "/b.yml"), NOON, False)
    assert (found.memory, found.cpus, found.was_oom_killed) == (0, 0.0, False)


def test_a_container_says_which_files_it_was_made_from(target: Target) -> None:
    assert inspected(target).origin == " (a.yml, b.yml)"
    assert inspected(target, Labels={}).origin == ""
    twice = {"com.docker.compose.project.config_files": "/srv/old/a.yml,/srv/zebu/a.yml"}
    assert inspected(target, Labels=twice).origin == " (a.yml)"


def test_what_is_not_told_is_the_default(target: Target) -> None:
    found = inspected(
        target, State={"Status": "created"}, RestartPolicy=None, Labels=None, Ports=None, PortBindings=None
    )
    assert (found.health, found.restart_policy, found.project, found.label) == ("none", "no", "", "zebu-db-1")
    assert (found.published, found.started) == ((), None)


def test_a_stopped_container_publishes_what_it_will(target: Target) -> None:
    (port,) = inspected(target, Ports={}).published
    assert (str(port), port.is_loopback) == ("0.0.0.0:5432->5432", False)
    assert str(Published(53, "", 53, "udp")) == "0.0.0.0:53->53/udp"
    assert str(Published(80, "", 8080)) == "0.0.0.0:8080->80"
    assert Published(80, "127.0.0.1", 8080).is_loopback


@pytest.mark.parametrize(("change", "cpus"), [
    ({"NanoCpus": 1_500_000_000}, 1.5), ({"CpuQuota": 50_000}, 0.5), ({"CpuQuota": 50_000, "CpuPeriod": 200_000}, 0.25),
    ({"CpuQuota": -1}, 0.0), ({"NanoCpus": 2_000_000_000, "CpuQuota": 50_000}, 2.0),
])  # fmt: skip
def test_cores_by_number_or_quota(change: dict[str, int], cpus: float, target: Target) -> None:
    assert inspected(target, **change).cpus == cpus


def test_the_long_running_services_of_the_project() -> None:
    def one(name: str, project: str = "zebu", *, is_oneshot: bool = False) -> Container:
        return Container(name, project, name, is_oneshot, "running", "none", "no", 0, ())

    everything = (one("db"), one("task", is_oneshot=True), one("db", project="other"))
    assert Containers(everything, "zebu").services == everything[:1]
    for project in ("", "elsewhere"):
        with pytest.raises(NotAssessed):
            len(Containers(everything, project).services)


@pytest.mark.parametrize(("out", "reason"), [
    ("[]", Reason.MISSING), ("{", Reason.GARBLED), ("[{}]", Reason.GARBLED), ("[1]", Reason.GARBLED), ("[" * 5000, Reason.GARBLED),
])  # fmt: skip
def test_no_containers_is_no_verdict(out: str, reason: Reason, target: Target) -> None:
    assert why("containers", {"zebu.containers": out, "zebu.host": HOST}, target) is reason


def test_how_its_log_is_bounded(target: Target) -> None:
    found = inspected(
        target,
        LogConfig={"Type": "json-file", "Config": {"max-size": "10m"}},
        Healthcheck={"Test": ["CMD", "true"]},
        Memory=64,
        ConfigImage="postgres:16",
    )
    assert (found.log_driver, found.log_options, found.health_test) == (
        "json-file",
        {"max-size": "10m"},
        ("CMD", "true"),
    )
    assert (found.memory, found.image) == (64, "postgres:16")
    bare = inspected(target, LogConfig={"Type": None, "Config": None}, Healthcheck=None)
    assert (bare.log_driver, bare.log_options, bare.health_test) == ("", {}, ())


@pytest.mark.parametrize(("ports", "expected"), [
    ({"53/udp": [{"HostIp": "", "HostPort": "53"}]}, "0.0.0.0:53->53/udp"), ({"80/tcp": [{"HostIp": "::", "HostPort": "8080"}]}, "[::]:8080->80"),
    ({"80": [{"HostIp": "0.0.0.0", "HostPort": "80"}]}, "0.0.0.0:80->80"), ({"9/sctp": [{"HostPort": "9"}]}, "0.0.0.0:9->9/sctp"),
])  # fmt: skip
def test_a_port_has_a_protocol(ports: dict[str, Any], expected: str, target: Target) -> None:
    (port,) = inspected(target, Ports=ports).published
    assert str(port) == expected


def test_a_range_of_ports_is_all_of_them(target: Target) -> None:
    made = inspected(target, Ports={}, PortBindings={"80/tcp": [{"HostIp": "", "HostPort": "8000-8002"}]})
    assert [port.host_port for port in made.published] == [8000, 8001, 8002]
    endless = inspected(target, Ports={}, PortBindings={"80/tcp": [{"HostPort": "65534-999999999"}]})
    assert [port.host_port for port in endless.published] == [65534, 65535]


MIGRATED = {
    "Status": "exited",
    "ExitCode": 0,
    "StartedAt": "2026-11-24T12:00:00Z",
    "FinishedAt": "2026-11-24T12:00:09Z",
}


def one_shot(target: Target, state: dict[str, Any], depends: str, **change: Any) -> bool:
    """Whether a container is left out of the services, beside one that was made to wait for others."""
    labels = {**LABELS, "com.docker.compose.service": "migrate"}
    plain = {
        "Name": "/zebu-migrate-1",
        "Labels": labels,
        "RestartPolicy": {"Name": "no"},
        "Ports": {},
        "PortBindings": {},
    }
    waiting = {**INSPECTED, "Labels": {**LABELS, "com.docker.compose.depends_on": depends}}
    said = json.dumps([waiting, {**INSPECTED, **plain, "State": {**MIGRATED, **state}, **change}])
    found = read("containers", {"zebu.containers": said, "zebu.host": HOST}, target)
    assert len(found.made) == 2
    return len(found.services) == 1


@pytest.mark.parametrize(("state", "depends", "change", "is_done"), [
    ({}, "migrate:service_completed_successfully:false", {}, True), ({}, "redis:service_healthy:true", {}, True), ({}, "", {}, True),
    # Others wait for its end, though it takes long; or for what it offers, so that its end is a fault.
    ({"FinishedAt": "2026-11-24T15:00:00Z"}, "migrate:service_completed_successfully:true", {}, True),
    ({"FinishedAt": "2026-11-24T15:00:00Z"}, "", {}, False), ({}, "migrate:service_started:false", {}, False), ({}, "migrate", {}, False),
    ({"ExitCode": 1}, "migrate:service_completed_successfully:false", {}, False), ({"OOMKilled": True}, "", {}, False),
    ({"Status": "running"}, "", {}, False), ({"Status": "created", "StartedAt": "0001-01-01T00:00:00Z"}, "", {}, False),
    ({}, "", {"RestartPolicy": {"Name": "always"}}, False), ({}, "", {"RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3}}, True),
    ({}, "", {"Healthcheck": {"Test": ["CMD", "true"]}}, False), ({}, "", {"Healthcheck": {"Test": ["NONE"]}}, True),
    ({}, "", {"PortBindings": {"80/tcp": [{"HostPort": "80"}]}}, False),
])  # fmt: skip
def test_what_ran_once_and_ended_well_is_no_service(
    state: dict[str, Any], depends: str, change: dict[str, Any], is_done: bool, target: Target
) -> None:
    assert one_shot(target, state, depends, **change) is is_done


ODD: dict[str, dict[str, Any]] = {
    "a name as number": {"Name": 5}, "labels in a list": {"Labels": ["a"]}, "a label as list": {"Labels": {**LABELS, "com.docker.compose.service": ["db"]}},
    "a label as number": {"Labels": {**LABELS, "com.docker.compose.project": 1}}, "restarts as truth": {"RestartCount": True}, "restarts with parts": {"RestartCount": 1.5},
    "restarts as text": {"RestartCount": "²"}, "restarts of many digits": {"RestartCount": 10**30}, "a state as text": {"State": "running"},
    "a status in a list": {"State": {"Status": ["running"]}}, "health as text": {"State": {"Status": "running", "Health": "healthy"}},
    "health as table": {"State": {"Status": "running", "Health": {"Status": {"healthy": 1}}}}, "a policy as text": {"RestartPolicy": "always"},
    "a policy as number": {"RestartPolicy": {"Name": 1}}, "memory as truth": {"Memory": True}, "memory without end": {"Memory": "Infinity"}, "cores as text": {"NanoCpus": "many"},
    "a health check as text": {"Healthcheck": {"Test": "CMD true"}}, "a health check of numbers": {"Healthcheck": {"Test": [1, 2]}}, "a driver as table": {"LogConfig": {"Type": {}}},
    "log options in a list": {"LogConfig": {"Type": "json-file", "Config": ["max-size"]}}, "log options as numbers": {"LogConfig": {"Type": "json-file", "Config": {"max-size": 10}}},
    "ports in a list": {"Ports": ["80"]}, "places as text": {"Ports": {"80/tcp": "80"}}, "an address in a list": {"Ports": {"80/tcp": [{"HostIp": ["::"], "HostPort": "80"}]}},
    "a port as number": {"Ports": {"80/tcp": [{"HostPort": 80}]}}, "a port of other digits": {"Ports": {"80/tcp": [{"HostPort": "٣"}]}},
    "an inner port without end": {"Ports": {"9" * 5000: [{"HostPort": "80"}]}}, "more ports than there are": {"Ports": {f"{port}/tcp": [{"HostPort": "1-65535"}] for port in range(9)}},
    "a date that no calendar has": {"Created": "2026-02-30T00:00:00Z"}, "an exit code as truth": {"State": {"Status": "exited", "ExitCode": True}},
}  # fmt: skip


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize("change", ODD.values(), ids=ODD)
def test_an_odd_container_leaves_the_others(change: dict[str, Any], target: Target) -> None:
    """And since it may be any of the project's, what asks for all of them is not assessed."""
    said = json.dumps([INSPECTED, {**INSPECTED, "Name": "/odd", **change}])
    found = read("containers", {"zebu.containers": said, "zebu.host": HOST}, target)
    assert [one.name for one in found.everything] == ["zebu-db-1"]
    with pytest.raises(NotAssessed, match="what is not understood"):
        len(found.services)


@pytest.mark.hostile("parsers")
def test_ports_of_many_containers_have_bounds(target: Target) -> None:
    """Each may name a range of all ports in a few characters."""
    greedy = {**INSPECTED, "Ports": {"80/tcp": [{"HostPort": "1-65535"}]}}
    found = read("containers", {"zebu.containers": json.dumps([greedy] * 50), "zebu.host": HOST}, target)
    assert sum(len(one.published) for one in found.everything) <= 2 * 65_535
    assert len(found.odd) == 48


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize(
    "text",
    [
        '[{"Name": "/a", "Name": "/b"}]',
        "[" * 5000,
        "NaN",
        '{"Name": 1e999}',
        '"zebu-db-1"',
        "[null]",
        "[[]]",
        "[1]",
        "{}",
    ],
    ids=lambda text: text[:24],
)
def test_what_docker_never_says(text: str, target: Target) -> None:
    assert why("containers", {"zebu.containers": text, "zebu.host": HOST}, target) is Reason.GARBLED


def test_one_odd_container_leaves_the_others_and_is_named(target: Target) -> None:
    said = json.dumps([INSPECTED, {**INSPECTED, "Name": "/odd", "Ports": {"x/tcp": [{}]}}])
    found = read("containers", {"zebu.containers": said, "zebu.host": HOST}, target)
    assert ([one.name for one in found.everything], found.odd) == (["zebu-db-1"], ("odd",))
    with pytest.raises(NotAssessed, match="of odd what is not understood"):
        len(found.services)


@pytest.mark.parametrize(("number", "instance"), [("1", "db"), ("2", "db-2"), ("many", "db")])
def test_replicas_have_numbers(number: str, instance: str, target: Target) -> None:
    assert inspected(target, Labels={**LABELS, "com.docker.compose.container-number": number}).instance == instance


@pytest.mark.parametrize(("size", "number"), [
    ("10m", 10 * 2**20), ("10M", 10 * 2**20), ("10mb", 10 * 2**20), ("1.5GiB", 1.5 * 2**30), ("512", 512), ("64 k", 64 * 2**10), ("1t", 2**40),
    ("-1", math.inf), ("0", math.inf), ("", math.inf), ("unlimited", math.inf), ("10x", math.inf),
])  # fmt: skip
def test_sizes_as_docker_reads_them(size: str, number: float) -> None:
    assert bytes_of(size) == number


@pytest.mark.parametrize(("driver", "size", "bounded"), [
    ("json-file", "10m", True), ("json-file", "1g", True), ("json-file", "1025m", False), ("json-file", "", False), ("json-file", "-1", False),
    ("local", "", True), ("syslog", "", True), ("", "", None), ("acme/driver", "10m", None),
])  # fmt: skip
def test_drivers_and_their_bounds(driver: str, size: str, bounded: bool | None, target: Target) -> None:
    assert bounds_log(driver, size) is bounded
    made = inspected(target, LogConfig={"Type": driver, "Config": {"max-size": size}})
    assert made.bounds_log is bounded
