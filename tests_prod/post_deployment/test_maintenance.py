"""Post-Deployment / Maintenance."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta

from pytest_zebu.facts.answer import Known, NotAssessed, Unknown, need
from pytest_zebu.facts.documents import Documents
from pytest_zebu.facts.forge import Forge
from pytest_zebu.facts.host import Machine
from pytest_zebu.facts.images import Image
from pytest_zebu.facts.jobs import Job
from pytest_zebu.facts.repository import Repository
from pytest_zebu.facts.updates import MISSING_SUITE, Updates
from pytest_zebu.facts.upkeep import Upkeep, Watchers
from pytest_zebu.facts.usage import FileSystem, Sample
from pytest_zebu.facts.workflows import scheduled
from pytest_zebu.memory.history import Past
from pytest_zebu.memory.measures import used
from pytest_zebu.plugin.checks import Cases, item
from pytest_zebu.settings import Settings
from tests_prod.documents import expect_document

UPDATED = timedelta(days=3)
"""apt's timers run daily; a machine may be off for two days."""
GRACE = timedelta(days=2)
SELDOM = timedelta(days=7)
"""What is done less often than weekly is no protection."""
STALE = timedelta(days=14)
"""A security suite is signed anew every few days: an older list is a frozen copy, and proves nothing."""
OWN_SCHEDULE = r"(?:^|[;&|(]) *(?:/usr/bin/)?unattended-upgrades?(?: +(?:-v|-d|--verbose|--debug))* *(?:$|[;&|>)])"
"""It is itself what is run, for real; a script that reads its log only names it."""
REBOOT = timedelta(days=7)
BY_HAND = timedelta(days=7)
FULL_SOON = 30
"""Days: in less than that, nobody gets a larger disk in time."""


@item("post.maintenance.updates.os", either=("jobs",))
def test_security_updates_install_themselves(
    updates: Updates, jobs: Known[tuple[Job, ...]] | Unknown, settings: Settings, machine: Machine, case: Cases
) -> None:
    """Most machines are entered through holes that were mended months before.

    In small-scale production they may be installed by hand: people attest that, weekly, and none may wait for longer.

    Fix: `apt install unattended-upgrades`, both periodic settings "1", apt's timers enabled; reboot when it is asked for.
    See: https://wiki.debian.org/UnattendedUpgrades
    """
    by_hand = settings.profile == "small-scale" and not (updates.is_installed and updates.is_switched_on)
    case.saw(*(f"not understood: {text}" for text in updates.odd[:3]))
    with case("release", str(updates.release)):
        if updates.release.ended is None:
            raise NotAssessed(f"how long {updates.release} gets security updates is not known")
        assert machine.ours.date() <= updates.release.ended, (
            f"{updates.release} has had no security updates since {updates.release.ended}"
        )
    if not by_hand:
        _expect_automation(updates, jobs.value if isinstance(jobs, Known) else (), machine, case)
    with case("package lists"):
        _expect_fresh_lists(updates, machine)
    with case("packages"):
        if updates.broken and updates.is_busy:
            raise NotAssessed("dpkg is at work at this moment")
        assert not updates.broken, f"{updates.broken[0]}: an upgrade did not come to its end"
    waiting = updates.waiting
    with case("security updates", f"{len(waiting)} wait"):
        kept = updates.kept_back if not by_hand else ()
        assert not kept, (
            f"{len(kept)} wait that no run will install (held, pinned or left alone): {', '.join(kept[:3])}"
        )
        overlooked = updates.overlooked if not by_hand else ()
        names = ", ".join(f"{one.package} {one.version}" for one in overlooked[:3])
        assert not overlooked, f"{len(overlooked)} were there before the last run, and still wait: {names}"
        if updates.trouble:
            raise NotAssessed(f"apt cannot say what waits: {updates.trouble}")
        unread = [text for text in updates.odd if text.startswith("pending ")]
        if unread:
            raise NotAssessed(f"what apt says of one was not understood: {unread[0]}")
    with case("reboot"):
        if updates.reboot_since is not None:
            age = machine.time - updates.reboot_since
            case.saw(f"reboot: asked for since {updates.reboot_since:%Y-%m-%d %H:%M} UTC")
            assert machine.clock.is_within(updates.reboot_since, REBOOT), f"is asked for since {age.days} days"
    if by_hand:
        waited = machine.ours - updates.published if updates.published else timedelta()
        with case("updates by hand"):
            assert not waiting or waited <= BY_HAND, f"{len(waiting)} security updates wait, since {waited.days} days"
        raise NotAssessed("whether updates are installed by hand, people attest, weekly")


