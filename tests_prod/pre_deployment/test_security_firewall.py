"""Pre-Deployment / Security / Firewall."""

from __future__ import annotations

from pytest_zebu.facts.answer import Answer, Known, NotAssessed, need
from pytest_zebu.facts.compose import Service, located
from pytest_zebu.facts.containers import Container, Containers, Published
from pytest_zebu.facts.exposure import UNOPENED, View
from pytest_zebu.facts.firewall import Firewall
from pytest_zebu.facts.packets import Fate
from pytest_zebu.facts.sockets import Listener, bracketed
from pytest_zebu.plugin.checks import Cases, item
from pytest_zebu.settings import Settings
from pytest_zebu.settings.target import Target

from ..mending import described, text, to_publish_locally, to_shut

POSTGRES = 5432
REDIS = 6379
BACKEND = 8000
DHCP_CLIENT = (68, 546)
HTTP3 = 443
"""Over UDP, it is what the same port is over TCP (RFC 9114)."""
BEHIND_PROXY = "where the proxy is another machine: rules in DOCKER-USER, for IPv4 and IPv6, that let only it through"
DOCKER_PROXY = "docker-proxy"
"""Listens where Docker publishes: what comes there goes through the chains of what is published."""


@item("pre.security.firewall.enabled", either=("exposure",))
def test_unopened_ports_are_shut(
    firewall: Firewall, exposure: Answer[tuple[View, ...]], zebu_target: Target, case: Cases
) -> None:
    """What nobody opened on purpose must be shut, in both families, and again after a reboot.

    Fix: `ufw allow` what must be reached (ssh first), `ufw default deny incoming`, `ufw enable`; IPV6=yes in /etc/default/ufw.
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
                case.fix(_to_close(firewall, family, zebu_target.ssh_port))
                assert fate.is_shut, f"lets a stranger in ({fate.why})"
    with case("at boot", firewall.boot.by or "nothing"):
        case.fix(_to_keep(firewall, zebu_target.ssh_port))
        assert not firewall.boot.missing, firewall.boot.missing
        if firewall.boot.unsure:
            raise NotAssessed(firewall.boot.unsure)
        assert firewall.boot.by, "nothing brings the rules back"


def _to_switch_on(ssh_port: int) -> str:
    return (
        f"`ufw allow {ssh_port}/tcp` for ssh, and likewise what else the machine itself serves; IPV6=yes in /etc/default/ufw; "
        "then `ufw default deny incoming`, `ufw enable`, `systemctl enable ufw`"
    )


def _to_close(firewall: Firewall, family: int, ssh_port: int) -> str:
    """How to shut a family: by the rule that lets strangers in, or by what loads the other family's."""
    fate, other = (firewall.v4, firewall.v6) if family == 4 else (firewall.v6, firewall.v4)
    if not fate.why.startswith(("policy of", "no ruleset")):
        return f"take out, or narrow, the rule that lets strangers in over IPv{family}: {text(fate.why)}"
    if family == 6 and other.is_shut and "ufw" in firewall.boot.by:
        return "IPV6=yes in /etc/default/ufw, then `ufw reload`"
    if other.is_shut and firewall.boot.by:
        return f"give IPv{family} the rules that the other family has, in what {text(firewall.boot.by)} loads"
    return _to_switch_on(ssh_port)


def _to_keep(firewall: Firewall, ssh_port: int) -> str:
    """How to have the rules back after a reboot."""
    families = [firewall.v4, firewall.v6][: len(firewall.families)]
    if firewall.boot.missing:
        return f"write the rules that are in force now into what is loaded at boot ({text(firewall.boot.missing)})"
    if all(fate.is_shut for fate in families):
        return "let what made the rules load them at boot: `systemctl enable ufw`, or `nftables`, or `netfilter-persistent`, whichever it is"
    return _to_switch_on(ssh_port)


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


