"""The way in, run here: sudo that hangs, refuses or talks, doas, containers, shells that read the script, and how all ends."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pytest_zebu.facts.answer import Reason, Said, Unknown
from pytest_zebu.facts.fact import Probe
from pytest_zebu.gather import ssh
from pytest_zebu.gather.ssh import GO, PRELUDE, beginning, questions, received
from pytest_zebu.settings import Settings
from pytest_zebu.settings.sections import Host
from pytest_zebu.settings.target import Target
from tests.waiting import until

NONCE = "0123456789abcdef"
PROBES = (Probe("plain", "echo plain"), Probe("rooted", "echo rooted", root=True))
PERL = "exec perl -\n"


def is_running(pid: int) -> bool:
    """Whether a process still does something."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def forget(process: subprocess.Popen[bytes]) -> None:
    """Close its pipes: what was not read any more cannot be written."""
    for pipe in (process.stdin, process.stdout, process.stderr):
        with suppress(BrokenPipeError):
            assert pipe is not None
            pipe.close()


@dataclass
class Machine:
    """A machine where somebody logs in who is not root, with these programs besides the usual ones."""

    folder: Path
    seconds: int = 60
    environment: dict[str, str] = field(default_factory=dict)

    def program(self, name: str, text: str) -> None:
        path = self.folder / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{text}")
        path.chmod(0o755)

    def sent(self, probes: Sequence[Probe] = PROBES, container: str = "") -> bytes:
        """As for somebody who is not root: far.pl believes that it is only behind a sudo or a doas."""
        target = Target(name="here", host=Host(app_directory=str(self.folder)), settings=Settings())
        way = beginning(NONCE, container).replace(b"if $> == 0;", b"if 0;")
        return way + questions(probes, target, 20, overall=self.seconds)

    def start(self, sent: bytes, shell: str = PERL) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            ["/bin/sh", "-c", shell], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.folder,
            env={"PATH": f"{self.folder}/bin:{os.environ['PATH']}", "HOME": str(self.folder), **self.environment},
        )  # fmt: skip
        assert process.stdin is not None
        with suppress(BrokenPipeError):  # a shell that has ended reads no more
            process.stdin.write(sent)
            process.stdin.flush()
        return process

    def enter(self, sent: bytes, shell: str = PERL) -> tuple[dict[str, Said | Unknown], int, str]:
        """The answers, the status and the complaint, while the input stays open."""
        return self.heard(self.start(sent, shell))

    def heard(self, process: subprocess.Popen[bytes]) -> tuple[dict[str, Said | Unknown], int, str]:
        """The same of a login that was begun."""
        with process:
            assert process.stdout is not None
            assert process.stderr is not None
            out, err = process.stdout.read(), process.stderr.read()
            status = process.wait(60)
            forget(process)
        found = received(out, NONCE)
        assert found.is_whole or not found.answers
        return found.answers, status, err.decode()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    monkeypatch.setattr(ssh, "SUDO_SECONDS", 2)
    far = ssh.program().replace(b"my $root = $> == 0;", b"my $root = $ENV{ENTERED} ? 1 : 0;")
    monkeypatch.setattr(ssh, "program", lambda: far)
    yield Machine(tmp_path)
    for path in tmp_path.glob("*.pid"):
        for word in path.read_text().split():
            try:
                os.kill(int(word), signal.SIGKILL)
            except ProcessLookupError:
                continue


LETS_IN = '[ "$1" = -n ] || exit 9; shift; export ENTERED=1; exec "$@"\n'
NO_SUDO = "there is no sudo"


def refused(answers: dict[str, Said | Unknown]) -> str:
    """Why there is no root; all else is answered."""
    assert answers["plain"] == Said(0, "plain\n")
    answer = answers["rooted"]
    assert isinstance(answer, Unknown)
    assert answer.reason is Reason.NO_PERMISSION
    return answer.detail.removeprefix("rooted needs root, and ")


@pytest.mark.parametrize("program", ["sudo", "doas"])
def test_root_is_had_where_it_is_given(program: str, machine: Machine) -> None:
    machine.program("sudo", "exit 1\n")
    machine.program(program, LETS_IN)
    answers, status, err = machine.enter(machine.sent())
    assert answers["rooted"] == Said(0, "rooted\n")
    assert (status, err) == (0, "")


