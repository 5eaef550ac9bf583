"""Where the source of an application is kept."""

from __future__ import annotations

import pytest

from pytest_zebu.discovery.forge import RIGHTS, forge
from pytest_zebu.discovery.found import Found, Unseen


@pytest.mark.parametrize(("remote", "repository", "api"), [
    ("https://github.com/zebu/zebu.git", "zebu/zebu", ""), ("https://github.com/zebu/zebu/", "zebu/zebu", ""), ("git@github.com:zebu/ze.bu.git", "zebu/ze.bu", ""),
    ("ssh://git@ssh.github.com:443/zebu/zebu.git", "zebu/zebu", ""), ("https://forge.zebu.test/zebu/zebu", "zebu/zebu", "https://forge.zebu.test/api/v3"),
    ("ssh://git@forge.zebu.test:2222/zebu/zebu.git", "zebu/zebu", "https://forge.zebu.test/api/v3"),
])  # fmt: skip
def test_the_repository_is_where_the_checkout_came_from(remote: str, repository: str, api: str) -> None:
    *found, token = forge(remote)
    assert {one.key: one.value for one in found if isinstance(one, Found)} == {
        "forge.repository": repository,
        **({"forge.api": api} if api else {}),
    }
    assert token == Unseen("forge.token_file", '"keys/forge.secret"', RIGHTS)


@pytest.mark.parametrize(
    "remote",
    [
        "",
        "/srv/git/zebu.git",
        "../zebu",
        "zebu:zebu/zebu",
        "https://github.com/zebu",
        "https://forge.zebu.test/a/b/c",
        "file:///x/y",
        "git@github.com:/zebu/zebu\n",
        "x" * 9999,
    ],
)
def test_what_names_no_forge_is_asked_for(remote: str) -> None:
    (one,) = forge(remote)
    assert isinstance(one, Unseen)
    assert one.key == "forge.repository"
