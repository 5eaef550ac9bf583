"""Which of several compose projects is judged."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pytest_zebu.discovery.found import Found, Unseen
from pytest_zebu.discovery.projects import projects
from pytest_zebu.facts.containers import Container, Containers, Published
from pytest_zebu.facts.host import Machine


def one(project: str, service: str, *ports: int) -> Container:
    published = tuple(Published(80, "0.0.0.0", port) for port in ports)
    return Container(f"{project}-{service}-1", project, service, False, "running", "healthy", "always", 0, published)


def machine(folder: str = "/opt/zebu") -> Machine:
    return Machine(True, datetime(2026, 11, 24, tzinfo=UTC), "zebu", folder, "zebu_app")


ZEBU, MONITORS, STAGED = (
    one("zebu", "backend", 8000),
    one("monitors", "grafana", 3000),
    one("zebu-staging", "backend", 8001, 8002),
)


def test_one_project_needs_no_name() -> None:
    assert [*projects(Containers((ZEBU,), "zebu"), machine())] == []


def test_the_one_that_is_taken_is_named_beside_others() -> None:
    (found,) = projects(Containers((ZEBU, MONITORS), "zebu"), machine())
    assert found == Found("host.project", "zebu", "the one with a backend, beside monitors (port 3000)")


def test_of_several_that_may_be_it_none_is_taken() -> None:
    """Production beside staging: names are no deeds."""
    (found,) = projects(Containers((STAGED, ZEBU, MONITORS), ""), machine(""))
    assert isinstance(found, Unseen)
    assert found.why.startswith("it may be any of zebu (port 8000), zebu-staging (ports 8001, 8002):")
    assert "monitors" not in found.why


def test_without_a_backend_all_are_named() -> None:
    (found,) = projects(Containers((MONITORS, one("web", "nginx")), ""), None)
    assert isinstance(found, Unseen)
    assert "monitors (port 3000), web:" in found.why


def test_a_folder_that_labels_do_not_tell_is_asked_for() -> None:
    (found,) = projects(Containers((ZEBU,), "zebu"), machine(""))
    assert (found.key, type(found)) == ("host.app_directory", Unseen)


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize("name", ["", "A b", "x\ny", '"', "-x", "../x", "x" * 300 + "!"])
def test_an_odd_name_is_none_that_a_file_could_have(name: str) -> None:
    assert [*projects(Containers((ZEBU, one(name, "x")), "zebu"), machine())] == []
