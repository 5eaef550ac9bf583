"""What containers and file systems use."""

from __future__ import annotations

import os
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Reason, Unknown, need
from pytest_zebu.facts.usage import PROBE, FileSystem, Sample, spread
from pytest_zebu.settings.target import Target
from tests.facts.answers import saying
from tests.facts.daemon import Daemon, container, told


def test_samples_of_a_container(target: Target) -> None:
    gathered = saying({"usage": "@sample db 1048576 4096 2000000000 10.5\n@sample db 1048577 8192 2500000000 11.0\n"})
    assert need(ALL["usage"].read(gathered, target)) == {
        "db": (Sample(1048576, 4096, 2.0, 10.5), Sample(1048577, 8192, 2.5, 11.0))
    }
    garbled = ALL["usage"].read(saying({"usage": "@other db 1 2 3"}), target)
    assert isinstance(garbled, Unknown)
    assert garbled.reason is Reason.GARBLED
    for nothing in ("", "@sample db one 2 3 4", "@sample db 1 2 3"):
        assert isinstance(ALL["usage"].read(saying({"usage": nothing}), target), Unknown)


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize(
    "number", ["nan", "inf", "1e9", "²", "٣", "9" * 5000, "1_0", "0x1f", "1.5", "+1", "--1", "1e999", "-"]
)
def test_what_is_no_number_of_a_sample(number: str, target: Target) -> None:
    for place in range(3):
        numbers = ["1", "2", "3", "4.5"]
        numbers[place] = number
        gathered = saying({"usage": f"@sample web {' '.join(numbers)}\n@sample db 1 2 3 4.5\n"})
        assert need(ALL["usage"].read(gathered, target)) == {"db": (Sample(1, 2, 3e-9, 4.5),)}


@pytest.mark.hostile("parsers")
@pytest.mark.parametrize(
    "line",
    [
        "@place",
        "@place ",
        "@place  ",
        "@place / 1 2 3",
        "@place / nan 1 1 1",
        "@place / -5 1 1 1",
        "@place / 1e9 1 1 1",
        f"@place / {'9' * 5000} 1 1 1",
        "@place / ² 1 1 1",
    ],
    ids=lambda line: line[:20],
)
def test_what_is_no_file_system(line: str, target: Target) -> None:
    odd, root = need(ALL["disk"].read(saying({"disk": f"{line}\n@place / 1000 250 - -\n"}), target))
    assert odd.trouble
    assert (odd.size, odd.free) == (0, 0.0)
    assert root == FileSystem("/", 1000, 250, 0, 0)


def test_one_odd_sample_leaves_the_others(target: Target) -> None:
    """A container may end while it is looked at."""
    gathered = saying({"usage": "@sample web  - - 10.5\n@sample db 1 2 3 4.5\n"})
    assert need(ALL["usage"].read(gathered, target)) == {"db": (Sample(1, 2, 3e-9, 4.5),)}


def test_file_systems_with_and_without_inodes(target: Target) -> None:
    gathered = saying({"disk": "@place / 1000 250 - -\n@place /var/lib/my docker 400 100 50 5\n"})
    assert need(ALL["disk"].read(gathered, target)) == (
        FileSystem("/", 1000, 250, 0, 0),
        FileSystem("/var/lib/my docker", 400, 100, 50, 5),
    )
    assert FileSystem("/", 1000, 250, 0, 0).free == 0.25


def test_one_file_system_that_is_not_understood_leaves_the_others(target: Target) -> None:
    said = "@place / 1000 250 - -\n@silent /mnt/share\n@place /odd much 1 2 3\n@place /short 1\n@place /empty 0 0 - -\n"
    whole, silent, *odd = need(ALL["disk"].read(saying({"disk": said}), target))
    assert whole == FileSystem("/", 1000, 250, 0, 0)
    assert (silent.place, "does not answer" in silent.trouble) == ("/mnt/share", True)
    assert [(one.place, one.trouble[:8]) for one in odd] == [
        ("/odd", "df said:"),
        ("/short", "df said:"),
        ("/empty", "df said:"),
    ]


# The script, with processes and counters of a test's own


