"""`zebu look`: what is looked at, what is written, and a whole run that takes it in."""

from __future__ import annotations

import json
import re
import shlex
import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from pytest_zebu.commands import look as looking
from pytest_zebu.commands.cli import main
from pytest_zebu.facts.answer import Reason, Unknown
from pytest_zebu.facts.fact import Look
from pytest_zebu.gather import signing
from pytest_zebu.gather.elsewhere import KINDS, Handed, Kept, command, read, written
from pytest_zebu.gather.outside import Outside
from pytest_zebu.settings import Settings
from pytest_zebu.settings.sections import Host
from pytest_zebu.settings.target import Target

QUIET = ("-p", "no:cacheprovider")
FLAGS = ("--site", "zebu.test", "--address", "127.0.0.1", "--resolver", "127.0.0.1")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder and a home of its own, without settings."""
    monkeypatch.chdir(tmp_path)
    for name in ("ZEBU_CONFIG", "ZEBU_LOOK", "ZEBU_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def server() -> Iterator[int]:
    """A port of the loopback that answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield int(listening.getsockname()[1])


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Look]:
    """The looks that are made, instead of being made."""
    found: list[Look] = []

    def see(self: Outside, look: Look) -> Any:
        found.append(look)
        return {"status": 200}

    monkeypatch.setattr(Outside, "see", see)
    return found


def test_what_is_open_here_is_written_and_signed(server: int, capsys: pytest.CaptureFixture[str]) -> None:
    answers = f"127.0.0.1:{server}"
    assert main(["look", *FLAGS, "--as", "phone", "--control", answers, "--port", str(server), "-o", "phone.json"]) == 0
    found = read(Path("phone.json"))
    (ports,) = [one for one in found.kept if one.look.kind == "tcp"]
    assert ports.seen["open"][str(server)] is True
    assert ports.seen["control"] is True
    assert (found.vantage, found.names, found.addresses) == ("phone", ("zebu.test",), ("127.0.0.1",))
    assert abs(time.time() - found.at) < 600
    assert stat.S_IMODE(Path("phone.json").stat().st_mode) == 0o600
    shown = capsys.readouterr().out
    assert f'signer = "{found.signer}"' in shown
    assert found.signer == signing.fingerprint(signing.own_key().public_key())


def test_a_control_address_that_does_not_answer_is_said_first(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "is_same_elsewhere", lambda look: False)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        closed = listening.getsockname()[1]
    assert main(["look", *FLAGS, "--control", f"127.0.0.1:{closed}", "-o", "look.json"]) == 0
    assert capsys.readouterr().err.startswith(f"zebu: the control address 127.0.0.1:{closed} does not answer here")
    (ports,) = [one for one in read(Path("look.json")).kept if one.look.kind == "tcp"]
    assert ports.seen["control"] is False


def test_what_needs_a_login_a_browser_or_a_secret_is_not_looked_at(made: list[Look]) -> None:
    Path("key").write_text("a key of the application\n")
    Path("zebu.toml").write_text(
        '[hosts.vm]\npublic_address = "198.51.100.7"\n[hosts.proxy]\naddress = "192.0.2.1"\n'
        '[domains]\nsite = "zebu.test"\napi = "api.zebu.test"\naddresses = ["198.51.100.7", "2001:db8::7"]\n'
        '[probes]\napi_key_file = "key"\n[forge]\nrepository = "a/b"\n'
        '[[vantages]]\nname = "lan"\nkind = "lan"\ncontrol = "192.0.2.1:53"\n'
    )
    assert main(["look", "-o", "look.json", "--control", "127.0.0.1:1"]) == 0
    assert {one.kind for one in made} == set(KINDS)
    assert {one.vantage for one in made} == {"", "internet"}
    ports = {one.arguments["address"]: one.arguments for one in made if one.kind == "tcp"}
    assert {*ports} == {"198.51.100.7", "2001:db8::7"}
    assert ports["2001:db8::7"]["control"] is None, "what answers by IPv4 proves nothing about IPv6"
    assert "a key of the application" not in str(made)
    assert len({(one.kind, one.subject) for one in made}) == len(made)


def test_a_proxy_in_another_network_is_not_looked_for_here(made: list[Look]) -> None:
    settings = '[hosts.vm]\npublic_address = "198.51.100.7"\n[domains]\nsite = "zebu.test"\naddresses = ["203.0.113.9"]\norigin = "{}"\n'
    for origin, is_asked in (("192.168.1.10", False), ("198.51.100.7", True)):
        made.clear()
        Path("zebu.toml").write_text(settings.format(origin))
        assert main(["look", "-o", "look.json", "--control", "127.0.0.1:1"]) == 0
        assert any(one.subject == f"zebu.test at {origin}" for one in made) is is_asked


