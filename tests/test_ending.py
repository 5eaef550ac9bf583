"""Signals: the first ends what runs in order, and no other breaks that off."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from pytest_zebu.ending import SIGNALS, Ended, heed


@pytest.fixture
def usual() -> Iterator[None]:
    """Handlers as Python has them, whatever this process has."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    for number in SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("usual")
@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_only_the_first_signal_interrupts_and_handlers_are_put_back(
    number: signal.Signals, capfd: pytest.CaptureFixture[str]
) -> None:
    restore = heed()
    try:
        with pytest.raises(Ended, match=number.name):
            signal.raise_signal(number)
        os.kill(os.getpid(), number)
        assert ("it is ending already" in capfd.readouterr().err) == (number is signal.SIGINT)
    finally:
        restore()
    assert {signal.getsignal(one) for one in SIGNALS} == {signal.SIG_DFL}


@pytest.mark.usefixtures("usual")
def test_what_somebody_else_heeds_or_ignores_stays() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # nohup
    heed()()
    restore = heed()
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    restore()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
