"""Lookers at services, against the stand-ins, over TLS: what a refusal means, both ways to log in, no secret in an answer."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab.standins import advisories, forge, npm, proxmox, states
from lab.standins.server import StandIn, serve
from pytest_zebu.facts import proxmox as hypervisor
from pytest_zebu.facts.answer import Reason, Unknown
from pytest_zebu.gather import audit, services
from pytest_zebu.gather import forge as forge_look
from pytest_zebu.gather.forge import ask_forge, that_count
from pytest_zebu.settings import Settings
from pytest_zebu.settings.sections import Host
from pytest_zebu.settings.target import Target
from tests.gather.conftest import SECRET, Server

Service = Callable[[Callable[[Path], StandIn], dict[str, Any]], tuple[str, Path]]


@pytest.fixture
def service(tmp_path: Path, certificate: Path) -> Service:
    """Start a stand-in; its address, and the file of what it takes for true. It ends with the process."""

    def start(make: Callable[[Path], StandIn], state: dict[str, Any]) -> tuple[str, Path]:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        path = tmp_path / f"{port}.json"
        path.write_text(json.dumps(state))
        serve(make(path), "127.0.0.1", port, certificate)
        return f"https://127.0.0.1:{port}", path

    return start


def reasons(answer: Any) -> Reason:
    assert isinstance(answer, Unknown), answer
    assert SECRET not in str(answer)
    return answer.reason


COMMIT, BEFORE = "a" * 40, "b" * 40
ASKED = {"commit": COMMIT, "ancestors": {"tests": [BEFORE], "lint": [BEFORE], "other": ["c" * 40]}}
USER = {"login": "development", "type": "User"}
EMPTY = {
    "token": SECRET, "repository": "zebu/zebu", "commits": [COMMIT, BEFORE], "check_runs": {}, "statuses": {}, "trees": {}, "workflow_runs": [],
    "pulls": [], "reviews": {}, "pull_commits": {}, "deployments": [],
}  # fmt: skip


def check_run(name: str = "tests", conclusion: str = "success", suite: int = 1, number: int = 1) -> dict[str, Any]:
    base = {"id": number, "name": name, "status": "completed", "conclusion": conclusion, "head_sha": COMMIT}
    return {**base, "app": {"slug": "github-actions"}, "check_suite": {"id": suite}}


@pytest.fixture
def forged(service: Service, declared: Callable[..., Settings]) -> Callable[..., Any]:
    """Ask a forge of which this is true about the deployed commit."""

    def ask(**change: Any) -> Any:
        url, _ = service(forge.make, {**EMPTY, **change})
        checks = {"tests": ["tests"], "linters": ["lint"]}
        table = {"api": f"{url}/api/v3", "repository": "zebu/zebu", "token_file": "secret", "checks": checks}
        return ask_forge(declared(forge=table), ASKED)

    return ask


def test_a_check_that_was_skipped_or_left_out_is_asked_about_at_its_ancestors(forged: Callable[..., Any]) -> None:
    before = [{**check_run("tests"), "head_sha": BEFORE}, {**check_run("lint"), "head_sha": BEFORE}]
    for runs in (
        [check_run(conclusion="skipped")],
        [check_run("other")],
        [check_run(conclusion="skipped"), check_run("lint")],
    ):
        answer = forged(check_runs={COMMIT: runs, BEFORE: before})
        assert answer["checks"].keys() == {COMMIT, BEFORE}
        assert [run["name"] for run in answer["checks"][BEFORE]] == ["tests", "lint"]
    for runs in ([], [check_run(), check_run("lint (3.11)")]):
        assert forged(check_runs={COMMIT: runs, BEFORE: before})["checks"].keys() == {COMMIT}


def test_workflows_tell_a_rerun_from_a_namesake(forged: Callable[..., Any]) -> None:
    """They are asked only where several suites have runs of one declared name."""
    runs = [check_run(conclusion="failure"), check_run(suite=2, number=2), check_run("lint")]
    workflows = [{"id": suite, "head_sha": COMMIT, "check_suite_id": suite, "workflow_id": 5} for suite in (1, 2)]
    answer = forged(check_runs={COMMIT: runs}, workflow_runs=workflows)
    assert [run["workflow"] for run in answer["checks"][COMMIT]] == ["5", "5", "5"]
    assert [run["workflow"] for run in forged(check_runs={COMMIT: runs})["checks"][COMMIT]] == ["", "", ""]
    answer = forged(check_runs={COMMIT: [check_run("other"), check_run("other", suite=2)]}, workflow_runs=workflows)
    assert [run["workflow"] for run in answer["checks"][COMMIT]] == ["", ""]


def test_what_other_services_say_of_a_commit(forged: Callable[..., Any]) -> None:
    said = [{"context": "ci/tests", "state": "success", "description": "x"}]
    assert forged(statuses={COMMIT: said})["statuses"] == [{"name": "ci/tests", "state": "success"}]
    assert forged()["statuses"] == []


def test_pull_requests_that_brought_the_commit(forged: Callable[..., Any]) -> None:
    pull = {"number": 7, "user": USER, "head": {"sha": BEFORE}, "merged_at": "2026-01-01", "merge_commit_sha": COMMIT}
    review = {"user": {"login": "zebu[bot]", "type": "Bot"}, "state": "APPROVED", "commit_id": BEFORE}
    change: dict[str, Any] = {"sha": BEFORE, "author": None, "parents": [{}, {}]}
    answer = forged(
        pulls=[pull], reviews={"7": [{**review, "author_association": "NONE"}]}, pull_commits={"7": [change]}
    )
    assert answer["pulls"] == [{
        "number": 7, "by": "development", "kind": "User", "head": BEFORE,
        "reviews": [{"by": "zebu[bot]", "kind": "Bot", "state": "APPROVED", "commit": BEFORE, "standing": "NONE"}],
        "commits": [{"sha": BEFORE, "by": "", "merges": True}],
    }]  # fmt: skip
    assert forged(pulls=[{**pull, "merged_at": None}])["pulls"] == []


def test_the_pull_request_that_made_the_commit_counts_before_others_that_have_it() -> None:
    merged = {"merged_at": "2026-01-01"}
    made, has = {**merged, "number": 1, "merge_commit_sha": COMMIT}, {**merged, "number": 2, "merge_commit_sha": BEFORE}
    assert that_count([has, made], COMMIT) == [made]
    assert that_count([has], COMMIT) == [has]


@pytest.mark.parametrize(("runs", "trees", "same"), [
    ([], {COMMIT: "1", BEFORE: "1"}, [BEFORE]), ([], {COMMIT: "1", BEFORE: "2"}, []), ([], {BEFORE: "1"}, []), ([], {}, []), ([check_run(), check_run("lint")], {COMMIT: "1", BEFORE: "1"}, []),
])  # fmt: skip
def test_where_nothing_ran_the_pull_request_is_asked_if_it_has_the_same_files(
    runs: list[dict[str, Any]], trees: dict[str, str], same: list[str], forged: Callable[..., Any]
) -> None:
    pull = {"number": 7, "user": USER, "head": {"sha": BEFORE}, "merged_at": "2026-01-01", "merge_commit_sha": COMMIT}
    before = [{**check_run(), "head_sha": BEFORE}]
    answer = forged(pulls=[pull], trees=trees, check_runs={COMMIT: runs, BEFORE: before})
    assert answer["same_tree"] == same
    assert answer["checks"].keys() == {COMMIT, *same}


def test_what_ran_for_the_pull_request_only_is_asked_there(forged: Callable[..., Any]) -> None:
    """Other services say it by statuses; beside what else ran on the commit, a job may be left out or skipped there."""
    pull = {"number": 7, "user": USER, "head": {"sha": BEFORE}, "merged_at": "2026-01-01", "merge_commit_sha": COMMIT}
    trees = {COMMIT: "1", BEFORE: "1"}
    said = [{"context": "tests", "state": "success"}, {"context": "lint", "state": "pending"}]
    for runs in ([], [check_run("deploy")], [check_run(conclusion="skipped"), check_run("lint")]):
        answer = forged(pulls=[pull], trees=trees, check_runs={COMMIT: runs}, statuses={BEFORE: said})
        assert answer["same_tree"] == [BEFORE]
        found = [(run["name"], run["status"], run["conclusion"]) for run in answer["checks"][BEFORE]]
        assert found == [("tests", "completed", "success"), ("lint", "pending", "None")]
    answer = forged(pulls=[pull], trees=trees, check_runs={COMMIT: [check_run()]}, statuses={COMMIT: said[1:]})
    assert answer["same_tree"] == []


def test_statuses_of_the_pull_request_that_are_not_told_may_have_what_its_runs_lack(
    forged: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    pull = {"number": 7, "user": USER, "head": {"sha": BEFORE}, "merged_at": "2026-01-01", "merge_commit_sha": COMMIT}
    refused, told = Unknown(Reason.NO_PERMISSION, "statuses"), forge_look._statuses
    monkeypatch.setattr(forge_look, "_statuses", lambda listed, sha: refused if sha == BEFORE else told(listed, sha))
    for names, is_known in ((("tests", "lint"), True), (("tests",), False), ((), False)):
        runs = [{**check_run(name), "head_sha": BEFORE} for name in names]
        answer = forged(pulls=[pull], trees={COMMIT: "1", BEFORE: "1"}, check_runs={COMMIT: [], BEFORE: runs})
        assert isinstance(answer["checks"][BEFORE], list) is is_known
        assert is_known or answer["checks"][BEFORE] == refused


@pytest.mark.parametrize(("message", "is_told"), [
    ("chore(release): 1.2.3 [skip ci]\n\nnotes", True), ("x\n\nskip-checks: true", True), ("[no ci] x", True), ("x", False), ("skip ci", False), ("", False),
])  # fmt: skip
def test_a_commit_says_that_nothing_is_to_run_for_it(
    message: str, is_told: bool, forged: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = services.page

    def page(client: Any, url: str, what: str, **params: Any) -> Any:
        if "/git/commits/" in url:
            return {"message": message, "tree": {"sha": "1"}}, None
        return plain(client, url, what, **params)

    monkeypatch.setattr(services, "page", page)
    before = [{**check_run("tests"), "head_sha": BEFORE}]
    answer = forged(check_runs={COMMIT: [], BEFORE: before})
    assert answer["told_to_skip"] is is_told
    assert (BEFORE in answer["checks"]) is is_told
    assert not forged(check_runs={COMMIT: [check_run()], BEFORE: before})["told_to_skip"]


def test_deployments_of_exactly_this_commit_newest_first(forged: Callable[..., Any]) -> None:
    def deployed(number: int, **change: Any) -> dict[str, Any]:
        states = [{"id": 1, "state": "in_progress"}, {"id": 2, "state": "success"}]
        return {"id": number, "sha": COMMIT, "ref": "main", "environment": "staging", "statuses": states, **change}

    rows = [deployed(1), deployed(3, environment="production"), deployed(2, statuses=[]), deployed(4, sha=BEFORE)]
    assert forged(deployments=rows)["deployments"] == [
        {"environment": "production", "states": ["success", "in_progress"]},
        {"environment": "staging", "states": []},
        {"environment": "staging", "states": ["success", "in_progress"]},
    ]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (401, Reason.NO_PERMISSION),
        (403, Reason.NO_PERMISSION),
        (429, Reason.UNDECIDABLE),
        (500, Reason.UNDECIDABLE),
    ],
)
@pytest.mark.hostile("services")
def test_what_the_forge_refuses_is_no_answer(status: int, expected: Reason, forged: Callable[..., Any]) -> None:
    answer = forged(refuse={"status": status, "body": {"message": "no"}})
    answers = [answer["checks"][COMMIT], *(answer[key] for key in ("statuses", "pulls", "deployments"))]
    assert {reasons(one) for one in answers} == {expected}


@pytest.mark.parametrize(("api", "whose"), [
    ("https://forge.test/api/v1", "Forgejo's or Gitea's"), ("https://forge.test/api/v4/", "GitLab's"), ("https://gitlab.com/api/v4", "GitLab's"), ("https://gitlab.com", "GitLab's"), ("https://api.bitbucket.org/2.0", "Bitbucket's"), ("https://codeberg.org/api/v1", "Forgejo's"),
])  # fmt: skip
@pytest.mark.hostile("services")
def test_a_forge_that_speaks_otherwise_is_named_and_not_asked(
    api: str, whose: str, declared: Callable[..., Settings]
) -> None:
    answer = ask_forge(declared(forge={"api": api, "repository": "zebu/zebu"}), ASKED)
    assert reasons(answer) is Reason.UNDECIDABLE
    assert whose in answer.detail


def test_no_repository_is_asked_about_unless_it_is_declared(declared: Callable[..., Settings]) -> None:
    assert reasons(ask_forge(declared(), ASKED)) is Reason.NOT_CONFIGURED


@pytest.mark.hostile("services")
def test_a_service_whose_certificate_is_not_trusted_gets_no_secret(
    service: Service, declared: Callable[..., Settings]
) -> None:
    url, _ = service(forge.make, EMPTY)
    table = {"api": f"{url}/api/v3", "repository": "zebu/zebu", "token_file": "secret"}
    settings = Settings.model_validate(
        {**declared(forge=table).model_dump(exclude={"tls", "relaxed", "folder"}), "folder": declared().folder}
    )
    answer = ask_forge(settings, {"commit": "a" * 40, "ancestors": {}})
    assert reasons(answer["pulls"]) is Reason.UNREACHABLE
    assert "not trusted" in answer["pulls"].detail


def test_the_hypervisor(service: Service, declared: Callable[..., Settings]) -> None:
    url, _ = service(proxmox.make, states.proxmox(SECRET, 2, 2**30, 2**30, 1_700_000_000))
    paths = ["version", "nodes/pve/apt/update", "nodes/pve/tasks?typefilter=aptupdate&limit=20"]
    table = {"api": url, "token": states.PROXMOX_TOKEN, "token_file": "secret"}
    answer = services.ask_proxmox(declared(proxmox=table), paths)
    assert answer["version"]["release"] == "9.1"
    assert answer[paths[1]] == []
    assert {task["type"] for task in answer[paths[2]]} == {"aptupdate"}
    answer = services.ask_proxmox(declared(proxmox={**table, "token": "auditor@pve!readiness"}), paths)
    assert reasons(answer[paths[1]]) is Reason.NO_PERMISSION
    assert "Sys.Modify" in answer[paths[1]].detail
    answer = services.ask_proxmox(declared(proxmox={**table, "token": "nobody@pve!readiness"}), paths)
    assert reasons(answer["version"]) is Reason.NO_PERMISSION
    assert reasons(services.ask_proxmox(declared(), paths)) is Reason.NOT_CONFIGURED


def test_what_the_hypervisor_is_asked_comes_of_what_it_said(
    service: Service, declared: Callable[..., Settings]
) -> None:
    """Storages, pools and runs are found by their names; of what may hold anything, only what is asked for is kept."""
    state = states.proxmox(SECRET, 2, 2**30, 2**30, 1_700_000_000)
    guest = state["guests"]["200"]
    guest |= {"pool": "prod", "config": {**guest["config"], "description": SECRET}}
    log = [
        "INFO: Finished Backup of VM 2000 (00:00:01)",
        "INFO: Finished Backup of VM 200 (00:00:01)",
        f"INFO: {SECRET}",
    ]
    run = {"upid": "UPID:pve:1:root@pam:", "type": "vzdump", "id": "", "status": "job errors", "endtime": 1, "log": log}
    state |= {
        "tasks": [run],
        "backup_jobs": [
            {"id": "b", "pool": "prod", "storage": "nas", "comment": SECRET},
            {"id": "c", "storage": "a b"},
        ],
        "updates": [{"Package": "a", "Description": SECRET}],
    }
    state["guests"]["200"]["snapshot"][0]["description"] = SECRET
    state["storages"]["nas"]["content"][0]["notes"] = SECRET
    url, _ = service(proxmox.make, state)
    table = {"api": url, "token": states.PROXMOX_TOKEN, "token_file": "secret", "vmid": 200}
    settings = declared(proxmox=table)
    (look,) = hypervisor.looks(Target(name="lab", host=Host(address="192.0.2.1"), settings=settings))
    answer = services.ask_proxmox(settings, look.arguments["paths"])
    assert answer["cluster/resources?type=vm"] == [
        {"vmid": 200, "node": "pve", "type": "qemu", "pool": "prod", "template": 0}
    ]
    assert set(answer["nodes/pve/qemu/200/config"]) == {"scsi0"}
    assert reasons(answer["pools/prod"]) is Reason.NO_PERMISSION
    assert answer["nodes/pve/tasks/UPID:pve:1:root@pam:/log?limit=5000"] == {"lines": [log[1]], "is_cut": False}
    assert {name for name in answer if name.startswith("storage/")} == {"storage/nas"}
    assert answer["storage/nas"]["type"] == "nfs"
    assert len(answer["nodes/pve/storage/nas/content?content=backup&vmid=200"]) == 4
    assert SECRET not in json.dumps({key: value for key, value in answer.items() if not isinstance(value, Unknown)})


@pytest.mark.parametrize(
    ("status", "reason"), [(595, Reason.UNREACHABLE), (599, Reason.UNREACHABLE), (500, Reason.UNDECIDABLE)]
)
@pytest.mark.hostile("services")
def test_a_node_that_does_not_answer_says_nothing(
    status: int, reason: Reason, service: Service, declared: Callable[..., Settings]
) -> None:
    state = {**states.proxmox(SECRET, 2, 2**30, 2**30, 1_700_000_000), "refuse": {"status": status, "body": {}}}
    url, _ = service(proxmox.make, state)
    table = {"api": url, "token": states.PROXMOX_TOKEN, "token_file": "secret"}
    assert reasons(services.ask_proxmox(declared(proxmox=table), ["version"])["version"]) is reason


@pytest.mark.parametrize("flavour", ["npm", "npmplus"])
def test_the_proxy_by_both_logins(flavour: str, service: Service, declared: Callable[..., Settings]) -> None:
    host = {"id": 1, "domain_names": ["zebu.test"], "enabled": 1, "advanced_config": f"limit_req zone=x; # {SECRET}"}
    state = {
        "flavour": flavour,
        "users": {"o@zebu.test": SECRET},
        "setup": True,
        "proxy_hosts": [host],
        "certificates": [],
    }
    url, path = service(npm.make, state)
    table = {"api": url, "identity": "o@zebu.test", "password_file": "secret"}
    answer = services.ask_proxy(declared(proxy=table))
    assert answer["proxy-hosts"] == [{"domain_names": ["zebu.test"], "enabled": 1, "limits": True}]
    assert answer["default_login"] == ""
    assert SECRET not in json.dumps(answer)
    path.write_text(json.dumps({**state, "users": {"admin@example.com": "changeme"}}))
    answer = services.ask_proxy(declared(proxy=table))
    assert answer["default_login"] == ("admin@example.com" if flavour == "npm" else "")
    assert reasons(answer["proxy-hosts"]) is Reason.NO_PERMISSION
    # An address that was only found is asked what it is, and no login is tried there.
    only_found = declared(proxy={"api": url}).model_copy(update={"seen": frozenset({"proxy.api"})})
    answer = services.ask_proxy(only_found)
    if flavour == "npm":
        assert reasons(answer["default_login"]) is Reason.NOT_CONFIGURED


@pytest.mark.hostile("files")
@pytest.mark.parametrize("content", [None, "two\nlines\n"], ids=["none", "odd"])
def test_a_password_that_cannot_be_read_leaves_what_was_seen(
    content: str | None, service: Service, declared: Callable[..., Settings]
) -> None:
    state = {"flavour": "npm", "users": {"admin@example.com": "changeme"}, "setup": True}
    url, _ = service(npm.make, {**state, "proxy_hosts": [], "certificates": []})
    settings = declared(proxy={"api": url, "identity": "o@zebu.test", "password_file": "odd"})
    if content is not None:
        settings.file(Path("odd")).write_text(content)
    answer = services.ask_proxy(settings)
    assert answer["default_login"] == "admin@example.com"
    assert reasons(answer["proxy-hosts"]) is Reason.NOT_CONFIGURED


Row = dict[str, Any]
OSV = states.advisories()["osv"][0]


def advisory(name: str, package: str, *versions: str, ecosystem: str = "npm", **more: Any) -> Row:
    """A record of OSV's schema about these versions."""
    events = [{"introduced": "0"}, {"fixed": "9.0.0"}]
    affected = {"package": {"ecosystem": ecosystem, "name": package}, "versions": list(versions)}
    return {
        "id": name,
        "modified": "",
        "affected": [{**affected, "ranges": [{"type": "SEMVER", "events": events}]}],
        **more,
    }


