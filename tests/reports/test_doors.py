"""Every format of a report in which everything is hostile: it is the report of harmless text, with other words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from pytest_zebu.reports import html, pictures, terminal
from pytest_zebu.reports import json as json_format
from pytest_zebu.reports.report import ItemReport, Report, Seen
from pytest_zebu.shown import MOST_ENTRIES
from pytest_zebu.verdict.outcome import Case, Outcome
from tests.hostile_texts import DIRTY, forbidden
from tests.reports.made_up import FIRST, HOSTILE, ITEMS, REPORT

VOID = {"img", "input", "br", "meta", "hr"}
BESIDE = (html.Beside("test_own.py::test_own", HOSTILE), html.Beside(HOSTILE, HOSTILE, is_check=True))


def told(value: Any, text: str) -> Any:
    """A value in which a text stands wherever the made-up report has its hostile one."""
    if type(value) is str:
        return value.replace(HOSTILE, f"x{text}")
    if isinstance(value, tuple):
        return tuple(told(one, text) for one in value)
    if isinstance(value, BaseModel):
        return value.model_copy(update={name: told(held, text) for name, held in value})
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{one.name: told(getattr(value, one.name), text) for one in fields(value)})
    return value


class Page(HTMLParser):
    """What a browser makes of a page: its tags with the names of their attributes, in their order; and what is out of place.

    Two things are made of words: what stands in backticks is code, and an address of a source is a link to what it says.
    """

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, ...]] = []
        self.links: list[str] = []
        self.sources: list[str] = []
        self.open: list[str] = []
        self.odd: list[str] = []
        self.feed(text)
        self.close()
        self.odd += self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = (tag, *(name for name, _ in attrs))
        links = [value or "" for name, value in attrs if name in ("href", "src", "action")]
        if found == ("a", "href", "rel"):
            self.sources += links
        elif found != ("code",):
            self.tags.append(found)
            self.links += links
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.odd.append(tag)

    def handle_comment(self, data: str) -> None:
        self.odd.append(data)

    def handle_pi(self, data: str) -> None:
        self.odd.append(data)

    def unknown_decl(self, data: str) -> None:
        self.odd.append(data)


def page(report: Report) -> str:
    """The whole page; and what pytest-html is given."""
    beside = told(BESIDE, report.hosts[0].items[1].why.removeprefix("x")) if report is not REPORT else BESIDE
    rows = [*html.row(["<td>Failed</td>", "", "<td>1 ms</td>", "<td></td>"], beside[1].name), html.log("vm", "a.b")]
    return "\n".join([html.render(report), html.body(report, beside), *rows])


def item_alone(item: ItemReport) -> str:
    """A page of a single item."""
    return html.render(replace(REPORT, hosts=(replace(FIRST, items=(item,)),)))


def skeleton(data: Any) -> Any:
    """What data is without its texts and numbers."""
    match data:
        case dict():
            return {key: skeleton(value) for key, value in data.items()}
        case list():
            return [skeleton(value) for value in data]
        case _:
            return type(data).__name__


HARMLESS = told(REPORT, "plain words")
PAGE, LINES, DATA = (
    Page(page(HARMLESS)),
    terminal.render(HARMLESS).split("\n"),
    json.loads(json_format.render(HARMLESS)),
)


def is_same(text: str) -> None:
    report = told(REPORT, text)
    shown = Page(made := page(report))
    assert (shown.tags, shown.odd, shown.links) == (PAGE.tags, [], PAGE.links)
    assert all(link.startswith(("https://", "http://")) for link in shown.sources)
    assert not forbidden(made, "\n\t")
    lines = terminal.render(report).split("\n")
    assert len(lines) == len(LINES)
    assert [line.split(" ")[0][:3] for line in lines] == [line.split(" ")[0][:3] for line in LINES]
    assert not forbidden("".join(lines), "")
    assert not [line for line in lines if line.lstrip().startswith("::") or "##[" in line or "##vso[" in line]
    data = json.loads(written := json_format.render(report))
    assert skeleton(data) == skeleton(DATA)
    assert not forbidden("".join(_texts(data)), "\n\t")
    assert written.isascii()


def _texts(data: Any) -> Iterator[str]:
    match data:
        case dict():
            for key, value in data.items():
                yield key
                yield from _texts(value)
        case list():
            for value in data:
                yield from _texts(value)
        case str():
            yield data


@pytest.mark.hostile("outputs")
@pytest.mark.parametrize("text", DIRTY.values(), ids=DIRTY)
def test_a_report_of_hostile_words_is_a_report(text: str) -> None:
    is_same(text)


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=200) | st.lists(st.sampled_from(list(DIRTY.values())[:50]), max_size=3).map("".join))
def test_whatever_is_said_every_format_is_whole(text: str) -> None:
    is_same(text)


@pytest.mark.hostile("outputs")
@pytest.mark.parametrize("picture", [
    '" onerror="alert(1)', "https://evil.example/x.png", "AAAA\nBBBB", "", "<svg>", "A" * 5_000_000, "AAAA\udc80",
], ids=["out of the attribute", "an address", "two lines", "nothing", "a drawing", "five megabytes", "no text"])  # fmt: skip
def test_what_is_no_picture_is_left_out(picture: str) -> None:
    item = replace(ITEMS[1], pictures=(("odd", picture), ("right", "AAAA")))
    links = Page(item_alone(item)).links
    assert [link for link in links if not link.startswith("#")] == ["data:image/jpeg;base64,AAAA"]


@pytest.mark.hostile("outputs")
def test_there_is_an_end_of_cases_evidence_and_pictures() -> None:
    cases = tuple(Case(f"case {number}", Outcome.PASSED, "", ("x",)) for number in range(3 * MOST_ENTRIES))
    item = replace(
        ITEMS[1],
        cases=cases,
        pictures=(("many", "AAAA"),) * 500,
        evidence=tuple(map(str, range(3 * MOST_ENTRIES))),
        seen=(),
    )
    item = replace(item, seen=tuple(Seen(case.name, case.name) for case in cases))
    text = item_alone(item)
    assert sum(link.startswith("data:") for link in Page(text).links) == pictures.MOST
    assert text.count('<span class="mark">') == MOST_ENTRIES
    assert text.count("<samp>") == MOST_ENTRIES
    assert f"<p>and {2 * MOST_ENTRIES} more</p>" in text
    assert f"<p>and {2 * MOST_ENTRIES} more seen</p>" in text
    document = json.loads(json_format.render(replace(REPORT, hosts=(replace(FIRST, items=(item,)),))))
    (written,) = document["hosts"][0]["items"]
    assert len(written["cases"]) == len(written["evidence"]) == MOST_ENTRIES
    assert written["evidence"][-1]["text"] == f"and {2 * MOST_ENTRIES + 1} more"


@pytest.mark.hostile("outputs")
@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), float("-inf"), 1e308])
def test_a_time_that_is_none_breaks_no_format(seconds: float) -> None:
    host = replace(FIRST, access=replace(FIRST.access, seconds=seconds))
    report = replace(REPORT, hosts=(host,))
    assert isinstance(json.loads(json_format.render(report))["hosts"][0]["gather_seconds"], float)
    assert Page(page(report)).odd == []
    assert terminal.render(report)


def test_a_title_is_one_line() -> None:
    for text in DIRTY.values():
        title = html.title([text, "vm"])
        assert not forbidden(title, "")
        assert len(title) <= 300


def test_the_page_says_that_it_asks_for_nothing() -> None:
    made = html.guarded('<!DOCTYPE html>\n<html>\n  <head>\n    <meta charset="utf-8"/>\n    <title id="head-title">')
    assert made.count("Content-Security-Policy") == 1
    assert "default-src 'none'" in made
    assert made.index("Content-Security-Policy") < made.index("<title")
    assert Page(made).tags[2:4] == [("meta", "charset"), ("meta", "http-equiv", "content")]
    assert html.guarded("<p>another's page") == "<p>another's page"
