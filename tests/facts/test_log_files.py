"""Containers' logs as scripts read them from the daemon's own files: what the daemon would have said of them, or it is asked."""

from __future__ import annotations

import gzip
import json
import os
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from socket import socket
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_zebu.facts import ALL, scripts
from tests.facts.daemon import Daemon, container, frame, told

NOON = int(datetime(2026, 11, 26, 12, tzinfo=UTC).timestamp())
GO = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029", '"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r"}  # fmt: skip
GO |= {chr(code): f"\\u{code:04x}" for code in range(32) if chr(code) not in GO}


@dataclass(frozen=True, slots=True)
class Entry:
    """What a container wrote at once: nanoseconds since 1970, what, whereto, and what its owner wants to have noted."""

    at: int
    text: bytes
    stream: str = "stdout"
    attrs: tuple[tuple[str, str], ...] = ()

    @property
    def stamp(self) -> str:
        return f"{datetime.fromtimestamp(self.at // 10**9, UTC):%Y-%m-%dT%H:%M:%S}.{self.at % 10**9:09d}"

    @property
    def said(self) -> str:
        """As UTF-8 says it: a byte that is none is a character that says so."""
        try:
            return self.text.decode()
        except UnicodeDecodeError:
            return "".join(_runes(self.text))

    @property
    def line(self) -> bytes:
        """As Docker keeps it, with a time without trailing zeros."""
        text = "".join("\\ufffd" if rune == "\ufffd" else GO.get(rune, rune) for rune in self.said)
        attrs = f',"attrs":{json.dumps(dict(self.attrs), separators=(",", ":"))}' if self.attrs else ""
        time = self.stamp.rstrip("0").rstrip(".")
        return f'{{"log":"{text}","stream":"{self.stream}"{attrs},"time":"{time}Z"}}\n'.encode()


def _runes(text: bytes) -> Iterator[str]:
    """Its characters, as Go reads them: each wrong byte is one."""
    while text:
        for size in range(1, 5):
            try:
                yield text[:size].decode()
            except UnicodeDecodeError:
                continue
            break
        else:
            yield "\ufffd"
            size = 1
        text = text[size:]


def at(seconds: float, text: str | bytes = "x\n", **given: Any) -> Entry:
    """An entry, so long after noon."""
    return Entry(NOON * 10**9 + round(seconds * 10**9), text if isinstance(text, bytes) else text.encode(), **given)


PARTS = ("quiet.pl", "json.pl", "docker.pl", "docker-logs.pl")
READ = """my ($id, $query, $most, $limit) = @ARGV; my $text = '';
my $state = docker_logs({ Id => $id }, $query, sub { $text .= $_[0]; touched() if defined &touched; return !$most || length $text < $most }, time + ($limit || 60));
print "$state|$text";"""


