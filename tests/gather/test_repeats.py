"""No text is long to hide because of what it repeats: on both sides, as text and as a program."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from itertools import product
from random import Random

import pytest

from pytest_zebu import redaction
from pytest_zebu.redaction import hide_shapes, is_secret, redacted_data
from tests.gather.repeats import MOST, Side, far_side, growth, here, mixed, program, units

pytestmark = pytest.mark.hostile("secrets")
SAMPLE = 12


@pytest.fixture(scope="module")
def there() -> Iterator[Side]:
    with far_side() as side:
        yield side


@pytest.mark.parametrize(("begin", "unit", "end"), [
    ("", "token/", ""), ("", "login/", ""), ("", "pw:", ""), ("", "password|", ""), ("", "eyJ-", ""), ("", "eyJa_eyJ", ""), ("", "KEY=", ""), ("", "SECRET:", ""), ("", "bearer=\\", ""),
    ("", "PRIVATE=", ""), ("", "TOKEN=abcd1234/", ""), ("", "?code=", ""), ("", "set-cookie:", ""), ("", "cookie:", ""), ("", "mysql-", ""), ("", "mongo", ""), ("", "az login ", ""), ("", "lftp-u", ""),
    ("lftp ", '"-u"', ""), ("htpasswd -", "b", ""), ("password", " ", "("), ("psk", "\t", "("), ("password is", " ", "("), ("token:", " ", "("), ("", "*", ""), ("", "token=", "("),
    ("token=a", ",", "b"), ("token=a", "[", "b"), ("", "token:|#", ""), ("", "token:|#", "\n"), ("", '"token:|#', "\n"), ("", "healthchecks.", ""), ("", "passwd<<A<<A<<A\n", ""), ("", "'KEY='\"", ""),
    ("KEY='\"", "'KEY='\"KEY=\"", ""), ("", 'KEY="\\"', ""), ("", "%41 ", ""), ("", "a\\n\n", ""), ("", "&lt;\n", ""), ("", "- a\n", ""), ("", "a\\\n", ""), ("", "password:\n\n", ""), ("", "\\", '"'),
], ids=lambda text: repr(text)[1:-1])  # fmt: skip
def test_what_may_begin_anywhere_is_not_read_from_everywhere(begin: str, unit: str, end: str, there: Side) -> None:
    for side, code in product((here, there), (False, True)):
        assert growth(side, code, unit, begin, end) <= MOST


def test_a_sample_of_all_that_the_list_names(there: Side) -> None:
    for side, code, unit in product((here, there), (False, True), (*units()[:SAMPLE], *mixed(SAMPLE, 1))):
        assert growth(side, code, unit) <= MOST, unit


@pytest.mark.parametrize("unit", ["0", "1", "f", "abcdef", "x"])
def test_what_is_still_to_be_filled_in_is_known_in_time(unit: str) -> None:
    """A value of an .env file: where each way to divide it was tried, this took minutes."""
    asked = program(f"print is_placeholder('{unit}' x 200_000 . '.', 1)")
    done = subprocess.run(
        ["sh", "-c", "ulimit -t 30; exec perl -"], input=asked, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("unit", ["A", "PUBLIC_", "public-", "byPass"])
def test_a_name_without_end_is_compared_in_time(unit: str) -> None:
    """Whoever answers in JSON chooses the names."""
    name = unit * (262_144 // len(unit))
    started = time.process_time()
    assert not is_secret(f"{name}x")
    assert redacted_data({f"{name}x": "open"}) == {f"{name}x": "open"}
    assert time.process_time() - started < 20


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("TOKEN=qw3rt7z9u, rest", "TOKEN=[redacted], rest"), ("f(TOKEN=TOKEN=qw3rt7z9u)", "f(TOKEN=TOKEN=[redacted])"), ("token = 'a b' + TOKEN='qw3rt7z9u'", "token = 'a b' + TOKEN='[redacted]'"),
        ("TOKEN=make7t8(a)", "TOKEN=make7t8(a)"), ("TOKEN=" + "TOKEN=" * 2_000 + "qw3rt7z9u;", "TOKEN=" + "TOKEN=" * 2_000 + "[redacted];"),
    ],
    ids=["word", "word of a word", "quoted", "call", "far behind"],
)  # fmt: skip
def test_a_programs_literals_are_found_wherever_they_stand(text: str, shown: str) -> None:
    assert hide_shapes(text, code=True) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("token=abc,]}", "token=[redacted],]}"), ('token="abc"', 'token="[redacted]"'), ('token=\\"abc\\"', 'token=\\"[redacted]\\"'), ("token=a,b,", "token=[redacted],"), ("token=func(x)", "token=func(x)"),
        ("token=" + "abc" * 200 + "(x)", "token=[redacted](x)"), ("token=func.of[a](x)", "token=func.of[a](x)"),
    ],
)  # fmt: skip
def test_a_value_ends_as_before(text: str, shown: str) -> None:
    assert hide_shapes(text, words=False) == shown


WORDS = "$/ = undef; print hide_words(<STDIN>);"
KINDS = ("abcdefgh", "abcDEFgh", "ab12cd34ef", "aB3xK9pQ", "ab_cd-ef", "aB3/x+K9", "0123456789abcdef", "ab cd", "a1")


def test_both_sides_hide_the_same_random_words() -> None:
    """Of each line it is asked first whether it may have one at all: that leaves none of them out."""
    pick = Random(7)
    lines = []
    for _ in range(3_000):
        parts = ("".join(pick.choices(pick.choice(KINDS), k=pick.randint(1, 45))) for _ in range(pick.randint(1, 4)))
        lines.append(pick.choice(("", " ", "sha256:", "name/of:", '"Id": "', "/", "_")).join(parts))
    text = "\n".join(lines)
    done = subprocess.run(["perl", "-e", program(WORDS)], input=text, capture_output=True, text=True, check=True)
    expected = "\n".join(map(redaction._line_without_words, lines))
    assert done.stdout == expected
    assert redaction._without_words(text) == expected
    hidden = sum(redaction.HIDDEN in line for line in expected.splitlines())
    assert 500 < hidden < 2_500, "some of each kind"
