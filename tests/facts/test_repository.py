"""The deployed checkout."""

from __future__ import annotations

import pytest

from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Reason, need
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.facts.repository import CommittedSecrets, Tag
from pytest_zebu.settings.target import Target
from tests.facts.answers import read, why


def test_repository_of_trixie(trixie: Gathered, target: Target) -> None:
    repository = need(ALL["repository"].read(trixie, target))
    assert repository.newest_release == Tag("v2.0.0", repository.head)
    assert repository.changes == ("?? b",)
    assert repository.describe == "v2.0.0 (dirty)"


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("v1.2.3", (1, 2, 3)),
        ("1.2.3", (1, 2, 3)),
        ("v1.2.3+build", (1, 2, 3)),
        ("v1.2.3-rc.1", None),
        ("latest", None),
        ("v1", None),
        ("v1.2", (1, 2, 0)),
        ("2026.11.26.1", (2026, 11, 26, 1)),
        ("release-1.2.3", (1, 2, 3)),
        ("zebu-backend@1.2.3", (1, 2, 3)),
        ("rc-1.2.3", None),
        ("v1.2.3-4.5", None),
    ],
)
def test_what_is_a_release(name: str, version: tuple[int, ...] | None) -> None:
    assert Tag(name, "0").version == version


@pytest.mark.parametrize(("name", "is_release"), [
    ("release/v1.2.3", True), ("zebu-v1.2.3", True), ("zebu-frontend-v1.2.3", False), ("before-1.2.3", False), ("1.2.3", True), ("Release_1.2", True), ("nightly-2026.11.26", False),
])  # fmt: skip
def test_a_release_is_of_the_whole_project(name: str, is_release: bool, target: Target) -> None:
    said = f"@head {HEAD}\n@owner deploy\n@remote git@forge.example:zebu/zebu.git\n@tag {name} tag {HEAD}\n@tag part-v9.0.0 tag {OTHER}\n"
    found = read("repository", said, target)
    assert [tag.name for tag in found.releases] == [name] * is_release
    assert found.newest_release == (Tag(name, HEAD) if is_release else None)


HEAD, OTHER = "a" * 40, "b" * 40
SAID = f"@head {HEAD}\n@owner deploy\n@remote https://forge.example/zebu.git\n@known 1\n@absent 0\n@tag v1.9.0 tag {OTHER}\n@tag v1.10.0 commit {HEAD}\n@tag latest commit {HEAD}\n"


def test_the_newest_release_is_so_by_its_numbers(target: Target) -> None:
    found = read("repository", SAID, target)
    assert found.newest_release == Tag("v1.10.0", HEAD)
    assert [tag.name for tag in found.tags_at_head] == ["v1.10.0", "latest"]
    assert (found.describe, found.owner, found.remote, found.is_known, found.absent) == (
        "v1.10.0", "deploy", "https://forge.example/zebu.git", True, 0,
    )  # fmt: skip


def test_a_commit_without_a_release_is_called_by_its_hash(target: Target) -> None:
    found = read(
        "repository",
        f"@head {HEAD}\n@owner deploy\n@tag latest commit {HEAD}\n@change  M app.py\n@branches 2\n@known 0\n@absent 3\n",
        target,
    )
    assert (found.describe, found.newest_release, found.is_known, found.absent) == (
        "a" * 12 + " (dirty)",
        None,
        False,
        3,
    )


def test_submodules_and_what_is_left_with_the_remote(target: Target) -> None:
    found = read("repository", SAID + "@left 7\n@submodule lib\n@submodule a b\n", target)
    assert (found.absent, found.empty_submodules, found.changes) == (0, ("lib", "a b"), ())


@pytest.mark.parametrize(("old", "new"), [
    (HEAD, "a" * 39), (HEAD, "A" * 40), (f"@head {HEAD}\n", ""), ("@tag latest commit", "@tag latest"), ("@known 1", "@known many"),
    ("@absent 0", "@absent -1"), ("@owner", "fatal:"),
])  # fmt: skip
def test_what_git_does_not_say_is_garbled(old: str, new: str, target: Target) -> None:
    assert why("repository", SAID.replace(old, new), target) is Reason.GARBLED