def _expect_fresh_lists(updates: Updates, machine: Machine) -> None:
    if updates.refreshed is None:
        raise NotAssessed("were never fetched, or left no trace")
    age = machine.time - updates.refreshed
    assert machine.clock.is_within(updates.refreshed, _patience(updates)), f"are {age.days} days old"
    assert updates.without_suite != MISSING_SUITE, f"{MISSING_SUITE}: that nothing waits says nothing"
    if updates.without_suite:
        raise NotAssessed(f"{updates.without_suite}: that nothing waits says nothing")
    assert updates.valid_until is None or machine.ours <= updates.valid_until, (
        f"of the security suite counted until {updates.valid_until:%Y-%m-%d}: newer ones do not arrive"
    )
    if updates.valid_until is None and updates.signed is not None and machine.ours - updates.signed > STALE:
        raise NotAssessed(
            f"of the security suite were signed {(machine.ours - updates.signed).days} days ago: a frozen copy?"
        )


def _patience(updates: Updates) -> timedelta:
    """How old lists and the last run may be."""
    return max(UPDATED, (updates.interval or timedelta()) + GRACE)


def _expect_automation(updates: Updates, jobs: tuple[Job, ...], machine: Machine, case: Cases) -> None:
    with case("unattended-upgrades"):
        if updates.unconfigured:
            raise NotAssessed(f"apt cannot read its configuration: {updates.unconfigured}")
        if updates.tools and not updates.is_installed:
            raise NotAssessed(f"is not installed; what {', '.join(updates.tools)} installs, people attest")
        assert updates.is_installed, "is not installed"
        assert updates.interval is not None, "is switched off (APT::Periodic)"
        assert updates.interval <= SELDOM, f"runs only every {updates.interval.days} days (APT::Periodic)"
        assert not updates.unreadable, f"stops at a pattern that it cannot read: {updates.unreadable[0]}"
        assert not updates.uncovered, (
            f"leaves out the security suite {updates.uncovered[0]} (Unattended-Upgrade::Origins-Pattern)"
        )
        assert not updates.refused, f"is kept from security updates by apt's preferences: {updates.refused}"
        assert not updates.waits_for_shutdown, "installs only when the machine goes down (InstallOnShutdown)"
        left, installed = updates.left_alone
        case.saw(*([f"left alone: {left} of {installed} packages"] if left else []))
        assert 2 * left <= installed, f"is told to leave {left} of {installed} packages alone (Package-Blacklist)"
        own = [
            job.name for job in jobs if job.runs(OWN_SCHEDULE) and not (job.trouble or job.name.startswith("apt-daily"))
        ]
        case.saw(*(f"started by {name}" for name in own))
        if updates.dead_timers is None and not own:
            raise NotAssessed("what starts it without systemd is not known")
        # Who starts it at an hour of his own switches apt's timers off.
        assert own or not updates.dead_timers, f"{', '.join(updates.dead_timers or ())} does not run"
    with case("last run"):
        if updates.last_run is None:
            raise NotAssessed(
                f"began on {updates.begun:%Y-%m-%d %H:%M} UTC, and has left no stamp of its end"
                if updates.begun
                else "has never run, or left no stamp"
            )
        case.saw(f"last run: {updates.last_run:%Y-%m-%d %H:%M} UTC, {updates.errors} errors")
        age = machine.time - updates.last_run
        assert machine.clock.is_within(updates.last_run, _patience(updates)), f"was {age.days} days ago"
        assert not updates.errors, f"logged {updates.errors} errors"


@item("post.maintenance.updates.images")
def test_base_images_are_fresh(images: tuple[Image, ...], settings: Settings, machine: Machine, case: Cases) -> None:
    """Nothing in an image updates itself.

    Fix: `docker compose build --pull --no-cache` and `pull` in the planned interval (`maintenance.image_days`).
    See: https://docs.docker.com/build/building/best-practices/#rebuild-your-images-often
    """
    keep = timedelta(days=settings.maintenance.image_days)
    for image in images:
        with case(image.service):
            if image.base is None:
                raise NotAssessed("does not tell how old its base is")
            age = machine.ours - image.base
            case.saw(
                f"{image.service}: base of {image.base:%Y-%m-%d}, made on {image.made:%Y-%m-%d}"
                if image.made
                else image.service
            )
            assert age <= keep, f"has a base that is {age.days} days old, {keep.days} are planned"


