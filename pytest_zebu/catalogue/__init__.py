"""The checklist as data: every item, in the checklist's order, complete or not loaded."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import lru_cache
from importlib import resources
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from pytest_zebu.shown import meant


class Stage(StrEnum):
    """The five parts of the checklist; the first three are scored."""

    PRE = "pre_deployment"
    DEPLOY = "deployment_verification"
    POST = "post_deployment"
    OPERATIONS = "operations"
    INCIDENT = "incident"

    @property
    def label(self) -> str:
        """The stage's name, as people read it."""
        return self.value.replace("_", " ").capitalize()


SCORED = (Stage.PRE, Stage.DEPLOY, Stage.POST)
THRESHOLDS: Mapping[Stage, int] = {Stage.PRE: 90, Stage.DEPLOY: 100, Stage.POST: 80}
"""Percentages that the checklist recommends as minimum scores."""
Source = Literal["V", "O", "P", "N", "B", "R", "G", "A", "X"]


class Item(BaseModel):
    """One box of the checklist."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    stage: Stage
    category: str
    text: str
    by: tuple[Source, ...]
    group: str = ""
    optional: bool = False
    optional_in: tuple[str, ...] = ()
    conditional: bool = False
    non_negotiable: bool = False
    cadence_days: int | None = Field(default=None, gt=0)
    attested_days: int | None = Field(default=None, gt=0)

    @property
    def attested_only(self) -> bool:
        """Whether only people can decide it."""
        return self.by == ("A",)

    @property
    def markers(self) -> tuple[str, ...]:
        """The pytest markers: stage, category, and kinds of evidence."""
        kinds = {"outside": "O" in self.by, "browser": "B" in self.by, "active": "X" in self.by}
        kinds["attested"] = self.attested_only
        return (self.stage.value, self.category, *(name for name, is_kind in kinds.items() if is_kind))

    def is_optional_in(self, profile: str) -> bool:
        """Whether the item is advice only, under a profile."""
        return self.optional or profile in self.optional_in


class UnknownItem(KeyError):
    """An id that the checklist does not have."""

    def __str__(self) -> str:
        return f"no item {self.args[0]!a} in the checklist{self.args[1]}"  # letters that only look alike are told apart


class Catalogue:
    """All items by id, in the checklist's order."""

    def __init__(self, items: tuple[Item, ...]) -> None:
        self._items = {item.id: item for item in items}
        if len(self._items) != len(items):
            raise ValueError("an id occurs twice in the catalogue")

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items.values())

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, item_id: object) -> bool:
        return item_id in self._items

    def __getitem__(self, item_id: str) -> Item:
        """The item of an id.

        Raises:
            UnknownItem: there is none; the nearest id is named.
        """
        try:
            return self._items[item_id]
        except KeyError:
            raise UnknownItem(item_id, meant(item_id, self._items)) from None

    def stage(self, stage: Stage) -> tuple[Item, ...]:
        """The items of a stage."""
        return tuple(item for item in self if item.stage is stage)

    @property
    def markers(self) -> dict[str, str]:
        """Every marker, and what it selects."""
        found: dict[str, str] = {}
        for item in self:
            stage, category, *_ = item.markers
            found.setdefault(stage, f"items of the stage {item.stage.label}")
            found.setdefault(category, f"items of the category {category.replace('_', ' ')}")
        found["outside"] = "items that are looked at from outside the machine"
        found["browser"] = "items that need a browser"
        found["attested"] = "items that only people can decide"
        found["active"] = "items that an active probe can decide"
        return found


@lru_cache(maxsize=1)
def load() -> Catalogue:
    """The catalogue that ships with the package."""
    text = resources.files(__package__).joinpath("checklist.toml").read_text(encoding="utf-8")
    return Catalogue(tuple(Item.model_validate(row) for row in tomllib.loads(text)["item"]))
