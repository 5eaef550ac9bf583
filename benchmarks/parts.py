"""What is measured: each part gives one section of the results. What is compared is interleaved."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus

from benchmarks.hosts import hosts
from benchmarks.measured import Section, Spread, Wish, percentile, table
from benchmarks.place import ROOT, SUITE, WITHOUT_BROWSER, Bench, Run, outcomes
from benchmarks.plugins import ALONE, PLUGINS
from benchmarks.relay import Counted, relayed
from benchmarks.visitors import Visit, during, ranked, visiting

DELAYS_MS = {0: (2.9, 3.6), 25: (3.3, 6.1), 100: (4.3, 15.2)}
"""Round trips in milliseconds; what was wanted of this suite while the opponent took so long, in seconds."""
OPPONENT = "testinfra, multiplexed, -n 4"
BROWSER_SECONDS = 5.0
IMPORT_MS, HELP_MS, REPLAY_SECONDS = 20.0, 150.0, 1.5
STARTS = 7
"""How often what takes less than a second is started."""
ENTRY = "pytest_zebu.plugin.hooks"
HOSTS, HOSTS_RATIO = 32, 3.0
RATE, QUIET_SECONDS, QUIET_RATIO = 20.0, 20.0, 1.2
WITHOUT, WITH_LOOPS, WITH_RUNS = "without", "with idle loops", "with runs"
PERCENT = 95.0
SETTLE_SECONDS = 2.0
ELSEWHERE = (*ranked(19), "chrt", "--idle", "0")
"""In the field this machine is another one. Here it gives the processors to whoever else wants them."""
OVERLOAD = 4
BUSY = "while :; do :; done"
"""A loop for a shell."""
BUSY_MINUTES = 30
IDLE_SECONDS = 5.0
LATE = re.compile(r"timed out|no time left|in time", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Task:
    """What every part is given.

    Attributes:
        rounds: how often each of what is compared runs.
        say: how it goes on.
    """

    bench: Bench
    rounds: int
    say: Callable[[str], None]


@dataclass(slots=True)
class Costs:
    """What several runs of the same cost."""

    seconds: list[float] = field(default_factory=list)
    here: list[float] = field(default_factory=list)
    there: list[float] = field(default_factory=list)
    logins: list[float] = field(default_factory=list)
    turns: list[float] = field(default_factory=list)

    def add(self, run: Run, counted: Counted | None = None) -> None:
        """Take a run in."""
        self.seconds.append(run.seconds)
        self.here.append(run.here)
        self.there.append(run.there)
        self.logins.append(counted.connections if counted else run.logins)
        self.turns.append(counted.turns if counted else 0)

    def cells(self) -> tuple[str, ...]:
        """The median and spread of each, for a table."""
        return (
            Spread.of(self.seconds).text(2),
            Spread.of(self.here).text(1),
            Spread.of(self.there).text(1),
            Spread.of(self.logins).text(0),
            Spread.of(self.turns).text(0),
        )


def compare(task: Task) -> Section:
    """The suite without browser and active probes beside plain checks, through a relay that adds round-trip time."""
    costs: dict[tuple[int, str], Costs] = defaultdict(Costs)
    for number in range(task.rounds + 1):
        for delay in DELAYS_MS if number else (0,):  # the first round only warms files and bytecode
            with relayed(task.bench.address, delay) as through:
                ours, host = task.bench.suite(*WITHOUT_BROWSER, port=through.port)
            judged = sum(outcome != "not_assessed" for outcome, _ in outcomes(host).values())
            with relayed(task.bench.address, delay) as beside:
                theirs = task.bench.opponent(beside.port)
            if not number:
                continue
            costs[delay, SUITE].add(ours, through.counted)
            costs[delay, OPPONENT].add(theirs, beside.counted)
            task.say(f"round {number}, {delay} ms: {ours.seconds:.2f} s, {theirs.seconds:.2f} s")
    checks = re.search(r"(\d+) passed", theirs.output)
    started, there = time.monotonic(), task.bench.there()
    time.sleep(IDLE_SECONDS)
    idle = (task.bench.there() - there) / (time.monotonic() - started)
    head = ("round trip", "", "seconds", "processor here", "processor on the target", "connections", "turns")
    rows = [
        (f"{delay} ms", name, *cost.cells()) for (delay, name), cost in sorted(costs.items(), key=lambda one: one[0][0])
    ]
    wishes = [
        Wish(
            f"{delay} ms, this suite / {OPPONENT}",
            Spread.of(costs[delay, SUITE].seconds).median / Spread.of(costs[delay, OPPONENT].seconds).median,
            ours / theirs,
        )
        for delay, (ours, theirs) in DELAYS_MS.items()
    ]
    return Section(
        TITLES["table"],
        (
            f"The suite, which judges {judged} items, beside {checks[1] if checks else 'the'} plain checks (`opponent/`). Each run is a fresh process with a",
            f"login of its own. Medians of {task.rounds}, interleaved, and in brackets from where to where they go. Turns are how often a client",
            "spoke after it had been answered: round trips that were waited for, those of each login among them. By its own count the suite",
            f"asked the target in {host['ssh_round_trips']} round trip(s) over one connection; further connections only look at what sshd offers.",
            f"Left alone, the target takes {idle:.2f} processor seconds a second.",
            "",
            *table(head, rows),
        ),
        tuple(wishes),
    )  # fmt: skip


def browse(task: Task) -> Section:
    """The whole suite, with the browser."""
    costs = Costs()
    for number in range(task.rounds + 1):
        done, host = task.bench.suite()
        judged = sum(outcome != "not_assessed" for outcome, _ in outcomes(host).values())
        if number:
            costs.add(done)
            task.say(f"round {number}: {done.seconds:.2f} s")
    head = ("seconds", "processor here", "processor on the target", "logins")
    return Section(
        TITLES["browser"],
        (f"All items but those of the active probes; {judged} are judged. Medians of {task.rounds}.", "", *table(head, [costs.cells()[:4]])),
        (Wish("the whole suite with the browser", Spread.of(costs.seconds).median, BROWSER_SECONDS, " s"),),
    )  # fmt: skip


def imported_ms(text: str, module: str = ENTRY) -> float:
    """What importing a module took, with all that it imported, by `python -X importtime`.

    Raises:
        ValueError: the text does not tell.
    """
    for line in text.splitlines():
        parts = line.removeprefix("import time:").split("|")
        if len(parts) == 3 and parts[2].strip() == module:
            return int(parts[1]) / 1000
    raise ValueError(f"it is not told what {module} took")


def start(task: Task) -> Section:
    """How long it takes until something happens: importing the plugin, `zebu --help`, judging a snapshot again."""
    snapshot = task.bench.folder / "snapshot.json"
    task.bench.suite(f"--zebu-save={snapshot}")
    environment = {"PYTHONPATH": str(ROOT)}
    importing = [sys.executable, "-X", "importtime", "-c", f"import pytest, {ENTRY}"]
    asking = [sys.executable, "-c", "from pytest_zebu.commands.cli import main; main()", "--help"]
    imports, helps, replays = [], Costs(), Costs()
    for number in range(STARTS + 1):
        done = subprocess.run(
            importing, cwd=task.bench.empty, env=_compiling(environment), capture_output=True, text=True, check=True
        )
        asked = task.bench.run(asking, environment=environment)
        if number:
            imports.append(imported_ms(done.stderr))
            helps.add(asked)
    for number in range(task.rounds + 1):
        words = [
            "--zebu-host=lab",
            f"--zebu-config={task.bench.declare()}",
            f"--zebu-replay={snapshot}",
            "-p",
            "no:cacheprovider",
        ]
        replayed = task.bench.run(
            [sys.executable, "-m", "pytest", *PLUGINS, *words], environment=environment | ALONE, statuses=(0, 1)
        )  # fmt: skip
        if number:
            replays.add(replayed)
    by_name = {"`zebu --help`": helps, "a replay of all items": replays}
    rows = [("the plugin's import, pytest being there", f"{Spread.of(ms / 1000 for ms in imports).text(3)}", "")]
    rows += [(name, Spread.of(cost.seconds).text(3), Spread.of(cost.here).text(3)) for name, cost in by_name.items()]
    return Section(
        TITLES["starting"],
        (f"Fresh processes; medians of {STARTS}, of the replay {task.rounds}.", "", *table(("", "seconds", "processor here"), rows)),
        (
            Wish("the plugin's import", Spread.of(imports).median, IMPORT_MS, " ms", 0),
            Wish("`zebu --help`", Spread.of(helps.seconds).median * 1000, HELP_MS, " ms", 0),
            Wish("a replay of all items", Spread.of(replays.seconds).median, REPLAY_SECONDS, " s"),
        ),
    )  # fmt: skip


def _compiling(environment: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"} | environment


def many(task: Task) -> Section:
    """One host and thirty-two, each a port of one sshd with recorded answers."""
    costs: dict[int, Costs] = {1: Costs(), HOSTS: Costs()}
    logins: dict[int, Costs] = {count: Costs() for count in costs}
    report = task.bench.folder / "hosts.json"
    with ExitStack() as stack:
        places = {count: stack.enter_context(hosts(count)) for count in costs}
        for number in range(task.rounds + 1):
            for count, found in places.items():
                done = task.bench.run(
                    [*found.inside, sys.executable, "-m", "pytest", *PLUGINS, f"--zebu-config={found.config}", f"--zebu-host={','.join(found.names)}", *WITHOUT_BROWSER,
                     f"--zebu-json={report}", "-p", "no:cacheprovider"],
                    cwd=found.folder,
                    environment={"PYTHONPATH": str(ROOT), **ALONE},
                    statuses=(0, 1),
                )  # fmt: skip
                reached = sum(host["reachable"] for host in json.loads(report.read_text())["hosts"])
                if reached != count:
                    raise RuntimeError(f"{reached} of {count} hosts were reached:\n{done.output}")
                alone = task.bench.run(found.logins, cwd=found.folder)
                if number:
                    costs[count].add(done)
                    logins[count].add(alone)
                    task.say(
                        f"round {number}, {count} hosts: {done.seconds:.2f} s; logins alone: {alone.seconds:.2f} s"
                    )
    medians = {count: Spread.of(cost.seconds).median for count, cost in costs.items()}
    rows = [
        (f"{count}{what}", Spread.of(cost.seconds).text(2), Spread.of(cost.here).text(1))
        for of, what in ((costs, ""), (logins, ", logins alone"))
        for count, cost in of.items()
    ]
    return Section(
        TITLES["hosts"],
        (
            f"One machine's sshd on {HOSTS} ports, with recorded answers. Medians of {task.rounds}, interleaved. What logs in at once and does nothing",
            "there (`ssh HOST true`) is the least that it can take: both ends share this machine's processors.",
            "",
            *table(("hosts", "seconds", "processor here"), rows),
        ),
        (Wish(f"{HOSTS} hosts / one", medians[HOSTS] / medians[1], HOSTS_RATIO),),
    )


def quiet(task: Task) -> Section:
    """What the application's visitors feel of a run: steady requests with and without runs going on."""
    bench = task.bench
    seen: dict[str, list[list[Visit]]] = {WITHOUT: [], WITH_LOOPS: [], WITH_RUNS: []}
    costs = Costs()
    bench.suite(*WITHOUT_BROWSER)
    for number in range(1, task.rounds + 1):
        for what in seen:
            spans = []
            with visiting(RATE) as visits, spinning(os.cpu_count() or 1 if what == WITH_LOOPS else 0, ELSEWHERE):
                time.sleep(SETTLE_SECONDS)
                ends = time.monotonic() + QUIET_SECONDS
                while (began := time.monotonic()) < ends:
                    if what == WITH_RUNS:
                        costs.add(bench.suite(*WITHOUT_BROWSER, prefix=ELSEWHERE)[0])
                    else:
                        time.sleep(QUIET_SECONDS)
                    spans.append((began, time.monotonic()))
            seen[what].append(during(visits, spans))
            task.say(f"round {number}, {what}: p95 {1000 * _p95(seen[what][-1]):.1f} ms")
    rows, p95 = [], {}
    for what, rounds in seen.items():
        p95[what] = Spread.of(1000 * _p95(visits) for visits in rounds)
        p50 = Spread.of(1000 * percentile([visit.seconds for visit in visits], 50) for visits in rounds)
        every = [visit for visits in rounds for visit in visits]
        wrong = sum(visit.status != HTTPStatus.OK for visit in every)
        rows.append(
            (what, str(len(every)), p50.text(), p95[what].text(), str(wrong)),
        )
    spent = Spread.of(costs.there).text()
    return Section(
        TITLES["quiet"],
        (
            f"{RATE:.0f} requests a second to the health and, with a key, to the portfolios, from the lab's internet, for {QUIET_SECONDS:.0f} s and more, without",
            f"and with runs one after the other ({len(costs.seconds)} in all); {task.rounds} rounds, interleaved. A run takes {spent} processor seconds on the target, the",
            "requests' own among them. What judges, and in the field runs on another machine, shares the target's processors here: it has them",
            "last, and the visitors first (`ranked` in `visitors.py`). Loops of that lowest priority, one for each processor, show what it costs the visitors",
            "that this machine's processors are busy at all, whatever with.",
            "",
            *table(("", "requests", "median, ms", "p95, ms", "unanswered or wrong"), rows),
        ),
        (Wish("p95 with a run / without", p95[WITH_RUNS].median / p95[WITHOUT].median, QUIET_RATIO),),
    )  # fmt: skip