@dataclass
class Kept:
    """A container whose log the daemon keeps in files, and tells as it does: from entries, or these bytes."""

    daemon: Daemon
    folder: Path
    entries: Sequence[Entry] = ()
    told: bytes | None = None
    given: dict[str, Any] = field(default_factory=dict)
    driver: str = "json-file"
    options: dict[str, str] | None = field(default_factory=lambda: {"max-file": "3"})
    path: str = ""

    def __post_init__(self) -> None:
        self.id = container("web")["Id"]
        self.log = self.folder / self.id / f"{self.id}-json.log"
        self.log.parent.mkdir(exist_ok=True)
        self.announce()

    def announce(self) -> None:
        """Let the daemon tell of the container, and of its log."""
        kept = {"LogConfig": {"Type": self.driver, "Config": self.options}}
        one = container("web", LogPath=self.path or str(self.log), HostConfig=kept, **self.given)
        self.daemon.has(one)
        self.daemon.answers[f"/containers/{self.id}/logs"] = self.answer

    def answer(self, line: socket, asked: str) -> None:
        """What the daemon says of its entries, chosen as it chooses."""
        query = {key: int(value[0]) for key, value in parse_qs(urlsplit(asked).query).items()}
        chosen = [one for one in self.entries[-query.get("tail", 0) :] if one.at >= query.get("since", 0) * 10**9]
        pieces = [(f"{one.stamp}Z " if "timestamps" in query else "") + one.said for one in chosen]
        told(b"".join(map(frame, pieces)) if self.told is None else self.told, chunk=100_000)(line, asked)

    def keep(self, *files: Sequence[Entry] | bytes, entries: Sequence[Entry] | None = None) -> Kept:
        """Let it have these files, the oldest first."""
        for number, content in enumerate(reversed(files)):
            data = content if isinstance(content, bytes) else b"".join(one.line for one in content)
            (Path(f"{self.log}.{number}") if number else self.log).write_bytes(data)
        whole = [one for content in files if not isinstance(content, bytes) for one in content]
        self.entries = whole if entries is None else entries
        return self

    def read(self, query: str = "since=1", most: int = 0, before: str = "") -> bytes:
        """What a script gets."""
        self.daemon.asked.clear()
        done = subprocess.run(
            ["perl", "-e", f"{scripts.joined(*PARTS)}\n{before}\n{READ}", self.id, query, str(most)],
            capture_output=True, check=True, timeout=60,
        )  # fmt: skip
        assert done.stderr == b""
        return done.stdout

    @property
    def was_asked(self) -> bool:
        """Whether the daemon had to tell the log, the last time."""
        return any("/logs?" in asked for asked in self.daemon.asked)

    def read_both(self, query: str = "since=1") -> tuple[bytes, bytes]:
        """What the file gives, and what the daemon says."""
        direct = self.read(query)
        assert not self.was_asked
        driver, self.driver = self.driver, "local"
        self.announce()
        asked = self.read(query)
        assert self.was_asked
        self.driver = driver
        self.announce()
        return direct, asked


@pytest.fixture
def kept(daemon: Daemon, tmp_path: Path) -> Kept:
    return Kept(daemon, tmp_path)


TEXTS = (
    "plain\n", "\n", "no end", 'say "this"\n', "a\\nb\\\\n\\\n", "C:\\new\\table\\u0041\n", "ends with \\", '\\"\\\n', "<a href='x&y'>\n", "\t\x01\x1b[32mgreen\x1b[0m\r\n", "größer 日本 🦓\n",
    "a\u2028b\u2029c\n", b"\xff\xfe\xe6\x97 broken\n", '","stream":"stdout","time":"2026-11-26T12:00:00Z"}\n', '{"log":"x\\n","stream":"stdout","time":"2026-11-26T12:00:00Z"}\n', '{"path": "/a?b=c&d", "text": "\\"\\n\\""}\n', "x" * 16_384,
    "\x7f\x08\x0c/\n", "\ufffd\n",
)  # fmt: skip
QUERIES = ("since=1", "timestamps=1&since=1", f"since={NOON + 5}", f"timestamps=1&tail=3&since={NOON + 5}", "tail=2", "timestamps=1&tail=1", "")  # fmt: skip


@pytest.mark.hostile("services")
@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_what_was_written_is_read_as_the_daemon_tells_it(text: str | bytes, kept: Kept) -> None:
    attrs = (("tag", 'a"b\\'), ("x", "1"))
    kept.keep([at(0, text), at(1.5, text, stream="stderr"), at(9.25, text, attrs=attrs), at(9.250000001, text)])
    for query in QUERIES:
        direct, asked = kept.read_both(query)
        assert direct == asked
        assert direct.startswith(b"whole|")
    assert kept.read("tail=1").removeprefix(b"whole|") == kept.entries[-1].said.encode()


