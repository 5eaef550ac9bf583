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


def test_the_forge(service: Service, declared: Callable[..., Settings]) -> None:
    commit, before = "a" * 40, "b" * 40
    run = {"id": 1, "name": "tests", "status": "completed", "conclusion": "skipped"}
    pull = {"number": 7, "user": {"login": "development"}, "merged_at": "2026-01-01", "merge_commit_sha": commit}
    review = {"user": {"login": "operations"}, "state": "APPROVED"}
    url, path = service(forge.make, {
        "token": SECRET, "repository": "zebu/zebu", "commits": [commit, before],
        "check_runs": {commit: [run], before: [{**run, "conclusion": "success"}]},
        "pulls": [pull], "reviews": {"7": [review]}, "deployments": [],
    })  # fmt: skip
    table = {"api": f"{url}/api/v3", "repository": "zebu/zebu", "token_file": "secret"}
    asked = {"commit": commit, "ancestors": {"tests": [before], "other": ["c" * 40]}}
    answer = services.ask_forge(declared(forge=table), asked)
    assert [run["conclusion"] for run in answer["checks"][commit] + answer["checks"][before]] == ["skipped", "success"]
    assert "c" * 40 not in answer["checks"]
    assert answer["pulls"] == [
        {"number": 7, "by": "development", "merged": True, "reviews": [{"by": "operations", "state": "APPROVED"}]}
    ]
    for status, expected in (
        (401, Reason.NO_PERMISSION),
        (403, Reason.NO_PERMISSION),
        (429, Reason.UNDECIDABLE),
        (500, Reason.UNDECIDABLE),
    ):
        path.write_text(
            json.dumps({**json.loads(path.read_text()), "refuse": {"status": status, "body": {"message": "no"}}})
        )
        answer = services.ask_forge(declared(forge=table), asked)
        assert (
            {reasons(answer[key]) for key in ("pulls", "deployments")}
            == {reasons(answer["checks"][commit])}
            == {expected}
        )


def test_a_service_whose_certificate_is_not_trusted_gets_no_secret(
    service: Service, declared: Callable[..., Settings]
) -> None:
    url, _ = service(
        forge.make,
        {"token": SECRET, "repository": "zebu/zebu", "commits": [], "check_runs": {}, "pulls": [], "deployments": []},
    )
    table = {"api": f"{url}/api/v3", "repository": "zebu/zebu", "token_file": "secret"}
    settings = Settings.model_validate(
        {**declared(forge=table).model_dump(exclude={"tls", "relaxed", "folder"}), "folder": declared().folder}
    )
    answer = services.ask_forge(settings, {"commit": "a" * 40, "ancestors": {}})
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
        "backup_jobs": [{"id": "b", "pool": "prod", "storage": "nas"}, {"id": "c", "storage": "a b"}],
    }
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


def test_advisories(service: Service, declared: Callable[..., Settings]) -> None:
    old = {"id": 1, "url": "https://example.test/GHSA-1", "severity": "high", "vulnerable_versions": "<0.18"}
    fixed = {"id": 2, "url": "https://example.test/GHSA-2", "severity": "high", "vulnerable_versions": "<0.10"}
    url, path = service(advisories.make, {**states.advisories(), "npm": {"esbuild": [old, fixed]}})
    settings = declared(advisories={"osv": url, "npm": url})
    answer = audit.ask_advisories(
        settings,
        {"image": [["fastapi", "0.1.0"], ["other", "2"]]},
        {"lock": [["esbuild", "0.17.19"], ["esbuild", "0.18.1"], ["esbuild", "0.9.0"]]},
    )
    assert [(one["package"], one["id"], one["severity"]) for one in answer["image"]] == [
        ("fastapi", "PYSEC-2024-1", "high")
    ]
    assert [(one["id"], one["version"]) for one in answer["lock"]] == [
        ("GHSA-1", "0.17.19"),
        ("GHSA-1", "0.9.0"),
        ("GHSA-2", "0.9.0"),
    ]
    path.write_text(json.dumps({"refuse": {"status": 503, "body": {}}}))
    answer = audit.ask_advisories(settings, {"image": [["fastapi", "0.1.0"]]}, {"lock": [["esbuild", "0.17.19"]]})
    assert isinstance(answer["image"], Unknown)
    assert reasons(answer["lock"]) is Reason.UNDECIDABLE


def test_an_advisory_that_is_not_understood_takes_nothing_with_it(
    service: Service, declared: Callable[..., Settings]
) -> None:
    old = {"id": 1, "url": "https://example.test/GHSA-1", "severity": "high", "vulnerable_versions": "<0.18"}
    odd = {**old, "url": "https://example.test/GHSA-3", "vulnerable_versions": "whatever"}
    url, path = service(advisories.make, {**states.advisories(), "npm": {"esbuild": [odd, old]}})
    settings, lock = declared(advisories={"osv": url, "npm": url}), {"lock": [["esbuild", "0.17.19"]]}
    assert [one["id"] for one in audit.ask_advisories(settings, {}, lock)["lock"]] == ["GHSA-1"]
    path.write_text(json.dumps({**states.advisories(), "npm": {"esbuild": [odd]}}))
    answer = audit.ask_advisories(settings, {}, lock)["lock"]
    assert reasons(answer) is Reason.UNDECIDABLE
    assert "esbuild 0.17.19: GHSA-3" in answer.detail


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
def test_a_list_is_read_to_its_end_or_not_known(
    pages: list[tuple[int, bool | None]], total: int | None, count: int | None, declared: Callable[..., Settings],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def page(client: Any, url: str, what: str, *, page: int, **_: Any) -> tuple[Any, bool | None]:
        if not url.endswith("/check-runs"):
            return [], None
        size, follows = pages[page - 1]
        return {"check_runs": [ROW] * size, **({} if total is None else {"total_count": total})}, follows

    monkeypatch.setattr(services, "_page", page)
    found = services.ask_forge(declared(forge={"repository": "zebu/zebu"}), {"commit": "a" * 40, "ancestors": {}})
    runs = found["checks"]["a" * 40]
    if count is None:
        assert reasons(runs) is Reason.GARBLED
        assert "not all read" in runs.detail
    else:
        assert len(runs) == count
