"""Secrets that a machine has in everything that it says: whole runs show none, wherever they write."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from pytest_zebu.facts.answer import Said
from pytest_zebu.facts.fact import Probe
from pytest_zebu.gather.ssh import request, unframe
from pytest_zebu.settings import Settings
from pytest_zebu.settings.sections import Host
from pytest_zebu.settings.target import Target
from tests.gather.canaries import canaries, parts

from .conftest import Run

CANARIES = canaries()
ON_A_LINE = [one for one in CANARIES if "\n" not in one.text]
PEMS = [one for one in CANARIES if "\n" in one.text]


def said_by_the_machine(folder: Path) -> Mapping[str, Said]:
    """What the far side lets through of a machine that is full of them: cron lines, files of the checkout, complaints."""
    secrets = "".join(
        f"SECRET_{number}='{one.secret}'\n" for number, one in enumerate(ON_A_LINE) if "'" not in one.secret
    )
    (folder / ".env").write_text(secrets)
    jobs = [
        "@cron active",
        *(f"@entry /etc/cron.d/job{n}\t15 2 * * * root pg_dump zebu; {one.text}" for n, one in enumerate(ON_A_LINE)),
    ]
    head = "@head a9b154d3f1b47853046a1e26ab374d0bafe9aa85\n@owner deploy\n@remote https://forge.zebu.test/zebu/zebu.git\n@known 3\n@absent 0\n"
    changes = "".join(f"@change ?? {one.text}\n" for one in ON_A_LINE)
    texts = {
        "jobs": "\n".join((*jobs, "")),
        "repository": head + changes,
        "sshd": "\n\n".join(one.text for one in PEMS),
        "upkeep": PEMS[0].text,
    }
    probes = [Probe(name, 'printf %s "$ZEBU_TEXT"', values=(("TEXT", text),)) for name, text in texts.items()]
    probes.append(
        Probe(
            "updates",
            'printf %s "$ZEBU_TEXT" >&2; exit 5',
            values=(("TEXT", "; ".join(one.text for one in ON_A_LINE)[-3000:]),),
        )
    )
    target = Target(name="here", host=Host(app_directory=str(folder)), settings=Settings())
    done = subprocess.run(
        ["perl", "-"], input=request(probes, "n0nce", target, 20), capture_output=True, timeout=600, check=True
    )
    answers = unframe(done.stdout, "n0nce")
    return {name: answer for name in (*texts, "updates") if isinstance(answer := answers[name], Said)}


def seen_in(texts: Mapping[str, str]) -> list[tuple[str, str]]:
    """Which secrets are seen, and where."""
    return [
        (one.text, place)
        for one in CANARIES
        for piece in parts(one.secret)
        for place, text in texts.items()
        if piece in text
    ]


def everything(project: pytest.Pytester, result: pytest.RunResult) -> dict[str, str]:
    """All that a run left, and what it printed."""
    given = {"snapshot.json", "test_own.py", "zebu.toml"}
    files = [
        path
        for path in project.path.rglob("*")
        if path.is_file() and path.name not in given and "app" not in path.parts
    ]
    texts = {str(path.relative_to(project.path)): path.read_text(errors="replace") for path in files}
    return texts | {"terminal": "\n".join((*result.outlines, *result.errlines))}


@pytest.mark.hostile("secrets")
def test_no_output_of_a_run_has_one(run_apart: Run, project: pytest.Pytester) -> None:
    folder = project.mkdir("app")
    snapshot = json.loads((project.path / "snapshot.json").read_text())
    answers = snapshot["hosts"]["lab"]["gathered"]["answers"]
    for name, answer in said_by_the_machine(folder).items():
        answers[name] = {"status": answer.status, "out": answer.out, "err": answer.err}
    text = json.dumps(snapshot, ensure_ascii=False)
    assert seen_in({"snapshot": text}) == []
    (project.path / "snapshot.json").write_text(text)
    result, report = run_apart(
        "--html=report.html", "--junit-xml=report.xml", "--zebu-report=terminal:report.txt", "--zebu-save=saved.json",
        "--log-file=run.log", "--log-level=DEBUG", "-vv", "-rA", "-l", "--full-trace", "-m", "not browser",
    )  # fmt: skip
    texts = everything(project, result)
    assert {"report.json", "report.html", "report.xml", "report.txt", "saved.json", "terminal"} <= texts.keys()
    assert seen_in(texts) == []
    # They were on their way: what stands around them is shown.
    items = {item["id"]: item for item in report["hosts"][0]["items"]}
    assert items["pre.application.quality.tagged-release"]["outcome"] == "failed"
    assert "[redacted]" in json.dumps(items["pre.application.quality.tagged-release"])
    assert "storage.test" in texts["report.html"]


@pytest.mark.hostile("secrets")
def test_no_traceback_has_one(run_apart: Run, project: pytest.Pytester) -> None:
    """A check that breaks shows the values on the way: they pass the filter as all else does."""
    shown = "\n".join(f"            value{number} = {one.text!r}" for number, one in enumerate(CANARIES))
    project.makepyfile(
        test_own=f"""
        from pytest_zebu.plugin.checks import item

        @item("deploy.initial.ssh")
        def test_own(access):
            "Why. Fix: nothing. See: nothing."
{shown}
            print(value0, value1)
            raise ValueError(value2)
    """
    )
    result, report = run_apart(
        "test_own.py", "-l", "--full-trace", "-vv", "-rA", "--junit-xml=report.xml", "--html=report.html"
    )
    texts = everything(project, result)
    assert seen_in({name: text for name, text in texts.items() if not name.endswith(".pyc")}) == []
    assert "ValueError" in texts["terminal"]
    assert "[redacted]" in texts["terminal"]
    assert {item["id"]: item["broken"] for item in report["hosts"][0]["items"]}["deploy.initial.ssh"] is True
