"""Pre-Deployment / Security / Firewall."""

from __future__ import annotations

from pytest_zebu.checks import Cases, item
from pytest_zebu.facts.base import need
from pytest_zebu.facts.containers import Containers
from pytest_zebu.facts.exposure import View
from pytest_zebu.facts.sockets import Listener
from pytest_zebu.outcome import NotAssessed

POSTGRES = 5432


@item("pre.security.firewall.database-local")
def test_the_database_is_local(
    containers: Containers, sockets: tuple[Listener, ...], exposure: tuple[View, ...], case: Cases
) -> None:
    """A database that the network can reach is one weak password away from everybody. Docker publishes past ufw.

    Fix: remove the port from the compose files, or publish it as `127.0.0.1:5432:5432`, then `docker compose up -d`;
    a PostgreSQL of the host itself: `listen_addresses = 'localhost'`.
    See: https://docs.docker.com/engine/network/packet-filtering-firewalls/ (Docker and ufw).
    """
    with case("published by containers"):
        for container in containers.everything:
            for port in container.published:
                if POSTGRES in (port.port, port.host_port):
                    case.saw(f"{container.label} publishes {port}")
                    assert port.is_loopback, f"{container.label} publishes {port}"
    with case("listening on the machine"):
        for listener in sockets:
            if listener.port == POSTGRES:
                case.saw(f"{listener.process or 'a process'} listens on {listener.address}:{listener.port}")
                assert listener.is_loopback, f"{listener.process or 'a process'} listens on {listener.address}"
    with case("from outside"):
        if not exposure:
            raise NotAssessed("no vantage is declared from which to look ([[vantages]])")
    for view in exposure:
        with case(f"from {view.vantage.name}", f"{view.target}:{POSTGRES}"):
            assert not need(view.open[POSTGRES]), f"{view.target}:{POSTGRES} answers"
