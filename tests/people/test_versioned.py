"""What git is asked: no program of a repository runs, whatever it brings along, and the answer still comes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from pytest_zebu.facts.answer import Reason, Unknown
from pytest_zebu.people import versioned
from pytest_zebu.people.versioned import Change, changes_by_line

COMMITTED = "one\n\ntwo\n"
SIGNATURE = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n bm90IG9uZQ==\n -----END PGP SIGNATURE-----\n"


@pytest.fixture(autouse=True)
def _nobodys_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)


def naive(folder: Path, *words: str, text: str = "", check: bool = False) -> str:
    """git as one would ask it without a thought."""
    environment = {**os.environ, "GIT_AUTHOR_NAME": "operations", "GIT_COMMITTER_NAME": "operations"}
    environment |= {"GIT_AUTHOR_EMAIL": "operations@zebu.test", "GIT_COMMITTER_EMAIL": "operations@zebu.test"}
    done = subprocess.run(
        ["git", "-C", str(folder), *words], input=text, capture_output=True, text=True, timeout=240, check=check,
        env=environment,
    )  # fmt: skip
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two commits of a file, the newer one signed; both attributes that programs hang on are set."""
    folder = tmp_path / "repository"
    folder.mkdir()
    naive(folder, "init", "-q", check=True)
    (folder / ".gitattributes").write_text("* filter=trap diff=trap\n")
    (folder / "a.toml").write_text("one\n")
    naive(folder, "add", ".", check=True)
    naive(folder, "commit", "-q", "-m", "first", check=True)
    (folder / "a.toml").write_text(COMMITTED)
    naive(folder, "commit", "-q", "-a", "-m", "second", check=True)
    head, _, message = f"{naive(folder, 'cat-file', 'commit', 'HEAD')}\n".partition("\n\n")
    signed = f"{head}\n{SIGNATURE}\n{message}"
    commit = naive(folder, "hash-object", "-t", "commit", "-w", "--stdin", text=signed, check=True)
    naive(folder, "update-ref", "HEAD", commit, check=True)
    return folder


@dataclass(frozen=True, slots=True)
class Trap:
    """A setting that makes git run a program, and the command that does."""

    key: str
    spring: tuple[str, ...]
    value: str = "{program}"
    also: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        """Its key, as a file may be called."""
        return re.sub(r"[^\w.]", "-", self.key)


FETCH = ("fetch", "origin")
TRAPS = (
    Trap("submodule.sub.update", ("submodule", "update"), "!{program}", also=(("submodule.sub.url", "{folder}"), ("submodule.sub.active", "true"), ("submodule.recurse", "true"))),
    Trap("filter.trap.clean", ("blame", "a.toml"), also=(("filter.trap.required", "true"),)),
    Trap("filter.trap.process", ("blame", "a.toml"), also=(("filter.trap.required", "true"),)),
    Trap("filter.trap.smudge", ("checkout", "-f", "HEAD~1")),
    Trap("diff.trap.textconv", ("blame", "HEAD", "--", "a.toml")),
    Trap("diff.trap.command", ("diff",)),
    Trap("diff.external", ("diff",)),
    Trap("core.fsmonitor", ("blame", "a.toml")),
    Trap("gpg.program", ("log", "-1"), also=(("log.showSignature", "true"),)),
    Trap("core.sshCommand", FETCH, also=(("remote.origin.url", "git@host.invalid:a"),)),
    Trap("core.gitProxy", FETCH, also=(("remote.origin.url", "git://host.invalid/a"),)),
    Trap("remote.origin.uploadpack", FETCH, also=(("remote.origin.url", "{folder}"),)),
    Trap("remote.origin.url", FETCH, "ext::{program}", also=(("protocol.ext.allow", "always"),)),
    Trap("credential.helper", ("credential", "fill"), "!{program}"),
    Trap("alias.hi", ("hi",), "!{program}"),
    Trap("alias.blame", ("help", "blame"), "!{program}", also=(("man.viewer", "trap"), ("man.trap.cmd", "{program}"))),
    Trap("core.pager", ("grep", "-O", "one"), also=(("pager.blame", "{program}"),)),
    Trap("core.editor", ("commit", "--amend")),
    Trap("core.hooksPath", ("checkout", "-f", "HEAD~1"), "{hooks}"),
    Trap("include.path", ("blame", "HEAD", "--", "a.toml"), "{included}"),
    Trap("includeIf.gitdir:**.path", ("blame", "HEAD", "--", "a.toml"), "{included}"),
    Trap("core.attributesFile", ("blame", "HEAD", "--", "a.toml"), "{attributes}",
         also=(("diff.far.textconv", "{program}"),)),
    Trap("remote.origin.vcs", FETCH, "ext", also=(("remote.origin.url", "{program}"), ("protocol.ext.allow", "always"))),
    Trap("url.ext::{program} .insteadOf", FETCH, "git@host.invalid:", also=(("remote.origin.url", "git@host.invalid:a"), ("protocol.ext.allow", "always"))),
)  # fmt: skip