def test_the_settings_say_what_this_place_is_called(made: list[Look]) -> None:
    Path("zebu.toml").write_text(
        '[hosts.vm]\npublic_address = "198.51.100.7"\n[domains]\nsite = "zebu.test"\n'
        f'[[vantages]]\nname = "phone"\nkind = "internet"\nsigner = "SHA256:{"A" * 43}"\ncontrol = "127.0.0.1:1"\n'
    )
    assert main(["look", "vm", "-o", "look.json"]) == 0
    assert read(Path("look.json")).vantage == "phone"
    assert {one.arguments["control"] for one in made if one.kind == "tcp"} == {"127.0.0.1:1"}


def test_an_address_to_which_no_name_leads_is_looked_at_where_it_is_named(made: list[Look]) -> None:
    assert main(["look", *FLAGS, "--also", "2001:DB8::7", "--control", "127.0.0.1:1", "-o", "look.json"]) == 0
    assert {one.arguments["address"] for one in made if one.kind == "tcp"} == {"127.0.0.1", "2001:db8::7"}
    assert all(one.arguments["addresses"] == ["127.0.0.1"] for one in made if one.kind == "tls" and not one.vantage), (
        "the names lead there no more than before"
    )
    found = read(Path("look.json"))
    assert found.addresses == ("127.0.0.1", "2001:db8::7")


def test_a_machine_whose_address_moves_is_named_by_the_command_that_is_told(made: list[Look]) -> None:
    settings = Settings.model_validate({"domains": {"site": "zebu.test", "addresses": ["198.51.100.7"]}})
    told = command(Target(name="vm", host=Host(public_address="Home.example.org"), settings=settings))
    assert main([*shlex.split(told)[1:], "--control", "127.0.0.1:1"]) == 0
    (ports, _) = [one.arguments["address"] for one in made if one.kind == "tcp"]
    assert ports == "Home.example.org"


def test_all_ports_where_a_full_scan_is_asked_for(made: list[Look]) -> None:
    assert main(["look", *FLAGS, "--scan", "full", "--control", "127.0.0.1:1", "-o", "look.json"]) == 0
    (ports,) = [one.arguments["ports"] for one in made if one.kind == "tcp"]
    assert ports == list(range(1, 65_536))


