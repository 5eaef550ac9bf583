"""What the declared names answer over https."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_zebu.facts.answer import Garbled, Known, Reason, Unknown
from pytest_zebu.facts.http import Step
from pytest_zebu.facts.web import Answer, foreign_origins, looks, read_answer, scripts_looks
from pytest_zebu.settings.sections import Domains
from pytest_zebu.settings.target import Target
from tests.facts.answers import read, why

ROW = {
    "status": 200,
    "location": "",
    "headers": {"content-type": ["application/json", "x"]},
    "body": "{}",
    "sha256": "ab",
}


def declaring(target: Target, **domains: Any) -> Target:
    return target.model_copy(update={"settings": target.settings.model_copy(update={"domains": Domains(**domains)})})


def test_an_answer() -> None:
    found = read_answer(Known(ROW), "https://x/")
    assert found == Known(Answer("https://x/", 200, "", {"content-type": ("application/json", "x")}, "{}", "ab", ""))
    assert isinstance(found, Known)
    assert (found.value.header("content-type"), found.value.header("server"), found.value.is_json) == (
        "application/json",
        "",
        True,
    )
    nothing = read_answer(Known({"status": 0, "location": "", "error": "refused"}), "https://x/")
    assert nothing == Known(Answer("https://x/", 0, "", {}, "", "", "refused"))
    unknown = Unknown(Reason.TIMED_OUT, "x")
    assert read_answer(unknown, "https://x/") is unknown


@pytest.mark.parametrize(("kind", "is_json", "is_page"), [
    ("application/json; charset=utf-8", True, False), ("text/html; x=json", False, True), ("Text/HTML", False, True), ("application/xhtml+xml", False, True), ("text/htmlish", False, False), ("", False, False),
])  # fmt: skip
def test_what_an_answer_says_that_it_is(kind: str, is_json: bool, is_page: bool) -> None:
    answer = Answer("https://x/", 200, "", {"content-type": (kind,)}, "", "")
    assert (answer.is_json, answer.is_page) == (is_json, is_page)


def test_values_of_a_header_are_one_to_browsers() -> None:
    answer = Answer("https://x/", 200, "", {"a": ("1", "1")}, "", "")
    assert (answer.combined("a"), answer.combined("b")) == ("1, 1", "")


def test_fronts_are_seen_at_each_address(target: Target) -> None:
    look = asked(target)["https zebu.test"]
    assert (look.arguments["everywhere"], look.arguments["follow"]) == (True, True)
    silent = Unknown(Reason.UNREACHABLE, "no way")
    row = {"status": 301, "location": "/x", "way": [{"url": "https://zebu.test/x", "status": 200, "trouble": ""}]}
    found = read("web", {}, target, {look.key: {"at": {"192.0.2.1": row, "192.0.2.2": silent}}})
    first = found.fronts["zebu.test at 192.0.2.1"].value
    assert (first.status, first.way) == (301, Known((Step("https://zebu.test/x", 200),)))
    assert found.fronts["zebu.test at 192.0.2.2"] is silent


def test_origins_that_must_not_be_allowed(target: Target) -> None:
    assert foreign_origins(target)[2:] == (
        "https://zebu.test.zebu-readiness.example",
        "https://zebu-readinesszebu.test",
        "http://zebu.test",
    )
    assert foreign_origins(declaring(target)) == ("https://zebu-readiness.example", "null")


def asked(target: Target) -> dict[str, Any]:
    return {look.subject: look for look in looks(target)}


def test_each_name_is_asked_and_the_api_besides(target: Target) -> None:
    found = asked(target)
    assert found["https zebu.test"].arguments["url"] == "https://zebu.test/"
    assert found["https api.zebu.test"].arguments["url"] == "https://api.zebu.test/health"
    assert found["preflight null"].arguments["method"] == "OPTIONS"
    assert "cors https://www.zebu.test" in found
    assert "cors https://api.zebu.test" not in found
    same = asked(declaring(target, site="zebu.test", api="same-origin"))
    assert same["https zebu.test"].arguments["url"] == "https://zebu.test/"
    assert same["missing route"].arguments["url"].startswith("https://zebu.test/api/")
    assert asked(declaring(target, site="zebu.test")).keys() == {"https zebu.test", "health zebu.test"}


def test_without_an_api_its_answers_are_not_configured(target: Target) -> None:
    found = read("web", {}, declaring(target, site="zebu.test"), {})
    assert found.missing.reason is found.root.reason is Reason.NOT_CONFIGURED
    assert found.fronts["zebu.test"].reason is Reason.NOT_GATHERED
    assert why("web", {}, declaring(target)) is Reason.NOT_CONFIGURED


def test_scripts_and_what_they_name(target: Target) -> None:
    (look,) = scripts_looks(target)
    seen = {
        "scripts": [{"url": "https://zebu.test/a.js", "status": 200, "type": "text/javascript"}],
        "bases": {"https://api.zebu.test": {"status": 0, "type": ""}},
    }
    found = read("scripts", {}, target, {look.key: seen})
    assert found.scripts == (("https://zebu.test/a.js", 200, "text/javascript"),)
    assert found.bases == {"https://api.zebu.test": (0, "")}
    assert why("scripts", {}, declaring(target)) is Reason.NOT_CONFIGURED
    assert scripts_looks(declaring(target)) == ()


@pytest.mark.parametrize(("said", "known"), [("a" * 64 + "  -\n", True), ("a" * 63 + "  -\n", False), ("", False)])
def test_the_first_page_by_its_sum(said: str, known: bool, target: Target) -> None:
    if known:
        assert read("own_page", said, target) == "a" * 64
    else:
        assert why("own_page", said, target) is Reason.UNDECIDABLE


@pytest.mark.parametrize(
    "change",
    [
        {"status": "200"},
        {"location": None},
        {"headers": {"a": "b"}},
        {"headers": {"a": [1]}},
        {"headers": []},
        {"body": 1},
    ],
)
def test_another_shape_is_garbled(change: dict[str, Any]) -> None:
    with pytest.raises(Garbled):
        read_answer(Known({**ROW, **change}), "https://x/")
