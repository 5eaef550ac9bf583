"""JUnit XML of a report, and the properties that pytest's own has, against Jenkins's schema."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
import xmlschema

from pytest_zebu.reports import junit
from pytest_zebu.reports.report import Report
from pytest_zebu.verdict.outcome import Finding, Outcome
from tests import recorded
from tests.hostile_texts import DIRTY, forbidden
from tests.reports import eight_faults, filled
from tests.reports.made_up import FIRST, ITEMS, REPORT
from tests.reports.test_doors import told

XSD = Path(__file__).parents[1] / "data/schemas/junit-10.xsd"
CASES = '<xs:element ref="skipped"/>'


@cache
def as_it_is() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(XSD.read_text())


@cache
def with_properties() -> xmlschema.XMLSchema:
    """The schema, with properties inside a case."""
    text = XSD.read_text()
    assert text.count(CASES) == 1
    return xmlschema.XMLSchema(text.replace(CASES, f'<xs:element ref="properties"/>{CASES}'))


def checked(text: str) -> Element:
    """The document of a text that fits the schema, with properties of cases and without."""
    with_properties().validate(text)
    tree = ElementTree.fromstring(text)
    bare = ElementTree.fromstring(text)
    for case in bare.iter("testcase"):
        for properties in case.findall("properties"):
            case.remove(properties)
    as_it_is().validate(ElementTree.tostring(bare, encoding="unicode"))
    for suite in tree.iter("testsuite"):
        cases = suite.findall("testcase")
        found = Counter(child.tag for case in cases for child in case)
        assert int(suite.attrib["tests"]) == len(cases)
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.attrib[name]) == found[tag], name
    return tree


def properties(element: Element) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in element.findall("properties/property"):
        found.setdefault(one.attrib["name"], []).append(one.attrib["value"])
    return found


def test_the_schema_refuses_what_is_none() -> None:
    for text in ("<testsuite/>", '<testsuites><testsuite name="x" tests="1"><case/></testsuite></testsuites>'):
        with pytest.raises(xmlschema.XMLSchemaValidationError):
            with_properties().validate(text)


@pytest.mark.parametrize("report", [REPORT, filled.REPORT], ids=["made up", "filled"])
def test_the_document_fits_the_schema(report: Report) -> None:
    tree = checked(junit.render(report))
    assert len(list(tree.iter("testcase"))) == sum(len(host.selected) for host in report.hosts)


def test_a_judged_report_fits_the_schema_and_counts_as_it_does() -> None:
    report = eight_faults.report()
    tree = checked(junit.render(report))
    (host,) = report.hosts
    outcomes = Counter(item.outcome for item in host.items)
    assert tree.attrib["tests"] == "196"
    assert tree.attrib["failures"] == str(outcomes[Outcome.FAILED]) != "0"
    assert len(tree) == 5
    assert properties(tree[0])["ready"] == ["false"]
    assert properties(tree[0])["threshold"] == ["90"]
    assert "ready" not in properties(tree[3])


def test_each_outcome_is_told_as_readers_of_junit_know_it() -> None:
    tree = checked(junit.render(replace(REPORT, hosts=(FIRST,))))
    found = {case.attrib["name"]: case for case in tree.iter("testcase")}
    kinds = {
        name: [(child.tag, child.attrib["type"]) for child in case if child.tag != "properties"]
        for name, case in found.items()
    }
    assert kinds["pre.security.passed"] == kinds["deploy.backend.attested"] == []
    assert kinds["pre.security.failed"] == [("failure", "failed")]
    assert kinds["pre.database.broken"] == [("error", "not_assessed")]
    assert kinds["pre.database.not-assessed"] == [("skipped", "not_assessed")]
    assert kinds["deploy.backend.waived"] == [("skipped", "waived")]
    assert kinds["post.monitoring.advice"] == [("skipped", "advice")]
    assert kinds["post.monitoring.not-applicable"] == [("skipped", "not_applicable")]
    skipped = found["pre.database.not-assessed"].find("skipped")
    assert skipped is not None
    assert skipped.attrib["message"] == "not assessed: no permission: sudo was refused"
    assert skipped.text == "no permission: sudo was refused\nfix: grant it"


def test_a_case_has_its_properties() -> None:
    tree = checked(junit.render(replace(REPORT, hosts=(FIRST,))))
    case = next(case for case in tree.iter("testcase") if case.attrib["name"] == "pre.security.passed")
    assert case.attrib["classname"] == "pre_deployment.security"
    assert properties(case) == {
        "id": ["pre.security.passed"], "text": ["Keys only"], "stage": ["pre_deployment"], "category": ["security"],
        "outcome": ["passed"], "fix": ["set it"], "evidence": ["root: key", "port 22"],
    }  # fmt: skip


def test_with_several_hosts_no_two_cases_are_one() -> None:
    tree = checked(junit.render(REPORT))
    places = [(case.attrib["classname"], case.attrib["name"]) for case in tree.iter("testcase")]
    assert len(set(places)) == len(places)
    assert {place[0].split(".")[0] for place in places} == {"vm", 'second "&" last'}


def test_evidence_has_an_end() -> None:
    found = junit.properties(Finding("x", Outcome.FAILED, evidence=tuple(map(str, range(60)))))
    evidence = [value for name, value in found if name == "evidence"]
    assert len(evidence) == junit.MOST_PROPERTIES
    assert evidence[-2:] == ["48", "and 11 more"]
    assert found[0] == ("outcome", "failed")
    assert "reason" not in dict(found)


@pytest.mark.hostile("outputs")
@pytest.mark.parametrize("text", [text for text in DIRTY.values() if len(text) < 100_000])
def test_nothing_that_was_said_is_markup(text: str) -> None:
    made = junit.render(told(REPORT, text))
    tree = checked(made)
    assert [element.tag for element in tree.iter()] == [
        element.tag for element in ElementTree.fromstring(junit.render(told(REPORT, "plain words"))).iter()
    ]
    assert not forbidden(made, "\n\t")


# pytest's own


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "workers"])
def test_pytests_own_xml_has_the_finding_as_properties(workers: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "zebu.toml").write_text(recorded.settings())
    done = subprocess.run(
        [
            sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--zebu-replay={recorded.SNAPSHOT}",
            "--junit-xml=r.xml", "--zebu-report=junit:ours.xml", *workers,
        ],
        cwd=tmp_path, capture_output=True, check=False, timeout=500,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout.decode()
    theirs, ours = (checked((tmp_path / name).read_text()) for name in ("r.xml", "ours.xml"))
    found = {properties(case)["id"][0]: properties(case) for case in theirs.iter("testcase")}
    made = {case.attrib["name"]: properties(case) for case in ours.iter("testcase")}
    assert len(found) == len(made) == 196
    # Only the report knows which items are mended with another one.
    pointed = {item: made[item]["fix"] for item in made if made[item].get("fix", [""])[0].startswith("mend first: ")}
    assert 0 < len(pointed) < 20
    assert made == {
        item: {**known, "text": made[item]["text"], **({"fix": pointed[item]} if item in pointed else {})}
        for item, known in found.items()
    }
    some = made["pre.security.ssh.no-passwords"]
    assert some.keys() == {"id", "text", "stage", "category", "outcome", "fix", "evidence"}


OWN = """
import pytest
from pytest_zebu.plugin.checks import items

