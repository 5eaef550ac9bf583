"""A secret is for the declared address only: whatever a service answers, nothing secret goes elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from pytest_zebu.facts.answer import Reason, Unknown
from pytest_zebu.facts.trials import AttackTrial, UseTrial
from pytest_zebu.gather import audit, services, trial_runs
from pytest_zebu.gather.forge import ask_forge
from pytest_zebu.gather.keyed import ask_with_key
from pytest_zebu.settings import Settings
from tests.gather.conftest import SECRET, Server

REDIRECTS = (301, 302, 303, 307, 308)


Declared = Callable[..., Settings]
Ask = Callable[[Declared, str], Any]


def of(answer: Any, key: str) -> Any:
    """A part of an answer, if there is one."""
    return answer if isinstance(answer, Unknown) else answer[key]


def forge(declared: Declared, url: str) -> Any:
    table = {"api": url, "repository": "zebu/zebu", "token_file": "secret"}
    return ask_forge(declared(forge=table), {"commit": "a" * 40, "ancestors": {}})["pulls"]


def proxmox(declared: Declared, url: str) -> Any:
    table = {"api": url, "token": "auditor@pve!readiness", "token_file": "secret"}
    return of(services.ask_proxmox(declared(proxmox=table), ["version"]), "version")


def proxy(declared: Declared, url: str) -> Any:
    return of(proxy_answer(declared, url), "proxy-hosts")


def proxy_answer(declared: Declared, url: str) -> Any:
    return services.ask_proxy(
        declared(proxy={"api": url, "identity": "operations@zebu.test", "password_file": "secret"})
    )


def application(declared: Declared, url: str) -> Any:
    return trial_runs.use_application(declared(probes={"api_key_file": "secret"}), UseTrial(url))


def staging(declared: Declared, url: str) -> Any:
    settings = declared(probes={"staging_api_key_file": "secret"})
    return trial_runs.use_application(settings, UseTrial(url, url, is_staging=True))


def keyed(declared: Declared, url: str) -> Any:
    return ask_with_key(declared(probes={"api_key_file": "secret"}), f"{url}/api/v1/portfolios")


def attack(declared: Declared, url: str) -> Any:
    return trial_runs.attack(declared(probes={"api_key_file": "secret"}), AttackTrial(url))


ASKERS = [forge, proxmox, proxy, application, staging, attack, keyed]


@pytest.mark.hostile("requests")
@pytest.mark.parametrize("status", REDIRECTS)
@pytest.mark.parametrize("ask", ASKERS)
def test_no_redirect_is_followed(
    ask: Ask, status: int, servers: tuple[Server, Server], declared: Declared, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial_runs, "BURST", 4)
    first, second = servers
    first.redirect(status, second)
    if ask is proxy:
        first.answers["GET /api/"] = (200, {}, {"status": "OK"})
    answer = ask(declared, first.url)
    assert any(SECRET in request for request in first.arrived)
    assert second.arrived == []
    assert SECRET not in str(answer)
    if ask in (forge, proxmox, proxy):
        assert isinstance(answer, Unknown)
        assert f"redirects ({status})" in answer.detail


@pytest.mark.hostile("requests")
@pytest.mark.parametrize("status", REDIRECTS)
def test_what_the_proxy_gave_for_a_login_stays_there(
    status: int, servers: tuple[Server, Server], declared: Declared
) -> None:
    first, second = servers
    token = "t" * 40
    first.answers["GET /api/"] = (200, {}, {"status": "OK"})
    first.answers["POST /api/tokens"] = (200, {}, {"token": token, "expires": "2099-01-01T00:00:00.000Z"})
    first.redirect(status, second)
    assert isinstance(proxy_answer(declared, first.url)["proxy-hosts"], Unknown)
    assert any(token in request for request in first.arrived)
    assert second.arrived == []


@pytest.mark.hostile("requests")
@pytest.mark.parametrize("status", REDIRECTS)
def test_lists_of_packages_stay_there(status: int, servers: tuple[Server, Server], declared: Declared) -> None:
    first, second = servers
    first.redirect(status, second)
    answer = audit.ask_advisories(declared(advisories={"osv": first.url}), {}, {"lock": [["esbuild", "0.17.19"]]})
    assert isinstance(answer["lock"], Unknown)
    assert first.arrived
    assert second.arrived == []


OLD_PROXY: dict[str, tuple[int, Mapping[str, str], Any]] = {
    "GET /api/": (200, {}, {"status": "OK", "version": {"major": 2, "minor": 11, "revision": 3}}),
    "GET /": (200, {}, b"<html><title>Nginx Proxy Manager</title></html>"),
}


@pytest.mark.hostile("requests")
@pytest.mark.parametrize("status", REDIRECTS)
def test_a_redirected_default_login_is_no_login(
    status: int, servers: tuple[Server, Server], declared: Declared
) -> None:
    first, second = servers
    first.answers |= OLD_PROXY
    first.redirect(status, second, "POST /api/tokens")
    login = proxy_answer(declared, first.url)["default_login"]
    assert isinstance(login, Unknown)
    assert second.arrived == []


EXPIRES = {"expires": "2099-01-01T00:00:00.000Z"}
COOKIE = {"Set-Cookie": "__Host-Http-token=abc; Path=/; Secure"}
DEFAULT = services.DEFAULT_LOGIN[0]


@pytest.mark.parametrize(
    ("status", "headers", "said", "accepted"),
    [
        (200, {}, {"token": "t" * 40, **EXPIRES}, DEFAULT),
        (200, COOKIE, EXPIRES, DEFAULT),
        (200, {}, {"requires_2fa": True, "challenge_token": "t"}, DEFAULT),
        (400, {}, {"error": {"code": 400}}, ""),
        (401, {}, {"error": {"code": 401}}, ""),
        (200, {}, {}, Reason.GARBLED),
        (200, {}, ["token"], Reason.GARBLED),
        (200, {}, {"token": "t" * 40}, Reason.GARBLED),
        (200, {}, {"token": "", **EXPIRES}, Reason.GARBLED),
        (200, {}, {"token": "a page of a portal", **EXPIRES}, Reason.GARBLED),
        (200, {"Set-Cookie": "session=abc"}, EXPIRES, Reason.GARBLED),
        (201, {}, {"token": "t" * 40, **EXPIRES}, Reason.UNDECIDABLE),
        (403, {}, {}, Reason.NO_PERMISSION),
        (429, {}, {}, Reason.UNDECIDABLE),
        (503, {}, {}, Reason.UNDECIDABLE),
    ],
)
@pytest.mark.hostile("services")
def test_a_login_has_the_shape_of_one(
    status: int, headers: Mapping[str, str], said: Any, accepted: str | Reason, servers: tuple[Server, Server],
    declared: Declared,
) -> None:  # fmt: skip
    """Neither a page that answers 200 to everything is a login, nor a service that is down a refusal."""
    first, _ = servers
    first.answers |= OLD_PROXY
    first.answers["POST /api/tokens"] = (status, headers, said)
    login = proxy_answer(declared, first.url)["default_login"]
    assert (login.reason if isinstance(login, Unknown) else login) == accepted


@pytest.mark.hostile("requests")
@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("ask", ASKERS)
def test_a_proxy_of_the_environment_sees_nothing(
    ask: Ask, name: str, servers: tuple[Server, Server], declared: Declared, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial_runs, "BURST", 4)
    first, second = servers
    monkeypatch.setenv(name, f"http://127.0.0.1:{second.http.server_port}")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    first.answers["*"] = (200, {}, {"data": {"release": "9.1"}})
    ask(declared, first.url)
    assert first.arrived
    assert second.arrived == []


@pytest.mark.hostile("requests")
@pytest.mark.parametrize("ask", ASKERS)
def test_a_login_of_the_environment_goes_nowhere(
    ask: Ask, servers: tuple[Server, Server], declared: Declared, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`~/.netrc` is for others, and would take the place of a token."""
    monkeypatch.setattr(trial_runs, "BURST", 4)
    first, _ = servers
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login somebody password netrc-canary\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    ask(declared, first.url)
    assert first.arrived
    assert not any("Basic " in request for request in first.arrived)


