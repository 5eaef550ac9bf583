"""What is said of a wrong settings file: file, key, and the nearest right name."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_zebu.settings import read
from pytest_zebu.settings.errors import UsageProblem


@pytest.mark.parametrize(("text", "said"), [
    ("[domain]\n", "unknown key 'domain'; did you mean 'domains'?"),
    ('[domains]\nsit = "x.test"\n', "unknown key 'domains.sit'; did you mean 'site'?"),
    ('[backups]\ncopy_t = "/x"\n', "unknown key 'backups.copy_t'; did you mean 'copy'?"),
    ("[hosts.vm]\nprot = 22\n", "unknown key 'hosts.vm.prot'; did you mean 'port'?"),
    ("[hosts.vm]\nzzzzzz = 22\n", "unknown key 'hosts.vm.zzzzzz'"),
    ("[hosts.vm]\nport = 0\n", "hosts.vm.port: Input should be greater than or equal to 1"),
    ('[hosts.vm]\naddress = "-oProxyCommand=x"\n', "hosts.vm.address: "),
    ("folder = '/x'\n", "unknown key 'folder'"), ("is_from_file = true\n", "unknown key 'is_from_file'"),
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