def _p95(visits: Sequence[Visit]) -> float:
    return percentile([visit.seconds for visit in visits], PERCENT)


@contextmanager
def spinning(count: int, prefix: Sequence[str] = ()) -> Iterator[None]:
    """So many programs on this machine that only want a processor. They end with it.

    Args:
        count: of them.
        prefix: what gives them their priority.
    """
    loops: list[subprocess.Popen[bytes]] = []
    try:
        for _ in range(count):
            loops.append(subprocess.Popen([*prefix, "sh", "-c", BUSY]))
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


@contextmanager
def busy(bench: Bench, times: int = OVERLOAD) -> Iterator[int]:
    """All processors wanted by so many more programs than there are: half of them on the target, half beside it. They end with it."""
    count = times * (os.cpu_count() or 1)
    units = [f"zebu-benchmark-busy-{number}" for number in range(count // 2)]
    try:
        for unit in units:
            bench.lab.vm.run(
                ["systemd-run", "--quiet", "--collect", f"--unit={unit}", f"--property=RuntimeMaxSec={60 * BUSY_MINUTES}",
                 "sh", "-c", BUSY]
            )  # fmt: skip
        with spinning(count - len(units)):
            yield count
    finally:
        bench.lab.vm.run(["systemctl", "stop", *units], check=False)


def burden(task: Task) -> Section:
    """The whole suite while all processors are busy: what is lost to time limits."""
    _, host = task.bench.suite()
    idle = outcomes(host)
    costs, lost = Costs(), []
    with busy(task.bench) as count:
        for number in range(1, task.rounds + 1):
            done, host = task.bench.suite()
            costs.add(done)
            lost.append(lost_items(idle, outcomes(host)))
            task.say(f"round {number}: {done.seconds:.1f} s, {len(lost[-1])} lost")
    named = sorted({f"- lost: `{item}`: {why}" for one in lost for item, why in one.items()})
    late = max(sum(bool(LATE.search(why)) for why in one.values()) for one in lost)
    head = ("busy loops", "seconds", "processor here", "processor on the target, its loops among them", "items lost")
    row = (
        str(count),
        Spread.of(costs.seconds).text(),
        Spread.of(costs.here).text(),
        Spread.of(costs.there).text(),
        Spread.of(len(one) for one in lost).text(0),
    )
    return Section(
        TITLES["load"],
        (
            f"{count} busy loops on {os.cpu_count()} processors, half of them on the target, and the whole suite with the browser; {task.rounds} runs. Lost is what",
            f"was assessed when idle and is not now; of {late} of them the reason says that time ran out.",
            "",
            *table(head, [row]),
            *(["", *named] if named else []),
        ),
        (Wish("items lost to time limits", max(len(one) for one in lost), 0, digits=0),),
    )  # fmt: skip


def lost_items(idle: dict[str, tuple[str, str]], loaded: dict[str, tuple[str, str]]) -> dict[str, str]:
    """The items that were assessed when all was idle, and are not any more, with the reason."""
    return {
        item: why
        for item, (outcome, why) in loaded.items()
        if outcome == "not_assessed" and idle[item][0] != "not_assessed"
    }


def scale(task: Task) -> Section:
    """Lynis and OpenSCAP on the same machine, for scale. They are installed into it, and it is reset afterwards."""
    from benchmarks import comparison  # it draws pictures, too, and needs what draws them

    folder = task.bench.folder / "scale"
    folder.mkdir(exist_ok=True)
    lab = task.bench.lab
    done, host = task.bench.suite()
    judged = sum(outcome != "not_assessed" for outcome, _ in outcomes(host).values())
    rows = [(f"{SUITE}, with the browser", f"{done.seconds:.1f}", f"{done.here:.1f}", f"{done.there:.1f}", str(judged))]
    try:
        comparison.install(lab, folder / "packages")
        for name, tool in comparison.TOOLS.items():
            if name == "zebu":
                continue
            before, there = resource.getrusage(resource.RUSAGE_CHILDREN), task.bench.there()
            seen = tool(lab, folder)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            # What is started from here is counted here, whatever machine it looks at.
            took = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime + task.bench.there() - there
            rows.append((name, f"{seen.seconds:.1f}", "", f"{took:.1f}", str(seen.judged)))
            task.say(f"{name}: {seen.seconds:.1f} s")
    finally:
        lab.reset(["vm"])
    return Section(
        TITLES["scale"],
        (
            "Once each, on the same machine. Lynis and OpenSCAP look from inside only; what they say is compared in",
            "[comparison.md](../docs/comparison.md).",
            "",
            *table(("", "seconds", "processor here", "processor on the target", "judged"), rows),
        ),
    )


TITLES = {
    "table": "Beside plain checks",
    "browser": "The whole suite",
    "hosts": "Several hosts",
    "load": "Under load",
    "quiet": "What the application feels",
    "scale": "For scale",
    "starting": "Starting",
}
"""Of the sections, in the file's order."""
PARTS: dict[str, Callable[[Task], Section]] = {
    "table": compare,
    "browser": browse,
    "starting": start,
    "hosts": many,
    "quiet": quiet,
    "load": burden,
    "scale": scale,
}
"""By the names that are given, in the order in which they run: what changes the machine comes last."""
