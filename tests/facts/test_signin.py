"""The sign-in provider's instance."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pytest_zebu.facts import signin
from pytest_zebu.facts.answer import Missing, Reason
from pytest_zebu.settings.sections import Domains, TrialNeeds
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


def declaring(target: Target, **tables: object) -> Target:
    return target.model_copy(update={"settings": target.settings.model_copy(update=tables)})


def test_who_has_a_key_is_let_in(target: Target) -> None:
    (asked,) = signin.keyed_looks(target)
    assert asked.arguments == {"url": "https://api.zebu.test/api/v1/portfolios?limit=1"}
    seen = {"status": 200, "body": "content", "again": True}
    assert read("keyed", {}, target, {asked.key: seen}) == signin.Welcome(200, "content", True)
    assert why("keyed", {}, target, {asked.key: {**seen, "status": "200"}}) is Reason.GARBLED
    assert why("keyed", {}, target) is Reason.NOT_GATHERED
    for bare in (declaring(target, probes=TrialNeeds()), declaring(target, domains=Domains())):
        assert signin.keyed_looks(bare) == ()
        assert why("keyed", {}, bare) is Reason.NOT_CONFIGURED


MORNING, NOON = "2026-11-26T09:00:00.123456789Z", "2026-11-26T12:00:00.1+00:00"


@pytest.mark.parametrize(("answered", "broken", "cut", "trouble"), [
    (f"3 {NOON}", "0", "no", ""), (f"3 {NOON}", f"1 {MORNING}", "no", ""), (f"1 {NOON}", f"9 {NOON}", "no", ""),
    (f"3 {MORNING}", f"1 {NOON}", "no", "the last of 4 requests"), ("0", f"7 {NOON}", "no", "none that was answered, and 7 that broke"),
    ("0", "0", "no", "none that was answered"), (f"3 {NOON}", "0", "yes", "longer than what was read"),
])  # fmt: skip
def test_what_the_log_says_of_signed_in_users(
    answered: str, broken: str, cut: str, trouble: str, target: Target
) -> None:
    found = read("signed_in", f"@answered {answered}\n@broken {broken}\n@cut {cut}\n@status 0\n", target)
    assert isinstance(found, signin.SignedIn)
    assert (trouble in found.trouble) if trouble else not found.trouble


def test_a_log_that_was_not_read_says_nothing(target: Target) -> None:
    said = f"@answered 3 {NOON}\n@broken 0\n@cut no\n"
    assert read("signed_in", f"{said}@status 0\n", target).last_answered == datetime(2026, 11, 26, 12, tzinfo=UTC)
    assert why("signed_in", f"{said}@status 1\n", target) is Reason.UNDECIDABLE
    assert why("signed_in", said, target) is Reason.UNDECIDABLE
    for wrong in (f"{said}@other\n@status 0\n", "@broken 0\n@status 0\n", said.replace("-11-", "-13-") + "@status 0\n"):
        assert why("signed_in", wrong, target) is Reason.GARBLED
