"""The reverse proxy."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pytest_zebu.facts.answer import Known, Reason, Unknown
from pytest_zebu.facts.proxy import ManagedCertificate, NginxServer, ProxyHost, looks
from pytest_zebu.settings.target import Target
from tests.facts.answers import NOON, read, why

SAID = (
    "@renewal zebu.test AB12\n@generations zebu.test 3\n@generations old many\n@rehearsed 2026-11-24T13:00:00 +0100 0\n"
    "@rehearsed 2026-11-23T12:00:00 +0000 1\n@host yes tls zebu.test *.zebu.test\n@host no plain\n@nginx read\n"
)
JOBS = (
    "@timer certbot.timer\n@enabled enabled\n@active active\n@run sure\t\troot\tcertbot\t-q\trenew\n@timer apt.timer\n"
)


def machine(target: Target, said: str = SAID) -> Any:
    return read("proxy_machine", {"proxy.configuration": said, "proxy.jobs": JOBS}, target)


def test_the_machine_of_the_proxy(target: Target) -> None:
    found = machine(target)
    assert (found.renewals, found.generations) == ({"zebu.test": "ab12"}, {"zebu.test": 3, "old": 0})
    assert found.rehearsals == ((datetime(2026, 11, 23, 12, tzinfo=UTC), False), (NOON, True))
    assert [job.name for job in found.renewing] == ["certbot.timer"]


def test_a_certificate_that_cannot_be_read_has_no_fingerprint(target: Target) -> None:
    assert machine(target, "@renewal zebu.test -\n").renewals == {"zebu.test": ""}


def test_the_servers_of_nginx(target: Target) -> None:
    servers = (NginxServer(("zebu.test", "*.zebu.test"), "yes", True), NginxServer((), "no", False))
    assert machine(target).servers == Known(servers)
    assert machine(target, SAID.replace("@nginx read\n", "")).servers is None
    for word in ("failed", "unread"):
        assert isinstance(machine(target, SAID.replace("@nginx read", f"@nginx {word}")).servers, Unknown)


@pytest.mark.parametrize(("name", "asked", "serves"), [
    ("zebu.test", "zebu.test", True), ("zebu.test", "notzebu.test", False), ("zebu.test", "zebu.test.example", False), ("zebu.test", "www.zebu.test", False),
    ("*.zebu.test", "api.zebu.test", True), ("*.zebu.test", "zebu.test", False), ("*.zebu.test", "apizebu.test", False),
    (".zebu.test", "zebu.test", True), (".zebu.test", "api.zebu.test", True), (".zebu.test", "notzebu.test", False),
    ("api.*", "api.zebu.test", True), ("api.*", "api", False), ("_", "zebu.test", False), ("~^zebu", "zebu.test", False),
])  # fmt: skip
def test_which_names_a_server_serves(name: str, asked: str, serves: bool) -> None:
    assert NginxServer((name,), "yes", True).serves(asked) is serves


@pytest.mark.parametrize(
    "line",
    [
        "nginx: error",
        "@rehearsed yesterday",
        "@rehearsed 2026-11-24T13:00:00 0",
        "@rehearsed 2026-99-24T13:00:00 +0100 0",
    ],
)
def test_another_line_is_garbled(line: str, target: Target) -> None:
    assert why("proxy_machine", {"proxy.configuration": f"{line}\n", "proxy.jobs": JOBS}, target) is Reason.GARBLED


HOST = {"domain_names": ["Zebu.test"], "forward_host": "10.77.0.10", "forward_port": 80, "enabled": 1, "limits": "x"}
SEEN = {"setup": True, "default_login": "", "proxy-hosts": [HOST], "certificates": []}


def administration(target: Target, **change: Any) -> Any:
    return read("proxy", {}, target, {looks(target)[0].key: {**SEEN, **change}})


def test_a_host_of_the_administration(target: Target) -> None:
    assert administration(target).hosts == Known((ProxyHost(("zebu.test",), "10.77.0.10:80", True, True),))
    (found,) = administration(
        target, **{"proxy-hosts": [{**HOST, "enabled": 0, "limits": None, "domain_names": None}]}
    ).hosts.value
    assert (found.is_enabled, found.has_limits, found.names) == (False, False, ())


@pytest.mark.parametrize(("setup", "is_open"), [(True, False), (False, True), (None, None)])
def test_a_setup_page_that_waits_is_open(setup: bool | None, is_open: bool | None, target: Target) -> None:
    assert administration(target, setup=setup).is_open is is_open


@pytest.mark.parametrize(("text", "moment"), [
    ("2026-11-24 12:00:00", NOON), ("2026-11-24T12:00:00Z", NOON), ("2026-11-24T13:00:00+01:00", NOON), ("soon", None), (None, None), ("2026-99-24", None), (7, None),
])  # fmt: skip
def test_when_a_certificate_ends(text: Any, moment: datetime | None, target: Target) -> None:
    row = {"domain_names": ["zebu.test"], "provider": "letsencrypt", "expires_on": text}
    assert administration(target, certificates=[row]).certificates == Known(
        (ManagedCertificate(("zebu.test",), "letsencrypt", moment),)
    )


def test_each_answer_is_unknown_for_itself(target: Target) -> None:
    no = Unknown(Reason.NO_PERMISSION, "403")
    found = administration(target, **{"proxy-hosts": no, "certificates": no, "default_login": no})
    assert (found.hosts, found.certificates, found.default_login, found.is_open) == (no, no, no, False)


@pytest.mark.parametrize("seen", [[], {}, {**SEEN, "proxy-hosts": 1}, {**SEEN, "certificates": [1]}])
def test_another_shape_is_garbled(seen: Any, target: Target) -> None:
    assert why("proxy", {}, target, {looks(target)[0].key: seen}) is Reason.GARBLED
