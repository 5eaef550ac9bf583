"""What ssh makes of a host's name."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_zebu.gather.targets import targets, way_of
from pytest_zebu.settings import Settings
from pytest_zebu.settings.sections import Host
from pytest_zebu.settings.target import Target, Way

CONFIGURATION = """
Host vm
  HostName 192.0.2.7
  Port 2222
Host far
  HostName far.%h.example.org
  ProxyJump gate.example.org
Host piped
  ProxyCommand nc gate 22
Match exec "false" host vm
  Port 9
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config"
    path.write_text(CONFIGURATION)
    return path


@pytest.mark.parametrize(("host", "way"), [
    ({}, Way(address="192.0.2.7", port=2222)), ({"port": 22}, Way(address="192.0.2.7", port=22)), ({"address": "192.0.2.9"}, Way(address="192.0.2.9", port=22)),
    ({"address": "far", "user": "deploy"}, Way(address="far.far.example.org", port=22, through="gate.example.org")),
    ({"address": "piped"}, Way(address="piped", port=22, through="nc gate 22")),
])  # fmt: skip
def test_ssh_is_asked_what_an_alias_means(host: dict[str, object], way: Way, file: Path) -> None:
    target = Target(name="vm", host=Host.model_validate({**host, "ssh_config": file}), settings=Settings())
    assert way_of(target) == way
    found = target.model_copy(update={"way": way})
    assert (found.address, found.ssh_port) == (way.address, way.port)


@pytest.mark.parametrize("text", ["no such option", "Host *\n  Port many\n", "Host vm\n  HostName a=b\n"])
def test_where_ssh_does_not_say_it_the_settings_do(text: str, tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(text)
    target = Target(name="vm", host=Host(ssh_config=path, port=2200), settings=Settings())
    assert way_of(target) is None
    assert (target.address, target.ssh_port) == ("vm", 2200)
    assert Target(name="vm", host=Host(address="192.0.2.9"), settings=Settings()).ssh_port == 22


def test_without_ssh_nothing_is_made_of_a_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert way_of(Target(name="vm", host=Host(), settings=Settings())) is None


def test_each_host_is_resolved_once(tmp_path: Path, file: Path) -> None:
    settings = tmp_path / "zebu.toml"
    settings.write_text(f'[hosts.vm]\nssh_config = "{file}"\n')
    (found,) = targets("vm", str(settings), None)
    assert (found.way, found.address, found.ssh_port) == (Way(address="192.0.2.7", port=2222), "192.0.2.7", 2222)
