"""The arrangement with the real project's habits has the habits that its README tells."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from lab.cli import ARRANGEMENTS
from lab.real import documents, states, truth
from lab.real.build import HISTORY, REAL, TREE, uv_lock
from lab.standins import npm, signin
from lab.standins.server import Request, StandIn
from pytest_zebu.catalogue import SCORED, load


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("tree")
    for source in TREE.rglob("*.md"):
        path = made / source.relative_to(TREE)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source.read_text())
    documents.write(made)
    return made


def test_the_table_has_every_scored_item() -> None:
    assert truth.read().keys() == {item.id for item in load() if item.stage in SCORED}
    assert all(re.fullmatch("[VOPNBRGAXS]+", one.by) and one.why for one in truth.read().values())


def test_there_are_450_documents_and_most_are_agents_notes(tree: Path) -> None:
    found = [str(path.relative_to(tree)) for path in tree.rglob("*.md")]
    notes = [path for path in found if path.startswith("agent_docs/")]
    assert (len(found), len(notes)) == (documents.DOCUMENTS, documents.NOTES)
    assert max(notes) < min(path for path in found if path.startswith("docs/"))


def test_every_part_of_the_tree_is_committed(tree: Path) -> None:
    committed = {part.split("/")[0] for _, _, parts, _ in HISTORY for part in parts}
    assert committed == {path.name for path in [*TREE.iterdir(), *tree.iterdir()]}


def test_generated_documents_are_always_the_same() -> None:
    assert list(documents.generated(13)) == list(documents.generated(13))


def test_an_entry_of_the_environment_has_no_value() -> None:
    assert re.search(r"^ +POSTGRES_HOST_AUTH_METHOD:$", (TREE / "docker-compose.prod.yml").read_text(), re.MULTILINE)


def test_only_a_module_that_nobody_imports_is_newer_than_the_containers_python() -> None:
    newer = []
    for path in sorted((TREE / "backend").rglob("*.py")):
        text = path.read_text()
        if re.search(r"^(class|def) \w+\[", text, re.MULTILINE):
            newer.append(path.stem)
        else:
            ast.parse(text, feature_version=(3, 11))
        assert "pagination" not in text
    assert newer == ["pagination"]


def test_readme_has_a_badge_and_no_other_picture() -> None:
    assert re.findall(r"!\[.*?\]\((.*?)\)", (TREE / "README.md").read_text()) == [
        "https://forge.zebu.test/zebu/zebu/actions/workflows/ci.yml/badge.svg"
    ]


def test_the_example_lacks_what_the_frontend_needs() -> None:
    needed = "VITE_CLERK_PUBLISHABLE_KEY"
    assert needed in (TREE / "docker-compose.yml").read_text()
    assert needed not in (TREE / ".env.production.example").read_text()


def test_versions_are_locked_as_uv_locks_them(tmp_path: Path) -> None:
    (tmp_path / "typing_extensions-4.12.0-py3-none-any.whl").touch()
    (package,) = tomllib.loads(uv_lock(tmp_path))["package"]
    assert (package["name"], package["version"]) == ("typing-extensions", "4.12.0")


def test_settings_of_the_deployer_name_nothing_that_is_not_there() -> None:
    assert set(re.findall(r"@[A-Z0-9]+@", (REAL / "zebu.toml").read_text())) <= {
        "@VM@", "@KEY@", "@KNOWN_HOSTS@", "@PUBLIC@", "@RESOLVER1@", "@RESOLVER2@", "@RESOLVER3@", "@TRUST@", "@KEYS@",
        "@HISTORY@", "@INCIDENTS@",
    }  # fmt: skip


def test_arrangements_are_found_by_their_names() -> None:
    assert [(name, one.like) for name, one in ARRANGEMENTS.items()] == [("tidy", "tidy"), ("real", "real")]


def test_the_token_is_an_auditors_and_the_machine_has_no_snapshot() -> None:
    state = states.proxmox("secret", 2, 4 * 2**30, 16 * 2**30)
    assert list(state["tokens"]) == ["auditor@pve!readiness=secret"]
    assert [one["name"] for one in state["guests"]["200"]["snapshot"]] == ["current"]


def answer(make: Any, state: dict[str, Any], folder: Path, path: str, method: str = "GET", body: Any = None) -> Any:
    file = folder / "state.json"
    file.write_text(json.dumps(state))
    stand_in: StandIn = make(file)
    return stand_in.answer(Request(method, path, {}, {}, json.dumps(body).encode()))


def test_npmplus_logs_in_by_cookie(tmp_path: Path) -> None:
    state = {"flavour": "npmplus", "users": {"operations@zebu.test": "word"}, "proxy_hosts": [], "certificates": []}
    login = {"identity": "operations@zebu.test", "secret": "word"}
    said = answer(npm.make, state, tmp_path, "/api/tokens", "POST", login)
    assert "token" not in said.body and npm.COOKIE in said.headers["Set-Cookie"]


def test_the_sign_in_providers_script_is_a_script(tmp_path: Path) -> None:
    said = answer(signin.make, {"keys": []}, tmp_path, "/npm/@clerk/clerk-js@5/dist/clerk.browser.js")
    assert said.headers["Content-Type"].startswith("text/javascript")
    assert b"mountSignIn" in said.body
