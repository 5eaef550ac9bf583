"""What is read through the root of a container's first process: by a process with a root of its own, and a stand-in for Docker's daemon."""

from __future__ import annotations

import json
import os
import socketserver
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Reason
from pytest_zebu.settings.target import Target
from tests.facts.answers import read, why

PROBES = {probe.name: probe for fact in ALL.values() for probe in fact.probes}
CONTAINER = "/"
"""Every process is of a group of that name."""
FIRST = 'chroot $ARGV[0] or die; chdir "/data" or chdir "/"; $0 = "postgres" if -e "postgres"; $| = 1; print "in\\n"; sleep 600'
BOTH = """rm -f ready pid
[ ! -d root/proc ] || mount --rbind /proc root/proc || exit 7
perl -e "$FIRST" root > ready & first=$!
trap 'kill $first' EXIT
until [ -s ready ]; do kill -0 $first || exit 8; sleep 0.02; done
echo $first > pid
perl -e "$READER" """
Ask = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def ask(tmp_path: Path) -> Iterator[Ask]:
    """Run a probe's script beside a process whose root is the folder `root`. Docker's client says `by the client`, and nothing else."""
    said: dict[str, str] = {}

    class Daemon(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            said["asked"] = self.rfile.readline().decode().split(" ")[1]
            pid = int(said["pid"] or (tmp_path / "pid").read_text())
            text = json.dumps({"State": {"Pid": pid}, "Config": {"WorkingDir": said["folder"]}})
            self.wfile.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode())

    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/docker").write_text('#!/bin/sh\necho "by the client $1 $2 $3"\n')
    (tmp_path / "bin/docker").chmod(0o755)

    def asked(
        name: str, *, folder: str = "", pid: str = "", container: str = CONTAINER
    ) -> subprocess.CompletedProcess[str]:
        said.update(folder=folder, pid=pid)
        probe = PROBES[name]
        environment = {
            "PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "FIRST": FIRST, "READER": probe.text, "LC_ALL": "C",
            "ZEBU_DOCKER_SOCKET": str(tmp_path / "socket"), "ZEBU_BACKEND_CONTAINER": container,
            "ZEBU_DB_CONTAINER": container, "ZEBU_DB_ADMIN": "admin", "ZEBU_DB_NAME": "zebu",
            **{f"ZEBU_{name}": text for name, text in probe.environment.items()},
        }  # fmt: skip
        # Who is not root is so in a name space of the user's own.
        apart = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
        done = subprocess.run(
            [*apart, "sh", "-c", BOTH], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert said["asked"] == f"/containers/{container}/json"
        return done

    with socketserver.ThreadingUnixStreamServer(str(tmp_path / "socket"), Daemon) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield asked
        server.shutdown()
        thread.join()


def fill(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


SOURCE = {
    "app/b.py": "b = 1", "app/a/c d.py": "c = 1\n", "app/a.txt": "", "app/tests/t.py": "t", "app/zebu/migrations/m.py": "m", "app/zebu/alembic/m.py": "m",
    "app/.venv/x.py": "x", "app/my_venv.py": "v", "app/node_modules/y.py": "y", "app/site-packages/z.py": "z", "app/.hidden.py": "h", "other/o.py": "o",
}  # fmt: skip


def test_source_is_read_from_outside(ask: Ask, tmp_path: Path) -> None:
    fill(tmp_path / "root", SOURCE)
    done = ask("source", folder="/other")
    assert (done.stdout, done.stderr, done.returncode) == ("@ a/c d.py\nc = 1\n\n@end\n@ b.py\nb = 1\n@end\n", "", 0)


def test_both_ways_say_the_same(ask: Ask, tmp_path: Path) -> None:
    """The shell in the container, and the reader outside."""
    fill(
        tmp_path / "root",
        SOURCE
        | {
            "app/alembic.ini": "script_location = x\n",
            "app/m/env.py": "version_table = 1\n",
            "app/m/r.py": "revision = 'a'\n",
        },
    )
    (tmp_path / "root/app/far.py").symlink_to("b.py")
    for size in (255 * 1024, 255 * 1024 + 1, 1023 * 1024, 1023 * 1024 + 1):
        (tmp_path / f"root/app/{size}.py").write_bytes(b"revision = 1\n".ljust(size, b"#"))
    for name in ("source", "migrations.heads"):
        inside = PROBES[name].environment["SH"].replace("cd /app", f"cd {tmp_path}/root/app")
        expected = subprocess.run(
            ["sh", "-c", inside], capture_output=True, text=True, check=True, env=os.environ | {"LC_ALL": "C"}
        )
        read_there = ask(name)
        assert read_there.stdout == expected.stdout, (read_there.returncode, read_there.stderr)
        assert expected.stdout.count("\n") > 5


def test_where_there_is_no_app_the_working_folder_is_read(ask: Ask, tmp_path: Path, target: Target) -> None:
    fill(
        tmp_path / "root",
        {"srv/code/a.py": "a = 1\n", "srv/code/r.py": "revision = 'a'\n", "opt/r.py": "revision = 'b'\n"},
    )
    assert ask("source", folder="/srv/code").stdout.startswith("@ a.py\n")
    assert ask("migrations.heads", folder="/srv/code").stdout == "@file ./r.py\n@line revision = 'a'\n\n"
    done = ask("source")
    assert (done.stdout, done.returncode) == ("", 9)
    heads = "@file opt/r.py\n@line revision = 'b'\n\n@file srv/code/r.py\n@line revision = 'a'\n\n"
    assert ask("migrations.heads").stdout == ask("migrations.heads", folder="/").stdout == heads
    done = ask("source", folder="/nowhere")
    assert (done.stdout, done.returncode) == ("", 1)
    assert "working folder" in done.stderr
    assert why("source", done.stdout, target) is Reason.MISSING


def test_links_lead_where_they_lead_inside(ask: Ask, tmp_path: Path) -> None:
    """An absolute link is of the container's own root; one that leads up stays below it, and what is found is no link."""
    fill(tmp_path / "root", {"code/a.py": "inside = 1"})
    fill(tmp_path, {"code/a.py": "canary = 1", "secret.py": "canary = 2"})
    (tmp_path / "root/app").symlink_to("/code")
    (tmp_path / "root/code/up.py").symlink_to("../../secret.py")
    (tmp_path / "root/code/far.py").symlink_to(tmp_path / "secret.py")
    (tmp_path / "root/code/folder").symlink_to(tmp_path / "code")
    assert ask("source").stdout == "@ a.py\ninside = 1\n@end\n"
    (tmp_path / "root/app").unlink()
    (tmp_path / "root/app").symlink_to("../../../code")
    assert ask("source").stdout == "@ a.py\ninside = 1\n@end\n"


def test_a_door_to_another_root_is_not_taken(ask: Ask, tmp_path: Path) -> None:
    """A container that sees the machine's processes has links to the machine's root."""
    (tmp_path / "root/proc").mkdir(parents=True)
    (tmp_path / "root/app").symlink_to(f"/proc/{os.getpid()}/cwd")
    done = ask("source")
    assert (done.stdout, done.returncode) == ("", 1)
    assert done.stderr == "the container's /app is not in it\n"


def test_what_cannot_be_read_is_counted(ask: Ask, tmp_path: Path, target: Target) -> None:
    """Files that are too long, or whose names are no lines; and nothing waits for what is no file."""
    fill(tmp_path / "root/app", {"a.py": "a = 1", "odd\n@ b.py": "b = 1"})
    with (tmp_path / "root/app/long.py").open("wb") as file:
        file.truncate(2_000_000_000)
    os.mkfifo(tmp_path / "root/app/pipe.py")
    done = ask("source")
    assert done.stdout == "@ a.py\na = 1\n@end\n@left 2\n"
    assert read("source", done.stdout, target).left == 2
    done = ask("migrations.heads")
    assert (done.stdout, done.returncode) == ("", 1)
    assert done.stderr == "1 folders or files of the container could not be read\n"


def test_no_more_files_are_read_than_are_wanted(ask: Ask, tmp_path: Path) -> None:
    fill(tmp_path / "root/app", {f"{number:04}.py": "" for number in range(3002)})
    said = ask("source").stdout
    assert (said.count("\n@end\n"), said[-20:]) == (3000, "2999.py\n\n@end\n@left 2\n"[-20:])


@pytest.mark.parametrize(
    "given", [{"pid": "0"}, {"pid": "999999999"}, {"container": "f" * 64}], ids=["stopped", "gone", "another"]
)
@pytest.mark.parametrize("name", ["source", "migrations.heads"])
def test_otherwise_the_client_is_asked(name: str, given: dict[str, str], ask: Ask, tmp_path: Path) -> None:
    """Where no process here is the container's: of the daemon of another machine a number says nothing."""
    fill(tmp_path / "root/app", {"a.py": "revision = 'a'\n"})
    done = ask(name, **{"pid": "", **given})
    if given == {"pid": "0"}:
        assert done.returncode == 0
    assert done.stdout == f"by the client exec -i {given.get('container', CONTAINER)}\n"


@pytest.mark.parametrize("given", [{}, {"pid": "0"}, {"container": "f" * 64}], ids=["here", "stopped", "another"])
def test_when_a_database_was_made(given: dict[str, str], ask: Ask, tmp_path: Path) -> None:
    """It is seen at the file that its server works beside; else the database is asked."""
    fill(tmp_path / "root/data", {"PG_VERSION": "15\n", "postgres": ""})
    os.utime(tmp_path / "root/data/PG_VERSION", (5, 1_700_000_000))
    said = ask("postgres.cluster", **given).stdout
    assert said == ("by the client exec -i -e\n" if given else "@made 1700000000\n")


@pytest.mark.parametrize("change", ["link", "absent", "other"])
def test_what_is_no_database_server_tells_nothing(change: str, ask: Ask, tmp_path: Path) -> None:
    fill(tmp_path / "root/data", {"PG_VERSION": "15\n", "postgres": ""})
    if change == "other":
        (tmp_path / "root/data/postgres").unlink()
    else:
        (tmp_path / "root/data/PG_VERSION").unlink()
    if change == "link":
        (tmp_path / "root/data/PG_VERSION").symlink_to("postgres")
    assert ask("postgres.cluster").stdout == "by the client exec -i -e\n"
