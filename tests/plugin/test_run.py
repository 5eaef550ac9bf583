"""A run on a recorded snapshot: selection, outcomes, gate, reports."""

from __future__ import annotations

import json
import re
import shlex
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from pytest_zebu.facts.fact import Fact, Gathered
from pytest_zebu.gather.snapshot import Snapshot
from pytest_zebu.plugin import run as run_module
from pytest_zebu.settings import read as read_settings
from pytest_zebu.settings.target import Target
from pytest_zebu.verdict.plan import verification
from tests import recorded

from .conftest import Run


def outcomes(report: dict[str, Any]) -> dict[str, str]:
    return {item["id"]: item["outcome"] for item in report["hosts"][0]["items"]}


@pytest.mark.parametrize(
    "workers", [(), ("-p", "no:xdist"), ("-n", "0"), ("-n", "2")], ids=["default", "without xdist", "n0", "n2"]
)
def test_the_whole_checklist_is_judged(run_apart: Run, workers: tuple[str, ...]) -> None:
    result, report = run_apart(*workers)
    host = report["hosts"][0]
    assert [len(host["items"]), host["overall"]["total"], host["stages"]["pre_deployment"]["total"]] == [196, 157, 73]
    assert not any(host["stages"][stage]["partial"] for stage in host["stages"])
    found = outcomes(report)
    # The recorded certificates come from an authority that nobody trusts by default.
    assert found["pre.security.https.certificate"] == "failed"
    assert found["pre.security.ssh.no-passwords"] == "passed"
    assert found["pre.infrastructure.dns-records"] == "passed"
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "*Pre deployment*NOT READY*",
            "*serve the full chain*",
            "5 failed*",
            "*pre.security.https.certificate*",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")


def test_collecting_judges_nothing(run: Run) -> None:
    result, report = run("--collect-only", "-q", "-m", "pre_deployment")
    assert (result.ret, report) == (0, {})
    result.stdout.fnmatch_lines(["*no-passwords*"])
    result.stdout.no_fnmatch_line("*readiness*")


def test_markers_select_a_stage(run: Run) -> None:
    _, report = run("-m", "deployment_verification and not browser")
    stages = report["hosts"][0]["stages"]
    assert stages["deployment_verification"]["passed"] == 25
    assert stages["pre_deployment"]["score"] is None
    assert stages["pre_deployment"]["total"] == 73


@pytest.mark.parametrize(("options", "status"), [
    (("-k", "no-passwords"), 0),
    (("-k", "no-passwords or capacity.costs"), 1),
    (("-k", "https.certificate"), 1),
    (("-k", "https.certificate", "--zebu-gate=off"), 0),
    (("-m", "pre_deployment"), 1),
], ids=["passed", "one not assessed", "failed", "gate off", "stage not ready"])  # fmt: skip
def test_the_gate_decides_the_exit_status(run: Run, options: tuple[str, ...], status: int) -> None:
    result, report = run(*options)
    assert result.ret == status
    assert (
        report["hosts"][0]["stages"]["pre_deployment"]["score"] is None
        or report["hosts"][0]["stages"]["pre_deployment"]["score"] < 100
    )


def test_a_users_own_failing_test_fails_the_run(run: Run, project: pytest.Pytester) -> None:
    project.makepyfile(test_own="def test_own(): assert False")
    result, _ = run("--zebu-gate=off", "test_own.py")
    assert result.ret == 1


def test_a_check_that_breaks_is_an_error_and_no_pass(run: Run, project: pytest.Pytester) -> None:
    project.makepyfile(
        test_own="""
        from pytest_zebu.plugin.checks import items
        @items("deploy.initial.ssh")
        def test_own(sshd):
            sshd.nothing_of_this_name
    """
    )
    result, report = run("test_own.py")
    assert result.ret == 1
    assert outcomes(report)["deploy.initial.ssh"] == "not_assessed"
    result.stdout.fnmatch_lines(["*AttributeError*"])


