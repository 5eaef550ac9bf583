"""The page as people see it: in a browser; and what needs none."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from pytest_zebu.catalogue import SCORED, Stage
from pytest_zebu.reports import html
from pytest_zebu.reports.report import ItemReport, PastReport, Report, Seen
from pytest_zebu.verdict.outcome import Case, Outcome
from tests.browser import address, complaints, opened, outcomes, started
from tests.reports import eight_faults, made_up
from tests.reports.made_up import AT, FIRST, HOSTILE, ITEMS, REPORT

WAIVED = "deploy.backend.cors-headers"
LIMIT = 1_000_000
"""Of bytes, for one host without pictures."""
SIZES = pytest.mark.parametrize("width", [1280, 390])
SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])


def faults() -> Report:
    """The eight faults, with each outcome among the items."""
    report = eight_faults.report()
    (host,) = report.hosts
    items = tuple(replace(one, outcome=Outcome.WAIVED) if one.item == WAIVED else one for one in host.items)
    assert {item.outcome for item in items} == set(Outcome)
    return replace(report, hosts=(replace(host, items=items),))


def several() -> Report:
    """The eight faults on two hosts, beside what is made up."""
    (host,) = faults().hosts
    return replace(REPORT, hosts=(host, replace(host, name="lab two"), *REPORT.hosts))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with started() as found:
        yield found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("pages")
    for name, report in (("one", faults()), ("several", several()), ("made_up", REPORT)):
        (place / f"{name}.html").write_text(html.render(report), encoding="utf-8")
    return place


@pytest.fixture
def page(browser: Browser, folder: Path) -> Iterator[Page]:
    """The eight faults on a desk."""
    with opened(browser, folder / "one.html") as found:
        yield found


def known(item: ItemReport, host: str = "lab") -> str:
    return f"[id='{html.anchor('item', host, item.item)}']"


def see(page: Page, selector: str) -> None:
    """It is on the screen, whole: soon, as a page hears of a new address after the click that led there."""
    expect(page.locator(selector).first).to_be_in_viewport(ratio=0.99)


@pytest.mark.chromium
class TestReading:
    @SIZES
    def test_every_item_is_there_whatever_its_outcome(self, width: int, browser: Browser, folder: Path) -> None:
        (host,) = faults().hosts
        with opened(browser, folder / "one.html", width=width) as page:
            assert outcomes(page) == Counter(item.outcome.value for item in host.items)
            assert outcomes(page).total() == 196
            unfolded = page.locator("li.item:has(> details[open])")
            assert unfolded.evaluate_all("all => all.map(item => item.querySelector('.id').textContent)") == [
                item.item for item in host.items if item.outcome in (Outcome.FAILED, Outcome.NOT_ASSESSED)
            ]
            texts = page.locator("li.item .what").all_text_contents()
            assert all(
                text.startswith(item.text.replace("`", "")) for text, item in zip(texts, host.items, strict=True)
            )

    @SIZES
    @pytest.mark.parametrize("name", ["one", "several", "made_up"])
    def test_nothing_is_wider_than_the_window(self, name: str, width: int, browser: Browser, folder: Path) -> None:
        with opened(browser, folder / f"{name}.html", width=width) as page:
            page.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = true)")
            assert page.evaluate("document.scrollingElement.scrollWidth") == width

    @SIZES
    @SCHEMES
    @pytest.mark.parametrize("name", ["one", "made_up"])
    def test_axe_finds_nothing(self, name: str, scheme: str, width: int, browser: Browser, folder: Path) -> None:
        """Of the eight faults as they are shown; of what is made up, which has each kind of thing, with all opened."""
        how: dict[str, Any] = {"color_scheme": scheme, "bypass_csp": True}
        with opened(browser, folder / f"{name}.html", width=width, **how) as page:
            dark = page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
            assert dark is (scheme == "dark")
            if name == "made_up":
                page.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = true)")
            assert complaints(page) == []

    def test_the_first_screen_says_whether_why_and_what_next(self, page: Page) -> None:
        (host,) = faults().hosts
        assert page.locator("h1").all_inner_texts() == ["NOT READY\nlab is not ready for production"]
        for place, tally in enumerate(host.stages.values()):
            card = page.locator(".stage-card").nth(place)
            said = card.inner_text()
            assert "NOT READY" in said
            assert f"{tally.score} % of {tally.threshold} %" in said
            assert f"{len(tally.blockers)} non-negotiable open" in said
            assert host.by_id[tally.blockers[0]].text in said
            see(page, f".stage-card:nth-child({place + 1}) .bar")
        for place, step in enumerate(host.plan[:2]):
            said = page.locator(".step").nth(place).inner_text()
            assert step.title in said
            assert step.gain.replace("->", "→") in said
            assert step.caution in said
            assert page.locator(".step .command code").nth(place).text_content() == step.verify
        see(page, ".step:nth-child(2)")
        for name in ("Relaxed", "Simulated"):
            see(page, f".notices li:has-text('{name}')")

    def test_a_healthy_page_has_nothing_to_do(self, browser: Browser, tmp_path: Path) -> None:
        (host,) = eight_faults.report().hosts
        items = tuple(replace(item, outcome=Outcome.PASSED) for item in host.items)
        stages = {
            stage: replace(
                tally, blockers=(), counts={**dict.fromkeys(Outcome, 0), Outcome.PASSED: sum(tally.counts.values())}
            )
            for stage, tally in host.stages.items()
        }
        host = replace(host, items=items, stages=stages, ready=True, plan=(), causes=(), openings=())
        (tmp_path / "page.html").write_text(html.render(Report("1", 1.0, (host,))))
        with opened(browser, tmp_path / "page.html") as page:
            assert page.locator("h1").inner_text() == "READY\nlab is ready for production"
            assert page.locator("li.item > details[open]").count() == 0
            assert "Nothing of what was judged is left" in page.locator(".next").inner_text()
            assert page.get_by_text("NOT READY").count() == 0

    def test_without_script_all_is_there_and_opens_by_itself(self, browser: Browser, folder: Path) -> None:
        (host,) = faults().hosts
        folded = next(item for item in host.items if item.outcome is Outcome.PASSED)
        with opened(browser, folder / "one.html", java_script_enabled=False) as page:
            assert page.locator("li.item").count() == 196
            assert not page.locator("form.filters").is_visible()
            assert not page.locator("button.copy").first.is_visible()
            assert not page.locator(known(folded)).is_visible()
            page.locator(f"li.item:has({known(folded)}) summary").first.click()
            assert page.locator(known(folded)).is_visible()
            page.emulate_media(media="print")
            assert all(page.locator("li.item .known").nth(place).is_visible() for place in range(0, 196, 5))

    def test_the_keyboard_reaches_what_the_mouse_does(self, page: Page) -> None:
        page.keyboard.press("Tab")
        expect(page.locator(".skip")).to_be_focused()
        see(page, ".skip")
        page.keyboard.press("Enter")
        expect(page.locator("#checklist")).to_be_focused()
        page.keyboard.press("Tab")
        expect(page.locator("input[name=q]")).to_be_focused()
        page.evaluate("dispatchEvent(new HashChangeEvent('hashchange'))")  # on a busy machine it comes late
        expect(page.locator("input[name=q]")).to_be_focused()
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        page.keyboard.type("proxmox host")
        assert outcomes(page).total() == 1
        for _ in range(20):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.matches('li.item summary')"):
                break
        page.keyboard.press("Enter")
        assert page.locator("li.item:not(.off) > details").get_attribute("open") is not None

    def test_words_of_others_stay_words(self, browser: Browser, folder: Path) -> None:
        with opened(browser, folder / "made_up.html") as page:
            assert (
                page.locator("script, svg [onload], iframe, object, form").count() == 2
            )  # our script, and our filters
            assert page.locator("img").count() == page.locator("img[src^='data:image/jpeg;base64,']").count() == 1
            handlers = (
                "[...document.querySelectorAll('*')].flatMap(e => [...e.attributes]).filter(a => /^on/.test(a.name))"
            )
            assert page.evaluate(f"{handlers}.length") == 0
            text = page.locator("body").text_content() or ""
            assert text.count('<script>alert("1")</script>') > 50
            links = "[...document.links].map(link => link.protocol)"
            assert set(page.evaluate(links)) <= {"file:", "https:", "http:"}


@pytest.mark.chromium
class TestFinding:
    def test_each_filter_leaves_what_fits(self, page: Page) -> None:
        (host,) = faults().hosts
        status = page.locator("[role=status]")
        expect(status).to_have_text("196 of 196 items")

        def shown(**chosen: str) -> list[str]:
            page.locator("button[type=reset]").click()
            expect(status).to_have_text("196 of 196 items")
            for name, value in chosen.items():
                if name == "q":
                    page.locator("input[name=q]").fill(value)
                else:
                    page.locator(f"select[name={name}]").select_option(value)
            found = page.locator("li.item:not(.off) .id").all_text_contents()
            expect(status).to_have_text(f"{len(found)} of 196 items")
            assert outcomes(page).total() == len(found)
            return found

        for outcome in Outcome:
            assert shown(outcome=outcome.value) == [one.item for one in host.items if one.outcome is outcome]
        shut = (Outcome.FAILED, Outcome.NOT_ASSESSED)
        assert shown(outcome="open") == [one.item for one in host.items if one.outcome in shut]
        for stage in Stage:
            assert shown(stage=stage.value) == [one.item for one in host.items if one.stage is stage]
        assert shown(category="service_health") == [i.item for i in host.items if i.category == "service_health"]
        assert shown(by="B") == [one.item for one in host.items if "B" in one.by]
        assert 0 < len(shown(by="B")) < 196
        assert shown(stage="pre_deployment", outcome="failed", category="security") == [
            one.item for one in host.items if one.item.startswith("pre.security") and one.outcome is Outcome.FAILED
        ]
        assert "pre.security.ssh.no-passwords" in shown(q="password SSH")
        assert shown(q="no item says this") == []
        assert not page.locator(".chapter").first.is_visible()

    def test_the_address_keeps_what_was_chosen(self, page: Page) -> None:
        page.locator("select[name=outcome]").select_option("failed")
        page.locator("input[name=q]").fill("a & b=c #d")
        assert address(page).partition("#")[2] == "q=a+%26+b%3Dc+%23d&outcome=failed"
        page.locator("input[name=q]").fill("certificate")
        found = page.locator("li.item:not(.off) .id").all_text_contents()
        assert 0 < len(found) < 20
        here = address(page)
        page.goto("about:blank")
        page.goto(here)
        assert page.locator("li.item:not(.off) .id").all_text_contents() == found
        assert page.locator("input[name=q]").input_value() == "certificate"
        page.goto(f"{here}&stage=no_stage&by=%00&host=x&nothing=1")  # whoever made up this address
        assert page.locator("li.item:not(.off) .id").all_text_contents() == found
        assert page.locator("select[name=stage]").input_value() == ""
        page.locator("button[type=reset]").click()
        expect(page.locator("[role=status]")).to_have_text("196 of 196 items")
        assert address(page) == here.partition("#")[0]

    def test_a_link_opens_the_item_that_it_names(self, page: Page) -> None:
        expect(page.locator("[role=status]")).to_have_text("196 of 196 items")
        (host,) = faults().hosts
        folded = [item for item in host.items if item.outcome is Outcome.PASSED][40]
        here = address(page)
        page.goto("about:blank")
        page.goto(f"{here}#{html.anchor('item', 'lab', folded.item)}")
        expect(page.locator(known(folded))).to_be_visible()
        see(page, f"li.item:has({known(folded)}) summary")
        expect(page.locator("[role=status]")).to_have_text("196 of 196 items")
        # Also where a filter hides it, and again when it was folded in between.
        blocked = host.by_id[host.stages[Stage.PRE].blockers[1]]
        for _ in range(2):
            page.locator("select[name=outcome]").select_option("passed")
            assert not page.locator(known(blocked)).is_visible()
            page.locator(".blockers a").nth(1).click()
            expect(page.locator(known(blocked))).to_be_visible()
            see(page, f"li.item:has({known(blocked)}) summary")
            page.locator(f"li.item:has({known(blocked)}) summary").first.click()

    def test_a_cause_leads_to_its_consequences_and_back(self, page: Page) -> None:
        (host,) = faults().hosts
        cause = host.causes[0]
        consequence = host.by_id[cause.consequences[0]]
        page.locator(".causes > li").first.get_by_text(consequence.text).first.click()
        see(page, f"li.item:has({known(consequence)}) summary")
        page.locator(known(consequence)).get_by_role("link", name=cause.text).click()
        see(page, ".causes > li:first-child p")
        opening = host.openings[0]
        unseen = host.by_id[opening.items[0]]
        page.locator(".openings summary").first.click()
        page.locator(".openings > li").first.get_by_role("link").first.click()
        see(page, f"li.item:has({known(unseen)}) summary")

    def test_every_link_on_the_page_leads_somewhere(self, browser: Browser, folder: Path) -> None:
        with opened(browser, folder / "several.html") as page:
            names = page.locator("a[href^='#']").evaluate_all(
                "links => links.map(a => decodeURIComponent(a.hash.slice(1)))"
            )
            ids = page.locator("[id]").evaluate_all("all => all.map(element => element.id)")
            assert len(names) > 500
            assert set(names) <= set(ids)
            assert len(ids) == len(set(ids))

    def test_a_command_is_copied(self, page: Page) -> None:
        (host,) = faults().hosts
        page.locator(".step button.copy").first.click()
        expect(page.locator(".step button.copy").first).to_have_text("Copied")
        page.locator("input[name=q]").click()
        page.keyboard.press("Control+V")
        assert page.locator("input[name=q]").input_value() == host.plan[0].verify

    def test_all_are_opened_and_folded_at_once(self, page: Page) -> None:
        page.locator("button[name=all]").click()
        assert page.locator("li.item > details[open]").count() == 196
        page.locator("button[name=none]").click()
        assert page.locator("li.item > details[open]").count() == 0

    def test_several_hosts_stand_in_a_table_and_each_below(self, browser: Browser, folder: Path) -> None:
        with opened(browser, folder / "several.html") as page:
            rows = page.locator("table.hosts tbody tr")
            assert [text.split("\t")[0] for text in rows.all_inner_texts()] == [host.name for host in several().hosts]
            assert rows.nth(3).inner_text().split("\t")[1] == "PARTIAL"
            assert rows.nth(4).inner_text().split("\t")[1] == "NOT SELECTED"
            assert outcomes(page).total() == 2 * 196 + 3 * len(ITEMS)
            rows.nth(1).locator("a").click()
            see(page, "section.host:nth-of-type(2) h2")
            page.locator("select[name=host]").select_option("lab two")
            assert outcomes(page).total() == 196
            assert page.locator("section.checklist:not(.off)").count() == 1


@pytest.mark.chromium
class TestPrinting:
    def test_print_opens_all_and_folds_again(self, page: Page) -> None:
        page.locator("select[name=outcome]").select_option("failed")
        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert page.locator("#zebu-report details:not([open])").count() == 0
        assert outcomes(page).total() == 196
        assert all(page.locator("li.item .known").nth(place).is_visible() for place in range(0, 196, 5))
        assert not page.locator("form.filters").is_visible()
        assert not page.locator("button.copy").first.is_visible()
        breaks = "stages => stages.map(stage => getComputedStyle(stage).breakBefore)"
        assert page.locator(".chapter.stage").evaluate_all(breaks) == ["auto", "page", "page", "page", "page"]
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        page.emulate_media(media="screen")
        assert page.locator("li.item > details:not([open])").count() > 100
        assert outcomes(page).keys() == {"failed"}

    def test_paper_is_white_also_in_the_dark(self, browser: Browser, folder: Path) -> None:
        with opened(browser, folder / "one.html", color_scheme="dark", bypass_csp=True) as page:
            page.emulate_media(media="print")
            assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
            assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
            assert [one for one in complaints(page) if "contrast" in one] == []


class TestPage:
    def test_one_host_stays_below_a_megabyte(self) -> None:
        assert len(html.render(faults()).encode()) < LIMIT

    def test_the_page_allows_its_own_script_and_no_other(self) -> None:
        (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', html.render(REPORT))
        assert policy.startswith("default-src 'none'; script-src 'sha256-")
        assert "unsafe" not in policy

    def test_what_was_found_is_told_once(self) -> None:
        """A reason that is only what the cases say stands with the cases."""
        cases = (Case("a", Outcome.FAILED, "is bad"), Case("b", Outcome.PASSED), Case("c", Outcome.FAILED, "is worse"))
        item = replace(ITEMS[1], cases=cases, reason="a: is bad; c: is worse", seen=(Seen("x", "a"), Seen("y")))
        laid = html.shown(item)
        assert laid.reason == ""
        assert [case.name for case, _ in laid.cases] == ["a", "c", "b"]
        assert laid.cases[0][1] == (Seen("x", "a"),)
        assert laid.seen == (Seen("y"),)
        assert html.shown(replace(item, reason="waived: a: is bad")).reason == "waived: a: is bad"

    def test_evidence_that_nobody_told_in_parts_is_shown_all_the_same(self) -> None:
        item = replace(ITEMS[0], seen=())
        laid = html.shown(item)
        assert [(case.name, [one.text for one in parts]) for case, parts in laid.cases] == [("root", ["key"])]
        assert [one.text for one in laid.seen] == ["port 22"]

    def test_many_passed_cases_of_an_open_item_are_folded(self) -> None:
        passed = tuple(Case(f"p{number}", Outcome.PASSED) for number in range(html.SHOWN_PASSED + 1))
        item = replace(ITEMS[1], cases=(*passed, Case("bad", Outcome.FAILED, "is bad")), seen=())
        laid = html.shown(item)
        assert [case.name for case, _ in laid.cases] == ["bad"]
        assert len(laid.passed) == len(passed)
        assert html.shown(replace(item, outcome=Outcome.PASSED)).passed == ()

    @pytest.mark.parametrize(("text", "made"), [
        ("plain", "plain"), ("run `ls -l` now", "run <code>ls -l</code> now"), ("one ` tick", "one ` tick"),
        ("`a` and ` b", "<code>a</code> and ` b"), ("`<b>`", "<code>&lt;b&gt;</code>"), ("<`", "&lt;`"), ("", ""),
    ])  # fmt: skip
    def test_backticks_are_code(self, text: str, made: str) -> None:
        assert html.prose(text) == made

    @pytest.mark.parametrize(("text", "addresses"), [
        ("the checklist", []), ("https://a.example/x; CIS 5", ["https://a.example/x"]),
        ("(https://a.example/x#y).", ["https://a.example/x#y"]), ("javascript:alert(1)", []),
        ('https://a.example/"onclick="x', ["https://a.example/"]), ("https://a.example, http://b.example/?a=1&b=2",
        ["https://a.example", "http://b.example/?a=1&b=2"]), ("https://a.example/<script>", ["https://a.example/"]),
    ])  # fmt: skip
    def test_addresses_of_sources_can_be_followed(self, text: str, addresses: list[str]) -> None:
        made = html.linked(text)
        assert unescape(re.sub("<[^>]*>", "", made)) == text
        assert [one.replace("&amp;", "&") for one in re.findall('href="([^"]*)"', made)] == addresses

    def test_no_two_places_have_one_name(self) -> None:
        names = ["a b", "a-b", "a~20~b", "ä", "a/b", "a_b", 'a"b', "a\nb"]
        found = {html.anchor("item", name, "x") for name in names}
        assert len(found) == len(names) - 1  # a line break is a blank
        assert all(re.fullmatch(r"item-[\w.~-]+", name) for name in found)

    def test_a_line_is_drawn_of_whole_runs(self) -> None:
        def past(day: int, score: float | None, is_partial: bool = False) -> PastReport:
            return PastReport(
                AT + timedelta(days=day), dict.fromkeys(SCORED, score), frozenset(), is_partial=is_partial
            )

        assert html.drawn((past(0, 90.0),), Stage.PRE, 90) is None
        assert html.drawn((past(0, None), past(1, 90.0)), Stage.PRE, 90) is None
        line = html.drawn((past(0, 100.0), past(1, 10.0, True), past(2, None), past(3, 50.0)), Stage.PRE, 90)
        assert line is not None
        # From 6 to 100 per cent over 26 of height: 100 is at 2, 90 at 4.8, 50 at 15.8, 10 at 26.9.
        assert line == html.Line("2.0,2.0 98.0,15.8", ((34.0, 26.9),), (98.0, 15.8), 4.8, 100.0, 50.0)

    def test_a_stage_that_nobody_selected_is_not_called_unready(self) -> None:
        (_, second, third) = REPORT.hosts
        for host, word in ((second, "PARTIAL"), (third, "NOT SELECTED")):
            text = html.render(Report("1", 1.0, (host,)))
            assert f">{word}</span>" in text
            assert "NOT READY" not in text
        assert "Partial run:" in html.render(Report("1", 1.0, (second,)))

    def test_expired_words_relaxed_values_and_the_clock_are_notices(self) -> None:
        text = html.render(Report("1", 1.0, (FIRST,)))
        found = re.findall(r"<li[^>]*><b>(Relaxed|Simulated|Expired|Clock|1 check broke)", text)
        assert sorted(found) == ["1 check broke", "Clock", "Expired", "Relaxed", "Simulated"]


PYTEST_HTML = """<!DOCTYPE html>
<html>
  <head>
    <meta charset="utf-8"/>
    <title id="head-title">Production readiness: vm</title>
      <style type="text/css">body {{ min-width: 800px; }}
{css}
.theirs {{ color: teal; }}
      </style>
  </head>
  <body>
    <h1 id="title">Production readiness: vm</h1>
    <p>Report generated</p>
    <h2>Summary</h2>{ours}
    <input checked="true" class="filter" name="filter_checkbox" type="checkbox" data-test-result="failed" >
    <span class="failed">1 Failed,</span>
  <footer>
    <div id="data-container" data-jsonblob="{{}}"></div>
    <script>
      draw()
    </script>
  </footer>
  </body>
