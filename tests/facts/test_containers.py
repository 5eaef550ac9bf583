"""Containers as Docker tells of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from pytest_zebu.facts.answer import NotAssessed, Reason
from pytest_zebu.facts.containers import Container, Containers, Published, docker_time
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