@pytest.fixture
def asked(service: Service, declared: Callable[..., Settings]) -> Callable[..., Any]:
    """Ask about packages, where these records are all that is known."""

    def ask(records: list[Row], python: Any = (), npm: Any = (), **more: Any) -> Any:
        url, _ = service(advisories.make, {"osv": records, **more})
        return audit.ask_advisories(declared(advisories={"osv": url}), {"image": python}, {"lock": npm})

    return ask


def test_advisories_of_both_indexes(asked: Callable[..., Any]) -> None:
    records = [OSV, advisory("GHSA-1", "esbuild", "0.17.19", database_specific={"severity": "MODERATE"})]
    found = asked(
        records, [["fastapi", "0.1.0"], ["esbuild", "0.17.19"]], [["esbuild", "0.17.19"], ["fastapi", "0.1.0"]]
    )
    assert found == {
        "image": [{"package": "fastapi", "version": "0.1.0", "id": "PYSEC-2024-1", "aliases": ["CVE-2024-0001"],
                   "severity": "high", "fixed": ["0.2.0"]}],
        "lock": [{"package": "esbuild", "version": "0.17.19", "id": "GHSA-1", "aliases": [], "severity": "moderate",
                  "fixed": ["9.0.0"]}],
    }  # fmt: skip