class Machine:
    """A machine with one container, whose first process is 10, with 11 below it; 20 was brought in."""

    def __init__(self, folder: Path, daemon: Daemon) -> None:
        self.folder, self.daemon = folder, daemon
        self.one = container("backend", State={"Pid": 10})
        self.group = folder / f"groups/docker-{self.one['Id']}.scope"
        self.group.mkdir(parents=True)
        daemon.has(self.one)
        self.write("proc/uptime", "100.00 50.00")
        for pid, parent in ((10, 5), (11, 10), (20, 5)):
            self.process(pid, parent)
        self.put("cgroup.procs", "10\n11\n20\n")
        self.put("memory.current", "1000000\n")
        self.put("memory.stat", "anon 1\ninactive_file 1000\n")
        self.put("cpu.stat", "usage_usec 7000000\nuser_usec 1\n")

    def write(self, name: str, text: str) -> None:
        place = self.folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        (self.folder / "new").write_text(text)
        (self.folder / "new").replace(place)  # who reads it meanwhile reads either

    def put(self, name: str, text: str) -> None:
        (self.group / name).write_text(text)

    def process(self, pid: int, parent: int, anon: int = 100) -> None:
        self.write(f"proc/{pid}/stat", f"{pid} (a ) b) S {parent} 1 1 0 -1 4194304 9 9 9 9 1 2 3 4 20 0 1 0 77")
        self.write(f"proc/{pid}/status", f"Name:\ta\nRssAnon:\t  {anon} kB\nRssShmem:\t 1 kB\n")

    def text(self, clock: str = "") -> str:
        """The script, with a clock that goes half a second on with each look at it, or another."""
        text = PROBE.text.replace("('/proc', '/sys/fs/cgroup')", f"('{self.folder}/proc', '{self.folder}/groups')")
        clock = clock or "our $clock = 99.5; sub uptime { return $clock += 0.25 }"
        before, _, behind = text.partition("sub uptime { ")
        _, _, behind = behind.partition("\n")
        return f"{before}{clock}\n{behind}"

    def start(self, text: str) -> subprocess.Popen[str]:
        environment = {"PATH": os.environ["PATH"], "ZEBU_PROJECT": "zebu", "ZEBU_DOCKER_SOCKET": str(self.daemon.place)}
        return subprocess.Popen(
            ["perl", "-e", text], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
        )  # fmt: skip

    def samples(self, text: str = "") -> list[list[str]]:
        """What is told where the input ends at once."""
        out, err = self.start(text or self.text()).communicate(timeout=60)
        assert err == ""
        return [line.split() for line in out.splitlines()]


@pytest.fixture
def machine(tmp_path: Path, daemon: Daemon) -> Machine:
    return Machine(tmp_path, daemon)


def test_what_does_not_descend_from_the_first_process_is_no_use_of_memory(machine: Machine) -> None:
    samples = machine.samples()
    assert len(samples) >= 4
    used = 1_000_000 - 1000 - 1024 * 101
    assert {tuple(one[:5]) for one in samples} == {("@sample", "backend", str(used), "102400", "7000000000")}
    times = [float(one[5]) for one in samples]
    assert times == sorted(times)
    assert times[-1] - times[0] >= 1.5


def test_groups_within_a_group_are_its_processes_too(machine: Machine) -> None:
    machine.put("cgroup.procs", "10\n20\n")
    (machine.group / "inner/most").mkdir(parents=True)
    machine.put("inner/most/cgroup.procs", "11\n")
    machine.process(11, 10, 200)
    assert machine.samples()[0][3] == "204800"


GROWS = """
our ($clock, $asked) = (99.5, 0);
sub grow {
  my ($pid, $kilobytes) = @_;
  open my $out, '>', "%(proc)s/$pid/status";
  print $out "Name:\ta\nRssAnon:\t $kilobytes kB\nRssShmem:\t 1 kB\n";
}
sub uptime { $asked++; %(grow)s return $clock += 0.25 }
"""


