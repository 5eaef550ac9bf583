"""SQL that is built from values."""

from __future__ import annotations

import pytest

from pytest_zebu.facts.answer import Reason
from pytest_zebu.facts.source import BuiltStatement, built_statements
from pytest_zebu.settings.target import Target
from tests.facts.answers import read, why


@pytest.mark.parametrize(("source", "lines"), [
    ("s.execute(f\"SELECT id FROM t WHERE name = '{name}'\")", [1]),
    ("s.execute('SELECT id FROM t WHERE id = %s' % value)", [1]),
    ("s.execute('DELETE FROM t WHERE id = {}'.format(value))", [1]),
    ("q = 'SELECT a FROM t WHERE x = ' + value", [1]),
    ("q = 'SELECT a ' + 'FROM t '", []),
    ("s.execute(text('SELECT a FROM t WHERE id = :id'), {'id': value})", []),
    ("log.info(f'Update of {name} ended')", []),
    ("f'SELECTED {x} FROM {y}'", []),
    ("x = f'{a} and {b}'", []),
])  # fmt: skip
def test_statements_built_from_values(source: str, lines: list[int]) -> None:
    assert built_statements(source) == lines


def test_files_of_the_image(target: Target) -> None:
    out = (
        "@ a.py\nx = 1\n\n@end\n@ b/c d.py\n\nq = 'SELECT a FROM t WHERE x = ' + x\n@end\n@ old.py\nprint 'x'\n@end\n@ deep.py\nx = "
        + "(" * 300
        + "\n@end\n"
    )
    found = read("source", out, target)
    assert (found.files, found.unread, found.built) == (4, ("old.py", "deep.py"), (BuiltStatement("b/c d.py", 2),))


@pytest.mark.parametrize(
    ("out", "reason"), [("", Reason.MISSING), ("\n", Reason.MISSING), ("@ a.py\nx = 1\n", Reason.GARBLED)]
)
def test_no_source_is_no_verdict(out: str, reason: Reason, target: Target) -> None:
    assert why("source", out, target) is reason
