"""SQL that is built from values."""

from __future__ import annotations

import pytest

from pytest_zebu.facts.source import built_statements


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
