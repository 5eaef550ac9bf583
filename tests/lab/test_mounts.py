"""A lab lets go of everything, also where its mounts were copied, and where it was killed at any moment."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab.build import Builder
from lab.deployment import Lab
from lab.mounts import mounted_below, mounts
from lab.network import Network
from lab.place import Place
from lab.shell import LabError, Progress, bearing, end_all, marked, output, run, spawn
from lab.waits import until

from .left import ROOT, traces

pytestmark = [pytest.mark.lab, pytest.mark.hostile("lab")]

MOVED = 'mount --bind / "$1"; cd "$1"; mount --move . /; exec chroot . '
"""As systemd-nspawn does it: what was mounted before is hidden below the new root, and stays."""
COPIES = {
    "told of an unmount": 'exec unshare --mount --propagation=slave sh -c "$READY"',
    "told of nothing": 'exec unshare --mount --propagation=private sh -c "$READY"',
    "a copy of a copy": 'exec unshare --mount --propagation=private unshare --mount --propagation=private sh -c "$READY"',
    "hidden below another root": f'exec unshare --mount --propagation=slave sh -c \'{MOVED} sh -c "$READY"\' sh "$1"',
    "hidden, and copied again": (
        f'exec unshare --mount --propagation=slave sh -c \'{MOVED} unshare --mount sh -c "$READY"\' sh "$1"'
    ),
}
READY = "echo ready; exec cat"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    found = Place(tmp_path / "lab")
    found.make()
    yield found
    Lab(found).remove()


@pytest.fixture
def copied(tmp_path: Path) -> Iterator[Callable[[str], subprocess.Popen[bytes]]]:
    """Somebody else's process, with mounts of its own, which lives until the test ends."""
    with contextlib.ExitStack() as stack:

        def start(script: str, cwd: Path | None = None) -> subprocess.Popen[bytes]:
            (tmp_path / "root").mkdir(exist_ok=True)
            process = stack.enter_context(
                subprocess.Popen(
                    ["sh", "-euc", script, "sh", tmp_path / "root"],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "READY": READY}, cwd=cwd,
                )
            )  # fmt: skip
            stack.callback(process.kill)
            assert process.stdout
            assert process.stdout.readline() == b"ready\n"
            return process

        yield start


@pytest.mark.parametrize("script", COPIES.values(), ids=COPIES)
def test_a_copy_of_its_mounts_keeps_no_device(
    script: str, place: Place, copied: Callable[[str], subprocess.Popen[bytes]]
) -> None:
    """Another lab is up: its machines took this lab's mounts along."""
    builder = Builder(place, Network(place), Progress())
    builder.mount()
    assert traces(place)["loop devices"]
    other = copied(script)
    builder.unmount()
    assert other.poll() is None
    assert traces(place) == {}


def test_what_others_have_at_a_place_of_the_same_name_stays_theirs(
    place: Place, copied: Callable[[str], subprocess.Popen[bytes]]
) -> None:
    builder = Builder(place, Network(place), Progress())
    builder.mount()
    theirs = f'umount --recursive "{place.folder}"; mount -t tmpfs theirs "{place.folder}"; eval "$READY"'
    other = copied(f"exec unshare --mount --propagation=private sh -euc '{theirs}'")
    builder.unmount()
    left = [one for one in mounts(other.pid) if one.is_below([place.folder])]
    assert [(one.point, one.source) for one in left] == [(str(place.folder), "theirs")]


def test_two_labs_do_not_keep_each_other(tmp_path: Path, copied: Callable[[str], subprocess.Popen[bytes]]) -> None:
    first, second = (Place(tmp_path / name) for name in ("first", "second"))
    builders = []
    for place in (first, second):
        place.make()
        builder = Builder(place, Network(place), Progress())
        builder.mount()
        builders.append(builder)
        copied(COPIES["hidden, and copied again"])
    try:
        Lab(first).remove()
        assert not first.folder.exists()
        assert traces(first) == {}
        assert mounted_below(second.machines) == [str(second.machines)]
    finally:
        Lab(second).remove()
    assert traces(second) == {}


def test_who_works_in_there_is_named(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not ended: it may be somebody's shell."""
    monkeypatch.setattr("lab.mounts.wait_for_device.__defaults__", (0.5,))
    builder = Builder(place, Network(place), Progress())
    builder.mount()
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, cwd=place.machines) as shell:
        with pytest.raises(LabError, match=rf"loop device.*end who works in there: .*{shell.pid} \(cat\)"):
            builder.unmount()
        assert shell.poll() is None
    builder.unmount()
    assert traces(place) == {}


