"""What the ssh server lets in."""

from __future__ import annotations

import pytest

from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Known, Reason, Unknown, need
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.facts.sshd import Login, Sshd, look
from pytest_zebu.settings.target import Target
from tests.facts.answers import read, why


def test_sshd_of_trixie(trixie: Gathered, target: Target) -> None:
    sshd = need(ALL["sshd"].read(trixie, target))
    assert sshd.users == ("root", "deploy")
    by_address = {login.address: login.methods_without_key for login in sshd.of("deploy")}
    assert by_address == {
        "127.0.0.1": ("password",),
        "203.0.113.77": ("password",),
        "198.51.100.4": ("password",),
        "192.0.2.1": ("password",),
    }
    assert all(login.methods_without_key == () for login in sshd.of("root"))


OPEN = {"passwordauthentication": "yes", "permitrootlogin": "without-password", "kbdinteractiveauthentication": "no"}


@pytest.mark.parametrize(("user", "options", "expected"), [
    ("deploy", {}, ("password",)),
    ("root", {}, ()),
    ("root", {"permitrootlogin": "yes"}, ("password",)),
    ("deploy", {"passwordauthentication": "no", "kbdinteractiveauthentication": "yes"}, ("keyboard-interactive",)),
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


SAID = "@user deploy deploy,sudo\n@keys deploy 2\n@for deploy 127.0.0.1\nPasswordAuthentication no\npermitrootlogin no\nallowusers a\nallowusers deploy\n@state\n"


def test_the_effective_configuration(target: Target) -> None:
    found = asked(target, SAID, ["publickey"])
    (login,) = found.logins
    assert (login.user, login.address, login.groups) == ("deploy", "127.0.0.1", ("deploy", "sudo"))
    assert login.options == {"passwordauthentication": "no", "permitrootlogin": "no", "allowusers": "a deploy"}
    assert (found.keys_of("deploy"), found.keys_of("root"), found.offered) == (2, 0, Known(("publickey",)))
    assert isinstance(asked(target, SAID).offered, Unknown)


@pytest.mark.parametrize(("state", "older"), [
    ("ExecMainStartTimestamp=@100\n@changed 102.5\n", True), ("ExecMainStartTimestamp=@100\n@changed 101\n", False), ("ExecMainStartTimestamp=@100\n@changed 99\n", False),
    ("ExecMainStartTimestamp=@100\n@changed 200\n@reloaded 201\n", False), ("ExecMainStartTimestamp=@100\n@changed 200\n@reloaded 150\n", True),
    ("ExecMainStartTimestamp=@100\nExecReload={ path=/bin/kill ; start_time=[@201] ; pid=1 }\n@changed 200\n", False),
    ("ExecMainStartTimestamp=@300\nExecReload={ path=/bin/kill ; start_time=[@201] ; pid=1 }\n@reloaded 50\n@changed 290\n", False),
    ("@changed 200\n", False), ("ExecMainStartTimestamp=@100\n@socket active\n@changed 200\n", False), ("ExecMainStartTimestamp=@100\n@socket inactive\n@changed 200\n", True),
    ("ExecMainStartTimestamp=\n@changed \n", False),
])  # fmt: skip
def test_files_that_changed_after_the_server_read_them(state: str, older: bool, target: Target) -> None:
    """With a socket, each connection has a server that reads them anew."""
    assert asked(target, SAID + state).runs_older_configuration is older


@pytest.mark.parametrize(("user", "options", "admitted"), [
    ("deploy", {}, True), ("deploy", {"denyusers": "deploy"}, False), ("deploy", {"denyusers": "root"}, True), ("deploy", {"allowgroups": "staff"}, True),
    ("deploy", {"allowgroups": "admin"}, False), ("deploy", {"allowusers": "deploy", "denygroups": "staff"}, False),
    ("deploy", {"allowusers": "deploy", "allowgroups": "admin"}, False), ("deploy", {"permitrootlogin": "no"}, True),
    ("root", {"permitrootlogin": "no"}, False), ("root", {"permitrootlogin": "yes"}, True), ("root", {"permitrootlogin": "prohibit-password"}, True),
    ("deploy", {"allowusers": "deploy@127.0.0.1"}, True), ("deploy", {"denyusers": "deploy@192.0.2.*"}, True),
])  # fmt: skip
def test_who_may_try_at_all(user: str, options: dict[str, str], admitted: bool) -> None:
    assert Login(user, "127.0.0.1", options, ("staff",)).is_admitted is admitted


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
    ("", Reason.UNDECIDABLE), ("@user root root\n@state\n", Reason.UNDECIDABLE), (SAID.replace("PasswordAuthentication no\n", ""), Reason.GARBLED),
    (SAID.replace("permitrootlogin no\n", ""), Reason.GARBLED), (SAID.replace("permitrootlogin no", "/etc/ssh/sshd_config: line 3: Bad option"), Reason.GARBLED),
])  # fmt: skip
def test_no_effective_configuration_is_no_verdict(out: str, reason: Reason, target: Target) -> None:
    assert why("sshd", out, target) is reason


def test_the_server_is_asked_by_its_address_else_by_its_name(target: Target) -> None:
    assert look(target).arguments["host"] == "10.77.0.10"
    nameless = target.model_copy(update={"host": target.host.model_copy(update={"address": None})})
    assert look(nameless).arguments["host"] == "lab"
