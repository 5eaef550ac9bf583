"""The far side, run here in a process of its own: limits, frames, the filter."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from pytest_zebu.facts.answer import Reason, Said, Unknown
from pytest_zebu.facts.fact import Need, Probe
from pytest_zebu.gather.ssh import diagnose, request, unframe
from pytest_zebu.settings import Settings
from pytest_zebu.settings.sections import Host
from pytest_zebu.settings.target import Target

SECRET = "correct-horse&battery'staple/42"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / ".env").write_text(
        f'POSTGRES_PASSWORD="{SECRET}" # comment\nAPP_ENV=production\nSHORT_TOKEN=ab1\nOTHER_KEY={SECRET}\n'
    )
    (tmp_path / ".env").chmod(0o600)
    return tmp_path


def ask(folder: Path, *probes: Probe, noise: bytes = b"") -> dict[str, Said | Unknown]:
    target = Target(name="here", host=Host(app_directory=str(folder)), settings=Settings())
    done = subprocess.run(
        ["perl", "-"], input=request(probes, "n0nce", target, 10), capture_output=True, timeout=60, check=True
    )
    return unframe(noise + done.stdout, "n0nce")


def test_answers_come_back_whole(folder: Path) -> None:
    answers = ask(
        folder, Probe("one", "printf 'a\\nEND n0nce\\n'"), Probe("two", "echo oops >&2; exit 7"), noise=b"Welcome!\n"
    )
    assert answers["one"] == Said(0, "a\nEND n0nce\n", "")
    assert answers["two"] == Said(7, "", "oops\n")


def test_limits_are_kept(folder: Path) -> None:
    answers = ask(
        folder,
        Probe("slow", "sleep 20", timeout=0.5),
        Probe("huge", "yes | head -c 1000000", limit=1000),
        Probe("fine", "echo fine"),
    )
    assert [getattr(answers[name], "reason", None) for name in ("slow", "huge")] == [Reason.TIMED_OUT, Reason.GARBLED]
    assert answers["fine"] == Said(0, "fine\n", "")


def test_few_run_at_once(folder: Path) -> None:
    """All are asked in one round trip, but the machine is not overrun by them."""
    (folder / "running").mkdir()
    script = 'cd "$ZEBU_APP_DIR/running"; mkdir $$; ls | wc -l; sleep 0.1; rmdir $$'
    processors = os.cpu_count() or 1
    count = 5 * processors + 10
    answers = ask(folder, *(Probe(f"probe{n}", script, needs=(Need.APP_DIR,)) for n in range(count)))
    seen = [
        int(answer.out) for name, answer in answers.items() if name.startswith("probe") and isinstance(answer, Said)
    ]
    assert len(seen) == count
    assert 1 < max(seen) <= max(8, 4 * processors)


def test_what_a_probe_needs_and_is_not_there_is_said(folder: Path) -> None:
    answer = ask(folder, Probe("sql", "echo", needs=(Need.DB_CONTAINER,)))["sql"]
    assert answer == Unknown(Reason.MISSING, "no container of PostgreSQL was seen")


@pytest.mark.parametrize("script", [
    'cat "$ZEBU_APP_DIR/.env"',
    'cat "$ZEBU_APP_DIR/.env" >&2',
    'grep -h POSTGRES "$ZEBU_APP_DIR/.env" | base64 -w0',
    'printf %s "$DOTENV_POSTGRES_PASSWORD" | od -An -tx1 | tr -d " \\n"',
    'printf "xx%s" "$DOTENV_POSTGRES_PASSWORD" | base64 -w0',
    'perl -e \'for (split //, $ENV{DOTENV_POSTGRES_PASSWORD}) { printf /[A-Za-z0-9_.~-]/ ? $_ : sprintf "%%%%%02X", ord }\'',
], ids=["stdout", "stderr", "base64", "hex", "base64 shifted", "percent"])  # fmt: skip
def test_no_form_of_a_secret_leaves(folder: Path, script: str) -> None:
    import base64
    from urllib.parse import quote

    target = Target(name="here", host=Host(app_directory=str(folder)), settings=Settings())
    probes = [Probe("leak", script, needs=(Need.APP_DIR,), dotenv=True)]
    done = subprocess.run(
        ["perl", "-"], input=request(probes, "n0nce", target, 10), capture_output=True, timeout=60, check=True
    )
    middle = base64.b64encode(SECRET.encode()).decode()[:-4]
    for form in (SECRET, quote(SECRET, safe=""), middle, SECRET.encode().hex()):
        assert form.encode() not in done.stdout
    assert b"[redacted]" in done.stdout


def test_short_secrets_are_hidden_where_they_stand_alone(folder: Path) -> None:
    answer = ask(folder, Probe("short", "echo ab1 xab1x"))["short"]
    assert answer == Said(0, "[redacted] xab1x\n", "")


def test_values_are_judged_and_equal_ones_grouped(folder: Path) -> None:
    answer = ask(folder)["zebu.environment"]
    assert isinstance(answer, Said)
    rows = {fields[1]: fields for fields in (line.split("\t") for line in answer.out.splitlines())}
    assert rows["POSTGRES_PASSWORD"][2] == str(len(SECRET))
    assert rows["POSTGRES_PASSWORD"][6] == rows["OTHER_KEY"][6] != rows["APP_ENV"][6]
    assert rows["APP_ENV"][7] == "production"


def test_a_stream_cut_short_leaves_the_rest_out(folder: Path) -> None:
    target = Target(name="here", host=Host(app_directory=str(folder)), settings=Settings())
    probes = [Probe("one", "echo 1"), Probe("two", "echo 2")]
    whole = subprocess.run(
        ["perl", "-"], input=request(probes, "n", target, 10), capture_output=True, timeout=60, check=True
    ).stdout
    for cut in range(len(b"ZEBU1 n\n"), len(whole), 7):
        answers = unframe(whole[:cut], "n")
        assert all(
            answer == Said(0, f"{1 if name == 'one' else 2}\n", "")
            for name, answer in answers.items()
            if name in ("one", "two")
        )


@pytest.mark.parametrize(("said", "meaning"), [
    ("deploy@vm: Permission denied (publickey).", "the key was refused"),
    ("@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.", "the host key has changed"),
    ("ssh: connect to host vm port 22: Connection refused", "nothing answers on the ssh port"),
    ("ssh: Could not resolve hostname vm: Name or service not known", "the name does not resolve"),
    ("something \x1b[31mnew", "something new"),
])  # fmt: skip
def test_complaints_of_ssh_are_explained(said: str, meaning: str) -> None:
    assert diagnose(said).startswith(meaning)


def test_perl_is_run_with_what_stands_in_its_environment(folder: Path) -> None:
    """Pure Perl, Perl within sh, and sh within Perl; values arrive as they are."""
    odd = "a'b\"c $(id) `id`\tü"
    answers = ask(
        folder,
        Probe("json", file="json.pl"),
        Probe("value", 'printf %s "$ZEBU_ODD"', values=(("ODD", odd),)),
        Probe("knock", 'perl -e "$ZEBU_PERL" 127.0.0.1:1; echo $?', uses=("knock.pl",)),
    )
    assert answers["json"] == Said(0, "", "")
    assert answers["value"] == Said(0, odd, "")
    assert answers["knock"] == Said(0, "1\n", "")


def test_what_needs_root_is_not_tried_without(folder: Path) -> None:
    answer = ask(folder, Probe("root", "id -u", root=True))["root"]
    expected = (
        Said(0, "0\n", "")
        if os.geteuid() == 0
        else Unknown(Reason.NO_PERMISSION, "root needs root, and sudo -n was refused")
    )
    assert answer == expected


def test_only_what_discovery_serves_waits_for_it() -> None:
    assert not Probe("one", "id", root=True, values=(("APP_DIR", "/"),)).waits
    assert Probe("two", "id", needs=(Need.PROJECT,)).waits
    assert Probe("three", "id", dotenv=True).waits
