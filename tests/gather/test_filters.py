"""The checkout's own programs: none runs on the target, whatever its configuration names, and the tree is compared."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from msgspec.structs import replace

from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Known, NotAssessed, Said, Unknown
from pytest_zebu.facts.environment import CHECKOUTS_PROBE
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.facts.forge import FACT as FORGE
from pytest_zebu.facts.repository import HISTORY_PROBE, PROBE, Repository
from pytest_zebu.gather.ssh import request, unframe
from pytest_zebu.settings import Settings
from pytest_zebu.settings.sections import Host
from pytest_zebu.settings.target import Target

pytestmark = pytest.mark.hostile("programs")
PROBES = (PROBE, HISTORY_PROBE, CHECKOUTS_PROBE, *FORGE.probes)
SIGNATURE = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n bm90IG9uZQ==\n -----END PGP SIGNATURE-----\n"


def git(folder: Path, *words: str, text: str = "", check: bool = True) -> str:
    """git as the checkout's owner asks it, without a thought."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    identity = ("-c", "user.name=operations", "-c", "user.email=operations@zebu.test", "-c", "init.defaultBranch=main")
    done = subprocess.run(
        ["git", "-C", str(folder), *identity, *words], input=text, check=check, capture_output=True, text=True,
        env=environment, timeout=600,
    )  # fmt: skip
    return done.stdout.strip()


def make(folder: Path) -> Path:
    """A checkout with a signed commit, on whose files every attribute is set that a program hangs on."""
    folder.mkdir(parents=True)
    git(folder, "init", "-q")
    (folder / ".gitattributes").write_text("* filter=trap diff=trap\n")
    (folder / "a.txt").write_text("one\n")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "first")
    head, _, message = f"{git(folder, 'cat-file', 'commit', 'HEAD')}\n".partition("\n\n")
    signed = f"{head}\n{SIGNATURE}\n{message}"
    git(folder, "update-ref", "HEAD", git(folder, "hash-object", "-t", "commit", "-w", "--stdin", text=signed))
    git(folder, "remote", "add", "origin", "https://forge.zebu.test/zebu/zebu.git")
    return folder


def age(path: Path, moment: int = 1) -> None:
    """What git remembers of a file is true no more, though it is the same: as after a copy or a `touch`."""
    os.utime(path, (moment, moment))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = make(tmp_path / "app")
    age(folder / "a.txt")
    return folder


@dataclass(frozen=True, slots=True)
class Trap:
    """Settings that make git run a program, and the command that does."""

    name: str
    settings: tuple[tuple[str, str], ...]
    spring: tuple[str, ...] = ("status",)


