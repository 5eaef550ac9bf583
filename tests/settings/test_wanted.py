"""What is said of each key of the settings when it is wrong: which, what was written, what is wanted, an example."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
import tomli_w
from pydantic import BaseModel, ValidationError

from pytest_zebu.people.attestations import _File
from pytest_zebu.settings import Settings, read
from pytest_zebu.settings.errors import UsageProblem, explain
from pytest_zebu.settings.sections import Host, Vantage
from pytest_zebu.settings.wanted import Place, example, keys, place, wanted, written
from tests.hostile_texts import forbidden

CANARY = "ghp_16C7e42F292c6912E7710c838347Ae178B4a"
PYDANTIC = re.compile(
    r"Input should|String should|should match|should have|value_error|Value error|Extra inputs|Field required|pydantic|"
    r"Input is|<class|valid (?:string|integer|number|boolean|array|tuple|dict|list)|literal_error|\(\?|\[a-z|\\[nsdw]|\]\*|\]\+|type=|union|does not appear",
    re.IGNORECASE,
)
WRONG: Mapping[str, Any] = {
    "a number": -7,
    "a fraction": 0.25,
    "no number": float("nan"),
    "too large": 10**19,
    "a switch": True,
    "a text": "\x1b[2J no\nsuch thing",
    "a long text": "x" * 5_000,
    "a text like a key": CANARY,
    "a login": f"https://user:{CANARY}@example.org",
    "a login without https": f"root:{CANARY[4:20]}@vm:22",
    "nothing": "",
    "a list": [[1, 2, 3]],
    "a table": {"a": CANARY},
    "a day": datetime(2026, 1, 31, 12),
}


def leaves(kind: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every key, with the way to it: through tables, named tables and lists of tables."""
    spot = place(Settings, path)
    table = next((one for one in [kind, *get_args(kind)] if isinstance(one, type) and issubclass(one, BaseModel)), None)
    if get_origin(kind) is Mapping and table is not None:
        yield from leaves(table, (*path, "vm"))
    elif get_origin(kind) is tuple and table is not None:
        yield path
        yield from leaves(table, (*path, 0))
    elif table is not None:
        for name, info in table.model_fields.items():
            if not info.exclude:
                yield from leaves(info.annotation, (*path, info.alias or name))
    else:
        assert spot.is_known, path
        yield path


KEYS = list(leaves(Settings))


def filled(model: type[BaseModel]) -> dict[str, Any]:
    """A table with what it needs."""
    found: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        if info.is_required():
            found |= tomllib.loads(example(Place(name, name, info.annotation, info)))
    return found


