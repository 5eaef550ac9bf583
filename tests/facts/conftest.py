"""What machines really said: the lab's Debian 12, and the tools of a Debian 13."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_zebu.facts.answer import Said
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.gather.snapshot import read
from pytest_zebu.settings import Settings
from pytest_zebu.settings import read as read_settings
from pytest_zebu.settings.target import Target
from tests import recorded
from tests.facts.daemon import Daemon, serving

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def lab_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    path = tmp_path_factory.mktemp("settings") / "zebu.toml"
    path.write_text(recorded.settings())
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
def bookworm() -> Gathered:
    return read(recorded.SNAPSHOT)["lab"].gathered


@pytest.fixture
def trixie() -> Gathered:
    answers = json.loads((HERE / "recordings/trixie.json").read_text())["answers"]
    return Gathered({name: Said(**answer) for name, answer in answers.items()})


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    """Docker's daemon, which scripts ask that are started meanwhile with this process's environment."""
    with serving() as one:
        monkeypatch.setenv("ZEBU_DOCKER_SOCKET", str(one.place))
        yield one
