"""What documents say is right: settings are read, commands parsed and, where that is harmless, run; workflows and units are validated."""

from __future__ import annotations

import importlib
import importlib.util
import json
import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from cronsim import CronSim
from markdown_it import MarkdownIt
from readme_renderer import markdown

from hatch_build import readme
from pytest_zebu.catalogue import load
from pytest_zebu.commands.calls import CALLS
from pytest_zebu.commands.cli import main, parser
from pytest_zebu.gather import snapshot
from pytest_zebu.gather.snapshot import Snapshot
from pytest_zebu.people import attestations
from pytest_zebu.plugin.checks import suite
from pytest_zebu.reports import json as json_report
from pytest_zebu.settings import model
from tests import recorded
from tests.remembering import faulty, healthy, later, remember
from tests.reports import eight_faults

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    [
        *ROOT.glob("docs/**/*.md"),
        *(
            ROOT / name
            for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "lab/README.md", "lab/real/README.md")
        ),
    ]
)
NOT_CHECKED = {
    "": "a tree of files",
    "authorized_keys": "tests/proofs log in with it",
    "ini": "tests/plugin runs the example that it belongs to",
    "groovy": "only Jenkins reads it; its `sh` line is checked",
    "mermaid": "tests/test_rooms.py reads it",
    "sudoers": "tests/test_security.py reads it",
}
"""Languages of blocks that nothing here reads, with the reason."""
OTHERS = {
    *(
        [
            ".",
            "apt-get",
            "bash",
            "cat",
            "cd",
            "curl",
            "docker",
            "echo",
            "exit",
            "if",
            "mkdir",
            "pip",
            "python3",
            "ssh",
            "systemctl",
            "then",
            "true",
            "fi",
            "venv/bin/pytest",
        ]
    ),
    "pveum",  # of Proxmox, which never ran here
    "saf",  # of npm: tests/reports/test_hdf.py has what it says
}
"""Programs that are not ours: a shell reads their lines, and no more is known of them here."""
HARMLESS = {"attest", "diff", "due", "explain", "history", "incident", "list", "report", "todo", "waive"}
"""Commands of zebu that look at files only."""
STATUSES = {"diff": {0, 1}, "due": {0, 1}, "incident": {0, 1}}
"""What they end with, where that is an answer; all others end with 0."""


@dataclass(frozen=True, slots=True)
class Block:
    page: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


@cache
def all_blocks() -> tuple[Block, ...]:
    """The blocks of all pages."""
    return tuple(
        Block(page, (token.map or [0])[0] + 1, (token.info.split() or [""])[0], token.content)
        for page in PAGES
        for token in MarkdownIt().parse(page.read_text())
        if token.type in ("fence", "code_block")
    )


def blocks(*languages: str) -> tuple[Block, ...]:
    """The blocks of all pages, in one of these languages, or in any."""
    return tuple(block for block in all_blocks() if not languages or block.language in languages)


def each(*languages: str) -> pytest.MarkDecorator:
    found = blocks(*languages)
    assert found
    return pytest.mark.parametrize("block", found, ids=str)


def test_every_block_is_of_a_language_that_is_checked() -> None:
    checked = {"crontab", "python", "sh", "systemd", "toml", "yaml"}
    assert {block.language for block in blocks()} <= checked | NOT_CHECKED.keys()


# Settings


@each("toml")
def test_settings(block: Block, tmp_path: Path) -> None:
    said = tomllib.loads(block.text)
    if "project" in said:
        assert said["project"]["entry-points"].keys() == {"pytest_zebu.formats"}
    elif said.keys() & {"attestation", "waiver", "not_applicable"}:
        path = tmp_path / "attestations.toml"
        path.write_text(block.text.replace("…", "0" * 64))
        records = attestations.read(path, load(), required=True)
        assert records.at_their_word()
    else:
        path = tmp_path / "zebu.toml"
        path.write_text(block.text)
        assert model.read(path).is_from_file


# Commands


def lines(text: str) -> Iterator[str]:
    """The lines of a shell's text; what is continued is one."""
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            yield line


def commands(text: str) -> Iterator[list[str]]:
    """The commands of a shell's text, without comments and without what leads their input and output elsewhere."""
    for line in lines(text):
        words = shlex.shlex(line, posix=True, punctuation_chars="();<>|&")
        words.whitespace_split = True
        command: list[str] = []
        is_a_place = False
        for word in words:
            if set(word) <= set("<>&") and set(word) & set("<>"):
                is_a_place = True
                command = command[:-1] if command and command[-1] in ("1", "2") else command
            elif is_a_place:
                is_a_place = False
            elif set(word) <= set("();|&"):
                yield from [command] if command else []
                command = []
            elif word not in ("if", "then", "fi", "!"):
                command.append(word)
        yield from [command] if command else []


