"""What is in dumps, and what of it speaks against them."""

from __future__ import annotations

import pytest

from pytest_zebu.facts.answer import Reason
from pytest_zebu.facts.dumps import Listing, family
from pytest_zebu.settings.target import Target
from tests.facts.answers import AT, read, why

LIVE = (
    "@live table 2000 rows public.a\n@live table 10 rows public.b c\n@live table 0 empty public.d\n"
    "@live database zebu\n@live cluster 77\n@live revision r2\n"
)
ALL = "@data 1500 public.a\n@data 9 public.b c\n@data 0 public.d\n"
DEFINED = "@defined public.a\n@defined public.b c\n@defined public.d\n"


def newest(target: Target, said: str, live: str = LIVE) -> Listing:
    found = read("dump_listing", f"{live}@dump 10 {AT} zebu.dump\n{said}", target)
    assert isinstance(found, Listing)
    return found


def said_of(one: Listing) -> tuple[str, str, str]:
    return one.why_none, one.why_broken, one.doubts


CUSTOM = f"@format custom\n@archive 1.14 {AT} 15.1 zebu\n@in zebu\n"
PLAIN = "@format plain\n@in \n"


@pytest.mark.parametrize("said", [
    f"{PLAIN}{ALL}{DEFINED}@end reached\n",
    f"{PLAIN}@data -1 public.a\n@data -1 public.b c\n@end reached\n",  # of INSERT, rows are not counted
    f"{CUSTOM}@data -1 public.a\n@data -1 public.b c\n{DEFINED}@end reached\n@restore 0 \n@in zebu\n{ALL}",
    f"@layer gzip\n{PLAIN}{ALL}@end reached\n",
    f"@format cluster\n@in other\n@data 1 public.x\n@in zebu\n{ALL}@end reached\n",
    f"@format plain\n@in zebu\n{ALL}@end reached\n",
    "@format custom\n@end unread\n@restore 0 \n@in \n" + ALL,
])  # fmt: skip
def test_a_dump_that_nothing_speaks_against(said: str, target: Target) -> None:
    assert said_of(newest(target, said)) == ("", "", "")


@pytest.mark.parametrize(("said", "reason"), [
    ("@format empty\n", "is empty"),
    ("@format html\n", "is a web page"),
    (f"{PLAIN}{DEFINED}@end reached\n", "has no table's data"),
    (f"{CUSTOM}{DEFINED}@end reached\n", "has no table's data"),
    ("@format cluster\n@end reached\n", "has no database in it"),
    ("@format cluster\n@in zebu2\n@data 5 public.a\n@end reached\n", "is of zebu2, and not of zebu"),
    (f"@format custom\n@archive 1.14 {AT} 15.1 zebu_staging\n@in zebu_staging\n{ALL}@end reached\n", "is of zebu_staging, and not of zebu"),
    # What `docker exec -t` makes of an archive
    ("@format custom\n@archive 1.14 1022460476850 - %00zebu%00%1E%00\n@in %00zebu%00%1E%00\n@end reached\n@restore 1 pg_restore: error: x\n", "is an archive whose bytes were changed on their way"),
    (f"{PLAIN}@data 5 public.x\n@end reached\n", "has none of this database's tables"),
    (f"{PLAIN}@data 0 public.a\n@data 0 public.b c\n@end reached\n", "has no row of any table"),
])  # fmt: skip
def test_what_is_no_backup(said: str, reason: str, target: Target) -> None:
    assert newest(target, said).why_none.startswith(reason)


def test_most_tables_must_be_in_it(target: Target) -> None:
    live = "".join(f"@live table 1 rows public.t{number}\n" for number in range(5))
    found = newest(target, f"{PLAIN}@data 1 public.t0\n@data 1 public.t1\n@end reached\n", live)
    assert found.why_none == "has data of 2 of the 5 tables that have any"
    # After a migration, the others may be new.
    migrated = f"{PLAIN}@data 1 public.t0\n@revision r1\n@end reached\n"
    found = newest(target, migrated, f"{live}@live revision r2\n")
    assert (found.why_none, found.why_broken) == ("", "")
    assert found.doubts.startswith("has no data of public.t1, public.t2, public.t3, public.t4: whether")


