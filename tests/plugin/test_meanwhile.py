"""What is made ready while the machine is asked is the same that pytest and a run make of it at the end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_zebu.plugin import meanwhile
from pytest_zebu.plugin.meanwhile import locate

SUITE = """
import pytest

def twice(test):
    return pytest.mark.parametrize("number", [1, 2])(test)

@twice
def test_one(number): pass

@pytest.mark.parametrize("text", ["a", "[b", "c]"])
def test_other(text): pass

test_namesake = test_one

def test_alone(): pass

class TestWithin:
    @twice
    def test_one(self, number): pass
"""
OWN = """
import pytest

class Own(pytest.Function):
    def reportinfo(self):
        return self.path, 41, "told by itself"

def pytest_pycollect_makeitem(collector, name, obj):
    if name == "test_own":
        return [Own.from_parent(collector, name=name, callobj=obj)]
"""


def located(pytester: pytest.Pytester, first: Callable[[list[pytest.Item]], None]) -> dict[str, object]:
    """Where each test stands, as pytest tells it."""
    items, _ = pytester.inline_genitems("-p", "no:hypothesispytest", "-p", "no:randomly")
    first(items)
    return {item.nodeid: item.location for item in items}


def test_a_test_stands_where_pytest_says(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(OWN)
    pytester.makepyfile(test_many=SUITE, test_more=f"{SUITE}\ndef test_own(): pass")
    expected = located(pytester, lambda items: None)
    assert len(expected) == 21
    assert located(pytester, locate) == expected


def test_of_each_function_it_is_looked_up_once(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    pytester.makepyfile(test_many="import pytest\n@pytest.mark.parametrize('x', range(50))\ndef test_one(x): pass")
    asked: list[str] = []
    whole = pytest.Function.reportinfo

    def reportinfo(self: pytest.Function) -> object:
        asked.append(self.name)
        return whole(self)

    monkeypatch.setattr(pytest.Function, "reportinfo", reportinfo)
    assert len(located(pytester, locate)) == 50
    assert asked == ["test_one[0]"]


def test_what_does_not_succeed_keeps_nothing_else_back() -> None:
    done: list[int] = []
    meanwhile._each(lambda: done.append(1), lambda: 1 // 0, lambda: done.append(2))
    assert done == [1, 2]
