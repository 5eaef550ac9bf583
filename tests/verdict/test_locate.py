"""Where a text points to, and what only looks like a place."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_zebu.reports.report import Location
from pytest_zebu.verdict.locate import MOST, Place, locate, location_of
from tests.hostile_texts import DIRTY

SAID = Path(__file__).parents[1] / "judged/said.txt"


@pytest.mark.parametrize(("text", "place"), [
    ("/etc/ssh/sshd_config.d/10.conf:3", ("/etc/ssh/sshd_config.d/10.conf", 3)),
    ("PasswordAuthentication is on (/etc/ssh/sshd_config:57)", ("/etc/ssh/sshd_config", 57)),
    ("Syntax error /etc/apt/apt.conf.d/99x:2: Extra junk at end of file", ("/etc/apt/apt.conf.d/99x", 2)),
    ("builds statements from values at zebu/routes/items.py:6", ("zebu/routes/items.py", 6)),
    ("at zebu/page.py:7, zebu/rows.py:3", ("zebu/page.py", 7)),
    ("the pool of zebu/database.py:7: its pool depends on the variable ZEBU_SQL_POOL_SIZE", ("zebu/database.py", 7)),
    ("docker-compose.prod.yml:41: 0.0.0.0:8000->8000", ("docker-compose.prod.yml", 41)),
    (".github/workflows/ci.yml:12", (".github/workflows/ci.yml", 12)),
    ("Dockerfile:3: runs as root", ("Dockerfile", 3)),
    ("pg_hba.conf: line 98", ("pg_hba.conf", 98)),
    ("pg_hba.conf: lets in without a password: line 127: host all all samenet trust", ("pg_hba.conf", 127)),
    ("line 1 of /tmp/pg17/extra.conf: host all +zebu_app 10.0.0.0/8 trust", ("/tmp/pg17/extra.conf", 1)),
    ("pg_hba.conf: line 4 of pg_hba.conf is not understood", ("pg_hba.conf", 4)),
    (".env: SECRET_KEY is empty", (".env", 0)),
    (".env", (".env", 0)),
    (".env.backup: has mode 0644, 0600 or stricter is asked for", (".env.backup", 0)),
    ("/srv/zebu/.env.old: mode 0644", ("/srv/zebu/.env.old", 0)),
    ("a job that makes backups: /etc/cron.d/zebu runs every 21 days, 0:00:00 only", ("/etc/cron.d/zebu", 0)),
    ("docker-compose.yml refuses to be without it", ("docker-compose.yml", 0)),
    ("set it in zebu.toml.", ("zebu.toml", 0)),
    ("db publishes 0.0.0.0:5432->5432 (docker-compose.yml, docker-compose.prod.yml)", ("docker-compose.yml", 0)),
    ("https://zebu.test:8443 leads to nowhere (/etc/nginx/sites-enabled/zebu:12)", ("/etc/nginx/sites-enabled/zebu", 12)),
    ("/etc/nginx/nginx.conf holds what /etc/nginx/conf.d/a.conf:8 says", ("/etc/nginx/conf.d/a.conf", 8)),
])  # fmt: skip
def test_a_place_is_found(text: str, place: tuple[str, int]) -> None:
    assert locate(text) == place


@pytest.mark.parametrize("text", [
    "", "nothing", "10.77.0.10:8000 answers", "[::]:8000->8000", "0.0.0.0:22: sshd listens on port 22",
    "fd00:77::10:6379", "https://zebu.test:4443", "http://zebu.test/app/page.py:7", "zebu.test/app/page.py:80",
    "zebu.example.sh:443", "docs.example.py:8000", "example.pl:443", "git@forge.example:zebu/app.py:3",
    "registry.example.com/zebu/backend:12", "zebu/backend:1.2.0", "nginx:1.25", "redis:7", "ghcr.io/zebu/app.js:3",
    "last run 2026-11-26 13:55:28+00:00", "13:55", "every 7 days, 0:00:00", "price: 287.4500 of 2026-11-26T13:54:25",
    "zebu-20261124T023000Z.dump: 79003 bytes", "/var/lib/docker/volumes/x:1000", "app.conf:3.5", "app.conf:1:2:3",
    "app.conf:12-14", "app.conf:0", "app.conf:12345678", "app.conf:7x", "/var/log/auth.log", "/home/deploy/backups",
    "../../etc/passwd.conf:3", "/etc/../root/a.conf:3", "the value of .env is accepted", "environment.env",
    "CN=zebu.toml.example.org", "mailto:ops@example.conf:25", "line 3", "line 3 of the configuration",
])  # fmt: skip
def test_what_only_looks_like_a_place_is_none(text: str) -> None:
    assert locate(text) is None


def test_of_several_texts_one_with_a_line_is_first() -> None:
    assert location_of("docker-compose.yml is in force", "zebu/page.py:7", "zebu/rows.py:3") == (
        "zebu/page.py",
        7,
        False,
    )
    assert location_of("nothing", "docker-compose.prod.yml", ".env") == Place("docker-compose.prod.yml", 0, True)
    assert location_of("nothing", "10.0.0.1:22") is None
    assert location_of() is None


def test_a_place_has_the_fields_of_a_location() -> None:
    place = location_of(".github/workflows/ci.yml:12: no tests are run")
    assert place is not None
    assert Location(*place) == Location(file=".github/workflows/ci.yml", line=12, is_in_repository=True)


def test_of_all_that_is_said_of_the_recordings_few_are_places_and_none_is_strange() -> None:
    """What is found in them stands here whole: whoever changes the reading, or what checks say, looks at it."""
    found = {place for line in SAID.read_text(encoding="utf-8").splitlines() if (place := _in_said(line))}
    assert {(".env", 0), ("pg_hba.conf", 98), ("zebu/page.py", 7), ("/tmp/pg17/extra.conf", 1)} <= found
    kinds = re.compile(
        r"\.env[.\w]*|(/\w+)+/\.env|\.github/workflows/ci\.yml|/etc/(cron|apt/|rc\.local)[\w./-]*|pg_hba\.conf|zebu/[\w/]+\.py"
        r"|/tmp/pg17/extra\.conf|docker-compose(\.prod)?\.yml"
    )
    assert [file for file, _ in found if not kinds.fullmatch(file)] == []


def _in_said(line: str) -> tuple[str, int] | None:
    """What `said.txt` says of an item: evidence is set in; a reason stands behind the item and its outcome."""
    if line.startswith("    "):
        return locate(line.strip())
    return locate(line.split(": ", 2)[-1])


@pytest.mark.hostile("outputs")
@pytest.mark.parametrize("text", [
    "/a" * 100_000, "/etc/" + "a/" * 100_000, "a." * 100_000, "a.conf" * 50_000, ".env" * 50_000, "a/" * 100_000 + ".py:3",
    "line 3 of " * 20_000, "a://" * 50_000, "a.conf: " + "line " * 50_000, "compose." * 50_000, "/" * 200_000,
    "a@" * 100_000, "compose-" * 50_000 + ".yml", "/etc" * 50_000 + ":3",
])  # fmt: skip
def test_no_text_takes_long(text: str) -> None:
    began = time.process_time()
    locate(text)
    assert time.process_time() - began < 0.5


@settings(max_examples=200, deadline=None)
@given(
    st.text(st.characters(categories=("L", "N", "P", "S", "Z", "C")), max_size=300)
    | st.lists(
        st.sampled_from(["/etc/", "a.conf", ":", "3", ".env", "line ", " of ", "..", "/", "http://", *DIRTY.values()]),
        max_size=20,
    ).map("".join)
)
def test_whatever_is_said_a_place_is_plain(text: str) -> None:
    found = locate(text)
    if found is not None:
        file, line = found
        assert file in text[:MOST]
        assert file.isascii()
        assert file.isprintable()
        assert not set(file) & set(" \"'<>`$;&|()[]{}*?\\")
        assert ".." not in file.split("/")
        assert 0 <= line <= 1_000_000
