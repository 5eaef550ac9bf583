"""Deployment Verification / Service Health."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from pytest_zebu.checks import Cases, item
from pytest_zebu.facts.browser import Page
from pytest_zebu.facts.postgres import Migrations
from pytest_zebu.settings import Settings

LOGGED_OUT = re.compile(r"^GET 401 https://[^/]+/api/")
LOGGED_OUT_CONSOLE = re.compile(r"status of 401 .*\(https://[^/]+/api/")


@item("deploy.frontend.console-clean")
def test_the_console_is_clean(pages: tuple[Page, ...], settings: Settings, case: Cases) -> None:
    """What the browser complains of, users see as a page that does not work.

    Fix: open the page with the developer tools, reload, and mend what the console and the network panel show.
    See: https://developer.chrome.com/docs/devtools/console
    """
    third_parties = settings.browser.third_parties

    def is_declared(text: str) -> bool:
        hosts = {urlsplit(url).hostname or "" for url in re.findall(r"https?://[^\s)]+", text)}
        return bool(hosts) and all(
            any(host == name or host.endswith(f".{name}") for name in third_parties) for host in hosts
        )

    for page in pages:
        with case(page.url, f"status {page.status}"):
            assert page.status, f"did not load: {page.errors[0] if page.errors else 'no answer'}"
            assert page.status < 400, f"answers {page.status}"
            failed = [text for text in page.failed if not LOGGED_OUT.match(text) and not is_declared(text)]
            errors = [text for text in page.errors if not LOGGED_OUT_CONSOLE.search(text) and not is_declared(text)]
            assert not failed, f"{len(failed)} failed requests, first: {failed[0]}"
            assert not errors, f"{len(errors)} console errors, first: {errors[0]}"


@item("deploy.database.migrations")
def test_migrations_are_applied(migrations: Migrations, case: Cases) -> None:
    """Code and database must agree; the backend's /health does not notice when they do not.

    Fix: take a dump, then `docker compose exec backend alembic upgrade head`; several heads: merge them first.
    See: https://alembic.sqlalchemy.org/en/latest/branches.html
    """
    case.saw(f"applied: {', '.join(migrations.applied) or 'none'}", f"heads of the code: {', '.join(migrations.heads)}")
    assert len(migrations.heads) == 1, f"the code has several heads: {', '.join(migrations.heads)}"
    assert migrations.applied, "no migration was ever applied"
    assert set(migrations.applied) == set(migrations.heads), (
        f"applied {', '.join(migrations.applied)}, the code wants {', '.join(migrations.heads)}"
    )
