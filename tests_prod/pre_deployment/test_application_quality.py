"""Pre-Deployment / Application / Code Quality."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_zebu.facts.answer import Known, NotAssessed, Unknown, need
from pytest_zebu.facts.forge import BAD, EVEN, GOOD, MACHINE, PERSON, CheckRun, Forge, Pull, Review
from pytest_zebu.facts.host import Machine
from pytest_zebu.facts.packages import Audit
from pytest_zebu.facts.repository import Repository
from pytest_zebu.plugin.checks import Cases, item
from pytest_zebu.settings import Settings


@item("pre.application.quality.tagged-release")
def test_a_release_is_deployed(repository: Repository, case: Cases) -> None:
    """What runs must be something that can be named, and built again.

    Fix: check out the newest release tag (`git checkout v1.2.3`) with a clean tree, and deploy that.
    See: https://semver.org
    """
    releases = repository.releases
    newest = repository.newest_release
    with case(
        "tag", f"{repository.head[:12]} is {', '.join(tag.name for tag in repository.tags_at_head) or 'not tagged'}"
    ):
        if not releases and (others := [tag.name for tag in repository.tags_at_head if tag.version]):
            raise NotAssessed(f"whether {others[0]} names a release of the whole project is not known")
        assert releases, "the deployed commit is no tagged release"
    with case("newest", f"newest release is {newest.name if newest else 'none'}"):
        if releases and newest:
            if newest.is_dated and not any(tag.is_dated for tag in releases):
                raise NotAssessed(
                    f"{newest.name} is counted by years, and {releases[0].name} is not: which is newer is not known"
                )
            assert newest.commit == repository.head, f"{newest.name} is newer than {releases[0].name}"
    with case("tree", *repository.changes[:5]):
        assert not repository.changes, f"the tree differs from the commit in {len(repository.changes)} files"
        repository.expect_compared()


def _expect_checks(forge: Forge, names: tuple[str, ...], key: str, case: Cases) -> None:
    """The checks of exactly the deployed commit; a skipped one counts by the nearest ancestor with the same files."""
    if not names:
        raise NotAssessed(f"forge.checks.{key} names no check run")
    at = forge.tested
    deployed = need(forge.checks.get(at, Known(())))
    statuses = forge.statuses.value if isinstance(forge.statuses, Known) else ()
    if at != forge.commit:
        # The same files under another name: CI that runs for pull requests only has tested them there.
        case.saw(f"nothing ran on {forge.commit[:12]}; {at[:12]}, which was merged, has the very same files")
    for name in names:
        _expect_check(forge, name, (*deployed, *statuses), case)


def _expect_check(forge: Forge, name: str, others: tuple[CheckRun, ...], case: Cases) -> None:
    with case(name):
        runs, at = forge.runs_of(name)
        if not runs:
            need(forge.statuses)
            _expect_others(forge, name, others)
        if all(run.conclusion == "skipped" for run in runs):
            runs, at = _of_an_ancestor(forge, name, "was skipped" if runs else "has not run on the deployed commit")
        case.saw(*(f"{run.name} on {at[:12]}: {run.status} {run.conclusion}".rstrip() for run in runs))
        _expect_success(runs, at)


def _expect_others(forge: Forge, name: str, others: tuple[CheckRun, ...]) -> None:
    """Where others ran, a workflow may have left this one out, since nothing changed that it is about."""
    ran = ", ".join(sorted({run.name for run in others})[:5])
    # Release tools commit a new version and its changes, and say that nothing is to run for that.
    ran = f"{ran} did" if ran else "all are told to be skipped" if forge.told_to_skip else ""
    assert ran, f"did not run on the deployed commit {forge.commit[:12]}, nor did any other"
    if name not in forge.same_files:
        raise NotAssessed(
            f"has not run on the deployed commit, where {ran}: forge.paths may say which files it depends on"
        )


def _expect_success(runs: list[CheckRun], at: str) -> None:
    """One succeeded, and none did worse; what is neutral or skipped beside it is no failure."""
    bad = [run for run in runs if run.is_done and run.conclusion in BAD]
    latest = [run for run in bad if run.is_latest]
    assert not latest, f"{latest[0].name} ended with {latest[0].conclusion} on {at[:12]}"
    if bad:
        raise NotAssessed(
            f"ended with {bad[0].conclusion}, and was run again in another suite: whether of the same workflow is not known"
        )
    for run in runs:
        if not run.is_done:
            raise NotAssessed(f"{run.name} is {run.status.replace('_', ' ')} still")
        if run.conclusion not in GOOD | EVEN:
            raise NotAssessed(f"{run.name} ended with {run.conclusion or 'nothing'}, which is no verdict")
    if not any(run.conclusion in GOOD for run in runs):
        raise NotAssessed(f"only ended with {runs[0].conclusion}, which is no verdict")


def _of_an_ancestor(forge: Forge, name: str, why: str) -> tuple[list[CheckRun], str]:
    if name not in forge.same_files:
        raise NotAssessed(f"{why}, and forge.paths does not say which files {name} depends on")
    for sha in forge.same_files[name]:
        if sha not in forge.checks:
            break
        found = [run for run in need(forge.checks[sha]) if run.is_last_of(name)]
        if any(run.conclusion != "skipped" for run in found):
            return found, sha
    raise NotAssessed(f"{why}, and no ancestor with the same files has run it")


@item("pre.application.quality.tests")
def test_the_tests_passed(forge: Forge, settings: Settings, case: Cases) -> None:
    """Green on the main branch says nothing of the commit that is deployed.

    Fix: run the tests in CI for every commit and deploy a commit whose checks are green.
    Declare: forge.repository, forge.checks.tests
    See: https://docs.github.com/en/rest/checks/runs
    """
    _expect_checks(forge, settings.forge.checks.tests, "tests", case)


@item("pre.application.quality.linters")
def test_the_linters_passed(forge: Forge, settings: Settings, case: Cases) -> None:
    """What the linters find, they find in the code that runs.

    Fix: run the linters in CI for every commit and deploy a commit whose checks are green.
    Declare: forge.repository, forge.checks.linters
    See: https://docs.github.com/en/rest/checks/runs
    """
    _expect_checks(forge, settings.forge.checks.linters, "linters", case)


@item("pre.application.quality.types")
def test_the_type_checks_passed(forge: Forge, settings: Settings, case: Cases) -> None:
    """A type error is a failure that waits for its request.

    Fix: run the type checkers in CI for every commit and deploy a green commit.
    Declare: forge.repository, forge.checks.types
    See: https://docs.github.com/en/rest/checks/runs
    """
    _expect_checks(forge, settings.forge.checks.types, "types", case)


@item("pre.application.quality.reviewed")
def test_somebody_else_approved(forge: Forge, case: Cases) -> None:
    """Four eyes see more than two; one's own approval is no second pair.

    Fix: bring changes by pull requests that another person approves, and protect the branch so that nothing else lands.
    Declare: forge.repository
    See: https://docs.github.com/en/rest/pulls/reviews
    """
    pulls = need(forge.pulls)
    if not pulls:
        raise NotAssessed(f"no merged pull request has the deployed commit {forge.commit[:12]}")
    for pull in pulls:
        said = ", ".join(f"{one.by} ({one.kind})" for one in pull.approvals) or "nobody"
        with case(f"pull request {pull.number}", f"by {pull.author}, approved by {said}"):
            case.saw(*(f"changes requested by {one.by} ({one.kind})" for one in pull.objections))
            objecting = [one.by for one in pull.objections if one.kind != MACHINE]
            assert not objecting, f"still has changes requested by {', '.join(objecting)}"
            _expect_as_merged(pull, _independent(pull, _persons(pull)))


def _names(reviews: Iterable[Review]) -> str:
    return ", ".join(one.by for one in reviews)


def _persons(pull: Pull) -> list[Review]:
    """The approvals of persons other than the author."""
    assert pull.approvals, "was approved by nobody"
    others = [one for one in pull.approvals if one.by.lower() != pull.author.lower()]
    assert others, f"was approved by {pull.author} only, who wrote it"
    persons = [one for one in others if one.kind == PERSON and not one.is_stranger]
    unclear = [one for one in others if one.kind != MACHINE]
    assert unclear, f"was approved by {_names(others)} only: no person approved"
    if not persons:
        raise NotAssessed(
            f"was approved by {_names(unclear)} only: whether that is a person of the project is not known"
        )
    return persons


def _independent(pull: Pull, persons: list[Review]) -> list[Review]:
    """The approvals of those who have written nothing of it."""
    independent = [one for one in persons if one.by.lower() not in pull.writers]
    if not independent:
        names = _names(persons)
        assert pull.kind == PERSON or len(pull.writers) > 1, f"was approved by {names} only, who wrote it"
        raise NotAssessed(f"was approved by {names} only, who wrote some of it")
    return independent


def _expect_as_merged(pull: Pull, approvals: list[Review]) -> None:
    """What was approved is what was merged."""
    later = [pull.later(one) for one in approvals]
    if 0 in later:
        return
    if None in later:
        why = pull.changes if isinstance(pull.changes, Unknown) else "was written anew since"
        raise NotAssessed(f"was approved in an earlier state: whether it is what was merged is not known ({why})")
    raise AssertionError(
        f"has {min(one or 0 for one in later)} commits that came after it was approved by {_names(approvals)}"
    )


SEVERITIES = ("none", "low", "moderate", "high", "critical")


@item("pre.application.quality.vulnerabilities")
def test_nothing_installed_is_known_to_be_vulnerable(
    audit: Audit, settings: Settings, machine: Machine, case: Cases
) -> None:
    """The lock file says what should run; with loose pins the image has something else. Both are asked about.

    Fix: raise the package to the version that the advisory names, build the image anew, deploy; or accept it in
    `[[advisories.accepted]]` with a reason, an approver and an end.
    See: https://osv.dev; https://docs.github.com/en/code-security/security-advisories
    """
    today = machine.ours.date()
    accepted = {one.id: one for one in settings.advisories.accepted}
    allowed = SEVERITIES.index(settings.advisories.allowed)
    case.saw(*(f"{service}: has no Python, so nothing of it is asked about" for service in audit.without_python))
    case.saw("what only a private index has, no advisory knows")
    for place, answer in audit.found.items():
        with case(place, f"{audit.packages[place]} packages"):
            open_ones = []
            for advisory in need(answer):
                names = {advisory.id, *advisory.aliases} & accepted.keys()
                note = f"{advisory.package} {advisory.version}: {advisory.id} {advisory.severity}".strip()
                note += f", mended in {', '.join(advisory.fixed[:3])}" if advisory.fixed else ""
                holding = [accepted[name] for name in names if accepted[name].until >= today]
                if holding:
                    case.saw(
                        f"{place}: {note}, accepted by {holding[0].approver} until {holding[0].until}: {holding[0].reason}"
                    )
                # An advisory that does not say how severe it is counts as the worst.
                elif (SEVERITIES.index(advisory.severity) if advisory.severity in SEVERITIES else 4) > allowed:
                    open_ones.append(note)
            assert not open_ones, f"{len(open_ones)} known: {'; '.join(open_ones[:5])}"
    if audit.unread:
        with case("what was not asked about", *audit.unread[:20]):
            raise NotAssessed(f"{'; '.join(audit.unread[:3])}: what is in it is not known")