def test_several_hosts_are_judged_each_and_a_users_own_test_once(project: pytest.Pytester) -> None:
    hosts = "".join(f'[hosts.{name}]\naddress = "127.0.0.1"\nport = 1\n' for name in ("here", "there"))
    project.makefile(".toml", hosts=hosts)
    project.makepyfile(test_own="def test_own(): pass")
    options = (
        "--zebu-config=hosts.toml",
        "--zebu-host=here,there",
        "--zebu-json=report.json",
        "-k",
        "no-passwords or own",
    )
    result = project.runpytest_inprocess(*options, "--pyargs", "tests_prod", "test_own.py", "-v")
    report = json.loads((project.path / "report.json").read_text())
    seen = {host["name"]: host["items"] for host in report["hosts"]}
    assert seen.keys() == {"here", "there"}
    for items in seen.values():
        assert {one["outcome"] for one in items if one["id"] == "pre.security.ssh.no-passwords"} == {"not_assessed"}
    result.stdout.fnmatch_lines(["*test_own.py::test_own PASSED*", "*1 passed*"])


def test_workers_judge_host_by_host_and_tell_the_same(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading and parsing what one host said is one worker's work, as far as that can be."""
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)  # this may be one itself
    snapshot = json.loads((project.path / "snapshot.json").read_text())
    snapshot["hosts"]["second"] = snapshot["hosts"]["lab"]
    (project.path / "snapshot.json").write_text(json.dumps(snapshot))
    project.makeconftest(
        """
        import os, pathlib
        import pytest
        @pytest.hookimpl(trylast=True)
        def pytest_collection_finish(session):
            names = [item.callspec.params["zebu_target"] if hasattr(item, "callspec") else "" for item in session.items]
            pathlib.Path(f"order-{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}").write_text(" ".join(names))
        """
    )
    project.makepyfile(
        test_own="""
        def test_own(record_property):
            record_property("number", 1)
        """
    )
    found: list[list[Any]] = []
    for workers in ((), ("-n", "2")):
        result = project.runpytest_subprocess(
            "--zebu-replay=snapshot.json", "--zebu-json=report.json", "-k", "pre.security.ssh or test_own",
            "--pyargs", "tests_prod", "test_own.py", "--zebu-gate=off", "--junitxml=junit.xml", *workers,
        )  # fmt: skip
        assert result.ret == 0, result.outlines[-5:]
        hosts = json.loads((project.path / "report.json").read_text())["hosts"]
        found.append([(host["name"], host["items"]) for host in hosts])
        properties = re.findall("<property [^>]*>", (project.path / "junit.xml").read_text())
        assert '<property name="number" value="1" />' in properties
        found[-1].append(sorted(properties))
    assert found[0] == found[1]
    orders = [path.read_text().split(" ") for path in sorted(project.path.glob("order-gw*"))]
    assert orders[0] == orders[1]
    assert orders[0] == sorted(orders[0]), "the project's own test, and one host after the other"
    assert {*orders[0]} == {"", "lab", "second"}
    alone = (project.path / "order-alone").read_text().split(" ")
    assert alone != sorted(alone), "one process keeps the order of the suite"


def test_a_host_from_a_fixture_of_ones_own_is_asked_for(run: Run, project: pytest.Pytester) -> None:
    project.makepyfile(
        test_own="""
        import pytest
        from pytest_zebu.plugin.checks import items
        @pytest.fixture
        def zebu_target():
            pytest.skip("not this one today")
        @items("pre.security.ssh.no-passwords")
        def test_own(sshd): pass
        """
    )
    _, report = run("test_own.py")
    found = {one["id"]: one for one in report["hosts"][0]["items"]}["pre.security.ssh.no-passwords"]
    assert (found["outcome"], found["reason"]) == ("not_assessed", "not this one today")