PASSWORD = "echo 'sudo: a password is required' >&2; exit 1\n"
TTY = "echo 'sudo: sorry, you must have a tty to run sudo' >&2; exit 1\n"
LECTURE = "echo 'We trust you have received the usual lecture.' >&2; echo 'sudo: a terminal is required' >&2; exit 1\n"


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param(PASSWORD, "sudo -n was refused (sudo: a password is required)", id="a password"),
        pytest.param(TTY, "sudo -n was refused (sudo: sorry, you must have a tty to run sudo)", id="a terminal"),
        pytest.param(LECTURE, "sudo -n was refused (sudo: a terminal is required)", id="a lecture"),
        pytest.param("exit 1\n", "sudo -n was refused", id="no word"),
        pytest.param("echo Sorry; exit 1\n", "sudo -n was refused", id="on its output"),
        pytest.param("exit 0\n", "sudo -n was refused", id="nothing done"),
        pytest.param("kill -SEGV $$\n", "sudo -n was refused", id="a crash"),
        pytest.param("echo 'sudo: perl: command not found' >&2; exit 127\n", "sudo -n was refused (sudo: perl: command not found)", id="no perl for root"),
        pytest.param("yes | head -c 3000000; exit 1\n", "sudo did not answer within 2 s", id="a flood"),
        pytest.param("echo $$ >> sudo.pid; exec sleep 300\n", "sudo did not answer within 2 s", id="hangs"),
        pytest.param("trap '' TERM; echo $$ >> sudo.pid; while :; do sleep 1; done\n", "sudo did not answer within 2 s", id="hangs and stays"),
        pytest.param("cat > /dev/null\n", "sudo did not answer within 2 s", id="reads all"),
        pytest.param("exec 0<&- 1>&- 2>&-; echo $$ >> sudo.pid; exec sleep 300\n", "sudo did not answer within 2 s", id="closes all and stays"),
    ],
)  # fmt: skip
def test_a_sudo_that_does_not_let_in_loses_what_needs_root_only(text: str, why: str, machine: Machine) -> None:
    machine.program("sudo", text)
    assert refused(machine.enter(machine.sent())[0]) == why


@pytest.mark.hostile("ssh")
def test_sudo_that_talks_lets_in_all_the_same(machine: Machine) -> None:
    machine.program("sudo", f"echo 'Last login: today'; printf '\\001\\033[31m\\377\\n'; echo lecture >&2; {LETS_IN}")
    assert machine.enter(machine.sent())[0]["rooted"] == Said(0, "rooted\n")


@pytest.mark.hostile("ssh")
def test_sudo_that_comes_too_late_runs_nothing(machine: Machine) -> None:
    """It is left behind without the start and the rest of the request: whatever it finds in its pipe, no probe runs twice."""
    probe = Probe("once", f"echo ran >> '{machine.folder}/ran'; echo once")
    machine.program("sudo", f"trap '' TERM; sleep 4; {LETS_IN.replace('exec ', '')} echo $? > late\n")
    answers, _, _ = machine.enter(machine.sent([probe]))
    assert answers["once"] == Said(0, "once\n")
    until((machine.folder / "late").exists, "sudo came too late")
    assert (machine.folder / "ran").read_text() == "ran\n"