def holding(path: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    """A file in which a key has a value, and nothing else is wrong."""
    held = value
    for number in range(len(path) - 1, -1, -1):
        part = path[number]
        if isinstance(part, int):
            held = [held]
            continue
        above = path[number - 1] if number else None
        base: dict[str, Any] = {}
        if above == 0:
            table = place(Settings, path[:number]).kind
            base = filled(table)
        held = base | {part: held}
    return dict(held)


def complaint(data: Mapping[str, Any]) -> str:
    try:
        Settings.model_validate(data)
    except ValidationError as error:
        return explain(Path("zebu.toml"), error, Settings)
    return ""


def name_of(path: tuple[str | int, ...]) -> str:
    return ".".join(map(str, path))


def test_there_are_all_keys() -> None:
    assert len(KEYS) > 80
    assert {
        ("hosts", "vm", "address"),
        ("vantages", 0, "kind"),
        ("forge", "checks", "tests"),
        ("backups", "copy"),
    } < set(KEYS)


@pytest.mark.hostile("files")
@pytest.mark.parametrize("path", KEYS, ids=name_of)
def test_what_is_wrong_is_said_in_plain_words(path: tuple[str | int, ...]) -> None:
    refused = 0
    for value in WRONG.values():
        said = complaint(holding(path, value))
        if not said or name_of(path) not in said:
            # It is right for this key, or what it breaks is a rule about several: that has words of its own.
            assert not PYDANTIC.search(said)
            continue
        refused += 1
        assert said.startswith(f"zebu.toml: {name_of(path)}"), said
        assert not PYDANTIC.search(said), said
        assert CANARY not in said
        assert CANARY[4:20] not in said
        assert len(said) < 1_100
        assert not forbidden(said)
        if "unknown key" in said:
            assert "there are: " in said or "did you mean" in said, said
            continue
        assert re.search(r"must (?:be|hold|have|not|begin)|is missing|there is no|is lower|is not", said), said
        if "[[relaxed]]" not in said:
            assert "; for example: " in said, said
    assert refused >= 4


@pytest.mark.parametrize("path", KEYS, ids=name_of)
def test_the_example_is_right(path: tuple[str | int, ...]) -> None:
    """Each example, written into a file, is taken; rules about several keys are no matter of one."""
    spot = place(Settings, path)
    line = example(spot)
    if line.startswith("["):
        assert tomllib.loads(line)
        return
    (value,) = tomllib.loads(line).values()
    said = complaint(holding(path, value))
    assert not said or "relaxed" in said or "not in [hosts]" in said or "look needs signer" in said, said


@pytest.mark.parametrize(("value", "shown"), [
    (7, "7"), (True, "true"), ("text", '"text"'), (0.25, "0.25"), (float("inf"), "inf"), ([1, 2], "a list of 2 entries"), ([1], "a list of 1 entry"), ([], "an empty list"),
    ({"a": 1}, "a table"), ("x" * 500, '"xxxx'),
])  # fmt: skip
def test_what_was_written_is_shown(value: Any, shown: str) -> None:
    assert written(value, "port").startswith(shown)
    assert len(written(value, "port")) < 150


@pytest.mark.hostile("files")
@pytest.mark.parametrize(
    "name", ["token", "token_file", "password_file", "api_key_file", "staging_api_key_file", "url_file"]
)
def test_a_secret_at_the_wrong_place_is_not_shown(name: str) -> None:
    said = written("correct horse battery", name)
    assert "correct" not in said
    assert "21 characters" in said
    assert CANARY not in written(CANARY, "repository")


@pytest.mark.parametrize(("text", "said"), [
    ("[hosts.vm]\nport = 70000\n", "hosts.vm.port: 70000: must be a port: a whole number from 1 to 65535; for example: port = 8443"),
    ("timeout = 'soon'\n", 'timeout: "soon": must be a number of seconds above 0 and up to 600; for example: timeout = 30'),
    ("timeout = nan\n", "timeout: nan: must be a number of seconds above 0 and up to 600; for example: timeout = 30"),
    ("[domains]\nsite = 'https://zebu.test'\n", "domains.site: \"https://zebu.test\": must be a domain's name, without https:// and path; for example: site = \"zebu.example.org\""),
    ("[domains]\napi = 7\n", "domains.api: 7: must be a domain's name, without https:// and path or \"same-origin\"; for example: api = \"zebu.example.org\""),
    ("[domains]\naddresses = ['nowhere']\n", "domains.addresses.0: \"nowhere\": must be an IP address; for example: addresses = [\"203.0.113.10\"]"),
    ("[domains]\naddresses = '192.0.2.1'\n", 'domains.addresses: "192.0.2.1": must be a list, and each entry an IP address or a network; for example: addresses = ["203.0.113.10"]'),
    ("[[vantages]]\nname = 'x'\nkind = 'wan'\n", 'vantages.0.kind: "wan": must be one of "internet", "lan", "proxy"; for example: kind = "internet"'),
    ("[[vantages]]\nname = 'x'\n", 'vantages.0.kind is missing; for example: kind = "internet"'),
    ("[vantages]\nname = 'x'\n", "vantages: a table: must be a list, and each entry a table; for example: [[vantages]]"),
    ("hosts = 'vm'\n", 'hosts: "vm": must be a table; for example: [hosts.NAME]'),
    ("profile = 'small'\n", 'profile: "small": must be one of "standard", "small-scale"; for example: profile = "standard"'),
    ("[thresholds]\npre_deploymnt = 5\n", "unknown key 'thresholds.pre_deploymnt'; did you mean 'pre_deployment'?"),
    ("[thresholds]\nzzz = 5\n", "unknown key 'thresholds.zzz'; there are: pre_deployment, deployment_verification, post_deployment"),
    ("[thresholds]\npre_deployment = 101\n", "thresholds.pre_deployment: 101: must be a whole number from 0 to 100; for example: pre_deployment = 90"),
    ("[[vantages]]\nname = 'x'\nkind = 'internet'\nsigner = 'SHA256:short'\n", f"vantages.0.signer: \"SHA256:short\": must be the fingerprint that `zebu look` printed: SHA256: and 43 letters; for example: signer = \"SHA256:{'A' * 43}\""),
    ("[tls]\nca_file = 7\n", 'tls.ca_file: 7: must be the path of a file, in quotes; for example: ca_file = "files/name"'),
    (f"[forge]\n{CANARY} = 1\n", "unknown key 'forge.[redacted]'; there are: api, repository, token_file, ca_file, checks, paths, staging"),
    (f"[[relaxed]]\nkey = '{CANARY}'\nreason = 'small'\napprover = 'operations'\n", "[[relaxed]] names [redacted], which is not lower than the checklist's"),
    (f"{CANARY} = 1\n", "unknown key '[redacted]'; there are: "),
    ("[[relaxed]]\nkey = 'x'\nreason = 'y'\napprover = 'operations'\n", 'relaxed.0.reason: "y": must be a text in quotes, of at least 3 characters; for example: reason = "text"'),
    ("[hosts.'a b']\nport = 1\n", "hosts.a b: is no name: no blanks, no commas, at most 255 characters"),
    ("[proxmox]\ntoken = 'user@pve!id=hush-hush-hush'\n", "proxmox.token: a text of 26 characters, which is not shown: must be USER@REALM!TOKENID (the secret is what token_file holds); for example: token = \"zebu@pve!readiness\""),
])  # fmt: skip
def test_a_file_that_is_wrong(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "zebu.toml"
    path.write_text(text)
    with pytest.raises(UsageProblem) as error:
        read(path)
    assert str(error.value).startswith(f"{path}: {said}")
    assert said.endswith(": ") or str(error.value) == f"{path}: {said}"


def test_a_place_is_what_the_model_knows() -> None:
    assert place(Settings, ("domains", "api", "constrained-str")).key == "domains.api"
    assert place(Settings, ("hosts", "vm", "prot")).is_known is False
    assert place(Settings, ("vantages", 0)).kind is Vantage
    assert keys(Host)[:2] == ["address", "user"]
    spot = place(Settings, ("backups", "retention_days"))
    assert wanted(spot.kind, spot.info) == "a whole number above 0"


def test_an_example_of_a_list_of_tables_is_a_head_as_files_have_it() -> None:
    spot = place(_File, ("attestation", 0, "evidence"))
    assert (spot.key, example(spot)) == ("attestation.0.evidence", "[[attestation.evidence]]")


def test_a_hostile_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "zebu.toml").write_text(tomli_w.dumps({"profile": "\x1b]0;x\x07\n::error::"}))
    with pytest.raises(UsageProblem) as error:
        read(tmp_path / "zebu.toml")
    assert not forbidden(str(error.value))
