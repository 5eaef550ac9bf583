"""What the declared names answer over https."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_zebu.facts.answer import Garbled, Known, Reason, Unknown
from pytest_zebu.facts.elsewhere import marked
from pytest_zebu.facts.http import Step
from pytest_zebu.facts.web import Answer, foreign_origins, looks, read_answer, scripts_looks
from pytest_zebu.settings.sections import Domains
from pytest_zebu.settings.target import Target
from tests.facts.answers import NOON, read, why

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


def test_an_answer_that_was_handed_in_says_how_long_ago_it_came(target: Target) -> None:
    look = next(one for one in looks(target) if one.subject == "https zebu.test")
    led = {**ROW, "status": 301, "way": [{"url": "https://zebu.test/a", "status": 200, "trouble": ""}], "end": ROW}
    seen = marked({"at": {"192.0.2.1": led}}, "phone", NOON.timestamp() - 3 * 3600)
    found = read("web", {}, target, {look.key: seen}).fronts["zebu.test"].value
    assert (found.ago, found.end.ago) == ("3 hours ago", "3 hours ago")
    assert read("web", {}, target, {look.key: {"at": {"192.0.2.1": led}}}).fronts["zebu.test"].value.ago == ""


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
    found = foreign_origins(target)
    assert found[:3] == ("https://zebu-readiness.example", "null", "http://localhost:5173")
    assert found[3:9] == (
        "https://zebu.test.zebu-readiness.example", "https://zebu-readinesszebu.test", "https://zebu-readiness.zebu.test",
        "http://zebu.test", "https://zebu.test:4443", "https://zebu-test",
    )  # fmt: skip
    assert "http://www.zebu.test" in found
    assert not {*found} & {"https://zebu.test", "https://www.zebu.test"}
    assert len(foreign_origins(declaring(target))) == 3
    seen = asked(target)
    assert all(f"cors {origin}" in seen for origin in found)
    assert [f"preflight {origin}" in seen for origin in found].count(True) == 5


def asked(target: Target) -> dict[str, Any]:
    return {look.subject: look for look in looks(target)}


def test_each_name_is_asked_and_the_api_besides(target: Target) -> None:
    found = asked(target)
    assert found["https zebu.test"].arguments["url"] == "https://zebu.test/"
    assert found["https api.zebu.test"].arguments["url"] == "https://api.zebu.test/health"
    assert found["preflight null"].arguments["method"] == "OPTIONS"
    assert found["preflight https://zebu.test"].arguments["headers"] == {
        "Origin": "https://zebu.test", "Access-Control-Request-Method": "DELETE",
        "Access-Control-Request-Headers": "authorization,content-type",
    }  # fmt: skip
    assert found["health zebu.test"].arguments["follow"] is True
    assert "cors https://www.zebu.test" in found
    assert "cors https://api.zebu.test" not in found
    same = asked(declaring(target, site="zebu.test", api="same-origin"))
    assert same["https zebu.test"].arguments["url"] == "https://zebu.test/"
    assert same["missing route"].arguments["url"].startswith("https://zebu.test/api/")
    assert asked(declaring(target, site="zebu.test")).keys() == {"https zebu.test", "health zebu.test"}


def test_the_description_is_looked_for_under_both_names(target: Target) -> None:
    found = asked(target)
    urls = found["https://api.zebu.test"].arguments["urls"]
    assert {"https://api.zebu.test/openapi.json", "https://api.zebu.test/api/v1/openapi.json"} < {*urls}
    assert "https://zebu.test/docs" in found["https://zebu.test"].arguments["urls"]
    same = asked(declaring(target, site="zebu.test", api="same-origin"))
    assert [name for name, look in same.items() if look.kind == "descriptions"] == ["https://zebu.test"]


def test_what_describes_is_known_by_its_address(target: Target) -> None:
    api, site = (look for look in looks(target) if look.kind == "descriptions")
    silent = Unknown(Reason.UNREACHABLE, "no way")
    row = {"status": 200, "location": "", "body": "{}"}
    answers = {"https://api.zebu.test/docs": row, "https://api.zebu.test/v1.json": silent}
    found = read("web", {}, target, {api.key: {"answers": answers}, site.key: silent}).documentation
    assert found["https://api.zebu.test/docs"].value.status == 200
    assert found["https://api.zebu.test/v1.json"] is silent
    assert found["https://zebu.test/docs"] is silent
    assert why("web", {}, target, {api.key: {"answers": []}}) is Reason.GARBLED
    assert why("web", {}, target, {api.key: {"answers": {"https://api.zebu.test/docs": 1}}}) is Reason.GARBLED


def test_what_is_at_the_end_of_a_way() -> None:
    way = [{"url": "https://x/a/", "status": 200, "trouble": ""}]
    end = {"status": 200, "location": "", "body": "here", "headers": {"content-type": ["text/html"]}}
    row = {"status": 308, "location": "/a/", "way": way, "end": end, "again": "at the second try"}
    found = read_answer(Known(row), "https://x/a")
    assert isinstance(found, Known)
    assert found.value.is_redirect
    assert found.value.told == "308 /a/ (at the second try)"
    assert found.value.end == Answer("https://x/a/", 200, "", {"content-type": ("text/html",)}, "here", "")
    nothing = read_answer(Known({**row, "end": {"status": 0, "error": "leads in a circle"}}), "https://x/a")
    assert isinstance(nothing, Known)
    assert nothing.value.end is None
    with pytest.raises(Garbled):
        read_answer(Known({**row, "end": {}}), "https://x/a")


@pytest.mark.parametrize(
    ("status", "nothing"), [(0, "no answer"), (429, "429"), (502, "502"), (500, "500"), (404, ""), (401, ""), (200, "")]
)
def test_what_says_nothing_of_what_was_asked_for(status: int, nothing: str) -> None:
    said = Answer("https://x/", status, "", {}, "", "").says_nothing
    assert nothing in said
    assert bool(said) is bool(nothing)


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
