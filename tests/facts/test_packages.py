"""Installed and locked packages, and the advisories about them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from pytest_zebu.facts import packages
from pytest_zebu.facts.answer import Garbled, Known, Missing, NotAssessed, Reason, Unknown, need
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.settings.target import Target
from tests.facts.answers import saying


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


INSTALLED = "@service backend 0\nfastapi 1.0\n@service db none\n@service worker 137\n"
LOCKS = '@file backend/requirements.lock\na==1\nb==2\n\n@file package-lock.json\n{"packages": {"node_modules/c": {"version": "3"}}}\n\n@file requirements.lock\n# empty\n\n'


def asked(installed: str = INSTALLED, locks: str = LOCKS) -> Gathered:
    return saying({"packages.installed": installed, "packages.locks": locks})


def test_what_is_asked_about(target: Target) -> None:
    (look,) = packages.then(asked(), target)
    assert look.arguments["python"] == {
        "running image of backend": {"fastapi": "1.0"},
        "backend/requirements.lock": {"a": "1", "b": "2"},
    }
    assert look.arguments["npm"] == {"package-lock.json": {"c": "3"}}
    assert packages.then(asked("@service db none\n"), target) == ()
    assert packages.then(asked(locks="@file uv.lock\n{\n"), target) == ()


def audit(target: Target, **change: Any) -> packages.Audit:
    (look,) = packages.then(asked(), target)
    seen = {"running image of backend": [], "backend/requirements.lock": [], "package-lock.json": [], **change}
    return need(packages.FACT.read(replace(asked(), looks={look.key: seen}), target))


def test_advisories_by_place(target: Target) -> None:
    no = Unknown(Reason.UNREACHABLE, "x")
    row = {"package": "a", "version": "1", "id": "CVE-1", "aliases": ["GHSA-1"], "severity": "high"}
    found = audit(target, **{"backend/requirements.lock": [row], "package-lock.json": no})
    assert found.packages == {
        "running image of backend": 1,
        "backend/requirements.lock": 2,
        "package-lock.json": 1,
        "running image of worker": 0,
    }
    assert found.found["backend/requirements.lock"] == Known(
        (packages.Advisory("a", "1", "CVE-1", ("GHSA-1",), "high"),)
    )
    assert (found.found["running image of backend"], found.found["package-lock.json"]) == (Known(()), no)
    assert isinstance(found.found["running image of worker"], Unknown)
    assert found.without_python == ("db",)


def test_advisories_of_another_shape_are_garbled(target: Target) -> None:
    wrong: Any
    for wrong in ([{}], 1):
        with pytest.raises(NotAssessed, match="garbled"):
            audit(target, **{"package-lock.json": wrong})
