"""Pre-Deployment / Application / Functionality: by using the application, where the user asked for it."""

from __future__ import annotations

import json
import re
from datetime import date, datetime, timedelta
from decimal import Decimal

from pytest_zebu.facts.answer import Known, NotAssessed, Unknown, need
from pytest_zebu.facts.environment import Environment
from pytest_zebu.facts.host import Machine
from pytest_zebu.facts.signin import SignedIn, SignIn, Welcome
from pytest_zebu.facts.trials import DEPOSIT, QUANTITY, Use, amount
from pytest_zebu.facts.web import Answer, Web
from pytest_zebu.plugin.checks import Cases, item
from pytest_zebu.settings import Settings

CENT = Decimal("0.01")
MOVEMENT = Decimal("0.02")
"""By how much a price may move between two requests of one run."""
TRADING_WEEKDAYS = 5
HOLIDAYS = 1
"""Trading days by which a price may be older than the last weekday: a market holiday."""


def _expect_reached(use: Use, step: str) -> None:
    if not use.status(step):
        raise NotAssessed(f"was not reached: {use.broken or 'an earlier step failed'}")


def _expect_clean(use: Use, case: Cases) -> None:
    with case("nothing is left behind"):
        if isinstance(use.left, Unknown):
            raise NotAssessed(str(use.left))
        assert use.left == 0, f"{use.left} portfolios of ours are left"


def _expect_portfolio(use: Use, case: Cases) -> None:
    with case("create", f"status {use.status('create')}"):
        _expect_reached(use, "create")
        assert use.status("create") == 201, f"answers {use.status('create')}"
        assert isinstance(use.said("create").get("portfolio_id"), str), "gives no portfolio_id"
    with case("read", f"status {use.status('read')}"):
        _expect_reached(use, "read")
        assert use.status("read") == 200 and use.said("read").get("name") == use.name, (
            "does not give back what was made"
        )
    with case("list"):
        _expect_reached(use, "list")
        names = [row.get("name") for row in use.rows("list", "items")]
        assert use.name in names, "does not have it"


def _expect_deletion(use: Use, case: Cases) -> None:
    with case("delete", f"status {use.status('delete')}, then {use.status('gone')}"):
        _expect_reached(use, "gone")
        assert use.status("delete") == 204, f"answers {use.status('delete')}"
        assert use.status("gone") == 404, f"is still answered with {use.status('gone')}"


def _expect_trade(use: Use, case: Cases, ticker: str) -> None:
    with case("buy", f"status {use.status('buy')}"):
        _expect_reached(use, "buy")
        assert use.status("buy") == 201, f"answers {use.status('buy')}"
    cost: Decimal | None = None
    with case("holdings"):
        _expect_reached(use, "holdings")
        mine = next((row for row in use.rows("holdings", "holdings") if row.get("ticker") == ticker), {})
        assert amount(mine.get("quantity")) == Decimal(QUANTITY), f"show {mine.get('quantity')} of {ticker}"
        cost, price = amount(mine.get("cost_basis")), amount(use.said("price").get("price"))
        assert cost is not None and cost > 0, "have no cost"
        if price is not None:
            # The price was asked for a moment before the order: it may have moved since, and no more than that.
            due = price * Decimal(QUANTITY)
            assert abs(cost - due) <= due * MOVEMENT, f"cost {cost}, {QUANTITY} at {price} are {due}"
    with case("cash"):
        _expect_reached(use, "balance")
        cash = amount(use.said("balance").get("cash_balance"))
        assert cash is not None, "is no number"
        if cost is None:
            raise NotAssessed(f"is {cash}; what the order cost is not known")
        # Both are rounded to the cent, each for itself.
        assert abs(Decimal(DEPOSIT) - cost - cash) <= CENT, f"is {cash} after {cost} of {DEPOSIT} were spent"
        total, value = (amount(use.said("balance").get(key)) for key in ("total_value", "holdings_value"))
        assert total is not None and value is not None and abs(cash + value - total) <= CENT, (
            "and holdings do not add up"
        )


