"""What is said of a wrong settings file: file, key, and the nearest right name."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from pytest_zebu.commands.cli import main
from pytest_zebu.settings import read
from pytest_zebu.settings.errors import UsageProblem, toml
from tests.hostile_texts import forbidden
from tests.no_files import MAKE


@pytest.mark.parametrize(("text", "said"), [
    ("[domain]\n", "unknown key 'domain'; did you mean 'domains'?"),
    ('[domains]\nsit = "x.test"\n', "unknown key 'domains.sit'; did you mean 'site'?"),
    ('[backups]\ncopy_t = "/x"\n', "unknown key 'backups.copy_t'; did you mean 'copy'?"),
    ("[hosts.vm]\nprot = 22\n", "unknown key 'hosts.vm.prot'; did you mean 'port'?"),
    ("[hosts.vm]\nzzzzzz = 22\n", "unknown key 'hosts.vm.zzzzzz'"),
    ("[hosts.vm]\nport = 0\n", "hosts.vm.port: 0: must be a port: a whole number from 1 to 65535; for example: port = 8443"),
    ('[hosts.vm]\naddress = "-oProxyCommand=x"\n', "hosts.vm.address: "),
    ("folder = '/x'\n", "unknown key 'folder'"), ("is_from_file = true\n", "unknown key 'is_from_file'"), ("seen = []\n", "unknown key 'seen'"),
    ("[requirements]\ncpus = 1\n", "zebu.toml: requirements.cpus is lower"),
    ("[hosts\n", "Expected ']'"),
])  # fmt: skip
def test_one_line_that_helps(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "zebu.toml"
    path.write_text(text)
    with pytest.raises(UsageProblem) as error:
        read(path)
    assert str(error.value).startswith(f"{path}: {said}") or said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="no such file"):
        read(tmp_path / "zebu.toml")


BOMBS = {
    "deep array": b"a = " + b"[" * 50_000,
    "deep tables": b"a = " + b"{a = " * 50_000,
    "a key of many parts": b".".join([b"a"] * 100_000) + b" = 1",
    "a table of many parts": b"[" + b" . ".join([b'"a"'] * 100_000) + b"]",
    "a number of 5,000 digits": b"timeout = " + b"9" * 5_000,
    "a year of its own": b"a = 99999-01-01",
    "a day that there is not": b"a = 2026-02-30",
    "no UTF-8": b"a = '\xff'",
    "halves of characters": b"a = '\\ud800'\n",
    "an escape": b"a = '\x1b[2J'",
    "nul": b"a = '\x00'",
    "UTF-16": "timeout = 5\n".encode("utf-16"),
    "a key twice": b"timeout = 5\ntimeout = 6\n",
    "a table twice": b"[tls]\n[tls]\n",
    "ten megabytes": b"#" * 10_000_000,
    "nothing but quotes": b'"' * 100_001,
    "a string without an end": b'a = """' + b"x" * 100_000,
}


@pytest.mark.hostile("files")
@pytest.mark.parametrize("content", BOMBS.values(), ids=BOMBS)
def test_a_strangers_settings_are_one_line_of_complaint(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "zebu.toml").write_bytes(content)
    assert main(["due", "--config", str(tmp_path / "zebu.toml")]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"zebu: {tmp_path / 'zebu.toml'}: ")
    assert said.count("\n") == 1
    assert len(said) < 500
    assert not forbidden(said)


@pytest.mark.hostile("files")
@pytest.mark.parametrize("kind", ["pipe", "zeroes", "folder", "endless link"])
def test_settings_that_are_no_file_are_not_waited_for(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "zebu.toml"
    MAKE[kind](path)
    assert main(["due", "--config", str(path)]) == 1
    assert capsys.readouterr().err.startswith(f"zebu: {path}: ")


@pytest.mark.parametrize(
    "text", [b"\xef\xbb\xbftimeout = 5\n", b"timeout = 5\r\n[hosts.vm]\r\n", b"# " + b"a.b " * 200]
)
def test_other_editors_files_are_read(text: bytes, tmp_path: Path) -> None:
    (tmp_path / "zebu.toml").write_bytes(text)
    assert read(tmp_path / "zebu.toml").is_from_file


@pytest.mark.hostile("files")
@pytest.mark.parametrize(
    "key", ["a\\nb", "\\u001b[2J", "\\u202egpj", "x" * 100_000], ids=["newline", "escape", "turned", "long"]
)
def test_a_key_of_a_strangers_is_shown_clean(key: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for text in (f'"{key}" = 1\n', f'[hosts."{key}"]\nport = 0\n'):
        (tmp_path / "zebu.toml").write_text(text)
        assert main(["due", "--config", str(tmp_path / "zebu.toml")]) == 1
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        assert len(said) < 500
        assert not forbidden(said)


@pytest.mark.hostile("files")
@pytest.mark.parametrize("section", ["tls", "proxmox", "proxy", "forge", "advisories"])
@pytest.mark.parametrize("kind", ["pipe", "zeroes", "folder", "a tebibyte"])
def test_an_authority_that_is_no_file_is_not_waited_for(section: str, kind: str, tmp_path: Path) -> None:
    MAKE[kind](tmp_path / "ca.pem")
    relaxed = (
        '[[relaxed]]\nkey = "tls.ca_file"\nreason = "a lab"\napprover = "operations"\n' if section == "tls" else ""
    )
    (tmp_path / "zebu.toml").write_text(f'{relaxed}[{section}]\nca_file = "ca.pem"\n')
    with pytest.raises(UsageProblem, match=rf"{section}\.ca_file: ca\.pem is no regular file"):
        read(tmp_path / "zebu.toml")


@pytest.mark.hostile("files")
@pytest.mark.parametrize("text", ["x" * 4_000_000, "'" * 4_000_000, "a. " * 1_300_000, ("a." * 62 + ",") * 32_000, "a" + f".{'x' * 100}" * 40_000], ids=lambda text: text[:20])  # fmt: skip
def test_a_long_text_is_looked_through_once(text: str) -> None:
    began = time.process_time()
    with pytest.raises(ValueError, match=r"at |more than 64 parts"):
        toml(f"a = {text}")
    assert time.process_time() - began < 10
