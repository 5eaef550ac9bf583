"""A host is called before it is known what it will be asked, and before what judges is imported; and only by who will ask."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytest_zebu.gather import ssh
from tests.plugin.test_imports import imported

SSH = """#!/bin/sh
[ "$1" != -G ] || exit 255
for word; do [ "$word" != -O ] || exit 255; done
echo called >> "{folder}/called"
echo 'ssh: connect to host x port 1: Connection refused' >&2
exit 255
"""


@pytest.fixture
def machine(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A host of which ssh can only say that it refuses; and a note of each call."""
    place = pytester.path / "bin"
    place.mkdir()
    (place / "ssh").write_text(SSH.format(folder=pytester.path))
    (place / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{place}:{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(pytester.path))
    pytester.makefile(".toml", zebu='[hosts.vm]\naddress = "127.0.0.1"\n')
    return pytester


def calls(folder: Path) -> int:
    path = folder / "called"
    return len(path.read_text().split()) if path.exists() else 0


def test_who_calls_waits_for_nothing_that_judges(tmp_path: Path) -> None:
    modules = imported("import pytest_zebu.plugin.calling", tmp_path)
    ours = {name.removeprefix("pytest_zebu.") for name in modules}
    assert not ours & {
        "plugin.setup",
        "plugin.judging",
        "facts.postgres",
        "reports.formats",
        "verdict.openings",
    }


def test_it_is_called_before_the_rest_is_there(machine: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """And it is that call in which it is asked."""
    called: list[str] = []
    begin = ssh.Connection.call

    def call(connection: ssh.Connection) -> None:
        called.append("collected" if (machine.path / "collected").exists() else "before")
        begin(connection)

    monkeypatch.setattr(ssh.Connection, "call", call)
    machine.makeconftest('import pathlib\ndef pytest_collection(): pathlib.Path("collected").touch()')
    result = machine.runpytest_inprocess("--zebu-host=vm", "-k", "no-passwords")
    result.stdout.fnmatch_lines("*nothing answers on the ssh port*")
    assert called == ["before"]
    assert calls(machine.path) == 1


@pytest.mark.parametrize(
    ("words", "most"),
    [(("--collect-only",), 0), (("-n", "2"), 1)],
    ids=["nobody asks", "a worker asks"],
)
def test_only_who_will_ask_calls(words: tuple[str, ...], most: int, machine: pytest.Pytester) -> None:
    result = machine.runpytest_subprocess("--zebu-host=vm", "-k", "no-passwords", *words)
    assert result.ret in (0, 1)
    assert calls(machine.path) == most


def test_nothing_is_left_of_a_call_where_the_rest_is_wrong(
    machine: pytest.Pytester, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place := tmp_path / "short").mkdir()
    monkeypatch.setattr("pytest_zebu.gather.ssh.SHORT", place)
    result = machine.runpytest_inprocess("--zebu-host=vm", "--zebu-json=bin")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines("*--zebu-report=json cannot be written: bin: *")
    assert not ssh.OPEN
    assert [*place.iterdir()] == []
