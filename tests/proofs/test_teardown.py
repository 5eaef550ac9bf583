"""`down` leaves nothing behind, also after a crash; `up` works again afterwards. Runs last."""

from __future__ import annotations

import os
import signal

import pytest

from lab.deployment import Lab
from tests.lab.left import traces

pytestmark = [pytest.mark.lab, pytest.mark.hostile("lab")]


def test_nothing_is_left_after_a_crash(lab: Lab) -> None:
    """The launchers and a name server are killed, pid files are lost: as after a crash of whatever started them."""
    before = traces(lab.place)
    assert before.keys() >= {"mounts", "namespaces", "loop devices", "cgroups", "processes", "places of nspawn"}
    for machine in ("vm", "proxy"):
        launcher = int((lab.place.run / f"{machine}.pid").read_text())
        os.kill(launcher, signal.SIGKILL)
    (lab.place.run / "nas.pid").unlink()
    lab.down()
    assert traces(lab.place) == {}
    lab.up()
    assert lab.is_up
