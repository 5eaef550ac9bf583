"""What the ssh server lets in."""

from __future__ import annotations

import pytest

from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import need
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.facts.sshd import Login
from pytest_zebu.settings.target import Target


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
