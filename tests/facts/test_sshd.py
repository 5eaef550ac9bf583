"""What the ssh servers let in."""

from __future__ import annotations

import pytest

from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Known, Reason, Unknown, need
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.facts.sshd import Line, Login, Server, Sshd, _is_like, look
from pytest_zebu.settings.target import Target
from tests.facts.answers import read, why


@pytest.mark.parametrize(
    ("text", "pattern", "is_like"),
    [
        ("deploy", "deploy", True), ("deploy", "dep*", True), ("deploy", "*loy", True), ("deploy", "*ep*o*", True), ("deploy", "d?p*y", True), ("deploy", "*", True),
        ("deploy", "**", True), ("deploy", "d*p*p*y", False), ("deploy", "dep", False), ("deploy", "*dep", False), ("abab", "*ab", True), ("aab", "a*ab", True),
        ("ab", "a*ab", False), ("", "*", True), ("", "?", False), ("a.b", "a.b", True), ("axb", "a.b", False), ("a\nb", "a*b", True), ("deploy", "", False),
    ],
)  # fmt: skip
def test_patterns_of_users(text: str, pattern: str, is_like: bool) -> None:
    assert _is_like(text, pattern) is is_like


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize(
    "pattern",
    ["*a" * 50 + "b", "a*" * 50 + "b", "*a?" * 30 + "b", "*" * 5000 + "b", "?*" * 200 + "b"],
    ids=lambda pattern: pattern[:6],
)
def test_a_pattern_of_many_stars_ends(pattern: str) -> None:
    """Tried one way after the other, these would not end in a life."""
    assert not _is_like("a" * 5000, pattern)


def test_sshd_of_trixie(trixie: Gathered, target: Target) -> None:
    """A Match block for a network without a part of it: each side of it was asked about."""
    sshd = need(ALL["sshd"].read(trixie, target))
    assert sshd.users == ("root", "deploy", "observer")
    by_address = {login.address: login.methods_without_key for login in sshd.of("deploy")}
    assert by_address == {
        "127.0.0.1": ("password",),
        "203.0.113.77": ("password",),
        "192.0.2.50": ("password",),
        "2001:db8::77": ("password",),
        "192.0.2.9": ("password",),
    }
    assert all(login.methods_without_key == () for login in sshd.of("root"))
    permits = {login.address: login.options["permitrootlogin"] for login in sshd.roots}
    assert (permits["192.0.2.50"], permits["192.0.2.9"]) == ("no", "without-password")
    assert sshd.keys_of("deploy") == 1
    assert sshd.doubts == ()


OPEN = {"passwordauthentication": "yes", "permitrootlogin": "without-password", "kbdinteractiveauthentication": "no"}


@pytest.mark.parametrize(("user", "options", "expected"), [
    ("deploy", {}, ("password",)),
    ("root", {}, ()),
    ("root", {"permitrootlogin": "yes"}, ("password",)),
    ("deploy", {"passwordauthentication": "no", "kbdinteractiveauthentication": "yes"}, ("keyboard-interactive",)),
    ("deploy", {"passwordauthentication": "no", "kbdinteractiveauthentication": "yes", "usepam": "no"}, ()),
    ("deploy", {"authenticationmethods": "publickey,password"}, ()),
    ("deploy", {"authenticationmethods": "publickey,password password"}, ("password",)),
    ("deploy", {"authenticationmethods": "keyboard-interactive:pam"}, ()),
    ("deploy", {"allowusers": "root admin"}, ()),
    ("deploy", {"allowusers": "dep*"}, ("password",)),
    ("deploy", {"denygroups": "staff"}, ()),
    ("deploy", {"allowusers": "deploy@192.0.2.*"}, ()),
    ("deploy", {"passwordauthentication": "no", "hostbasedauthentication": "yes"}, ("hostbased",)),
])  # fmt: skip
def test_ways_in_without_a_key(user: str, options: dict[str, str], expected: tuple[str, ...]) -> None:
    assert Login(user, "127.0.0.1", {**OPEN, **options}, ("staff",)).methods_without_key == expected


def asked(target: Target, out: str, methods: list[str] | None = None) -> Sshd:
    found: Sshd = read("sshd", out, target, {} if methods is None else {look(target).key: {"methods": methods}})
    return found


SETTINGS = "@settings 0\nPasswordAuthentication no\npermitrootlogin no\nallowusers a\nallowusers deploy\n"
USERS = "@user 1 0 0 - root\n@user 2 1000 1 deploy,sudo deploy\n@user 2 1001 1 domain%20users,a%2Cb some%20body\n"
SERVER = "@server 0.0.0.0:22,[::]:22 100.5 101 -\n"
SAID = f"{USERS}{SETTINGS}@for 0 2 127.0.0.1 127.0.0.1 192.0.2.1 22 0\n@for 0 1 2001:db8::77 x.example.org 192.0.2.1 22 0\n{SERVER}@keys 2 deploy\n"