def test_a_pre_release_and_an_own_build_are_asked_about(asked: Callable[..., Any]) -> None:
    records = [advisory("GHSA-1", "a", "1.0.0-rc.1"), advisory("PYSEC-1", "torch", "2.1.0", ecosystem="PyPI")]
    found = asked(records, [["torch", "2.1.0+cu118"]], [["a", "1.0.0-rc.1"], ["a", "1.0.0"]])
    assert [(one["version"], one["id"]) for group in found.values() for one in group] == [
        ("2.1.0+cu118", "PYSEC-1"),
        ("1.0.0-rc.1", "GHSA-1"),
    ]


def test_a_vulnerability_is_found_once_whoever_published_it(asked: Callable[..., Any]) -> None:
    records = [
        advisory("PYSEC-1", "a", "1.0.0", aliases=["CVE-1"]),
        advisory("GHSA-2", "a", "1.0.0", aliases=["CVE-2"], database_specific={"severity": "LOW"}),
        advisory("GHSA-1", "a", "1.0.0", aliases=["CVE-1"], database_specific={"severity": "HIGH"}),
    ]
    found = asked(records, npm=[["a", "1.0.0"]])["lock"]
    assert [(one["id"], one["aliases"], one["severity"]) for one in found] == [
        ("GHSA-2", ["CVE-2"], "low"),
        ("GHSA-1", ["CVE-1", "PYSEC-1"], "high"),
    ]