LETTERS = st.sampled_from(['"', "\\", "n", "u003c", "<", "\n", "\t", "\x1b", "é", "\u2028", "🦓", '","stream":"stdout"', "x", "{", "}\n{"])  # fmt: skip
WRITTEN = st.one_of(st.lists(LETTERS, min_size=1, max_size=9).map("".join), st.binary(min_size=1, max_size=9).filter(lambda text: b"\0" not in text))  # fmt: skip
ENTRIES = st.lists(
    st.builds(
        at, st.floats(-90_000, 90_000), WRITTEN, stream=st.sampled_from(["stdout", "stderr"]),
        attrs=st.dictionaries(st.text("ab\"\\=", max_size=2), st.text("a\"\\}", max_size=3), max_size=2).map(lambda found: tuple(found.items())),
    ),
    max_size=12,
)  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entries=ENTRIES, cuts=st.tuples(st.integers(0, 12), st.integers(0, 12)), since=st.integers(-90_000, 90_000), tail=st.integers(1, 14), timed=st.booleans())  # fmt: skip
def test_any_entries_are_read_as_the_daemon_tells_them(
    entries: list[Entry], cuts: tuple[int, int], since: int, tail: int, timed: bool, daemon: Daemon
) -> None:
    """In up to three files, most often in the order of their times."""
    if tail % 4:
        entries = sorted(entries, key=lambda one: one.at)
    first, second = sorted(cuts)
    with tempfile.TemporaryDirectory() as folder:
        kept = Kept(daemon, Path(folder)).keep(entries[:first], entries[first:second], entries[second:])
        stamps = "&timestamps=1" if timed else ""
        for query in (f"since=1{stamps}", f"tail={tail}{stamps}"):
            direct, asked = kept.read_both(query)
            assert direct == asked
        if tail % 4:
            direct, asked = kept.read_both(f"since={NOON + since}&tail={tail}{stamps}")
            assert direct == asked


MEASURED = """my ($was, $got) = (\\&docker_read, 0);
{ no warnings 'redefine'; *docker_read = sub { my $had = length $_[3]; my $done = &$was; $got += length($_[3]) - $had; $done } }
END { print "|$got" }"""
HOUR = [at(fifth / 5, f"{fifth} {'y' * 250}\n") for fifth in range(-18_000, 0)]
"""An hour before noon, in more than five megabytes."""


@pytest.mark.parametrize("query", [f"since={NOON - 60}", f"since={NOON - 60}&timestamps=1", "tail=500", f"since={NOON}"])  # fmt: skip
def test_of_a_long_log_its_end_is_read(query: str, kept: Kept) -> None:
    kept.keep(HOUR[:5_000], HOUR[5_000:])
    direct, asked = kept.read_both(query)
    assert direct == asked
    _, _, got = kept.read(query, before=MEASURED).rpartition(b"|")
    assert 0 < int(got) < sum(len(one.line) for one in HOUR) / 2


@pytest.mark.parametrize("steps", [(-7200, 0), (0, -7200), (-7200, 3600, -7200)], ids=["back", "forth", "both"])
def test_a_clock_that_was_set_loses_no_lines(steps: tuple[int, ...], kept: Kept) -> None:
    share = len(HOUR) // len(steps)
    entries = [
        Entry(one.at + step * 10**9, one.text)
        for part, step in enumerate(steps)
        for one in HOUR[part * share : (part + 1) * share]
    ]
    kept.keep(entries)
    for since in (NOON - 3000, NOON - 600, NOON - 7200 - 600):
        direct, asked = kept.read_both(f"since={since}")
        assert direct == asked


def test_two_streams_may_be_out_of_order(kept: Kept) -> None:
    kept.keep([at(9), at(10.1, "a\n"), at(9.9, "b\n"), at(10, "c\n"), at(9.999999999, "d\n"), at(11, "e\n")])
    assert kept.read(f"since={NOON + 10}") == b"whole|a\nc\ne\n"
    assert not kept.was_asked


def test_a_line_that_is_being_written_is_not_there_yet(kept: Kept) -> None:
    kept.keep(at(0, "a\n").line + at(1, "b\n").line[:-4])
    assert kept.read() == b"whole|a\n"
    assert kept.read("tail=1") == b"whole|a\n"
    kept.keep(at(1, "b\n").line[:9])
    assert kept.read() == b"whole|"
    assert not kept.was_asked


# Lines that are not understood

