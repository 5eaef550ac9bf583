"""What both suites share: which tests are collected, and what is left out where it cannot run."""

from __future__ import annotations

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


class ByFile(LoadScopeScheduling):  # type: ignore[misc]
    """A file's tests are one worker's, in their order, and so are all proofs: there is one lab."""

    def _split_scope(self, nodeid: str) -> str:
        return PROOFS if nodeid.startswith(PROOFS) else nodeid.partition("::")[0]


@pytest.hookimpl(optionalhook=True)  # a run may go without workers, and without their plugin
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile | None:
    """Let workers share what comes before the proofs."""
    if not config.getoption("--lab"):
        return None
    config.option.loadscopereorder = False
    return ByFile(config, log)
