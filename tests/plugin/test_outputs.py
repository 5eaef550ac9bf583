"""Whatever is said while pytest judges: its terminal, its XML, its page and our reports steer nobody."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import pytest

from tests import recorded
from tests.hostile_texts import DIRTY, forbidden

WORDS = {name: text for name, text in DIRTY.items() if len(text) < 10_000}
TESTS = '''
import logging
import warnings
import pytest
from pytest_zebu.catalogue import load
from pytest_zebu.facts.answer import NotAssessed
from pytest_zebu.plugin.checks import items
from tests.plugin.test_outputs import WORDS

TEXTS = list(WORDS.values())
IDS = [item.id for item in load() if item.stage.value == "pre_deployment"]

@items(IDS[0])
def test_fails():
    """Why it matters.

    Fix: mend it.
    """
    assert False, "".join(TEXTS)

@items(IDS[1])
def test_fails_in_cases(case):
    for text in TEXTS:
        with case(text, text):
            assert False, text

@items(IDS[2])
def test_unseen():
    raise NotAssessed("".join(TEXTS))

@items(IDS[3])
def test_breaks():
    raise KeyError("".join(TEXTS))

@items(IDS[4])
def test_shows(case):
    case.saw(*TEXTS)
    case.show(TEXTS[0], "no picture")
    with case("fine"):
        pass

@pytest.mark.parametrize("number", range(len(TEXTS)))
def test_foreign(number, capsys):
    text = TEXTS[number]
    with capsys.disabled():
        pass
    print(text.encode(errors="replace").decode())
    logging.getLogger("library").warning("%s", text.encode(errors="replace").decode())
    warnings.warn("said: " + text.encode(errors="replace").decode())
    raise ValueError(text.encode(errors="replace").decode())

@pytest.mark.parametrize("number", range(len(TEXTS)))
def test_skipped(number):
    pytest.skip(TEXTS[number].encode(errors="replace").decode())
'''


@dataclass(frozen=True)
class Said:
    terminal: str
    xml: str
    page: str
    data: Any


@pytest.fixture(scope="module", params=[(), ("-n", "2")], ids=["alone", "workers"])
def said(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Said:
    """What a run says in which everything is hostile: by itself, and with workers."""
    folder = tmp_path_factory.mktemp("said")
    (folder / "zebu.toml").write_text(recorded.settings())
    (folder / "test_own.py").write_text(TESTS)
    done = subprocess.run(
        [
            sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "test_own.py", f"--zebu-replay={recorded.SNAPSHOT}",
            "--zebu-json=r.json", "--zebu-report=terminal:r.txt", "--junit-xml=r.xml", "--html=r.html", "-o",
            "junit_logging=all", "-o", "log_cli=true", "--log-file=r.log", "-v", "-rA", "--tb=long", "-l", *request.param,
        ],
        cwd=folder, capture_output=True, check=False, timeout=500,
    )  # fmt: skip
    terminal = (done.stdout + done.stderr).decode()
    assert done.returncode == 1, terminal
    assert "INTERNALERROR" not in terminal
    read = [(folder / name).read_text() for name in ("r.xml", "r.html", "r.json", "r.txt", "r.log")]
    return Said(terminal + read[3] + read[4], read[0], read[1], json.loads(read[2]))


@pytest.mark.hostile("outputs")
def test_the_terminal_is_not_steered(said: Said) -> None:
    assert not forbidden(said.terminal)
    commands = [line for line in said.terminal.split("\n") if line.lstrip().startswith("::") or "##[" in line]
    assert commands == []


@pytest.mark.hostile("outputs")
def test_the_xml_is_xml(said: Said) -> None:
    tree = ElementTree.fromstring(said.xml)
    assert len(list(tree.iter("testcase"))) == 5 + 2 * len(WORDS)
    assert {element.tag for element in tree.iter()} <= {
        "testsuites", "testsuite", "testcase", "properties", "property", "failure", "error", "skipped", "system-out", "system-err",
    }  # fmt: skip
    texts = [text for element in tree.iter() for text in (element.text or "", *element.attrib.values())]
    assert not forbidden("".join(texts), "\n\t")


class Islands(HTMLParser):
    """A page as a browser reads it: which tags there are, and the data that its script makes rows of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.data: Any = None
        self.policy = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        held = dict(attrs)
        if held.get("id") == "data-container":
            self.data = json.loads(held["data-jsonblob"] or "")
        if held.get("http-equiv") == "Content-Security-Policy":
            self.policy = held["content"] or ""


@pytest.mark.hostile("outputs")
def test_the_page_has_no_element_of_a_strangers(said: Said) -> None:
    shown = Islands(said.page)
    assert shown.tags.count("script") == 2  # pytest-html's, and ours
    assert shown.tags.count("svg") == said.page.count('<svg class="bar"')
    assert not {"iframe", "object", "evil"} & set(shown.tags)
    assert shown.policy.startswith("default-src 'none'")
    assert not forbidden(said.page, "\n\t")
    rows = [row for tests in shown.data["tests"].values() for test in tests for row in test["resultsTableRow"]]
    logs = [test["log"] for tests in shown.data["tests"].values() for test in tests]
    for text in (*rows, *logs):
        inner = Islands(text)
        assert not {"script", "svg", "iframe"} & set(inner.tags)
        assert inner.tags.count("a") == text.count('<a href="#item-lab-')
        assert not forbidden(text, "\n\t")
    assert len(rows) > 100


@pytest.mark.hostile("outputs")
def test_the_data_is_utf8_without_halves(said: Said) -> None:
    text = json.dumps(said.data, ensure_ascii=False, allow_nan=False)
    assert not forbidden(text, "")
    assert len(said.data["hosts"][0]["items"]) == 196
    outcomes = [item["outcome"] for item in said.data["hosts"][0]["items"] if item["selected"]]
    assert sorted(outcomes) == ["failed", "failed", "not_assessed", "not_assessed", "passed"]