@item("post.maintenance.updates.staging")
def test_updates_are_tried_in_staging(forge: Forge, settings: Settings, case: Cases) -> None:
    """What breaks should break there.

    Fix: deploy each release to staging first, and let the forge know (a deployment to the environment `forge.staging`).
    See: https://docs.github.com/en/rest/deployments/statuses
    """
    staged = need(forge.staged)
    case.saw(f"deployments of {forge.commit[:12]} to {settings.forge.staging}: {', '.join(staged) or 'none'}")
    if not staged:
        hint = f", but of {', '.join(forge.elsewhere[:5])}: forge.staging names staging" if forge.elsewhere else ""
        raise NotAssessed(
            f"the forge knows no deployment of this commit to staging{hint}; what was done by hand, people attest"
        )
    if not forge.last_staged:
        raise NotAssessed(f"the last deployment of this commit to staging is {staged[0].replace('_', ' ')}")
    assert forge.last_staged == "success", (
        f"the last deployment of this commit to staging ended with {forge.last_staged}"
    )


@item("post.maintenance.updates.dependencies")
def test_dependencies_are_watched(watchers: Watchers, case: Cases) -> None:
    """A dependency that nobody watches is raised once, in an emergency.

    Fix: Dependabot or Renovate in the repository, or an audit that a schedule starts, and that fails by what it finds.
    See: https://docs.github.com/en/code-security/dependabot; https://docs.renovatebot.com
    """
    case.saw(*(f"watched by {path}" for path in watchers.bots), *(f"watches nothing: {text}" for text in watchers.idle))
    case.saw(*(f"not read: {text}" for text in watchers.unread[:5]))
    case.saw(
        *(
            f"{one.where}: audits {_STARTS[one.is_scheduled]}{'' if one.is_gate else ', and fails by nothing'}"
            for one in watchers.audits[:10]
        )
    )
    if watchers.bots or scheduled(watchers.audits):
        return
    if watchers.unread:
        raise NotAssessed(f"whether {watchers.unread[0]} lets something watch the dependencies is not known")
    if unclear := [one for one in watchers.audits if one.is_scheduled is None and one.is_gate]:
        raise NotAssessed(f"under which conditions {unclear[0].where} audits is not understood")
    if on_schedule := [one for one in watchers.audits if one.is_scheduled]:
        raise NotAssessed(
            f"{on_schedule[0].where} audits by a schedule, and fails by nothing: what people read, they attest"
        )
    if watchers.audits:
        raise NotAssessed(
            f"{watchers.audits[0].where} audits with each change; for what becomes known later a schedule is missing, or a bot"
        )
    raise NotAssessed(
        "the repository configures neither Dependabot nor Renovate nor an audit that a schedule starts; what people do, they"
        f" attest{f' ({watchers.idle[0]})' if watchers.idle else ''}"
    )


_STARTS = {True: "by a schedule", False: "with each change", None: "under conditions that are not understood"}


@item("post.maintenance.deployment.redeploy-documented")
def test_deploying_anew_is_written_down(documents: Documents, case: Cases) -> None:
    """The same version again, on the same machine or another.

    Fix: a runbook with the commands, from the checkout of a tag to the health check.
    See: the checklist.
    """
    expect_document(
        documents, case, "deploying anew", everywhere={"deploy", "release", "build", "start"}, section={"deploy"}
    )


@item("post.maintenance.deployment.rollback-tested")
def test_going_back_was_tried(documents: Documents, case: Cases) -> None:
    """A way back that nobody went is a guess.

    Fix: go back and forth once in staging by the runbook, then `zebu attest post.maintenance.deployment.rollback-tested`.
    See: the checklist.
    """
    expect_document(documents, case, "rollback", everywhere={"rollback", "release"}, section={"rollback"})
    raise NotAssessed("whether somebody tried it, people attest")


@item("post.maintenance.deployment.checklist")
def test_there_is_a_deployment_checklist(documents: Documents, case: Cases) -> None:
    """What is done every time is forgotten one time.

    Fix: a list of the steps before, during and after a deployment: boxes, or numbered steps under headings.
    See: The Checklist Manifesto (Gawande).
    """
    expect_document(
        documents, case, "steps of a deployment", everywhere={"deploy", "steps", "verify"}, section={"deploy"}
    )


