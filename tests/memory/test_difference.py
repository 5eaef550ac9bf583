"""Whose change it is: by swapping one thing after the other, and never by a guess."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_zebu.memory.difference import Things, Told, Verdict, Whose, attribute, gist, is_otherwise
from pytest_zebu.verdict.outcome import Outcome

PASSED, FAILED, UNSEEN = (
    Verdict(Outcome.PASSED, ""),
    Verdict(Outcome.FAILED, "is wrong"),
    Verdict(Outcome.NOT_ASSESSED, "x"),
)
HOST, RULE, SETTINGS, WORDS, ADVISORY, CLOCK, RUNS = Whose
ALL: Things = frozenset({HOST, SETTINGS, WORDS, ADVISORY, CLOCK, RUNS})


def told(verdict: Verdict, suite: str = "today") -> Told:
    return Told(verdict, suite, suite == "today")


def fails_with(*needed: frozenset[Whose]) -> Callable[[Things], Verdict]:
    """A world in which an item fails as soon as all of one of these sets are the second run's."""
    return lambda things: FAILED if any(one <= things for one in needed) else PASSED


def things(*members: Whose) -> Things:
    return frozenset(members)


@pytest.mark.parametrize("whose", sorted(ALL))
def test_one_thing_that_is_enough_is_named_alone(whose: Whose) -> None:
    found, unknown = attribute(told(PASSED), told(FAILED), fails_with(things(whose)), ALL)
    assert (found, unknown) == ((things(whose),), "")


def test_of_several_each_of_which_is_enough_all_are_named() -> None:
    judge = fails_with(things(HOST), things(WORDS))
    assert attribute(told(PASSED), told(FAILED), judge, ALL)[0] == (things(HOST), things(WORDS))


def test_what_is_needed_together_is_named_together() -> None:
    judge = fails_with(things(SETTINGS, WORDS))
    assert attribute(told(PASSED), told(FAILED), judge, ALL)[0] == (things(SETTINGS, WORDS),)
    judge = fails_with(things(SETTINGS, WORDS, RUNS), things(HOST, SETTINGS, WORDS, ADVISORY))
    assert attribute(told(PASSED), told(FAILED), judge, ALL)[0] == (things(SETTINGS, WORDS, RUNS),)


def test_what_was_seen_brings_its_time_with_it() -> None:
    """A new dump is dated later than the first run: seen at that run's time it would be of the future."""
    assert attribute(told(PASSED), told(FAILED), fails_with(things(HOST, CLOCK)), ALL)[0] == (things(HOST),)
    judge = fails_with(things(HOST, SETTINGS, CLOCK))
    assert attribute(told(PASSED), told(FAILED), judge, ALL)[0] == (things(HOST, SETTINGS),)


def test_words_do_not_bring_the_time_with_them() -> None:
    assert attribute(told(PASSED), told(FAILED), fails_with(things(WORDS, CLOCK)), ALL)[0] == (things(WORDS, CLOCK),)
    assert attribute(told(PASSED), told(FAILED), fails_with(things(RUNS, CLOCK)), ALL)[0] == (things(RUNS, CLOCK),)


def test_where_the_time_alone_is_enough_what_was_seen_is_not_named() -> None:
    assert attribute(told(PASSED), told(FAILED), fails_with(things(CLOCK)), ALL)[0] == (things(CLOCK),)


def test_another_version_of_the_suite_that_judged_the_first_run_otherwise() -> None:
    """Today's rules fail both: it is the rule. They pass the first run's evidence as it did: it is not."""
    always = fails_with(things())
    assert attribute(told(PASSED, "old"), told(FAILED), always, ALL) == ((things(RULE),), "")
    assert attribute(told(PASSED, "old"), told(FAILED), fails_with(things(HOST)), ALL) == ((things(HOST),), "")


def test_another_version_of_the_suite_that_judged_the_second_run_otherwise() -> None:
    assert attribute(told(PASSED), told(FAILED, "old"), fails_with(), ALL) == ((things(RULE),), "")


