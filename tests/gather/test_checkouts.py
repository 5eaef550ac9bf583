"""Checkouts and copies of `.env` anywhere on the machine: what the far side finds, and whose it takes them for."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Said, Unknown, need
from pytest_zebu.facts.environment import CHECKOUTS_PROBE, Checkout, EnvFiles
from pytest_zebu.facts.fact import Gathered, Need, Probe
from pytest_zebu.facts.repository import HISTORY_PROBE, CommittedSecrets
from pytest_zebu.gather.ssh import request, unframe
from pytest_zebu.settings import Settings
from pytest_zebu.settings.sections import Host
from pytest_zebu.settings.target import Target

SECRET = "Zq8vT1xWm3Lk9RbY5nPd7HsJ2cFgA4eU"
ENV = f"SECRET_KEY={SECRET}\nAPP_ENV=production\n"
WORK = "runner/_work/zebu/zebu"
REMOTE = "git@github.com:Zebu/zebu.git"


def git(folder: Path, *words: str) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    identity = ("-c", "user.name=operations", "-c", "user.email=operations@zebu.test", "-c", "init.defaultBranch=main")
    subprocess.run(["git", "-C", str(folder), *identity, *words], check=True, capture_output=True, env=environment)


Ask = Callable[..., tuple[EnvFiles, CommittedSecrets]]


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A machine whose application was deployed from a runner's workspace."""
    make(tmp_path, WORK, ENV, 0o600)
    return tmp_path