_CHANGE_LOG = re.compile(
    r"(?i)(?:docs?/)?(?:change[-_]?logs?|changes|history|news|releases?|release[-_ ]?notes)(?:\.\w+)?"
)
_READ_AS_ONE = frozenset({
    "CHANGELOG.md", "CHANGELOG.rst", "CHANGELOG", "CHANGES.md", "CHANGES.rst", "CHANGES", "HISTORY.md", "NEWS.md", "docs/CHANGELOG.md", "docs/changelog.md",
})  # fmt: skip
"""The files that are looked through for versions."""


@item("post.maintenance.deployment.changelog", either=("documents",))
def test_the_deployed_version_is_in_the_change_log(
    upkeep: Upkeep, documents: Known[Documents] | Unknown, repository: Repository, case: Cases
) -> None:
    """What changed is the first question when something breaks.

    Fix: an entry in CHANGELOG.md for each version, before it is tagged.
    See: https://keepachangelog.com
    """
    versions = [tag.number for tag in repository.releases]
    case.saw(f"deployed: {repository.describe}", f"newest entries: {', '.join(upkeep.changelog[:3]) or 'none'}")
    listed = [one.path for one in documents.value.all] if isinstance(documents, Known) else []
    other = [path for path in listed if path not in _READ_AS_ONE and _CHANGE_LOG.fullmatch(path)]
    if not upkeep.changelog and other and not _READ_AS_ONE & {*listed}:
        raise NotAssessed(f"{other[0]} may be the change log, and is not looked through under that name")
    assert upkeep.changelog, "there is no CHANGELOG with versions as headings"
    if not versions:
        raise NotAssessed("no tag names the deployed version")
    # A build's own mark (`+5`) belongs to the tag, and not to what changed; a last number that is nothing may be left out.
    named = {*versions, *(version.partition("+")[0] for version in versions)}
    entered = {*named, *(f"{version}.0" for version in named)} & {*upkeep.changelog}
    assert entered, f"has no entry for {versions[0]}"


@item("post.maintenance.capacity.baseline")
def test_there_is_a_baseline(
    past: Past, usage: Mapping[str, tuple[Sample, ...]], disk: tuple[FileSystem, ...], machine: Machine, case: Cases
) -> None:
    """Without it, nobody can say that something is more than usual.

    A practice is asked for: what a run of a day ago or more remembers. What is seen on one day is no baseline yet.

    Fix: run this suite regularly; each run remembers what it measured.
    See: https://sre.google/sre-book/software-engineering-in-sre/
    """
    case.saw(*(f"{service}: {samples[-1].memory / 2**20:.0f} MiB" for service, samples in usage.items() if samples))
    measured, is_practice = past.measured("memory.", machine.ours)
    case.saw(*([f"{len(measured)} earlier runs since {measured[0].at:%Y-%m-%d %H:%M} UTC"] if measured else []))
    if not is_practice:
        raise NotAssessed("no run of a day ago or more measured anything: what is usual is not known yet")
    for system in disk:
        before = past.series(used(system.place))
        if before:
            case.saw(
                f"{system.place}: {before[0][1] / 2**30:.2f} GiB used then, {(system.size - system.available) / 2**30:.2f} GiB now"
            )


@item("post.maintenance.capacity.growth")
def test_growth_is_known(past: Past, disk: tuple[FileSystem, ...], machine: Machine, case: Cases) -> None:
    """When it will be full is better known before.

    A practice passes it, a state fails it: growth is known from runs that span a day.

    Fix: run this suite regularly; where a disk fills soon, enlarge it.
    See: the checklist.
    """
    for system in disk:
        in_use = float(system.size - system.available)
        with case(system.place):
            if system.trouble:
                raise NotAssessed(system.trouble)
            daily = past.growth(used(system.place), machine.ours, in_use)
            if daily is None:
                raise NotAssessed("earlier runs do not span a day: growth is not known yet")
            days = system.available / daily if daily > 0 else float("inf")
            case.saw(
                f"{system.place}: grows by {daily / 2**20:.1f} MiB a day, full {f'in {days:.0f} days' if days < 10_000 else 'not in sight'}"
            )
            assert days > FULL_SOON, f"is full in {days:.0f} days"


@item("post.maintenance.capacity.scaling-plan")
def test_scaling_is_written_down(documents: Documents, case: Cases) -> None:
    """When to add what, decided while there is time.

    Fix: a section that says from which load on CPU, memory or disk are added, and how.
    See: the checklist.
    """
    expect_document(documents, case, "scaling", everywhere={"scaling", "resources"}, section={"scaling"})