def test_a_shell_text_is_read_as_a_shell_does() -> None:
    text = "if ! a 'b; c' \\\n  d >/dev/null 2>&1; then  # e\n  f < g | h && i\nfi\n# j"
    assert [*commands(text)] == [["a", "b; c", "d"], ["f"], ["h"], ["i"]]


Parse = Callable[[list[str]], None]


@pytest.fixture
def right(pytester: pytest.Pytester) -> Parse:
    """Fail where a command is none that there is."""

    def check(command: list[str]) -> None:
        program, *argv = command
        name = Path(program).name
        if name == "zebu":
            zebu(argv)
        elif name == "pytest":
            pytester.parseconfig(*(word for word in argv if not word.endswith(".py")))
        elif name == "hatchling" or (name == "python" and argv[:1] == ["-m"]):
            assert importlib.util.find_spec(argv[1] if name == "python" else name)
        elif program == "./run":
            assert f"  {argv[0]})" in (ROOT / "run").read_text()
        else:
            assert program in OTHERS

    return check


def zebu(argv: list[str]) -> None:
    """Read a call of zebu, as it would be read.

    Raises:
        AssertionError: it is none.
    """
    if argv[-1] in ("--version", "--help"):
        argv = argv[:-1]
    if len(argv) < 2 and argv != ["list"]:  # a name
        assert {*argv} <= {*CALLS, "lab", "proofs"}
        return
    options, rest = parser().parse_known_args(argv)
    assert rest == []
    assert options.command != "explain" or options.item in load()


def test_a_wrong_command_is_found(right: Parse) -> None:
    for wrong in (
        "zebu explain pre.nothing",
        "zebu todo --nothing",
        "pytest --zebu-nothing=1",
        "./run nothing",
        "python -m nothing_there",
        "nothing",
    ):
        with pytest.raises((AssertionError, SystemExit, pytest.UsageError)):
            right(shlex.split(wrong))


@each("sh")
def test_commands(block: Block, right: Parse, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text(block.text)
    subprocess.run(["sh", "-n", script], check=True)
    found = [*commands(block.text)]
    assert found
    for command in found:
        right(command)


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.name != "CHANGELOG.md"], ids=lambda page: str(page.relative_to(ROOT))
)
def test_commands_within_lines(page: Path, right: Parse) -> None:
    """Those in a line of text are whole, too, where they have more than a name and no word to fill in."""
    for block in MarkdownIt().enable("table").parse(page.read_text()):
        for token in block.children or ():
            words = token.content.split() if token.type == "code_inline" else []
            if (
                len(words) > 1
                and words[0] in ("zebu", "pytest", "./run")
                and not re.search(r"\b[A-Z]{2,}\b|=…", token.content)
            ):
                for command in commands(token.content):
                    right(command)


def harmless(page: Path) -> list[list[str]]:
    found = [
        command
        for block in blocks("sh")
        if block.page == page
        for line in lines(block.text)
        for command in commands(line)
    ]
    return [argv for name, *argv in found if name == "zebu" and argv[0] in HARMLESS]


