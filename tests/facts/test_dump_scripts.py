"""What is told of dumps, from dumps that pg_dump of several versions made of one small database."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import shutil
import subprocess
import tarfile
import time
import zipfile
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path

import pytest

from pytest_zebu.facts import backups, dumps, scripts
from pytest_zebu.facts.dumps import Listing, family
from pytest_zebu.facts.trials import PLAN_PROBE, parse_plan, restore_probe
from pytest_zebu.settings.target import Target
from tests.facts.answers import AT, read

FOLDER = Path(str(resources.files(scripts)))
MADE = Path(__file__).parent / "dumps"
PLAIN = (MADE / "15.plain").read_bytes()
CUSTOM = (MADE / "15.custom").read_bytes()
TAR = gzip.decompress((MADE / "15.tar.gz").read_bytes())
TABLES = {"public.alembic_version", 'public.Odd "Name', "public.portfolios", "public.empty_one"}
DOCKER = """#!/bin/sh
# The database's container: psql tells what it has; pg_restore is what the test says.
case "$*" in
  inspect*) echo sha256:1 ;;
  image*) printf '@entrypoint ["e"]\\n@command null\\n' ;;
  *psql*) cat "$LIVE" ;;
  *pg_restore*) cat > /dev/null; cat "$RESTORED"; exit "$(cat "$STATUS")" ;;
