"""What machines really said: the lab's Debian 12, and the tools of a Debian 13."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pytest_zebu.facts.base import Gathered, Said
from pytest_zebu.gather.snapshot import read
from pytest_zebu.settings import Host, Settings, Target
from pytest_zebu.settings import read as read_settings

HERE = Path(__file__).parent
LAB_SETTINGS = HERE.parents[1] / "lab/files/zebu.toml"
PLACES = {
    "PUBLIC": "10.99.0.80",
    "VM": "10.77.0.10",
    "PROXY": "10.77.0.20",
    "RUNNER_WAN": "10.99.0.9",
    "RUNNER_LAN": "10.77.0.9",
}
PLACES |= {"NS1": "10.99.0.53", "RESOLVER1": "10.99.0.54", "RESOLVER2": "10.99.0.55", "RESOLVER3": "10.99.0.56"}


@pytest.fixture(scope="session")
def lab_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The settings with which the lab was recorded. Paths of keys and authorities lead nowhere: nothing is asked again."""
    text = re.sub(r"@(\w+)@", lambda found: PLACES.get(found[1], "nowhere"), LAB_SETTINGS.read_text())
    path = tmp_path_factory.mktemp("settings") / "zebu.toml"
    path.write_text(
        re.sub(
            r"(?m)^ca_file = .*\n", "", re.sub(r'(?ms)^\[\[relaxed\]\]\nkey = "tls\.ca_file".*?\n\n', "", text)
        ).replace('issuer = "Pebble"\n', "")
    )
    return read_settings(path)


@pytest.fixture
def target(lab_settings: Settings) -> Target:
    return Target(
        name="lab",
        host=lab_settings.hosts["lab"],
        settings=lab_settings,
        active=frozenset({"functional", "restore", "attack"}),
    )


@pytest.fixture
def bare() -> Target:
    """A host about which nothing is declared."""
    return Target(name="bare", host=Host(), settings=Settings())


@pytest.fixture
def bookworm() -> Gathered:
    return read(HERE.parent / "data/lab-bookworm.json")["lab"].gathered


@pytest.fixture
def trixie() -> Gathered:
    answers = json.loads((HERE / "recordings/trixie.json").read_text())["answers"]
    return Gathered({name: Said(**answer) for name, answer in answers.items()})