def test_what_was_withdrawn_is_none(asked: Callable[..., Any]) -> None:
    records = [advisory("GHSA-1", "a", "1.0.0", withdrawn="2026-01-01T00:00:00Z"), advisory("GHSA-2", "a", "1.0.0")]
    assert [one["id"] for one in asked(records, npm=[["a", "1.0.0"]])["lock"]] == ["GHSA-2"]


def test_all_pages_of_all_batches_are_read(asked: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "BATCH", 2)
    names = [f"GHSA-{number}" for number in range(5)]
    records = [advisory(name, package, "1.0.0") for package in "abc" for name in names]
    records = [{**one, "id": f"{one['id']}-{one['affected'][0]['package']['name']}"} for one in records]
    found = asked(records, npm=[[package, "1.0.0"] for package in "abcd"], page_size=2)["lock"]
    assert {one["id"] for one in found} == {one["id"] for one in records}
    monkeypatch.setattr(audit, "PAGES", 2)
    answer = asked(records, npm=[["a", "1.0.0"]], page_size=2)["lock"]
    assert reasons(answer) is Reason.GARBLED
    assert "not all read" in answer.detail


@pytest.mark.parametrize(("more", "expected"), [
    ({}, ""), ({"database_specific": {"severity": "CRITICAL"}}, "critical"), ({"database_specific": {"severity": "Medium"}}, "moderate"), ({"database_specific": {"severity": "whatever"}}, ""),
    ({"severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]}, "critical"), ({"severity": [{"type": "CVSS_V3", "score": "CVSS:3.0/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"}]}, "low"),
    ({"severity": [{"type": "CVSS_V4", "score": "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:L/VI:L/VA:N/SC:N/SI:N/SA:N"}]}, "moderate"), ({"severity": [{"type": "CVSS_V2", "score": "AV:N/AC:L/Au:N/C:P/I:P/A:P"}]}, "high"),
    ({"severity": [{"type": "CVSS_V3", "score": "nonsense"}, {"type": "Ubuntu", "score": "low"}]}, ""), ({"severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N"}]}, ""),
])  # fmt: skip
def test_how_severe_an_advisory_is(more: Row, expected: str, asked: Callable[..., Any]) -> None:
    (found,) = asked([advisory("GHSA-1", "a", "1.0.0", **more)], npm=[["a", "1.0.0"]])["lock"]
    assert found["severity"] == expected