@pytest.mark.parametrize(("argv", "words"), [
    ((), "no host has a public_address"), (("vm",), "'vm' is not in [hosts]"), (("--site", "zebu.test"), "--address is missing"),
    (("--address", "192.0.2.7"), "no name is declared"), ((*FLAGS, "vm"), "and not by both"), ((*FLAGS, "--config", "x"), "and not by both"),
    ((*FLAGS, "--as", "my phone"), "--as my phone: write a name"), ((*FLAGS, "--port", "0"), "--port 0: is no port"),
    ((*FLAGS, "--control", "nowhere"), "zebu look: control: "), (("--site", "no name", "--address", "192.0.2.7"), "zebu look: domains.site: "),
    (("--site", "zebu.test", "--address", "here"), "zebu look: domains.addresses.0: "),
    ((*FLAGS, "--public-address", "here"), "--public-address here: is no address"), ((*FLAGS, "--also", "zebu.test"), "--also zebu.test: is no address"),
    ((*FLAGS, "--public-address", "192.0.2"), "--public-address 192.0.2: is no address"), ((*FLAGS, "--as=-phone"), "--as -phone: write a name"),
    (("--site", "zebu.test", "--address", "192.0.2.0/24"), "--address is missing"),
])  # fmt: skip
def test_what_is_not_known_is_asked_for_in_a_line(
    argv: tuple[str, ...], words: str, made: list[Look], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["look", *argv, "-o", "look.json"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert words in line
    assert made == []
    assert not Path("look.json").exists()


def test_a_host_without_a_public_address_is_no_host_to_look_at(capsys: pytest.CaptureFixture[str]) -> None:
    Path("zebu.toml").write_text("[hosts.vm]\n")
    assert main(["look", "vm", "-o", "look.json"]) == 1
    assert "hosts.vm.public_address is not set" in capsys.readouterr().err
    addresses = '[hosts.a]\npublic_address = "192.0.2.1"\n[hosts.b]\npublic_address = "192.0.2.2"\n'
    Path("zebu.toml").write_text(addresses)
    assert main(["look", "-o", "look.json"]) == 1
    assert "which of a, b?" in capsys.readouterr().err


def test_a_file_that_cannot_be_written_is_said_before_anything_is_looked_at(
    made: list[Look], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["look", *FLAGS, "-o", str(tmp_path)]) == 1
    assert "cannot be written" in capsys.readouterr().err
    assert made == []


def test_why_something_was_not_seen_is_said_once_for_all(capsys: pytest.CaptureFixture[str]) -> None:
    look = Look("http", "x", {})
    of_one = [Unknown(Reason.UNREACHABLE, "no resolver")] * 3
    many = [Unknown(Reason.UNREACHABLE, f"reason {number}") for number in range(looking.MOST_REASONS)]
    kept = tuple(Kept(look, seen) for seen in (*of_one, *many, {"status": 200}))
    lines = [*looking._unseen(Handed("phone", 0, (), (), kept))]
    assert lines[0] == "not seen, 3 of them: no resolver"
    assert lines[-1] == "not seen, for 1 more reasons: 8 in all"


# A whole run

OWN_CHECK = """
from pytest_zebu.facts.answer import Known, need
from pytest_zebu.plugin.checks import item

@item("pre.security.firewall.required-ports-only")
def test_ports(exposure, case):
    for view in exposure:
        if view.address == "127.0.0.1":
            with case(f"from {view.name}"):
                case.saw(f"{view.place}: {sorted(port for port, state in view.open.items() if state == Known(True))}")
                assert not need(view.open[8000])
"""
SETTINGS = """
[hosts.vm]
address = "127.0.0.1"
port = 1
public_address = "127.0.0.1"
[domains]
site = "zebu.test"
addresses = ["127.0.0.1"]
resolvers = ["127.0.0.1"]
[[vantages]]
name = "phone"
kind = "internet"
signer = "{signer}"
"""
ITEM = "pre.security.firewall.required-ports-only"


@pytest.fixture
def project(pytester: pytest.Pytester, server: int, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project whose vantage elsewhere saw one open port, three hours ago."""
    monkeypatch.chdir(pytester.path)
    monkeypatch.setattr(looking, "is_same_elsewhere", lambda look: False)  # the ports are enough, and quick
    assert main(["look", *FLAGS, "--as", "phone", "--control", f"127.0.0.1:{server}", "-o", "new.json"]) == 0
    found = read(Path("new.json"))
    # The port is one that every look tries.
    kept = [replace(one, seen=_with_port(one.seen, 8000)) if one.look.kind == "tcp" else one for one in found.kept]
    old = replace(found, at=found.at - 3 * 3600, kept=tuple(kept))
    Path("phone.json").write_text(written(old, signing.own_key()))
    pytester.makefile(".toml", zebu=SETTINGS.format(signer=found.signer))
    pytester.makepyfile(test_own=OWN_CHECK)
    return pytester


def _with_port(seen: dict[str, Any], port: int) -> dict[str, Any]:
    return {**seen, "open": {**dict.fromkeys(seen["open"], False), str(port): True}}


def judged(project: pytest.Pytester, *options: str) -> dict[str, Any]:
    result = project.runpytest_subprocess(*QUIET, "--zebu-host=vm", "--zebu-json=report.json", *options, "test_own.py")
    assert result.ret in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED), "\n".join(
        (*result.outlines, *result.errlines)
    )
    (found,) = [one for one in json.loads(Path("report.json").read_text())["hosts"][0]["items"] if one["id"] == ITEM]
    return dict(found)


def test_a_run_takes_it_in_and_shows_its_age(project: pytest.Pytester) -> None:
    found = judged(project, "--zebu-look=phone.json", "--zebu-save=snapshot.json")
    assert found["outcome"] == "failed"
    first, second = found["evidence"]
    assert re.fullmatch(
        r"from phone, 3 hours ago: tcp ports \(`zebu look`, \d{4}-\d\d-\d\d \d\d:\d\d UTC\)", first["text"]
    )
    assert second["text"] == "from phone, 3 hours ago: [8000]"
    assert {one["place"] for one in found["evidence"]} == {"from phone (internet)"}
    # A replay has what came of it, and needs the file no more.
    Path("phone.json").unlink()
    assert judged(project, "--zebu-replay=snapshot.json")["evidence"] == found["evidence"]


def test_the_settings_may_name_it_and_so_may_the_environment(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZEBU_LOOK", "phone.json")
    assert judged(project)["outcome"] == "failed"
    monkeypatch.delenv("ZEBU_LOOK")
    Path("pytest.ini").write_text("[pytest]\nzebu_look = phone.json\n")
    assert judged(project)["outcome"] == "failed"
    Path("pytest.ini").unlink()
    with Path("zebu.toml").open("a") as settings:
        settings.write('\nlook = "phone.json"\n')
    assert judged(project)["outcome"] == "failed"


def test_without_it_the_item_is_not_assessed_and_says_what_to_run(project: pytest.Pytester) -> None:
    found = judged(project)
    assert found["outcome"] == "not_assessed"
    command = "zebu look --site zebu.test --address 127.0.0.1 --resolver 127.0.0.1 --as phone -o phone.json"
    assert f"run `{command}` there, and hand in what it writes: --zebu-look=FILE" in found["reason"]


@pytest.mark.hostile("files")
@pytest.mark.parametrize("how", ["altered", "stranger", "missing", "stale"])
def test_what_does_not_count_ends_the_run_before_anything_is_asked(how: str, project: pytest.Pytester) -> None:
    path = Path("phone.json")
    found = read(path)
    if how == "altered":
        path.write_text(path.read_text().replace('"sig": "', '"sig": "AAAA', 1))
    elif how == "stranger":
        path.write_text(written(found, Ed25519PrivateKey.generate()))
    elif how == "stale":
        path.write_text(written(replace(found, at=found.at - 7 * 86_400), signing.own_key()))
    else:
        path.unlink()
    result = project.runpytest_inprocess(*QUIET, "--zebu-host=vm", "--zebu-look=phone.json", "test_own.py")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    (line,) = [line for line in result.errlines if line.startswith("ERROR: zebu: ")]
    assert "phone.json: " in line
