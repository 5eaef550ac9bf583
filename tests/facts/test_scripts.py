"""The probes' scripts, as far as it can be told without a machine to ask."""

from __future__ import annotations

import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

from pytest_zebu.facts import ALL, scripts, trials
from pytest_zebu.facts.fact import Need, Probe
from pytest_zebu.gather.ssh import program

FOLDER = Path(str(resources.files(scripts)))
SHELL = sorted(path.name for path in FOLDER.glob("*.sh"))
PERL = sorted(path.name for path in FOLDER.glob("*.pl"))
SQL = sorted(path.name for path in FOLDER.glob("*.sql"))
PROBES = {probe.name: probe for fact in ALL.values() for probe in fact.probes} | {
    probe.name: probe for probe in trials.RestoreTrial().probes
}


def complaints(perl: str) -> str:
    """What perl says of a program, without running it."""
    done = subprocess.run(["perl", "-c", "-"], input=perl + "\n__END__\n", capture_output=True, text=True, check=False)
    return "\n".join(line for line in done.stderr.splitlines() if line != "- syntax OK")


def test_shellcheck_has_no_complaint() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("shellcheck"), "--shell=sh", "--format=gcc", *SHELL],
        cwd=FOLDER, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize("name", [name for name in PERL if name != "json.pl"])
def test_perl_has_no_complaint(name: str) -> None:
    assert complaints(scripts.joined("json.pl", name)) == ""


def test_perl_has_no_complaint_about_the_far_side() -> None:
    assert complaints(program().decode()) == ""


@pytest.mark.parametrize("name", [*SHELL, *PERL])
def test_each_says_first_what_it_tells(name: str) -> None:
    lines = scripts.text(name).splitlines()
    assert lines[0].startswith("# ")
    assert len(lines[0]) > 10


@pytest.mark.parametrize("name", PERL)
def test_perl_is_strict(name: str) -> None:
    text = scripts.text(name)
    assert "\nuse strict;\n" in text
    assert "\nuse warnings;\n" in text


def test_every_file_is_used_and_every_probe_has_one() -> None:
    used = {name for probe in PROBES.values() for name in (probe.file, *probe.uses)}
    assert used == {*SHELL, *PERL, *SQL}


def test_a_probe_needs_what_its_script_takes_from_discovery() -> None:
    """What is not there would be an empty word in the script."""
    optional = {"postgres.login": {"DB_ADMIN"}, "logs": {"APP_DIR"}}  # asked for only where they are there
    implied = {"DB_ADMIN": "DB_CONTAINER", "DB_NAME": "DB_CONTAINER"}
    for probe in PROBES.values():
        text = probe.text + "".join(probe.environment.values())
        for name in [*Need.__members__, *implied]:
            if f"ZEBU_{name}" in text and name not in optional.get(probe.name, ()):
                assert Need[implied.get(name, name)] in probe.needs, (probe.name, name)


def test_parts_stand_in_front_or_in_the_environment() -> None:
    shell = Probe("one", file="history.sh", uses=("git.sh", "history.pl"))
    assert shell.interpreter == "sh"
    assert shell.text == scripts.text("git.sh") + "\n" + scripts.text("history.sh")
    assert shell.environment == {"PERL": scripts.text("history.pl")}
    perl = Probe("two", file="compose.pl", uses=("json.pl", "git.sh"), values=(("A", "b"),))
    assert perl.interpreter == "perl"
    assert perl.text == scripts.text("json.pl") + "\n" + scripts.text("compose.pl")
    assert perl.environment == {"A": "b", "SH": scripts.text("git.sh")}


@pytest.mark.parametrize(("text", "shown"), [
    ('{"a": [1, true, null, "x"], "b": {}}', "a=1,true,-,x b="),
    (' { "\\u00fc\\n" : [ ] , "c" : "q\\"\\\\" } ', 'c=q"\\ \u00fc\n='),
])  # fmt: skip
def test_json_is_read_in_perl(text: str, shown: str) -> None:
    program = (
        scripts.text("json.pl")
        + """my $got = read_json($ARGV[0]);
        print join ' ', map { my $v = $got->{$_};
          "$_=" . (ref $v eq 'ARRAY' ? join ',', map { $_ // '-' } @$v : ref $v ? join ',', %$v : $v) } sort keys %$got;"""
    )
    done = subprocess.run(["perl", "-e", program, text], capture_output=True, check=True)
    assert done.stdout.decode() == shown


@pytest.mark.parametrize("text", ["", "{", '{"a" 1}', "[1, ", '"open'])
def test_what_is_no_json_is_refused_in_perl(text: str) -> None:
    program = scripts.text("json.pl") + "read_json($ARGV[0]); print 'read';"
    done = subprocess.run(["perl", "-e", program, text], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("", "no JSON\n")
