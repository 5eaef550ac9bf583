"""The sign-in provider's instance."""

from __future__ import annotations

import pytest

from pytest_zebu.facts import signin
from pytest_zebu.facts.answer import Missing, Reason
from pytest_zebu.settings.target import Target
from tests.facts.answers import read, saying, why


def test_the_publishable_key_names_its_host() -> None:
    assert signin.host_of("pk_live_Y2xlcmsuemVidS50ZXN0JA") == "clerk.zebu.test"
    for wrong in ("pk_live_", "pk_live_!!!", "pk_live_YWJj", "other"):
        with pytest.raises(Missing):
            signin.host_of(wrong)


def env(key: str) -> str:
    return f".env\tVITE_CLERK_PUBLISHABLE_KEY\t1\t1\t\tvalue\t1\t{key}\n"


HOST = "Y2xlcmsuemVidS50ZXN0JA"


@pytest.mark.parametrize(("prefix", "status", "body", "live", "keys"), [
    ("pk_live_", 200, '{"keys": [{}, {}]}', True, 2), ("pk_test_", 200, '{"keys": []}', False, 0), ("pk_live_", 404, "{", True, 0), ("pk_live_", 0, "", True, 0),
])  # fmt: skip
def test_the_instance_and_its_keys(prefix: str, status: int, body: str, live: bool, keys: int, target: Target) -> None:
    said = {"zebu.environment": env(prefix + HOST)}
    (asked,) = signin.then(saying(said), target)
    assert asked.arguments["url"] == "https://clerk.zebu.test/.well-known/jwks.json"
    found = read("signin", said, target, {asked.key: {"status": status, "body": body}})
    assert found == signin.SignIn("clerk.zebu.test", live, status, keys)


def test_what_is_no_key_set_is_garbled(target: Target) -> None:
    said = {"zebu.environment": env("pk_live_" + HOST)}
    (asked,) = signin.then(saying(said), target)
    for body in ("<html>", '{"keys": 3}', "[]", "{}"):
        assert why("signin", said, target, {asked.key: {"status": 200, "body": body}}) is Reason.GARBLED
    assert why("signin", said, target) is Reason.NOT_GATHERED


@pytest.mark.parametrize(
    ("out", "reason"),
    [(env(""), Reason.MISSING), (env("pk_live_!"), Reason.UNDECIDABLE), ("", Reason.MISSING), ("x", Reason.GARBLED)],
)
def test_without_a_key_nobody_is_asked(out: str, reason: Reason, target: Target) -> None:
    assert why("signin", {"zebu.environment": out}, target) is reason
    assert signin.then(saying({"zebu.environment": out}), target) == ()