A, B, C = at(0, "a\n"), at(1, "b\n"), at(2, "c\n")
ODD = {
    "nothing": b"\n", "zeros": b"\0" * 4096 + b"\n", "half a line": B.line[:30] + b"\n", "half before": B.line[:12] + B.line, "zeros before": b"\0" * 99 + B.line, "no object": b"[]\n", "nested": b'{"log":{"log":"x"},"stream":"stdout","time":"2026-11-26T12:00:01Z"}\n',
    "another order": b'{"stream":"stdout","log":"b\\n","time":"2026-11-26T12:00:01Z"}\n', "another key": b'{"log":"b\\n","more":"1","stream":"stdout","time":"2026-11-26T12:00:01Z"}\n', "key behind": b'{"log":"b\\n","stream":"stdout","time":"2026-11-26T12:00:01Z","x":1}\n',
    "another stream": b'{"log":"b\\n","stream":"stdin","time":"2026-11-26T12:00:01Z"}\n', "no time": b'{"log":"b\\n","stream":"stdout"}\n', "another zone": b'{"log":"b\\n","stream":"stdout","time":"2026-11-26T13:00:01+01:00"}\n',
    "a quote": b'{"log":"b"b\\n","stream":"stdout","time":"2026-11-26T12:00:01Z"}\n', "an escape": b'{"log":"b\\x\\n","stream":"stdout","time":"2026-11-26T12:00:01Z"}\n', "half a pair": b'{"log":"b\\ud83e\\n","stream":"stdout","time":"2026-11-26T12:00:01Z"}\n',
    "bytes": b'{"log":"b\xe9\\n","stream":"stdout","time":"2026-11-26T12:00:01Z"}\n', "marker": b'{"log":"b\xff\\n","stream":"stdout","time":"2026-11-26T12:00:01Z"}\n', "attrs": b'{"log":"b\\n","stream":"stdout","attrs":{"a":1},"time":"2026-11-26T12:00:01Z"}\n',
    "a blank": b'{"log": "b\\n","stream":"stdout","time":"2026-11-26T12:00:01Z"}\n', "a control": b'{"log":"b\t\\n","stream":"stdout","time":"2026-11-26T12:00:01Z"}\n',
}  # fmt: skip
FILL = [at(-9000 + number, f"{number} {'z' * 900}\n") for number in range(1200)]
"""More than is read at once."""


@pytest.mark.hostile("services")
@pytest.mark.parametrize("odd", ODD.values(), ids=ODD.keys())
@pytest.mark.parametrize("query", ["since=1", "since=1&timestamps=1"])
@pytest.mark.parametrize("before", [(), FILL], ids=["first", "later"])
def test_of_what_is_not_understood_the_daemon_tells(odd: bytes, query: str, before: list[Entry], kept: Kept) -> None:
    """Each line once, also where some were handed on already."""
    kept.keep(b"".join(one.line for one in [*before, A]) + odd + C.line, entries=[*before, A, B, C])
    direct = kept.read(query)
    assert kept.was_asked
    stamps = "timestamps" in query
    lines = [(f"{one.stamp}Z " if stamps else "") + one.said for one in [*before, A, B, C]]
    assert direct == b"whole|" + "".join(lines).encode()


@pytest.mark.hostile("services")
@pytest.mark.parametrize(("answer", "state"), [
    ([*FILL[:300], A, *FILL[300:]], b"unreadable"), ([at(0, "else\n"), *FILL, A, C], b"unreadable"), (FILL[:5], b"unreadable"), ([], b"unreadable"), (FILL[1:], b"unreadable"), ([*FILL, A], b"whole"), (FILL, b"whole"),
])  # fmt: skip
def test_who_tells_it_otherwise_tells_nothing(answer: list[Entry], state: bytes, kept: Kept) -> None:
    """What was handed on cannot be taken back: both have to say the same of it."""
    first = b"".join(one.line for one in FILL)
    kept.keep(first[: first.rindex(b'{"log"', 0, 600_000)] + b"\0\n" + C.line, entries=answer)
    assert kept.read().split(b"|")[0] == state
    assert kept.was_asked


