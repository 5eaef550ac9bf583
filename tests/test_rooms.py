"""The rooms of the package: imports go one way, and tests lie where what they test lies."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import LONGEST, place_of, scope_of

PACKAGE = Path(__file__).parents[1] / "pytest_zebu"
PICTURE = PACKAGE.parent / "docs/architecture.md"
FLOORS = (
    {"catalogue"},
    {"settings"},
    {"facts"},
    {"verdict"},
    {"discovery", "gather", "memory", "people", "reports"},
    {"commands", "plugin"},
)
"""From the ground up. A room knows those below it; on its own floor it knows those that stand in `BESIDE`."""
BESIDE = {("people", "memory"), ("commands", "plugin")}
LEAVES = {"ending", "files", "redaction", "shown", "__init__"}
"""Modules of the package itself: they know no room, and every room may know them."""
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
MODULES = sorted(PACKAGE.rglob("*.py"))
TESTS = Path(__file__).parent
MIRRORED = {"": PACKAGE, "suite": PACKAGE.parent / "tests_prod"}
MIRRORED |= {place: PACKAGE.parent / place for place in ("benchmarks", "lab")}
MIRRORED |= {room: PACKAGE / room for room in FLOOR_OF}
"""What a folder of tests is the mirror of. `judged` and `proofs` mirror nothing: they judge whole deployments."""
ACROSS = {
    "test_security": "what docs/security.md promises, of all rooms",
    "plugin/test_side_by_side": "runs over several hosts, with an ssh that is none",
    "facts/test_any_bytes": "all parsers",
    "facts/test_checkouts": "the repository's scripts, of real checkouts",
    "facts/test_docker_scripts": "how scripts ask Docker's daemon",
    "facts/test_document_scripts": "the scripts about documents, of real ones",
    "facts/test_dump_scripts": "the scripts about dumps, of real ones",
    "facts/test_every_fact": "all facts",
    "facts/test_leaks": "the script that looks for secrets in logs",
    "facts/test_required": "the script that reads who asks for which variable",
    "facts/test_rooted": "the scripts that read a container's files from outside",
    "facts/test_log_files": "the scripts that read containers' logs from the daemon's files",
    "facts/test_login_script": "the script that tries the database's passwords",
    "facts/test_scheduled": "the script that reads what runs by itself",
    "facts/test_shell": "the script that reads shell",
    "facts/test_silence": "all facts, of answers that say nothing",
    "facts/test_ssh_scripts": "the scripts about ssh, without a server",
    "gather/test_filters": "the checkout's own programs, with the far side",
    "gather/test_answers": "whatever asks over HTTP, of servers that keep to nothing",
    "gather/test_canaries": "the filter of both sides",
    "gather/test_checkouts": "the far side's search of the machine",
    "gather/test_kept": "the connections that looks share",
    "gather/test_load": "the far side, on a machine that is busy",
    "gather/test_quiet": "all scripts, of programs that cannot run",
    "gather/test_words": "the filter of both sides, and the words that it looks for first",
    "gather/test_repeats": "the filter of both sides, of texts that repeat",
    "gather/test_redirects": "whatever asks with a secret",
    "gather/test_rude_database": "the declared database, of servers that are none",
    "gather/test_rude_names": "names and handshakes, of servers that are none",
    "gather/test_rude_pages": "the browser, of pages that keep it busy",
    "plugin/test_bad_input": "whole runs",
    "plugin/test_ending": "whole runs that are ended",
    "plugin/test_imports": "whole processes",
    "plugin/test_guest": "whole runs, in projects of other people",
    "plugin/test_breaks": "whole runs, in which something of ours breaks",
    "plugin/test_html_page": "the page of a whole run, in a browser",
    "plugin/test_neighbours": "whole runs, beside other plugins",
    "plugin/test_selection": "whole runs of a part, and their exit status",
    "plugin/test_outputs": "whole runs",
    "plugin/test_own_tests": "what docs/own-tests.md shows",
    "plugin/test_secrets": "whole runs",
    "plugin/test_unwritable": "whole runs",
    "reports/test_doors": "all formats",
    "reports/test_golden": "all formats",
    "settings/test_documented": "the model against docs/settings.md",
    "suite/test_clocks": "all checks, of the healthy machine whose clock differs from ours",
    "suite/test_explained": "all checks",
    "suite/test_fixes": "what checks say to do, and its words",
    "suite/test_places": "checks, of the lines that evidence points to",
    "suite/test_thresholds": "checks, of the healthy machine with one fact otherwise",
    "suite/test_variations": "checks, of the healthy machine with one thing otherwise",
    "test_docs": "what documents say: commands, settings, workflows",
    "test_package": "what is built",
    "test_rooms": "all rooms",
    "test_site": "the documents as a site",
    "verdict/test_arithmetic": "from outcomes to the gate, by hand",
}
"""Tests that are of no single module, and what they are of."""
EACH_TESTED = ("commands", "facts", "memory", "people", "settings", "verdict")
"""The rooms in which every module has tests of its own."""


def room_of(parts: tuple[str, ...]) -> str:
    return parts[0].removesuffix(".py")


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """The rooms that a module knows, with the line; also those that it asks for late."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        names = [alias.name for alias in node.names]
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            names = [f"{node.module}.{name}" for name in names]
        for name in names:
            package, _, rest = name.partition(".")
            if package == PACKAGE.name and rest:
                yield node.lineno, room_of(tuple(rest.split(".")))


