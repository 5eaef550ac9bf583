"""A host's items under the headings of the checklist, in its order and its words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby

from msgspec import Struct

from pytest_zebu.catalogue import Stage
from pytest_zebu.reports.report import HostReport, ItemReport
from pytest_zebu.verdict.outcome import Outcome

STAGES: Mapping[Stage, str] = {
    Stage.PRE: "Pre-Deployment",
    Stage.DEPLOY: "Deployment Verification",
    Stage.POST: "Post-Deployment",
    Stage.OPERATIONS: "Ongoing Operations",
    Stage.INCIDENT: "Incident Response",
}
SPELLED: Mapping[str, str] = {
    "network_dns": "Network & DNS",
    "backup_recovery": "Backup & Recovery",
    "post_incident": "Post-Incident",
}
"""Categories whose heading is not just their words with capitals."""


def heading(category: str) -> str:
    """A category's heading."""
    return SPELLED.get(category) or category.replace("_", " ").title()


class Chapter(Struct, frozen=True):
    """A stage, a category of it, or a group in that.

    Attributes:
        key: what the catalogue calls it.
        title: its heading; empty where items of a category stand in no group.
        items: all items in it.
        parts: what it is divided into.
    """

    key: str
    title: str
    items: tuple[ItemReport, ...]
    parts: tuple[Chapter, ...] = ()

    @property
    def counts(self) -> Mapping[Outcome, int]:
        """How many of its items came out how; outcomes that nothing had are left out."""
        found = Counter(item.outcome for item in self.items)
        return {outcome: found[outcome] for outcome in Outcome if found[outcome]}


def chapters(host: HostReport) -> tuple[Chapter, ...]:
    """The stages with their categories and groups."""
    return tuple(
        Chapter(stage, STAGES[Stage(stage)], of_stage, tuple(
            Chapter(category, heading(category), of_category, tuple(
                Chapter(group, group, of_group) for group, of_group in _parted(of_category, lambda item: item.group)
            ))
            for category, of_category in _parted(of_stage, lambda item: item.category)
        ))
        for stage, of_stage in _parted(host.items, lambda item: item.stage.value)
    )  # fmt: skip


def _parted(
    items: Iterable[ItemReport], key: Callable[[ItemReport], str]
) -> Iterable[tuple[str, tuple[ItemReport, ...]]]:
    return ((name, tuple(found)) for name, found in groupby(items, key))
