"""Which table a column means that no foreign key explains."""

from __future__ import annotations

import pytest

from tests_prod.pre_deployment.test_database_integrity import _target_of


@pytest.mark.parametrize(
    ("column", "tables", "found"),
    [
        ("user_id", {"app.users"}, None),
        ("user_id", {"users"}, "users"), ("user_id", {"user", "users"}, "user"), ("box_id", {"boxes"}, "boxes"),
        ("category_id", {"categories"}, "categories"), ("day_id", {"days"}, "days"), ("toy_id", {"toies"}, "toies"),
        ("box_id", {"boxies"}, None), ("external_id", {"users"}, None),
        ("person_id", {"people"}, "people"), ("tax_index_id", {"tax_indices"}, "tax_indices"), ("person_id", {"persons", "people"}, "persons"),
    ],
)  # fmt: skip
def test_which_table_a_column_means(column: str, tables: set[str], found: str | None) -> None:
    assert _target_of("orders", column, frozenset(tables)) == found


@pytest.mark.parametrize(("tables", "found"), [
    ({"users", "app.users", "old.users"}, "app.users"), ({"users", "old.users"}, "users"), ({"old.users"}, None),
])  # fmt: skip
def test_a_tables_own_schema_comes_first(tables: set[str], found: str | None) -> None:
    assert _target_of("app.orders", "user_id", frozenset(tables)) == found
