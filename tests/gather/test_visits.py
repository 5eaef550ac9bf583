"""The browser's look, where there is no look: what is missing is named, with the way to mend it."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Error

from pytest_zebu.facts.answer import Reason, Unknown
from pytest_zebu.gather import visits

NODE = """#!/bin/sh
echo "node: error while loading shared libraries: LIBRARY: cannot open shared object file" >&2
exit 127
"""


def look(executable: str) -> Any:
    arguments = {
        "executable": executable,
        "ca_file": "",
        "settle_seconds": 0,
        "urls": ["https://127.0.0.1:1/"],
        "loads": 1,
        "widths": [],
        "control": "",
    }
    return visits.visit(arguments, lambda: True)


@pytest.mark.hostile("browser")
def test_no_browser_says_how_to_install_one(tmp_path: Path) -> None:
    found = look(f"{tmp_path}/chromium")
    assert isinstance(found, Unknown)
    assert found.reason is Reason.NO_COMMAND
    assert "apt-get install chromium" in found.detail


@pytest.mark.parametrize(("library", "remedy"), [("libatomic.so.1", "apt-get install libatomic1"), ("libm.so.6", "")])
@pytest.mark.hostile("browser")
def test_a_driver_without_its_libraries_names_them(
    library: str, remedy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A remedy is named where one is known."""
    node = tmp_path / "node"
    node.write_text(NODE.replace("LIBRARY", library))
    node.chmod(0o755)
    monkeypatch.setenv("PLAYWRIGHT_NODEJS_PATH", str(node))
    found = look("/bin/true")
    assert isinstance(found, Unknown)
    assert found.reason is Reason.NO_COMMAND
    assert f"{library}: cannot open shared object file" in found.detail
    assert found.detail.partition("): ")[2] == remedy


def test_a_browser_that_does_not_start_is_not_the_drivers_trouble() -> None:
    with pytest.raises(Error):
        look("/bin/false")


@pytest.mark.parametrize(("status", "errors", "failed", "found"), [
    (200, [], ["GET net::ERR_NETWORK_CHANGED https://zebu.test/a.js"], "ERR_NETWORK_CHANGED"), (0, ["Page.goto: net::ERR_INTERNET_DISCONNECTED at https://zebu.test/"], [], "ERR_INTERNET_DISCONNECTED"),
    (0, ["Page.goto: net::ERR_NAME_NOT_RESOLVED at https://zebu.test/"], [], "ERR_NAME_NOT_RESOLVED"), (200, [], ["GET net::ERR_NAME_NOT_RESOLVED https://gone.test/a.js"], ""),
    (0, ["Page.goto: net::ERR_CONNECTION_REFUSED at https://zebu.test/"], [], ""), (200, ["it says ERR_NETWORK_CHANGED"], ["GET 404 https://zebu.test/?net::ERR_NETWORK_CHANGED_NOT"], ""),
])  # fmt: skip
@pytest.mark.hostile("browser")
def test_what_is_wrong_with_this_machine_is_not_the_sites_fault(
    status: int, errors: list[str], failed: list[str], found: str
) -> None:
    good = {"status": 200, "errors": [], "failed": []}
    assert visits.own_fault([good, {"status": status, "errors": errors, "failed": failed}]) == found


def test_the_browser_is_led_where_names_lead() -> None:
    assert visits._rules({}) == []
    assert visits._rules({"zebu.test": "192.0.2.1", "www.zebu.test": "2001:db8::1"}) == [
        "--host-resolver-rules=MAP zebu.test 192.0.2.1,MAP www.zebu.test [2001:db8::1]"
    ]


@pytest.mark.chromium
@pytest.mark.hostile("browser")
def test_a_silent_site_is_waited_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many pages it has: a browser that is there, and an address that takes connections and says nothing."""
    monkeypatch.setattr(visits, "PAGE_SECONDS", 1)
    opened: list[str] = []
    go = visits._Visit.open

    def noted(one: visits._Visit) -> None:
        opened.append(one.url)
        go(one)

    monkeypatch.setattr(visits._Visit, "open", noted)
    with socket.create_server(("127.0.0.1", 0)) as server:
        site = f"http://127.0.0.1:{server.getsockname()[1]}"
        urls = [f"{site}/", f"{site}/about", f"{site}/login"]
        seen = visits.visit(
            {
                "executable": shutil.which("chromium") or "chromium",
                "ca_file": "",
                "settle_seconds": 0,
                "urls": urls,
                "loads": 3,
                "widths": [360, 430],
                "control": "",
            },
            lambda: True,
        )
    assert opened == [f"{site}/"]
    assert [page["url"] for page in seen["pages"]] == urls
    assert all(page["status"] == 0 and "Timeout 1000ms" in page["errors"][0] for page in seen["pages"])
    assert [one["trouble"] for one in (*seen["loads"], *seen["screens"])] == [seen["pages"][0]["errors"][0]] * 5


@pytest.mark.hostile("programs")
@pytest.mark.parametrize("name", ["playwright.py", "playwright/__main__.py"])
def test_the_driver_is_not_what_lies_where_we_stand(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("import pathlib\npathlib.Path('was-run').touch()\n")
    (tmp_path / "playwright/__init__.py").touch() if name.startswith("playwright/") else None
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    visits._driver_trouble()
    assert not (tmp_path / "was-run").exists()
