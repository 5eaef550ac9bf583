"""One gathering: the batch over ssh, and the looks from outside at the same time."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from queue import Empty
from typing import TYPE_CHECKING, Any

from pytest_zebu.facts.answer import Reason, Said, Unknown, is_number
from pytest_zebu.facts.fact import OWN_ANSWERS, Fact, Gathered, Look, Probe, Trial, key_values
from pytest_zebu.facts.postgres import LOGIN_PROBE, QUESTIONS, TRIES
from pytest_zebu.gather.deadline import NEVER, Deadline, aside
from pytest_zebu.gather.readings import SECONDS, Readings
from pytest_zebu.gather.rounds import Following, Looks, News
from pytest_zebu.gather.snapshot import Snapshot
from pytest_zebu.gather.ssh import Connection, Refused, diagnose, missing_answers
from pytest_zebu.gather.turns import TURNS
from pytest_zebu.redaction import redacted_data
from pytest_zebu.settings.target import Target

if TYPE_CHECKING:
    from pytest_zebu.gather.outside import Outside

Watcher = Callable[[str], None]
MASTER_SECONDS = 15
MOST_PROCESSOR = 1e6
DENIED = re.compile(r"Permission denied \(([a-z0-9,-]+)\)")
STRANGER = (
    "ControlPath=none",
    "ControlMaster=no",
    "PreferredAuthentications=none",
    "PubkeyAuthentication=no",
    "LogLevel=ERROR",
)
QUICK_EXCHANGE = "KexAlgorithms=^curve25519-sha256"
"""A stranger says nothing that must stay secret for decades: OpenSSH's first choice takes some 70 ms more of either processor."""
NO_EXCHANGE = re.compile("KexAlgorithms|KEX algorithm|no matching key exchange")
"""What is said where an old ssh cannot prefer one, or where only the user's own configuration has one that both know."""


CALL_SECONDS = 1.0
"""For which ssh is given way to be started, before looks take the processor."""
AGAIN = frozenset({"browser", "ssh", "forge", "proxmox", "advisories"})
"""Looks that are made once more when all else has ended, where their time ran out: they try nothing that is counted."""


