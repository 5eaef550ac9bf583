"""Ways in which a fact of the healthy machine, a setting or the past may be otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from pytest_zebu.facts import iptables
from pytest_zebu.facts.answer import Known, Reason, Unknown
from pytest_zebu.facts.backups import Repository, Saved
from pytest_zebu.facts.browser import Asked, Resource, Shown
from pytest_zebu.facts.containers import Published
from pytest_zebu.facts.environment import Variable
from pytest_zebu.facts.exposure import UNOPENED
from pytest_zebu.facts.jobs import Command, Job
from pytest_zebu.facts.monitors import Agent, Watcher
from pytest_zebu.facts.packages import Advisory
from pytest_zebu.facts.postgres import Column, ForeignKey, Index, Table
from pytest_zebu.facts.proxmox import BackupJob, Stored, Update
from pytest_zebu.facts.proxy import NginxServer, ProxyHost, RenewalRun
from pytest_zebu.facts.repository import Tag
from pytest_zebu.facts.sockets import Listener
from pytest_zebu.facts.web import Answer
from pytest_zebu.memory.history import Past
from pytest_zebu.settings import Settings
from pytest_zebu.settings.sections import AcceptedAdvisory, Section

Change = Callable[[Any, datetime], Any]
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
NO_RUNS: Known[tuple[datetime, ...]] = Known(())
GONE = Unknown(Reason.UNREACHABLE, "nobody answers")
UNDECLARED = Unknown(Reason.NOT_CONFIGURED, "not declared")


def with_(**changes: Any) -> Change:
    """The fact with fields otherwise; a field that is a function is told the machine's time."""
    return lambda value, now: replace(
        value, **{name: new(now) if callable(new) else new for name, new in changes.items()}
    )


def first(**changes: Any) -> Change:
    """The first of several, with fields otherwise."""
    return lambda value, now: (with_(**changes)(value[0], now), *value[1:])


def only(**changes: Any) -> Change:
    """Each of several, with fields otherwise."""
    return lambda value, now: tuple(with_(**changes)(one, now) for one in value)


def ago(age: timedelta) -> Callable[[datetime], datetime]:
    return lambda now: now - age


def each(**changes: Any) -> Change:
    """Each of a mapping, known, with fields otherwise."""
    return lambda value, now: {key: Known(with_(**changes)(one.value, now)) for key, one in value.items()}


def samples(held: tuple[int, ...], **changes: Any) -> Change:
    """The backend's samples with so much memory held each."""

    def change(value: Any, now: datetime) -> Any:
        backend = value["backend"]
        made = tuple(replace(backend[0], held=each, **changes) for each in held)
        return {**value, "backend": made}

    return change


def job(pattern: str, **changes: Any) -> Change:
    """The jobs that run something, with fields otherwise."""
    return lambda value, now: tuple(with_(**changes)(one, now) if one.runs(pattern) else one for one in value)


def _alone(name: str, commands: tuple[Command, ...], **changes: Any) -> Job:
    return replace(Job(name, commands, DAY, is_enabled=True, is_active=True), **changes)


def dumping(command: str, **changes: Any) -> Change:
    """A single daily job that runs this command; what is changed is the command's."""
    words = replace(Command(tuple(command.split())), **changes)
    return lambda value, now: (_alone("night.timer", (words,)),)


def unreadable(*what: str) -> Change:
    """A single job, of which this could not be read."""
    return lambda value, now: (_alone("night.timer", (), unread=what),)


