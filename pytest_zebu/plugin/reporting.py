"""From a run to its report: a value that formats can print without asking anybody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from pytest_zebu import __version__
from pytest_zebu.catalogue import SCORED, Catalogue, Item
from pytest_zebu.facts import alike, elsewhere
from pytest_zebu.facts.answer import Said
from pytest_zebu.facts.fact import key_values
from pytest_zebu.gather.snapshot import Snapshot
from pytest_zebu.plugin.dossier import Basis, completed
from pytest_zebu.plugin.run import Run
from pytest_zebu.reports.report import Access, CategoryReport, Change, HostReport, ItemReport, Report
from pytest_zebu.settings import Settings
from pytest_zebu.verdict.outcome import Finding, Outcome
from pytest_zebu.verdict.preflight import Check
from pytest_zebu.verdict.readiness import Readiness


def item_report(item: Item, finding: Finding, is_selected: bool = True) -> ItemReport:
    """An item with its finding."""
    return ItemReport(
        item=item.id,
        text=item.text,
        stage=item.stage,
        category=item.category,
        outcome=finding.outcome,
        reason=finding.reason,
        why=finding.why,
        fix=finding.fix,
        see=finding.see,
        evidence=finding.evidence,
        cases=finding.cases,
        pictures=finding.pictures,
        group=item.group,
        optional=item.optional,
        conditional=item.conditional,
        non_negotiable=item.non_negotiable,
        is_selected=is_selected,
        broken=finding.broken,
        by=item.by,
    )


def _shared_report(item: Item, finding: Finding, is_selected: bool) -> ItemReport:
    """The same, made once of a finding that stands for several hosts."""
    return alike.again(
        ("report", item.id, is_selected), (item, finding), lambda: item_report(item, finding, is_selected)
    )


def categories(items: Iterable[ItemReport]) -> tuple[CategoryReport, ...]:
    """The categories of the scored stages, in the checklist's order."""
    counts: dict[tuple[str, str], Counter[Outcome]] = {}
    stages = {}
    for item in items:
        if item.stage in SCORED:
            counts.setdefault((item.stage.value, item.category), Counter())[item.outcome] += 1
            stages[item.stage.value] = item.stage
    return tuple(
        CategoryReport(stages[stage], category, {outcome: found[outcome] for outcome in Outcome}, sum(found.values()))
        for (stage, category), found in counts.items()
    )


def host_report(
    name: str,
    catalogue: Catalogue,
    readiness: Readiness,
    settings: Settings,
    snapshot: Snapshot | None,
    started: datetime,
    version: str = "",
    since: datetime | None = None,
    changes: Iterable[tuple[str, Outcome, Outcome]] = (),
    clock: str = "",
) -> HostReport:
    """All about a host.

    Args:
        name: what the host is called.
        catalogue: what the findings speak of.
        readiness: the findings, and what follows from them.
        settings: what was relaxed, and what is simulated.
        snapshot: what was gathered, if anything was.
        started: when the run began: the time of a host that nothing was gathered about.
        version: what is deployed, if it was seen.
        since: when the run before this one looked.
        changes: what is otherwise since: item, then, now.
        clock: by how much the machine's clock differs from ours; empty where it does not.
    """
    items = tuple(
        _shared_report(catalogue[finding.item], finding, finding.item in readiness.selected)
        for finding in readiness.findings
    )
    access = Access()
    if snapshot is not None:
        access = Access(
            gathered=True,
            reachable=snapshot.reachable,
            trouble=snapshot.trouble,
            logins=snapshot.logins,
            round_trips=snapshot.round_trips,
            seconds=snapshot.seconds,
            processor=snapshot.processor,
            docker_processor=snapshot.docker_processor,
        )
    return HostReport(
        name=name,
        at=datetime.fromtimestamp(snapshot.gathered.time, UTC) if snapshot else started,
        version=version,
        access=access,
        stages=readiness.stages,
        overall=readiness.overall,
        selected_stages=readiness.selected_stages,
        ready=readiness.ready,
        items=items,
        categories=categories(items),
        relaxations=settings.relaxations,
        simulated=settings.simulated,
        since=since,
        changes=tuple(Change(*change) for change in changes),
        clock=clock,
        preflight=tuple(Check(name, True, text) for name, text in _works(snapshot, clock)) if snapshot else (),
    )


def _works(snapshot: Snapshot, clock: str) -> Iterator[tuple[str, str]]:
    """What was seen to work of all that has to, and how that was seen."""
    answers = snapshot.gathered.answers
    # What another machine handed in says nothing of this one.
    looks = {key: seen for key, seen in snapshot.gathered.looks.items() if elsewhere.source(seen) is None}
    if snapshot.reachable:
        took = f"; of its processor {snapshot.processor:.1f} s" if snapshot.processor is not None else ""
        docker = f", and Docker's {snapshot.docker_processor:.1f} s" if snapshot.docker_processor is not None else ""
        how = f"{snapshot.logins} login(s), {snapshot.round_trips} round trip(s), {snapshot.seconds:.1f} s"
        yield "ssh", f"{how}{took}{docker}"
    host = answers.get("zebu.host")
    if isinstance(host, Said):
        if key_values(host.out).get("root") == "1":
            yield "sudo", "root's rights were given"
        if isinstance(answers.get("zebu.containers"), Said):
            yield "docker", "its containers were listed"
        if not clock:
            yield "clock", "the machine's and ours agree"
    if any(key.startswith("tls@here ") and isinstance(seen, Mapping) for key, seen in looks.items()):
        yield "names", "the declared names lead somewhere"
    tried = {key.partition(" ")[0].partition("@")[2]: seen for key, seen in looks.items() if key.startswith("tcp@")}
    controlled = [name for name, seen in tried.items() if isinstance(seen, Mapping) and seen.get("control") is True]
    if controlled:
        yield "network", f"seen to work from: {', '.join(sorted(controlled))}"
    if any(key.startswith("browser@") and isinstance(seen, Mapping) for key, seen in looks.items()):
        yield "browser", "it opened pages"


def report_of(run: Run, seconds: float) -> Report:
    """The report of a run, as it stands: what is only beside the findings is left out where it breaks, and that is said."""
    hosts = []
    for name, target in run.targets.items():
        since: datetime | None = None
        changes: tuple[tuple[str, Outcome, Outcome], ...] = ()
        version, clock, snapshot = "", "", None
        with run.guarded(f"what changed on {name} is not told"):
            since, changes = run.changes(name)
        with run.guarded(f"the version on {name} is not told"):
            version = run.deployed_version(name)
        with run.guarded(f"the clock of {name} is not told"):
            clock = run.clock(name)
        with run.guarded(f"how {name} was reached is not told"):
            snapshot = run.known_snapshots().get(name)
        started = datetime.fromtimestamp(run.started, UTC)
        readiness = run.readiness(name)
        host = host_report(
            name, run.catalogue, readiness, target.settings, snapshot, started, version, since, changes, clock
        )
        with run.guarded(f"what is known of {name} beside its outcomes is not told"):
            basis = Basis(
                run.catalogue, readiness, target.settings, run.records[name], run.today(name), run.past(name),
                run.command(name), snapshot.discovered if snapshot and not target.settings.is_from_file else None,
            )  # fmt: skip
            host = completed(host, basis, run.guarded)
        hosts.append(host)
    return Report(__version__, round(seconds, 3), tuple(hosts), datetime.fromtimestamp(run.started, UTC))
