"""`zebu init`: a file with what was seen, and each value with where; whoever sits there is asked for the rest."""

from __future__ import annotations

import io
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_zebu.commands import init
from pytest_zebu.commands.cli import main
from pytest_zebu.discovery import whole
from pytest_zebu.discovery.found import Seen, Unseen
from pytest_zebu.discovery.whole import Read
from pytest_zebu.plugin import looking
from tests import looked_at


class Terminal(io.StringIO):
    """Somebody who types."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    place = tmp_path / "empty"
    place.mkdir()
    monkeypatch.chdir(place)
    monkeypatch.delenv("ZEBU_CONFIG", raising=False)
    looked_at.answer(monkeypatch, tmp_path)
    return place


def typed(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("".join(f"{line}\n" for line in lines)))


def said(path: Path) -> dict[str, dict[str, object]]:
    return tomllib.loads(path.read_text())


def test_it_writes_what_it_saw(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "vm", "--yes"]) == 0
    text = (folder / "zebu.toml").read_text()
    assert said(folder / "zebu.toml")["domains"]["site"] == "zebu.test"
    assert 'site = "zebu.test" # CORS_ORIGINS of the running backend' in text
    assert "# token_file = " in text
    assert "next: pytest --zebu-host=vm" in capsys.readouterr().out


def test_nothing_is_written_that_is_only_to_be_shown(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "vm", "--print"]) == 0
    assert not (folder / "zebu.toml").exists()
    text = capsys.readouterr().out
    assert 'site = "zebu.test" # CORS_ORIGINS of the running backend' in text.splitlines()
    assert tomllib.loads(text[: text.index("with it, ")])["domains"]["site"] == "zebu.test"


def test_run_again_it_shows_what_differs_and_keeps_what_people_wrote(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "zebu.toml"
    path.write_text('# ours\n[domains]\nsite = "zebu.example.org"  # since the move\n')
    assert main(["init", "vm", "--yes"]) == 0
    shown = capsys.readouterr().out
    assert 'domains.site is "zebu.example.org" in the file, and "zebu.test" by CORS_ORIGINS' in shown
    text = path.read_text()
    assert text.startswith('# ours\n[domains]\nsite = "zebu.example.org"  # since the move\n')
    assert said(path)["backups"]["folder"] == "/var/backups/zebu"
    assert main(["init", "vm", "--yes"]) == 0
    assert "says all that was seen" in capsys.readouterr().out
    assert path.read_text() == text


def test_without_a_terminal_nothing_is_asked_and_a_file_is_not_changed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "zebu.toml"
    path.write_text('[domains]\nsite = "zebu.test"\n')
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    assert main(["init", "vm"]) == 0
    assert path.read_text() == '[domains]\nsite = "zebu.test"\n'
    assert "nothing was written: --yes adds" in capsys.readouterr().err


def test_who_sits_there_is_asked_for_what_opens_items(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An empty line leaves it out, what can be no value is asked for again, and the end of what is typed ends the asking."""
    monkeypatch.setattr(init, "opened_by_settings", lambda found: {"proxmox.api": 1, "domains.staging": 2})
    typed(monkeypatch, "", "7", "https://pve.example.org:8006")
    assert main(["init", "vm"]) == 0
    assert said(folder / "zebu.toml")["proxmox"]["api"] == "https://pve.example.org:8006"
    assert "staging" not in said(folder / "zebu.toml")["domains"]
    shown = capsys.readouterr().out
    assert shown.count("proxmox.api, such as") == 2
    assert shown.index("domains.staging (opens 2 items)") < shown.index("proxmox.api (opens 1 item)")


def test_a_secret_is_never_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who types a token where the file is asked for that holds it is asked again."""
    secret = "ghp_" + "a1B2" * 9
    monkeypatch.setattr(init, "opened_by_settings", lambda found: {"forge.token_file": 3, "proxmox.api": 1})
    typed(monkeypatch, *[secret] * 3)
    assert main(["init", "vm"]) == 0
    assert secret not in (folder / "zebu.toml").read_text()


def test_who_lets_nobody_in_leaves_no_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    looked_at.answer(monkeypatch, tmp_path, "Connection refused")
    assert main(["init", "vm", "--yes"]) == 1
    assert "ssh: Connection refused" in capsys.readouterr().err
    assert not (folder / "zebu.toml").exists()


def test_one_host_at_a_time(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "one,two", "--yes"]) == 1
    assert "one host at a time" in capsys.readouterr().err


def test_of_several_projects_the_one_that_is_meant_is_asked_for_first(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing else can be told before, so that all is looked at again then."""
    several = [Unseen("host.project", '"zebu"', "it may be any of zebu, other")]
    real, calls = whole.inside, []

    def inside(read: Read) -> Iterator[Seen]:
        calls.append(1)
        return iter(several) if len(calls) == 1 else real(read)

    monkeypatch.setattr(looking, "inside", inside)
    monkeypatch.setattr(init, "opened_by_settings", lambda found: {})
    typed(monkeypatch, "zebu")
    assert main(["init", "vm"]) == 0
    assert said(folder / "zebu.toml")["hosts"] == {"vm": {"project": "zebu"}}
    assert said(folder / "zebu.toml")["domains"]["site"] == "zebu.test"
    assert "host.project: it may be any of zebu, other" in capsys.readouterr().out
    assert len(calls) == 2


def test_the_project_may_be_named(folder: Path) -> None:
    assert main(["init", "vm", "--yes", "--project", "zebu"]) == 0
    assert said(folder / "zebu.toml")["hosts"] == {"vm": {"project": "zebu"}}
