"""The stand-ins, against the fields that the real ones document."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from lab.build import make_history
from lab.standins import advisories, forge, npm, prices, proxmox, signin, states
from lab.standins.server import Request, Response, StandIn

Ask = Callable[..., Response]
TOKEN = "5b1f6c1e-7a55-4f0a-9d3e-0123456789ab"


@pytest.fixture
def serving(tmp_path: Path) -> Callable[[Callable[[Path], StandIn], dict[str, Any]], Ask]:
    def serve(make: Callable[[Path], StandIn], state: dict[str, Any]) -> Ask:
        path = tmp_path / "state.json"
        path.write_text(json.dumps(state))
        stand_in = make(path)

        def ask(
            path: str, method: str = "GET", body: Any = None, query: dict[str, str] | None = None, **headers: str
        ) -> Response:
            return stand_in.answer(Request(method, path, query or {}, headers, json.dumps(body).encode()))

        return ask

    return serve


Serving = Callable[[Callable[[Path], StandIn], dict[str, Any]], Ask]


@pytest.fixture
def pve(serving: Serving) -> Ask:
    return serving(proxmox.make, states.proxmox(TOKEN, 2, 4 * states.GIB, 20 * states.GIB, int(time.time())))


FULL = {"authorization": f"PVEAPIToken={states.PROXMOX_TOKEN}={TOKEN}"}
AUDITOR = {"authorization": f"PVEAPIToken=auditor@pve!readiness={TOKEN}"}


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/version", {"version", "release", "repoid"}),
        ("/nodes/pve/qemu/200/status/current", {"status", "qmpstatus", "uptime", "cpus", "maxmem", "maxdisk", "agent"}),
        ("/nodes/pve/qemu/200/config", {"cores", "sockets", "memory", "net0", "scsi0", "ipconfig0", "agent", "onboot"}),
        ("/nodes/pve/storage/nas/status", {"type", "shared", "total", "used", "avail", "active"}),
    ],
)
def test_proxmox_answers_in_data(pve: Ask, path: str, fields: set[str]) -> None:
    answer = pve(f"/api2/json{path}", **FULL)
    assert (answer.status, set(answer.body)) == (200, {"data"})
    assert fields <= set(answer.body["data"])


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/cluster/backup", {"id", "enabled", "schedule", "storage", "mode", "vmid", "prune-backups"}),
        ("/nodes/pve/tasks", {"upid", "starttime", "endtime", "status", "type"}),
        ("/nodes/pve/storage/nas/content", {"volid", "ctime", "size", "vmid", "format"}),
        ("/nodes/pve/apt/versions", {"Package", "Version", "OldVersion", "CurrentState"}),
    ],
)
def test_proxmox_lists(pve: Ask, path: str, fields: set[str]) -> None:
    rows = pve(f"/api2/json{path}", **FULL).body["data"]
    assert rows
    assert all(fields <= set(row) for row in rows)


def test_proxmox_snapshots_end_with_the_present(pve: Ask) -> None:
    *taken, present = pve("/api2/json/nodes/pve/qemu/200/snapshot", **FULL).body["data"]
    assert taken
    assert all({"name", "description", "snaptime"} <= set(row) for row in taken)
    assert (present["name"], "snaptime" in present) == ("current", False)


def test_proxmox_tells_of_machines_pools_and_runs(serving: Serving) -> None:
    state = states.proxmox(TOKEN, 2, 4 * states.GIB, 20 * states.GIB, int(time.time()))
    state["guests"]["200"]["pool"] = "production"
    state["tasks"].append({"upid": "UPID:pve:1:", "type": "vzdump", "id": "", "log": ["INFO: a", "INFO: b"]})
    ask = serving(proxmox.make, state)
    (guest,) = ask("/api2/json/cluster/resources", **FULL).body["data"]
    assert {"vmid": 200, "node": "pve", "type": "qemu", "pool": "production", "template": 0}.items() <= guest.items()
    assert ask("/api2/json/pools/production", **FULL).status == 403
    assert ask("/api2/json/storage/nas", **AUDITOR).status == 403
    assert {"storage", "type", "path", "server"} <= set(ask("/api2/json/storage/nas", **FULL).body["data"])
    run = ask("/api2/json/nodes/pve/tasks", **FULL).body["data"]
    assert set(run[-1]) == {"upid", "type", "id"}
    assert ask("/api2/json/nodes/pve/tasks/UPID:pve:1:/log", **FULL).body["data"] == [
        {"n": 1, "t": "INFO: a"},
        {"n": 2, "t": "INFO: b"},
    ]


def test_proxmox_hides_from_an_auditor_what_proxmox_hides(pve: Ask) -> None:
    refused = pve("/api2/json/nodes/pve/apt/update", **AUDITOR)
    assert refused.status == 403
    assert refused.reason == "Permission check failed (/nodes/pve, Sys.Modify)"
    assert pve("/api2/json/nodes/pve/storage/nas/content", **AUDITOR).body["data"] == []
    assert pve("/api2/json/version", authorization="PVEAPIToken=nobody@pve!x=y").status == 401


@pytest.mark.parametrize("flavour", ["npm", "npmplus"])
def test_both_ways_to_log_in_to_the_proxy(serving: Serving, flavour: str) -> None:
    host = {"id": 1, "domain_names": ["zebu.test"], "advanced_config": ""}
    ask = serving(
        npm.make,
        {"flavour": flavour, "users": {"a@b.test": "x"}, "setup": True, "proxy_hosts": [host], "certificates": []},
    )
    assert ask("/api/").body["status"] == "OK"
    assert ("version" in ask("/api/").body, "oidc" in ask("/api/").body) == (flavour == "npm", flavour == "npmplus")
    assert {"npm": "Nginx Proxy Manager", "npmplus": "NPMplus"}[flavour] in ask("/").body
    assert ask("/api/nginx/proxy-hosts").status == 401
    refused = ask("/api/tokens", "POST", {"identity": "a@b.test", "secret": "no"})
    assert (refused.status, set(refused.body)) == (400, {"error"})
    answer = ask("/api/tokens", "POST", {"identity": "a@b.test", "secret": "x"})
    if flavour == "npm":
        headers = {"authorization": f"Bearer {answer.body['token']}"}
    else:
        assert set(answer.body) == {"expires"}
        cookie = answer.headers["Set-Cookie"]
        assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=Strict", "__Host-Http-token="))
        headers = {"cookie": cookie.partition(";")[0]}
    assert ask("/api/nginx/proxy-hosts", **headers).body == [host]


def test_the_proxy_bans_who_guesses(serving: Serving) -> None:
    ask = serving(npm.make, {"flavour": "npmplus", "users": {}, "setup": True, "proxy_hosts": [], "certificates": []})
    statuses = [ask("/api/tokens", "POST", {"identity": "a", "secret": str(n)}).status for n in range(6)]
    assert statuses == [400] * 5 + [429]


@pytest.fixture
def github(serving: Serving, tmp_path: Path) -> tuple[Ask, str]:
    make_history(tmp_path / "origin", "starlette==1.0\n")
    result = {
        "conclusion": "success",
        "started_at": "2026-01-01T00:00:00Z",
        "completed_at": "2026-01-01T00:00:01Z",
        "output": "ok",
    }
    (tmp_path / "checks.json").write_text(json.dumps({"backend-tests": result}))
    state = states.forge(tmp_path / "origin", tmp_path / "checks.json", TOKEN)
    return serving(forge.make, state), state["commits"][0]


def test_the_forge_has_githubs_fields(github: tuple[Ask, str]) -> None:
    ask, commit = github
    headers, base = {"authorization": f"Bearer {TOKEN}"}, "/api/v3/repos/zebu/zebu"
    assert ask(f"{base}/commits/{commit}/check-runs").status == 401
    runs = ask(f"{base}/commits/{commit}/check-runs", **headers).body
    assert runs["total_count"] == len(runs["check_runs"]) == 1
    assert {"id", "name", "head_sha", "status", "conclusion", "output", "app"} <= set(runs["check_runs"][0])
    assert ask(f"{base}/commits/{commit}/status", **headers).body == {
        "state": "pending", "sha": commit, "total_count": 0, "statuses": [],
    }  # fmt: skip
    assert ask(f"{base}/actions/runs", query={"head_sha": commit}, **headers).body["workflow_runs"] == []
    assert set(ask(f"{base}/git/commits/{commit}", **headers).body) == {"sha", "tree"}
    assert ask(f"{base}/git/commits/{'0' * 40}", **headers).status == 404
    (pull,) = ask(f"{base}/commits/{commit}/pulls", **headers).body
    assert {"number", "state", "user", "head", "base", "merged_at", "merge_commit_sha"} <= set(pull)
    (review,) = ask(f"{base}/pulls/{pull['number']}/reviews", **headers).body
    assert (review["state"], set(review["user"])) == ("APPROVED", {"login", "type"})
    assert {"commit_id", "author_association"} <= set(review)
    (change,) = ask(f"{base}/pulls/{pull['number']}/commits", **headers).body
    assert {"sha", "author", "parents"} <= set(change)
    (deployment,) = ask(f"{base}/deployments", query={"sha": commit, "environment": "staging"}, **headers).body
    assert {"id", "sha", "ref", "environment", "created_at"} <= set(deployment)
    (status,) = ask(f"{base}/deployments/{deployment['id']}/statuses", **headers).body
    assert status["state"] == "success"
    assert ask("/api/v3/repos/zebu/other/deployments", **headers).status == 404


def test_the_sign_in_provider_shows_public_keys_only(serving: Serving) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    ask = serving(signin.make, states.signin(key, "sk_live_x"))
    (public,) = ask("/.well-known/jwks.json").body["keys"]
    assert set(public) == {"kty", "use", "alg", "kid", "n", "e"}
    assert ask("/v1/jwks").status == 401
    assert ask("/v1/jwks", authorization="Bearer sk_live_x").body["keys"] == [public]


def test_prices_come_with_the_documented_names(serving: Serving) -> None:
    ask = serving(prices.make, states.prices())
    quote = ask("/query", query={"function": "GLOBAL_QUOTE", "symbol": "IBM", "apikey": "k"}).body["Global Quote"]
    assert {"01. symbol", "05. price", "07. latest trading day"} <= set(quote)
    assert ask("/query", query={"function": "GLOBAL_QUOTE", "symbol": "NONE", "apikey": "k"}).body == {
        "Global Quote": {}
    }
    refused = ask("/query", query={"function": "GLOBAL_QUOTE", "symbol": "IBM"})
    assert (refused.status, "Error Message" in refused.body) == (200, True)


def test_advisories(serving: Serving) -> None:
    ask = serving(advisories.make, states.advisories())
    known = {"package": {"name": "fastapi", "ecosystem": "PyPI"}, "version": "0.1.0"}
    others = [{**known, "version": "9"}, {**known, "package": {"name": "fastapi", "ecosystem": "npm"}}]
    first, *rest = ask("/v1/querybatch", "POST", {"queries": [known, *others]}).body["results"]
    assert rest == [{}, {}]
    ((name, _),) = [one.values() for one in first["vulns"]]
    assert {"id", "modified", "aliases", "affected"} <= set(ask(f"/v1/vulns/{name}").body)
    assert ask("/v1/vulns/GHSA-0").status == 404
    assert ask("/v1/querybatch", "POST", {"queries": [known] * 1001}).status == 400