def test_an_entry_without_end_is_no_entry(kept: Kept) -> None:
    """Lines have to end somewhere, and Docker's do."""
    kept.keep(A.line + b'{"log":"' + b"x" * 9_000_000 + b"\n", entries=[A])
    assert kept.read() == b"whole|a\n"
    assert kept.was_asked
    kept.keep(A.line + b'{"log":"' + b"x" * 9_000_000, entries=[A])
    assert kept.read() == b"whole|a\n"
    assert kept.was_asked


# Files that are not this container's log

FIFO, LINK, NAMED, ELSEWHERE, GONE, FOLDER = "fifo", "link", "named", "elsewhere", "gone", "folder"


@pytest.mark.hostile("services")
@pytest.mark.parametrize("what", [FIFO, LINK, NAMED, ELSEWHERE, GONE, FOLDER])
def test_what_is_not_its_log_is_not_opened(what: str, kept: Kept, tmp_path: Path) -> None:
    kept.keep([B], entries=[A])
    other = "f" * 64
    if what in (FIFO, LINK, GONE, FOLDER):
        kept.log.unlink()
    if what == FIFO:
        os.mkfifo(kept.log)
    elif what == FOLDER:
        kept.log.mkdir()
    elif what == LINK:
        (tmp_path / "else").write_bytes(B.line)
        kept.log.symlink_to(tmp_path / "else")
    elif what == NAMED:
        kept.path = f"{kept.log.parent}/../{kept.log.parent.name}/x-json.log"
        Path(kept.path).write_bytes(B.line)
    elif what == ELSEWHERE:
        kept.path = f"{tmp_path}/{other}/{other}-json.log"
        Path(kept.path).parent.mkdir()
        Path(kept.path).write_bytes(B.line)
    kept.announce()
    assert kept.read() == b"whole|a\n"
    assert kept.was_asked


@pytest.mark.parametrize(("driver", "options"), [
    ("local", {}), ("", {}), ("journald", {}), ("json-file", {"max-file": "x"}), ("json-file", {"max-file": "0"}), ("json-file", {"max-file": "2000"}),
])  # fmt: skip
def test_other_drivers_are_asked(driver: str, options: dict[str, str], kept: Kept) -> None:
    kept.driver, kept.options = driver, options
    kept.keep([B], entries=[A]).announce()
    assert kept.read() == b"whole|a\n"
    assert kept.was_asked


@pytest.mark.parametrize("query", ["since=1&until=9", "follow=1", "tail=all", "since=1.5", "tail=0"])
def test_other_questions_are_asked(query: str, kept: Kept, daemon: Daemon) -> None:
    kept.keep([B], entries=[A])
    kept.told = frame("a\n")
    daemon.answers[f"/containers/{kept.id}/logs"] = told(frame("a\n"))
    assert kept.read(query) == b"whole|a\n"
    assert kept.was_asked


