"""Pre-Deployment / Application / Code Quality."""

from __future__ import annotations

from pytest_zebu.facts.answer import Known, NotAssessed, need
from pytest_zebu.facts.forge import CheckRun, Forge
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
    releases = [tag for tag in repository.tags_at_head if tag.version]
    newest = repository.newest_release
    with case(
        "tag", f"{repository.head[:12]} is {', '.join(tag.name for tag in repository.tags_at_head) or 'not tagged'}"
    ):
        assert releases, "the deployed commit is no tagged release"
    with case("newest", f"newest release is {newest.name if newest else 'none'}"):
        if releases and newest:
            assert newest.commit == repository.head, f"{newest.name} is newer than {releases[0].name}"
    with case("tree", *repository.changes[:5]):
        assert not repository.changes, f"the tree differs from the commit in {len(repository.changes)} files"


def _expect_checks(forge: Forge, names: tuple[str, ...], key: str, case: Cases) -> None:
    """The check runs of exactly the deployed commit; a skipped one counts by the nearest ancestor with the same files."""
    if not names:
        raise NotAssessed(f"forge.checks.{key} names no check run")
    deployed = need(forge.checks.get(forge.commit, Known(())))
    for name in names:
        with case(name):
            runs = [run for run in deployed if run.name == name]
            at = forge.commit
            if runs and all(run.conclusion == "skipped" for run in runs):
                runs, at = _of_an_ancestor(forge, name)
            case.saw(*(f"{name} on {at[:12]}: {run.status}, {run.conclusion}" for run in runs))
            assert runs, f"did not run on the deployed commit {forge.commit[:12]}"
            for run in runs:
                if run.status != "completed":
                    raise NotAssessed(f"is {run.status} still")
                assert run.conclusion == "success", f"ended with {run.conclusion} on {at[:12]}"


def _of_an_ancestor(forge: Forge, name: str) -> tuple[list[CheckRun], str]:
    if name not in forge.same_files:
        raise NotAssessed(f"was skipped, and forge.paths does not say which files {name} depends on")
    for sha in forge.same_files[name]:
        if sha not in forge.checks:
            break
        runs = [run for run in need(forge.checks[sha]) if run.name == name and run.conclusion != "skipped"]
        if runs:
            return runs, sha
    raise NotAssessed("was skipped, and no ancestor with the same files has run it")


@item("pre.application.quality.tests")
def test_the_tests_passed(forge: Forge, settings: Settings, case: Cases) -> None:
    """Green on the main branch says nothing of the commit that is deployed.

    Fix: run the tests in CI for every commit, deploy a commit whose checks are green, and name them in `forge.checks`.
    See: https://docs.github.com/en/rest/checks/runs
    """
    _expect_checks(forge, settings.forge.checks.tests, "tests", case)


@item("pre.application.quality.linters")
def test_the_linters_passed(forge: Forge, settings: Settings, case: Cases) -> None:
    """What the linters find, they find in the code that runs.

    Fix: run the linters in CI for every commit, deploy a commit whose checks are green, and name them in `forge.checks`.
    See: https://docs.github.com/en/rest/checks/runs
    """
    _expect_checks(forge, settings.forge.checks.linters, "linters", case)


@item("pre.application.quality.types")
def test_the_type_checks_passed(forge: Forge, settings: Settings, case: Cases) -> None:
    """A type error is a failure that waits for its request.

    Fix: run the type checkers in CI for every commit, deploy a green commit, and name them in `forge.checks`.
    See: https://docs.github.com/en/rest/checks/runs
    """
    _expect_checks(forge, settings.forge.checks.types, "types", case)


@item("pre.application.quality.reviewed")
def test_somebody_else_approved(forge: Forge, case: Cases) -> None:
    """Four eyes see more than two; one's own approval is no second pair.

    Fix: bring changes by pull requests that another person approves, and protect the branch so that nothing else lands.
    See: https://docs.github.com/en/rest/pulls/reviews
    """
    pulls = [pull for pull in need(forge.pulls) if pull.is_merged]
    if not pulls:
        raise NotAssessed(f"no merged pull request has the deployed commit {forge.commit[:12]}")
    for pull in pulls:
        others = [who for who in pull.approvals if who != pull.author]
        with case(
            f"pull request {pull.number}", f"by {pull.author}, approved by {', '.join(pull.approvals) or 'nobody'}"
        ):
            assert pull.approvals, "was approved by nobody"
            assert others, f"was approved by {pull.author} only, who wrote it"
            assert not pull.objections, f"still has changes requested by {', '.join(pull.objections)}"


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
    today = machine.time.date()
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
