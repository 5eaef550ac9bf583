"""PostgreSQL by its catalogues."""

from __future__ import annotations

import json
from dataclasses import replace

from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Said, need
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.settings.target import Target


def test_a_database_without_migrations_has_none_applied(bookworm: Gathered, target: Target) -> None:
    state = json.loads(bookworm.said("postgres.state").out)
    answers = {**bookworm.answers, "postgres.state": Said(0, json.dumps({**state, "applied": None}))}
    migrations = need(ALL["migrations"].read(replace(bookworm, answers=answers), target))
    assert migrations.applied == ()
    assert migrations.heads == ("d001_price_history_updated_at",)
