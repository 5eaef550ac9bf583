"""How trials are held: each where the user asked for it, each cleaning up after itself."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from concurrent.futures import TimeoutError as NotYet
from typing import Any
from urllib.parse import quote

import requests

from pytest_zebu.facts import plainjson, urls
from pytest_zebu.facts.answer import Reason, Unknown, plain_text
from pytest_zebu.facts.fact import Trial
from pytest_zebu.facts.trials import DEPOSIT, QUANTITY, AttackTrial, RestoreTrial, UseTrial
from pytest_zebu.gather.client import Client, read_body
from pytest_zebu.gather.deadline import Deadline, aside, at_once
from pytest_zebu.gather.drill import Machine, restore
from pytest_zebu.settings import Settings

SECONDS = (3.0, 10.0)
ANSWER_SECONDS = 20.0
"""For a whole answer."""
TRIAL_SECONDS, CLEANING_SECONDS = 120.0, 60.0
"""For all of a trial's requests, and for those that clean up behind it, whatever became of it."""
MARK = "zebu-readiness-"
"""What the names of our portfolios begin with: nothing else is ever deleted."""
NOWHERE = "00000000-0000-4000-8000-000000000000"
BODY_LIMIT = 65_536
BURST, BURST_THREADS = 400, 16
INJECTIONS = ("' OR '1'='1", "1;SELECT pg_sleep(0)--", "%27%20UNION%20SELECT%20NULL--", '"; SELECT 1; --')
"""Harmless even where they work: they read nothing and change nothing."""


class _Application:
    """The API, with or without a key. Answers are plain data; a connection that fails is raised."""

    def __init__(self, base: str, key: str, trust: str, deadline: Deadline) -> None:
        self.deadline = deadline
        self.base = f"{base}/api/v1"
        self.client = Client(trust, {"X-API-Key": key} if key else {})

    def ask(self, method: str, path: str, body: Any = None, *, raw: bytes | None = None) -> dict[str, Any]:
        """One request: status, JSON or nothing, and whether the application itself answered.

        Raises:
            requests.RequestException: no answer, or none in its time, however it trickles.
        """
        job = aside(lambda: self._ask(method, path, body, raw))
        try:
            return job.result(self.deadline.limit(ANSWER_SECONDS))
        except NotYet:
            raise requests.Timeout("no whole answer in time") from None

    def _ask(self, method: str, path: str, body: Any, raw: bytes | None) -> dict[str, Any]:
        content = {"data": raw, "headers": {"Content-Type": "application/json"}} if raw is not None else {"json": body}
        with self.client.request(
            method, self.base + path, timeout=SECONDS, stream=True,
            **(content if body is not None or raw is not None else {}),
        ) as answer:  # fmt: skip
            try:
                said = plainjson.loads(read_body(answer, BODY_LIMIT).decode("utf-8-sig"))
            except ValueError:
                said = None
            return {"status": answer.status_code, "said": said, "ours": _is_by_application(answer, said)}


def _is_by_application(answer: requests.Response, said: Any) -> bool:
    """Whether the application itself answered: not every version marks its answers, and none marks what broke it."""
    if "X-Correlation-ID" in answer.headers or (isinstance(said, dict) and "detail" in said):
        return True
    is_page = urls.media_type(answer.headers.get("Content-Type", "")) == "text/html"
    return answer.status_code == 500 and not is_page


def _key(settings: Settings, *, is_staging: bool = False) -> str | Unknown:
    """The API key of a deployment; staging's own where one is declared."""
    probes = settings.probes
    name = "staging_api_key_file" if is_staging and probes.staging_api_key_file else "api_key_file"
    key = settings.secret(getattr(probes, name), f"probes.{name}")
    return key or Unknown(Reason.NOT_CONFIGURED, f"probes.{name} is not set: an API key of the application is needed")


def hold(trial: Trial, settings: Settings, machine: Machine | None) -> Any:
    """Hold a trial: plain data, or Unknown. Nothing is raised: a trial that breaks showed nothing."""
    try:
        match trial:
            case UseTrial():
                return use_application(settings, trial)
            case AttackTrial():
                return attack(settings, trial)
            case RestoreTrial():
                return restore(machine)
            case _:
                return Unknown(Reason.NOT_CONFIGURED, f"nobody knows how to hold a {type(trial).__name__}")
    except Exception as error:
        why = plain_text(str(error))[:200] or type(error).__name__
        return Unknown(Reason.UNDECIDABLE, f"{type(trial).__name__}: {why}")


def use_application(settings: Settings, trial: UseTrial) -> Any:
    """A portfolio's life: made, read, used to buy, looked at, deleted, also when something fails on the way."""
    key = _key(settings, is_staging=trial.is_staging)
    if isinstance(key, Unknown):
        return key
    deadline = Deadline.after(TRIAL_SECONDS)
    application = _Application(trial.base, key, settings.trust(None), deadline)
    steps: dict[str, Any] = {}
    made: list[str] = []
    try:
        steps["price"] = application.ask("GET", f"/prices/{settings.probes.ticker}")
        if steps["price"]["status"] == 401:
            return Unknown(Reason.NO_PERMISSION, "the API key was refused (401)")
        _live(application, settings.probes.ticker, steps, made, trial.elsewhere, key, settings)
        steps["malformed"] = _malformed(application, made)
    except requests.RequestException as error:
        steps["broken"] = type(error).__name__
        if not steps.keys() - {"broken"}:
            return Unknown(Reason.UNREACHABLE, f"the application: {type(error).__name__}")
    finally:
        cleaning = Deadline.after(CLEANING_SECONDS)
        steps["left"] = _clean_up(_Application(trial.base, key, settings.trust(None), cleaning), made)
    return steps


