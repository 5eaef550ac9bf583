"""The documents as a site: it builds without a warning, is whole, and asks nothing of anybody; and their links, as a forge follows them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt
from playwright.sync_api import Browser

from docs.make import hooks, reference
from hatch_build import VARIABLE
from lab import proofs
from pytest_zebu.catalogue import Stage, load
from pytest_zebu.facts import ALL
from pytest_zebu.plugin.options import OPTIONS
from pytest_zebu.settings import Settings
from pytest_zebu.verdict.outcome import Outcome
from tests.browser import complaints, started
from tests.settings.test_documented import keys as keys_of

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    [
        *ROOT.glob("docs/**/*.md"),
        *(ROOT / source for source in hooks.TAKEN_IN if source.endswith(".md")),
        ROOT / "README.md",
    ]
)
LOADS = {
    ("script", "src"),
    ("img", "src"),
    ("iframe", "src"),
    ("source", "src"),
    ("video", "src"),
    ("audio", "src"),
    ("embed", "src"),
    ("object", "data"),
    ("link", "href"),
    ("use", "href"),
}
"""What a browser asks for by itself."""
_ASKED = re.compile(r"url\(\s*['\"]?([^)'\"]+)|@import\s+['\"]([^'\"]+)")


def build(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = build(folder)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return folder


class Read(HTMLParser):
    """A page: what it asks for, its anchors, and its paragraphs."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.anchors: set[str] = set()
        self.classes: set[str] = set()
        self.paragraphs: list[str] = []
        self._is_in = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if (tag, name) in LOADS:
                self.asked.append(value or "")
            elif name == "id":
                self.anchors.add(value or "")
            elif name == "class":
                self.classes |= set((value or "").split())
            elif name in ("srcset", "poster", "background"):
                self.asked.append(value or "")
            elif name == "style":
                self.asked += asked(value or "")
        if tag == "p":
            self._is_in = True
            self.paragraphs.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "p":
            self._is_in = False

    def handle_data(self, data: str) -> None:
        if self._is_in:
            self.paragraphs[-1] += data


def asked(style: str) -> list[str]:
    return [first or second for first, second in _ASKED.findall(style)]


def read(site: Path) -> dict[str, Read]:
    found = {str(path.relative_to(site)): Read(path.read_text()) for path in site.rglob("*.html")}
    assert len(found) > 40
    return found


def test_nothing_is_asked_of_another_host(site: Path) -> None:
    """Everything that a page asks for lies in the site; what draws a flowchart, and would be fetched where there is one, is not asked for."""
    for name, page in read(site).items():
        assert "mermaid" not in page.classes, name
        assert len(page.asked) > 2, name
        for one in page.asked:
            path = one.partition("#")[0].partition("?")[0]
            # The page for what is not there does not know where it is asked for from.
            there = site / path.lstrip("/") if name == "404.html" else (site / name).parent / path
            assert one.startswith("data:") or there.exists(), f"{name}: {one}"
    for style in site.rglob("*.css"):
        for one in asked(style.read_text()):
            assert one.startswith(("data:", "#")) or (style.parent / one).exists(), f"{style}: {one}"


def test_a_list_is_a_list(site: Path) -> None:
    """What a forge shows as a list without a blank line before it would be one paragraph here."""
    for name, page in read(site).items():
        if name != "changelog.html":
            assert not [text for text in page.paragraphs if re.search(r"^(?:[-*]|\d+\.) ", text, re.MULTILINE)], name


def test_the_reference_has_everything(site: Path) -> None:
    pages = read(site)
    for item in load():
        assert item.id in pages[f"reference/{item.stage.value.replace('_', '-')}.html"].anchors
    assert ALL.keys() <= pages["reference/facts.html"].anchors
    for name, wanted in {
        "options": [f"--{option.key.replace('_', '-')}=" for option in OPTIONS],
        "outcomes": [outcome.label for outcome in Outcome],
        "markers": [f"<code>{marker}</code>" for marker in load().markers],
        "commands": ["zebu attest", "zebu list", "zebu explain"],
    }.items():
        text = (site / f"reference/{name}.html").read_text()
        assert [one for one in wanted if one not in text] == [], name
    text = (site / "reference/keys.html").read_text()
    top = text.partition("<h2")[0]
    for name, field in Settings.model_fields.items():
        assert f"<code>{name}</code></td>" not in top or not field.exclude, name
    assert "<code>timeout</code></td>" in top
    for key in keys_of(Settings):
        last = key.rpartition(".")[2]
        assert any(f"{last}{end}" in text for end in ("</code>", "[].", "]]")), key


def test_words_of_the_code_are_no_markup() -> None:
    assert reference.plain("a <b> & `c|<d>` *x*") == r"a &lt;b> &amp; `c|<d>` \*x\*".replace("b>", r"b\>")
    assert reference.plain("see https://a.example/b_c.") == "see <https://a.example/b_c>."


