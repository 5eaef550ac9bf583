"""Secrets in logs: what the search on the machine finds, and what leaves it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from pytest_zebu.facts.answer import Reason
from pytest_zebu.facts.logs import LEAKS_PROBE, Leak, Leaks
from pytest_zebu.settings.target import Target
from tests.facts.answers import read, why
from tests.facts.daemon import Daemon, container, frame, told

KEY, PASSWORD = "J7KQ2M4X9TRW1Z5C", 'p4ss&w0rd/with%odd"'
QUERY = "HTTP Request: GET https://www.alphavantage.co/query?symbol=IBM&apikey={} 200 OK"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1c2VyXzEifQ.c2lnbmF0dXJlLW9mLWl0"
Search = Callable[..., Leaks]


@pytest.fixture
def search(tmp_path: Path, target: Target, daemon: Daemon) -> Search:
    """What is found in the logs of services, where Docker has these."""

    def searched(statuses: Mapping[str, int] | None = None, secrets: str | None = None, **logs: str | bytes) -> Leaks:
        ones = {service: container(service) for service in logs}
        daemon.has(*ones.values())
        for service, text in logs.items():
            daemon.logs(ones[service], text, (statuses or {}).get(service, 200))
        known = f"ALPHA_VANTAGE_API_KEY {KEY}\nAPP_DB_PASSWORD {PASSWORD}\n"
        done = subprocess.run(
            ["perl", "-e", LEAKS_PROBE.text], input=known if secrets is None else secrets, capture_output=True, text=True, check=True,
            env={"PATH": f"{tmp_path}:{os.environ['PATH']}", "ZEBU_DOCKER_SOCKET": str(daemon.place), "ZEBU_PROJECT": "zebu", "ZEBU_APP_DIR": str(tmp_path / "app")},
        )  # fmt: skip
        for secret in (KEY, PASSWORD, JWT):
            assert secret not in done.stdout + done.stderr
        found: Leaks = read("leaks", done.stdout, target)
        # Of the machine that the tests run on nothing is asked.
        states = {
            source: state for source, state in found.states.items() if source.startswith(("container:", str(tmp_path)))
        }
        return Leaks(states, tuple(one for one in found.found if one.source in states))

    return searched


@pytest.mark.parametrize(("line", "what"), [
    (QUERY.format(KEY), "ALPHA_VANTAGE_API_KEY"),
    ('{"params": "{\\"apikey\\": \\"' + KEY + '\\"}"}', "ALPHA_VANTAGE_API_KEY"),
    ("postgresql://zebu:p4ss%26w0rd%2Fwith%25odd%22@db/zebu", "APP_DB_PASSWORD"),
    ('{"password": "p4ss&w0rd/with%odd\\""}', "APP_DB_PASSWORD"),
    (QUERY.format("OTHER1234KEY"), "shape:apikey"),
    ('{"api_key": "OTHER1234KEY"}', "shape:api_key"),
    ("password=hunter2hunter", "shape:password"),
    ("{'Authorization': 'Bearer 9fK2mQ7xT4wZ1rB8'}", "shape:bearer"),
    ("authorization: Basic emVidTpodW50ZXIy", "shape:bearer"),
    ("using redis://:hunter2@redis:6379/0", "shape:login"),
    (f"session {JWT}", "shape:issued"),
    ("sk_live_4eC39HqLyjWDarjtT1zdp7dc", "shape:issued"),
    ("-----BEGIN RSA PRIVATE KEY-----", "shape:key"),
    (f'10.0.0.9 - - [x] "GET /live?token={JWT} HTTP/1.1" 200 12', "shape:issued"),
])  # fmt: skip
def test_what_stands_in_clear_text_is_counted(line: str, what: str, search: Search) -> None:
    found = search(backend=f"fine\n{line}\n{line}\nfine\n")
    assert found == Leaks({"container:backend": "whole"}, (Leak("container:backend", what, 2),))


CYAN, PINK, OFF = "\x1b[36m", "\x1b[35m", "\x1b[0m"


@pytest.mark.parametrize(("line", "what"), [
    (f"{CYAN}apikey{OFF}={PINK}{KEY}{OFF}", "ALPHA_VANTAGE_API_KEY"), (f"{PINK}{KEY}{OFF}ms", "ALPHA_VANTAGE_API_KEY"), (f"key{OFF}{PINK}{KEY}", "ALPHA_VANTAGE_API_KEY"),
    (f'{{"log":"\\u001b[36mkey\\u001b[0m=\\u001b[35m{KEY}\\u001b[0m"}}', "ALPHA_VANTAGE_API_KEY"), (f"#033[1;35m{KEY}#033[0m", "ALPHA_VANTAGE_API_KEY"), (f"'\\x1b[35m{KEY}'", "ALPHA_VANTAGE_API_KEY"),
    (f'{{"m": "a\\n{KEY}\\nb"}}', "ALPHA_VANTAGE_API_KEY"), (f"apikey\\u003d{KEY}\\u0026b", "ALPHA_VANTAGE_API_KEY"), (f"q=%20{KEY}%20", "ALPHA_VANTAGE_API_KEY"),
    (f"apikey%3A{KEY}", "ALPHA_VANTAGE_API_KEY"), (f"apikey%3d{KEY}%26b", "ALPHA_VANTAGE_API_KEY"), (f"x{KEY}x {KEY}", "ALPHA_VANTAGE_API_KEY"), (f"{KEY}", "ALPHA_VANTAGE_API_KEY"),
    (f"{CYAN}api_key{OFF}={PINK}OTHER1234KEY{OFF}", "shape:api_key"), (f"{PINK}postgresql://zebu:hunter2hunter@db/zebu{OFF}", "shape:login"), (f"{PINK}{JWT}{OFF}", "shape:issued"),
    ('{"m": "a\\npassword=hunter2hunter"}', "shape:password"), (f"%3D{JWT}", "shape:issued"), ("https://user:hunter2@db/zebu", "shape:login"), ("postgres://zebu:password@db/zebu", "shape:login"),
    ("LOG:  statement: ALTER ROLE zebu WITH LOGIN PASSWORD 'hunter2'", "shape:role"), ("STATEMENT:  create user zebu encrypted password 'hunter2';", "shape:role"),
    ("CREATE ROLE \"zebu\" PASSWORD E'hunter2' VALID UNTIL 'infinity'", "shape:role"), ("CREATE USER MAPPING FOR zebu SERVER a OPTIONS (user 'zebu', password 'hunter2')", "shape:role"),
    ("ALTER ROLE zebu PASSWORD $$hunter2$$", "shape:role"), (f"ALTER ROLE zebu PASSWORD '{KEY}'", "ALPHA_VANTAGE_API_KEY"),
])  # fmt: skip
def test_what_stands_behind_a_colour_or_an_escape_is_found(line: str, what: str, search: Search) -> None:
    """An escape ends with a letter or a digit, which is no part of the word behind it."""
    assert search(backend=f"fine\n{line}\nfine\n").found == (Leak("container:backend", what, 1),)


def test_a_line_counts_once_wherever_what_is_read_at_once_ends(search: Search) -> None:
    line = f"{CYAN}apikey{OFF}={PINK}{KEY}{OFF} again={KEY}\n"
    found = search(backend=line * 60_000)
    assert found.found == (Leak("container:backend", "ALPHA_VANTAGE_API_KEY", 60_000),)


@pytest.mark.parametrize("line", [
    f"{CYAN}apikey{OFF}={PINK}***{OFF}", f"{CYAN}apikey{OFF}={PINK}None{OFF}", f"x{KEY}", f"{KEY}1", f"nr{KEY}", "ALTER ROLE zebu PASSWORD 'SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy'",
    f"ALTER ROLE zebu PASSWORD 'md5{'0a' * 16}'", "ALTER ROLE zebu PASSWORD $1", "ALTER ROLE zebu PASSWORD '$1'", "ALTER ROLE zebu PASSWORD '***'", "ALTER ROLE zebu PASSWORD NULL",
    "AUDIT: SESSION,1,1,ROLE,CREATE ROLE,,,CREATE USER zebu PASSWORD <REDACTED>,<none>", "ALTER ROLE zebu PASSWORD '<REDACTED>'", "ALTER ROLE zebu PASSWORD %(password)s", "ALTER ROLE zebu PASSWORD ''",
    "Expected a URL such as postgres://user:password@host/db", "postgresql://username:pass@localhost:5432/database", "see redis://user:password@example.com:6379",
    f'INFO:     10.0.0.9:5 - "\x1b[1mGET /?token={JWT} HTTP/1.1\x1b[0m" \x1b[31m401 Unauthorized\x1b[0m', '{"message": "10.0.0.9:5 - \\"GET /search?password=abc123def456 HTTP/1.1\\" 200"}',
])  # fmt: skip
def test_what_only_looks_like_a_secret_behind_a_colour_is_none(line: str, search: Search) -> None:
    assert search(backend=f"{line}\n").found == ()


@pytest.mark.parametrize("line", [
    QUERY.format("***"), QUERY.format("[REDACTED]"), QUERY.format("%5BREDACTED%5D"), QUERY.format("J7KQ..."), QUERY.format("<hidden>"),
    "connecting to redis://:***@redis:6379/0", "Authorization: Bearer ****", '{"api_key": null, "password": "********"}', "password=required", "token=missing next_token=17",
    "Failed password for root from 10.0.0.9", "PWD=/home/deploy ; USER=root", "csrf token: invalid", "tokens=1200000000 used", f"x{KEY}x",
    '10.0.0.9:5 - "GET /api/v1/prices?apikey=AAAA1111BBBB2222 HTTP/1.1" 401 Unauthorized', f'"GET /?token={JWT} HTTP/1.1" 404 12', '"GET /search?password=abc123def456 HTTP/1.1" 200 9',
    "correlation-id=550e8400-e29b-41d4-a716-446655440000",
])  # fmt: skip
def test_what_is_redacted_or_a_visitors_own_is_none(line: str, search: Search) -> None:
    assert search(backend=f"{line}\n").found == ()


def test_each_container_is_a_log_of_its_own(search: Search) -> None:
    """One that docker cannot read is told; without a secret to look for, shapes are."""
    found = search(
        statuses={"db": 501}, backend=QUERY.format(KEY), db="configured logging driver does not support reading"
    )
    assert found.states == {"container:backend": "whole", "container:db": "unreadable"}
    assert found.of("container:db") == ()
    assert [one.what for one in search(secrets="", backend=QUERY.format(KEY)).found] == ["shape:apikey"]


def test_a_log_that_is_lost_in_the_middle_is_unreadable(search: Search, daemon: Daemon) -> None:
    """What was found until then counts."""
    found = search(backend=b"".join(map(frame, [f"{QUERY.format(KEY)}\n" * 2000, "fine\n"])) + frame("broken", 3))
    assert found.states == {"container:backend": "unreadable"}
    assert [one.what for one in found.found] == ["ALPHA_VANTAGE_API_KEY"]
    assert "since=" in daemon.asked[-1]
    daemon.answers["/containers/json"] = told({}, 500)
    with pytest.raises(subprocess.CalledProcessError, match="status 5"):
        again(daemon)


def again(daemon: Daemon) -> None:
    """Search where Docker does not list its containers."""
    subprocess.run(
        ["perl", "-e", LEAKS_PROBE.text], input="", capture_output=True, text=True, check=True,
        env={"PATH": os.environ["PATH"], "ZEBU_DOCKER_SOCKET": str(daemon.place), "ZEBU_PROJECT": "zebu", "ZEBU_APP_DIR": "/nonexistent"},
    )  # fmt: skip


def test_files_of_the_application_are_logs_too(tmp_path: Path, search: Search) -> None:
    (tmp_path / "app/logs").mkdir(parents=True)
    (tmp_path / "app/logs/app.log").write_text(QUERY.format(KEY) + "\n")
    found = search(backend="fine\n")
    assert found.found == (Leak(f"{tmp_path}/app/logs/app.log", "ALPHA_VANTAGE_API_KEY", 1),)


@pytest.mark.hostile("parsers")
def test_a_log_of_one_endless_word_is_read(search: Search) -> None:
    """Patterns that begin anywhere, and end nowhere, take their time once."""
    hostile = "".join(part * 40_000 for part in ("://x:", "password=", "eyJ.", "bearer ", "A1b"))
    assert search(backend=f"{hostile}\n{QUERY.format(KEY)}\n").of("container:backend")


def test_what_the_search_says_is_told_in_words(target: Target) -> None:
    found = read("leaks", "@log journal cut\n@leak journal:sudo 2 SECRET_KEY\n@leak journal 1 shape:pwd\n", target)
    assert [one.text for one in found.of("journal")] == ["the value of SECRET_KEY in 2 lines", "pwd=VALUE in 1 lines"]
    assert [one.is_known for one in found.found] == [True, False]
    assert why("leaks", "", target) is Reason.MISSING
    for text in ("@log journal maybe\n", "@leak journal many SECRET_KEY\n", "@leak journal 1\n", "@leak journal 1 \n"):
        assert why("leaks", text, target) is Reason.GARBLED
