"""Pre-Deployment / Security / Firewall."""

from __future__ import annotations

from pytest_zebu.facts.answer import Answer, Known, NotAssessed, need
from pytest_zebu.facts.containers import Containers
from pytest_zebu.facts.exposure import UNOPENED, View
from pytest_zebu.facts.firewall import Firewall
from pytest_zebu.facts.packets import Fate
from pytest_zebu.facts.sockets import Listener
from pytest_zebu.plugin.checks import Cases, item
from pytest_zebu.settings import Settings
from pytest_zebu.settings.target import Target

POSTGRES = 5432
REDIS = 6379
BACKEND = 8000
DHCP_CLIENT = (68, 546)
HTTP3 = 443
"""Over UDP, it is what the same port is over TCP (RFC 9114)."""
DOCKER_PROXY = "docker-proxy"
"""Listens where Docker publishes: what comes there goes through the chains of what is published."""


@item("pre.security.firewall.enabled", either=("exposure",))
def test_unopened_ports_are_shut(firewall: Firewall, exposure: Answer[tuple[View, ...]], case: Cases) -> None:
    """What nobody opened on purpose must be shut, in both families, and again after a reboot.

    Fix: `ufw default deny incoming`, `ufw allow PORT/tcp` for ssh's, `ufw enable`, `systemctl enable ufw`; IPV6=yes in /etc/default/ufw.
    See: CIS Debian Linux 12 Benchmark, section 4 (host based firewall).
    """
    for family in firewall.families:
        fate = firewall.v4 if family == 4 else firewall.v6
        with case(f"IPv{family}", f"{fate.word} by {fate.why}"):
            if fate.word == "unknown":
                silent = _silent(firewall, exposure, family) if fate.is_unseen else ""
                case.saw(silent)
                if not silent:
                    raise NotAssessed(f"what becomes of a stranger's packet cannot be told ({fate.why})")
            elif family == 6 and firewall.has_v6 is None and not fate.is_shut:
                raise NotAssessed("its addresses could not be listed: whether it has IPv6 is not known")
            else:
                assert fate.is_shut, f"lets a stranger in ({fate.why})"
    with case("at boot", firewall.boot.by or "nothing"):
        assert not firewall.boot.missing, firewall.boot.missing
        if firewall.boot.unsure:
            raise NotAssessed(firewall.boot.unsure)
        assert firewall.boot.by, "nothing brings the rules back"


def _silent(firewall: Firewall, exposure: Answer[tuple[View, ...]], family: int) -> str:
    """Who looked at an address of the machine itself, and got no answer from any port that nobody opened."""
    for view in exposure.value if isinstance(exposure, Known) else ():
        if firewall.filter.machine.has(view.address, family) and set(UNOPENED) <= view.silent:
            return f"{view.name} gets no answer at all from ports of {view.address} that nobody opened"
    return ""


def _views(exposure: tuple[View, ...], case: Cases) -> tuple[View, ...]:
    with case("from outside"):
        if not exposure:
            raise NotAssessed("no vantage is declared from which to look ([[vantages]])")
    return exposure


@item("pre.security.firewall.required-ports-only", either=("containers", "sockets"))
def test_only_required_ports_answer(
    exposure: tuple[View, ...],
    containers: Answer[Containers],
    sockets: Answer[tuple[Listener, ...]],
    udp_sockets: tuple[Listener, ...],
    firewall: Firewall,
    settings: Settings,
    zebu_target: Target,
    case: Cases,
) -> None:
    """Every port that answers is one more program that must never have a fault.

    Fix: close what is not needed in the firewall; ports that Docker publishes: bind them to 127.0.0.1 in the compose file.
    See: CIS Controls v8, 4.4; https://docs.docker.com/engine/network/packet-filtering-firewalls/
    """
    allowed = {*settings.firewall.allowed, zebu_target.ssh_port}
    if settings.firewall.lan_trusted:
        allowed.add(BACKEND)
    # HTTP/3 is the web's, too.
    datagrams = {*settings.firewall.allowed_udp, *({HTTP3} & allowed)}
    for view in _views(exposure, case):
        with case(f"from {view.name}"):
            answering = sorted(port for port, state in view.open.items() if state == Known(True))
            case.saw(f"from {view.name}, {view.address}: {', '.join(map(str, answering)) or 'nothing'} answers")
            extra = [port for port in answering if port not in allowed]
            assert not extra, f"{view.address} answers on {', '.join(map(str, extra))}"
            for state in view.open.values():
                need(state)
    with case("its own ports"):
        # They were tried from outside as far as the machine said which they are.
        need(sockets)
        published = [port for one in need(containers).everything for port in one.published]
        for port in published:
            if port.protocol == "udp" and not port.is_loopback and port.host_port not in datagrams:
                with case(f"UDP {port}"):
                    _expect_shut(firewall.published_datagram(port.host_address, port.host_port, port.port))
    for listener in udp_sockets:
        if listener.is_loopback or listener.port in DHCP_CLIENT or listener.process == DOCKER_PROXY:
            continue
        if firewall.filter.machine.is_inside(listener.address, listener.device) or listener.port in datagrams:
            continue
        with case(f"UDP {listener.address}:{listener.port}", listener.process):
            _expect_shut(firewall.datagram(listener.address, listener.port))


