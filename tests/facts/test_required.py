"""Which variables compose and the program ask for, by their files."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_zebu.facts.answer import Reason
from pytest_zebu.facts.environment import REQUIRED_PROBE, Required
from pytest_zebu.settings.target import Target
from tests.facts.answers import read, why

Search = Callable[..., Required]


@pytest.fixture
def search(tmp_path: Path, target: Target) -> Search:
    """What is asked for by files of these names."""

    def searched(files: dict[str, str], **values: str) -> Required:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        done = subprocess.run(
            ["perl", "-e", REQUIRED_PROBE.text], capture_output=True, text=True, check=True,
            env={"PATH": os.environ["PATH"], "ZEBU_APP_DIR": str(tmp_path), **values},
        )  # fmt: skip
        assert done.stderr == ""
        found: Required = read("required", done.stdout, target)
        return found

    return searched


def asked(found: Required) -> dict[str, list[str]]:
    return {one.name: sorted(one.how) for one in found.wanted}


@pytest.mark.parametrize(("line", "wanted"), [
    ("A: ${A:?}", {"A": ["refuses"]}), ("A: ${A?is needed}", {"A": ["refuses"]}), ("A: ${A}", {"A": ["plain"]}), ("A: $A", {"A": ["plain"]}),
    ("A: ${A:-}", {}), ("A: ${A-x}", {}), ("A: ${A:+x}", {}), ("A: $$A", {}), ("A: $${A}", {}), ("# A: ${A:?}", {}), ("B: x # ${A:?}", {}),
    ("A: ${A:-${B:?}}", {}), ("A: http://${A:?x}:${B}@c", {"A": ["refuses"], "B": ["plain"]}), ("A:", {}),
])  # fmt: skip
def test_what_compose_asks_for(line: str, wanted: dict[str, list[str]], search: Search) -> None:
    assert asked(search({"docker-compose.yml": f"services:\n  a:\n    environment:\n      {line}\n"})) == wanted


@pytest.mark.parametrize(("text", "wanted"), [
    ('os.environ["A"]', {"A": ["code"]}), ("os.environ['A']", {"A": ["code"]}), ('os.environ["A"] = "1"', {}), ('os.environ.get("A")', {}), ('os.getenv("A")', {}),
    ('# os.environ["A"]', {}), ('"""os.environ["A"]"""', {}), ('if "A" in os.environ:\n    a = os.environ["A"]', {}), ('try:\n    a = os.environ["A"]\nexcept KeyError:\n    a = ""', {}),
    ('from decouple import config\na = config("A")\nb = config("B", default="x")\nc = config("C", cast=int)', {"A": ["code"], "C": ["code"]}),
    ('from environs import Env\na = env.str("A")\nb = env.int("B", 5)', {"A": ["code"]}),
    ("class S(BaseSettings):\n    a: str\n    b: int = 5\n    c: str = Field(...)\n    d: str = Field(default='x')\n    e: str | None = None\n", {"A": ["settings"], "C": ["settings"]}),
    ("class S(pydantic_settings.BaseSettings):\n    model_config = SettingsConfigDict(env_prefix='APP_')\n    a: str\n    b: str = Field(alias='OTHER')\n", {"APP_A": ["settings"], "OTHER": ["settings"]}),
    ("class S(BaseSettings):\n    x: int = 1\n\n\nclass T(S):\n    a: SecretStr\n\n    def f(self) -> None:\n        b: int\n", {"A": ["settings"]}),
    ("class S(BaseModel):\n    a: str\n", {}),
])  # fmt: skip
def test_what_the_source_asks_for(text: str, wanted: dict[str, list[str]], search: Search) -> None:
    assert asked(search({"backend/app/config.py": f"import os\n{text}\n"})) == wanted


@pytest.mark.parametrize(("text", "is_wanted"), [
    ("const K = import.meta.env.VITE_A\nif (!K) {\n  throw new Error('x')\n}", True), ("if (!import.meta.env.VITE_A) throw new Error('x')", True), ("f(import.meta.env.VITE_A!)", True),
    ("const K: string = import.meta.env['VITE_A'] as string\nif (!K) { log(K); throw K }", True), ("const K = process.env.NEXT_PUBLIC_A\nif (!K) throw 1", True),
    ("const K = import.meta.env.VITE_A || 'x'", False), ("const K = import.meta.env.VITE_A ?? ''", False), ("const K = import.meta.env.VITE_A\nif (K) init(K)", False), ("// f(import.meta.env.VITE_A!)", False),
    ("const on = import.meta.env.VITE_A === 'true'", False),
])  # fmt: skip
def test_what_a_page_stops_without(text: str, is_wanted: bool, search: Search) -> None:
    found = search({"frontend/src/main.tsx": text, "docker-compose.yml": "services: {}\n"})
    assert [sorted(one.how) for one in found.wanted] == ([["frontend"]] if is_wanted else [])


def test_a_sign_in_provider_stops_by_itself(search: Search) -> None:
    text = "<ClerkProvider publishableKey={import.meta.env.VITE_CLERK_PUBLISHABLE_KEY}>"
    assert asked(search({"src/App.jsx": text})) == {"VITE_CLERK_PUBLISHABLE_KEY": ["frontend"]}


def test_what_is_no_part_of_the_program_asks_for_nothing(search: Search) -> None:
    text = 'import os\na = os.environ["A"]\n'
    names = (
        "tests/a.py",
        "backend/test_a.py",
        "scripts/a.py",
        "node_modules/a/a.py",
        ".venv/a.py",
        "docs/a.py",
        "backend/migrations/a.py",
    )
    assert asked(search({**dict.fromkeys(names, text), "app.py": ""})) == {}


@pytest.mark.parametrize(("name", "text"), [
    ("frontend/Dockerfile", "ARG VITE_A=x\n"), ("frontend/.env.production", "VITE_A=x\n"), (".github/workflows/cd.yml", "env:\n  VITE_A: x\n"),
    ("docker-compose.prod.yml", "services:\n  f:\n    build:\n      args:\n        VITE_A: x\n"),
])  # fmt: skip
def test_a_value_may_stand_elsewhere(name: str, text: str, search: Search) -> None:
    found = search({name: text, "frontend/a.ts": "f(import.meta.env.VITE_A!)"}).get("VITE_A")
    assert found is not None
    assert found.given == name
    assert "stops without it" in found.text


def test_the_files_that_compose_was_called_with_are_read(tmp_path: Path, search: Search) -> None:
    (tmp_path / "other.yml").write_text("services:\n  a:\n    image: x:${TAG:?}\n")
    found = search(
        {"docker-compose.yml": "a: ${B:?}\n"}, ZEBU_CONFIG_FILES=f"{tmp_path}/other.yml\n{tmp_path}/gone.yml"
    )
    assert asked(found) == {"TAG": ["refuses"]}
    assert found.lacking == "gone.yml could not be read"


def test_what_was_not_read_is_no_answer(target: Target) -> None:
    assert why("required", "@read 0\n", target) is Reason.MISSING
    for text in ("@needs A\n", "@given A x\n", "@read many\n", "@needs  code x\n"):
        assert why("required", f"{text}@read 1\n", target) is Reason.GARBLED


TEMPLATE = """class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_file="../.env",
    )
    API_V1_STR: str = "/api/v1"
    BACKEND_CORS_ORIGINS: Annotated[
        list[AnyUrl] | str, BeforeValidator(parse_cors)
    ] = []
    PROJECT_NAME: str
    FIRST_SUPERUSER: EmailStr
    SENTRY_DSN: HttpUrl | None = None
    cors_origins: Annotated[
        list[str],
        NoDecode,
    ] = []

    @computed_field
    @property
    def all_cors_origins(self) -> list[str]:
        return []
"""


def test_settings_in_capitals_and_over_several_lines(search: Search) -> None:
    """As the template of FastAPI's author has them."""
    assert asked(search({"backend/app/core/config.py": TEMPLATE})) == {
        "PROJECT_NAME": ["settings"],
        "FIRST_SUPERUSER": ["settings"],
    }
