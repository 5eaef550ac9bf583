"""How trials are held: nothing is sent without a key, what breaks is unknown, the attack comes last."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import pytest

from pytest_zebu.facts.answer import Reason, Said, Unknown
from pytest_zebu.facts.fact import Fact, Probe, Trial
from pytest_zebu.facts.trials import AttackTrial, RestoreTrial, UseTrial
from pytest_zebu.gather import gathering, trial_runs
from pytest_zebu.gather.ssh import Connection
from pytest_zebu.gather.trial_runs import MARK, hold
from pytest_zebu.settings import Settings
from pytest_zebu.settings.sections import Host
from pytest_zebu.settings.target import Target
from tests.gather.conftest import Server

NOWHERE = "https://127.0.0.1:1"


@pytest.mark.parametrize("trial", [UseTrial(NOWHERE), UseTrial(NOWHERE, is_staging=True), AttackTrial(NOWHERE)])
def test_nothing_is_sent_without_a_key(trial: Trial) -> None:
    answer = hold(trial, Settings(), None)
    assert isinstance(answer, Unknown)
    assert answer.reason is Reason.NOT_CONFIGURED
    assert "api_key_file" in answer.detail


@pytest.mark.parametrize("trial", [UseTrial(NOWHERE), AttackTrial(NOWHERE)])
def test_an_application_that_is_not_there_is_unknown(trial: Trial, declared: Callable[..., Settings]) -> None:
    answer = hold(trial, declared(probes={"api_key_file": "secret"}), None)
    assert isinstance(answer, Unknown)
    assert answer.reason is Reason.UNREACHABLE


def test_a_trial_that_breaks_is_unknown() -> None:
    class Broken:
        def ask(self, probes: Sequence[Probe], seconds: float | None = None) -> Mapping[str, Said | Unknown]:
            raise ValueError("broke \x1b[31mhere")

    answer = hold(RestoreTrial(), Settings(), cast(Connection, Broken()))
    assert answer == Unknown(Reason.UNDECIDABLE, "RestoreTrial: broke here")
    assert isinstance(hold(Trial(), Settings(), None), Unknown)


def test_trials_are_held_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """The attack is last, and what is not held says why."""
    held: list[Trial] = []

    def keep(trial: Trial, settings: Settings, machine: Any) -> str:
        held.append(trial)
        return type(trial).__name__

    monkeypatch.setattr(trial_runs, "hold", keep)
    why = Unknown(Reason.NOT_CONFIGURED, "not named")

    def planned(name: str, plan: Trial | Unknown) -> Fact[None]:
        return Fact(name, lambda gathered, target: None, trial=lambda target: plan)

    plans: dict[str, Trial | Unknown] = {
        "a": AttackTrial(NOWHERE),
        "b": RestoreTrial(),
        "c": why,
        "d": UseTrial(NOWHERE),
    }
    facts = [planned(name, plan) for name, plan in plans.items()]
    target = Target(name="here", host=Host(), settings=Settings())
    lines: list[str] = []
    found = gathering.hold_trials(target, facts, cast(Connection, None), lines.append)
    assert held == [plans["d"], plans["b"], plans["a"]]
    assert found == {"a": "AttackTrial", "b": "RestoreTrial", "c": why, "d": "UseTrial"}
    assert len(lines) == 3


OURS, THEIRS = {"X-Correlation-ID": "1"}, {"detail": "no"}
IDENTIFIER = "0f0e/../x"
"""Also an identifier is quoted where it becomes a path."""
AT = "/api/v1/portfolios/0f0e%2F..%2Fx"


def application(server: Server, left: Sequence[str] = ()) -> None:
    """An application that does what it is asked, and lists these portfolios."""
    made = {"portfolio_id": IDENTIFIER}
    listed = {"items": [{"id": f"id {name}", "name": name} for name in left], "total": len(left)}
    server.answers |= {
        "*": (422, OURS, THEIRS),
        "GET /api/v1/prices/IBM": (200, OURS, {"price": "1"}),
        "POST /api/v1/portfolios": (201, OURS, made),
        "GET /api/v1/portfolios": (200, OURS, listed),
        f"GET {AT}": (200, OURS, {"name": "mine"}),
        f"POST {AT}/trades": (201, OURS, {"transaction_id": "7"}),
        f"DELETE {AT}": (204, OURS, None),
    }


def held(server: Server, declared: Callable[..., Settings], **words: Any) -> Any:
    return hold(UseTrial(server.url, **words), declared(probes={"api_key_file": "secret"}), None)


def sent(server: Server, request: str) -> list[str]:
    """The bodies of the requests of this line."""
    return [text.rpartition("\n\n")[2] for text in server.arrived if text.partition("\n")[0] == request]


def test_a_portfolio_lives_and_goes(servers: tuple[Server, Server], declared: Callable[..., Settings]) -> None:
    server = servers[0]
    application(server)
    steps = held(server, declared)
    assert {name: steps[name]["status"] for name in ("price", "create", "read", "buy", "delete")} == {
        "price": 200, "create": 201, "read": 200, "buy": 201, "delete": 204,
    }  # fmt: skip
    assert steps["left"] == 0
    assert "elsewhere" not in steps
    made = json.loads(sent(server, "POST /api/v1/portfolios")[0])
    assert made == {"name": steps["named"], "initial_deposit": "10000.00"}
    assert steps["named"].startswith(MARK)
    assert json.loads(sent(server, f"POST {AT}/trades")[0]) == {"action": "BUY", "ticker": "IBM", "quantity": "1.5"}
    assert set(sent(server, f"GET {AT}")) == {""}
    assert all("\nX-API-Key: " in text for text in server.arrived)


def test_what_is_malformed_is_sent_as_it_is(servers: tuple[Server, Server], declared: Callable[..., Settings]) -> None:
    server = servers[0]
    application(server)
    server.answers["POST /api/v1/portfolios"] = (422, {}, {"message": "no"})
    steps = held(server, declared)
    assert "{not json" in sent(server, "POST /api/v1/portfolios")
    assert "[1, 2]" in [text.replace(",2", ", 2") for text in sent(server, "POST /api/v1/portfolios")]
    assert {one["status"] for one in steps["malformed"]} == {422}
    assert [one["what"] for one in steps["malformed"] if not one["ours"]] == [
        one["what"]
        for one in steps["malformed"]
        if one["what"].startswith(("a portfolio", "a negative", "an amount", "a body", "a list", "a name"))
    ]
    assert all(one["envelope"] is one["ours"] for one in steps["malformed"])


@pytest.mark.parametrize(("status", "headers", "said", "ours"), [
    (422, {}, THEIRS, True), (422, OURS, {}, True), (500, {"Content-Type": "text/plain"}, b"Internal Server Error", True), (500, {}, THEIRS, True),
    (500, {"Content-Type": "text/html; charset=utf-8"}, b"<center>nginx</center>", False), (502, {"Content-Type": "text/html"}, b"<p>", False), (503, {}, b"", False), (400, {}, [1], False),
])  # fmt: skip
def test_who_answered_is_told_without_a_mark(
    status: int,
    headers: Mapping[str, str],
    said: Any,
    ours: bool,
    servers: tuple[Server, Server],
    declared: Callable[..., Settings],
) -> None:
    """Not every version marks its answers, and what breaks it leaves none."""
    server = servers[0]
    application(server)
    server.answers["GET /api/v1/portfolios/not-an-id"] = (status, headers, said)
    (found,) = (one for one in held(server, declared)["malformed"] if one["what"] == "an id that is none")
    assert (found["status"], found["ours"]) == (status, ours)


def test_where_no_keys_are_known_the_first_that_wants_one_says_so(
    servers: tuple[Server, Server], declared: Callable[..., Settings]
) -> None:
    """Prices may be open to everybody."""
    server = servers[0]
    application(server)
    server.answers["POST /api/v1/portfolios"] = (401, {}, THEIRS)
    steps = held(server, declared)
    assert steps["price"]["status"] == 200
    assert "create" not in steps
    assert steps["broken"] == "the API key was refused (401)"


def test_what_earlier_runs_left_goes_and_nothing_else(
    servers: tuple[Server, Server], declared: Callable[..., Settings]
) -> None:
    server = servers[0]
    application(server, left=[f"{MARK}old", "retirement"])
    assert held(server, declared)["left"] == 1, "this application deletes nothing"
    deleted = [text.partition("\n")[0] for text in server.arrived if text.startswith("DELETE")]
    assert f"DELETE /api/v1/portfolios/id%20{MARK}old HTTP/1.1".removesuffix(" HTTP/1.1") in deleted
    assert not [line for line in deleted if "retirement" in line]


def test_another_deployment_is_asked_for_it(servers: tuple[Server, Server], declared: Callable[..., Settings]) -> None:
    here, there = servers
    application(here)
    there.answers[f"GET {AT}"] = (404, {}, THEIRS)
    steps = held(here, declared, elsewhere=there.url, is_staging=True)
    assert steps["elsewhere"] == 404
    assert [text.partition("\n")[0] for text in there.arrived] == [f"GET {AT}"]


def test_a_refused_key_is_no_finding(servers: tuple[Server, Server], declared: Callable[..., Settings]) -> None:
    servers[0].answers["*"] = (401, OURS, THEIRS)
    assert held(servers[0], declared) == Unknown(Reason.NO_PERMISSION, "the API key was refused (401)")


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize("kind", [UseTrial, AttackTrial])
def test_an_application_that_never_ends_its_answer_is_not_waited_for(
    kind: Any, declared: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what is cleaned up is tried all the same."""
    held, asked = threading.Event(), list[str]()

    def drip(self: Any, method: str, path: str, body: Any, raw: bytes | None) -> dict[str, Any]:
        asked.append(path)
        held.wait()
        return {}

    monkeypatch.setattr(trial_runs._Application, "_ask", drip)
    monkeypatch.setattr(trial_runs, "ANSWER_SECONDS", 0.2)
    try:
        answer = hold(kind(NOWHERE), declared(probes={"api_key_file": "secret"}), None)
    finally:
        held.set()
    assert answer == Unknown(Reason.UNREACHABLE, "the application: Timeout")
    if kind is UseTrial:
        assert asked[-1] == "/portfolios?limit=100"


@pytest.mark.hostile("ssh")
def test_a_trial_has_an_end_however_many_answers_are_slow(
    declared: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No request is made once its time is over; those that clean up have time of their own."""
    monkeypatch.setattr(trial_runs, "TRIAL_SECONDS", 0.0)
    asked: list[str] = []

    def answer(self: Any, method: str, path: str, body: Any, raw: bytes | None) -> dict[str, Any]:
        asked.append(path)
        time.sleep(0.1)
        return {"status": 200, "said": {"items": []}, "ours": True}

    monkeypatch.setattr(trial_runs._Application, "_ask", answer)
    found = hold(UseTrial(NOWHERE), declared(probes={"api_key_file": "secret"}), None)
    assert found == Unknown(Reason.UNREACHABLE, "the application: Timeout")
    assert asked.count("/portfolios?limit=100") == 2