@pytest.mark.parametrize(
    "page", [page for page in PAGES if harmless(page)], ids=lambda page: str(page.relative_to(ROOT))
)
def test_harmless_commands_are_run(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the folder of a lab over which runs are remembered, one behind the other as they stand there."""
    monkeypatch.chdir(tmp_path)
    seen = healthy(tmp_path)
    on_the_day = (datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp() - seen.gathered.time) / 86_400
    for one in (later(seen, on_the_day), later(faulty(tmp_path, eight_faults.FAULTS[0]), on_the_day + 1)):
        remember(one, *ITEMS)
    for name in ("run.json", "before.json", "after.json"):
        snapshot.write(tmp_path / name, {"lab": Snapshot("lab", seen.gathered, True)})
    (tmp_path / "report.json").write_text(json_report.render(eight_faults.report()))
    (tmp_path / "evidence").mkdir(exist_ok=True)
    (tmp_path / "evidence/drill.txt").write_text("restored, and compared\n")
    for argv in harmless(page):
        argv = [word.replace("-", "report.json") if word == "-" else word for word in argv]
        if argv[0] == "attest" and "--statement" not in argv:  # which is asked for on a terminal
            argv += ["--statement", "as written there"]
        status = main([*argv, *(["--no-look"] if argv[:2] == ["incident", "open"] else [])])
        said = capsys.readouterr()
        assert status in STATUSES.get(argv[0], {0}), f"zebu {shlex.join(argv)}: {said.err}"
        assert "Traceback" not in said.err


ITEMS = ("pre.security.ssh.no-passwords", "post.maintenance.capacity.costs")


# Runs of pytest


def projects(pytester: pytest.Pytester) -> None:
    pytester.makefile(".toml", zebu=recorded.settings())
    pytester.path.joinpath("run.json").write_text(recorded.SNAPSHOT.read_text())


def judged(pytester: pytest.Pytester, *argv: str) -> pytest.RunResult:
    """Run pytest in this process, of which the run then forgets what it imports itself: the suite is there before."""
    importlib.import_module("pytest_zebu.plugin.setup")
    suite()
    return pytester.runpytest_inprocess(*argv)


def test_the_runs_of_the_quick_start(pytester: pytest.Pytester) -> None:
    """Those that ask a host are run on the recorded one in its place; what they are to write is there."""
    projects(pytester)
    (page,) = (page for page in PAGES if page.name == "quick-start.md")
    runs = [
        argv for block in blocks("sh") if block.page == page for name, *argv in commands(block.text) if name == "pytest"
    ]
    assert len(runs) == 2
    for argv in runs:
        argv = [word if word != "--zebu-host=vm" else "--zebu-replay=run.json" for word in argv]
        result = judged(pytester, *argv)
        assert result.ret in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
        result.stdout.fnmatch_lines(["*Pre deployment*READY*"])
    assert "<html" in (pytester.path / "report.html").read_text()


# Workflows, units, schedules


def schema(name: str) -> dict[str, Any]:
    """As the forges publish it; check-jsonschema ships it, and is not needed itself."""
    spec = importlib.util.find_spec("check_jsonschema")
    assert spec is not None
    assert spec.origin is not None
    found: dict[str, Any] = json.loads((Path(spec.origin).parent / f"builtin_schemas/vendor/{name}.json").read_text())
    return found


@each("yaml")
def test_workflows(block: Block, right: Parse) -> None:
    said = {"on" if key is True else key: value for key, value in yaml.safe_load(block.text).items()}  # of YAML 1.1
    jsonschema.Draft7Validator(schema("github-workflows" if "jobs" in said else "gitlab-ci")).validate(said)
    steps = [step for job in said.get("jobs", {}).values() for step in job["steps"]]
    texts = [step["run"] for step in steps if "run" in step]
    for job in () if steps else said.values():
        texts += [job["script"]] if isinstance(job["script"], str) else job["script"]
    assert texts
    for text in texts:
        for command in commands(text):
            right(command)


@each("systemd")
def test_units(block: Block, right: Parse, tmp_path: Path) -> None:
    """As systemd reads them, where it is there; their programs are read here."""
    units = {}
    for other in blocks("systemd"):
        if other.page == block.page:
            first, _, text = other.text.partition("\n")
            units[Path(first.removeprefix("# ")).name] = text
    for name, text in units.items():
        (tmp_path / name).write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", text, flags=re.MULTILINE))
    name = Path(block.text.partition("\n")[0].removeprefix("# ")).name
    for line in re.findall(r"^ExecStart=/\S*?(\w+ .*)$", block.text, re.MULTILINE):
        right(shlex.split(line))
    if shutil.which("systemd-analyze"):
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", tmp_path / name],
            capture_output=True,
            text=True,
            env={"SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
        )
        assert (
            done.returncode,
            [line for line in done.stderr.splitlines() if str(tmp_path) in line or name in line],
        ) == (0, [])


@each("crontab")
def test_schedules(block: Block) -> None:
    for line in lines(block.text):
        if "=" not in line.split()[0]:
            assert next(CronSim(" ".join(line.split()[:5]), datetime.now(UTC)))


def test_what_jenkins_runs(right: Parse) -> None:
    (block,) = blocks("groovy")
    (line,) = re.findall(r"sh '([^']+)'", block.text)
    right(shlex.split(line))


# The README


@pytest.mark.parametrize("address", ["", "https://github.com/zebu/pytest-zebu"])
def test_pypi_shows_the_readme(address: str) -> None:
    """As PyPI renders it, without a link that leads nowhere."""
    text = readme((ROOT / "README.md").read_text(), address)
    shown = markdown.render(text)
    assert shown is not None
    assert "<table>" in shown
    targets = [target for target in re.findall(r'(?:href|src)="([^"]*)"', shown) if not target.startswith("#")]
    assert all(target.startswith("https://") for target in targets)
    assert bool(targets) is bool(address)


def test_the_readme_is_one_screen() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 100


def test_counts_that_are_typed() -> None:
    """The tables of stages in the concepts are the catalogue's."""
    text = (ROOT / "docs/concepts.md").read_text()
    for name, items, needs in re.findall(r"^\| `(\w+)` \| (\d+) \| (\d+) % \|$", text, re.MULTILINE):
        mine = [item for item in load() if item.stage.value == name]
        assert (len(mine), model.Settings().thresholds.model_dump()[name]) == (int(items), int(needs))