def test_an_advisory_that_is_gone_keeps_its_name(asked: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "_names", lambda *_: {("npm", "a", "1.0.0"): {"GHSA-gone"}})
    (found,) = asked([], npm=[["a", "1.0.0"]])["lock"]
    assert (found["id"], found["severity"]) == ("GHSA-gone", "")


@pytest.mark.parametrize(
    ("status", "expected"), [(503, Reason.UNDECIDABLE), (302, Reason.UNDECIDABLE), (403, Reason.NO_PERMISSION)]
)
@pytest.mark.hostile("services")
def test_where_the_advisories_do_not_answer_nothing_is_known(
    status: int, expected: Reason, asked: Callable[..., Any]
) -> None:
    answer = asked([], [["a", "1"]], [["a", "1.0.0"]], refuse={"status": status, "body": {}})
    assert {reasons(one) for one in answer.values()} == {expected}


@pytest.mark.parametrize("said", [
    [], {}, {"results": []}, {"results": [{"vulns": [{}]}]}, {"results": [{"vulns": [{"id": "../secret"}]}]}, {"results": ["x"]},
])  # fmt: skip
@pytest.mark.hostile("services")
def test_advisories_of_another_shape(said: Any, asked: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "_asked", lambda *_, **__: said)
    assert reasons(asked([], npm=[["a", "1.0.0"]])["lock"]) is Reason.GARBLED