@pytest.mark.hostile("requests")
@pytest.mark.parametrize("ask", ASKERS)
def test_a_bundle_of_the_environment_is_not_trusted(
    ask: Ask, servers: tuple[Server, Server], declared: Declared, monkeypatch: pytest.MonkeyPatch, certificate: Path
) -> None:
    """Which authority is trusted, the settings say."""
    monkeypatch.setattr(trial_runs, "BURST", 4)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(certificate))
    first, _ = servers

    def distrusting(**tables: Any) -> Settings:
        return declared(**tables).model_copy(update={"tls": Settings().tls})

    answer = ask(distrusting, first.url)
    assert first.arrived == []
    assert isinstance(answer, Unknown)


@pytest.mark.hostile("requests")
@pytest.mark.parametrize("link", ["<{other}/next>; rel=next", '<{other}/next>; rel="next", <{other}/next>; rel="last"', "<//evil.test/>; rel=next", "<", "<>;;;=", "a" * 60_000])  # fmt: skip
def test_a_token_follows_no_link(link: str, servers: tuple[Server, Server], declared: Declared) -> None:
    """Which page is the next one, is asked by number, and only where the forge was declared."""
    first, second = servers
    first.answers["*"] = (200, {"Link": link.format(other=second.url)}, [{"sha": "x"}])
    forge(declared, first.url)
    assert second.arrived == []
    assert len(first.arrived) < 200
