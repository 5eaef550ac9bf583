"""How commands are called: each page of help is whole, and what it shows can be copied."""

from __future__ import annotations

import argparse
import re
import shlex
from pathlib import Path

import pytest

from pytest_zebu import commands
from pytest_zebu.catalogue import load
from pytest_zebu.commands.calls import ALWAYS, CALLS, LONGEST_WAIVER_DAYS, SUBJECTS, Call
from pytest_zebu.commands.cli import CHECKOUT, EXAMPLES, command, main, parser
from pytest_zebu.people import attestations, subjects

EACH = pytest.mark.parametrize("name", sorted(CALLS))
SHOWN = [(name, line) for name, call in CALLS.items() for line, _ in call.examples]
COLUMNS = 80


def manual(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    with pytest.raises(SystemExit) as ended:
        main([*argv, "--help"])
    assert ended.value.code == 0
    return capsys.readouterr().out


def words_of(line: str) -> list[str]:
    """What a shell hands to `zebu`, of a line that may send its output elsewhere or is in another."""
    inner = re.fullmatch(r'eval "\$\((.*)\)"', line)
    words = shlex.split(inner[1] if inner else line)
    assert words[0] == "zebu"
    return words[1 : words.index(">")] if ">" in words else words[1:]


def test_every_module_that_runs_is_a_command_and_declares_nothing_itself() -> None:
    names = {path.stem for path in Path(commands.__path__[0]).glob("*.py")} - {"__init__", "calls", "cli", "sides"}
    assert names == CALLS.keys()
    assert not [name for name in names if not callable(command(name).run) or hasattr(command(name), "add")]
    assert not CALLS.keys() & CHECKOUT.keys()


@pytest.mark.parametrize(("name", "line"), SHOWN, ids=[line for _, line in SHOWN])
def test_what_is_shown_is_called_so(name: str, line: str) -> None:
    options = parser(with_lab=False).parse_args(words_of(line))
    assert options.command == name
    item = getattr(options, "id", None) or getattr(options, "item", None)
    assert item is None or item in load() or sum(item in one.id for one in load()) == 1
    assert len(f"  {line}") <= COLUMNS + 20  # a line that is copied is never cut


@pytest.mark.parametrize("line", [line for line, _ in EXAMPLES if "COMMAND" not in line])
def test_the_first_page_shows_what_is_called_so(line: str) -> None:
    assert parser(with_lab=False).parse_args(words_of(line)).command in CALLS


@EACH
def test_a_page_is_whole(name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(COLUMNS))
    text, call = manual(capsys, name), CALLS[name]
    assert text.startswith(f"usage: zebu {name} ")
    assert " ".join(call.description.split()) in " ".join(text.split())
    at = [text.index(f"\n{heading}:\n") for heading in ("options", "examples", "exit status")]
    assert at == sorted(at)
    for line, told in call.examples:
        assert f"\n  {line}\n" in text
        assert told in " ".join(text.split())
    for status, told in [*call.statuses, *(one for one in ALWAYS if one[0] not in dict(call.statuses))]:
        assert f"\n  {status:<4} {told}\n" in text
    lines = {f"  {line}" for line, _ in call.examples}
    assert [line for line in text.splitlines() if len(line) > COLUMNS and line not in lines] == []


@EACH
def test_every_option_says_what_it_is(name: str) -> None:
    sub = next(one for one in parser(with_lab=False)._actions if isinstance(one, argparse._SubParsersAction))
    for action in sub.choices[name]._actions:
        assert action.help or isinstance(action, argparse._SubParsersAction)


@pytest.mark.parametrize("columns", ["20", "40", "200"])
def test_narrow_and_wide_terminals_cut_nothing(
    columns: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    for name, call in CALLS.items():
        text = manual(capsys, name)
        assert [line for line, _ in call.examples if f"\n  {line}\n" not in text] == []


def test_the_first_page_names_the_way(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(COLUMNS))
    text = manual(capsys)
    assert "\nexamples:\n" in text
    assert "\nexit status:\n" in text
    for name, call in CALLS.items():
        assert re.search(rf"^    {name} ", text, re.MULTILINE)
        assert call.summary in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= COLUMNS


def test_statuses_of_its_own_stand_instead_of_those_of_all() -> None:
    call = Call("does", "It does.", lambda parser: None, (), ((0, "yes"), (2, "no")))
    assert "2    no" in call.epilog
    assert "the call is wrong" not in call.epilog
    assert "130  it was interrupted" in call.epilog


def test_what_is_said_here_is_what_holds_elsewhere() -> None:
    """These are said here anew, so that help need not import what judges."""
    assert ", ".join(f"`{one}`" for one in SUBJECTS) == subjects.FORMS
    assert LONGEST_WAIVER_DAYS == attestations.LONGEST_WAIVER_DAYS