@pytest.mark.hostile("services")
def test_an_advisory_of_another_shape(asked: Callable[..., Any]) -> None:
    answer = asked([advisory("GHSA-1", "a", "1.0.0", aliases=7)], npm=[["a", "1.0.0"]])["lock"]
    assert reasons(answer) is Reason.GARBLED


@pytest.mark.hostile("services")
def test_names_and_versions_are_all_that_is_sent(asked: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Any] = []

    def keep(client: Any, method: str, url: str, body: Any = None, missing: Any = None) -> Any:
        sent.append((method, url.rpartition("/v1/")[2], body))
        return {"results": [{} for _ in body["queries"]]}

    monkeypatch.setattr(audit, "_asked", keep)
    assert asked([], [["torch", "2.1.0+cu118"]], [["@a/b", "1.0.0"]]) == {"image": [], "lock": []}
    packages = [("PyPI", "torch", "2.1.0+cu118"), ("PyPI", "torch", "2.1.0"), ("npm", "@a/b", "1.0.0")]
    queries = [{"package": {"ecosystem": index, "name": name}, "version": version} for index, name, version in packages]
    assert sent == [("POST", "querybatch", {"queries": queries})]


def test_nobody_to_ask_about(asked: Callable[..., Any]) -> None:
    assert reasons(asked([])["image"]) is Reason.MISSING


