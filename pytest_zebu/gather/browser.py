"""Visits in headless Chromium, through Playwright: one launch for all routes, a fresh profile, the declared trust."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Response

from pytest_zebu.facts.base import Reason, Unknown, plain_text

SWITCHES = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PAGE_SECONDS = 15
KEPT_MESSAGES = 50


def _trust(home: Path, ca_file: str) -> None:
    """Give the fresh profile's home a certificate store with the declared authority."""
    store = home / ".pki/nssdb"
    store.mkdir(parents=True)
    database = ["certutil", "-d", f"sql:{store}"]
    subprocess.run([*database, "-N", "--empty-password"], check=True, capture_output=True, timeout=20)
    text = Path(ca_file).read_text(encoding="ascii")
    blocks = [
        f"-----BEGIN CERTIFICATE-----{part.split('-----END')[0]}-----END CERTIFICATE-----\n"
        for part in text.split("-----BEGIN CERTIFICATE-----")[1:]
    ]
    for number, block in enumerate(blocks):
        arguments = ["-A", "-n", f"declared-{number}", "-t", "C,,"]
        subprocess.run([*database, *arguments], input=block.encode(), check=True, capture_output=True, timeout=20)


def visit(arguments: Mapping[str, Any], control_answers: Callable[[], bool]) -> Any:
    """Visit each address cold, and report what the browser complains of."""
    executable = str(arguments["executable"])
    if shutil.which(executable) is None:
        return Unknown(
            Reason.NO_COMMAND, f"no browser at {executable}: apt-get install chromium, or set browser.executable"
        )
    if arguments["ca_file"] and shutil.which("certutil") is None:
        return Unknown(
            Reason.NO_COMMAND, "certutil is needed to trust the declared authority: apt-get install libnss3-tools"
        )
    with tempfile.TemporaryDirectory(prefix="zebu-browser-") as folder:
        home = Path(folder)
        if arguments["ca_file"]:
            _trust(home, str(arguments["ca_file"]))
        pages = _visit_all(arguments, executable, home)
    if all(page["status"] == 0 for page in pages) and not control_answers():
        control = arguments["control"] or "that no vantage declares"
        return Unknown(Reason.UNREACHABLE, f"the site does not answer, nor does the control address {control}")
    return {"pages": pages}


def _visit_all(arguments: Mapping[str, Any], executable: str, home: Path) -> list[dict[str, Any]]:
    from playwright.sync_api import sync_playwright

    switches = [*SWITCHES, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, args=switches, headless=True, env={**os.environ, "HOME": str(home)}
        )
        try:
            return [
                _visit_one(browser.new_context(), url, float(arguments["settle_seconds"])) for url in arguments["urls"]
            ]
        finally:
            browser.close()


def _visit_one(context: BrowserContext, url: str, settle_seconds: float) -> dict[str, Any]:
    """One address in a context of its own; what appears shortly after the load counts too."""
    errors: list[str] = []
    failed: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error":
            _note(errors, f"{message.text} ({message.location.get('url', '')})")

    def on_response(answer: Response) -> None:
        if answer.status >= 400:
            _note(failed, f"{answer.request.method} {answer.status} {answer.url}")

    page = context.new_page()
    page.set_default_timeout(PAGE_SECONDS * 1000)
    page.on("console", on_console)
    page.on("pageerror", lambda error: _note(errors, str(error)))
    page.on("requestfailed", lambda request: _note(failed, f"{request.method} {request.failure} {request.url}"))
    page.on("response", on_response)
    status = 0
    try:
        answer = page.goto(url, wait_until="load")
        status = answer.status if answer else 0
        page.wait_for_timeout(1000 * settle_seconds)
    except Error as error:
        _note(errors, error.message.splitlines()[0])
    context.close()
    return {"url": url, "status": status, "errors": errors, "failed": failed}


def _note(messages: list[str], text: str) -> None:
    if len(messages) < KEPT_MESSAGES:
        messages.append(plain_text(text)[:500])
