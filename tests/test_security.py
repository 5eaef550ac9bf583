"""docs/security.md promises what tests hold, and its table counts what they try."""

from __future__ import annotations

import re
import shlex
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources

import pytest

from pytest_zebu.gather import engine
from tests.hostile import AREAS, COMMAND, PAGE, ROOT, TABLES, HostileCase, collect, fenced, renewed, shown, table

FLOOR = 1500
"""So many hostile cases are tried at least: raised when there are more, never lowered."""


@cache
def cases() -> tuple[HostileCase, ...]:
    return collect()


@pytest.mark.parametrize("name", TABLES)
def test_the_tables_are_what_the_tests_are_made_of(name: str) -> None:
    expected = table(cases()) if name == "hostile cases" else TABLES[name]()
    assert shown(PAGE.read_text(encoding="utf-8"), name) == expected, f"renew docs/security.md: {COMMAND}"


def test_so_many_cases_are_tried() -> None:
    assert len(cases()) >= FLOOR
    assert len({one.node for one in cases()}) == len(cases())


MADE_UP = (
    HostileCase("a", "ssh"),
    HostileCase("b", "ssh", "the kernel says nothing"),
    HostileCase("c", "ssh", "the kernel says nothing"),
    HostileCase("d", "lab"),
)


def test_what_is_not_survived_is_counted_apart_and_named_with_its_reason() -> None:
    lines = table(MADE_UP).splitlines()
    assert [line for line in lines if line.startswith("| ssh |")] == [f"| ssh | {AREAS['ssh']} | 3 | 1 | 2 |"]
    assert "| **all** | | **4** | **2** | **2** |" in lines
    assert lines[-1] == "- *ssh*, 2 of them: the kernel says nothing"
    assert table(MADE_UP[:1]).splitlines()[-1].startswith("| **all**")


def test_every_area_has_a_row_also_where_nothing_is_tried() -> None:
    rows = [line.split("|")[1].strip() for line in table(()).splitlines()[2:]]
    assert rows == [*AREAS, "**all**"]


@pytest.mark.parametrize("old", ["", "old\n"], ids=["empty", "filled"])
def test_a_page_is_renewed_between_its_marks_only(old: str) -> None:
    page = f"before\n<!-- one: begin -->\n{old}<!-- one: end -->\nbehind <!-- two: end -->\n"
    assert renewed(page, "one", "| new |") == page.replace(f"{old}<!-- one: end", "| new |\n<!-- one: end")
    with pytest.raises(ValueError, match="no place for two"):
        shown(page, "two")


def test_each_test_that_the_page_names_is_there() -> None:
    """`tests/…::name`, as pytest names it: a promise without a test is none."""
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", PAGE.read_text(encoding="utf-8"))
    assert len(named) > 20
    lacking = [
        f"{path}::{name}"
        for path, name in named
        if not (ROOT / path).is_file() or (name and f"def {name}(" not in (ROOT / path).read_text(encoding="utf-8"))
    ]
    assert lacking == []


SUDO = re.compile(r"sudo -n (\S.*?) 2>/dev/null;")
WAY_IN = re.compile(
    r"^my @far = \(\(split ' ', \$given\{container\}\), '(\w+)', '(\S+)', \$ENV\{SSH_CONNECTION\}", re.MULTILINE
)


def test_the_rule_for_sudo_is_for_what_is_run() -> None:
    """As sudoers matches them: the program by its path, then all arguments as one text. A live run proves the rest."""
    rules = [line.partition(" = ")[2] for line in fenced("sudoers").splitlines() if line.startswith("Cmnd_Alias")]
    look = WAY_IN.search(resources.files("pytest_zebu.gather").joinpath("enter.pl").read_text(encoding="utf-8"))
    assert look
    restore = [" ".join(shlex.split(one)) for one in SUDO.findall(engine.REMOTE)]
    assert restore
    for command in (f"{look[1]} {look[2]} 192.0.2.9 50000 192.0.2.1 22", *restore):
        assert any(fnmatchcase(f"/usr/bin/{command}", rule) for rule in rules), command