def test_nothing_to_judge_is_no_pass(run: Run, project: pytest.Pytester) -> None:
    project.makepyfile(
        test_own="""
        from pytest_zebu.plugin.checks import items
        @items("deploy.initial.ssh")
        def test_own(case):
            for _ in []:
                with case("never"):
                    assert True
    """
    )
    _, report = run("test_own.py")
    assert outcomes(report)["deploy.initial.ssh"] == "not_assessed"


def test_every_case_is_judged(run: Run, project: pytest.Pytester) -> None:
    project.makepyfile(
        test_own="""
        from pytest_zebu.plugin.checks import items
        @items("deploy.initial.ssh")
        def test_own(case):
            for number in (1, 2, 3):
                with case(f"number {number}", "seen it"):
                    assert number == 2, f"is {number}"
    """
    )
    _, report = run("test_own.py")
    item = next(item for item in report["hosts"][0]["items"] if item["id"] == "deploy.initial.ssh")
    assert [case["outcome"] for case in item["cases"]] == ["failed", "passed", "failed"]
    assert item["reason"] == "number 1: is 1; number 3: is 3"


def test_what_is_wrong_stays_wrong_whatever_else_was_not_seen(run: Run, project: pytest.Pytester) -> None:
    project.makepyfile(
        test_own="""
        from pytest_zebu.plugin.checks import items
        from pytest_zebu.facts.answer import NotAssessed

        @items("deploy.initial.ssh")
        def test_own(case):
            with case("one"):
                assert False, "is wrong"
            raise NotAssessed("the rest was not seen")
    """
    )
    _, report = run("test_own.py")
    item = next(item for item in report["hosts"][0]["items"] if item["id"] == "deploy.initial.ssh")
    assert (item["outcome"], item["reason"]) == ("failed", "one: is wrong")


def test_attestations_and_waivers(run: Run, project: pytest.Pytester) -> None:
    project.makefile(
        ".toml",
        attestations=recorded.DECLARED
        + """
        [[attestation]]
        id = "pre.application.docker.restart-policy"
        statement = "an attestation does not matter here"
        by = "operations"
        on = "2026-11-20"
        evidence = [{ commit = "0123456789ab" }]
        [[not_applicable]]
        id = "deploy.network.www"
        reason = "there is no www name"
        approver = "operations"
    """,
    )
    result, report = run()
    found = outcomes(report)
    assert found["post.maintenance.capacity.costs"] == "attested"
    assert found["pre.application.docker.restart-policy"] == "passed"
    assert found["deploy.backend.api"] == "waived"
    assert found["deploy.network.www"] == "not_applicable"
    result.stdout.fnmatch_lines(["waived: deploy.backend.api*"])


DECLARED = """
[[waiver]]
id = "deploy.network.www"
reason = "a new authority comes"
approver = "product owner"
from = "2026-11-01"
until = "2026-11-26"
cases = {cases}
[[attestation]]
id = "post.maintenance.capacity.costs"
statement = "reviewed with the bill"
by = "operations"
on = "2026-11-20"
about = "postgres {version}"
evidence = [{{ url = "https://wiki.example.org/bill" }}]
"""


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["here", "workers"])
def test_words_that_are_bound(run: Run, project: pytest.Pytester, workers: tuple[str, ...]) -> None:
    """The lab has PostgreSQL 15, and two names that lead to one address with certificates that nobody trusts."""
    both = '["certificate of zebu.test", "certificate of www.zebu.test"]'
    chosen = ("-k", "deploy.network.www or capacity.costs", "--zebu-gate=off", *workers)
    for cases, version, www, costs, said in (
        (both, 15, "waived", "attested", "waived by product owner until 2026-11-26, for certificate of zebu.test, "),
        ('["certificate of zebu.test"]', 16, "failed", "not_assessed", "only: certificate of www.zebu.test fails too"),
    ):
        project.makefile(".toml", attestations=DECLARED.format(cases=cases, version=version))
        _, report = run(*chosen)
        found = {item["id"]: item for item in report["hosts"][0]["items"]}
        assert found["deploy.network.www"]["outcome"] == www
        assert said in found["deploy.network.www"]["reason"]
        assert found["post.maintenance.capacity.costs"]["outcome"] == costs
    lapsed = "is void: it is about postgres 16, and the database is PostgreSQL 15.20"
    assert lapsed in found["post.maintenance.capacity.costs"]["reason"]


