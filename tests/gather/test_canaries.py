"""Secrets planted in names, places and forms as people have them: none is in anything that comes out."""

from __future__ import annotations

import subprocess
import time
from importlib import resources
from pathlib import Path

import pytest

from pytest_zebu import redaction
from pytest_zebu.facts import scripts
from pytest_zebu.facts.answer import Said
from pytest_zebu.facts.fact import Probe
from pytest_zebu.gather.ssh import request, unframe
from pytest_zebu.redaction import HIDDEN, hide_shapes
from pytest_zebu.settings import Settings
from pytest_zebu.settings.sections import Host
from pytest_zebu.settings.target import Target
from tests.gather.canaries import INNOCENT, Canary, canaries, parts

CANARIES = canaries()


def far(folder: Path, *probes: Probe) -> tuple[dict[str, str], bytes]:
    """What the far side lets through, by probe, and all that it sent."""
    target = Target(name="here", host=Host(app_directory=str(folder)), settings=Settings())
    done = subprocess.run(
        ["perl", "-"], input=request(probes, "n0nce", target, 20), capture_output=True, timeout=600, check=True
    )
    answers = unframe(done.stdout, "n0nce")
    return {name: answer.out for name, answer in answers.items() if isinstance(answer, Said)}, done.stdout + done.stderr


def saying(name: str, text: str) -> Probe:
    return Probe(name, 'printf %s "$ZEBU_TEXT"', values=(("TEXT", text),))


@pytest.fixture(scope="module")
def let_through(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Every text after the far side's filter."""
    probes = [saying(f"canary{n}", one.text) for n, one in enumerate(CANARIES)]
    probes += [saying(f"innocent{n}", text) for n, text in enumerate(INNOCENT)]
    return far(tmp_path_factory.mktemp("app"), *probes)[0]


def test_there_are_many() -> None:
    assert len(CANARIES) >= 80
    assert len({one.secret for one in CANARIES}) == len(CANARIES)


@pytest.mark.hostile("secrets")
@pytest.mark.parametrize("number", range(len(CANARIES)), ids=lambda number: CANARIES[number].text[:50])
def test_a_canary_does_not_pass(number: int, let_through: dict[str, str]) -> None:
    """On neither side, and what is around it does."""
    one = CANARIES[number]
    expect_hidden(one, let_through[f"canary{number}"])
    assert hide_shapes(one.text) == let_through[f"canary{number}"]


def expect_hidden(one: Canary, text: str) -> None:
    assert not [piece for piece in parts(one.secret) if piece in text], text
    assert HIDDEN in text
    assert one.kept in text


@pytest.mark.parametrize("number", range(len(INNOCENT)), ids=lambda number: INNOCENT[number][:50])
def test_what_verdicts_are_made_of_passes(number: int, let_through: dict[str, str]) -> None:
    assert let_through[f"innocent{number}"] == INNOCENT[number]
    assert hide_shapes(INNOCENT[number]) == INNOCENT[number]


PATTERNS = [name for name in redaction._patterns() if name.startswith("hide.")]
BYTES = 131_072
SECONDS = 30
"""Of a processor; a pattern that tries each end from each place takes hours."""


def beginning(name: str) -> str:
    """How a text begins that a pattern hides something of."""
    shape = redaction._patterns()[name]
    texts = [(one.text, one.secret.split("\n")[0]) for one in CANARIES if shape.search(one.text)]
    assert texts, f"no canary is hidden by {name}"
    text, secret = texts[0]
    return text.split(secret)[0] or text


@pytest.mark.hostile("secrets")
@pytest.mark.parametrize("name", PATTERNS)
def test_no_text_takes_a_pattern_longer_than_it_is(name: str, tmp_path: Path) -> None:
    """What begins as the pattern expects, again and again, and never ends so; on both sides."""
    unit = beginning(name)
    text = unit * (BYTES // len(unit))
    started = time.process_time()
    hide_shapes(text)
    assert time.process_time() - started < SECONDS
    (tmp_path / "text").write_text(text)
    program = "\n".join((
        scripts.text("json.pl"), "our $patterns = do { local $/; open my $in, '<', $ARGV[0] or die; <$in> };",
        resources.files("pytest_zebu.gather").joinpath("filter.pl").read_text(encoding="utf-8"),
        "my $text = do { local $/; open my $in, '<', $ARGV[1] or die; <$in> }; hide_shapes($text); print 'done';",
    ))  # fmt: skip
    (tmp_path / "list").write_text(redaction.listed())
    limited = f"ulimit -t {SECONDS}; exec perl - {tmp_path}/list {tmp_path}/text"
    done = subprocess.run(["sh", "-c", limited], input=program, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("done", "")
