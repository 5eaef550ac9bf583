"""Several hosts in one run: a dead, a refusing and a hanging one cost the others nothing, and each is told by its name."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import force_setattr, replace

from pytest_zebu.facts import alike, firewall
from pytest_zebu.facts.answer import Said
from pytest_zebu.facts.fact import Fact, Gathered
from pytest_zebu.gather import snapshot as snapshots
from pytest_zebu.gather.gathering import gather
from pytest_zebu.gather.snapshot import Snapshot
from pytest_zebu.gather.ssh import Connection
from pytest_zebu.plugin import calling, judge, judging
from pytest_zebu.plugin import run as run_module
from tests import recorded

KINDS = ("hanging", "dead", "refusing", "here", "there")
"""By the number of their port. The one that hangs is named first."""
SSH = """#!{python} -ISE
import os, pathlib, re, sys, time
folder = pathlib.Path({folder!r})
words = sys.argv[1:]
if "-G" in words or "-O" in words or words[-1] == "true":
    sys.exit(255)
text = pathlib.Path(words[words.index("-F") + 1]).read_text()
kind = {kinds!r}[int(re.search(r"Port (\\d+)", text)[1]) - 1]
complaints = {{"dead": "ssh: connect to host x port 1: Connection refused", "refusing": "x@x: Permission denied (publickey).",
               "hanging": "ssh: connect to host x port 1: Connection timed out"}}
if kind == "hanging":
    while not all((folder / one).exists() for one in (folder / "awaited").read_text().split()):
        time.sleep(0.02)
if kind in complaints:
    sys.stderr.write(complaints[kind] + "\\n")
    sys.exit(255)
asked = b""
while not (found := re.search(rb"nonce 16\\n([0-9a-f]{{16}})script (\\d+)\\n", asked)) or len(asked) < found.end() + int(found[2]):
    asked += os.read(0, 65536)
nonce, host = found[1].decode(), f"name={{kind}}\\ntime={{int(time.time())}}\\nroot=1\\n"
sys.stdout.write(f"ZEBU1 {{nonce}}\\n{{nonce}} zebu.host done 0 1 {{len(host)}} 0\\n{{host}}END {{nonce}}\\n")
sys.stdout.flush()
(folder / kind).touch()
"""

WAITS = """
for _ in range(1500):
    if (folder / "read").exists():
        (folder / "waited").touch()
        break
    time.sleep(0.02)
"""
"""At its end, until something was read of what it said."""


@pytest.fixture
def hosts(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """An ssh that answers as the host's port says; the one that hangs ends when the healthy ones have been asked, or later."""
    (pytester.path / "awaited").write_text("here there")
    place = pytester.path / "bin"
    place.mkdir()
    (place / "ssh").write_text(SSH.format(python=sys.executable, folder=str(pytester.path), kinds=KINDS))
    (place / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{place}:{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(pytester.path))
    tables = [f'[hosts.{kind}]\naddress = "127.0.0.1"\nport = {port}\n' for port, kind in enumerate(KINDS, 1)]
    pytester.makefile(".toml", zebu="deadline = 300\ntimeout = 300\n" + "\n".join(tables))
    return pytester


def reports(folder: Path) -> dict[str, dict[str, Any]]:
    return {host["name"]: host for host in json.loads((folder / "report.json").read_text())["hosts"]}


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "n2"])
def test_odd_hosts_cost_the_others_nothing(
    hosts: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, workers: tuple[str, ...]
) -> None:
    """One after the other they would never end: the first waits for the last, and in one process until that is told of."""

    def telling(found: Snapshot) -> str:
        if found.host == "there":
            (hosts.path / "told").touch()
        return told_of(found)

    told_of = run_module.told
    monkeypatch.setattr(run_module, "told", telling)
    if not workers:
        (hosts.path / "awaited").write_text("here there told")
    options = (f"--zebu-host={','.join(KINDS)}", "-k", "deploy.initial.ssh", "--zebu-json=report.json", *workers)
    run = hosts.runpytest_subprocess if workers else hosts.runpytest_inprocess
    result = run(*options)
    assert result.ret == 1
    found = reports(hosts.path)
    assert {name: host["reachable"] for name, host in found.items()} == {
        "hanging": False, "dead": False, "refusing": False, "here": True, "there": True,
    }  # fmt: skip
    assert found["dead"]["trouble"] == "nothing answers on the ssh port"
    assert "the key was refused" in found["refusing"]["trouble"]
    assert found["hanging"]["trouble"] == "no answer in time"
    if workers:
        return
    told = [line for line in result.outlines if line.startswith("zebu: ")]
    assert told[0] == "zebu: asking 5 hosts, each by ssh and from outside"
    assert len(told) == 1 + len(KINDS)
    assert "zebu: dead: ssh: nothing answers on the ssh port" in told
    before = told[: told.index("zebu: hanging: ssh: no answer in time")]
    assert any(line.startswith("zebu: here answered: ") for line in told)
    assert any(line.startswith("zebu: there answered: ") for line in before), "told of before the one that hangs"