@pytest.fixture
def breaks():
    yield
    raise KeyError("x")

@items("pre.security.ssh.port-changed")
def test_ends_badly(breaks, record_property, zebu_item):
    record_property("outcome", "mine")
    assert False, "no"

def test_own(record_property):
    record_property("reason", "mine")
"""


def test_a_later_phase_says_it_anew_and_others_properties_stay(tmp_path: Path) -> None:
    (tmp_path / "zebu.toml").write_text(recorded.settings())
    (tmp_path / "test_own.py").write_text(OWN)
    subprocess.run(
        [
            sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--zebu-replay={recorded.SNAPSHOT}",
            "--junit-xml=r.xml", "test_own.py", "-o", "junit_family=xunit1",
        ],
        cwd=tmp_path, capture_output=True, check=False, timeout=500,
    )  # fmt: skip
    tree = ElementTree.parse(tmp_path / "r.xml")
    cases = {case.attrib["name"]: properties(case) for case in tree.iter("testcase") if case.find("error") is not None}
    (last,) = cases.values()
    assert last["outcome"] == ["mine", "not_assessed"]
    assert last["reason"] == ["the test around the check broke: KeyError"]
    own = next(case for case in tree.iter("testcase") if case.attrib["name"] == "test_own")
    assert properties(own) == {"reason": ["mine"]}


def test_a_finding_and_its_report_have_the_same_properties() -> None:
    item = ITEMS[1]
    finding = Finding(item.item, item.outcome, item.reason, item.fix, item.evidence)
    assert junit.properties(finding) == junit.properties(item)
