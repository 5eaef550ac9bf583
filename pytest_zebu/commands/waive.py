"""`zebu waive ID`: accept that an item, or cases of it, fails, for a time. What is not given as an option is asked for."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, date, datetime

from pytest_zebu.commands.attest import asked, day, opened
from pytest_zebu.people.attestations import Waiver, forbidden
from pytest_zebu.settings.errors import UsageProblem
from pytest_zebu.shown import say


def run(options: argparse.Namespace, today: date | None = None) -> int:
    """Accept a failure.

    Raises:
        UsageProblem: an id, a date, a file or an answer is wrong or missing, or the item cannot be waived; nothing is
            written then.
    """
    today = today or datetime.now(UTC).date()
    file, item = opened(options)
    say(f"{item.id}: {item.text}")
    since = day("--from", options.since) if options.since else today
    # Whether it can be waived at all is said before anybody is asked for a reason.
    known = {"id": item.id, "from": since}
    unasked = {"reason": "not asked yet", "approver": "not asked yet", "until": since}
    if why_not := forbidden(file.refusing_bad(Waiver, lambda: Waiver.model_validate({**known, **unasked})), item):
        raise UsageProblem(f"{file.path}: {why_not}")
    given = {
        "reason": options.reason or asked("reason (why it is accepted)"),
        "approver": options.approver or asked("accepted by (a role)"),
        "until": options.until or asked("until (YYYY-MM-DD, the last day on which it holds)"),
    }
    if missing := [name for name, value in given.items() if not value]:
        raise UsageProblem(f"{missing[0]} is missing: --{missing[0]}")
    until = day("--until", given.pop("until"))
    if until < today:
        raise UsageProblem(f"--until={until} is over (in UTC it is {today}): it would accept nothing")
    known |= {**given, "until": until, "cases": tuple(options.case) or None}
    waiver = file.refusing_bad(Waiver, lambda: Waiver.model_validate(known))
    if why_not := forbidden(waiver, item):
        raise UsageProblem(f"{file.path}: {why_not}")
    others = [other for other in file.add(waiver).waivers[item.id] if other != waiver and today <= other.until]
    say(f"{file.path}: {waiver.word.summary}")
    for other in others:
        say(f"{file.path}: beside it stands: {other.word.summary}", sys.stderr)
    return 0