NPM = {"status": "OK", "version": {"major": 2, "minor": 11, "revision": 3}}
NEWER = {**NPM, "version": {"major": 2, "minor": 13, "revision": 0}, "setup": True}
TITLED = b"<!doctype html><title>Nginx Proxy Manager</title>"


@pytest.mark.parametrize(("health", "page", "tried", "known"), [
    (NPM, TITLED, True, True), (NEWER, TITLED, True, True), (NPM, b"<title> NPMplus </title>", False, True), (NPM, b"<title>Login</title>", False, False), (NPM, b"", False, False),
    (NEWER, b"", False, True), ({**NEWER, "setup": "no"}, b"", False, False), ({"status": "OK", "setup": True, "password": True, "oidc": False}, TITLED, False, True),
    ({"status": "OK", "version": "2025-11-01-r1"}, TITLED, False, True), ({"status": "OK", "setup": True}, TITLED, False, False), ({"status": "OK", "version": {"major": 2}}, TITLED, False, False),
    ([], TITLED, False, False),
])  # fmt: skip
def test_a_first_login_is_tried_only_where_there_may_be_one(
    health: Any,
    page: bytes,
    tried: bool,
    known: bool,
    servers: tuple[Server, Server],
    declared: Callable[..., Settings],
) -> None:
    """NPMplus never had one, newer releases ask for the first account instead, and what is not known is left alone."""
    first, _ = servers
    first.answers |= {
        "GET /api/": (200, {}, health),
        "GET /": (200, {}, page),
        "POST /api/tokens": (400, {}, {"error": {}}),
    }
    answer = services.ask_proxy(declared(proxy={"api": first.url}))
    assert any(one.startswith("POST /api/tokens") for one in first.arrived) is tried
    assert answer["default_login"] == "" if known else reasons(answer["default_login"]) is Reason.UNDECIDABLE


LIMIT = "limit_req zone=a burst=5;"


