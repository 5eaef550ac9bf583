"""This machine's own addresses, by made-up adapters, routes and devices."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from pathlib import Path

import ifaddr
import pytest

from pytest_zebu.discovery import legs
from pytest_zebu.discovery.vantages import Leg

HEAD = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"


def route(gateway: str, destination: str = "00000000", mask: str = "00000000") -> str:
    """A route as Linux writes it: addresses in the order of the processor."""
    packed = int.from_bytes(ipaddress.IPv4Address(gateway).packed, "little")
    return f"eth0\t{destination}\t{packed:08X}\t0003\t0\t0\t0\t{mask}\t0\t0\t0\n"


@pytest.fixture
def routes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "route"
    path.write_text(HEAD)
    monkeypatch.setattr(legs, "ROUTES", path)
    monkeypatch.setattr(legs, "DEVICES", tmp_path / "devices")
    return path


@pytest.fixture
def listener() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def adapter(name: str, *addresses: str) -> ifaddr.Adapter:
    ips = []
    for one in map(ipaddress.ip_interface, addresses):
        text = str(one.ip) if one.version == 4 else (str(one.ip), 0, 0)
        ips.append(ifaddr.IP(text, one.network.prefixlen, name))
    return ifaddr.Adapter(name, name, ips)


def own(monkeypatch: pytest.MonkeyPatch, *adapters: ifaddr.Adapter) -> list[str]:
    monkeypatch.setattr(ifaddr, "get_adapters", lambda: list(adapters))
    return [leg.network for leg in legs.legs()]


def test_each_address_is_a_leg_but_those_that_nobody_else_reaches(
    routes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bridge of one's own may be the LAN's: what adapters are called says nothing."""
    found = own(
        monkeypatch,
        adapter("lo", "127.0.0.1/8", "::1/128"),
        adapter("br-lan", "192.168.1.5/24", "fe80::1/64", "fd00::5/64"),
        adapter("lo0lan", "10.0.0.5/8"),
        adapter("docker0", "172.17.0.1/16"),
        adapter("usb0", "169.254.3.4/16"),
    )
    assert found == ["192.168.1.5/24", "fd00::5/64", "10.0.0.5/8", "172.17.0.1/16"]


@pytest.mark.parametrize(
    ("flags", "expected"),
    [("0x1003", False), ("0x10d1", True), ("0x90", True), ("0x80", True), ("odd", False), (None, False)],
)
def test_a_tunnel_is_what_the_kernel_says(flags: str | None, expected: bool, routes: Path) -> None:
    """Of an Ethernet card, of WireGuard, of a device without neighbours; and where nothing is said."""
    place = legs.DEVICES / "eth0"
    place.mkdir(parents=True)
    if flags is not None:
        (place / "flags").write_text(f"{flags}\n")
    assert legs.is_tunnel("eth0") is expected


def test_a_tap_of_a_vpn_looks_like_a_card(routes: Path) -> None:
    place = legs.DEVICES / "zt0"
    place.mkdir(parents=True)
    (place / "flags").write_text("0x1003\n")
    (place / "tun_flags").write_text("0x1002\n")
    assert legs.is_tunnel("zt0")


def test_a_leg_knows_its_device_and_its_router(routes: Path, listener: int, monkeypatch: pytest.MonkeyPatch) -> None:
    routes.write_text(HEAD + route("0.0.0.0", "0000007F", "000000FF") + route("127.0.0.1"))
    monkeypatch.setattr(legs, "PORTS", (1, listener))
    monkeypatch.setattr(ifaddr, "get_adapters", lambda: [adapter("eth0", "127.0.0.9/8", "192.168.1.5/24")])
    assert legs.control(ipaddress.ip_interface("127.0.0.9/8")) == f"127.0.0.1:{listener}"
    # A router of another network is none of this one.
    assert legs.legs() == (Leg("192.168.1.5/24", "", "eth0"),)


def test_where_the_router_is_silent_another_machine_tells(
    routes: Path, listener: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of the same network, and never this machine itself."""
    routes.write_text(HEAD)
    monkeypatch.setattr(legs, "PORTS", (1, listener))
    own = ipaddress.ip_interface("127.0.0.9/8")
    assert legs.control(own, ["192.168.1.5", "127.0.0.9", "127.0.0.1"]) == f"127.0.0.1:{listener}"
    assert legs.control(own, ["192.168.1.5", "127.0.0.9"]) == ""


@pytest.mark.parametrize(
    "text", ["", "x\n", "Iface\neth0\t00000000\n", HEAD + "eth0\t00000000\tZZZZ\t3\t0\t0\t0\t00000000\n"]
)
def test_an_odd_table_of_routes_names_no_router(text: str, routes: Path) -> None:
    routes.write_text(text)
    assert legs.control(ipaddress.ip_interface("192.168.1.5/24")) == ""


def test_where_there_is_no_table_no_router_is_known(routes: Path) -> None:
    routes.unlink()
    assert legs.control(ipaddress.ip_interface("192.168.1.5/24")) == ""


@pytest.mark.parametrize(("network", "control"), [("8.8.8.8/24", legs.INTERNET), ("2a00:1450::5/64", "")])
def test_on_the_internet_something_public_answers(network: str, control: str) -> None:
    """Over IPv4; an address of the other family could not be asked from there."""
    assert legs.control(ipaddress.ip_interface(network)) == control


@pytest.mark.parametrize(
    ("name", "address"), [("127.0.0.1", "127.0.0.1"), ("::1", "::1"), ("a" * 64 + ".invalid", ""), ("\udc80", "")]
)
def test_a_machine_is_where_ssh_goes(name: str, address: str) -> None:
    assert legs.at(name) == address
