"""`zebu`: how it is called, and how it ends."""

from __future__ import annotations

import importlib
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pytest

import lab.cli
from pytest_zebu.commands import due
from pytest_zebu.commands.cli import main, parser
from tests.ended import as_usual


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without a lab, with settings that declare nothing."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ZEBU_CONFIG", raising=False)
    monkeypatch.setenv("ZEBU_LAB_DIR", str(tmp_path / "lab"))
    Path("zebu.toml").write_text("")


def refused(argv: Sequence[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What is said to a wrong call, in its last line."""
    with pytest.raises(SystemExit) as ended:
        main(argv)
    assert ended.value.code == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    return shown.err.splitlines()[-1]


@pytest.mark.parametrize(("argv", "words"), [
    ((), "zebu: error: the following arguments are required: COMMAND"), (("attests",), "invalid choice: 'attests'"),
    (("due", "now", "then"), "zebu: error: unknown arguments: now then"), (("due", "--hots=vm"), "unknown arguments: --hots=vm"),
    (("proofs", "all"), "unknown arguments: all"), (("lab", "status", "vm"), "unknown arguments: vm"), (("lab",), "required: COMMAND"),
    (("lab", "exec", "db", "id"), "invalid choice: 'db' (choose from 'vm', 'proxy', 'nas')"), (("incident",), "required: ACTION"),
    (("incident", "step", "assess.severity"), "required: note"), (("attest",), "required: ITEM"),
    (("attest", "x", "--result", "maybe"), "invalid choice: 'maybe'"), (("attest", "x", "--valid-days", "soon"), "invalid int value: 'soon'"),
])  # fmt: skip
def test_a_wrong_call_is_status_2_and_a_line(
    argv: Sequence[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert words in refused(argv, capsys)


def test_help_names_every_command_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    for words in (
        "attest sign for an item that no machine can see completion ", "due the recurring tasks", "incident a guided record of an incident, ",
        "diff what came out otherwise between two runs, and whose change it is", "history the runs that are remembered, or what came of one item over time",
        "explain an item: what it means, what is asked for it, what was seen and decided",
        "lab a whole Zebu deployment in a box", "proofs which faults and blindings prove each check",
    ):  # fmt: skip
        assert words in text


@pytest.mark.parametrize("status", [0, 1])
def test_a_command_says_how_it_ended(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due, "run", lambda options: status if options.host == "vm" else 9)
    assert main(["due", "--host", "vm"]) == status


@pytest.mark.parametrize("argv", [
    ["due", "--config", "zebu.toml"], ["incident", "--config", "zebu.toml", "status"],
    ["attest", "post.maintenance.capacity.costs", "--config", "zebu.toml"],
])  # fmt: skip
@pytest.mark.parametrize(("text", "words"), [
    ("nonsense = 1", "zebu.toml: unknown key 'nonsense'"), ("[hosts", "zebu.toml: "), (None, "zebu.toml: no such file"),
])  # fmt: skip
def test_settings_that_cannot_be_read_are_a_line(
    argv: list[str], text: str | None, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("zebu.toml").unlink() if text is None else Path("zebu.toml").write_text(text)
    assert main(argv) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith(f"zebu: {words}")
    assert shown.err.count("\n") == 1


@pytest.mark.parametrize(("module", "argv"), [(due, ["due"]), (lab.cli, ["lab", "status"])])
def test_who_interrupts_it_sees_no_traceback(
    module: ModuleType, argv: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "run" if argv == ["due"] else "main", interrupted)
    assert main(argv) == 130
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("argv", "words"), [
    (["lab", "ssh"], "the lab is not up: start it with `zebu lab up`"), (["lab", "exec", "vm", "--", "id"], "the lab is not up"),
    (["lab", "run", "id"], "the lab is not up"), (["lab", "record"], "the lab is not up"),
    (["lab", "reset", "vm", "db"], "no such machine: db; there are vm, proxy, nas"),
])  # fmt: skip
def test_what_needs_the_lab_says_how_to_start_it(
    argv: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(argv) == 1
    assert capsys.readouterr().err.startswith(f"zebu: {words}")
    assert not Path("lab").exists()


def test_a_lab_that_is_down_is_status_3(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab", "status"]) == 3
    assert "lab      down\n" in capsys.readouterr().out


@pytest.mark.parametrize("lacking", [(), ("a.item",)])
def test_proofs_end_as_they_stand(lacking: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab.cli, "print_proofs", lambda: len(lacking))
    assert main(["proofs"]) == len(lacking)


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the package is installed: no lab beside it."""
    real = importlib.import_module

    def without_lab(name: str, package: str | None = None) -> ModuleType:
        if name.partition(".")[0] == "lab":
            raise ModuleNotFoundError(name=name)
        return real(name, package)

    monkeypatch.setattr(importlib, "import_module", without_lab)


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("argv", [["lab", "up"], ["lab"], ["proofs"], ["lab", "exec", "vm", "--", "id"]])
def test_the_lab_is_said_to_come_with_the_checkout(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(argv) == 1
    assert "the lab comes with the checkout of pytest-zebu" in capsys.readouterr().err


@pytest.mark.usefixtures("installed")
def test_the_commands_of_people_need_no_lab(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["incident", "status"]) == 0
    assert capsys.readouterr().out == "no incident is open or recent\n"


ENDED = """
import os, signal, sys
from pytest_zebu import files
from pytest_zebu.commands.cli import main
def ended(*_):
    os.kill(os.getpid(), getattr(signal, sys.argv[1]))
os.fsync = ended
sys.exit(main(sys.argv[2:]))
"""
SIGN = ("--statement", "seen", "--by", "operations", "--url", "https://wiki.example.org")


@pytest.mark.hostile("files")
def test_what_ends_no_command_of_nohup_s(tmp_path: Path) -> None:
    (tmp_path / "zebu.toml").write_text("")
    (tmp_path / "attestations.toml").write_text("")
    done = subprocess.run(
        [sys.executable, "-c", ENDED, "SIGHUP", "attest", "ops.weekly.logs", *SIGN], cwd=tmp_path, capture_output=True,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN) and None,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "ops.weekly.logs" in (tmp_path / "attestations.toml").read_text()


@pytest.mark.hostile("files")
@pytest.mark.parametrize(
    ("name", "status", "left"), [("SIGTERM", 143, 0), ("SIGHUP", 129, 0), ("SIGINT", 130, 0), ("SIGKILL", -9, 1)]
)
@pytest.mark.parametrize(
    "argv",
    [("attest", "ops.weekly.logs", *SIGN), ("incident", "open", "slow", "--no-look")],
    ids=["attest", "incident"],
)
def test_ended_half_way_a_command_leaves_the_old(
    name: str, status: int, left: int, argv: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "zebu.toml").write_text("")
    (tmp_path / "attestations.toml").write_text("# old\n")
    done = subprocess.run(
        [sys.executable, "-c", ENDED, name, *argv], cwd=tmp_path, capture_output=True, check=False, preexec_fn=as_usual
    )
    assert done.returncode == status, done.stderr
    assert b"Traceback" not in done.stderr
    assert (tmp_path / "attestations.toml").read_text() == "# old\n"
    found = [path for path in tmp_path.rglob("*") if path.name.startswith(".zebu-")]
    assert len(found) == left
    assert not list(tmp_path.glob("incidents/*.md"))
    assert (
        subprocess.run(
            [
                sys.executable,
                "-c",
                f"from pytest_zebu.commands.cli import main; raise SystemExit(main({list(argv)!r}))",
            ],
            cwd=tmp_path,
            capture_output=True,
            check=False,
        ).returncode
        == 0
    )
    assert not [path for path in tmp_path.rglob("*") if path.name.startswith(".zebu-")]


@pytest.mark.hostile("outputs")
def test_who_reads_may_have_enough(tmp_path: Path) -> None:
    (tmp_path / "zebu.toml").write_text("")
    program = "import os, sys; from pytest_zebu.commands.cli import main; read, write = os.pipe(); os.dup2(write, 1); os.close(write); os.close(read); sys.exit(main(['due']))"
    done = subprocess.run([sys.executable, "-u", "-c", program], cwd=tmp_path, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.hostile("files")
def test_a_full_disk_behind_standard_output_is_a_line(tmp_path: Path) -> None:
    (tmp_path / "zebu.toml").write_text("")
    program = "import sys; from pytest_zebu.commands.cli import main; sys.exit(main(['due']))"
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-u", "-c", program], cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert (done.returncode, done.stderr) == (1, b"zebu: a file: No space left on device\n")


HEAVY = {"pydantic", "pytest", "_pytest", "requests", "cryptography", "docker", "playwright", "tree_sitter", "lab"}


@pytest.mark.parametrize("argv", [["--help"], ["--version"], ["explain", "--help"], ["init", "--help"]])
def test_help_imports_nothing_that_judges(argv: list[str]) -> None:
    program = f"""
import sys
from pytest_zebu.commands.cli import main
try:
    main({argv!r})
except SystemExit as ended:
    print("", *{{name.split(".")[0] for name in sys.modules}}, *(n for n in sys.modules if n.startswith("pytest_zebu.")), sep="\\n")
    sys.exit(ended.code)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    modules = set(done.stdout.splitlines())
    assert "pytest_zebu.commands.calls" in modules
    assert not HEAVY & modules
    assert {name for name in modules if name.startswith("pytest_zebu.")} <= {
        "pytest_zebu.commands", "pytest_zebu.commands.calls", "pytest_zebu.commands.cli", "pytest_zebu.ending", "pytest_zebu.files",
        "pytest_zebu.redaction", "pytest_zebu.shown",
    }  # fmt: skip


def test_the_parser_knows_all_and_runs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due, "run", lambda options: pytest.fail("it was run"))
    known = parser()
    assert known.parse_args(["due", "--host", "vm"]).host == "vm"
    assert known.parse_args(["lab", "exec", "vm", "--", "id"]).argv[-1:] == ["id"]
    assert known.parse_args(["proofs"]).command == "proofs"


@pytest.mark.usefixtures("installed")
def test_the_parser_of_what_is_installed_has_no_lab() -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["lab", "up"])