@pytest.mark.parametrize("pieces", [1, 2, 7, 300], ids="{} pieces".format)
def test_questions_may_come_later_and_in_pieces(pieces: int, machine: Machine) -> None:
    """Some come with the program, and are in perl's own buffer; some before root is there, some after."""
    machine.program("sudo", f"sleep 0.3; {LETS_IN}")
    sent = machine.sent([*PROBES, Probe("long", f"echo {'x' * 20_000} | wc -c")])
    at = sent.rindex(b"nonce") + 30
    process = machine.start(sent[:at])
    assert process.stdin is not None
    size = -(-(len(sent) - at) // pieces)
    for start in range(at, len(sent), size):
        time.sleep(0.6 / pieces)
        process.stdin.write(sent[start : start + size])
        process.stdin.flush()
    answers, status, _ = machine.heard(process)
    assert (answers["rooted"], answers["long"], status) == (Said(0, "rooted\n"), Said(0, "20001\n"), 0)


def test_of_questions_that_never_come_nothing_is_run(machine: Machine) -> None:
    """The end of the input ends who waits for them."""
    process = machine.start(machine.sent().removesuffix(GO))
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == f"ZEBU1 {NONCE}\n".encode()
    process.stdin.close()
    answers, status, _ = machine.heard(process)
    assert (answers, status) == ({}, 96)


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize(
    ("text", "why"), [("echo 'doas: Authentication required' >&2; exit 1\n", "doas -n was refused (doas: Authentication required)"),
                      ("echo $$ >> doas.pid; exec sleep 300\n", "doas did not answer within 2 s")], ids=["refuses", "hangs"],
)  # fmt: skip
def test_a_doas_alone(text: str, why: str, machine: Machine) -> None:
    machine.program("sudo", "exit 1\n")
    machine.program("doas", text)
    assert refused(machine.enter(machine.sent())[0]) == f"sudo -n was refused, and {why}"


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize("variable", ["SUDO_USER", "DOAS_USER"])
def test_who_is_made_another_user_than_root_goes_on_without(variable: str, machine: Machine) -> None:
    """As `runas_default` in sudoers has it: what is asked as root would be answered by somebody else."""
    machine.program("sudo", f'shift; export {variable}=deploy; exec "$@"\n')
    why = refused(machine.enter(machine.sent())[0])
    assert re.fullmatch(r"sudo -n was refused \(it makes one [^ ]+, and not root: runas_default in sudoers\?\)", why), (
        why
    )


@pytest.mark.hostile("ssh")
def test_a_root_that_may_start_nothing_is_none(machine: Machine) -> None:
    """As NOEXEC in sudoers has it: every program would be missing."""
    machine.program("sudo", f"export SUDO_USER=deploy; {LETS_IN}")
    sent = machine.sent().replace(b"exec '/bin/sh',", b"exec '/etc/'  ,")
    assert (
        refused(machine.enter(sent)[0])
        == "sudo -n was refused (it lets perl start no other program: NOEXEC in sudoers?)"
    )


@pytest.mark.hostile("ssh")
def test_what_the_environment_says_of_sudo_is_not_believed(machine: Machine) -> None:
    machine.program("sudo", "exit 1\n")
    machine.environment = {"SUDO_USER": "deploy", "DOAS_USER": "deploy"}
    assert refused(machine.enter(machine.sent())[0]) == "sudo -n was refused"


@pytest.mark.hostile("ssh")
def test_a_machine_without_sudo(machine: Machine) -> None:
    sent = machine.sent().replace(b"grep { -x", b"grep { 0 && -x", 1)
    assert refused(machine.enter(sent)[0]) == NO_SUDO


@pytest.mark.hostile("ssh")
def test_a_container_is_never_mistaken_for_its_host(machine: Machine) -> None:
    """Who may not enter it asks nobody: the host's answers would be taken for the container's."""
    machine.program("sudo", PASSWORD)
    answers, status, err = machine.enter(machine.sent(container="pct exec 7 --"))
    assert (answers, status) == ({}, 94)
    assert "entering the container needs root: sudo -n was refused (sudo: a password is required)" in err


def test_a_container_is_entered(machine: Machine) -> None:
    machine.program("sudo", LETS_IN)
    machine.program("pct", '[ "$1 $2 $3" = "exec 7 --" ] || exit 9; shift 3; echo inside >> pct; exec "$@"\n')
    assert machine.enter(machine.sent(container="pct exec 7 --"))[0]["rooted"] == Said(0, "rooted\n")
    assert (machine.folder / "pct").exists()


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize(
    ("name", "value"),
    [("PERL_UNICODE", "SDA"), ("PERL5OPT", "-w"), ("LC_ALL", "xx_XX.UTF-8"), ("POSIXLY_CORRECT", "1"), ("IFS", "o"), ("ENV", "/nonexistent"), ("TMPDIR", "/nonexistent")],
)  # fmt: skip
def test_an_odd_environment_changes_no_byte(name: str, value: str, machine: Machine) -> None:
    machine.program("sudo", "exit 1\n")
    machine.environment = {name: value}
    text = Probe("text", "printf 'ä\\303\\244\\r\\n'; printf 'ö' >&2")
    assert machine.enter(machine.sent([text, *PROBES]))[0]["text"] == Said(0, "ää\n", "ö")


# Shells that read what is not theirs


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize("count", [1, 3, 15])
def test_lines_that_a_start_up_file_reads_are_not_missed(count: int, machine: Machine) -> None:
    machine.program("sudo", "exit 1\n")
    reads = "read line; " * count
    assert machine.enter(machine.sent(), f"{reads}{PERL}")[0]["plain"] == Said(0, "plain\n")


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize("shell", ["sh", "bash", "dash", "bash --posix", "bash -r"])
def test_a_shell_in_perls_place_runs_nothing_of_it(shell: str, machine: Machine) -> None:
    """`exec zsh` in a start-up file: the program would be taken for commands of that shell's."""
    before = {path.name for path in machine.folder.rglob("*")}
    answers, status, _ = machine.enter(machine.sent(), f"exec {shell}\n")
    assert (answers, status) == ({}, 97)
    assert {path.name for path in machine.folder.rglob("*")} == before


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize("cut", [0, 10, len(PRELUDE) + 100, 4000, 8000, 60_000, 100_000, -10, -1])
def test_a_script_that_does_not_arrive_whole_runs_nothing(cut: int, machine: Machine) -> None:
    machine.program("sudo", LETS_IN)
    probe = Probe("once", f"echo ran >> '{machine.folder}/ran'")
    process = machine.start(machine.sent([probe])[:cut])
    out, _ = process.communicate(timeout=600)
    assert received(out, NONCE).answers == {}
    assert not (machine.folder / "ran").exists()


# The end


HELD = Probe(
    "held",
    'echo $$ >> "$ZEBU_SET_APP_DIRECTORY/held.pid"; sleep 200 & echo $! >> "$ZEBU_SET_APP_DIRECTORY/held.pid"; wait',
)


def held(machine: Machine) -> list[int]:
    """The processes of the probe that never ends, once both are there."""
    path = machine.folder / "held.pid"
    until(lambda: path.exists() and len(path.read_text().split()) == 2, "the probe runs")
    return [int(word) for word in path.read_text().split()]


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize("how", ["the input ends", "nobody listens", "SIGHUP", "SIGTERM", "SIGINT"])
@pytest.mark.parametrize("is_root", [True, False], ids=["root", "nobody"])
def test_when_the_connection_goes_everything_there_goes(how: str, is_root: bool, machine: Machine) -> None:
    """Also what the probes have started."""
    machine.program("sudo", LETS_IN if is_root else "exit 1\n")
    noise = Probe("noise", "sleep 1; echo noise", timeout=30)
    process = machine.start(machine.sent([HELD, noise, *PROBES]))
    assert process.stdin is not None
    assert process.stdout is not None
    pids = held(machine)
    if how == "the input ends":
        process.stdin.close()
    elif how == "nobody listens":
        process.stdout.close()
    else:
        process.send_signal(getattr(signal, how))
    until(lambda: not any(is_running(pid) for pid in pids), "the probe's processes end")
    until(lambda: process.poll() is not None, "the way in ends")
    forget(process)


@pytest.mark.hostile("ssh")
def test_all_of_it_has_an_end(machine: Machine) -> None:
    """Whatever a probe would be allowed, what is not there by then is unknown, and all else is."""
    machine.program("sudo", "exit 1\n")
    machine.seconds = 2
    answers, status, _ = machine.enter(machine.sent([HELD, *PROBES]))
    assert answers["held"] == Unknown(Reason.TIMED_OUT, "held: no time left of --zebu-timeout")
    assert answers["plain"] == Said(0, "plain\n")
    assert status == 0
    assert not any(is_running(pid) for pid in held(machine))
