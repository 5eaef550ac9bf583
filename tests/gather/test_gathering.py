"""One gathering, with a connection that answers from memory: who is asked what, and what it means when nobody answers."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import Any, ClassVar, cast

import pytest

from pytest_zebu.facts import ALL
from pytest_zebu.facts.answer import Known, Reason, Said, Unknown
from pytest_zebu.facts.fact import Fact, Gathered, Look, Probe
from pytest_zebu.facts.postgres import TRIES
from pytest_zebu.gather import database, gathering
from pytest_zebu.gather.deadline import NEVER, NO_TIME, Deadline
from pytest_zebu.gather.gathering import gather, offered_methods
from pytest_zebu.gather.outside import Outside
from pytest_zebu.gather.ssh import Connection, Refused
from pytest_zebu.settings import Settings
from pytest_zebu.settings.sections import Host
from pytest_zebu.settings.target import Target

FACTS = [ALL[name] for name in ("database", "cluster", "database_password", "pool_timeouts")]


class FromMemory:
    """A connection that says the same of every probe, or refuses."""

    logins = round_trips = 1
    effort: ClassVar[Mapping[str, str]] = {}
    control_path = Path("/nonexistent")

    def __init__(self, refusal: str = "") -> None:
        self.refusal = refusal
        self.called = threading.Event()
        self.asked: list[str] = []

    def ask(
        self,
        probes: Sequence[Probe],
        seconds: float | None = None,
        deadline: Deadline = NEVER,
        on_answer: Callable[[str, Said | Unknown], None] | None = None,
    ) -> Mapping[str, Said | Unknown]:
        self.called.set()
        self.asked += [probe.name for probe in probes]
        if self.refusal:
            raise Refused(self.refusal)
        host = {"zebu.host": Said(0, "root=1\nrole=zebu_app\n")}
        return {**{probe.name: Said(0, "by the machine\n") for probe in probes}, **host}

    def forward(self, host: str, port: int) -> None:
        """Nobody goes through it here."""


def target(**tables: Any) -> Target:
    return Target(name="vm", host=Host(), settings=Settings.model_validate(tables))


@pytest.fixture
def direct(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Set[str], str]]:
    asked: list[tuple[Set[str], str]] = []

    def ask(settings: Settings, wanted: Set[str], role: str, forward: Any, deadline: Deadline) -> dict[str, Said]:
        asked.append((wanted, role))
        return dict.fromkeys(wanted, Said(0, "by the database\n"))

    monkeypatch.setattr(database, "ask_database", ask)
    return asked


def test_a_database_in_a_container_is_asked_in_the_batch(direct: list[tuple[Set[str], str]]) -> None:
    connection = FromMemory()
    found = gather(target(), FACTS, cast(Connection, connection), lambda line: None)
    assert {"postgres.state", "postgres.cluster", "postgres.login"} <= {*connection.asked}
    assert found.gathered.answers["postgres.state"] == Said(0, "by the machine\n")
    assert direct == []


def test_the_machine_is_told_what_is_declared_now() -> None:
    """More may be declared than when the connection was made: what was discovered meanwhile."""
    connection = FromMemory()
    now = target(backups={"folder": "/srv/dumps"})
    gather(now, FACTS, cast(Connection, connection), lambda line: None)
    assert vars(connection)["target"].told["backup_folder"] == "/srv/dumps"


def test_a_declared_database_is_asked_itself(direct: list[tuple[Set[str], str]]) -> None:
    """Its questions leave the batch; the login from the backend's side stays there."""
    connection = FromMemory()
    declared = target(database={"url_file": "url"})
    found = gather(declared, FACTS, cast(Connection, connection), lambda line: None)
    assert sorted(connection.asked) == ["backend.pool", "postgres.login"]
    assert direct == [({"postgres.state", "postgres.cluster", TRIES}, "zebu_app")]
    said = {name for name, answer in found.gathered.answers.items() if answer == Said(0, "by the database\n")}
    assert said == {"postgres.state", "postgres.cluster", TRIES}


def test_nothing_is_asked_of_a_declared_database_that_nobody_judges(direct: list[tuple[Set[str], str]]) -> None:
    declared = target(database={"url_file": "url"})
    gather(declared, [ALL["pool_timeouts"]], cast(Connection, FromMemory()), lambda line: None)
    assert direct == []


def test_where_the_machine_refuses_the_database_is_unknown_for_that_reason(
    direct: list[tuple[Set[str], str]],
) -> None:
    """Which role the backend has is then unknown, and a port cannot be forwarded."""
    declared = target(database={"url_file": "url"})
    found = gather(declared, FACTS, cast(Connection, FromMemory("the key was refused")), lambda line: None)
    why = Unknown(Reason.UNREACHABLE, "ssh: the key was refused")
    for name in ("postgres.state", "postgres.cluster", "postgres.login", TRIES):
        assert found.gathered.answers[name] == why
    assert direct == []
    assert not found.reachable


SSH = """#!/bin/sh
printf '%s\\n' "$*" >> "{folder}/asked"
echo 'vm: Permission denied (publickey,keyboard-interactive).' >&2
exit 255
"""


