"""Pre-Deployment / Security / Passwords & Secrets. Values were judged on the machine; none is here."""

from __future__ import annotations

import re

from pytest_zebu.facts.accounts import Account
from pytest_zebu.facts.answer import Known, NotAssessed, Unknown, need
from pytest_zebu.facts.environment import DOTENV, EnvFiles, Environment, Variable
from pytest_zebu.facts.logs import Leaks
from pytest_zebu.facts.postgres import PasswordTries
from pytest_zebu.facts.proxy import Administration
from pytest_zebu.facts.repository import CommittedSecrets, Repository
from pytest_zebu.plugin.checks import Cases, item
from pytest_zebu.settings import Settings

from .test_application_environment import expect_price_key

MIN_DISTINCT = 10
"""Different characters that a random value of 32 has with certainty for all practical purposes; hexadecimal ones too."""


def _describe(variable: Variable) -> str:
    return f"{variable.length} characters, {variable.distinct} distinct"


def _expect_strong(variable: Variable, length: int) -> None:
    assert variable.length, "is empty"
    assert not variable.is_placeholder, "is a known default or placeholder"
    assert variable.length >= length, f"has {variable.length} characters, {length} are asked for"
    assert variable.distinct >= MIN_DISTINCT, f"has only {variable.distinct} distinct characters"


@item("pre.security.secrets.postgres-password")
def test_the_database_password_is_strong_and_in_force(
    environment: Environment, database_password: PasswordTries, settings: Settings, case: Cases
) -> None:
    """The password must be strong where it is written, where it is used, and in the database that runs.

    Fix: `openssl rand -hex 24` into `.env`, `ALTER ROLE ... PASSWORD` in the database, then `docker compose up -d`.
    See: the checklist (32 characters or more); NIST SP 800-63B, 5.1.1.2.
    """
    length = settings.requirements.secret_length
    declared, running = environment.get(DOTENV, "POSTGRES_PASSWORD"), environment.elsewhere("POSTGRES_PASSWORD")
    with case(".env", _describe(declared) if declared else "absent"):
        if declared is None and settings.database.url_file is not None:
            raise NotAssessed(
                "does not set POSTGRES_PASSWORD, and need not for a database that the project does not make"
            )
        if not running and environment.elsewhere("POSTGRES_PASSWORD_FILE"):
            raise NotAssessed(
                "does not set POSTGRES_PASSWORD, and the file of secrets in which it is kept was not read"
            )
        # A file of secrets, or another file of variables, is as good a place: what counts is what the database was given.
        assert declared is not None or any(one.length for one in running), "does not set POSTGRES_PASSWORD"
        if declared is not None:
            _expect_strong(declared, length)
    with case("running container"):
        if not running:
            raise NotAssessed("no container has POSTGRES_PASSWORD in its environment")
    for variable in running:
        with case(variable.where, _describe(variable)):
            _expect_strong(variable, length)
            assert declared is None or variable.group == declared.group, (
                "runs with another value than .env has: made before .env changed"
            )
    with case(
        "running database", f"the value of .env is {database_password.right}, a wrong one is {database_password.wrong}"
    ):
        if "unclear" in (database_password.right, database_password.wrong):
            raise NotAssessed("the database did not answer the password trial clearly")
        assert database_password.right == "accepted", "still has another password than .env"
        assert database_password.wrong == "refused", "accepts any password from the network (trust in pg_hba.conf)"


@item("pre.security.secrets.env-permissions")
def test_env_files_are_private(env_files: EnvFiles, repository: Repository, case: Cases) -> None:
    """Who can read `.env` has every secret; a forgotten copy is as good, in whichever checkout it lies: a runner's, or the one of before.

    Fix: `chmod 600 .env*` and `chown` to the deploying user; delete copies that are not needed (`.env.backup`).
    See: the checklist; CWE-732.
    """
    if not any(file.name == env_files.main for file in env_files.files):
        raise NotAssessed(f"there is no .env in {env_files.folder or 'the folder of the application'}")
    owners = {"root", repository.owner}
    for file in env_files.files:
        if file.holds_secrets is False and file.name != env_files.main:
            continue
        # Who deploys from another checkout has it in hand there.
        there = {one.user for one in env_files.checkouts if file.name.startswith(f"{one.path}/")}
        with case(file.name, f"mode {file.mode:04o}, owner {file.user}:{file.group}"):
            if file.holds_secrets is None:
                raise NotAssessed("could not be read, so whether it holds secrets is unknown")
            assert not file.mode & 0o177, f"has mode {file.mode:04o}, 0600 or stricter is asked for"
            assert file.user in owners | there, f"belongs to {file.user}, not to root or {repository.owner}"
    _see_checkouts(env_files, case)
    with case("other checkouts and copies on the machine"):
        if env_files.lacking:
            raise NotAssessed(f"the search for them was not whole: {env_files.lacking}")