def test_a_daemon_that_is_reached_by_its_client_is_asked(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be on another machine, by a tunnel or a context."""
    kept.keep([B], entries=[A])
    relay = tmp_path / "docker"
    relay.write_text(
        "#!/usr/bin/perl\nuse IO::Socket::UNIX; my $line = IO::Socket::UNIX->new($ENV{PLACE}); sysread STDIN, my $asked, 65536; syswrite $line, $asked;\n"
        "while (sysread $line, my $text, 65536) { syswrite STDOUT, $text }\n"
    )
    relay.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("PLACE", os.environ["ZEBU_DOCKER_SOCKET"])
    monkeypatch.setenv("ZEBU_DOCKER_SOCKET", str(tmp_path / "gone.sock"))
    assert kept.read() == b"whole|a\n"
    assert kept.was_asked


# Files that are rotated


def test_files_are_read_the_oldest_first_as_many_as_docker_keeps(kept: Kept) -> None:
    kept.keep([at(-9, "gone\n")], [A], [B], [C], entries=[A, B, C])
    direct, asked = kept.read_both()
    assert direct == asked == b"whole|a\nb\nc\n"
    kept.options = {}
    kept.announce()
    assert kept.read() == b"whole|c\n"
    kept.options = None
    kept.announce()
    assert kept.read() == b"whole|c\n"
    assert not kept.was_asked


@pytest.mark.parametrize("missing", [1, 2])
def test_a_file_that_is_not_there_is_none(missing: int, kept: Kept) -> None:
    kept.keep([A], [B], [C])
    Path(f"{kept.log}.{missing}").unlink()
    assert kept.read() == (b"whole|a\nc\n" if missing == 1 else b"whole|b\nc\n")
    assert not kept.was_asked


def test_a_file_that_begins_anew_is_empty_for_a_moment(kept: Kept) -> None:
    kept.keep([A], [B], [])
    for query in QUERIES[:4]:
        direct, asked = kept.read_both(query)
        assert direct == asked


def compressed(entries: Sequence[Entry], last: str | None) -> bytes:
    """As Docker compresses a file: with the last entry's time in front."""
    extra = b"" if last is None else json.dumps({"lastTime": last}, separators=(",", ":")).encode()
    data = gzip.compress(b"".join(one.line for one in entries))
    if last is None:
        return data
    return data[:3] + b"\x04" + data[4:10] + struct.pack("<H", len(extra)) + extra + data[10:]


@pytest.mark.hostile("services")
@pytest.mark.parametrize(("last", "since", "is_asked"), [
    (A.stamp + "Z", NOON + 1, False), (A.stamp + "Z", NOON, True), (None, NOON + 1, True), ("0001-01-01T00:00:00Z", NOON + 1, True), (A.stamp + "Z", None, True), ("2026-11-26T12:00:00+00:00", NOON + 1, True), ("x" * 70_000, NOON + 1, True),
])  # fmt: skip
def test_what_is_compressed_counts_where_it_may_be_of_that_time(
    last: str | None, since: int | None, is_asked: bool, kept: Kept
) -> None:
    kept.keep([B], [C], entries=[A, B, C])
    if last is not None and len(last) > 65_000:
        Path(f"{kept.log}.2.gz").write_bytes(b"\x1f\x8b\x08\x04" + b"\0" * 6 + b"\xff\xff" + last.encode())
    else:
        Path(f"{kept.log}.2.gz").write_bytes(compressed([A], last))
    expected = b"".join(one.text for one in [A, B, C] if one.at >= (since or 0) * 10**9)
    assert kept.read(f"since={since}" if since else "timestamps=1").endswith(expected if since else b"c\n")
    assert kept.was_asked is is_asked


ROTATING = """my ($opened, $times) = (\\&docker_open, %d);
{ no warnings 'redefine'; *docker_open = sub {
  my @found = $opened->(@_);
  if ($_[0] =~ /%s\\z/ && $times-- > 0) { (my $log = $_[0]) =~ s/\\.[0-9]+\\z//; rename "$log.1", "$log.2"; rename $log, "$log.1"; open my $new, '>', $log; print $new %s }
  return @found } }"""


@pytest.mark.parametrize("moment", ["json[.]log", "[.]1", "[.]2"])
@pytest.mark.parametrize("times", [1, 9])
def test_a_rotation_loses_and_doubles_nothing(moment: str, times: int, kept: Kept) -> None:
    """Where files have moved while they were opened, they are opened once more; where that goes on, the daemon knows."""
    kept.keep([A], [B], entries=[B, C])
    before = ROTATING % (times, moment, "'" + C.line.decode().replace("\\", "\\\\").replace("\n", "'.\"\\n\".'") + "'")
    assert kept.read(before=before) == (b"whole|a\nb\nc\n" if times == 1 else b"whole|b\nc\n")
    assert kept.was_asked is (times > 1)


def test_a_file_that_is_emptied_meanwhile_is_not_whole(kept: Kept) -> None:
    kept.keep(FILL, entries=[])
    emptied = f"my $left = 1; sub touched {{ truncate '{kept.log}', 0 if $left-- > 0 }}"
    assert kept.read(before=emptied).startswith(b"unreadable|0 zzz")
    assert kept.was_asked


# Who wants no more


def test_who_wants_no_more_gets_no_more(kept: Kept) -> None:
    kept.keep(HOUR)
    text = kept.read(most=1000)
    assert text.startswith(b"cut|-18000 yyy")
    assert len(text) < 1_000_000
    assert not kept.was_asked


def test_it_ends_in_time(kept: Kept) -> None:
    kept.keep(HOUR)
    late = "sub touched { our $late = 1000 }"
    clock = "BEGIN { our $late = 0; *CORE::GLOBAL::time = sub () { our $late; CORE::time() + $late } }\n"
    kept.daemon.asked.clear()
    done = subprocess.run(
        ["perl", "-e", f"{clock}{scripts.joined(*PARTS)}\n{late}\n{READ}", kept.id, "since=1"],
        capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.startswith(b"cut|-18000 yyy")
    assert len(done.stdout) < 1_000_000
    assert not kept.was_asked


def test_lines_are_whole_from_files_too(kept: Kept) -> None:
    kept.keep([at(0, "x" * 16_384), at(0, "y" * 16_384), at(0, "z\n"), at(1, "b\n")])
    lines = READ.replace("docker_logs", "docker_lines").replace("$text .= $_[0]", '$text .= "[$_[0]]"')
    done = subprocess.run(
        ["perl", "-e", f"{scripts.joined(*PARTS)}\n{lines}", kept.id, "since=1"],
        capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    assert done.stdout == b"whole|[" + b"x" * 16_384 + b"y" * 16_384 + b"z\nb\n]"


PROBES = {probe.name: probe for fact in ALL.values() for probe in fact.probes}
LOGGED = (
    "2026-11-26 12:00:00 [info     ] Request completed  [zebu.main] method=GET path=/api/v1/portfolios status_code=200\n", 'INFO:     10.1.2.3:50244 - "GET /api/v1/portfolios HTTP/1.1" 500 Internal Server Error\n',
    "ERROR QueuePool limit of size 5 overflow 10 reached\n", "password=hunter2hunter\n", "2026-11-26 12:00:00,000 INFO sqlalchemy.engine.Engine SELECT 1\n", "sent \x1b[31mCANARY-1\x1b[0m <to> nobody\n",
)  # fmt: skip
TOLD = {
    "leaks": ["@log container:web whole", "@leak container:web 1 API_KEY", "@leak container:web 1 shape:password"], "logs": ["@errors web 1h 1", "@errors web 168h 1", "@statements web 1"],
    "signed-in": ["@answered 1 ", "@broken 1 ", "@cut no", "@status 0"], "backend.pool": ["1"], "callers": ["@from web 10.1.2.3 1"],
}  # fmt: skip


@pytest.mark.parametrize("name", TOLD)
def test_what_reads_logs_says_the_same_of_files(name: str, kept: Kept) -> None:
    now = time.time_ns()
    kept.given = {
        "NetworkSettings": {"Networks": {}, "Ports": {"8000/tcp": [{"HostPort": "8000"}]}},
        "State": {"Pid": 0, "StartedAt": f"{Entry(now - 3600 * 10**9, b'').stamp}Z"},
    }
    kept.keep([Entry(now - 60 * 10**9 + number, text.encode()) for number, text in enumerate(LOGGED)])
    said = []
    for kept.driver in ("json-file", "local"):
        kept.announce()
        kept.daemon.asked.clear()
        done = subprocess.run(
            ["perl", "-e", PROBES[name].text], input="API_KEY CANARY-1\n", capture_output=True, text=True, check=True, timeout=60,
            env={**os.environ, "ZEBU_PROJECT": "zebu", "ZEBU_APP_DIR": "/nonexistent", "ZEBU_BACKEND_CONTAINER": kept.id, "ZEBU_PROTECTED": "/api/v1/portfolios"},
        )  # fmt: skip
        assert kept.was_asked is (kept.driver == "local")
        said.append([line for line in done.stdout.splitlines() if name != "leaks" or "container:" in line])
    assert said[0] == said[1]
    for line in TOLD[name]:
        assert any(told.startswith(line) for told in said[0])
