"""Incident Response: every open or recent record has the steps that are due in its phase."""

from __future__ import annotations

from pytest_zebu.catalogue import Stage, load
from pytest_zebu.facts.host import Machine
from pytest_zebu.people.incidents import MOMENT, Incident
from pytest_zebu.plugin.checks import Cases, item
from pytest_zebu.verdict.outcome import NotApplicable


@item(*(one.id for one in load().stage(Stage.INCIDENT)))
def test_records_are_complete(zebu_item: str, incidents: tuple[Incident, ...], machine: Machine, case: Cases) -> None:
    """What is not written down while it is fresh is lost, and happens again.

    Fix: `zebu incident status` names the open steps; `zebu incident step STEP "what came of it"` writes one down.
    See: NIST SP 800-61; the checklist, "Incident Response".
    """
    recent = [one for one in incidents if one.matters(machine.ours)]
    if not recent:
        raise NotApplicable("no incident is open or recent on record")
    for one in recent:
        step = one.steps[zebu_item]
        state = f"closed {one.closed:{MOMENT}}" if one.closed else f"open since {one.opened:{MOMENT}}"
        with case(one.name, state, *step.notes[-1:]):
            if one.is_due(load()[zebu_item], machine.ours):
                assert step.is_ticked, "this step is not done"
                assert step.notes, "this step is ticked without a word of what came of it"