def test_the_effective_configuration(target: Target) -> None:
    found = asked(target, SAID, ["publickey"])
    login, other, root = found.logins
    assert (login.user, login.address, login.place, login.groups) == (
        "deploy",
        "127.0.0.1",
        "127.0.0.1",
        ("deploy", "sudo"),
    )
    assert login.options == {"passwordauthentication": "no", "permitrootlogin": "no", "allowusers": "a deploy"}
    assert (other.user, other.groups, other.options) == ("some body", ("domain users", "a,b"), login.options)
    assert (root.place, root.is_root, root.port) == ("2001:db8::77 (x.example.org)", True, 22)
    assert (found.users, found.roots) == (("deploy", "some body"), (root,))
    assert (found.keys_of("deploy"), found.keys_of("root"), found.offered) == (2, 0, Known(("publickey",)))
    assert found.doubts == ()
    assert isinstance(asked(target, SAID).offered, Unknown)


@pytest.mark.parametrize(("moments", "doubt"), [
    ("100 102.5", "changed after it read them"), ("100 101", ""), ("100.9 101.9", ""), ("100 99", ""), ("? 99", "not known when"), ("each 999", ""), ("1e3 99", "not known when"),
])  # fmt: skip
def test_files_that_changed_after_the_server_read_them(moments: str, doubt: str, target: Target) -> None:
    """With a socket, each connection may have a server that reads them anew; a moment that is unknown is not fresh."""
    (server,) = asked(target, SAID.replace("100.5 101", moments)).servers
    assert doubt in server.doubt
    assert bool(server.doubt) is bool(doubt)


@pytest.mark.parametrize(("more", "doubt"), [
    ("@server 192.0.2.1:2222 100 99 ?\n", "sshd on port 2222 runs with options that were not understood"),
    ("@unasked Match%20Tag\n", "could not ask Match Tag"),
    ("@other dropbear 2200\n", "dropbear serves ssh on port 2200, and only OpenSSH is understood"),
])  # fmt: skip
def test_what_was_not_asked_is_said(more: str, doubt: str, target: Target) -> None:
    (found,) = asked(target, SAID + more).doubts
    assert found.startswith(doubt)


def test_the_lines_that_set_an_option(target: Target) -> None:
    """By its name of today, whatever an older file calls it."""
    lines = (
        "@set passwordauthentication yes 3 /etc/ssh/sshd_config.d/50-cloud-init.conf\n@set challengeresponseauthentication no 9 /etc/ssh/sshd_config\n"
        "@set passwordauthentication % 12 /etc/ssh/a%20b\n@set kbdinteractiveauthentication yes 10 /etc/ssh/sshd_config\n"
    )
    assert asked(target, SAID + lines).lines == {
        "passwordauthentication": (
            Line("yes", "/etc/ssh/sshd_config.d/50-cloud-init.conf:3"),
            Line("", "/etc/ssh/a b:12"),
        ),
        "kbdinteractiveauthentication": (Line("no", "/etc/ssh/sshd_config:9"), Line("yes", "/etc/ssh/sshd_config:10")),
    }
    for odd in ("@set usepam no x /etc/ssh/sshd_config\n", "@set usepam no 9\n"):
        assert why("sshd", SAID + odd, target) is Reason.GARBLED


def test_a_server_is_named_by_its_ports() -> None:
    assert Server((22, 2222), 0, 0).name == "sshd on port 22, 2222"


@pytest.mark.parametrize(("user", "options", "admitted"), [
    ("deploy", {}, True), ("deploy", {"denyusers": "deploy"}, False), ("deploy", {"denyusers": "root"}, True), ("deploy", {"allowgroups": "staff"}, True),
    ("deploy", {"allowgroups": "admin"}, False), ("deploy", {"allowusers": "deploy", "denygroups": "staff"}, False),
    ("deploy", {"allowusers": "deploy", "allowgroups": "admin"}, False), ("deploy", {"permitrootlogin": "no"}, True),
    ("root", {"permitrootlogin": "no"}, False), ("root", {"permitrootlogin": "yes"}, True), ("root", {"permitrootlogin": "prohibit-password"}, True),
    ("deploy", {"allowusers": "deploy@127.0.0.1"}, True), ("deploy", {"denyusers": "deploy@192.0.2.*"}, True),
    ("deploy", {"allowgroups": "st?ff"}, True), ("deploy", {"allowgroups": "st[a]ff"}, False), ("st[a]ff", {"allowusers": "st[a]ff"}, True),
])  # fmt: skip
def test_who_may_try_at_all(user: str, options: dict[str, str], admitted: bool) -> None:
    """The patterns of sshd know two wildcards; what other tools read into brackets is text."""
    assert Login(user, "127.0.0.1", options, ("staff",)).is_admitted is admitted


