"""The hosts that answer what was recorded."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.hosts import ANSWER, recorded
from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Reason, Said, Unknown
from pytest_zebu.gather.ssh import entrance, received, request
from pytest_zebu.gather.targets import targets

ANSWERS = {
    "swap": {"status": 0, "out": "wörds\n", "err": ""},
    "usage": {"status": 3, "out": "", "err": "a complaint"},
    "pvesh": {"$unknown": "not configured", "detail": "proxmox.ssh is not set"},
}


def test_what_was_recorded_comes_back_in_the_frames_of_who_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "answer.py").write_text(ANSWER.replace("SECONDS", "0"))
    (tmp_path / "answers.json").write_text(json.dumps(recorded(ANSWERS)))
    (target,) = targets("ssh://nobody@127.0.0.1:9", None, None)
    probes = [probe for fact in ALL.values() for probe in fact.probes]
    asked = entrance(request(probes, "0123456789abcdef", target, 5), "0123456789abcdef")
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(tmp_path / "answer.py")], input=asked, capture_output=True, check=True
    )
    found = received(done.stdout, "0123456789abcdef")
    assert found.is_whole
    assert found.answers == {
        "swap": Said(0, "wörds\n", ""),
        "usage": Said(3, "", "a complaint"),
        "pvesh": Unknown(Reason.UNDECIDABLE, "pvesh: proxmox.ssh is not set"),
    }
