"""How many small mistakes do the tests of `./run check` notice? Random mutations, a fixed seed, a table by folder.

    python -m benchmarks.mutations --count 200 --jobs 2

A mutation changes one comparison, one `and` or `or`, or turns one condition round. All tests are run once without any, to
see which of them reach which line. Then each mutation is tried in a copy of the checkout with the tests that reach it,
those that mirror its module first, until one fails. A line that no test is seen to reach (another process may) is tried
with all of them.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from benchmarks import reach

ROOT = Path(__file__).parents[1]
FOLDERS = ("pytest_zebu", "tests_prod")
SECONDS = 1800.0
"""The longest that the tests of one mutation may take: one that never ends is noticed."""
OTHER: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mutation:
    """One mistake: a piece of a file, and what stands there instead."""

    file: Path
    line: int
    last: int
    start: int
    end: int
    was: str
    now: str

    @property
    def folder(self) -> str:
        """The room that it is in."""
        parts = self.file.parts
        return "/".join(parts[:2]) if len(parts) > 2 else parts[0]

    def apply(self, root: Path) -> None:
        """Make it."""
        path = root / self.file
        data = path.read_bytes()
        path.write_bytes(data[: self.start] + self.now.encode() + data[self.end :])


def mutations_of(file: Path) -> Iterator[Mutation]:
    """Every mutation of a file."""
    source = (ROOT / file).read_bytes()
    starts = [0]
    for text in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(text))
    for node in ast.walk(ast.parse(source)):
        for piece, now in _changed(node):
            start = starts[piece.lineno - 1] + piece.col_offset
            end = starts[(piece.end_lineno or piece.lineno) - 1] + (piece.end_col_offset or 0)
            yield Mutation(
                file,
                piece.lineno,
                piece.end_lineno or piece.lineno,
                start,
                end,
                source[start:end].decode(),
                f"({ast.unparse(now)})",
            )


def _changed(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    if isinstance(node, ast.Compare) and type(node.ops[0]) in OTHER:
        ops: list[ast.cmpop] = [OTHER[type(node.ops[0])](), *node.ops[1:]]
        yield node, ast.Compare(node.left, ops, node.comparators)
    elif isinstance(node, ast.BoolOp):
        yield node, ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    elif isinstance(node, ast.If | ast.IfExp | ast.While) and not isinstance(node.test, ast.Compare | ast.BoolOp):
        yield node.test, ast.UnaryOp(ast.Not(), node.test)
    elif isinstance(node, ast.comprehension):
        for test in node.ifs:
            if not isinstance(test, ast.Compare | ast.BoolOp):
                yield test, ast.UnaryOp(ast.Not(), test)


def chosen(count: int, seed: int, only: Sequence[str]) -> list[Mutation]:
    """A random choice, the same for the same code and seed."""
    files = sorted(path.relative_to(ROOT) for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
    found = [one for file in files if not only or str(file).startswith(tuple(only)) for one in mutations_of(file)]
    return random.Random(seed).sample(found, min(count, len(found)))


def is_noticed(mutation: Mutation, root: Path, known: reach.Reach) -> bool:
    """Whether a test fails with it: one of those that reach it, or else of its room; any, where none is known to."""
    tests = known.tests_of(mutation.file, range(mutation.line, mutation.last + 1))
    room = Path("tests", *mutation.file.parts[1:-1])
    has_room = mutation.file.parts[0] == FOLDERS[0] and (root / room).is_dir()
    rounds = [tests, [str(room)] if has_room else [], [] if tests else ["tests"]]
    kept = (root / mutation.file).read_bytes()
    mutation.apply(root)
    try:
        return any(_fails(paths, root) for paths in rounds if paths)
    finally:
        (root / mutation.file).write_bytes(kept)


def _fails(paths: Sequence[str], root: Path) -> bool:
    chosen = root / ".chosen"
    chosen.write_text("\n".join(paths) + "\n")
    return not _succeeds(["-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", f"@{chosen}"], root)


def _succeeds(words: Sequence[str], root: Path, seconds: float = SECONDS) -> bool:
    env = {**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            [sys.executable, *words], cwd=root, env=env, capture_output=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def main() -> int:
    """Try mutations; the table, and those that nobody noticed. 1 where fewer than the wanted share were noticed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", nargs="*", default=(), metavar="PATH", help="files or folders to choose from")
    parser.add_argument("--wanted", type=float, default=90.0, metavar="PERCENT")
    options = parser.parse_args()
    mutations = chosen(options.count, options.seed, options.only)
    noticed: Counter[str] = Counter()
    tried: Counter[str] = Counter()
    survivors = []
    with tempfile.TemporaryDirectory(prefix="zebu-mutations-") as name:
        copies: SimpleQueue[Path] = SimpleQueue()
        for number in range(options.jobs):
            copy = Path(name) / str(number)
            shutil.copytree(
                ROOT, copy, ignore=shutil.ignore_patterns(".git", ".venv", ".*_cache", "out", "__pycache__")
            )
            copies.put(copy)
        if not _succeeds(reach.command(copy), copy, seconds=6 * SECONDS):
            print("without any mutation a test fails already", file=sys.stderr)
            return 2
        known = reach.Reach(copy)

        def work(mutation: Mutation) -> tuple[Mutation, bool, float]:
            root = copies.get()
            started = time.monotonic()
            try:
                return mutation, is_noticed(mutation, root, known), time.monotonic() - started
            finally:
                copies.put(root)

        with ThreadPoolExecutor(max_workers=options.jobs) as pool:
            for number, job in enumerate(as_completed([pool.submit(work, one) for one in mutations]), 1):
                mutation, was_noticed, seconds = job.result()
                tried[mutation.folder] += 1
                noticed[mutation.folder] += was_noticed
                word = "noticed" if was_noticed else "SURVIVED"
                where = f"{mutation.file}:{mutation.line}"
                print(
                    f"{number}/{len(mutations)} {word} {where}: {mutation.was} -> {mutation.now} ({seconds:.0f} s)",
                    flush=True,
                )
                if not was_noticed:
                    survivors.append(f"{where}: {mutation.was} -> {mutation.now}")
    print("\n| folder | mutations | noticed | share |\n|---|---|---|---|")
    for folder in sorted(tried):
        print(f"| {folder} | {tried[folder]} | {noticed[folder]} | {100 * noticed[folder] / tried[folder]:.0f} % |")
    share = 100 * noticed.total() / tried.total()
    print(f"| all | {tried.total()} | {noticed.total()} | {share:.1f} % |")
    print("\nSurvivors:", *survivors, sep="\n- ")
    return 0 if share >= options.wanted else 1


if __name__ == "__main__":
    sys.exit(main())