def _see_checkouts(env_files: EnvFiles, case: Cases) -> None:
    for one in env_files.checkouts:
        if one.why == "unknown":
            case.saw(f"{one.path}: a checkout without a remote; that it is the project's is not seen")
        else:
            case.saw(
                f"{one.path}: a checkout of the project ({one.why}), of {one.user}, at {one.version or 'no commit'}"
            )


@item("pre.security.secrets.secret-key")
def test_the_secret_key_is_strong_and_its_own(environment: Environment, settings: Settings, case: Cases) -> None:
    """A secret used twice is lost twice. The backend has SECRET_KEY in its environment, and uses it for nothing yet.

    Fix: `openssl rand -hex 32` into SECRET_KEY of `.env`, a fresh value for each secret, then `docker compose up -d`.
    See: the checklist (32 characters or more); NIST SP 800-63B, 5.1.1.2.
    """
    declared = environment.get(DOTENV, "SECRET_KEY")
    with case(DOTENV, _describe(declared) if declared else "absent"):
        assert declared is not None, "does not set SECRET_KEY"
        _expect_strong(declared, settings.requirements.secret_length)
    others = [
        other.name
        for other in environment.declared(DOTENV)
        if other.is_secret and other.name != "SECRET_KEY" and declared is not None and other.group == declared.group
    ]
    with case("no other secret has its value", f"{sum(v.is_secret for v in environment.declared(DOTENV))} secrets"):
        assert not others, f"is the value of {', '.join(others)} too"
    running = environment.backend("SECRET_KEY")
    with case("running backend", _describe(running) if running else "absent"):
        assert running is not None, "has no SECRET_KEY"
        assert declared is None or running.group == declared.group, (
            "runs with another value than .env has: made before .env changed"
        )


@item("pre.security.secrets.api-keys")
def test_the_price_key_is_there(environment: Environment, leaks: Leaks, case: Cases) -> None:
    """An empty key in the container is a price page that never loads; one that the logs tell in clear text is everybody's who reads them.

    This is the item for secrets of any kind in the logs of the last day: of the project's containers, of the journal, of web servers and
    of the application's own files. They are looked for on the machine; names and counts leave it, no value does.

    Fix: ALPHA_VANTAGE_API_KEY with the key of your account in `.env`, then `docker compose up -d`. Of what stands in a log: keep addresses with
    keys out of it (`logging.getLogger("httpx").setLevel(logging.WARNING)`), give the secret a new value, remove the log.
    See: https://www.alphavantage.co/support/#api-key; OWASP Logging Cheat Sheet, Data to exclude; CWE-532.
    """
    expect_price_key(environment, case)
    for source, state in leaks.states.items():
        found = leaks.of(source)
        with case(f"secrets in {source}", state, *(f"{one.source}: {one.text}" for one in found)):
            # In a web server's log other sites' visitors may leave their tokens.
            ours = [one for one in found if one.is_known or not source.startswith("/var/log/")]
            assert not ours, f"has {', '.join(one.text for one in ours[:5])}, in clear text"
            if found:
                raise NotAssessed(f"has {found[0].text}, and whose it is cannot be told")
            if state != "whole":
                raise NotAssessed("could not be read" if state == "unreadable" else "is longer than what was searched")


