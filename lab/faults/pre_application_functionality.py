"""Faults of pre.application.functionality."""

import json
from datetime import UTC, datetime, timedelta

from lab.changes import (
    add_server,
    before_api,
    edit_backend,
    remove_server,
    restore_backend,
    restore_env,
    restore_proxy,
    set_env,
    sql,
)
from lab.deployment import Lab
from lab.fault import fault
from lab.waits import until
from pytest_zebu.verdict.outcome import Outcome


@fault(
    "pre.application.functionality.authentication",
    flips={
        "pre.security.application.input-validation",
        *(f"pre.application.functionality.{name}" for name in ("authentication", "portfolios", "prices")),
        *(f"pre.application.functionality.{name}" for name in ("trades", "transactions")),
        "deploy.backend.authentication",
    },
    outcomes={
        # None of their steps is reached.
        "pre.application.functionality.trades": Outcome.NOT_ASSESSED,
        "pre.application.functionality.transactions": Outcome.NOT_ASSESSED,
        "pre.security.application.input-validation": Outcome.NOT_ASSESSED,
    },
    touches={"backend-files"},
    probes={"functional"},
    mend=lambda lab: restore_backend(lab, "auth.py"),
)
def breaks_behind_its_door(lab: Lab) -> None:
    """Every request with a valid key breaks, while all health checks are green and strangers get their 401."""
    edit_backend(lab, "auth.py", 's/^    found.last_used_at = now()/    raise TypeError("an older library")\\n&/')


@fault(
    "pre.application.functionality.authentication",
    flips=set(),
    right_for={
        "pre.application.functionality.authentication",
        "deploy.backend.authentication",
        "deploy.database.reachable",
    },
    touches={"backend-files"},
    probes={"functional"},
    mend=lambda lab: restore_backend(lab, "main.py"),
)
def without_a_mark(lab: Lab) -> None:
    """Odd but right: the backend marks its answers with no correlation id, as older versions do not."""
    edit_backend(lab, "main.py", "/X-Correlation-ID/d")


@fault(
    "pre.application.functionality.authentication",
    flips=set(),
    right_for={"pre.application.functionality.authentication", "deploy.backend.authentication"},
    settings=(('api_key_file = "@LAB@/api-key"\n', ""),),
)
def seen_in_the_log(lab: Lab) -> None:
    """Odd but right: no API key is declared, and the backend's log shows that users are let in."""
    lab.read_portfolios()


@fault(
    "pre.application.functionality.authentication",
    flips={"pre.application.functionality.authentication"},
    touches={".env"},
    mend=restore_env,
)
def development_key(lab: Lab) -> None:
    """The pages were built with the key of a development instance."""
    set_env(lab, VITE_CLERK_PUBLISHABLE_KEY="pk_test_Y2xlcmsuemVidS50ZXN0JA")


@fault(
    "pre.application.functionality.authentication",
    flips={"pre.application.functionality.authentication"},
    touches={"signin"},
    mend=lambda lab: lab.write_states(("signin",)),
)
def keys_unreachable(lab: Lab) -> None:
    """The sign-in provider gives its keys to nobody."""
    lab.change_state("signin", lambda state: {**state, "refuse": {"status": 503, "body": {}}})


@fault(
    "pre.application.functionality.authentication",
    flips={
        "pre.application.environment.cors-complete",
        "pre.application.functionality.authentication",
        "deploy.backend.authentication",
        "deploy.backend.cors-headers",
        "deploy.database.reachable",
        "deploy.performance.api",
    },
    # Elsewhere than in production the application takes a test key.
    override={"backend": {"environment": {"CLERK_SECRET_KEY": "test", "APP_ENV": "production"}}},
)
def not_configured(lab: Lab) -> None:
    """Sign-in is not configured: every protected route breaks, and nobody is let in."""