</html>"""


def of_pytest_html(ours: str) -> str:
    return PYTEST_HTML.format(css=html._text("report.css"), ours=ours)


def test_ours_comes_first_in_the_page_of_pytest_html() -> None:
    made = html.composed(of_pytest_html(html.body(REPORT)))
    assert made.count("<h1") == made.count("<main>") == 1
    assert '<html lang="en">' in made
    assert '<meta name="viewport"' in made
    assert "<title>Production readiness: vm</title>" in made
    assert made.index("<h1>") < made.index('id="pytest-html"') < made.index("Report generated")
    assert "min-width: 800px" not in made
    assert ".theirs { color: teal; }" in made
    assert '<script type="text/plain" id="pytest-html-script">\n      draw()' in made
    assert len(re.findall(r"<script>", made)) == 1
    assert re.search(
        r'<label><input [^>]*data-test-result="failed" > <span class="failed">1 Failed,</span></label>', made
    )
    assert "<h3>Summary</h3>" in made


@pytest.mark.parametrize("broken", ["", html.BEGIN, f"{html.BEGIN}half of it"])
def test_a_page_without_ours_only_says_what_it_may_do(broken: str) -> None:
    page = of_pytest_html(broken)
    made = html.composed(page)
    assert made == html.guarded(page) != page
    assert html.guarded(made) == made
    assert made.index("Content-Security-Policy") < made.index("<title")


def test_a_row_escapes_what_others_call_their_tests() -> None:
    row = html.row(["<td>Failed</td>", "<td>x</td>", "<td>1 ms</td>", "<td></td>"], f"test_x[{HOSTILE}]")
    assert row[0] == "<td>Failed</td>"
    assert "<script>" not in "".join(row)
    assert len(row) == len(html.HEADER)
    assert "<script>" not in html.log("vm", HOSTILE)


def test_failures_beside_are_counted_and_bounded() -> None:
    beside = [html.Beside(f"test_{number}", "E   assert 0") for number in range(html.MOST_BESIDE + 3)]
    text = html.body(made_up.REPORT, [*beside, html.Beside("test_check", "KeyError", is_check=True)])
    assert f"<b>{html.MOST_BESIDE + 3} tests beside the checklist failed.</b>" in text
    assert text.count("<pre>") == html.MOST_BESIDE
    assert "<p>and 4 more</p>" in text