def test_what_breaks_one_gathering_is_that_hosts_trouble(
    hosts: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaking(target: Any, *arguments: Any) -> Any:
        if target.name == "here":
            raise ValueError("a fault of ours")
        return gather(target, *arguments)

    monkeypatch.setattr(run_module, "gather", breaking)
    result = hosts.runpytest_inprocess(
        "--zebu-host=here,there", "-k", "deploy.initial.ssh", "--zebu-json=report.json", "--zebu-save=kept.json"
    )
    assert result.ret == 1
    found = reports(hosts.path)
    assert found["there"]["reachable"] and not found["here"]["reachable"]
    result.stdout.fnmatch_lines(["*nothing was gathered of here: a fault of pytest-zebu's own: ValueError*"])
    assert [*json.loads((hosts.path / "kept.json").read_text())["hosts"]] == ["there"]


def test_each_host_is_judged_by_its_own_words(hosts: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    path = hosts.path / "zebu.toml"
    own = '[hosts.there.domains]\nsite = "there.example"\n[hosts.there.requirements]\ncpus = 2\n'
    own += '[[hosts.there.relaxed]]\nkey = "requirements.cpus"\nreason = "few users"\napprover = "operations"\n'
    path.write_text(f"{path.read_text()}\n{own}")
    asked: dict[str, str | None] = {}

    def noting(target: Any, facts: list[Fact[Any]], *arguments: Any) -> Any:
        asked[target.name] = target.settings.domains.site
        return gather(target, facts, *arguments)

    monkeypatch.setattr(run_module, "gather", noting)
    hosts.runpytest_inprocess("--zebu-host=here,there", "-k", "no-passwords", "--zebu-json=report.json")
    assert asked == {"here": None, "there": "there.example"}
    relaxed = {name: [one["key"] for one in host["relaxed"]] for name, host in reports(hosts.path).items()}
    assert relaxed == {"here": [], "there": ["requirements.cpus"]}


@pytest.mark.parametrize("most", [len(KINDS), 2])
def test_the_first_hosts_are_logged_in_to_at_once(
    hosts: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """As many as are asked at once."""
    called: list[str] = []
    monkeypatch.setattr(calling, "HOSTS_AT_ONCE", most)
    monkeypatch.setattr(Connection, "call", lambda connection: called.append(connection.target.name))
    hosts.runpytest_inprocess(f"--zebu-host={','.join(KINDS)}", "--collect-only", "-k", "deploy.initial.ssh")
    assert called == [], "nobody is asked"
    hosts.runpytest_inprocess(f"--zebu-host={','.join(KINDS)}", "-k", "deploy.initial.ssh")
    assert called == [*KINDS[:most]]


OWN = {
    "none": "",
    "one that asks no machine": "def test_own(): pass",
    "one that asks the machine": "def test_own(host): pass",
}


@pytest.mark.parametrize("own", OWN)
def test_connections_end_while_it_is_judged_unless_tests_of_a_projects_own_may_use_them(
    hosts: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, own: str
) -> None:
    order: list[str] = []
    closed = threading.Event()
    close = Connection.close

    def closing(connection: Connection) -> None:
        close(connection)
        order.append("closed")
        closed.set()

    class Watching:
        def pytest_runtest_logstart(self, nodeid: str) -> None:
            if own == "none":
                closed.wait(30 if not order else 0)
            order.append("judged")

    monkeypatch.setattr(Connection, "close", closing)
    arguments: tuple[str, ...] = ("--zebu-host=here", "-k", "ssh or own")
    if own != "none":
        hosts.makepyfile(OWN[own])
        arguments = (*arguments, "--pyargs", "tests_prod.deployment_verification", str(hosts.path))
    hosts.runpytest_inprocess(*arguments, plugins=[Watching()])
    ended = order.index("closed")
    assert "judged" in order
    assert ("judged" not in order[:ended]) is (own == "none")
    assert own == "none" or "judged" not in order[ended:]


def test_of_one_host_facts_are_read_while_the_rest_is_on_its_way(
    hosts: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine goes on when that is done; and what was read so is what is judged."""
    read: list[str] = []
    whole = Fact._parsed

    def noting(fact: Fact[Any], *given: Any) -> Any:
        found = whole(fact, *given)
        read.append(fact.name)
        if fact.name == "machine":
            (hosts.path / "read").touch()
        return found

    monkeypatch.setattr(Fact, "_parsed", noting)
    ssh = hosts.path / "bin/ssh"
    ssh.write_text(ssh.read_text() + WAITS)
    hosts.runpytest_inprocess("--zebu-host=here", "-k", "deploy.initial.ssh", "--zebu-json=report.json")
    assert reports(hosts.path)["here"]["reachable"]
    assert (hosts.path / "waited").exists()
    assert read.count("machine") == 1


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "n2"])
def test_what_two_hosts_said_alike_is_shared_and_what_they_did_not_is_not(
    pytester: pytest.Pytester, workers: tuple[str, ...]
) -> None:
    """Of three, two have said the same; of the third no rules are known."""
    one = snapshots.read(recorded.SNAPSHOT)["lab"]
    rules = {probe.name: Said(0, "") for probe in firewall.FACT.probes}
    odd = replace(one.gathered, answers={**one.gathered.answers, **rules})
    found = {name: replace(one, host=name) for name in ("one", "two")} | {"odd": replace(one, host="odd", gathered=odd)}
    snapshots.write(pytester.path / "three.json", found)
    options = ("--zebu-replay=three.json", "-k", "firewall", "--zebu-json=report.json")
    outcomes: dict[tuple[str, str], list[Any]] = {}
    for name in (*found, "one,odd,two"):
        at_work = workers if "," in name else ()
        run = pytester.runpytest_subprocess if at_work else pytester.runpytest_inprocess
        run(*options, f"--zebu-host={name}", *at_work)
        outcomes |= {
            (name, host): [(item["outcome"], item["reason"], item["evidence"]) for item in told["items"]]
            for host, told in reports(pytester.path).items()
        }
    for host in found:
        assert outcomes["one,odd,two", host] == outcomes[host, host]
    assert outcomes["odd", "odd"] != outcomes["one", "one"] == outcomes["two", "two"]


def test_of_hosts_that_said_the_same_the_rules_are_read_once(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = snapshots.read(recorded.SNAPSHOT)["lab"]
    names = [f"host{number}" for number in range(4)]
    found = {
        name: replace(one, host=name, gathered=replace(one.gathered, time=one.gathered.time + number))
        for number, name in enumerate(names)
    }
    snapshots.write(pytester.path / "four.json", found)
    times: list[None] = []

    def counted(gathered: Gathered, target: Any) -> Any:
        times.append(None)
        return firewall.parse(gathered, target)

    force_setattr(firewall.FACT, "parse", counted)
    try:
        pytester.runpytest_inprocess("--zebu-replay=four.json", "-k", "firewall", "--zebu-json=report.json")
    finally:
        force_setattr(firewall.FACT, "parse", firewall.parse)
    assert [*reports(pytester.path)] == names
    assert len(times) == 1
    assert alike.kept() == 0, "nothing is kept when the run has ended"


def test_of_hosts_that_said_the_same_a_check_is_called_once(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it found is each host's; what a check is told of the host itself, or of earlier runs, is of each alone."""
    one = snapshots.read(recorded.SNAPSHOT)["lab"]
    names = [f"host{number}" for number in range(4)]
    snapshots.write(pytester.path / "four.json", {name: replace(one, host=name) for name in names})
    called: list[str] = []
    call = judge._called

    def counted(check: Any, item_id: str, *more: Any) -> Any:
        called.append(item_id)
        return call(check, item_id, *more)

    monkeypatch.setattr(judge, "_called", counted)
    options = ("--zebu-replay=four.json", "-k", "firewall or test_people_do_it", "--zebu-json=report.json")
    pytester.runpytest_inprocess(*options)
    found = reports(pytester.path)
    assert [*found] == names
    times = Counter(called)
    assert times["pre.security.firewall.backend-not-exposed"] == times["pre.security.firewall.redis-local"] == 1
    assert times["pre.security.firewall.enabled"] == len(names), "it is told of the host itself"
    assert {times[item] for item in times if item.startswith("ops.")} == {len(names)}
    told = [
        [(item["id"], item["outcome"], item["reason"], item["evidence"]) for item in host["items"]]
        for host in found.values()
    ]
    assert told[0] == told[1] == told[2] == told[3]
    fixes = {host["name"]: [item["fix"] for item in host["items"] if item["fix"]] for host in found.values()}
    assert all(other not in " ".join(fixes[name]) for name in names for other in names if other != name)


class Hooks:
    """What a worker's hooks know: which tests decide items."""

    is_worker = True
    deciding = frozenset({"test_a.py::test[item]"})


def carried(data: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A report's data as a worker sends it, and as it is read again."""
    hooks: Any = judging.XdistHooks(None, Hooks())  # type: ignore[arg-type]
    sending = hooks.pytest_report_to_serializable()
    next(sending)
    with pytest.raises(StopIteration) as sent:
        sending.send({**data})
    on_its_way = {**sent.value.value}
    reading = hooks.pytest_report_from_serializable(read := {**on_its_way})
    next(reading)
    return on_its_way, read


REPORT: dict[str, Any] = {
    "nodeid": "test_a.py::test[item]", "keywords": {"test": 1, "item": 1}, "location": ("test_a.py", None, "test"),
    "sections": [("Captured", "said")], "user_properties": [("name", "value")], "zebu": {"host": "h", "cases": [1, None, "\ud800"]},
}  # fmt: skip


@pytest.mark.parametrize(
    "odd", [{}, {"user_properties": [("name", 1)]}, {"sections": [("a", b"b")]}, {"keywords": {"a": True}}]
)
def test_what_a_worker_sends_in_one_text_comes_as_it_was(odd: dict[str, Any]) -> None:
    """Also where a test has given itself what is no text; that goes as it did before."""
    told = {**REPORT, **odd}
    on_its_way, read = carried(told)
    assert alike.is_same(dict(sorted(read.items())), dict(sorted(told.items())))
    assert {*on_its_way} == {"nodeid", "zebu_texts", *odd}


def test_other_peoples_tests_are_sent_as_they_are() -> None:
    told = {**REPORT, "nodeid": "test_own.py::test"}
    assert carried(told) == (told, told)
