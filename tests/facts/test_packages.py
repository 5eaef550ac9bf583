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
    ("requirements.lock", "Fast_API==1.0 ; python_version > '3'\nx[y]==2.0 \\\n  --hash=sha256:0\n# no\n", [("fast-api", "1.0"), ("x", "2.0")]),
    ("sub/requirements.txt", "a == 1\nb==1.*\nc===2 # why\nd>=1\n-r x.txt\ne @ https://user:pw@host/e.whl\n", [("a", "1"), ("c", "2")]),
    ("uv.lock", '[[package]]\nname="zebu"\nversion="1"\nsource={virtual="."}\n[[package]]\nname="a"\nversion="2"\nsource={registry="r"}\n[[package]]\nname="a"\nversion="3"', [("a", "2"), ("a", "3")]),
    ("poetry.lock", '[[package]]\nname="a"\nversion="2"', [("a", "2")]),
    ("pdm.lock", '[[package]]\nname="a"\nversion="2"', [("a", "2")]),
    ("pylock.toml", '[[packages]]\nname="a"\nversion="2"\n[[packages]]\nname="own"\n[packages.directory]\npath="."', [("a", "2")]),
    ("Pipfile.lock", '{"_meta": {}, "default": {"A_b": {"version": "==1"}}, "develop": {"c": {"version": "==2"}}}', [("a-b", "1"), ("c", "2")]),
    ("package-lock.json", json.dumps({"packages": {"": {"version": "1"}, "node_modules/@a/b": {"version": "2"}, "node_modules/c": {"link": True, "version": "3"}, "node_modules/d/node_modules/e": {"version": "4"}}}), [("@a/b", "2"), ("e", "4")]),
    ("npm-shrinkwrap.json", json.dumps({"packages": {"app": {"version": "1"}, "node_modules/foo/node_modules/minimist": {"version": "0.0.8"}, "node_modules/minimist": {"version": "1.2.8"}}}), [("minimist", "0.0.8"), ("minimist", "1.2.8")]),
    ("package-lock.json", json.dumps({"lockfileVersion": 1, "dependencies": {"a": {"version": "1", "dependencies": {"b": {"version": "2"}}}, "b": {"version": "3"}}}), [("a", "1"), ("b", "2"), ("b", "3")]),
], ids=["requirements.lock", "requirements.txt", "uv", "poetry", "pdm", "pylock", "pipenv", "npm", "shrinkwrap", "npm 1"])  # fmt: skip
def test_lock_files(file: str, text: str, expected: list[tuple[str, str]]) -> None:
    """Two versions of a package are two."""
    pairs, odd = packages.locked(file, text)
    assert (sorted(pairs), odd) == (expected, ())


@pytest.mark.parametrize(("file", "text", "odd"), [
    ("requirements.lock", "a==1\nb @ https://user:hidden@host/b.whl\n", "b in requirements.lock"),
    ("requirements.lock", "a==1\nb>=1\n", "b in requirements.lock"),
    ("package-lock.json", '{"packages": {"node_modules/a": {"version": "1"}, "node_modules/b": {}}}', "b in package-lock.json"),
    ("package-lock.json", '{"dependencies": {"a": {"version": "1"}, "b": {"version": "git+ssh://git@host/b"}}}', "b in package-lock.json"),
    ("uv.lock", '[[package]]\nname="a"\nversion="1"\n[[package]]\nname="b"', "b in uv.lock"),
])  # fmt: skip
def test_an_odd_entry_of_a_lock_file_is_named_and_the_rest_is_read(file: str, text: str, odd: str) -> None:
    assert packages.locked(file, text) == (frozenset({("a", "1")}), (odd,))


def test_what_is_installed_in_running_images() -> None:
    text = (
        "@service backend 0\nFast_API 1.0\n@service backend 0\nFast_API 1.0\nextra 2\n"
        "@service db none\n@service worker 137\nhalf 1\n"
    )
    read = packages.installed(text)
    found = dict(read.found)
    assert found.pop("running image of backend") == frozenset({("fast-api", "1.0"), ("extra", "2")})
    assert isinstance(found.pop("running image of worker"), Unknown)
    assert not found, "an image without Python has no distributions"
    assert (read.without_python, read.odd, read.left_out) == (("db",), (), "")
    with pytest.raises(Missing):
        packages.installed("@service db none\n")


def test_an_odd_distribution_is_named_and_the_rest_is_read() -> None:
    read = packages.installed(
        "@cut 30\n@service backend 0\nbad 1.0\n? none.dist-info\na\nb 1 2\n@service worker unseen\n"
    )
    assert read.found["running image of backend"] == frozenset({("bad", "1.0")})
    assert [one.partition(" in the ")[0] for one in read.odd] == ["? none.dist-info", "a", "b 1 2"]
    assert "30" in read.left_out
    seen = read.found["running image of worker"]
    assert isinstance(seen, Unknown)
    assert "not on its path" in seen.detail


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
        "running image of backend": [["fastapi", "1.0"]],
        "backend/requirements.lock": [["a", "1"], ["b", "2"]],
    }
    assert look.arguments["npm"] == {"package-lock.json": [["c", "3"]]}
    assert packages.then(asked("@service db none\n"), target) == ()
    assert packages.then(asked(locks="@oddity\n"), target) == ()


UNREAD = "@unread kind frontend/pnpm-lock.yaml\n@unread size frontend/package-lock.json\n@part\n@file uv.lock\n{\n\n"


def test_what_is_not_read_is_named(target: Target) -> None:
    gathered = asked(locks=UNREAD + LOCKS)
    (look,) = packages.then(gathered, target)
    places: dict[str, list[Any]] = {place: [] for kind in ("python", "npm") for place in look.arguments[kind]}
    found = need(packages.FACT.read(replace(gathered, looks={look.key: places}), target))
    assert found.unread == (
        "frontend/pnpm-lock.yaml (a kind of lock file that is not known here)",
        "frontend/package-lock.json (too large)",
        "a folder that cannot be looked into",
        "uv.lock is no such lock file",
    )
    assert found.found["backend/requirements.lock"] == Known(())


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
