"""Programs that tests end by a signal."""

from __future__ import annotations

import signal

from pytest_zebu.ending import SIGNALS


def as_usual() -> None:
    """For a program that begins. Whoever has started the tests may ignore signals, as nohup does: those would stay so."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_DFL)
