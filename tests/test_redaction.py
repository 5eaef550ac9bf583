"""What no output may hold, on this side."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from pytest_zebu import redaction
from pytest_zebu.facts.answer import Reason, Unknown
from pytest_zebu.redaction import hide_shapes, is_secret, redacted, redacted_data, remember


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    redaction.forget()
    yield
    redaction.forget()


@pytest.mark.parametrize(
    "name",
    [
        "SMTP_PASS", "DB_PASS", "MYSQL_PWD", "BORG_PASSPHRASE", "REDIS_PASSWD", "dbPassword", "SLACK_WEBHOOK", "SLACK_WEBHOOK_URL", "BASIC_AUTH", "SESSION_COOKIE", "SESSION_SECRET",
        "BEARER", "SIGNING_KEY", "ENCRYPTION_KEY", "AZURE_CONNECTION_STRING", "CONN_STR", "SENTRY_DSN", "LICENSE_KEY", "GITHUB_PAT", "SSL_KEYFILE", "PASSWORD_SALT", "SEED", "JWT", "TOTP",
        "api-key", "apiKey", "X-Api-Key", "wpa-psk", "rootpw", "AWS_SECRET_ACCESS_KEY", "VAULT_TOKEN", "GPG_PRIVATE_KEY", "ADMIN_CREDENTIALS", "HMAC", "MNEMONIC",
    ],
)  # fmt: skip
def test_names_of_secrets(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize(
    "name",
    [
        "PWD", "OLDPWD", "MONKEY", "KEYBOARD", "AUTHOR", "SESSION_TIMEOUT", "JWT_ALGORITHM", "TOKEN_TTL", "POSTGRES_PASSWORD_FILE", "AUTH_TYPE", "PASSWORD_RESET_URL", "BYPASS", "bypass_rls",
        "password_encryption", "PasswordAuthentication", "VITE_CLERK_PUBLISHABLE_KEY", "SSH_PUBLIC_KEY", "primary_key", "COMPASS", "DATABASE_URL", "SECRET_NAME", "POSTGRES_USER", "PATH",
    ],
)  # fmt: skip
def test_names_of_none(name: str) -> None:
    assert not is_secret(name)


def test_a_secret_that_was_read_is_hidden_wherever_it_stands() -> None:
    assert remember("postgresql://watcher:p%40ssw0rd@db/zebu") == "postgresql://watcher:p%40ssw0rd@db/zebu"
    remember("quiet-horse")
    assert redacted("it said: quiet-horse, p%40ssw0rd, p@ssw0rd") == "it said: [redacted], [redacted], [redacted]"


def test_what_is_short_is_not_hidden_everywhere() -> None:
    remember("abc")
    remember("")
    assert redacted("abcde") == "abcde"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"access_token": "Wd92kfQx"}, {"access_token": "[redacted]"}), ({"headers": {"set-cookie": "sid=Wd92; Path=/; HttpOnly"}}, {"headers": {"set-cookie": "sid=[redacted]; Path=/; HttpOnly"}}),
        (["https://u:Wd92kfQx@forge.test/"], ["https://u:[redacted]@forge.test/"]), (("ghp_Wd92kfQxWd92kfQxWd92",), ("[redacted]",)),
        ({"body": '{"password": "Wd92kfQx"}', "status": 200}, {"body": '{"password": "[redacted]"}', "status": 200}),
        ({"sha256": "91cf438f3340654c96d16ea75faf29325761d9e6dd7ac9f791b5b06accb7ba24"}, {"sha256": "91cf438f3340654c96d16ea75faf29325761d9e6dd7ac9f791b5b06accb7ba24"}),
        ({"location": "https://zebu.test/in?token=Wd92kfQx&next=/home#access_token=Wd92kfQx"}, {"location": "https://zebu.test/in?token=[redacted]&next=/home#access_token=[redacted]"}),
        ({"href": "/a?page=2&amp;api_key=Wd92kfQx"}, {"href": "/a?page=2&amp;api_key=[redacted]"}), ({"url": "/x?key=name&sort=token&max_tokens_limit=5"}, {"url": "/x?key=name&sort=token&max_tokens_limit=5"}),
        ({"secrets": ["Wd92kfQx", {"name": "a", "token": "Wd92kfQx"}]}, {"secrets": ["[redacted]", {"name": "a", "token": "[redacted]"}]}), ({"password": 48151623, "token": 12, "secret": True}, {"password": "[redacted]", "token": 12, "secret": True}),
        ({"password": {"type": "string"}}, {"password": {"type": "string"}}),
        ({"status": 401, "name": "key", "ok": None, "time": 1.5}, {"status": 401, "name": "key", "ok": None, "time": 1.5}),
        (Unknown(Reason.UNREACHABLE, "https://u:Wd92kfQx@forge.test/ refused"), Unknown(Reason.UNREACHABLE, "https://u:[redacted]@forge.test/ refused")),
    ],
)  # fmt: skip
def test_plain_data_is_filtered_and_keeps_its_shape(data: Any, expected: Any) -> None:
    assert redacted_data(data) == expected


@pytest.mark.parametrize(
    "code",
    [
        "def login(password: str, token: str | None = None) -> bool:\n    return check(password=password, token=token)\n",
        'query = f"SELECT * FROM users WHERE token = {token}"\n', 'TOKEN_QUERY = "DELETE FROM " + table\n', "if token: yield secret\n", "password = Column(String(60))\n",
        "key = lambda secret: secret.name\n",
    ],
)  # fmt: skip
def test_a_program_can_still_be_read(code: str) -> None:
    assert hide_shapes(code, code=True) == code


def test_a_secret_that_is_learned_later_is_hidden_where_a_text_was_looked_through_before() -> None:
    said = "the port is horse-battery"
    assert redacted(said) == said
    remember("horse-battery")
    assert redacted(said) == "the port is [redacted]"


@pytest.mark.parametrize("length", [redaction.SAID_AGAIN, redaction.SAID_AGAIN + 1])
def test_long_or_short_and_said_again_or_not_all_the_same_is_hidden(length: int) -> None:
    said = f"password=horse-battery {'word ' * length}"[:length]
    for _ in range(2):
        assert redacted(said).startswith("password=[redacted]")


def test_a_literal_in_a_program_is_hidden() -> None:
    assert hide_shapes("password = 'Wd92kfQx'\nTOKEN: str = \"Wd92kfQx\"\n", code=True).count("[redacted]") == 1
    assert "Wd92" not in hide_shapes("password = 'Wd92kfQx'", code=True)


@pytest.mark.hostile("secrets")
@pytest.mark.parametrize("key", ["name", "context", "environment", "errors", "lines", "description", "body"])
@pytest.mark.parametrize("text", ["password=qw3rt7z9u", "the token: qw3rt7z9u", "op, API_TOKEN=qw3rt7z9u, rest"])
def test_what_others_say_is_read_as_text(key: str, text: str) -> None:
    """Of a page, which may be a program, a word in which letters and digits take turns is a value as well."""
    assert "qw3rt7z9u" not in str(redacted_data({key: text}))
    assert "qw3rt7z9u" not in str(redacted_data({"rows": [{key: [text]}]}))


def test_a_literal_that_is_broken_over_lines_is_read_as_one() -> None:
    text = "    value = ('db:\\n'\n             '  password: |\\n'\n             '    Wd92kfQx\\n'\n             '  host: a')"
    assert "Wd92kfQx" not in redacted(text)
    assert "host: a" in redacted(text)


@pytest.mark.hostile("secrets")
@pytest.mark.parametrize(
    "text",
    [
        "on " * 50_000, "a:1:" * 40_000, "://x:" * 40_000, "password=" * 20_000, '"token":' * 20_000, "-----BEGIN PRIVATE KEY-----" * 4_000, "A1b" * 50_000, "\\" * 150_000, "redis-cli " * 15_000,
        "--password " * 14_000, "'\"" * 70_000, "token=" + "x" * 150_000, "f" * 150_000, "curl -u " * 18_000,
    ],
    ids=lambda text: text[:12],
)  # fmt: skip
def test_hostile_text_takes_no_more_than_its_time(text: str) -> None:
    started = time.process_time()
    hide_shapes(text)
    assert time.process_time() - started < 60


@pytest.mark.hostile("secrets")
@pytest.mark.parametrize("unit", ["a_", "A_B", "-p", "pass", "TOKEN", "-", "/", "a.b/"])
def test_one_endless_word_is_read_in_the_end(unit: str) -> None:
    """What was bounded by its bytes is bounded in time: where each place was tried to the text's end, this took minutes."""
    text = unit * (262_144 // len(unit))
    assert redacted(text) == text


def test_a_pattern_is_made_when_it_is_asked_for() -> None:
    """Most runs that judge what was gathered before ask for names only, and the others are as large as all modules of some rooms."""
    redaction._patterns.cache_clear()
    try:
        assert redaction.is_secret("ZEBU_TEST_OF_PATTERNS_PASSWORD")
        patterns = redaction._patterns()
        assert {*patterns._made} == {"name.about", "name.secret"}
        assert len(patterns) == len([*patterns]) > 20
        assert patterns["pair"] is patterns["pair"]
        assert redaction.redacted("password=hunter2hunter2") == f"password={redaction.HIDDEN}"
    finally:
        redaction._patterns.cache_clear()
