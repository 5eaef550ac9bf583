"""The healthy lab, of which the forge or the files of its repository say something else: what its items make of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from pytest_zebu.facts.answer import Known, Unknown
from pytest_zebu.facts.forge import MACHINE, PERSON, UNCLEAR, CheckRun, Forge, Pull, Review
from pytest_zebu.facts.forge import Change as Commit
from pytest_zebu.facts.workflows import Audit
from pytest_zebu.verdict.outcome import Outcome
from tests.suite.otherwise import GONE, Change, nothing, with_

FAILED, PASSED, OPEN = Outcome.FAILED, Outcome.PASSED, Outcome.NOT_ASSESSED
Row = tuple[str, Mapping[str, Change], Outcome, str]
LINTERS, REVIEWED = "pre.application.quality.linters", "pre.application.quality.reviewed"
STAGED, MIGRATED = "post.maintenance.updates.staging", "pre.database.integrity.migrations-staged"
WATCHED, REGULARLY = "post.maintenance.updates.dependencies", "ops.monthly.vulnerabilities"
LINT = "backend-lint"


def runs(*found: CheckRun, same: tuple[str, ...] | None = (), before: tuple[CheckRun, ...] = (), **more: Any) -> Change:
    """The runs of the deployed commit, and of an ancestor that has the same files; or no word of what the check is about."""

    def change(value: Forge, now: datetime) -> Forge:
        files = {name: shas for name, shas in value.same_files.items() if name != LINT}
        if same is not None:
            files[LINT] = ("b" * 40, *same)
        return replace(value, checks={value.commit: Known(found), "b" * 40: Known(before)}, same_files=files, **more)

    return change


def lint(conclusion: str = "success", name: str = LINT, *, is_latest: bool | None = True) -> CheckRun:
    return CheckRun(name, "completed", conclusion, is_latest)


def status(conclusion: str) -> Known[tuple[CheckRun, ...]]:
    return Known((CheckRun(LINT, "completed" if conclusion else "pending", conclusion),))


WAITING, OTHER = CheckRun(LINT, "in_progress", ""), lint(name="docs")
CHECKS: tuple[tuple[Change, Outcome, str], ...] = (
    (runs(lint()), PASSED, ""), (runs(lint(), lint("neutral")), PASSED, ""), (runs(lint(), lint("skipped", f"{LINT} (3.12)")), PASSED, ""), (runs(lint(name=f"{LINT} (3.11)"), lint(name=f"{LINT} (3.12)")), PASSED, ""),
    (runs(lint(name=f"{LINT} (3.11)"), lint("failure", f"{LINT} (3.12)")), FAILED, "backend-lint (3.12) ended with failure"), (runs(lint(), WAITING), OPEN, "is in progress still"), (runs(lint("failure"), WAITING), FAILED, "ended with failure"),
    (runs(lint("neutral")), OPEN, "only ended with neutral"), (runs(lint("cancelled")), FAILED, "cancelled"), (runs(lint("timed_out")), FAILED, "timed_out"), (runs(lint("startup_failure")), FAILED, "startup_failure"),
    (runs(lint("action_required")), OPEN, "which is no verdict"), (runs(lint("stale")), OPEN, "which is no verdict"), (runs(lint("whatever")), OPEN, "which is no verdict"), (runs(lint(""), lint()), OPEN, "ended with nothing"),
    # What was run again
    (runs(lint("failure", is_latest=False), lint()), PASSED, ""), (runs(lint("success", is_latest=False), lint("failure")), FAILED, "ended with failure"), (runs(lint("failure", is_latest=None), lint()), OPEN, "whether of the same workflow"),
    (runs(lint("failure", is_latest=None), lint("failure")), FAILED, "ended with failure"),
    # What was skipped, or left out beside others
    (runs(lint("skipped"), before=(lint(),)), PASSED, ""), (runs(lint("skipped"), before=(lint("failure"),)), FAILED, "ended with failure on bbbb"), (runs(lint("skipped"), before=(lint("skipped"),)), OPEN, "no ancestor"), (runs(lint("skipped"), same=None), OPEN, "does not say which files"),
    (runs(OTHER, before=(lint(),)), PASSED, ""), (runs(OTHER, before=(lint("failure"),)), FAILED, "ended with failure"), (runs(OTHER, same=None), OPEN, "forge.paths may say"), (runs(before=(lint(),)), FAILED, "nor did any other"),
    (runs(lint(name="lint"), lint(name=f"{LINT}-fix"), same=None), OPEN, "where backend-lint-fix, lint did"),
    # What ran for the pull request only
    (runs(same_tree=("b" * 40,), before=(lint(),)), PASSED, ""), (runs(same_tree=("b" * 40,), before=(lint("failure"),)), FAILED, "ended with failure on bbbb"), (runs(same_tree=("b" * 40,)), FAILED, "nor did any other"), (runs(OTHER, same=None, same_tree=("b" * 40,), before=(lint(),)), PASSED, ""),
    (runs(lint("skipped"), same=None, same_tree=("b" * 40,), before=(lint(),)), PASSED, ""), (runs(lint("failure"), same_tree=("b" * 40,), before=(lint(),)), FAILED, "ended with failure"), (runs(OTHER, same=None, same_tree=("b" * 40,), before=(lint("failure"),)), FAILED, "ended with failure on bbbb"),
    # What says itself that nothing is to run for it
    (runs(told_to_skip=True, before=(lint(),)), PASSED, ""), (runs(told_to_skip=True, before=(lint("failure"),)), FAILED, "ended with failure on bbbb"), (runs(told_to_skip=True, same=None), OPEN, "all are told to be skipped: forge.paths"), (runs(told_to_skip=True), OPEN, "no ancestor"),
    # What other services say
    (runs(statuses=status("success")), PASSED, ""), (runs(statuses=status("error")), FAILED, "ended with error"), (runs(statuses=status("")), OPEN, "is pending still"), (runs(lint(), statuses=status("failure")), FAILED, "ended with failure"),
    (runs(statuses=GONE), OPEN, "nobody answers"), (runs(lint(), statuses=GONE), PASSED, ""),
)  # fmt: skip
HEAD, EARLIER = "c" * 40, "d" * 40


def review(by: str = "operations", kind: str = PERSON, commit: str = HEAD, *, is_stranger: bool = False) -> Review:
    return Review(by, kind, commit, is_stranger)


def pull(
    *approvals: Review,
    objections: tuple[Review, ...] = (),
    changes: Any = ((HEAD, "development", False),),
    kind: str = PERSON,
) -> Change:
    """The pull request that brought the commit."""
    told = changes if isinstance(changes, Unknown) else Known(tuple(Commit(*change) for change in changes))
    made = Pull(7, "development" if kind == PERSON else "renovate[bot]", kind, HEAD, approvals, objections, told)
    return with_(pulls=Known((made,)))


BOT, MAYBE = review("zebu[bot]", MACHINE), review("zebu-bot", UNCLEAR)
ADDED = ((EARLIER, "development", False), (HEAD, "development", False))
UPDATED = ((EARLIER, "development", False), (HEAD, "operations", True))
REVIEWS: tuple[tuple[Change, Outcome, str], ...] = (
    (pull(review()), PASSED, ""), (pull(), FAILED, "by nobody"), (pull(review("Development")), FAILED, "who wrote it"), (pull(review(), review("development")), PASSED, ""), (with_(pulls=Known(())), OPEN, "no merged pull request"),
    # Who is a person
    (pull(BOT), FAILED, "no person approved"), (pull(BOT, review()), PASSED, ""), (pull(MAYBE), OPEN, "zebu-bot only: whether that is a person"), (pull(BOT, MAYBE), OPEN, "whether that is a person"), (pull(review(is_stranger=True)), OPEN, "a person of the project"),
    (pull(review(), objections=(review("security"),)), FAILED, "changes requested by security"), (pull(review(), objections=(BOT,)), PASSED, ""), (pull(review(), objections=(MAYBE,)), FAILED, "changes requested by zebu-bot"),
    # Who wrote it
    (pull(review(), kind=MACHINE, changes=((HEAD, "renovate[bot]", False),)), PASSED, ""), (pull(review(), kind=MACHINE, changes=((HEAD, "operations", False),)), FAILED, "operations only, who wrote it"),
    (pull(review(), changes=((HEAD, "Operations", False),)), OPEN, "who wrote some of it"), (pull(review(), review("security"), changes=((HEAD, "operations", False),)), PASSED, ""), (pull(review(), changes=GONE), PASSED, ""),
    # What was approved
    (pull(review(commit=EARLIER), changes=ADDED), FAILED, "1 commits that came after"), (pull(review(commit=EARLIER), changes=UPDATED), PASSED, ""), (pull(review(commit="e" * 40), changes=ADDED), OPEN, "was written anew since"), (pull(review(commit=EARLIER), changes=GONE), OPEN, "nobody answers"),
    (pull(review(commit=EARLIER), review("security"), changes=ADDED), PASSED, ""),
)  # fmt: skip


def staged(*states: str, elsewhere: tuple[str, ...] = ()) -> Change:
    return with_(staged=Known(states), elsewhere=elsewhere)


DEPLOYED: tuple[tuple[Change, Outcome, str], ...] = (
    (staged("success"), PASSED, ""), (staged("failure"), FAILED, "ended with failure"), (staged("error"), FAILED, "ended with error"), (staged("in_progress"), OPEN, "is in progress"), (staged("inactive"), OPEN, "is inactive"), (staged("none"), OPEN, "is none"),
    (staged("in_progress", "success"), PASSED, ""), (staged("failure", "success"), FAILED, "ended with failure"), (staged(), OPEN, "no deployment of this commit to staging;"), (staged(elsewhere=("qa",)), OPEN, "but of qa"),
)  # fmt: skip


def watched(*audits: Audit, **more: Any) -> Change:
    return with_(**{"bots": (), "idle": (), "audits": audits, "unread": (), **more})


WATCHERS: tuple[tuple[Change, Outcome, str], ...] = (
    (watched(bots=("renovate.json",)), PASSED, ""), (watched(Audit("ci", True, True)), PASSED, ""), (watched(Audit("ci", True, False)), OPEN, "fails by nothing"), (watched(Audit("ci", False, True)), OPEN, "a schedule is missing"), (watched(Audit("ci", None, True)), OPEN, "is not understood"),
    (watched(), OPEN, "neither Dependabot nor Renovate"), (watched(idle=("renovate.json (it is switched off)",)), OPEN, "switched off"), (watched(Audit("ci", False, True), unread=("odd.yml",)), OPEN, "whether odd.yml lets"), (watched(Audit("ci", True, True), unread=("odd.yml",)), PASSED, ""),
)  # fmt: skip
MIGRATIONS = "migrations"
MIGRATED_BY: tuple[tuple[Change, Outcome, str], ...] = (
    (runs(lint(name=MIGRATIONS), staged=Known(())), PASSED, ""), (runs(lint("failure", MIGRATIONS), staged=Known(("success",))), PASSED, ""), (runs(lint("failure", MIGRATIONS), staged=Known(())), FAILED, "neither"), (runs(staged=Known(("failure",))), FAILED, "neither"),
    (runs(staged=Known(()), same_tree=("b" * 40,), before=(lint(name=MIGRATIONS),)), PASSED, ""), (runs(staged=Known(("inactive",))), OPEN, "has a verdict"), (runs(lint("neutral", MIGRATIONS), staged=Known(())), OPEN, "has a verdict"), (runs(lint("failure", MIGRATIONS, is_latest=False), lint(name=MIGRATIONS), staged=Known(())), PASSED, ""), (runs(staged=Known(())), OPEN, "no check run applied"),
    (runs(staged=Known(()), statuses=Known((lint(name=MIGRATIONS),))), PASSED, ""), (runs(OTHER, staged=Known(()), same_tree=("b" * 40,), before=(lint(name=MIGRATIONS),)), PASSED, ""),
)  # fmt: skip
ROWS: tuple[Row, ...] = (
    *((LINTERS, {"forge": change}, outcome, reason) for change, outcome, reason in CHECKS),
    *((REVIEWED, {"forge": change}, outcome, reason) for change, outcome, reason in REVIEWS),
    *((STAGED, {"forge": change}, outcome, reason) for change, outcome, reason in DEPLOYED),
    *((MIGRATED, {"forge": change}, outcome, reason) for change, outcome, reason in MIGRATED_BY),
    *((WATCHED, {"watchers": change}, outcome, reason) for change, outcome, reason in WATCHERS),
    (REGULARLY, {"past": nothing, "audit": with_()}, PASSED, ""),
    (REGULARLY, {"past": nothing, "audit": with_(unread=("bun.lockb",))}, OPEN, "bun.lockb: was not asked about"),
)
