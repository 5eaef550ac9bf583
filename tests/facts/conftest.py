"""What machines really said: the lab's Debian 12, and the tools of a Debian 13."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_zebu.facts.base import Gathered, Said
from pytest_zebu.gather.snapshot import read
from pytest_zebu.settings import Domains, Host, Settings, Target

HERE = Path(__file__).parent


@pytest.fixture
def target() -> Target:
    domains = Domains(site="zebu.test", www="www.zebu.test", api="api.zebu.test", addresses=("10.99.0.80",))
    return Target(name="lab", host=Host(), settings=Settings(domains=domains))


@pytest.fixture
def bookworm() -> Gathered:
    return read(HERE.parent / "data/lab-bookworm.json")["lab"].gathered


@pytest.fixture
def trixie() -> Gathered:
    answers = json.loads((HERE / "recordings/trixie.json").read_text())["answers"]
    return Gathered({name: Said(**answer) for name, answer in answers.items()})
