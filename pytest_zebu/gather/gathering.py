"""One gathering: the batch over ssh, and the looks from outside at the same time."""

from __future__ import annotations

import re
import subprocess
import time
import warnings
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from functools import partial
from typing import Any

from urllib3.exceptions import InsecureRequestWarning

from pytest_zebu.facts.answer import Reason, Said, Unknown, is_number
from pytest_zebu.facts.fact import Fact, Gathered, Look, Probe, Trial, key_values
from pytest_zebu.facts.postgres import LOGIN_PROBE, QUESTIONS, TRIES
from pytest_zebu.gather.deadline import NEVER, Deadline, aside
from pytest_zebu.gather.elsewhere import handed_to
from pytest_zebu.gather.outside import Outside
from pytest_zebu.gather.snapshot import Snapshot
from pytest_zebu.gather.ssh import Connection, Refused, diagnose, missing_answers
from pytest_zebu.gather.trial_runs import hold
from pytest_zebu.redaction import redacted_data
from pytest_zebu.settings.target import Target

Watcher = Callable[[str], None]
MASTER_SECONDS = 15
MOST_PROCESSOR = 1e6
DENIED = re.compile(r"Permission denied \(([a-z0-9,-]+)\)")


def gather(target: Target, facts: Iterable[Fact[Any]], connection: Connection, watch: Watcher) -> Snapshot:
    """Ask and look for everything that the facts need. A host that refuses us leaves its answers unknown, with the reason."""
    chosen = list(facts)
    connection.target = target  # more may be declared of it than when it was called
    wanted: dict[str, Probe] = {probe.name: probe for fact in chosen for probe in fact.probes}
    declared = questions_of(wanted) if target.settings.database.url_file else frozenset()
    probes = {name: probe for name, probe in wanted.items() if probe.host == "target" and name not in declared}
    others = [[probe for probe in wanted.values() if probe.host == host] for host in ("proxy", "proxmox")]
    asked_for = sorted((look for fact in chosen for look in fact.looks(target)), key=lambda look: look.extent)
    looks: dict[str, Look] = {look.key: look for look in asked_for}
    started, began = time.monotonic(), time.time()
    deadline = Deadline.after(target.settings.deadline)
    state: dict[str, bool] = {}
    outside = Outside(target, lambda: offered_methods(connection, state), deadline, handed_to(target, began))
    seen: dict[str, Any] = {}
    answers: dict[str, Said | Unknown] = {}
    trouble = ""

    def look_at(look: Look) -> Future[Any]:
        return aside(lambda: outside.see(look))

    # Filters are the process's: set once here, and not by each of the looks, that run side by side.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InsecureRequestWarning)
        jobs = {key: look_at(look) for key, look in looks.items()}
        beside = [(group, aside(partial(ask_beside, target, group, deadline))) for group in others if group]
        try:
            watch(f"asking {target.name}: {len(probes)} probes in one round trip, {len(looks)} looks from outside")
            answers = connection.ask(list(probes.values()), deadline=deadline)
        except Refused as error:
            trouble = str(error)
        except FileNotFoundError:
            trouble = "there is no ssh on this machine: apt-get install openssh-client"
        finally:
            state["done"] = True
        moment = moment_of_answers(answers, began, time.time())
        if not trouble:
            watch(f"{target.name} answered after {time.monotonic() - started:.1f} s")
        asked: dict[str, Said | Unknown] = {}
        for group, job in beside:
            said = deadline.result(job, f"{group[0].host} by ssh")
            asked |= each_of([probe.name for probe in group], said)
        ask_there = partial(ask_declared, target, declared, answers, connection, deadline)
        database = aside(ask_there) if answers and declared else None
        told = Gathered({**answers, **asked}, seen, moment)
        further = {look.key: look for fact in chosen for look in fact.then(told, target)} if answers else {}
        jobs |= {key: look_at(look) for key, look in further.items() if key not in looks}
        for key, look_made in jobs.items():
            seen[key] = deadline.result(look_made, key)
        if database:
            said = deadline.result(database, "the declared database")
            asked |= each_of(declared, said)
        for look in {look.key: look for fact in chosen for look in fact.alone(target)}.values():
            seen[look.key] = deadline.result(look_at(look), look.key)
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
            redacted_data(seen),
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
    deadline = time.monotonic() + MASTER_SECONDS
    while not connection.control_path.exists():
        if state.get("done") or time.monotonic() > deadline:
            return Unknown(Reason.UNREACHABLE, "ssh: the main connection did not come up")
        time.sleep(0.02)
    options = [
        "ControlPath=none",
        "ControlMaster=no",
        "PreferredAuthentications=none",
        "PubkeyAuthentication=no",
        "LogLevel=ERROR",
    ]
    try:
        status, said = connection.knock(options, MASTER_SECONDS)
    except subprocess.TimeoutExpired:
        return Unknown(Reason.TIMED_OUT, f"ssh: no answer to a stranger within {MASTER_SECONDS} s")
    if status == 0:
        return {"methods": ["none"]}
    found = DENIED.search(said)
    if found is None:
        return Unknown(Reason.UNREACHABLE, f"ssh: {diagnose(said)}")
    return {"methods": found[1].split(",")}
