"""What is built and shipped: complete, typed, and with the dependencies that it imports."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from email import message_from_string
from email.message import Message
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from hatchling.metadata.core import ProjectMetadata
from hatchling.plugin.manager import PluginManager
from markdown_it import MarkdownIt

from hatch_build import VARIABLE, origin, page, public, readme

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
NOT_IMPORTED = {
    "pytest-xdist": "the plugin behind -n; its hooks are ours by name",
    "pytest-html": "the plugin behind --html; its hooks are ours by name",
    "pytest-metadata": "what pytest-html shows of the run",
    "docker": "the user's choice; the lab asks Docker with it",
}
"""Why a dependency is one, although nothing imports it."""


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[<>=!~ \[;]", name)[0]).lower()


def imported() -> set[str]:
    """The distributions that the shipped packages import, at whatever moment."""
    found = set()
    for path in [*ROOT.glob("pytest_zebu/**/*.py"), *ROOT.glob("tests_prod/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
            found |= {name.split(".")[0] for name in names}
    modules = found - sys.stdlib_module_names - {"pytest_zebu", "tests_prod"}
    owners = packages_distributions()
    return {normal(owners[module][0]) for module in modules}


def test_dependencies_are_what_is_imported() -> None:
    declared = {normal(name) for name in PROJECT["dependencies"]}
    assert imported() - declared == set()
    assert declared - imported() <= NOT_IMPORTED.keys()
    assert declared >= NOT_IMPORTED.keys()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", folder], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return folder


def tracked(*packages: str) -> set[str]:
    """The files of packages as they are in the work tree, without what Python leaves there."""
    return {
        str(path.relative_to(ROOT))
        for package in packages
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_has_all_of_both_packages_and_nothing_else(built: Path) -> None:
    (path,) = built.glob("*.whl")
    with zipfile.ZipFile(path) as wheel:
        files = {name for name in wheel.namelist() if ".dist-info/" not in name}
        (metadata,) = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
        text = wheel.read(metadata).decode()
        (entry,) = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
        entries = wheel.read(entry).decode()
    assert files == tracked("pytest_zebu", "tests_prod")
    assert files >= {
        "pytest_zebu/py.typed", "tests_prod/py.typed", "pytest_zebu/catalogue/checklist.toml",
        "pytest_zebu/gather/far.pl", "tests_prod/test_attested.py",
    }  # fmt: skip
    assert any(name.endswith(".html") for name in files)
    assert "Description-Content-Type: text/markdown" in text
    assert "[pytest11]\nzebu = pytest_zebu.plugin.hooks" in entries


def test_from_the_sdist_all_can_be_made_and_tested(built: Path) -> None:
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as sdist:
        files = {member.name.partition("/")[2] for member in sdist.getmembers() if member.isfile()}
    assert files >= tracked("pytest_zebu", "tests_prod", "tests")
    assert files >= {"README.md", "LICENSE", "pyproject.toml", "conftest.py"}
    readme = (ROOT / "README.md").read_text()
    linked = set(re.findall(r"\]\(([^)#:]+)\)", readme))
    assert linked <= files
    assert not [name for name in files if name.startswith((".venv", ".ci", "out/", "dist/"))]


README = (ROOT / "README.md").read_text()
HOME = "https://github.com/zebu/pytest-zebu"


def links(text: str) -> Iterator[str]:
    """Where a text links to, and what it shows, as another reader of Markdown understands it."""
    for block in MarkdownIt().parse(text):
        for token in block.children or ():
            if token.type in {"link_open", "image"}:
                yield str(token.attrs.get("href") or token.attrs["src"])


def code(text: str) -> list[str]:
    blocks = MarkdownIt().parse(text)
    spans = [token for block in blocks for token in block.children or () if token.type == "code_inline"]
    return [token.content for token in [*blocks, *spans] if token.type in {"fence", "code_inline"}]


@pytest.mark.parametrize(("remote", "address"), [
    (HOME, HOME), (f"{HOME}.git", HOME), (f"{HOME}/", HOME), ("https://GitHub.com:443/zebu/pytest-zebu.git/", HOME),
    ("git@github.com:zebu/pytest-zebu.git", HOME), ("GitHub.com:zebu/pytest-zebu", HOME), ("git@github.com:/zebu/pytest-zebu", HOME),
    ("ssh://git@github.com:2222/zebu/pytest-zebu.git", HOME), ("https://me:s3cret@github.com/zebu/pytest-zebu", HOME),
    ("https://s3cret@github.com/zebu/pytest-zebu?token=s3cret#s3cret", HOME),
    ("https://git.zebu.org:3000/a/b/c.git", "https://git.zebu.org:3000/a/b/c"), ("git@git.sr.ht:~zebu/x", "https://git.sr.ht/~zebu/x"),
    ("", ""), ("/srv/git/zebu.git", ""), ("../zebu.org:x/y", ""), ("/srv/zebu.org:x/y", ""), ("C:/git/zebu", ""), ("file:///srv/git/zebu", ""),
    ("file://github.com/zebu/x", ""), ("http://github.com/zebu/x", ""), ("git://github.com/zebu/x", ""), ("https:///zebu/x", ""),
    ("https://github.com", ""), ("https://github.com/", ""), ("git@github.com:.git", ""), ("forge:zebu/x", ""), ("git@forge:zebu/x", ""),
    ("https://localhost/zebu/x", ""), ("https://10.0.0.1/zebu/x", ""), ("https://[::1]/zebu/x", ""), ("https://[::1/zebu/x", ""),
    ("https://forge.lan/zebu/x", ""), ("git@forge.internal:zebu/x", ""), ("https://github.com:port/zebu/x", ""),
    ("https://github.com/a b", ""), ("https://github.com/zebu/ä", ""), ("https://github.com/a)b", ""), ("https://-x.org/a", ""), ("a.org:me:s3cret@github.com/x", ""),
])  # fmt: skip
def test_only_what_is_public_is_an_address_and_no_credential_stays_in_it(remote: str, address: str) -> None:
    assert public(remote) == address


@pytest.mark.parametrize(("config", "remote"), [
    (f'[core]\n\tbare = false\n[remote "origin"]\n\turl = {HOME}\n\tfetch = +a:b\n\tfetch = +c:d\n', HOME),
    ('[remote "upstream"]\n\turl = https://github.com/other/x\n', ""), (f'[remote "origin"]\n\turl = "{HOME}"\n', HOME),
    (f'[core]\n\tbare\n[remote "origin"]\n\turl = {HOME}\n', HOME), ('[remote "origin"]\n\tprune\n', ""), ('[remote "origin"]\n\turl\n', ""), ("no section\n", ""), ("", ""),
    ('[remote "origin"]\n\turl = git@github.com:50%/x # why\n', "git@github.com:50%/x # why"),
])  # fmt: skip
def test_the_origin_is_what_git_wrote_down(config: str, remote: str, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/config").write_text(config)
    assert origin(tmp_path) == remote


def test_a_place_without_a_readable_origin_has_none(tmp_path: Path) -> None:
    assert origin(tmp_path) == ""
    (tmp_path / ".git").write_text("gitdir: /elsewhere/.git/worktrees/x\n")
    assert origin(tmp_path) == ""
    (tmp_path / ".git").unlink()
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/config").write_bytes(b'[remote "origin"]\n\turl = \xff\n')
    assert origin(tmp_path) == ""


@pytest.mark.parametrize(("address", "view"), [
    ("https://github.com/a/b", "blob"), ("https://gitlab.zebu.org/a/b", "-/blob"), ("https://codeberg.org/a/b", "src/branch"),
    ("https://git.zebu.org/github/b", "raw"),
])  # fmt: skip
def test_a_forge_shows_a_file_in_its_own_way_and_all_show_it_bare(address: str, view: str) -> None:
    assert page(address, "docs/a.md") == f"{address}/{view}/HEAD/docs/a.md"
    assert readme("![x](docs/a.png)", address) == f"![x]({address}/raw/HEAD/docs/a.png)"


LEFT = """[here](#limits), [far](https://zebu.org/x), [write](mailto:a@zebu.org), [any](//zebu.org/x), [x] (y)

`[code](a.md)`, ``[two ` ticks](a.md)``

```md
[fenced](a.md)
`
```

~~~
![fenced](a.png)
~~~
"""


@pytest.mark.parametrize("address", [HOME, ""])
def test_anchors_absolute_links_and_code_are_left_alone(address: str) -> None:
    assert readme(LEFT, address) == LEFT


@pytest.mark.parametrize(("text", "with_address", "without"), [
    ("a [b](docs/c.md#d) e", f"a [b]({HOME}/blob/HEAD/docs/c.md#d) e", "a b e"), ("[`b`](./c)", f"[`b`]({HOME}/blob/HEAD/c)", "`b`"),
    ("[b\nc](/d)", f"[b\nc]({HOME}/blob/HEAD/d)", "b\nc"), ("![b](c.png)[d](e)", f"![b]({HOME}/raw/HEAD/c.png)[d]({HOME}/blob/HEAD/e)", "d"),
    ("`a```b` [c](d) `e`", f"`a```b` [c]({HOME}/blob/HEAD/d) `e`", "`a```b` c `e`"),
    ("a lone ` tick\n\n[b](c) ` [d](e)", f"a lone ` tick\n\n[b]({HOME}/blob/HEAD/c) ` [d]({HOME}/blob/HEAD/e)", "a lone ` tick\n\nb ` d"),
])  # fmt: skip
def test_a_link_to_a_file_leads_to_the_forge_or_is_text(text: str, with_address: str, without: str) -> None:
    assert (readme(text, HOME), readme(text, "")) == (with_address, without)


def test_no_link_of_the_readme_is_dead_elsewhere() -> None:
    """Every file is linked at the forge, in its order; without a forge none is. Its code is the same."""
    files = [link for link in links(README) if not link.startswith(("#", "https:"))]
    assert {"docs/images/report.png", "docs/settings.md"} <= set(files)
    assert all((ROOT / file.partition("#")[0]).exists() for file in files)
    there, nowhere = readme(README, HOME), readme(README, "")
    kept = [link for link in links(README) if link not in files]
    views = {".png": "raw"}
    at_home = [f"{HOME}/{views.get(Path(file).suffix, 'blob')}/HEAD/{file}" for file in files]
    assert [link for link in links(there) if link.startswith(HOME)] == at_home
    assert [link for link in links(there) if not link.startswith(HOME)] == list(links(nowhere)) == kept
    assert code(there) == code(nowhere) == code(README)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What is needed to build, of one module in each package, and no `.git`."""
    monkeypatch.delenv(VARIABLE, raising=False)
    root = tmp_path / "checkout"
    for name in (
        "README.md",
        "LICENSE",
        "pyproject.toml",
        "hatch_build.py",
        "pytest_zebu/__init__.py",
        "tests_prod/__init__.py",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    return root


def from_origin(root: Path, remote: str) -> None:
    (root / ".git").mkdir()
    (root / ".git/config").write_text(f'[remote "origin"]\n\turl = {remote}\n')


def fields(root: Path) -> tuple[dict[str, str], str]:
    found = ProjectMetadata(str(root), PluginManager()).core
    return found.urls, found.readme


URLS = {
    "Homepage": HOME, "Documentation": f"{HOME}/blob/HEAD/README.md", "Changelog": f"{HOME}/blob/HEAD/CHANGELOG.md", "Issues": f"{HOME}/issues",
}  # fmt: skip


def test_the_address_is_learnt_from_the_origin_and_its_password_is_not(checkout: Path) -> None:
    assert fields(checkout) == ({}, readme(README, ""))
    (checkout / ".git").write_text("gitdir: /elsewhere/.git/worktrees/x\n")
    assert fields(checkout) == ({}, readme(README, ""))
    (checkout / ".git").unlink()
    from_origin(checkout, "https://me:s3cret@github.com/zebu/pytest-zebu.git")
    assert fields(checkout) == (URLS, readme(README, HOME))
    assert "s3cret" not in str(fields(checkout))


def test_the_environment_says_it_better(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from_origin(checkout, "/srv/git/zebu.git")
    assert fields(checkout) == ({}, readme(README, ""))
    monkeypatch.setenv(VARIABLE, HOME)
    assert fields(checkout) == (URLS, readme(README, HOME))
    monkeypatch.setenv(VARIABLE, "https://me:s3cret@forge/zebu")
    with pytest.raises(ValueError, match=f"{VARIABLE} is no address of a public host") as raised:
        fields(checkout)
    assert "s3cret" not in str(raised.value)


def build(root: Path, call: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    script = f"from hatchling import build; build.{call}('dist')"
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr


def metadata(folder: Path) -> Message:
    (path,) = folder.glob("*.whl")
    with zipfile.ZipFile(path) as wheel:
        (name,) = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
        return message_from_string(wheel.read(name).decode())


@pytest.mark.parametrize("remote", ["git@github.com:zebu/pytest-zebu.git", ""])
def test_a_wheel_from_the_sdist_says_what_one_from_the_checkout_says(remote: str, checkout: Path) -> None:
    if remote:
        from_origin(checkout, remote)
    build(checkout, "build_sdist")
    build(checkout, "build_wheel")
    (path,) = (checkout / "dist").glob("*.tar.gz")
    place = checkout.parent / "unpacked"
    place.mkdir()
    # By tar: Debian 12's Python is older than the argument without which a newer one complains.
    subprocess.run(["tar", "-xzf", path, "-C", place], check=True)
    (unpacked,) = place.iterdir()
    assert not (unpacked / ".git").exists()
    build(unpacked, "build_wheel")
    ours, theirs = metadata(checkout / "dist"), metadata(unpacked / "dist")
    assert theirs.items() == ours.items()
    assert theirs.get_payload() == ours.get_payload() == readme(README, HOME if remote else "")
    expected = [f"{label}, {url}" for label, url in URLS.items()] if remote else []
    assert theirs.get_all("Project-URL", []) == expected