@pytest.mark.parametrize(("row", "limits"), [
    ({"advanced_config": LIMIT}, True), ({"advanced_config": f"# {LIMIT}"}, False), ({"advanced_config": f"location / {{ {LIMIT} }}"}, True), ({}, False), ({"advanced_config": None}, False),
    ({"advanced_config": f"location /health {{ {LIMIT} }}"}, False), ({"advanced_config": f"location /api/ {{ {LIMIT} }} location / {{ }}"}, True),
    ({"advanced_config": f"{LIMIT} location /api/ {{ }}"}, True), ({"advanced_config": f"{LIMIT} limit_req_dry_run on;"}, False), ({"advanced_config": f"location ~ ^/api {{ {LIMIT} }}"}, "unclear"),
    ({"advanced_config": f"if ($a) {{ {LIMIT} }}"}, "unclear"), ({"advanced_config": "limit_req_zone $a zone=a:1m rate=1r/s; limit_conn a 1;"}, False),
    ({"locations": [{"path": "/api", "advanced_config": LIMIT}]}, True), ({"locations": [{"path": "/docs", "advanced_config": LIMIT}]}, False),
    ({"locations": [{"path": "/api", "advanced_config": f"{LIMIT} limit_req_dry_run on;"}], "advanced_config": LIMIT}, False), ({"locations": ["x"]}, False),
    ({"locations": [{"path": "~ ^/api", "advanced_config": LIMIT}]}, "unclear"), ({"locations": [{"path": "~ ^/api", "advanced_config": ""}]}, False), ({"advanced_config": "include /data/nginx/custom/limits.conf;"}, "unclear"), ({"advanced_config": "location /api/ { include limits.conf; }"}, "unclear"),
    ({"advanced_config": f"include /a.conf; {LIMIT}"}, True), ({"advanced_config": "location /docs { include limits.conf; }"}, False), ({"advanced_config": "location / { include conf.d/include/proxy.conf; }"}, False), ({"advanced_config": "location / { include /etc/nginx/conf.d/include/proxy.conf; }"}, False),
])  # fmt: skip
def test_a_host_limits_requests_to_the_api(row: dict[str, Any], limits: bool | str) -> None:
    assert services.limits_of(row) == limits


@pytest.mark.parametrize(("text", "found"), [
    ("limit_req zone=a;", True), ("location / {\n  limit_req zone=a burst=5;\n}", True), ("x y; limit_req zone=a;", True), ('a "b;"; limit_req zone=a;', True),
    ("# limit_req zone=a;", False), ("limit_req_zone $x zone=a:1m rate=1r/s;", False), ("limit_req_status 429;", False), ('add_header X "limit_req zone=a;";', False),
    ("add_header X limit_req;", False), ("set $a ${limit_req};", False), ("my_limit_req zone=a;", False), ("", False), (None, False), (7, False),
])  # fmt: skip
def test_a_directive_is_no_comment_and_no_other_ones_value(text: Any, found: bool) -> None:
    assert services.limits_of({"advanced_config": text}) is found


ROW = {"name": "tests", "status": "completed", "conclusion": "success"}


@pytest.mark.parametrize(("pages", "total", "count"), [
    # a service that gives 50 at once, and tells by a header whether others follow
    ([(50, True), (50, True), (7, False)], None, 107), ([(100, False)], None, 100), ([(50, None), (50, None), (7, None)], 107, 107), ([(100, None), (3, None)], None, 103),
    ([(100, None), (0, None)], None, 100), ([(50, True)] * 12, None, None), ([(100, None)] * 12, None, None), ([(0, True)], None, 0),
])  # fmt: skip
@pytest.mark.hostile("services")
def test_a_list_is_read_to_its_end_or_not_known(
    pages: list[tuple[int, bool | None]], total: int | None, count: int | None, declared: Callable[..., Settings],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def page(client: Any, url: str, what: str, *, page: int, **_: Any) -> tuple[Any, bool | None]:
        if not url.endswith("/check-runs"):
            return [], None
        size, follows = pages[page - 1]
        return {"check_runs": [ROW] * size, **({} if total is None else {"total_count": total})}, follows

    monkeypatch.setattr(services, "page", page)
    found = ask_forge(declared(forge={"repository": "zebu/zebu"}), {"commit": "a" * 40, "ancestors": {}})
    runs = found["checks"]["a" * 40]
    if count is None:
        assert reasons(runs) is Reason.GARBLED
        assert "not all read" in runs.detail
    else:
        assert len(runs) == count
