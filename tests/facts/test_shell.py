"""Which commands a script runs, read by the reader of shell scripts that the probes carry. Nothing of them is run."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pytest_zebu.facts import scripts

DRIVER = """
my @given = (known_names => qr/^pg_dump$/, telling => qr/\\b(pg_dump|mail)\\b/, cwd => $ENV{FOLDER}, path => "$ENV{FOLDER}:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
shell_run(join('', <STDIN>), sub {
  my ($one, @rest) = @_;
  if (!ref $one) { print join(' ', $one, @rest), "\\n"; return }
  my @marks = grep { $_ } $one->{sure} ? '' : 'maybe', $one->{place};
  print join(' ', @marks, @{ $one->{words} }, map { join ' ', @$_ } @{ $one->{into} }), "\\n" if $one->{words}[0] =~ /^(?:pg_dump|mail)$/;
}, @given);
"""


def commands(script: str, folder: Path) -> list[str]:
    done = subprocess.run(
        ["perl", "-e", scripts.text("shell.pl") + DRIVER],
        input=script, capture_output=True, text=True, check=True, env={"FOLDER": str(folder), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.mark.parametrize(("script", "found"), [
    # What stands around a command
    ("pg_dump zebu", ["pg_dump zebu"]), ("/usr/lib/postgresql/15/bin/pg_dump zebu", ["pg_dump zebu"]), ("'pg_dump' \"zebu\"", ["pg_dump zebu"]),
    ("PGPASSWORD=x pg_dump zebu", ["pg_dump zebu"]), ("sudo -u postgres pg_dump zebu", ["pg_dump zebu"]), ("sudo -iu postgres -- pg_dump zebu", ["pg_dump zebu"]),
    ("su - postgres -c 'pg_dump zebu'", ["pg_dump zebu"]), ("su postgres -s /bin/sh -c \"pg_dump zebu\"", ["pg_dump zebu"]), ("runuser -u postgres -- pg_dump zebu", ["pg_dump zebu"]),
    ("nice -n 19 ionice -c2 -n7 pg_dump zebu", ["pg_dump zebu"]), ("nice ionice -c 3 pg_dump zebu", ["pg_dump zebu"]), ("timeout -k 5 1h pg_dump zebu", ["pg_dump zebu"]),
    ("flock -n /run/x.lock pg_dump zebu", ["pg_dump zebu"]), ("flock /run/x.lock -c 'pg_dump zebu'", ["pg_dump zebu"]), ("chronic pg_dump zebu", ["pg_dump zebu"]),
    ("env -i A=b pg_dump zebu", ["pg_dump zebu"]), ("env PGDATABASE=x nice pg_dump", ["pg_dump"]), ("time -p pg_dump zebu", ["pg_dump zebu"]), ("exec pg_dump zebu", ["pg_dump zebu"]),
    ("bash -c 'pg_dump zebu'", ["pg_dump zebu"]), ("sh -ec \"pg_dump zebu\"", ["pg_dump zebu"]), ("bash -lc 'pg_dump \"$1\"' x zebu", ["pg_dump zebu"]), ("eval 'pg_dump zebu'", ["pg_dump zebu"]),
    ("docker exec -t -u 0 db pg_dump zebu", ["container:db pg_dump zebu"]), ("docker exec -e A=b db sh -c 'exec pg_dump \"$POSTGRES_DB\"'", ["container:db pg_dump $POSTGRES_DB"]),
    ("docker compose -f /x.yml -p z exec -T db pg_dump zebu", ["service:db pg_dump zebu"]), ("docker-compose --project-directory /x exec -T db pg_dump zebu", ["service:db pg_dump zebu"]),
    ("docker run --rm --network n -v /b:/b postgres:15 pg_dump zebu", ["image:postgres:15 pg_dump zebu"]), ("podman exec db pg_dump zebu", ["container:db pg_dump zebu"]),
    ("docker exec -it db pg_dump zebu > /b/x", ["@unread docker exec -it asks for a terminal, which a job has not"]), ("docker exec -i -u 0 --tty db pg_dump zebu", ["@unread docker exec -it asks for a terminal, which a job has not"]),
    ("docker run -dit postgres:15 pg_dump zebu", ["image:postgres:15 pg_dump zebu"]), ("docker run --rm -ti postgres:15 pg_dump zebu", ["@unread docker run -it asks for a terminal, which a job has not"]), ("docker exec -i db pg_dump -t x zebu", ["container:db pg_dump -t x zebu"]), ("docker exec -t db pg_dump -i zebu", ["container:db pg_dump -i zebu"]),
    ("docker compose exec -it db pg_dump zebu", ["service:db pg_dump zebu"]), ("podman exec -it db pg_dump zebu", ["container:db pg_dump zebu"]), ("docker run -i --network it postgres:15 pg_dump zebu", ["image:postgres:15 pg_dump zebu"]),
    ("kubectl exec -n z pod/db -- pg_dump zebu", ["container:pod/db pg_dump zebu"]), ("ssh -p 22 op@other 'pg_dump zebu'", ["op@other pg_dump zebu"]),
    ("echo zebu | xargs -n 1 pg_dump", ["pg_dump"]), ("find /x -name y -exec pg_dump zebu \\;", ["pg_dump zebu"]), ("systemd-run --wait -p Nice=5 pg_dump zebu", ["pg_dump zebu"]),
    ("/usr/bin/snap run --timer=00:00 pg_dump zebu", ["pg_dump zebu"]), ("docker run --rm -v a:b my/pg_dump:15 zebu", ["image:my/pg_dump:15 pg_dump zebu"]), ("docker compose run --rm pg_dump zebu", ["image:pg_dump pg_dump zebu"]),
    # Pipes, files, and what takes the output
    ("pg_dump zebu | gzip -9 > /b/z.gz", ["pg_dump zebu | gzip -9 > /b/z.gz"]), ("pg_dump zebu > /b/z 2>> /b/log", ["pg_dump zebu > /b/z"]), ("pg_dump zebu >/dev/null 2>&1", ["pg_dump zebu > /dev/null"]),
    ("{ pg_dump zebu; } > /b/z", ["pg_dump zebu > /b/z"]), ("(cd /tmp; pg_dump zebu) &> /b/z &", ["pg_dump zebu > /b/z"]), ("exec > /b/z\npg_dump zebu", ["pg_dump zebu > /b/z"]),
    ("x=$(pg_dump zebu | wc -c)", ["pg_dump zebu | wc -c"]), ("x=`pg_dump zebu`", ["pg_dump zebu | $()"]), ("pg_dump zebu |\n  gzip \\\n  > z", ["pg_dump zebu | gzip > z"]),
    # Words that are not commands
    ("# pg_dump zebu", []), ("true # pg_dump zebu", []), ("echo pg_dump zebu", []), ("echo 'x; pg_dump zebu'", []), ("printf 'pg_dump zebu'", []), (": pg_dump zebu", []), ("x='pg_dump zebu'", []),
    ("cat <<X\npg_dump zebu\nX\n", []), ("cat <<-'X'\n\tpg_dump zebu\n\tX\n", []), ("cat <<A <<B\npg_dump a\nA\npg_dump b\nB\n", []), ("sh <<X\npg_dump zebu\nX\n", ["pg_dump zebu"]), ("command -v pg_dump", []), ("which pg_dump", []),
    ("logger pg_dump ended", []), ("grep pg_dump /var/log/syslog", []), ("test -x /usr/bin/pg_dump", []), ("rm /b/pg_dump", []), ("my_pg_dump zebu", []), ("pg_dump_x zebu", []),
    # Branches that are switched off, and what comes after the end
    ("if false; then pg_dump zebu; fi", []), ("if true; then :; else pg_dump zebu; fi", []), ("false && pg_dump zebu", []), ("true || pg_dump zebu", []), ("false || pg_dump zebu", ["pg_dump zebu"]), ("while false; do pg_dump zebu; done", []),
    ("exit 0\npg_dump zebu", []), ("exec true\npg_dump zebu", []), ("[ 1 = 2 ] && pg_dump zebu", []), ("if [ -e /nowhere ]; then pg_dump zebu; fi", []), ("[ ! -e /nowhere ] && pg_dump zebu", ["pg_dump zebu"]),
    ("test -x /nowhere || { pg_dump zebu; }", ["pg_dump zebu"]), ("cd /nowhere && pg_dump zebu", []), ("(exit 0)\npg_dump zebu", ["pg_dump zebu"]), ("x() { return; pg_dump a; }\nx\npg_dump b", ["pg_dump b"]),
    ("A=0\nif [ \"$A\" = 1 ]; then pg_dump zebu; fi", []), ("A=1; [ $A -eq 1 ] && pg_dump zebu", ["pg_dump zebu"]), ("f() { pg_dump zebu; }", []), ("f() { pg_dump \"$1\"; }\nf zebu", ["pg_dump zebu"]), ("function f { pg_dump zebu; }\nf", ["pg_dump zebu"]),
    ("case x in y) pg_dump a ;; x) pg_dump b ;; *) pg_dump c ;; esac", ["pg_dump b"]), ("case $1 in a|b) pg_dump a ;; (*) pg_dump c ;; esac", ["pg_dump a", "pg_dump c"]),
    # Conditions that only a run tells
    ("if docker ps | grep -q db; then pg_dump zebu; fi", ["pg_dump zebu"]), ("if ! pg_dump zebu > z; then mail x; fi", ["pg_dump zebu > z", "mail x"]), ("pg_dump zebu || exit 1\npg_dump b", ["pg_dump zebu", "pg_dump b"]),
    ("[ \"$(date +%u)\" = 7 ] && pg_dump zebu", ["maybe pg_dump zebu"]), ("D=$(date +%d)\nif [ $D = 01 ]; then pg_dump zebu; fi", ["maybe pg_dump zebu"]), ("[ -f \"/b/$(date +%F)\" ] || pg_dump zebu", ["pg_dump zebu"]),
    ("case $(date +%a) in Sun) pg_dump zebu;; esac", ["maybe pg_dump zebu"]), ("[[ $(date +%u) == 7 ]] && pg_dump zebu", ["maybe pg_dump zebu"]), ("sleep $((RANDOM % 60)); pg_dump zebu", ["pg_dump zebu"]),
    ("a=$(( ($(date +%s) - $(stat -c %Y /b/x)) / 3600 ))\npg_dump zebu", ["pg_dump zebu"]), ("n=$((1+(2*3)))\npg_dump zebu", ["pg_dump zebu"]), ("if (( (1+2)*3 > (4*2) )); then pg_dump zebu; fi", ["pg_dump zebu"]), ("n=$(( (1+(2)) )); m=$(( 3 )); pg_dump zebu", ["pg_dump zebu"]),
    ("echo \"$(( ($(date +%s) - s) / (60) )) minutes\"; pg_dump zebu", ["pg_dump zebu"]),
    ("if [ $(date +%u) = 7 ]; then pg_dump a; else pg_dump b; fi", ["pg_dump a", "pg_dump b"]), ("if [ $(date +%u) = 7 ]; then pg_dump a; else mail x; fi", ["maybe pg_dump a", "maybe mail x"]), ("if x; then pg_dump a; elif true; then pg_dump b; else pg_dump c; fi", ["pg_dump a", "pg_dump b"]),
    ("if x; then mail x; elif false; then pg_dump b; else pg_dump c; fi", ["mail x", "pg_dump c"]),
    # Variables and loops
    ("DB=zebu\npg_dump -d \"${DB}\"", ["pg_dump -d zebu"]), ("pg_dump ${DB:-zebu}", ["pg_dump zebu"]), ("export DB=zebu; pg_dump $DB", ["pg_dump zebu"]), ("pg_dump \"$DB\"", ["pg_dump $DB"]), ("OPT='-Fc -Z9'\npg_dump $OPT zebu", ["pg_dump -Fc -Z9 zebu"]),
    ("for d in a b; do pg_dump $d; done", ["pg_dump a", "pg_dump b"]), ("L='a b'; for d in $L; do pg_dump $d; done", ["pg_dump a", "pg_dump b"]), ("psql -l | while read -r d; do pg_dump \"$d\"; done", ["pg_dump $d"]), ("for d; do pg_dump $d; done", ["pg_dump $d"]),
    ("P=pg_dump; $P zebu", ["pg_dump zebu"]), ("trap 'mail x' EXIT", ["mail x"]), ("declare -a l=(a b)\nlocal x=1\npg_dump zebu", ["pg_dump zebu"]), ("a=(x y)\npg_dump zebu", ["pg_dump zebu"]), ("((i++)); [[ -n $x && -f y ]]; pg_dump zebu", ["pg_dump zebu"]),
    ("diff <(pg_dump a) <(pg_dump b)", ["pg_dump a", "pg_dump b"]), ("pg_dump zebu <<< x", ["pg_dump zebu"]), ("x=${a%%b}${c/d/e}${#f}\npg_dump \"${x}\"", ["pg_dump $x"]),
    # What cannot be followed is said
    ("$PROGRAM zebu", ["@unread $PROGRAM is a command that only a run could tell"]), ("eval \"$X\"", ["@unread eval runs what only a run could tell"]), ("pg_dump 'zebu", ["@broken its command is refused by the shell"]), ("pg_dump $(date +", ["@broken its command is refused by the shell"]),
    ("curl https://x/y | sh", ["@unread sh runs what it is fed"]), ("if true; then pg_dump", ["@broken its command is refused by the shell"]), ("pg_dump \"$(case x in x) echo zebu ;; esac)\"; x=$((1 + $(echo \")\" | wc -c)))", ["@unread its command is no shell script that is understood"]), ("docker exec db sh /x.sh", ["@unread /x.sh is a script of container:db"]),
    ("docker exec db /backup.sh", ["@unread /backup.sh is a script of container:db"]), ("ssh op@other ./backup.sh", ["@unread ./backup.sh is a script of op@other"]), ("docker exec db /usr/bin/pg_dump zebu", ["container:db pg_dump zebu"]),
    ("make -C /opt/zebu backup", ["@unread make -C /opt/zebu runs what a file of its own says"]), ("cd /opt && task vm:backup", ["@unread task vm:backup runs what a file of its own says"]),
    ("docker start zebu-backup", ["@unread docker start zebu-backup starts what its own files say"]), ("docker compose up -d db", []), ("docker run --rm my/backup", ["@unread docker run my/backup starts what its own files say"]),
    ("/nowhere/backup.sh", ["@broken /nowhere/backup.sh is not there"]), ("sh /nowhere/backup.sh", ["@broken /nowhere/backup.sh is not there"]),
])  # fmt: skip
def test_the_commands_of_a_script(script: str, found: list[str], tmp_path: Path) -> None:
    assert commands(script, tmp_path) == found


@pytest.mark.parametrize(("call", "body", "found"), [
    ("cd {} && ./job", "#!/bin/sh\npg_dump zebu", ["pg_dump zebu"]), ("./job", "#!/bin/sh\npg_dump zebu", ["pg_dump zebu"]), ("{}/job", "#! /usr/bin/env bash\npg_dump zebu", ["pg_dump zebu"]),
    ("/bin/bash -c \"{}/job >> /log\"", "pg_dump zebu", ["pg_dump zebu > /log"]), ("'{}/job' x", "#!/bin/dash -e\npg_dump $1", ["pg_dump x"]), ("sh {}/job zebu", "pg_dump $1", ["pg_dump zebu"]), ("bash job", "pg_dump zebu", ["pg_dump zebu"]),
    (". {}/job", "pg_dump zebu", ["pg_dump zebu"]), (". ./job; pg_dump $DB", "DB=zebu", ["pg_dump zebu"]), ("source job && x", "x() { pg_dump zebu; }", ["pg_dump zebu"]), ("job", "#!/bin/sh\npg_dump zebu", ["pg_dump zebu"]),
    ("./job", "#!/bin/sh\n# pg_dump zebu\nexit 0\n", []), ("./job", "#!/bin/sh\n. \"$(dirname \"$0\")/more\"\npg_dump $MORE", ["pg_dump zebu"]), ("./job", "#!/bin/sh\ncd \"$(dirname \"$0\")\"\n. ./more\npg_dump $MORE", ["pg_dump zebu"]),
    ("./job", "#!/usr/bin/python3\nrun(['pg_dump'])\n", ["@unread {}/job names pg_dump, and is no shell script"]), ("./job", "#!/usr/bin/perl\n# pg_dump\nprint 1\n", []), ("python3 ./job", "run(['pg_dump'])\n", ["@unread {}/job names pg_dump, and is no shell script"]),
    ("./job", "#!/usr/bin/ruby\nsystem('pg_dump')\n# mail\nsystem('mail')\n", ["@unread {}/job names mail and pg_dump, and is no shell script"]), ("./job", "\x7fELF\0\0", ["@unread {}/job is a program"]), ("./job", "#!/bin/sh\nif pg_dump; then", ["@broken {}/job is refused by the shell"]), ("./job", "#!/bin/sh\n" + ":\n" * 200_000, ["@unread {}/job is too long"]),
    ("./job", "#!/bin/sh\n./job\npg_dump zebu\n", ["pg_dump zebu", "pg_dump zebu", "pg_dump zebu", "pg_dump zebu"]), ("run-parts {}", "#!/bin/sh\npg_dump zebu", ["pg_dump zebu", "@broken {}/with.dot has a name that run-parts leaves out"]),
])  # fmt: skip
def test_scripts_that_are_called(call: str, body: str, found: list[str], tmp_path: Path) -> None:
    for name, text in (("job", body), ("with.dot", "#!/bin/sh\npg_dump dot")):
        (tmp_path / name).write_text(text, encoding="latin-1")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "more").write_text("MORE=zebu")
    (tmp_path / "more").chmod(0o755)
    assert commands(call.replace("{}", str(tmp_path)), tmp_path) == [one.replace("{}", str(tmp_path)) for one in found]


def test_a_script_that_may_not_be_run_is_not_run(tmp_path: Path) -> None:
    (tmp_path / "job").write_text("#!/bin/sh\npg_dump zebu")
    (tmp_path / "job").chmod(0o644)
    assert commands("./job", tmp_path) == [f"@broken {tmp_path}/job is not executable"]
    assert commands("sh ./job", tmp_path) == ["pg_dump zebu"]


def test_what_is_known_by_its_name_is_not_read(tmp_path: Path) -> None:
    for name, text in (
        ("acme.sh", "#!/bin/sh\npg_dump x"),
        ("pg_dump", "\x7fELF\0"),
        ("x", "#!/bin/sh\n./acme.sh\n./pg_dump zebu"),
    ):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    assert commands("./x", tmp_path) == ["pg_dump zebu"]


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize("script", [
    "(" * 9000, "x=" + "$(" * 9000, "`" * 9001, "{ " * 9000, "if " * 9000, "\"" + "${a:-" * 9000, "f() { f; f; }\nf", "while true; do " * 60 + ":" + "; done" * 60, "for a in 1 2 3 4 5 6 7 8 9; do " * 8 + "$a" + "; done" * 8,
    "x" * 300_000, "cat <<X\n" * 900, "case x in " * 900, "\0\1\2", "a(" * 99, "$((" * 99, "\\\n" * 9000, "[[ " * 99, "a=(" * 99, "> " * 99, "eval " * 99,
])  # fmt: skip
def test_hostile_scripts_end_soon(script: str, tmp_path: Path) -> None:
    subprocess.run(
        ["perl", "-e", scripts.text("shell.pl") + DRIVER], input=script, capture_output=True, text=True, check=True, timeout=240,
        env={"FOLDER": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
