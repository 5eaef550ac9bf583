"""Pages of results, for the lists that will have them."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Page[T]:
    """A part of a longer list."""

    items: Sequence[T]
    total: int
    offset: int

    @property
    def has_more(self) -> bool:
        """Whether the list goes on behind this page."""
        return self.offset + len(self.items) < self.total


def cut[T](items: Sequence[T], offset: int, limit: int) -> Page[T]:
    """One page of a list."""
    return Page(items[offset : offset + limit], len(items), offset)