def test_what_words_are_about_is_asked_for_where_they_are_selected(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.makefile(".toml", attestations=DECLARED.format(cases='["x"]', version=15))
    settings = read_settings(project.path / "zebu.toml")
    target = Target(name="lab", host=settings.hosts["lab"], settings=settings)
    asked: list[set[str]] = []

    def gather(target: Target, facts: list[Fact[Any]], *more: object) -> Snapshot:
        asked.append({fact.name for fact in facts})
        return Snapshot("lab", Gathered(time=1.0), False, "not asked")

    monkeypatch.setattr(run_module, "gather", gather)
    for item in ("post.maintenance.capacity.costs", "deploy.network.www"):
        state = run_module.Run({"lab": target}, run_module.Options())
        state.selected["lab"] = {item}
        judged = state.evidence("lab").records
        assert state.records["lab"] == judged, "reports tell of words as they were compared"
        assert "was not seen" in judged.lapsed("post.maintenance.capacity.costs", date(2026, 11, 20))
        state.close()
    assert [asked[0] - asked[1], asked[1]] == [{"database"}, {"machine", "repository"}]


def test_what_was_gathered_is_judged_on_its_day(run: Run, project: pytest.Pytester) -> None:
    """A waiver that ended with the day of the recording holds, whatever day it is now."""
    waiver = ('id = "deploy.backend.api"', 'reason = "a day"', 'approver = "owner"', "from = {0}", "until = {0}")
    gathered = json.loads((project.path / "snapshot.json").read_text())["hosts"]["lab"]["gathered"]
    today = datetime.fromtimestamp(gathered["time"], UTC).date()
    for day, outcome in ((today, "waived"), (today - timedelta(days=1), "failed")):
        text = "\n".join(["[[waiver]]", *waiver]).format(f'"{day}"')
        (project.path / "attestations.toml").write_text(text)
        _, report = run("-k", "deploy.backend.api", "--zebu-gate=off")
        assert outcomes(report)["deploy.backend.api"] == outcome


def test_hostile_text_is_escaped_in_html_and_stripped_of_escapes(run: Run, project: pytest.Pytester) -> None:
    path = project.path / "snapshot.json"
    data = json.loads(path.read_text())
    answers = data["hosts"]["lab"]["gathered"]["answers"]
    answers["repository"]["out"] += "@change ?? <script>alert(1)</script>\n"
    path.write_text(json.dumps(data))
    run("--html=report.html")
    html = (project.path / "report.html").read_text()
    assert "alert(1)" in html
    assert "<script>alert(1)" not in html


def test_timings_are_shown_in_html(run: Run, project: pytest.Pytester) -> None:
    """What belongs to no case alone is evidence all the same."""
    run("-k", "deploy.performance", "--html=report.html")
    html = (project.path / "report.html").read_text()
    assert re.search(r"p50 \d+ ms, p95 \d+ ms, slowest \d+ ms", html)
    assert re.search(r"backend: \d+\.\d % of the machine", html)


def test_relaxed_requirements_and_simulated_sources_are_shown(run: Run, project: pytest.Pytester) -> None:
    result, report = run("--html=report.html")
    assert report["hosts"][0]["relaxed"][0] == {
        "key": "requirements.cpus",
        "checklist": "4",
        "declared": "2",
        "reason": "the lab shares its host's two cores",
        "approver": "operations",
    }
    result.stdout.fnmatch_lines(["relaxed: requirements.cpus = 2 (checklist: 4)*"])
    html = (project.path / "report.html").read_text()
    assert "requirements.cpus = 2" in html
    assert "no evidence of a real deployment: Proxmox VE" in html
    assert "Proxmox VE" in report["hosts"][0]["simulated"]


@pytest.mark.parametrize(("elsewhere", "outcome"), [(404, "passed"), (200, "failed")], ids=["another", "production"])
def test_staging_is_used_and_must_be_another_place(
    run: Run, project: pytest.Pytester, elsewhere: int, outcome: str
) -> None:
    """What was recorded of production, as if a staging of its own had answered so."""
    path = project.path / "snapshot.json"
    data = json.loads(path.read_text())
    trials = data["hosts"]["lab"]["gathered"]["trials"]
    trials["staged_use"] = {**trials["use"], "elsewhere": elsewhere}
    path.write_text(json.dumps(data))
    settings = project.path / "zebu.toml"
    settings.write_text(settings.read_text().replace("[domains]", '[domains]\nstaging = "staging.zebu.test"'))
    _, report = run("-k", "functionality.staging", "--zebu-active=functional")
    assert outcomes(report)["pre.application.functionality.staging"] == outcome


def test_an_order_that_failed_is_a_failure_and_no_broken_check(run: Run, project: pytest.Pytester) -> None:
    path = project.path / "snapshot.json"
    data = json.loads(path.read_text())
    steps = data["hosts"]["lab"]["gathered"]["trials"]["use"]
    refused = {"status": 503, "said": {"detail": "Market data is unavailable"}, "ours": True}
    steps |= {"price": refused, "buy": refused, "holdings": {**refused, "status": 200, "said": {"holdings": []}}}
    path.write_text(json.dumps(data))
    _, report = run("-k", "pre.application.functionality", "--zebu-active=functional")
    found = outcomes(report)
    names = ("trades", "transactions", "prices", "portfolios")
    expected = ["failed", "failed", "failed", "passed"]
    assert [found[f"pre.application.functionality.{name}"] for name in names] == expected


def test_pictures_are_in_the_html_report_and_nowhere_else(run: Run, project: pytest.Pytester) -> None:
    project.makepyfile(
        test_own="""
        from pytest_zebu.plugin.checks import items
        @items("deploy.frontend.mobile")
        def test_own(screens, case):
            for screen in screens:
                case.show(f"{screen.width} px", screen.picture)
            case.saw("two screens")
    """
    )
    _, report = run("test_own.py", "--html=report.html")
    assert outcomes(report)["deploy.frontend.mobile"] == "passed"
    html = (project.path / "report.html").read_text()
    assert html.count("data:image/jpeg;base64,") == 2
    assert "pictures" not in json.dumps(report)


PREFIXED = ["deploy.performance.api", "deploy.backend.api", "pre.security.https.certificate", "deploy.initial.ssh"]


@pytest.mark.parametrize("host", ["here", "there"])
def test_a_steps_command_picks_its_items_and_no_others(project: pytest.Pytester, host: str) -> None:
    """Also where several hosts are known, and words of one id are words of others."""
    hosts = "".join(f'[hosts.{name}]\naddress = "127.0.0.1"\n' for name in ("here", "there"))
    project.makefile(".toml", zebu=hosts)
    asked = shlex.split(verification(f"pytest --zebu-host={host}", PREFIXED))
    result = project.runpytest_inprocess("--collect-only", "-q", *asked[1:])
    found = [line.rpartition("[")[2].removesuffix("]") for line in result.outlines if "::" in line]
    assert sorted(found) == sorted(PREFIXED)


def test_an_id_that_begins_another_picks_only_itself(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest
        @pytest.mark.parametrize("item", ["a.b", "a.b-c", "x.a.b", "a.b.c"])
        def test_one(item): pass
    """)
    _, _, *picked = shlex.split(verification("python -m", ["a.b"]))
    result = pytester.runpytest_inprocess("--collect-only", "-q", *picked)
    assert [line for line in result.outlines if "::" in line] == [
        "test_an_id_that_begins_another_picks_only_itself.py::test_one[a.b]"
    ]
