"""Variables, judged without their values."""

from __future__ import annotations

from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import need
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.settings.target import Target


def test_no_value_of_a_secret_is_in_the_environment(bookworm: Gathered, target: Target) -> None:
    environment = need(ALL["environment"].read(bookworm, target))
    secret = environment.get(".env", "POSTGRES_PASSWORD")
    assert secret is not None
    assert (secret.plain, secret.length, secret.is_placeholder) == ("", 48, False)
    same = {variable.where for variable in environment.variables if variable.group == secret.group}
    assert same == {".env", "container:db"}