@fault(
    "pre.application.functionality.authentication",
    flips={
        "pre.application.functionality.authentication",
        "pre.application.environment.cors-complete",
        "deploy.backend.authentication",
        "deploy.backend.cors-headers",
        "deploy.database.reachable",
        "deploy.performance.api",
    },
    outcomes={"deploy.database.reachable": Outcome.NOT_ASSESSED, "deploy.performance.api": Outcome.NOT_ASSESSED},
    touches={"proxy-api"},
    mend=lambda lab: restore_proxy(lab, "tls"),
)
def proxy_answers(lab: Lab) -> None:
    """The proxy asks for a password of its own; whether the application turns strangers away is not seen."""
    before_api(lab, "location /api/v1/portfolios { add_header WWW-Authenticate 'Bearer' always; return 401; }")


def mend_stays(lab: Lab) -> None:
    restore_proxy(lab, "tls")
    sql(
        lab,
        "DELETE FROM transactions WHERE portfolio_id IN (SELECT id FROM portfolios WHERE name LIKE 'zebu-readiness-%'); DELETE FROM portfolios WHERE name LIKE 'zebu-readiness-%'",
    )


@fault(
    "pre.application.functionality.portfolios",
    flips={"pre.application.functionality.portfolios"},
    touches={"proxy-api", "postgres-rows"},
    uses={"postgres"},
    probes={"functional"},
    mend=mend_stays,
)
def stays(lab: Lab) -> None:
    """What is deleted stays."""
    before_api(
        lab,
        "location ~ ^/api/v1/portfolios/[^/]+$ { if ($request_method = DELETE) { return 405; } proxy_pass http://10.77.0.10:8000; }",
    )


def mend_service_down(lab: Lab) -> None:
    lab.write_states(("prices",))
    lab.read_price()


@fault(
    "pre.application.functionality.prices",
    flips={f"pre.application.functionality.{name}" for name in ("prices", "trades", "transactions")},
    touches={"prices", "redis"},
    probes={"functional"},
    mend=mend_service_down,
)
def service_down(lab: Lab) -> None:
    """The price service answers nobody: no price, no order; what the probe made is deleted all the same."""
    lab.vm.shell("docker exec zebu-redis-1 redis-cli del papertrade:price:IBM >/dev/null")
    lab.change_state("prices", lambda state: {**state, "refuse": {"status": 503, "body": {}}})


def mend_stale_cache(lab: Lab) -> None:
    lab.vm.shell("docker exec zebu-redis-1 redis-cli del papertrade:price:IBM")
    lab.read_price()


@fault(
    "pre.application.functionality.prices",
    flips={"pre.application.functionality.prices"},
    touches={"redis"},
    probes={"functional"},
    mend=mend_stale_cache,
)
def stale_cache(lab: Lab) -> None:
    """The cache has a price of last month, and gives it out like any other."""
    then = (datetime.now(UTC) - timedelta(days=30)).isoformat()
    value = json.dumps({"price": "287.4500", "timestamp": then})
    lab.vm.run(
        ["docker", "exec", "-i", "zebu-redis-1", "redis-cli", "-x", "set", "papertrade:price:IBM"], stdin=value.encode()
    )


@fault(
    "pre.application.functionality.staging",
    flips={"pre.application.functionality.staging"},
    touches={"domains"},
    probes={"functional"},
    settings=(("[domains]\n", '[domains]\nstaging = "api.zebu.test"\n'),),
)
def production(lab: Lab) -> None:
    """Staging's name is one of production's."""


FOLDER = "/opt/zebu-staging"

COMPOSE = f"cd {FOLDER} && docker compose -p zebu-staging -f docker-compose.yml -f staging.yml"

STAGING = """services:
  backend:
    ports: ["8001:8000"]
    environment: { APP_ENV: staging, APP_DEBUG: "false" }
"""

OWN_SECRETS = ("POSTGRES_PASSWORD", "APP_DB_PASSWORD", "SECRET_KEY", "API_KEY_HMAC_SECRET")