@item("pre.security.firewall.required-ports-only", either=("containers", "sockets", "compose"))
def test_only_required_ports_answer(
    exposure: tuple[View, ...],
    containers: Answer[Containers],
    compose: Answer[tuple[Service, ...]],
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
    if isinstance(containers, Known):
        containers = Known(located(containers.value, compose))
    allowed = {*settings.firewall.allowed, zebu_target.ssh_port}
    if settings.firewall.lan_trusted:
        allowed.add(BACKEND)
    # HTTP/3 is the web's, too.
    datagrams = {*settings.firewall.allowed_udp, *({HTTP3} & allowed)}
    for view in _views(exposure, case):
        with case(f"from {view.name}"):
            answering = sorted(port for port, state in view.open.items() if state == Known(True))
            on = f"answers on {', '.join(map(str, answering))}" if answering else "answers on no port that was tried"
            case.saw(f"{view.place}, {view.address}: {on}")
            extra = [port for port in answering if port not in allowed]
            case.adds(*_who_publishes(extra, containers))
            case.fix(*_ways_to_shut(view, extra, containers, sockets, firewall))
            assert not extra, f"{bracketed(view.address)} answers on {', '.join(map(str, extra))}"
            for state in view.open.values():
                need(state)
    with case("its own ports"):
        # They were tried from outside as far as the machine said which they are.
        need(sockets)
        published = [(one, port) for one in need(containers).everything for port in one.published]
        for one, port in published:
            if port.protocol == "udp" and not port.is_loopback and port.host_port not in datagrams:
                with case(f"UDP {port}"):
                    case.fix(to_publish_locally(one, port))
                    _expect_shut(firewall.published_datagram(port.host_address, port.host_port, port.port))
    for listener in udp_sockets:
        if listener.is_loopback or listener.port in DHCP_CLIENT or listener.process == DOCKER_PROXY:
            continue
        if firewall.filter.machine.is_inside(listener.address, listener.device) or listener.port in datagrams:
            continue
        with case(f"UDP {listener.place}", described(listener)):
            case.fix(f"close UDP port {listener.port} in the firewall", to_shut(listener))
            _expect_shut(firewall.datagram(listener.address, listener.port))


MOST_WAYS = 5


def _who_publishes(ports: list[int], containers: Answer[Containers]) -> list[str]:
    seen = containers.value.everything if isinstance(containers, Known) else ()
    return [
        _publishes(one, port)
        for one in seen
        for port in one.published
        if port.host_port in ports[:MOST_WAYS] and port.protocol == "tcp" and not port.is_loopback
    ]


def _ways_to_shut(
    view: View,
    ports: list[int],
    containers: Answer[Containers],
    sockets: Answer[tuple[Listener, ...]],
    firewall: Firewall,
) -> list[str]:
    """How to shut ports that answer at an address: by who has them, as far as the machine says it."""
    machine = firewall.filter.machine
    if machine.addresses and not machine.has(view.address, 6 if ":" in view.address else 4):
        listed = ", ".join(map(str, ports))
        return [
            f"take away what leads port {listed} of {text(view.address)} further (the router's forwarding, or the proxy)"
        ]
    seen = containers.value.everything if isinstance(containers, Known) else ()
    listeners = sockets.value if isinstance(sockets, Known) else ()
    found = []
    for port in ports[:MOST_WAYS]:
        ways = _having(port, seen, listeners)
        if port == BACKEND and ways:
            ways.append(BEHIND_PROXY)
        found.append(f"port {port}: {'; '.join(ways) if ways else 'close it in the firewall'}")
    return found


def _having(port: int, containers: tuple[Container, ...], listeners: tuple[Listener, ...]) -> list[str]:
    """How to shut a port of the machine's, for each that has it open to the network."""
    ways = [
        to_publish_locally(container, published)
        for container in containers
        for published in container.published
        if published.host_port == port and published.protocol == "tcp" and not published.is_loopback
    ]
    others = [one for one in listeners if one.port == port and not one.is_loopback and one.process != DOCKER_PROXY]
    # Of a port that has one line for each family, once is enough.
    return list(dict.fromkeys([*ways[:1], *(to_shut(one) for one in others)]))


def _told(view: View, port: int) -> str:
    """Whether a port answered, in words."""
    state = view.open.get(port)
    word = "is not known to answer"
    if isinstance(state, Known):
        word = "answers" if state.value else "does not answer"
    return f"{bracketed(view.address)}:{port} {word}{f' ({view.ago})' if view.ago else ''}"


def _expect_shut(fate: Fate) -> None:
    if fate.word == "unknown":
        raise NotAssessed(f"whether a stranger's datagram comes in cannot be told ({fate.why})")
    assert fate.is_shut, f"is open to strangers ({fate.why})"


def _publishes(container: Container, port: Published) -> str:
    """In words; of what the network may reach, with the line, or the files, in which it can be mended."""
    origin = f" ({port.declared_at})" if port.declared_at else container.origin
    return f"{container.label} publishes {port}{'' if port.is_loopback else origin}"


@item("pre.security.firewall.backend-not-exposed", either=("sockets", "compose"))
def test_the_backend_is_behind_the_proxy(
    containers: Containers,
    compose: Answer[tuple[Service, ...]],
    exposure: tuple[View, ...],
    sockets: Answer[tuple[Listener, ...]],
    settings: Settings,
    case: Cases,
) -> None:
    """Past the proxy there is no TLS, no limit and no log of the proxy's. Docker publishes past ufw, in both families.

    Fix: publish port 8000 on 127.0.0.1 or the proxy's network only; where another machine is the proxy, rules in
    DOCKER-USER for IPv4 and IPv6 that let only it through.
    See: https://docs.docker.com/engine/network/packet-filtering-firewalls/
    """
    containers = located(containers, compose)
    for container in containers.everything:
        for port in container.published:
            if BACKEND in (port.port, port.host_port):
                case.saw(_publishes(container, port))
    for view in _views(exposure, case):
        if view.vantage.kind == "proxy" or (view.vantage.kind == "lan" and settings.firewall.lan_trusted):
            continue
        with case(f"from {view.name}", _told(view, BACKEND)):
            ways = _having(BACKEND, containers.everything, sockets.value if isinstance(sockets, Known) else ())
            case.fix(*ways, BEHIND_PROXY)
            assert not need(view.open[BACKEND]), f"{bracketed(view.address)}:{BACKEND} answers"
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
                    case.saw(_publishes(container, published))
                    case.fix(to_publish_locally(container, published))
                    assert published.is_loopback, _publishes(container, published)
        if containers.odd:
            raise NotAssessed(f"what {containers.odd[0]} publishes was not understood")
    with case("listening on the machine"):
        for listener in sockets:
            if listener.port == port:
                where = f"listens on {listener.place}"
                case.saw(f"{described(listener)} {where}")
                case.fix(*_having(port, containers.everything, (listener,)))
                assert listener.is_loopback, f"{listener.process or 'a process'} {where}"
    for view in _views(exposure, case):
        with case(f"from {view.name}", _told(view, port)):
            case.fix(*_having(port, containers.everything, sockets))
            assert not need(view.open[port]), f"{bracketed(view.address)}:{port} answers"


@item("pre.security.firewall.database-local", either=("compose",))
def test_the_database_is_local(
    containers: Containers,
    compose: Answer[tuple[Service, ...]],
    sockets: tuple[Listener, ...],
    exposure: tuple[View, ...],
    case: Cases,
) -> None:
    """A database that the network can reach is one weak password away from everybody. Docker publishes past ufw.

    Fix: remove the port from the compose files, or publish it as `127.0.0.1:5432:5432`, then `docker compose up -d`;
    a PostgreSQL of the host itself: `listen_addresses = 'localhost'`.
    See: https://docs.docker.com/engine/network/packet-filtering-firewalls/ (Docker and ufw).
    """
    _expect_local(POSTGRES, located(containers, compose), sockets, exposure, case)


@item("pre.security.firewall.redis-local", either=("compose",))
def test_redis_is_local(
    containers: Containers,
    compose: Answer[tuple[Service, ...]],
    sockets: tuple[Listener, ...],
    exposure: tuple[View, ...],
    case: Cases,
) -> None:
    """Redis without a password gives whoever reaches it the cache, and through its modules and files the container.

    Fix: remove the port from the compose files, or publish it as `127.0.0.1:6379:6379`, then `docker compose up -d`.
    See: https://redis.io/docs/latest/operate/oss_and_stack/management/security/
    """
    _expect_local(REDIS, located(containers, compose), sockets, exposure, case)
