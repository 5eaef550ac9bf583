"""The Docker daemon."""

from __future__ import annotations

import pytest

from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Reason, Said, Unknown
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.settings.target import Target
from tests.facts.answers import read, why

OUT = "driver=json-file\nversion=27.3.1\nown_filesystem=0\nstarted=200\n"


@pytest.mark.parametrize(("driver", "more", "bounds"), [
    ("json-file", "", False), ("json-file", "max-size=10m\n", True), ("json-file", "flag=10m\n", True), ("json-file", "max-size=\n", False),
    ("local", "", True), ("journald", "", True), ("none", "", True), ("syslog", "", True), ("gelf", "", True), ("grafana/loki:3", "", None),
    ("json-file", "max-size=-1\n", False), ("json-file", "max-size=1000g\n", False), ("json-file", "max-size=0\n", False),
])  # fmt: skip
def test_what_bounds_logs(driver: str, more: str, bounds: bool | None, target: Target) -> None:
    assert read("docker_daemon", OUT.replace("json-file", driver) + more, target).bounds_logs is bounds


def test_the_daemons_own_option_counts_before_the_file(target: Target) -> None:
    assert read("docker_daemon", OUT + "max-size=10m\nflag=20m\n", target).max_size == "20m"


@pytest.mark.parametrize(
    ("changed", "is_older"), [("changed=201\n", True), ("changed=200\n", False), ("changed=199\n", False), ("", False)]
)
def test_a_file_that_changed_later_is_not_in_force(changed: str, is_older: bool, target: Target) -> None:
    assert read("docker_daemon", OUT + changed, target).is_older_than_file is is_older


def test_an_unknown_start_says_nothing_of_the_file(target: Target) -> None:
    """Where there is a file; without one, nothing can be out of force."""
    unknown = OUT.replace("200", "")
    assert read("docker_daemon", unknown + "changed=201\n", target).is_older_than_file is None
    assert read("docker_daemon", unknown, target).is_older_than_file is False


@pytest.mark.parametrize(
    ("more", "collects"),
    [
        ("", False),
        ("gc=1\n", True),
        ("defaultKeepStorage=20GB\n", True),
        ("defaultKeepStorage=\n", False),
        ("defaultReservedSpace=20GB\n", True),
        ("defaultMaxUsedSpace=20GB\n", True),
    ],
)
def test_the_build_cache(more: str, collects: bool, target: Target) -> None:
    assert read("docker_daemon", OUT + more, target).collects_cache is collects


@pytest.mark.parametrize(("said", "own"), [("0", False), ("1", True)])
def test_its_own_file_system(said: str, own: bool, target: Target) -> None:
    assert (
        read("docker_daemon", OUT.replace("own_filesystem=0", f"own_filesystem={said}"), target).has_own_filesystem
        is own
    )


@pytest.mark.parametrize(
    ("old", "new"), [("driver=json-file\n", ""), ("own_filesystem=0\n", ""), ("started=200", "started=soon")]
)
def test_less_is_garbled(old: str, new: str, target: Target) -> None:
    assert why("docker_daemon", OUT.replace(old, new), target) is Reason.GARBLED


def test_another_daemon_is_named(target: Target) -> None:
    """Podman in Docker's place, or a Docker that runs rootless: root's socket does not answer."""
    complaint = "Cannot connect to the Docker daemon\nDocker runs rootless, for deploy: no socket of root's answers\n"
    answer = ALL["docker_daemon"].read(Gathered({"dockerd": Said(1, "", complaint)}), target)
    assert isinstance(answer, Unknown)
    assert "Docker runs rootless, for deploy" in answer.detail
