"""What the scripts say of real checkouts: partial, shallow, with submodules, with alternates. Nothing is fetched or written."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Said, need
from pytest_zebu.facts.fact import Gathered, Need
from pytest_zebu.facts.repository import HISTORY_PROBE, PROBE, CommittedSecrets, Repository
from pytest_zebu.settings.target import Target

SECRET = "Zq8vT1xWm3Lk9RbY5nPd7HsJ2cFgA4eU"
IDENTITY = ("-c", "user.name=development", "-c", "user.email=development@zebu.test", "-c", "protocol.file.allow=always")


def git(folder: Path, *words: str) -> str:
    """Git, with nobody's own configuration."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(
        ["git", "-C", str(folder), *IDENTITY, *words], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def commit(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git(folder, "add", "-Af")
    git(folder, "commit", "-qm", "Change it")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a secret in its past, and a folder that a sparse checkout leaves out: made once, for copies."""
    folder = tmp_path_factory.mktemp("made")
    git(folder, "init", "-qb", "main", "--template=")
    git(folder, "config", "uploadpack.allowFilter", "true")
    git(folder, "config", "uploadpack.allowAnySHA1InWant", "true")
    commit(folder, **{"app.py": "print()\n", ".gitignore": ".env\n", "docs__a.md": f"{SECRET}\n"})
    commit(folder, **{"docs__a.md": "nothing\n", "other__b.py": "b = 1\n"})
    return folder


@pytest.fixture
def origin(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "origin")


def ask(folder: Path, secrets: str = f"SECRET_KEY {SECRET}\n", without: str = "\0") -> dict[str, Said]:
    """What both scripts say of a folder; without something that older git does not know."""
    found = {}
    for probe in (PROBE, HISTORY_PROBE):
        environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "ZEBU_APP_DIR": str(folder)}
        environment |= {f"ZEBU_{name}": value for name, value in probe.environment.items()}
        assert Need.APP_DIR in probe.needs
        done = subprocess.run(
            ["sh", "-c", probe.text.replace(without, "")],
            input=secrets if probe.secrets else "", capture_output=True, text=True, env=environment, check=False,
        )  # fmt: skip
        found[probe.name] = Said(done.returncode, done.stdout, done.stderr)
    return found


def state(folder: Path) -> dict[str, str]:
    """Every file below a folder, with what it holds and when it was changed."""
    return {
        str(path.relative_to(folder)): f"{path.lstat().st_mtime_ns} {hashlib.sha256(path.read_bytes()).hexdigest()}"
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


Look = Callable[[Path], tuple[Repository, CommittedSecrets]]


@pytest.fixture
def look(target: Target) -> Look:
    """What is known of a checkout, which is as it was afterwards."""

    def looked(folder: Path) -> tuple[Repository, CommittedSecrets]:
        before = state(folder)
        gathered = Gathered(ask(folder))
        assert state(folder) == before
        return need(ALL["repository"].read(gathered, target)), need(ALL["history"].read(gathered, target))

    return looked


def clone(origin: Path, tmp_path: Path, *options: str, name: str = "clone") -> Path:
    git(tmp_path, "clone", "-q", *options, f"file://{origin}", name)
    return tmp_path / name


def test_a_whole_clone_is_searched(origin: Path, tmp_path: Path, look: Look) -> None:
    repository, history = look(clone(origin, tmp_path))
    assert (repository.absent, repository.changes, repository.is_known) == (0, (), True)
    assert history == CommittedSecrets("", True, False, (), True)


def test_of_a_partial_clone_nothing_is_fetched(origin: Path, tmp_path: Path, look: Look) -> None:
    """Whatever would serve the remote leaves a mark when it is started: it never is."""
    folder = clone(origin, tmp_path, "--filter=blob:none", "--sparse")
    git(folder, "sparse-checkout", "set", "other")
    mark = tmp_path / "started"
    helper = tmp_path / "helper"
    helper.write_text(f'#!/bin/sh\ntouch {mark}\nexec git-upload-pack "$@"\n')
    helper.chmod(0o755)
    git(folder, "config", "remote.origin.uploadpack", str(helper))
    repository, history = look(folder)
    assert not mark.exists()
    assert (repository.absent, repository.changes) == (0, ())
    assert history.is_partial == "the clone is partial: it leaves objects with its remote"
    before = state(folder)
    assert "partial=1" in ask(folder, without="GIT_NO_LAZY_FETCH=1 ")["history"].out
    assert not mark.exists()
    assert state(folder) == before
    # The helper works: a git that may fetch starts it.
    git(folder, "cat-file", "-p", f"{git(origin, 'rev-parse', 'HEAD~1').strip()}:docs/a.md")
    assert mark.exists()


@pytest.mark.parametrize(
    "url", ["ext::touch {mark}", "{helper}::there", "ssh://localhost{mark}", "git://127.0.0.1:9{mark}"]
)
def test_no_transport_of_any_kind_is_started(url: str, origin: Path, tmp_path: Path, look: Look) -> None:
    folder = clone(origin, tmp_path, "--filter=blob:none", "--no-checkout")
    mark = tmp_path / "started"
    git(folder, "config", "remote.origin.url", url.format(mark=mark, helper="ext"))
    git(folder, "config", "core.sshCommand", f"touch {mark}; false")
    git(folder, "config", "protocol.allow", "always")
    git(folder, "read-tree", "HEAD")
    for without in ("\0", "GIT_NO_LAZY_FETCH=1 "):
        assert "partial=1" in ask(folder, without=without)["history"].out
        assert not mark.exists()


def test_a_tree_without_its_trees_is_partial(origin: Path, tmp_path: Path) -> None:
    folder = clone(origin, tmp_path, "--filter=tree:0", "--no-checkout")
    before = state(folder)
    for without in ("\0", "GIT_NO_LAZY_FETCH=1 "):
        assert "partial=1" in ask(folder, without=without)["history"].out
        assert state(folder) == before


def test_a_shallow_clone_is_not_whole(origin: Path, tmp_path: Path, look: Look) -> None:
    _, history = look(clone(origin, tmp_path, "--depth=1"))
    assert (history.is_partial, history.holds_secret) == ("the clone is shallow", False)


def test_one_branch_is_not_all(origin: Path, tmp_path: Path, look: Look) -> None:
    assert look(clone(origin, tmp_path, "--single-branch"))[1].is_partial == "the clone has one branch only"
    git(folder := clone(origin, tmp_path, name="all"), "config", "remote.origin.fetch", "+refs/*:refs/*")
    assert look(folder)[1].is_partial == ""


def test_a_remote_has_any_name(origin: Path, tmp_path: Path, look: Look) -> None:
    folder = clone(origin, tmp_path, "--single-branch", "-o", "forge")
    repository, history = look(folder)
    assert (repository.remote, history.is_partial) == (f"file://{origin}", "the clone has one branch only")


def test_what_is_lost_makes_it_unknown(origin: Path, tmp_path: Path, look: Look) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(origin, folder)
    blob = git(folder, "rev-parse", "HEAD~1:docs/a.md").strip()
    (folder / f".git/objects/{blob[:2]}/{blob[2:]}").unlink()
    repository, history = look(folder)
    assert repository.absent == 0
    assert history.is_partial == "the repository lacks 1 objects of its history, or cannot read them"
    current = git(folder, "rev-parse", "HEAD:app.py").strip()
    (folder / f".git/objects/{current[:2]}/{current[2:]}").unlink()
    assert look(folder)[0].absent == 1


def test_alternates_are_searched_and_missed(origin: Path, tmp_path: Path, look: Look) -> None:
    git(tmp_path, "clone", "-q", "--shared", str(origin), "clone")
    assert look(tmp_path / "clone")[1] == CommittedSecrets("", True, False, (), True)
    (origin / ".git/objects").rename(tmp_path / "gone")
    assert "walked=128" in ask(tmp_path / "clone")["history"].out


def test_a_worktree_is_a_checkout_too(origin: Path, tmp_path: Path, look: Look) -> None:
    git(origin, "worktree", "add", "-q", "-b", "deployed", str(tmp_path / "tree"))
    assert (tmp_path / "tree/.git").is_file()
    repository, history = look(tmp_path / "tree")
    assert (repository.changes, history.holds_secret, history.is_partial) == ((), True, "")


def with_submodule(origin: Path, tmp_path: Path, *options: str) -> Path:
    part = tmp_path / "part"
    part.mkdir()
    git(part, "init", "-qb", "main")
    commit(part, **{"lib.py": "x = 1\n"})
    git(origin, "submodule", "add", "-q", f"file://{part}", "lib")
    git(origin, "commit", "-qm", "Use it")
    return clone(origin, tmp_path, *options)


def test_a_submodule_is_no_file_that_is_lost(origin: Path, tmp_path: Path, look: Look) -> None:
    repository, history = look(with_submodule(origin, tmp_path, "--recurse-submodules"))
    assert (repository.absent, repository.changes, repository.empty_submodules) == (0, (), ())
    assert history.is_partial == ""


def test_a_submodule_that_is_not_checked_out_is_told(origin: Path, tmp_path: Path, look: Look) -> None:
    repository, _ = look(with_submodule(origin, tmp_path))
    assert (repository.changes, repository.empty_submodules) == ((), ("lib",))


@pytest.mark.parametrize("how", ["edited", "elsewhere"])
def test_a_submodule_that_differs_is_a_change(how: str, origin: Path, tmp_path: Path, look: Look) -> None:
    folder = with_submodule(origin, tmp_path, "--recurse-submodules")
    (folder / "lib/lib.py").write_text("x = 2\n")
    if how == "elsewhere":
        git(folder / "lib", "commit", "-qam", "Try")
    assert look(folder)[0].changes == (" M lib",)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (".env", True), ("deploy/.env", True), ("deploy/.env.production", True), ("db.env", True), ("ops/.envrc", True),
        (".env.dist", False), (".env.example", False), ("a/.env.production.template", False), ("example.env", False),
        (".env.vault", False), (".env.gpg", False), ("environment.py", False), (".env.d/readme", False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("when", ["now", "once", "on a branch", "in a merge"])
def test_which_files_were_committed(
    name: str, expected: bool, when: str, origin: Path, tmp_path: Path, look: Look
) -> None:
    key = name.replace("/", "__")
    if when == "on a branch":
        git(origin, "checkout", "-qb", "trial")
    if when == "in a merge":
        git(origin, "checkout", "-qb", "trial")
        commit(origin, **{"more.py": "m = 1\n"})
        git(origin, "checkout", "-q", "main")
        commit(origin, **{"less.py": "l = 1\n"})
        git(origin, "merge", "-q", "--no-commit", "--no-ff", "trial")
    commit(origin, **{key: "A=b\n"})
    if when == "on a branch":
        git(origin, "checkout", "-q", "main")
    if when == "once":
        git(origin, "rm", "-q", name)
        git(origin, "commit", "-qm", "Remove it")
    _, history = look(clone(origin, tmp_path))
    assert history.is_tracked is (expected and when in ("now", "in a merge"))
    assert history.committed == ((name,) if expected else ())
    assert history.meant == ((name,) if name in MEANT else ())


MEANT = (".env.dist", ".env.example", "a/.env.production.template", "example.env", ".env.vault", ".env.gpg")


def test_without_a_secret_nothing_can_be_looked_for(origin: Path, tmp_path: Path, target: Target) -> None:
    gathered = Gathered(ask(clone(origin, tmp_path), ""))
    assert need(ALL["history"].read(gathered, target)).holds_secret is None


@pytest.mark.hostile("programs")
def test_a_replaced_object_is_read_as_it_was(origin: Path, tmp_path: Path, look: Look) -> None:
    folder = clone(origin, tmp_path)
    git(
        folder,
        "replace",
        git(folder, "rev-parse", "HEAD~1:docs/a.md").strip(),
        git(folder, "rev-parse", "HEAD:docs/a.md").strip(),
    )
    assert look(folder)[1].holds_secret


@pytest.mark.hostile("programs")
def test_programs_of_the_checkout_are_not_run(origin: Path, tmp_path: Path, look: Look) -> None:
    folder = clone(origin, tmp_path)
    mark = tmp_path / "run"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {mark}\n")
    program.chmod(0o755)
    for key in ("core.fsmonitor", "core.pager", "gpg.program", "core.sshCommand", "diff.external", "core.editor"):
        git(folder, "config", key, str(program))
    git(folder, "config", "log.showSignature", "true")
    look(folder)
    assert not mark.exists()


def test_what_ancestors_have_at_paths(made: Path, tmp_path: Path) -> None:
    """A file, a folder, what is not there, and a submodule, whose commit no checkout has; as one git tells each by itself."""
    origin = shutil.copytree(made, tmp_path / "origin")
    git(origin, "update-index", "--add", "--cacheinfo", f"160000,{'c' * 40},part")
    git(origin, "commit", "-qm", "Add a part")
    (probe,) = (probe for fact in ALL.values() for probe in fact.probes if probe.name == "ancestors")
    paths = ("docs", "app.py", "part", "gone/x", "other/b.py")
    (tmp_path / "bin").mkdir()
    real = shutil.which("git")
    (tmp_path / "bin/git").write_text(f'#!/bin/sh\necho once >> {tmp_path}/times\nexec {real} "$@"\n')
    (tmp_path / "bin/git").chmod(0o755)

    def told(*wanted: str) -> tuple[str, int]:
        environment = {
            "PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "HOME": "/nonexistent", "ZEBU_APP_DIR": str(origin), "ZEBU_SET_FORGE_PATHS": " ".join(wanted),
        }  # fmt: skip
        done = subprocess.run(
            ["sh", "-c", probe.text],
            capture_output=True,
            text=True,
            env=environment,
            check=True,
            stdin=subprocess.DEVNULL,
        )
        assert done.stderr == ""
        times = (tmp_path / "times").read_text().count("once")
        (tmp_path / "times").unlink()
        return done.stdout, times

    commits = git(origin, "log", "--format=%H").split()
    lines = []
    for one in commits:
        listed = dict(line.split("\t")[::-1] for line in git(origin, "ls-tree", "-rt", one).splitlines())
        lines.append(" ".join([one, *(listed[path].split()[2] if path in listed else "none" for path in paths)]))
    assert len(commits) == 3
    assert lines[0].count("c" * 40) == 1
    # Of what git has at these paths, nothing is asked for by itself.
    assert told(*paths)[0] == "".join(f"{line}\n" for line in lines)
    assert told("docs", "app.py")[1] == 2
    assert told() == ("".join(f"{one}\n" for one in commits), 2)