@pytest.mark.parametrize(("said", "is_known", "doubt"), [
    ("@known 1\n@branches 2\n", True, ""), ("@branches 2\n@known 0\n@given fetch\n@made commit\n", True, ""), ("@branches 2\n@known 0\n@tagged 1\n@made commit\n", False, "made here (commit)"),
    ("@branches 2\n@known 0\n@tagged 0\n", False, "no branch or tag"), ("@branches 2\n@known 0\n@tagged 1\n", None, "only tags"), ("@branches 0\n@known 0\n@tagged 1\n", None, "no branch of the remote was ever fetched"),
    ("@branches 2\n@known 0\n@tagged 0\n@shallow\n", None, "shallow"), ("@branches 0\n@known 0\n@shallow\n@given shallow\n", True, ""),
])  # fmt: skip
def test_whether_the_remote_has_the_commit(said: str, is_known: bool | None, doubt: str, target: Target) -> None:
    """A tag may have been made here; what a fetch brought was not."""
    found = read("repository", f"@head {HEAD}\n@owner deploy\n{said}", target)
    assert found.is_known is is_known
    assert doubt in found.doubt


LACKS = "the repository lacks {} objects of its history, or cannot read them"
CLONE = "shallow=false\nfetch=+refs/heads/*:refs/remotes/origin/* \npartial=0\nmissing=0\nwalked=0\nignored=1\ntracked=0\nfound=0\n"


@pytest.mark.parametrize(("old", "new", "expected"), [
    ("", "", CommittedSecrets("", True, False, (), False)), ("shallow=false", "shallow=true", CommittedSecrets("the clone is shallow", True, False, (), False)),
    ("refs/heads/*", "refs/heads/main", CommittedSecrets("the clone has one branch only", True, False, (), False)),
    ("fetch=+refs/heads/*:refs/remotes/origin/* ", "fetch=", CommittedSecrets("", True, False, (), False)),
    ("ignored=1", "ignored=0", CommittedSecrets("", False, False, (), False)), ("tracked=0", "tracked=1", CommittedSecrets("", True, True, (), False)),
    ("found=0", "found=1", CommittedSecrets("", True, False, (), True)), ("found=0", "found=-", CommittedSecrets("", True, False, (), None)),
    ("partial=0", "partial=1", CommittedSecrets("the clone is partial: it leaves objects with its remote", True, False, (), False)),
    ("partial=0\n", "", CommittedSecrets("the clone is partial: it leaves objects with its remote", True, False, (), False)),
    ("missing=0", "missing=3", CommittedSecrets(LACKS.format(3), True, False, (), False)),
    ("walked=0", "walked=128", CommittedSecrets(LACKS.format(0), True, False, (), False)),
    ("found=0", "unread=1\nfound=0", CommittedSecrets(LACKS.format(0), True, False, (), False)),
    ("fetch=+refs/heads/*:refs/remotes/origin/* ", "fetch=+refs/*:refs/* ", CommittedSecrets("", True, False, (), False)),
    ("tracked=0", "tracked=0\ncommitted=.env\ncommitted=b/.env", CommittedSecrets("", True, False, (".env", "b/.env"), False)),
])  # fmt: skip
def test_what_became_of_the_environment_in_the_history(
    old: str, new: str, expected: CommittedSecrets, target: Target
) -> None:
    assert read("history", CLONE.replace(old, new, 1) if old else CLONE, target) == expected


@pytest.mark.parametrize("lost", ["shallow=false", "ignored=1", "tracked=0", "found=0"])
def test_a_search_that_ended_early_is_garbled(lost: str, target: Target) -> None:
    assert why("history", CLONE.replace(lost + "\n", ""), target) is Reason.GARBLED


def test_the_histories_of_other_checkouts(target: Target) -> None:
    """What the deployed one lacks is in another that has its commit; which others could not be searched is told."""
    other = CLONE.replace("ignored=1", "ignored=0")
    said = f"has=1\n{CLONE.replace('shallow=false', 'shallow=true')}\ncheckout=/a\nended=done 0\nhas=1\n{other}\ncheckout=/b\nended=timeout 255\n"
    found = read("history", said, target)
    assert (found.is_partial, found.unread) == ("", ("/b (timeout 255)",))
    assert found.others == (CommittedSecrets("", False, False, (), False, place="/a"),)
    assert read("history", said.replace("ended=done 0\nhas=1", "ended=done 0\nhas=0"), target).is_partial
    assert (
        why("history", said.replace("ended=done 0\nhas=1\nshallow=false", "ended=done 0\nhas=1"), target)
        is Reason.GARBLED
    )