def taking_turns(apart: int) -> Change:
    """Two jobs that dump the database, each every so many days, one after the other."""

    def change(value: Any, now: datetime) -> tuple[Job, ...]:
        runs = [tuple(now + n * DAY for n in range(0, 30) if n % apart < apart // 2 + 1)]
        runs += [tuple(now + n * DAY for n in range(0, 30) if n % apart == 2)]
        words = (Command(("pg_dump", "zebu")),)
        return tuple(_alone("/etc/cron.d/dump", words, longest_gap=apart * DAY, coming=coming) for coming in runs)

    return change


def also(command: str, **changes: Any) -> Change:
    """The jobs, and one more that runs a command and is otherwise as others are."""
    made = _alone("at-night", (Command(tuple(command.split())),))
    return lambda value, now: (*value, replace(made, **changes))


def renewed_by(command: str, *unread: str) -> Change:
    """The proxy's machine, where a single job runs this command."""
    words = (Command(tuple(command.split())),) if command else ()
    job = Job("renew.timer", words, DAY / 2, is_enabled=True, is_active=True, unread=unread)
    return with_(jobs=lambda now: (replace(job, last_run=now),))


def holding(*ages: timedelta, gap: timedelta | None = None, databases: tuple[str, ...] = ()) -> Change:
    """A single container that makes backups and keeps files of these ages."""
    return lambda value, now: (
        _alone(
            "saver", (), longest_gap=gap, image="databasus", databases=databases, kept=tuple(now - age for age in ages)
        ),
    )


def agents(*said: str) -> Change:
    """Programs that watch, each with what is seen of it, and no job that does."""
    made = tuple(Agent(one.split()[0], "sends" in one, "names" in one) for one in said)
    return lambda value, now: replace(value, watchers=(), recorded=(), agents=made)


def table(**changes: Any) -> Change:
    return lambda value, now: replace(value, tables=(replace(value.tables[1], **changes), *value.tables[2:]))


def dumps(*made: tuple[timedelta, int]) -> Change:
    """Dumps of these ages and sizes, oldest first; the copy is left."""
    return lambda value, now: replace(
        value,
        dumps=tuple(
            replace(value.dumps[0], name=f"{n}", made=value.now - age, size=size) for n, (age, size) in enumerate(made)
        ),
    )


def grown(*sizes: int, available: int, roles: int = 0) -> Change:
    """Dumps of the last days, one a day, and one of the roles only before them."""

    def change(value: Any, now: datetime) -> Any:
        days = len(sizes)
        made = [(f"zebu-{n}.dump", n, size) for n, size in enumerate(sizes)]
        if roles:
            made.insert(0, ("roles-0.sql", -1, roles))
        listed = tuple(
            replace(value.dumps[0], name=name, made=value.now - (days - n) * DAY, size=size) for name, n, size in made
        )
        return replace(value, dumps=listed, available=available)

    return change


def read_whole(*times: int) -> Change:
    """Tables that were read whole so often, the first of them a big one."""
    made = tuple(Table(f"t{n}", 10_001 if not n else 5, 0, one, 0, True, ()) for n, one in enumerate(times))
    return with_(tables=made, foreign_keys=(), indexes=())


def both(*changes: Change) -> Change:
    """One after the other."""

    def change(value: Any, now: datetime) -> Any:
        for one in changes:
            value = one(value, now)
        return value

    return change


def copied(**changes: Any) -> Change:
    """The copy, with fields otherwise."""
    return lambda value, now: replace(value, copy=Known(with_(**changes)(value.copy.value, now)))


def shared(end: str, age: timedelta, *others: str) -> Change:
    """Copies in a place where others keep theirs, too: our newest, called so, of this age, and theirs of now."""

    def change(value: Any, now: datetime) -> Any:
        own = replace(value.dumps[-1], name=f"zebu/{value.dumps[-1].name}{end}", made=value.now - age)
        there = tuple(replace(own, name=name, made=value.now, size=5) for name in others)
        return replace(value, copy=Known(replace(value.copy.value, dumps=(own, *there))))

    return change


def dated(age: timedelta) -> Change:
    """The newest dump is of this age by its own word."""

    def change(value: Any, now: datetime) -> Any:
        contents = replace(value.content.contents, dated=value.now - age)
        return replace(value, content=replace(value.content, contents=contents))

    return change


def _repository(value: Any, age: timedelta, state: str, cluster: str | None) -> tuple[Repository, ...]:
    saved = Saved("1", value.now - age, state, value.cluster if cluster is None else cluster)
    return (Repository("barman", "/backups", (saved,)),)


def kept(age: timedelta, state: str = "done", cluster: str | None = None) -> Change:
    """No dumps, but a backup of this age in a tool's repository, by default of the database's server."""
    return lambda value, now: replace(value, dumps=(), repositories=_repository(value, age, state, cluster))


def kept_there(age: timedelta, state: str = "done", cluster: str | None = None) -> Change:
    """The copy is a tool's repository."""
    return lambda value, now: copied(dumps=(), repositories=_repository(value, age, state, cluster))(value, now)


def named(name: str, *ages: int, also: Mapping[str, int]) -> Change:
    """Dumps in one folder: daily ones of these ages in days, and others by name."""
    made = sorted([(age, name) for age in ages] + [(age, other) for other, age in also.items()], reverse=True)
    return lambda value, now: replace(
        value,
        dumps=tuple(replace(value.dumps[0], name=one, made=value.now - age * DAY, size=1) for age, one in made),
    )


def packed(name: str, also: Mapping[str, int]) -> Change:
    """The newest, of now, is a tar of other files; others are so many days old."""

    def change(value: Any, now: datetime) -> Any:
        found = named(name, 0, also=also)(value, now)
        seen = replace(value.content.contents, name=name, kind="tarball", sections={})
        return replace(found, content=replace(value.content, contents=seen))

    return change


def generations(*daily: int, weekly: tuple[int, ...] = ()) -> Change:
    """Dumps of so many days ago, in folders by how often they are made."""

    def change(value: Any, now: datetime) -> Any:
        made = [("daily", days) for days in daily] + [("weekly", days) for days in weekly]
        found = [
            replace(value.dumps[0], name=f"{folder}/{days}", made=value.now - days * DAY)
            for folder, days in sorted(made, key=lambda one: -one[1])
        ]
        return replace(value, dumps=tuple(found))

    return change


def logging(driver: str, options: dict[str, str]) -> Change:
    """The services' containers with this log."""
    return lambda value, now: replace(
        value, everything=tuple(replace(one, log_driver=driver, log_options=options) for one in value.everything)
    )


def asked_health(*test: str) -> Change:
    """The services' containers with this health check."""
    return lambda value, now: replace(
        value, everything=tuple(replace(one, health_test=test) for one in value.everything)
    )


def made_from(*paths: str) -> Change:
    """The services' containers, made from these files."""
    return lambda value, now: replace(
        value, everything=tuple(replace(one, config_files=paths) for one in value.everything)
    )


def tagged(*names: str) -> Change:
    """The checkout with these tags at its commit."""
    return lambda value, now: replace(value, tags=tuple(Tag(name, value.head) for name in names))


def revised(how: str) -> Change:
    """The first service's image, with the name of its commit otherwise."""
    return lambda value, now: (replace(value[0], revision=how.format(value[0].revision)), *value[1:])


def beside(*, done: bool) -> Change:
    """Beside the services, a container that ran for a moment; its work was done, or it failed."""

    def change(value: Any, now: datetime) -> Any:
        made = replace(
            value.everything[0], service="migrate", name="zebu-migrate-1", status="exited", exit_code=0 if done else 1,
            health="none", health_test=(), published=(), restart_policy="no", memory=0, cpus=0.0, log_options={},
            started=now - DAY, ended=now - DAY + SECOND,
        )  # fmt: skip
        return replace(value, everything=(*value.everything, made))

    return change


def ending(days: int | None) -> Change:
    """A release whose support ends in so many days, or nobody knows when."""

    def change(value: Any, now: datetime) -> Any:
        last = None if days is None else now.date() + days * DAY
        return replace(value, release=replace(value.release, ended=last))

    return change


def outgrown(age: timedelta) -> Change:
    """Dumps that are so old, and a database that has got a hundred times as many rows since."""

    def change(value: Any, now: datetime) -> Any:
        live = value.content.live
        many = replace(live, rows={table: 100 * rows + 1000 for table, rows in live.rows.items()})
        older = tuple(replace(one, made=one.made - age) for one in value.dumps)
        return replace(value, dumps=older, content=replace(value.content, live=many))

    return change


def files(*asked: tuple[str, int, str]) -> Change:
    """Pages that ask for these files of their own: kind, status, type."""
    return lambda value, now: tuple(
        replace(page, resources=tuple(Resource(kind, page.url + kind, status, type_) for kind, status, type_ in asked))
        for page in value
    )


BLANK, PICTURE = Shown("", 0, 0, False, ""), Shown("", 0, 1, False, "")
UNFILLED = Shown("Imprint", 1, 0, False, "root")


def asking(*asked: tuple[str, int, str, str], **changes: Any) -> Change:
    """Pages that ask for these alone: address, status, type, failure."""
    made = tuple(Asked("GET", url, status, kind, failure) for url, status, kind, failure in asked)
    return only(asked=made, **changes)


def naming(**bases: tuple[int, str]) -> Change:
    """Scripts that name these addresses of an API, with what they answer; a name stands for an address of ours."""
    known = {
        "own": "/api/v1",
        "local": "http://localhost:8000/api/v1",
        "other": "https://api.example.org/api/v1",
        "plain": "http://api.zebu.test/api/v1",
    }
    return with_(bases={known[name]: answer for name, answer in bases.items()})


def refusing(status: int = 401, body: str = '{"detail": "who?"}', **headers: tuple[str, ...]) -> Change:
    """An API that refuses strangers so, without a mark of its own."""
    given: dict[str, tuple[str, ...]] = {"content-type": ("application/json",), "www-authenticate": ("Bearer",)}
    given |= {name.replace("_", "-"): values for name, values in headers.items()}
    return lambda value, now: replace(
        value,
        refused={
            kind: Known(replace(one.value, status=status, body=body, headers=given))
            for kind, one in value.refused.items()
        },
    )


def header(text: str) -> Change:
    """Every front with this header of HSTS."""

    def change(value: Any, now: datetime) -> Any:
        fronts = {
            name: Known(replace(one.value, headers={**one.value.headers, "strict-transport-security": (text,)}))
            for name, one in value.fronts.items()
        }
        return replace(value, fronts=fronts)

    return change


def watching(result: str, *does: str) -> Change:
    """A single watcher that ended so and looks at these things."""
    return lambda value, now: replace(value, agents=(), watchers=(Watcher("watch.timer", result, frozenset(does)),))


def waiting(*updates: tuple[str, str]) -> Change:
    """A node on which these packages, of these origins, wait."""
    return with_(updates=Known(tuple(Update(package, "1", "2", origin) for package, origin in updates)))


def nothing(value: Any, now: datetime) -> Past:
    """No earlier run."""
    return Past(())


def looked(age: timedelta) -> Change:
    """Earlier runs, all of them so long ago."""
    return lambda value, now: Past(tuple(replace(run, at=now - age) for run in value.runs))


def said(**steps: Mapping[str, Any]) -> Change:
    """The life of a portfolio, with other words in the answers of some steps; `status` is the step's own."""

    def change(value: Any, now: datetime) -> Any:
        new = {}
        for name, words in steps.items():
            known = value.steps[name]
            words = dict(words)
            status = words.pop("status", known["status"])
            new[name] = {**known, "status": status, "said": {**(known["said"] or {}), **words}}
        return replace(value, steps={**value.steps, **new})

    return change


def bought(cost: str, cash: str = "9568.82", value: str = "431.18", total: str = "10000.00", **price: Any) -> Change:
    """A trade that was paid for so."""
    held = [{"ticker": "IBM", "quantity": "1.5", "cost_basis": cost}]
    balance = {"cash_balance": cash, "holdings_value": value, "total_value": total}
    return said(holdings={"holdings": held}, balance=balance, price=price)


def ordered(**words: Any) -> Change:
    """The history, with the order otherwise."""

    def change(value: Any, now: datetime) -> Any:
        deposit, order = value.steps["transactions"]["said"]["items"]
        return said(transactions={"items": [deposit, {**order, **words}]})(value, now)

    return change


def section(name: str, **changes: Any) -> Change:
    """The settings, with keys of a section otherwise."""

    def change(value: Settings, now: datetime) -> Settings:
        known: Section = getattr(value, name)
        return value.model_copy(update={name: known.model_copy(update=changes)})

    return change


def small_scale(value: Settings, now: datetime) -> Settings:
    """Small-scale production."""
    return value.model_copy(update={"profile": "small-scale"})


def front(name: str, **changes: Any) -> Change:
    """One front with its answer otherwise."""
    return lambda value, now: replace(
        value, fronts={**value.fronts, name: Known(replace(value.fronts[name].value, **changes))}
    )


def before(network: str) -> Change:
    """All fronts, answered by a server that calls itself so."""

    def change(value: Any, now: datetime) -> Any:
        seen = {place: answer.value for place, answer in value.fronts.items()}
        told = {place: {**one.headers, "server": (network,)} for place, one in seen.items()}
        return replace(value, fronts={place: Known(replace(one, headers=told[place])) for place, one in seen.items()})

    return change


def greeting(status: int, kind: str = "application/json") -> Change:
    """An API under the site that greets so."""
    answer = Answer(
        "https://zebu.test/api/v1/", status, "", {"content-type": (kind,), "x-correlation-id": ("1",)}, "{}", ""
    )
    return with_(root=Known(answer))


def unanswered(name: str) -> Change:
    """Nobody answers for the health of a name."""
    return lambda value, now: replace(
        value, health={**value.health, name: Known(replace(value.health[name].value, status=0, body=""))}
    )


def lost(value: Any, now: datetime) -> Unknown:
    """It could not be had."""
    return GONE


def undeclared(value: Any, now: datetime) -> Unknown:
    """It is not declared."""
    return UNDECLARED


def saved(age: timedelta, stored: tuple[timedelta, ...] = (), *keeps: str, is_elsewhere: bool = True) -> Change:
    """The hypervisor's backups: a run that ended so long ago, copies of these ages, what is kept."""

    def change(value: Any, now: datetime) -> Any:
        there = Known(Stored("share", is_elsewhere, tuple(value.now - one for one in stored)))
        job = BackupJob("nightly", True, "02:00", "share", keeps)
        return replace(value, jobs=(job,), runs=Known((value.now - age,)), stored={"share": there})

    return change


def stocked(**changes: Any) -> Change:
    """The hypervisor's one job and its share, which has two of the machine, of an hour and of a day ago; parts of them otherwise."""

    def change(value: Any, now: datetime) -> Any:
        made = (value.now - DAY / 24, value.now - DAY)
        of = {
            BackupJob: ("keeps", "coming", "schedule", "is_of_many", "is_enabled"),
            Stored: ("made", "sizes", "spoilt", "protected", "prunes_itself", "is_elsewhere"),
        }
        parts = {kind: {name: changes[name] for name in names if name in changes} for kind, names in of.items()}
        job = replace(BackupJob("nightly", True, "02:00", "share", ("keep-daily=7",)), **parts[BackupJob])
        there = replace(Stored("share", True, made), **parts[Stored])
        if "of_storage" in changes:
            there = replace(there, keeps=changes["of_storage"])
        whole = {name: changes[name] for name in ("left_out", "is_empty", "runs", "unclear") if name in changes}
        whole = {name: new(now) if callable(new) else new for name, new in whole.items()}
        return replace(value, jobs=(job,), stored={"share": Known(there)}, **whole)

    return change


def nobody(value: Any, now: datetime) -> tuple[()]:
    """No job at all."""
    return ()


def hypervisor(*, stored: tuple[timedelta, ...] | None, runs: Known[Any] | Unknown = NO_RUNS) -> Change:
    """A job of the hypervisor's for many machines: what it has stored of this one, or that this is not seen."""

    def change(value: Any, now: datetime) -> Any:
        there = GONE if stored is None else Known(Stored("share", True, tuple(value.now - one for one in stored)))
        job = BackupJob("nightly", True, "02:00", "share", (), is_of_many=True)
        return replace(value, jobs=(job,), runs=runs, stored={"share": there})

    return change


def documents(**changes: Any) -> Change:
    """The documents, each with fields otherwise."""
    return lambda value, now: replace(value, all=only(**changes)(value.all, now))


def put_there(span: timedelta) -> Change:
    """The documents without git's history, all changed today, within so long."""

    def change(value: Any, now: datetime) -> Any:
        first, *others = value.all
        moved = (replace(first, changed=now - span), *(replace(one, changed=now) for one in others))
        return replace(value, all=moved, no_history="git is not installed")

    return change


def drawn(*topics: str) -> Change:
    """The documents, with drawings of this kind only."""

    def change(value: Any, now: datetime) -> Any:
        kinds = {"diagram", "image"}
        left = (
            replace(one, whole=replace(one.whole, topics=one.whole.topics - kinds | {*topics})) for one in value.all
        )
        return replace(value, all=tuple(left))

    return change


def variable(name: str, text: str) -> Change:
    """The running backend with this variable."""

    def change(value: Any, now: datetime) -> Any:
        found = Variable("container:backend", name, len(text), len(set(text)), "0", False, 999, text)
        return replace(value, variables=(found, *(one for one in value.variables if one.name != name)))

    return change


def known(severity: str) -> Change:
    """An advisory of this severity about the first place."""
    advisory = Advisory("left-pad", "1.0", "GHSA-1", ("CVE-1",), severity)
    return lambda value, now: replace(value, found={**value.found, next(iter(value.found)): Known((advisory,))})


def accepted(ends: int) -> Change:
    """The advisory is accepted until so many days from that day."""

    def change(value: Settings, now: datetime) -> Settings:
        one = AcceptedAdvisory(id="CVE-1", reason="no way in", approver="security", until=now.date() + ends * DAY)
        changed: Settings = section("advisories", accepted=(one,))(value, now)
        return changed

    return change


def answering(kind: str, port: int) -> Change:
    """From vantages of a kind, a port answers."""
    return lambda value, now: tuple(
        replace(view, open={**view.open, port: Known(True)}) if view.vantage.kind == kind else view for view in value
    )


def silent(name: str, but: tuple[int, ...] = ()) -> Change:
    """One vantage gets no answer from the ports that no service has, but for some; no other vantage looked at them."""
    return lambda value, now: tuple(
        replace(view, silent=frozenset(UNOPENED) - {*but} if view.name == name else frozenset()) for view in value
    )


def filtering(line: str) -> Change:
    """The machine's filter lets all in, but for a line of it, in both families."""
    tables = iptables.tables_of(f"*filter\n:INPUT ACCEPT [0:0]\n{line}\n")
    only = {"tables": {4: (tables,), 6: (tables,)}, "twins": {}, "native": ()}
    return lambda value, now: replace(value, filter=replace(value.filter, **only))


def listening(address: str, port: int, device: str = "") -> Change:
    """A program listens there, and no other."""
    return lambda value, now: (Listener(address, port, "program", device),)


def publishing(port: Published) -> Change:
    """The first container publishes a port, and no other."""
    return lambda value, now: replace(
        value, everything=(replace(value.everything[0], published=(port,)), *value.everything[1:])
    )


def malformed(status: int, *, is_ours: bool = True, has_envelope: bool = True) -> Change:
    """A malformed request was answered so."""
    return with_(malformed=({"what": "a request", "status": status, "ours": is_ours, "envelope": has_envelope},))


def without(name: str) -> Change:
    """The environment, without a variable anywhere."""
    return lambda value, now: replace(value, variables=tuple(one for one in value.variables if one.name != name))


def renewing(**changes: Any) -> Change:
    """The proxy's machine, with the jobs that renew otherwise."""
    return lambda value, now: replace(
        value, jobs=tuple(replace(one, **changes) if one in value.renewing else one for one in value.jobs)
    )


def ran(
    *, good: str = "", failed: str = "", before: timedelta = SECOND, result: str = "exit-code", **machine: Any
) -> Change:
    """The proxy's machine, whose last run of certbot, so long before its timer's end, did well for some names and failed for others."""

    def change(value: Any, now: datetime) -> Any:
        jobs = tuple(replace(one, result=result, last_run=now) if one in value.renewing else one for one in value.jobs)
        run = RenewalRun(now - before, False, not failed, frozenset(good.split()), frozenset(failed.split()))
        return replace(value, jobs=jobs, runs=(run,), **machine)

    return change


def rehearsed(*, good: str = "", failed: str = "") -> Change:
    """The proxy's machine, whose last dry run did well for some names and failed for others."""

    def change(value: Any, now: datetime) -> Any:
        run = RenewalRun(now, True, not failed, frozenset(good.split()), frozenset(failed.split()))
        return replace(value, runs=(run,), rehearsals=((now, not failed),))

    return change


def keeping(client: str, **machine: Any) -> Change:
    """The proxy's machine, where another client than certbot keeps what is served."""
    return lambda value, now: replace(
        value, renewals={}, kept=dict.fromkeys(value.renewals.values(), (client, "a")), **machine
    )


def serving(*servers: NginxServer, **machine: Any) -> Change:
    """The proxy's machine with these servers of nginx, or with none."""
    return lambda value, now: replace(value, servers=Known(servers) if servers else None, **machine)


def hosts(*limits: bool | None, name: str = "api.zebu.test") -> Change:
    """The proxy's administration has hosts for a name, each with what is said of its limits."""
    made = tuple(ProxyHost((name,), "10.77.0.10:80", True, one) for one in limits)
    return lambda value, now: replace(value, hosts=Known(made))


def provided(provider: str) -> Change:
    """What the proxy keeps for what is served comes from somebody else than an authority that it asks itself."""
    return lambda value, now: replace(
        value, certificates=Known(tuple(replace(one, provider=provider) for one in value.certificates.value))
    )


def managed(*names: str) -> Change:
    """The proxy renews a certificate for these names."""
    return lambda value, now: replace(value, certificates=Known((replace(value.certificates.value[0], names=names),)))


def reference(name: str, kind: str, is_own_key: bool = False) -> Change:
    """The database with one more column that is named as a reference, in a table of its own."""
    return lambda value, now: replace(value, references=(*value.references, Column("orders", name, kind, is_own_key)))


def served(columns: tuple[str, ...], by: tuple[str, ...], is_valid: bool = True, **index: Any) -> Change:
    """The database with a big table, of which some columns refer to another, and one index."""
    return lambda value, now: replace(
        value,
        tables=(Table("big", 10_001, 0, 0, 0, True, ()),),
        foreign_keys=(ForeignKey("big", columns, "portfolios", True),),
        indexes=(Index("one", "big", is_valid, by, **index),),
    )
