"""How scripts ask Docker's daemon: what it says, and what it fails to say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from socket import socket

import pytest

from pytest_zebu.facts import scripts
from tests.facts.daemon import Answer, Daemon, container, frame, frames, raw, told

PARTS = ("quiet.pl", "json.pl", "docker.pl", "docker-logs.pl")
TELL = 'my $told = docker_told($ARGV[0], $ARGV[1] ? time + $ARGV[1] : undef); print defined $told ? "told $told->{a}" : docker_trouble();'
READ = """my ($id, $how, $seconds, $most) = @ARGV; my $text = '';
my $state = docker_logs({ Id => $id }, 'tail=9', sub { $text .= $_[0]; return !$most || length $text < $most }, $seconds ? time + $seconds : undef);
print "$state|$text";"""
WHOLE = {"a": "x" * 300}
HEAD = b"HTTP/1.1 200 OK\r\n"


def said(code: str, *arguments: str, home: Path | None = None, path: str = "") -> str:
    """What a program says that asks the daemon."""
    environment = {**os.environ, "HOME": str(home or "/nonexistent"), "PATH": f"{path}:{os.environ['PATH']}", "ZEBU_PROJECT": "zebu"}  # fmt: skip
    done = subprocess.run(
        ["perl", "-e", scripts.joined(*PARTS) + "\n" + code, *arguments],
        capture_output=True, text=True, check=True, env=environment, timeout=60,
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("answer", [
    told(WHOLE), told(WHOLE, chunk=7), told(WHOLE, chunk=100_000), raw(b"HTTP/1.0 200 OK\r\n\r\n" + json.dumps(WHOLE).encode()),
    raw(HEAD + b"transfer-encoding:  Chunked \r\n\r\n" + b"8;x=y\r\n" + b'{"a": "x' + b"\r\n0012c\r\n" + b"x" * 299 + b'"' + b"\r\n1\r\n}\r\n0\r\n\r\n"),
], ids=["at once", "in chunks", "in one chunk", "to its end", "in odd chunks"])  # fmt: skip
def test_what_the_daemon_says_is_read_whole(answer: Answer, daemon: Daemon) -> None:
    daemon.answers["/info"] = answer
    assert said(TELL, "/info") == f"told {'x' * 300}"
    assert daemon.methods == {"GET"}


def slowly(line: socket, asked: str) -> None:
    """An answer byte by byte."""
    for byte in HEAD + b"Content-Length: 9\r\n\r\n" + b'{"a": 12}':
        line.sendall(bytes([byte]))


def test_pieces_of_any_size_are_put_together(daemon: Daemon) -> None:
    daemon.answers["/info"] = slowly
    assert said(TELL, "/info") == "told 12"


LONG = b'{"a": "' + b"x" * 17_000_000 + b'"}'


@pytest.mark.hostile("services")
@pytest.mark.parametrize(("answer", "why"), [
    (told({"message": "no such container"}, 404), "Docker's daemon answers with 404"), (told({"message": "x" * 100_000}, 500, chunk=999), "Docker's daemon answers with 500"),
    (told({"a": 1}, 302), "Docker's daemon answers with 302"), (told(WHOLE, 201), "Docker's daemon answers with 201"), (raw(b""), "Docker's daemon does not answer"), (raw(b"SSH-2.0-x\r\n"), "Docker's daemon does not answer"),
    (raw(HEAD), "Docker's daemon does not answer"), (raw(HEAD + b"X: y\r\n" * 3), "Docker's daemon does not answer"), (raw(HEAD + b"x" * 200_000), "Docker's daemon does not answer"),
    (raw(HEAD + b"".join(b"X-%d: y\r\n" % at for at in range(500)) + b"\r\n{}"), "Docker's daemon does not answer"),
    (raw(HEAD + b"Content-Length: 900\r\n\r\n" + json.dumps(WHOLE).encode()), "the answer of Docker's daemon is cut short"), (raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n9\r\n{\"a\""), "the answer of Docker's daemon is cut short"),
    (raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n8\r\n{\"a\": 1}\r\n"), "the answer of Docker's daemon is cut short"), (raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"), "the answer of Docker's daemon is cut short"),
    (raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\nfffffffff\r\n"), "the answer of Docker's daemon is cut short"),
    (told(LONG, chunk=1_000_000), "Docker's daemon says too much"), (told(LONG), "Docker's daemon says too much"), (told(b"{'a'}"), "Docker's daemon does not say what its API is to say"), (told(b"null"), "Docker's daemon does not say what its API is to say"),
    (told(b"[" * 200_000), "Docker's daemon does not say what its API is to say"),
], ids=[f"answer {n}" for n in range(20)])  # fmt: skip
def test_what_is_no_answer_says_why(answer: Answer, why: str, daemon: Daemon) -> None:
    daemon.answers["/info"] = answer
    assert said(TELL, "/info") == why


@pytest.mark.hostile("services")
def test_a_daemon_that_hangs_is_left_in_time(daemon: Daemon) -> None:
    daemon.answers["/info"] = daemon.hang
    assert said(TELL, "/info", "1") == "Docker's daemon does not answer"

    def halfway(line: socket, asked: str) -> None:
        line.sendall(HEAD + b'\r\n{"a":')
        daemon.hang(line, asked)

    daemon.answers["/info"] = halfway
    assert said(TELL, "/info", "1") == "the answer of Docker's daemon is cut short"


RELAY = """#!{python}
import os, socket, sys, threading
assert sys.argv[1:] == ["system", "dial-stdio"]
open({mark!r}, "a").write("once ")
line = socket.socket(socket.AF_UNIX)
line.connect({place!r})
def ask():
    while data := os.read(0, 65536):
        line.sendall(data)