@item("pre.security.secrets.not-committed")
def test_secrets_are_not_in_the_history(history: CommittedSecrets, env_files: EnvFiles, case: Cases) -> None:
    """What was committed once is in every clone for good, also when it was removed the next day.

    Fix: give every secret a new value first; then rewrite the history (git filter-repo), and list `.env` in .gitignore.
    See: https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/removing-sensitive-data-from-a-repository
    """
    for one in (history, *history.others):
        _expect_nothing_committed(one, env_files, f" of {one.place}" if one.place else "", case)
    with case("the history is whole"):
        if history.is_partial:
            raise NotAssessed(f"{history.is_partial}: what is missing could not be searched")
    for place in history.unread:
        with case(f"the history of {place}"):
            raise NotAssessed("could not be searched")
    with case("other checkouts on the machine", f"{len(history.others)} searched"):
        if env_files.lacking:
            raise NotAssessed(f"the search for them was not whole: {env_files.lacking}")


MOST_COMMITTED = 5
"""So many are named; there may be more."""
_OF_PAGES = re.compile(r"[^/].*/\.env(?:\.(?:development|production|staging|test))?")


def _is_of_pages(name: str, place: str, env_files: EnvFiles) -> bool:
    """Whether a file only says, as it lies there, what Vite and its like build into pages: it is in a folder of its own, and has no secret."""
    path = f"{place}/{name}" if place else name
    return _OF_PAGES.fullmatch(name) is not None and any(
        file.name == path and file.holds_secrets is False and file.name != env_files.main for file in env_files.files
    )


def _expect_nothing_committed(history: CommittedSecrets, env_files: EnvFiles, where: str, case: Cases) -> None:
    names = {f"{history.place or env_files.folder}/{name}" for name in history.open}
    names |= set() if history.place else {*history.open}
    lying = [file for file in env_files.files if file.name in names]
    with case(f".gitignore{where}"):
        assert history.is_ignored, "does not cover .env"
        bare = [file.name for file in lying if file.holds_secrets]
        assert not bare, f"does not cover {', '.join(bare)}: the next `git add --all` takes it along, with its secrets"
        if unknown := [file.name for file in lying if file.holds_secrets is None]:
            raise NotAssessed(f"does not cover {unknown[0]}, and whether that holds secrets is unknown")
    others = [name for name in history.committed if not _is_of_pages(name, history.place, env_files)]
    is_of_pages = bool(history.committed) and not others and len(history.committed) < MOST_COMMITTED
    with case(f"index{where}"):
        assert not history.is_tracked or is_of_pages, "an .env file is tracked"
    with case(f"commits of all branches{where}", *(f"{name} is meant to be there" for name in history.meant)):
        assert not history.committed or is_of_pages, f"{', '.join(others or history.committed)} was committed"
        if is_of_pages:
            raise NotAssessed(
                f"{', '.join(history.committed)} was committed, and has no secret by any name that is known: people attest that it never had"
            )
    with case(f"values of the present secrets in all objects{where}"):
        if history.holds_secret is None:
            raise NotAssessed("no value of a secret is known to look for")
        assert not history.holds_secret, "an object of the history holds the exact value of a present secret"


@item("pre.security.secrets.defaults-changed", either=("proxy",))
def test_no_default_password_opens_anything(
    accounts: tuple[Account, ...], proxy: Known[Administration] | Unknown, database_password: PasswordTries, case: Cases
) -> None:
    """Default passwords are in every scanner's list. Switching password logins off hides one; it does not change it.

    Fix: `passwd USER` (or `passwd -l USER`) for each user named; a new password for the proxy's administrator; `ALTER ROLE`.
    See: CWE-1392; zebu's create script sets the root password of a new VM.
    """
    for account in accounts:
        if account.password == "locked":  # noqa: S105 (a word, not a password)
            continue
        with case(f"user {account.user}", account.password):
            assert account.password != "empty", "has an empty password"  # noqa: S105
            assert account.password != "default", "has a well-known password"  # noqa: S105
            if account.password == "unknown":  # noqa: S105
                raise NotAssessed("has a hash that this machine cannot compare")
    with case("the proxy's administration"):
        found = need(proxy)
        assert found.is_open is not True, "waits to be set up by whoever comes first"
        accepted = need(found.default_login)
        assert not accepted, f"accepts the default login of {accepted}"
    with case("the database", f"well-known passwords are {database_password.default or 'untried'}"):
        if database_password.default not in ("accepted", "refused"):
            raise NotAssessed("did not answer the well-known passwords clearly")
        # Where a wrong password is accepted too, it is trust that opens, which is another item's finding.
        taken = database_password.default == "accepted" and database_password.wrong == "refused"
        assert not taken, "accepts a well-known password"