def gather(target: Target, facts: Iterable[Fact[Any]], connection: Connection, watch: Watcher) -> Snapshot:
    """Ask and look for everything that the facts need. A host that refuses us leaves its answers unknown, with the reason.

    The batch is asked first. What is looked at meanwhile begins as soon as those answers are there that it needs.
    """
    chosen = list(facts)
    connection.target = target  # more may be declared of it than when it was called
    wanted: dict[str, Probe] = {probe.name: probe for fact in chosen for probe in fact.probes}
    declared = questions_of(wanted) if target.settings.database.url_file else frozenset()
    probes = {name: probe for name, probe in wanted.items() if probe.host == "target" and name not in declared}
    others = [[probe for probe in wanted.values() if probe.host == host] for host in ("proxy", "proxmox")]
    started, began = time.monotonic(), time.time()
    deadline = Deadline.after(target.settings.deadline)
    state: dict[str, bool] = {}
    news = News()

    def ask() -> dict[str, Said | Unknown]:
        try:
            return connection.ask([*probes.values()], deadline=deadline, on_answer=news.answered)
        finally:
            state["done"] = True

    asking = aside(ask)
    connection.called.wait(deadline.limit(CALL_SECONDS))
    beside = {aside(partial(ask_beside, target, group, deadline)): group for group in others if group}

    outside = aside(partial(outside_of, target, partial(offered_methods, connection, state), deadline, began))

    def see(look: Look) -> Any:
        with TURNS.beside(look.kind, deadline):
            return outside.result().see(look)

    def see_alone(look: Look) -> Any:
        with TURNS.alone(deadline):
            return outside.result().see(look)

    asked_for = sorted((look for fact in chosen for look in fact.looks(target)), key=lambda look: look.extent)
    first = {look.key: look for look in asked_for}
    watch(f"asking {target.name}: {len(probes)} probes in one round trip, {len(first)} looks from outside")
    looks = Looks(see, news)
    looks.know(first.values())
    coming = [*probes, *OWN_ANSWERS, *(one.name for group in others for one in group)]
    following, readings = Following(chosen, target, coming), Readings(chosen, target, [*coming, *declared])

    def came(names: Iterable[str]) -> None:
        for one in (following, readings):
            one.came(names)

    heard: dict[str, Said | Unknown] = {}
    answers: dict[str, Said | Unknown] = {}
    asked: dict[str, Said | Unknown] = {}
    database: Future[dict[str, Said | Unknown]] | None = None
    trouble, waiting = "", {asking, *beside}
    for source in waiting:
        source.add_done_callback(news.ended)
    while True:
        is_late = deadline.left() == 0
        for source in [one for one in waiting if one.done() or is_late]:
            waiting.remove(source)
            if group := beside.get(source, []):
                names = [probe.name for probe in group]
                said = deadline.result(source, f"{group[0].host} by ssh")
                asked |= each_of(names, said)
                came(names)
                continue
            answers, trouble = answers_of(source)
            came([*probes, *OWN_ANSWERS] if answers else [])
            if not trouble:
                watch(f"{target.name} answered after {time.monotonic() - started:.1f} s")
        heard |= {**answers, **asked}
        moment = moment_of_answers(heard, began, time.time())
        looks.know(following.named(heard, moment))
        looks.begin()
        if declared and database is None and "zebu.host" in heard:
            database = aside(partial(ask_declared, target, declared, {**heard}, connection, deadline))
            database.add_done_callback(news.ended)
        if is_late or not (waiting or looks.are_under_way or (database and not database.done())):
            break
        # Whatever is news goes before; and what is timed is not held up by what we do ourselves.
        here, is_more = Gathered(heard, looks.seen, moment), "zebu.host" in heard
        while is_more and not (news.is_there or looks.is_timing or deadline.left() < SECONDS):
            is_more = readings.step(here)
        with suppress(Empty):
            told = news.next(deadline.left())
            heard |= told
            came(told)
    seen = {key: deadline.result(job, key) for key, job in looks.jobs.items()}
    once_more = [look for look in looks.known if look.kind in AGAIN and ran_out_of_time(seen[look.key], deadline)]
    again = {look.key: looks.start(look) for look in once_more}
    seen |= {key: deadline.result(job, key) for key, job in again.items()}
    if database:
        by_database = deadline.result(database, "the declared database")
        asked |= each_of(declared, by_database)
    gathered = Gathered({**answers, **asked}, {**seen}, moment)
    for look in {look.key: look for fact in chosen for look in fact.alone(gathered, target)}.values():
        seen[look.key] = deadline.result(looks.start(look, see_alone), look.key)
    tried = hold_trials(target, chosen, connection, watch) if answers else {}
    why = (
        Unknown(Reason.UNREACHABLE, f"ssh: {trouble}")
        if trouble
        else Unknown(Reason.GARBLED, "the answer was cut short")
    )
    if database is None:
        asked |= dict.fromkeys(declared, why)
    return Snapshot(
        host=target.name,
        gathered=Gathered(
            {**missing_answers(list(probes.values()), answers, why), **asked},
            readings.told(seen),
            moment,
            redacted_data(tried),
        ),
        reachable=not trouble,
        trouble=trouble,
        logins=connection.logins,
        round_trips=connection.round_trips,
        seconds=round(time.monotonic() - started, 3),
        processor=_seconds(connection.effort.get("processor")),
        docker_processor=_seconds(connection.effort.get("docker")),
    )


def _seconds(told: str | None) -> float | None:
    """Seconds as the far side tells them; nothing for anything else."""
    return float(told) if told is not None and is_number(told) and 0 <= float(told) < MOST_PROCESSOR else None


def answers_of(asking: Future[dict[str, Said | Unknown]]) -> tuple[dict[str, Said | Unknown], str]:
    """What the host answered, or why it could not be asked. It ends in its time by itself."""
    try:
        return asking.result(), ""
    except Refused as error:
        return {}, str(error)
    except FileNotFoundError:
        return {}, "there is no ssh on this machine: apt-get install openssh-client"
    except RuntimeError as error:
        if type(error) is not RuntimeError:
            raise
        return {}, f"this machine cannot ask: {error}"  # it has no thread left


def ran_out_of_time(seen: Any, deadline: Deadline) -> bool:
    """Whether a look's own time was too short for it, and there is more."""
    return isinstance(seen, Unknown) and seen.reason is Reason.TIMED_OUT and deadline.left() > 0


def outside_of(target: Target, methods: Callable[[], Any], deadline: Deadline, began: float) -> Outside:
    """What looks from outside. What that needs is large, and imported while the machine is asked already."""
    from pytest_zebu.gather.elsewhere import handed_to
    from pytest_zebu.gather.outside import Outside

    return Outside(target, methods, deadline, handed_to(target, began))