threading.Thread(target=ask, daemon=True).start()
while data := line.recv(65536):
    os.write(1, data)
"""


@pytest.mark.parametrize(("config", "goes_by_client"), [
    ('{"currentContext": "other"}', True), ('{"currentContext":"default"}', False), ('{"currentContext": ""}', False), ("{}", False), (None, False),
])  # fmt: skip
def test_the_client_tells_the_way_where_it_takes_another(
    config: str | None, goes_by_client: bool, daemon: Daemon, tmp_path: Path
) -> None:
    place, mark = str(daemon.place), tmp_path / "mark"
    (tmp_path / "docker").write_text(RELAY.format(python=sys.executable, place=place, mark=str(mark)))
    (tmp_path / "docker").chmod(0o755)
    (tmp_path / ".docker").mkdir()
    if config is not None:
        (tmp_path / ".docker/config.json").write_text(config)
    daemon.answers["/info"] = told(WHOLE, chunk=50)
    assert said(TELL, "/info", home=tmp_path, path=str(tmp_path)) == f"told {'x' * 300}"
    assert mark.exists() is goes_by_client


def test_the_client_tells_the_way_where_there_is_no_such_socket(
    daemon: Daemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = tmp_path / "mark"
    (tmp_path / "docker").write_text(RELAY.format(python=sys.executable, place=str(daemon.place), mark=str(mark)))
    (tmp_path / "docker").chmod(0o755)
    daemon.answers["/info"] = told({"a": 1})
    monkeypatch.setenv("ZEBU_DOCKER_SOCKET", str(tmp_path / "gone.sock"))
    twice = TELL + TELL.replace("my $told", "$told")
    assert said(twice, "/info", path=str(tmp_path)) == "told 1told 1"
    assert mark.read_text() == "once once "


def test_without_socket_and_client_there_is_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZEBU_DOCKER_SOCKET", str(tmp_path / "gone.sock"))
    (tmp_path / "docker").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "docker").chmod(0o755)
    assert said(TELL, "/info", path=str(tmp_path)) == "Docker's daemon does not answer (No such file or directory)"
    assert said("print defined docker_containers() ? 'some' : 'unknown'", path=str(tmp_path)) == "unknown"


NAMES = 'my $found = %s; print defined $found ? join(" ", map { docker_service($_) } @$found) : "unknown"'
ONES = (
    container("web"), container("done", State={"Status": "exited"}), container("once", labels={"com.docker.compose.oneoff": "True"}),
    container("else", labels={"com.docker.compose.project": "other"}),
)  # fmt: skip


@pytest.mark.parametrize("way", ["docker_list", "docker_containers"])
@pytest.mark.parametrize(("given", "names"), [
    ("", "web"), ("all => 1", "web done"), ("once => 1", "web once"), ("every => 1", "web once else"), ("every => 1, all => 1", "web done once else"),
])  # fmt: skip
def test_which_containers_are_listed(way: str, given: str, names: str, daemon: Daemon) -> None:
    daemon.has(*ONES)
    assert said(NAMES % f"{way}({given})") == names


def test_a_container_that_is_gone_meanwhile_is_left_out(daemon: Daemon) -> None:
    daemon.has(container("web"), container("db"))
    daemon.answers[f"/containers/{container('web')['Id']}/json"] = told({}, 404)
    assert said(NAMES % "docker_containers()") == "db"


@pytest.mark.hostile("services")
@pytest.mark.parametrize(
    "answer", [told({}, 500), told(b"[1"), told(["x"]), raw(b"")], ids=["500", "cut", "odd", "none"]
)
def test_a_container_that_is_not_told_makes_all_unknown(answer: Answer, daemon: Daemon) -> None:
    daemon.has(container("web"), container("db"))
    daemon.answers[f"/containers/{container('web')['Id']}/json"] = answer
    assert said(NAMES % "docker_containers()") == "unknown"


@pytest.mark.hostile("services")
@pytest.mark.parametrize("listed", [{}, 500, None, "x"])
def test_what_is_no_list_is_unknown(listed: object, daemon: Daemon) -> None:
    daemon.answers["/containers/json"] = told(listed)
    for way in ("docker_list(all => 1)", "docker_containers()"):
        assert said(NAMES % way) == "unknown"


@pytest.mark.hostile("services")
def test_what_a_list_names_is_only_asked_for_where_it_is_an_id(daemon: Daemon) -> None:
    daemon.answers["/containers/json"] = told([
        1, {}, {"Id": "../../info"}, {"Id": "ab\r\nX: y"}, {"Id": "AB" * 32}, {"Id": ["ab" * 32]},
        {"Id": "ab" * 32, "Labels": {"com.docker.compose.service": "a\nb\x1b[1m"}},
    ])  # fmt: skip
    assert said(NAMES % "docker_list()") == "a?b?[1m"
    assert daemon.asked == ['/containers/json?filters={"label":["com.docker.compose.project=zebu","com.docker.compose.oneoff=False"]}']  # fmt: skip


LOG = "a\nbb\n\nlast"


@pytest.mark.parametrize(
    ("is_terminal", "body"), [(False, frames(LOG)), (False, frame(LOG) + frame("", 2)), (True, LOG.encode())]
)
def test_a_log_is_handed_on_as_it_is(is_terminal: bool, body: bytes, daemon: Daemon) -> None:
    one = container("web", Config={"Tty": is_terminal})
    daemon.has(one)
    for chunk in (3, 1000):
        daemon.answers[f"/containers/{one['Id']}/logs"] = told(body, chunk=chunk)
        assert said(READ, one["Id"]) == f"whole|{LOG}"
    assert daemon.asked[-1] == f"/containers/{one['Id']}/logs?stdout=1&stderr=1&tail=9"
    assert said(READ, one["Id"], "", "0", "2").startswith("cut|a\n")


@pytest.mark.hostile("services")
@pytest.mark.parametrize(("answer", "state"), [
    (told({"message": "configured logging driver does not support reading"}, 501), "unreadable|"), (told(frame("a\n") + frame("broken", 3) + frame("b\n")), "unreadable|a\n"),
    (told(frame("a\n") + b"\1\0\0\0\0\0\0\x09b"), "unreadable|a\nb"), (told(frame("a\n") + b"\1\0\0"), "unreadable|a\n"), (raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\na\r\n" + frame("a\n")), "unreadable|a\n"),
    (told(b"text without pieces", chunk=5), "unreadable|"), (told(b""), "whole|"), (told({}, 404), "unreadable|"),
], ids=["refused", "complaint within", "short piece", "short head", "short answer", "no pieces", "empty", "gone"])  # fmt: skip
def test_a_log_that_breaks_off_is_not_whole(answer: Answer, state: str, daemon: Daemon) -> None:
    one = container("web")
    daemon.has(one)
    daemon.answers[f"/containers/{one['Id']}/logs"] = answer
    assert said(READ, one["Id"]) == state


@pytest.mark.hostile("services")
def test_a_log_without_end_is_cut_in_time(daemon: Daemon) -> None:
    one = container("web")
    daemon.has(one)

    def endless(line: socket, asked: str) -> None:
        line.sendall(HEAD + b"\r\n" + frame("a\n"))
        daemon.hang(line, asked)

    daemon.answers[f"/containers/{one['Id']}/logs"] = endless
    assert said(READ, one["Id"], "", "1") == "cut|a\n"


def test_a_log_of_a_container_that_is_not_told_is_unreadable(daemon: Daemon) -> None:
    daemon.answers[f"/containers/{'ab' * 32}/logs"] = told(frame("a\n"))
    assert said(READ, "ab" * 32) == "unreadable|"


LINES = """my @took;
my $state = docker_lines({ Id => $ARGV[0] }, 'tail=9', sub { push @took, $_[0]; return !$ARGV[1] || @took < $ARGV[1] });
print "$state|", scalar(grep { !/\\n\\z/ } @took), ' ', (grep { length() > 4_600_000 } @took) ? 'long ' : '', length join '', @took;"""


@pytest.mark.parametrize(("log", "most", "state"), [
    ("", "0", "whole|0 0"), ("a\nb", "0", "whole|1 3"), ("a\nb\n", "0", "whole|0 4"), ("x" * 999 + "\n", "0", "whole|0 1000"),
    (("x" * 999 + "\n") * 1000, "0", "whole|0 1000000"), ("x" * 5_000_000 + "\n", "0", "whole|1 5000001"),
])  # fmt: skip
def test_lines_are_whole(log: str, most: str, state: str, daemon: Daemon) -> None:
    """Unless one is longer than anything that is searched."""
    one = container("web")
    daemon.has(one)
    pieces = [log[at : at + 1000] for at in range(0, len(log), 1000)]
    daemon.answers[f"/containers/{one['Id']}/logs"] = told(b"".join(map(frame, pieces)), chunk=1008)
    assert said(LINES, one["Id"], most) == state


def test_who_wants_no_more_lines_is_told_none(daemon: Daemon) -> None:
    one = container("web")
    daemon.has(one)
    daemon.answers[f"/containers/{one['Id']}/logs"] = told(frames(("x" * 999 + "\n") * 2000), chunk=100_000)
    state, _, told_of = said(LINES, one["Id"], "1").partition("|")
    assert state == "cut"
    assert 65_000 < int(told_of.split()[-1]) < 1_000_000


ONE, OTHER = "1" * 64, "2" * 64
RUNNING: dict[str, tuple[str, str, bytes]] = {
    "1": ("0::/init.scope", "(systemd) S 0", b"/sbin/init\0"),
    "7": (f"0::/system.slice/docker-{ONE}.scope", "(python3) S 1", b"/venv/bin/python3\0-m\0app  x\0"),
    "20": (f"12:pids:/docker/{ONE}\n0::/docker/{ONE}", "(odd) name) S 7", b"odd\nname \x1b[1m\0\0"),
    "9": (f"0::/docker/{OTHER}/init", "(nginx) S 1", b"nginx: master process nginx\0"),
    "30": (f"0::/docker/{ONE}/docker/{OTHER}", "(within) S 20", b"within\0"),
    "40": (f"0::/docker/{ONE}", "(sh) Z 7", b""),
    "50": (f"0::/docker/{ONE}", "(kworker/0:1) S 7", b""),
    "60": (f"0::/docker/f{ONE}", "(longer) S 1", b"longer\0"),
    "70": (f"0::/machine.slice/libpod-conmon-{ONE}.scope", "(conmon) S 1", b"conmon\0python3\0"),
}
"""Control groups, the beginning of what stands behind the number, and the words of processes."""
TOP = (
    """my @rows = docker_top($ARGV[0]); print map { join('|', @$_), "\\n" } @rows; print docker_trouble() if !@rows;"""
)


def top(folder: Path, container: str) -> list[str]:
    """What is told of a container's processes on a machine of ours, by root."""
    for number, (groups, stat, words) in RUNNING.items():
        place = folder / "proc" / number
        place.mkdir(parents=True, exist_ok=True)
        (place / "cgroup").write_text(groups + "\n")
        (place / "stat").write_text(f"{number} {stat} 1 1 0\n")
        (place / "cmdline").write_bytes(words)
    (folder / "proc/8").mkdir(exist_ok=True)  # it has ended by now
    text = scripts.text("docker-top.pl")
    for ours, anothers in (("'/proc', ", f"'{folder}/proc', "), ("$> || ", "")):
        assert ours in text
        text = text.replace(ours, anothers)
    return said(f"{text}\n{TOP}", container).splitlines()


