"""`zebu completion`: what a shell is told when it asks what may come next, by the protocol that it speaks."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_zebu.catalogue import load
from pytest_zebu.commands.calls import CALLS, SHELLS
from pytest_zebu.commands.cli import CHECKOUT, main
from pytest_zebu.reports.formats import names
from tests.remembering import healthy, remember, remembering

PROGRAM = "import sys; from pytest_zebu.commands.cli import main; sys.exit(main())"
BETWEEN = "\x0b"
Words = Callable[..., list[str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "zebu.toml").write_text('[hosts.vm]\naddress = "192.0.2.1"\n[hosts.viola]\naddress = "192.0.2.2"\n')
    (tmp_path / "other.toml").write_text("[hosts.elsewhere]\n")
    (tmp_path / "evidence.json").write_text("{}")
    return tmp_path


@pytest.fixture
def offered(folder: Path) -> Words:
    """What bash is offered at the end of a line, as argcomplete's function for bash asks: the answer comes on descriptor 8."""

    def ask(line: str, place: Path = folder) -> list[str]:
        answer = place / "answer"
        environment = {
            **{name: value for name, value in os.environ.items() if name not in ("ZEBU_CONFIG", "COLUMNS")},
            "_ARGCOMPLETE": "1", "_ARGCOMPLETE_SHELL": "bash", "_ARGCOMPLETE_IFS": BETWEEN, "_ARGCOMPLETE_SUPPRESS_SPACE": "1",
            "_ARGCOMPLETE_COMP_WORDBREAKS": " \t\n\"'><=;|&(:", "COMP_LINE": line, "COMP_POINT": str(len(line)), "COMP_TYPE": "9",
        }  # fmt: skip
        call = f"{shlex.join([sys.executable, '-c', PROGRAM])} 8>{shlex.quote(str(answer))} 9>/dev/null"
        done = subprocess.run(
            ["bash", "-c", call], cwd=place, env=environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        assert (done.stdout, done.stderr) == ("", "")
        text = answer.read_text()
        answer.unlink()
        return [word.strip() for word in text.split(BETWEEN) if word]

    return ask


def test_commands(offered: Words) -> None:
    assert {*CALLS, *CHECKOUT} <= set(offered("zebu "))
    assert offered("zebu exp") == ["explain"]
    assert set(offered("zebu incident ")) >= {"open", "status", "step", "close"}


def test_options(offered: Words) -> None:
    assert {"--run", "--items", "--config", "--host"} <= set(offered("zebu todo --"))
    assert offered("zebu attest --res") == ["--result"]
    assert set(offered("zebu attest x --result ")) >= {"passed", "failed"}
    assert set(offered("zebu completion ")) >= set(SHELLS)


@pytest.mark.parametrize("command", ["explain", "attest", "waive", "history"])
def test_items(command: str, offered: Words) -> None:
    assert set(offered(f"zebu {command} pre.security.ssh.")) == {
        item.id for item in load() if item.id.startswith("pre.security.ssh.")
    }
    assert offered(f"zebu {command} pre.security.ssh.no") == ["pre.security.ssh.no-passwords"]


def test_steps_of_an_incident(offered: Words) -> None:
    assert "assess.severity" in offered("zebu incident step assess.")


def test_hosts_are_those_of_the_settings(offered: Words, folder: Path) -> None:
    assert set(offered("zebu todo --host v")) == {"vm", "viola"}
    assert offered("zebu todo --config other.toml --host el") == ["elsewhere"]
    assert offered("zebu init vi") == ["viola"]
    (folder / "zebu.toml").write_text("[hosts")
    assert offered("zebu todo --host v") == []


@pytest.mark.parametrize(("begun", "word"), [
    ("pre_d", "pre_deployment"), ("'pre_deployment and secu", "pre_deployment and security"), ("'(brow", "(browser"),
])  # fmt: skip
def test_markers_word_by_word(begun: str, word: str, offered: Words) -> None:
    assert [found.strip("'\"") for found in offered(f"zebu list -m {begun}")] == [word]


def test_runs_and_files(tmp_path: Path, offered: Words) -> None:
    remember(remembering(healthy(tmp_path)), "deploy.initial.ssh")
    (tmp_path / "evidence.json").write_text("{}")
    assert {"last", "1", "evidence.json"} <= set(offered("zebu explain deploy.initial.ssh --run ", tmp_path))
    assert offered("zebu todo evi", tmp_path) == ["evidence.json"]
    assert offered("zebu report html evi") == ["evidence.json"]
    assert offered("zebu due --config oth") == ["other.toml"]


def test_types_of_report(offered: Words) -> None:
    assert set(offered("zebu report ")) >= set(names())


def test_what_people_think_of_is_not_offered(offered: Words) -> None:
    assert offered("zebu attest x --by ") == []
    assert offered("zebu waive x --reason e") == []


@pytest.mark.parametrize("shell", SHELLS)
def test_code_for_a_shell(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    code = capsys.readouterr().out
    assert "zebu" in code
    assert "_ARGCOMPLETE" in code
    if shutil.which(shell):
        done = subprocess.run([shell, "-n"], input=code, text=True, capture_output=True)
        assert (done.returncode, done.stderr) == (0, "")


def test_bash_completes_with_what_is_printed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The function that bash would call at a tab, with a `zebu` in the path."""
    main(["completion", "bash"])
    (folder / "bin").mkdir()
    zebu = folder / "bin/zebu"
    zebu.write_text(f'#!/bin/sh\nexec {shlex.join([sys.executable, "-c", PROGRAM])} "$@"\n')
    zebu.chmod(0o755)
    asks = """
COMP_LINE='zebu explain pre.security.ssh.n'
COMP_POINT=${#COMP_LINE}; COMP_TYPE=9; COMP_WORDS=(zebu explain pre.security.ssh.n); COMP_CWORD=2
_python_argcomplete zebu pre.security.ssh.n explain
printf '%s\\n' "${COMPREPLY[@]}"
"""
    environment = {**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", capsys.readouterr().out + asks], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.stdout.strip() == "pre.security.ssh.no-passwords", done.stderr


def test_without_a_shell_that_asks_nothing_of_it_is_imported() -> None:
    program = f"import sys; sys.argv[1:] = ['--version']\nimport atexit; atexit.register(lambda: print('argcomplete' in sys.modules))\n{PROGRAM}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"