def moment_of_answers(answers: Mapping[str, Said | Unknown], began: float, ended: float) -> float:
    """When the machine told its time, by our clock: of the moments of our asking, the one that is nearest to what it told.

    So what asking and looking take, and drills, is no difference of clocks.
    """
    host = answers.get("zebu.host")
    told = key_values(host.out).get("time", "") if isinstance(host, Said) else ""
    return min(max(float(told), began), ended) if is_number(told) else ended


def each_of(names: Iterable[str], found: Mapping[str, Said | Unknown] | Unknown) -> Mapping[str, Said | Unknown]:
    """What was found by name; for each of them the reason, where nothing was."""
    return dict.fromkeys(names, found) if isinstance(found, Unknown) else found


def questions_of(probes: Iterable[str]) -> frozenset[str]:
    """Of the probes that are wanted, what a declared database is asked instead; and whether passwords are tried there."""
    wanted = {*probes}
    return frozenset({*(QUESTIONS.keys() & wanted), *([TRIES] if LOGIN_PROBE.name in wanted else [])})


def ask_declared(
    target: Target,
    wanted: frozenset[str],
    answers: Mapping[str, Said | Unknown],
    connection: Connection,
    deadline: Deadline = NEVER,
) -> dict[str, Said | Unknown]:
    """Ask the declared database, once the machine has said with which role its backend works."""
    from pytest_zebu.gather.database import ask_database  # most deployments need no driver

    host = answers.get("zebu.host")
    role = key_values(host.out).get("role", "") if isinstance(host, Said) else ""
    return ask_database(target.settings, wanted, role, connection.forward, deadline)


def hold_trials(target: Target, facts: Iterable[Fact[Any]], connection: Connection, watch: Watcher) -> dict[str, Any]:
    """Hold the trials of facts, as the options ask for; by fact, what came of it, or why it may not be held."""
    plans = {fact.name: fact.trial(target) for fact in facts if fact.trial is not None}
    found: dict[str, Any] = {name: plan for name, plan in plans.items() if isinstance(plan, Unknown)}
    trials = {name: plan for name, plan in plans.items() if isinstance(plan, Trial)}
    for name, trial in sorted(trials.items(), key=lambda item: item[1].rank):
        from pytest_zebu.gather.trial_runs import hold  # most runs hold none

        watch(f"trying {name} on {target.name}, as asked for by --zebu-active")
        found[name] = hold(trial, target.settings, connection)
    return found


def ask_beside(target: Target, probes: list[Probe], deadline: Deadline = NEVER) -> dict[str, Said | Unknown]:
    """Ask a machine beside the target, over a connection of its own."""
    role, settings = probes[0].host, target.settings
    name = settings.proxy.ssh if role == "proxy" else settings.proxmox.ssh
    container = settings.proxy.container if role == "proxy" else None
    if name is None:
        why = Unknown(Reason.NOT_CONFIGURED, f"{role}.ssh is not set")
        return dict.fromkeys((probe.name for probe in probes), why)
    connection = Connection(Target(name=name, host=settings.hosts[name], settings=settings), container)
    try:
        answers = connection.ask(probes, deadline=deadline)
        why = Unknown(Reason.GARBLED, "the answer was cut short")
    except Refused as error:
        answers, why = {}, Unknown(Reason.UNREACHABLE, f"{role} by ssh: {error}")
    finally:
        connection.close()
    return {probe.name: answers.get(probe.name, why) for probe in probes}


def offered_methods(connection: Connection, state: Mapping[str, bool]) -> Mapping[str, Any] | Unknown:
    """The authentication methods that the server names when none is tried: one connection, no try to log in.

    It waits until the main connection stands, so that a server that counts strangers lets that one in first.
    """
    began = time.monotonic()
    deadline = began + MASTER_SECONDS
    while not connection.control_path.exists():
        if state.get("done") or time.monotonic() > deadline:
            return Unknown(Reason.UNREACHABLE, "ssh: the main connection did not come up")
        # Who has waited long looks less often: many hosts may be waited for.
        time.sleep(max(0.02, (time.monotonic() - began) / 10))
    try:
        status, said = connection.knock([*STRANGER, QUICK_EXCHANGE], MASTER_SECONDS)
        if status != 0 and NO_EXCHANGE.search(said):
            status, said = connection.knock(STRANGER, MASTER_SECONDS)
    except subprocess.TimeoutExpired:
        return Unknown(Reason.TIMED_OUT, f"ssh: no answer to a stranger within {MASTER_SECONDS} s")
    if status == 0:
        return {"methods": ["none"]}
    found = DENIED.search(said)
    if found is None:
        return Unknown(Reason.UNREACHABLE, f"ssh: {diagnose(said)}")
    return {"methods": found[1].split(",")}