def _expect_shut(fate: Fate) -> None:
    if fate.word == "unknown":
        raise NotAssessed(f"whether a stranger's datagram comes in cannot be told ({fate.why})")
    assert fate.is_shut, f"is open to strangers ({fate.why})"


@item("pre.security.firewall.backend-not-exposed")
def test_the_backend_is_behind_the_proxy(
    containers: Containers, exposure: tuple[View, ...], settings: Settings, case: Cases
) -> None:
    """Past the proxy there is no TLS, no limit and no log of the proxy's. Docker publishes past ufw, in both families.

    Fix: publish port 8000 on 127.0.0.1 or the proxy's network only; where another machine is the proxy, rules in
    DOCKER-USER for IPv4 and IPv6 that let only it through.
    See: https://docs.docker.com/engine/network/packet-filtering-firewalls/
    """
    for container in containers.everything:
        for port in container.published:
            if BACKEND in (port.port, port.host_port):
                case.saw(f"{container.label} publishes {port}")
    for view in _views(exposure, case):
        if view.vantage.kind == "proxy" or (view.vantage.kind == "lan" and settings.firewall.lan_trusted):
            continue
        with case(f"from {view.name}", f"{view.address}:{BACKEND}"):
            assert not need(view.open[BACKEND]), f"{view.address}:{BACKEND} answers"
    with case("vantages"):
        if not any(view.vantage.kind == "internet" for view in exposure):
            raise NotAssessed("no vantage on the internet is declared")


def _expect_local(
    port: int, containers: Containers, sockets: tuple[Listener, ...], exposure: tuple[View, ...], case: Cases
) -> None:
    """Nothing publishes a port, or listens on it, beyond the loopback; and it answers to nobody."""
    with case("published by containers"):
        for container in containers.everything:
            for published in container.published:
                if port in (published.port, published.host_port):
                    case.saw(f"{container.label} publishes {published}")
                    assert published.is_loopback, f"{container.label} publishes {published}"
        if containers.odd:
            raise NotAssessed(f"what {containers.odd[0]} publishes was not understood")
    with case("listening on the machine"):
        for listener in sockets:
            if listener.port == port:
                case.saw(f"{listener.process or 'a process'} listens on {listener.address}:{listener.port}")
                assert listener.is_loopback, f"{listener.process or 'a process'} listens on {listener.address}"
    for view in _views(exposure, case):
        with case(f"from {view.name}", f"{view.address}:{port}"):
            assert not need(view.open[port]), f"{view.address}:{port} answers"


@item("pre.security.firewall.database-local")
def test_the_database_is_local(
    containers: Containers, sockets: tuple[Listener, ...], exposure: tuple[View, ...], case: Cases
) -> None:
    """A database that the network can reach is one weak password away from everybody. Docker publishes past ufw.

    Fix: remove the port from the compose files, or publish it as `127.0.0.1:5432:5432`, then `docker compose up -d`;
    a PostgreSQL of the host itself: `listen_addresses = 'localhost'`.
    See: https://docs.docker.com/engine/network/packet-filtering-firewalls/ (Docker and ufw).
    """
    _expect_local(POSTGRES, containers, sockets, exposure, case)


@item("pre.security.firewall.redis-local")
def test_redis_is_local(
    containers: Containers, sockets: tuple[Listener, ...], exposure: tuple[View, ...], case: Cases
) -> None:
    """Redis without a password gives whoever reaches it the cache, and through its modules and files the container.

    Fix: remove the port from the compose files, or publish it as `127.0.0.1:6379:6379`, then `docker compose up -d`.
    See: https://redis.io/docs/latest/operate/oss_and_stack/management/security/
    """
    _expect_local(REDIS, containers, sockets, exposure, case)