def runs(daemon: Daemon, name: str, pid: int = 7, runtime: str = "runc") -> None:
    """Let a container have a first process, and Docker tell of another."""
    one = container("one", Id=name, HostConfig={"Runtime": runtime}, State={"Pid": pid})
    daemon.has(one)
    daemon.top(one, ("7", "1", "as Docker says"), titles=("PID", "PPID", "COMMAND"))


def test_who_runs_in_a_container_is_seen_by_its_control_group(daemon: Daemon, tmp_path: Path) -> None:
    runs(daemon, ONE)
    assert top(tmp_path, ONE) == [
        "PID|PPID|COMMAND", "7|1|/venv/bin/python3 -m app x", "20|7|odd?name ?[1m", "30|20|within", "40|7|[sh] <defunct>", "50|7|[kworker/0:1]",
    ]  # fmt: skip
    runs(daemon, OTHER, 9, "io.containerd.runc.v2")
    assert top(tmp_path, OTHER) == ["PID|PPID|COMMAND", "9|1|nginx: master process nginx"]
    assert not [asked for asked in daemon.asked if "/top" in asked]


@pytest.mark.parametrize(("name", "pid", "runtime"), [
    (ONE, 7, "runsc"), (ONE, 7, "io.containerd.kata.v2"), (ONE, 7, "crun"), (ONE, 7, ""), (ONE, 9, "runc"), (ONE, 0, "runc"), ("3" * 64, 7, "runc"),
], ids=["a kernel of its own", "a machine of its own", "a name that anybody declares", "none told", "another's first", "none runs", "no such group"])  # fmt: skip
def test_who_is_not_surely_seen_here_is_asked_for(
    name: str, pid: int, runtime: str, daemon: Daemon, tmp_path: Path
) -> None:
    runs(daemon, name, pid, runtime)
    assert top(tmp_path, name) == ["PID|PPID|COMMAND", "7|1|as Docker says"]


def test_who_is_neither_seen_nor_told_is_unknown(daemon: Daemon, tmp_path: Path) -> None:
    assert top(tmp_path, "4" * 64) == ["Docker's daemon answers with 404"]
    runs(daemon, ONE, runtime="runsc")
    daemon.answers[f"/containers/{ONE}/top"] = told({"Titles": None, "Processes": []})
    assert top(tmp_path, ONE) == []
