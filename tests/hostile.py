"""The tables of docs/security.md, from what the tests are made of. To renew them: python -m tests.hostile"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/security.md"
COMMAND = "python -m tests.hostile"
AREAS = {
    "programs": "programs of a checkout, or of a repository of attestations, that want to be run",
    "secrets": "values that want to get out: into an answer, a report, a log, a traceback",
    "ssh": "the channel, login shells, sudo, and a far side that floods, stalls, breaks off or lies",
    "requests": "bodies, headers, redirects and certificates of whoever answers from outside, and names",
    "browser": "pages that never end, or do what a page can",
    "services": "APIs beside the machine: code forge, hypervisor, proxy administration, advisories, database",
    "parsers": "whatever bytes come as the answer of a probe, a snapshot or a history",
    "outputs": "escapes and markup on their way to terminal, HTML, XML, JSON and Markdown",
    "files": "people's and strangers' files, evidence, places that cannot be written",
    "lab": "the lab, killed at any moment and beside other labs",
}
"""What is tried, by area."""


@dataclass(frozen=True, slots=True)
class HostileCase:
    """One test of what somebody hostile does.

    Attributes:
        node: pytest's name of it.
        reason: why it is not survived; empty if it is.
    """

    node: str
    area: str
    reason: str = ""


def case_of(item: pytest.Item) -> HostileCase:
    """What a marked test tries.

    Raises:
        UsageError: its area is none of those that there are, or it is not survived without a reason.
    """
    marker = item.get_closest_marker("hostile")
    area = str(marker.args[0]) if marker and len(marker.args) == 1 else ""
    if area not in AREAS:
        raise pytest.UsageError(f"{item.nodeid}: a hostile case is of one of these areas: {', '.join(AREAS)}")
    excused = item.get_closest_marker("xfail")
    if excused is None:
        return HostileCase(item.nodeid, area)
    if not (reason := str(excused.kwargs.get("reason", "")).strip()):
        raise pytest.UsageError(f"{item.nodeid}: why it is not survived is told by xfail's reason")
    return HostileCase(item.nodeid, area, reason)


class _Collector:
    """A plugin that keeps what was collected."""

    cases: tuple[HostileCase, ...] = ()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.cases = tuple(case_of(item) for item in session.items)


def collect() -> tuple[HostileCase, ...]:
    """All hostile cases of all tests, however this process was started, those of the lab and of the browser among them.

    They are collected in a process of its own: collecting leaves its mark on the one that does it.

    Raises:
        RuntimeError: they cannot be collected; pytest's words are given.
    """
    ours = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-m", "tests.hostile", "--tell"],
        cwd=ROOT,
        env=ours,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{done.stdout}{done.stderr}")
    return tuple(HostileCase(**one) for one in json.loads(done.stdout.splitlines()[-1]))


def tell() -> int:
    """Print the cases as JSON, behind whatever pytest prints."""
    collector = _Collector()
    options: list[Any] = ["--collect-only", "-qq", "--lab", "-m", "hostile", "-p", "no:cacheprovider", "tests"]
    status = pytest.main(options, plugins=[collector])
    print(json.dumps([{"node": one.node, "area": one.area, "reason": one.reason} for one in collector.cases]))
    return int(status)


def table(cases: Iterable[HostileCase]) -> str:
    """The table of cases by area, and behind it what is not survived, with the reason."""
    tried: Counter[str] = Counter()
    lost: Counter[tuple[str, str]] = Counter()
    for one in cases:
        tried[one.area] += 1
        if one.reason:
            lost[one.area, one.reason] += 1
    named = Counter({area: sum(count for (other, _), count in lost.items() if other == area) for area in AREAS})
    rows = [
        "| area | what is tried | tried | survived | named |",
        "|---|---|--:|--:|--:|",
        *(
            f"| {area} | {what} | {tried[area]} | {tried[area] - named[area]} | {named[area]} |"
            for area, what in AREAS.items()
        ),
        f"| **all** | | **{tried.total()}** | **{tried.total() - named.total()}** | **{named.total()}** |",
    ]
    if lost:
        rows += ["", "Named, and why:", ""]
        rows += [f"- *{area}*, {count} of them: {reason}" for (area, reason), count in sorted(lost.items())]
    return "\n".join(rows)


def without_root() -> str:
    """What is not assessed without root's rights, as a run on the lab proves: by category, the items' ids below it."""
    from lab.blindings import BLINDINGS  # the package is not imported before pytest does
    from pytest_zebu.catalogue import load

    found: dict[str, list[str]] = {}
    items = load()
    for item in items:
        found.setdefault(item.id.rpartition(".")[0], []).append(item.id)
    rows = ["| items | of | not assessed without root |", "|---|--:|---|"]
    for group, ids in found.items():
        lost = [f"`{one.rpartition('.')[2]}`" for one in ids if one in BLINDINGS["without root"]]
        if lost:
            rows.append(f"| `{group}` | {len(ids)} | {'all' if len(lost) == len(ids) else ', '.join(lost)} |")
    rows.append(f"| **all** | **{len(items)}** | **{len(BLINDINGS['without root'])}** |")
    return "\n".join(rows)


CAUSES = {
    "visit": "our visit",
    "machine": "the machine itself, meanwhile",
    "functional": "`functional`",
    "restore": "`restore`",
    "attack": "`attack`",
}


def what_may_change() -> str:
    """What the change-nothing test lets pass, by who changes it."""
    from tests.proofs.manifest import EXEMPT

    rows = ["| changed by | what |", "|---|---|"]
    for cause, who in CAUSES.items():
        rows += [f"| {who} | {why} |" for why in dict.fromkeys(one.why for one in EXEMPT if one.cause == cause)]
    return "\n".join(rows)


TABLES: dict[str, Callable[[], str]] = {
    "what may change": what_may_change,
    "without root": without_root,
    "hostile cases": lambda: table(collect()),
}
"""The tables of the page, by the name in the comments around them."""


def _around(name: str) -> tuple[str, str]:
    return f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"


def shown(page: str, name: str) -> str:
    """A table as a page has it.

    Raises:
        ValueError: the page has no place for it.
    """
    begin, end = _around(name)
    _, found, rest = page.partition(begin)
    text, is_ended, _ = rest.partition(end)
    if not found or not is_ended:
        raise ValueError(f"there is no place for {name}")
    return text.removesuffix("\n")


def renewed(page: str, name: str, text: str) -> str:
    """A page with another table."""
    begin, end = _around(name)
    old = shown(page, name)
    return page.replace(f"{begin}{old}\n{end}" if old else f"{begin}{end}", f"{begin}{text}\n{end}")


def fenced(kind: str) -> str:
    """What the page shows in a block of a kind."""
    found = re.search(rf"^```{kind}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    if found is None:
        raise ValueError(f"the page has no block of {kind}")
    return found[1]


def main(words: list[str]) -> int:
    """The command."""
    if words == ["--tell"]:
        return tell()
    page = PAGE.read_text(encoding="utf-8")
    for name, make in TABLES.items():
        page = renewed(page, name, make())
    PAGE.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