class Marks:
    """Programs that leave a mark each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("programs", "marks", "hooks"):
            (folder / name).mkdir()

    def program(self, name: str) -> Path:
        path = self.folder / "programs" / name
        path.write_text(f'#!/bin/sh\n: > "{self.folder}/marks/{name}"\nexit 1\n')
        path.chmod(0o755)
        return path

    @property
    def left(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "marks").iterdir())

    def set(self, repository: Path, trap: Trap) -> None:
        name = trap.name
        places = {"program": self.program(name), "folder": repository, "hooks": self.folder / "hooks"}
        places |= {"included": self.folder / f"included-{name}", "attributes": self.folder / "attributes"}
        (self.folder / f"included-{name}").write_text(f'[diff "trap"]\n\ttextconv = {places["program"]}\n')
        (self.folder / "attributes").write_text("*.toml diff=far\n")
        if trap.key == "core.hooksPath":
            for hook in ("post-index-change", "post-checkout", "reference-transaction", "fsmonitor-watchman"):
                shutil.copy(places["program"], self.folder / "hooks" / hook)
                shutil.copy(places["program"], repository / ".git/hooks" / hook)
        for key, value in ((trap.key, trap.value), *trap.also):
            naive(repository, "config", key.format(**places), value.format(**places), check=True)
        if trap.key.startswith("submodule"):
            add_submodule(repository)


def add_submodule(repository: Path) -> None:
    """One that is at another commit than the index says."""
    if (repository / "sub").exists():
        return
    head = naive(repository, "commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "another", check=True)
    entry = f"160000,{naive(repository, 'rev-parse', 'HEAD')},sub"
    naive(repository, "update-index", "--add", "--cacheinfo", entry, check=True)
    (repository / ".gitmodules").write_text('[submodule "sub"]\n\tpath = sub\n\turl = /nowhere\n')
    shutil.copytree(repository / ".git", repository / "sub/.git")
    naive(repository / "sub", "update-ref", "HEAD", head, check=True)


@pytest.fixture
def marks(tmp_path: Path) -> Marks:
    (tmp_path / "traps").mkdir()
    return Marks(tmp_path / "traps")


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.key)
def test_each_trap_catches_who_asks_without_a_thought(trap: Trap, repository: Path, marks: Marks) -> None:
    """What the next test proves is worth something only because this one passes."""
    if trap.key == "core.attributesFile":
        (repository / ".gitattributes").unlink()
    marks.set(repository, trap)
    with (repository / "a.toml").open("a") as file:
        file.write("three\n")
    naive(repository, *trap.spring, text="url=https://host.invalid\n\n")
    assert marks.left


@pytest.mark.hostile("programs")
@pytest.mark.parametrize("traps", [*((trap,) for trap in TRAPS), TRAPS], ids=[*(trap.key for trap in TRAPS), "all"])
def test_no_program_of_a_repository_runs(traps: tuple[Trap, ...], repository: Path, marks: Marks) -> None:
    with (repository / "a.toml").open("a") as file:
        file.write("three\n")
    for trap in traps:
        marks.set(repository, trap)
    answer = changes_by_line(repository / "a.toml")
    assert marks.left == []
    assert isinstance(answer, list)
    assert [change.is_uncommitted for change in answer] == [False, False, False, True]
    assert len({change.commit for change in answer}) == 3


@pytest.mark.hostile("programs")
def test_a_partial_clone_fetches_nothing(repository: Path, marks: Marks) -> None:
    """What it lacks is unknown: it is fetched neither by ssh nor by a program of the repository's own."""
    old = naive(repository, "rev-parse", "HEAD:a.toml")
    (repository / ".git/objects" / old[:2] / old[2:]).unlink()
    naive(repository, "config", "core.repositoryFormatVersion", "1", check=True)
    for key, value in (("extensions.partialClone", "origin"), ("remote.origin.promisor", "true")):
        naive(repository, "config", key, value, check=True)
    for trap in TRAPS:
        if trap.spring == FETCH:
            marks.set(repository, trap)
            assert isinstance(changes_by_line(repository / "a.toml"), Unknown)
            assert marks.left == []
            naive(repository, "blame", "HEAD", "--", "a.toml")
            assert len(marks.left) == 1
            (marks.folder / "marks" / marks.left[0]).unlink()
            naive(repository, "config", "--unset", trap.key.format(program=marks.program(trap.name)), check=True)


