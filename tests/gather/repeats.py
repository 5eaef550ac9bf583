"""Texts that repeat what a secret may begin with: hiding takes both sides time in proportion to a text, and no more.

All of them by hand, which takes an hour: `python -m tests.gather.repeats`; every hundredth: `--every 100`; and several
of them one behind the other: `--mixed 1000 --seed 7`.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import resources
from itertools import product
from random import Random

from pytest_zebu import redaction
from pytest_zebu.facts import scripts
from tests.gather.canaries import canaries

Side = Callable[[str, bool], float]
"""Hides a text's secrets, as a program's or not; gives the processor's seconds that it took."""
SHORT, LONG = 8_192, 32_768
LEAST = 0.2
"""Seconds of a processor, below which nothing is said of a text."""
MOST = 8
"""So many times longer takes a text that is four times as long; where each place is tried to the end, it is sixteen."""
BETWEEN = (
    "=", ": ", "/", ":", " ", '"', "\\", "=\\", '","', "\n  ", "- ", "%3D", "-", ".", "='", "@", ",", '":"', "\n", "=\\\n", "\\n", "&#61;", "&", "0", "A1", "   ", "(", "|", "[", "=$", "\t",
)  # fmt: skip
NO_LETTERS = re.compile(r"\\[A-Za-z]|\(\?[a-z<!=:>]*|\[[^\]]*\]|\{[\d,]*\}")


def words() -> list[str]:
    """The words that stand in the list as they are."""
    lines = [found[2] for line in redaction.listed().splitlines() if (found := redaction.LINE.fullmatch(line))]
    plain = [NO_LETTERS.sub(" ", line).replace("\\", "") for line in lines]
    return sorted({word for line in plain for word in re.findall(r"[A-Za-z0-9_][A-Za-z0-9_.:/@$-]+", line)})


def units() -> list[str]:
    """What texts are made of: a word and what may stand behind it, and the ends of what stands before a secret."""
    found = {word + end for word, end in product(words(), BETWEEN)}
    for one in canaries():
        before = re.findall(r"\S+\s*", one.text.split(one.secret.split("\n")[0])[0])
        found |= {
            "".join(before[-count:]) + end for count in (1, 2, 3, 4) for end in ("", ":", "x/", "\n", "\\n", "= ")
        }
    sorted_ones = sorted(found - {""})
    Random(1).shuffle(sorted_ones)
    return sorted_ones


def mixed(count: int, seed: int) -> list[str]:
    """Two or three of them, one behind the other."""
    random, known = Random(seed), units()
    return ["".join(random.choices(known, k=random.choice((2, 2, 3)))) for _ in range(count)]


def here(text: str, code: bool) -> float:
    """This side."""
    started = time.process_time()
    redaction.redacted_data({"body" if code else "text": text})
    return time.process_time() - started


READER = r"""
use POSIX ();
$| = 1;
while (defined(my $line = <STDIN>)) {
  my ($code, $length) = split ' ', $line;
  read(STDIN, my $text, $length);
  my $started = POSIX::clock();
  hide_shapes($text, $code);
  print +(POSIX::clock() - $started) / 1e6, "\n";
}
"""


def program(end: str) -> str:
    """The far side's filter and the list, and what is done with it."""
    return "\n".join((
        scripts.text("json.pl"), f"our $patterns = <<'END OF LIST';\n{redaction.listed()}\nEND OF LIST",
        resources.files("pytest_zebu.gather").joinpath("filter.pl").read_text(encoding="utf-8"), end,
    ))  # fmt: skip


@contextmanager
def far_side() -> Iterator[Side]:
    """The far side's filter, in a Perl of its own."""
    with subprocess.Popen(["perl", "-e", program(READER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stdout is not None
        asked, told = process.stdin, process.stdout

        def there(text: str, code: bool) -> float:
            content = text.encode()
            asked.write(b"%d %d\n%s" % (code, len(content), content))
            asked.flush()
            return float(told.readline())

        try:
            yield there
        finally:
            process.kill()


def growth(side: Side, code: bool, unit: str, begin: str = "", end: str = "") -> float:
    """How many times longer a text takes that is four times as long; 0 where it takes next to no time. The least of three."""

    def text(length: int) -> str:
        return begin + unit * (length // len(unit)) + end

    least = float("inf")
    for _ in range(3):
        long = side(text(LONG), code)
        if long < LEAST:
            return 0
        least = min(least, long / max(side(text(SHORT), code), 0.001))
        if least <= MOST:
            break
    return least


def main() -> int:
    """Whether every text is read in its time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--mixed", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    chosen = mixed(asked.mixed, asked.seed) if asked.mixed else units()[:: asked.every]
    slow = 0
    with far_side() as there:
        for unit, code, (name, side) in product(chosen, (False, True), (("here", here), ("there", there))):
            if (found := growth(side, code, unit)) > MOST:
                slow += 1
                print(f"{name}, {'code' if code else 'text'}: {unit!r} takes {found:.1f} times longer", flush=True)
    print(f"{len(chosen)} units, {slow} slow")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