def test_what_cannot_be_deleted_is_said(place: Place) -> None:
    kept = place.cache / "kept"
    kept.touch()
    run(["chattr", "+i", kept])
    try:
        with pytest.raises(LabError, match=r"not all of .* could be deleted: .*kept"):
            Lab(place).remove()
    finally:
        run(["chattr", "-i", kept])


KILLED = """
import os, signal, sys
from pathlib import Path
from lab import build, network, shell
from lab.deployment import Lab
from lab.place import Place
place, moment, when = Place(Path(sys.argv[1])), sys.argv[2], sys.argv[3]
os.setsid()
real = shell.run
def run(argv, **options):
    is_it = " ".join(map(str, argv)).find(moment) >= 0
    if is_it and when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    done = real(argv, **options)
    if is_it:
        os.kill(os.getpid(), signal.SIGKILL)
    return done
build.run = network.run = run
lab = Lab(place)
place.make()
with shell.marked(place.token):
    lab.builder.mount()
    shell.spawn(["sh", "-c", "sleep 600 & wait"], place.logs / "build.log")
    lab.network.up()
    lab.network.fresh("vm")
    lab.daemons.start("idle", ["sleep", "600"])
    real(["sh", "-c", 'mkdir -p "$0/x" && mount -t proc proc "$0/x"', place.scratch])
    run(["true", "all is up"])
"""
MOMENTS = {
    "before the image is made": ("mkfs.btrfs", "before"),
    "when the image is made": ("mkfs.btrfs", "behind"),
    "when the folder is bound": ("mount --bind", "behind"),
    "when the folder is private": ("--make-private", "behind"),
    "when the folder is shared": ("--make-shared", "behind"),
    "when the machines are mounted": ("mount -o loop", "behind"),
    "before the first namespace": ("netns add", "before"),
    "when the first namespace is made": ("netns add", "behind"),
    "when the bridge is made": ("type bridge", "behind"),
    "when the first cable is laid": ("type veth", "behind"),
    "when packets are forwarded": ("ip_forward", "behind"),
    "when the edge has its rules": ("nft -f", "behind"),
    "when a machine has its namespace": ("-vm", "behind"),
    "when all is up": ("all is up", "behind"),
}


@pytest.mark.parametrize(("moment", "when"), MOMENTS.values(), ids=MOMENTS)
def test_killed_at_any_moment_it_leaves_nothing(moment: str, when: str, tmp_path: Path) -> None:
    """`up`, as far as it makes something of the kernel's, is killed; `down --remove` clears away."""
    place = Place(tmp_path / "lab")
    argv = [sys.executable, "-c", KILLED, str(place.folder), moment, when]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, check=False)
    try:
        assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    finally:
        Lab(place).remove()
    assert not place.folder.exists()
    assert traces(place) == {}


def test_an_image_that_was_half_made_is_made_anew(place: Place) -> None:
    argv = [sys.executable, "-c", KILLED, str(place.folder), *MOMENTS["before the image is made"]]
    subprocess.run(argv, cwd=ROOT, capture_output=True, check=False)
    builder = Builder(place, Network(place), Progress())
    builder.mount()
    assert mounted_below(place.machines) == [str(place.machines)]


def test_what_a_killed_build_started_is_known_by_its_mark(place: Place) -> None:
    """Also when it was started by something in between, with an environment of its own; others are left alone."""
    other = Place(place.folder / "other")
    with marked(place.token):
        ours = spawn(["sh", "-c", "sleep 600 & wait"], place.logs / "ours")
        run(["sh", "-c", "setsid sleep 600 >/dev/null 2>&1 &"], env={"PATH": os.environ["PATH"]})
    with marked(other.token):
        theirs = spawn(["sleep", "600"], place.logs / "theirs")
    try:
        until("all have begun", lambda: bearing(place.token), lambda found: len(found) == 3, seconds=20)
        assert ours in bearing(place.token)
        assert theirs not in bearing(place.token)
        until("they have ended", lambda: end_all(place.token), lambda left: not left, seconds=20)
        assert bearing(other.token) == {theirs}
    finally:
        end_all(other.token)
    assert output(["sh", "-c", "echo $ZEBU_LAB_MARK"]) == ""