def test_of_several_processes_the_one_that_gained_most_is_told(machine: Machine) -> None:
    """Workers that warm up side by side gain much together, and none of them leaks."""
    grow = "grow(10, 5000 + $asked); grow(11, 100 + 10 * $asked);"
    text = machine.text(GROWS % {"proc": machine.folder / "proc", "grow": grow})
    held = [int(one[3]) // 1024 for one in machine.samples(text)]
    assert held == sorted(set(held))
    assert (held[-1] - held[0]) % 10 == 0
    assert 100 < held[0] < held[-1] < 5000


def test_who_comes_or_goes_meanwhile_is_no_leak(machine: Machine) -> None:
    machine.process(12, 10, 9000)
    grow = "grow(11, 100 + 10 * $asked); if ($asked == 4) { unlink glob '%s/12/*' }" % (machine.folder / "proc")
    samples = machine.samples(machine.text(GROWS % {"proc": machine.folder / "proc", "grow": grow}))
    assert all(int(one[3]) < 9000 * 1024 for one in samples)


def test_of_the_first_kind_of_counters_of_the_processor_too(machine: Machine) -> None:
    (machine.group / "cpu.stat").unlink()
    machine.put("cpuacct.usage", "12345\n")
    assert {one[4] for one in machine.samples()} == {"12345"}


def test_of_the_first_kind_of_groups_too(machine: Machine) -> None:
    machine.put("memory.usage_in_bytes", "500000\n")
    machine.put("memory.stat", "inactive_file 5\ntotal_inactive_file 1000\n")
    (machine.group / "memory.current").unlink()
    assert machine.samples()[0][2] == str(500_000 - 5 - 1024 * 101)


@pytest.mark.parametrize(("number", "name"), [("1", "backend"), ("2", "backend-2"), (None, "backend")])
def test_replicas_have_their_numbers(number: str | None, name: str, machine: Machine) -> None:
    labels = {} if number is None else {"com.docker.compose.container-number": number}
    machine.daemon.has(container("backend", labels=labels, State={"Pid": 10}))
    assert machine.samples()[0][1] == name


def test_a_container_that_ends_meanwhile_has_no_more_samples(machine: Machine) -> None:
    """Such as one that reads nothing, which would be no use at all."""
    ends = "our ($clock, $asked) = 99.5; sub uptime { unlink glob '%s/*' if ++$asked == 6; return $clock += 0.25 }"
    samples = machine.samples(machine.text(ends % machine.group))
    assert 1 <= len(samples) < 4
    assert all(int(one[2]) > 0 for one in samples)


def test_a_daemon_that_does_not_answer_is_no_empty_project(machine: Machine) -> None:
    machine.daemon.answers["/containers/json"] = told({}, 500)
    process = machine.start(machine.text())
    assert (*process.communicate(timeout=60), process.returncode) == ("", "Docker's daemon answers with 500\n", 5)
    machine.daemon.has()
    assert machine.samples() == []


def test_it_goes_on_until_its_input_ends(machine: Machine) -> None:
    """Each sample says so here; what it tells at the end has the last of them."""
    text = machine.text('sub uptime { return (split / /, slurp("$PROC/uptime"))[0] }')
    text = text.replace("  push @rounds", '  print STDERR "one\\n";\n  push @rounds').replace(
        "$left < 0.1 ? $left : 0.1", "0.01"
    )
    text = text.replace("select($ready, undef, undef, $left)", "select($ready, undef, undef, 0.01)")
    with machine.start(text) as process:
        assert process.stdin
        assert process.stderr
        assert process.stdout
        for at in range(1, 8):
            assert process.stderr.readline() == "one\n"
            machine.write("proc/uptime", f"{100 + at / 2:.2f} 1")
        assert process.stderr.readline() == "one\n"
        process.stdin.write("what is said is of no interest\n")
        process.stdin.flush()
        assert process.poll() is None
        process.stdin.close()
        assert process.stderr.readline() == "one\n", "a last one at the end"
        assert process.stderr.readline() == ""
        assert len(process.stdout.read().splitlines()) == 9
        assert process.wait(timeout=60) == 0


def test_of_many_samples_some_are_told(machine: Machine) -> None:
    """Evenly, with the first and the last; and however long the others take, there is an end."""
    text = machine.text("our $clock = 99.75; sub uptime { return $clock += 0.05 }")
    times = [float(one[5]) for one in machine.samples(text.replace("($is_over && $lasted >= $SHORTEST || ", "("))]
    assert len(times) == 60
    steps = [later - sooner for sooner, later in pairwise(times)]
    assert max(steps) < 4 * min(steps)
    assert 44.5 < times[-1] - times[0] < 46


def test_a_few_of_many_samples() -> None:
    many = tuple(Sample(at, at, at, at) for at in range(11))
    assert [one.memory for one in spread(many)] == [0, 3, 7, 10]
    assert spread(many[:4]) == many[:4]
    assert spread(()) == ()
