"""Logins of every kind on a real sshd: each is as good as any other, or is told in a clear line that is no verdict by accident."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from shlex import quote
from typing import Any

import pytest

from lab.deployment import Lab
from lab.network import LAN
from lab.shell import run
from pytest_zebu.facts.access import is_verdict
from pytest_zebu.facts.answer import Reason, Unknown

from .conftest import ROOT
from .logins import CONTAINERS, LOGINS, REFUSED, Login

pytestmark = [pytest.mark.lab, pytest.mark.hostile("ssh")]

PACKAGES = ("fish", "fish-common", "libpcre2-32-0", "zsh", "zsh-common", "tcsh", "mksh", "opendoas")
"""Debian's packages of shells that the machine does not have, and of doas."""
UNPACK = "tar --extract --preserve-permissions --skip-old-files --keep-directory-symlink --directory /"
CONFIGURATION = "/etc/ssh/sshd_config.d/90-logins.conf"
RULES = "/etc/sudoers.d/logins"
FIRST = 3001
"""The first account's number."""


def unpacked(lab: Lab) -> list[str]:
    """Put the packages' files on the machine, and nothing into its records; what was not there before."""
    store = lab.place.folder / "logins"
    store.mkdir(exist_ok=True)
    if len([*store.glob("*.deb")]) != len(PACKAGES):
        run(
            [
                "sh",
                "-euc",
                'cd "$1"; shift; rm -f ./*; apt-get -qq update; exec apt-get -qq download "$@"',
                "sh",
                store,
                *PACKAGES,
            ]
        )
    new: list[str] = []
    for package in sorted(store.glob("*.deb")):
        archive = run(["dpkg-deb", "--fsys-tarfile", package]).stdout
        names = run(["tar", "--list"], stdin=archive).stdout.decode().split("\n")
        paths = "\n".join(
            name.removeprefix(".").rstrip("/") for name in names if not name.startswith("./usr/share/doc")
        )
        there = 'while read -r path; do [ -z "$path" ] || [ -e "$path" ] || printf "%s\\n" "$path"; done'
        new += lab.vm.run(["sh", "-euc", there], stdin=paths.encode()).stdout.decode().splitlines()
        lab.vm.run([*UNPACK.split(), "--exclude=./usr/share/doc"], stdin=archive)
    return new


def arranged(lab: Lab) -> str:
    """The script that makes all accounts."""
    key = (lab.place.keys / "runner.pub").read_text().strip()
    parts = ["mkdir -p /etc/ssh/logins"]
    for number, login in enumerate(LOGINS, FIRST):  # useradd takes its time, once for each
        home = f"/home/{login.user}"
        parts += [
            f"echo {login.user}:x:{number}:{number}::{home}:{login.shell} >> /etc/passwd",
            f"echo {login.user}:*:20000:0:99999:7::: >> /etc/shadow",
            f"echo {login.user}:x:{number}: >> /etc/group",
            f"mkdir {home}; printf '%s\\n' {quote(login.told(login.start))} > {home}/.bashrc; chown -R {number}:{number} {home}",
            f"printf '%s\\n' {quote(f'{login.key} {key}'.strip())} > /etc/ssh/logins/{login.user}",
            login.told(login.make),
        ]
    server = "".join(
        f"Match User {login.user}\n  AuthorizedKeysFile /etc/ssh/logins/%u\n  {login.told(login.server)}\n"
        for login in LOGINS
    )
    rules = "".join(f"{login.told(login.rules)}\n" for login in LOGINS)
    for path, text in ((CONFIGURATION, server), (RULES, rules)):
        parts.append(f"printf '%s' {quote(text)} > {path}; chmod 440 {path}")
    return "\n".join([*parts, f"visudo -q -c -s -f {RULES}", "sshd -t", "systemctl reload ssh"])


def cleared() -> str:
    """The script that takes all away again, whatever was made of it."""
    parts = [
        f"rm -rf {CONFIGURATION} {RULES} /etc/ssh/logins; systemctl reload ssh",
        f"pkill -KILL -U {','.join(str(number) for number, _ in enumerate(LOGINS, FIRST))}",
        *(login.told(login.undo) for login in LOGINS),
        "sed -i '/^login[0-9]*:/d' /etc/passwd /etc/shadow /etc/group",
        f"rm -rf {' '.join(f'/home/{login.user}' for login in LOGINS)}",
    ]
    return "\n".join([*parts, "true"])


@pytest.fixture(scope="module")
def accounts(lab: Lab) -> Iterator[Lab]:
    """The lab, with all of them on its machine; its own guard lets us try as often as we like meanwhile."""
    us = LAN.format(9)
    new: list[str] = []
    try:
        lab.vm.shell(f"fail2ban-client set sshd addignoreip {us}")
        new = unpacked(lab)
        lab.vm.run(["sh", "-eu"], stdin=arranged(lab).encode())
        yield lab
    finally:
        lab.vm.run(["sh"], stdin=cleared().encode())
        lab.vm.run(["sh", "-c", "sort -r | tr '\\n' '\\0' | xargs -0 rm -d -f --"], stdin="\n".join(new).encode())
        lab.vm.shell(f"fail2ban-client set sshd delignoreip {us}", check=False)


@pytest.fixture(scope="module")
def answers(accounts: Lab) -> dict[str, dict[str, Any]]:
    """What all of them said, by account."""
    words = [sys.executable, "-m", "tests.proofs.logins", str(accounts.place.folder)]
    done = subprocess.run(
        accounts.inside_command(words),
        cwd=ROOT,
        env={**os.environ, **accounts.environment(), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("login", LOGINS, ids=lambda login: login.name)
def test_a_login_is_as_good_as_any_other_or_told_in_a_clear_line(
    login: Login, answers: dict[str, dict[str, Any]]
) -> None:
    found, line = answers[login.user], login.told(login.line)
    if login.sees == "nothing":
        assert found.keys() == {"trouble"}
        assert re.match(line, found["trouble"]), found
        assert len(found["trouble"].splitlines()) == 1
        verdict = is_verdict(Unknown(Reason.UNREACHABLE, f"ssh: {found['trouble']}"))
        assert verdict == (login.line == REFUSED)
        return
    assert (found["trouble"], found["logins"], found["plain"]) == ("", 1, "plain\n")
    if login.sees == "without root":
        (why,) = found["rooted"]
        assert re.match(f"no permission: rooted needs root, and {line}", why), why
        return
    assert found["rooted"] == "0\n"
    if login.sees == "without Docker":
        assert found[CONTAINERS] == [f"not there: {line}"]
    else:
        assert "zebu/backend" in found[CONTAINERS]


def test_nothing_of_ours_is_left(accounts: Lab, answers: dict[str, dict[str, Any]]) -> None:
    """What a start-up file or a hanging sudo began runs on, as for anybody; what we sent ended with the connection."""
    assert len(answers) == len(LOGINS)
    running = [line.split(maxsplit=1) for line in accounts.vm.shell("ps -e -o ruser:32= -o args=").splitlines()]
    users = {login.user for login in LOGINS}
    assert [words for user, words in running if user in users and words.startswith("perl")] == []