@pytest.fixture
def connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    """A connection whose ssh is refused by the server."""
    (tmp_path / "ssh").write_text(SSH.format(folder=tmp_path))
    (tmp_path / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    found = Connection(target())
    yield found
    found.close()


def test_a_stranger_knocks_once_the_connection_stands(connection: Connection, tmp_path: Path) -> None:
    state: dict[str, bool] = {}
    timer = threading.Timer(0.3, connection.control_path.touch)
    timer.start()
    assert offered_methods(connection, state) == {"methods": ["publickey", "keyboard-interactive"]}
    assert not timer.is_alive(), "it waited"
    asked = (tmp_path / "asked").read_text()
    assert "ControlPath=none" in asked
    assert "PreferredAuthentications=none" in asked


@pytest.mark.parametrize(
    "complaint",
    [
        "command-line line 0: Bad SSH2 KexAlgorithms '^curve25519-sha256'.",
        "Unable to negotiate with 10.0.0.1 port 22: no matching key exchange method found. Their offer: diffie-hellman-group1-sha1",
    ],
)
def test_where_the_quick_exchange_is_not_to_be_had_the_usual_one_is_made(
    connection: Connection, tmp_path: Path, complaint: str
) -> None:
    refusing = f'case "$*" in *KexAlgorithms*) echo "{complaint}" >&2; exit 255;; esac\n'
    (tmp_path / "ssh").write_text(SSH.format(folder=tmp_path).replace("echo 'vm", f"{refusing}echo 'vm"))
    connection.control_path.touch()
    assert offered_methods(connection, {}) == {"methods": ["publickey", "keyboard-interactive"]}
    asked = (tmp_path / "asked").read_text().splitlines()
    assert ["KexAlgorithms" in one for one in asked] == [True, False]


def test_without_a_connection_no_stranger_knocks(connection: Connection, tmp_path: Path) -> None:
    found = offered_methods(connection, {"done": True})
    assert found == Unknown(Reason.UNREACHABLE, "ssh: the main connection did not come up")
    assert not (tmp_path / "asked").exists()


@pytest.fixture
def held() -> Iterator[threading.Event]:
    """What hangs until the test ends."""
    event = threading.Event()
    yield event
    event.set()


@pytest.mark.hostile("ssh")
def test_a_look_that_hangs_takes_no_other_with_it(held: threading.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also not the machine's own answers."""

    def see(self: Outside, look: Look) -> Any:
        return held.wait() if look.kind == "dns" else {"seen": look.kind}

    monkeypatch.setattr(Outside, "see", see)
    looks = (Look("dns", "zebu.test", {}), Look("tcp", "ports", {}))
    fact = Fact("held", lambda gathered, target: None, probes=(Probe("one"),), looks=lambda target: looks)
    late = Fact("late", lambda gathered, target: None, alone=lambda gathered, target: (Look("dns", "late", {}),))
    found = gather(target(deadline=0.5), [fact, late], cast(Connection, FromMemory()), lambda line: None).gathered
    for name in ("dns@here zebu.test", "dns@here late"):
        assert found.looks[name] == Unknown(Reason.TIMED_OUT, f"{name}: {NO_TIME}")
    assert found.looks["tcp@here ports"] == {"seen": "tcp"}
    assert found.answers["one"] == Said(0, "by the machine\n")


@pytest.mark.hostile("ssh")
@pytest.mark.parametrize("what", ["proxy", "proxmox"])
def test_a_machine_beside_that_hangs_takes_no_other_with_it(
    what: Any, held: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "ask_beside", lambda *given: held.wait())
    fact = Fact("held", lambda gathered, target: None, probes=(Probe("one"), Probe("there", host=what)))
    found = gather(target(deadline=0.5), [fact], cast(Connection, FromMemory()), lambda line: None).gathered
    assert found.answers["there"] == Unknown(Reason.TIMED_OUT, f"{what} by ssh: {NO_TIME}")
    assert found.answers["one"] == Said(0, "by the machine\n")


@pytest.mark.hostile("ssh")
def test_a_database_that_hangs_takes_no_other_with_it(held: threading.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "ask_database", lambda *given: held.wait())
    declared = target(database={"url_file": "url"}, deadline=0.5)
    found = gather(declared, FACTS, cast(Connection, FromMemory()), lambda line: None).gathered
    for name in ("postgres.state", "postgres.cluster", TRIES):
        assert found.answers[name] == Unknown(Reason.TIMED_OUT, f"the declared database: {NO_TIME}")
    assert found.answers["postgres.login"] == Said(0, "by the machine\n")


class InPieces(FromMemory):
    """A connection whose answers come one by one: what is done after the first says what comes of it."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        super().__init__()
        self.meanwhile = meanwhile

    def ask(
        self,
        probes: Sequence[Probe],
        seconds: float | None = None,
        deadline: Deadline = NEVER,
        on_answer: Callable[[str, Said | Unknown], None] | None = None,
    ) -> Mapping[str, Said | Unknown]:
        answers = super().ask(probes, seconds, deadline)
        assert on_answer is not None
        on_answer(probes[0].name, answers[probes[0].name])
        on_answer("zebu.host", answers["zebu.host"])
        self.meanwhile()
        return answers


def test_a_look_waits_for_its_own_answers_and_not_for_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = threading.Event()

    def see(self: Outside, look: Look) -> Any:
        looked.set()
        return {"seen": look.subject}

    def then(gathered: Gathered, target: Target) -> tuple[Look, ...]:
        return (Look("tcp", gathered.said("one").out.strip(), {}),)

    monkeypatch.setattr(Outside, "see", see)
    fact = Fact("told", lambda gathered, target: None, probes=(Probe("one"), Probe("two")), then=then)
    waited: list[bool] = []
    connection = InPieces(lambda: waited.append(looked.wait(30)))
    found = gather(target(), [fact], cast(Connection, connection), lambda line: None).gathered
    assert waited == [True], "it was made while the batch was under way"
    assert found.looks == {"tcp@here by the machine": {"seen": "by the machine"}}
    assert found.answers["two"] == Said(0, "by the machine\n")


def test_a_declared_database_is_asked_when_the_machine_said_who_it_is(
    direct: list[tuple[Set[str], str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = threading.Event()
    ask = database.ask_database

    def noted(*given: Any) -> Any:
        asked.set()
        return ask(*given)

    monkeypatch.setattr(database, "ask_database", noted)
    waited: list[bool] = []
    connection = InPieces(lambda: waited.append(asked.wait(30)))
    gather(target(database={"url_file": "url"}), FACTS, cast(Connection, connection), lambda line: None)
    assert waited == [True]
    assert [role for _, role in direct] == ["zebu_app"]


def test_nothing_is_looked_at_before_ssh_was_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks take the processor; the batch is what takes longest."""
    connection = FromMemory()
    when: list[bool] = []

    def see(self: Outside, look: Look) -> Any:
        when.append(connection.called.is_set())
        return {}

    monkeypatch.setattr(Outside, "see", see)
    looks = tuple(Look("tcp", str(number), {}) for number in range(5))
    fact = Fact("x", lambda gathered, target: None, looks=lambda target: looks)
    gather(target(), [fact], cast(Connection, connection), lambda line: None)
    assert when == [True] * 5


@pytest.mark.parametrize("is_slow", [False, True])
def test_what_was_too_slow_beside_other_work_is_measured_alone(is_slow: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing else of ours runs then."""
    running: set[str] = set()
    beside: list[set[str]] = []

    def see(self: Outside, look: Look) -> Any:
        beside.append({*running})
        running.add(look.key)
        running.discard(look.key)
        return {"is slow": is_slow}

    def alone(gathered: Gathered, target: Target) -> tuple[Look, ...]:
        seen = gathered.saw(Look("timing", "x", {}))
        return (Look("timing", "x alone", {}),) if seen == Known({"is slow": True}) else ()

    def ask() -> None:
        running.add("the batch")
        running.discard("the batch")

    monkeypatch.setattr(Outside, "see", see)
    looks = (Look("timing", "x", {}, calm=True), Look("tcp", "y", {}))
    fact = Fact("timed", lambda *_: None, probes=(Probe("one"),), looks=lambda target: looks, alone=alone)
    found = gather(target(), [fact], cast(Connection, InPieces(ask)), lambda line: None).gathered
    assert ("timing@here x alone" in found.looks) is is_slow
    assert beside[-1] == set() or not is_slow


@pytest.mark.parametrize(
    ("kind", "reason", "count"),
    [("browser", Reason.TIMED_OUT, 2), ("forge", Reason.TIMED_OUT, 2), ("ssh", Reason.UNREACHABLE, 1), ("proxy", Reason.TIMED_OUT, 1), ("http", Reason.TIMED_OUT, 1)],
)  # fmt: skip
def test_what_ran_out_of_its_time_is_looked_at_once_more(
    kind: str, reason: Reason, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When nothing else runs. A login is not tried again: who counts those bans for it."""
    made: list[str] = []

    def see(self: Outside, look: Look) -> Any:
        made.append(look.key)
        return Unknown(reason, "late") if len(made) == 1 else {"seen": True}

    monkeypatch.setattr(Outside, "see", see)
    fact = Fact("x", lambda *_: None, looks=lambda target: (Look(kind, "it", {}),))
    found = gather(target(), [fact], cast(Connection, FromMemory()), lambda line: None).gathered
    assert len(made) == count
    assert found.looks[f"{kind}@here it"] == ({"seen": True} if count == 2 else Unknown(reason, "late"))


def test_what_looks_need_is_imported_where_it_is_used() -> None:
    """Whoever gathers waits for ssh meanwhile; whoever has no browser never needs what drives one."""
    heavy = "[name for name in ('dns', 'playwright') if name in sys.modules]"
    for module, expected in (("gathering", []), ("outside", ["dns"])):
        code = f"import sys, pytest_zebu.gather.{module}; print({heavy})"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == str(expected)