def _expect_history(use: Use, case: Cases, ticker: str) -> None:
    with case("history", f"status {use.status('transactions')}"):
        _expect_reached(use, "transactions")
        identifier = use.said("buy").get("transaction_id")
        rows = use.rows("transactions", "items")
        order = next((row for row in rows if row.get("id") == identifier), None)
        assert order is not None, "does not have the order"
        assert (order.get("transaction_type"), order.get("ticker")) == ("BUY", ticker), "has another kind of order"
        price, change = amount(order.get("price_per_share")), amount(order.get("cash_change"))
        assert amount(order.get("quantity")) == Decimal(QUANTITY), f"has {order.get('quantity')} shares"
        assert price is not None and change is not None, "has no amounts"
        assert abs(price * Decimal(QUANTITY) + change) <= CENT, f"has {change} for {QUANTITY} at {price}"
        deposits = [row for row in rows if row.get("transaction_type") == "DEPOSIT"]
        assert any(amount(row.get("cash_change")) == Decimal(DEPOSIT) for row in deposits), "does not have the deposit"


def trading_day(today: date) -> date:
    """The oldest day from which a price may be: the last weekday before today, less a holiday."""
    day, due = today, 1 + HOLIDAYS
    while due:
        day -= timedelta(days=1)
        due -= day.weekday() < TRADING_WEEKDAYS
    return day


def _expect_price(use: Use, case: Cases, today: date) -> None:
    said = use.said("price")
    with case("price", f"{said.get('price')} of {said.get('timestamp')}, from {said.get('source')}"):
        _expect_reached(use, "price")
        assert use.status("price") == 200, f"answers {use.status('price')}"
        price = amount(said.get("price"))
        assert price is not None and price > 0, f"is {said.get('price')}"
        try:
            when = datetime.fromisoformat(str(said.get("timestamp")).replace("Z", "+00:00")).date()
        except ValueError:
            raise AssertionError("has no date") from None
        assert when >= trading_day(today), f"is of {when}, older than the last trading day"


@item("pre.application.functionality.portfolios")
def test_portfolios_can_be_made_and_deleted(use: Use, case: Cases) -> None:
    """Nothing else in the application works without a portfolio.

    Fix: `docker compose logs backend` at the time of the probe; look at the status of the step that failed.
    See: the API's own description (/docs).
    """
    _expect_portfolio(use, case)
    _expect_deletion(use, case)
    _expect_clean(use, case)


@item("pre.application.functionality.trades")
def test_an_order_changes_cash_and_holdings(use: Use, settings: Settings, case: Cases) -> None:
    """What is bought is paid for, once, at the price that was shown.

    Fix: `docker compose logs backend` at the time of the probe; look at the status of the step that failed.
    See: the API's own description (/docs).
    """
    _expect_trade(use, case, settings.probes.ticker)


@item("pre.application.functionality.transactions")
def test_the_order_is_in_the_history(use: Use, settings: Settings, case: Cases) -> None:
    """What happened must be found again, with the right amounts.

    Fix: `docker compose logs backend` at the time of the probe; look at the status of the step that failed.
    See: the API's own description (/docs).
    """
    _expect_history(use, case, settings.probes.ticker)


@item("pre.application.functionality.prices")
def test_prices_are_of_the_last_trading_day(use: Use, machine: Machine, case: Cases) -> None:
    """A price from the cache looks like any other. On weekends the last one is Friday's, and that is right.

    Fix: the price service's key and its daily limit; the cache in Redis (`papertrade:price:*`).
    See: https://www.alphavantage.co/documentation/#latestprice
    """
    _expect_price(use, case, machine.ours.date())


@item("pre.application.functionality.staging")
def test_staging_works(staged_use: Use, settings: Settings, machine: Machine, case: Cases) -> None:
    """What does not work in staging will not work in production; and staging must be another place.

    Fix: deploy the release to staging, and mend there what the probes say; point staging's name to its own machine.
    See: the checklist.
    """
    with case("staging is another deployment"):
        assert settings.domains.staging not in settings.domains.names, "is one of production's names"
        assert staged_use.seen_elsewhere != 200, "leads to production: what was made there is seen in production"
    _expect_portfolio(staged_use, case)
    _expect_trade(staged_use, case, settings.probes.ticker)
    _expect_history(staged_use, case, settings.probes.ticker)
    _expect_price(staged_use, case, machine.ours.date())
    _expect_deletion(staged_use, case)
    _expect_clean(staged_use, case)


def _challenges(said: Answer) -> frozenset[str]:
    """The ways of signing in that an answer names (RFC 9110, section 11.6.1), in small letters."""
    text = re.sub(r'"(?:[^"\\]|\\.)*"', "", said.combined("www-authenticate"))
    return frozenset(part.split()[0].lower() for part in text.split(",") if part.split() and "=" not in part.split()[0])