LAZY = (
    ("core.repositoryFormatVersion", "1"),
    ("extensions.partialClone", "origin"),
    ("remote.origin.promisor", "true"),
)
FETCH = ("fetch", "origin")
TRAPS = (
    Trap("a filter's clean", (("filter.trap.clean", "{program}"), ("filter.trap.required", "true"))),
    Trap("a filter's process", (("filter.trap.process", "{program}"), ("filter.trap.required", "true"))),
    Trap("a filter's smudge", (("filter.trap.smudge", "{program}"),), ("checkout", "-f", "HEAD", "--", "a.txt")),
    Trap("a filter of an included file", (("include.path", "{included}"),)),
    Trap("a filter of a file included for this folder", (("includeIf.gitdir:**.path", "{included}"),)),
    Trap("a filter by the attributes of another file", (("core.attributesFile", "{attributes}"), ("filter.far.clean", "{program}"))),
    Trap("a filter with an odd name", (("core.attributesFile", "{odd}"), ("filter.Far.out 'x\"$(id)`;.clean", "{program}"))),
    Trap("a filter of large files", (("core.attributesFile", "{lfs}"), ("filter.lfs.clean", "{program}"), ("filter.lfs.process", "{program}"))),
    Trap("a diff's textconv", (("diff.trap.textconv", "{program}"),), ("log", "-p")),
    Trap("a diff's command", (("diff.trap.command", "{program}"),), ("-c", "filter.trap.clean=tr o 0 #", "diff")),
    Trap("an external diff", (("diff.external", "{program}"),), ("-c", "filter.trap.clean=tr o 0 #", "diff")),
    Trap("fsmonitor", (("core.fsmonitor", "{program}"),)),
    Trap("hooks", (("core.hooksPath", "{hooks}"),), ("checkout", "-f", "-B", "other")),
    Trap("the program for signatures", (("gpg.program", "{program}"), ("log.showSignature", "true")), ("log", "-1")),
    Trap("the format of a log", (("gpg.program", "{program}"), ("format.pretty", "%G?")), ("log", "-1")),
    Trap("ssh", (("core.sshCommand", "{program}"), ("remote.origin.url", "git@host.invalid:a"), *LAZY), FETCH),
    Trap("a proxy of git's", (("core.gitProxy", "{program}"), ("remote.origin.url", "git://host.invalid/a"), *LAZY), FETCH),
    Trap("the other side's program", (("remote.origin.uploadpack", "{program}"), ("remote.origin.url", "{folder}"), *LAZY), FETCH),
    Trap("a helper for a transport", (("remote.origin.url", "ext::{program}"), ("protocol.ext.allow", "always"), *LAZY), FETCH),
    Trap("credentials", (("credential.helper", "!{program}"), ("remote.origin.url", "https://host.invalid/a")), ("credential", "fill")),
    Trap("an alias", (("alias.hi", "!{program}"), ("alias.status", "!{program}")), ("hi",)),
    Trap("a pager", (("core.pager", "{program}"), ("pager.log", "{program}")), ("grep", "-O", "one")),
    Trap("an editor", (("core.editor", "{program}"),), ("commit", "--amend")),
    Trap("an update of a submodule", (("submodule.sub.update", "!{program}"), ("submodule.sub.url", "{folder}"), ("submodule.sub.active", "true"),
                                      ("submodule.recurse", "true"), ("status.submoduleSummary", "true")), ("submodule", "update")),
)  # fmt: skip


