"""Bad input gets one clear line, and no traceback."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest

from pytest_zebu.plugin.run import Options
from pytest_zebu.plugin.setup import _expect_a_file_each, _place


def complaint(pytester: pytest.Pytester, *options: str) -> str:
    return line_of(pytester.runpytest_inprocess(*options))


def line_of(result: pytest.RunResult) -> str:
    text = "\n".join(result.outlines + result.errlines)
    assert result.ret == pytest.ExitCode.USAGE_ERROR, text
    assert "Traceback" not in text
    (line,) = [line for line in text.splitlines() if line.startswith("ERROR: zebu: ")]
    return line


def test_no_host(project: pytest.Pytester) -> None:
    import tests_prod

    assert "name what to judge: --zebu-host=HOST" in complaint(project, str(tests_prod.__path__[0]))


@pytest.mark.parametrize(("text", "expected"), [
    ("[hosts", "zebu.toml: Expected"),
    ("[host.vm]", "unknown key 'host'; did you mean 'hosts'?"),
    ("[domains]\nsit = 'a.test'", "unknown key 'domains.sit'; did you mean 'site'?"),
    ("timeout = 'soon'", "timeout: "),
    ("[requirements]\ncpus = 1", "requirements.cpus is lower than the checklist's: declare it in [[relaxed]]"),
    ("[domains]\naddresses = ['nowhere']", "domains.addresses.0: "),
    ("[evidence]\nattestations = 'missing.toml'", "missing.toml: no such file (evidence.attestations names it)"),
], ids=["broken TOML", "unknown table", "unknown key", "wrong type", "silently relaxed", "no address", "missing attestations"])  # fmt: skip
@pytest.mark.hostile("files")
def test_settings(project: pytest.Pytester, text: str, expected: str) -> None:
    project.makefile(".toml", zebu=text)
    assert expected in complaint(project, "--zebu-host=vm")


@pytest.mark.parametrize(("text", "expected"), [
    ("[[waiver]]\nid='pre.security.firewall.enabled'\nreason='none'\napprover='nobody'\nfrom=2026-01-01\nuntil=2027-01-01", "non-negotiable"),
    ("[[waiver]]\nid='pre.security.firewal.enabled'\nreason='none'\napprover='nobody'\nfrom=2026-01-01\nuntil=2027-01-01", "did you mean 'pre.security.firewall.enabled'?"),
    ("[[not_applicable]]\nid='deploy.initial.ssh'\nreason='none'\napprover='nobody'", "is not conditional in the checklist"),
    ("[[attestation]]\nid='deploy.initial.ssh'\nby='me'", "attestation.0.statement is missing; for example: statement = "),
], ids=["non-negotiable", "unknown id", "not conditional", "incomplete"])  # fmt: skip
@pytest.mark.hostile("files")
def test_attestations(project: pytest.Pytester, text: str, expected: str) -> None:
    project.makefile(".toml", attestations=text)
    assert expected in complaint(project, "--zebu-host=vm")


@pytest.mark.parametrize(("text", "expected"), [
    ('{"zebu_snapshot": 99, "hosts": {}}', "snapshot of version 99, this is for version 1"),
    (None, "cut short"),
    ('{"zebu_snapshot": 1, "hosts": {"lab": {}}}', "damaged"),
], ids=["another version", "cut short", "damaged"])  # fmt: skip
@pytest.mark.hostile("parsers")
def test_snapshots(project: pytest.Pytester, text: str | None, expected: str) -> None:
    path = project.path / "snapshot.json"
    path.write_text(path.read_text()[:20_000] if text is None else text)
    assert expected in complaint(project, "--zebu-replay=snapshot.json")
    assert "no such snapshot" in complaint(project, "--zebu-replay=nowhere.json")


@pytest.mark.parametrize(
    "host", ["http://vm", "ssh://user:password@vm", "ssh://vm:port", "-oProxyCommand=x", "vm;id", ","]
)
@pytest.mark.hostile("ssh")
def test_hosts(pytester: pytest.Pytester, host: str) -> None:
    complaint(pytester, f"--zebu-host={host}")


def test_the_lab_says_how_to_start_it(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZEBU_LAB_DIR", str(pytester.path / "nowhere"))
    assert "start it with `zebu lab up`" in complaint(pytester, "--zebu-host=lab")


def test_an_unreachable_host_is_a_reason_and_no_traceback(project: pytest.Pytester) -> None:
    result = project.runpytest_inprocess(
        "--zebu-host=lab2,ssh://x@127.0.0.1:1", "-k", "no-passwords", "--zebu-timeout=2"
    )
    text = "\n".join(result.outlines)
    assert "nothing answers on the ssh port" in text
    assert "Traceback" not in text
    assert result.ret == 1


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize("option", ["timeout", "deadline"])
@pytest.mark.parametrize("said", ["soon", "0", "-1", "nan", "inf", "1e999", "3601", "", "9" * 5000])
def test_a_number_of_seconds_that_is_none(pytester: pytest.Pytester, option: str, said: str) -> None:
    line = complaint(pytester, "--zebu-host=vm", f"--zebu-{option}={said}")
    assert "is no number of seconds above 0 and up to " in line
    assert len(line) < 200


@pytest.mark.parametrize(("options", "said"), [
    (("--zebu-gate=scor",), "--zebu-gate: 'scor' is none of score, strict, off; did you mean 'score'?"),
    (("--zebu-gate=",), "--zebu-gate: '' is none of score, strict, off"),
    (("--zebu-scan=ful",), "--zebu-scan: 'ful' is none of usual, full; did you mean 'full'?"),
    (("--zebu-active=functonal",), "--zebu-active=functonal: there are functional, restore and attack; did you mean 'functional'?"),
    (("--zebu-report=jsn:x",), "did you mean 'json'?"),
    (("-k", "pre.security.ssh.no-pasword"), "-k: no item has 'pre.security.ssh.no-pasword' in its id; did you mean 'pre.security.ssh.no-passwords'?"),
    (("-k", "not [deploy.initial.shh]"), "-k: no item has 'deploy.initial.shh' in its id; did you mean 'deploy.initial.ssh'?"),
])  # fmt: skip
def test_a_mistyped_value_is_told_the_nearest(project: pytest.Pytester, options: tuple[str, ...], said: str) -> None:
    assert said in complaint(project, "--zebu-replay=snapshot.json", *options)


@pytest.mark.hostile("files")
@pytest.mark.parametrize("level", ["1", "2"])
def test_nothing_is_judged_without_assertions(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, level: str
) -> None:
    monkeypatch.setenv("PYTHONOPTIMIZE", level)
    result = project.runpytest_subprocess("--zebu-replay=snapshot.json")
    assert "Python leaves assertions out" in line_of(result)


@pytest.mark.hostile("files")
@pytest.mark.parametrize(("options", "named"), [
    (("--zebu-json=one", "--html=one"), "--zebu-report=json and for --html"),
    (("--zebu-json=one", "--junit-xml=./one"), "--zebu-report=json and for --junit-xml"),
    (("--html=one", "--junit-xml=link"), "--html and for --junit-xml"),
    (("--zebu-save=one", "--zebu-report=terminal:one"), "--zebu-report=terminal and for --zebu-save"),
    (("--zebu-save=one", "--html=$HERE/one"), "--zebu-save and for --html"),
], ids=["page", "another spelling", "a link", "snapshot", "a variable"])  # fmt: skip
def test_two_reports_are_two_files(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], named: str
) -> None:
    monkeypatch.setenv("HERE", str(project.path))
    (project.path / "link").symlink_to("one")
    line = complaint(project, "--zebu-replay=snapshot.json", *options)
    assert f"named for {named}: name two files" in line
    assert not (project.path / "one").exists()


@pytest.mark.hostile("files")
@pytest.mark.parametrize(
    "name", ["/dev/null", "x" * 5000, "zebu.toml/below"], ids=["a device", "too long", "no folder"]
)
def test_what_is_no_file_is_none_that_is_named_twice(name: str) -> None:
    option = Namespace(htmlpath=name, xmlpath=None if name == "zebu.toml/below" else name)
    _expect_a_file_each(option, Options())
    assert (_place(Path(name)) is None) is (name != "zebu.toml/below")