esac
"""


class Machine:
    """A folder of dumps, and a Docker that answers as it is told."""

    def __init__(self, path: Path) -> None:
        self.folder = path / "dumps"
        self.tools = path / "tools"
        self.said = {name: path / name for name in ("LIVE", "RESTORED", "STATUS")}
        for folder in (self.folder, self.tools):
            folder.mkdir()
        self.has("")
        self.restores(b"")
        self.tool("docker", DOCKER)

    def tool(self, name: str, script: str) -> None:
        """Have a program."""
        (self.tools / name).write_text(script)
        (self.tools / name).chmod(0o755)

    def has(self, live: str) -> None:
        """Have this in the database, as psql says it."""
        self.said["LIVE"].write_text(live)

    def restores(self, text: bytes, status: int = 0) -> None:
        """Have pg_restore make this of what it reads."""
        self.said["RESTORED"].write_bytes(text)
        self.said["STATUS"].write_text(str(status))

    def keep(self, name: str, content: bytes, age: float = 3600) -> Path:
        """Have a file."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        os.utime(file, (time.time() - age,) * 2)
        return file

    def environment(self, path: str = "") -> dict[str, str]:
        """What a probe is told."""
        return {
            "PATH": f"{self.tools}:{path or os.environ['PATH']}",
            "LC_ALL": "C",
            "ZEBU_DB_CONTAINER": "db",
            "ZEBU_DB_ADMIN": "admin",
            "ZEBU_DB_NAME": "tiny",
            "ZEBU_SET_BACKUP_FOLDER": str(self.folder),
            **{name: str(file) for name, file in self.said.items()},
        }

    def ask(self, *parts: str, path: str = "", **told: str) -> str:
        """Run a probe."""
        return self.run(scripts.joined(*parts), path, **told)

    def sh(self, script: str, told: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Run a probe of the shell's."""
        environment = {**self.environment(), **told}
        return subprocess.run(
            ["/bin/sh", "-c", script], env=environment, capture_output=True, text=True, check=False, timeout=600
        )

    def run(self, script: str, path: str = "", **told: str) -> str:
        """Run a probe's text."""
        environment = {**self.environment(path), **told}
        perl = shutil.which("perl") or "perl"
        done = subprocess.run([perl, "-e", script], env=environment, capture_output=True, text=True, check=True)
        assert done.stderr == ""
        return done.stdout

    def listing(self, **told: str) -> str:
        """What the newest dumps have in them."""
        return self.ask(*dumps.PROBE.uses, dumps.PROBE.file, **told)

    def backups(self, **told: str) -> str:
        """What is there."""
        return self.ask(*backups.PROBE.uses, backups.PROBE.file, **told)

    def planned(self) -> str:
        """What a drill would restore."""
        return parse_plan(self.ask(*PLAN_PROBE.uses, PLAN_PROBE.file)).dump

    def newest(self, **told: str) -> Listing:
        """The newest dump of the database."""
        found = dumps.chosen(dumps.parse_all(self.listing(**told)))
        assert found is not None
        return found


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


LIVE = "".join(f"table\t{table}\t3\t1\n" for table in sorted(TABLES - {"public.empty_one"})) + (
    "table\tpublic.empty_one\t0\t0\ndatabase\ttiny\ncluster\t77\nrevision\td001\n"
)
KINDS: dict[str, tuple[bytes, str, tuple[str, ...]]] = {
    "plain": (PLAIN, "plain", ()),
    "plain in gzip": (gzip.compress(PLAIN, mtime=0), "plain", ("gzip",)),
    "plain in bzip2": (bz2.compress(PLAIN), "plain", ("bzip2",)),
    "plain in xz": (lzma.compress(PLAIN), "plain", ("xz",)),
    "plain in gzip, twice": (gzip.compress(gzip.compress(PLAIN), mtime=0), "plain", ("gzip", "gzip")),
    "plain, with what a shell of Windows makes of it": (PLAIN.replace(b"dump\n", b"dump\r\n"), "plain", ()),
    "plain, through a terminal": (PLAIN.replace(b"\n", b"\r\n"), "plain", ()),
    "plain, through a terminal, in gzip": (gzip.compress(PLAIN.replace(b"\n", b"\r\n"), mtime=0), "plain", ("gzip",)),
    "custom of 13": ((MADE / "13.custom").read_bytes(), "custom", ()),
    "custom of 15": (CUSTOM, "custom", ()),
    "custom of 17": ((MADE / "17.custom").read_bytes(), "custom", ()),
    "custom in gzip": (gzip.compress(CUSTOM, mtime=0), "custom", ("gzip",)),
    "tar": (TAR, "tar", ()),
    "tar in xz": (lzma.compress(TAR), "tar", ("xz",)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_dump_is_told_by_its_bytes(kind: str, machine: Machine) -> None:
    content, format_, layers = KINDS[kind]
    machine.has(LIVE)
    machine.keep("a file of any name", content)
    found = machine.newest()
    assert (found.contents.kind, found.contents.layers, found.contents.end) == (format_, layers, "reached")
    assert found.section is not None
    assert found.section.rows.keys() == TABLES
    assert (found.why_none, found.why_broken, found.doubts) == ("", "", "")
    assert found.contents.database == ("tiny" if format_ != "plain" else "")


def test_few_rows_are_counted_where_statistics_know_nothing(machine: Machine) -> None:
    """As after a crash, an upgrade or a restore; of many, what the server thinks counts, if it is more."""
    rows = {
        "public.a": (0, 7),
        "public.b": (90, 3),
        "public.c": (5000, 1001),
        "public.d": (0, 1001),
        "public.e": (4, 0),
    }
    machine.has("".join(f"table\t{name}\t{about}\t{counted}\n" for name, (about, counted) in rows.items()))
    said = [line for line in machine.listing().splitlines() if line.startswith("@live")]
    assert said == [
        "@live table 7 rows public.a", "@live table 3 rows public.b", "@live table 5000 rows public.c",
        "@live table 1001 rows public.d", "@live table 0 empty public.e",
    ]  # fmt: skip


@pytest.mark.parametrize("name", [b"t\0ny", b"t\x1bny", b"t\x7fny", b"t\xffny", b"t\xc3ny"])
@pytest.mark.parametrize("content", [CUSTOM, TAR], ids=["custom", "tar"])
def test_bytes_that_no_name_has_are_not_understood(content: bytes, name: bytes, machine: Machine) -> None:
    machine.has(LIVE)
    machine.restores(PLAIN)
    machine.keep("zebu.dump", content.replace(b"tiny", name, 1))
    found = machine.newest()
    assert (found.contents.database, found.contents.end) == (f"t%{name[1]:02X}ny", "unread")
    assert (found.why_none, found.why_broken) == ("", "")
    assert found.doubts.startswith("has bytes where its database's name was")


def test_names_of_all_languages_are_told_as_they_are(machine: Machine) -> None:
    machine.has(LIVE)
    names = ["zebu-é.sql", "zebu-日本.sql", "zebu-🦓.sql", "zebu-50%.sql"]
    for age, name in enumerate([*names, os.fsdecode(b"zebu-\xe9.sql")]):
        machine.keep(name, b"", age=1000 + age)
    told = [line.split(" ", 3)[3] for line in machine.listing().splitlines() if line.startswith("@dump ")]
    assert told == [*names[:3], "zebu-50%25.sql", "zebu-%E9.sql"]


def test_a_folder_is_a_dump(machine: Machine) -> None:
    machine.has(LIVE)
    shutil.copytree(MADE / "15.directory", machine.folder / "zebu-1")
    found = machine.newest()
    assert (found.contents.name, found.contents.kind, found.contents.end) == ("zebu-1", "directory", "reached")
    assert found.section is not None
    assert found.section.rows["public.portfolios"] == 3
    assert found.section.rows["public.empty_one"] == 0
    next((machine.folder / "zebu-1").glob("*.dat.gz")).unlink()
    assert machine.newest().why_broken == "cannot be read to its end: it was cut short"


def test_rows_of_text_are_counted(machine: Machine) -> None:
    machine.keep("zebu.sql", PLAIN)
    section = machine.newest().section
    assert section is not None
    assert section.rows == {**dict.fromkeys(TABLES, 1), "public.portfolios": 3, "public.empty_one": 0}
    assert section.defined == TABLES
    assert section.revision == "d001"


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize("content", [PLAIN, CUSTOM, TAR], ids=["plain", "custom", "tar"])
def test_what_breaks_off_is_seen(content: bytes, pack: Callable[[bytes], bytes], machine: Machine) -> None:
    packed = pack(content)
    machine.keep("zebu.dump", packed[: len(packed) * 6 // 10] if len(content) < 10_000 else packed[: len(packed) // 2])
    found = machine.newest()
    assert found.why_none + found.why_broken == "cannot be read to its end: it was cut short"


def test_an_archive_whose_data_cannot_be_read_is_none(machine: Machine) -> None:
    machine.keep("zebu.dump", CUSTOM)
    machine.tool(
        "docker", "#!/bin/sh\ncat > /dev/null\necho 'pg_restore: error: could not uncompress data' >&2\nexit 1\n"
    )
    assert machine.newest().why_broken == "cannot be read by pg_restore: pg_restore: error: could not uncompress data"


@pytest.mark.parametrize(
    "complaint",
    [
        "pg_restore: error: unsupported version (1.16) in file header",
        "pg_restore: error: this build does not support compression with zstd",
        "Error response from daemon: container 12 is not running",
        "",
    ],
)
def test_what_pg_restore_cannot_tell_is_unknown(complaint: str, machine: Machine) -> None:
    machine.keep("zebu.dump", CUSTOM)
    machine.tool("docker", f"#!/bin/sh\ncat > /dev/null\necho '{complaint}' >&2\nexit 1\n")
    found = machine.newest()
    assert (found.why_none, found.why_broken) == ("", "")
    assert found.doubts.startswith("was not read by the database's pg_restore")


def test_an_archive_of_a_version_to_come_is_what_pg_restore_says(machine: Machine) -> None:
    later = bytearray(CUSTOM)
    later[6] = 99
    machine.keep("zebu.dump", bytes(later))
    machine.has(LIVE)
    machine.restores(PLAIN)
    found = machine.newest()
    assert (found.why_none, found.why_broken, found.doubts) == ("", "", "")
    machine.restores(b"", status=1)
    assert machine.newest().doubts.startswith("was not read to its end")


ENCRYPTED = {
    "age": b"age-encryption.org/v1\n-> X25519 abc\n" + bytes(range(256)),
    "gpg": b"\x8c\x0d\x04\x09\x03\x02" + bytes(range(256)),
    "openssl": b"Salted__" + bytes(range(256)),
    "ansible-vault": b"$ANSIBLE_VAULT;1.1;AES256\n61626364\n",
}


@pytest.mark.parametrize("by", ENCRYPTED)
def test_what_is_encrypted_is_unknown(by: str, machine: Machine) -> None:
    machine.keep("zebu.dump", gzip.compress(ENCRYPTED[by], mtime=0))
    found = machine.newest()
    assert (found.contents.sealed, found.why_none, found.why_broken) == (by, "", "")
    assert found.doubts.startswith(f"is encrypted ({by})")


@pytest.mark.parametrize("head", [
    b"\x85\x02\x0c\x03" + bytes(range(200)),  # to a key, as of old
    b"\xc1\xc1\x4e\x03" + bytes(range(200)),  # to a key, as of now
    b"\xc3\x0d\x04\x09\x03\x08" + bytes(range(200)),  # by a passphrase
    b"-----BEGIN PGP MESSAGE-----\n\nabc\n",
])  # fmt: skip
def test_gpg_has_many_beginnings(head: bytes, machine: Machine) -> None:
    machine.keep("zebu.dump", head)
    assert machine.newest().contents.sealed == "gpg"


def zipped(path: Path) -> bytes:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("zebu.sql", PLAIN)
    return path.read_bytes()


def test_what_is_not_looked_into_is_unknown(machine: Machine, tmp_path: Path) -> None:
    machine.keep("zebu.zip", zipped(tmp_path / "a.zip"))
    found = machine.newest()
    assert (found.contents.kind, found.why_none, found.why_broken) == ("zip", "", "")
    machine.keep("zebu.backup", bytes(range(7, 256)) * 9, age=1)
    assert machine.newest().doubts == "is of a format that is not known"


def test_a_program_that_is_missing_is_told(machine: Machine) -> None:
    for tool in ("timeout", "gzip"):
        (machine.tools / tool).symlink_to(shutil.which(tool) or tool)
    machine.keep("zebu.sql.zst", b"\x28\xb5\x2f\xfd" + bytes(100))
    found = machine.newest(path="/nonexistent")
    assert (found.contents.lacking, found.why_none, found.why_broken) == ("zstd", "", "")


@pytest.mark.parametrize(("content", "why"), [
    (b"", "is empty"),
    (gzip.compress(b"", mtime=0), "is empty"),
    (bytes(5000), "has nothing but zeros in it"),
    (b"<!DOCTYPE html><title>502</title>", "is a web page, and no dump"),
    (gzip.compress(b"pg_dump: error: connection to server failed\n", mtime=0), "is what a program complained of, and no dump"),
    (b"-- MariaDB dump 10.19\n", "is a dump of MySQL"),
    (b"nothing to see\n", "is text, and no dump"),
    (b"--\n-- PostgreSQL database dump\n--\nCREATE TABLE public.t (a int);\n--\n-- PostgreSQL database dump complete\n--\n", "has no table's data"),
    (b"--\n-- PostgreSQL database cluster dump\n--\nCREATE ROLE a;\n--\n-- PostgreSQL database cluster dump complete\n--\n", "has no database in it, but what belongs to the server"),
    (b"--\n-- PostgreSQL database dump\n--\nCOPY public.x (a) FROM stdin;\n1\n\\.\n--\n-- PostgreSQL database dump complete\n--\n", "has none of this database's tables"),
])  # fmt: skip
def test_what_is_no_backup_is_told(content: bytes, why: str, machine: Machine) -> None:
    machine.has(LIVE)
    machine.keep("zebu.sql", content)
    assert machine.newest().why_none == why


def test_what_lies_beside_dumps_is_passed_over(machine: Machine) -> None:
    machine.has(LIVE)
    machine.keep("zebu-20261126.sql", PLAIN, age=9)
    machine.keep("zebu-20261126.sql.sha256", b"%064d  zebu-20261126.sql\n" % 7, age=8)
    machine.keep(
        "roles-20261126.sql",
        b"--\n-- PostgreSQL database cluster dump\n--\nCREATE ROLE a;\n--\n-- PostgreSQL database cluster dump complete\n--\n",
        age=7,
    )
    machine.keep("wiki-20261126.sql", PLAIN.replace(b"portfolios", b"pages").replace(b"alembic_version", b"other")
                 .replace(b"Odd", b"Even"), age=6)  # fmt: skip
    found = machine.newest()
    assert found.contents.name == "zebu-20261126.sql"
    assert found.passed_over == ("wiki-20261126.sql", "roles-20261126.sql", "zebu-20261126.sql.sha256")


def tarball() -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        head = tarfile.TarInfo("uploads/a.png")
        head.size = 9
        tar.addfile(head, io.BytesIO(b"123456789"))
    return packed.getvalue()


UPLOADS = {
    "tar": tarball(), "zip": b"PK\x03\x04" + bytes(range(99)), "7z": b"7z\xbc\xaf\x27\x1c" + bytes(99), "rar": b"Rar!" + bytes(99),
    "sql": b"SET a = 1;\nINSERT INTO wiki VALUES (1);\n", "binary": bytes(range(7, 256)) * 9,
}  # fmt: skip


@pytest.mark.parametrize("kind", UPLOADS)
def test_what_is_not_looked_into_may_lie_beside_a_dump(kind: str, machine: Machine) -> None:
    machine.has(LIVE)
    machine.keep("zebu-20261126.dump", CUSTOM, age=900)
    machine.keep("zebu-20261125.dump", CUSTOM, age=87_300)
    machine.keep("uploads-20261126.tar.gz", UPLOADS[kind], age=100)
    machine.keep("uploads-20261125.tar.gz", UPLOADS[kind], age=86_500)
    found = machine.newest()
    assert (found.contents.name, found.passed_over) == ("zebu-20261126.dump", ("uploads-20261126.tar.gz",))
    assert machine.planned() == "zebu-20261126.dump"


@pytest.mark.parametrize(("name", "dump", "hours", "beside"), [
    ("uploads-26.tar.gz", "zebu-26.sql.gz", 1, True), ("files/26.tar", "db/26.sql", 1, True), ("zebu-26.tar.gz", "zebu-26.sql.gz", 1, True), ("zebu-2026.11.26.7z", "zebu-2026.11.26.sql", 1, True), ("uploads.zip", "zebu.sql", 20, True),
    # It may be what is made since instead of the dump
    ("zebu-26.zip", "zebu-25.sql", 24, False), ("26.zip", "25.sql", 24, False), ("uploads-26.tar.gz", "zebu-24.sql", 48, False), ("zebu-26.zip", "zebu-25.zip", 24, False),
])  # fmt: skip
def test_which_dump_lies_beside_it(name: str, dump: str, hours: int, *, beside: bool, machine: Machine) -> None:
    machine.has(LIVE)
    machine.keep(name, UPLOADS["tar"], age=1000)
    machine.keep(dump, PLAIN, age=1000 + hours * 3600)
    assert machine.newest().contents.name == machine.planned() == (dump if beside else name)
    assert machine.listing().count("@dump ") == 1 + beside


@pytest.mark.parametrize("content", [
    PLAIN.replace(b"portfolios", b"pages").replace(b"alembic_version", b"other").replace(b"Odd", b"Even"), b"", b"age-encryption.org/v1\n-> X25519 abc\n", UPLOADS["zip"], b"words\n",
], ids=["of another database", "empty", "encrypted", "zip", "text"])  # fmt: skip
def test_without_a_dump_beside_it_nobody_knows(content: bytes, machine: Machine) -> None:
    machine.has(LIVE)
    machine.keep("uploads-26.tar.gz", UPLOADS["tar"], age=100)
    machine.keep("wiki-26", content, age=200)
    found = machine.newest()
    assert (found.contents.name, found.contents.kind, found.passed_over) == ("uploads-26.tar.gz", "tarball", ())
    assert machine.planned() == "uploads-26.tar.gz"


def test_without_the_database_no_dump_is_its_own(machine: Machine) -> None:
    machine.keep("uploads-26.tar.gz", UPLOADS["tar"], age=100)
    machine.keep("zebu-26.sql", PLAIN, age=200)
    assert machine.newest().contents.name == machine.planned() == "uploads-26.tar.gz"


def test_structure_may_lie_beside_the_data(machine: Machine) -> None:
    machine.has(LIVE)
    machine.keep("data-1.sql", PLAIN, age=9)
    machine.keep("schema-1.sql", b"--\n-- PostgreSQL database dump\n--\nCREATE TABLE public.portfolios (a int);\n"
                 b"--\n-- PostgreSQL database dump complete\n--\n", age=8)  # fmt: skip
    machine.keep("last-run", b"", age=7)
    found = machine.newest()
    assert (found.contents.name, found.passed_over) == ("data-1.sql", ("last-run", "schema-1.sql"))
    assert machine.planned() == "data-1.sql"
    # What is called like a dump, and is none, is the newest dump nevertheless.
    machine.keep("data-2.sql", b"", age=6)
    assert machine.newest().why_none == "is empty"
    assert machine.planned() == "data-2.sql"


@pytest.mark.parametrize("name", [
    "zebu-20261126T0200Z.sql", "zebu_2026-11-26_Thursday.sql", "Nov/zebu_sat.dump", "0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f", "monitor/sunrise-may.sql",
])  # fmt: skip
def test_families_are_the_same_there_and_here(name: str) -> None:
    program = scripts.joined("quiet.pl", "dumps.pl", "dump-contents.pl", "dump-kinds.pl") + "\nprint family($ARGV[0]);"
    done = subprocess.run(["perl", "-e", program, name], capture_output=True, text=True, check=True)
    assert done.stdout == family(name)


def test_of_several_databases_the_right_one_counts(machine: Machine) -> None:
    start, end = (b"--\n-- PostgreSQL database cluster dump%b\n--\n" % word for word in (b"", b" complete"))
    other = b"\\connect tiny2\n" + PLAIN.replace(b"portfolios", b"pages")
    machine.has(LIVE)
    machine.keep("all.sql", start + other + b"\\connect -reuse-previous=on \"dbname='tiny'\"\n" + PLAIN + end)
    found = machine.newest()
    assert sorted(found.contents.sections) == ["tiny", "tiny2"]
    assert (found.why_none, found.why_broken) == ("", "")
    machine.keep("all.sql", start + other + end, age=1)
    assert machine.newest().why_none == "is of tiny2, and not of tiny"


def test_a_dump_that_is_being_written_is_none_yet(machine: Machine) -> None:
    machine.keep("a.sql", PLAIN)
    with (machine.folder / "b.sql").open("wb") as file:
        file.write(PLAIN[:100])
        file.flush()
        assert machine.newest().contents.name == "a.sql"
        states = {line.split(" ")[5]: line.split(" ")[4] for line in machine.backups().splitlines() if "@file" in line}
    assert states == {"a.sql": "-", "b.sql": "w"}


def test_names_and_links_of_any_kind(machine: Machine, tmp_path: Path) -> None:
    daily = machine.keep("daily/zebu 1%\n.sql", b"12", age=100)
    (machine.folder / "latest").symlink_to(daily)
    (machine.folder / "weekly").mkdir()
    os.link(daily, machine.folder / "weekly/zebu.sql")
    outside = tmp_path / "outside.sql"
    outside.write_bytes(b"123")
    os.utime(outside, (1, 1))
    (machine.folder / "far.sql").symlink_to(outside)
    (machine.folder / ".hidden").mkdir()
    machine.keep(".hidden/zebu.sql", b"1")
    listed = [line.split(" ", 5)[1::4] for line in machine.backups().splitlines() if line.startswith("@file")]
    assert listed == [["2", "weekly/zebu.sql"], ["3", "far.sql"]] or listed == [
        ["2", "daily/zebu 1%25%0A.sql"],
        ["3", "far.sql"],
    ]


def test_of_too_many_the_newest_and_the_oldest_are_told(machine: Machine) -> None:
    name = "zebu-{:05}-" + "x" * 150
    for number in range(1000):
        machine.keep(name.format(number), b"1", age=10_000 - number)
    told = machine.backups()
    assert len(told) < 150_000
    assert name.format(999) in told
    assert name.format(0) in told
    assert "@cut " in told


REPOSITORIES: dict[str, dict[str, str]] = {
    "pgbackrest": {
        "backup/main/backup.info": '[backrest]\n\n[backup:current]\n20261125-020000F={"backup-error":false,"backup-timestamp-stop":1795570100}\n\n[db]\ndb-system-id=77\n'
    },
    "barman": {"main/base/20261126T010203/backup.info": "status=DONE\nsystemid=77\n"},
    "wal-g": {"basebackups_005/base_01_backup_stop_sentinel.json": '{"SystemIdentifier":77}'},
    "pg_basebackup": {"base/backup_manifest": '{ "PostgreSQL-Backup-Manifest-Version": 2,\n"System-Identifier": 77,\n'},
    "restic": {"config": "x", "data/a": "", "index/a": "", "keys/a": "", "snapshots/0a1b": "x"},
    "borg": {"config": "[repository]\n", "data/0": ""},
}


@pytest.mark.parametrize("tool", REPOSITORIES)
def test_repositories_are_told_by_what_is_in_them(tool: str, machine: Machine) -> None:
    for name, text in REPOSITORIES[tool].items():
        machine.keep(name, text.encode())
    told = machine.backups()
    assert f"\n@repository {tool} " in told
    assert "\n@file" not in told
    saved = [line for line in told.splitlines() if line.startswith("@saved")]
    assert bool(saved) is (tool != "borg")
    assert all(" done 77 " in line for line in saved) or tool == "restic"


SSH = """#!/bin/sh
if [ "$1" = -G ]; then echo "hostname 192.0.2.7"; exit; fi
for last; do :; done
cd "$THERE" && exec sh -c "$last"
"""


@pytest.mark.parametrize("find", ["", '#!/bin/sh\ncase "$*" in *-printf*) exit 1 ;; esac\nexec /usr/bin/find "$@"\n'])
def test_a_copy_is_listed_with_any_find(find: str, machine: Machine, tmp_path: Path) -> None:
    machine.tool("ssh", SSH)
    if find:
        machine.tool("find", find)
    machine.keep("there/zebu 1.sql", b"123", age=50)
    told = machine.backups(
        ZEBU_SET_BACKUP_COPY="backup@nas.invalid:there", THERE=str(machine.folder), ZEBU_SET_BACKUP_PATTERN="zebu*"
    )
    # It is this very kernel that answers, whatever its name and address.
    assert "\n@copy host own nas.invalid\n" in told
    assert told.splitlines()[-1].startswith("@file 3 ")
    assert told.splitlines()[-1].endswith(" - zebu 1.sql")


@pytest.mark.parametrize(("ssh", "said"), [
    ("exit 255", "@copy unreachable nas.invalid"),
    ("echo This service allows sftp connections only.; exit 1", "@copy unlisted nas.invalid"),
    ("for last; do :; done; cd / && exec sh -c \"$last\"", "@copy absent"),
])  # fmt: skip
def test_a_copy_that_is_not_listed_is_not_there_or_unknown(ssh: str, said: str, machine: Machine) -> None:
    machine.tool("ssh", f"#!/bin/sh\n{ssh}\n")
    told = machine.backups(ZEBU_SET_BACKUP_COPY="backup@nas.invalid:no/where", ZEBU_SET_BACKUP_PATTERN="*")
    assert told.splitlines()[-1] == said


WHOSE = """
my ($type, $source, $options) = @ARGV;
print whose_files({ type => $type, source => $source, options => $options // 'rw', point => '/nowhere' });
"""


@pytest.mark.parametrize(("mount", "whose"), [
    (("nfs4", "192.0.2.9:/b"), "other"), (("nfs4", "127.0.0.1:/b"), "own"), (("nfs", "localhost:/b", "rw,addr=127.0.0.1"), "own"),
    (("nfs4", "127.0.0.1:/", "rw,port=20049,addr=127.0.0.1"), "tunnel"), (("nfs", "[2001:db8::1]:/b"), "other"),
    (("cifs", "//192.0.2.1/b", "rw,addr=192.0.2.1,port=0"), "other"), (("cifs", "//127.0.0.1/b"), "own"), (("cifs", "//nas.invalid/b"), "unresolved"),
    (("fuse.sshfs", "u@192.0.2.7:b"), "other"), (("fuse.sshfs", "[::1]:b"), "own"), (("fuse.glusterfs", "127.0.0.1:/v"), "own"),
    (("ceph", "192.0.2.1:6789,192.0.2.2:6789:/"), "other"), (("ceph", "a@f.cephfs=/", "mon_addr=192.0.2.3:6789/192.0.2.4:6789"), "other"),
    (("davfs", "https://192.0.2.3/x"), "other"), (("fuse.rclone", "remote:x"), "unresolved"), (("fuse.s3fs", "s3fs"), "unresolved"),
    (("virtiofs", "share"), "unresolved"), (("ext4", "/dev/sda1"), "-"),
])  # fmt: skip
def test_whose_files_a_mount_shows(mount: tuple[str, ...], whose: str) -> None:
    program = scripts.joined(*backups.PROBE.uses, backups.PROBE.file).partition("\n$| = 1;\n")[0] + WHOSE
    done = subprocess.run(["perl", "-e", program, *mount], capture_output=True, text=True, check=True)
    assert done.stdout == whose


RCLONE = """[disk]
type = local
[alias]
type = alias
remote = disk:/x
[cloud]
type = b2
[own]
type = s3
endpoint = http://127.0.0.1:9000
[sealed]
type = crypt
remote = cloud:bucket
"""


@pytest.mark.parametrize(("remote", "whose"), [
    ("disk:", "own"), ("alias:x", "own"), ("cloud:", "other"), ("own:b", "own"), ("sealed:", "other"), ("none:", "unresolved"), ("/x", "own"),
])  # fmt: skip
def test_whose_a_remote_of_rclone_is(remote: str, whose: str) -> None:
    program = scripts.joined(*backups.PROBE.uses, backups.PROBE.file).partition("\n$| = 1;\n")[0]
    program += "print whose_remote($ARGV[0], $ARGV[1], 0);"
    done = subprocess.run(["perl", "-e", program, remote, RCLONE], capture_output=True, text=True, check=True)
    assert done.stdout == whose


def test_what_is_told_is_read(machine: Machine, target: Target) -> None:
    machine.keep("zebu.sql", PLAIN)
    said = {"backups": machine.backups(), "backups.listing": machine.listing(), "zebu.host": f"time={AT}\n"}
    found = read("backups", said, target)
    assert [dump.name for dump in found.dumps] == ["zebu.sql"]
    assert found.content.contents.kind == "plain"


@pytest.mark.parametrize(("kind", "said"), [
    ("15.plain", "plain\n"), ("15.custom", "custom\n"), ("15.directory", "directory\n"), ("15.tar.gz", "tar gzip\n"),
])  # fmt: skip
def test_a_drill_learns_how_to_restore(kind: str, said: str) -> None:
    program = scripts.joined("quiet.pl", "dumps.pl", "dump-contents.pl", "drill-kind.pl")
    for question, answer in (("kind", said), ("data", "".join(f"@data {table}\n" for table in sorted(TABLES)))):
        if question == "data" and kind.endswith(".gz"):
            continue
        done = subprocess.run(
            ["perl", "-e", program, question, str(MADE / kind)], capture_output=True, text=True, check=True
        )
        assert sorted(done.stdout.splitlines()) == sorted(answer.splitlines())


def test_a_drill_does_not_try_what_it_cannot_read(tmp_path: Path) -> None:
    program = scripts.joined("quiet.pl", "dumps.pl", "dump-contents.pl", "drill-kind.pl")
    file = tmp_path / "dump"
    for content, why in ((ENCRYPTED["age"], "is encrypted (age)"), (zipped(tmp_path / "a"), "not looked into: zip")):
        file.write_bytes(content)
        done = subprocess.run(["perl", "-e", program, "kind", str(file)], capture_output=True, text=True, check=False)
        assert done.returncode == 5
        assert why in done.stderr


# Tools that could not run say nothing of a dump

KILLED = "head -c 600 | {real} -dc 2>/dev/null; kill -KILL $$\n"
STOPPED = {
    "killed at once": "kill -KILL $$\n",
    "killed half-way": KILLED,
    "by a limit of time": "exit 124\n",
    "by a limit of files": "kill -XFSZ $$\n",
    "memory": "echo 'gzip: Cannot allocate memory' >&2; exit 1\n",
    "memory of zstd": "echo 'zstd: error 11 : Allocation error : not enough memory' >&2; exit 11\n",
    "memory of xz": "echo 'xz: (stdin): Memory usage limit reached' >&2; exit 1\n",
    "processes": "echo 'sh: 0: Cannot fork' >&2; exit 2\n",
    "descriptors": "echo 'gzip: stdin: Too many open files' >&2; exit 1\n",
    "a file server that is gone": "echo 'gzip: stdin: Stale file handle' >&2; exit 1\n",
    "a disk that fails": "echo 'gzip: stdin: Input/output error' >&2; exit 1\n",
    "a disk that is full": "echo 'gzip: write error: No space left on device' >&2; exit 1\n",
}


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize("content", [PLAIN, CUSTOM, TAR], ids=["plain", "custom", "tar"])
@pytest.mark.parametrize("how", STOPPED)
def test_what_unpacks_and_is_stopped_tells_of_no_damage(how: str, content: bytes, machine: Machine) -> None:
    machine.keep("zebu.dump.gz", gzip.compress(content, mtime=0))
    machine.has(LIVE)
    machine.restores(PLAIN)
    machine.tool("gzip", "#!/bin/sh\n" + STOPPED[how].format(real=shutil.which("gzip")))
    found = machine.newest()
    assert (found.why_none, found.why_broken) == ("", "")
    assert found.doubts != ""


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize("how", [*STOPPED, "pg_restore's memory", "docker's own"])
def test_what_restores_and_is_stopped_tells_of_no_damage(how: str, machine: Machine) -> None:
    more = {
        "pg_restore's memory": "echo 'pg_restore: error: out of memory' >&2; exit 1\n",
        "docker's own": "echo 'pg_restore: docker: cannot' >&2; exit 125\n",
    }
    machine.keep("zebu.dump", CUSTOM)
    machine.has(LIVE)
    text = {**STOPPED, **more}[how].format(real=shutil.which("gzip")).replace("gzip:", "pg_restore: error:")
    machine.tool(
        "docker",
        DOCKER.replace(
            '*pg_restore*) cat > /dev/null; cat "$RESTORED"; exit "$(cat "$STATUS")"', f"*pg_restore*) {text} "
        ),
    )
    found = machine.newest()
    assert (found.why_none, found.why_broken) == ("", "")


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize(
    "call", ["sysread $in->{handle}, $in->{buffer}", "sysread $in->{handle}, my $bytes, 1_048_576"]
)
@pytest.mark.parametrize("content", [PLAIN, CUSTOM, TAR], ids=["plain", "custom", "tar"])
def test_a_disk_that_cannot_be_read_tells_of_no_damage(call: str, content: bytes, machine: Machine) -> None:
    """It fails after the first piece, as a worn disk or a file server does."""
    machine.keep("zebu.dump", content)
    machine.restores(PLAIN)
    text = scripts.joined(*dumps.PROBE.uses, dumps.PROBE.file)
    assert call in text
    limit = ", $count - length($in->{buffer}) > 262_144 ? $count - length $in->{buffer} : 262_144, length $in->{buffer}"
    small = call.replace("1_048_576", "700") if "my $bytes" in call else f"{call}, 700, length $in->{{buffer}}"
    whole = call + (limit if "my $bytes" not in call else "")
    assert whole in text
    broken = text.replace(whole, f"our $reads++ ? undef : {small}")
    done = machine.run(broken)
    assert "@end missing" not in done


THROWAWAY = {
    "the container is gone": ("echo 'Error response from daemon: No such container: zebu-drill' >&2; exit 1", 6),
    "the container is paused": (
        "echo 'Error response from daemon: container 1 is paused, unpause the container before exec' >&2; exit 1",
        6,
    ),
    "docker cannot": ("exit 125", 6),
    "killed": ("kill -KILL $$", 6),
    "no memory there": ("echo 'ERROR:  out of memory' >&2; exit 0", 6),
    "no disk there": ("echo 'ERROR:  could not extend file: No space left on device' >&2; exit 0", 6),
    "the server went": (
        "echo 'server closed the connection unexpectedly' >&2; echo 'psql: error: connection to server was lost' >&2; exit 2",
        6,
    ),
    "it is made anew": ("echo 'psql: error: FATAL:  the database system is shutting down' >&2; exit 2", 6),
    "an error of the dump": ("echo 'ERROR:  syntax error at or near X' >&2; exit 0", 0),
    "nothing": ("exit 0", 0),
}


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize("how", THROWAWAY)
def test_a_drill_whose_tools_are_stopped_found_no_damage(how: str, machine: Machine) -> None:
    script, status = THROWAWAY[how]
    machine.keep("zebu.sql", PLAIN)
    probe = restore_probe("zebu-drill-1", "zebu.sql")
    rows = 'echo "public.portfolios 3"'
    machine.tool(
        "docker",
        f'#!/bin/sh\ncase "$*" in *SELECT*) {rows} ;; *zebu-drill-1*) cat > /dev/null; {script} ;; *) exit 0 ;; esac\n',
    )
    done = machine.sh(probe.text, {f"ZEBU_{name}": value for name, value in probe.environment.items()})
    assert done.returncode == status, done.stderr
    assert ("@status" in done.stdout) is (status == 0)


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize("how", ["kill -KILL $$", "exit 124"])
def test_a_drill_whose_unpacking_is_stopped_found_no_damage(how: str, machine: Machine) -> None:
    machine.keep("zebu.sql.gz", gzip.compress(PLAIN, mtime=0))
    real = shutil.which("gzip")
    # The format is found out first.
    count = (
        f'echo x >> "{machine.folder}/../count"; [ "$(wc -l < "{machine.folder}/../count")" -gt 1 ] || exec {real} "$@"'
    )
    machine.tool("gzip", f"#!/bin/sh\n{count}\n{real} -dc | head -c 500; {how}\n")
    probe = restore_probe("zebu-drill-1", "zebu.sql.gz")
    machine.tool(
        "docker",
        "#!/bin/sh\ncase \"$*\" in *SELECT*) echo 'public.portfolios 3' ;; *zebu-drill-1*) cat > /dev/null ;; esac\n",
    )
    done = machine.sh(probe.text, {f"ZEBU_{name}": value for name, value in probe.environment.items()})
    assert (done.returncode, done.stderr) == (6, "what unpacks the dump was killed\n")


@pytest.mark.hostile("ssh")
def test_a_drill_on_a_machine_whose_disk_is_full_found_no_damage(machine: Machine) -> None:
    machine.keep("zebu.sql", PLAIN)
    probe = restore_probe("zebu-drill-1", "zebu.sql")
    machine.tool("docker", "#!/bin/sh\ncat > /dev/null\n")
    machine.tool(
        "mktemp", "#!/bin/sh\necho 'mktemp: failed to create directory: No space left on device' >&2; exit 1\n"
    )
    done = machine.sh(probe.text, {f"ZEBU_{name}": value for name, value in probe.environment.items()})
    assert (done.returncode, done.stdout) == (5, "")