class Marks:
    """Programs that leave a mark each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "hooks").mkdir(parents=True)
        (folder / "marks").mkdir()
        (folder / "marks").chmod(0o777)
        folder.chmod(0o755)
        self.program = folder / "program"
        self.program.write_text(f'#!/bin/sh\n: > "{folder}/marks/$$"\nexit 1\n')
        self.program.chmod(0o755)
        for hook in ("post-index-change", "post-checkout", "reference-transaction", "fsmonitor-watchman", "pre-commit"):
            shutil.copy(self.program, folder / "hooks" / hook)
        (folder / "included").write_text(f'[filter "trap"]\n\tclean = {self.program}\n\trequired\n')
        (folder / "attributes").write_text("*.txt filter=far\n")
        (folder / "odd").write_text("*.txt filter=Far.out\n")
        (folder / "lfs").write_text("*.txt filter=lfs\n")

    @property
    def left(self) -> int:
        return len(list((self.folder / "marks").iterdir()))

    def set(self, checkout: Path, trap: Trap) -> None:
        if any(key == "core.attributesFile" for key, _ in trap.settings):
            (checkout / ".gitattributes").write_text("")
            git(checkout, "commit", "-qam", "none")
            age(checkout / "a.txt", 2)
        places = {"program": self.program, "folder": checkout, "hooks": self.folder / "hooks"}
        places |= {name: self.folder / name for name in ("included", "attributes", "odd", "lfs")}
        for key, value in trap.settings:
            git(checkout, "config", key, value.format(**places))
        if trap.name.endswith("odd name"):  # an attribute's value has no blanks: what is called so is one of many
            git(checkout, "config", "filter.Far.out.clean", str(self.program))
        if trap.spring == ("submodule", "update"):
            self.add_submodule(checkout)
        if trap.spring == FETCH:
            self.lose_an_object(checkout)

    @staticmethod
    def add_submodule(checkout: Path) -> None:
        head = git(checkout, "commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "another")
        git(checkout, "update-index", "--add", "--cacheinfo", f"160000,{git(checkout, 'rev-parse', 'HEAD')},sub")
        (checkout / ".gitmodules").write_text(f'[submodule "sub"]\n\tpath = sub\n\turl = {checkout}\n')
        shutil.copytree(checkout / ".git", checkout / "sub/.git")
        git(checkout / "sub", "update-ref", "HEAD", head)

    @staticmethod
    def lose_an_object(checkout: Path) -> None:
        blob = git(checkout, "rev-parse", "HEAD:a.txt")
        (checkout / ".git/objects" / blob[:2] / blob[2:]).unlink()


@pytest.fixture
def marks(tmp_path: Path) -> Marks:
    return Marks(tmp_path / "traps")


def asked(checkout: Path) -> dict[str, Said | Unknown]:
    host = Host(app_directory=str(checkout))
    script = request(PROBES, "n0nce", Target(name="here", host=host, settings=Settings()), 20)
    roots = str(checkout).encode()  # other folders of this machine are not looked at
    script = script.removesuffix(b"GO 0\n") + b"set_roots %d\n%sGO 0\n" % (len(roots), roots)
    done = subprocess.run(["perl", "-"], input=script, capture_output=True, timeout=600, check=True)
    return unframe(done.stdout, "n0nce")


@pytest.fixture
def look() -> Callable[[Path], Repository | Unknown]:
    """What is known of a checkout."""

    def read(checkout: Path) -> Repository | Unknown:
        found = ALL["repository"].read(Gathered(asked(checkout)), Target(name="h", host=Host(), settings=Settings()))
        return found.value if isinstance(found, Known) else found

    return read


Look = Callable[[Path], Repository | Unknown]


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.name)
def test_no_program_of_the_checkout_runs(trap: Trap, checkout: Path, marks: Marks) -> None:
    """And one does for whoever asks without a thought: else this would prove nothing."""
    marks.set(checkout, trap)
    answers = asked(checkout)
    assert marks.left == 0
    assert isinstance(answers["repository"], Said)
    git(checkout, *trap.spring, text="url=https://host.invalid\n\n", check=False)
    assert marks.left > 0


def test_a_filter_whose_name_has_an_equals_sign_runs_not(checkout: Path, marks: Marks, look: Look) -> None:
    """It cannot be switched off by its name: nothing is compared, and it is said why."""
    (checkout / ".git/info/attributes").write_text("* filter=a=b\n")
    git(checkout, "config", "filter.a=b.clean", str(marks.program))
    found = look(checkout)
    assert marks.left == 0
    assert isinstance(found, Unknown)
    assert "the filter a=b cannot be switched off" in found.detail
    git(checkout, "status", check=False)
    assert marks.left > 0


def test_a_file_that_only_a_filter_could_compare_is_told(checkout: Path, marks: Marks, look: Look) -> None:
    marks.set(checkout, TRAPS[0])
    (checkout / "a.txt").write_text("packed\n")
    found = look(checkout)
    assert isinstance(found, Repository)
    assert (found.changes, found.uncompared, marks.left) == ((), ("a.txt",), 0)


def test_a_file_without_a_filter_differs_beside_one(checkout: Path, marks: Marks, look: Look) -> None:
    """Attributes that name a filter which is configured nowhere mean none."""
    (checkout / "a.txt").write_text("changed\n")
    (checkout / "new file").write_text("new\n")
    git(checkout, "config", "filter.other.clean", str(marks.program))
    found = look(checkout)
    assert isinstance(found, Repository)
    assert (found.changes, found.uncompared, marks.left) == ((" M a.txt", '?? "new file"'), (), 0)


@pytest.mark.parametrize(("name", "text", "changes"), [
    ("big.bin", "large", ()), ("big.bin", "larger", (" M big.bin",)), ("big file.bin", "large", ()),
], ids=["the same", "another", "a blank in its name"])  # fmt: skip
def test_large_files_are_compared_by_the_sum_of_their_pointer(
    name: str, text: str, changes: tuple[str, ...], checkout: Path, marks: Marks, look: Look
) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{hashlib.sha256(b'large').hexdigest()}\nsize 5\n"
    (checkout / name).write_text(pointer)
    (checkout / ".gitattributes").write_text("*.bin filter=lfs -text\n")
    git(checkout, "add", ".")
    git(checkout, "commit", "-qm", "large")
    (checkout / name).write_text(text)
    for key in ("clean", "process"):
        git(checkout, "config", f"filter.lfs.{key}", str(marks.program))
    found = look(checkout)
    assert isinstance(found, Repository)
    assert (found.changes, found.uncompared, marks.left) == (changes, (), 0)


def test_the_filters_of_submodules_run_not(checkout: Path, tmp_path: Path, marks: Marks, look: Look) -> None:
    """Each has a configuration of its own, and may have submodules in turn."""
    inner = make(tmp_path / "inner")
    git(checkout, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner), "sub")
    git(checkout, "commit", "-qm", "sub")
    git(checkout / "sub", "config", "filter.trap.clean", str(marks.program))
    (checkout / "sub/a.txt").write_text("packed\n")
    (checkout / "sub/new").touch()
    found = look(checkout)
    assert isinstance(found, Repository)
    assert (found.changes, found.uncompared) == ((" M sub",), ("sub/a.txt",))
    assert marks.left == 0
    git(checkout, "status", check=False)
    assert marks.left > 0


@pytest.mark.parametrize(
    "place", ["a file that points to it", "a work tree elsewhere", "a bare repository inside", "alternates"]
)
def test_a_repository_that_lies_elsewhere_runs_nothing(
    place: str, checkout: Path, tmp_path: Path, marks: Marks
) -> None:
    for trap in TRAPS[:5]:
        marks.set(checkout, trap)
    other = checkout
    if place == "a file that points to it":
        other = tmp_path / "other"
        other.mkdir()
        shutil.copy(checkout / "a.txt", other)
        (other / ".git").write_text(f"gitdir: {checkout}/.git\n")
    elif place == "a work tree elsewhere":
        shutil.copytree(checkout, tmp_path / "tree", ignore=shutil.ignore_patterns(".git"))
        git(checkout, "config", "core.worktree", str(tmp_path / "tree"))
    elif place == "a bare repository inside":
        other = checkout / "inner"
        shutil.copytree(checkout / ".git", other)
    else:
        (checkout / ".git/objects/info/alternates").write_text(f"{tmp_path}/nowhere\n")
    asked(other)
    assert marks.left == 0


def test_nothing_in_the_checkout_changes(checkout: Path, marks: Marks) -> None:
    """Not even what git remembers of its files."""

    def state() -> dict[str, tuple[float, bytes]]:
        files = [path for path in checkout.rglob("*") if path.is_file()]
        return {str(path): (path.stat().st_mtime, path.read_bytes()) for path in files}

    for trap in TRAPS[:2]:
        marks.set(checkout, trap)
    before = state()
    asked(checkout)
    assert state() == before


def test_what_cannot_be_compared_is_not_assessed(checkout: Path, marks: Marks, look: Look) -> None:
    """Its reason says what would decide it."""
    marks.set(checkout, TRAPS[0])
    (checkout / "a.txt").write_text("packed\n")
    found = look(checkout)
    assert isinstance(found, Repository)
    with pytest.raises(NotAssessed, match="only a filter of the checkout tells"):
        found.expect_compared()
    replace(found, uncompared=()).expect_compared()
