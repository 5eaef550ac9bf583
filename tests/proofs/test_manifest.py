"""What the change-nothing test calls a change."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from lab.shell import run
from tests.proofs.manifest import EXEMPT, SCRIPT, Exempt, Manifest, differences, read

BEFORE: Manifest = {
    ("file", "/etc/passwd"): ("f 644 0:0",),
    ("file", "/var/log/auth.log"): ("f 640 0:4",),
    ("table", "public.portfolios"): ("200 ab",),
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (("file", "/etc/passwd"), ("f 600 0:0",)),
        (("file", "/etc/passwd"), None),
        (("file", "/etc/cron.d/new"), ("f 644 0:0",)),
        (("file", "/etc/var/log/x"), ("f 644 0:0",)),
        (("table", "public.portfolios"), ("201 ab",)),
        (("sysctl", "kernel.randomize_va_space"), ("0",)),
        (("content", "/etc/a\n/var/log/b"), ("ab",)),
    ],
    ids=["changed", "gone", "new", "place that ends alike", "row", "setting", "name of two lines"],
)
def test_a_change_is_told(name: tuple[str, str], value: tuple[str, ...] | None) -> None:
    after = {key: one for key, one in BEFORE.items() if key != name} | ({name: value} if value else {})
    (line,) = differences(BEFORE, after)
    assert line.startswith(" ".join(name))
    assert " -> " in line


def test_what_a_visit_leaves_is_none() -> None:
    assert differences(BEFORE, {**BEFORE, ("file", "/var/log/auth.log"): ("f 640 0:4 longer",)}) == []
    assert differences(BEFORE, BEFORE) == []


def test_what_a_probe_leaves_is_a_change_without_it() -> None:
    for one in EXEMPT:
        if one.cause in ("functional", "restore", "attack"):
            assert not any(
                other.covers((one.kind, one.name)) for other in EXEMPT if other.cause in ("visit", "machine")
            )


@pytest.mark.parametrize("one", EXEMPT, ids=[f"{one.kind} {one.name}" for one in EXEMPT])
def test_no_exception_is_for_everything(one: Exempt) -> None:
    """It says why, in words for people, and lets nothing pass that it does not name."""
    assert one.why
    assert re.compile(one.kind)
    for name in (
        "/etc/passwd",
        "/root/.ssh/authorized_keys",
        "/opt/zebu/.env",
        "/usr/bin/sudo",
        "ssh.service",
        "public.users",
    ):
        for kind in ("file", "content", "unit", "table", "key", "mount", "sysctl"):
            assert not one.covers((kind, name))


def test_records_are_told_apart_whatever_their_names_are() -> None:
    data = b"file\t/a\nb\t1\0file\t/a\t\xff\0file\t/c\t2\0file\t/c\t1\0"
    assert read(data) == {
        ("file", "/a\nb"): ("1",), ("file", "/a"): ("\udcff",), ("file", "/c"): ("1", "2"),
    }  # fmt: skip


def test_a_listing_that_broke_off_is_no_manifest() -> None:
    with pytest.raises(ValueError, match="breaks off"):
        read(b"file\t/a\t1\0file\t/b")
    with pytest.raises(ValueError, match="no record"):
        read(b"oops\0")


def test_the_script_is_a_script() -> None:
    run([Path(sys.executable).with_name("shellcheck"), "--shell=sh", SCRIPT])