def test_a_rule_that_was_needed_together_with_something_else() -> None:
    """The old rule passed it, today's fails it, and a waiver of the second run accepts that."""
    waived = Verdict(Outcome.WAIVED, "accepted")

    def judge(swapped: Things) -> Verdict:
        return waived if WORDS in swapped else FAILED

    assert attribute(told(PASSED, "old"), told(waived), judge, ALL) == ((things(RULE, WORDS),), "")


@pytest.mark.parametrize(("then", "now", "judge", "words"), [
    (told(PASSED), told(FAILED), fails_with(things()), "first run, judged again, is failed (is wrong): it depended on something besides"),
    (told(PASSED), told(FAILED), fails_with(), "second run, judged again, is passed"),
    (told(PASSED, "old"), told(FAILED, "old"), fails_with(things()), "the same other version"),
    (told(PASSED, "old"), told(FAILED, "older"), lambda things: UNSEEN, "two other versions"),
    (told(PASSED, "old"), told(FAILED, "older"), fails_with(things()), "not installed"),
    (told(PASSED, ""), told(FAILED, ""), fails_with(), "the same other version"),
    (told(PASSED, "old"), told(FAILED), lambda things: FAILED if HOST in things else UNSEEN, "today's rules cannot judge what is remembered of the first run (x)"),
])  # fmt: skip
def test_what_cannot_be_told_is_said_to_be_unknown(
    then: Told, now: Told, judge: Callable[[Things], Verdict], words: str
) -> None:
    found, unknown = attribute(then, now, judge, ALL)
    assert found == ()
    assert words in unknown


def test_that_nothing_can_be_seen_by_chance_proves_nothing() -> None:
    """Half of each run may be what nobody can judge: that has another reason than what was not seen in the second run."""
    unseen = Verdict(Outcome.NOT_ASSESSED, "ssh: the key was refused")
    odd = Verdict(Outcome.NOT_ASSESSED, "is dated 2026-11-25 06:00 UTC, which is yet to come")

    def judge(swapped: Things) -> Verdict:
        return unseen if SETTINGS in swapped else odd if HOST in swapped and CLOCK not in swapped else PASSED

    assert attribute(told(PASSED), told(unseen), judge, ALL)[0] == (things(SETTINGS),)


def test_another_reason_for_the_same_outcome_is_a_change() -> None:
    other = Verdict(Outcome.FAILED, "port 6379 answers")
    first = Verdict(Outcome.FAILED, "port 5432 answers")
    assert is_otherwise(first, other)

    def judge(swapped: Things) -> Verdict:
        return other if HOST in swapped else first

    assert attribute(told(first), told(other), judge, ALL) == ((things(HOST),), "")


def test_what_always_differs_is_no_change() -> None:
    then = Verdict(
        Outcome.FAILED, "the newest dump is 3 days and 2 hours old, 12.5 MiB, of 2026-11-20 06:00 UTC, by 4f2a9c01bd"
    )
    now = Verdict(
        Outcome.FAILED, "the newest dump is 4 days and 1 hours old, 12.7 MiB, of 2026-11-20 07:15 UTC, by 77aa0cc1ef"
    )
    assert not is_otherwise(then, now)
    assert gist("nothing for 1 day, 4:48:44") == gist("nothing for 40 days, 0:00:44")
    assert is_otherwise(then, Verdict(Outcome.FAILED, "there is no dump"))
    assert not is_otherwise(then, Verdict(Outcome.FAILED, None)), "what is not kept cannot be compared"
    assert is_otherwise(then, Verdict(Outcome.PASSED, None))


@pytest.mark.parametrize(("then", "now"), [
    ("port 5432 answers", "port 6379 answers"), ("10.77.0.10:8000 answers", "10.77.0.11:8000 answers"), ("has mode 0644", "has mode 0666"),
    ("v1.2.0", "v1.3.0"), ("/etc/cron.d/job1", "/etc/cron.d/job2"), ("fd00:77::10", "fd00:77::11"), ("CVE-2026-1234", "CVE-2026-1235"),
    ("the facade", "the decade"), ("added", "faded"),
])  # fmt: skip
def test_what_names_something_is_compared(then: str, now: str) -> None:
    assert gist(then) != gist(now)