@pytest.mark.parametrize(
    ("rows", "now", "few"),
    [(500, 1000, ""), (499, 1000, "has 499 rows of about 1000: whether the others"), (1, 999, "")],
)
def test_far_fewer_rows_than_there_are(rows: int, now: int, few: str, target: Target) -> None:
    found = newest(target, f"{PLAIN}@data {rows} public.a\n@end reached\n", f"@live table {now} rows public.a\n")
    assert (found.why_none, found.why_broken) == ("", "")
    assert found.doubts == found.few_rows
    assert found.few_rows.startswith(few)
    assert bool(found.few_rows) is bool(few)


@pytest.mark.parametrize(("said", "broken", "doubt"), [
    # It makes the table, and leaves its rows out.
    (f"@data 5 public.a\n@revision r1\n{DEFINED}", "has no data of public.b c", ""),
    # No migration has run since.
    ("@data 5 public.a\n@revision r2\n", "has no data of public.b c", ""),
    # One has: the table may be new.
    ("@data 5 public.a\n@revision r1\n", "", "has no data of public.b c: whether"),
    ("@data 5 public.a\n", "", "has no data of public.b c: whether"),
])  # fmt: skip
def test_a_table_that_is_not_in_it(said: str, broken: str, doubt: str, target: Target) -> None:
    few = LIVE.replace("2000", "8")
    found = newest(target, f"{PLAIN}{said}@end reached\n", few)
    assert (found.why_none, found.why_broken) == ("", broken)
    assert found.doubts.startswith(doubt)
    assert bool(found.doubts) is bool(doubt)


@pytest.mark.parametrize(("said", "broken"), [
    (f"{PLAIN}{ALL}@end missing\n", "cannot be read to its end"),
    (f"{PLAIN}@data 1 public.a\n@end missing\n", "cannot be read to its end"),
    ("@layer gzip\n@format unknown\n@end missing\n", "cannot be read to its end"),
    (f"{CUSTOM}{ALL}@end reached\n@restore 1 pg_restore: error: could not uncompress data\n", "cannot be read by pg_restore"),
])  # fmt: skip
def test_what_is_not_whole(said: str, broken: str, target: Target) -> None:
    found = newest(target, said)
    assert found.why_none == ""
    assert found.why_broken.startswith(broken)


@pytest.mark.parametrize(("said", "doubt"), [
    ("@sealed age\n@format unknown\n", "is encrypted (age)"),
    ("@layer zstd\n@missing zstd\n@format unknown\n", "is packed with zstd, which the machine has not"),
    ("@format zip\n", "is packed with zip"),
    ("@format binary\n", "is of a format that is not known"),
    ("@format unknown\n", "is of a format that is not known"),
    ("@format of a new kind\n", "is of a format that is not known"),
    ("@format custom\n@end unread\n", "was not read to its end"),
    (f"@format custom\n@archive 1.14 {AT} 15.1 %00zebu\n@in %00zebu\n@data -1 public.a\n@end reached\n@restore 0 \n", "has bytes where"),
    (f"@format custom\n@archive 1.14 {AT} 15.1 ze%FFbu\n@in ze%FFbu\n@data -1 public.a\n@end unread\n", "has bytes where"),
    (f"@format tar\n@archive 1.14 {AT} 15.1 ze\ufffdbu\n@in ze\ufffdbu\n@data -1 public.a\n@end unread\n@restore 1 Error response\n", "has bytes where"),
    (f"{PLAIN}@end unread\n", "was not read to its end"),
    (f"{PLAIN}@data 5 public.a\n@partly\n@end reached\n", "was not read whole"),
    (f"{CUSTOM}{ALL}@end reached\n@restore 1 pg_restore: error: unsupported version (1.16) in file header\n", "was not read by the database's pg_restore"),
    (f"{CUSTOM}{ALL}@end reached\n@restore 127 \n", "was not read by the database's pg_restore: exit status 127"),
])  # fmt: skip
def test_what_could_not_be_seen(said: str, doubt: str, target: Target) -> None:
    found = newest(target, said)
    assert (found.why_none, found.why_broken) == ("", "")
    assert found.doubts.startswith(doubt)


