"""A check that breaks takes its own item with it, and no other."""

from __future__ import annotations

import pytest

from pytest_zebu.plugin.checks import Cases
from pytest_zebu.plugin.judge import decide
from pytest_zebu.verdict.outcome import NotApplicable, Outcome

ITEM = "deploy.initial.ssh"


class Unshown:
    """A value that cannot be shown."""

    def __str__(self) -> str:
        raise UnicodeError


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize(
    "error",
    [
        KeyError("x"), TypeError(), ValueError("\ud800"), ZeroDivisionError(), OverflowError(), RecursionError(), MemoryError(), UnicodeError(), StopIteration(),
        AttributeError(), TimeoutError(), OSError(5, "x"), NotApplicable("because"),
    ],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
def test_a_check_that_breaks_leaves_its_item_not_assessed(error: Exception) -> None:
    def check(case: Cases) -> None:
        with case("first"):
            pass
        with case("second"):
            raise error

    finding, raised = decide(check, ITEM, {"case": (cases := Cases())}, cases)
    assert raised is error
    assert finding.outcome is Outcome.NOT_ASSESSED
    assert finding.broken
    assert finding.reason == f"the check itself broke: {type(error).__name__}"
    assert [case.name for case in finding.cases] == ["first"]


@pytest.mark.hostile("parsers")
def test_what_cannot_be_shown_breaks_its_item_only() -> None:
    def check(case: Cases) -> None:
        with case("first", Unshown()):
            pass

    finding, _ = decide(check, ITEM, {"case": (cases := Cases())}, cases)
    assert (finding.outcome, finding.broken) == (Outcome.NOT_ASSESSED, True)


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_who_ends_the_run_ends_it(error: type[BaseException]) -> None:
    def check() -> None:
        raise error

    with pytest.raises(error):
        decide(check, ITEM, {}, None)
