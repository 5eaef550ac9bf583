"""`zebu incident`: what it guides through, what it shows, and what it refuses."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pytest_zebu.catalogue import Stage, load
from pytest_zebu.commands import incident
from pytest_zebu.commands.cli import main
from pytest_zebu.memory.history import Past, PastRun
from pytest_zebu.people import incidents
from pytest_zebu.settings import Settings
from pytest_zebu.verdict.outcome import Outcome
from tests.hostile_texts import DIRTY, forbidden

NOW = datetime(2026, 11, 24, 22, 10, tzinfo=UTC)
STEPS = load().stage(Stage.INCIDENT)


def test_what_matters_of_a_report() -> None:
    good = PastRun(NOW - timedelta(days=2), "v1.1.0", False, {"deploy.initial.ssh": Outcome.PASSED}, {})
    bad = PastRun(NOW - timedelta(days=1), "v1.2.0", False, {"deploy.initial.ssh": Outcome.FAILED}, {})
    items = [
        {"id": "deploy.initial.ssh", "outcome": "failed", "reason": "refused", "evidence": []},
        {"id": incident.SERVICES, "outcome": "passed", "reason": "", "evidence": [{"case": "db", "text": "running"}]},
    ]
    found = incident.summarize({"items": items, "version": "v1.2.0", "trouble": ""}, Past((good, bad)))
    since = "the last good run, of 2026-11-22 22:10 UTC"
    assert found == {
        "Deployed version": (f"v1.2.0 (v1.1.0 at {since})",),
        "Services": ("db: running",),
        "Errors of the last hour": ("not seen: no such item in the report",),
        "Failing items": ("deploy.initial.ssh: refused",),
        f"Changed since {since}": ("deploy.initial.ssh: passed then, failed now",),
    }


def test_the_command_guides_from_opening_to_the_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "zebu.toml").write_text("[hosts.vm]\n")
    zebu = ["incident", "--config", str(tmp_path / "zebu.toml")]
    assert main([*zebu, "status"]) == 0
    assert main([*zebu, "close"]) == 1
    assert "open are: none" in capsys.readouterr().err
    assert main([*zebu, "open", "API answers 500!", "--no-look"]) == 0
    (path,) = (tmp_path / "incidents").iterdir()
    assert path.name.endswith("-api-answers-500.md")
    assert main([*zebu, "open", "API answers 500!", "--no-look"]) == 1
    assert "is there already" in capsys.readouterr().err
    assert main([*zebu, "status"]) == 1
    assert "due  assess.severity" in capsys.readouterr().out
    assert main([*zebu, "step", "assess.severty", "high"]) == 1
    assert "did you mean 'incident.assess.severity'?" in capsys.readouterr().err
    assert main([*zebu, "close"]) == 1
    assert "cannot be closed yet: incident.assess.severity" in capsys.readouterr().err
    for item in STEPS:
        if item.category != "post_incident":
            assert main([*zebu, "step", item.id.removeprefix("incident."), "done, as agreed"]) == 0
    assert main([*zebu, "close"]) == 0
    assert "within 7 days: review.record" in capsys.readouterr().out
    assert main([*zebu, "status"]) == 0
    (found,) = incidents.read_all(tmp_path / "incidents", load())
    assert found.closed is not None
    assert len(found.open_steps()) == 4


def test_a_record_is_there_even_when_the_machine_cannot_be_looked_at(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "zebu.toml").write_text('[hosts.vm]\naddress = "127.0.0.1"\nport = 1\n')
    zebu = ["incident", "--config", str(tmp_path / "zebu.toml")]
    assert main([*zebu, "open", "nothing answers"]) == 0
    (path,) = (tmp_path / "incidents").iterdir()
    text = path.read_text()
    assert "nothing answers on the ssh port" in text
    (found,) = incidents.read_all(tmp_path / "incidents", load())
    assert len(found.open_steps()) == 18, "what was not seen was not looked at"


@pytest.fixture
def zebu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose settings name a machine; where its records are."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ZEBU_CONFIG", raising=False)
    Path("zebu.toml").write_text("[hosts.vm]\n")
    return tmp_path / "incidents"


def opened(zebu: Path, title: str = "API answers 500") -> Path:
    """The record that was opened last."""
    before = set(zebu.glob("*"))
    assert main(["incident", "open", title, "--no-look"]) == 0
    (path,) = set(zebu.glob("*")) - before
    return path


@pytest.mark.parametrize("title", ["", "  ", "\x1b[31m\x1b[0m", "\n\t"])
def test_an_incident_that_is_not_named_is_none(title: str, zebu: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["incident", "open", title, "--no-look"]) == 1
    assert capsys.readouterr().err == "zebu: say what happens, in a line\n"
    assert not zebu.exists()


@pytest.mark.parametrize(("title", "kept", "name"), [
    ("Ä ü!", "Ä ü!", "incident"), ("\udcff\x1b[31mred\nalert", "?red alert", "31mred-alert"), ("x" * 5000, "x" * 5000, "x" * 48),
    ("../../etc/passwd", "../../etc/passwd", "etc-passwd"),
])  # fmt: skip
@pytest.mark.hostile("outputs")
def test_whatever_a_title_is_its_record_is_one_file_in_its_folder(title: str, kept: str, name: str, zebu: Path) -> None:
    path = opened(zebu, title)
    assert path.parent == zebu
    assert path.name[11:] == f"{name}.md"
    (found,) = incidents.read_all(zebu, load())
    assert (found.title, found.host, len(found.open_steps())) == (kept, "vm", 18)


@pytest.mark.hostile("outputs")
def test_a_host_says_nothing_of_the_incident(zebu: Path) -> None:
    assert main(["incident", "open", "it is slow", "--host", "vm\n- Closed: 2026-11-26 03:00 UTC", "--no-look"]) == 0
    (found,) = incidents.read_all(zebu, load())
    assert (found.host, found.closed) == ("vm - Closed: 2026-11-26 03:00 UTC", None)


def test_without_a_machine_nothing_is_looked_at_and_that_is_said(
    zebu: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("zebu.toml").write_text("")
    assert main(["incident", "open", "it is slow"]) == 0
    shown = capsys.readouterr()
    assert shown.err == "nothing was looked at: name a host with --host\n"
    assert shown.out.endswith("-it-is-slow.md: opened\n")


def test_what_was_seen_is_written_down_and_its_steps_are_done(
    zebu: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = {"Services": ("backend: exited",), "Errors of the last hour": ("not seen: no logs",), "Failing items": ()}
    monkeypatch.setattr(incident, "look", lambda *_: seen)
    assert main(["incident", "open", "it is down"]) == 0
    assert "Services:\n  backend: exited\n" in capsys.readouterr().out
    (found,) = incidents.read_all(zebu, load())
    done = {item for item, step in found.steps.items() if step.is_done}
    assert done == {"incident.act.status"}
    (path,) = zebu.iterdir()
    assert "### Failing items\n\n- nothing\n" in path.read_text()


@pytest.mark.parametrize(("argv", "words"), [
    (["step", "assess.severity", "   "], "say what came of the step"), (["step", "assess.severity", "ok"], "say what came of the step"),
    (["step", "assess.severity", "\x1b[31m\x1b[0m"], "say what came of the step"), (["step", "assess.severity", "high", "--by", " "], "--by ROLE"),
    (["step", "deploy.initial.ssh", "high"], "did you mean 'deploy.initial.ssh'?"), (["step", "", "high"], "no item 'incident.'"),
    (["step", "incident.assess.severty", "high"], "did you mean 'incident.assess.severity'?"),
    (["step", "assess.severity", "high", "--record", "../zebu.toml"], "there is no record '../zebu.toml' in "),
    (["close", "--record", "2026-01-01-nothing"], "there is no record '2026-01-01-nothing' in "),
])  # fmt: skip
def test_a_step_that_is_mistyped_leaves_the_record_alone(
    argv: list[str], words: str, zebu: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = opened(zebu)
    before = path.read_bytes()
    assert main(["incident", *argv]) == 1
    error = capsys.readouterr().err
    assert error.startswith("zebu: ")
    assert words in error
    assert path.read_bytes() == before


@pytest.mark.hostile("outputs")
def test_what_came_of_a_step_is_one_line_whatever_was_typed(zebu: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = opened(zebu)
    given = ("high\n- [x] `incident.act.fix` done\x1b[2J \udcff", "--by", "on\ncall")
    assert main(["incident", "step", "assess.severity", *given]) == 0
    assert f"{path.name}: incident.assess.severity is done, 17 steps are open" in capsys.readouterr().out
    assert main(["incident", "step", "incident.assess.severity", "medium now"]) == 0
    assert "is done, 17 steps are open" in capsys.readouterr().out
    (found,) = incidents.read_all(zebu, load())
    first, second = found.steps["incident.assess.severity"].notes
    assert first.endswith(" UTC, on call: high - [x] `incident.act.fix` done ?")
    assert second.endswith(" UTC, operations: medium now")
    assert len(found.open_steps()) == 17


def test_of_several_incidents_one_must_be_named(zebu: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = opened(zebu, "one"), opened(zebu, "two")
    assert main(["incident", "step", "assess.severity", "high"]) == 1
    assert f"which incident? open are: {first.stem}, {second.stem} (--record NAME)" in capsys.readouterr().err
    assert main(["incident", "step", "assess.severity", "high", "--record", second.name]) == 0
    steps = [found.steps["incident.assess.severity"].is_done for found in incidents.read_all(zebu, load())]
    assert steps == [False, True]


def test_what_is_closed_is_not_closed_again(zebu: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = opened(zebu)
    path.write_text(incidents.with_end(path.read_text(), NOW))
    before = path.read_bytes()
    assert main(["incident", "close", "--record", path.stem]) == 1
    assert f"zebu: {path.stem} was closed 2026-11-24 22:10 UTC\n" == capsys.readouterr().err
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("days", "status"), [(0, "closed 2026-11-24 22:10 UTC"), (91, "closed"), (92, "no incident is open or recent")]
)
def test_a_closed_incident_is_shown_for_a_quarter_and_is_no_alarm(
    days: int, status: str, zebu: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    zebu.mkdir()
    (zebu / "a.md").write_text(incidents.with_end(incidents.render("slow", "vm", NOW, load(), {}), NOW))
    options = argparse.Namespace(config=None, action="status", host=None)
    assert incident.run(options, NOW + timedelta(days=days)) == 0
    shown = capsys.readouterr().out
    assert status in shown
    assert ("  due  assess.severity" in shown) is (days < 92)


@pytest.mark.parametrize("argv", [["status"], ["close"], ["step", "assess.severity", "high"]])
@pytest.mark.parametrize(("content", "words"), [
    (b"# Incident: x\n", "a: has no line '- Opened: "), (b"# Incident: \xff\n", "a: is not UTF-8"),
    (b"# Incident: x\n- Opened: today\n", "a: the step incident.assess.severity is missing"),
])  # fmt: skip
@pytest.mark.hostile("files")
def test_a_record_that_is_broken_is_named_and_left_alone(
    argv: list[str], content: bytes, words: str, zebu: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    zebu.mkdir()
    (zebu / "a.md").write_bytes(content)
    assert main(["incident", *argv]) == 1
    shown = capsys.readouterr()
    assert shown.err.startswith(f"zebu: {words}")
    assert (shown.out, (zebu / "a.md").read_bytes()) == ("", content)


@pytest.mark.hostile("files")
def test_a_place_where_no_record_can_be_is_a_line(zebu: Path, capsys: pytest.CaptureFixture[str]) -> None:
    zebu.write_text("a file")
    assert main(["incident", "open", "it is slow", "--no-look"]) == 1
    assert capsys.readouterr().err.startswith(f"zebu: {zebu.name}: ")


def test_a_look_that_does_not_end_is_said(zebu: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incident, "LOOK_SECONDS", 0)
    assert main(["incident", "open", "it hangs"]) == 0
    (path,) = zebu.iterdir()
    assert "### Not seen\n\n- `the look did not end within 0 s`\n" in path.read_text()


@pytest.mark.parametrize(
    "program", ["import time; time.sleep(60)", "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(60)"]
)
def test_a_look_that_is_ended_is_over(program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incident, "LOOK_SECONDS", 0)
    monkeypatch.setattr(incident, "END_SECONDS", 0.1)
    begun = []
    real = subprocess.Popen

    def noted(*given: Any, **named: Any) -> Any:
        begun.append(real(*given, **named))
        return begun[0]

    monkeypatch.setattr(subprocess, "Popen", noted)
    assert incident._said_by([sys.executable, "-c", program], tmp_path / "said") is None
    assert begun[0].returncode in (-signal.SIGTERM, -signal.SIGKILL)


def test_of_what_a_look_says_the_end_is_kept(tmp_path: Path) -> None:
    said = incident._said_by([sys.executable, "-c", "print('x' * 10**6); print('why')"], tmp_path / "said")
    assert said is not None
    assert (len(said), said.strip().split("\n")[-1]) == (10_000, "why")


def test_what_people_wrote_during_the_look_stays(zebu: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def look(*_: object) -> dict[str, tuple[str, ...]]:
        assert main(["incident", "step", "assess.severity", "high, meanwhile"]) == 0
        return {"Services": ("backend: exited",)}

    monkeypatch.setattr(incident, "look", look)
    assert main(["incident", "open", "it is down"]) == 0
    (found,) = incidents.read_all(zebu, load())
    assert found.steps["incident.assess.severity"].is_done
    assert found.steps["incident.act.status"].is_done
    (path,) = zebu.iterdir()
    assert "### Services\n\n- `backend: exited`\n" in path.read_text()


@pytest.mark.hostile("files")
@pytest.mark.parametrize("kind", ["broken link", "link", "pipe"])
def test_a_record_is_opened_where_nothing_is(kind: str, zebu: Path, capsys: pytest.CaptureFixture[str]) -> None:
    zebu.mkdir()
    path = zebu / f"{datetime.now(UTC):%Y-%m-%d}-slow.md"
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/etc/passwd" if kind == "link" else "nowhere")
    assert main(["incident", "open", "slow", "--no-look"]) == 1
    assert "is there already" in capsys.readouterr().err
    assert [one.name for one in zebu.iterdir()] == [path.name]


@pytest.mark.hostile("outputs")
@pytest.mark.parametrize(
    "name",
    [
        "clears the screen",
        "carriage return",
        "right to left",
        "command of GitHub",
        "older command of GitHub",
        "clipboard",
        "newline",
    ],
)
def test_a_strangers_record_steers_no_terminal(name: str, zebu: Path, capsys: pytest.CaptureFixture[str]) -> None:
    zebu.mkdir()
    text = incidents.render("slow", "vm", NOW, load(), {}).replace(
        "# Incident: slow", f"# Incident: {DIRTY[name]} slow"
    )
    (zebu / "a.md").write_text(text)
    assert main(["incident", "status"]) == 1
    shown = capsys.readouterr()
    assert not forbidden(shown.out + shown.err)
    assert not [line for line in shown.out.splitlines() if line.lstrip().startswith("::") or "##[" in line]


RUNS = "import pathlib\npathlib.Path('was-run').touch()\n"
OPTIONS = "pythonpath = .\naddopts = -p trap\n"
TRAPS = {
    "pytest.py": RUNS, "pytest/__main__.py": RUNS, "json.py": RUNS, "argparse.py": RUNS, "pluggy/__init__.py": RUNS,
    "conftest.py": RUNS, "pytest.ini": f"[pytest]\n{OPTIONS}", ".pytest.ini": f"[pytest]\n{OPTIONS}",
    "tox.ini": f"[pytest]\n{OPTIONS}", "setup.cfg": f"[tool:pytest]\n{OPTIONS}",
    "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["."]\naddopts = ["-p", "trap"]\n',
}  # fmt: skip


@pytest.mark.hostile("programs")
@pytest.mark.parametrize("name", TRAPS)
def test_a_look_runs_nothing_of_the_folder_where_we_stand(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(TRAPS[name])
    (tmp_path / "trap.py").write_text(RUNS)
    (tmp_path / "pytest/__init__.py").touch() if name.startswith("pytest/") else None
    (tmp_path / "zebu.toml").write_text('[hosts.vm]\naddress = "127.0.0.1"\nport = 1\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    collected: list[str] = []

    def collect(command: Sequence[str], out: Path) -> None:
        done = subprocess.run([*command, "--collect-only"], capture_output=True, text=True)
        collected.append(done.stdout)

    monkeypatch.setattr(incident, "_said_by", collect)
    incident.look(Settings(folder=tmp_path), "vm", None, NOW)
    assert "pre.security.ssh.key-auth" in collected[0]
    assert not (tmp_path / "was-run").exists()