@pytest.mark.parametrize("stage", Stage)
def test_an_item_says_all_that_is_known_of_it(stage: Stage) -> None:
    """Of each: where it is seen, and who decides it; of what a machine decides also why, how it is mended, and what must not fool it."""
    _, *items = reference.pages()[f"{stage.value.replace('_', '-')}.md"].split("\n### ")
    assert len(items) == len(load().stage(stage))
    broken = {declared.item for declared in proofs.declared() if declared.faults}
    for item, text in zip(load().stage(stage), items, strict=True):
        assert f"`{item.id}`" in text
        assert "*Seen by:*" in text
        assert item.id not in broken or "*What must not fool it*" in text
        if "No machine decides it" not in text:
            assert all(f"*{word}" in text for word in ("Why:*", "Mend:*", "Decided by:*")), text


@pytest.mark.parametrize(
    ("target", "led"),
    [
        ("limits.md#jobs", "limits.md#jobs"), ("../lab/README.md", "lab.md"), ("../pytest_zebu/reports/report.schema.json", "report.schema.json"),
        ("https://example.org/a.md", "https://example.org/a.md"), ("#here", "#here"),
    ],
)  # fmt: skip
def test_links_lead_to_where_things_are(target: str, led: str) -> None:
    assert (
        hooks.led(f"a [b]({target}) c", "reports.md", {"limits.md", "lab.md", "report.schema.json"})
        == f"a [b]({led}) c"
    )


def test_what_is_not_on_the_site(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a [b](../pytest_zebu/shown.py) `[c](d.md)`"
    monkeypatch.setenv(VARIABLE, "https://github.com/zebu/pytest-zebu")
    assert (
        hooks.led(text, "reports.md", set())
        == "a [b](https://github.com/zebu/pytest-zebu/blob/HEAD/pytest_zebu/shown.py) `[c](d.md)`"
    )
    monkeypatch.setenv(VARIABLE, "")
    monkeypatch.setattr(hooks, "origin", lambda root: "")
    assert hooks.led(text, "reports.md", set()) == "a b `[c](d.md)`"
    assert hooks.led("[a](faq.md)", "how-to/ci.md", set()) == "[a](faq.md)"  # which MkDocs complains of


def test_the_picture_of_the_rooms_is_a_table() -> None:
    text = hooks.drawn((ROOT / "docs/architecture.md").read_text())
    assert "mermaid" not in text
    assert "| **settings** | zebu.toml, options, targets | catalogue |" in text


# As a forge follows them


def slugs(page: Path) -> set[str]:
    """The anchors of a page, as GitHub makes them."""
    found: set[str] = set()
    tokens = MarkdownIt().enable("table").parse(page.read_text())
    for at, token in enumerate(tokens):
        if token.type == "heading_open":
            text = "".join(child.content for child in tokens[at + 1].children or ())
            slug = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
            found.add(
                next(name for name in (slug, *(f"{slug}-{number}" for number in range(1, 99))) if name not in found)
            )
    return found


def links(page: Path) -> Iterator[str]:
    for block in MarkdownIt().enable("table").parse(page.read_text()):
        for token in block.children or ():
            if token.type in ("link_open", "image"):
                yield str(token.attrs["href" if token.type == "link_open" else "src"])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_are_right_on_a_forge(page: Path) -> None:
    for link in links(page):
        if re.match(r"[a-z]+:", link):
            assert link.startswith("https:"), link
            continue
        path, _, anchor = link.partition("#")
        there = (page.parent / path) if path else page
        assert there.exists(), link
        assert not anchor or anchor in slugs(there), link


@pytest.mark.chromium
def test_it_is_read_and_searched_from_disk(site: Path) -> None:
    """As a person reads it: nothing is asked for but files, nothing is said on the console, and the search finds."""
    with started() as browser:
        for scheme in ("light", "dark"):
            wrong = searched(browser, site, {"color_scheme": scheme})
            assert [one for one in wrong if not one.startswith(("file:", "data:", "blob:"))] == []
            assert unreadable(browser, site, {"color_scheme": scheme}) == []


READ = ("index", "concepts", "reference/outcomes", "how-to/ci")


def unreadable(browser: Browser, site: Path, options: dict[str, Any]) -> list[str]:
    """What keeps people from reading."""
    page, found = browser.new_page(**options), list[str]()
    for name in READ:
        page.goto((site / f"{name}.html").as_uri(), wait_until="load")
        found += complaints(page)
    page.close()
    return [one for one in found if one.startswith(("critical", "serious"))]


def searched(browser: Browser, site: Path, options: dict[str, Any]) -> list[str]:
    """What is asked for, and what is said, while some pages are read and one is looked for."""
    page, said = browser.new_page(**options), list[str]()
    page.on("request", lambda request: said.append(request.url))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda message: said.append(message.text))
    for name in READ:
        page.goto((site / f"{name}.html").as_uri(), wait_until="load")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.keyboard.press("/")
    page.keyboard.type("vantage")
    page.locator(".md-search-result__item").first.wait_for()
    assert "Vantages: where to look from" in page.locator(".md-search-result__item").first.inner_text()
    page.close()
    return said
