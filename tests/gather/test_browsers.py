"""Which browser is started, where several are there."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_zebu.gather.browsers import started_for


def programs(folder: Path, *names: str, mode: int = 0o755) -> None:
    for name in names:
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(mode)


@pytest.mark.parametrize(("there", "declared", "found"), [
    ((), "chromium", ()), (("chromium",), "chromium", ("chromium",)), (("chromium-headless-shell",), "chromium", ("chromium-headless-shell",)),
    (("chromium", "chromium-headless-shell"), "chromium", ("chromium-headless-shell", "chromium")),
    (("chromium", "chromium-headless-shell"), "chromium-headless-shell", ("chromium-headless-shell",)),
    (("chrome", "chromium-headless-shell"), "chrome", ("chrome",)), (("chromium-headless-shell",), "chrome", ()),
])  # fmt: skip
@pytest.mark.parametrize("by_name", [False, True], ids=["by path", "by name"])
def test_what_has_no_windows_is_started_first(
    there: tuple[str, ...],
    declared: str,
    found: tuple[str, ...],
    by_name: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only where it is of the same build as what is declared, which its name says."""
    programs(tmp_path, *there)
    monkeypatch.setenv("PATH", str(tmp_path))
    said = declared if by_name else f"{tmp_path}/{declared}"
    assert started_for(said) == tuple(f"{tmp_path}/{name}" for name in found)


def test_a_declared_browser_is_the_one_that_is_started(tmp_path: Path) -> None:
    programs(tmp_path, "chromium-headless-shell")
    assert started_for(f"{tmp_path}/chromium", is_declared=True) == ()
    programs(tmp_path, "chromium")
    assert started_for(f"{tmp_path}/chromium", is_declared=True) == (f"{tmp_path}/chromium",)


def test_what_may_not_be_run_is_left_out(tmp_path: Path) -> None:
    programs(tmp_path, "chromium")
    programs(tmp_path, "chromium-headless-shell", mode=0o644)
    assert started_for(f"{tmp_path}/chromium") == (f"{tmp_path}/chromium",)
