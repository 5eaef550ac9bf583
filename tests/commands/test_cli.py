"""`zebu`: how it is called, and how it ends."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pytest

import lab.cli
from pytest_zebu.commands import due
from pytest_zebu.commands.cli import COMMANDS, main


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without a lab, with settings that declare nothing."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ZEBU_CONFIG", raising=False)
    monkeypatch.setenv("ZEBU_LAB_DIR", str(tmp_path / "lab"))
    Path("zebu.toml").write_text("")


def refused(argv: Sequence[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What is said to a wrong call, in its last line."""
    with pytest.raises(SystemExit) as ended:
        main(argv)
    assert ended.value.code == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    return shown.err.splitlines()[-1]


@pytest.mark.parametrize(("argv", "words"), [
    ((), "zebu: error: the following arguments are required: COMMAND"), (("attests",), "invalid choice: 'attests'"),
    (("due", "now", "then"), "zebu: error: unknown arguments: now then"), (("due", "--hots=vm"), "unknown arguments: --hots=vm"),
    (("proofs", "all"), "unknown arguments: all"), (("lab", "status", "vm"), "unknown arguments: vm"), (("lab",), "required: COMMAND"),
    (("lab", "exec", "db", "id"), "invalid choice: 'db' (choose from 'vm', 'proxy', 'nas')"), (("incident",), "required: ACTION"),
    (("incident", "step", "assess.severity"), "required: note"), (("attest",), "required: id"),
    (("attest", "x", "--result", "maybe"), "invalid choice: 'maybe'"), (("attest", "x", "--valid-days", "soon"), "invalid int value: 'soon'"),
])  # fmt: skip
def test_a_wrong_call_is_status_2_and_a_line(
    argv: Sequence[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert words in refused(argv, capsys)


def test_help_names_every_command_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    for words in (
        "attest sign for an item that no machine can see due ", "due the recurring tasks", "incident a guided record of an incident, ",
        "lab a whole Zebu deployment in a box", "proofs which faults and blindings prove each check",
    ):  # fmt: skip
        assert words in text


@pytest.mark.parametrize("status", [0, 1])
def test_a_command_says_how_it_ended(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due, "run", lambda options: status if options.host == "vm" else 9)
    assert main(["due", "--host", "vm"]) == status


@pytest.mark.parametrize("argv", [
    ["due", "--config", "zebu.toml"], ["incident", "--config", "zebu.toml", "status"],
    ["attest", "post.maintenance.capacity.costs", "--config", "zebu.toml"],
])  # fmt: skip
@pytest.mark.parametrize(("text", "words"), [
    ("nonsense = 1", "zebu.toml: unknown key 'nonsense'"), ("[hosts", "zebu.toml: "), (None, "zebu.toml: no such file"),
])  # fmt: skip
def test_settings_that_cannot_be_read_are_a_line(
    argv: list[str], text: str | None, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("zebu.toml").unlink() if text is None else Path("zebu.toml").write_text(text)
    assert main(argv) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith(f"zebu: {words}")
    assert shown.err.count("\n") == 1


@pytest.mark.parametrize(("module", "argv"), [(COMMANDS["due"], ["due"]), (lab.cli, ["lab", "status"])])
def test_who_interrupts_it_sees_no_traceback(
    module: ModuleType, argv: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "run" if argv == ["due"] else "main", interrupted)
    assert main(argv) == 130
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("argv", "words"), [
    (["lab", "ssh"], "the lab is not up: start it with `zebu lab up`"), (["lab", "exec", "vm", "--", "id"], "the lab is not up"),
    (["lab", "run", "id"], "the lab is not up"), (["lab", "record"], "the lab is not up"),
    (["lab", "reset", "vm", "db"], "no such machine: db; there are vm, proxy, nas"),
])  # fmt: skip
def test_what_needs_the_lab_says_how_to_start_it(
    argv: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(argv) == 1
    assert capsys.readouterr().err.startswith(f"zebu: {words}")
    assert not Path("lab").exists()


def test_a_lab_that_is_down_is_status_3(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab", "status"]) == 3
    assert "lab      down\n" in capsys.readouterr().out


@pytest.mark.parametrize("lacking", [(), ("a.item",)])
def test_proofs_end_as_they_stand(lacking: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab.cli, "print_proofs", lambda: len(lacking))
    assert main(["proofs"]) == len(lacking)


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the package is installed: no lab beside it."""
    real = importlib.import_module

    def without_lab(name: str, package: str | None = None) -> ModuleType:
        if name.partition(".")[0] == "lab":
            raise ModuleNotFoundError(name=name)
        return real(name, package)

    monkeypatch.setattr(importlib, "import_module", without_lab)


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("argv", [["lab", "up"], ["lab"], ["proofs"], ["lab", "exec", "vm", "--", "id"]])
def test_the_lab_is_said_to_come_with_the_checkout(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(argv) == 1
    assert "the lab comes with the checkout of pytest-zebu" in capsys.readouterr().err


@pytest.mark.usefixtures("installed")
def test_the_commands_of_people_need_no_lab(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["incident", "status"]) == 0
    assert capsys.readouterr().out == "no incident is open or recent\n"
