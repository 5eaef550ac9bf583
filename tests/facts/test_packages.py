"""Installed and locked packages, and the advisories about them."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from pytest_zebu.facts import packages
from pytest_zebu.facts.answer import Known, Missing, NotAssessed, Reason, Unknown, need
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.settings.target import Target
from tests.facts.answers import saying


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


INSTALLED = "@service backend 0\nfastapi 1.0\n@service db none\n@service worker 137\n"
LOCKS = '@file backend/requirements.lock\na==1\nb==2\n\n@file package-lock.json\n{"packages": {"node_modules/c": {"version": "3.0.0"}}}\n\n@file requirements.lock\n# empty\n\n'


def asked(installed: str = INSTALLED, locks: str = LOCKS) -> Gathered:
    return saying({"packages.installed": installed, "packages.locks": locks})


def test_what_is_asked_about(target: Target) -> None:
    (look,) = packages.then(asked(), target)
    assert look.arguments["python"] == {
        "running image of backend": [["fastapi", "1.0"]],
        "backend/requirements.lock": [["a", "1"], ["b", "2"]],
    }
    assert look.arguments["npm"] == {"package-lock.json": [["c", "3.0.0"]]}
    assert packages.then(asked(locks="@oddity\n"), target) == ()
    assert packages.then(saying({}), target) == ()


def test_what_is_not_there_takes_nothing_with_it(target: Target) -> None:
    """Lock files are judged where no image tells anything, and images where no lock file does."""
    gathered = asked("@service db none\n")
    (look,) = packages.then(gathered, target)
    seen: dict[str, list[Any]] = {"backend/requirements.lock": [], "package-lock.json": []}
    found = need(packages.FACT.read(replace(gathered, looks={look.key: seen}), target))
    assert isinstance(found.found["running images"], Unknown)
    assert found.found["backend/requirements.lock"] == Known(())
    (look,) = packages.then(saying({"packages.installed": INSTALLED}), target)
    assert list(look.arguments["python"]) == ["running image of backend"]
    gathered = replace(saying({"packages.installed": INSTALLED}), looks={look.key: {"running image of backend": []}})
    found = need(packages.FACT.read(gathered, target))
    assert [one.partition(" (")[0] for one in found.unread] == ["lock files"]


UNREAD = "@unread kind frontend/bun.lockb\n@unread size frontend/package-lock.json\n@part\n@file uv.lock\n{\n\n"


def test_what_is_not_read_is_named(target: Target) -> None:
    gathered = asked(locks=UNREAD + LOCKS)
    (look,) = packages.then(gathered, target)
    places: dict[str, list[Any]] = {place: [] for kind in ("python", "npm") for place in look.arguments[kind]}
    found = need(packages.FACT.read(replace(gathered, looks={look.key: places}), target))
    assert found.unread == (
        "frontend/bun.lockb (a kind of lock file that is not known here)",
        "frontend/package-lock.json (too large)",
        "a folder that cannot be looked into",
        "uv.lock is no such lock file as is known here",
    )
    assert found.found["backend/requirements.lock"] == Known(())


@pytest.mark.parametrize(("locks", "unread"), [
    ('@file frontend/package.json\n{"dependencies": {"a": "1"}}\n', ("what frontend/package.json depends on, for which there is no lock file",)),
    ('@file frontend/package.json\n{"dependencies": {"a": "1"}}\n@file frontend/package-lock.json\n{}\n', ()), ('@file frontend/package.json\n{"dependencies": {"a": "1"}}\n@unread kind frontend/bun.lockb\n', ("frontend/bun.lockb (a kind of lock file that is not known here)",)),
    ('@file frontend/package.json\n{"dependencies": {"a": "1"}}\n@file frontend/yarn.lock\nbroken\n', ("frontend/yarn.lock is no such lock file as is known here",)),
    ('@file frontend/package.json\n{"type": "module"}\n', ()), ("@file frontend/package.json\n{\n", ("frontend/package.json: it is no manifest",)),
    ("@file a/requirements.txt\n-r base.txt\n", ("a/base.txt, which a/requirements.txt includes",)), ("@file a/requirements.txt\n-r base.txt\n@file a/base.txt\n\n", ()),
])  # fmt: skip
def test_what_no_lock_file_tells_is_named(locks: str, unread: tuple[str, ...], target: Target) -> None:
    gathered = asked(locks=locks)
    (look,) = packages.then(gathered, target)
    places: dict[str, list[Any]] = {place: [] for kind in ("python", "npm") for place in look.arguments[kind]}
    found = need(packages.FACT.read(replace(gathered, looks={look.key: places}), target))
    assert found.unread == unread


def audit(target: Target, **change: Any) -> packages.Audit:
    (look,) = packages.then(asked(), target)
    seen = {"running image of backend": [], "backend/requirements.lock": [], "package-lock.json": [], **change}
    return need(packages.FACT.read(replace(asked(), looks={look.key: seen}), target))


def test_advisories_by_place(target: Target) -> None:
    no = Unknown(Reason.UNREACHABLE, "x")
    row = {"package": "a", "version": "1", "id": "CVE-1", "aliases": ["GHSA-1"], "severity": "high", "fixed": ["2"]}
    found = audit(target, **{"backend/requirements.lock": [row], "package-lock.json": no})
    assert found.packages == {
        "running image of backend": 1,
        "backend/requirements.lock": 2,
        "package-lock.json": 1,
        "running image of worker": 0,
    }
    assert found.found["backend/requirements.lock"] == Known(
        (packages.Advisory("a", "1", "CVE-1", ("GHSA-1",), "high", ("2",)),)
    )
    assert (found.found["running image of backend"], found.found["package-lock.json"]) == (Known(()), no)
    assert isinstance(found.found["running image of worker"], Unknown)
    assert found.without_python == ("db",)


def test_advisories_of_another_shape_are_garbled(target: Target) -> None:
    wrong: Any
    for wrong in ([{}], 1):
        with pytest.raises(NotAssessed, match="garbled"):
            audit(target, **{"package-lock.json": wrong})
