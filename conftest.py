"""What both suites share: which tests are collected, and what is left out where it cannot run."""

from __future__ import annotations

import os
import shutil
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

collect_ignore = ["lab"]  # it carries tests of the application, which are not ours to collect
LEFT_OUT = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `./run tests` ask for the whole proof."""
    if pytest.version_tuple < (9,):  # it has these as options only: let it know the keys of the ini file too
        for key in ("strict_markers", "strict_config"):
            parser.addini(key, "an option of pytest 8", type="bool", default=False)
    parser.addoption("--lab", action="store_true", help="run the proofs on the live lab too: as root, on Debian 12")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what boots machines, unless it was asked for, and what needs a browser where there is none."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: place_of(item.nodeid))
    config.stash[LEFT_OUT] = []
    if config.getoption("--lab"):
        return
    for marker, is_there, remedy in (
        ("lab", False, "`./run tests`, as root"),
        ("chromium", shutil.which("chromium"), "`apt-get install chromium libatomic1`, as root"),
    ):
        out = [] if is_there else [item for item in items if item.get_closest_marker(marker)]
        if out:
            config.hook.pytest_deselected(items=out)
            items[:] = [item for item in items if item not in out]
            config.stash[LEFT_OUT].append(f"left out: {len(out)} tests that need {marker}: {remedy}")


def pytest_report_collectionfinish(config: pytest.Config) -> list[str]:
    """Name what was left out."""
    return config.stash.get(LEFT_OUT, [])


PROOFS = "tests/proofs/"
LONGEST = (
    "tests/judged/test_judged.py",
    "tests/gather/test_rude_pages.py",
    "tests/plugin/test_ending.py",
    "tests/plugin/test_guest.py",
    "tests/plugin/test_run.py",
    "tests/gather/test_canaries.py",
    "tests/facts/test_any_bytes.py",
    "tests/reports/test_html.py",
    "tests/commands/test_incident.py",
    "tests/plugin/test_secrets.py",
)
"""Files that take a minute or so of processor, in this order: what is begun last is what the others wait for."""


def place_of(nodeid: str) -> int:
    """When a test's turn comes, among workers: proofs at once, as they take longest, then files by how long they take."""
    file = scope_of(nodeid)
    return 0 if file == PROOFS else LONGEST.index(file) + 1 if file in LONGEST else len(LONGEST) + 1


def scope_of(nodeid: str) -> str:
    """What one worker does in its order: a file, or all proofs, as there is one lab."""
    return PROOFS if nodeid.startswith(PROOFS) else nodeid.partition("::")[0]


class ByFile(LoadScopeScheduling):  # type: ignore[misc]
    """A file's tests are one worker's, which makes what they share once, and so are all proofs."""

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)


@pytest.hookimpl(optionalhook=True)  # a run may go without workers, and without their plugin
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    """Hand out whole files, in the order in which they were collected."""
    config.option.loadscopereorder = False
    return ByFile(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """A worker more than processors where the lab is up: the one with the proofs waits for machines most of its time."""
    if not config.getoption("--lab") or "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    return len(os.sched_getaffinity(0)) + 1


BESIDE = 10
"""How nice tests are to proofs that run beside them: those look at machines that must answer in time."""


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let proofs go before whatever else runs at the time."""
    if item.config.getoption("--lab") and hasattr(item.config, "workerinput"):
        os.setpriority(os.PRIO_PROCESS, 0, 0 if item.nodeid.startswith(PROOFS) else BESIDE)