@pytest.mark.parametrize(("address", "host", "pattern", "admitted"), [
    ("10.1.2.3", "", "deploy@10.0.0.0/8", True), ("11.1.2.3", "", "deploy@10.0.0.0/8", False), ("10.1.2.3", "", "root@10.0.0.0/8", False),
    ("10.1.2.3", "", "deploy@10.0.0.0/8,!10.1.0.0/16", False), ("10.2.2.3", "", "deploy@10.0.0.0/8,!10.1.0.0/16", True),
    ("10.2.2.3", "", "deploy@!10.1.0.0/16", False), ("2001:db8:5::1", "", "*@2001:DB8:5::/48", True), ("2001:db8:6::1", "", "*@2001:db8:5::/48", False),
    ("10.2.2.3", "", "*@10.2.*", True), ("10.2.2.3", "", "*@10.2.2.?", True), ("10.2.2.33", "", "*@10.2.2.?", False),
    ("10.2.2.3", "A.example.org", "*@*.example.org", True), ("10.2.2.3", "a.example.org", "*@*.example.net", False),
    ("10.2.2.3", "a.example.org", "*@10.0.0.0/8,!*.example.org", False), ("10.2.2.3", "", "de@ploy@10.0.0.0/8", False), ("10.2.2.3", "", "deploy@no/place", False),
])  # fmt: skip
def test_users_from_places(address: str, host: str, pattern: str, admitted: bool) -> None:
    """As sshd's own matching of USER@HOST: networks, names, wildcards, and what is negated wins."""
    assert Login("deploy", address, {"allowusers": pattern}, host=host).is_admitted is admitted
    assert Login("deploy", address, {"denyusers": pattern}, host=host).is_admitted is not admitted


def test_groups_that_are_not_known_shut_nobody_out() -> None:
    assert Login("deploy", "127.0.0.1", {"allowgroups": "staff"}).is_admitted


def test_the_superuser_is_a_number_not_a_name() -> None:
    assert Login("toor", "127.0.0.1", {**OPEN, "permitrootlogin": "no"}, uid=0).methods_without_key == ()
    assert Login("root", "127.0.0.1", OPEN, uid=7).methods_without_key == ("password",)


@pytest.mark.parametrize(("permit", "expected"), [
    ("yes", ("password", "keyboard-interactive")), ("prohibit-password", ()), ("without-password", ()), ("forced-commands-only", ()), ("no", ()),
])  # fmt: skip
def test_what_root_may_without_a_key(permit: str, expected: tuple[str, ...]) -> None:
    options = {"passwordauthentication": "yes", "challengeresponseauthentication": "yes", "permitrootlogin": permit}
    assert Login("root", "127.0.0.1", options).methods_without_key == expected


@pytest.mark.parametrize(("chains", "expected"), [
    ("any", ("password", "gssapi-with-mic")), ("gssapi-with-mic,password", ("gssapi-with-mic,password",)), ("hostbased,password", ()), ("publickey", ()),
])  # fmt: skip
def test_chains_of_methods(chains: str, expected: tuple[str, ...]) -> None:
    options = {"passwordauthentication": "yes", "gssapiauthentication": "yes", "authenticationmethods": chains}
    assert Login("deploy", "127.0.0.1", options).methods_without_key == expected


@pytest.mark.parametrize(("out", "reason"), [
    ("", Reason.UNDECIDABLE), (USERS, Reason.UNDECIDABLE), ("@other dropbear 22\n", Reason.UNDECIDABLE), (SERVER.replace("-", "?"), Reason.UNDECIDABLE),
    (SAID.replace("PasswordAuthentication no\n", ""), Reason.GARBLED), (SAID.replace("permitrootlogin no\n", ""), Reason.GARBLED),
    (SAID.replace("permitrootlogin no", "/etc/ssh/sshd_config: line 3: Bad option"), Reason.GARBLED), (SAID.replace("22 0\n", "22 1\n"), Reason.GARBLED),
    (SAID.replace("0.0.0.0:22", "0.0.0.0:ssh"), Reason.GARBLED), (SAID.replace("@keys 2", "@keys two"), Reason.GARBLED), (SAID + "@user 1\n", Reason.GARBLED),
    (SAID.replace(" 1000 ", " me "), Reason.GARBLED),
])  # fmt: skip
def test_no_effective_configuration_is_no_verdict(out: str, reason: Reason, target: Target) -> None:
    assert why("sshd", out, target) is reason


def test_the_server_is_asked_by_its_address_else_by_its_name(target: Target) -> None:
    assert look(target).arguments["host"] == "10.77.0.10"
    nameless = target.model_copy(update={"host": target.host.model_copy(update={"address": None})})
    assert look(nameless).arguments["host"] == "lab"