def make(machine: Path, name: str, env: str = "", mode: int = 0o600, remote: str = REMOTE) -> Path:
    """A checkout with one commit, perhaps with a file of the environment."""
    folder = machine / name
    folder.mkdir(parents=True)
    git(folder, "init", "-q")
    (folder / ".gitignore").write_text(".env\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "Begin")
    if remote:
        git(folder, "remote", "add", "origin", remote)
    if env:
        (folder / ".env").write_text(env)
        (folder / ".env").chmod(mode)
    return folder


def answers(machine: Path, probes: Sequence[Probe], project: str = "", path: str = "") -> dict[str, Said | Unknown]:
    host = Host(app_directory=str(machine / WORK), project=project or None)
    script = request(probes, "n0nce", Target(name="here", host=host, settings=Settings()), 10)
    roots = str(machine).encode()
    script = script.removesuffix(b"GO 0\n") + b"set_roots %d\n%sGO 0\n" % (len(roots), roots)
    if path:
        script = script.replace(b"'/usr/local/sbin:", f"'{path}:/usr/local/sbin:".encode())
    done = subprocess.run(["perl", "-"], input=script, capture_output=True, timeout=600, check=True)
    assert done.stderr == b""
    assert SECRET.encode() not in done.stdout
    return unframe(done.stdout, "n0nce")


@pytest.fixture
def ask(machine: Path, target: Target) -> Ask:
    """What is known of the files and of the histories."""

    def asked() -> tuple[EnvFiles, CommittedSecrets]:
        gathered = Gathered(answers(machine, [CHECKOUTS_PROBE, HISTORY_PROBE]))
        return need(ALL["env_files"].read(gathered, target)), need(ALL["history"].read(gathered, target))

    return asked


@pytest.fixture
def target() -> Target:
    return Target(name="here", host=Host(), settings=Settings())


def open_to_all(found: EnvFiles, machine: Path) -> list[str]:
    """Those with secrets that others than their owner may read."""
    files = [one for one in found.files if one.holds_secrets and one.mode & 0o077]
    return [one.name.removeprefix(f"{machine}/") for one in files]


def places(found: EnvFiles, machine: Path) -> dict[str, str]:
    return {one.path.removeprefix(f"{machine}/"): one.why for one in found.checkouts}


def test_a_machine_with_one_checkout_has_no_other(machine: Path, ask: Ask) -> None:
    found, history = ask()
    assert (found.checkouts, found.lacking, open_to_all(found, machine)) == ((), "", [])
    assert (history.others, history.unread) == ((), ())


@pytest.mark.parametrize("remote", ["https://x:y@github.com/zebu/zebu", "https://github.com/Zebu/zebu.git/", REMOTE])
def test_a_checkout_of_the_same_repository_is_the_projects(remote: str, machine: Path, ask: Ask) -> None:
    """By owner and name; its file counts whatever is in it, as an older key is a key too."""
    make(machine, "opt/papertrade", "SECRET_KEY=of-before-and-long-enough-99\n", 0o644, remote)
    found, history = ask()
    assert places(found, machine) == {"opt/papertrade": "remote"}
    assert open_to_all(found, machine) == ["opt/papertrade/.env"]
    assert found.checkouts[0].version
    (other,) = history.others
    assert (other.place, other.is_partial, other.is_ignored, other.holds_secret) == (
        f"{machine}/opt/papertrade",
        "",
        True,
        False,
    )


def test_other_projects_do_not_count(machine: Path, ask: Ask) -> None:
    make(machine, "opt/shop", "SHOP_PASSWORD=hello-world-99887\n", 0o644, "https://github.com/zebu/shop.git")
    make(machine, "opt/fork", "SHOP_PASSWORD=hello-world-99887\n", 0o644, "https://github.com/somebody/zebu.git")
    make(machine, "opt/notes", "SHOP_PASSWORD=hello-world-99887\n", 0o644, "")
    found, history = ask()
    assert places(found, machine) == {"opt/notes": "unknown"}
    assert open_to_all(found, machine) == []
    assert history.others == ()


@pytest.mark.parametrize("remote", ["https://github.com/somebody/zebu.git", ""])
def test_a_checkout_with_the_same_secrets_is_the_projects(remote: str, machine: Path, ask: Ask) -> None:
    make(machine, "home/somebody/zebu", ENV, 0o640, remote)
    found, history = ask()
    assert places(found, machine) == {"home/somebody/zebu": "secrets"}
    assert open_to_all(found, machine) == ["home/somebody/zebu/.env"]
    assert len(history.others) == 1


@pytest.mark.parametrize("name", ["srv/.env.bak", "root/copy.env", "opt/deep/er/and/deeper/.env"])
def test_a_copy_outside_of_any_checkout_is_known_by_what_is_in_it(name: str, machine: Path, ask: Ask) -> None:
    (machine / name).parent.mkdir(parents=True)
    (machine / name).write_text(ENV)
    (machine / name).chmod(0o644)
    (machine / "srv/other").mkdir(parents=True)
    (machine / "srv/other/.env").write_text("OTHER_PASSWORD=hello-world-99887\n")
    found, _ = ask()
    assert open_to_all(found, machine) == [name]


def test_a_folder_that_compose_would_take_for_the_project_is(machine: Path, target: Target) -> None:
    """By its name; its file has other secrets, of before. Another folder beside it is another project's."""
    for name in ("opt/zebu", "opt/shop"):
        (machine / name).mkdir(parents=True)
        (machine / name / "compose.yaml").write_text("services: {}\n")
        (machine / name / ".env").write_text("SECRET_KEY=of-before-and-long-enough-99\n")
        (machine / name / ".env").chmod(0o644)
    said = answers(machine, [CHECKOUTS_PROBE, HISTORY_PROBE], project="zebu")
    found = need(ALL["env_files"].read(Gathered(said), target))
    assert places(found, machine) == {"opt/zebu": "compose"}
    assert open_to_all(found, machine) == ["opt/zebu/.env"]
    history = need(ALL["history"].read(Gathered(said), target))
    assert (history.others, history.unread) == ((), ())


def test_a_folder_with_the_compose_file_in_use_is_the_projects(machine: Path, target: Target) -> None:
    """Where compose was called with it, as its labels say; the search knows it by what is in it."""
    (machine / WORK / "docker-compose.yml").write_text("services: {app: {image: zebu}}\n")
    for name, text in (("srv/copy", "services: {app: {image: zebu}}\n"), ("srv/other", "services: {}\n")):
        (machine / name).mkdir(parents=True)
        (machine / name / "docker-compose.yml").write_text(text)
        (machine / name / ".env").write_text("SECRET_KEY=of-before-and-long-enough-99\n")
    labels = {"com.docker.compose.project": "zebu", "com.docker.compose.service": "backend",
              "com.docker.compose.project.config_files": f"{machine}/{WORK}/docker-compose.yml"}  # fmt: skip
    shown = "\n".join(("1" * 64, json.dumps(labels), "[]", '["run", [], ""]', "true 1", "{}", "", ""))
    (machine / "docker").write_text(f"#!/bin/sh\ncase $1 in ps) echo id ;; inspect) cat <<'END'\n{shown}END\nesac\n")
    (machine / "docker").chmod(0o755)
    said = answers(machine, [CHECKOUTS_PROBE], path=str(machine))
    found = need(ALL["env_files"].read(Gathered(said), target))
    assert places(found, machine) == {"srv/copy": "compose"}


def test_a_worktree_has_the_remote_of_its_repository(machine: Path, ask: Ask) -> None:
    git(machine / WORK, "worktree", "add", "-q", str(machine / "tree"))
    (machine / "tree/.env").write_text(ENV)
    (machine / "tree/.env").chmod(0o644)
    found, _ = ask()
    assert places(found, machine) == {"tree": "remote"}
    assert open_to_all(found, machine) == ["tree/.env"]


def test_in_the_deployed_checkout_every_folder_counts(machine: Path, ask: Ask) -> None:
    path = machine / WORK / "a/b/c/d/prod.env"
    path.parent.mkdir(parents=True)
    path.write_text("SMTP_PASSWORD=hello-world-99887\n")
    path.chmod(0o644)
    found, _ = ask()
    assert open_to_all(found, machine) == ["a/b/c/d/prod.env"]


@pytest.mark.hostile("files")
def test_links_lead_nowhere_and_heavy_folders_are_passed(machine: Path, ask: Ask) -> None:
    (machine / "loop").symlink_to(machine)
    for name in ("node_modules/a", ".cache/b", "venv/c"):
        (machine / name).mkdir(parents=True)
        (machine / name / ".env").write_text(ENV)
    found, _ = ask()
    assert (open_to_all(found, machine), found.lacking) == ([], "")


def test_a_search_that_is_cut_says_so(machine: Path, ask: Ask) -> None:
    folder = machine / "many"
    folder.mkdir()
    for number in range(620):
        (folder / f"{number}.env").touch()
    found, _ = ask()
    assert found.lacking == "it was cut at too many files"


def test_each_checkout_is_asked_with_its_own_folder(machine: Path) -> None:
    make(machine, "opt/papertrade")
    probe = Probe("where", 'echo "at=$ZEBU_APP_DIR"; exit 3', needs=(Need.APP_DIR,), each=True)
    said = answers(machine, [probe])["where"]
    assert isinstance(said, Said)
    assert said.status == 3
    assert (
        said.out
        == f"at={machine}/{WORK}\n\ncheckout={machine}/opt/papertrade\nended=done 3\nat={machine}/opt/papertrade\n"
    )


def test_no_more_than_some_checkouts_are_asked(machine: Path, ask: Ask) -> None:
    for number in range(14):
        make(machine, f"opt/c{number:02}")
    found, history = ask()
    assert len(history.others) == 12
    assert found.lacking == "there are more than 12 checkouts"


@pytest.mark.hostile("parsers")
def test_a_name_of_a_folder_ends_no_line(machine: Path, ask: Ask) -> None:
    make(machine, "opt/odd\nfolder\t%41", ENV, 0o644)
    found, _ = ask()
    assert [Path(one.path).name for one in found.checkouts] == ["odd?folder?%41"]
    assert found.checkouts[0] == Checkout(
        found.checkouts[0].path, "remote", found.checkouts[0].user, found.checkouts[0].version
    )
