"""Python's search for garbage, while a run is set up and after it."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from pytest_zebu.plugin.checks import suite_folder
from pytest_zebu.plugin.garbage import SELDOM, keep, left_alone, sought_seldom


@pytest.fixture(autouse=True)
def usual() -> Iterator[None]:
    yield
    gc.unfreeze()
    gc.enable()


def test_nothing_is_sought_meanwhile() -> None:
    with left_alone():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_is_sought_again_after_what_breaks() -> None:
    with pytest.raises(ValueError, match="broke"), left_alone():
        raise ValueError("broke")
    assert gc.isenabled()


def test_who_switched_it_off_keeps_it_so() -> None:
    gc.disable()
    with left_alone():
        pass
    assert not gc.isenabled()


@pytest.mark.parametrize("seldom", [0, 3 * SELDOM])
def test_who_set_how_often_it_is_sought_keeps_it_so(seldom: int) -> None:
    before = gc.get_threshold()
    try:
        gc.set_threshold(seldom, 5, 5)
        with sought_seldom():
            assert gc.get_threshold() == (seldom, 5, 5)
    finally:
        gc.set_threshold(*before)


def test_it_is_sought_less_often_meanwhile_and_as_before_afterwards() -> None:
    before = gc.get_threshold()
    try:
        gc.set_threshold(700, 10, 10)
        with sought_seldom():
            assert gc.get_threshold() == (SELDOM, 10, 10)
        assert gc.get_threshold() == (700, 10, 10)
        with pytest.raises(ValueError, match="broke"), sought_seldom():
            raise ValueError("broke")
        assert gc.get_threshold() == (700, 10, 10)
    finally:
        gc.set_threshold(*before)


class Ring:
    """Something that only the search finds."""

    def __init__(self, ended: list[str]) -> None:
        self.itself, self.ended = self, ended

    def __del__(self) -> None:
        self.ended.append("ended")


def test_what_an_earlier_run_left_is_let_go() -> None:
    ended: list[str] = []
    ring = Ring(ended)
    keep()
    assert gc.get_freeze_count() > 0
    del ring
    gc.collect()
    assert ended == [], "it stays out of the search"
    gc.unfreeze()
    gc.collect()
    assert ended == ["ended"]
    keep()
    before = gc.get_freeze_count()
    held: list[list[str]] = [[] for _ in range(1000)]
    keep()
    assert gc.get_freeze_count() < before + 2 * len(held), "frozen once, not twice"


def test_a_run_keeps_what_it_collected(project: pytest.Pytester) -> None:
    project.makeconftest("""
        import gc
        def pytest_runtestloop():
            print("kept", gc.get_freeze_count() > 50_000, gc.isenabled())
    """)
    result = project.runpytest_subprocess("--zebu-replay=snapshot.json", "-k", "no-passwords", "-s")
    result.stdout.fnmatch_lines(["*kept True True*"])


@pytest.mark.parametrize("own", [False, True], ids=["the suite alone", "beside tests of a project's own"])
def test_after_a_run_it_is_sought_where_somebody_elses_may_be(project: pytest.Pytester, own: bool) -> None:
    """Of a project's own tests pytest tells what they left broken; the suite leaves nothing, and much that is searched."""
    project.makeconftest("""
        import gc
        def pytest_configure(config):
            config.add_cleanup(lambda: print("little is left", len(gc.get_objects()) < 20_000))
    """)
    project.makepyfile(test_own="def test_own():\n    pass")
    tests = ["test_own.py", str(suite_folder())] if own else []
    result = project.runpytest_subprocess("--zebu-replay=snapshot.json", "-s", *tests)
    result.stdout.fnmatch_lines([f"little is left {not own}"])
