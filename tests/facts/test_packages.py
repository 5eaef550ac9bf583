"""Installed and locked packages, and the advisories about them."""

from __future__ import annotations

import json

import pytest

from pytest_zebu.facts import packages
from pytest_zebu.facts.answer import Garbled, Missing, Unknown


@pytest.mark.parametrize(("file", "text", "expected"), [
    ("requirements.lock", "Fast_API==1.0 ; python_version > '3'\nx[y]==2.0 \\\n  --hash=sha256:0\n# no\nz>=1\n", {"fast-api": "1.0", "x": "2.0"}),
    ("uv.lock", '[[package]]\nname="zebu"\nversion="1"\nsource={virtual="."}\n[[package]]\nname="a"\nversion="2"\nsource={registry="r"}', {"a": "2"}),
    ("poetry.lock", '[[package]]\nname="a"\nversion="2"', {"a": "2"}),
    ("package-lock.json", json.dumps({"packages": {"": {"version": "1"}, "node_modules/@a/b": {"version": "2"}, "node_modules/c": {"link": True, "version": "3"}, "node_modules/d/node_modules/e": {"version": "4"}}}), {"@a/b": "2", "e": "4"}),
], ids=["requirements", "uv", "poetry", "npm"])  # fmt: skip
def test_lock_files(file: str, text: str, expected: dict[str, str]) -> None:
    assert packages.locked(file, text) == expected


def test_what_is_installed_in_running_images() -> None:
    text = (
        "@service backend 0\nFast_API 1.0\n@service backend 0\nFast_API 1.0\nextra 2\n"
        "@service db none\n@service worker 137\nhalf 1\n"
    )
    found = packages.installed(text)
    assert found.pop("running image of backend") == {"fast-api": "1.0", "extra": "2"}
    assert isinstance(found.pop("running image of worker"), Unknown)
    assert not found, "an image without Python has no distributions"
    with pytest.raises(Missing):
        packages.installed("@service db none\n")
    with pytest.raises(Garbled):
        packages.installed("@service backend 0\nTraceback (most recent call last)\n")


@pytest.mark.parametrize("file", ["uv.lock", "package-lock.json"])
def test_a_broken_lock_file_is_garbled(file: str) -> None:
    with pytest.raises(Garbled):
        packages.locked(file, "{ broken")
