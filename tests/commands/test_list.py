"""`zebu list`: what is picked, as pytest picks it, and how it is shown."""

from __future__ import annotations

import importlib
import json
import re
import sys
from collections.abc import Sequence

import pytest

from pytest_zebu.catalogue import SCORED, load
from pytest_zebu.commands.cli import main
from pytest_zebu.plugin.checks import suite
from tests import recorded

ALL = [item.id for item in load()]
PASSWORDS = "pre.security.ssh.no-passwords"


@pytest.fixture(autouse=True)
def nowhere(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without settings: none are needed."""
    monkeypatch.chdir(tmp_path_factory.mktemp("empty"))
    monkeypatch.delenv("ZEBU_CONFIG", raising=False)


def shown(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    capsys.readouterr()
    assert main(["list", *argv]) == 0
    told = capsys.readouterr()
    assert told.err == ""
    return told.out


def picked(capsys: pytest.CaptureFixture[str], *argv: str) -> list[str]:
    return [item["id"] for item in json.loads(shown(capsys, *argv, "--json"))]


def refused(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    assert main(["list", *argv]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    return told.err.removeprefix("zebu: ").rstrip()


def test_all_are_listed_in_the_checklists_order(capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(capsys).splitlines()
    items = [line for line in lines if line.startswith(("! ", "  "))]
    assert [line[2:].split()[0] for line in items] == ALL
    for line, item in zip(items, load(), strict=True):
        assert line.endswith(f"  {item.text}")
        assert line.startswith("!") is item.non_negotiable
    assert lines[0] == "Pre deployment / infrastructure"
    assert lines.count("Operations / weekly") == 1


def test_data_is_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(shown(capsys, "--json"))
    assert [one["id"] for one in found] == ALL
    assert found[ALL.index(PASSWORDS)] == {
        "id": PASSWORDS, "stage": "pre_deployment", "category": "security", "text": load()[PASSWORDS].text,
        "markers": list(load()[PASSWORDS].markers), "non_negotiable": False, "optional": False, "conditional": False,
    }  # fmt: skip


@pytest.mark.parametrize("expression", [
    "pre_deployment", "not pre_deployment", "pre_deployment and security and not browser", "(browser or outside) and not active",
    "attested", "not (security or database)", "parametrize", "skip", "security(x=1)", "not security(x=1)", "operations or incident",
])  # fmt: skip
def test_markers_pick_what_pytest_picks(
    expression: str, pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]
) -> None:
    importlib.import_module("pytest_zebu.plugin.setup")  # what a run within this process imports is forgotten with it
    suite()
    pytester.makefile(".toml", zebu=recorded.settings())
    options = (f"--zebu-replay={recorded.SNAPSHOT}", "--collect-only", "-q", "-p", "no:hypothesispytest")
    out = pytester.runpytest_inprocess(*options, "-m", expression).stdout.str()
    judged = set(re.findall(r"^\S+::\S+\[([\w.-]+)\]$", out, re.MULTILINE))
    capsys.readouterr()
    if judged:
        assert set(picked(capsys, "-m", expression)) == judged
    else:
        assert refused(capsys, "-m", expression).startswith("no item is picked")


@pytest.mark.parametrize(("words", "some", "none"), [
    ("no-passwords", [PASSWORDS], ["pre.security.ssh.key-auth"]), ("PermitRootLogin", ["pre.security.ssh.root-restricted"], [PASSWORDS]),
    ("ssh and not (port or brute)", [PASSWORDS, "pre.security.ssh.key-auth"], ["pre.security.ssh.port-changed", "pre.security.ssh.brute-force"]),
    ("[deploy.initial.ssh]", ["deploy.initial.ssh"], [PASSWORDS]), ("browser", ["deploy.frontend.mobile"], [PASSWORDS]),
])  # fmt: skip
def test_words_are_looked_for_in_ids_texts_and_markers(
    words: str, some: Sequence[str], none: Sequence[str], capsys: pytest.CaptureFixture[str]
) -> None:
    found = picked(capsys, "-k", words)
    assert set(some) <= set(found)
    assert not set(none) & set(found)


def test_an_id_in_brackets_is_one_item(capsys: pytest.CaptureFixture[str]) -> None:
    """As in the commands that a report gives for judging items again."""
    assert picked(capsys, "-k", f"[{PASSWORDS}] or [deploy.initial.ssh]") == [PASSWORDS, "deploy.initial.ssh"]


def test_both_pick_together(capsys: pytest.CaptureFixture[str]) -> None:
    found = picked(capsys, "-m", "deployment_verification", "-k", "certificate")
    assert found == ["deploy.frontend.certificate"]


@pytest.mark.parametrize(("argv", "words"), [
    (("-m", "pre_deploymnet"), "-m 'pre_deploymnet': there is no marker 'pre_deploymnet'; did you mean 'pre_deployment'?"),
    (("-m", "qqq"), "-m 'qqq': there is no marker 'qqq'; `zebu list --markers` has them"),
    (("-m", "security and"), "-m 'security and': "), (("-m", "(security"), "-m '(security': "), (("-k", "sql injection"), "-k 'sql injection': "),
    (("-k", "and"), "-k 'and': "), (("-m", "a\x1b[31m b"), "-m 'a\\x1b[31m b': "),
    (("-m", "security and operations"), "no item is picked: `zebu list` has them all"), (("-k", "nosuchthing"), "no item is picked"),
])  # fmt: skip
def test_what_picks_nothing_or_is_no_expression(
    argv: Sequence[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refused(capsys, *argv)
    assert said.startswith(words)
    assert "\x1b" not in said


def test_an_expression_that_is_none_shows_one_that_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, "-k", "sql injection").endswith("-k 'certificate and not renewal'")
    assert picked(capsys, "-k", "certificate and not renewal")
    assert refused(capsys, "-m", "a b").endswith("-m 'pre_deployment and not browser'")
    assert picked(capsys, "-m", "pre_deployment and not browser")


def test_markers_with_how_many_items_they_have(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [line.split(maxsplit=2) for line in shown(capsys, "--markers").splitlines()]
    assert {name: (int(count), text) for name, count, text in rows} == {
        name: (sum(name in item.markers for item in load()), text) for name, text in load().markers.items()
    }
    counts = {name: int(count) for name, count, _ in rows}
    assert sum(counts[stage] for stage in SCORED) == 157
    of_some = {
        line.split()[0]: int(line.split()[1]) for line in shown(capsys, "--markers", "-m", "browser").splitlines()
    }
    assert of_some.keys() == counts.keys()
    assert of_some["browser"] == counts["browser"] > of_some["pre_deployment"]
    assert of_some["operations"] == 0


@pytest.mark.parametrize("columns", [40, 80, 100, 200])
def test_on_a_terminal_lines_are_as_wide_as_it(
    columns: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    in_a_pipe = shown(capsys)
    monkeypatch.setenv("COLUMNS", str(columns))
    assert shown(capsys) == in_a_pipe
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    text = shown(capsys)
    words = text.split()
    assert [word for word in in_a_pipe.split() if word != "!"] == [word for word in words if word != "!"]
    longest = max(len(word) for word in words)
    assert max(map(len, text.splitlines())) <= max(columns, longest + 6)