@pytest.mark.hostile("programs")
def test_a_repository_that_lies_elsewhere_runs_nothing(repository: Path, marks: Marks, tmp_path: Path) -> None:
    """`.git` may be a file that points to it, and its work tree a folder that it names."""
    for trap in TRAPS:
        marks.set(repository, trap)
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.toml").write_text("zero\n" + COMMITTED)
    (other / ".git").write_text(f"gitdir: {repository}/.git\n")
    answer = changes_by_line(other / "a.toml")
    assert isinstance(answer, list)
    assert [change.is_uncommitted for change in answer] == [True, False, False, False]
    naive(repository, "config", "core.worktree", str(other), check=True)
    assert isinstance(changes_by_line(other / "a.toml"), list)
    changes_by_line(repository / "a.toml")
    assert marks.left == []


@pytest.mark.hostile("programs")
def test_a_bare_repository_among_the_files_runs_nothing(repository: Path, marks: Marks) -> None:
    for trap in TRAPS:
        marks.set(repository, trap)
    inner = repository / "inner"
    shutil.copytree(repository / ".git", inner)
    (inner / "a.toml").write_text(COMMITTED)
    assert isinstance(changes_by_line(inner / "a.toml"), Unknown)
    assert marks.left == []


@pytest.mark.hostile("programs")
def test_a_repository_of_somebody_else_is_not_asked(
    repository: Path, marks: Marks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The history says why, until the user trusts the folder: this is git's to decide, not ours."""
    for trap in TRAPS:
        marks.set(repository, trap)
    somebody_elses(repository, monkeypatch)
    answer = changes_by_line(repository / "a.toml")
    assert isinstance(answer, Unknown)
    assert answer.reason is Reason.NO_PERMISSION
    assert "somebody else" in answer.detail
    home = Path(os.environ["HOME"])
    home.mkdir()
    (home / ".gitconfig").write_text(f'[safe]\n\tdirectory = "{repository}"\n')
    assert isinstance(changes_by_line(repository / "a.toml"), list)
    assert marks.left == []


def somebody_elses(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a repository away; who may not do so has git take it for somebody else's."""
    if os.geteuid() == 0:
        for path in (repository, repository / ".git"):
            os.chown(path, 65534, 65534)
    else:
        monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
        monkeypatch.setitem(versioned.ENVIRONMENT, "GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")


@pytest.mark.hostile("programs")
def test_objects_of_elsewhere_run_nothing(repository: Path, marks: Marks, tmp_path: Path) -> None:
    """Alternates, replaced objects and a damaged graph of commits are data, at most damaged data."""
    for trap in TRAPS:
        marks.set(repository, trap)
    info = repository / ".git/objects/info"
    info.mkdir(exist_ok=True)
    (info / "alternates").write_text(f"{tmp_path}/nowhere\n/dev/zero\n")
    (info / "commit-graph").write_bytes(b"CGPH" + bytes(64))
    replaced = repository / ".git/refs/replace" / naive(repository, "rev-parse", "HEAD")
    replaced.parent.mkdir()
    replaced.write_text(naive(repository, "rev-parse", "HEAD~1") + "\n")
    changes_by_line(repository / "a.toml")
    assert marks.left == []


@pytest.mark.hostile("programs")
def test_a_variable_of_another_run_of_git_leads_nowhere_else(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hook of another repository starts its programs with GIT_DIR."""
    other = tmp_path / "other"
    other.mkdir()
    naive(other, "init", "-q", check=True)
    monkeypatch.setenv("GIT_DIR", f"{other}/.git")
    monkeypatch.setenv("GIT_INDEX_FILE", f"{other}/.git/index")
    assert isinstance(changes_by_line(repository / "a.toml"), list)


@pytest.mark.parametrize(
    ("change", "uncommitted"),
    [
        (lambda text: text, [False, False, False]),
        (lambda text: text.replace("\n", "\r\n"), [False, False, False]),
        (lambda text: text.removesuffix("\n"), [False, False, False]),
        (lambda text: "zero\n" + text, [True, False, False, False]),
        (lambda text: text.replace("two", "three"), [False, False, True]),
        (lambda text: "", []),
    ],
    ids=["same", "other ends of lines", "no end of the last line", "before", "changed", "emptied"],
)
def test_the_file_as_it_lies_there(change: Callable[[str], str], uncommitted: list[bool], repository: Path) -> None:
    (repository / "a.toml").write_bytes(change(COMMITTED).encode())
    answer = changes_by_line(repository / "a.toml")
    assert isinstance(answer, list)
    assert [one.is_uncommitted for one in answer] == uncommitted


@pytest.mark.hostile("programs")
def test_a_line_of_the_file_is_never_read_as_gits_own_word(repository: Path) -> None:
    """What ends a line elsewhere (form feeds, Unicode's separators) ends none in git."""
    lie = "x = 1 \x0ccommitter-time 1\u2028" + "f" * 40 + " 1 1 1\n"
    (repository / "a.toml").write_text(lie)
    naive(repository, "commit", "-q", "-a", "-m", "lie", check=True)
    answer = changes_by_line(repository / "a.toml")
    assert isinstance(answer, list)
    assert [change.commit for change in answer] == [naive(repository, "rev-parse", "HEAD")]
    assert answer[0].at.year > 2000


def test_without_git_there_is_no_history(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    answer = changes_by_line(repository / "a.toml")
    assert isinstance(answer, Unknown)
    assert answer.reason is Reason.NO_COMMAND


def test_a_file_under_no_version_control(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("one\n")
    answer = changes_by_line(tmp_path / "a.toml")
    assert isinstance(answer, Unknown)
    assert answer.reason is Reason.MISSING


def test_a_commit_of_zeros_is_none() -> None:
    assert versioned.UNCOMMITTED.is_uncommitted
    assert not Change("0" * 39 + "1", versioned.UNCOMMITTED.at).is_uncommitted


@pytest.mark.hostile("programs")
@pytest.mark.parametrize("kind", ["pipe", "a tebibyte", "zeroes"])
def test_a_file_without_an_end_is_compared_with_nothing(kind: str, repository: Path) -> None:
    path = repository / "a.toml"
    path.unlink()
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "zeroes":
            path.symlink_to("/dev/zero")
        case _:
            with path.open("wb") as file:
                file.truncate(2**40)
    assert isinstance(changes_by_line(path), Unknown)


@pytest.mark.hostile("programs")
@pytest.mark.parametrize(("committed", "too_much", "enough"), [
    ("same\n" * 50_000, "new\n" + "same\n" * 49_999 + "new\n", "same\n" * 25_000 + "new\n" + "same\n" * 25_000),
    # Fewer than may be compared, and yet seconds of each start, as nearly each is like half of the others.
    ("first\n" + "x\ny\n" * 900, "1st\n" + "x\nz\n" * 900, "1st\n" + "".join(f"line {n}\n" for n in range(1800))),
], ids=["thousands of equal lines", "two kinds of lines in turns"])  # fmt: skip
def test_what_takes_too_long_is_not_compared(committed: str, too_much: str, enough: str, repository: Path) -> None:
    path = repository / "a.toml"
    path.write_text(committed)
    naive(repository, "add", "a.toml", check=True)
    naive(repository, "commit", "-q", "-m", "many", check=True)
    path.write_text(too_much)
    answer = changes_by_line(path)
    assert isinstance(answer, Unknown)
    assert "too much" in answer.detail
    path.write_text(enough)
    answer = changes_by_line(path)
    assert isinstance(answer, list)
    new = next(
        n for n, pair in enumerate(zip(committed.split("\n"), enough.split("\n"), strict=False)) if pair[0] != pair[1]
    )
    assert [change.is_uncommitted for change in answer].index(True) == new


@pytest.mark.hostile("programs")
def test_a_history_without_an_end_is_not_read(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versioned, "OUTPUT_LIMIT", 100)
    answer = changes_by_line(repository / "a.toml")
    assert answer == Unknown(Reason.UNDECIDABLE, "has more history than is read")


@pytest.mark.hostile("programs")
def test_a_git_that_does_not_answer_is_not_waited_for(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin/git"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(versioned, "SECONDS", 0.2)
    assert isinstance(answer := changes_by_line(repository / "a.toml"), Unknown)
    assert answer.reason is Reason.TIMED_OUT