def _is_by_backend(said: Answer) -> bool | None:
    """Whether the backend itself gave a refusal; nothing where that is not known. Not every version marks its answers."""
    if not said.is_json:
        return False
    if said.header("x-correlation-id"):
        return True
    try:
        body = json.loads(said.body)
    except (ValueError, RecursionError):
        return None
    return True if isinstance(body, dict) and "detail" in body else None


def expect_protected(
    web: Web, keyed: Known[Welcome] | Unknown, signed_in: Known[SignedIn] | Unknown, case: Cases
) -> None:
    """A protected route answers exactly 401, in the application's own words, to strangers; and lets in who may enter."""
    if not web.refused:
        raise NotAssessed("domains.api is not declared")
    for kind, answer in web.refused.items():
        with case(kind):
            said = need(answer)
            case.saw(f"{kind}: {said.status}, WWW-Authenticate: {said.header('www-authenticate') or 'none'}")
            assert said.status, f"gets no answer ({said.trouble})"
            assert said.status != 500, "gets 500: sign-in is not configured"
            if web.is_counted(said):
                raise NotAssessed(f"gets {said.status}: there were too many requests to tell")
            assert said.status == 401, f"gets {said.status}"
            is_ours = _is_by_backend(said)
            assert is_ours is not False, "gets 401 from somebody else than the backend"
            if is_ours is None:
                raise NotAssessed("gets 401, whether from the backend is not known")
            assert "bearer" in _challenges(said), "gets no WWW-Authenticate: Bearer"
    with case("who may enter"):
        _expect_let_in(keyed, signed_in, case)


def _expect_let_in(keyed: Known[Welcome] | Unknown, signed_in: Known[SignedIn] | Unknown, case: Cases) -> None:
    """Refusals alone prove nothing: an application that is broken behind its door refuses strangers as well."""
    if isinstance(keyed, Known):
        said = keyed.value
        late = ", at the second try" if said.is_again else ""
        case.saw(f"with a valid API key: {said.status or 'no answer'}{late}")
        assert said.status, "gets no answer with a valid API key, twice"
        if said.status == 503 and said.body == "other":
            # Nobody who breaks behind the door, but somebody before it: out of order, or counting, as nginx does with 503.
            raise NotAssessed("gets 503 with a valid API key, and not in the application's words: it may be a limit")
        assert said.status < 500, f"gets {said.status} with a valid API key: behind its door the application is broken"
        if 200 <= said.status < 300:
            assert said.body == "content", f"gets {said.status} with a valid API key, and no portfolios: " + (
                "an error" if said.body == "complaint" else "something else than JSON"
            )
            return
        raise NotAssessed(f"gets {said.status} with the API key of probes.api_key_file: it may be no valid one")
    if isinstance(signed_in, Unknown):
        raise NotAssessed(f"is not seen to be let in: {keyed}; {signed_in}")
    log = signed_in.value
    case.saw(f"the backend's log of a week: {log.answered} requests of signed-in users answered, {log.broken} broken")
    if log.trouble:
        raise NotAssessed(f"is not seen to be let in: {keyed}; {log.trouble}")


@item("pre.application.functionality.authentication", either=("keyed", "signed_in"))
def test_strangers_are_turned_away(
    web: Web,
    keyed: Known[Welcome] | Unknown,
    signed_in: Known[SignedIn] | Unknown,
    signin: SignIn,
    environment: Environment,
    case: Cases,
) -> None:
    """Whoever shows nothing valid gets exactly 401, and whoever shows a valid key is let in; 500 means sign-in is broken.

    Fix: CLERK_SECRET_KEY, VITE_CLERK_PUBLISHABLE_KEY and API_KEY_HMAC_SECRET of the live instance in `.env`; `up -d`;
        500 with a valid key only: `docker compose logs backend`, and the versions that the image was built with.
    See: RFC 6750 section 3; https://clerk.com/docs/deployments/clerk-environment-variables
    """
    expect_protected(web, keyed, signed_in, case)
    with case("sign-in provider's keys", f"{signin.host}: status {signin.status}, {signin.keys} keys"):
        if signin.status == 429:
            raise NotAssessed(f"{signin.host} answers 429: it counts our requests, and says nothing of its keys")
        assert signin.status == 200, f"{signin.host} answers {signin.status or 'nothing'}"
        assert signin.keys, f"{signin.host} has no keys"
    with case("publishable key"):
        assert signin.is_live, "is of a development instance"
    secret = environment.backend("CLERK_SECRET_KEY")
    with case("secret key of the running backend"):
        assert secret is not None and secret.length, "is not set"
        assert not secret.is_placeholder, "is a test key or a placeholder"