@pytest.mark.parametrize("room", ["facts", "gather", "plugin"])
def test_values_are_made_at_once(room: str) -> None:
    """Whoever starts a run waits until all their classes are there, and a dataclass takes fifty times as long as a Struct."""
    found = {
        node.name
        for path in (PACKAGE / room).glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef) and any("dataclass" in ast.unparse(one) for one in node.decorator_list)
    }
    assert found <= {"Option", "Refused"}, (
        "one is there before msgspec, the other an exception; nothing else need be a dataclass"
    )


def test_every_room_has_its_floor() -> None:
    rooms = {room_of(path.relative_to(PACKAGE).parts) for path in MODULES}
    assert rooms - LEAVES == FLOOR_OF.keys()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_one_way(path: Path) -> None:
    mine = room_of(path.relative_to(PACKAGE).parts)
    for line, other in imported(path):
        if other in LEAVES | {mine, "__version__"}:
            continue
        assert mine not in LEAVES, f"{path}:{line}: a leaf knows no room"
        below = FLOOR_OF[other] < FLOOR_OF[mine]
        assert below or (mine, other) in BESIDE, f"{path}:{line}: {mine} must not know {other}"


@pytest.mark.parametrize(
    ("room", "strangers"),
    [("verdict", {"pytest", "testinfra", "requests"}), ("facts", {"pytest", "testinfra"}), ("reports", {"pytest"})],
)
def test_what_a_room_must_not_know(room: str, strangers: set[str]) -> None:
    for path in (PACKAGE / room).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            assert not {name.split(".")[0] for name in names} & strangers, path


def test_an_answer_is_a_leaf() -> None:
    assert not list(imported(PACKAGE / "facts/answer.py"))


def test_the_picture_is_true() -> None:
    """docs/architecture.md shows every room, and who knows whom: no more, no fewer."""
    text = PICTURE.read_text()
    drawn = set(re.findall(r"^    (\w+) --> (\w+)$", text, re.MULTILINE))
    known = {(room_of(path.relative_to(PACKAGE).parts), other) for path in MODULES for _, other in imported(path)}
    known = {(mine, other) for mine, other in known if mine != other and not {mine, other} & (LEAVES | {"__version__"})}
    assert drawn == known
    assert set(re.findall(r"^    (\w+)\[", text, re.MULTILINE)) == FLOOR_OF.keys()


def names(place: Path) -> set[str]:
    """What a folder of tests may be named after: modules, packages and programs of its place, and the place itself."""
    found = [place, *place.iterdir(), *place.glob("*/test_*.py")]
    return {path.stem.removeprefix("test_") for path in found} - {"__init__", "__pycache__"}


def subjects(folder: str) -> set[str]:
    return {path.stem.removeprefix("test_") for path in (TESTS / folder).glob("test_*.py")}


def test_tests_mirror_the_package() -> None:
    folders = {path.parent.name for path in TESTS.glob("*/test_*.py")}
    assert folders - {"judged", "proofs"} == MIRRORED.keys() - {""}
    strangers = {
        f"{folder}/test_{name}".lstrip("/")
        for folder, place in MIRRORED.items()
        for name in subjects(folder) - names(place)
    }
    assert strangers == ACROSS.keys()


@pytest.mark.parametrize("room", EACH_TESTED)
def test_every_module_of_these_rooms_has_its_tests(room: str) -> None:
    modules = {path.stem for path in (PACKAGE / room).glob("*.py")} - {"__init__"}
    assert modules <= subjects(room)


# How the tests are handed out


def test_proofs_are_begun_first_and_then_what_takes_long() -> None:
    """A file of them that was renamed would be begun whenever its turn comes."""
    assert [name for name in LONGEST if not (PACKAGE.parent / name).exists()] == []
    tests = [
        "tests/test_rooms.py::test_one",
        *(f"{name}::test_one" for name in LONGEST),
        "tests/proofs/test_real.py::test_one",
    ]
    begun = sorted(tests, key=place_of)
    assert begun == [tests[-1], *tests[1:-1], tests[0]]


def test_a_file_is_one_workers_and_so_are_all_proofs() -> None:
    """A lab is in one state at a time."""
    assert scope_of("tests/proofs/test_real.py::test_a") == scope_of("tests/proofs/test_logins.py::test_b[x]")
    assert (
        scope_of("tests/test_rooms.py::test_a[x::y]") == "tests/test_rooms.py" != scope_of("tests/test_docs.py::test_a")
    )
