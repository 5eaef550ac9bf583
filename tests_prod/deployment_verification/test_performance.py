"""Deployment Verification / Performance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import pairwise
from statistics import median

from pytest_zebu.facts.answer import Known, NotAssessed, Unknown
from pytest_zebu.facts.browser import Load
from pytest_zebu.facts.containers import Containers
from pytest_zebu.facts.host import Machine
from pytest_zebu.facts.latency import Latency
from pytest_zebu.facts.resources import Resources
from pytest_zebu.facts.signin import Welcome
from pytest_zebu.facts.usage import FileSystem, Sample, spread
from pytest_zebu.facts.web import Web
from pytest_zebu.plugin.checks import Cases, item

from ..mending import text, to_run
from ..sights import expect_reached, expect_shown, unreached

PAGE_MILLISECONDS, API_MILLISECONDS = 3000, 500
MEMORY_SHARE, CPU_SHARE, FREE_SHARE = 0.8, 0.5, 0.5
"""What the checklist asks for."""
LEAK_BYTES = 8 * 2**20
"""What one process of a service may gain over the samples of one run: buffers of our own requests."""
FEWEST_SAMPLES = 3
ENOUGH_ANSWERS = 20
WARM_SECONDS = 10.0
"""The time since a container was started says more than a moment, once its start is no longer most of it."""


@item("deploy.performance.page-load")
def test_the_first_page_is_fast(loads: tuple[Load, ...], case: Cases) -> None:
    """Who waits for more than three seconds leaves. Measured cold, several times: one reading is luck.

    Fix: look at the waterfall of the developer tools; smaller scripts, compression, cache headers.
    See: the checklist; https://www.w3.org/TR/navigation-timing-2/
    """
    with case("cold loads", *_counted(map(_said, loads))):
        if any(one.is_beside for one in loads):
            case.saw("measured beside our own work, which can only make it slower")
        times = [one.slowest for one in loads if one.load is not None and not one.trouble]
        broken = [one.trouble for one in loads if one.trouble]
        # One that did not end was made once more: a cold stack answers late, and only once.
        if broken and not (len(broken) == 1 and len(times) >= FEWEST_SAMPLES):
            expect_reached(broken[0], "", case, "did not end")
        for one in loads:
            if not one.trouble:
                expect_shown(one.shown)
        if len(times) < FEWEST_SAMPLES:
            raise NotAssessed("the browser told no times")
        assert median(times) < PAGE_MILLISECONDS, f"take {median(times):.0f} ms, {PAGE_MILLISECONDS} are allowed"


def _counted(texts: Iterable[str]) -> list[str]:
    """Each text once, with how often it was said."""
    return [f"{text}{f' ({count} times)' if count > 1 else ''}" for text, count in Counter(texts).items()]


def _said(one: Load) -> str:
    if one.trouble:
        return f"did not end: {unreached(one.trouble)}"
    painted = "nothing painted" if one.paint is None else f"painted after {one.paint:.0f} ms"
    return f"{one.load or 0:.0f} ms, {painted}"


@item("deploy.performance.api", either=("keyed",))
def test_the_api_is_fast(latency: Latency, web: Web, keyed: Known[Welcome] | Unknown, case: Cases) -> None:
    """Every click waits for this. /health is a constant; here the database is asked.

    Fix: `docker compose logs backend` (duration_seconds), slow queries, the machine's load.
    See: the checklist.
    """
    with case(latency.url, f"{len(latency.taken)} requests over a warm connection"):
        if latency.before:
            case.saw(f"measured once more: at first, {latency.before}")
        if latency.beside is not None:
            case.saw(f"measured alone: beside our own work, p95 was {latency.beside:.0f} ms")
        elif latency.is_beside:
            case.saw("measured beside our own work, which can only make it slower")
        assert not latency.trouble, f"breaks off: {latency.trouble}"
        if latency.limited:
            case.saw(f"{latency.limited} more were answered with 429, as there is a limit: they are not counted")
        if latency.statuses == {401, 503}:
            raise NotAssessed("answers some with 503, as proxies do that count requests: a limit is told by 429")
        assert not {status for status in latency.statuses if status >= 500}, "answers with errors of the server"
        if not latency.taken or latency.statuses != {401}:
            said = sorted({*latency.statuses, *([429] if latency.limited else [])})
            raise NotAssessed(f"was answered with {', '.join(map(str, said)) or 'nothing'}")
        slow = latency.percentile(0.95)
        case.saw(f"p50 {latency.percentile(0.5):.0f} ms, p95 {slow:.0f} ms, slowest {max(latency.taken):.0f} ms")
        case.saw(f"of each, {latency.trip:.0f} ms are the way there and back, which is not counted")
        if latency.fresh:
            case.saw(f"{latency.fresh} times the server had closed the connection; making it anew is not counted")
        slow = max(0.0, slow - latency.trip)
        assert slow < API_MILLISECONDS, f"p95 is {slow:.0f} ms, {API_MILLISECONDS} are allowed"
        if len(latency.taken) < ENOUGH_ANSWERS:
            raise NotAssessed(f"answered {len(latency.taken)} times only: too few to tell")
        if not _asks_its_database(web, keyed):
            raise NotAssessed(
                "refuses unknown keys, and is not seen to ask its database for that: a refusal alone is no work"
            )


def _asks_its_database(web: Web, keyed: Known[Welcome] | Unknown) -> bool:
    """Whether a forged key is refused by a backend that has keys: it lets a valid one in, or marks its answers.

    Older ones know no keys, and refuse at once.
    """
    if isinstance(keyed, Known) and keyed.value.status == 200:
        return True
    said = web.refused.get("a forged API key")
    return isinstance(said, Known) and bool(said.value.header("x-correlation-id"))


@item("deploy.performance.memory")
def test_memory_is_in_bounds(usage: Mapping[str, tuple[Sample, ...]], containers: Containers, case: Cases) -> None:
    """A leak ends at the limit, in the night, with a restart.

    Fix: `docker stats`; raise the limit where the work needs it, find the leak where it does not.
    See: https://docs.docker.com/engine/containers/resource_constraints/
    """
    for container in containers.services:
        samples = usage.get(container.instance, ())
        few = spread(samples)
        memory = ", ".join(f"{one.memory / 2**20:.1f}" for one in few)
        with case(container.label, f"{memory} MiB" if samples else ""):
            case.fix(f"{text(container.label)} does not run: {to_run(container)}" if container.trouble else "")
            assert not container.was_oom_killed, "was ended by the kernel for want of memory"
            if len(samples) < FEWEST_SAMPLES:
                raise NotAssessed("has no samples of its memory")
            if container.memory:
                share = max(one.memory for one in samples) / container.memory
                assert share < MEMORY_SHARE, f"uses {100 * share:.0f} % of its limit"
            if not all(one.held for one in samples):
                raise NotAssessed("what its processes hold could not be read")
            gained = samples[-1].held - samples[0].held
            grows = all(later.held > sooner.held for sooner, later in pairwise(few))
            assert not (grows and gained > LEAK_BYTES), (
                f"a process gained {gained / 2**20:.0f} MiB, some in every sample of this run"
            )


@item("deploy.performance.cpu")
def test_the_processor_is_not_busy(
    usage: Mapping[str, tuple[Sample, ...]], containers: Containers, resources: Resources, machine: Machine, case: Cases
) -> None:
    """A machine that is half busy at rest has nothing left for its users.

    Judged by the processor time that each container has used since it was started, so that a moment's peak (or our own
    look) counts as what it is; of one that was started just now, by the samples of this run.

    Fix: `docker stats`, then the log of the service that is busy.
    See: the checklist.
    """
    total = 0.0
    for container in containers.services:
        samples = usage.get(container.instance, ())
        with case(container.label):
            case.fix(f"{text(container.label)} does not run: {to_run(container)}" if container.trouble else "")
            if not samples or container.started is None:
                raise NotAssessed("has no samples of its processor time")
            lived = (machine.time - container.started).total_seconds()
            used = samples[-1].cpu
            if lived < WARM_SECONDS:
                if len(samples) < FEWEST_SAMPLES:
                    raise NotAssessed("has no samples of its processor time")
                lived, used = samples[-1].at - samples[0].at, used - samples[0].cpu
            share = used / lived / resources.cpus
            total += share
            case.saw(f"{container.label}: {100 * share:.1f} % of the machine over {lived:.0f} s")
            assert share < CPU_SHARE, f"uses {100 * share:.0f} % of the machine"
    with case("all together", f"{100 * total:.1f} %"):
        assert total < CPU_SHARE, f"use {100 * total:.0f} % of the machine"


@item("deploy.performance.disk")
def test_there_is_room_on_every_disk(disk: tuple[FileSystem, ...], case: Cases) -> None:
    """The root may be half empty while Docker's own volume is full; and a disk without inodes is full too.

    Fix: `docker system df`, `journalctl --disk-usage`, old dumps; or a larger disk.
    See: the checklist.
    """
    for system in disk:
        with case(system.place, f"{100 * system.free:.0f} % of {system.size / 2**30:.0f} GiB free"):
            if system.trouble:
                raise NotAssessed(system.trouble)
            assert system.free > FREE_SHARE, f"has {100 * system.free:.0f} % free"
            if system.inodes:
                share = system.free_inodes / system.inodes
                assert share > FREE_SHARE, f"has {100 * share:.0f} % of its inodes free"