SERVER = """server {
  listen 443 ssl http2;
  listen [::]:443 ssl http2;
  server_name staging.zebu.test;
  ssl_certificate /root/staging.pem;
  ssl_certificate_key /root/staging.key;
  location / { proxy_pass http://10.77.0.10:8001; }
}
"""


def mend_works(lab: Lab) -> None:
    remove_server(lab, "staging")
    (lab.place.folder / "staging-api-key").unlink(missing_ok=True)
    lab.vm.shell(f"{COMPOSE} down -v -t 2 2>&1; rm -r {FOLDER}")


@fault(
    "pre.application.functionality.staging",
    flips={"pre.application.functionality.staging"},
    outcomes={"pre.application.functionality.staging": Outcome.PASSED},
    touches={"domains"},
    probes={"functional"},
    settings=(
        ("[domains]\n", '[domains]\nstaging = "staging.zebu.test"\n'),
        ("[probes]\n", '[probes]\nstaging_api_key_file = "@LAB@/staging-api-key"\n'),
        ("[hosts.lab]\n", '[hosts.lab]\nproject = "zebu"\n'),
    ),
    apart_from={"pre.application.functionality.prices"},  # of which staging has none of its own
    mend=mend_works,
)
def works(lab: Lab) -> None:
    """Odd but right: staging is a second deployment on the same machine, with a database, secrets and users of its own."""
    fresh = " ".join(f"-e s/^{name}=.*/{name}=$(openssl rand -hex 24)/" for name in OWN_SECRETS)
    lab.vm.shell(
        f"install -d -m 750 {FOLDER}; cp /opt/zebu/docker-compose.yml {FOLDER}/; umask 077; sed {fresh} /opt/zebu/.env > {FOLDER}/.env"
    )
    lab.vm.run(["sh", "-c", f"cat > {FOLDER}/staging.yml"], stdin=STAGING.encode())
    lab.vm.shell(f"{COMPOSE} up -d --no-build --pull never --wait db redis backend 2>&1")
    # The first start is healthy by its socket before it listens on the network.
    until("staging's database listens", lambda: lab.vm.shell(f"{COMPOSE} exec -T db pg_isready -h 127.0.0.1"))
    lab.vm.shell(f"{COMPOSE} exec -T backend alembic upgrade head 2>&1")
    lab.write_api_key("staging-api-key", 8001)
    add_server(lab, "staging", "staging.zebu.test", SERVER)


@fault(
    "pre.application.functionality.trades",
    flips={"pre.application.functionality.trades", "pre.application.functionality.transactions"},
    touches={"transactions"},
    uses={"postgres"},
    probes={"functional"},
    mend=lambda lab: sql(lab, "DROP TRIGGER fault ON transactions; DROP FUNCTION fault()"),
)
def paid_twice(lab: Lab) -> None:
    """An order costs twice what it should."""
    sql(
        lab,
        "CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.transaction_type = 'BUY' THEN NEW.cash_change = NEW.cash_change * 2; END IF; RETURN NEW; END $$; CREATE TRIGGER fault BEFORE INSERT ON transactions FOR EACH ROW EXECUTE FUNCTION fault()",
    )


@fault(
    "pre.application.functionality.transactions",
    flips={"pre.application.functionality.transactions"},
    touches={"transactions"},
    uses={"postgres"},
    probes={"functional"},
    mend=lambda lab: sql(lab, "DROP TRIGGER fault ON transactions; DROP FUNCTION fault()"),
)
def wrong_shares(lab: Lab) -> None:
    """The history shows another number of shares than was ordered."""
    sql(
        lab,
        "CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.transaction_type = 'BUY' THEN NEW.price_per_share = NEW.price_per_share + 1; END IF; RETURN NEW; END $$; CREATE TRIGGER fault BEFORE INSERT ON transactions FOR EACH ROW EXECUTE FUNCTION fault()",
    )
