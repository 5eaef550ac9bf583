"""What is built and shipped: complete, typed, and with the dependencies that it imports."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
NOT_IMPORTED = {
    "pytest-xdist": "the plugin behind -n; its hooks are ours by name",
    "pytest-html": "the plugin behind --html; its hooks are ours by name",
    "pytest-metadata": "what pytest-html shows of the run",
    "pip-audit": "run as a program of its own",
    "docker": "the user's choice",
    "psycopg2-binary": "the user's choice",
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
