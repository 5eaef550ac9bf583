"""What plain http answers."""

from __future__ import annotations

from pytest_zebu.facts.answer import Known, Reason, Unknown
from pytest_zebu.facts.http import DEEP_PATH, HttpAnswer, looks
from pytest_zebu.settings.target import Target
from tests.facts.answers import read, why


def test_each_name_and_path_answers_for_itself(target: Target) -> None:
    asked = looks(target)
    assert [look.arguments["url"] for look in asked[:2]] == ["http://zebu.test/", f"http://zebu.test{DEEP_PATH}"]
    assert len(asked) == 6
    found = read("plain_http", {}, target, {asked[0].key: {"status": 301, "location": "https://zebu.test/"}})
    assert found["zebu.test"]["/"] == Known(HttpAnswer("http://zebu.test/", 301, "https://zebu.test/"))
    assert isinstance(found["zebu.test"][DEEP_PATH], Unknown)
    assert found.keys() == {"zebu.test", "www.zebu.test", "api.zebu.test"}


def test_another_shape_is_garbled(target: Target) -> None:
    assert why("plain_http", {}, target, {looks(target)[0].key: {"status": "301", "location": ""}}) is Reason.GARBLED
