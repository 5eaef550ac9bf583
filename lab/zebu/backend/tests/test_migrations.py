"""The migrations make what the models say, and take it back."""

from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect

from zebu import database
from zebu.models import Base

ROOT = Path(__file__).parents[1]


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    engine = create_engine(f"sqlite:///{tmp_path}/zebu.db")
    monkeypatch.setattr(database, "engine", lambda: engine)
    config = Config(str(ROOT / "alembic.ini"))
    config.set_main_option("script_location", str(ROOT / "migrations"))
    return config


def test_one_head(config: Config) -> None:
    assert len(ScriptDirectory.from_config(config).get_heads()) == 1


def test_up_makes_the_models_tables_and_down_removes_them(config: Config) -> None:
    command.upgrade(config, "head")
    made = inspect(database.engine())
    for name, table in Base.metadata.tables.items():
        assert {column["name"] for column in made.get_columns(name)} == set(table.columns.keys())
        assert len(made.get_foreign_keys(name)) == len(table.foreign_key_constraints)
    command.downgrade(config, "base")
    assert inspect(database.engine()).get_table_names() == ["alembic_version"]
