"""Cron's tables, as the probes read them on the machine: what Debian's cron (3.0pl1-162) did with each of these was tried."""

from __future__ import annotations

import os
import pwd
import subprocess
from pathlib import Path

import pytest

from pytest_zebu.facts import scripts

ME = pwd.getpwuid(os.getuid()).pw_name
TABLE = """
my $found = table($ENV{TABLE}, $ENV{USER} || undef, $ENV{FLAVOUR});
print "ignored: $found->{ignored}\\n" if $found->{ignored};
print "unread: $found->{unread}\\n" if $found->{unread};
for (@{ $found->{entries} }) { print $_->{bad} ? "bad: $_->{bad}\\n" : "$_->{schedule} [$_->{user}] $_->{command}\\n" }
"""
SYSTEMD = """
print join(' ', map { moment($_) } '@17', 'Thu 2026-11-26 01:34:38 UTC', 'Thu 1970-01-01 00:00:01 UTC', 'Sat 2024-02-29 23:59:59 UTC', 'n/a', ''), "\\n";
my ($unit) = shown(join '', <STDIN>);
print join(' | ', map { join ',', @$_ } started($unit)), "\\n";
"""


def run(program: str, given: str = "", **environment: str) -> list[str]:
    done = subprocess.run(
        ["perl", "-e", scripts.joined("quiet.pl", "scheduled.pl").replace("my $ROOT = 0;", f"my $ROOT = {os.getuid()};") + program],
        input=given, capture_output=True, text=True, check=True, env={**environment, "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout.splitlines()


def table(text: str, folder: Path, *, user: str = "", flavour: str = "debian", mode: int = 0o600) -> list[str]:
    file = folder / (user or "table")
    file.write_bytes(text.encode())
    file.chmod(mode)
    return run(TABLE, TABLE=str(file), USER=user, FLAVOUR=flavour)


@pytest.mark.parametrize(("text", "found"), [
    ("0 3 * * * root pg_dump zebu > /b/x\n", ["0 3 * * * [root] pg_dump zebu > /b/x"]), ("  0\t3 *  * *\troot\tpg_dump\n", ["0 3 * * * [root] pg_dump"]), ("@daily root pg_dump\n", ["@daily [root] pg_dump"]),
    ("# 0 3 * * * root pg_dump\n\n  # x\n", []), ("PATH=/usr/bin\nMAILTO=\"\"\nA = b\n@daily root x\n", ["@daily [root] x"]), ("@daily root x # not a comment\n", ["@daily [root] x # not a comment"]),
    ("@daily root pg_dump > /b/$(date +%F)\n", ["@daily [root] pg_dump > /b/$(date +"]), ("@daily root pg_dump > /b/$(date +\\%F)\n", ["@daily [root] pg_dump > /b/$(date +%F)"]), ("@daily root cat %in%put\n", ["@daily [root] cat "]),
    ("@daily root x\r\n", ["@daily [root] x"]), ("0 3 * * * pg_dump zebu\n", ["bad: an entry for a user that there is not"]), ("0 3 * * * nobody-here x\n", ["bad: an entry for a user that there is not"]),
    ("0 3 * * * root\n", ["bad: an entry without a user and a command"]), ("0 3 * *\n", ["bad: a line that is no entry"]), ("hello world\n", ["bad: a line that is no entry"]), ("export A=b\n", ["bad: a line that is no entry"]),
    ("@daily root " + "x" * 1000 + "\n", ["bad: an entry that is too long"]), ("@daily root true && \\\n  pg_dump\n", ["@daily [root] true && \\", "bad: a line that is no entry"]),
    ("@daily root x", ["ignored: has no newline at the end of its last line", "@daily [root] x"]), ("@daily root x\n# the end", ["@daily [root] x"]), ("", []),
])  # fmt: skip
def test_a_table_of_the_system(text: str, found: list[str], tmp_path: Path) -> None:
    assert table(text, tmp_path) == found


def test_a_users_own_table_has_no_user(tmp_path: Path) -> None:
    assert table("0 3 * * * root pg_dump\n", tmp_path, user=ME) == [f"0 3 * * * [{ME}] root pg_dump"]
    assert table("0 3 * * *\n", tmp_path, user=ME) == ["bad: an entry without a command"]


@pytest.mark.parametrize(("mode", "why"), [(0o600, ""), (0o400, "mode"), (0o644, "mode"), (0o660, "mode")])
def test_a_users_own_table_is_closed(mode: int, why: str, tmp_path: Path) -> None:
    found = table("0 3 * * * x\n", tmp_path, user=ME, mode=mode)
    assert ("ignored: has another mode than 600" in found) is bool(why)


def test_a_table_of_nobody(tmp_path: Path) -> None:
    assert "ignored: is of a user that there is not" in table("0 3 * * * x\n", tmp_path, user="nobody-here")


def test_another_cron_takes_what_debians_refuses(tmp_path: Path) -> None:
    assert table("0 3 * * * root x", tmp_path, flavour="cronie", mode=0o666) == ["0 3 * * * [root] x"]


def test_a_table_that_is_too_long_is_not_read_whole(tmp_path: Path) -> None:
    assert "unread: is too long" in table("# x\n" * 20_000, tmp_path)


def test_a_table_of_the_system_is_roots(tmp_path: Path) -> None:
    good = "@daily root x\n"
    assert table(good, tmp_path, mode=0o644) == ["@daily [root] x"]
    assert table(good, tmp_path, mode=0o664)[0] == "ignored: may be written by others than root"
    file = tmp_path / "table"
    file.chmod(0o644)
    (tmp_path / "link").symlink_to(file)
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    (tmp_path / "x.sh").write_text(good)
    given = {"USER": "", "FLAVOUR": "debian"}
    assert run(TABLE, TABLE=str(tmp_path / "link"), **given) == ["@daily [root] x"]
    assert run(TABLE, TABLE=str(tmp_path / "nowhere"), **given) == ["ignored: leads nowhere"]
    assert run(TABLE, TABLE=str(tmp_path / "x.sh"), **given)[0] == "ignored: has a name that cron leaves out"
    (tmp_path / "second").hardlink_to(file)
    assert run(TABLE, TABLE=str(file), **given)[0] == "ignored: has a second name (a hard link)"


def test_what_systemd_shows() -> None:
    """Quotes of a command are not shown: all behind -c is one word; a dollar that is doubled is one."""
    said = (
        "Id=a.service\nExecStartPre={ path=/bin/true ; argv[]=/bin/true ; ignore_errors=no ; start_time=[n/a] ; status=0/0 }\n"
        "ExecStart={ path=/bin/sh ; argv[]=/bin/sh -c pg_dump $$DB ; rsync x ; ignore_errors=yes ; start_time=[n/a] }\n"
        "ExecStart={ path=/usr/bin/pg_dump ; argv[]=pg_dump -Fc zebu ; flags= ; start_time=[n/a] }\nExecStart=\n"
    )
    moments, started = run(SYSTEMD, said)
    assert moments == "17 1795656878 1 1709251199 0 0"
    assert started == "/bin/true | /bin/sh,-c,pg_dump $DB ; rsync x | /usr/bin/pg_dump,-Fc,zebu"
