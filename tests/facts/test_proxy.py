"""The reverse proxy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pytest_zebu.facts.answer import Known, Reason, Unknown
from pytest_zebu.facts.proxy import ManagedCertificate, NginxServer, ProxyHost, RenewalRun, looks, served_at
from pytest_zebu.settings.target import Target
from tests.facts.answers import NOON, read, why

SAID = (
    "@renewal zebu.test AB12\n@generations zebu.test 3\n@generations old many\n@rehearsed 2026-11-24T13:00:00 +0100 0\n"
    "@rehearsed 2026-11-23T12:00:00 +0000 1\n@host yes tls zebu.test *.zebu.test\n@host no plain\n@nginx read\n"
)
JOBS = "@timer certbot.timer\n@enabled enabled\n@active active\n@run sure\t\troot\tcertbot\t-q\trenew\n@timer apt.timer\n@cron debian active enabled\n"


def machine(target: Target, said: str = SAID) -> Any:
    return read("proxy_machine", {"proxy.configuration": said, "proxy.jobs": JOBS}, target)


def test_the_machine_of_the_proxy(target: Target) -> None:
    found = machine(target)
    assert (found.renewals, found.generations) == ({"zebu.test": "ab12"}, {"zebu.test": 3, "old": 0})
    assert found.rehearsals == ((datetime(2026, 11, 23, 12, tzinfo=UTC), False), (NOON, True))
    assert [job.name for job in found.renewing] == ["certbot.timer"]


def test_a_certificate_that_cannot_be_read_has_no_fingerprint(target: Target) -> None:
    assert machine(target, "@renewal zebu.test -\n").renewals == {"zebu.test": ""}


MORE = (
    "@serves nginx container\n@keeper npm\n@keeper caddy\n@renewal npm-1 AB12\n@earlier npm-1 CD34\n@inside npm-1\n@kept acme.sh EF56 a.test\n@uploaded npm-2 0A1B\n"
    "@attempted 2026-11-24T12:00:00 +0000 1 +npm-1 -gone.test\n@rehearsed 2026-11-24T11:00:00 +0000 0\n"
)


def test_who_keeps_what(target: Target) -> None:
    found = machine(target, MORE)
    assert (found.serves, found.keepers, found.inside) == (("nginx", "container"), {"npm", "caddy"}, {"npm-1"})
    assert (found.kept, found.uploaded, found.earlier) == (
        {"ef56": ("acme.sh", "a.test")},
        {"0a1b": "npm-2"},
        {"cd34": "npm-1"},
    )
    assert found.named({"ab12", "00"}) == {"npm-1"}
    assert found.attempt == RenewalRun(NOON, False, False, frozenset({"npm-1"}), frozenset({"gone.test"}))
    assert found.rehearsal == RenewalRun(NOON - timedelta(hours=1), True, True)
    assert machine(target, "@renewal npm-1 AB12\n").attempt is machine(target, "").rehearsal is None


@pytest.mark.parametrize(("good", "failed", "names", "does"), [
    ({"a"}, {"b"}, {"a"}, True), ({"a"}, {"b"}, {"a", "b"}, False), ({"a"}, {"b"}, {"c"}, False), ({"a"}, {"b"}, set(), False), (set(), set(), set(), True), (set(), set(), {"a"}, True),
])  # fmt: skip
def test_a_run_does_for_what_it_renewed(good: set[str], failed: set[str], names: set[str], does: bool) -> None:
    assert RenewalRun(NOON, False, not failed, frozenset(good), frozenset(failed)).does_for(names) is does


@pytest.mark.parametrize(("said", "how"), [
    ("@serves nginx here\n", ""), ("@serves haproxy here\n@keeper caddy\n", ""), ("@serves nginx container\n@keeper npm\n", "nginx serves from a container, and another one may renew for it"),
    ("", "what serves on port 443 is not seen there"), ("@keeper caddy\n", "what serves on port 443 is not seen there"), ("@serves caddy here\n", "caddy serves, and may renew by itself"), ("@serves zoraxy container\n", "zoraxy serves, and may renew by itself"),
    ("@serves ? here\n@keeper apache2\n@keeper npm\n", "what serves on port 443 is not seen there"), ("@serves ? here\n@keeper apache2\n@keeper traefik\n", "traefik serves, and may renew by itself"),
])  # fmt: skip
def test_how_it_may_be_renewed_otherwise(said: str, how: str, target: Target) -> None:
    assert machine(target, said).renews_otherwise == how


@pytest.mark.parametrize(("names", "rank"), [
    (("api.zebu.test", "*.zebu.test"), (3, 0)), (("*.zebu.test", "*.test"), (2, 11)), ((".zebu.test",), (2, 10)), ((".api.zebu.test",), (3, 0)), (("api.*",), (1, 5)), (("_", "~^api"), (0, 0)), ((), (0, 0)),
])  # fmt: skip
def test_how_well_a_server_fits_a_name(names: tuple[str, ...], rank: tuple[int, int]) -> None:
    assert NginxServer(names, "yes", True).rank("api.zebu.test") == rank


def test_the_servers_of_nginx(target: Target) -> None:
    servers = (NginxServer(("zebu.test", "*.zebu.test"), "yes", True), NginxServer((), "no", False))
    assert machine(target).servers == Known(servers)
    assert machine(target, SAID.replace("@nginx read\n", "")).servers is None
    (default,) = machine(target, "@host no tls-default _\n@nginx read\n").servers.value
    assert default == NginxServer(("_",), "no", True, is_default=True)
    (there,) = machine(target, "@host no tls a\n@at 7 /etc/nginx/conf.d/a.conf\n@nginx read\n").servers.value
    assert there == NginxServer(("a",), "no", True, declared_at="/etc/nginx/conf.d/a.conf:7")
    for word in ("failed", "unread", "several"):
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
        "@attempted 0",
        "@kept acme.sh ab",
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
    (found,) = administration(target, **{"proxy-hosts": [{**HOST, "limits": "unclear"}]}).hosts.value
    assert found.has_limits is None


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


SERVERS = "@serves nginx here\n@host no plain a.test b.test\n@at 3 /etc/nginx/a.conf\n@host no tls A.test\n@at 9 /etc/nginx/a.conf\n@host no tls b.test\n@nginx read\n"


@pytest.mark.parametrize(("name", "is_tls", "place"), [
    ("a.test", True, "/etc/nginx/a.conf:9"), ("A.TEST", True, "/etc/nginx/a.conf:9"), ("a.test", False, "/etc/nginx/a.conf:3"), ("b.test", True, ""), ("c.test", True, ""), ("c.test", False, "/etc/nginx/a.conf:3"),
])  # fmt: skip
def test_where_the_server_of_a_name_stands(name: str, is_tls: bool, place: str, target: Target) -> None:
    """Only where it is the one that nginx takes, and where it was told."""
    said = served_at(Known(machine(target, SERVERS.replace("A.test", "a.test"))), name, is_tls)
    assert said == (f"nginx of the proxy serves {name} by {place}" if place else "")
    assert served_at(Unknown(Reason.NOT_GATHERED, "x"), name) == ""
    assert served_at(Known(machine(target, "@serves haproxy here\n")), name) == ""


@pytest.mark.parametrize("line", ["@at 3 /etc/nginx/a.conf", "@host no tls a\n@at three /x", "@host no tls a\n@at 3"])
def test_a_place_of_no_server_is_garbled(line: str, target: Target) -> None:
    assert (
        why("proxy_machine", {"proxy.configuration": f"{line}\n@nginx read\n", "proxy.jobs": JOBS}, target)
        is Reason.GARBLED
    )
