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


TRIED = "try:\n    a = os.environ['A']\nexcept {}:\n    {}\n"
ASKED = "a = os.getenv('A')\nif {}:\n    {}\n"
FIELDS = "class S(BaseSettings):\n    a: str = 'x'\n    {}\n    b: int = 3\n"


@pytest.mark.parametrize(("text", "wanted"), [
    (FIELDS.format("c: str = Field(\n        ...,\n        description='a (b',\n    )"), {"C": ["settings"]}), (FIELDS.format("c: str = Field(\n        description='x',  # why (not\n    )"), {"C": ["settings"]}),
    (FIELDS.format("c: str = Field(\n        'x',\n        description='x',\n    )"), {}), (FIELDS.format("c: str = Field(\n        default='x',\n    )"), {}), (FIELDS.format("c: list[str] = Field(\n        default_factory=lambda: [],\n    )"), {}),
    (FIELDS.format("c: str = Field(\n        ...,\n        validation_alias='OTHER',\n    )"), {"OTHER": ["settings"]}), (FIELDS.format("c: str = pydantic.Field(default=...)"), {"C": ["settings"]}), (FIELDS.format("c: str = ..."), {"C": ["settings"]}),
    (FIELDS.format("c: Annotated[str, Field(min_length=1)]"), {"C": ["settings"]}), (FIELDS.format("c: Annotated[\n        str, Field(alias='Z')\n    ]"), {"Z": ["settings"]}), (FIELDS.format("c: Annotated[str, Field(default='x')]"), {}),
    (FIELDS.format("c: Annotated[str, Field('x')]"), {}), (FIELDS.format("c: Annotated[str, Field(min_length=1)] = 'x'"), {}), (FIELDS.format("c: ClassVar[str]"), {}), (FIELDS.format("c: str = Field(validation_alias=AliasChoices('A', 'B'))"), {}),
    (FIELDS.format("try:\n        c = f()\n    except E:\n        c = 1"), {}),
    ("from os import environ\na = environ['A']", {"A": ["code"]}), ("from os import (\n    environ,\n    path,\n)\na = environ['A']", {"A": ["code"]}), ("def app(environ):\n    return environ['A']", {}), ("a = request.environ['A']", {}),
    ("from os import environ\ndef app(environ, start):\n    return environ['A']", {}), ("a = f\"{os.environ['A']}:{os.environ[\"B\"]}\"", {"A": ["code"], "B": ["code"]}),
    (ASKED.format("not a", "raise RuntimeError('A')"), {"A": ["code"]}), (ASKED.format("a is None", "log('x')\n    sys.exit(1)"), {"A": ["code"]}), (ASKED.format("not a or len(a) < 9", "raise E"), {"A": ["code"]}),
    ("a: str | None = os.environ.get('A', '')\nb = 1\nif not a: raise SystemExit('A')", {"A": ["code"]}), ("a = os.getenv('A', '')\nif a is None:\n    raise E", {}), ("a = os.getenv('A', 'x')\nif not a:\n    raise E", {}),
    ("if not os.getenv('A'):\n    raise E", {"A": ["code"]}), ("if 'A' not in os.environ:\n    raise E", {"A": ["code"]}), ("from os import getenv\na = getenv('A')\nif not a:\n    raise E", {"A": ["code"]}),
    (ASKED.format("not a", "a = 'x'"), {}), (ASKED.format("not a and b", "raise E"), {}), (ASKED.format("not a", "if b:\n        raise E"), {}), (ASKED.format("a", "raise E"), {}), ("a = os.getenv('A')\na = a or f()\nif not a:\n    raise E", {}),
    ("def f():\n    a = os.getenv('A')\n    if not a:\n        raise HTTPException(503)", {}), ("def f():\n    a = os.getenv('A')\n    if not a:\n        raise E", {}),
    (TRIED.format("KeyError", "raise SystemExit('A')"), {"A": ["code"]}), (TRIED.format("KeyError as e", "log(e)\n    sys.exit('A')"), {"A": ["code"]}), (TRIED.format("(ValueError, KeyError)", "raise"), {"A": ["code"]}), (TRIED.format("Exception", "raise E from None"), {"A": ["code"]}),
    ("try:\n    b = 1\n\n    a = os.environ['A']\n    c = 2\nexcept KeyError: raise E", {"A": ["code"]}), ("def f():\n    try:\n        return os.environ['A']\n    except KeyError:\n        raise E", {"A": ["code"]}),
    (TRIED.format("KeyError", "a = None"), {}), (TRIED.format("ValueError", "raise"), {}), (TRIED.format("KeyError", "if b:\n        raise\n    a = 1"), {}), ("def f():\n    try:\n        return os.environ['A']\n    except KeyError:\n        return g()", {}),
    ("def f():\n    try:\n        return os.environ['A']\n    except KeyError:\n        raise HTTPException(503)", {}),
    ("x = \"os.environ['A']\"", {}), ("x = f\"os.environ['A'] {x}\"", {}), ("def f():\n    'reads os.environ[\"A\"]'", {}), ("x = 1# os.environ['A']", {}), ("x = 'a # b'; a = os.environ['A']", {"A": ["code"]}), ("x = 'it\\'s'  # it's\na = os.environ['A']  # isn't", {"A": ["code"]}),
])  # fmt: skip
def test_what_the_source_asks_for_in_other_words(text: str, wanted: dict[str, list[str]], search: Search) -> None:
    assert asked(search({"backend/app/config.py": f"{text}\n"})) == wanted


def test_a_comment_at_the_first_character_asks_for_nothing(search: Search) -> None:
    assert asked(search({"a.py": "# os.environ['A']\n", "b.py": "#!x\n# os.environ['B']\n"})) == {}


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize(
    "part",
    ["(", "{", "f'{", "'", '"', "try:\n", "    \n", "if not a:", "if not a \n", "    a: [\n", "os.environ['A']\n"],
)
def test_a_source_of_one_endless_pattern_is_read(part: str, search: Search) -> None:
    """Whatever repeats takes its time once."""
    head = "import os\nclass S(BaseSettings):\n    b: str\n    try:\n        x = os.environ['A']\n"
    found = search(
        {"a.py": head + part * (20_000 if part[:2] == "os" else 30_000), "z.py": "import os\nz = os.environ['Z']\n"}
    )
    assert found.get("Z")
    assert not found.lacking


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
