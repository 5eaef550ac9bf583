"""Who asks the published services."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pytest_zebu.facts.answer import Reason
from pytest_zebu.facts.callers import PROBE, Callers
from pytest_zebu.settings.target import Target
from tests.facts.answers import read, why
from tests.facts.daemon import container, serving

NGINX = '{} - - [24/Nov/2026:12:00:00 +0000] "GET / HTTP/1.1" 200 512 "-" "curl"\n'
UVICORN = 'INFO:     {}:51234 - "GET /health HTTP/1.1" 200 OK\n'


def published(name: str, ports: dict[str, Any], pid: int = 0) -> dict[str, Any]:
    networks = {"zebu_default": {"IPAddress": "172.18.0.5", "IPPrefixLen": 16, "Gateway": "172.18.0.1"}}
    return container(name, State={"Pid": pid}, NetworkSettings={"Ports": ports, "Networks": networks})


def told(folder: Path, target: Target, *ones: dict[str, Any], logs: str = "", tcp: str = "", tcp6: str = "") -> Callers:
    """What the script makes of these containers, which all have these logs and connections."""
    net = folder / "proc/7/net"
    net.mkdir(parents=True)
    (net / "tcp").write_text("  sl  local_address rem_address   st\n" + tcp)
    (net / "tcp6").write_text("  sl  local_address rem_address   st\n" + tcp6)
    script = PROBE.text.replace("my $PROC = '/proc';", f"my $PROC = '{folder}/proc';")
    with serving() as daemon:
        daemon.has(*ones)
        for one in ones:
            daemon.logs(one, logs)
        done = subprocess.run(
            ["perl", "-e", script], env={"PATH": os.environ["PATH"], "ZEBU_DOCKER_SOCKET": str(daemon.place), "ZEBU_PROJECT": "zebu"}, capture_output=True, text=True, check=True
        )  # fmt: skip
    assert done.stderr == ""
    assert "203.0.113." not in done.stdout, "addresses of visitors do not travel"
    found: Callers = read("callers", done.stdout, target)
    return found


OPEN = {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "80"}]}


@pytest.mark.parametrize(("logs", "expected"), [
    (NGINX.format("10.77.0.20") * 3 + NGINX.format("10.77.0.9"), Callers(("frontend",), {"10.77.0.20": 3, "10.77.0.9": 1})),
    (UVICORN.format("10.77.0.20") + UVICORN.format("[fd00:77::20]"), Callers(("frontend",), {"10.77.0.20": 1, "fd00:77::20": 1})),
    (NGINX.format("203.0.113.7") * 2, Callers(("frontend",), {}, 0, 2)), (NGINX.format("172.18.0.1") * 2, Callers(("frontend",), {}, 2)),
    (NGINX.format("172.18.0.4") + NGINX.format("127.0.0.1") + NGINX.format("::1"), Callers(("frontend",), {})),
    (NGINX.format("::ffff:10.77.0.20"), Callers(("frontend",), {"10.77.0.20": 1})),
    ("10.77.0.20 is up\n999.1.1.1 - - x\n- - -\nGET 10.77.0.20 - - x\n" + NGINX.format("zebu.test"), Callers(("frontend",), {})), ("", Callers(("frontend",), {})),
])  # fmt: skip
def test_access_logs_have_it_in_front(logs: str, expected: Callers, tmp_path: Path, target: Target) -> None:
    assert told(tmp_path, target, published("frontend", OPEN), logs=logs) == expected


def test_connections_are_counted_whoever_writes_logs(tmp_path: Path, target: Target) -> None:
    """10.77.0.20 as the kernel writes it; what listens, goes to other ports, or comes out of the container is none."""
    tcp = (
        "   0: 0512AC0A:0050 14004D0A:C350 06 0\n   1: 00000000:0050 00000000:0000 0A 0\n   2: 0512AC0A:1F40 14004D0A:C351 01 0\n"
        "   3: 0512AC0A:C352 1E004D0A:0050 01 0\n   4: odd\n"
    )
    tcp6 = "   0: 0000000000000000FFFF00000512AC0A:0050 0000000000000000FFFF000014004D0A:C360 01 0\n"
    found = told(tmp_path, target, published("frontend", OPEN, 7), tcp=tcp, tcp6=tcp6)
    assert found.private == {"10.77.0.20": 2}


def test_what_is_not_published_is_not_asked(tmp_path: Path, target: Target) -> None:
    found = told(tmp_path, target, published("db", {"5432/tcp": None}), logs=NGINX.format("10.77.0.20"))
    assert found == Callers((), {})


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize(
    "said",
    [
        "@from frontend 10.77.0.20 1\n",
        "@service a\n@from a x 1\n",
        "@service a\n@from a 10.0.0.1 x\n",
        "@service \n",
        "x\n",
        "@none x\n",
    ],
)
def test_odd_answers_are_garbled(said: str, target: Target) -> None:
    assert why("callers", said, target) is Reason.GARBLED


def test_it_is_asked_as_root_of_a_project_that_is_known() -> None:
    assert PROBE.root
    assert PROBE.needs
