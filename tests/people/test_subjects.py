"""What a word may be about: read as people write it, and compared with what a run saw of the recorded lab."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from lab import recordings
from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Known, Reason, Unknown
from pytest_zebu.facts.repository import Tag
from pytest_zebu.people.subjects import VOCABULARY, changed, facts_of, is_within, subject
from pytest_zebu.plugin.judge import Evidence
from pytest_zebu.settings.target import Target

GONE = Unknown(Reason.NO_PERMISSION, "sudo was refused")
SERVED = "371773eee2116c15581538d023fad829984d4a19c844f19c4f02ea74e3fab3c2"
DIGEST = f"sha256:{'5' * 64}"


@dataclass
class Seen:
    """The lab, with some facts otherwise."""

    lab: Evidence
    otherwise: dict[str, Known[Any] | Unknown] = field(default_factory=dict)
    target: Target = field(init=False)

    def __post_init__(self) -> None:
        self.target = self.lab.target

    def fact(self, name: str) -> Known[Any] | Unknown:
        return self.otherwise.get(name) or self.lab.fact(name)

    def but(self, name: str, **changes: Any) -> Seen:
        """The lab, but for one fact."""
        found = self.lab.fact(name)
        assert isinstance(found, Known)
        return replace_seen(self, name, Known(replace(found.value, **changes)))


def replace_seen(seen: Seen, name: str, answer: Known[Any] | Unknown) -> Seen:
    return Seen(seen.lab, {**seen.otherwise, name: answer})


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    return Seen(recordings.evidence(recordings.read_healthy(), tmp_path_factory.mktemp("lab")))


@pytest.mark.parametrize(("text", "read"), [
    ("postgres 16", "postgres 16"), ("  Postgres\t16.4 ", "postgres 16.4"), ("version v1.2.0", "version v1.2.0"), ("commit 0123ABC", "commit 0123abc"),
    (f"certificate {SERVED}", f"certificate {SERVED}"), (f"certificate sha256:{SERVED}", f"certificate {SERVED}"),
    (f"certificate {':'.join(re.findall('..', SERVED.upper()))}", f"certificate {SERVED}"), ("certificate SHA256:" + SERVED.upper(), f"certificate {SERVED}"),
    ("domain Zebu.Example.ORG", "domain zebu.example.org"), ("host vm", "host vm"), ("host VM", "host VM"), (f"image db@{DIGEST}", f"image db@{DIGEST}"), ("ubuntu 24.04", "ubuntu 24.04"),
])  # fmt: skip
def test_subjects_as_people_write_them(text: str, read: str) -> None:
    assert str(subject(text)) == read
    assert subject(read) == subject(text)


@pytest.mark.parametrize(("text", "said"), [
    ("postgress 16", "did you mean 'postgres'?"), ("the whole thing", "begins with no word that a run can compare"), ("", "begins with no word"),
    ("postgres", "is not written like postgres 16"), ("postgres sixteen", "is not written like postgres 16"), ("postgres 16 or 17", "is not written like"), ("postgres 16.", "is not written like"),
    ("postgres ٣", "is not written like"), ("commit main", "is not written like commit 0123abc"), ("commit 012345", "is not written like"), ("certificate 0123", "is not written like certificate SHA256"),
    ("domain https://zebu.example.org", "is not written like"), ("host a b", "is not written like"), ("host", "is not written like host vm"), ("debian bookworm", "is not written like debian 12"),
    ("x" * 5000, "begins with no word"), ("version " + "x" * 5000, "is not written like"), ("postgres " + "1." * 5000, "is not written like"),
])  # fmt: skip
def test_what_no_run_can_compare_is_said_with_what_can(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)) as error:
        subject(text)
    assert len(str(error.value)) < 500
    if "begins" in said:
        assert "`postgres 16`" in str(error.value) and "`version v1.2.0`" in str(error.value)


@pytest.mark.parametrize(("wanted", "found", "expected"), [
    ("16", "16.4", True), ("16.4", "16.4", True), ("16.4", "16.5", False), ("16", "160.4", False), ("1", "16.4", False), ("16.4.1", "16.4", False), ("9.6", "9.6.3", True), ("16.40", "16.4", False),
])  # fmt: skip
def test_a_version_speaks_of_those_below_it(wanted: str, found: str, expected: bool) -> None:
    assert is_within(wanted, found) is expected


@pytest.mark.parametrize("text", [
    "postgres 15", "postgres 15.20", "debian 12", "version v1.2.0", "version 1.2.0", "commit c844161", "commit c844161cc306557ce8d145d0b83126b31545a00e",
    f"certificate {SERVED}", "image zebu/db:15", "domain www.zebu.test", "host lab",
])  # fmt: skip
def test_what_the_lab_has_is_still_so(text: str, lab: Seen) -> None:
    assert subject(text).still(lab) == Known("")


@pytest.mark.parametrize(("text", "instead"), [
    ("postgres 16", "the database is PostgreSQL 15.20"), ("postgres 15.2", "the database is PostgreSQL 15.20"), ("postgres 1", "the database is PostgreSQL 15.20"),
    ("debian 13", "the machine has debian 12"), ("ubuntu 12", "the machine has debian 12"), ("version v1.1.0", "v1.2.0 is deployed"), ("version v9", "v1.2.0 is deployed"),
    ("commit 0123abc", "commit c844161cc306 is deployed"), ("domain zebu.example.org", "the declared names are zebu.test, www.zebu.test, api.zebu.test"), ("host vm", "this is host lab"),
    (f"certificate {'0' * 64}", "zebu.test serves 371773eee211; www.zebu.test serves 371773eee211; api.zebu.test serves 371773eee211"),
    ("image zebu/db:16", "the services are made from zebu-lab/redis:7-busybox, zebu/backend:1.2.0, zebu/db:15, zebu/frontend:1.2.0"), ("image zebu/db", "the services are made from"),
])  # fmt: skip
def test_what_is_there_instead_is_told(text: str, instead: str, lab: Seen) -> None:
    found = subject(text).still(lab)
    assert isinstance(found, Known)
    assert found.value.startswith(instead)


@pytest.mark.parametrize("word", [word for word, kind in VOCABULARY.items() if kind.facts])
def test_what_was_not_seen_is_unknown_and_never_the_same(word: str, lab: Seen) -> None:
    values = {
        "certificate": SERVED,
        "commit": "c844161",
        "version": "v1.2.0",
        "image": "zebu/db:15",
        "postgres": "15",
        "debian": "12",
        "ubuntu": "12",
    }
    (name,) = VOCABULARY[word].facts
    assert subject(f"{word} {values[word]}").still(replace_seen(lab, name, GONE)) == GONE


def test_every_fact_that_is_compared_is_one() -> None:
    assert {fact for kind in VOCABULARY.values() for fact in kind.facts} <= ALL.keys()


@pytest.mark.parametrize(("number", "text", "is_same"), [
    (160004, "postgres 16", True), (160004, "postgres 16.4", True), (90603, "postgres 9.6", True), (90603, "postgres 9", True), (90603, "postgres 9.6.3", True), (90603, "postgres 9.5", False), (100001, "postgres 10.1", True),
])  # fmt: skip
def test_versions_of_postgres(number: int, text: str, is_same: bool, lab: Seen) -> None:
    found = subject(text).still(lab.but("database", version=number))
    assert isinstance(found, Known)
    assert (found.value == "") is is_same


def test_a_checkout_without_the_tag_does_not_tell(lab: Seen) -> None:
    found = subject("version v1.2.0").still(lab.but("repository", tags=()))
    assert isinstance(found, Unknown)
    assert "has no tag v1.2.0" in found.detail
    moved = lab.but("repository", tags=(Tag("v1.2.0", "0" * 40),))
    assert subject("version v1.2.0").still(moved) == Known("c844161cc306 is deployed")
    named = lab.but("repository", tags=(Tag("nightly", "c844161cc306557ce8d145d0b83126b31545a00e"),))
    assert subject("version nightly").still(named) == Known("")


def test_a_machine_that_does_not_say_its_release(lab: Seen) -> None:
    updates = lab.fact("updates")
    assert isinstance(updates, Known)
    found = subject("debian 12").still(lab.but("updates", release=replace(updates.value.release, id="-", version="-")))
    assert isinstance(found, Unknown)


def test_a_certificate_that_one_name_serves_is_there_still(lab: Seen) -> None:
    answer = lab.fact("certificates")
    assert isinstance(answer, Known)
    served = answer.value
    other = Known(replace(served["zebu.test"].value, fingerprint="0" * 64))
    one = subject(f"certificate {SERVED}")
    for names, expected in (
        ({"zebu.test": other, "api.zebu.test": served["api.zebu.test"]}, Known("")),
        ({"zebu.test": other, "api.zebu.test": GONE}, GONE),
        ({"zebu.test": other, "api.zebu.test": Known(None)}, Known("zebu.test serves 000000000000")),
    ):
        assert one.still(replace_seen(lab, "certificates", Known(names))) == expected
    for names, reason in (({"zebu.test": Known(None)}, Reason.MISSING), ({}, Reason.NOT_CONFIGURED)):
        found = one.still(replace_seen(lab, "certificates", Known(names)))
        assert isinstance(found, Unknown)
        assert found.reason is reason


def test_an_image_that_is_named_without_its_digest_does_not_tell(lab: Seen) -> None:
    answer = lab.fact("containers")
    assert isinstance(answer, Known)
    (one, *rest) = answer.value.everything
    found = subject(f"image {DIGEST}").still(lab)
    assert isinstance(found, Unknown)
    assert "is named without its digest" in found.detail
    pinned = lab.but("containers", everything=(replace(one, image=f"db:15@{DIGEST}"), *rest))
    for text in (f"image {DIGEST}", f"image db:15@{DIGEST}"):
        assert subject(text).still(pinned) == Known("")
    all_pinned = lab.but("containers", everything=tuple(replace(each, image=f"x@{DIGEST}") for each in (one, *rest)))
    assert subject(f"image sha256:{'6' * 64}").still(all_pinned) == Known(f"the services are made from x@{DIGEST}")
    nameless = lab.but("containers", everything=(replace(one, image=""), *rest))
    assert isinstance(subject("image other").still(nameless), Unknown)
    no_project = lab.but("containers", project="")
    assert isinstance(subject("image zebu/db:15").still(no_project), Unknown)


def test_of_several_subjects_a_change_is_told_first(lab: Seen) -> None:
    several = [subject("host lab"), subject("postgres 15"), subject("commit 0123abc")]
    assert changed(several[:2], lab) == Known("")
    blind = replace_seen(lab, "database", GONE)
    assert changed(several, blind) == Known("it is about commit 0123abc, and commit c844161cc306 is deployed")
    unseen = changed(several[:2], blind)
    assert unseen == Unknown(
        Reason.NO_PERMISSION, "it is about postgres 15, which was not seen (no permission: sudo was refused)"
    )
    assert set(facts_of(several)) == {"database", "repository"}
    assert changed([], blind) == Known("")


def test_the_vocabulary_is_documented() -> None:
    """docs/attestations.md has a row for each word, and no other."""
    text = (Path(__file__).parents[2] / "docs/attestations.md").read_text()
    rows = re.findall(r"^\| `(\w+) [^`]+` \|", text, re.MULTILINE)
    assert rows == list(VOCABULARY)