@pytest.mark.parametrize(
    "said", [f"{PLAIN}@data 5 public.x\n@end reached\n", f"{CUSTOM}@data -1 public.x\n@end reached\n"]
)
def test_nothing_is_compared_with_what_is_not_known(said: str, target: Target) -> None:
    assert said_of(newest(target, said, "")) == ("", "", "")


def test_an_empty_database_has_nothing_to_lose(target: Target) -> None:
    found = newest(target, f"{PLAIN}@data 0 public.d\n@end reached\n", "@live table 0 empty public.d\n")
    assert said_of(found) == ("", "", "")


def test_what_is_in_it_is_described(target: Target) -> None:
    assert (
        newest(target, f"@layer gzip\n@layer xz\n{PLAIN}{ALL}@end reached\n").contents.described
        == "plain in xz in gzip"
    )
    assert newest(target, "@sealed gpg\n@format unknown\n").contents.described == "encrypted (gpg)"


NEXT = f"@dump 9 {AT - 60} zebu-1.sql\n{PLAIN}{ALL}@end reached\n"


@pytest.mark.parametrize(("name", "said", "chosen"), [
    ("roles-2.sql", "@format cluster\n@end reached\n", "zebu-1.sql"),
    ("zebu-2.sql.md5", "@format checksums\n", "zebu-1.sql"),
    ("wiki-2.sql", f"{PLAIN}@data 5 public.x\n@end reached\n", "zebu-1.sql"),
    ("zebu-2.sql", "@format html\n", "zebu-2.sql"),  # it is called as dumps are
    ("zebu-2.sql", f"{PLAIN}@data 5 public.x\n@end reached\n", "zebu-2.sql"),
    ("zebu-2.sql.gpg", "@sealed gpg\n@format unknown\n", "zebu-2.sql.gpg"),
])  # fmt: skip
def test_what_is_kept_beside_dumps_is_passed_over(name: str, said: str, chosen: str, target: Target) -> None:
    found = read("dump_listing", f"{LIVE}@dump 5 {AT} {name}\n{said}{NEXT}", target)
    assert found.contents.name == chosen
    assert found.passed_over == (() if chosen == name else (name,))


def test_where_none_is_a_backup_the_newest_dump_is_judged(target: Target) -> None:
    sums, table = (
        f"@dump 5 {AT} zebu.md5\n@format checksums\n",
        f"@dump 5 {AT} t.sql\n{PLAIN}@data 5 public.x\n@end reached\n",
    )
    assert read("dump_listing", LIVE + sums + table, target).contents.name == "t.sql"
    assert read("dump_listing", LIVE + sums, target).contents.name == "zebu.md5"


@pytest.mark.parametrize(("one", "other", "is_same"), [
    ("zebu-20261126.sql.gz", "zebu-20261125.sql.gz", True), ("zebu_Thursday.sql", "zebu_friday.sql", True),
    ("0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f", "1a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5e", True),
    ("daily/zebu-1.sql", "weekly/zebu-1.sql", False), ("roles-1.sql", "zebu-1.sql", False), ("zebu-1.sql", "zebu-1.sql.md5", False),
])  # fmt: skip
def test_names_of_one_family(one: str, other: str, is_same: bool) -> None:
    assert (family(one) == family(other)) is is_same


@pytest.mark.parametrize(("said", "reason"), [
    ("@none\n", Reason.MISSING), (f"{LIVE}@none\n", Reason.MISSING), ("", Reason.GARBLED), (LIVE, Reason.GARBLED),
    (f"@dump 10 {AT} a\n", Reason.GARBLED), (f"@dump x {AT} a\n@format plain\n", Reason.GARBLED), ("@dump 1 soon a\n@format plain\n", Reason.GARBLED),
    (f"@dump 1 {AT} a\n@format plain\n@data many public.a\n", Reason.GARBLED), ("@format plain\n", Reason.GARBLED),
    ("@live table x rows public.a\n@none\n", Reason.GARBLED), (f"@dump 1 {AT} a\n@format plain\n@restore ill\n", Reason.GARBLED),
])  # fmt: skip
def test_no_dump_is_no_listing(said: str, reason: Reason, target: Target) -> None:
    assert why("dump_listing", said, target) is reason