def _live(
    application: _Application, ticker: str, steps: dict[str, Any], made: list[str], elsewhere: str | None, key: str,
    settings: Settings,
) -> None:  # fmt: skip
    name = MARK + secrets.token_hex(6)
    created = application.ask("POST", "/portfolios", {"name": name, "initial_deposit": DEPOSIT})
    if created["status"] == 401:
        # Where prices are open to everybody, this is the first that wants a key; not every version knows any.
        steps["broken"] = "the API key was refused (401)"
        return
    steps["create"] = created
    identifier = (created["said"] or {}).get("portfolio_id") if created["status"] == 201 else None
    if not isinstance(identifier, str):
        return
    made.append(identifier)
    path = f"/portfolios/{quote(identifier, safe='')}"
    steps["read"] = application.ask("GET", path)
    steps["list"] = application.ask("GET", "/portfolios?limit=100")
    steps["named"] = name
    if elsewhere:
        steps["elsewhere"] = _Application(elsewhere, key, settings.trust(None), application.deadline).ask("GET", path)[
            "status"
        ]
    steps["buy"] = application.ask("POST", f"{path}/trades", {"action": "BUY", "ticker": ticker, "quantity": QUANTITY})
    for what in ("balance", "holdings", "transactions"):
        steps[what] = application.ask("GET", f"{path}/{what}")
    steps["delete"] = application.ask("DELETE", path)
    steps["gone"] = application.ask("GET", path)


MALFORMED: Sequence[tuple[str, str, str, Any, bytes | None]] = (
    ("a portfolio without a name", "POST", "/portfolios", {"name": "", "initial_deposit": DEPOSIT}, None),
    ("a negative deposit", "POST", "/portfolios", {"name": MARK + "negative", "initial_deposit": "-1"}, None),
    ("an amount that is no number", "POST", "/portfolios", {"name": MARK + "word", "initial_deposit": "much"}, None),
    ("a body that is no JSON", "POST", "/portfolios", None, b"{not json"),
    ("a list in place of an object", "POST", "/portfolios", [1, 2], None),
    ("a name of 10,000 characters", "POST", "/portfolios", {"name": "x" * 10_000, "initial_deposit": DEPOSIT}, None),
    ("an id that is none", "GET", "/portfolios/not-an-id", None, None),
    ("an id of nobody", "GET", f"/portfolios/{NOWHERE}", None, None),
    ("a trade of another kind", "POST", f"/portfolios/{NOWHERE}/trades", {"action": "STEAL", "ticker": "IBM", "quantity": "1"}, None),
    ("a trade of nothing", "POST", f"/portfolios/{NOWHERE}/trades", {"action": "BUY", "ticker": "IBM", "quantity": "0"}, None),
)  # fmt: skip


def _malformed(application: _Application, made: list[str]) -> list[dict[str, Any]]:
    found = []
    for what, method, path, body, raw in MALFORMED:
        answer = application.ask(method, path, body, raw=raw)
        said = answer["said"] if isinstance(answer["said"], dict) else {}
        if isinstance(said.get("portfolio_id"), str):
            made.append(said["portfolio_id"])
        found.append({"what": what, "status": answer["status"], "envelope": "detail" in said, "ours": answer["ours"]})
    return found


def _clean_up(application: _Application, made: Sequence[str]) -> Any:
    """Delete what we made, and what earlier runs that were cut off left; how much is left after that."""
    try:
        listed = application.ask("GET", "/portfolios?limit=100")["said"]
        ours = [
            row["id"]
            for row in (listed or {}).get("items", ())
            if isinstance(row, dict) and str(row.get("name", "")).startswith(MARK)
        ]
        for identifier in dict.fromkeys([*made, *ours]):
            application.ask("DELETE", f"/portfolios/{quote(str(identifier), safe='')}")
        listed = application.ask("GET", "/portfolios?limit=100")["said"]
        return sum(str(row.get("name", "")).startswith(MARK) for row in (listed or {}).get("items", ()))
    except (requests.RequestException, TypeError, KeyError, AttributeError) as error:
        return Unknown(Reason.UNREACHABLE, f"cleaning up: {type(error).__name__}")


def attack(settings: Settings, trial: AttackTrial) -> Any:
    """Injection strings behind a key, then a bounded burst without one."""
    key = _key(settings)
    if isinstance(key, Unknown):
        return key
    deadline = Deadline.after(TRIAL_SECONDS)
    application = _Application(trial.base, key, settings.trust(None), deadline)
    stranger = _Application(trial.base, "", settings.trust(None), deadline)
    try:
        total = (application.ask("GET", "/portfolios")["said"] or {}).get("total")
        injected = []
        for text in INJECTIONS:
            word = quote(text, safe="")
            for path in (
                f"/portfolios/{word}",
                f"/prices/{word}",
                f"/portfolios?limit={word}",
                f"/portfolios?offset={word}",
            ):
                answer = application.ask("GET", path)
                found = answer["said"].get("total") if isinstance(answer["said"], dict) else None
                injected.append({"path": path.partition("?")[0].rsplit("/", 1)[0] or "/", "text": text,
                                 "status": answer["status"], "total": found})  # fmt: skip
        refused = [
            _Application(trial.base, f"zk_{text}", settings.trust(None), deadline).ask("GET", "/portfolios")["status"]
            for text in INJECTIONS
        ]
        statuses = at_once(lambda _: stranger.ask("GET", "/portfolios")["status"], range(BURST), BURST_THREADS)
    except requests.RequestException as error:
        return Unknown(Reason.UNREACHABLE, f"the application: {type(error).__name__}")
    return {
        "total": total,
        "injected": injected,
        "refused": refused,
        "burst": len(statuses),
        "limited": statuses.count(429),
    }
