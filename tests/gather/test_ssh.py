"""The connection: a port forwarded over it, what is said where it does not come about, and frames, with an ssh that is none."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from pytest_zebu.facts.access import is_verdict
from pytest_zebu.facts.answer import Reason, Said, Unknown
from pytest_zebu.facts.fact import Probe
from pytest_zebu.gather import ssh as ssh_module
from pytest_zebu.gather.deadline import NEVER, Deadline, are_done
from pytest_zebu.gather.ssh import Connection, Refused, diagnose, kept_out, received, unframe
from pytest_zebu.settings import Settings
from pytest_zebu.settings.sections import Host
from pytest_zebu.settings.target import Target

SSH = """#!/bin/sh
printf '%s\\n' "$*" >> "{heard}"
[ "$(wc -l < "{heard}")" -gt {refusals} ]
"""
Heard = Callable[[], list[str]]


@pytest.fixture
def connection() -> Iterator[Connection]:
    found = Connection(Target(name="vm", host=Host(), settings=Settings()))
    yield found
    found.close()


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Heard]:
    """An ssh that refuses so many times."""

    def make(refusals: int) -> Heard:
        heard, program = tmp_path / "heard", tmp_path / "ssh"
        program.write_text(SSH.format(heard=heard, refusals=refusals))
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        return lambda: heard.read_text().splitlines()

    return make


@pytest.mark.parametrize(
    ("host", "there"),
    [
        ("db.internal", "db.internal:5432"),
        ("fd00::7", "[fd00::7]:5432"),
        ("/var/run/postgresql", "/var/run/postgresql/.s.PGSQL.5432"),
    ],
)
def test_a_port_leads_there_for_as_long_as_it_is_needed(
    host: str, there: str, connection: Connection, ssh: Callable[[int], Heard]
) -> None:
    heard = ssh(0)
    with connection.forward(host, 5432) as port:
        (opened,) = heard()
        spec = f"-L 127.0.0.1:{port}:{there} -- vm"
        assert opened.endswith(f"-o ClearAllForwardings=no -O forward {spec}")
        assert f"-F {connection.config}" in opened
    assert heard()[1].endswith(f"-O cancel {spec}")
    assert len(heard()) == 2


def test_it_is_cancelled_when_something_fails_on_the_way(connection: Connection, ssh: Callable[[int], Heard]) -> None:
    heard = ssh(0)
    with pytest.raises(ValueError, match="on the way"), connection.forward("db", 1):
        raise ValueError("on the way")
    assert " -O cancel " in heard()[1]


def test_another_port_is_tried_where_one_is_taken(connection: Connection, ssh: Callable[[int], Heard]) -> None:
    heard = ssh(2)
    with connection.forward("db", 5432) as port:
        assert port is not None
        assert len(heard()) == 3


def test_where_ssh_opens_none_there_is_none(connection: Connection, ssh: Callable[[int], Heard]) -> None:
    heard = ssh(99)
    with connection.forward("db", 5432) as port:
        assert port is None
    assert len(heard()) == 3
    assert not any(" -O cancel " in line for line in heard())


# What is said where nobody gets in, or nothing answers there

LOGS = {
    "key refused": ("deploy@vm: Permission denied (publickey,password).", "the key was refused", True),
    "a second factor": ('Authenticated using "publickey" with partial success.\ndeploy@vm: Permission denied (keyboard-interactive).', "the key was accepted, but the host asks for more", False),
    "host key changed": ("@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.", "the host key has changed", True),
    "host key unknown": ("No ECDSA host key is known for vm and you have requested strict checking.\nHost key verification failed.", "the host key is not known", True),
    "no identity": ("no such identity: /x: No such file or directory\ndeploy@vm: Permission denied (publickey).", "the identity file does not exist", False),
    "identity unreadable": ('Load key "/x": Permission denied\ndeploy@vm: Permission denied (publickey).', "the identity file may not be read", False),
    "identity open to all": ("@ WARNING: UNPROTECTED PRIVATE KEY FILE! @\ndeploy@vm: Permission denied (publickey).", "the identity file may not be read", False),
    "identity is none": ('Load key "/x": error in libcrypto\ndeploy@vm: Permission denied (publickey).', "the identity file holds no key", False),
    "agent refuses": ('sign_and_send_pubkey: signing failed for ED25519 "x" from agent: agent refused operation', "the agent did not sign", False),
    "too many keys": ("Received disconnect from 10.0.0.1 port 22:2: Too many authentication failures", "too many keys", False),
    "expired": ("Connection closed by 10.0.0.1 port 22\nYour account has expired; please contact your administrator", "the account has expired", False),
    "closed before banner": ("kex_exchange_identification: Connection closed by remote host", "the host closed the connection at once", False),
    "reset before banner": ("kex_exchange_identification: read: Connection reset by peer", "the host closed the connection at once", False),
    "closed while exchanging keys": ("Connection closed by 10.0.0.1 port 22", "the host closed the connection", False),
    "closed while logging in": ("Connection closed by authenticating user deploy 10.0.0.1 port 22 [preauth]", "the host closed the connection", False),
    "reset": ("Connection reset by 10.0.0.1 port 22", "the host reset the connection", False),
    "broken pipe": ("client_loop: send disconnect: Broken pipe", "the host reset the connection", False),
    "MaxStartups": ("Not allowed at this time", "the host lets nobody in at this time", False),
    "MaxSessions": ("mux_client_request_session: session request failed: Session open refused by peer", "the login was let in, but no program", False),
    "no process": ("exec request failed on channel 0", "the login was let in, but no program", False),
    "timed out": ("ssh: connect to host vm port 22: Connection timed out", "no answer in time", False),
    "tarpit": ("Connection timed out during banner exchange", "the ssh port is open, but no ssh server speaks", False),
    "silent": ("Timeout, server vm not responding.", "the connection went silent", False),
    "refused": ("ssh: connect to host vm port 22: Connection refused", "nothing answers on the ssh port", False),
    "no route": ("ssh: connect to host vm port 22: No route to host", "there is no route", False),
    "no name": ("ssh: Could not resolve hostname vm: Name or service not known", "the name does not resolve", False),
    "proxy command": ("Connection closed by UNKNOWN port 65535", "the way there ended", False),
    "proxy jump": ("stdio forwarding failed", "the way there ended", False),
    "socket path": ('unix_listener: path "/x" too long for Unix domain socket', "the path of the control socket is too long", False),
    "key types": ("Unable to negotiate with 10.0.0.1 port 22: no matching host key type found. Their offer: ssh-dss", "the host speaks only methods", False),
    "ciphers": ("Unable to negotiate with 10.0.0.1: no matching cipher found. Their offer: 3des-cbc", "the host speaks only methods", False),
    "no ssh server": ("kex_exchange_identification: banner line contains invalid characters", "what answers on the ssh port is broken", False),
    "garbage": ("Bad packet length 1349676916.\nssh_dispatch_run_fatal: Connection to 10.0.0.1 port 22: message authentication code incorrect", "what answers on the ssh port is broken", False),
    "configuration": ("/x: line 3: Bad configuration option: foo\n/x: terminating, 1 bad configuration options", "the ssh configuration is wrong", False),
    "somebody's words": ("Received disconnect from 10.0.0.1 port 22:11: Permission denied", "Received disconnect", False),
    "nothing": ("", "ssh ended without a word", False),
    "escapes": ("something \x1b]0;title\x07\x1b[31mnew\x00", "something new", False),
}  # fmt: skip
"""What ssh says: by what went wrong, its words, ours, and whether that decides about access."""


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize("name", LOGS)
def test_only_what_the_server_says_of_keys_decides_about_access(name: str) -> None:
    log, meaning, decides = LOGS[name]
    said = diagnose(log)
    assert said.startswith(meaning)
    assert len(said.splitlines()) == 1
    assert is_verdict(Unknown(Reason.UNREACHABLE, f"ssh: {said}")) is decides


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("Your account has expired; please contact your system administrator.\n", "the account has expired (chage -l USER) (it says: Your account has expired;"),
        ("Closed until noon.\n\x1b[31m", "the host closed the connection (banned, MaxStartups reached, or the account is locked or expired) (it says: Closed until noon.)"),
        ("", "the host closed the connection (banned"),
    ],
    ids=["expired", "closed for maintenance", "no word"],
)  # fmt: skip
def test_a_host_that_closes_may_have_said_why(said: str, line: str) -> None:
    assert kept_out("Connection closed by 10.0.0.1 port 22", said).startswith(line)
    refused = kept_out("deploy@vm: Permission denied (publickey).", said)
    assert refused == diagnose("deploy@vm: Permission denied (publickey).")


STAND_IN = """#!/bin/sh
log=
while [ $# -gt 1 ]; do case $1 in -E) log=$2; shift ;; -O) exit 0 ;; esac; shift; done
{body}
"""
LOGGED_IN = 'echo "Authenticated to vm ([10.0.0.1]:22) using \\"publickey\\"." >> "$log"; '
Asked = Callable[..., dict[str, Said | Unknown]]


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    """Ask a machine whose ssh does something else, or what it is asked, among other things; what it said or why not."""
    connections: list[Connection] = []

    def ask(
        body: str, *probes: Probe, deadline: Deadline = NEVER, seconds: float | None = None
    ) -> dict[str, Said | Unknown]:
        program = tmp_path / "ssh"
        program.write_text(STAND_IN.format(body=body))
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
        host = Host(app_directory=str(tmp_path))
        connection = Connection(Target(name="vm", host=host, settings=Settings(timeout=20)))
        connections.append(connection)
        return connection.ask(probes or [Probe("one", "echo 1"), Probe("two", "echo 2")], seconds, deadline)

    yield ask
    for connection in connections:
        connection.close()


ONE_AND_TWO = {"one": Said(0, "1\n"), "two": Said(0, "2\n")}


def both(answers: Mapping[str, Said | Unknown]) -> dict[str, Said | Unknown]:
    return {name: answers[name] for name in ONE_AND_TWO}


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize(
    "talk",
    [
        pytest.param("", id="nothing"),
        pytest.param("echo 'Welcome to vm'", id="a greeting"),
        pytest.param("printf '\\033]0;x\\007\\033[2J\\001\\377\\376'", id="control characters"),
        pytest.param("printf 'no end of line'", id="no end of line"),
        pytest.param("printf 'a\\0b'", id="zeros"),
        pytest.param("yes | head -c 1000000", id="a megabyte"),
        pytest.param("yes | head -c 1000000 >&2", id="a megabyte of complaints"),
        pytest.param("yes >&2 & talker=$!; trap 'kill $talker' EXIT", id="complaints without end"),
        pytest.param("echo 'perl: warning: Setting locale failed.' >&2", id="locale"),
        pytest.param("echo ZEBU1 0123456789abcdef; echo END 0123456789abcdef", id="somebody else's frames"),
        pytest.param("read line", id="reads a line"),
        pytest.param("exec 2>&1", id="joins its outputs"),
    ],
)
def test_a_shell_that_talks_is_heard_out(talk: str, asked: Asked) -> None:
    assert both(asked(f'{LOGGED_IN}\n{talk}\nsh -c "$1"')) == ONE_AND_TWO


def test_who_has_said_all_is_not_waited_for(asked: Asked, tmp_path: Path) -> None:
    """sshd notices late that a program has ended, and so does who waits for sudo; what was said is there before."""
    told, left = tmp_path / "pid", tmp_path / "left"
    body = f'{LOGGED_IN}\necho $$ > "{told}"; sh -c "$1"; until [ -e "{left}" ]; do sleep 0.02; done'
    assert both(asked(body)) == ONE_AND_TWO
    os.kill(int(told.read_text()), 0)  # it is there
    left.touch()
    assert are_done(60), "it is let end meanwhile"


@pytest.mark.hostile("ssh")
def test_who_has_said_all_and_stays_is_ended_with_the_connection(asked: Asked, tmp_path: Path) -> None:
    told = tmp_path / "pid"
    assert both(asked(f'{LOGGED_IN}\necho $$ > "{told}"; sh -c "$1"; exec sleep 300')) == ONE_AND_TWO
    ssh_module.close_all()
    with pytest.raises(ProcessLookupError):
        os.kill(int(told.read_text()), 0)


NOT_ASKED = {
    "nologin": ("echo 'This account is currently not available.'; exit 1", "the login shell is nologin"),
    "false": ("exit 1", "the login shell ended without a word, with status 1"),
    "true": ("exit 0", "the login shell ended without a word, with status 0"),
    "sftp": ("echo 'This service allows sftp connections only.'; exit 1", "the host lets this user do sftp only"),
    "too many logins": ("echo \"There were too many logins for 'deploy'.\"; exit 254", "the account has too many logins at once"),
    "an sftp server": ("exit 11", "the host lets this user do sftp only"),
    "git-shell": ("echo \"fatal: unrecognized command 'perl -'\" >&2; exit 128", "the login shell is git's"),
    "a forge": ("echo \"Hi! You've successfully authenticated, but the forge does not provide shell access.\" >&2; exit 1", "the login shell is git's"),
    "rrsync": ("echo '/usr/bin/rrsync: SSH_ORIGINAL_COMMAND does not run rsync' >&2; exit 1", "the key may only run rsync"),
    "borg": ("echo 'borg serve: error: unrecognized arguments' >&2; exit 2", "the key may only run a backup"),
    "another user": ("echo 'Please login as the user \"admin\" rather than the user \"root\".'; exit 142", "this user is not let in"),
    "expired account": ("echo 'Your account has expired; please contact your system administrator.' >&2; exit 1", "the account has expired"),
    "expired password": ("echo 'WARNING: Your password has expired.' >&2; echo 'Password change required but no TTY available.' >&2; exit 1", "the password has expired"),
    "terminal": ("echo 'the input device is not a TTY' >&2; exit 1", "what runs on login wants a terminal"),
    "restricted": ("echo 'rbash: perl: command not found' >&2; exit 127", "the login shell is restricted"),
    "zsh in perl's place": ("echo 'zsh: pod not found' >&2; exit 1", "a start-up file of the login shell starts another shell"),
    "no perl": ("echo 'sh: 1: perl: not found' >&2; exit 127", "the host has no perl"),
    "no perl in fish": ("echo 'fish: Unknown command: perl' >&2; exit 127", "the host has no perl"),
    "no perl in zsh": ("echo 'zsh:1: command not found: perl' >&2; exit 127", "the host has no perl"),
    "no perl in csh": ("echo 'perl: Command not found.' >&2; exit 1", "the host has no perl"),
    "a banner of restrictions": ("echo 'Access is restricted; files are kept by rsync.' >&2; exit 1", "something else runs there on login, and ended with status 1"),
    "rsync itself": ("echo 'rsync error: protocol incompatibility (code 2) at compat.c(622)' >&2; exit 2", "the key may only run rsync"),
    "a start-up file without its program": ("echo '/home/deploy/.bashrc: line 3: keychain: command not found' >&2; exit 1", "something else runs there on login, and ended with status 1"),
    "broken perl": ("echo \"Can't locate strict.pm in @INC\" >&2; exit 2", "perl is there, but broken"),
    "perl without a library": ("echo 'perl: error while loading shared libraries: libc.so.6' >&2; exit 127", "perl is there, but broken"),
    "perl may not run": ("exit 126", "perl may not be run there"),
    "chroot": ("echo '/bin/bash: No such file or directory' >&2; exit 1", "the login shell does not exist there"),
    "no process": ("echo 'bash: fork: retry: Resource temporarily unavailable' >&2; exit 254", "no process can be started there"),
    "no memory": ("echo 'sh: Cannot allocate memory' >&2; exit 2", "no process can be started there"),
    "full disk": ("echo 'cannot create /tmp/x: No space left on device' >&2; exit 2", "the host's disk is full"),
    "read-only": ("echo 'cannot create /root/x: Read-only file system' >&2; exit 2", "the host's disk is full, or may only be read"),
    "killed": ("exit 137", "what we run there is killed"),
    "exec in a start-up file": ("exec sh", "a start-up file of the login shell starts another shell"),
    "reads its input": ("head -c 1000 > /dev/null; sh -c \"$1\"", "what was sent did not arrive whole"),
    "echoes": ("exec cat", "the host sends back what it is sent"),
    "talks without end": ("yes", "the login shell talks without end"),
    "something else": ("echo 'backup started'; exit 3", "something else runs there on login, and ended with status 3"),
    "cut at once": ("exit 255", "the connection ended before the first answer"),
}  # fmt: skip


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize("name", NOT_ASKED)
def test_what_runs_in_place_of_what_is_asked_is_named(name: str, asked: Asked) -> None:
    body, meaning = NOT_ASKED[name]
    with pytest.raises(Refused) as refusal:
        asked(f"{LOGGED_IN}\n{body}", deadline=Deadline.after(15))
    said = str(refusal.value)
    assert said.startswith(meaning)
    assert len(said.splitlines()) == 1
    assert not is_verdict(Unknown(Reason.UNREACHABLE, f"ssh: {said}"))


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize("login", [LOGGED_IN, ""], ids=["after the login", "before it"])
@pytest.mark.parametrize(
    "body",
    ["sleep 300", "trap '' TERM; sleep 300", "while :; do echo; sleep 0.2; done"],
    ids=["silent", "stubborn", "drips"],
)
def test_who_never_answers_is_not_waited_for(login: str, body: str, asked: Asked, tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"no answer within [12] s"):
        asked(f'echo $$ > "{tmp_path}/pid"; {login}\n{body}', deadline=Deadline.after(1.5))
    assert not Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}").exists()


@pytest.mark.hostile("ssh")
def test_a_host_that_sends_back_is_not_waited_for(asked: Asked) -> None:
    """It would go on until time is over: its input stays open."""
    with pytest.raises(Refused, match="the host sends back what it is sent"):
        asked(f"{LOGGED_IN}\nexec cat", deadline=Deadline.after(100000), seconds=100000)


@pytest.mark.hostile("ssh")
def test_what_is_said_on_the_way_is_hidden_like_all_else(asked: Asked) -> None:
    with pytest.raises(Refused) as refusal:
        asked(f"{LOGGED_IN}\necho 'PASSWORD=Wd92kfQx71mm login failed'; exit 3")
    assert "Wd92kfQx71mm" not in str(refusal.value)


SLOW = Probe("slow", "sleep 300", timeout=300)


@pytest.mark.hostile("ssh")
def test_a_cut_loses_what_is_missing_only(asked: Asked, tmp_path: Path) -> None:
    """The connection goes once two answers came; the rest says so."""
    cut = Probe("cut", f'sleep 2; kill -KILL $(cat "{tmp_path}/pid"); sleep 300', timeout=300)
    body = f'{LOGGED_IN}\necho $$ > "{tmp_path}/pid"; exec sh -c "exec $1"'
    answers = asked(body, Probe("one", "echo 1"), Probe("two", "echo 2"), cut, SLOW)
    assert both(answers) == ONE_AND_TWO
    why = Unknown(Reason.UNREACHABLE, "the connection was cut after 6 of 8 answers")
    assert answers["cut"] == answers["slow"] == why
    assert isinstance(answers["zebu.host"], Said)


@pytest.mark.hostile("ssh")
def test_what_is_not_there_by_the_deadline_is_missing_only(asked: Asked) -> None:
    answers = asked(
        f'{LOGGED_IN}\nexec sh -c "$1"',
        SLOW,
        Probe("one", "echo 1"),
        Probe("two", "echo 2"),
        deadline=Deadline.after(6),
    )
    assert both(answers) == ONE_AND_TWO
    assert isinstance(slow := answers["slow"], Unknown)
    assert slow.reason is Reason.TIMED_OUT


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize("size", [100, 5000])
def test_more_than_anybody_needs_is_not_read(size: int, asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssh_module, "OUTPUT_LIMIT", size)
    answers = asked(f'{LOGGED_IN}\nexec sh -c "$1"', Probe("one", "yes | head -c 100000"))
    assert isinstance(one := answers["one"], Unknown)
    assert one.reason in (Reason.GARBLED, Reason.UNREACHABLE)


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize("body", ["sleep 300", "kill -KILL $$", "exit 255"])
def test_closing_never_fails_and_leaves_nothing(body: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ssh").write_text(f"#!/bin/sh\n{body}\n")
    (tmp_path / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(ssh_module, "CLOSE_SECONDS", 0.5)
    connection = Connection(Target(name="vm", host=Host(), settings=Settings()))
    connection.control_path.touch()
    connection.close()
    assert not connection.folder.exists()


# Frames

NONCE = "0123456789abcdef"


def frame(name: str = "one", kind: str = "done", out: bytes = b"1\n", nonce: str = NONCE, **numbers: str) -> bytes:
    """A frame, with numbers that may be others than they should be."""
    words = {"status": "0", "took": "5", "out": str(len(out)), "err": "0", **numbers}
    return f"{nonce} {name} {kind} {words['status']} {words['took']} {words['out']} {words['err']}\n".encode() + out


START, STOP = f"ZEBU1 {NONCE}\n".encode(), f"END {NONCE}\n".encode()
GOOD = frame("good", out=b"fine\n")
BAD = {
    "garbage": b"\x00\xff\xfe garbage\n",
    "a warning": b"perl: warning: Setting locale failed.\n",
    "5,000 digits": frame(out=b"", took="9" * 5000),
    "5,000 digits of length": frame(out=b"", err="9" * 5000),
    "a negative length": frame(out=b"1", err="-1"),
    "a float": frame(out=b"1", err="1.5"),
    "other digits": "0123456789abcdef one done ٣ 1 0 0\n".encode(),
    "no numbers": f"{NONCE} one done\n".encode(),
    "a name that is none": f"{NONCE} ../../x done 0 1 0 0\n".encode(),
    "a name that is no text": f"{NONCE} ".encode() + b"\xff\xfe done 0 1 0 0\n",
    "a name of 10,000 characters": frame("x" * 10_000),
    "another nonce": frame("fake", nonce="fedcba9876543210"),
    "an unknown kind": frame("odd", kind="strange"),
    "an unknown name": frame("nobody", out=b""),
    "zeros": b"\0" * 1000,
    "spaces": b" " * 1000,
    "a second beginning": START,
    "an end of another": b"END fedcba9876543210\n",
    "half a head": f"{NONCE} one do".encode(),
    "an empty line": b"\n\n\n",
    "a carriage return": f"{NONCE} one done 0 1 0 0\r\n".encode(),
}


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize("name", BAD)
def test_a_bad_frame_takes_no_good_one_with_it(name: str) -> None:
    found = received(START + frame("first") + BAD[name] + b"\n" + GOOD + STOP, NONCE)
    assert found.answers["first"] == Said(0, "1\n")
    assert found.answers["good"] == Said(0, "fine\n")
    assert found.is_whole
    assert "fake" not in found.answers


@pytest.mark.hostile("ssh")
def test_a_frame_within_an_answer_is_text() -> None:
    """Without the nonce, which nothing that runs there is told, and with it, as its length tells where it ends."""
    inner = frame("zebu.host", nonce="guessed") + frame("zebu.host") + STOP
    found = received(START + frame("text", out=inner) + GOOD + STOP, NONCE)
    assert found.answers.keys() == {"text", "good"}


@pytest.mark.hostile("ssh")
def test_of_two_answers_of_a_name_the_first_counts() -> None:
    assert received(START + frame(out=b"1") + frame(out=b"2") + STOP, NONCE).answers["one"] == Said(0, "1")


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize("data", [b"", b"ZEBU1", START, START[:-1], STOP, GOOD, b"\n".join([STOP, START])])
def test_without_frames_there_are_no_answers(data: bytes) -> None:
    assert received(data, NONCE).answers == {}
    assert unframe(data, NONCE) == {}


@pytest.mark.hostile("ssh")
def test_whatever_bytes_come_frames_are_read() -> None:
    """Fixed seed: cut, doubled, shuffled, flipped, with nasty pieces in between."""
    chance = random.Random(13)
    pieces = [START, STOP, GOOD, frame("first"), frame("empty", out=b""), *BAD.values()]
    for _ in range(3000):
        data = bytearray(b"".join(chance.choices(pieces, k=chance.randrange(1, 8))))
        for _ in range(chance.randrange(4)):
            place = chance.randrange(len(data) + 1)
            match chance.randrange(3):
                case 0:
                    data[place : place + chance.randrange(20)] = chance.randbytes(chance.randrange(20))
                case 1:
                    data[place:] = b""
                case _:
                    data[place:place] = chance.choice(pieces)
        for name, answer in received(bytes(data), NONCE).answers.items():
            assert isinstance(answer, Said | Unknown)
            assert name.isascii()


LACKS = {
    "disk": "sh: 1: cannot create /tmp/x: No space left on device",
    "here-document": "bash: cannot create temp file for here-document: No space left on device",
    "quota": "cp: x: Disk quota exceeded",
    "process of dash": "sh: 0: Cannot fork",
    "process of bash": "bash: fork: retry: Resource temporarily unavailable",
    "process of perl": "Can't fork: Resource temporarily unavailable at - line 3.",
    "memory": "xz: x: Cannot allocate memory",
    "descriptors": "ls: cannot open directory '.': Too many open files",
    "a paused container": "Error response from daemon: container 1f2e is paused, unpause the container before exec",
    "a container's limit of processes": "OCI runtime exec failed: exec failed: unable to start container process: can't get final child's PID from pipe: EOF: unknown",
    "a library": "psql: error while loading shared libraries: libpq.so.5: cannot open shared object file",
    "not at first": "a warning\ndf: cannot read table of mounted file systems: Cannot allocate memory\nanother",
}


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize("status", ["0", "1", "2"])
@pytest.mark.parametrize("what", LACKS)
def test_what_the_machine_lacks_is_no_answer(what: str, status: str) -> None:
    """Not even where the script went on, and ended well: what it did not see would look as if it were not there."""
    err = LACKS[what].encode()
    said = frame(out=b"", status=status, err=str(len(err))) + err
    answer = received(START + said + GOOD + STOP, NONCE).answers["one"]
    assert isinstance(answer, Unknown)
    assert answer.reason is Reason.UNDECIDABLE
    assert answer.detail.startswith("one could not be asked: ")


@pytest.mark.parametrize("err", ["", "psql: error: connection refused", "Resource busy", "fork", "no space"])
def test_other_complaints_are_the_probes_own(err: str) -> None:
    said = frame(out=b"", status="1", err=str(len(err))) + err.encode()
    assert received(START + said + STOP, NONCE).answers["one"] == Said(1, "", err)


def test_what_is_sent_is_packed_whatever_the_user_has(tmp_path: Path) -> None:
    """As ssh itself reads the configuration."""
    own = tmp_path / "config"
    own.write_text("Host *\n  Compression no\n  User operations\n")
    found = Connection(Target(name="vm", host=Host(ssh_config=own), settings=Settings()))
    try:
        said = subprocess.run(
            ["ssh", "-G", "-F", found.config, "vm"], capture_output=True, text=True, check=True
        ).stdout
    finally:
        found.close()
    assert {"compression yes", "user operations"} <= {*said.splitlines()}


@pytest.mark.hostile("ssh")
def test_who_has_no_home_has_no_configuration_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container's user may be a number that passwd does not know; a folder called ~ where we stand is no home."""

    def nobody(path: Path) -> Path:
        if path.parts[:1] == ("~",):
            raise RuntimeError("Could not determine home directory.")
        return path

    monkeypatch.setattr(Path, "expanduser", nobody)
    found = Connection(Target(name="vm", host=Host(), settings=Settings()))
    try:
        assert "~" not in found.config.read_text()
    finally:
        found.close()


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize(("complaint", "meaning"), [
    ("No user exists for uid 4242", "ssh does not run for a user without a name"),
    ("You don't exist, go away!", "ssh does not run for a user without a name"),
    ("error while loading shared libraries: libcrypto.so.3", "error while loading shared libraries: libcrypto.so.3"),
], ids=["no entry in passwd", "no entry, older", "a library is missing"])  # fmt: skip
def test_what_ssh_says_before_it_has_a_log_is_told(complaint: str, meaning: str, asked: Asked) -> None:
    with pytest.raises(Refused) as refusal:
        asked(f'echo "{complaint}" >&2; exit 255')
    assert str(refusal.value).startswith(meaning)


@pytest.mark.hostile("ssh")
def test_a_banner_decides_nothing(asked: Asked) -> None:
    """What a server says before the login stands on the standard error: only ssh's own log is believed."""
    log = LOGGED_IN.replace("Authenticated to", "Connecting to")
    assert log != LOGGED_IN
    with pytest.raises(Refused) as refusal:
        asked(f"{log}\necho 'deploy@vm: Permission denied (publickey).' >&2; exit 255")
    assert not is_verdict(Unknown(Reason.UNREACHABLE, f"ssh: {refusal.value}"))


# A login that is begun before it is known what will be asked

HERE = """#!/bin/sh
echo once >> "{heard}"
while [ $# -gt 0 ]; do [ "$1" != -E ] || log=$2; shift; done
echo 'Authenticated to vm ([10.0.0.1]:22) using "publickey".' >> "$log"
exec perl -
"""


@pytest.mark.parametrize("is_begun", [True, False], ids=["begun", "not begun"])
def test_a_login_that_was_begun_is_the_one_that_is_used(
    is_begun: bool, connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard, program = tmp_path / "heard", tmp_path / "ssh"
    program.write_text(HERE.format(heard=heard))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    if is_begun:
        connection.call()
        connection.call()
    told: list[str] = []
    answers = connection.ask([Probe("one", "echo 1")], on_answer=lambda name, said: told.append(name))
    assert answers["one"] == Said(0, "1\n", "")
    assert "one" in told
    assert float(connection.effort["processor"]) >= 0
    assert (heard.read_text(), connection.logins, connection.round_trips) == ("once\n", 1, 1)
    assert connection.ask([Probe("two", "echo 2")])["two"] == Said(0, "2\n", "")
    assert heard.read_text() == "once\nonce\n"


def test_what_a_login_that_was_begun_complains_of_is_told(
    connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has ended long before anybody asks."""
    program = tmp_path / "ssh"
    program.write_text('#!/bin/sh\nwhile [ $# -gt 0 ]; do [ "$1" != -E ] || log=$2; shift; done\necho "deploy@vm: Permission denied (publickey)." >> "$log"\nexit 255\n')  # fmt: skip
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    connection.call()
    assert connection._waiting is not None
    connection._waiting.process.wait(20)
    with pytest.raises(Refused, match="the key was refused"):
        connection.ask([Probe("one", "echo 1")])


def test_a_login_that_nobody_needs_is_ended(
    connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "ssh"
    program.write_text("#!/bin/sh\nexec sleep 300\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    connection.call()
    waiting = connection._waiting
    assert waiting is not None
    connection.close()
    assert waiting.process.poll() is not None


def test_who_has_no_ssh_is_told_when_something_is_asked(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    connection.call()
    with pytest.raises(FileNotFoundError):
        connection.ask([Probe("one", "echo 1")])
