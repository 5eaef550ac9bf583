"""Faults of pre.application.environment."""

from lab.changes import edit_backend, recreate, restore_backend, restore_env, set_env
from lab.deployment import Lab
from lab.fault import fault
from pytest_zebu.verdict.outcome import Outcome


@fault(
    "pre.application.environment.alpha-vantage",
    flips={"pre.application.environment.alpha-vantage"},
    touches={"backend", "backend-files", "backend-restart"},
    mend=lambda lab: recreate(lab, "backend"),
)
def limit_not_passed_on(lab: Lab) -> None:
    """.env sets the limit; the compose file does not pass it on."""
    recreate(lab, "backend", without="ALPHA_VANTAGE_RATE_LIMIT_PER_DAY")


def mend_developers_machine(lab: Lab) -> None:
    lab.vm.shell(
        'docker exec zebu-frontend-1 sed -i "s#http://localhost:8000/api/v1#/api/v1#g" /usr/share/nginx/html/assets/main.js'
    )


@fault(
    "pre.application.environment.api-base-url",
    flips={
        "pre.application.environment.api-base-url",
        "deploy.frontend.console-clean",
        "deploy.network.no-mixed-content",
    },
    touches={"frontend"},
    mend=mend_developers_machine,
)
def developers_machine(lab: Lab) -> None:
    """The scripts were built for the developer's machine."""
    lab.vm.shell(
        'docker exec zebu-frontend-1 sed -i "s#/api/v1#http://localhost:8000/api/v1#g" /usr/share/nginx/html/assets/main.js'
    )


ASSETS = "/usr/share/nginx/html/assets"


@fault(
    "pre.application.environment.api-base-url",
    flips=set(),
    touches={"frontend"},
    mend=lambda lab: lab.vm.shell(f"docker exec zebu-frontend-1 cp /tmp/main.js {ASSETS}/main.js"),
)
def fallback_that_is_never_asked(lab: Lab) -> None:
    """Odd but right: the scripts name the developer's machine, for the case that no address was given when they were built."""
    lab.vm.shell(
        f'docker exec zebu-frontend-1 sh -c \'cp {ASSETS}/main.js /tmp/main.js; echo "globalThis.base = globalThis.base || \\"http://localhost:8000/api/v1\\"" >> {ASSETS}/main.js\''
    )


@fault(
    "pre.application.environment.api-base-url",
    flips={"pre.application.environment.api-base-url"},
    touches={".env"},
    mend=restore_env,
)
def image_not_rebuilt(lab: Lab) -> None:
    """.env names another address than the image was built with."""
    set_env(lab, VITE_API_BASE_URL="https://api.zebu.test/api/v1")


@fault(
    "pre.application.environment.cors-complete",
    flips={
        "pre.application.environment.cors-complete",
        "pre.security.application.cors-restricted",
        "deploy.backend.cors-headers",
    },
    override={"backend": {"environment": {"CORS_ORIGINS": "https://zebu.test/,https://www.zebu.test"}}},
)
def trailing_slash(lab: Lab) -> None:
    """An origin with a slash at its end matches no page."""


@fault(
    "pre.application.environment.log-level",
    flips={"pre.application.environment.log-level"},
    override={"backend": {"environment": {"DB_ECHO": "t"}}},
)
def echo_spelled_otherwise(lab: Lab) -> None:
    """SQL is echoed: the application's settings take one letter for yes."""


@fault(
    "pre.application.environment.log-level",
    flips={"pre.application.environment.log-level"},
    # A backend that asks its database nothing echoes nothing.
    touches={"backend", "backend-files"},
    mend=lambda lab: restore_backend(lab, "database.py"),
)
def echo_in_the_code(lab: Lab) -> None:
    """SQL is echoed: the code says so, whatever the environment says."""
    edit_backend(lab, "database.py", "s/pool_pre_ping=True,/pool_pre_ping=True, echo=True,/")


@fault(
    "pre.application.environment.alpha-vantage",
    flips=set(),
    override={"backend": {"environment": {"ALPHA_VANTAGE_RATE_LIMIT_PER_DAY": " 2_5 "}}},
)
def limit_spelled_otherwise(lab: Lab) -> None:
    """Odd but right: the limit is a number as the application's settings take one."""


@fault(
    "pre.application.environment.log-level",
    flips={"pre.application.environment.log-level"},
    override={"backend": {"environment": {"APP_LOG_LEVEL": "DEBUG"}}},
)
def not_recreated(lab: Lab) -> None:
    """.env says INFO; the container was made when it said DEBUG."""


@fault(
    "pre.application.environment.required-variables",
    flips={
        "pre.application.environment.required-variables",
        "deploy.initial.env-present",
        "deploy.initial.images-built",
    },
    outcomes={"deploy.initial.env-present": Outcome.NOT_ASSESSED, "deploy.initial.images-built": Outcome.NOT_ASSESSED},
    touches={".env"},
    mend=restore_env,
)
def set_but_empty(lab: Lab) -> None:
    """A required variable is there, with nothing behind it."""
    set_env(lab, API_KEY_HMAC_SECRET="")
