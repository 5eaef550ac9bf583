"""Variables, judged without their values."""

from __future__ import annotations

import pytest

from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Reason, need
from pytest_zebu.facts.environment import Checkout, EnvFile, EnvFiles, Variable
from pytest_zebu.facts.fact import Gathered
from pytest_zebu.settings.target import Target
from tests.facts.answers import read, saying, why


def test_no_value_of_a_secret_is_in_the_environment(bookworm: Gathered, target: Target) -> None:
    environment = need(ALL["environment"].read(bookworm, target))
    secret = environment.get(".env", "POSTGRES_PASSWORD")
    assert secret is not None
    assert (secret.plain, secret.length, secret.is_placeholder) == ("", 48, False)
    same = {variable.where for variable in environment.variables if variable.group == secret.group}
    assert same == {".env", "container:db"}


LINE = ".env\tSECRET_KEY\t48\t30\tul-d\tvalue\t1\t\n"


def test_a_judged_variable(target: Target) -> None:
    out = (
        LINE
        + "container:backend\tSECRET_KEY\t48\t30\tuld\tvalue\t1\t\nexample\tDEBUG\t4\t4\tl\tplaceholder\t2\ttrue\ncontainer:db\tOTHER\t1\t1\td\tvalue\t3\t1\n"
    )
    found = read("environment", {"zebu.environment": out}, target)
    secret = found.get(".env", "SECRET_KEY")
    assert (secret.length, secret.distinct, secret.classes, secret.is_placeholder, secret.plain) == (
        48,
        30,
        "uld",
        False,
        "",
    )
    assert found.get("example", "DEBUG").is_placeholder
    assert [one.where for one in found.elsewhere("SECRET_KEY")] == ["container:backend"]
    assert found.backend("SECRET_KEY").group == secret.group == 1
    assert found.backend("OTHER") is None
    assert [one.name for one in found.declared("container:db")] == ["OTHER"]


@pytest.mark.parametrize(("name", "secret"), [
    ("POSTGRES_PASSWORD", True), ("API_KEY", True), ("APIKEY", True), ("KEY", True), ("KEY_ID", True), ("MONKEY", False), ("KEYBOARD", False),
    ("SENTRY_DSN", True), ("token", True), ("SALT", True), ("DATABASE_URL", False), ("PRIVATE_PEM", True), ("HMAC_ALGORITHM", False),
    ("SMTP_PASS", True), ("MYSQL_PWD", True), ("PWD", False), ("BORG_PASSPHRASE", True), ("SLACK_WEBHOOK_URL", True), ("BASE_URL", False),
])  # fmt: skip
def test_which_names_are_those_of_secrets(name: str, secret: bool) -> None:
    assert Variable(".env", name, 1, 1, "", False, 1, "").is_secret is secret


@pytest.mark.parametrize(("out", "reason"), [
    ("", Reason.MISSING), (LINE.replace(".env", "example"), Reason.MISSING), (LINE.replace("\t\n", "\n"), Reason.GARBLED), (LINE.replace("48", "long"), Reason.GARBLED),
])  # fmt: skip
def test_without_the_file_nothing_is_known(out: str, reason: Reason, target: Target) -> None:
    assert why("environment", {"zebu.environment": out}, target) is reason


def test_files_of_the_environment(target: Target) -> None:
    out = (
        "600\tdeploy\tdeploy\tsecrets\t.env\n1644\troot\troot\tnone\t.env.example\n640\troot\troot\tunknown\t.env.old\n"
    )
    said = {
        "zebu.env-files": out,
        "zebu.host": "root=1\nfolder=/opt/zebu\nenv_file=.env\n",
        "checkouts": "version=v1\n",
    }
    found = read("env_files", said, target)
    assert found == EnvFiles("/opt/zebu", (
        EnvFile(".env", 0o600, "deploy", "deploy", True), EnvFile(".env.example", 0o1644, "root", "root", False), EnvFile(".env.old", 0o640, "root", "root", None),
    ), ".env")  # fmt: skip


@pytest.mark.parametrize(
    "line", ["600\tdeploy\tdeploy\t.env", "rw-\tdeploy\tdeploy\tnone\t.env", "699\tdeploy\tdeploy\tnone\t.env"]
)
def test_another_listing_is_garbled(line: str, target: Target) -> None:
    assert why("env_files", {"zebu.env-files": line, "zebu.host": "", "checkouts": ""}, target) is Reason.GARBLED


def test_other_checkouts_and_how_they_were_looked_for(target: Target) -> None:
    """Where the search was not whole, there may be more; where nothing says that it was made, none was."""
    out = "checkout\tremote\trunner\t-\t/w\ncheckout\tunknown\troot\t-\t/n\n"
    said = {"zebu.host": "", "checkouts": "version=v2\n\ncheckout=/w\nended=done 0\nversion=v1-3-gabc\n"}
    found = read("env_files", {"zebu.env-files": f"{out}walked\t9\t0\t-\t\n", **said}, target)
    assert found.checkouts == (Checkout("/w", "remote", "runner", "v1-3-gabc"), Checkout("/n", "unknown", "root", ""))
    assert found.lacking == ""
    assert (
        read("env_files", {"zebu.env-files": "walked\t9\t0\t-\tit was cut\n", **said}, target).lacking == "it was cut"
    )
    assert read("env_files", {"zebu.env-files": out, **said}, target).lacking


@pytest.mark.parametrize(("text", "is_on"), [
    *((word, True) for word in ("1", "on", "T", "true", "True", "TRUE", "y", "YES", " yes ")),
    *((word, False) for word in ("0", "off", "F", "false", "False", "n", "No", "")),
    *((word, None) for word in ("2", "enabled", "nope", "tru")),
])  # fmt: skip
def test_a_switch_is_read_as_the_application_reads_it(text: str, is_on: bool | None) -> None:
    assert Variable(".env", "APP_DEBUG", len(text), 1, "", False, 1, text).is_on is is_on


@pytest.mark.parametrize(("text", "number"), [
    ("25", 25), (" 25 ", 25), ("+5", 5), ("-1", -1), ("1_000", 1000), ("25.0", 25), ("25.5", None), ("1__0", None), ("_1", None), ("five", None), ("", None),
    ("0x10", None), ("1e3", None),
])  # fmt: skip
def test_a_number_is_read_as_the_application_reads_it(text: str, number: int | None) -> None:
    assert Variable(".env", "LIMIT", len(text), 1, "", False, 1, text).number == number


def test_a_file_that_compose_would_refuse_is_unknown(target: Target) -> None:
    said = {"zebu.environment": LINE, "zebu.host": "root=1\nenv_trouble=line 3 opens a quote that nothing closes\n"}
    answer = ALL["environment"].read(saying(said), target)
    assert str(answer) == "garbled: the application's .env: line 3 opens a quote that nothing closes"


def test_the_backend_has_the_name_that_it_has(target: Target) -> None:
    out = LINE + "container:api\tAPP_ENV\t10\t9\ta\town\t2\tproduction\n"
    found = read("environment", {"zebu.environment": out, "zebu.host": "backend=api\nenv_trouble=\n"}, target)
    assert found.backend("APP_ENV").plain == "production"
